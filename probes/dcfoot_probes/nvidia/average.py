"""The driver's average of the last second, each value stamped with the moment at which it was published."""

from collections.abc import Callable, Sequence

from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.edges import Publication
from dcfoot_probes.nvidia.generations import USUAL_PERIOD_S
from dcfoot_probes.nvidia.nvml import Nvml
from dcfoot_probes.nvidia.publications import Follower
from dcfoot_probes.nvidia.source import Source, per_second, seconds


class AverageSource(Source):
    """The driver's average of the last second [mW], stamped with the moment it was published."""

    def __init__(self, meter: Meter, clock_ns: Callable[[], int], field: int | None) -> None:
        self.meter = meter
        self._clock_ns = clock_ns
        self._field = field
        self._follower = Follower(USUAL_PERIOD_S)
        self._given_ns = 0
        self._edge = Publication(0, 0)

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the field, or the default power where that is the average."""
        self._power = nvml.power_reader(handle) if self._field is None else nvml.field_reader(handle, self._field)

    def works(self) -> bool:
        """Whether there is power: no device draws none."""
        return self._power() > 0

    def read(self) -> list[Reading]:
        """The publication that is new, if there is one."""
        publication = self._follower.see(self._power(), self._clock_ns())
        return [] if publication is None else self._new(publication)

    def start(self) -> list[Reading]:
        """The average as it stands: before the run the power was steady."""
        value, now_ns = self._power(), self._clock_ns()
        self._follower.see(value, now_ns)
        self._edge = Publication(value, now_ns)
        return self._new(self._edge)

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same, and the publications by which the sensor's beat is known from now on."""
        start = Reading(self.meter, self._edge.value, self._edge.time_ns)
        return [start, *(reading for publication in seen for reading in self._known(publication))]

    def _known(self, publication: Publication) -> list[Reading]:
        self._follower.know(publication)
        return self._new(publication)

    def end(self) -> list[Reading]:
        """What is new up to now."""
        value, now_ns = self._power(), self._clock_ns()
        publication = self._follower.see(value, now_ns)
        self._edge = Publication(value, now_ns)
        return [] if publication is None else self._new(publication)

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The average at the end: it went on as it had gone since the publication before."""
        return self._new(Publication(max(round(self._extrapolated(seen)), 0), self._edge.time_ns))

    def _extrapolated(self, seen: Sequence[Publication]) -> float:
        latest, before, end = self._follower.latest, self._follower.before, self._edge
        if latest is None or before is None or not seen:
            return float(end.value)
        old_s = self._follower.period_ns / NS_PER_S - seconds(end, seen[0])
        return end.value + per_second(before, latest) * min(max(old_s, 0.0), USUAL_PERIOD_S)

    def watched(self) -> tuple[Callable[[], int], int] | None:
        """The average."""
        return self._power, self._edge.value

    def _new(self, publication: Publication) -> list[Reading]:
        """A reading of it, unless one as late was given."""
        if publication.time_ns <= self._given_ns:
            return []
        self._given_ns = publication.time_ns
        return [Reading(self.meter, publication.value, publication.time_ns)]
