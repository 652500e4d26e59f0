"""Files in sysfs that hold one number: read once, or kept open and read again and again.

What comes in are paths below a root, what goes out are integers as the kernel writes them. A counter file stays open
and is read with one system call, so that a tick over two sockets costs microseconds.
"""

import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from dcfoot.errors import ProbeTransient
from dcfoot.reading import Meter, Reading

NUMBER_BYTES = 64
"""More than the longest number that sysfs writes: a 64-bit integer has 20 digits."""


def text_of(path: Path) -> str | None:
    """The file's text without white space around it; None where it is not there or not readable."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return None


def number_of(path: Path) -> int | None:
    """The integer that the file holds; None where there is none."""
    text = text_of(path)
    return int(text) if text is not None and text.removeprefix("-").isdecimal() else None


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted; empty where it is not there or cannot be listed."""
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return []


class NumberFiles:
    """Files that stay open, each the source of one meter.

    Parameters
    ----------
    clock_ns : Callable[[], int]
        Stamps the readings [ns].
    """

    def __init__(self, clock_ns: Callable[[], int]) -> None:
        self._clock_ns = clock_ns
        self._open: list[tuple[Meter, int]] = []

    @property
    def meters(self) -> Sequence[Meter]:
        """The meters in the order in which they came."""
        return [meter for meter, _ in self._open]

    def add(self, meter: Meter, path: Path) -> int:
        """Opens a file for a meter, and returns what it holds.

        Raises
        ------
        OSError
            Where the file cannot be opened or holds no number; `PermissionError` where that is why.
        """
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            value = _number_at(descriptor)
        except OSError:
            os.close(descriptor)
            raise
        self._open.append((meter, descriptor))
        return value

    def read(self, wanted: Callable[[Meter], bool] = lambda _: True) -> list[Reading]:
        """The reading of every file that answers, of those whose meter is wanted.

        Raises
        ------
        ProbeTransient
            Where none does.
        """
        readings: list[Reading] = []
        for meter, descriptor in self._open:
            if not wanted(meter):
                continue
            try:
                value = _number_at(descriptor)
            except OSError:
                continue  # This meter has a gap; the others are as good as before.
            readings.append(Reading(meter, value, self._clock_ns()))
        if self._open and not readings:
            silent = ", ".join(meter.name for meter, _ in self._open)
            raise ProbeTransient(f"{silent}: no answer")
        return readings

    def drop(self, meters: Sequence[Meter]) -> None:
        """Closes the files of some meters."""
        for meter, descriptor in self._open:
            if meter in meters:
                os.close(descriptor)
        self._open = [(meter, descriptor) for meter, descriptor in self._open if meter not in meters]

    def close(self) -> None:
        """Closes every file."""
        self.drop(self.meters)


def _number_at(descriptor: int) -> int:
    """The integer at the start of an open file; `OSError` where there is none."""
    try:
        return int(os.pread(descriptor, NUMBER_BYTES, 0))
    except ValueError:
        raise OSError(errno.ENODATA, os.strerror(errno.ENODATA)) from None
