"""The real programs that some tests talk to: without one a test skips with its reason, and in CI such a skip fails.

What CI installs stands in one list, .ci/peers.txt. Whether this is CI is said by the environment variable ``CI``.
"""

import os
import shutil
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

GPU_DEVICE = Path("/dev/nvidiactl")


def require_peer(name: str) -> Path:
    """Where the program `name` is; skips the test without it, or fails it in CI."""
    found = shutil.which(name)
    return Path(found) if found else absent(f"the program {name!r} is not installed; .ci/peers.txt names its package")


def absent(reason: str) -> NoReturn:
    """Skips the test because something that it needs is not on this machine; in CI fails it, for there it must be."""
    if os.environ.get("CI"):
        pytest.fail(f"must not be skipped where CI is set: {reason}", pytrace=False)
    pytest.skip(reason)


def require_root(what_for: str) -> None:
    """Skips the test without root's rights, or fails it in CI.

    Parameters
    ----------
    what_for : str
        What root alone can do.
    """
    if os.geteuid() != 0:
        absent(f"only root can {what_for}")


def require_gpu() -> None:
    """Skips the test where there is no NVIDIA driver; in CI too, for CI has no card."""
    if not GPU_DEVICE.exists():
        pytest.skip(f"no real GPU here: {GPU_DEVICE} does not exist")


def c_compiler() -> list[str]:
    """The command of a C compiler: the machine's, else the one that comes as the package ziglang."""
    named = [os.environ["CC"]] if os.environ.get("CC") else []
    found = first_on_path([*named, "cc", "gcc", "clang"])
    if found:
        return [found]
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    absent("no C compiler: neither cc, gcc, clang nor the package ziglang (constraints-compiler.txt)")


def first_on_path(names: Iterable[str]) -> str | None:
    """The path of the first of these programs that is installed; None for none."""
    return next((found for found in map(shutil.which, names) if found), None)
