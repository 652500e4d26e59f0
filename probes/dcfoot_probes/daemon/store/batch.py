"""Frames in memory until the disk has them: each tick as it came, and what the minute came to.

What does not fit is thinned from the oldest minute on: first its ticks go, then the minute itself.
"""

import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.split import alike
from dcfoot_probes.daemon.store import codec
from dcfoot_probes.daemon.words import NOBODY, Frame, Split, Unit

MINUTE_NS = 60 * NS_PER_S
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS

TICK_BYTES, PART_BYTES = 200, 100
"""What a tick and a part take of memory beside their numbers (`sys.getsizeof`, Python 3.11) [bytes]."""


class Rest(StrEnum):
    """The parts of a channel's energy that are no unit's."""

    IDLE = "idle"
    UNATTRIBUTED = "unattributed"


Owner = Unit | Rest
"""Whose a part of a channel's energy is."""


class Tick(NamedTuple):
    """One frame as it is kept: its channels' energies, then their covered times; and its gauges."""

    start_ns: int
    duration_s: float
    channels: tuple[Channel, ...]
    values: codec.Floats
    gauges: tuple[tuple[str, str], ...]
    figures: codec.Floats

    @property
    def energies_j(self) -> codec.Floats:
        """Of the channels [J]."""
        return self.values[: len(self.channels)]

    @property
    def covered_s(self) -> codec.Floats:
        """Of the channels [s]."""
        return self.values[len(self.channels) :]


@dataclass(slots=True)
class Sum:
    """What a channel came to over some ticks.

    Parameters
    ----------
    energy_j, covered_s : float
        Energy [J] and the time of which it is known [s].
    least_w, most_w : float
        Of the ticks' powers; NaN where none is known [W].
    """

    energy_j: float = 0.0
    covered_s: float = 0.0
    least_w: float = math.nan
    most_w: float = math.nan

    def add(self, energy_j: float, covered_s: float, least_w: float, most_w: float) -> None:
        """Adds ticks, or another sum of them."""
        self.energy_j += energy_j
        self.covered_s += covered_s
        # Written so that what is NaN gives way to what is not.
        self.least_w = self.least_w if self.least_w <= least_w or math.isnan(least_w) else least_w
        self.most_w = self.most_w if self.most_w >= most_w or math.isnan(most_w) else most_w

    @property
    def mean_w(self) -> float:
        """Mean power of the time that is covered; NaN where none is [W]."""
        return self.energy_j / self.covered_s if self.covered_s > 0.0 else math.nan


def or_nan(value: float | None) -> float:
    """What a table holds as NULL is NaN."""
    return math.nan if value is None else value


@dataclass(slots=True)
class Stretch:
    """What a stretch of time came to.

    Parameters
    ----------
    sums : dict of Channel to Sum
        What each channel came to, in the order of their numbers.
    parts : dict of Owner to dict of int to float
        By owner and the channel's number: whose energy it is; adds up to the sums' [J].
    parts_count : int
        Parts in all.
    """

    sums: dict[Channel, Sum] = field(default_factory=dict[Channel, Sum])
    parts: dict[Owner, dict[int, float]] = field(default_factory=dict[Owner, dict[int, float]])
    parts_count: int = 0
    _numbers: dict[Channel, int] = field(default_factory=dict[Channel, int])

    def add(self, tick: "Tick", splits: Mapping[Channel, Split]) -> None:
        """Adds a tick, and how its channels are divided."""
        energies_j = dict(zip(tick.channels, tick.energies_j, strict=True))
        for channel, energy_j, covered_s in zip(tick.channels, tick.energies_j, tick.covered_s, strict=True):
            power_w = energy_j / covered_s if covered_s > 0.0 else math.nan
            self._sum(channel).add(energy_j, covered_s, power_w, power_w)
            split, taken = splits.get(channel, NOBODY), [(self._numbers[channel], energy_j)]
            self._give(Rest.IDLE, split.idle, taken)
            self._give(Rest.UNATTRIBUTED, split.unattributed, taken)
        for units, channels in alike(tick.channels, splits):
            taken = [(self._numbers[channel], energies_j[channel]) for channel in channels]
            for unit, ratio in units.items():
                self._give(unit, ratio, taken)

    def absorb(self, other: "Stretch") -> None:
        """Adds another stretch."""
        for channel, of in other.sums.items():
            self._sum(channel).add(of.energy_j, of.covered_s, of.least_w, of.most_w)
        numbers = [self._numbers[channel] for channel in other.sums]
        for owner, parts in other.parts.items():
            self._give(owner, 1.0, [(numbers[number], part_j) for number, part_j in parts.items()])

    def _sum(self, channel: Channel) -> Sum:
        held = self.sums.get(channel)
        if held is None:
            self._numbers[channel] = len(self._numbers)
            held = self.sums[channel] = Sum()
        return held

    def _give(self, owner: Owner, ratio: float, taken: Iterable[tuple[int, float]]) -> None:
        if not ratio:
            return
        held = self.parts.get(owner)
        if held is None:
            held = self.parts[owner] = {}
        self.parts_count -= len(held)
        for number, energy_j in taken:
            if energy_j:
                held[number] = held.get(number, 0.0) + ratio * energy_j
        self.parts_count += len(held)


@dataclass(slots=True)
class Minute:
    """A minute's ticks, and what they came to, whether the ticks are still held or not."""

    ticks: list[Tick] = field(default_factory=list[Tick])
    whole: Stretch = field(default_factory=Stretch)

    @property
    def held_bytes(self) -> int:
        """About what it takes of memory [bytes]."""
        return sum(map(_tick_bytes, self.ticks)) + PART_BYTES * self.whole.parts_count


def _tick_bytes(tick: Tick) -> int:
    return TICK_BYTES + 8 * len(tick.values) + 4 * len(tick.figures)


class Batch:
    """What was added since the last commit. Not safe for threads: the store has the lock.

    Parameters
    ----------
    memory_bytes : int
        About what it may take [bytes].
    """

    def __init__(self, memory_bytes: int) -> None:
        self._memory_bytes = memory_bytes
        self._held_bytes = 0
        self.minutes: dict[int, Minute] = {}
        self.lost_frames = 0
        self.oldest_s: float | None = None
        self._channels: tuple[Channel, ...] = ()
        self._gauges: tuple[tuple[str, str], ...] = ()

    def add(self, frame: Frame, now_s: float) -> None:
        """Takes a frame.

        Parameters
        ----------
        frame : Frame
            A tick.
        now_s : float
            The monotonic clock [s].
        """
        tick = self._tick(frame)
        minute = self.minutes.setdefault(tick.start_ns // MINUTE_NS, Minute())
        parts_count = minute.whole.parts_count
        minute.ticks.append(tick)
        minute.whole.add(tick, frame.splits)
        self._held_bytes += _tick_bytes(tick) + PART_BYTES * (minute.whole.parts_count - parts_count)
        self.oldest_s = now_s if self.oldest_s is None else self.oldest_s
        self._thin()

    def absorb(self, later: "Batch") -> None:
        """Adds what came after: the disk did not take this one."""
        for number, minute in later.minutes.items():
            mine = self.minutes.setdefault(number, Minute())
            mine.ticks.extend(minute.ticks)
            mine.whole.absorb(minute.whole)
        self.lost_frames += later.lost_frames
        self.oldest_s = later.oldest_s if self.oldest_s is None else self.oldest_s
        self._held_bytes = sum(minute.held_bytes for minute in self.minutes.values())
        self._thin()

    def hours(self) -> Mapping[int, Stretch]:
        """The same by the hour."""
        hours: dict[int, Stretch] = {}
        for number, minute in self.minutes.items():
            hours.setdefault(number * MINUTE_NS // HOUR_NS, Stretch()).absorb(minute.whole)
        return hours

    def _tick(self, frame: Frame) -> Tick:
        # A step that knows neither energy nor time is a gap, as one that is left out.
        known = {channel: step for channel, step in frame.steps.items() if step.energy_j or step.covered_s}
        figures = {(device, name): value for device, of in frame.gauges.items() for name, value in of.items()}
        # Most ticks have the names of the one before: they are held once.
        if self._channels != (channels := tuple(known)):
            self._channels = channels
        if self._gauges != (gauges := tuple(figures)):
            self._gauges = gauges
        energies_j = array("d", [step.energy_j for step in known.values()])
        covered_s = array("d", [step.covered_s for step in known.values()])
        start_ns = frame.utc_ns - round(frame.duration_s * NS_PER_S)
        values = energies_j + covered_s
        return Tick(start_ns, frame.duration_s, self._channels, values, self._gauges, array("f", figures.values()))

    def _thin(self) -> None:
        while self._held_bytes > self._memory_bytes and len(self.minutes) > 1:
            *older, _ = self.minutes
            number = next((number for number in older if self.minutes[number].ticks), older[0])
            minute = self.minutes[number]
            self._held_bytes -= minute.held_bytes
            if minute.ticks:
                self.lost_frames += len(minute.ticks)
                minute.ticks = []
                self._held_bytes += minute.held_bytes
            else:
                del self.minutes[number]
