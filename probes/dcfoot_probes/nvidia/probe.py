"""NVIDIA GPUs as the sampler sees them: meters, readings, exact edges, who used them, how they are.

Every device that is awake is metered, also one that the job was not given: the node's power is that of all its chips,
and whoever wants the whole node wants them counted. What the job was given (CUDA_VISIBLE_DEVICES) decides whose an idle
device is; `sharing` states the rule. A device that sleeps is never woken; one that wakes up later is metered from then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.probe import Part, Surroundings
from dcfoot.reading import Meter, Reading
from dcfoot.units import NS_PER_S
from dcfoot_probes.nvidia.allocation import Allocation, allocation
from dcfoot_probes.nvidia.edges import Publication, await_publications
from dcfoot_probes.nvidia.finding import Finder, Found
from dcfoot_probes.nvidia.gpu import Gpu, open_gpu
from dcfoot_probes.nvidia.nvml import Nvml, NvmlFault, answer_or
from dcfoot_probes.nvidia.users import Users

HAND_OVER_S = 0.95
"""How often readings are handed over, unless they are wanted more often [s]: power is polled in between, but who used a
device is asked only then, for that may cost the driver a millisecond. A little under a second, so that a tick that
comes early is not passed by."""

RESTART_PUBLICATIONS = 5
"""How many publications are watched for where a counter restarted [-] (a choice: the power between the first and the
last of them, 0.4 s, is known to a few hundredths; it stands in for what was lost)."""


class Nvidia:
    """NVIDIA's GPUs.

    Parameters
    ----------
    surroundings : Surroundings
        The machine. Below its root stands which devices sleep; the library is the one that the loader finds.
    """

    name = "nvidia"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._finder = Finder(surroundings.root)
        self._allocation = Allocation(None)
        self._gpus: list[Gpu] = []
        self._polled: list[Gpu] = []
        self._sleeping: list[Found] = []
        self._told: list[str] = []
        self._pending: list[Reading] = []
        self._started: list[Gpu] = []
        self._next_ns = 0
        self._hand_over_s = HAND_OVER_S

    def open(self) -> Sequence[Meter]:
        """One meter a device that is awake and has energy or power; none where all sleep.

        Raises
        ------
        ProbeUnavailable
            Where there is no driver, or no device that can be read.
        """
        found = self._finder.found()
        self._allocation = allocation(self._surroundings.environ, found, self._device_of_instance)
        self._sleeping = [one for one in found if one.handle is None]
        self._add(gpu for one in found if one.handle is not None for gpu in self._opened(one))
        if not self._gpus and not self._sleeping:
            reasons = [*self._finder.notes, *self._told]
            raise ProbeUnavailable("; ".join(reasons) or "NVIDIA's driver shows no GPU", "nvidia-smi -L")
        return [gpu.source.meter for gpu in self._gpus]

    def pace(self, interval_s: float) -> None:
        """Hands readings over as often as they are wanted, and once a second at least."""
        hand_over_s = HAND_OVER_S * min(interval_s, 1.0)
        if hand_over_s != self._hand_over_s:
            self._hand_over_s, self._next_ns = hand_over_s, 0

    def read(self) -> Sequence[Reading]:
        """What is new; in a run about once a second, and nothing in between while power is polled."""
        self._open_awoken()
        if self._polled and self._surroundings.clock_ns() < self._next_ns:
            self._pending += _readings(self._new_of(self._polled))
            return ()
        if self._started:
            self._put_off()
        return self._handed_over(self._new_of(self._gpus))

    def _new_of(self, gpus: Sequence[Gpu]) -> list[Sequence[Reading] | None]:
        """What is new of some devices; where one must be watched, all whose power is polled are."""
        new: list[Sequence[Reading] | None] = [gpu.read() for gpu in gpus]
        unsettled = [gpu for gpu in gpus if gpu.source.unsettled]
        if unsettled:
            together = dict.fromkeys([*unsettled, *self._polled])
            new += [gpu.source.settle(seen) for gpu, seen in self._watched([*together], RESTART_PUBLICATIONS)]
        return new

    def _add(self, gpus: Iterable[Gpu]) -> None:
        self._gpus += gpus
        self._polled = [gpu for gpu in self._gpus if gpu.source.meter.period_s < HAND_OVER_S]

    def read_start(self) -> Sequence[Reading]:
        """The first readings, as they stand."""
        firsts = [(gpu, gpu.start()) for gpu in self._gpus]
        self._started = [gpu for gpu, first in firsts if first]
        return self._handed_over(first for _, first in firsts)

    def settle_start(self) -> Sequence[Reading]:
        """The first readings, now exact; what else was seen meanwhile is handed over with the next ones."""
        self._put_off()
        settled = [gpu.source.settle(seen) for gpu, seen in self._watched(self._started)]
        self._pending += [reading for _, *more in filter(None, settled) for reading in more]
        return [readings[0] for readings in settled if readings]

    def read_end(self) -> Sequence[Reading]:
        """The last readings, exact."""
        ends = [(gpu, gpu.end()) for gpu in self._gpus]
        watched = self._watched([gpu for gpu, end in ends if end is not None])
        lasts = [
            [*(gpu.source.settle(seen) if gpu.source.unsettled else ()), *gpu.source.finish(seen)]
            for gpu, seen in watched
        ]
        return self._handed_over([*(end for _, end in ends), *lasts])

    def use_ratio(self, pids: AbstractSet[int]) -> Mapping[str, float | None]:
        """The run's share of each device since the last call."""
        return {gpu.uuid: gpu.share(pids) for gpu in self._gpus}

    def uses(self) -> Mapping[str, Mapping[int, float]]:
        """Each process's share of each device since the last call."""
        return {gpu.uuid: uses for gpu in self._gpus if (uses := gpu.uses()) is not None}

    def parts(self) -> Sequence[Part]:
        """What each MIG instance took in the time that `uses` told of."""
        return [part for gpu in self._gpus for part in gpu.parts()]

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """Utilisation, memory, clock, temperature and power limit of each device that answers."""
        return {gpu.uuid: gpu.gauges() or {} for gpu in self._gpus}

    @property
    def notes(self) -> list[str]:
        """What the reader of a receipt must know: what is not metered, what failed, what contradicts itself."""
        return [
            *filter(None, [self._allocation.note]),
            *self._finder.notes,
            *self._told,
            *(f"{one.name or 'an NVIDIA GPU'} slept: it was not woken, and so not metered" for one in self._sleeping),
            *(note for gpu in self._gpus for note in gpu.notes()),
        ]

    def close(self) -> None:
        """Gives the library back."""
        self._finder.close()

    def _handed_over(self, answers: Iterable[Sequence[Reading] | None]) -> Sequence[Reading]:
        answered = [answer for answer in answers if answer is not None]
        if not answered:
            raise ProbeTransient("no NVIDIA GPU answers" if self._gpus else "the NVIDIA GPUs sleep")
        handed, self._pending = self._pending, []
        return [*handed, *_readings(answered)]

    def _put_off(self) -> None:
        self._next_ns = self._surroundings.clock_ns() + round(self._hand_over_s * NS_PER_S)

    def _watched(self, gpus: Sequence[Gpu], count: int = 2) -> Iterator[tuple[Gpu, Sequence[Publication]]]:
        """Each device with what it published within the next moments."""
        watches = {gpu: watch for gpu in gpus if (watch := gpu.source.watched())}
        reads = {gpu: read for gpu, (read, _) in watches.items()}
        held = {gpu: held for gpu, (_, held) in watches.items()}
        seen = await_publications(reads, held, self._surroundings.clock_ns, count)
        return ((gpu, seen.get(gpu, ())) for gpu in gpus)

    def _opened(self, found: Found) -> Iterator[Gpu]:
        """The device, if it can be metered; else that is told."""
        nvml, given = self._finder.library(), self._allocation
        users = Users(
            found.uuid,
            allocated=given.devices is not None and found.uuid in given.devices,
            instances=given.instances,
            is_process=self._is_process,
        )
        try:
            gpu = open_gpu(nvml, found, users, self._surroundings)
        except NvmlFault as fault:
            self._told.append(f"{found.name} ({found.uuid}) cannot be read: {nvml.meaning(fault.code)}")
            return
        if gpu is None:
            self._told.append(f"{found.name} ({found.uuid}) has no energy counter and no power reading")
        else:
            yield gpu

    def _open_awoken(self) -> None:
        for one in self._sleeping:
            if not one.asleep:
                awake = self._finder.awoken(one)
                self._sleeping = [other for other in self._sleeping if other is not one]
                self._add(self._opened(awake) if awake else ())
                self._told.append(f"{one.name or one.uuid} slept until the run woke it; it is metered from then")

    def _device_of_instance(self, uuid: str) -> str | None:
        nvml: Nvml = self._finder.library()
        return answer_or(None, lambda: nvml.uuid(nvml.parent_of(nvml.by_uuid(uuid))))

    def _is_process(self, pid: int) -> bool:
        return (self._surroundings.root / f"proc/{pid}").exists()


def _readings(answers: Iterable[Sequence[Reading] | None]) -> list[Reading]:
    return [reading for answer in answers for reading in answer or ()]
