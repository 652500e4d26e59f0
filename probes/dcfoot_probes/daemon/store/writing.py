"""Puts a batch into the tables: its ticks, and what its minutes and hours gained."""

import math
import sqlite3
from array import array
from collections.abc import Iterable, Iterator

from dcfoot_probes.daemon.store import codec
from dcfoot_probes.daemon.store.batch import HOUR_NS, MINUTE_NS, Batch, Stretch, Tick
from dcfoot_probes.daemon.store.names import Names
from dcfoot_probes.daemon.store.schema import transaction

ADD_SUM = """
INSERT INTO {table} ({table}, channel, energy_j, covered_s, least_w, most_w) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT ({table}, channel) DO UPDATE SET
    energy_j = energy_j + excluded.energy_j,
    covered_s = covered_s + excluded.covered_s,
    least_w = min(ifnull(least_w, excluded.least_w), ifnull(excluded.least_w, least_w)),
    most_w = max(ifnull(most_w, excluded.most_w), ifnull(excluded.most_w, most_w))
"""
"""Rollups are sums, so that whatever the clock does, what comes later is added."""


def write(connection: sqlite3.Connection, names: Names, batch: Batch) -> None:
    """All of a batch or nothing of it."""
    try:
        with transaction(connection):
            names.begin(max(batch.minutes) * MINUTE_NS // HOUR_NS)
            ticks = [tick for minute in batch.minutes.values() for tick in minute.ticks]
            insert = "INSERT INTO frame (start_ns, duration_s, energies, gauges) VALUES (?, ?, ?, ?)"
            connection.executemany(insert, _rows(ticks, names))
            for minute, held in batch.minutes.items():
                _add(connection, names, "minute", minute, held.whole)
            for hour, whole in batch.hours().items():
                _add(connection, names, "hour", hour, whole)
    except BaseException:
        names.forget()
        raise


def _rows(ticks: Iterable[Tick], names: Names) -> Iterator[tuple[int, float, bytes, bytes]]:
    for tick in ticks:
        energies = codec.pack_numbered(list(map(names.channel, tick.channels)), tick.values)
        gauges = codec.pack_numbered(list(map(names.gauge, tick.gauges)), tick.figures)
        yield tick.start_ns, tick.duration_s, energies, gauges


def _add(connection: sqlite3.Connection, names: Names, table: str, at: int, whole: Stretch) -> None:
    rows = [
        (at, names.channel(channel), of.energy_j, of.covered_s, _or_null(of.least_w), _or_null(of.most_w))
        for channel, of in whole.sums.items()
    ]
    connection.executemany(ADD_SUM.format(table=table), rows)
    for channel, parts in zip(whole.sums, _by_channel(whole, names), strict=True):
        _add_parts(connection, table, (at, names.channel(channel)), parts)


def _or_null(power_w: float) -> float | None:
    return None if math.isnan(power_w) else power_w


def _by_channel(whole: Stretch, names: Names) -> list[dict[int, float]]:
    """Of each channel in the order of the sums: the numbers of those who had a part of it, and how much [J]."""
    numbered: list[dict[int, float]] = [{} for _ in whole.sums]
    for owner, parts in whole.parts.items():
        number = names.owner(owner)
        for channel, part_j in parts.items():
            numbered[channel][number] = numbered[channel].get(number, 0.0) + part_j
    return numbered


def _add_parts(connection: sqlite3.Connection, table: str, key: tuple[int, int], gained: dict[int, float]) -> None:
    # The names of tables are this module's own.
    select = f"SELECT parts FROM {table}_parts WHERE ({table}, channel) = (?, ?)"  # noqa: S608
    for (packed,) in connection.execute(select, key):
        for number, part_j in codec.unpack_numbered(packed):
            gained[number] = gained.get(number, 0.0) + part_j
    put = f"""INSERT INTO {table}_parts ({table}, channel, parts) VALUES (?, ?, ?)
        ON CONFLICT ({table}, channel) DO UPDATE SET parts = excluded.parts"""  # noqa: S608
    connection.execute(put, (*key, codec.pack_numbered(list(gained), array("d", gained.values()))))
