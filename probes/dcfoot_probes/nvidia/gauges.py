"""How a device is doing: what else the driver tells, as far as it does."""

from collections.abc import Callable, Iterator
from functools import partial

from dcfoot.units import W_PER_MW
from dcfoot_probes.nvidia.nvml import Nvml, NvmlFault, answer_or

_READERS: dict[str, tuple[Callable[[Nvml, object], Callable[[], int]], float]] = {
    "utilisation_ratio": (Nvml.utilisation_reader, 0.01),
    "memory_used_bytes": (Nvml.memory_reader, 1.0),
    "sm_clock_mhz": (Nvml.sm_clock_reader, 1.0),
    "sm_clock_max_mhz": (Nvml.sm_clock_max_reader, 1.0),
    "temperature_c": (Nvml.temperature_reader, 1.0),
    "power_limit_w": (Nvml.power_limit_reader, W_PER_MW),
}
"""By the name of a gauge, which ends in its unit: who reads it, and how much of the unit one of its counts is."""


def gauges_reader(nvml: Nvml, handle: object) -> Callable[[], dict[str, float]]:
    """Reads each gauge that a device answers to."""
    asked = [
        (name, read, unit)
        for name, (reader, unit) in _READERS.items()
        if (read := answer_or(None, partial(reader, nvml, handle))) is not None
    ]

    def answers() -> Iterator[tuple[str, float]]:
        for name, read, unit in asked:
            try:
                yield name, read() * unit
            except NvmlFault:  # a laptop's card has no limit, one that is cut into instances no utilisation
                continue

    return lambda: dict(answers())
