"""Sun of a typical year: where it stands, and irradiance by the hour from monthly means of daily irradiation.

Equations are those of Duffie and Beckman, Solar Engineering of Thermal Processes (4th edition, 2013), chapters 1 and 2.
"""

from typing import NamedTuple

import numpy as np

from dcfoot.weather.climate import Months
from dcfoot.weather.days import DAYS, MONTH_OF_DAY, Days, month_means, quantile_in_month
from dcfoot.weather.year import Hours, Location

SOLAR_CONSTANT_W_PER_M2 = 1361.0
"""Total irradiance of the sun at the mean distance (Kopp and Lean 2011, doi:10.1029/2010GL045777)."""

LEAST_SUN_RATIO = 0.065
"""Cosine of the zenith angle below which no beam is told from the rest (a choice: 3.7 degrees above the horizon)."""

CLOUDIEST_RATIO = 0.05
"""Least clearness of a day: its irradiation over that outside the atmosphere (equations 2.9.6 to 2.9.8)."""


class Sun(NamedTuple):
    """Irradiance by the hour.

    Parameters
    ----------
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : array
        As of a `Weather` [W/m2]
    """

    ghi_w_per_m2: Hours
    dni_w_per_m2: Hours
    dhi_w_per_m2: Hours


def sun_of(location: Location, ghi_kwh_per_m2_day: Months, clearness: Days) -> Sun:
    """Irradiance whose monthly means are given.

    Days differ in clearness; within a day the hours share its irradiation by Collares-Pereira and Rabl (equation
    2.13.2), and beam and diffuse part by Erbs, Klein and Duffie (equation 2.10.1).

    Parameters
    ----------
    location : Location
        The place.
    ghi_kwh_per_m2_day : array
        Mean daily irradiation by month [kWh/m2 a day]
    clearness : array
        By which the days of a month are put in order, the clearest highest [-]
    """
    angle, cosine = _hour_angles(location)
    outside = SOLAR_CONSTANT_W_PER_M2 * _distance_ratio()[:, None] * np.maximum(cosine, 0.0)
    daily = _daily(ghi_kwh_per_m2_day, outside.sum(axis=1) / 1000, clearness)
    share = _shares(location, angle) * (cosine > 0)
    total = np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    ghi = np.minimum(daily[:, None] * 1000 * share / total, outside)
    dhi = ghi * _diffuse_ratio(ghi / np.maximum(outside, 1e-9))
    beam = cosine > LEAST_SUN_RATIO
    dni = np.where(beam, (ghi - dhi) / np.maximum(cosine, LEAST_SUN_RATIO), 0.0)
    return Sun(ghi.ravel(), dni.ravel(), np.where(beam, dhi, ghi).ravel())


def solar_hours(location: Location) -> Hours:
    """The middle of each hour of a day in mean solar time [h]."""
    hours: Hours = np.mod(np.arange(24) + 0.5 + location.longitude_deg / 15 - location.utc_offset_hours, 24)
    return hours


def _hour_angles(location: Location) -> tuple[Hours, Hours]:
    """The sun's hour angle [rad] and the cosine of its zenith angle at the middle of each hour, a day a row."""
    declination = _declination()[:, None]
    turn = 2 * np.pi * (np.arange(DAYS) - 81 + 1) / 364
    equation_of_time_h = (9.87 * np.sin(2 * turn) - 7.53 * np.cos(turn) - 1.5 * np.sin(turn)) / 60
    angle = np.pi / 12 * (solar_hours(location)[None, :] + equation_of_time_h[:, None] - 12)
    latitude = np.radians(location.latitude_deg)
    cosine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    return angle, cosine


def _declination() -> Days:
    """Cooper's equation (1.6.1a) [rad]."""
    turn = 2 * np.pi * (284 + np.arange(1, DAYS + 1)) / 365
    declination: Days = np.radians(23.45) * np.sin(turn)
    return declination


def _distance_ratio() -> Days:
    """Irradiance outside the atmosphere over its yearly mean (equation 1.4.1a)."""
    return 1 + 0.033 * np.cos(2 * np.pi * np.arange(1, DAYS + 1) / 365)


def _daily(means: Months, outside: Days, clearness: Days) -> Days:
    """Daily irradiation whose monthly means are `means` [kWh/m2].

    The days of a month have the distribution of Bendt, Collares-Pereira and Rabl (equations 2.9.6 to 2.9.8), with the
    clearest day of Hollands and Huget (2.9.5).
    """
    ratio = np.clip(means / np.maximum(month_means(outside), 1e-9), 1.2 * CLOUDIEST_RATIO, 0.75)
    clearest = 0.6313 + 0.267 * ratio - 11.9 * (ratio - 0.75) ** 8
    xi = (clearest - CLOUDIEST_RATIO) / (clearest - ratio)
    gamma = -1.498 + (1.184 * xi - 27.182 * np.exp(-1.5 * xi)) / (clearest - CLOUDIEST_RATIO)
    least, most = np.exp(gamma * CLOUDIEST_RATIO)[MONTH_OF_DAY], np.exp(gamma * clearest)[MONTH_OF_DAY]
    below = quantile_in_month(clearness)
    days = outside * np.log((1 - below) * least + below * most) / gamma[MONTH_OF_DAY]
    return days * (means / np.maximum(month_means(days), 1e-9))[MONTH_OF_DAY]


def _shares(location: Location, angle: Hours) -> Hours:
    """The part of the day's irradiation in an hour, but for a factor of the day (equation 2.13.2)."""
    latitude = np.radians(location.latitude_deg)
    sunset = np.arccos(np.clip(-np.tan(latitude) * np.tan(_declination()), -1, 1))[:, None]
    a = 0.409 + 0.5016 * np.sin(sunset - np.pi / 3)
    b = 0.6609 - 0.4767 * np.sin(sunset - np.pi / 3)
    shares: Hours = np.maximum((a + b * np.cos(angle)) * (np.cos(angle) - np.cos(sunset)), 0.0)
    return shares


def _diffuse_ratio(clearness: Hours) -> Hours:
    """The diffuse part of an hour's irradiation (equation 2.10.1)."""
    k = clearness
    between = 0.9511 - 0.1604 * k + 4.388 * k**2 - 16.638 * k**3 + 12.336 * k**4
    return np.where(k <= 0.22, 1 - 0.09 * k, np.where(k <= 0.80, between, 0.165))
