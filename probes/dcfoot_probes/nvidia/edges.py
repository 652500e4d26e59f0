"""When a sensor publishes: the moments between which its value stands still.

A counter that is published every 100 ms says nothing about the time in between: over half a second a plain difference
is off by up to 20 %. Whoever knows the moments can interpolate.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.nvml import NvmlFault

POLL_S = 0.002
"""How closely a publication is watched for [s] (a choice: its moment is then known to 1 ms, 1 % of the usual
period)."""

PATIENCE_S = 0.22
"""How long two publications are waited for [s]: twice the usual 0.1 s and a little."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Publication:
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


def await_publications(
    reads: Mapping[K, Callable[[], int]],
    held: Mapping[K, Publication],
    clock_ns: Callable[[], int],
    count: int = 2,
) -> dict[K, list[Publication]]:
    """Watches sensors until each has published `count` times, or `PATIENCE_S` have passed.

    Parameters
    ----------
    reads : Mapping
        By sensor: reads its value. One that raises is not watched further.
    held : Mapping
        By sensor: the value it showed just before, and when.
    clock_ns : Callable[[], int]
        The monotonic clock [ns].
    count : int
        How many publications are enough.

    Returns
    -------
    dict
        By sensor: what was seen, in order of time; empty where nothing changed.
    """
    seen: dict[K, list[Publication]] = {key: [] for key in reads}
    watches = {key: _Watch(read, held[key], clock_ns) for key, read in reads.items()}
    give_up_ns = clock_ns() + round(PATIENCE_S * NS_PER_S)
    for _ in range(round(PATIENCE_S / POLL_S)):
        if not watches or clock_ns() > give_up_ns:
            break
        time.sleep(POLL_S)
        for key, watch in list(watches.items()):
            if not watch.poll(seen[key]) or len(seen[key]) >= count:
                del watches[key]
    return seen


class _Watch:
    __slots__ = ("_clock_ns", "_polled_ns", "_read", "_value")

    def __init__(self, read: Callable[[], int], held: Publication, clock_ns: Callable[[], int]) -> None:
        self._read = read
        self._value = held.value
        self._clock_ns = clock_ns
        self._polled_ns = held.time_ns

    def poll(self, seen: list[Publication]) -> bool:
        """Looks once, adds what is new to `seen`; False where the sensor no longer answers."""
        try:
            value = self._read()
        except NvmlFault:  # the edge is then told from what was seen before
            return False
        before_ns, self._polled_ns = self._polled_ns, self._clock_ns()
        if value != self._value:
            self._value = value
            middle_ns = (before_ns + self._polled_ns) // 2
            seen.append(Publication(value, middle_ns, self._polled_ns - middle_ns))
        return True
