"""Energy of accelerators that did nothing for anybody: the rules by which it is found. No clock, no file.

In come `Span`s, a minute of one device each, out come `Verdict`s. Each rule stands on its `Waste`; they exclude each
other, and each must hold for `AFTER_S` without a break. Energy is all that the device took meanwhile, for that is what
giving it back would have saved; of a slow device it is what the work took while it was slow.
"""

from collections.abc import Mapping
from typing import NamedTuple

from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.words import Frame, Split, Unit, Waste

SPAN_S = 60.0
"""How long a span lasts [s] (a choice: long enough to hold a dozen of the driver's figures)."""

AFTER_S = 900.0
"""How long before it is waste [s]: when Northeastern University's IdleBot writes to the user of an idle GPU, and longer
than the 10 minutes that PyTorch waits for a collective call before it gives up (its pull request 110947)."""

GAP_S = 30.0
"""So much that was not seen ends a stretch of waste [s] (a choice: half a span; what was not seen is not told)."""

IDLE_UTILISATION_RATIO = 0.01
"""Less than this is no work (a choice: the driver tells whole percents)."""

WORK_UTILISATION_RATIO = 0.1
"""At least this is work (a choice: well above what a driver's own housekeeping shows)."""

BUSY_UTILISATION_RATIO = 0.9
"""At least this is a device that works as fast as it can (a choice: waiting for data shows as less)."""

SLOW_CLOCK_RATIO = 0.5
"""At most this of the highest clock is slow: a slowdown by hardware halves it or more (NVML,
``nvmlClocksEventReasonHwSlowdown``)."""

LOW_POWER_RATIO = 0.5
"""At most this of the power limit is low (a choice: clocks that the limit itself holds down go with power at it)."""

HELD_BYTES = 2e9
"""Who holds a device is told by its contexts; where they cannot be seen, more memory than this means that somebody does
[bytes] (a choice: the driver's own share is below 1 GB, a model's above)."""

FIGURES = ("utilisation_ratio", "memory_used_bytes", "sm_clock_mhz", "sm_clock_max_mhz", "power_limit_w")
"""The gauges that the rules look at."""


NO_FIGURES: Mapping[str, float] = {}


class Span(NamedTuple):
    """What a device did for a while.

    Parameters
    ----------
    utc_ns : int
        Its beginning [ns since 1970 UTC].
    duration_s, covered_s : float
        Its length, and the part of it in which the power was known [s].
    energy_j : float
        What the device took [J].
    utilisation_ratio : float or None
        The mean part of the time in which it computed; None where that is not told.
    memory_used_bytes, sm_clock_mhz, sm_clock_max_mhz, power_limit_w : float or None
        Means; None where they are not told [bytes, MHz, MHz, W].
    users : frozenset of Unit, or None
        Who held it; None where that cannot be seen.
    allocated : frozenset of Unit
        Whom it was given to.
    """

    utc_ns: int
    duration_s: float
    covered_s: float
    energy_j: float
    utilisation_ratio: float | None = None
    memory_used_bytes: float | None = None
    sm_clock_mhz: float | None = None
    sm_clock_max_mhz: float | None = None
    power_limit_w: float | None = None
    users: frozenset[Unit] | None = frozenset()
    allocated: frozenset[Unit] = frozenset()

    @property
    def until_utc_ns(self) -> int:
        """Its end [ns since 1970 UTC]."""
        return self.utc_ns + round(self.duration_s * NS_PER_S)

    @property
    def owners(self) -> frozenset[Unit]:
        """Who had it: those who held it, else those whom it was given to."""
        return self.users or self.allocated

    @property
    def is_idle(self) -> bool:
        """Whether it is known to have computed nothing."""
        return self.utilisation_ratio is not None and self.utilisation_ratio < IDLE_UTILISATION_RATIO


class SpanSum:
    """Adds up the ticks of one device until they make a span.

    Parameters
    ----------
    channel : Channel
        The device.
    allocated : frozenset of Unit
        Whom it is given to; a span lies within one allocation.
    """

    def __init__(self, channel: Channel, allocated: frozenset[Unit]) -> None:
        self.allocated = allocated
        self.duration_s = 0.0
        self._channel = channel
        self._utc_ns: int | None = None
        self._covered_s = self._energy_j = 0.0
        self._figures: dict[str, tuple[float, float]] = {}
        self._shown = NO_FIGURES
        self._shown_s = 0.0
        self._users: set[Unit] = set()
        self._is_seen, self._is_hidden = False, False

    def add(self, frame: Frame) -> None:
        """Adds a tick."""
        if self._utc_ns is None:
            self._utc_ns = frame.utc_ns - round(frame.duration_s * NS_PER_S)
        self.duration_s += frame.duration_s
        step = frame.steps.get(self._channel)
        if step is not None:
            self._energy_j += step.energy_j
            self._covered_s += step.covered_s
            self._look_at_users(frame.splits.get(self._channel))
        # Gauges are read more seldom than ticks are made, and are the same mapping until then.
        figures = frame.gauges.get(self._channel.device, NO_FIGURES)
        if figures is not self._shown:
            self._sum_up()
            self._shown = figures
        self._shown_s += frame.duration_s

    def _sum_up(self) -> None:
        """Adds the gauges that are shown for as long as they were."""
        for name in FIGURES:
            if name in self._shown:
                total, known_s = self._figures.get(name, (0.0, 0.0))
                self._figures[name] = total + self._shown[name] * self._shown_s, known_s + self._shown_s
        self._shown_s = 0.0

    def _look_at_users(self, split: Split | None) -> None:
        self._is_seen = self._is_seen or split is not None
        self._is_hidden = self._is_hidden or split is None or split.unattributed > 0.0
        if split is not None:
            self._users.update(split.units)

    def span(self) -> Span:
        """What it comes to."""
        self._sum_up()
        figures = {name: total / known_s for name, (total, known_s) in self._figures.items() if known_s > 0.0}
        return Span(
            self._utc_ns or 0,
            self.duration_s,
            self._covered_s,
            self._energy_j,
            **figures,
            users=frozenset(self._users) if self._users or (self._is_seen and not self._is_hidden) else None,
            allocated=self.allocated,
        )


class Verdict(NamedTuple):
    """That a device wastes.

    Parameters
    ----------
    kind : Waste
        By which rule.
    owners : frozenset of Unit
        Whose it is; empty where nobody can be named.
    since_utc_ns : int
        Since when [ns since 1970 UTC].
    energy_j : float
        What was not told before: at first that of the whole stretch, then each span's [J].
    """

    kind: Waste
    owners: frozenset[Unit]
    since_utc_ns: int
    energy_j: float


class Judge:
    """Follows one device from span to span."""

    def __init__(self) -> None:
        self._worked: frozenset[Unit] = frozenset()
        self._top_mhz = 0.0
        self._stretch: tuple[Waste | None, frozenset[Unit]] = (None, frozenset())
        self._since_utc_ns = 0
        self._seen_s = self._untold_j = 0.0

    def add(self, span: Span) -> Verdict | None:
        """Judges the next span; None where it is no waste, or not for long enough yet."""
        self._top_mhz = max(self._top_mhz, span.sm_clock_mhz or 0.0, span.sm_clock_max_mhz or 0.0)
        if (span.utilisation_ratio or 0.0) >= WORK_UTILISATION_RATIO:
            self._worked |= span.owners
        self._worked &= span.owners
        kind = _kind(span, has_worked=bool(self._worked), top_mhz=self._top_mhz)
        if (kind, span.owners) != self._stretch or span.duration_s - span.covered_s > GAP_S:
            self._stretch, self._since_utc_ns = (kind, span.owners), span.utc_ns
            self._seen_s = self._untold_j = 0.0
        self._seen_s += span.covered_s
        self._untold_j += span.energy_j
        if kind is None or self._seen_s < AFTER_S:
            return None
        energy_j, self._untold_j = self._untold_j, 0.0
        return Verdict(kind, span.owners, self._since_utc_ns, energy_j)


def _kind(span: Span, *, has_worked: bool, top_mhz: float) -> Waste | None:
    if span.users is None and (span.memory_used_bytes or 0.0) < HELD_BYTES:
        return Waste.ALLOCATED_IDLE if span.allocated and span.is_idle else None
    if span.users is not None and not span.users:
        untold = span.utilisation_ratio is None  # without a context nothing computes
        return Waste.ALLOCATED_IDLE if span.allocated and (span.is_idle or untold) else None
    if span.is_idle:
        return Waste.STOPPED if has_worked else Waste.HELD
    slow = span.sm_clock_mhz is not None and span.sm_clock_mhz <= SLOW_CLOCK_RATIO * top_mhz
    low = span.power_limit_w is not None and span.energy_j <= LOW_POWER_RATIO * span.power_limit_w * span.covered_s
    busy = (span.utilisation_ratio or 0.0) >= BUSY_UTILISATION_RATIO
    return Waste.SLOW if slow and low and busy else None
