"""Splits metered energy among consumers so that the parts and the idle remainder add up to the meter.

The rule for processors, stated once: a second that a logical processor was busy weighs 1, a second that it was idle
weighs `IDLE_WEIGHT`; the energy of an interval is divided by weight. A consumer gets the weight of its own busy
seconds; the idle seconds are nobody's, and stay as the remainder. On a machine that is busy throughout and runs nothing
else, the consumer gets everything; on an idle one, nearly nothing.

Devices that know who used them (`SharingProbe`) give the share themselves.
"""

from typing import NamedTuple

from dcfoot.reading import Domain

PROCESSOR_DOMAINS = frozenset({Domain.PACKAGE, Domain.CORE, Domain.UNCORE, Domain.DRAM, Domain.PLATFORM, Domain.MODULE})
"""Domains whose energy is shared by processor time."""

IDLE_WEIGHT = 0.17
IDLE_WEIGHT_P5 = 0.08
IDLE_WEIGHT_P95 = 0.30
"""Power of an idle logical processor over that of a busy one.

SPECpower_ssj2008, active idle over full load: yearly medians of 2016-2021 are 0.14 to 0.23 (274 published results); the
central value is their middle. Whole servers were measured there, whose fans and supplies idle too, so the interval
reaches lower than the medians.
"""


class Share(NamedTuple):
    """A consumer's part of an interval's energy, in 0..1, with the interval that the rule itself leaves open."""

    value: float
    p5: float
    p95: float


EXACT = Share(1.0, 1.0, 1.0)
"""The whole of it: the device was the consumer's alone."""

NONE = Share(0.0, 0.0, 0.0)
"""None of it."""


def processor_share(own_s: float, busy_s: float, idle_s: float, resolution_s: float = 0.0) -> Share:
    """A consumer's share of the energy of the machine's processors.

    ``own / (busy + w idle)`` with w the weight of an idle second.

    Parameters
    ----------
    own_s : float
        Processor time of the consumer in the interval [s].
    busy_s : float
        Processor time of everybody in it; taken to be at least `own_s`, since the two are counted by different clocks
        [s].
    idle_s : float
        Time that processors were idle in it, summed over logical processors [s].
    resolution_s : float
        How far each of the three may be off [s]: it belongs to the interval, the value is that of the times as they
        are.
    """
    busy_s = max(busy_s, own_s)
    least_s, most_s = max(own_s - resolution_s, 0.0), own_s + resolution_s
    least_idle_s, most_idle_s = max(idle_s - resolution_s, 0.0), idle_s + resolution_s
    return Share(
        _part(own_s, busy_s + IDLE_WEIGHT * idle_s),
        _part(least_s, busy_s + resolution_s + IDLE_WEIGHT_P95 * most_idle_s),
        _part(most_s, max(busy_s - resolution_s, most_s) + IDLE_WEIGHT_P5 * least_idle_s),
    )


class ProcessorShares:
    """A consumer's shares of one interval after another.

    The kernel counts processor time in ticks. What one interval got too much, the next gets too little, so that a run
    is off by no more than a tick at either end, however many intervals it has. Both are laid on the first that is
    longer than they are; a shorter one says nothing. What does not fit into that, below or above, is laid on the next:
    a consumer that was not seen yet cannot have been seen too much.

    Parameters
    ----------
    tick_s : float
        The unit of the processor times [s].
    """

    def __init__(self, tick_s: float) -> None:
        self._ends_s = self._less_s = self._more_s = 2.0 * tick_s
        self._late_s = 0.0

    def of(self, own_s: float, busy_s: float, idle_s: float) -> Share:
        """The share in the next interval; parameters as of `processor_share`.

        A process that was found late brings time from before: what an interval does not hold goes to the next.
        """
        held_s = min(own_s + self._late_s, busy_s)
        self._late_s += own_s - held_s
        if busy_s + idle_s <= self._ends_s:
            return Share(processor_share(held_s, busy_s, idle_s).value, 0.0, 1.0)
        share = processor_share(held_s, busy_s, idle_s)
        whole_s = busy_s + IDLE_WEIGHT * idle_s
        if self._less_s > 0.0:
            p5 = processor_share(held_s, busy_s, idle_s, self._less_s).p5
            self._less_s = max(self._less_s - (share.p5 - p5) * whole_s, 0.0)
            share = share._replace(p5=p5)
        if self._more_s > 0.0:
            p95 = processor_share(held_s, busy_s, idle_s, self._more_s).p95
            self._more_s = max(self._more_s - (p95 - share.p95) * whole_s, 0.0)
            share = share._replace(p95=p95)
        return share


def device_share(use_ratio: float | None) -> Share:
    """The share that a device's own accounting gives; where it is not seen, the whole with an interval down to 0."""
    if use_ratio is None:
        return Share(1.0, 0.0, 1.0)
    if use_ratio >= 1.0:
        return EXACT
    return Share(use_ratio, use_ratio, use_ratio) if use_ratio > 0.0 else NONE


def _part(own: float, whole: float) -> float:
    return min(own / whole, 1.0) if whole > 0.0 else 0.0
