"""What every method of reading a device has in common.

Between its publications a sensor stands still, so a value taken at a run's edge is old by up to a period. What is known
besides makes it exact: outside the run the power is steady (it was before, it is after), so that whatever else was
published around an edge belongs to the run. Readings at the edges are therefore inferred integers; all others are the
hardware's own.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

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
    def restarted(self) -> bool:
        """Whether it must be settled again before it gives readings."""
        return False

    def start(self) -> list[Reading]:
        """The reading at the start of a run, as far as it is known at once."""
        ...

    def settle(self, seen: Sequence[Publication]) -> list[Reading]:
        """The same reading in the light of what was published since, and what else is new."""
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


def period_s(seen: Sequence[Publication]) -> float:
    """The time between the first two publications [s], or the usual one."""
    return seconds(seen[0], seen[1]) if len(seen) > 1 else USUAL_PERIOD_S


def seconds(before: Publication, after: Publication) -> float:
    """The time between two publications [s]."""
    return (after.time_ns - before.time_ns) / NS_PER_S


def per_second(before: Publication, after: Publication) -> float:
    """The change of a value with time [counts/s]: for a counter of mJ the power in mW. 0 where no time passed."""
    elapsed_s = seconds(before, after)
    return (after.value - before.value) / elapsed_s if elapsed_s > 0.0 else 0.0
