"""Wind of a typical year, by the hour from monthly means."""

import numpy as np

from dcfoot.weather.climate import Months
from dcfoot.weather.days import HOURS, MONTH_OF_DAY, month_means, persistent, quantile_of
from dcfoot.weather.year import Hours

PERSISTENCE_RATIO = 0.87
"""Correlation of an hour with the hour before: mean of 16 real years (`relations`)."""

DIURNAL_RATIO = 0.29
"""Half the mean course of a day over the mean: of the same years; strongest at 15:00."""


def wind_of(seed: str, means_m_per_s: Months) -> Hours:
    """Wind speeds whose monthly means are given, with Rayleigh's distribution.

    Source of the distribution: IEC 61400-1, 6.3.1.1. The order of hours is an autoregression of the first order.

    Parameters
    ----------
    seed : str
        The same seed gives the same wind.
    means_m_per_s : array
        By month, at 10 m [m/s]
    """
    exceeded = 1 - quantile_of(persistent(seed, PERSISTENCE_RATIO, HOURS))
    course = 1 + DIURNAL_RATIO * np.cos(2 * np.pi * (np.arange(HOURS) % 24 - 15) / 24)
    speed = np.sqrt(-2 * np.log(exceeded)) * course
    month = np.repeat(MONTH_OF_DAY, 24)
    scaled: Hours = speed * (means_m_per_s / month_means(speed))[month]
    return scaled
