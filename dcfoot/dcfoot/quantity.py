"""A value that says how well it is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from dcfoot.reading import Basis


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value with its interval and its basis; the unit stands in the name of what holds it.

    Parameters
    ----------
    value : float
        The central estimate.
    p5, p95 : float
        The interval: 5th and 95th percentile.
    basis : Basis
        The worst basis of what went into it.
    """

    value: float
    p5: float
    p95: float
    basis: Basis

    @staticmethod
    def from_draws(value: float, draws: Sequence[float], basis: Basis) -> "Quantity":
        """The central `value` with the 5th and 95th percentile of `draws` (nearest rank, widened to hold `value`)."""
        ranked = sorted(draws)
        low = ranked[int(0.05 * (len(ranked) - 1))]
        high = ranked[-1 - int(0.05 * (len(ranked) - 1))]
        return Quantity(value, min(low, value), max(high, value), basis)

    def __add__(self, other: "Quantity") -> "Quantity":
        """The sum of two that err in the same direction: percentiles add as if fully correlated."""
        basis = Basis.worst(self.basis, other.basis)
        return Quantity(self.value + other.value, self.p5 + other.p5, self.p95 + other.p95, basis)

    def scaled(self, factor: float) -> "Quantity":
        """`factor` times this value; `factor` >= 0."""
        return Quantity(self.value * factor, self.p5 * factor, self.p95 * factor, self.basis)
