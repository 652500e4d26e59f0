"""A file that holds room on the disk, to be freed when there is no other; and by it, a store has one writer."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from dcfoot.errors import StoreError
from dcfoot_probes.daemon.store.schema import FILE_MODE

SPARE_RATIO = 2
"""Room is taken only where so many times as much is free (a choice: the ballast must not be what fills the disk)."""


class Ballast:
    """Room on the disk of a store. Raises `StoreError` where another process has it: a store has one writer.

    Parameters
    ----------
    path : Path
        The file that holds it.
    size_bytes : int
        How much [bytes].
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path, self._size_bytes = path, size_bytes
        self._file: int | None = None
        self._open()

    @property
    def is_held(self) -> bool:
        """Whether there is any to free."""
        return self._file is not None and os.fstat(self._file).st_size > 0

    def fill(self) -> None:
        """Takes the room, where enough is free."""
        file = self._open()
        if file is None or self.is_held:
            return
        with suppress(OSError):
            room = os.fstatvfs(file)
            if room.f_bavail * room.f_frsize < SPARE_RATIO * self._size_bytes or not self._size_bytes:
                return
            try:
                os.posix_fallocate(file, 0, self._size_bytes)
            except OSError:
                self.free()

    def free(self) -> None:
        """Gives the room back."""
        with suppress(OSError):
            if self._file is not None:
                os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Lets another writer come; the room stays taken for it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> int | None:
        """The file; None where the disk does not even have room for a name, which may pass."""
        if self._file is not None:
            return self._file
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            os.close(file)
            store = self._path.with_suffix("")
            raise StoreError(
                f"another daemon{_holder(self._path)} writes the store {store}; end it, or give this one another by "
                "the setting daemon.store"
            ) from taken
        self._file = file
        return file


def _holder(path: Path) -> str:
    """Who has locked a file, as the kernel tells (proc_locks(5)); nothing where it does not, as across containers."""
    with suppress(OSError, ValueError, IndexError):
        found = path.stat()
        place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
        for line in Path("/proc/locks").read_text().splitlines():
            _, kind, _, _, pid, file, *_ = line.split()
            if (kind, file) == ("FLOCK", place) and int(pid) > 0:
                return f", process {pid},"
    return ""
