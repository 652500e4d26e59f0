"""Ticks, minutes and hours out of the tables, from wherever they are by now."""

import math
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from dcfoot_probes.daemon.store import codec, days
from dcfoot_probes.daemon.store.batch import DAY_NS, HOUR_NS, MINUTE_NS, or_nan

MINUTES_PER_DAY = DAY_NS // MINUTE_NS

Tile = tuple[int, int, int]
"""A part of a window: whether of hours, minutes or ticks (`HOUR_NS`, `MINUTE_NS`, 0), its start and its end [ns]."""


class Sample(NamedTuple):
    """What a channel came to over a tick, a minute or an hour.

    Parameters
    ----------
    start_ns : int
        Its start [ns since 1970 UTC].
    energy_j, covered_s : float
        Energy [J], and the time of which it is known [s].
    least_w, most_w : float
        Of the powers of its ticks; NaN where none is known [W].
    """

    start_ns: int
    energy_j: float
    covered_s: float
    least_w: float
    most_w: float


def of(connection: sqlite3.Connection, channel: int | None, tile: Tile) -> Iterator[Sample]:
    """A channel's samples of a tile; gaps are left out.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the store.
    channel : int or None
        The channel's number; None has no samples.
    tile : (int, int, int)
        Which.
    """
    size_ns, start_ns, end_ns = tile
    if size_ns == HOUR_NS:
        yield from _rolled_up(connection, "hour", channel, (start_ns // HOUR_NS, end_ns // HOUR_NS))
    elif size_ns == MINUTE_NS:
        minutes = range(start_ns // MINUTE_NS, end_ns // MINUTE_NS)
        yield from _sealed_minutes(connection, channel, minutes)
        yield from open_minutes(connection, channel, minutes)
    else:
        yield from _sealed_ticks(connection, channel, start_ns, end_ns)
        yield from _open_ticks(connection, channel, start_ns, end_ns)


def open_minutes(connection: sqlite3.Connection, channel: int | None, minutes: range) -> Iterator[Sample]:
    """Minutes of hours that are not sealed."""
    return _rolled_up(connection, "minute", channel, (minutes.start, minutes.stop))


def _rolled_up(
    connection: sqlite3.Connection, table: str, channel: int | None, bounds: tuple[int, int]
) -> Iterator[Sample]:
    size_ns = HOUR_NS if table == "hour" else MINUTE_NS
    select = (
        f"SELECT {table}, energy_j, covered_s, least_w, most_w FROM {table} "  # noqa: S608 (ours)
        f"WHERE {table} >= ? AND {table} < ? AND channel = ?"
    )
    for at, energy_j, covered_s, least_w, most_w in connection.execute(select, (*bounds, channel)):
        yield Sample(at * size_ns, energy_j, covered_s, or_nan(least_w), or_nan(most_w))


def days_within(
    connection: sqlite3.Connection, channel: int | None, minutes: range, column: str
) -> Iterator[tuple[int, bytes]]:
    """The days that hold some of the minutes, with what a column has of them."""
    select = f"SELECT day, {column} FROM day WHERE channel = ? AND day >= ? AND day <= ?"  # noqa: S608 (ours)
    bounds = (minutes.start // MINUTES_PER_DAY, (minutes.stop - 1) // MINUTES_PER_DAY)
    yield from connection.execute(select, (channel, *bounds))


def _sealed_minutes(connection: sqlite3.Connection, channel: int | None, minutes: range) -> Iterator[Sample]:
    powers = dict(days_within(connection, channel, minutes, "powers"))
    for day, packed in days_within(connection, channel, minutes, "energies"):
        columns = (*days.unpack_energies(packed), *days.unpack_powers(powers[day])[1:])
        for at, values in enumerate(zip(*columns, strict=True), day * MINUTES_PER_DAY):
            if at in minutes and not math.isnan(values[0]):
                yield Sample(at * MINUTE_NS, *values)


def _sealed_ticks(connection: sqlite3.Connection, channel: int | None, start_ns: int, end_ns: int) -> Iterator[Sample]:
    # A span is within an hour. CROSS JOIN: SQLite begins with the spans.
    select = """
        SELECT starts, durations, exponent, energies, uncovered, known FROM span CROSS JOIN block ON span = span.id
        WHERE channel = ? AND start_ns > ? AND start_ns < ? AND end_ns >= ? ORDER BY span"""
    for starts, durations, *sealed in connection.execute(select, (channel, start_ns - HOUR_NS, end_ns, start_ns)):
        stamps = codec.unpack_stamps(starts, durations)
        columns = codec.unseal(codec.Block(*sealed), stamps.duration_s)
        for at_ns, energy_j, covered_s in zip(stamps.start_ns, *columns, strict=True):
            if start_ns <= at_ns < end_ns and not math.isnan(energy_j):
                yield _tick(at_ns, energy_j, covered_s)


def _open_ticks(connection: sqlite3.Connection, channel: int | None, start_ns: int, end_ns: int) -> Iterator[Sample]:
    select = "SELECT start_ns, energies FROM frame WHERE start_ns >= ? AND start_ns < ?"
    for at_ns, energies in connection.execute(select, (start_ns, end_ns)):
        for number, energy_j, covered_s in codec.unpack_numbered(energies, "d", 2):
            if number == channel:
                yield _tick(at_ns, energy_j, covered_s)


def _tick(at_ns: int, energy_j: float, covered_s: float) -> Sample:
    power_w = energy_j / covered_s if covered_s > 0.0 else math.nan
    return Sample(at_ns, energy_j, covered_s, power_w, power_w)


def figures(connection: sqlite3.Connection, start_ns: int, end_ns: int) -> Iterator[tuple[int, int, float]]:
    """Numbers of gauges, when, and what they showed."""
    select = """
        SELECT gauge, starts, durations, figures FROM span CROSS JOIN gauge_block ON span = span.id
        WHERE start_ns > ? AND start_ns < ? AND end_ns >= ? ORDER BY span"""
    for gauge, starts, durations, packed in connection.execute(select, (start_ns - HOUR_NS, end_ns, start_ns)):
        starts_ns = codec.unpack_stamps(starts, durations).start_ns
        for at_ns, figure in zip(starts_ns, codec.unpack_figures(packed), strict=True):
            if start_ns <= at_ns < end_ns and not math.isnan(figure):
                yield gauge, at_ns, figure
    for at_ns, packed in connection.execute(
        "SELECT start_ns, gauges FROM frame WHERE start_ns >= ? AND start_ns < ?", (start_ns, end_ns)
    ):
        for gauge, figure in codec.unpack_numbered(packed, "f"):
            yield gauge, at_ns, figure
