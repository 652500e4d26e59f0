"""A device that is cut into MIG instances: what each of them took of it, and each process in them.

NVML meters the power of the whole device alone and samples no utilisation there (NVIDIA MIG User Guide, "Device
monitoring"; NVML API Reference Guide, nvmlDeviceGetProcessUtilization). The rule, for the time between two looks:

1. What the device draws when nobody uses any instance is there whoever does: it is spread over all of its compute
   slices, so that each instance has that of its own, and slices in no instance have the rest. It is the least that was
   seen while no process held a context on any instance; until that was seen it is taken for nothing.
2. What the device draws beyond that is of the instances that somebody uses, by their compute slices.
3. Within an instance processes have parts by the rule of `dcfoot_probes.nvidia.sharing`.

So instances and what is left for the slices in none add up to the meter, and neither a neighbour who comes nor slices
that nobody rents are charged to who uses one. A process that holds an instance and does nothing counts as one that
computes: NVML tells the activity of instances on Hopper and newer alone (nvmlGpmMigSampleGet), and on what scale is not
documented (github.com/NVIDIA/DCGM, issues 138 and 152: 33 % at the most on three slices, more than 100 % elsewhere), so
that it is not used here. Kepler takes the activity that DCGM tells, else equal parts whatever the size, and likewise no
idle power until it saw the device idle (github.com/sustainable-computing-io/kepler, pull requests 2388 and 2422).
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from time import monotonic
from typing import NamedTuple, TypeVar

from dcfoot_probes.nvidia.nvml import FIELD_POWER_AVERAGE, Instance, Nvml, NvmlFault
from dcfoot_probes.nvidia.sharing import Part

T = TypeVar("T")

LIST_S = 10.0
"""How often is looked which instances there are [s] (a choice: they are made by hand, or at a job's start)."""


class Held(NamedTuple):
    """An instance in some time: its compute slices, and whether somebody used it or it was allocated."""

    slices: int
    used: bool


def divided(held: Sequence[Held], slices: int, idle_ratio: float) -> list[float]:
    """Each instance's part of what the device drew; what they leave of 1 is that of slices in no instance.

    Parameters
    ----------
    held : Sequence of Held
        The instances.
    slices : int
        The device's compute slices.
    idle_ratio : float
        The part of its power that it draws when nobody uses it, in 0..1.
    """
    whole = max(slices, sum(one.slices for one in held))
    used = sum(one.slices for one in held if one.used)
    return [
        idle_ratio * one.slices / whole + ((1.0 - idle_ratio) * one.slices / used if one.used else 0.0) for one in held
    ]


class InstanceUse(NamedTuple):
    """What an instance took: its part of the device, and each process's part of the device; None is not known."""

    instance: Instance
    ratio: float
    uses: Mapping[int, float] | None


class Instances:
    """The MIG instances of a device, from look to look. They may be made and removed meanwhile.

    Parameters
    ----------
    nvml : Nvml
        The library.
    handle : object
        The device's.
    part_of : Callable[[Instance], Part]
        Follows the users of one.
    clock_s : Callable[[], float]
        The monotonic clock [s].
    """

    def __init__(
        self, nvml: Nvml, handle: object, part_of: Callable[[Instance], Part], clock_s: Callable[[], float] = monotonic
    ) -> None:
        self._nvml, self._handle = nvml, handle
        self._whole_slices = nvml.instances_most(handle)
        self._power_mw = nvml.field_or_power_reader(handle, FIELD_POWER_AVERAGE)
        self._idle_mw: float | None = None
        self._part_of = part_of
        self._clock_s = clock_s
        self._next_list_s = float("-inf")
        self._parts: dict[str, tuple[Instance, Part]] = {}

    def share(self, pids: AbstractSet[int]) -> float | None:
        """The part of the device that these processes used; None where it is not known. May raise `NvmlFault`."""
        asked = self._asked(lambda part: part.share(pids))
        known = [(ratio, share) for (_, part), ratio, share in asked if part.counts]
        if not asked or any(share is None for _, share in known):
            return None
        return sum(ratio * (share or 0.0) for ratio, share in known)

    def uses(self) -> list[InstanceUse]:
        """What each instance took since the last call. May raise `NvmlFault`."""
        return [
            InstanceUse(instance, ratio, uses and {pid: ratio * use for pid, use in uses.items()})
            for (instance, _), ratio, uses in self._asked(lambda part: part.uses())
        ]

    def _asked(self, question: Callable[[Part], T]) -> list[tuple[tuple[Instance, Part], float, T]]:
        """Every instance with its part of the device and its answer."""
        if self._clock_s() >= self._next_list_s:
            self._look_again()
        try:
            parts = [*self._parts.values()]
            answers = [question(part) for _, part in parts]
        except NvmlFault:  # one that was removed
            self._next_list_s = float("-inf")
            self._parts = {}
            raise
        held = [Held(part.slices, part.counts) for _, part in parts]
        ratios = divided(held, self._whole_slices, self._idle_ratio(in_use=any(part.used for _, part in parts)))
        return list(zip(parts, ratios, answers, strict=True))

    def _look_again(self) -> None:
        try:
            listed = self._nvml.instances(self._handle)
        except NvmlFault:
            if self._parts:  # one may be on its way out: the others are there all the same
                return
            raise
        self._next_list_s = self._clock_s() + LIST_S
        found = {one.uuid: one for one in listed}
        self._parts = {
            uuid: known if (known := self._parts.get(uuid)) and known[0] == one else (one, self._part_of(one))
            for uuid, one in found.items()
        }

    def _idle_ratio(self, *, in_use: bool) -> float:
        power_mw = self._power_mw() if self._power_mw else 0
        if not in_use and power_mw > 0:
            self._idle_mw = min(power_mw, self._idle_mw or power_mw)
        return min((self._idle_mw or 0.0) / power_mw, 1.0) if power_mw > 0 else 0.0
