"""One line of what is computed and since when, while it is computed: on a terminal alone, on stderr, never in a result.

It is drawn again every half second, so that a long step shows that it goes on, and a new step at once, but never more
than ten times a second.
"""

import os
import sys
from collections.abc import Callable
from math import inf
from threading import Event, Lock, Thread
from time import monotonic
from types import TracebackType
from typing import Self, TextIO

from dcfoot.receipt.layout import clip

EVERY_S = 0.5
"""How often the line is drawn (a choice: a reader sees that it lives, and a slow terminal is not kept busy) [s]"""

LEAST_S = 0.1
"""How long a frame stands at least (a choice: nobody reads faster) [s]"""

_COLUMNS = 80
"""Of a terminal that does not tell how wide it is; the last stays free, so that no line is begun."""

_CLEAR = "\r\x1b[K"
"""Carriage return and EL (ECMA-48, 8.3.41)."""


class Progress:
    """The line, while the context lasts; elsewhere than on a terminal nothing is written.

    Parameters
    ----------
    stream : TextIO or None
        None: stderr.
    clock_s : callable
        A monotonic clock [s]
    every_s : float
        How often the line is drawn [s]
    """

    def __init__(
        self, stream: TextIO | None = None, clock_s: Callable[[], float] = monotonic, every_s: float = EVERY_S
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._clock_s, self._every_s = clock_s, every_s
        self._since_s, self._drawn_s = clock_s(), -inf
        self._told = ""
        self._drawn, self._ended = Lock(), Event()
        self._drawing = Thread(target=self._draw_on, daemon=True) if self._stream.isatty() else None

    def __enter__(self) -> Self:
        if self._drawing is not None:
            self._drawing.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawing is not None:
            self._ended.set()
            self._drawing.join()
            self._write(_CLEAR)

    def tell(self, told: str) -> None:
        """What is computed from now on; it is drawn at once, or with the next frame where it changes too often.

        Parameters
        ----------
        told : str
            In a few words.
        """
        self._told = told
        if self._drawing is not None:
            self._draw()

    def _draw_on(self) -> None:
        while not self._ended.wait(self._every_s):
            if self._told:
                self._draw()

    def _draw(self) -> None:
        """Draws what was told last, unless the frame before has just been drawn."""
        with self._drawn:
            now_s = self._clock_s()
            if now_s - self._drawn_s >= LEAST_S:
                self._drawn_s = now_s
                self._write(_CLEAR + clip(f"{self._told}, {_elapsed(now_s - self._since_s)}", self._columns()))

    def _columns(self) -> int:
        try:
            return (os.get_terminal_size(self._stream.fileno()).columns or _COLUMNS) - 1
        except OSError:  # it says that it is a terminal, and has no size
            return _COLUMNS - 1

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _elapsed(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"
