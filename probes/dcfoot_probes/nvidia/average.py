"""The driver's average of the last second, each value stamped with the moment at which it was published."""

from collections.abc import Callable, Sequence

from dcfoot.counter import AverageIntegral
from dcfoot.reading import Meter, Reading
from dcfoot.units import J_PER_MJ, NS_PER_S
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
        self._energy = AverageIntegral(meter)
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
        return [self._reading(self._edge), *(reading for publication in seen for reading in self._known(publication))]

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
        """The average at the end: the energy up to the next publication, less the power after the end until then."""
        end = self._edge
        if not self._given_ns:
            return []
        window_start_j = self._energy.energy_j_at(end.time_ns - round(self.meter.window_s * NS_PER_S))
        first, second = (
            Publication(round(self._added_j(publication) / J_PER_MJ), publication.time_ns)
            for publication in self._two(seen)
        )
        end_j = (first.value - per_second(first, second) * seconds(end, first)) * J_PER_MJ
        power_w = (end_j - window_start_j) / self.meter.window_s
        return self._new(Publication(max(round(power_w / self.meter.unit), 0), end.time_ns))

    def _two(self, seen: Sequence[Publication]) -> Sequence[Publication]:
        """Two publications after the end; one that did not change the value came with the beat."""
        first, *more = seen or [self._follower.next_after(self._edge)]
        return first, *(more[:1] or [self._follower.next_after(first)])

    def _added_j(self, publication: Publication) -> float:
        """The recovered energy up to a publication that is not given to the ledger [J]."""
        self._energy.add(self._reading(publication))
        return self._energy.energy_j_at(publication.time_ns)

    def watched(self) -> tuple[Callable[[], int], Publication] | None:
        """The average."""
        return self._power, self._edge

    def _new(self, publication: Publication) -> list[Reading]:
        """A reading of it, unless one as late was given."""
        if publication.time_ns <= self._given_ns:
            return []
        self._given_ns = publication.time_ns
        reading = self._reading(publication)
        self._energy.add(reading)
        return [reading]

    def _reading(self, publication: Publication) -> Reading:
        return Reading(self.meter, publication.value, publication.time_ns)
