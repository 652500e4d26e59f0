"""Makes what is over small: ticks become blocks, minutes days, and what was kept for long enough goes."""

import math
import sqlite3
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from dcfoot_probes.daemon.store import codec, days
from dcfoot_probes.daemon.store.batch import DAY_NS, HOUR_NS, MINUTE_NS, Sum, or_nan
from dcfoot_probes.daemon.store.schema import transaction

SPAN_TICKS_COUNT = 3600
"""Ticks in a span, at most: an hour's at one a second. Faster ones fill several, so that sealing holds no more."""

MINUTES_PER_DAY = DAY_NS // MINUTE_NS
MINUTES_PER_HOUR = HOUR_NS // MINUTE_NS
HOURS_PER_DAY = DAY_NS // HOUR_NS

PAGES_LEFT_COUNT = 4096
"""Free pages that are left in the file for what comes next (4 MB: a morning's growth at 50 channels); more are given
back."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long what is kept.

    Parameters
    ----------
    ticks_days : int
        Every tick. A choice: a year and a month, so that a month can be laid beside that of the year before [days].
    minutes_days : int
        What channels came to by the minute. A choice: five years, a server's life [days].
    parts_days : int
        Who had how much, by the minute. A choice: a quarter, in which bills are disputed [days].
    hours_days : int
        What channels came to and who had how much, by the hour. A choice: ten years [days].
    """

    ticks_days: int = 400
    minutes_days: int = 1827
    parts_days: int = 92
    hours_days: int = 3653


class _Columns(NamedTuple):
    """A span's ticks by column: what a channel or a gauge shows in each."""

    stamps: codec.Stamps
    energies_j: dict[int, codec.Floats]
    covered_s: dict[int, codec.Floats]
    figures: dict[int, codec.Floats]


def seal(connection: sqlite3.Connection) -> bool:
    """Seals some of what is no longer being written: a span of ticks, or an hour of minutes. False where all is sealed.

    What is being written is the newest tick's hour, whatever the clock says.
    """
    newest = connection.execute("SELECT start_ns FROM frame ORDER BY id DESC LIMIT 1").fetchone()
    hour = newest[0] // HOUR_NS if newest else -1
    return _seal_ticks(connection, hour) or _seal_minutes(connection, hour)


def _seal_ticks(connection: sqlite3.Connection, open_hour: int) -> bool:
    bounds_ns = (open_hour * HOUR_NS, (open_hour + 1) * HOUR_NS)
    first = connection.execute("SELECT start_ns FROM frame WHERE start_ns < ? OR start_ns >= ? LIMIT 1", bounds_ns)
    found = first.fetchone()
    if found is None:
        return False
    start_ns = found[0] // HOUR_NS * HOUR_NS
    hour = "FROM frame WHERE start_ns >= ? AND start_ns < ?"
    hour_ns = (start_ns, start_ns + HOUR_NS)
    stamps = connection.execute(
        f"SELECT id, start_ns, duration_s {hour} ORDER BY id LIMIT ?", (*hour_ns, SPAN_TICKS_COUNT)
    ).fetchall()
    until = (*hour_ns, stamps[-1][0])
    rows = connection.execute(f"SELECT energies, gauges {hour} AND id <= ? ORDER BY id", until)
    columns = _columns(codec.Stamps([row[1] for row in stamps], [row[2] for row in stamps]), rows)
    with transaction(connection):
        _write_span(connection, columns)
        connection.execute(f"DELETE {hour} AND id <= ?", until)
    return True


def _columns(stamps: codec.Stamps, rows: Iterable[tuple[bytes, bytes]]) -> _Columns:
    count = len(stamps.start_ns)
    columns = _Columns(stamps, {}, {}, {})
    gap, none = array("d", [math.nan]), array("d", [0.0])
    no_figure = array("f", [math.nan])  # kept in single precision, so held so too: there are several a device
    for place, (energies, gauges) in enumerate(rows):
        for channel, energy_j, covered_s in codec.unpack_numbered(energies, "d", 2):
            if channel not in columns.energies_j:
                columns.energies_j[channel], columns.covered_s[channel] = gap * count, none * count
            columns.energies_j[channel][place], columns.covered_s[channel][place] = energy_j, covered_s
        for gauge, figure in codec.unpack_numbered(gauges, "f"):
            columns.figures.setdefault(gauge, no_figure * count)[place] = figure
    return columns


def _write_span(connection: sqlite3.Connection, columns: _Columns) -> None:
    stamps = columns.stamps
    ends_ns = (min(stamps.start_ns), max(stamps.start_ns))
    insert = "INSERT INTO span (start_ns, end_ns, starts, durations) VALUES (?, ?, ?, ?)"
    span = connection.execute(insert, (*ends_ns, *codec.pack_stamps(stamps))).lastrowid
    blocks = (
        (channel, span, *codec.seal(energies_j, columns.covered_s[channel], stamps.duration_s))
        for channel, energies_j in columns.energies_j.items()
    )
    connection.executemany("INSERT INTO block VALUES (?, ?, ?, ?, ?, ?)", blocks)
    figures = ((gauge, span, codec.pack_figures(figures)) for gauge, figures in columns.figures.items())
    connection.executemany("INSERT INTO gauge_block VALUES (?, ?, ?)", figures)


def _seal_minutes(connection: sqlite3.Connection, open_hour: int) -> bool:
    bounds = (open_hour * MINUTES_PER_HOUR, (open_hour + 1) * MINUTES_PER_HOUR)
    found = connection.execute("SELECT minute FROM minute WHERE minute < ? OR minute >= ? LIMIT 1", bounds).fetchone()
    if found is None:
        return False
    first = found[0] // MINUTES_PER_HOUR * MINUTES_PER_HOUR
    span = (first, first + MINUTES_PER_HOUR)
    select = (
        "SELECT channel, minute, energy_j, covered_s, least_w, most_w FROM minute WHERE minute >= ? AND minute < ? "
        "ORDER BY channel"
    )
    sums: dict[int, list[tuple[int, Sum]]] = {}
    for channel, minute, *values in connection.execute(select, span):
        sums.setdefault(channel, []).append((minute % MINUTES_PER_DAY, Sum(*map(or_nan, values))))
    with transaction(connection):
        for channel, minutes in sums.items():
            days.add(connection, channel, first // MINUTES_PER_DAY, minutes)
        connection.execute("DELETE FROM minute WHERE minute >= ? AND minute < ?", span)
    return True


def newest_ns(connection: sqlite3.Connection) -> int:
    """The end of the newest hour that is kept; 0 where there is none [ns since 1970 UTC]."""
    (hour,) = connection.execute("SELECT max(hour) FROM hour").fetchone()
    return 0 if hour is None else (hour + 1) * HOUR_NS


def retire(connection: sqlite3.Connection, keep: Retention, now_ns: int) -> None:
    """Deletes what was kept for long enough, a bit at a time, so that it also works where there is little room.

    Parameters
    ----------
    connection : sqlite3.Connection
        The one that writes.
    keep : Retention
        For how long.
    now_ns : int
        The calendar [ns since 1970 UTC].
    """
    today = now_ns // DAY_NS
    _retire_ticks(connection, (today - keep.ticks_days) * DAY_NS)
    first_hour = (today - keep.hours_days) * HOURS_PER_DAY
    _retire(connection, "day", "day", today - keep.minutes_days, 1)
    _retire(connection, "minute_parts", "minute", (today - keep.parts_days) * MINUTES_PER_DAY, MINUTES_PER_HOUR)
    _retire(connection, "hour", "hour", first_hour, HOURS_PER_DAY)
    _retire(connection, "hour_parts", "hour", first_hour, HOURS_PER_DAY)
    _retire(connection, "unit", "seen_hour", first_hour, HOURS_PER_DAY)
    _give_back(connection)


def _retire_ticks(connection: sqlite3.Connection, first_ns: int) -> None:
    oldest = "SELECT id FROM span WHERE start_ns < ? AND end_ns < ? ORDER BY start_ns LIMIT 1"
    while span := connection.execute(oldest, (first_ns, first_ns)).fetchone():
        with transaction(connection):
            for delete in ("block WHERE span = ?", "gauge_block WHERE span = ?", "span WHERE id = ?"):
                connection.execute(f"DELETE FROM {delete}", span)  # noqa: S608 (ours)


def _retire(connection: sqlite3.Connection, table: str, column: str, first: int, slice_count: int) -> None:
    # Names of tables and columns are this module's own.
    oldest, delete = f"SELECT min({column}) FROM {table}", f"DELETE FROM {table} WHERE {column} < ?"  # noqa: S608
    while True:
        (at,) = connection.execute(oldest).fetchone()
        if at is None or at >= first:
            return
        with transaction(connection):
            connection.execute(delete, (min(first, at + slice_count),))


def _give_back(connection: sqlite3.Connection) -> None:
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    if free > PAGES_LEFT_COUNT:
        connection.execute(f"PRAGMA incremental_vacuum({free - PAGES_LEFT_COUNT})").fetchall()
