"""A disk that fails or dawdles, as a library that is preloaded into a child process; and how the child tells it to."""

import ctypes
import hashlib
import os
import subprocess
from pathlib import Path

from simulated.peers import c_compiler

SOURCE = Path(__file__).with_name("disk.c")


def build_disk(folder: Path) -> Path:
    """Compiles the library below `folder`; skips the test (in CI: fails it) where there is no C compiler."""
    library = folder / hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16] / "libdisk.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        command = [*c_compiler(), "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"the simulated disk does not compile: {' '.join(command)}\n{done.stderr}")
    return library


class Disk:
    """The preloaded library, seen from within the child."""

    def __init__(self, library: Path) -> None:
        self._library = ctypes.CDLL(str(library))

    def watch(self, word: str) -> None:
        """Counts calls on files with this word in their paths, anew; none fails."""
        self._library.disk_watch(os.fsencode(word))

    def fail(self, number: int, count: int, code: int) -> None:
        """The number-th call from the start of the watch, and the next ones up to `count`, fail with an errno."""
        self._library.disk_fail(ctypes.c_long(number), ctypes.c_long(count), code)

    def dawdle(self, delay_s: float) -> None:
        """Every call takes so long."""
        self._library.disk_dawdle(round(delay_s * 1e6))

    @property
    def calls_count(self) -> int:
        """Calls since the start of the watch."""
        count: int = self._library.disk_calls()
        return count
