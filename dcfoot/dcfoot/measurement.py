"""What was measured of one run: the meeting point of tracker, store, model and receipt.

The tracker makes a `Measurement`, the store keeps it, `dcfoot.assessment.assess` turns it into a footprint. It holds
joules and seconds only; nothing in it knows of sites, carbon or water.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from dcfoot.by_time import EnergyByTime
from dcfoot.reading import Domain, Meter


class RunState(StrEnum):
    """How a run ended, as far as its journal tells."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class ChannelEnergy:
    """The energy of one channel over a run.

    Parameters
    ----------
    meter : Meter
        What metered it, and how well.
    energy_j : float
        What the meter of that device saw while the run lasted [J].
    attributed_energy_j : float
        This run's share of it [J].
    covered_s : float
        How long the meter was known [s]; the rest of the run is a gap of which nothing is known.
    attributed_p5_j, attributed_p95_j : float or None
        The share's interval from the attribution rule alone [J]; None where the share is exact.
    """

    meter: Meter
    energy_j: float
    attributed_energy_j: float
    covered_s: float
    attributed_p5_j: float | None = None
    attributed_p95_j: float | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine is made of, as far as the model needs it. None is "not known".

    Parameters
    ----------
    cpu_name : str or None
        As ``/proc/cpuinfo`` names it.
    cpu_sockets, cpu_threads : int or None
        Physical packages; logical processors.
    memory_gib : float or None
        Installed memory that the kernel sees [GiB].
    accelerators : tuple of str
        Product names of the accelerators on the bus, one entry each; empty where there is none.
    accelerators_known : bool
        False where the bus could not be listed, so that "none" is not "not known".
    virtual : bool
        Whether this is a virtual machine, whose host is shared with others.
    """

    cpu_name: str | None = None
    cpu_sockets: int | None = None
    cpu_threads: int | None = None
    memory_gib: float | None = None
    accelerators: tuple[str, ...] = ()
    accelerators_known: bool = True
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """A named part of a run: ``with tracker.phase("epoch 1")``. Phases may nest; `path` says in what.

    Parameters
    ----------
    path : str
        ``"train/epoch 1"``.
    start_s, end_s : float
        Since the start of the run [s].
    energy_j : Mapping[str, float]
        This run's attributed energy in that time by domain [J].
    """

    path: str
    start_s: float
    end_s: float
    energy_j: Mapping[str, float]

    @property
    def duration_s(self) -> float:
        """How long it lasted [s]."""
        return self.end_s - self.start_s

    @property
    def chips_energy_j(self) -> float | None:
        """The energy of all domains but the node's, which contains the others [J]; None where no chip is metered."""
        chips = [energy_j for domain, energy_j in self.energy_j.items() if domain != Domain.NODE]
        return sum(chips) if chips else None

    @property
    def average_power_w(self) -> float | None:
        """The same over its duration [W]; None where it had none, or no chip is metered."""
        energy_j = self.chips_energy_j
        return None if energy_j is None or self.duration_s <= 0 else energy_j / self.duration_s


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run on one host (or several, merged), measured.

    Parameters
    ----------
    id : str
        Sorts by time: ``"20261124T081500-3f9a1c"``.
    name : str
        For people; the program's name if none was given.
    tags : Mapping[str, str]
        Whatever the user wants to find it by.
    command : tuple of str
        The job's argument vector; empty for `dcfoot.track()`.
    hosts : tuple of str
        Where it ran; one entry except for a merged run.
    started_at, ended_at : datetime
        Aware, UTC: `ended_at` is the start plus `duration_s`, whatever the wall clock did meanwhile.
    duration_s : float
        On the monotonic clock [s].
    exit_status : int or None
        The job's, as a shell would see it; None while it runs or where nobody saw the end.
    state : RunState
        Whether the end was seen.
    channels : tuple of ChannelEnergy
        One a meter; no channel's domain lies in another's of the same host.
    machine : Machine
        What it ran on (of the first host, for a merged run).
    phases : tuple of Phase
        In order of their end.
    by_time : EnergyByTime
        This run's attributed energy by time, of nodes' own meters all of it (`shared_by_time` has the share); without
        any steps where the run was kept by a dcfoot that kept none.
    gauges : Mapping[str, Mapping[str, float]]
        By device: run means of what else was read (``utilisation_ratio``, ``temperature_c``, ...).
    job : str or None
        The identity that ranks and nodes of one job share (``"slurm-4711"``).
    part_of : str or None
        The run that already measures this process; such a run is never added to others.
    site_id : str or None
        The site the user named; None for none.
    hourly : str or None
        The source of the grid's hours that the user named; None for none.
    overhead_cpu_s : float
        CPU time that dcfoot itself took [s].
    overhead_rss_bytes : int
        dcfoot's own peak memory; 0 where it shares the job's process.
    warnings : tuple of str
        What the reader of the receipt must know.
    measured_s : Mapping[str, float]
        By host: for how long the run was measured there, where that is not all of `duration_s`: runs that were merged
        may have come one after another, with pauses that are nobody's [s].
    """

    id: str
    name: str
    command: tuple[str, ...]
    hosts: tuple[str, ...]
    started_at: datetime
    ended_at: datetime
    duration_s: float
    exit_status: int | None
    state: RunState
    channels: tuple[ChannelEnergy, ...]
    machine: Machine = field(default_factory=Machine)
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    phases: tuple[Phase, ...] = ()
    by_time: EnergyByTime = field(default_factory=EnergyByTime)
    gauges: Mapping[str, Mapping[str, float]] = field(default_factory=dict[str, Mapping[str, float]])
    job: str | None = None
    part_of: str | None = None
    site_id: str | None = None
    hourly: str | None = None
    overhead_cpu_s: float = 0.0
    overhead_rss_bytes: int = 0
    warnings: tuple[str, ...] = ()
    measured_s: Mapping[str, float] = field(default_factory=dict[str, float])

    def measured_on_s(self, host: str) -> float:
        """For how long the run was measured on a host [s]."""
        return self.measured_s.get(host, self.duration_s)

    @property
    def shared_by_time(self) -> EnergyByTime:
        """The attributed energy by time, with its share of what the nodes' own meters saw.

        The share is a ratio, for a part of a merged run may have energy and no steps: those of the others stay theirs.
        """
        nodes = [energy for energy in self.channels if energy.meter.channel.domain is Domain.NODE]
        seen_j = sum(node.energy_j for node in nodes)
        ratio = sum(node.attributed_energy_j for node in nodes) / seen_j if seen_j > 0.0 else 0.0
        return self.by_time.with_share(Domain.NODE, ratio)
