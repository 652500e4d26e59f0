"""Follows who uses a device, whole or cut into MIG instances: what `sharing` and `instances` say, put together."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from dcfoot_probes.nvidia.instances import Instances, InstanceUse
from dcfoot_probes.nvidia.nvml import Instance, Nvml, answer_or
from dcfoot_probes.nvidia.sharing import Part, WholeDevice


class Users:
    """Follows the users of one device from look to look.

    Parameters
    ----------
    uuid : str
        The device.
    allocated : bool
        Whether the job was given it, or an instance of it, by name.
    instances : frozenset of str
        The MIG instances that it was given; empty for whole devices.
    is_process : Callable[[int], bool]
        Whether there is such a process where we look.
    """

    def __init__(
        self, uuid: str, *, allocated: bool, instances: frozenset[str], is_process: Callable[[int], bool]
    ) -> None:
        self.uuid = uuid
        self.parts: Sequence[InstanceUse] = ()
        self._allocated = allocated
        self._instances_allocated = instances
        self._is_process = is_process
        self._device: WholeDevice | Instances | None = None

    def bind(self, nvml: Nvml, handle: object) -> None:
        """Prepares the calls for a handle. MIG cannot be switched on or off while a device is open, as it is here.

        A driver that does not tell who uses a device leaves it metered all the same.
        """
        self._device = answer_or(None, lambda: self._followed(nvml, handle))

    def _followed(self, nvml: Nvml, handle: object) -> WholeDevice | Instances:
        if not nvml.is_cut(handle):
            return WholeDevice(nvml, handle, self._is_process, allocated=self._is_allocated(self.uuid))

        def part_of(one: Instance) -> Part:
            allocated = self._is_allocated(one.uuid)
            return Part(nvml, one.handle, self._is_process, allocated=allocated, slices=one.slices)

        return Instances(nvml, handle, part_of)

    def _is_allocated(self, uuid: str) -> bool:
        return uuid in self._instances_allocated or (self._allocated and not self._instances_allocated)

    def share(self, pids: AbstractSet[int]) -> float | None:
        """The run's part of the device since the last call; None where it is not known. May raise `NvmlFault`."""
        return self._device.share(pids) if self._device else None

    def uses(self) -> Mapping[int, float] | None:
        """Each process's part since the last call; None where it is not known. May raise `NvmlFault`."""
        self.parts = ()
        if not isinstance(self._device, Instances):
            return self._device.uses() if self._device else None
        self.parts = self._device.uses()
        return _together(self.parts)


def _together(parts: Sequence[InstanceUse]) -> Mapping[int, float] | None:
    """The same by process, wherever it ran; None where one instance's processes are not known."""
    sums: dict[int, float] = {}
    for part in parts:
        if part.uses is None:
            return None
        for pid, ratio in part.uses.items():
            sums[pid] = sums.get(pid, 0.0) + ratio
    return sums
