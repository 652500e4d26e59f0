"""Splits metered energy among consumers so that the parts and the idle remainder add up to the meter.

The rule for processors, stated once: a second that a logical processor was busy weighs 1, a second that it was idle
weighs `IDLE_WEIGHT`; the energy of an interval is divided by weight. A consumer gets the weight of its own busy
seconds; the idle seconds are nobody's, and stay as the remainder. On a machine that is busy throughout and runs nothing
else, the consumer gets everything; on an idle one, nearly nothing.

Devices that know who used them (`SharingProbe`) give the share themselves.
"""

from typing import NamedTuple

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


def processor_share(own_s: float, busy_s: float, idle_s: float) -> Share:
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
    """
    busy_s = max(busy_s, own_s)
    return Share(
        _part(own_s, busy_s + IDLE_WEIGHT * idle_s),
        _part(own_s, busy_s + IDLE_WEIGHT_P95 * idle_s),
        _part(own_s, busy_s + IDLE_WEIGHT_P5 * idle_s),
    )


def device_share(use_ratio: float | None) -> Share:
    """The share that a device's own accounting gives; where it is not seen, the whole with an interval down to 0."""
    if use_ratio is None:
        return Share(1.0, 0.0, 1.0)
    if use_ratio >= 1.0:
        return EXACT
    return Share(use_ratio, use_ratio, use_ratio) if use_ratio > 0.0 else NONE


def _part(own: float, whole: float) -> float:
    return min(own / whole, 1.0) if whole > 0.0 else 0.0
