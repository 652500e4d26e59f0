"""The hours of a study: when each begins, by the place's standard time and by the clock of its people.

In comes a start and a number of hours (a `Weather` has both), out go the month, the day of the week and the hour of
each. Weather and sun go by standard time; people and tariffs go by civil time, which may have a summer time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import ConfigError
from dcfoot.weather.year import Weather

Indices = NDArray[np.int64]
"""One whole number an hour."""

Instants = NDArray[np.datetime64]
"""One moment an hour, without a zone: which clock shows it is said where it is made."""

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

_THURSDAY = 3
"""1 January 1970, from which NumPy counts days, was a Thursday (Monday is 0)."""


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
        """The hours of a weather.

        Parameters
        ----------
        weather : Weather
            Of the study's place.
        zone : str
            As above.
        """
        return cls(weather.start, len(weather), weather.utc_offset_hours, zone)

    @property
    def standard_times(self) -> Instants:
        """The start of each hour by the place's standard time."""
        return _hours_from(self.start, self.hours_count, timedelta(hours=self.utc_offset_hours))

    @property
    def civil_times(self) -> Instants:
        """The start of each hour by the place's civil time.

        Raises
        ------
        ConfigError
            There is no zone of this name.
        """
        return _civil_times(self) if self.zone else self.standard_times

    @property
    def month_index(self) -> Indices:
        """The month of each hour by civil time, January 0."""
        return _month_index(self)

    @property
    def hour_index(self) -> Indices:
        """The hour of the day by civil time, 0..23."""
        return self.civil_times.astype("datetime64[h]").astype(np.int64) % 24

    @property
    def weekday_index(self) -> Indices:
        """The day of the week by civil time, Monday 0."""
        return (self.civil_times.astype("datetime64[D]").astype(np.int64) + _THURSDAY) % 7


def _hours_from(start: datetime, count: int, offset: timedelta) -> Instants:
    local = start.astimezone(UTC).replace(tzinfo=None) + offset
    return np.datetime64(local, "m") + np.arange(count) * np.timedelta64(60, "m")


@lru_cache(maxsize=16)
def _month_index(calendar: Calendar) -> Indices:
    index = calendar.civil_times.astype("datetime64[M]").astype(np.int64) % 12
    index.flags.writeable = False  # every caller gets the same array
    return index


@lru_cache(maxsize=16)
def _civil_times(calendar: Calendar) -> Instants:
    """Each hour is shown by the clock at its start; offsets change on the hour."""
    try:
        zone = ZoneInfo(calendar.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"There is no time zone {calendar.zone!r}; write one such as 'Europe/Berlin'.") from None
    starts = (calendar.start + hour * HOUR for hour in range(calendar.hours_count))
    offsets = [start.astimezone(zone).utcoffset() or timedelta() for start in starts]
    in_utc = _hours_from(calendar.start, calendar.hours_count, timedelta())
    return in_utc + np.array([round(offset / MINUTE) for offset in offsets]) * np.timedelta64(1, "m")
