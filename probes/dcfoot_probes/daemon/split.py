"""Divides a device's energy in a tick among units, idle time and what nobody can be named for. Pure functions.

The rule for processors is that of `dcfoot.attribution`, for many: a busy second weighs 1 for the unit that had it, a
busy second that no unit has weighs 1 for nobody, an idle second weighs `IDLE_WEIGHT`. Devices that tell who used them
are divided as they say. Whatever comes in, the parts are 0 or more and add up to 1.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from math import fsum

from dcfoot.attribution import IDLE_WEIGHT, PROCESSOR_DOMAINS
from dcfoot.counter import Step
from dcfoot.ledger import outermost
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.words import NOBODY, Split, Unit

ROUNDING = 1e-9
"""So little is no time, but what rounding left."""

SELDOM_TICKS = 1.5
"""A channel whose energy is of more ticks than this is told seldom (a choice: a late tick is one)."""

SELDOM_MOST_S = 120.0
"""So long is waited for a channel's energy [s] (a choice: an exporter that tells nothing for 90 s is down)."""

IDLE = Split({}, 1.0, 0.0)
"""Nobody used it."""


def processor_split(units_s: Mapping[Unit, float], busy_s: float, idle_s: float) -> Split:
    """The split of whatever is shared by processor time.

    Parameters
    ----------
    units_s : Mapping[Unit, float]
        Each unit's processor time in the tick [s].
    busy_s : float
        Processor time of everybody in it; taken to be at least the units', which another clock counts [s].
    idle_s : float
        Time that processors were idle in it, summed over logical processors [s].
    """
    known_s = fsum(units_s.values())
    return _weighed(units_s, IDLE_WEIGHT * max(idle_s, 0.0), max(busy_s - known_s, 0.0))


def device_split(uses: Mapping[int, float], unit_of: Callable[[int], Unit | None]) -> Split:
    """The split of a device that tells who used it.

    Parameters
    ----------
    uses : Mapping[int, float]
        The share of each process, as `UsesProbe.uses` gives it; what they leave of 1 is time in which nobody used it.
    unit_of : Callable[[int], Unit or None]
        The unit of a process; None where it is not known.
    """
    if not uses:
        return IDLE
    sums: dict[Unit | None, float] = {}
    for pid, ratio in uses.items():
        unit = unit_of(pid)
        sums[unit] = sums.get(unit, 0.0) + ratio
    unnamed = sums.pop(None, 0.0)
    idle = 1.0 - fsum(uses.values())
    named = {unit: ratio for unit, ratio in sums.items() if unit is not None}
    return _weighed(named, idle if idle > ROUNDING else 0.0, unnamed)


def summed(channels: Iterable[Channel]) -> AbstractSet[Channel]:
    """Those whose parts are added up for a unit: they lie in no other but the node, whose own meter is not divided.

    Parameters
    ----------
    channels : Iterable of Channel
        All that are metered, divided or not: what nobody is known to have had must not come in by what lies in it.
    """
    return set(outermost(channel for channel in channels if channel.domain is not Domain.NODE))


def alike(
    channels: Iterable[Channel], splits: Mapping[Channel, Split]
) -> list[tuple[Mapping[Unit, float], list[Channel]]]:
    """Channels that are divided among the same units in the same parts, so that each unit is looked up once.

    Parameters
    ----------
    channels : Iterable of Channel
        Those that took something; one that is divided among nobody is left out.
    splits : Mapping[Channel, Split]
        How they are divided; those that are divided alike share one mapping.
    """
    found: dict[int, tuple[Mapping[Unit, float], list[Channel]]] = {}
    for channel in channels:
        split = splits.get(channel)
        if split is not None and split.units:
            found.setdefault(id(split.units), (split.units, []))[1].append(channel)
    return [*found.values()]


def _weighed(units: Mapping[Unit, float], idle: float, unattributed: float) -> Split:
    whole = fsum([*units.values(), idle, unattributed])
    if whole <= 0.0:
        return NOBODY
    parts = {unit: weight / whole for unit, weight in units.items() if weight > 0.0}
    return Split(parts, idle / whole, unattributed / whole)


@dataclass(slots=True)
class Used:
    """Who used the processors for some time.

    Parameters
    ----------
    elapsed_s : float
        How long [s].
    units_s : dict of Unit to float
        Each unit's processor time [s].
    busy_s, idle_s : float
        Of the machine, summed over logical processors [s].
    """

    elapsed_s: float = 0.0
    units_s: dict[Unit, float] = field(default_factory=dict[Unit, float])
    busy_s: float = 0.0
    idle_s: float = 0.0

    def add(self, other: "Used") -> None:
        """Adds the time that followed."""
        self.elapsed_s += other.elapsed_s
        self.busy_s += other.busy_s
        self.idle_s += other.idle_s
        for unit, seconds in other.units_s.items():
            self.units_s[unit] = self.units_s.get(unit, 0.0) + seconds

    def split(self) -> Split:
        """How what they took meanwhile is divided."""
        return processor_split(self.units_s, self.busy_s, self.idle_s)


class Seldom:
    """Channels whose energy comes more seldom than ticks: it is divided by who used them since it came last.

    The first time that one is seen to be seldom its energy is divided by the tick alone, as that of all others.
    """

    def __init__(self) -> None:
        self._since: dict[Channel, Used] = {}

    def splits(self, steps: Mapping[Channel, Step], used: Used) -> dict[Channel, Split]:
        """How the energy of each channel is divided that is shared by processor time.

        Parameters
        ----------
        steps : Mapping[Channel, Step]
            What they took.
        used : Used
            By whom they were used in this tick; nothing where that is not known.
        """
        for since in self._since.values():
            since.add(used)
        told = {channel: step for channel, step in steps.items() if channel.domain in PROCESSOR_DOMAINS}
        now = used.split()
        splits = {channel: self._since[channel].split() if channel in self._since else now for channel in told}
        self._since = {
            channel: since
            for channel, since in self._since.items()
            if channel not in told and since.elapsed_s < SELDOM_MOST_S
        }
        longest_s = SELDOM_TICKS * used.elapsed_s
        if used.elapsed_s > 0.0:
            self._since.update((channel, Used()) for channel, step in told.items() if step.elapsed_s > longest_s)
        return splits


class Claims:
    """Processor time that is found later than it was used: what a tick cannot hold goes to the next.

    Processes are looked at now and then, so what one used before comes all at once. It is paid from time that would
    else be nobody's, never from another unit's, and never more than there is.
    """

    def __init__(self) -> None:
        self._owed_s: dict[Unit, float] = {}

    def settle(self, found_s: Mapping[Unit, float], left_s: float) -> dict[Unit, float]:
        """What each unit gets in this tick [s].

        Parameters
        ----------
        found_s : Mapping[Unit, float]
            What was found in it [s].
        left_s : float
            The busy time of the tick that nobody has yet [s].
        """
        for unit, seconds in found_s.items():
            self._owed_s[unit] = self._owed_s.get(unit, 0.0) + seconds
        owed_s = fsum(self._owed_s.values())
        part = min(left_s / owed_s, 1.0) if owed_s > 0.0 else 0.0
        paid_s = {unit: part * seconds for unit, seconds in self._owed_s.items()}
        self._owed_s = {unit: seconds - paid_s[unit] for unit, seconds in self._owed_s.items()} if part < 1.0 else {}
        return paid_s
