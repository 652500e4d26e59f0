"""Hourly series in files of the user's own: one checked reader for load, supply, prices and heat.

    time,load_mw
    2023-01-01T00:00+08:00,21.3
    2023-01-01T01:00+08:00,21.1

In comes a CSV file (packed ``.gz`` or not), what is wanted of it and the study's calendar, out goes one number an hour.
All faults are told at once, each with file and line; nothing is guessed.
"""

from dataclasses import dataclass
from math import inf
from pathlib import Path

from dcfoot.weather.year import Hours
from dcfoot_scenarios.calendar import Calendar


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file must hold.

    Parameters
    ----------
    column : str
        Its name with its unit: ``"load_mw"``, ``"price_cny_per_mwh"``. A file may give the same quantity in another
        unit of the kind (``load_kw``, ``price_cny_per_kwh``).
    least, most : float
        What lies outside is a fault: 0 and the nameplate of a power; of the unit of `column`.
    most_is : str
        What the upper bound is, for the message.
    """

    column: str
    least: float = 0.0
    most: float = inf
    most_is: str = "the most that is possible"


def read_profile(path: Path, wanted: Wanted, calendar: Calendar) -> Hours:
    """The series of a file, one value for each hour of the calendar.

    Parameters
    ----------
    path : Path
        With a column ``time`` (ISO 8601, the start of the hour; without a zone, the place's standard time) or, without
        one, as many rows as the calendar has hours.
    wanted : Wanted
        Which column, and what its values may be.
    calendar : Calendar
        Of the study. A year of another date is taken where month, day and hour agree.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be used; the message names every fault with file and line.
    """
    raise NotImplementedError
