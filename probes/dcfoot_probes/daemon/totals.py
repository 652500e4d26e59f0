"""Frames added up since the daemon was started. One thread adds, any thread may ask.

Each joule of a channel is a unit's, idle, or nobody's that is known, so that the three add up to the meter. Units that
are gone are added up as one, so that a year of short containers takes no more memory than a day of them.
"""

from collections.abc import Mapping, Sequence
from threading import Lock

from dcfoot.ledger import outermost
from dcfoot.reading import Channel, Meter
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.split import alike
from dcfoot_probes.daemon.words import NOBODY, ChannelTotal, Frame, Unit, UnitKind, UnitTotal

GONE = Unit(UnitKind.SYSTEM, "gone", "units that are gone")
"""In whose name the energy of units stands that have not been seen for a while."""

GONE_AFTER_S = 900.0
"""How long a unit without energy is told of by its own name [s] (a choice: whoever scrapes does so within minutes)."""

SWEEP_S = 60.0
"""How often those are looked for [s]."""


class _ChannelSum:
    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.power_w: float | None = None
        self.energy_j = self.idle_j = self.unattributed_j = self.covered_s = 0.0

    def total(self) -> ChannelTotal:
        return ChannelTotal(self.meter, self.power_w, self.energy_j, self.idle_j, self.unattributed_j, self.covered_s)


class _UnitSum:
    """Energies by the channel's number: a channel's hash is dear where there are a hundred units."""

    __slots__ = ("energy_j", "first_ns", "last_ns", "power_w")

    def __init__(self, utc_ns: int) -> None:
        self.energy_j: dict[int, float] = {}
        self.power_w = 0.0
        self.first_ns = self.last_ns = utc_ns

    def add(self, number: int, energy_j: float) -> None:
        self.energy_j[number] = self.energy_j.get(number, 0.0) + energy_j


class Totals:
    """What every channel and every unit took."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._channels: dict[Channel, _ChannelSum] = {}
        self._numbers: dict[Channel, int] = {}
        self._units: dict[Unit, _UnitSum] = {}
        self._swept_s = 0.0

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
            self._add_channels(frame, meters)
            self._add_units(frame)
            self._swept_s += frame.duration_s
            if self._swept_s >= SWEEP_S:
                self._swept_s = 0.0
                self._sweep(frame.utc_ns)

    def channels(self) -> list[ChannelTotal]:
        """Every channel that was ever seen."""
        with self._lock:
            return [one.total() for one in self._channels.values()]

    def units(self) -> list[UnitTotal]:
        """Every unit that was seen of late, and those that are gone as one."""
        with self._lock:
            channels = list(self._numbers)
            return [
                UnitTotal(
                    unit,
                    one.power_w,
                    {channels[number]: energy_j for number, energy_j in one.energy_j.items()},
                    one.first_ns,
                    one.last_ns,
                )
                for unit, one in self._units.items()
            ]

    def _add_channels(self, frame: Frame, meters: Mapping[Channel, Meter]) -> None:
        for channel, meter in meters.items():
            known = self._channels.setdefault(channel, _ChannelSum(meter))
            known.meter = meter
        for channel, known in self._channels.items():
            step = frame.steps.get(channel)
            if step is None:
                known.power_w = None
                continue
            _, idle, unattributed = frame.splits.get(channel, NOBODY)
            known.power_w = step.energy_j / step.covered_s if step.covered_s > 0.0 else None
            known.energy_j += step.energy_j
            known.idle_j += idle * step.energy_j
            known.unattributed_j += unattributed * step.energy_j
            known.covered_s += step.covered_s

    def _add_units(self, frame: Frame) -> None:
        for known in self._units.values():
            known.power_w = 0.0
        outer = set(outermost(frame.splits))
        for units, channels in alike(frame.steps, frame.splits):
            steps = [(channel, frame.steps[channel]) for channel in channels]
            power_w = sum(
                step.energy_j / step.covered_s for channel, step in steps if step.covered_s > 0.0 and channel in outer
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
            total.last_ns = utc_ns
            total.power_w += ratio * power_w
            held_j = total.energy_j
            for number, energy_j in energies_j:
                held_j[number] = held_j.get(number, 0.0) + ratio * energy_j

    def _sweep(self, utc_ns: int) -> None:
        """Adds those that are gone to one sum."""
        # A clock that was stepped back must not keep them for ever, so the distance counts, not its sign.
        gone = [
            unit
            for unit, known in self._units.items()
            if unit != GONE and abs(utc_ns - known.last_ns) > GONE_AFTER_S * NS_PER_S
        ]
        for unit in gone:
            self._give_to_gone(self._units.pop(unit))

    def _give_to_gone(self, lost: _UnitSum) -> None:
        heir = self._units.setdefault(GONE, _UnitSum(lost.first_ns))
        for number, energy_j in lost.energy_j.items():
            heir.add(number, energy_j)
        heir.first_ns, heir.last_ns = min(heir.first_ns, lost.first_ns), max(heir.last_ns, lost.last_ns)
