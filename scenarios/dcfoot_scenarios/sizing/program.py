"""A linear program as sparse arrays, put together from columns and rows that stand for hours or for the year.

A form is a sum of terms, columns times values; a row is a form between two bounds. Columns and rows of one kind are
made in one call and stay together, so that the basis of a program of coarse hours serves one of finer hours (`Kinds`).
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]
Values = NDArray[np.float64]

Term = tuple[Indices, Values | float]
"""Columns times values. One column, or one value, stands in every row of its kind; of several, one in each. In a row
that stands alone, all are summed."""

Form = tuple[Term, ...]
"""A sum of terms."""


def times(factor: Values | float, form: Form) -> Form:
    """A form times a factor, or each of its rows times one of its own."""
    return tuple((columns, factor * values) for columns, values in form)


def value_of(form: Form, found: Values) -> float:
    """The sum over all columns of a form, in its unit, where `found` are the values of all columns."""
    return float(sum(np.sum(found[columns] * values) for columns, values in form))


def each_of(form: Form, found: Values) -> Values:
    """What a form comes to in each of its rows, in its unit, where `found` are the values of all columns."""
    rows: Values = sum((found[columns] * values for columns, values in form), np.zeros(1))
    return rows


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of columns or rows, in order.

    Parameters
    ----------
    counts : tuple of int
        How many there are of each [-]
    by_hour : tuple of bool
        Whether there is one an hour.
    """

    counts: tuple[int, ...] = ()
    by_hour: tuple[bool, ...] = ()

    def finer(self, statuses: NDArray[np.int64], parts_count: int) -> NDArray[np.int64]:
        """What stands for hours, once for each of their parts; what stands for the year as it is.

        Parameters
        ----------
        statuses : array of int
            One a column or row [-]
        parts_count : int
            Into how many parts each hour falls [-]
        """
        kinds = np.split(statuses, np.cumsum(self.counts)[:-1])
        parts = zip(kinds, self.by_hour, strict=True)
        return np.concatenate([np.repeat(kind, parts_count) if by_hour else kind for kind, by_hour in parts])


@dataclass(slots=True, eq=False)
class Bounds:
    """Columns or rows with their bounds, kind after kind.

    Parameters
    ----------
    low, high : list of array
        The bounds, kind by kind.
    by_hour : list of bool
        Whether there is one an hour.
    """

    low: list[Values] = field(default_factory=list[Values])
    high: list[Values] = field(default_factory=list[Values])
    by_hour: list[bool] = field(default_factory=list[bool])

    def add(self, count: int, low: Values | float, high: Values | float, *, by_hour: bool) -> Indices:
        """So many more of one kind; their places."""
        first = len(self)
        self.low.append(np.broadcast_to(np.asarray(low, dtype=np.float64), count))
        self.high.append(np.broadcast_to(np.asarray(high, dtype=np.float64), count))
        self.by_hour.append(by_hour)
        return np.arange(first, first + count)

    def __len__(self) -> int:
        """How many there are of all kinds."""
        return sum(map(len, self.low))

    @property
    def kinds(self) -> Kinds:
        """The kinds that there are."""
        return Kinds(tuple(map(len, self.low)), tuple(self.by_hour))


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """A sparse matrix, column by column.

    Parameters
    ----------
    starts, rows : array of int
        Where the entries of each column start; in which row each stands [-]
    entries : array
        What stands there.
    """

    starts: NDArray[np.int32]
    rows: NDArray[np.int32]
    entries: Values


@dataclass(slots=True, eq=False)
class Program:
    """A linear program that grows: columns, and rows of them.

    Parameters
    ----------
    hours_count : int
        The hours of the year, or the coarser steps that stand for them [-]
    columns, rows : Bounds
        What there is so far.
    whole : list of array
        The columns that are whole numbers.
    """

    hours_count: int
    columns: Bounds = field(default_factory=Bounds)
    rows: Bounds = field(default_factory=Bounds)
    whole: list[Indices] = field(default_factory=list[Indices])
    _entries: list[tuple[Indices, Indices, Values]] = field(default_factory=list[tuple[Indices, Indices, Values]])

    def hourly_columns(self, high: Values | float = np.inf) -> Indices:
        """One column an hour, from 0 to `high`."""
        return self.columns.add(self.hours_count, 0.0, high, by_hour=True)

    def column(self, low: float = 0.0, high: float = np.inf) -> Indices:
        """One column."""
        return self.columns.add(1, low, high, by_hour=False)

    def hourly_rows(self, form: Form, low: Values | float, high: Values | float) -> Indices:
        """One row an hour: ``low <= form <= high``."""
        return self._filled(self.rows.add(self.hours_count, low, high, by_hour=True), form)

    def row(self, form: Form, low: float = -np.inf, high: float = np.inf) -> Indices:
        """One row, the sum of all terms: ``low <= form <= high``."""
        return self._filled(self.rows.add(1, low, high, by_hour=False), form)

    def _filled(self, rows: Indices, form: Form) -> Indices:
        for columns, values in form:
            count = max(len(rows), len(columns))
            entries = (np.broadcast_to(one, count) for one in (rows, columns, np.asarray(values, dtype=np.float64)))
            self._entries.append((*entries,))  # type: ignore[arg-type]
        return rows

    def fixed_value(self, form: Form) -> float | None:
        """What a form comes to if its columns have one value only, in its unit; else None."""
        low, high = np.concatenate(self.columns.low), np.concatenate(self.columns.high)
        fixed = all(np.array_equal(low[columns], high[columns]) for columns, _ in form)
        return value_of(form, low) if fixed else None

    @property
    def matrix(self) -> Matrix:
        """All entries; those in one place are summed, and none is 0."""
        rows, columns, values = (np.concatenate(parts) for parts in zip(*self._entries, strict=True))
        order = np.lexsort((rows, columns))
        rows, columns, values = rows[order], columns[order], values[order]
        first = np.flatnonzero(np.r_[True, (np.diff(columns) != 0) | (np.diff(rows) != 0)])
        sums = np.add.reduceat(values, first)
        kept = first[sums != 0.0]
        starts = np.searchsorted(columns[kept], np.arange(len(self.columns) + 1))
        return Matrix(starts.astype(np.int32), rows[kept].astype(np.int32), sums[sums != 0.0])
