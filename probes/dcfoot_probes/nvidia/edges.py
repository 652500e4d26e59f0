"""When a sensor publishes: the moments between which its value stands still.

A counter that is published every 100 ms says nothing about the time in between: over half a second a plain difference
is off by up to 20 %. Whoever knows the moments can interpolate.
"""

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.nvml import NvmlFault

POLL_S = 0.002
"""How closely a publication is watched for [s] (a choice: its moment is then known to 1 ms, 1 % of the usual
period)."""

PATIENCE_S = 0.11
"""How long each publication is waited for [s]: the usual 0.1 s and a little."""

MORE_PATIENCE_S = 0.21
"""How much longer where a busy machine polls so late that no moment is known well [s]: two publications more."""

WELL_KNOWN_NS = 2_000_000
"""A moment that is not more unsure than this is known well [ns]: twice what polling leaves open."""

PROMPT_NS = 1_000_000
LOOKS = 2
"""A look that takes longer than this was interrupted [ns], and is repeated so many times at most (a choice: a library's
call takes microseconds, a turn of another process milliseconds)."""

K = TypeVar("K")


class Publication(NamedTuple):
    """A value and the moment it appeared: the middle between the last poll without it and the first with it.

    Parameters
    ----------
    value : int
        What was published.
    time_ns : int
        When, on the monotonic clock [ns].
    unsure_ns : int
        How much earlier or later it may have been [ns]: a busy machine polls late.
    """

    value: int
    time_ns: int
    unsure_ns: int = 0


def prompt_look(read: Callable[[], int], clock_ns: Callable[[], int]) -> Publication:
    """What a sensor shows at a moment that is known well: the promptest of several looks."""
    looks: list[Publication] = []
    for _ in range(LOOKS):
        look = _look(read, clock_ns)
        if look.unsure_ns < PROMPT_NS:
            return look
        looks.append(look)
    return min(looks, key=lambda look: look.unsure_ns)


def _look(read: Callable[[], int], clock_ns: Callable[[], int]) -> Publication:
    """What a sensor shows, and when: in the middle of a prompt call, at the beginning of another.

    A library's call gives up Python's lock and waits for it afterwards, for 5 ms wherever another thread is busy
    (`sys.setswitchinterval`): the wait comes after the answer.
    """
    before_ns, value, after_ns = clock_ns(), read(), clock_ns()
    return Publication(value, before_ns + min(after_ns - before_ns, PROMPT_NS) // 2, after_ns - before_ns)


def await_publications(
    reads: Mapping[K, Callable[[], int]], held: Mapping[K, Publication], clock_ns: Callable[[], int], count: int = 2
) -> dict[K, list[Publication]]:
    """Watches sensors until each has published so often, and once at a well-known moment, or patience is at its end.

    Parameters
    ----------
    reads : Mapping
        By sensor: reads its value. One that raises is not watched further.
    held : Mapping
        By sensor: the value it showed just before, and when.
    clock_ns : Callable[[], int]
        The monotonic clock [ns].
    count : int
        How many publications of each are awaited [-]

    Returns
    -------
    dict
        By sensor: what was seen, in order of time; empty where nothing changed.
    """
    watches = {key: _Watch(read, held[key], clock_ns, count) for key, read in reads.items()}
    began_ns = clock_ns()
    for _ in range(round((count * PATIENCE_S + MORE_PATIENCE_S) / POLL_S)):
        waited_s = (clock_ns() - began_ns) / NS_PER_S
        if not any(watch.waits(waited_s) for watch in watches.values()):
            break
        time.sleep(POLL_S)
        for watch in watches.values():
            watch.poll()
    return {key: watch.seen for key, watch in watches.items()}


class _Watch:
    __slots__ = ("_clock_ns", "_count", "_looked_ns", "_lost", "_read", "_value", "seen")

    def __init__(self, read: Callable[[], int], held: Publication, clock_ns: Callable[[], int], count: int) -> None:
        self.seen: list[Publication] = []
        self._read = read
        self._value = held.value
        self._clock_ns = clock_ns
        self._count = count
        self._looked_ns = held.time_ns
        self._lost = False

    def waits(self, waited_s: float) -> bool:
        """Whether it has not seen enough, and may still do so."""
        known_well = any(publication.unsure_ns <= WELL_KNOWN_NS for publication in self.seen)
        if self._lost or (len(self.seen) >= self._count and known_well):
            return False
        patience_s = PATIENCE_S * (self._count if self.seen else 2)
        return waited_s < patience_s + MORE_PATIENCE_S * (bool(self.seen) and not known_well)

    def poll(self) -> None:
        """Looks once."""
        if self._lost:
            return
        try:
            look = _look(self._read, self._clock_ns)
        except NvmlFault:  # the edge is then told from what was seen before
            self._lost = True
            return
        before_ns, self._looked_ns = self._looked_ns, look.time_ns
        if look.value != self._value:
            self._value = look.value
            middle_ns = (before_ns + look.time_ns) // 2
            self.seen.append(Publication(look.value, middle_ns, look.time_ns - middle_ns))
