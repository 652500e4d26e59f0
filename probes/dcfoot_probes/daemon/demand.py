"""Readings between two ticks for whoever wants to know a moment exactly: one reading for all who ask at a time.

A client's thread asks and waits; the loop's thread sees that a reading is due, makes it, and tells. However many ask,
meters are read so no more than `READS_PER_S` times a second in the long run.
"""

from collections.abc import Callable
from threading import Condition
from time import monotonic

from dcfoot.sampler import POKES_PER_S

READS_PER_S = POKES_PER_S
"""How many readings are made for clients in the long run [1/s]: as many as a run makes for its phases."""

READS_AT_ONCE = 4
"""How many readings may come at once (a choice: the start and the end of a short job, twice)."""

PATIENCE_S = 1.0
"""How long a client waits for its reading before it takes what there is [s] (a choice: longer than a loop is busy)."""


class Demand:
    """Who wants a reading, and since when.

    Parameters
    ----------
    wake : Callable[[], None]
        Has the loop look at `is_due`; called in a client's thread.
    clock_s : Callable[[], float]
        A monotonic clock [s].
    """

    def __init__(self, wake: Callable[[], None], clock_s: Callable[[], float] = monotonic) -> None:
        self._wake = wake
        self._clock_s = clock_s
        self._changed = Condition()
        self._begun = self._ended = 0
        self._asked = self._due = False
        self._left, self._filled_s = float(READS_AT_ONCE), clock_s()

    @property
    def is_due(self) -> bool:
        """Whether a reading is to be made now."""
        return self._due

    def read(self, timeout_s: float = PATIENCE_S) -> bool:
        """Waits until every meter was read that answers; False where it took too long. In a client's thread.

        Parameters
        ----------
        timeout_s : float
            How long to wait [s].
        """
        deadline_s = self._clock_s() + timeout_s
        with self._changed:
            wanted = self._begun + 1
            is_first, self._asked = not self._asked, True
            # A tick may come before it is this reading's turn, and is as good.
            if is_first and not self._changed.wait_for(lambda: self._begun >= wanted, self._pause_s()):
                self._left -= 1.0
                self._due = True
                self._wake()
            return self._changed.wait_for(lambda: self._ended >= wanted, max(0.0, deadline_s - self._clock_s()))

    def begin(self) -> None:
        """All meters are about to be read, for whatever reason: who asked before now will be served by that."""
        with self._changed:
            self._begun += 1
            self._asked = self._due = False
            self._changed.notify_all()

    def end(self) -> None:
        """They have been read."""
        with self._changed:
            self._ended = self._begun
            self._changed.notify_all()

    def _pause_s(self) -> float:
        """How long the next reading has to wait for its turn."""
        now_s = self._clock_s()
        self._left = min(self._left + (now_s - self._filled_s) * READS_PER_S, float(READS_AT_ONCE))
        self._filled_s = now_s
        return max(0.0, (1.0 - self._left) / READS_PER_S)
