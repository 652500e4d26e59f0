"""What publications of power say of the energy: two readings of them, by how long the sensor looks.

A sensor that looks all the time shows averages, from which energy is recovered exactly. One that looks part of the time
shows samples, which are joined by straight lines. Both know the edges of a run better than the last publication does:
outside the run the power is steady.
"""

from collections.abc import Sequence
from typing import Protocol

from dcfoot.counter import AverageIntegral
from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.edges import Publication
from dcfoot_probes.nvidia.source import seconds


class Windows(Protocol):
    """Turns the publications of one meter into its readings, in order of time."""

    def begin(self, start: Publication) -> list[Reading]:
        """The reading at the start of a run, as it stands."""
        ...

    def settled(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same reading in the light of what followed, and the readings of that."""
        ...

    def new(self, publication: Publication) -> list[Reading]:
        """The reading of a publication, unless it lies before one that was given."""
        ...

    def final(self, end: Publication, after: Sequence[Publication]) -> list[Reading]:
        """The reading at the end of a run, in the light of what followed."""
        ...


class Averages:
    """Windows that leave out no time: averages, each stamped with the end of its window."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._start = Publication(0, 0)
        self._given_ns = 0
        self._energy = AverageIntegral(meter)

    def begin(self, start: Publication) -> list[Reading]:
        """The average as it stands: before the run the power was steady."""
        self._start = start
        return self.new(start)

    def settled(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same, for it holds whatever follows."""
        return [_reading(self._meter, self._start), *(reading for later in seen for reading in self.new(later))]

    def new(self, publication: Publication) -> list[Reading]:
        """The average."""
        if publication.time_ns <= self._given_ns:
            return []
        self._given_ns = publication.time_ns
        reading = _reading(self._meter, publication)
        self._energy.add(reading)
        return [reading]

    def final(self, end: Publication, after: Sequence[Publication]) -> list[Reading]:
        """The average for which the energy is that up to the next publication, less what was drawn after the end."""
        if len(after) < 2 or not self._given_ns:
            return self.new(end)
        twin = self._energy.copy()
        energies_j: list[float] = []
        for publication in after[:2]:
            twin.add(_reading(self._meter, publication))
            energies_j.append(twin.energy_j)
        after_w = (energies_j[1] - energies_j[0]) / seconds(after[0], after[1])
        end_j = energies_j[0] - after_w * seconds(end, after[0])
        average_mw = self._energy.average_w(end.time_ns, end_j) / self._meter.unit
        return self.new(Publication(max(round(average_mw), 0), end.time_ns))


class Samples:
    """Windows that leave out time: samples, each stamped with the middle of its window.

    Parameters
    ----------
    meter : Meter
        Whose readings they are.
    window_s : float
        How long the sensor looks [s].
    """

    def __init__(self, meter: Meter, window_s: float) -> None:
        self._meter = meter
        self._start = Publication(0, 0)
        self._given_ns = 0
        self._window_ns = round(window_s * NS_PER_S)

    def begin(self, start: Publication) -> list[Reading]:
        """The power as it stands."""
        self._start = start
        return self._later(start)

    def settled(self, seen: Sequence[Publication]) -> list[Reading]:
        """The reading at the start with the power of the first window that lies in the run."""
        inside = [later.value for later in seen if later.time_ns - self._window_ns >= self._start.time_ns]
        power_mw = inside[0] if inside else seen[-1].value if seen else self._start.value
        start = _reading(self._meter, Publication(power_mw, self._start.time_ns))
        return [start, *(reading for later in seen for reading in self.new(later))]

    def new(self, publication: Publication) -> list[Reading]:
        """The power in the middle of the window."""
        return self._later(Publication(publication.value, publication.time_ns - self._window_ns // 2))

    def final(self, end: Publication, after: Sequence[Publication]) -> list[Reading]:
        """The power as last published: what comes after mixes it with what follows the run."""
        del after
        return self._later(end)

    def _later(self, publication: Publication) -> list[Reading]:
        if publication.time_ns <= self._given_ns:
            return []
        self._given_ns = publication.time_ns
        return [_reading(self._meter, publication)]


def _reading(meter: Meter, publication: Publication) -> Reading:
    return Reading(meter, publication.value, publication.time_ns)
