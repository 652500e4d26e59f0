"""What is metered and what a meter says: the words that probes and the ledger share.

A `Probe` describes each thing it meters once, as a `Meter`, and then yields `Reading`s: integers as the hardware gives
them. Units, wrap points and accuracy stand on the meter, so that a reading stays as small as a stamp and a count.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Basis(StrEnum):
    """How a value came about, best first."""

    MEASURED = "measured"
    MODELLED = "modelled"
    DEFAULT = "default"

    @property
    def rank(self) -> int:
        """0 for the best basis, growing as it gets worse."""
        return _BASIS_RANK[self]

    @staticmethod
    def worst(*bases: "Basis") -> "Basis":
        """The worst of several: what a sum of values with these bases must be called."""
        return max(bases, key=lambda basis: basis.rank)


_BASIS_RANK = {Basis.MEASURED: 0, Basis.MODELLED: 1, Basis.DEFAULT: 2}


class Domain(StrEnum):
    """The part of a machine that a meter sees, as a tree: a domain contains those whose `parent` it is.

    NODE is the wall plug (or the power supply's input); PLATFORM is RAPL's psys; MODULE is a superchip's or an
    accelerator module's total. GPU means any accelerator, GPU_INSTANCE one of the parts that it is cut into (MIG).
    """

    NODE = "node"
    PLATFORM = "psys"
    MODULE = "module"
    PACKAGE = "package"
    CORE = "core"
    UNCORE = "uncore"
    DRAM = "dram"
    GPU = "gpu"
    GPU_MEMORY = "gpu_memory"
    GPU_INSTANCE = "gpu_instance"

    @property
    def parent(self) -> "Domain | None":
        """The smallest domain that contains this one; None for the node."""
        return _PARENT[self]

    def contains(self, other: "Domain") -> bool:
        """Whether `other` lies strictly inside this domain, at any depth."""
        parent = other.parent
        while parent is not None:
            if parent is self:
                return True
            parent = parent.parent
        return False


_PARENT: dict[Domain, Domain | None] = {
    Domain.NODE: None,
    Domain.PLATFORM: Domain.NODE,
    Domain.MODULE: Domain.NODE,
    Domain.PACKAGE: Domain.PLATFORM,
    Domain.CORE: Domain.PACKAGE,
    Domain.UNCORE: Domain.PACKAGE,
    Domain.DRAM: Domain.PLATFORM,
    Domain.GPU: Domain.NODE,
    Domain.GPU_MEMORY: Domain.GPU,
    Domain.GPU_INSTANCE: Domain.GPU,
}


class Kind(StrEnum):
    """What a meter's integers mean, which decides how the ledger turns them into energy."""

    COUNTER = "counter"
    """A running total of energy: the difference of two readings."""

    POWER = "power"
    """Power at (or over a window shorter than its period before) the stamp: integrated by trapezoid."""

    POWER_AVERAGE = "power_average"
    """Power averaged over the `window_s` before the stamp: its running integral is recovered exactly."""


@dataclass(frozen=True, slots=True)
class Channel:
    """The thing metered. Who used it (a run, a process, a container) is another type.

    Parameters
    ----------
    host : str
        The machine's name.
    domain : Domain
        The part of the machine.
    device : str
        Stable name within host and domain: ``"package-0"``, ``"dram-0-1"``, a GPU's UUID.
    basis : Basis
        `MEASURED` for a hardware meter, `MODELLED` for an estimate from utilisation.
    """

    host: str
    domain: Domain
    device: str
    basis: Basis = Basis.MEASURED

    def __hash__(self) -> int:
        """That of its device, which few share: channels are looked up hundreds of times a tick."""
        return hash(self.device)


class Cut(NamedTuple):
    """Which part of a device that is cut into several this is.

    Parameters
    ----------
    device : str
        The whole device, as its own channel names it.
    number : int
        The part's number on it (of MIG: of the GPU instance).
    profile : str
        What the maker calls a part of this size: ``"3g.40gb"``.
    """

    device: str
    number: int
    profile: str


@dataclass(frozen=True, slots=True)
class Meter:
    """What a probe meters on one channel, and how well.

    Parameters
    ----------
    channel : Channel
        What is metered.
    name : str
        For people: ``"NVIDIA A100-SXM4-80GB"``.
    method : str
        ``"nvml.total_energy"``, ``"rapl.powercap"``, ...: what goes on the record.
    kind : Kind
        What the integers mean.
    unit : float
        Joules per count of a counter [J], watts per count of a power [W].
    wrap_count : int or None
        A counter goes from ``wrap_count - 1`` to 0; None where it does not wrap in a machine's life.
    power_max_w : float
        More than this is not power but a reset counter or a broken sensor [W].
    period_s : float
        How often to read it while nothing happens [s].
    window_s : float
        `POWER_AVERAGE` only: the length of the averaging window [s].
    gain_p5, gain_p95 : float
        True energy over reported energy, 5th and 95th percentile over devices of this kind. Includes what a part-time
        sensor does not see.
    source : str
        Where the accuracy figures come from.
    observed_ratio : float
        The part of the time that the sensor looks, in 0..1; what it does not see lies between the two powers below.
    power_floor_w : float
        The least that the device draws while the sensor looks away [W].
    power_ceiling_w : float or None
        The most that the device draws while the sensor looks away [W]; None for `power_max_w`.
    relayed : bool
        Whether another program reads the hardware and tells; a meter that reads the same itself goes before it.
    cut : Cut or None
        Which part of a device this is; None for whole devices.
    """

    channel: Channel
    name: str
    method: str
    kind: Kind
    unit: float
    wrap_count: int | None = None
    power_max_w: float = 10_000.0
    period_s: float = 1.0
    window_s: float = 0.0
    gain_p5: float = 1.0
    gain_p95: float = 1.0
    source: str = ""
    observed_ratio: float = 1.0
    power_floor_w: float = 0.0
    power_ceiling_w: float | None = None
    relayed: bool = False
    cut: Cut | None = None

    def true_energy_j(self, energy_j: float, covered_s: float) -> tuple[float, float]:
        """The interval in which the true energy lies, given what this meter reported.

        ``gain x (observed E + (1 - observed) P t)`` with P between `power_floor_w` and `power_ceiling_w`: a load in
        step with a part-time sensor may draw anything between the two while the sensor looks away, and nothing that the
        sensor reports can tell.

        Parameters
        ----------
        energy_j : float
            What the meter reported [J].
        covered_s : float
            Over how long [s].
        """
        seen_j = self.observed_ratio * energy_j
        unseen_s = (1.0 - self.observed_ratio) * covered_s
        ceiling_w = self.power_max_w if self.power_ceiling_w is None else self.power_ceiling_w
        least_j = min(seen_j + unseen_s * self.power_floor_w, energy_j)
        most_j = max(seen_j + unseen_s * ceiling_w, energy_j)
        return self.gain_p5 * least_j, self.gain_p95 * most_j


class Reading(NamedTuple):
    """One answer of one meter.

    Parameters
    ----------
    meter : Meter
        Who answered. Compared by identity on the hot path: a probe yields the same object each time.
    value : int
        As the hardware gives it; its unit stands on the meter.
    time_ns : int
        Monotonic clock at which the value held [ns].
    covered_ns : int or None
        Of a counter that somebody else keeps: the time that its total covers, as a total of its own; None where a
        counter misses nothing [ns].
    """

    meter: Meter
    value: int
    time_ns: int
    covered_ns: int | None = None
