"""Hourly series in files of the user's own: one checked reader for load, supply, prices and heat.

    time,load_mw
    2023-01-01T00:00+08:00,21.3
    2023-01-01T01:00+08:00,21.1

In comes a CSV file (packed ``.gz`` or not), what is wanted of it and the study's calendar, out goes one number an hour.
All faults are told at once, each with file and line; nothing is guessed, filled or cut off. What is sought is one
column: others may stand beside it, so that one file may hold all of a study's series.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf, isfinite
from pathlib import Path

import numpy as np

from dcfoot.errors import ConfigError
from dcfoot.places import nearest
from dcfoot.units import KW_PER_MW, KWH_PER_MWH, MW_PER_GW, W_PER_KW
from dcfoot.weather.textfile import Row, rows_of
from dcfoot.weather.year import Hours
from dcfoot_scenarios.calendar import HOUR, Calendar

MOST_FAULTS_COUNT = 10
"""How many faults of a file are listed (a choice): more are rarely read."""

OTHER_UNIT = 100.0
"""So many times the most that is possible is taken for another unit: kilowatts are a thousand (a choice)."""

TIME = "time"
"""The column of the hours' starts."""

_POWERS = {"w": 1 / (W_PER_KW * KW_PER_MW), "kw": 1 / KW_PER_MW, "mw": 1.0, "gw": MW_PER_GW}
"""Megawatts in one. The energy of an hour is its mean power: kWh and MWh read alike."""

_UNITS: Mapping[str, float] = {
    **_POWERS,
    **{f"{unit}h": factor for unit, factor in _POWERS.items()},
    "per_mwh": 1.0,
    "per_kwh": KWH_PER_MWH,
    "ratio": 1.0,
    "per_unit": 1.0,
    "percent": 0.01,
}
"""By the end of a column's name: how many of the wanted unit (MW, 1/MWh, a ratio) one is."""

_KINDS = ({*_POWERS, *(f"{unit}h" for unit in _POWERS)}, {"per_mwh", "per_kwh"}, {"ratio", "per_unit", "percent"})
"""Units of one quantity."""

_END = re.compile(rf"_({'|'.join(sorted(_UNITS, key=len, reverse=True))})$")

_LEAP_DAY = (2, 29)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file must hold.

    Parameters
    ----------
    column : str
        Its name with its unit: ``"load_mw"``, ``"price_cny_per_mwh"``, ``"solar_per_unit"``. A file may give the same
        quantity in another unit of its kind: ``load_kw`` or ``load_mwh``, ``price_cny_per_kwh``, ``solar_percent``.
    least, most : float
        What lies outside is a fault: 0 and the nameplate of a power. In the unit of `column`.
    most_is : str
        What the upper bound is, for the message: ``"the nameplate"``.
    """

    column: str
    least: float = 0.0
    most: float = inf
    most_is: str = "the most that is possible"


def read_profile(path: Path, wanted: Wanted, calendar: Calendar) -> Hours:
    """The series of a file, one value for each hour of the calendar, in the unit of the wanted column.

    Parameters
    ----------
    path : Path
        With a column ``time`` (ISO 8601, the start of the hour; without a zone, the place's standard time) or, without
        one, as many rows as the calendar has hours.
    wanted : Wanted
        Which column, and what its values may be.
    calendar : Calendar
        Of the study. A file of another year is taken where month, day and hour agree.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be used; the message names every fault with file and line.
    """
    lines = _lines(path)
    if len(lines) < 2:
        raise ConfigError(f"{path} holds no hours.")
    (head, titles), rows = lines[0], lines[1:]
    names = [title.casefold() for title in titles]
    place, factor = _column(f"{path}:{head}", names, wanted)
    faults = [
        *_out_of_step(path, rows, names.index(TIME) if TIME in names else None, calendar),
        *_unfit(path, rows, place, titles[place], wanted, factor),
    ]
    if faults:
        more = len(faults) - MOST_FAULTS_COUNT
        raise ConfigError("\n".join([*faults[:MOST_FAULTS_COUNT], *([f"{path}: and {more} more"] if more > 0 else [])]))
    return np.array([float(fields[place]) * factor for _, fields in rows])


def columns_of(path: Path) -> tuple[str, ...]:
    """The names of a file's columns, in small letters; none of an empty file.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be read.
    """
    return tuple(title.casefold() for _, titles in _lines(path)[:1] for title in titles)


def _lines(path: Path) -> list[Row]:
    return [row for row in rows_of(path) if not row[1][0].startswith("#")]


def _column(where: str, names: Sequence[str], wanted: Wanted) -> tuple[int, float]:
    """Where the wanted column stands, and what its values are to be multiplied by."""
    factors = [_factor(name, wanted.column) for name in names]
    found = [(place, factor) for place, factor in enumerate(factors) if factor is not None]
    if len(found) == 1:
        return found[0]
    if found:
        told = " and ".join(names[place] for place, _ in found)
        raise ConfigError(f"{where}: {told} are both {wanted.column}; keep one.")
    raise ConfigError(f"{where}: there is no column {wanted.column}.{nearest(wanted.column, names)}")


def _factor(name: str, wanted: str) -> float | None:
    """How many of the wanted unit one of this column's is; None where it is another quantity."""
    if name == wanted:
        return 1.0
    end, wanted_end = _END.search(name), _END.search(wanted)
    if end is None or wanted_end is None or name[: end.start()] != wanted[: wanted_end.start()]:
        return None
    kind = next(kind for kind in _KINDS if wanted_end[1] in kind)
    return _UNITS[end[1]] / _UNITS[wanted_end[1]] if end[1] in kind else None


def _unfit(path: Path, rows: Sequence[Row], place: int, title: str, wanted: Wanted, factor: float) -> Iterator[str]:
    """Values that are none, or lie where none can."""
    for line, fields in rows:
        text = fields[place] if place < len(fields) else ""
        value = _number(text)
        where = f"{path}:{line}: {title}"
        if value is None:
            yield f"{where} is {text!r}; every hour needs a number, none is guessed."
        elif value * factor < wanted.least:
            yield f"{where} is {value:g}; it cannot be below {wanted.least / factor:g}."
        elif value * factor > wanted.most:
            above = f"{where} is {value:g}, above {wanted.most_is} of {wanted.most / factor:g}."
            yield above + _in_kw(title, value * factor / wanted.most)


def _in_kw(title: str, over: float) -> str:
    """A thousandfold is most often another unit, which the reader knows by the column's name."""
    name, _, unit = title.rpartition("_")
    smaller = {"mw": "kw", "kw": "w"}.get(unit) if over >= OTHER_UNIT else None
    return f" If it is in {smaller.replace('w', 'W')}, call the column {name}_{smaller}." if smaller else ""


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


def _out_of_step(path: Path, rows: Sequence[Row], place: int | None, calendar: Calendar) -> Iterator[str]:
    """Where the file's hours are not the study's."""
    if place is None:
        if len(rows) != calendar.hours_count:
            yield f"{path}:{rows[-1][0]}: there are {len(rows)} hours; {_how_many(len(rows), calendar)}"
        return
    starts = [_start(path, row, place, calendar) for row in rows]
    told = [fault for fault in starts if isinstance(fault, str)]
    yield from told
    if not told:
        known = [start for start in starts if isinstance(start, datetime)]
        yield from _against(known, calendar, lambda index: f"{path}:{rows[index][0]}")


def _start(path: Path, row: Row, place: int, calendar: Calendar) -> datetime | str:
    """The start of an hour by the place's standard time, or what is wrong with it."""
    line, fields = row
    text = fields[place] if place < len(fields) else ""
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        return f"{path}:{line}: the time is {text!r}; it must be like 2023-01-31T05:00 or 2023-01-31T05:00+08:00."
    if start.tzinfo is not None:
        start = start.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=calendar.utc_offset_hours)
    if (start.minute, start.second, start.microsecond) != (0, 0, 0):
        return f"{path}:{line}: {text} is not the start of an hour of the place's standard time."
    return start


def _against(starts: Sequence[datetime], calendar: Calendar, where: Callable[[int], str]) -> Iterator[str]:
    """The first hour that is not the one that should be there: those after it are out of step with it."""
    first = (calendar.start + timedelta(hours=calendar.utc_offset_hours)).replace(tzinfo=None)
    for index, start in enumerate(starts):
        expected = first + index * HOUR
        if index and start != starts[index - 1] + HOUR:
            yield f"{where(index)}: {_step(starts[index - 1], start)}"
            return
        if (start.month, start.day, start.hour) != (expected.month, expected.day, expected.hour):
            yield f"{where(index)}: {_strange(start, expected, calendar)}"
            return
    if len(starts) != calendar.hours_count:
        told = _how_many(len(starts), calendar)
        yield f"{where(len(starts) - 1)}: here the file ends, after {len(starts)} hours; {told}"


def _step(before: datetime, start: datetime) -> str:
    if start == before:
        return (
            f"the hour from {start:%m-%d %H:%M} comes twice. Where clocks are set back, write times with their offset "
            "(...+01:00), or the place's standard time all year."
        )
    if start < before:
        return f"the hour from {start:%m-%d %H:%M} comes after the one from {before:%m-%d %H:%M}."
    missing = round((start - before) / HOUR) - 1
    clocks = " Where clocks are set forward, write times with their offset." if missing == 1 else ""
    told = "an hour is" if missing == 1 else f"{missing} hours are"
    return f"{told} missing before {start:%m-%d %H:%M}; every hour needs a line.{clocks}"


def _strange(start: datetime, expected: datetime, calendar: Calendar) -> str:
    if (start.month, start.day) == _LEAP_DAY:
        return f"29 February is not in the study's year; {_how_many(8784, calendar)}"
    if (expected.month, expected.day) == _LEAP_DAY:
        return f"29 February is missing; {_how_many(8760, calendar)}"
    return f"here should be the hour from {expected:%m-%d %H:%M}, and there is the one from {start:%m-%d %H:%M}."


def _how_many(count: int, calendar: Calendar) -> str:
    """What to do about a number of hours that is not the study's."""
    if (count, calendar.hours_count) == (8784, 8760):
        return "the study has 8760: take out the 24 lines of 29 February, or give the study a leap year."
    if (count, calendar.hours_count) == (8760, 8784):
        return "the study has 8784: add 29 February, or give the study a year of 365 days."
    return f"the study has {calendar.hours_count}."
