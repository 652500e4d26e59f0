"""Uncertainty by draws: the same formulas, run on a few hundred plausible values of each input.

What comes in is a `Spread` (a central value with its 5th and 95th percentile) and the name of the input; what goes out
is a list of draws. Each input has its own stream, keyed by its name, so that two variants that share an input share its
draws (common random numbers) and their difference is not noise. Standard library only: a receipt never imports numpy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

Z95 = 1.6448536269514722
"""95th percentile of the standard normal distribution (Abramowitz and Stegun 1964, table 26.1)."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A value and how far it may lie from the truth.

    The distribution is a two-piece normal whose median is `central`: below it one standard deviation, above it another,
    chosen so that the 5th and 95th percentile are the ones given; values below `floor` are raised to it.

    Parameters
    ----------
    central : float
        The best estimate (the median of the draws).
    p5, p95 : float
        5th and 95th percentile, in the unit of `central`.
    floor : float
        The least that is physically possible: 1 for a PUE, 0 for a power.
    """

    central: float
    p5: float
    p95: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        """Refuses percentiles that do not enclose the central value.

        Raises
        ------
        ValueError
            The order is not p5 <= central <= p95.
        """
        if not self.p5 <= self.central <= self.p95:
            raise ValueError(f"A spread needs p5 <= central <= p95, not {self.p5}, {self.central}, {self.p95}.")

    @staticmethod
    def exact(value: float) -> "Spread":
        """A value without uncertainty."""
        return Spread(value, value, value, min(0.0, value))

    @staticmethod
    def around(central: float, low_ratio: float, high_ratio: float, floor: float = 0.0) -> "Spread":
        """`central` with the percentiles ``central * low_ratio`` and ``central * high_ratio`` (central >= 0)."""
        return Spread(central, central * low_ratio, central * high_ratio, floor)

    def scaled(self, factor: float) -> "Spread":
        """The spread of `factor` times this value; `factor` >= 0."""
        return Spread(self.central * factor, self.p5 * factor, self.p95 * factor, self.floor * factor)

    def __add__(self, other: "Spread") -> "Spread":
        """The spread of the sum of two values that err in the same direction, in one unit."""
        return Spread(self.central + other.central, self.p5 + other.p5, self.p95 + other.p95, self.floor + other.floor)

    def at(self, z: float) -> float:
        """The value that lies `z` standard deviations from the median."""
        reach = self.p95 - self.central if z > 0 else self.central - self.p5
        return max(self.floor, self.central + reach * z / Z95)


class Draws:
    """Named streams of draws, the same for the same seed.

    Each stream is a Latin hypercube sample (McKay, Beckman and Conover 1979, doi:10.1080/00401706.1979.10489755): one
    value from each of `count` equally likely slices, in an order that depends on the seed and the stream's name.

    Parameters
    ----------
    seed : str
        The run's id, so that a receipt can be made again.
    count : int
        Draws a stream; 300 gives the 5th and 95th percentile to about 2 % of the standard deviation for one input.
    """

    def __init__(self, seed: str, count: int = 300) -> None:
        self.count = count
        self._seed = seed
        self._streams: dict[str, Sequence[float]] = {}
        self._drawn: dict[tuple[str, Spread], list[float]] = {}

    def fewer(self, count: int) -> "Draws":
        """Other streams of the same seed, of `count` draws each: for what several draws share."""
        return Draws(self._seed, count)

    def normal(self, name: str) -> Sequence[float]:
        """The stream `name` in standard deviations from the median."""
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = _shuffled(f"{self._seed}/{name}", self.count)
        return stream

    def of(self, name: str, spread: Spread) -> list[float]:
        """Draws of the input `name`, which has this spread, in the spread's unit."""
        if spread.p5 == spread.p95:
            return [spread.central] * self.count
        drawn = self._drawn.get((name, spread))
        if drawn is None:
            drawn = self._drawn[name, spread] = [spread.at(z) for z in self.normal(name)]
        return drawn

    @property
    def names(self) -> tuple[str, ...]:
        """The streams that were drawn from so far."""
        return tuple(self._streams)


def rank_correlation(one: Sequence[float], two: Sequence[float]) -> float:
    """Spearman's rank correlation of two columns of draws [-]: ``1 - 6 sum(d^2) / (n (n^2 - 1))``.

    Source: Spearman 1904, doi:10.2307/1412159. Equal values count in the order of the draws, which is by chance.

    Parameters
    ----------
    one, two : sequence of float
        One value a draw, in any unit.
    """
    count = len(one)
    squares = sum((a - b) ** 2 for a, b in zip(_ranks(one), _ranks(two), strict=True))
    return 1 - 6 * squares / (count * (count**2 - 1))


def _ranks(values: Sequence[float]) -> list[int]:
    ranks = [0] * len(values)
    for rank, place in enumerate(sorted(range(len(values)), key=values.__getitem__)):
        ranks[place] = rank
    return ranks


@lru_cache(maxsize=32)
def _shuffled(seed: str, count: int) -> Sequence[float]:
    """Kept, for the daemon assesses every minute under one seed: a receipt has some twenty streams."""
    from random import Random  # 5 ms: only where there is something to draw

    values = list(normal_quantiles(count))
    Random(seed).shuffle(values)  # noqa: S311 - not for secrets
    return tuple(values)


@lru_cache(maxsize=8)
def normal_quantiles(count: int) -> tuple[float, ...]:
    """The standard normal quantiles of the middles of `count` equally likely slices, ascending."""
    upper = [_normal_quantile(1 - (i + 0.5) / count) for i in range(count // 2)]
    middle = [0.0] if count % 2 else []
    return (*(-z for z in upper), *middle, *reversed(upper))


def _normal_quantile(p: float) -> float:
    """The quantile of `p` > 0.5: Newton's steps on the error function from Abramowitz and Stegun 26.2.23."""
    t = math.sqrt(-2 * math.log(1 - p))
    z = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    for _ in range(2):
        error = 0.5 * math.erfc(-z / math.sqrt(2)) - p
        z -= error * math.sqrt(2 * math.pi) * math.exp(z * z / 2)
    return z
