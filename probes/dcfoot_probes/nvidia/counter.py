"""The total-energy counter, exact at the edges of a run and across a restart."""

import time
from collections.abc import Callable, Sequence

from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.check import PowerCheck
from dcfoot_probes.nvidia.edges import POLL_S, Publication
from dcfoot_probes.nvidia.generations import USUAL_PERIOD_S
from dcfoot_probes.nvidia.nvml import FIELD_POWER_AVERAGE, FIELD_POWER_INSTANT, Nvml, answer_or
from dcfoot_probes.nvidia.source import Source, per_second, period_s, seconds

BRIDGED_S = 2.0
"""A counter that restarted is bridged from the reading before, by the power before, over at most this long [s]: two of
its periods; a longer loss stays a loss."""

FIRST_COUNT_S = 0.25
"""How long a counter may show 0 after the driver was loaded [s]: two of its publications and a little."""


class CounterSource(Source):
    """The total-energy counter [mJ]."""

    def __init__(self, meter: Meter, clock_ns: Callable[[], int]) -> None:
        self.meter = meter
        self._clock_ns = clock_ns
        self._last: Publication | None = None
        self._power_mw = 0.0
        self._power_before_mw: int | None = None
        self._check = PowerCheck()

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the counter, the power that tells what was before the start, and the power that it is checked by."""
        self._energy = nvml.energy_reader(handle)
        self._power = nvml.field_or_power_reader(handle, FIELD_POWER_INSTANT)
        self._mean_power = nvml.field_or_power_reader(handle, FIELD_POWER_AVERAGE)

    def works(self) -> bool:
        """Whether it counts: a counter at 0 is given time for its first publication."""
        for _ in range(round(FIRST_COUNT_S / POLL_S)):
            if self._energy() > 0:
                return True
            time.sleep(POLL_S)
        return False

    def read(self) -> list[Reading]:
        """The counter; where it restarted, first what it would have shown when it did."""
        value = self._energy()
        last, now = self._last, Publication(value, self._clock_ns())
        self._last = now
        self._check_by_power(now)
        if last is None or value >= last.value:
            self._power_mw = per_second(last, now) if last else 0.0
            return [self._reading(now)]
        return [self._reading(p) for p in (self._restart(last, now), now) if p is not None]

    def _check_by_power(self, now: Publication) -> None:
        power_mw = answer_or(None, self._mean_power) if self._mean_power else None
        if power_mw is not None:
            self._check.add(now.time_ns, now.value, power_mw)

    def verdict(self) -> str:
        """Whether the counter and the power contradict each other."""
        return self._check.verdict()

    def _restart(self, last: Publication, now: Publication) -> Publication | None:
        """What the old count came to when the counter restarted, at the power before; None where that is not known."""
        elapsed_s = seconds(last, now)
        if self._power_mw <= 0.0 or elapsed_s > BRIDGED_S:
            return None
        lost_s = elapsed_s - now.value / self._power_mw
        if lost_s <= 0.0:
            return None
        return Publication(last.value + round(self._power_mw * lost_s), last.time_ns + round(lost_s * NS_PER_S))

    def start(self) -> list[Reading]:
        """The counter as it stands, and the power at which the run begins."""
        readings = self.read()
        self._power_before_mw = answer_or(None, self._power) if self._power else None
        return readings

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The count at the start: that of the last publication, and the power before for as long as that was old."""
        start = self._last
        if start is None:
            return []
        if seen and seen[0].value > start.value:
            self._last = start = Publication(start.value + self._since_publication(start, seen), start.time_ns)
        return [self._reading(start)]

    def _since_publication(self, start: Publication, seen: Sequence[Publication]) -> int:
        every_s = period_s(seen)
        old_s = min(max(every_s - seconds(start, seen[0]), 0.0), every_s)
        published = seen[0].value - start.value
        power_mw = published / every_s if self._power_before_mw is None else self._power_before_mw
        return min(round(power_mw * old_s), published)

    def end(self) -> list[Reading]:
        """What came before the end; the end itself is `finish`'s."""
        return self.read()[:-1]

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The count at the end: that of the next publication, less the power after for as long as that came later."""
        end = self._last
        if end is None:
            return []
        if seen and seen[0].value > end.value:
            published = seen[0].value - end.value
            power_mw = per_second(seen[0], seen[1]) if len(seen) > 1 else published / USUAL_PERIOD_S
            after_s = seconds(end, seen[0])
            end = Publication(end.value + max(published - round(power_mw * after_s), 0), end.time_ns)
        return [self._reading(end)]

    def watched(self) -> tuple[Callable[[], int], int] | None:
        """The counter."""
        return None if self._last is None else (self._energy, self._last.value)

    def _reading(self, publication: Publication) -> Reading:
        return Reading(self.meter, publication.value, publication.time_ns)
