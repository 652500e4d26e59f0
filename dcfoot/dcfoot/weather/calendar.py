"""Whether the hours of a file follow each other, and when the first of them begins."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from dcfoot.errors import ConfigError
from dcfoot.weather.year import TYPICAL_YEAR, Location

Where = Callable[[int], str]
"""The file and line of the hour of this index, for messages."""

_LEAP_YEAR = 2024
"""In which a typical year is dated that has a 29 February."""

_HOUR = timedelta(hours=1)


class Stamp(NamedTuple):
    """The start of an hour in the place's standard time; years of a typical year need not be the same.

    Parameters
    ----------
    year, month, day : int
        The date.
    hour : int
        0..23.
    """

    year: int
    month: int
    day: int
    hour: int


def start_of(stamps: Sequence[Stamp], location: Location, where: Where) -> datetime:
    """The start of the first hour, in UTC, of hours that follow each other.

    Years that follow each other are kept. If they do not (a typical year is pieced together from months of several
    years, or leaves out a 29 February), the hours are dated `TYPICAL_YEAR`.

    Parameters
    ----------
    stamps : sequence of Stamp
        Of each hour.
    location : Location
        Whose standard time it is.
    where : callable
        For messages.

    Raises
    ------
    ConfigError
        An hour is missing, doubled, out of order or no date; the message says in which line.
    """
    if not stamps:
        raise ConfigError(f"{where(0)}: there are no hours in it.")
    begins = _dates(stamps, where)
    first = begins[0]
    if all(found == first + i * _HOUR for i, found in enumerate(begins)):
        return _in_utc(first, location)
    leap = any((stamp.month, stamp.day) == (2, 29) for stamp in stamps)
    first = first.replace(year=_LEAP_YEAR if leap else TYPICAL_YEAR)
    for i, stamp in enumerate(stamps):
        expected = first + i * _HOUR
        if (expected.month, expected.day, expected.hour) != stamp[1:]:
            raise ConfigError(
                f"{where(i)}: here should be the hour from {expected:%m-%d %H}:00, and there is the one from "
                f"{stamp.month:02}-{stamp.day:02} {stamp.hour:02}:00: hours are missing, doubled or out of order."
            )
    return _in_utc(first, location)


def _dates(stamps: Sequence[Stamp], where: Where) -> list[datetime]:
    begins: list[datetime] = []
    for i, stamp in enumerate(stamps):
        try:
            begins.append(datetime(*stamp))  # noqa: DTZ001 - the place's standard time
        except ValueError:
            year, month, day, hour = stamp
            raise ConfigError(f"{where(i)}: {year}-{month}-{day} hour {hour} is no date.") from None
    return begins


def _in_utc(local: datetime, location: Location) -> datetime:
    return local.replace(tzinfo=UTC) - timedelta(hours=location.utc_offset_hours)
