"""Rows of a text file with their line numbers, packed (``.gz``) or not."""

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.weather.year import Hours

Row = tuple[int, list[str]]
"""A line's number and its fields."""


def rows_of(path: Path) -> Iterator[Row]:
    """The lines of a file of comma-separated values that are not empty.

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be read.
    """
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        raise DataMissing(f"There is no file {path}.") from None
    except (OSError, EOFError) as fault:
        raise ConfigError(f"{path} cannot be read: {fault}") from fault
    reader = csv.reader(_decoded(text).splitlines())
    yield from ((reader.line_num, [field.strip() for field in fields]) for fields in reader if any(fields))


def _decoded(text: bytes) -> str:
    """Names of places in older files are Latin-1."""
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        return text.decode("latin-1")


def where_in(path: Path, rows: Sequence[Row]) -> Callable[[int], str]:
    """The file and line of the row of this index; of the last where there are fewer."""

    def where(index: int) -> str:
        return f"{path}:{rows[min(index, len(rows) - 1)][0]}" if rows else str(path)

    return where


def column(path: Path, rows: Sequence[Row], place: int, title: str, missing: Iterable[float] = ()) -> Hours:
    """The numbers of a column, NaN where the field is empty or a code for "missing".

    Parameters
    ----------
    path : Path
        For messages.
    rows : sequence of Row
        The data.
    place : int
        Of the field in a row.
    title : str
        For messages.
    missing : iterable of float
        What stands for "missing".

    Raises
    ------
    ConfigError
        A row ends before the field, or the field is no number.
    """
    values = [number(path, line, fields, place, title) for line, fields in rows]
    found = np.array(values, dtype=np.float64)
    return np.where(np.isin(found, list(missing)), np.nan, found)


def number(path: Path, line: int, fields: Sequence[str], place: int, title: str) -> float:
    """A field as a number, NaN where it is empty.

    Raises
    ------
    ConfigError
        There is no such field, or it is no number.
    """
    if place >= len(fields):
        raise ConfigError(f"{path}:{line}: the line has {len(fields)} fields; {title} would be number {place + 1}.")
    if not fields[place]:
        return np.nan
    try:
        return float(fields[place])
    except ValueError:
        raise ConfigError(f"{path}:{line}: {title} is {fields[place]!r}; it must be a number.") from None


def whole_number(path: Path, line: int, fields: Sequence[str], place: int, title: str) -> int:
    """A field that counts.

    Raises
    ------
    ConfigError
        There is no such field, or it is not a whole number.
    """
    value = number(path, line, fields, place, title)
    if not value.is_integer():
        raise ConfigError(f"{path}:{line}: {title} is {fields[place]!r}; it must be a whole number.")
    return int(value)
