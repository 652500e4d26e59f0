"""How a device is doing: what else the driver tells, as far as it does."""

from collections.abc import Callable, Iterator

from dcfoot.units import W_PER_MW
from dcfoot_probes.nvidia.nvml import Nvml, NvmlFault


def gauges(nvml: Nvml, handle: object) -> dict[str, float]:
    """Each gauge that a device answers to, by a name that ends in its unit."""
    found: dict[str, float] = {}
    for name, read in _gauges(nvml, handle):
        try:
            found[name] = read()
        except NvmlFault:  # a laptop's card has no limit, one that is cut into instances no utilisation
            continue
    return found


def _gauges(nvml: Nvml, handle: object) -> Iterator[tuple[str, Callable[[], float]]]:
    yield "utilisation_ratio", lambda: nvml.utilisation_percent(handle) / 100.0
    yield "memory_used_bytes", lambda: float(nvml.memory_bytes(handle)[0])
    yield "sm_clock_mhz", lambda: float(nvml.sm_clock_mhz(handle))
    yield "temperature_c", lambda: float(nvml.temperature_c(handle))
    yield "power_limit_w", lambda: nvml.power_limit_mw(handle) * W_PER_MW
