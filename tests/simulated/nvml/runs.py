"""Runs of dcfoot over simulated GPUs, each metered figure beside the truth of the same interval."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from dcfoot.ledger import EnergyRecord
from dcfoot.measurement import ChannelEnergy
from dcfoot.probe import ProbeEntry, Surroundings
from dcfoot.reading import Meter
from dcfoot.sampler import Sampler
from dcfoot_probes.nvidia import Nvidia
from simulated.nvml.library import Installed
from simulated.nvml.profile import NS_PER_S, Profile, Square, Steady
from simulated.starved import StarvedError

START_S = 0.3
"""When a run begins, since the machine's epoch [s]: loads begin a little later."""

LOAD_S = 0.6
"""When a load that the run brings may begin [s]: the first readings are taken by then."""

TAIL_S = 0.02
"""How long after its load a run ends [s]."""


IDLE_W = 60.0
"""What a GPU draws before and after a load [W]."""


def loaded(load: Steady | Square, seconds: float, idle_w: float = IDLE_W) -> Profile:
    """Idle, then a load for so long, then idle."""
    return Profile(idle_w, ((LOAD_S, load), (LOAD_S + seconds, Steady(idle_w))))


def end_s(seconds: float) -> float:
    """When a run around such a load ends, since the epoch [s]."""
    return LOAD_S + seconds + TAIL_S


def phases(count: int, period_s: float = 0.1) -> Iterator[float]:
    """Moments spread over a period, none of them at its edge [s]."""
    return ((number + 0.5) * period_s / count for number in range(count))


@dataclass(frozen=True, slots=True)
class MeteredGpu:
    """What was metered of one GPU, and what it truly drew between the first and the last reading.

    Parameters
    ----------
    energy : ChannelEnergy
        As the ledger has it.
    true_j : float
        The truth [J].
    span_s : float
        From the first to the last reading [s].
    records : Sequence[EnergyRecord]
        What was booked.
    """

    energy: ChannelEnergy
    true_j: float
    span_s: float
    records: Sequence[EnergyRecord]

    @property
    def meter(self) -> Meter:
        """How it was metered."""
        return self.energy.meter

    @property
    def error_ratio(self) -> float:
        """What was metered too much, over the truth."""
        return self.energy.energy_j / self.true_j - 1.0

    @property
    def interval_j(self) -> tuple[float, float]:
        """Where the meter says that the truth lies [J]."""
        return self.meter.true_energy_j(self.energy.energy_j, self.energy.covered_s)

    @property
    def interval_holds(self) -> bool:
        """Whether the truth lies there."""
        low_j, high_j = self.interval_j
        return low_j <= self.true_j <= high_j


@dataclass(frozen=True, slots=True)
class MeteredRun:
    """A run: its GPUs in the order of their index (those without a meter left out), its remarks and gauges."""

    gpus: Sequence[MeteredGpu]
    remarks: Sequence[str]
    gauges: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])


def metered_run(
    installed: Installed,
    until_s: float,
    *,
    surroundings: Surroundings | None = None,
    pids: Callable[[], AbstractSet[int]] = frozenset,
    interval_s: float = 1.0,
) -> MeteredRun:
    """Meters simulated GPUs from `START_S` to `until_s` after their epoch, by the real probe and sampler.

    Parameters
    ----------
    installed : Installed
        The GPUs.
    until_s : float
        When the run ends [s].
    surroundings : Surroundings or None
        The machine, for the probe.
    pids : Callable[[], AbstractSet[int]]
        The run's processes.
    interval_s : float
        How often counters are read [s].

    Raises
    ------
    StarvedError
        Where the machine had so little time that the run is not the one that was asked for.
    """
    records: list[EnergyRecord] = []
    sampler = Sampler(
        [ProbeEntry("nvidia", lambda: Nvidia)],
        surroundings or Surroundings(),
        activity=lambda: None,
        pids=pids,
        interval_s=interval_s,
        on_record=records.append,
    )
    sleep_until(installed, START_S)
    sampler.start()
    brought = any(load[0] == LOAD_S for gpu in installed.gpus.gpus for load in gpu.profile.loads)
    if brought and installed.gpus.seconds(time.monotonic_ns()) > LOAD_S:
        sampler.stop()
        raise StarvedError("the first readings came after the load that they should come before")
    sampler.job_started.set()
    sleep_until(installed, until_s)
    sampler.stop()
    gpus = [_metered(installed, energy, records) for energy in sampler.ledger.energies()]
    return MeteredRun(gpus, sampler.remarks(), sampler.gauges())


def sleep_until(installed: Installed, moment_s: float) -> None:
    """Sleeps until a moment, in s after the epoch."""
    time.sleep(max(0.0, moment_s - installed.gpus.seconds(time.monotonic_ns())))


def _metered(installed: Installed, energy: ChannelEnergy, records: Sequence[EnergyRecord]) -> MeteredGpu:
    own = [record for record in records if record.channel == energy.meter.channel]
    index = next(i for i, gpu in enumerate(installed.gpus.gpus) if gpu.uuid == energy.meter.channel.device)
    start_ns = min((record.start_ns for record in own), default=0)
    end_ns = max((record.end_ns for record in own), default=0)
    true_j = installed.true_energy_j(start_ns, end_ns, index)
    return MeteredGpu(energy, true_j, (end_ns - start_ns) / NS_PER_S, own)
