"""What buildings want of heat, hour by hour: space heating by degree-hours, hot water all the year."""

from math import inf

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers

DAY_HOURS = 24
"""Walls even out a day: degree-days are those of its mean (as statistics of all countries count them)."""


def degrees_k(dry_bulb_c: NDArray[np.float64], base_c: Numbers, heats_below_c: Numbers = inf) -> NDArray[np.float64]:
    """How far the mean of the last 24 hours lies below the base, by hour; the hours are a ring [K].

    Its mean over a year, times 365, are the degree-days.

    Source: Statistics Norway, definition of degree days: a day's mean below 17 C; here of the day that ends with each
    hour, so that nothing jumps at midnight. Finnish Meteorological Institute, heating degree day S17: the same, but
    days that are warmer than 10 C in spring and 12 C in autumn do not count.

    Parameters
    ----------
    dry_bulb_c : array
        Of the air outside, by hour [C]
    base_c : float or array
        Outside temperature that needs no heating [C]
    heats_below_c : float or array
        Outside temperature above which heating is shut off, although it would need some [C]
    """
    hours = dry_bulb_c.shape[-1]
    window = min(DAY_HOURS, hours)
    ring = np.concatenate([dry_bulb_c[..., hours - window :], dry_bulb_c], axis=-1)
    sums = np.cumsum(ring, axis=-1)
    means_c = (sums[..., window:] - sums[..., :hours]) / window
    return np.where(means_c < heats_below_c, np.maximum(base_c - means_c, 0.0), 0.0)


def heat_demand_mw(
    dry_bulb_c: NDArray[np.float64],
    demand_mwh: Numbers,
    hot_water_ratio: Numbers,
    base_c: Numbers,
    heats_below_c: Numbers = inf,
) -> NDArray[np.float64]:
    """Demand by hour, of a given sum: hot water in every hour, space heating in proportion to `degrees_k`.

    Where it is never cold enough to heat, all of it is hot water.

    Parameters
    ----------
    dry_bulb_c : array
        Of the air outside, by hour [C]
    demand_mwh : float or array
        Over all these hours [MWh]
    hot_water_ratio : float or array
        Of the demand, what is the same in every hour [-]
    base_c, heats_below_c : float or array
        As of `degrees_k` [C]
    """
    return spread_mw(heating_ratio(dry_bulb_c, base_c, heats_below_c), demand_mwh, hot_water_ratio)


def heating_ratio(
    dry_bulb_c: NDArray[np.float64], base_c: Numbers, heats_below_c: Numbers = inf
) -> NDArray[np.float64]:
    """Space heating of each hour over its mean; 1 where it is never cold enough to heat [-].

    Parameters
    ----------
    dry_bulb_c, base_c, heats_below_c
        As of `degrees_k` [C]
    """
    degrees = degrees_k(dry_bulb_c, base_c, heats_below_c)
    mean_k = degrees.mean(axis=-1, keepdims=True)
    ratio: NDArray[np.float64] = np.divide(degrees, mean_k, out=np.ones_like(degrees), where=mean_k > 0)
    return ratio


def spread_mw(heating_ratio: NDArray[np.float64], demand_mwh: Numbers, hot_water_ratio: Numbers) -> NDArray[np.float64]:
    """The same as `heat_demand_mw`, where the course of space heating is known.

    Parameters
    ----------
    heating_ratio : array
        Of the function of this name [-]
    demand_mwh, hot_water_ratio : float or array
        As of `heat_demand_mw` [MWh, -]
    """
    mean_mw = demand_mwh / heating_ratio.shape[-1]
    demand: NDArray[np.float64] = mean_mw * (hot_water_ratio + (1 - hot_water_ratio) * heating_ratio)
    return demand
