"""Plain CSV files of weather, and TMY3's, which are plain but for a line that says where.

A plain file has a header line. Its columns are ``time`` (ISO 8601; without a zone, the place's standard time),
``time_utc``, or ``month``, ``day``, ``hour``, and quantities with their units, in any order and spelling: `columns`
knows them. Lines that begin with ``#`` and columns that are not weather are passed over. Hours are numbered 0 to 23 by
their start, or 1 to 24 by their end.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.calendar import Stamp, start_of
from dcfoot.weather.columns import Conversion, read_header
from dcfoot.weather.textfile import Row, column, number, rows_of, where_in, whole_number
from dcfoot.weather.year import TYPICAL_YEAR, Hours, Location, Weather

_TIMES = ("time", "timestamp", "datetime", "date_time", "time_utc")
_TMY3_MISSING = (-9900.0,)
"""TMY3 User's Manual (NREL/TP-581-43156), table 1-5."""

Stamper = Callable[[Row], Stamp]
"""What reads the start of an hour from its line."""


def read_csv(
    path: Path, location: Location, *, basis: Basis = Basis.MEASURED, source: str = "", fill_hours: int = 0
) -> Weather:
    """The weather of a plain CSV file, packed (``.gz``) or not.

    Parameters
    ----------
    path : Path
        The file.
    location : Location
        Where it was measured; the file does not say.
    basis : Basis
        Of the values.
    source : str
        Who measured it; by default the file's name.
    fill_hours : int
        Gaps of up to this length are interpolated, and said so [h]

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        A column has no unit, an hour is missing, or a value cannot be; the message names the line.
    """
    rows = [row for row in rows_of(path) if not row[1][0].startswith("#")]
    if not rows:
        raise ConfigError(f"{path} is empty.")
    (line, titles), hours = rows[0], rows[1:]
    where = where_in(path, hours)
    stamps = [*map(_stamper(path, line, titles, hours, location), hours)]
    start = start_of(stamps, location, where)
    series = _series(path, line, titles, hours)
    dated = not {*_TIMES, "year"}.isdisjoint(map(_plain, titles))
    kept = stamps[0].year == (start + timedelta(hours=location.utc_offset_hours)).year
    year = stamps[0].year if dated and kept else None
    return assemble(location, start, series, Origin(source or path.name, basis, where, year), fill_hours)


def read_tmy3(path: Path, *, fill_hours: int = 0) -> Weather:
    """The weather of a TMY3 file, packed (``.gz``) or not.

    Its first line is ``station,"name",state,hours from UTC,latitude,longitude,elevation``, its hours are numbered by
    their end.

    Parameters
    ----------
    path : Path
        The file.
    fill_hours : int
        Gaps of up to this length are interpolated, and said so [h]

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It is no TMY3 file, an hour is missing, or a value cannot be; the message names the line.
    """
    rows = list(rows_of(path))
    if not _begins_as_tmy3(rows):
        raise ConfigError(
            f"{path}:1: a TMY3 file begins with station, name, state, time zone, latitude, longitude, elevation."
        )
    (first, place), (line, titles), hours = rows[0], rows[1], rows[2:]
    offset, latitude, longitude, elevation = (
        number(path, first, place, index, name)
        for index, name in enumerate(("time zone", "latitude", "longitude", "elevation"), start=3)
    )
    location = Location(f"{place[1]}, {place[2]}", latitude, longitude, elevation, offset)
    where = where_in(path, hours)
    start = start_of([_tmy3_stamp(path, row) for row in hours], location, where)
    series = _series(path, line, titles, hours, _TMY3_MISSING)
    source = f"NSRDB TMY3 {place[0]} ({path.name})"
    return assemble(location, start, series, Origin(source, Basis.MODELLED, where), fill_hours)


def is_tmy3(path: Path) -> bool:
    """Whether the file's first lines are those of TMY3.

    Raises
    ------
    DataMissing
        There is no such file.
    """
    return _begins_as_tmy3(list(rows_of(path)))


def _begins_as_tmy3(rows: Sequence[Row]) -> bool:
    return len(rows) > 1 and len(rows[0][1]) == 7 and rows[1][1][0].startswith("Date (MM/DD/YYYY)")


def _series(
    path: Path, line: int, titles: Sequence[str], hours: Sequence[Row], missing: Sequence[float] = ()
) -> Mapping[str, Hours]:
    found: dict[str, tuple[int, Conversion]] = {}
    for place, title in enumerate(titles):
        try:
            known = read_header(title)
        except ConfigError as fault:
            raise ConfigError(f"{path}:{line}: {fault}") from None
        if known is None:
            continue
        name, convert = known
        if name in found:
            raise ConfigError(f"{path}:{line}: columns {titles[found[name][0]]!r} and {title!r} are both {name}.")
        found[name] = (place, convert)
    return {
        name: convert(column(path, hours, place, titles[place], missing)) for name, (place, convert) in found.items()
    }


def _stamper(path: Path, line: int, titles: Sequence[str], hours: Sequence[Row], location: Location) -> Stamper:
    """What reads the hours' starts from the columns that this file has for them."""
    plain = [_plain(title) for title in titles]
    time = next((plain.index(name) for name in _TIMES if name in plain), None)
    if time is not None:
        zone = UTC if plain[time].endswith("utc") else timezone(timedelta(hours=location.utc_offset_hours))
        return lambda row: _iso_stamp(path, row, time, zone, location)
    if not {"month", "day", "hour"} <= set(plain):
        raise ConfigError(f"{path}:{line}: there must be a column {_TIMES[0]!r}, or columns 'month', 'day', 'hour'.")
    month, day, hour = map(plain.index, ("month", "day", "hour"))
    by_end = any(whole_number(path, *row, hour, "hour") == 24 for row in hours)
    year = plain.index("year") if "year" in plain else None

    def stamp(row: Row) -> Stamp:
        return Stamp(
            TYPICAL_YEAR if year is None else whole_number(path, *row, year, "year"),
            whole_number(path, *row, month, "month"),
            whole_number(path, *row, day, "day"),
            whole_number(path, *row, hour, "hour") - by_end,
        )

    return stamp


def _plain(title: str) -> str:
    return title.strip().casefold().replace(" ", "_")


def _iso_stamp(path: Path, row: Row, place: int, zone: tzinfo, location: Location) -> Stamp:
    """The start of an hour in the place's standard time; a time without a zone is of `zone`."""
    line, fields = row
    text = fields[place] if place < len(fields) else ""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"{path}:{line}: the time is {text!r}; it must be like 2023-01-31T05:00 or ...05:00Z."
        ) from None
    time = time.replace(tzinfo=time.tzinfo or zone).astimezone(UTC) + timedelta(hours=location.utc_offset_hours)
    if time.minute or time.second:
        raise ConfigError(f"{path}:{line}: {text} is not at the start of an hour of the place's standard time.")
    return Stamp(time.year, time.month, time.day, time.hour)


def _tmy3_stamp(path: Path, row: Row) -> Stamp:
    """``01/31/1988,24:00``: the hour before midnight."""
    line, fields = row
    date, _, time = ",".join(fields[:2]).partition(",")
    numbers = [*date.split("/"), time.partition(":")[0]]
    if len(numbers) != 4 or not all(number.isdecimal() for number in numbers):
        raise ConfigError(f"{path}:{line}: {date} {time} is no date and time of TMY3, such as 01/31/1988 24:00.")
    month, day, year, hour = map(int, numbers)
    return Stamp(year, month, day, hour - 1)
