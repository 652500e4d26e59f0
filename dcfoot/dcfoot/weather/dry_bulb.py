"""The dry bulb of a typical year: months, departures of days, and the course of each day.

A day's mean departs from its month by a persistent normal process. How far, in the coldest and in the warmest month, is
what puts the year's 99 % and 1 % hours at the station's design temperatures; between them it goes with the month's
temperature. The course of a day is ASHRAE's, in solar time.
"""

from dataclasses import dataclass

import numpy as np

from dcfoot.weather import relations
from dcfoot.weather.chance import Chance
from dcfoot.weather.climate import Climate, Months
from dcfoot.weather.days import MONTH_OF_DAY, Days, month_means, to_days, to_hours
from dcfoot.weather.sun import solar_hours
from dcfoot.weather.year import Hours, Location

_ROUNDS = 25
"""Rounds in which spreads and range are found (a choice: the design temperatures are then met, or a bound is)."""

_STEP = 0.4
"""What the spread is widened for each kelvin that a design temperature is missed by (a choice: a little less than one
over the normal quantile of 1 %, so that no round passes the goal)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Swing:
    """How far days depart from their month and hours from their day [K].

    Parameters
    ----------
    cold_k, warm_k : float
        Standard deviation of a day's mean within its month, in the coldest and in the warmest month [K]
    range_k : array
        From a day's lowest to its highest hour but for the drift from day to day, by month [K]
    """

    cold_k: float
    warm_k: float
    range_k: Months

    def corrected(self, climate: Climate, range_k: Months, hours_c: Hours) -> "_Swing":
        """A swing whose year meets the design temperatures and the mean diurnal range better than `hours_c` does."""
        coldest_c, hottest_c = np.quantile(hours_c, (0.01, 0.99))
        cold_k = self.cold_k + _STEP * float(coldest_c - climate.heating_design_c)
        warm_k = self.warm_k + _STEP * float(climate.cooling_design_c - hottest_c)
        return _Swing(
            min(max(cold_k, relations.LEAST_SPREAD_K), relations.MOST_SPREAD_K),
            min(max(warm_k, relations.LEAST_SPREAD_K), relations.MOST_WARM_SPREAD_K),
            self.range_k * range_k / month_means(np.ptp(hours_c.reshape(-1, 24), axis=1)),
        )


def dry_bulb_of(climate: Climate, range_k: Months, chance: Chance) -> tuple[Days, Hours]:
    """The dry bulb as means of days and by the hour.

    Parameters
    ----------
    climate : Climate
        Of the place.
    range_k : array
        Mean diurnal range by month [K]
    chance : Chance
        How days differ.
    """
    swing = _Swing(3.0, 2.0, range_k)
    for _ in range(_ROUNDS):
        _, hours_c = _year(climate, swing, chance)
        swing = swing.corrected(climate, range_k, hours_c)
    return _year(climate, swing, chance)


def _year(climate: Climate, swing: _Swing, chance: Chance) -> tuple[Days, Hours]:
    means_c = month_means_of(climate)
    coldness = (means_c.max() - means_c) / max(float(np.ptp(means_c)), 1e-9)
    spread_k = to_days(swing.warm_k + (swing.cold_k - swing.warm_k) * coldness)
    days_c = _with_means(to_days(means_c) + spread_k * chance.warmth, means_c)
    range_k = to_days(swing.range_k) * np.exp(relations.RANGE_SPREAD_RATIO * chance.diurnal)
    course = range_k[:, None] * _course(climate.location)
    return days_c, _with_means(to_hours(days_c) + course.ravel(), means_c)


def month_means_of(climate: Climate) -> Months:
    """The mean dry bulb of each month at the station [C]."""
    return climate.dry_bulb_c + climate.station_offset_k


def _with_means(values: Hours, means: Months) -> Hours:
    """Days or hours moved, month by month, to these means."""
    moved = (means - month_means(values))[MONTH_OF_DAY]
    return values + np.repeat(moved, len(values) // len(moved))


def _course(location: Location) -> Hours:
    """The course of a day by the place's standard time: 0 in the mean, 1 from its lowest to its highest."""
    table = (*relations.COURSE_OF_A_DAY, relations.COURSE_OF_A_DAY[0])
    below = np.interp(solar_hours(location), np.arange(len(table)), table)
    course: Hours = (below.mean() - below) / np.ptp(below)
    return course
