"""The points of a sweep: every combination of lists, or Sobol's samples as Saltelli lays them out.

In come a `Sweep` and which points are wanted, out go their values by key: the same in whatever parts.

Samples (Saltelli and others 2010, doi:10.1016/j.cpc.2009.09.018): each is a row of a matrix A and one of B; its points
are A, then A with one key's value taken from B, key by key, then B.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcfoot_scenarios.sweep.keys import Axis, Choice, Sweep

Values = Mapping[str, Sequence[Choice]]
"""By key: one value a point."""

_BITS = 30  # of Sobol's points: 2**30 of them before they repeat


def values_at(sweep: Sweep, seed: str, points: range) -> Values:
    """The values of some points.

    Parameters
    ----------
    sweep : Sweep
        Which points there are.
    seed : str
        Of the samples.
    points : range
        Which are wanted, by number.
    """
    if sweep.samples is None:
        return _combined(sweep, points)
    return _sampled(sweep, sweep.samples, seed, points)


def _combined(sweep: Sweep, points: range) -> Values:
    axes = [_listed(axis) for axis in sweep.over.values()]
    places = np.unravel_index(np.asarray(points), [len(values) for values in axes])
    picked = [[values[int(n)] for n in where] for values, where in zip(axes, places, strict=True)]
    return dict(zip(sweep.over, picked, strict=True))


def _listed(axis: Axis) -> Sequence[Choice]:
    if axis.least is None or axis.most is None:
        values: list[Choice] = np.array(axis.values).tolist()  # numbers become of one type, as a column is
        return values
    listed: list[float] = np.linspace(axis.least, axis.most, axis.values_count).tolist()
    return listed


def _sampled(sweep: Sweep, samples: int, seed: str, points: range) -> Values:
    keys_count = len(sweep.over)
    sample, kind = np.divmod(np.asarray(points), keys_count + 2)
    both = _sobol(samples, 2 * keys_count, seed)[sample]
    of_b = (kind[:, np.newaxis] == np.arange(1, keys_count + 1)) | (kind[:, np.newaxis] == keys_count + 1)
    unit = np.where(of_b, both[:, keys_count:], both[:, :keys_count])
    return {key: _within(axis, column) for (key, axis), column in zip(sweep.over.items(), unit.T, strict=True)}


def _within(axis: Axis, unit: NDArray[np.float64]) -> Sequence[Choice]:
    least, most = axis.least or 0.0, axis.most or 0.0
    values: list[float] = (least + unit * (most - least)).tolist()
    return values


@lru_cache(maxsize=2)
def _sobol(count: int, width: int, seed: str) -> NDArray[np.float64]:
    """Sobol's points in the unit cube, moved by a digital shift: still a net, without the corner at 0."""
    qmc: Any = import_module("scipy.stats.qmc")  # 0.5 s: only where samples are wanted
    unit = qmc.Sobol(width, scramble=False, bits=_BITS).random(count)
    shift = np.random.default_rng(list(hashlib.sha256(seed.encode()).digest())).integers(0, 1 << _BITS, width)
    moved = np.bitwise_xor(np.ldexp(unit, _BITS).astype(np.int64), shift)
    points: NDArray[np.float64] = np.ldexp(moved + 0.5, -_BITS)
    return points
