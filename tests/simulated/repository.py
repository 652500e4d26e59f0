"""The project's own files, for tests about them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def tracked_files() -> list[Path]:
    """Every file that git tracks, or would if it were added; skips the test outside a git clone."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not in a git clone: which files belong to the project is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listed.decode().split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def installed_program(name: str) -> Path:
    """A program of the environment that runs the tests: beside its Python."""
    return Path(sys.executable).with_name(name)
