"""Other Pythons that this machine may have."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def find_python(version: str) -> Path | None:
    """A working Python of this version (``"3.12"``): on the PATH or among pyenv's; None where there is none."""
    return next((path for path in _candidates(version) if _is(path, version)), None)


def _candidates(version: str) -> Iterator[Path]:
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        yield Path(sys.executable)
    yield from (Path(folder) / f"python{version}" for folder in os.get_exec_path())
    yield from sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}"))


def _is(path: Path, version: str) -> bool:
    if not path.exists():
        return False
    code = "import sys; print(end='%d.%d' % sys.version_info[:2])"
    done = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout == version
