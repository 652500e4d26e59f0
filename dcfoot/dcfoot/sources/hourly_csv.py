"""Hourly grid factors in a file of the user's own.

    start,direct_g_per_kwh,life_cycle_g_per_kwh
    2024-01-01T00:00Z,412.0,495.5
    2024-01-01T01:00Z,,501.2

One of the two columns is enough. Starts are hours in UTC or with their offset, one after the other; an empty cell is an
hour that is not known. All faults are told at once, each with file and line; nothing is guessed.
"""

import csv
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

from dcfoot.draws import Spread
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.factors.hourly import HOUR, HourlyFactors
from dcfoot.factors.plausible import implausible
from dcfoot.grid import Boundary, Method
from dcfoot.places import nearest
from dcfoot.reading import Basis

COLUMNS = {boundary: f"{boundary}_g_per_kwh" for boundary in Boundary}

MOST_FAULTS_COUNT = 20
"""How many faults are listed: more are rarely read."""

Line = tuple[int, Mapping[str, str]]
"""A row with its number in the file."""


def read_hourly_csv(
    path: Path, zone: str, boundary: Boundary, *, gas: str, method: Method = Method.AVERAGE, source: str = ""
) -> HourlyFactors:
    """The factors of one family in the file.

    Parameters
    ----------
    path : Path
        The file.
    zone : str
        What it describes.
    boundary : Boundary
        Which of its columns.
    gas : str
        ``"CO2"`` or ``"CO2e"``.
    method : Method
        What its author computed.
    source : str
        Who; empty for the file's name.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be used; the message names every fault with file and line.
    """
    lines = _lines(path, COLUMNS[boundary])
    reader = _Reader(path, COLUMNS[boundary])
    for number, row in lines:
        reader.take(number, row)
    reader.check_all(boundary)
    if reader.faults:
        more = len(reader.faults) - MOST_FAULTS_COUNT
        told = [*reader.faults[:MOST_FAULTS_COUNT], *([f"{path}: and {more} more"] if more > 0 else [])]
        raise ConfigError("\n".join(told))
    return HourlyFactors(
        zone,
        boundary,
        gas,
        method,
        reader.starts[0],
        tuple(reader.values),
        Spread.exact(1.0),
        Spread.exact(1.0),
        Basis.MODELLED,
        source or f"the user's file {path.name}",
    )


def boundaries_in(path: Path) -> tuple[Boundary, ...]:
    """The families that a file has a column of.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be read, or has a column of neither.
    """
    with _opened(path) as reader:
        names = reader.fieldnames or ()
    found = tuple(boundary for boundary, column in COLUMNS.items() if column in names)
    if not found:
        raise ConfigError(f"{path}:1: there must be a column {' or '.join(COLUMNS.values())}.")
    return found


@dataclass
class _Reader:
    """A file while it is read: what was understood, and the faults."""

    path: Path
    column: str
    starts: list[datetime] = field(default_factory=list[datetime])
    values: list[float | None] = field(default_factory=list[float | None])
    faults: list[str] = field(default_factory=list[str])

    def take(self, number: int, row: Mapping[str, str]) -> None:
        try:
            start = _start(row["start"])
        except _UnfitError as unfit:
            self._fault(number, "start", str(unfit))
            return
        expected = self.starts[-1] + HOUR if self.starts else start
        if start != expected:
            self._fault(number, "start", _out_of_step(row["start"], start, expected))
        self.starts.append(start)
        self.values.append(self._value(number, row[self.column]))

    def _value(self, number: int, text: str) -> float | None:
        try:
            return _grams(text)
        except _UnfitError as unfit:
            self._fault(number, self.column, str(unfit))
            return None

    def _fault(self, number: int, column: str, message: str) -> None:
        self.faults.append(f"{self.path}:{number}: {column}: {message}")

    def check_all(self, boundary: Boundary) -> None:
        """What shows in all hours together."""
        known = [value for value in self.values if value is not None]
        if not known and not self.faults:
            self._fault(2, self.column, "no hour is known")
        doubt = implausible(max(known), boundary) if known else ""
        if doubt:
            self._fault(2, self.column, doubt)


class _UnfitError(ValueError):
    """A cell cannot be used; the message says what is wrong with it."""


def _start(text: str) -> datetime:
    try:
        start = datetime.fromisoformat(text.strip())
    except ValueError:
        raise _UnfitError(f"{text!r} is not a time such as 2024-01-01T00:00Z") from None
    if start.tzinfo is None:
        raise _UnfitError(f"{text!r} has no time zone: add Z for UTC, or the offset")
    start = start.astimezone(UTC)
    if (start.minute, start.second, start.microsecond) != (0, 0, 0):
        raise _UnfitError(f"{text!r} is not the start of an hour in UTC")
    return start


def _grams(text: str) -> float | None:
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not (isfinite(value) and value >= 0):
        raise _UnfitError(f"{text!r} is not a number of grams that is at least 0")
    return value


def _out_of_step(text: str, start: datetime, expected: datetime) -> str:
    if start < expected:
        return f"{text!r} comes again or too late: hours follow one another, each once, also when clocks change"
    missing = int((start - expected) / HOUR)
    return f"{missing} hours are missing before {text!r}; an hour that is not known has an empty cell"


@contextmanager
def _opened(path: Path) -> "Generator[csv.DictReader[str]]":
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield csv.DictReader(file, strict=True)
    except (FileNotFoundError, NotADirectoryError):
        raise DataMissing(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError, csv.Error) as fault:
        raise ConfigError(f"{path} cannot be read as CSV: {fault}") from fault


def _lines(path: Path, column: str) -> list[Line]:
    with _opened(path) as reader:
        _check_head(path, reader.fieldnames or [], column)
        return list(_numbered(path, reader, column))


def _check_head(path: Path, names: Sequence[str], column: str) -> None:
    others = [name for name in COLUMNS.values() if name in names]
    for wanted in ("start", column):
        if wanted not in names:
            wrong_family = wanted == column and others
            hint = f" It holds {others[0]}: a factor of the other family." if wrong_family else nearest(wanted, names)
            raise ConfigError(f"{path}:1: there is no column {wanted}.{hint}")


def _numbered(path: Path, reader: "csv.DictReader[str]", column: str) -> Iterator[Line]:
    for row in reader:
        cells: Mapping[str, str | None] = row
        start, value = cells.get("start"), cells.get(column)
        if start is None or value is None:
            raise ConfigError(f"{path}:{reader.line_num}: the row is cut short")
        yield reader.line_num, {"start": start, column: value}
