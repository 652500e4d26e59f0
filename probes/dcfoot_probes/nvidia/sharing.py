"""Who used a device: each process's part of it, and the run's, from what the driver says of processes.

The rule, for the time between two looks. The users of a device are the processes that held a context on it at either
look; where those are not all the run's, also those that the driver saw computing in between.

1. All users are the run's: the device was the run's alone, 1.
2. None is: 0, where they are processes of this machine as we see it.
3. Some are: the sum of their parts. A process's part is its share of the driver's samples of compute utilisation; where
   nothing was computed, of the memory that they hold. Where neither is known, nothing is known.
4. No users: an idle device is the run's if it was allocated to it (CUDA_VISIBLE_DEVICES), otherwise nobody's.
5. Users that cannot be told (a container sees the processes of the host under foreign numbers, or sees none on a device
   that is busy), or a driver that refuses: not known.

Each instance of a device that is cut into MIG instances is shared by the same rule (utilisation is not sampled there,
so by memory); `dcfoot_probes.nvidia.instances` states what an instance's part of the device is.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from time import time_ns

from dcfoot.units import NS_PER_US
from dcfoot_probes.nvidia.nvml import Nvml, Use, answer_or


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of one device, or MIG instance, in one look.

    Parameters
    ----------
    memory_bytes : Mapping[int, int | None]
        By process that holds a context: the memory it holds [bytes]; None where that is not told.
    computed_percent : Mapping[int, int]
        By process: the sum of its samples of compute utilisation since the look before [%].
    ours : AbstractSet[int]
        Those of them that belong to the run; asked while they live.
    visible : bool
        Whether any of them is a process where we look.
    busy : bool
        Whether the device computed just now.
    """

    memory_bytes: Mapping[int, int | None] = field(default_factory=dict[int, int | None])
    computed_percent: Mapping[int, int] = field(default_factory=dict[int, int])
    ours: AbstractSet[int] = frozenset()
    visible: bool = False
    busy: bool = False

    @property
    def users(self) -> AbstractSet[int]:
        """Everybody who was seen."""
        return self.memory_bytes.keys() | self.computed_percent.keys()


def share(before: Look, now: Look, *, allocated: bool) -> float | None:
    """The run's part of a device between two looks, in 0..1; None where it is not known.

    Parameters
    ----------
    before, now : Look
        The device at the start and the end of the interval.
    allocated : bool
        Whether the job was given this device by name.
    """
    users = before.memory_bytes.keys() | now.users
    ours = users & (before.ours | now.ours)
    if not users:
        return None if now.busy else float(allocated)
    if not ours:
        return 0.0 if before.visible or now.visible else None
    if ours == users:
        return 1.0
    parts = uses(before, now)
    return None if parts is None else sum(parts.get(pid, 0.0) for pid in ours)


def uses(before: Look, now: Look) -> Mapping[int, float] | None:
    """Each process's part of a device between two looks; they add up to 1 where there are any, None is not known.

    Parameters
    ----------
    before, now : Look
        The device at the start and the end of the interval.
    """
    held = {**before.memory_bytes, **now.memory_bytes}
    users = held.keys() | now.users
    if len(users) <= 1:
        return None if now.busy and not users else dict.fromkeys(users, 1.0)
    computed = {pid: percent for pid, percent in now.computed_percent.items() if percent}
    known = {pid: memory for pid, memory in held.items() if memory is not None}
    weights = computed or (known if len(known) == len(held) else {})
    whole = sum(weights.values())
    return {pid: weight / whole for pid, weight in weights.items()} if whole else None


class Part:
    """A MIG instance, of which the driver tells the contexts.

    Parameters
    ----------
    nvml : Nvml
        The library.
    handle : object
        The instance's.
    is_process : Callable[[int], bool]
        Whether there is such a process where we look.
    allocated : bool
        Whether the job was given it by name.
    slices : int
        Its compute slices.
    """

    def __init__(
        self, nvml: Nvml, handle: object, is_process: Callable[[int], bool], *, allocated: bool, slices: int = 1
    ) -> None:
        self.slices = slices
        self._allocated = allocated
        self.used = False
        self._contexts = nvml.contexts_reader(handle)
        self._is_process = is_process
        self._before = Look()
        self._alone: AbstractSet[int] = frozenset()
        self._looked_us = time_ns() // NS_PER_US

    @property
    def counts(self) -> bool:
        """Whether it is in use, or allocated."""
        return self.used or self._allocated

    def share(self, pids: AbstractSet[int]) -> float | None:
        """The run's part since the last call."""
        since_us, memory_bytes = self._since_us(), self._contexts()
        if memory_bytes and memory_bytes.keys() == self._alone:
            return 1.0  # As it was, and all the run's: what was computed need not be asked.
        before, now = self._before, self._look(memory_bytes, since_us, pids)
        self._before = now
        self._alone = now.ours if now.ours == now.users else frozenset()
        self.used = bool(before.memory_bytes or now.users)
        return share(before, now, allocated=self._allocated)

    def uses(self) -> Mapping[int, float] | None:
        """Each process's part since the last call."""
        before, since_us = self._before, self._since_us()
        now = self._before = self._look(self._contexts(), since_us, frozenset())
        self.used = bool(before.memory_bytes or now.users)
        return uses(before, now)

    def _since_us(self) -> int:
        since_us, self._looked_us = self._looked_us, time_ns() // NS_PER_US
        return since_us

    def _look(self, memory_bytes: Mapping[int, int | None], since_us: int, pids: AbstractSet[int]) -> Look:
        del since_us
        return self._seen(memory_bytes, {}, pids)

    def _seen(
        self,
        memory_bytes: Mapping[int, int | None],
        computed_percent: Mapping[int, int],
        pids: AbstractSet[int],
        *,
        busy: bool = False,
    ) -> Look:
        users = memory_bytes.keys() | computed_percent.keys()
        ours = users & pids
        # A look costs a call of the kernel; while the users are the same, so is where they are.
        if users != self._before.users:
            visible = bool(ours) or any(self._is_process(pid) for pid in users)
        else:
            visible = bool(ours) or self._before.visible
        return Look(memory_bytes, computed_percent, ours, visible, busy)


class WholeDevice(Part):
    """A whole device, of which the driver also tells what processes computed."""

    def __init__(self, nvml: Nvml, handle: object, is_process: Callable[[int], bool], *, allocated: bool) -> None:
        super().__init__(nvml, handle, is_process, allocated=allocated)
        self._uses = nvml.uses_reader(handle)
        self._utilisation = nvml.utilisation_reader(handle)

    def _look(self, memory_bytes: Mapping[int, int | None], since_us: int, pids: AbstractSet[int]) -> Look:
        # A driver that keeps no samples leaves memory to decide.
        computed = _sums(answer_or([], lambda: self._uses(since_us)))
        busy = not memory_bytes and answer_or(0, self._utilisation) > 0
        return self._seen(memory_bytes, computed, pids, busy=busy)


def _sums(uses: Iterable[Use]) -> dict[int, int]:
    sums: dict[int, int] = {}
    for use in uses:
        sums[use.pid] = sums.get(use.pid, 0) + use.sm_percent
    return sums
