"""What every method of reading a device has in common.

Between its publications a sensor stands still, so a value taken at a run's edge is old by up to a period. What is known
besides makes it exact: outside the run the power is steady (it was before, it is after), so that whatever else was
published around an edge belongs to the run. Readings at the edges are therefore inferred integers; all others are the
hardware's own.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.edges import Publication
from dcfoot_probes.nvidia.generations import USUAL_PERIOD_S
from dcfoot_probes.nvidia.nvml import Nvml


class Source(Protocol):
    """One device, read by one method. `settle` and `finish` raise nothing, all others may raise `NvmlFault`."""

    meter: Meter

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares its calls for a handle; again after the driver was reloaded."""
        ...

    def works(self) -> bool:
        """Whether the device answers to this method with anything."""
        ...

    def read(self) -> list[Reading]:
        """What is new since the last call."""
        ...

    @property
    def unsettled(self) -> bool:
        """Whether it must be watched and settled again before its readings are exact."""
        return False

    def start(self) -> list[Reading]:
        """The reading at the start of a run, as far as it is known at once."""
        ...

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same reading in the light of what was published since, and what else is new; later only that."""
        ...

    def end(self) -> list[Reading]:
        """What is new up to the end of a run, which is now."""
        ...

    def finish(self, seen: Sequence[Publication]) -> list[Reading]:
        """The reading at the end of the run, in the light of what was published since."""
        ...

    def verdict(self) -> str:
        """What the reader must know of how it was read, in a sentence; empty for nothing."""
        return ""

    def watched(self) -> tuple[Callable[[], int], Publication] | None:
        """What to watch for publications, and what it showed last and when; None where nothing is gained by it."""
        ...


class Beat(NamedTuple):
    """What publications of a counter tell.

    Parameters
    ----------
    first_ns : int
        When the first came, on the monotonic clock [ns].
    period_s : float
        The time from the first to the second [s].
    power_mw : float
        What was drawn in between [mW].
    """

    first_ns: int
    period_s: float
    power_mw: float


def beat_of(seen: Sequence[Publication]) -> Beat:
    """The beat of two publications or more: the usual one, unless they cannot have been numbers of periods apart.

    Where they can, each tells when the first came, and another may tell it better than the first itself.
    """
    first, last = seen[0], seen[-1]
    usual_ns = round(USUAL_PERIOD_S * NS_PER_S)
    beats = [round((later.time_ns - first.time_ns) / usual_ns) for later in seen]
    firsts_ns = [later.time_ns - beat * usual_ns for later, beat in zip(seen, beats, strict=True)]
    after_ns = max(time_ns - later.unsure_ns for time_ns, later in zip(firsts_ns, seen, strict=True))
    until_ns = min(time_ns + later.unsure_ns for time_ns, later in zip(firsts_ns, seen, strict=True))
    if after_ns > until_ns or beats[-1] == 0:
        return Beat(first.time_ns, seconds(first, seen[1]), per_second(first, last))
    power_mw = (last.value - first.value) / (beats[-1] * USUAL_PERIOD_S)
    return Beat((after_ns + until_ns) // 2, USUAL_PERIOD_S, power_mw)


def seconds(before: Publication, after: Publication) -> float:
    """The time between two publications [s]."""
    return (after.time_ns - before.time_ns) / NS_PER_S


def per_second(before: Publication, after: Publication) -> float:
    """The change of a value with time [counts/s]: for a counter of mJ the power in mW. 0 where no time passed."""
    elapsed_s = seconds(before, after)
    return (after.value - before.value) / elapsed_s if elapsed_s > 0.0 else 0.0
