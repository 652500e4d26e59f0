"""What the sensors of real cards show, by generation, as measured by others.

Windows and periods: Yang, Adamek, Armour, "Part-time Power Measurements: nvidia-smi's Lack of Attention", SC24,
doi:10.1109/SC41406.2024.00028, table of `power.draw` by generation and driver; here drivers after 530. Which
generations have an energy counter: nvml.h, nvmlDeviceGetTotalEnergyConsumption ("Volta or newer").
"""

from dataclasses import dataclass

from simulated.nvml.devices import EnergyCounter, Sensor, SimulatedGpu
from simulated.nvml.profile import Profile

MS = 1e-3


def window(part_ms: float, period_ms: float) -> Sensor:
    """A sensor that looks for `part_ms` once every `period_ms`: ``window(25, 100)``."""
    return Sensor(part_ms * MS, period_ms * MS)


def capacitor(time_constant_ms: float, period_ms: float) -> Sensor:
    """The slow answer of Kepler and Maxwell ("logarithmic" in that table), published every `period_ms`."""
    return Sensor(time_constant_ms * MS, period_ms * MS, windows_count=0)


def average_1s() -> Sensor:
    """The mean of the last second, published every 0.1 s."""
    return Sensor(0.1, 0.1, windows_count=10)


@dataclass(frozen=True, slots=True)
class Generation:
    """A card of a generation.

    Parameters
    ----------
    name : str
        The card's name as the driver tells it.
    architecture : int
        Its nvmlDeviceArchitecture_t.
    compute_capability : tuple[int, int]
        Of the chip (CUDA C++ Programming Guide, appendix on compute capabilities).
    memory_gib : int
        Its memory [GiB].
    limit_w : float
        Its power limit as shipped (the maker's data sheet) [W].
    instant : Sensor
        What field 186 shows.
    usage : Sensor
        What the default power shows.
    average : Sensor | None
        What field 185 shows, where there is one.
    has_counter : bool
        Whether there is an energy counter.
    """

    name: str
    architecture: int
    compute_capability: tuple[int, int]
    memory_gib: int
    limit_w: float
    instant: Sensor
    usage: Sensor
    average: Sensor | None
    has_counter: bool = True


GENERATIONS = {
    "Hopper": Generation("NVIDIA H100 80GB HBM3", 9, (9, 0), 80, 700.0, window(25, 100), average_1s(), average_1s()),
    "Ada": Generation("NVIDIA GeForce RTX 4090", 8, (8, 9), 24, 450.0, window(100, 100), average_1s(), average_1s()),
    "Ampere GA10x": Generation(
        "NVIDIA GeForce RTX 3090", 7, (8, 6), 24, 350.0, window(100, 100), average_1s(), average_1s()
    ),
    "Ampere GA100": Generation("NVIDIA A100-SXM4-40GB", 7, (8, 0), 40, 400.0, window(25, 100), window(25, 100), None),
    "Turing": Generation("Tesla T4", 6, (7, 5), 16, 70.0, window(100, 100), window(100, 100), None),
    "Volta": Generation("Tesla V100-SXM2-32GB", 5, (7, 0), 32, 300.0, window(10, 20), window(10, 20), None),
    "Pascal": Generation(
        "Tesla P100-PCIE-16GB", 4, (6, 0), 16, 250.0, window(10, 20), window(10, 20), None, has_counter=False
    ),
}


def gpu(generation: str, profile: Profile) -> SimulatedGpu:
    """A card of this generation that draws this; change it with `dataclasses.replace`."""
    card = GENERATIONS[generation]
    return SimulatedGpu(
        profile=profile,
        name=card.name,
        architecture=card.architecture,
        compute_capability=card.compute_capability,
        memory_bytes=card.memory_gib << 30,
        power_limit_w=card.limit_w,
        power_limits_w=(card.limit_w / 4, card.limit_w),
        usage=card.usage,
        average=card.average,
        instant=card.instant,
        samples=card.instant,
        counter=EnergyCounter() if card.has_counter else None,
    )


def a100(profile: Profile) -> SimulatedGpu:
    """An A100, whose sensor sees 25 ms of every 100."""
    return gpu("Ampere GA100", profile)


def h100(profile: Profile) -> SimulatedGpu:
    """An H100: a 1-second average beside a sensor that sees 25 ms of every 100."""
    return gpu("Hopper", profile)


def v100(profile: Profile) -> SimulatedGpu:
    """A V100, whose sensor sees 10 ms of every 20."""
    return gpu("Volta", profile)


def rtx3090(profile: Profile) -> SimulatedGpu:
    """An RTX 3090: a 1-second average beside a sensor that sees all."""
    return gpu("Ampere GA10x", profile)
