"""General relations of climates, by which the typical year fills in what the tables do not say.

None is fitted to the place that it is used for. Those of the days are means over 16 real years on five continents (12
of reanalysis, 4 of stations), months pooled; `benchmarks/typical_year.py --relations` makes each figure again.
"""

import numpy as np

from dcfoot.weather.climate import Months
from dcfoot.weather.days import Days

WARMTH_PERSISTENCE_RATIO, MOISTURE_PERSISTENCE_RATIO = 0.65, 0.46
"""Correlation of a day's mean dry bulb with the day before, within a month; and of the part of its vapour that does not
go with the dry bulb."""

RANGE_SPREAD_RATIO = 0.35
"""Standard deviation of the logarithm of a day's diurnal range, within a month."""

RANGE_ON_WARMTH_RATIO, RANGE_ON_MOISTURE_RATIO = 0.25, -0.32
"""Correlations of it with the day's dry bulb and with that part of its vapour: clear, dry nights are cold."""

COURSE_OF_A_DAY = (
    *(0.82, 0.88, 0.92, 0.95, 0.98, 1.00, 0.98, 0.91, 0.74, 0.55, 0.38, 0.23),
    *(0.13, 0.05, 0.00, 0.00, 0.06, 0.14, 0.24, 0.39, 0.50, 0.59, 0.68, 0.75),
)
"""How far the dry bulb is below the day's maximum, over the day's range, at 0:00, 1:00, ... 23:00 (ASHRAE Handbook of
Fundamentals 2021, chapter 14, table 6)."""

LEAST_SPREAD_K, MOST_SPREAD_K, MOST_WARM_SPREAD_K = 0.6, 9.0, 3.0
"""Bounds of the standard deviation of a day's mean dry bulb within its month [K]; the last of the warmest month. The 16
years have 0.6 to 2.8 in July, and up to 5.6 in January; a typical year of Ohio has 7.2."""

WARMER_STATION_K = 1.0
"""What stations are warmer than the map's grid cells without any difference of height [K]: half of the 68 places lie
within 0.5 K of it. What a station is warmer beyond it is laid to its lying lower."""

LAPSE_K_PER_M = 0.0065
"""Of the standard atmosphere (ISO 2533)."""

VAPOUR_SCALE_M = 2000.0
"""Height over which the density of vapour falls by the factor e (ITU-R P.836: "usually 2 km")."""


def vapour_on_warmth_per_k(month_mean_c: Days) -> Days:
    """By how much the logarithm of a day's vapour pressure rises with its dry bulb, within a month [1/K].

    ``0.097 - 0.0030 T``: in cold months warm days bring their vapour with them (at the same relative humidity the rise
    were 0.07), in hot ones they do not. A weighted fit to the 192 months of the 16 years; residuals 0.03.

    Parameters
    ----------
    month_mean_c : array
        Mean dry bulb of the month [C]
    """
    return 0.097 - 0.0030 * month_mean_c


def moisture_spread_ratio(relative_humidity_ratio: Days) -> Days:
    """Standard deviation of the rest of the logarithm of a day's vapour pressure, within a month [-].

    ``0.46 - 0.47 RH``: dry climates differ most from day to day. A fit to the 192 months of the 16 years; residuals
    0.06. RH is held within 0.30 to 0.90, as in the fit.

    Parameters
    ----------
    relative_humidity_ratio : array
        Mean of the month [-]
    """
    return 0.46 - 0.47 * np.clip(relative_humidity_ratio, 0.30, 0.90)


def diurnal_range_k(relative_humidity_ratio: Months, hot_hours_k: float) -> Months:
    """The mean diurnal range of months, where it is not known: ``18.6 + 0.47 hot - 18.7 RH``.

    A fit to 420 months of 35 real years, none of which the typical year is validated on. The residuals of the months
    have a standard deviation of 1.6 K, those of the places of 1.0 K. Dry air cools by night and warms by day; RH is
    held within 0.45 to 0.90, as in the fit.

    Parameters
    ----------
    relative_humidity_ratio : array
        By month [-]
    hot_hours_k : float
        The 1 % design dry bulb less the mean of the warmest month [K]
    """
    return 18.6 + 0.47 * hot_hours_k - 18.7 * np.clip(relative_humidity_ratio, 0.45, 0.90)


def lower_by_m(station_offset_k: float) -> float:
    """How much lower a station lies than its grid cell, told by how much warmer it is.

    Parameters
    ----------
    station_offset_k : float
        What the station is warmer [K]
    """
    return max(0.0, station_offset_k - WARMER_STATION_K) / LAPSE_K_PER_M
