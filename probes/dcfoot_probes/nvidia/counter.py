"""The total-energy counter, exact at the edges of a run and across a restart."""

import time
from collections.abc import Callable, Iterator, Sequence

from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.check import PowerCheck
from dcfoot_probes.nvidia.edges import POLL_S, Publication, prompt_look
from dcfoot_probes.nvidia.generations import USUAL_PERIOD_S
from dcfoot_probes.nvidia.nvml import FIELD_POWER_AVERAGE, FIELD_POWER_INSTANT, Nvml, answer_or
from dcfoot_probes.nvidia.publications import DRIFT_RATIO
from dcfoot_probes.nvidia.source import Source, beat_of, per_second, seconds

BRIDGED_S = 2.0
"""A counter that restarted is bridged from the reading before, by the power before, over at most this long [s]: two of
its periods; a longer loss stays a loss."""

PERIOD_NS = round(USUAL_PERIOD_S * NS_PER_S)

LOADS_BEAT_NS = 10_000_000
"""How much of a load's own beat may be missing in a power between two moments [ns] (a choice: steps of training and of
inference last tens of milliseconds and more, and half of one is high)."""

FIRST_COUNT_S = 0.25
"""How long a counter may show 0 after the driver was loaded [s]: two of its publications and a little."""


class CounterSource(Source):
    """The total-energy counter [mJ]."""

    def __init__(self, meter: Meter, clock_ns: Callable[[], int]) -> None:
        self.meter = meter
        self._clock_ns = clock_ns
        self._last: Publication | None = None
        self._before_restart: Publication | None = None
        self._published: Publication | None = None
        self._beat_ns: int | None = None
        self._power = _SteadyPower()
        self._power_before_mw: int | None = None
        self._check = PowerCheck()

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the counter, the power that tells what was before the start, and the power that it is checked by."""
        self._energy = nvml.energy_reader(handle)
        self._power_now = nvml.field_or_power_reader(handle, FIELD_POWER_INSTANT)
        self._mean_power = nvml.field_or_power_reader(handle, FIELD_POWER_AVERAGE)

    def works(self) -> bool:
        """Whether it counts: a counter at 0 is given time for its first publication."""
        for _ in range(round(FIRST_COUNT_S / POLL_S)):
            if self._energy() > 0:
                return True
            time.sleep(POLL_S)
        return False

    def read(self) -> list[Reading]:
        """The counter; nothing where it restarted, until that is settled."""
        return self._counted(prompt_look(self._energy, self._clock_ns))

    def _counted(self, now: Publication) -> list[Reading]:
        last, self._last = self._last, now
        if last is not None and now.value < last.value:
            self._before_restart = last
            return []
        self._check_by_power(now)
        self._published = self._dated(now)
        self._power.see(self._published)
        return [self._reading(now)]

    def _dated(self, count: Publication) -> Publication:
        """A count with the moment of its publication: half a period before it was read, unless the beat tells."""
        old_ns = PERIOD_NS // 2
        if self._beat_ns is not None and (count.time_ns - self._beat_ns) * DRIFT_RATIO < old_ns // 2:
            old_ns = (count.time_ns - self._beat_ns) % PERIOD_NS
        return Publication(count.value, count.time_ns - old_ns)

    @property
    def unsettled(self) -> bool:
        """Whether it fell."""
        return self._before_restart is not None

    def _check_by_power(self, now: Publication) -> None:
        shown_mw = answer_or(None, self._mean_power) if self._mean_power else None
        if shown_mw is not None:
            self._check.add(now.time_ns, now.value, shown_mw)

    def verdict(self) -> str:
        """Whether the counter and the power contradict each other."""
        return self._check.verdict(self.meter.observed_ratio)

    def start(self) -> list[Reading]:
        """The counter as it stands, and the power at which the run begins."""
        readings = self._counted(prompt_look(self._energy, self._clock_ns))
        self._power_before_mw = answer_or(None, self._power_now) if self._power_now else None
        return readings

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The count at the start, or after a restart: that of the last publication, and what was added since."""
        if self._last is None:
            return []
        last, self._before_restart = self._before_restart, None
        if last is None:
            self._settle(seen, self._power_before_mw)
            return [self._reading(self._last)]
        if seen and seen[-1].value >= last.value:  # it had not restarted: that was a wrong answer
            self._last = last
            return []
        old = list(self._old_count(last, _settled(self._last, seen, None), seen))
        self._settle(seen, None)
        self._power = _SteadyPower(seen[-1] if len(seen) > 1 else None)
        return [self._reading(count) for count in (*old, self._last)]

    def _settle(self, seen: Sequence[Publication], power_mw: float | None) -> None:
        """Takes the last count as exact, and the beat and the power from here on: a job's load begins after its run."""
        if self._last is None:
            return
        self._last = self._published = _settled(self._last, seen, power_mw)
        if len(seen) > 1:
            self._beat_ns = beat_of(seen).first_ns
            self._power = _SteadyPower()

    def _old_count(self, last: Publication, now: Publication, seen: Sequence[Publication]) -> Iterator[Publication]:
        """What the counter had come to when it restarted between two counts; nothing where its power is not known.

        The power is that before; in the first two seconds of a run only that after is known.
        """
        power_mw = self._power_around(seen)
        elapsed_s = seconds(last, now)
        lost_s = elapsed_s - now.value / power_mw if power_mw > 0.0 else 0.0
        if lost_s > 0.0 and elapsed_s <= BRIDGED_S:
            old_s = seconds(self._published, last) if self._published else 0.0
            counted = round(power_mw * (lost_s + old_s))
            yield Publication(last.value + counted, last.time_ns + round(lost_s * NS_PER_S))

    def _power_around(self, seen: Sequence[Publication]) -> float:
        """The power at a restart: that before or that after, whichever is known better, where they may be the same.

        The power before is between two counts, each as old as a period; that after, between two moments that were
        watched for, and in it the load may be anywhere in a beat of its own. The mean before may be one of two loads
        that are nearly alike: where the after is not it, it may still be that of the last second before.
        """
        before = self._power
        if len(seen) < 2:
            return before.mean_mw
        beat, span_ns = beat_of(seen), seen[-1].time_ns - seen[0].time_ns
        unsure_ratio = (seen[0].unsure_ns + seen[-1].unsure_ns + LOADS_BEAT_NS) / span_ns

        def may_be(power_mw: float, power_unsure_ratio: float) -> bool:
            off_mw = abs(power_mw - beat.power_mw)
            return off_mw <= (unsure_ratio + power_unsure_ratio) * max(power_mw, beat.power_mw)

        if before.mean_mw <= 0.0:
            return beat.power_mw
        if may_be(before.mean_mw, before.unsure_ratio):
            return beat.power_mw if unsure_ratio < before.unsure_ratio else before.mean_mw
        return beat.power_mw if may_be(before.latest_mw, before.latest_unsure_ratio) else before.mean_mw

    def end(self) -> list[Reading]:
        """What came before the end; the end itself is `finish`'s."""
        return self._counted(prompt_look(self._energy, self._clock_ns))[:-1]

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The count at the end: that of the next publication, less the power after for as long as that came later."""
        end = self._last
        if end is None:
            return []
        if len(seen) > 1 and seen[0].value > end.value:
            beat = beat_of(seen)
            after_mj = beat.power_mw * (beat.first_ns - end.time_ns) / NS_PER_S
            end = Publication(max(seen[0].value - round(after_mj), end.value), end.time_ns)
        return [self._reading(end)]

    def watched(self) -> tuple[Callable[[], int], Publication] | None:
        """The counter."""
        return None if self._last is None else (self._energy, self._last)

    def _reading(self, publication: Publication) -> Reading:
        return Reading(self.meter, publication.value, publication.time_ns)


class _SteadyPower:
    """The mean power of the last counts, over as long as it was the same, and that between the last two.

    A count is old by up to a period, and so is the power between two of them unsure; the longer they lie apart, the
    less.
    """

    def __init__(self, first: Publication | None = None) -> None:
        self.mean_mw = self.latest_mw = 0.0
        self.latest_unsure_ratio = float("inf")
        self._first = self._last = first

    @property
    def unsure_ratio(self) -> float:
        """How far the mean may be off, over itself."""
        if self._first is None or self._last is None or self._last.time_ns <= self._first.time_ns:
            return float("inf")
        return PERIOD_NS / (self._last.time_ns - self._first.time_ns)

    def see(self, now: Publication) -> None:
        """Takes a count."""
        first, last = self._first, self._last
        if first is None or last is None or now.value <= last.value:
            self._first = self._last = now
            return
        if now.time_ns <= last.time_ns:  # a beat that is a little off dates both alike
            return
        self._last = now
        self.latest_mw, self.latest_unsure_ratio = per_second(last, now), PERIOD_NS / (now.time_ns - last.time_ns)
        if first is not last and not _may_be_same(first, last, now):
            first = self._first = last
        self.mean_mw = per_second(first, now)


def _may_be_same(first: Publication, last: Publication, now: Publication) -> bool:
    """Whether the power may be the same before and after a count, as old as each of the three may be."""
    before_ns, after_ns = last.time_ns - first.time_ns, now.time_ns - last.time_ns
    before, after = (last.value - first.value) / before_ns, (now.value - last.value) / after_ns
    unsure_ratio = PERIOD_NS / before_ns + PERIOD_NS / after_ns
    return abs(before - after) <= unsure_ratio * max(before, after)


def _settled(count: Publication, seen: Sequence[Publication], power_mw: float | None) -> Publication:
    """A count that was old when it was read, with what was added since it was published.

    Parameters
    ----------
    count : Publication
        As it was read.
    seen : Sequence of Publication
        The publications that followed.
    power_mw : float or None
        The power up to the moment when it was read [mW]; None for that of the publications.
    """
    if len(seen) < 2 or seen[0].value <= count.value:
        return count
    beat = beat_of(seen)
    old_s = min(max(beat.period_s - (beat.first_ns - count.time_ns) / NS_PER_S, 0.0), beat.period_s)
    published_mj = seen[0].value - count.value
    power_mw = published_mj / beat.period_s if power_mw is None else power_mw
    return Publication(count.value + min(round(power_mw * old_s), published_mj), count.time_ns)
