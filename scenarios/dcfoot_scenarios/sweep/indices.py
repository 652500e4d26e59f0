"""Sensitivity indices: how much of a figure's variance each key makes, alone and with all that it acts together with.

In comes a figure at the points of a sweep's samples, out go Sobol's indices: of the first order by Saltelli and others
(2010, doi:10.1016/j.cpc.2009.09.018, table 2 b), total by Jansen (1999, the same table, f).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

RESAMPLES = 200
"""How often samples are drawn again for the intervals of the indices (a choice)."""


class Indices(NamedTuple):
    """Of one figure; one value a key [-].

    Parameters
    ----------
    first_order_ratio, total_ratio : array
        Of the variance, by the key alone, and by all in which it takes part.
    first_order_p5, first_order_p95, total_p5, total_p95 : array
        By bootstrap: how far samples of this number can tell.
    """

    first_order_ratio: Column
    first_order_p5: Column
    first_order_p95: Column
    total_ratio: Column
    total_p5: Column
    total_p95: Column


def indices_of(values: Column) -> Indices:
    """The indices of a figure.

    Parameters
    ----------
    values : array
        The figure, in any unit: samples x points of each, in the order of `dcfoot_scenarios.sweep.points`.
    """
    centred = values - values.mean()
    first, total = _indices(centred)
    again = np.random.default_rng(0)  # the same samples, the same intervals
    drawn = [_indices(centred[again.integers(0, len(centred), len(centred))]) for _ in range(RESAMPLES)]
    firsts, totals = (np.quantile([one[which] for one in drawn], (0.05, 0.95), axis=0) for which in (0, 1))
    return Indices(first, firsts[0], firsts[1], total, totals[0], totals[1])


def _indices(values: Column) -> tuple[Column, Column]:
    a, mixed, b = values[:, :1], values[:, 1:-1], values[:, -1:]
    variance = np.var(np.concatenate([a, b]))
    return (b * (mixed - a)).mean(axis=0) / variance, 0.5 * ((a - mixed) ** 2).mean(axis=0) / variance
