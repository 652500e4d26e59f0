"""What a facility's power and water meters wrote, from a CSV file: its columns end here.

The first line names the columns: ``time`` (ISO 8601 with its zone, the start of the interval), and any of
``facility_power_kw``, ``facility_energy_kwh``, ``it_power_kw``, ``it_energy_kwh`` (also in ``w``, ``mw``, ``mwh``),
``water_l`` or ``water_m3``. Power is the mean, energy and water are the sum of the interval. Intervals may be shorter
than an hour; an hour that is not whole is not known.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import ConfigError
from dcfoot.facility import Category
from dcfoot.facility_meter import Hours, MeteredHours
from dcfoot.places import nearest
from dcfoot.units import S_PER_H
from dcfoot.weather.textfile import Row, column, rows_of

_W, _WH, _L = "power", "energy", "water"

COLUMNS: Mapping[str, tuple[str, str, float]] = {
    **{
        f"{of}_{what}_{unit}": (of, what, factor)
        for of in ("facility", "it")
        for what, unit, factor in (
            (_W, "w", 1.0),
            (_W, "kw", 1e3),
            (_W, "mw", 1e6),
            (_WH, "kwh", 1e3),
            (_WH, "mwh", 1e6),
        )
    },
    "water_l": ("water", _L, 1.0),
    "water_m3": ("water", _L, 1e3),
}
"""By name: whose, what, and how many watts, watt-hours or litres one of it is. MW is mega here, as meters of halls have
it."""


def read_facility_meter(path: Path, category: Category = "PUE3") -> MeteredHours:
    """The hours of a file of meters.

    Parameters
    ----------
    path : Path
        The file, packed (``.gz``) or not.
    category : str
        Where the IT power is metered.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        A column is not known or lacks its partner, a time has no zone or is out of order, or a value is no number or is
        negative; the message names the line.
    """
    lines = [row for row in rows_of(path) if not row[1][0].startswith("#")]
    if len(lines) < 2:
        raise ConfigError(f"{path} holds no readings.")
    (first, titles), readings = lines[0], lines[1:]
    names = [title.casefold() for title in titles]
    _check_columns(path, first, names)
    times = [_time(path, row, names.index("time")) for row in readings]
    interval_s = _interval_s(path, readings, times)
    start = times[0].replace(minute=0, second=0, microsecond=0)
    seconds = np.array([(time - start).total_seconds() for time in times])
    hours = (seconds // S_PER_H).astype(np.int64)
    known: dict[str, Hours] = {}
    for place, name in enumerate(names):
        if name in COLUMNS:
            whose, what, factor = COLUMNS[name]
            values = _values(path, readings, place, titles[place]) * factor
            known[whose] = _by_hour(values, hours, interval_s, mean=what == _W)
    return MeteredHours(start, known["facility"], known["it"], known.get("water"), category)


def _check_columns(path: Path, line: int, names: Sequence[str]) -> None:
    strange = [name for name in names if name not in COLUMNS and name != "time"]
    if strange:
        raise ConfigError(f"{path}:{line}: {strange[0]!r} is no column of meters.{nearest(strange[0], COLUMNS)}")
    for wanted in ("time", "facility", "it"):
        found = [name for name in names if name == wanted or (name in COLUMNS and COLUMNS[name][0] == wanted)]
        if len(found) != 1:
            told = " and ".join(found) or "none"
            raise ConfigError(
                f"{path}:{line}: there must be one column of {wanted}, such as {_example(wanted)}: {told}."
            )


def _example(wanted: str) -> str:
    return "time" if wanted == "time" else f"{wanted}_power_kw"


def _time(path: Path, row: Row, place: int) -> datetime:
    line, fields = row
    text = fields[place] if place < len(fields) else ""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{path}:{line}: the time is {text!r}; it must be like 2025-01-31T05:00Z.") from None
    if time.tzinfo is None:
        raise ConfigError(f"{path}:{line}: {text} has no time zone; write 2025-01-31T05:00Z or ...05:00+08:00.")
    return time.astimezone(UTC)


def _interval_s(path: Path, readings: Sequence[Row], times: Sequence[datetime]) -> float:
    """The usual time between two readings, which must go into an hour."""
    steps = np.diff(np.array([time.timestamp() for time in times]))
    wrong = np.flatnonzero(steps <= 0)
    if wrong.size:
        raise ConfigError(f"{path}:{readings[int(wrong[0]) + 1][0]}: the time is not after that of the line before.")
    usual = float(np.median(steps)) if steps.size else S_PER_H
    if S_PER_H % usual:
        raise ConfigError(f"{path}: readings are {usual:.0f} s apart; that does not go into an hour.")
    return usual


def _values(path: Path, readings: Sequence[Row], place: int, title: str) -> Hours:
    values = column(path, readings, place, title)
    negative = np.flatnonzero(values < 0)
    if negative.size:
        at = int(negative[0])
        raise ConfigError(f"{path}:{readings[at][0]}: {title} is {values[at]:g}; it cannot be negative.")
    return values


def _by_hour(values: Hours, hours: NDArray[np.int64], interval_s: float, *, mean: bool) -> Hours:
    """Means or sums of whole hours; NaN where a reading is missing."""
    count = int(hours[-1]) + 1
    whole = round(S_PER_H / interval_s)
    sums, found = np.zeros(count), np.zeros(count)
    np.add.at(sums, hours, values)
    np.add.at(found, hours, 1)
    return np.where(found == whole, sums / whole if mean else sums, np.nan)
