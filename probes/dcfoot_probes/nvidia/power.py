"""Power as the sensor's window saw it: from the driver's buffer, or read now and then.

A value stands for the window before it was published, so it is stamped with that window's middle: trapezoids between
such stamps add up to what a full-time sensor saw, and do not lag behind the power.
"""

from collections.abc import Callable, Sequence
from time import time_ns

from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S, NS_PER_US
from dcfoot_probes.nvidia.edges import Publication
from dcfoot_probes.nvidia.generations import Generation
from dcfoot_probes.nvidia.nvml import Nvml, NvmlFault
from dcfoot_probes.nvidia.publications import Follower
from dcfoot_probes.nvidia.source import Source, period_s, seconds

FULL_TIME_RATIO = 0.9
"""A sensor that looks for this part of the time accounts for all of it (a choice: full-time windows are 98 to 100
ms)."""

LEAST_PART = 0.2
"""The part of a period that must lie in the run for its power to be told from the whole [1] (a choice: what is left
after taking away the power before is else mostly noise)."""


class _Windows:
    """Gives the readings of one meter in order of time, each stamped with the middle of its window."""

    def __init__(self, meter: Meter, generation: Generation) -> None:
        self.meter = meter
        self.start = Publication(0, 0)
        self._half_window_ns = round(0.5 * (generation.window_s or 0.0) * NS_PER_S)
        self._full_time = generation.observed_ratio() >= FULL_TIME_RATIO
        self._given_ns = 0

    def begin(self, start: Publication) -> list[Reading]:
        """The reading at the start of a run, as it stands."""
        self.start = start
        self._given_ns = start.time_ns
        return [self.at(start.time_ns, start.value)]

    def settled(self, seen: Sequence[Publication]) -> list[Reading]:
        """The reading at the start with the power that followed it, and the windows since."""
        start = self.at(self.start.time_ns, self._power_after_start(seen))
        return [start, *(reading for publication in seen for reading in self.new(publication))]

    def new(self, publication: Publication) -> list[Reading]:
        """A reading of a window, unless it lies before one that was given."""
        time_ns = publication.time_ns - self._half_window_ns
        return self._later(time_ns, publication.value)

    def at(self, time_ns: int, value: int) -> Reading:
        """A reading at a moment."""
        return Reading(self.meter, value, time_ns)

    def final(self, time_ns: int, value: int) -> list[Reading]:
        """The reading at the end of a run: what the last window saw went on."""
        return self._later(time_ns, value)

    def _later(self, time_ns: int, value: int) -> list[Reading]:
        if time_ns <= self._given_ns:
            return []
        self._given_ns = time_ns
        return [self.at(time_ns, value)]

    def _power_after_start(self, seen: Sequence[Publication]) -> int:
        """What was drawn just after the start: the first window that lies in the run, or the run's part of one."""
        if not seen:
            return self.start.value
        first, inside_s = seen[0], seconds(self.start, seen[0])
        if self._full_time and LEAST_PART * period_s(seen) <= inside_s <= period_s(seen):
            before = self.start.value * (period_s(seen) - inside_s)
            return max(round((first.value * period_s(seen) - before) / inside_s), 0)
        whole = [p.value for p in seen if p.time_ns - 2 * self._half_window_ns >= self.start.time_ns]
        return (whole or [seen[-1].value])[0]


class PolledSource(Source):
    """The default power [mW], read now and then."""

    def __init__(self, meter: Meter, clock_ns: Callable[[], int], generation: Generation) -> None:
        self.meter = meter
        self._clock_ns = clock_ns
        self._windows = _Windows(meter, generation)
        self._follower = Follower(generation.period_s)
        self._edge = Publication(0, 0)

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the call."""
        self._power = nvml.power_reader(handle)

    def works(self) -> bool:
        """Whether there is power: no device draws none."""
        return self._power() > 0

    def read(self) -> list[Reading]:
        """The publication that is new, if there is one."""
        value, now_ns = self._power(), self._clock_ns()
        self._edge = Publication(value, now_ns)
        publication = self._follower.see(value, now_ns)
        return [] if publication is None else self._windows.new(publication)

    def start(self) -> list[Reading]:
        """The power as it stands."""
        self.read()
        return self._windows.begin(self._edge)

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The power after the start, and the publications by which the sensor's beat is known from now on."""
        for publication in seen:
            self._follower.know(publication)
        return self._windows.settled(seen)

    def end(self) -> list[Reading]:
        """What is new up to now."""
        return self.read()

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The power at the end: as last published; what comes after mixes it with what follows the run."""
        del seen
        return self._windows.final(self._edge.time_ns, self._edge.value)

    def watched(self) -> tuple[Callable[[], int], Publication] | None:
        """The power."""
        return self._power, self._edge


class SamplesSource(Source):
    """The driver's buffer of power [mW], whose samples carry their own time."""

    def __init__(self, meter: Meter, clock_ns: Callable[[], int], generation: Generation) -> None:
        self.meter = meter
        self._clock_ns = clock_ns
        self._windows = _Windows(meter, generation)
        self._since_us = 0
        self._latest: Publication | None = None
        self._now_ns = 0

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the call."""
        self._samples = nvml.samples_reader(handle)

    def works(self) -> bool:
        """Whether the buffer holds anything but zeros."""
        return any(value > 0 for _, value in self._samples(0))

    def read(self) -> list[Reading]:
        """The samples since the last call."""
        return [reading for sample in self._fetch() for reading in self._windows.new(sample)]

    def _fetch(self) -> list[Publication]:
        """New samples in order of time, their stamps on the monotonic clock.

        The two clocks are compared at every call, so that a step of the calendar moves only the samples around it.
        """
        samples = sorted(sample for sample in self._samples(self._since_us) if sample[0] > self._since_us)
        self._now_ns = self._clock_ns()
        offset_ns = self._now_ns - time_ns()
        if not samples:
            return []
        self._since_us = samples[-1][0]
        fresh = [Publication(value, min(us * NS_PER_US + offset_ns, self._now_ns)) for us, value in samples]
        self._latest = fresh[-1]
        return fresh

    def start(self) -> list[Reading]:
        """The latest sample, as of now."""
        self._fetch()
        return [] if self._latest is None else self._windows.begin(Publication(self._latest.value, self._now_ns))

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The power after the start, which later samples tell better than watching would."""
        del seen
        try:
            fresh = self._fetch()
        except NvmlFault:
            fresh = []
        return [] if self._latest is None else self._windows.settled(fresh)

    def end(self) -> list[Reading]:
        """What is new up to now."""
        return self.read()

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The power at the end: as last sampled."""
        del seen
        return [] if self._latest is None else self._windows.final(self._now_ns, self._latest.value)

    def watched(self) -> tuple[Callable[[], int], Publication] | None:
        """Nothing: samples carry their time."""
        return None
