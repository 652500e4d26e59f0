"""The file that a run's receipt is written to: judged before the job starts, written whole or not at all after it.

Where it is a stream that this process has already (``/dev/stdout``, a file that stderr goes to), that is held open and
written on: its name may mean something else in the end, and what the job wrote there must stay.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.receipt.contract import ReceiptJson


class ReceiptFile:
    """Where a receipt will be written.

    Parameters
    ----------
    name : str or os.PathLike
        As the user gave it.

    Raises
    ------
    ConfigError
        It cannot be written; the message says why.
    """

    def __init__(self, name: "str | os.PathLike[str]") -> None:
        if not os.fspath(name):
            message = "the name of the file is empty"
            raise ConfigError(message)
        try:
            self.path = Path(name).absolute()
            self._stream = _stream_at(self.path)
            if self._stream is None:
                self._try()
        except (OSError, ValueError) as fault:
            raise ConfigError(f"{name} cannot be written: {_reason(fault)}") from fault

    def write(self, receipt: ReceiptJson) -> None:
        """Writes the receipt. Raises `ConfigError`, and leaves what stood there, where it cannot be written."""
        from dcfoot.receipt.reader import dumps

        data = dumps(receipt).encode()
        try:
            if self._stream is not None:
                with os.fdopen(self._stream, "wb") as stream:
                    stream.write(data)
            elif self._is_replaceable():
                _replace(self.path.resolve(), data)
            else:
                self.path.write_bytes(data)
        except OSError as fault:
            raise ConfigError(f"{self.path} could not be written: {_reason(fault)}") from fault

    def _try(self) -> None:
        """Does what `write` will do first. Raises OSError."""
        if self._is_replaceable():
            beside = _beside(self.path.resolve())
            os.close(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            beside.unlink()
        elif self.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        elif not os.access(self.path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def _is_replaceable(self) -> bool:
        """Whether a new file may take its place: not that of a pipe or a device, and not in a folder of others."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return True
        places = (self.path, self.path.resolve().parent)
        return stat.S_ISREG(found.st_mode) and all(os.access(place, os.W_OK) for place in places)


def _stream_at(path: Path) -> int | None:
    """A copy of the standard stream that `path` is; None where it is none of them."""
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(path.stat(), os.fstat(number)):
                return os.dup(number)
    return None


def _beside(path: Path) -> Path:
    return path.with_name(f".dcfoot-{os.urandom(6).hex()}.new")


def _replace(path: Path, data: bytes) -> None:
    beside = _beside(path)
    try:
        beside.write_bytes(data)
        with suppress(OSError):
            beside.chmod(stat.S_IMODE(path.stat().st_mode))
        beside.replace(path)
    except OSError as fault:
        with suppress(OSError):
            beside.unlink()
        if fault.errno != errno.EBUSY:
            raise
        path.write_bytes(data)  # a single file that was mounted into a container


def _reason(fault: OSError | ValueError) -> str:
    if isinstance(fault, FileNotFoundError):
        return "there is no such folder"
    if isinstance(fault, IsADirectoryError):
        return "it is a folder"
    return (isinstance(fault, OSError) and fault.strerror) or str(fault)
