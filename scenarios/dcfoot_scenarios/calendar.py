"""The hours of a study: when each begins, by the place's standard time and by the clock of its people.

In comes a start and a number of hours (a `Weather` has both), out go the month, the kind of day and the hour of each.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dcfoot.weather.year import Weather

Indices = NDArray[np.int64]
"""One whole number an hour."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours that follow each other.

    Parameters
    ----------
    start : datetime
        The start of the first hour, in UTC.
    hours_count : int
        8,760, or 8,784 in a leap year.
    utc_offset_hours : float
        Of the place's standard time [h]
    zone : str
        IANA name of the place's civil time (``"Europe/Berlin"``), by which tariffs and people go; empty: standard time
        all year, as in China.
    """

    start: datetime
    hours_count: int
    utc_offset_hours: float
    zone: str = ""

    @classmethod
    def of(cls, weather: Weather, zone: str = "") -> "Calendar":
        """The hours of a weather."""
        return cls(weather.start, len(weather), weather.utc_offset_hours, zone)

    @property
    def month_index(self) -> Indices:
        """The month of each hour by civil time, January 0."""
        raise NotImplementedError

    @property
    def hour_index(self) -> Indices:
        """The hour of the day by civil time, 0..23."""
        raise NotImplementedError

    @property
    def weekday_index(self) -> Indices:
        """The day of the week by civil time, Monday 0."""
        raise NotImplementedError
