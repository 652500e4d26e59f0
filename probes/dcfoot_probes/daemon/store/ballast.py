"""A file that holds room on the disk, to be freed when there is no other; and by it, a store has one writer."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from dcfoot.errors import StoreError

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
        self._size_bytes = size_bytes
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            os.close(self._file)
            raise StoreError(
                f"another daemon writes the store beside {path}; stop it, or give this one another path"
            ) from fault

    @property
    def is_held(self) -> bool:
        """Whether there is any to free."""
        return os.fstat(self._file).st_size > 0

    def fill(self) -> None:
        """Takes the room, where enough is free."""
        room = os.fstatvfs(self._file)
        if self.is_held or room.f_bavail * room.f_frsize < SPARE_RATIO * self._size_bytes:
            return
        try:
            os.posix_fallocate(self._file, 0, self._size_bytes)
        except OSError:
            self.free()

    def free(self) -> None:
        """Gives the room back."""
        with suppress(OSError):
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Lets another writer come; the room stays taken for it."""
        os.close(self._file)
