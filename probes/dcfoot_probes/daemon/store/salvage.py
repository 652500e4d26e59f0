"""Copies what can still be read of a damaged store into a new one.

A row is taken where it is whole: of its table's types, with blobs that come back. Names of channels and gauges stand in
the file twice, in the table and in its index, and are taken from either. What was numbered by a name that is lost goes.
"""

import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from itertools import islice
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import NamedTuple

from dcfoot_probes.daemon.store import codec, schema
from dcfoot_probes.daemon.store.pages import Pages, Value

BATCH_COUNT = 2000
"""Rows that are written at a time (a choice: some megabytes of memory)."""

TYPES: Mapping[str, tuple[type, ...]] = {"INTEGER": (int,), "REAL": (float, int), "TEXT": (str,), "BLOB": (bytes,)}
"""What a column of the declared type may hold; a whole number is kept as one in a column of reals too."""

NAMES: Mapping[str, str] = {
    "sqlite_autoindex_channel_1": "INSERT OR IGNORE INTO channel (host, domain, device, basis, id) "
    "VALUES (?, ?, ?, ?, ?)",
    "sqlite_autoindex_gauge_1": "INSERT OR IGNORE INTO gauge (device, name, id) VALUES (?, ?, ?)",
    "sqlite_autoindex_unit_1": "INSERT OR IGNORE INTO unit (kind, key, id, name, labels, seen_hour) "
    "VALUES (?, ?, ?, '', '[]', (SELECT ifnull(max(hour), 0) FROM hour))",
}
"""Indexes of what is UNIQUE, which have what names a row and its number; and how the row is made of it."""

MAGIC, PAGE_SIZES = b"SQLite format 3\0", {512 << power for power in range(7)}

NUMBERED_BY = (
    *((table, "channel") for table in ("block", "minute", "day", "hour", "minute_parts", "hour_parts")),
    *(("gauge_block", "gauge"), ("block", "span"), ("gauge_block", "span")),
)
"""Tables whose rows say nothing without a row of the other, whose number stands in the column of its name."""


class Table(NamedTuple):
    """How a row of a table is judged and written.

    Parameters
    ----------
    name : str
        Its name.
    columns : Sequence of (str, bool)
        Declared type of each, and whether it must be there.
    is_numbered : bool
        Whether the first column is the row's number.
    insert : str
        Writes a row.
    """

    name: str
    columns: Sequence[tuple[str, bool]]
    is_numbered: bool
    insert: str

    @property
    def is_index(self) -> bool:
        """Whether it is the index of one."""
        return self.name.startswith("sqlite_")

    def row(self, number: int, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """A row. Raises `BlobDamagedError` where it is none of this table."""
        if self.is_numbered:
            values = (number, *values[1:])
        fits = (
            isinstance(value, TYPES[of]) or (value is None and not is_needed)
            for value, (of, is_needed) in zip(values, self.columns, strict=False)
        )
        if len(values) != len(self.columns) or not all(fits):
            raise codec.BlobDamagedError(self.name)
        check = CHECKS.get(self.name)
        if check is not None:  # of names there is nothing to check
            check(*values)
        return values


def salvage(damaged: Path, to: Path) -> int:
    """Makes a store of what can be read of another, which nobody may be writing; the number of rows.

    Raises `sqlite3.Error` or `OSError` where it cannot be written, or the other not be read at all.

    Parameters
    ----------
    damaged, to : Path
        The file, and a new one.
    """
    with closing(schema.open_writer(to)) as connection, damaged.open("rb") as file:
        tables = _tables(connection)
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            pages = Pages(data, _page_bytes(data), tables.keys())
            _copy(connection, _sound(pages, tables))
        with schema.transaction(connection):
            for table, other in NUMBERED_BY:
                connection.execute(f"DELETE FROM {table} WHERE {other} NOT IN (SELECT id FROM {other})")  # noqa: S608 (ours)
            connection.execute("DELETE FROM hour_parts WHERE (hour, channel) NOT IN (SELECT hour, channel FROM hour)")
        counts = " + ".join(f"(SELECT count(*) FROM {table.name})" for table in tables.values() if not table.is_index)  # noqa: S608 (ours)
        return int(connection.execute(f"SELECT {counts}").fetchone()[0])


def _page_bytes(data: mmap) -> int:
    """As the file says (1.3, "The Database Header"), or, where that is damaged, as all of ours are."""
    said = int.from_bytes(data[16:18], "big")
    is_one = data[:16] == MAGIC and said in PAGE_SIZES
    return said if is_one else schema.PAGE_BYTES


def _tables(connection: sqlite3.Connection) -> Mapping[int, Table]:
    """By their first page, which is the same in every store of ours: the tables, and the indexes with names in them."""
    tables: dict[int, Table] = {}
    select = "SELECT name, type, rootpage FROM sqlite_master WHERE rootpage > 0"
    for name, kind, root in connection.execute(select).fetchall():
        if kind == "table":
            columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
            insert = f"INSERT OR IGNORE INTO {name} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 (ours)
            needed = [(column[2], bool(column[3] or column[5])) for column in columns]
            tables[root] = Table(name, needed, columns[0][1] == "id", insert)
        elif name in NAMES:
            key = [("TEXT", True)] * (NAMES[name].count("?") - 1)
            tables[root] = Table(name, [*key, ("INTEGER", True)], is_numbered=False, insert=NAMES[name])
    return tables


def _sound(pages: Pages, tables: Mapping[int, Table]) -> Iterator[tuple[Table, tuple[Value, ...]]]:
    for root, number, values in pages.rows():
        with suppress(codec.BlobDamagedError):
            yield tables[root], tables[root].row(number, values)


def _copy(connection: sqlite3.Connection, found: Iterator[tuple[Table, tuple[Value, ...]]]) -> None:
    """What stands in tables first, then what their indexes have besides."""
    names: list[tuple[Table, tuple[Value, ...]]] = []
    while batch := list(islice(found, BATCH_COUNT)):
        names.extend(one for one in batch if one[0].is_index)
        _write(connection, (one for one in batch if not one[0].is_index))
    _write(connection, names)


def _write(connection: sqlite3.Connection, rows: Iterable[tuple[Table, tuple[Value, ...]]]) -> None:
    with schema.transaction(connection):
        for table, row in rows:
            connection.execute(table.insert, row)


def _check_frame(_id: int, _start_ns: int, _duration_s: float, energies: bytes, gauges: bytes) -> None:
    try:
        known = list(codec.unpack_numbered(energies, "d", 2))
        list(codec.unpack_numbered(gauges, "f"))
    except ValueError as fault:
        raise codec.BlobDamagedError(str(fault)) from fault
    # What comes late or seldom covers more than its tick.
    _require(all(0.0 <= energy_j < math.inf and 0.0 <= covered_s < math.inf for _, energy_j, covered_s in known))


def _check_sum(_at: int, _channel: int, energy_j: float, covered_s: float, *_bounds_w: float) -> None:
    _require(math.isfinite(energy_j) and 0.0 <= covered_s < math.inf)


def _check_parts(_at: int, _channel: int, parts: bytes) -> None:
    try:
        _require(all(math.isfinite(part_j) for _, part_j in codec.unpack_numbered(parts)))
    except ValueError as fault:
        raise codec.BlobDamagedError(str(fault)) from fault


def _check_block(_channel: int, _span: int, _exponent: int, energies: bytes, *more: bytes | None) -> None:
    uncovered, known = more
    codec.check_integers(energies)
    if uncovered is not None:
        codec.check_integers(uncovered)
    if known is not None:
        codec.check(known)


def _check_span(_id: int, _start_ns: int, _end_ns: int, starts: bytes, durations: bytes) -> None:
    codec.check_integers(starts)
    codec.check_integers(durations)


def _check_day(_channel: int, _day: int, powers: bytes, energies: bytes) -> None:
    codec.check(powers)
    codec.check(energies)


def _check_gauges(_gauge: int, _span: int, figures: bytes) -> None:
    codec.check_integers(figures)


def _require(is_sound: bool) -> None:  # noqa: FBT001 (what it asks)
    if not is_sound:
        raise codec.BlobDamagedError("figures that no meter tells")


CHECKS: Mapping[str, Callable[..., None]] = {
    "frame": _check_frame,
    "span": _check_span,
    "block": _check_block,
    "gauge_block": _check_gauges,
    "day": _check_day,
    **dict.fromkeys(("minute", "hour"), _check_sum),
    **dict.fromkeys(("minute_parts", "hour_parts"), _check_parts),
}
"""Whether the columns of a row can be what was written; raises `BlobDamagedError`."""
