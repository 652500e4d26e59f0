"""Tells those who wait that a tick has passed. What they are told is made once a tick, and only if somebody waits."""

from collections.abc import Callable
from threading import Condition, Lock


class Ticks:
    """Counts ticks.

    Parameters
    ----------
    document : Callable[[], bytes]
        What is known now, in one line.
    """

    def __init__(self, document: Callable[[], bytes]) -> None:
        self._document = document
        self._passed = Condition()
        self._count = 0
        self._ended = False
        self._making = Lock()
        self._made = -1, b""

    def tick(self) -> None:
        """One has passed."""
        with self._passed:
            self._count += 1
            self._passed.notify_all()

    def end(self) -> None:
        """There will be no more."""
        with self._passed:
            self._ended = True
            self._passed.notify_all()

    def wait(self, count: int, timeout_s: float) -> int | None:
        """How many ticks there were, once that is not `count` or the time is over; None at the end.

        Parameters
        ----------
        count : int
            The last that the caller knows of; -1 for none.
        timeout_s : float
            How long to wait [s].
        """
        with self._passed:
            self._passed.wait_for(lambda: self._ended or self._count != count, timeout_s)
            return None if self._ended else self._count

    def event(self, count: int) -> bytes:
        """What is told of a tick, as a server-sent event (HTML standard, section 9.2)."""
        with self._making:
            if self._made[0] != count:
                self._made = count, b"id: %d\ndata: %s\n\n" % (count, self._document())
            return self._made[1]
