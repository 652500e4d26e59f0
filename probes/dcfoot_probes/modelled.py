"""Processors and memory that have no meter: what a model says they draw, and how wide that must be taken.

The processors draw their rated power times a load curve of servers at the utilisation that the kernel counts; memory
draws the same for each GiB, busy or not. Each probe advances a counter of its own at every reading, and stands back
where a hardware meter sees the same.
"""

from bisect import bisect_right
from collections.abc import Sequence

from dcfoot.activity import machine_seconds
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.machine import describe_machine, first_processor
from dcfoot.probe import Surroundings
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter, Reading
from dcfoot.units import J_PER_UJ, NS_PER_S
from dcfoot_probes.covering import processor_domains
from dcfoot_probes.cpu_power import TABLES, RatedPower, rated_power

CPU_METHOD = "modelled.tdp_load_curve"
MEMORY_METHOD = "modelled.memory_size"

PROCESSOR_DOMAINS = frozenset({Domain.PACKAGE, Domain.CORE, Domain.PLATFORM, Domain.MODULE})
MEMORY_DOMAINS = frozenset({Domain.DRAM, Domain.PLATFORM, Domain.MODULE})
"""The domains whose meters see the processors, and the memory."""

MEMORY_W_PER_GIB, MEMORY_P5_W_PER_GIB, MEMORY_P95_W_PER_GIB = 0.15, 0.06, 0.40
"""Power of memory [W/GiB]: the same as for a server's memory in ``dcfoot/data/node_classes.csv``. Others publish 0.392
(Cloud Carbon Footprint), 0.375 (Crucial: 3 W for 8 GB) and 0.284 (Boavizta), all for small modules and inside the
interval."""

MEMORY_SOURCE = (
    "0.06 to 0.40 W/GiB: Crucial (a module of 16-32 GB in practice 2-4 W; at most 3 W for 8 GB); "
    "Cloud Carbon Footprint 0.392 W/GB"
)


def load_curve() -> list[tuple[float, float]]:
    """Load and power, each as a part of its maximum, at eleven points (``data/load_curve.csv``)."""
    rows = (TABLES / "load_curve.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [(float(load), float(power)) for load, power, *_ in (row.split(",") for row in rows)]


def power_ratio(curve: Sequence[tuple[float, float]], load_ratio: float) -> float:
    """Power as a part of that at full load, on the straight line between the two nearest points of the curve.

    Parameters
    ----------
    curve : sequence of (float, float)
        Load and power, ascending from load 0 to load 1 [-]
    load_ratio : float
        In 0..1 [-]
    """
    upper = min(bisect_right(curve, (load_ratio, 2.0)), len(curve) - 1)
    (load_0, power_0), (load_1, power_1) = curve[upper - 1 : upper + 1]
    return power_0 + (load_ratio - load_0) * (power_1 - power_0) / (load_1 - load_0)


class ModelledCpu:
    """The machine's processors by TDP and load.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read.
    """

    name = "modelled_cpu"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._curve: Sequence[tuple[float, float]] = ()
        self._meter: Meter | None = None
        self._full_w = 0.0
        self._energy_j = 0.0
        self._busy_s, self._idle_s, self._time_ns = 0.0, 0.0, 0
        self._load_ratio = 0.0

    def open(self) -> Sequence[Meter]:
        """One meter for all processors.

        Raises
        ------
        ProbeUnavailable
            Where a hardware meter sees them, or the kernel does not tell how busy they are.
        """
        if processor_domains(self._surroundings) & PROCESSOR_DOMAINS:
            raise ProbeUnavailable("a hardware meter sees the processors")
        machine = describe_machine(self._surroundings)
        if machine.cpu_threads is None:
            raise ProbeUnavailable("the kernel does not tell how many processors there are")
        rated = rated_power(machine, first_processor(self._surroundings.root).get("vendor_id", ""))
        self._curve, self._full_w = load_curve(), rated.power_w
        self._busy_s, self._idle_s = self._seconds()
        self._time_ns = self._surroundings.clock_ns()
        self._load_ratio = self._busy_s / max(self._busy_s + self._idle_s, 1.0)
        self._meter = self._described(machine.cpu_name, rated)
        return (self._meter,)

    def read(self) -> Sequence[Reading]:
        """The counter, advanced by the power at the load since the last reading.

        Raises
        ------
        ProbeTransient
            Where the kernel does not tell how busy the processors are.
        """
        if self._meter is None:
            raise ProbeTransient("not open")
        try:
            self._advance(*self._seconds(), self._surroundings.clock_ns())
        except ProbeUnavailable as silent:
            raise ProbeTransient(silent.reason) from None
        return (Reading(self._meter, round(self._energy_j / J_PER_UJ), self._time_ns),)

    def close(self) -> None:
        """Nothing is held."""

    def _advance(self, busy_s: float, idle_s: float, time_ns: int) -> None:
        busy, idle = max(busy_s - self._busy_s, 0.0), max(idle_s - self._idle_s, 0.0)
        # The kernel counts in steps of 10 ms: between two readings closer than that, the load is the last one known.
        if busy + idle > 0.0:
            self._load_ratio = busy / (busy + idle)
        elapsed_s = (time_ns - self._time_ns) / NS_PER_S
        self._energy_j += self._full_w * power_ratio(self._curve, self._load_ratio) * max(elapsed_s, 0.0)
        self._busy_s, self._idle_s, self._time_ns = busy_s, idle_s, time_ns

    def _seconds(self) -> tuple[float, float]:
        try:
            return machine_seconds(self._surroundings.root / "proc")
        except (OSError, ValueError):
            raise ProbeUnavailable(f"{self._surroundings.root / 'proc/stat'} cannot be read") from None

    def _described(self, cpu_name: str | None, rated: RatedPower) -> Meter:
        return Meter(
            Channel(self._surroundings.host, Domain.PACKAGE, "cpu", Basis.MODELLED),
            f"CPU {cpu_name or '(no name)'}: {rated.how}",
            CPU_METHOD,
            Kind.COUNTER,
            J_PER_UJ,
            power_max_w=2 * rated.power_w,
            gain_p5=rated.gain_p5,
            gain_p95=rated.gain_p95,
            source=rated.source,
        )


class ModelledMemory:
    """The machine's memory by its size.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read.
    """

    name = "modelled_memory"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._meter: Meter | None = None
        self._power_w = 0.0
        self._start_ns = 0

    def open(self) -> Sequence[Meter]:
        """One meter for all memory.

        Raises
        ------
        ProbeUnavailable
            Where a hardware meter sees it, or its size is not known.
        """
        if processor_domains(self._surroundings) & MEMORY_DOMAINS:
            raise ProbeUnavailable("a hardware meter sees the memory")
        gib = describe_machine(self._surroundings).memory_gib
        if gib is None:
            raise ProbeUnavailable("the kernel does not tell how much memory there is")
        self._power_w = MEMORY_W_PER_GIB * gib
        self._start_ns = self._surroundings.clock_ns()
        self._meter = Meter(
            Channel(self._surroundings.host, Domain.DRAM, "memory", Basis.MODELLED),
            f"memory: {gib:.0f} GiB of {MEMORY_W_PER_GIB:g} W",
            MEMORY_METHOD,
            Kind.COUNTER,
            J_PER_UJ,
            power_max_w=2 * self._power_w,
            gain_p5=MEMORY_P5_W_PER_GIB / MEMORY_W_PER_GIB,
            gain_p95=MEMORY_P95_W_PER_GIB / MEMORY_W_PER_GIB,
            source=MEMORY_SOURCE,
        )
        return (self._meter,)

    def read(self) -> Sequence[Reading]:
        """The counter, advanced to now."""
        if self._meter is None:
            raise ProbeTransient("not open")
        now_ns = self._surroundings.clock_ns()
        energy_j = self._power_w * (now_ns - self._start_ns) / NS_PER_S
        return (Reading(self._meter, round(energy_j / J_PER_UJ), now_ns),)

    def close(self) -> None:
        """Nothing is held."""
