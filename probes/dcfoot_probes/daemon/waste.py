"""Energy of accelerators that did nothing for anybody: found, with since when, and priced. Pure functions.

In come `Span`s, a minute of one device each, out come `Finding`s. Each rule stands on its `Waste`; they exclude each
other, and each must hold for `AFTER_S` without a break. Energy is all that the device took meanwhile, for that is what
giving it back would have saved; of a slow device it is what the work took while it was slow.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from dcfoot.reading import Channel
from dcfoot.units import J_PER_KWH, NS_PER_S
from dcfoot_probes.daemon.words import Frame, Unit

AFTER_S = 900.0
"""How long before it is waste [s]: when Northeastern University's IdleBot writes to the user of an idle GPU, and longer
than the 10 minutes that PyTorch waits for a collective call before it gives up (its pull request 110947)."""

IDLE_UTILISATION_RATIO = 0.01
"""Less than this is no work (a choice: the driver tells whole percents)."""

WORK_UTILISATION_RATIO = 0.1
"""At least this is work (a choice: well above what a driver's own housekeeping shows)."""

BUSY_UTILISATION_RATIO = 0.9
"""At least this is a device that works as fast as it can (a choice: waiting for data shows as less)."""

SLOW_CLOCK_RATIO = 0.5
"""At most this of the highest clock seen is slow: a slowdown by hardware halves it or more (NVML,
``nvmlClocksEventReasonHwSlowdown``)."""

LOW_POWER_RATIO = 0.5
"""At most this of the power limit is low (a choice: clocks that the limit itself holds down go with power at it)."""

GAP_RATIO = 1.5
"""A break of more than this many spans ends a finding (a choice: what was not seen is not told)."""


class Waste(StrEnum):
    """What kind of waste it is."""

    ALLOCATED_IDLE = "allocated_idle"
    """Given to a job, and nobody holds a context on it."""

    STOPPED = "stopped"
    """The same processes computed before and still hold it, but compute no more."""

    HELD = "held"
    """Processes hold its memory and have computed nothing since we look."""

    SLOW = "slow"
    """Busy throughout at half its clock or less and half its power limit or less: heat, a power brake, or a setting
    that somebody forgot."""


class Span(NamedTuple):
    """What a device did for a while.

    Parameters
    ----------
    utc_ns : int
        Its beginning [ns since 1970 UTC].
    duration_s : float
        Its length [s].
    energy_j : float
        What the device took [J].
    utilisation_ratio : float or None
        The mean part of the time in which it computed; None where that is not told.
    sm_clock_mhz, power_limit_w : float or None
        Means; None where they are not told [MHz, W].
    users : frozenset of Unit
        Who held it.
    allocated : frozenset of Unit
        Whom it was given to.
    """

    utc_ns: int
    duration_s: float
    energy_j: float
    utilisation_ratio: float | None = None
    sm_clock_mhz: float | None = None
    power_limit_w: float | None = None
    users: frozenset[Unit] = frozenset()
    allocated: frozenset[Unit] = frozenset()


class Rates(NamedTuple):
    """What a kilowatt-hour at the device comes to at this site, losses of the facility included; None is not known.

    Parameters
    ----------
    g_per_kwh : float or None
        Emissions [g/kWh].
    l_per_kwh : float or None
        Water [L/kWh].
    price_per_kwh : float or None
        Money, in `currency` [1/kWh].
    currency : str
        ISO 4217.
    """

    g_per_kwh: float | None = None
    l_per_kwh: float | None = None
    price_per_kwh: float | None = None
    currency: str = ""


class Finding(NamedTuple):
    """Energy that was wasted on one device in one go.

    Parameters
    ----------
    kind : Waste
        By which rule.
    device : str
        Where.
    units : frozenset of Unit
        Who had it.
    since_utc_ns, until_utc_ns : int
        From when to when [ns since 1970 UTC].
    energy_kwh, carbon_g, water_l : float
        What it took, and what that came to; None is not known [kWh, g, L].
    cost : tuple of (float, str) or None
        Money and its currency.
    """

    kind: Waste
    device: str
    units: frozenset[Unit]
    since_utc_ns: int
    until_utc_ns: int
    energy_kwh: float
    carbon_g: float | None
    water_l: float | None
    cost: tuple[float, str] | None


def find_waste(device: str, spans: Sequence[Span], rates: Rates) -> list[Finding]:
    """The waste on one device, the oldest first.

    Parameters
    ----------
    device : str
        Which.
    spans : Sequence of Span
        What it did, in order of time.
    rates : Rates
        What a kilowatt-hour comes to.
    """
    runs = groupby(_judged(spans), key=lambda judged: judged[:3])
    found = [(kind, units, [span for *_, span in run]) for (_, kind, units), run in runs]
    return [
        _finding(kind, device, units, run, rates)
        for kind, units, run in found
        if kind is not None and sum(span.duration_s for span in run) >= AFTER_S
    ]


def span_of(frames: Sequence[Frame], channel: Channel, allocated: frozenset[Unit] = frozenset()) -> Span | None:
    """What a device did in some frames; None where there are none.

    Parameters
    ----------
    frames : Sequence of Frame
        In order of time.
    channel : Channel
        The device.
    allocated : frozenset of Unit
        Whom it was given to.
    """
    if not frames:
        return None

    def mean(gauge: str) -> float | None:
        gauges = [frame.gauges.get(channel.device, {}) for frame in frames]
        told = [each[gauge] for each in gauges if gauge in each]
        return sum(told) / len(told) if told else None

    return Span(
        utc_ns=frames[0].utc_ns - round(frames[0].duration_s * NS_PER_S),
        duration_s=sum(frame.duration_s for frame in frames),
        energy_j=sum(frame.steps[channel].energy_j for frame in frames if channel in frame.steps),
        utilisation_ratio=mean("utilisation_ratio"),
        sm_clock_mhz=mean("sm_clock_mhz"),
        power_limit_w=mean("power_limit_w"),
        users=frozenset(unit for frame in frames if channel in frame.splits for unit in frame.splits[channel].units),
        allocated=allocated,
    )


def _judged(spans: Sequence[Span]) -> Iterator[tuple[int, Waste | None, frozenset[Unit], Span]]:
    """Each span with the number of the stretch without a break that it is in, by which rule it is waste, and whose."""
    highest_mhz = max((span.sm_clock_mhz or 0.0 for span in spans), default=0.0)
    stretch, end_ns = 0, 0
    worked: frozenset[Unit] = frozenset()
    for span in spans:
        if span.utc_ns - end_ns > (GAP_RATIO - 1.0) * span.duration_s * NS_PER_S:
            stretch += 1
        end_ns = span.utc_ns + round(span.duration_s * NS_PER_S)
        if (span.utilisation_ratio or 0.0) >= WORK_UTILISATION_RATIO:
            worked |= span.users
        worked &= span.users
        yield stretch, _kind(span, worked, highest_mhz), span.users or span.allocated, span


def _kind(span: Span, worked: frozenset[Unit], highest_mhz: float) -> Waste | None:
    if not span.users:
        return Waste.ALLOCATED_IDLE if span.allocated else None
    if span.utilisation_ratio is None:
        return None
    if span.utilisation_ratio < IDLE_UTILISATION_RATIO:
        return Waste.STOPPED if worked else Waste.HELD
    slow = span.sm_clock_mhz is not None and span.sm_clock_mhz <= SLOW_CLOCK_RATIO * highest_mhz
    low = span.power_limit_w is not None and span.energy_j <= LOW_POWER_RATIO * span.power_limit_w * span.duration_s
    return Waste.SLOW if slow and low and span.utilisation_ratio >= BUSY_UTILISATION_RATIO else None


def _finding(kind: Waste, device: str, units: frozenset[Unit], run: Sequence[Span], rates: Rates) -> Finding:
    energy_kwh = sum(span.energy_j for span in run) / J_PER_KWH
    return Finding(
        kind,
        device,
        units,
        since_utc_ns=run[0].utc_ns,
        until_utc_ns=run[-1].utc_ns + round(run[-1].duration_s * NS_PER_S),
        energy_kwh=energy_kwh,
        carbon_g=None if rates.g_per_kwh is None else rates.g_per_kwh * energy_kwh,
        water_l=None if rates.l_per_kwh is None else rates.l_per_kwh * energy_kwh,
        cost=None if rates.price_per_kwh is None else (rates.price_per_kwh * energy_kwh, rates.currency),
    )
