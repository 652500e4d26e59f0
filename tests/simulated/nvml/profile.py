"""What a simulated GPU truly draws, as a function of time, and the energy of any span of it in closed form."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

NS_PER_S = 1_000_000_000


def nanoseconds(time_s: float) -> int:
    """A time or a span in ns, as the script holds it."""
    return round(time_s * NS_PER_S)


@dataclass(frozen=True, slots=True)
class Steady:
    """A power that does not change [W]."""

    power_w: float

    def energy_j(self, span_s: float) -> float:
        """Energy of the first `span_s` seconds [J]."""
        return self.power_w * span_s


@dataclass(frozen=True, slots=True)
class Square:
    """A square wave that begins high.

    Parameters
    ----------
    high_w, low_w : float
        Its two powers [W].
    period_s : float
        From one rise to the next [s].
    duty_ratio : float
        The part of a period that is high.
    """

    high_w: float
    low_w: float
    period_s: float
    duty_ratio: float = 0.5

    def energy_j(self, span_s: float) -> float:
        """Energy of the first `span_s` seconds [J]."""
        high_s = self.period_s * self.duty_ratio
        periods = span_s // self.period_s
        high_s = periods * high_s + min(span_s - periods * self.period_s, high_s)
        return self.high_w * high_s + self.low_w * (span_s - high_s)


@dataclass(frozen=True, slots=True)
class Profile:
    """True power over time; times are in s since the epoch of the machine that the GPU is in.

    Parameters
    ----------
    before_w : float
        Power until the first load, for ever back [W].
    loads : Sequence[tuple[float, Steady | Square]]
        Each load with the moment at which it begins [s], in order; it goes on until the next one.
    """

    before_w: float
    loads: Sequence[tuple[float, Steady | Square]] = ()

    def energy_j(self, start_s: float, end_s: float) -> float:
        """True energy from one moment to another [J]."""
        energy = self.before_w * max(0.0, min(end_s, self._starts()[0]) - start_s)
        for (begin_s, load), until_s in zip(self.loads, self._starts()[1:], strict=True):
            first_s, last_s = max(start_s, begin_s), min(end_s, until_s)
            if first_s < last_s:
                energy += load.energy_j(last_s - begin_s) - load.energy_j(first_s - begin_s)
        return energy

    def _starts(self) -> list[float]:
        return [*(begin_s for begin_s, _ in self.loads), float("inf")]


def steady(power_w: float) -> Profile:
    """The same power for ever."""
    return Profile(power_w)


def steps(before_w: float, *changes: tuple[float, float]) -> Profile:
    """Steps: ``steps(60, (2.0, 300), (5.0, 60))`` rises to 300 W at 2 s and falls back at 5 s."""
    return Profile(before_w, tuple((at_s, Steady(power_w)) for at_s, power_w in changes))


def square(high_w: float, low_w: float, period_s: float, duty_ratio: float = 0.5, *, start_s: float = 0.0) -> Profile:
    """A square wave from `start_s` on, at its low power before."""
    return Profile(low_w, ((start_s, Square(high_w, low_w, period_s, duty_ratio)),))


def in_order(profile: Profile) -> bool:
    """Whether each load begins after the one before."""
    return all(before[0] < after[0] for before, after in pairwise(profile.loads))
