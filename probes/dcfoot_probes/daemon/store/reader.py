"""Reads a store, whether a daemon writes it or not: powers over time, energy of a window, and whose it was.

Ticks, minutes and hours are labelled by their start: a window holds those that start in it. Energy of whole minutes and
hours is exact; of a part of a minute it is that of its ticks, to 1/2048 of one once they are sealed. Whose it was is
kept by the minute: within one, everybody's part of it stays the same.
"""

import math
import sqlite3
from array import array
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Self

from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.store import codec, days, samples, schema, shared
from dcfoot_probes.daemon.store.batch import HOUR_NS, MINUTE_NS, Rest, Sum
from dcfoot_probes.daemon.store.names import channels_by_number, owner_of_number
from dcfoot_probes.daemon.words import USERS, Unit, UnitKind


class Power(NamedTuple):
    """A channel's power over time, step by step.

    Parameters
    ----------
    start_ns : Sequence[int]
        Start of each step [ns since 1970 UTC].
    mean_w, least_w, most_w : array of float
        Of the time that is known of it, in single precision; NaN in a gap [W].
    """

    start_ns: Sequence[int]
    mean_w: codec.Floats
    least_w: codec.Floats
    most_w: codec.Floats


class Energy(NamedTuple):
    """Energy of a window [J], and the time of which it is known [s]."""

    energy_j: float
    covered_s: float


class Shares(NamedTuple):
    """Whose a channel's energy of a window is: the parts add up to it.

    Parameters
    ----------
    units : Mapping[Unit, float]
        Each unit's [J].
    idle_j, unattributed_j : float
        Of the time in which nobody used it; of users that cannot be named [J].
    """

    units: Mapping[Unit, float]
    idle_j: float
    unattributed_j: float

    def without_users(self) -> "Shares":
        """The same with all users as one."""
        units: dict[Unit, float] = {}
        for unit, energy_j in self.units.items():
            told = USERS if unit.kind is UnitKind.USER else unit
            units[told] = units.get(told, 0.0) + energy_j
        return self._replace(units=units)


class FrameReader:
    """A store's frames. Raises `StoreError` where it cannot be read, `DataMissing` where there is none.

    For one thread at a time. Each call sees the store at one moment.

    Parameters
    ----------
    path : Path
        The store.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = schema.open_reader(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the file back."""
        self._connection.close()

    def channels(self) -> Sequence[Channel]:
        """Every channel that was ever kept, in the order in which they came."""
        with self._moment():
            return tuple(channels_by_number(self._connection).values())

    def power(self, channel: Channel, start_ns: int, end_ns: int, step_s: int = 60) -> Power:
        """Its power, from minutes or hours where steps are whole ones, from ticks where they are not.

        Parameters
        ----------
        channel : Channel
            Which.
        start_ns, end_ns : int
            The window, widened to whole steps [ns since 1970 UTC].
        step_s : int
            Length of a step [s].
        """
        step_ns = step_s * NS_PER_S
        starts_ns = range(start_ns // step_ns * step_ns, -(-end_ns // step_ns) * step_ns, step_ns)
        with self._moment():
            number = self._number(channel)
            if step_ns == MINUTE_NS:
                return _by_the_minute(self._connection, number, starts_ns)
            size_ns = next((size_ns for size_ns in (HOUR_NS, MINUTE_NS) if step_ns % size_ns == 0), 0)
            return _by_step(samples.of(self._connection, number, (size_ns, starts_ns.start, starts_ns.stop)), starts_ns)

    def energy_j(self, channel: Channel, start_ns: int, end_ns: int) -> Energy:
        """Its energy in a window, and the time of which it is known.

        Parameters
        ----------
        channel : Channel
            Which.
        start_ns, end_ns : int
            The window [ns since 1970 UTC].
        """
        with self._moment():
            number = self._number(channel)
            found = [one for tile in tiles(start_ns, end_ns) for one in samples.of(self._connection, number, tile)]
        return Energy(math.fsum(one.energy_j for one in found), math.fsum(one.covered_s for one in found))

    def minutes(self, channel: Channel, start_ns: int, end_ns: int) -> Sequence[samples.Sample]:
        """What it came to by the minute, in order; gaps are left out.

        Parameters
        ----------
        channel : Channel
            Which.
        start_ns, end_ns : int
            The window, narrowed to whole minutes [ns since 1970 UTC].
        """
        with self._moment():
            found = samples.of(self._connection, self._number(channel), (MINUTE_NS, start_ns, end_ns))
            sums: dict[int, Sum] = {}
            for at_ns, *values in found:  # twice where the clock went back into an hour that is sealed
                sums.setdefault(at_ns, Sum()).add(*values)
        return [
            samples.Sample(at_ns, of.energy_j, of.covered_s, of.least_w, of.most_w)
            for at_ns, of in sorted(sums.items())
        ]

    def units(self, start_ns: int, end_ns: int) -> Mapping[Channel, Shares]:
        """Whose the energy of each channel was; the parts add up to `energy_j` of the same window.

        Parameters
        ----------
        start_ns, end_ns : int
            The window. Within a minute, parts are in the ratios of all of it [ns since 1970 UTC].
        """
        with self._moment():
            parts = shared.within(self._connection, tiles(start_ns, end_ns))
            channels = channels_by_number(self._connection)
            return {channels[number]: self._shares(of) for number, of in sorted(parts.items())}

    def gauges(self, start_ns: int, end_ns: int) -> Mapping[tuple[str, str], Sequence[tuple[int, float]]]:
        """By device and name: when a gauge showed what, tick by tick.

        Parameters
        ----------
        start_ns, end_ns : int
            The window [ns since 1970 UTC].
        """
        with self._moment():
            select = "SELECT id, device, name FROM gauge"
            names = {number: (device, name) for number, device, name in self._connection.execute(select)}
            found: dict[tuple[str, str], list[tuple[int, float]]] = {}
            for number, at_ns, figure in samples.figures(self._connection, start_ns, end_ns):
                found.setdefault(names[number], []).append((at_ns, figure))
        return {name: sorted(figures) for name, figures in found.items()}

    def _shares(self, parts: Mapping[int, float]) -> Shares:
        units: dict[Unit, float] = {}
        rest = dict.fromkeys(Rest, 0.0)
        for number, part_j in parts.items():
            owner = owner_of_number(self._connection, number)
            if isinstance(owner, Rest):
                rest[owner] += part_j
            else:
                units[owner] = part_j
        return Shares(units, rest[Rest.IDLE], rest[Rest.UNATTRIBUTED])

    def _number(self, channel: Channel) -> int | None:
        numbers = {known: number for number, known in channels_by_number(self._connection).items()}
        return numbers.get(channel)

    @contextmanager
    def _moment(self) -> Generator[None]:
        try:
            with schema.transaction(self._connection, "DEFERRED"):
                yield
        except (sqlite3.Error, codec.BlobDamagedError) as fault:
            raise schema.unreadable(self._path, fault) from fault


def _by_step(found: Iterable[samples.Sample], starts_ns: range) -> Power:
    sums: dict[int, Sum] = {}
    for start_ns, *values in found:
        sums.setdefault((start_ns - starts_ns.start) // starts_ns.step, Sum()).add(*values)
    power = _gap(starts_ns)
    for place, of in sums.items():
        power.mean_w[place], power.least_w[place], power.most_w[place] = of.mean_w, of.least_w, of.most_w
    return power


def _by_the_minute(connection: sqlite3.Connection, channel: int | None, starts_ns: range) -> Power:
    """A day at a time: a month of many channels is there at once."""
    power = _gap(starts_ns)
    minutes = range(starts_ns.start // MINUTE_NS, starts_ns.stop // MINUTE_NS)
    for day, packed in samples.days_within(connection, channel, minutes, "powers"):
        first = day * days.MINUTES_PER_DAY
        begin, end = max(minutes.start, first), min(minutes.stop, first + days.MINUTES_PER_DAY)
        for column, of_day in zip(power[1:], days.unpack_powers(packed), strict=True):
            column[begin - minutes.start : end - minutes.start] = of_day[begin - first : end - first]
    for sample in samples.open_minutes(connection, channel, minutes):
        place = sample.start_ns // MINUTE_NS - minutes.start
        if not math.isnan(power.mean_w[place]):  # the clock went back into an hour that is sealed
            tile = (MINUTE_NS, starts_ns.start, starts_ns.stop)
            return _by_step(samples.of(connection, channel, tile), starts_ns)
        of = Sum(*sample[1:])
        power.mean_w[place], power.least_w[place], power.most_w[place] = of.mean_w, of.least_w, of.most_w
    return power


def _gap(starts_ns: range) -> Power:
    nothing = array("f", [math.nan]) * len(starts_ns)
    return Power(starts_ns, nothing, nothing[:], nothing[:])


def tiles(start_ns: int, end_ns: int, sizes_ns: Sequence[int] = (HOUR_NS, MINUTE_NS)) -> Iterator[samples.Tile]:
    """A window as whole hours, the whole minutes that are left, and the rest: size (0 for the rest), start and end.

    Parameters
    ----------
    start_ns, end_ns : int
        The window [ns].
    sizes_ns : Sequence[int]
        Of tiles, the largest first [ns].
    """
    if start_ns >= end_ns:
        return
    if not sizes_ns:
        yield 0, start_ns, end_ns
        return
    size_ns, *finer_ns = sizes_ns
    first_ns, last_ns = -(-start_ns // size_ns) * size_ns, end_ns // size_ns * size_ns
    if first_ns >= last_ns:
        yield from tiles(start_ns, end_ns, finer_ns)
        return
    yield from tiles(start_ns, first_ns, finer_ns)
    yield size_ns, first_ns, last_ns
    yield from tiles(last_ns, end_ns, finer_ns)
