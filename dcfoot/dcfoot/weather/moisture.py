"""The vapour of a typical year.

Days are put in order by what they would hold at one relative humidity: their season's dry bulb decides, with departures
that go partly with the day's own dry bulb (`relations`). In that order they take the vapour of the year's distribution.
Where the months' relative humidity is known, they are moved to meet it.
"""

from statistics import NormalDist

import numpy as np

from dcfoot import psychrometrics as air
from dcfoot.weather import relations
from dcfoot.weather.chance import Chance
from dcfoot.weather.climate import EXCEEDED_PERCENT, Climate, Months
from dcfoot.weather.days import MONTH_OF_DAY, Days, month_means, quantile_of, to_days, to_hours
from dcfoot.weather.dry_bulb import month_means_of
from dcfoot.weather.year import Hours

_ROUNDS = 6
"""Rounds in which the months' humidity is met (a choice: each leaves a tenth of what was missed)."""

_FIRST_HUMIDITY_RATIO = 0.7
"""For a first idea of the days' spread, where the months' humidity is not known (a choice: the mean of the places)."""

_G_PER_KG = 1000.0


def vapour_of(climate: Climate, days_c: Days, hours_c: Hours, chance: Chance) -> Hours:
    """Vapour pressure by the hour, on straight lines between that of days [Pa].

    Parameters
    ----------
    climate : Climate
        Of the place.
    days_c : array
        Mean dry bulb of each day [C]
    hours_c : array
        Dry bulb of each hour [C]
    chance : Chance
        How days differ.
    """
    known = climate.measured
    humidity = known.relative_humidity_ratio if known else humidity_by_distribution(climate, days_c, chance)
    days_pa = _by_distribution_pa(climate, days_c, humidity, chance)
    return to_hours(_meeting(known.relative_humidity_ratio, days_pa, hours_c) if known else days_pa)


def humidity_by_distribution(climate: Climate, days_c: Days, chance: Chance) -> Months:
    """The months' relative humidity that the year's distribution of vapour gives [-].

    Parameters
    ----------
    climate : Climate
        Of the place.
    days_c : array
        Mean dry bulb of each day [C]
    chance : Chance
        How days differ.
    """
    vapour_pa = _by_distribution_pa(climate, days_c, np.full(12, _FIRST_HUMIDITY_RATIO), chance)
    return month_means(np.minimum(vapour_pa / air.saturation_pressure_pa(days_c), 1.0))


def _by_distribution_pa(climate: Climate, days_c: Days, humidity: Months, chance: Chance) -> Days:
    below = quantile_of(_at_one_humidity_pa(climate, days_c, humidity, chance))
    lower = np.exp(relations.lower_by_m(climate.station_offset_k) / relations.VAPOUR_SCALE_M)
    density_kg_per_m3 = _not_exceeded_g_per_m3(climate, below) * lower / _G_PER_KG
    return air.vapour_pressure_of_density_pa(density_kg_per_m3, days_c)


def _at_one_humidity_pa(climate: Climate, days_c: Days, humidity: Months, chance: Chance) -> Days:
    """Saturation at the season's dry bulb, times what the days' vapour differs from their month's."""
    season_c = to_days(month_means_of(climate))
    warm = relations.vapour_on_warmth_per_k(season_c) * (days_c - season_c)
    moist = relations.moisture_spread_ratio(humidity)[MONTH_OF_DAY] * chance.moisture
    pressure_pa: Days = air.saturation_pressure_pa(season_c) * np.exp(warm + moist)
    return pressure_pa


def _meeting(wanted: Months, days_pa: Days, hours_c: Hours) -> Days:
    """The vapour moved, month by month, so that its hours have this mean relative humidity (over water)."""
    saturated_pa = air.saturation_pressure_pa(hours_c)
    over_water_pa = air.saturation_pressure_over_water_pa(hours_c)
    for _ in range(_ROUNDS):
        found = month_means(np.minimum(to_hours(days_pa), saturated_pa) / over_water_pa)
        days_pa = days_pa * (wanted / found)[MONTH_OF_DAY]
    return days_pa


def _not_exceeded_g_per_m3(climate: Climate, below: Days) -> Days:
    """The density that vapour stays below in this part of the year.

    Between the parts of the table, and a little beyond them, its logarithm goes in straight lines with the normal
    quantile of the part.
    """
    normal = NormalDist()
    known = np.array([normal.inv_cdf(1 - part / 100) for part in reversed(EXCEEDED_PERCENT)])
    logs = np.log(climate.vapour_g_per_m3[::-1])
    asked = np.array([normal.inv_cdf(part) for part in below])
    slopes = np.diff(logs) / np.diff(known)
    inside = np.interp(asked, known, logs)
    beyond = np.minimum(asked - known[0], 0) * slopes[0] + np.maximum(asked - known[-1], 0) * slopes[-1]
    density: Days = np.exp(inside + beyond)
    return density
