"""One device over its life: opened, read, lost and found again, left alone while it sleeps."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar, TypeVarTuple

from dcfoot.probe import Part, Surroundings
from dcfoot.reading import Basis, Channel, Cut, Domain, Kind, Meter, Reading
from dcfoot.units import NS_PER_S, W_PER_MW
from dcfoot_probes.nvidia.bus import PciGpu
from dcfoot_probes.nvidia.energy import Device, open_source
from dcfoot_probes.nvidia.finding import Found
from dcfoot_probes.nvidia.gauges import gauges_reader
from dcfoot_probes.nvidia.generations import generation_of
from dcfoot_probes.nvidia.nvml import FIELD_POWER_INSTANT, Instance, Nvml, NvmlFault, answer_or
from dcfoot_probes.nvidia.source import Source
from dcfoot_probes.nvidia.users import Users

T = TypeVar("T")
Told = TypeVarTuple("Told")

FIRST_RETRY_S = 0.25
LAST_RETRY_S = 8.0
"""When a lost device is looked for: at once, then after waits that double, from the first to the last of these [s] (a
choice: a hiccup must cost little, and looking for a device that is off the bus may take a driver long)."""


class Gpu:
    """A device with its source of energy.

    Parameters
    ----------
    nvml : Nvml
        The library.
    pci : PciGpu or None
        Its place on the bus, where sysfs shows it.
    source : Source
        How its energy is read.
    users : Users
        Who uses it.
    clock_ns : Callable[[], int]
        The monotonic clock [ns].
    """

    def __init__(
        self, nvml: Nvml, pci: PciGpu | None, source: Source, users: Users, clock_ns: Callable[[], int]
    ) -> None:
        self.source = source
        self.users = users
        self.uuid = source.meter.channel.device
        self._nvml = nvml
        self._faults: dict[int, int] = {}
        self._instance_meters: dict[Instance, Meter] = {}
        self._pci = pci
        self._sleeper = pci if pci and pci.may_sleep else None
        self._clock_ns = clock_ns
        self._lost = False
        self._retry_ns = 0
        self._retry_s = 0.0

    def bind(self, handle: object) -> None:
        """Takes a handle: the first, or a fresh one. May raise `NvmlFault`."""
        self.source.bind(self._nvml, handle)
        self.users.bind(self._nvml, handle)
        self._gauges = gauges_reader(self._nvml, handle)

    def start(self) -> list[Reading] | None:
        """The reading at the start of a run; None, like all that follows, where the device sleeps or is silent."""
        return self._energy(self.source.start)

    def read(self) -> list[Reading] | None:
        """What is new."""
        return self._energy(self.source.read)

    def end(self) -> list[Reading] | None:
        """What is new up to the end of a run."""
        return self._energy(self.source.end)

    def share(self, pids: AbstractSet[int]) -> float | None:
        """The part of it that these processes used since the last call; None also where that is not known."""
        return None if self._lost else self._answer(self.users.share, pids)

    def uses(self) -> Mapping[int, float] | None:
        """The part of it that each process used since the last call; None also where that is not known."""
        return None if self._lost else self._answer(self.users.uses)

    def parts(self) -> list[Part]:
        """What each of its MIG instances took in the time that `uses` told of; told once."""
        told, self.users.parts = self.users.parts, ()
        return [Part(self._meter_of(one.instance), one.ratio, one.uses) for one in told]

    def _meter_of(self, instance: Instance) -> Meter:
        whole = self.source.meter
        if instance not in self._instance_meters:
            channel = Channel(whole.channel.host, Domain.GPU_INSTANCE, instance.uuid, Basis.MODELLED)
            cut = Cut(self.uuid, instance.number, instance.profile)
            name = f"{whole.name} MIG {instance.profile}"
            self._instance_meters[instance] = Meter(channel, name, "mig.slices", Kind.COUNTER, 1.0, cut=cut)
        return self._instance_meters[instance]

    def gauges(self) -> dict[str, float] | None:
        """How it is doing."""
        return None if self._lost else self._answer(self._gauges)

    def notes(self) -> list[str]:
        """What failed, and what else the reader must know."""
        name = f"{self.source.meter.name} ({self.uuid})"
        failed = [f"{name}: {self._nvml.meaning(code)} ({times} x)" for code, times in self._faults.items()]
        verdict = self.source.verdict()
        return [*failed, f"{name}: {verdict}"] if verdict else failed

    def _energy(self, question: Callable[[], list[Reading]]) -> list[Reading] | None:
        """Asks for energy; a device that does not answer is asked again under a fresh handle, now or later."""
        readings = None if self._lost else self._answer(question)
        if readings is None and self._due():
            self._lost = True
            self._answer(self._find_again)
            readings = None if self._lost else self._answer(question)
        if readings is not None:
            self._retry_ns, self._retry_s = 0, 0.0
        return readings

    def _answer(self, question: Callable[[*Told], T], *told: *Told) -> T | None:
        """What a question answers; faults are counted, and a device that sleeps is not asked."""
        if self._sleeper is not None and self._sleeper.asleep:
            return None
        try:
            return question(*told)
        except NvmlFault as fault:
            self._faults[fault.code] = self._faults.get(fault.code, 0) + 1
            return None

    def _due(self) -> bool:
        """Whether it is time to look for a device that does not answer; the next time is put off further."""
        now_ns = self._clock_ns()
        if now_ns < self._retry_ns or (self._sleeper is not None and self._sleeper.asleep):
            return False
        self._retry_s = min(max(2.0 * self._retry_s, FIRST_RETRY_S), LAST_RETRY_S)
        self._retry_ns = now_ns + round(self._retry_s * NS_PER_S)
        return True

    def _find_again(self) -> None:
        self._nvml.ensure_started()
        self.bind(self._nvml.by_address(self._pci.address) if self._pci else self._nvml.by_uuid(self.uuid))
        self._lost = False


def open_gpu(nvml: Nvml, found: Found, users: Users, surroundings: Surroundings) -> Gpu | None:
    """The device with the best method that it answers to; None where it has neither energy nor power.

    May raise `NvmlFault`.
    """
    device = _device(nvml, found)
    source = open_source(nvml, found.handle, device, surroundings.host, surroundings.clock_ns)
    if source is None:
        return None
    gpu = Gpu(nvml, found.pci, source, users, surroundings.clock_ns)
    gpu.bind(found.handle)
    return gpu


def _device(nvml: Nvml, found: Found) -> Device:
    handle = found.handle
    capability = answer_or(None, lambda: nvml.compute_capability(handle))
    return Device(
        found.uuid,
        found.name,
        generation_of(capability, found.name, nvml.driver_version()),
        limit_w=answer_or(None, lambda: nvml.power_limit_reader(handle)() * W_PER_MW),
        limit_most_w=answer_or(None, lambda: nvml.power_limit_most_mw(handle) * W_PER_MW),
        idle_w=answer_or(None, lambda: _idle_w(nvml, handle)),
    )


def _idle_w(nvml: Nvml, handle: object) -> float | None:
    """The power of a device on which nobody holds a context and nothing is computed [W]; None where it is in use.

    By the sensor's own window: an average of the last second may still hold what ran before.
    """
    power_mw = nvml.field_or_power_reader(handle, FIELD_POWER_INSTANT)
    if power_mw is None or nvml.contexts_reader(handle)() or nvml.utilisation_reader(handle)():
        return None
    return power_mw() * W_PER_MW
