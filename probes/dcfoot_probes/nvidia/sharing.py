"""Who used a device: the run's part of it, from what the driver says of processes.

The rule, for the time between two looks. The users of a device are the processes that held a context on it at either look,
and those that the driver saw computing between them.

1. All users are the run's: the device was the run's alone, 1.
2. None is: 0, where they are processes of this machine as we see it.
3. Some are: by the driver's samples of compute utilisation, the sum of the run's over the sum of all. Where nothing was
   computed, by the memory that they hold. Where neither is known, nothing is known.
4. No users: an idle device is the run's if it was allocated to it (CUDA_VISIBLE_DEVICES), otherwise nobody's.
5. Users that cannot be told (a container sees the processes of the host under foreign numbers, or sees none on a device
   that is busy), or a driver that refuses: not known.

A device cut into MIG instances has one power meter: each instance that is in use, or allocated, counts by its compute
slices, and is shared by the same rule (utilisation is not sampled there, so by memory).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from dcfoot_probes.nvidia.nvml import Context, Nvml, NvmlFault, Use


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one device, or MIG instance, in one look.

    Parameters
    ----------
    contexts : Mapping[int, int | None]
        By process: the memory it holds [bytes]; None where that is not told.
    computed : Mapping[int, int]
        By process: the sum of its samples of compute utilisation since the look before [%].
    busy : bool
        Whether the device computed just now.
    """

    contexts: Mapping[int, int | None] = field(default_factory=dict[int, int | None])
    computed: Mapping[int, int] = field(default_factory=dict[int, int])
    busy: bool = False

    @staticmethod
    def of(contexts: Iterable[Context], uses: Iterable[Use], *, busy: bool) -> "Look":
        """Sums the driver's lists by process."""
        computed: dict[int, int] = {}
        for use in uses:
            computed[use.pid] = computed.get(use.pid, 0) + use.sm_percent
        return Look({context.pid: context.memory_bytes for context in contexts}, computed, busy)


def share(
    before: Look, now: Look, pids: frozenset[int], *, allocated: bool, is_process: Callable[[int], bool]
) -> float | None:
    """The run's part of a device between two looks, in 0..1; None where it is not known.

    Parameters
    ----------
    before, now : Look
        The device at the start and the end of the interval.
    pids : frozenset of int
        The run's processes.
    allocated : bool
        Whether the job was given this device by name.
    is_process : Callable[[int], bool]
        Whether there is, or was, such a process where we look.
    """
    users = before.contexts.keys() | now.contexts.keys() | now.computed.keys()
    ours = users & pids
    if not users:
        return None if now.busy else float(allocated)
    if not ours:
        return 0.0 if any(is_process(pid) for pid in users) else None
    if ours == users:
        return 1.0
    return _part(now.computed, ours) if sum(now.computed.values()) else _part_of_memory(before, now, ours)


def _part_of_memory(before: Look, now: Look, ours: Iterable[int]) -> float | None:
    held = {**before.contexts, **now.contexts}
    if any(memory is None for memory in held.values()) or not sum(memory or 0 for memory in held.values()):
        return None
    return _part({pid: memory or 0 for pid, memory in held.items()}, ours)


def _part(weights: Mapping[int, int], ours: Iterable[int]) -> float:
    return sum(weights.get(pid, 0) for pid in ours) / sum(weights.values())


class Users:
    """Follows the users of one device from look to look."""

    def __init__(self, uuid: str, *, allocated: bool, instances: frozenset[str]) -> None:
        self.uuid = uuid
        self._allocated = allocated
        self._instances_allocated = instances
        self._since_us = 0
        self._before: dict[str, Look] = {}

    def share(
        self, nvml: Nvml, handle: object, pids: frozenset[int], is_process: Callable[[int], bool]
    ) -> float | None:
        """The run's part of the device since the last call; None where it is not known. May raise `NvmlFault`."""
        instances = nvml.instances(handle)
        if not instances:
            now = {self.uuid: self._look(nvml, handle)}
            slices = {self.uuid: 1}
        else:
            now = {instance.uuid: Look.of(nvml.contexts(instance.handle), (), busy=False) for instance in instances}
            slices = {instance.uuid: instance.slices for instance in instances}
        before, self._before = self._before, now
        shares = {
            uuid: share(
                before.get(uuid, Look()), look, pids, allocated=self._is_allocated(uuid), is_process=is_process
            )
            for uuid, look in now.items()
        }
        if not instances:
            return shares[self.uuid]
        used = {uuid for uuid, look in now.items() if look.contexts or self._is_allocated(uuid)}
        return _by_slices({uuid: shares[uuid] for uuid in used}, slices)

    def _is_allocated(self, uuid: str) -> bool:
        return uuid in self._instances_allocated or (self._allocated and not self._instances_allocated)

    def _look(self, nvml: Nvml, handle: object) -> Look:
        contexts = nvml.contexts(handle)
        uses, busy = self._uses(nvml, handle), False
        if not contexts:
            busy = _busy(nvml, handle)
        return Look.of(contexts, uses, busy=busy)

    def _uses(self, nvml: Nvml, handle: object) -> list[Use]:
        """New samples; none where the driver keeps none, and then memory decides."""
        try:
            uses = nvml.uses(handle, self._since_us)
        except NvmlFault:
            return []
        self._since_us = max((use.time_us for use in uses), default=self._since_us)
        return uses


def _by_slices(shares: Mapping[str, float | None], slices: Mapping[str, int]) -> float | None:
    if any(part is None for part in shares.values()):
        return None
    whole = sum(slices[uuid] for uuid in shares)
    return sum(slices[uuid] * (part or 0.0) for uuid, part in shares.items()) / whole if whole else 0.0


def _busy(nvml: Nvml, handle: object) -> bool:
    try:
        return nvml.utilisation_percent(handle) > 0
    except NvmlFault:
        return False
