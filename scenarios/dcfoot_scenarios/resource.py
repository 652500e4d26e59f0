"""Sun and wind of a place of which only a yearly figure is known, as maps of the resource give it.

In comes a typical year without sun or wind, and a year's irradiation or mean wind; out goes the year with hours whose
sum or mean is that figure. The hours are dcfoot's synthesis (`dcfoot.weather.sun`, `wind`): typical, and never were.
"""

from dataclasses import replace

import numpy as np

from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, evidence_of
from dcfoot.units import W_PER_KW
from dcfoot.weather.climate import Climate, Months
from dcfoot.weather.days import DAYS, HOURS, month_means
from dcfoot.weather.sun import SOLAR_CONSTANT_W_PER_M2, sun_of
from dcfoot.weather.typical import typical_year
from dcfoot.weather.wind import wind_of
from dcfoot.weather.year import Weather
from dcfoot_scenarios.tables import rows


def year_with_resource(climate: Climate) -> Weather:
    """The typical year of a place, with the sun of `data/resource.csv` where its climate tables have none.

    Parameters
    ----------
    climate : Climate
        Of the place.
    """
    weather = typical_year(climate)
    known = next((row for row in rows("resource") if row["place"] == climate.id), None)
    if known is None or weather.ghi_w_per_m2 is not None:
        return weather
    what = f"irradiation of {climate.location.place}: a year's, global horizontal"
    return with_sun(weather, float(known["value"]), evidence_of(known, what))


def with_sun(weather: Weather, ghi_kwh_per_m2_year: float, evidence: Evidence | None = None) -> Weather:
    """A typical year with the sun of a yearly irradiation.

    Months share it as they share the sun outside the atmosphere; the days of a month that have the widest range of
    temperature are its clearest.

    Parameters
    ----------
    weather : Weather
        8,760 hours from the first of January.
    ghi_kwh_per_m2_year : float
        Global horizontal irradiation: maps give it as GHI [kWh/m2]
    evidence : Evidence or None
        What stands behind it; None: the user.

    Raises
    ------
    ConfigError
        The weather is no year of 365 days, or no place has so much or so little sun.
    """
    _check_year(weather)
    if not 500 <= ghi_kwh_per_m2_year <= 2800:
        raise ConfigError(
            f"A year's irradiation of {ghi_kwh_per_m2_year:g} kWh/m2 is that of no place; it must be from 500 to 2800."
        )
    days_k = weather.dry_bulb_c.reshape(DAYS, 24)
    outside = _outside_kwh_per_m2_day(weather.latitude_deg)
    share = ghi_kwh_per_m2_year / (float(outside.mean()) * DAYS)
    sun = sun_of(weather, outside * share, np.ptp(days_k, axis=1))
    found = float(sun.ghi_w_per_m2.sum()) / W_PER_KW
    scale = ghi_kwh_per_m2_year / found
    said = evidence or _of_user("irradiation of a year", ghi_kwh_per_m2_year, "kWh/m2")
    return replace(
        weather,
        ghi_w_per_m2=sun.ghi_w_per_m2 * scale,
        dni_w_per_m2=sun.dni_w_per_m2 * scale,
        dhi_w_per_m2=sun.dhi_w_per_m2 * scale,
        evidence=(*weather.evidence, said),
        notes=(*weather.notes, "the sun is synthesised from a yearly figure"),
    )


def with_wind(weather: Weather, wind_speed_m_per_s: float) -> Weather:
    """A typical year with the wind of a yearly mean, the same in every month.

    Parameters
    ----------
    weather : Weather
        8,760 hours from the first of January.
    wind_speed_m_per_s : float
        Mean at 10 m [m/s]

    Raises
    ------
    ConfigError
        The weather is no year of 365 days, or no place has so much wind.
    """
    _check_year(weather)
    if not 0 < wind_speed_m_per_s <= 15:
        raise ConfigError(f"A mean wind of {wind_speed_m_per_s:g} m/s at 10 m is of no place; it is above 0 to 15.")
    said = _of_user("mean wind at 10 m", wind_speed_m_per_s, "m/s")
    return replace(
        weather,
        wind_speed_m_per_s=wind_of(f"{weather.place}/wind", np.full(12, wind_speed_m_per_s)),
        evidence=(*weather.evidence, said),
        notes=(*weather.notes, "the wind is synthesised from a yearly figure"),
    )


def _check_year(weather: Weather) -> None:
    if len(weather) != HOURS or weather.month_index[0] != 0:
        raise ConfigError(f"{weather.place}: a yearly figure of sun or wind needs {HOURS} hours from January on.")


def _of_user(what: str, value: float, unit: str) -> Evidence:
    return Evidence(what, value, unit, None, "the user", verified=False)


def _outside_kwh_per_m2_day(latitude_deg: float) -> Months:
    """Mean daily irradiation outside the atmosphere by month (Duffie and Beckman 2013, equation 1.10.3)."""
    turn = 2 * np.pi * np.arange(1, DAYS + 1) / DAYS
    latitude, declination = np.radians(latitude_deg), np.radians(23.45) * np.sin(turn + 2 * np.pi * 284 / DAYS)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(declination), -1, 1))
    height = np.cos(latitude) * np.cos(declination) * np.sin(sunset) + sunset * np.sin(latitude) * np.sin(declination)
    daily = 24 / np.pi * SOLAR_CONSTANT_W_PER_M2 * (1 + 0.033 * np.cos(turn)) * height
    return month_means(daily) / W_PER_KW
