"""What a script can describe: GPUs, their sensors and counters, who uses them, and what goes wrong when.

Every time is in s since the epoch, an instant of the monotonic clock that `SimulatedGpus` holds.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic_ns

from simulated.nvml.profile import NS_PER_S, Profile, steady

FOR_EVER = (float("-inf"), float("inf"))
"""A span of time without ends [s]."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """A power sensor that publishes once a period the mean over a window that ended just then.

    Parameters
    ----------
    part_s : float
        How long the sensor looks in each period [s].
    period_s : float
        From one publication to the next [s].
    windows_count : int
        How many such windows, a period apart, a publication averages: 10 of 0.1 s make a 1-second average, 10 of
        0.025 s one that sees only a quarter of it. With 0 there is no window but a capacitor, whose time constant is
        `part_s`.
    phase_s : float
        When it published, in s after the epoch.
    jitter_s : float
        How much later than due a publication may come, always the same for the same one; less than a period [s].
    lag_s : float
        How long before its publication a window ends [s].
    gradient_ratio : float
        What it shows too much, as a part of the truth: -0.046 for the A100 of `gradient_pct` -4.6.
    offset_w : float
        What it shows too much besides [W].
    recorded : Sequence[tuple[float, float]]
        Values to show instead [s, W], each until the next one, whatever the profile says.
    """

    part_s: float
    period_s: float
    windows_count: int = 1
    phase_s: float = 0.0
    jitter_s: float = 0.0
    lag_s: float = 0.0
    gradient_ratio: float = 0.0
    offset_w: float = 0.0
    recorded: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class EnergyCounter:
    """The driver's energy counter [mJ].

    Parameters
    ----------
    period_s, phase_s, jitter_s, lag_s, gradient_ratio, offset_w
        As for `Sensor`; by default it counts the true energy exactly and shows it every 0.1 s.
    start_mj : int
        What it holds at the epoch [mJ].
    as_seen : bool
        Whether it adds up only what the instant sensor saw.
    resets_s : Sequence[float]
        Moments at which it falls to 0 [s].
    freezes_s : Sequence[tuple[float, float]]
        Spans in which it stands still; it catches up at their end [s].
    """

    period_s: float = 0.1
    phase_s: float = 0.0
    jitter_s: float = 0.0
    lag_s: float = 0.0
    gradient_ratio: float = 0.0
    offset_w: float = 0.0
    start_mj: int = 1_234_567_890
    as_seen: bool = False
    resets_s: Sequence[float] = ()
    freezes_s: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that holds a context on a GPU.

    Parameters
    ----------
    pid : int
        Its process number.
    memory_bytes : int
        GPU memory that it holds [bytes].
    sm_percent, memory_percent : int
        How much of the processors and of the memory bus it uses while it runs [%].
    span_s : tuple[float, float]
        From when to when it is there [s].
    graphics : bool
        Whether its context is one for graphics.
    instance_number, compute_number : int
        The MIG instance in which it runs: the GPU instance and the compute instance of that.
    """

    pid: int
    memory_bytes: int = 1 << 30
    sm_percent: int = 0
    memory_percent: int = 0
    span_s: tuple[float, float] = FOR_EVER
    graphics: bool = False
    instance_number: int = 0
    compute_number: int = 0


@dataclass(frozen=True, slots=True)
class MigInstance:
    """A MIG instance.

    Parameters
    ----------
    uuid : str
        Its name.
    number, compute_number : int
        The numbers of the GPU instance and of the compute instance of that.
    slices : int
        Of the GPU instance.
    memory_bytes : int
        Of the GPU instance [bytes].
    compute_slices : int
        Of the compute instance; 0 for all that the GPU instance has.
    """

    uuid: str
    number: int
    slices: int = 1
    memory_bytes: int = 10 << 30
    compute_number: int = 0
    compute_slices: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong for a while.

    Parameters
    ----------
    call : str
        The call by its name in nvml.h without a version (``"nvmlDeviceGetPowerUsage"``), ``"field:185"`` for one field
        value, or ``"*"`` for every call that is about a device (or, on the machine, for every call).
    code : int
        The nvmlReturn_t that it answers: 3 NOT_SUPPORTED, 4 NO_PERMISSION, 10 TIMEOUT, 15 GPU_IS_LOST, 999 UNKNOWN; 0
        for an answer that only comes late.
    span_s : tuple[float, float]
        From when to when [s].
    delay_s : float | None
        How long every such call takes [s]; None: until the span is over.
    """

    call: str
    code: int = 0
    span_s: tuple[float, float] = FOR_EVER
    delay_s: float | None = 0.0


def hang(call: str, start_s: float, end_s: float) -> Fault:
    """A call made in this span is answered at its end."""
    return Fault(call, 0, (start_s, end_s), None)


@dataclass(frozen=True, slots=True)
class Glitch:
    """A wrong number, given as if it were right.

    Parameters
    ----------
    of : str
        Who shows it: ``"usage"``, ``"average"``, ``"instant"`` or ``"counter"``.
    shown : int
        What it shows [mW; mJ for the counter].
    span_s : tuple[float, float]
        From when to when [s].
    """

    of: str
    shown: int
    span_s: tuple[float, float] = FOR_EVER


@dataclass(frozen=True, slots=True)
class DriverReload:
    """The driver is away in this span [s]; calls answer `code` until the library is initialised again after it.

    Energy counters start again at 0 at its end.
    """

    span_s: tuple[float, float]
    code: int = 9


@dataclass(frozen=True, slots=True)
class SimulatedGpu:
    """One GPU.

    Parameters
    ----------
    profile : Profile
        What it truly draws.
    usage, average, instant, samples : Sensor | None
        What nvmlDeviceGetPowerUsage, the fields 185 and 186 and the sample buffer show; None: not supported.
    counter : EnergyCounter | None
        What nvmlDeviceGetTotalEnergyConsumption and field 83 show; None: not supported.
    samples_count : int
        How many samples the buffer keeps.
    utilisation_percent : tuple[int, int] | None
        Of processors and memory bus [%]; None: what the processes use together.
    use_period_s : float
        The driver's sampling period of utilisation, 1 to 1/6 s (nvml.h, nvmlUtilization_t) [s].
    uses_count : int
        For how many such periods the driver keeps what processes used.
    junk_uses_count : int
        How many rows of junk it adds to them.
    glitches : Sequence[Glitch]
        What is shown wrongly.
    losses_s : Sequence[tuple[float, float]]
        Spans in which the GPU has fallen off the bus; handles from before stay lost after it [s].
    """

    profile: Profile = field(default_factory=lambda: steady(60.0))
    name: str = "NVIDIA Simulated GPU"
    uuid: str = ""
    pci_address: str = ""
    architecture: int = 7
    brand: int = 14
    compute_capability: tuple[int, int] = (8, 0)
    memory_bytes: int = 40 << 30
    memory_reserved_bytes: int = 512 << 20
    temperature_c: int = 41
    sm_clock_mhz: int = 1410
    sm_clock_max_mhz: int = 1410
    memory_clock_mhz: int = 1215
    persistence: bool = True
    power_limit_w: float = 400.0
    power_limits_w: tuple[float, float] = (100.0, 400.0)
    usage: Sensor | None = None
    average: Sensor | None = None
    instant: Sensor | None = None
    samples: Sensor | None = None
    samples_count: int = 120
    counter: EnergyCounter | None = None
    utilisation_percent: tuple[int, int] | None = None
    use_period_s: float = 1 / 6
    uses_count: int = 100
    junk_uses_count: int = 0
    processes: Sequence[GpuProcess] = ()
    mig_instances: Sequence[MigInstance] | None = None
    faults: Sequence[Fault] = ()
    glitches: Sequence[Glitch] = ()
    losses_s: Sequence[tuple[float, float]] = ()

    def at(self, index: int) -> "SimulatedGpu":
        """The same GPU with a UUID and a PCI address by its place, where it has none of its own."""
        name = uuid.uuid5(uuid.NAMESPACE_OID, f"simulated GPU {index}")
        return replace(
            self,
            uuid=self.uuid or f"GPU-{name}",
            pci_address=self.pci_address or f"0000:{0x21 + 0x20 * index:02x}:00.0",
        )


@dataclass(frozen=True, slots=True)
class SimulatedGpus:
    """A machine's GPUs, with the instant of the monotonic clock from which all their times count.

    Parameters
    ----------
    gpus : Sequence[SimulatedGpu]
        In the order of their index; 16 at most.
    epoch_ns : int
        The epoch [ns]; by default the moment at which this was made.
    driver : str
        The driver's version.
    faults : Sequence[Fault]
        What goes wrong for all.
    reloads : Sequence[DriverReload]
        When the driver is reloaded.
    """

    gpus: Sequence[SimulatedGpu]
    epoch_ns: int = field(default_factory=monotonic_ns)
    driver: str = "550.54.15"
    faults: Sequence[Fault] = ()
    reloads: Sequence[DriverReload] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "gpus", tuple(gpu.at(index) for index, gpu in enumerate(self.gpus)))

    def seconds(self, time_ns: int) -> float:
        """A moment of the monotonic clock as s since the epoch."""
        return (time_ns - self.epoch_ns) / NS_PER_S

    def true_energy_j(self, start_ns: int, end_ns: int, index: int | None = None) -> float:
        """What one GPU, or all, truly drew between two moments of the monotonic clock [J]."""
        chosen = self.gpus if index is None else [self.gpus[index]]
        start_s, end_s = self.seconds(start_ns), self.seconds(end_ns)
        return sum(gpu.profile.energy_j(start_s, end_s) for gpu in chosen)

    def mean_power_w(self, start_ns: int, end_ns: int, index: int | None = None) -> float:
        """What one GPU, or all, truly drew on average between two moments of the monotonic clock [W]."""
        return self.true_energy_j(start_ns, end_ns, index) / ((end_ns - start_ns) / NS_PER_S)
