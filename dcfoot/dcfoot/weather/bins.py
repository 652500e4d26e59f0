"""Hours of like air together: a year as some hundred states and how long each lasts, for quick answers."""

from dataclasses import dataclass
from math import isqrt

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """States of the air and how long each lasts.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : array
        Means of the hours in each [C]
    pressure_pa : array
        The same [Pa]
    hours : array
        How many hours it stands for [h]
    """

    dry_bulb_c: Values
    wet_bulb_c: Values
    pressure_pa: Values
    hours: Values


def bins_of(dry_bulb_c: Values, wet_bulb_c: Values, pressure_pa: Values, most_count: int) -> Bins:
    """At most `most_count` bins.

    The hours are cut by dry bulb into slices, and each slice by wet bulb. Half of a cut's measure is the number of
    hours and half the temperature, so that the rare hot and humid hours, in which chillers and pads work, keep bins of
    their own. The means of dry bulb, wet bulb and pressure over all hours stay what they are.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : array
        By hour [C]
    pressure_pa : array
        By hour [Pa]
    most_count : int
        At least 1.
    """
    cells = cells_of(dry_bulb_c, wet_bulb_c, most_count)
    dry, wet, pressure = (means_of(values, cells) for values in (dry_bulb_c, wet_bulb_c, pressure_pa))
    return Bins(dry, wet, pressure, np.array([float(len(cell)) for cell in cells]))


def cells_of(dry_bulb_c: Values, wet_bulb_c: Values, most_count: int) -> list[Places]:
    """The hours of each bin, by their places: for series beside the air, such as the grid's hours.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c, most_count
        As in `bins_of`.
    """
    slices = isqrt(most_count)
    everything = np.arange(len(dry_bulb_c))
    return [
        cell for part in _cut(everything, dry_bulb_c, slices) for cell in _cut(part, wet_bulb_c, most_count // slices)
    ]


def means_of(values: Values, cells: list[Places]) -> Values:
    """The mean of a series over the hours of each bin, in the unit of `values`."""
    return np.array([values[cell].mean() for cell in cells])


def _cut(places: Places, values: Values, count: int) -> list[Places]:
    """The places in at most `count` groups of like values."""
    ordered = places[np.argsort(values[places], kind="stable")]
    found = values[ordered]
    by_count = (np.arange(len(found)) + 0.5) / len(found)
    by_value = (found - found[0]) / max(float(found[-1] - found[0]), 1e-9)
    group = np.minimum(((by_count + by_value) / 2 * count).astype(np.int64), count - 1)
    return [part for part in np.split(ordered, np.flatnonzero(np.diff(group)) + 1) if len(part)]
