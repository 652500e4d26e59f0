"""A line at the bottom of the terminal, once a second: power and energy while the job runs.

The terminal belongs to the job, which writes to it whenever it likes, half lines and progress bars included; a line
drawn with carriage returns would sooner or later stand in the middle of its words. So the last row is taken out of the
scrolling region (DECSTBM, as apt does while packages print what they like): what the job writes scrolls above it and
the two never meet.

The terminal is opened a second time, so that not blocking is a property of our descriptor and not of the job's: one
that was stopped with Ctrl-S, or is slow, costs a frame and never a moment of the job. Nothing is drawn while another
process group is in the foreground. Nothing raises.
"""

import os
from collections.abc import Callable
from time import monotonic_ns
from typing import Protocol

from dcfoot.receipt.layout import clip
from dcfoot.receipt.scale import ENERGY_KWH, POWER_W, amount
from dcfoot.units import J_PER_KWH, NS_PER_S

_FRAME_NS = NS_PER_S * 95 // 100
"""A little less than a second, so that a caller that ticks at 1 Hz is not skipped for a millisecond of jitter [ns]."""

_LEAST_ROWS = 4
"""On a terminal lower than that the job needs every row."""

_SAVE, _RESTORE = "\x1b7", "\x1b8"
"""DECSC and DECRC (DEC VT510 manual, EK-VT510-RM): the cursor comes back to where the job left it."""

_INDEX = "\x1bD"
"""IND (DEC VT510): one row down in the same column, scrolling at the bottom; a line feed would become a new line."""

_ERASE_LINE = "\x1b[2K"
"""EL (ECMA-48, 8.3.41)."""


class Stream(Protocol):
    """What is needed of a stream: the descriptor of a terminal."""

    def fileno(self) -> int:
        """The descriptor."""
        ...


class LiveLine:
    """Shows how a run is doing, on a terminal; elsewhere it does nothing.

    Parameters
    ----------
    stream : Stream
        Usually ``sys.stderr``. If it is no terminal, or a dumb one, every call is without effect.
    clock_ns : Callable[[], int]
        A monotonic clock [ns].
    """

    def __init__(self, stream: Stream, clock_ns: Callable[[], int] = monotonic_ns) -> None:
        self._clock_ns = clock_ns
        self._terminal = _own_descriptor(stream)
        self._drawn_ns: int | None = None
        self._size: os.terminal_size | None = None
        self._unwritten = b""

    @property
    def active(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self._terminal is not None

    def update(self, elapsed_s: float, power_w: float, energy_j: float, basis: str = "") -> None:
        """Shows the run so far, at most once a second. Never blocks, never raises.

        Parameters
        ----------
        elapsed_s : float
            Since the run's start [s].
        power_w : float
            Now [W].
        energy_j : float
            So far [J].
        basis : str
            The worst basis of what was added up, in words.
        """
        now_ns = self._clock_ns()
        if self._drawn_ns is not None and now_ns - self._drawn_ns < _FRAME_NS:
            return
        self._drawn_ns = now_ns
        if self._terminal is None or not _in_foreground(self._terminal):
            return
        self._draw(self._terminal, sentence(elapsed_s, power_w, energy_j, basis))

    def clear(self) -> None:
        """Gives the row back. To be called once, when the job has ended; later calls do nothing."""
        terminal, self._terminal = self._terminal, None
        if terminal is None:
            return
        try:
            if self._size is not None:
                # The job has ended: now we may wait, as the receipt will, rather than leave a row out of scrolling.
                os.set_blocking(terminal, True)
                self._write(terminal, _line_end(self._size))
        finally:
            os.close(terminal)

    def _draw(self, terminal: int, words: str) -> None:
        size = _size_of(terminal)
        if size is None or size.lines < _LEAST_ROWS:
            return
        begin = "" if size == self._size else self._begin(size)
        if self._write(terminal, begin + _line(words, size)):
            self._size = size

    def _begin(self, size: os.terminal_size) -> str:
        """What comes before the first frame, and before the first in a window of another size."""
        return (_erased(self._size) if self._size else "") + _line_start(size)

    def _write(self, terminal: int, frame: str) -> bool:
        """Writes a frame, after what the terminal did not take of an earlier one; False where it takes nothing now.

        A frame of which a part was written has to be finished, or the job's output would be read as the end of our
        escape sequence. One of which nothing was written is simply not shown.
        """
        begun, new = self._unwritten, frame.encode("utf-8", "replace")
        try:
            written = os.write(terminal, begun + new)
        except OSError:
            # EAGAIN: stopped or slow. EIO: the terminal has gone. Either way there is nothing to show it on.
            return False
        self._unwritten = (begun + new)[written:]
        if written <= len(begun):
            self._unwritten = begun[written:]
            return False
        return True


def sentence(elapsed_s: float, power_w: float, energy_j: float, basis: str) -> str:
    """The live words: ``"dcfoot 0:12:31  312 W  65.2 Wh  measured"``."""
    seconds = int(elapsed_s)
    parts = [
        f"dcfoot {seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}",
        amount(max(0.0, power_w), POWER_W),
        amount(max(0.0, energy_j) / J_PER_KWH, ENERGY_KWH),
    ]
    return "  ".join([*parts, *([basis] if basis else [])])


def _own_descriptor(stream: Stream) -> int | None:
    """Our own way to the terminal of `stream`; None where it is none that could show a line."""
    try:
        descriptor = stream.fileno()
        if not os.isatty(descriptor) or os.environ.get("TERM", "dumb") in {"dumb", "unknown"}:
            return None
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except (OSError, ValueError):
        # No descriptor (io.UnsupportedOperation), closed, or a terminal that has no name here, as in some containers.
        return None


def _in_foreground(terminal: int) -> bool:
    """Whether the terminal is ours to write to: from the background it could stop us (stty tostop)."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        # Not the controlling terminal of this process: nobody's job control speaks against it.
        return True


def _size_of(terminal: int) -> os.terminal_size | None:
    try:
        size = os.get_terminal_size(terminal)
    except OSError:
        return None
    return size if size.columns else None


def _line_start(size: os.terminal_size) -> str:
    """Makes room below the cursor, and scroll without the last row from now on; the job's cursor stays where it is."""
    return f"{_INDEX}\x1b[A{_SAVE}\x1b[1;{size.lines - 1}r{_RESTORE}"


def _line(words: str, size: os.terminal_size) -> str:
    return f"{_SAVE}\x1b[{size.lines};1H{_ERASE_LINE}\x1b[2m{clip(words, size.columns - 1)}\x1b[0m{_RESTORE}"


def _erased(size: os.terminal_size) -> str:
    return f"{_SAVE}\x1b[{size.lines};1H{_ERASE_LINE}{_RESTORE}"


def _line_end(size: os.terminal_size) -> str:
    """The whole screen scrolls again, the row is empty, the cursor is where the job left it."""
    return f"{_SAVE}\x1b[r{_RESTORE}{_erased(size)}"
