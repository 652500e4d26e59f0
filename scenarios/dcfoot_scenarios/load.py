"""What the machines draw, hour by hour, over what they could: profiles, growth, and what can wait.

In come a calendar and a kind of work, out go ratios of IT power to IT capacity; each shape has its source beside it.
"""

from dataclasses import dataclass

from dcfoot.elementwise import Value
from dcfoot.measurement import Measurement
from dcfoot.weather.year import Hours
from dcfoot_scenarios.calendar import Calendar

PROFILES = ("training", "inference", "flat")
"""The profiles that need no file."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The course of a run's power, in steps.

    Parameters
    ----------
    duration_s : float
        How long it lasted [s]
    """

    duration_s: float


def load_ratio(profile: str, calendar: Calendar, mean_ratio: float | None = None) -> Hours:
    """IT power over IT capacity of a profile, by hour.

    Parameters
    ----------
    profile : str
        One of `PROFILES`.
    calendar : Calendar
        Of the study.
    mean_ratio : float or None
        Of the year; None for the profile's own [-]

    Raises
    ------
    ConfigError
        There is no such profile.
    """
    raise NotImplementedError


def recorded_ratio(run: Measurement, calendar: Calendar) -> Hours:
    """The power of a real run over its highest hour, resampled to hours and repeated over the calendar.

    Parameters
    ----------
    run : Measurement
        From the store, with its phases.
    calendar : Calendar
        Of the study.

    Raises
    ------
    DataMissing
        Nothing was metered in it.
    """
    raise NotImplementedError


def grown_mw(it_mw: Value, growth_ratio_per_year: float, after_years: float, it_capacity_mw: float) -> Value:
    """The load after some years of growth, at most the capacity.

    Parameters
    ----------
    it_mw : Value
        In the first year [MW]
    growth_ratio_per_year : float
        0.1 for ten percent a year [-]
    after_years : float
        How many years later [years]
    it_capacity_mw : float
        What can be fed and cooled [MW]
    """
    raise NotImplementedError
