"""Frames added up since the daemon was started. One thread adds, any thread may ask.

Each joule of a channel is a unit's, idle, or nobody's that is known, so that the three add up to the meter. Units that
are gone are added up as one, so that a year of short containers takes no more memory than a day of them.

Whoever takes differences of these sums from time to time, as Prometheus does, sees nothing of what a unit took before
it was first told of. So that is kept apart, by kind: with it, differences add up to the meter's too.
"""

from collections.abc import Mapping, Sequence
from math import fsum
from threading import Lock
from typing import NamedTuple

from dcfoot.reading import Channel, Meter
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.split import alike, summed
from dcfoot_probes.daemon.words import NOBODY, ChannelTotal, Frame, Unit, UnitKind, UnitTotal

GONE = Unit(UnitKind.SYSTEM, "gone", "units that are gone")
"""In whose name the energy of units stands that have not been seen for a while."""

GONE_AFTER_S = 900.0
"""How long a unit without energy is told of by its own name [s] (a choice: whoever scrapes does so within minutes)."""

SWEEP_S = 60.0
"""How often those are looked for [s]."""

EARLY_S = 60.0
"""How long what a new unit takes is kept apart [s]: Prometheus asks once a minute where nothing else is set (its
manual, "Configuration", `scrape_interval`), so that it has seen every unit once by then."""


class Sums(NamedTuple):
    """All sums at one moment."""

    channels: list[ChannelTotal]
    """Every channel that was ever seen."""

    units: list[UnitTotal]
    """Every unit that was seen of late, every user, and all others as one."""


class _ChannelSum:
    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.power_w: float | None = None
        self.split = NOBODY
        self.energy_j = self.idle_j = self.unattributed_j = self.covered_s = 0.0

    def total(self, early_j: Mapping[UnitKind, float], units_j: float) -> ChannelTotal:
        _, idle, unattributed = self.split
        powers_w = self.power_w, self._part_w(idle), self._part_w(unattributed)
        energies_j = self.energy_j, self.idle_j, self.unattributed_j
        unaccounted_j = fsum([self.energy_j, -self.idle_j, -self.unattributed_j, -units_j])
        return ChannelTotal(self.meter, *powers_w, *energies_j, early_j, unaccounted_j, self.covered_s)

    def _part_w(self, ratio: float) -> float | None:
        return None if self.power_w is None else ratio * self.power_w


class _UnitSum:
    """Energies by the channel's number: a channel's hash is dear where there are a hundred units."""

    __slots__ = ("early_j", "energy_j", "first_ns", "last_ns", "power_w")

    def __init__(self, utc_ns: int) -> None:
        self.energy_j: dict[int, float] = {}
        self.early_j: dict[int, float] = {}
        self.power_w = 0.0
        self.first_ns = self.last_ns = utc_ns

    def total(self, unit: Unit, channels: Sequence[Channel]) -> UnitTotal:
        energy_j = {channels[number]: part_j for number, part_j in self.energy_j.items()}
        early_j = self.early_j
        late_j = {channels[number]: part_j - early_j.get(number, 0.0) for number, part_j in self.energy_j.items()}
        return UnitTotal(unit, self.power_w, energy_j, late_j, self.first_ns, self.last_ns)

    def add(self, number: int, energy_j: float) -> None:
        self.energy_j[number] = self.energy_j.get(number, 0.0) + energy_j


class _Early:
    """What units took before whoever asks now and then can have seen them, by kind and the channel's number."""

    def __init__(self) -> None:
        self._young: list[tuple[float, UnitKind, _UnitSum]] = []
        self._energy_j: dict[UnitKind, dict[int, float]] = {kind: {} for kind in UnitKind}

    def begin(self, elapsed_s: float, kind: UnitKind, total: _UnitSum) -> None:
        """A unit is told of for the first time, from the end of the frame that is being added."""
        self._young.append((elapsed_s, kind, total))

    def add(self, elapsed_s: float) -> None:
        """A frame was added that ended then."""
        self._young = [one for one in self._young if elapsed_s - one[0] <= EARLY_S]
        for _, kind, total in self._young:
            of_kind = self._energy_j[kind]
            for number, energy_j in total.energy_j.items():
                # Only ever added to: a sum that is made anew each time may be less by its rounding.
                of_kind[number] = of_kind.get(number, 0.0) + (energy_j - total.early_j.get(number, 0.0))
            total.early_j = total.energy_j.copy()

    def of(self, number: int) -> Mapping[UnitKind, float]:
        """That of a channel."""
        return {kind: of.get(number, 0.0) for kind, of in self._energy_j.items()}


class Totals:
    """What every channel and every unit took."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._channels: dict[Channel, _ChannelSum] = {}
        self._numbers: dict[Channel, int] = {}
        self._units: dict[Unit, _UnitSum] = {}
        self._early = _Early()
        self._elapsed_s = self._swept_s = 0.0

    def add(self, frame: Frame, meters: Mapping[Channel, Meter]) -> None:
        """Adds a frame.

        Parameters
        ----------
        frame : Frame
            The next tick.
        meters : Mapping[Channel, Meter]
            What is metered now, whether or not it gave a step.
        """
        with self._lock:
            self._elapsed_s += frame.duration_s
            self._add_channels(frame, meters)
            self._add_units(frame)
            self._early.add(self._elapsed_s)
            self._swept_s += frame.duration_s
            if self._swept_s >= SWEEP_S:
                self._swept_s = 0.0
                self._sweep(frame.utc_ns)

    def now(self) -> Sums:
        """All sums."""
        with self._lock:
            channels = list(self._numbers)
            return Sums(
                [self._channel_total(channel, one) for channel, one in self._channels.items()],
                [one.total(unit, channels) for unit, one in self._units.items()],
            )

    def _channel_total(self, channel: Channel, one: _ChannelSum) -> ChannelTotal:
        # What no unit had a part of has no number.
        number = self._numbers.get(channel, -1)
        units_j = fsum(unit.energy_j.get(number, 0.0) for unit in self._units.values())
        return one.total(self._early.of(number), units_j)

    def _add_channels(self, frame: Frame, meters: Mapping[Channel, Meter]) -> None:
        for channel, meter in meters.items():
            known = self._channels.setdefault(channel, _ChannelSum(meter))
            known.meter = meter
        for channel, known in self._channels.items():
            step = frame.steps.get(channel)
            if step is None:
                known.power_w = None
                continue
            known.split = frame.splits.get(channel, NOBODY)
            _, idle, unattributed = known.split
            known.power_w = step.energy_j / step.covered_s if step.covered_s > 0.0 else None
            known.energy_j += step.energy_j
            known.idle_j += idle * step.energy_j
            known.unattributed_j += unattributed * step.energy_j
            known.covered_s += step.covered_s

    def _add_units(self, frame: Frame) -> None:
        for known in self._units.values():
            known.power_w = 0.0
        divided = summed(frame.steps)
        for units, channels in alike(frame.steps, frame.splits):
            steps = [(channel, frame.steps[channel]) for channel in channels]
            power_w = sum(
                step.energy_j / step.covered_s for channel, step in steps if step.covered_s > 0.0 and channel in divided
            )
            numbers = self._numbers
            energies_j = [(numbers.setdefault(channel, len(numbers)), step.energy_j) for channel, step in steps]
            self._divide(units, energies_j, power_w, frame.utc_ns)

    def _divide(
        self, units: Mapping[Unit, float], energies_j: Sequence[tuple[int, float]], power_w: float, utc_ns: int
    ) -> None:
        """Gives each unit its part; who has one is seen by that."""
        for unit, ratio in units.items():
            total = self._units.get(unit)
            if total is None:
                total = self._units[unit] = _UnitSum(utc_ns)
                self._early.begin(self._elapsed_s, unit.kind, total)
            total.last_ns = utc_ns
            total.power_w += ratio * power_w
            held_j = total.energy_j
            for number, energy_j in energies_j:
                held_j[number] = held_j.get(number, 0.0) + ratio * energy_j

    def _sweep(self, utc_ns: int) -> None:
        """Adds those that are gone to one sum."""
        # A clock that was stepped back must not keep them for ever, so the distance counts, not its sign. Users are
        # told of as one, which would count backwards without those that are gone; a machine has not many of them.
        gone = [
            unit
            for unit, known in self._units.items()
            if unit != GONE and unit.kind is not UnitKind.USER and abs(utc_ns - known.last_ns) > GONE_AFTER_S * NS_PER_S
        ]
        for unit in gone:
            self._give_to_gone(self._units.pop(unit))

    def _give_to_gone(self, lost: _UnitSum) -> None:
        heir = self._units.setdefault(GONE, _UnitSum(lost.first_ns))
        for number, energy_j in lost.energy_j.items():
            heir.add(number, energy_j)
        heir.first_ns, heir.last_ns = min(heir.first_ns, lost.first_ns), max(heir.last_ns, lost.last_ns)
