"""From the integers of one meter to joules: wrap-aware differences and integrals of power.

In come the `Reading`s of one meter in order of time; out comes, for each, a `Step`: the energy since the one before,
how much of that time is known, and by what name the step goes. Nothing is invented: what was not seen is not counted,
and shows as time that is not covered.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from dcfoot.reading import Kind, Meter, Reading
from dcfoot.units import NS_PER_S

GAP_PERIODS = 3.0
"""A power meter that was silent for longer than this many of its periods has a gap (a choice: two lost reads in a
row)."""

GAP_LEAST_S = 1.0
"""... but never less than this [s]: a loaded machine may starve us that long without the power having changed much."""


class Outcome(StrEnum):
    """What a step was."""

    FIRST = "first"
    """The first reading of a meter: there is nothing to subtract from, so it yields no energy."""

    STEP = "step"
    """An ordinary difference or integral."""

    WRAP = "wrap"
    """The counter passed its end once."""

    RESET = "reset"
    """The counter restarted (driver reload, reboot of a device): what it shows since then is all that is known."""

    GAP = "gap"
    """The meter was silent for longer than its power can be bridged."""

    IMPLAUSIBLE = "implausible"
    """The reading asks for more power than the device can draw, or runs backwards in time: dropped."""


class Step(NamedTuple):
    """The energy between two readings.

    Parameters
    ----------
    energy_j : float
        Energy since the reading before [J].
    elapsed_s : float
        Time since the reading before [s].
    covered_s : float
        The part of it in which the power was known [s].
    outcome : Outcome
        By what name the step goes.
    """

    energy_j: float
    elapsed_s: float
    covered_s: float
    outcome: Outcome


FIRST = Step(0.0, 0.0, 0.0, Outcome.FIRST)


class Integral(Protocol):
    """Turns the readings of one meter into steps."""

    def add(self, reading: Reading) -> Step:
        """The step from the reading before to this one."""
        ...


def integral_of(meter: Meter) -> Integral:
    """The integral that fits the meter's kind."""
    match meter.kind:
        case Kind.COUNTER:
            return CounterIntegral(meter)
        case Kind.POWER:
            return PowerIntegral(meter)
        case Kind.POWER_AVERAGE:
            return AverageIntegral(meter)


class CounterIntegral:
    """Differences of a running total that may wrap or restart."""

    def __init__(self, meter: Meter) -> None:
        self._unit, self._wrap_count = meter.unit, meter.wrap_count or 0
        self._power_max_w, self._period_s = meter.power_max_w, meter.period_s
        self._last: Reading | None = None
        self._power_w = 0.0

    def add(self, reading: Reading) -> Step:
        """The energy since the reading before; at most one wrap lies between them."""
        last = self._last
        if last is None:
            self._last = reading
            return FIRST
        elapsed_s = (reading.time_ns - last.time_ns) / NS_PER_S
        if elapsed_s < 0.0:
            return Step(0.0, 0.0, 0.0, Outcome.IMPLAUSIBLE)
        gained = reading.value - last.value
        fell = gained < 0
        energy_j = (gained + self._wrap_count if fell else gained) * self._unit
        most_j = self._power_max_w * max(elapsed_s, self._period_s)
        if not fell and energy_j > most_j:
            # The odd value is forgotten and the next one is compared with the last good one, so that no energy is lost.
            return Step(0.0, elapsed_s, 0.0, Outcome.IMPLAUSIBLE)
        self._last = reading
        if not 0.0 <= energy_j <= most_j:
            return self._reset(reading.value * self._unit, most_j, elapsed_s)
        if elapsed_s >= 0.5 * self._period_s:
            self._power_w = energy_j / elapsed_s  # of a step that is long enough to tell
        covered_s = elapsed_s
        if reading.covered_ns is not None and last.covered_ns is not None:
            covered_s = min(elapsed_s, max(0.0, (reading.covered_ns - last.covered_ns) / NS_PER_S))
        return Step(energy_j, elapsed_s, covered_s, Outcome.WRAP if fell else Outcome.STEP)

    def _reset(self, since_reset_j: float, most_j: float, elapsed_s: float) -> Step:
        """What a restarted counter shows was consumed since; when it restarted is inferred from the power before."""
        if since_reset_j > most_j:
            return Step(0.0, elapsed_s, 0.0, Outcome.RESET)
        known_s = min(elapsed_s, since_reset_j / self._power_w) if self._power_w > 0.0 else 0.0
        return Step(since_reset_j, elapsed_s, known_s, Outcome.RESET)


class PowerIntegral:
    """Trapezoids under power that was read now and then."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._longest_s = max(GAP_PERIODS * meter.period_s, GAP_LEAST_S)
        self._last: Reading | None = None

    def add(self, reading: Reading) -> Step:
        """The trapezoid from the reading before; nothing where it was too long ago."""
        power_w = reading.value * self._meter.unit
        last = self._last
        if not 0.0 <= power_w <= self._meter.power_max_w or (last is not None and reading.time_ns < last.time_ns):
            return Step(0.0, 0.0, 0.0, Outcome.IMPLAUSIBLE)
        self._last = reading
        if last is None:
            return FIRST
        elapsed_s = (reading.time_ns - last.time_ns) / NS_PER_S
        if elapsed_s > self._longest_s:
            return Step(0.0, elapsed_s, 0.0, Outcome.GAP)
        energy_j = 0.5 * (last.value * self._meter.unit + power_w) * elapsed_s
        return Step(energy_j, elapsed_s, elapsed_s, Outcome.STEP)


@dataclass(frozen=True, slots=True)
class _Point:
    time_ns: int
    energy_j: float


class AverageIntegral:
    """Recovers energy from a moving average of power.

    A mean over the last W seconds is the difference quotient of the energy, ``A(t) = (C(t) - C(t - W)) / W``, hence
    ``C(t) = C(t - W) + W A(t)``: exact whatever the power does, where a trapezoid under A lags by half a window. Before
    the first reading the power is taken to have been the mean that this reading shows; between a reading and a window
    that began after it, the mean of the two.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._window_ns = round(meter.window_s * NS_PER_S)
        self._longest_ns = round(max(GAP_PERIODS * meter.period_s, GAP_LEAST_S) * NS_PER_S)
        self._points: deque[_Point] = deque()
        self._power_w = 0.0

    def add(self, reading: Reading) -> Step:
        """The recovered energy since the reading before."""
        power_w = reading.value * self._meter.unit
        last = self._points[-1] if self._points else None
        if not 0.0 <= power_w <= self._meter.power_max_w or (last is not None and reading.time_ns <= last.time_ns):
            return Step(0.0, 0.0, 0.0, Outcome.IMPLAUSIBLE)
        if last is None:
            self._begin(reading.time_ns, 0.0, power_w)
            return FIRST
        elapsed_s = (reading.time_ns - last.time_ns) / NS_PER_S
        if reading.time_ns - last.time_ns > max(self._window_ns, self._longest_ns):
            return self._bridge(reading.time_ns, last.energy_j, power_w, elapsed_s)
        known_j, weight_s = self._known(reading.time_ns)
        energy_j = known_j + weight_s * power_w
        self._power_w = power_w
        self._points.append(_Point(reading.time_ns, energy_j))
        while len(self._points) > 2 and self._points[1].time_ns <= reading.time_ns - self._window_ns:
            self._points.popleft()
        return Step(energy_j - last.energy_j, elapsed_s, elapsed_s, Outcome.STEP)

    def copy(self) -> "AverageIntegral":
        """One that goes on from here by itself, to look ahead with."""
        twin = AverageIntegral(self._meter)
        twin._points, twin._power_w = self._points.copy(), self._power_w
        return twin

    @property
    def energy_j(self) -> float:
        """The energy from the first reading to the latest [J]."""
        return self._points[-1].energy_j if self._points else 0.0

    def average_w(self, time_ns: int, energy_j: float) -> float:
        """What the average must be at a moment after the latest reading for the energy to have come to `energy_j` [W].

        Parameters
        ----------
        time_ns : int
            The moment, on the monotonic clock [ns].
        energy_j : float
            From the first reading to then [J].
        """
        known_j, weight_s = self._known(time_ns)
        return (energy_j - known_j) / weight_s

    def _known(self, time_ns: int) -> tuple[float, float]:
        """The energy up to a moment, as ``known + weight x average``: what is known of it, and the weight [s]."""
        start_ns, last = time_ns - self._window_ns, self._points[-1]
        if start_ns <= last.time_ns:
            return self._energy_j_at(start_ns), self._meter.window_s
        half_unseen_s = 0.5 * (start_ns - last.time_ns) / NS_PER_S
        return last.energy_j + half_unseen_s * self._power_w, self._meter.window_s + half_unseen_s

    def _begin(self, time_ns: int, energy_j: float, power_w: float) -> None:
        self._power_w = power_w
        self._points.clear()
        self._points.append(_Point(time_ns - self._window_ns, energy_j - power_w * self._meter.window_s))
        self._points.append(_Point(time_ns, energy_j))

    def _bridge(self, time_ns: int, energy_before_j: float, power_w: float, elapsed_s: float) -> Step:
        """After a silence longer than the window, the window is all that is known."""
        window_j = power_w * self._meter.window_s
        self._begin(time_ns, energy_before_j + window_j, power_w)
        return Step(window_j, elapsed_s, self._meter.window_s, Outcome.GAP)

    def _energy_j_at(self, time_ns: int) -> float:
        before = self._points[0]
        for after in self._points:
            if after.time_ns >= time_ns:
                break
            before = after
        else:
            return before.energy_j
        if after.time_ns == before.time_ns:
            return after.energy_j
        part = (time_ns - before.time_ns) / (after.time_ns - before.time_ns)
        return before.energy_j + part * (after.energy_j - before.energy_j)
