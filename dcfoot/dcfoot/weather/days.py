"""A year as days: from months to days, from days to hours, and days that depend on the day before.

The year has no 29 February. Everything here is the same each time: what looks like chance comes from a seed.
"""

from functools import cache
from random import Random
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dcfoot.weather.climate import Months
from dcfoot.weather.year import Hours

Days = NDArray[np.float64]
"""One value a day of the year."""

MONTH_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
MONTH_OF_DAY = np.repeat(np.arange(12), MONTH_DAYS)
DAYS, HOURS = 365, 8760

_WARM_UP = 100
"""Values before the first, in which the start is forgotten (a choice: 0.87 to the power of 100 is a millionth)."""


def month_means(values: NDArray[np.float64]) -> Months:
    """The mean of each month, of days or of hours."""
    by_day = values.reshape(DAYS, -1).mean(axis=1)
    means: Months = np.bincount(MONTH_OF_DAY, by_day) / MONTH_DAYS
    return means


def to_days(months: Months) -> Days:
    """Days on straight lines between the middles of months, whose means by month are `months`."""
    days: Days = _days_of_months() @ months
    return days


@cache
def _days_of_months() -> NDArray[np.float64]:
    """The days that one month's mean of 1 and 0 of all others make, one month a column."""
    lines = _lines_between_months()
    means = np.stack([month_means(line) for line in lines.T], axis=1)
    return lines @ np.linalg.inv(means)


def _lines_between_months() -> NDArray[np.float64]:
    """Days on the lines that go through 1 in the middle of a month and 0 in those of all others, one a column."""
    middles = np.cumsum(MONTH_DAYS) - MONTH_DAYS / 2
    around = np.concatenate((middles[-1:] - DAYS, middles, middles[:1] + DAYS))
    days = np.arange(DAYS) + 0.5
    return np.stack([np.interp(days, around, _around(one)) for one in np.eye(12)], axis=1)


def _around(months: Months) -> NDArray[np.float64]:
    return np.concatenate((months[-1:], months, months[:1]))


def to_hours(days: Days) -> Hours:
    """Hours on straight lines from noon to noon."""
    noons = np.arange(-1, DAYS + 1) * 24 + 12.0
    hours: Hours = np.interp(np.arange(HOURS) + 0.5, noons, np.concatenate((days[-1:], days, days[:1])))
    return hours


def persistent(seed: str, persistence_ratio: float, count: int) -> NDArray[np.float64]:
    """An autoregression of the first order with normal steps of 1.

    Parameters
    ----------
    seed : str
        The same seed gives the same path.
    persistence_ratio : float
        Correlation of a value with the one before [-]
    count : int
        How many values.
    """
    chance, normal = Random(seed), NormalDist()  # noqa: S311 - not for secrets
    path = np.empty(_WARM_UP + count)
    value = 0.0
    for place in range(len(path)):
        # `Random.random` is the one draw that Python promises to keep the same in all its versions.
        value = persistence_ratio * value + normal.inv_cdf(chance.random() or 0.5)
        path[place] = value
    return path[_WARM_UP:]


def persistent_days(seed: str, persistence_ratio: float) -> Days:
    """Days in standard deviations from their month's mean, each depending on the day before.

    An autoregression gives the order of the days; the values of each month are then the quantiles of the standard
    normal distribution in that order, so that no month is hot or steady by chance.

    Parameters
    ----------
    seed : str
        The same seed gives the same days.
    persistence_ratio : float
        Correlation of a day with the day before [-]
    """
    normal = NormalDist()
    below = quantile_in_month(persistent(seed, persistence_ratio, DAYS))
    return np.array([normal.inv_cdf(part) for part in below])


def quantile_in_month(days: Days) -> Days:
    """The part of its month's days that lies below each, counting half of itself [-]."""
    below = np.empty(DAYS)
    for month in range(12):
        inside = month == MONTH_OF_DAY
        below[inside] = quantile_of(days[inside])
    return below


def quantile_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of all values that lies below each, counting half of itself [-]."""
    rank = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    return (rank + 0.5) / len(values)
