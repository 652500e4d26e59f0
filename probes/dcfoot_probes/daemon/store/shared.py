"""Who had how much of a window, by numbers of channels and owners.

Parts are kept by the minute and by the hour. Of a piece that is shorter, they are in the ratios of the minute, or of
the hour where its minutes are not kept any more, so that they add up to the channel's energy in that piece.
"""

import math
import sqlite3
from collections.abc import Iterable, Iterator, Mapping

from dcfoot_probes.daemon.store import codec, samples
from dcfoot_probes.daemon.store.batch import HOUR_NS, MINUTE_NS

Parts = dict[int, dict[int, float]]
"""Joules by channel and owner."""


def within(connection: sqlite3.Connection, tiles: Iterable[samples.Tile]) -> Parts:
    """Those of a window.

    Parameters
    ----------
    connection : sqlite3.Connection
        To the store.
    tiles : Iterable of Tile
        The window.
    """
    found: Parts = {}
    for tile in tiles:
        for piece in _pieces(tile):
            parts = _kept(connection, piece) if piece[0] == HOUR_NS else _of_piece(connection, piece)
            for channel, of in parts.items():
                _add(found.setdefault(channel, {}), of.items())
    return found


def _pieces(tile: samples.Tile) -> Iterator[samples.Tile]:
    """Each within what its parts are kept for: minutes within an hour, ticks within a minute."""
    size_ns, start_ns, end_ns = tile
    if size_ns == HOUR_NS:
        yield tile
        return
    within_ns = HOUR_NS if size_ns == MINUTE_NS else MINUTE_NS
    while start_ns < end_ns:
        until_ns = min(end_ns, (start_ns // within_ns + 1) * within_ns)
        yield size_ns, start_ns, until_ns
        start_ns = until_ns


def _of_piece(connection: sqlite3.Connection, piece: samples.Tile) -> Parts:
    size_ns, start_ns, end_ns = piece
    by_minute = _kept(connection, _widened(MINUTE_NS, start_ns, end_ns))
    if size_ns == MINUTE_NS and by_minute:
        return by_minute
    parts = by_minute or _kept(connection, _widened(HOUR_NS, start_ns, end_ns))
    energies_j = {channel: _energy_j(connection, channel, piece) for channel in parts}
    return {channel: _scaled(parts[channel], energy_j) for channel, energy_j in energies_j.items() if energy_j}


def _widened(size_ns: int, start_ns: int, end_ns: int) -> samples.Tile:
    return size_ns, start_ns // size_ns * size_ns, -(-end_ns // size_ns) * size_ns


def _energy_j(connection: sqlite3.Connection, channel: int, tile: samples.Tile) -> float:
    return math.fsum(one.energy_j for one in samples.of(connection, channel, tile))


def _scaled(of: Mapping[int, float], energy_j: float) -> dict[int, float]:
    whole_j = math.fsum(of.values())
    return {owner: part_j / whole_j * energy_j for owner, part_j in of.items()} if whole_j else {}


def _kept(connection: sqlite3.Connection, tile: samples.Tile) -> Parts:
    size_ns, start_ns, end_ns = tile
    table = "hour" if size_ns == HOUR_NS else "minute"
    select = f"SELECT channel, parts FROM {table}_parts WHERE {table} >= ? AND {table} < ?"  # noqa: S608 (ours)
    found: Parts = {}
    for channel, packed in connection.execute(select, (start_ns // size_ns, end_ns // size_ns)):
        _add(found.setdefault(channel, {}), codec.unpack_numbered(packed))
    return found


def _add(held: dict[int, float], parts: Iterable[tuple[int, float]]) -> None:
    for owner, part_j in parts:
        held[owner] = held.get(owner, 0.0) + part_j
