"""Energy from power: each publication is an average, over the last second or over the sensor's own period.

A sensor that looks only a part of its period is taken to have seen all of it, as it must be by whoever adds up its
power; how wrong that may be stands on the meter. Both edges of a run are exact where the power outside of it is steady:
the start because the average before holds until then, the end because what was published after it is known.
"""

from collections.abc import Callable, Sequence

from dcfoot.counter import AverageIntegral
from dcfoot.reading import Meter, Reading
from dcfoot_probes.nvidia.edges import Publication
from dcfoot_probes.nvidia.nvml import Nvml
from dcfoot_probes.nvidia.source import Source, seconds
from dcfoot_probes.nvidia.streams import Stream


class PowerSource(Source):
    """The power of one device [mW]; each reading is stamped with the end of the time over which it is the average."""

    def __init__(self, meter: Meter, stream: Stream) -> None:
        self.meter = meter
        self._stream = stream
        self._start = Publication(0, 0)
        self._given_ns = 0
        self._settled = False
        self._energy = AverageIntegral(meter)

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the stream."""
        self._stream.bind(nvml, handle)

    def works(self) -> bool:
        """Whether there is power."""
        return self._stream.works()

    def read(self) -> list[Reading]:
        """What is new."""
        self._settled = True
        return self._new(self._stream.fetch())

    @property
    def unsettled(self) -> bool:
        """Whether the stream is worth watching."""
        return self._stream.held is not None

    def start(self) -> list[Reading]:
        """The average as it stands: before the run the power was steady."""
        self._stream.fetch()
        self._start, self._settled = self._stream.now, False
        return self._new([self._start])

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same, and what was published since; later only that."""
        start = [] if self._settled else [self._reading(self._start)]
        self._settled = True
        return [*start, *self._new(self._stream.follow(seen))]

    def end(self) -> list[Reading]:
        """What is new up to now; what is watched from here on is `finish`'s."""
        return [*self.read(), *(self._new(self._stream.follow(())) if self.unsettled else ())]

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The average for which the energy is that up to the next publication, less what was drawn after the end."""
        end = self._stream.now
        after = self._stream.after(seen)
        if len(after) < 2 or not self._given_ns:
            return self._new([end])
        first_j, second_j = self._ahead_j(after)
        after_w = (second_j - first_j) / seconds(after[0], after[1])
        end_j = first_j - after_w * seconds(end, after[0])
        average_mw = self._energy.average_w(end.time_ns, end_j) / self.meter.unit
        return self._new([Publication(max(round(average_mw), 0), end.time_ns)])

    def _ahead_j(self, after: Sequence[Publication]) -> list[float]:
        """The energy up to each of some publications that are not given out [J]."""
        ahead, energies_j = self._energy.copy(), list[float]()
        for publication in after:
            ahead.add(self._reading(publication))
            energies_j.append(ahead.energy_j)
        return energies_j

    def verdict(self) -> str:
        """What the stream says."""
        return self._stream.verdict()

    def watched(self) -> tuple[Callable[[], int], Publication]:
        """What the stream says."""
        return self._stream.watched()

    def _new(self, publications: Sequence[Publication]) -> list[Reading]:
        """The readings of those that are later than all that were given."""
        readings: list[Reading] = []
        for publication in publications:
            if publication.time_ns > self._given_ns:
                self._given_ns = publication.time_ns
                readings.append(self._reading(publication))
                self._energy.add(readings[-1])
        return readings

    def _reading(self, publication: Publication) -> Reading:
        return Reading(self.meter, publication.value, publication.time_ns)
