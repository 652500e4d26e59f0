"""A channel's day by the minute, as two blobs: what is shown, and what is added up."""

import math
import sqlite3
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from dcfoot_probes.daemon.store import codec
from dcfoot_probes.daemon.store.batch import DAY_NS, MINUTE_NS, Sum

MINUTES_PER_DAY = DAY_NS // MINUTE_NS


class Powers(NamedTuple):
    """Mean, least and most power of each minute of a day, in single precision; NaN in a gap [W]."""

    mean_w: codec.Floats
    least_w: codec.Floats
    most_w: codec.Floats


class Energies(NamedTuple):
    """Energy [J] of each minute of a day, exactly, NaN in a gap; and the time of which it is known [s]."""

    energy_j: codec.Floats
    covered_s: codec.Floats


def unpack_powers(data: bytes) -> Powers:
    """What is shown of a day."""
    return Powers(*codec.unpack(data, "fff"))


def unpack_energies(data: bytes) -> Energies:
    """What is added up of a day."""
    return Energies(*codec.unpack(data, "dd"))


def add(connection: sqlite3.Connection, channel: int, day: int, minutes: Iterable[tuple[int, Sum]]) -> None:
    """Adds minutes, by their place in the day, to a channel's day.

    Parameters
    ----------
    connection : sqlite3.Connection
        The one that writes.
    channel, day : int
        The channel's number; days since 1970 UTC.
    minutes : Iterable of (int, Sum)
        What each gained.
    """
    powers, energies = _empty()
    for packed in connection.execute("SELECT powers, energies FROM day WHERE (channel, day) = (?, ?)", (channel, day)):
        powers, energies = unpack_powers(packed[0]), unpack_energies(packed[1])
    for place, gained in minutes:
        known_j = energies.energy_j[place]
        whole = Sum(*_pair(known_j, energies.covered_s[place]), powers.least_w[place], powers.most_w[place])
        whole.add(gained.energy_j, gained.covered_s, gained.least_w, gained.most_w)
        energies.energy_j[place] = whole.energy_j
        energies.covered_s[place] = codec.rounded(whole.covered_s, codec.DURATION_EXPONENT)
        powers.mean_w[place] = whole.mean_w
        powers.least_w[place], powers.most_w[place] = codec.bound_below(whole.least_w), codec.bound_above(whole.most_w)
    packed = codec.pack(powers.mean_w, powers.least_w, powers.most_w), codec.pack(energies.energy_j, energies.covered_s)
    connection.execute("REPLACE INTO day (channel, day, powers, energies) VALUES (?, ?, ?, ?)", (channel, day, *packed))


def _pair(energy_j: float, covered_s: float) -> tuple[float, float]:
    return (0.0, 0.0) if math.isnan(energy_j) else (energy_j, covered_s)


def _empty() -> tuple[Powers, Energies]:
    single, double = array("f", [math.nan]) * MINUTES_PER_DAY, array("d", [math.nan]) * MINUTES_PER_DAY
    return Powers(single, single[:], single[:]), Energies(double, array("d", bytes(8 * MINUTES_PER_DAY)))
