"""The ladder of methods: how the energy of one device is read, best first, decided by trying.

1. The total-energy counter: nothing between two readings is missed.
2. The average of the last second, from which energy is recovered exactly whatever the power does.
3. The driver's own buffer of power, which holds what was measured between two looks.
4. Power read now and then.

A method is fixed for a run: two methods in one figure could not be told apart.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from dcfoot.reading import Channel, Domain, Kind, Meter
from dcfoot.units import J_PER_MJ, W_PER_MW
from dcfoot_probes.nvidia.counter import CounterSource
from dcfoot_probes.nvidia.generations import (
    AVERAGE_WINDOW_S,
    CEILING_OVER_LIMIT,
    COUNTER_PERIOD_S,
    GAIN_P5,
    GAIN_P95,
    IMPLAUSIBLE_OVER_LIMIT,
    SOURCE,
    USUAL_PERIOD_S,
    Generation,
)
from dcfoot_probes.nvidia.nvml import Nvml, NvmlFault
from dcfoot_probes.nvidia.power import PowerSource
from dcfoot_probes.nvidia.source import Source
from dcfoot_probes.nvidia.streams import Buffered, Polled

POLL_PERIOD_S = 0.05
"""How often power is read [s]: twice in the usual period, so that a publication's moment is known to a quarter of
it."""

BUFFER_PERIOD_S = 0.5
"""How often the driver's buffer is emptied [s] (a choice: how much it holds is documented nowhere; where it holds less,
that is told)."""


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of a device when it is opened.

    Parameters
    ----------
    uuid, name : str
        Who it is.
    generation : Generation
        What its sensor sees.
    limit_w, limit_most_w : float or None
        The enforced power limit and the highest that may be set [W].
    idle_w : float or None
        Power when opened, where no process held a context on it [W].
    """

    uuid: str
    name: str
    generation: Generation
    limit_w: float | None
    limit_most_w: float | None
    idle_w: float | None


def meter_of(device: Device, host: str) -> Meter:
    """What all methods have in common."""
    limit_w = device.limit_w
    most_w = max(device.limit_most_w or 0.0, limit_w or 0.0)
    meter = Meter(
        Channel(host, Domain.GPU, device.uuid),
        device.name,
        "",
        Kind.POWER_AVERAGE,
        W_PER_MW,
        gain_p5=GAIN_P5,
        gain_p95=GAIN_P95,
        source=f"{SOURCE} ({device.generation.name})",
        power_floor_w=device.idle_w or 0.0,
        power_ceiling_w=None if limit_w is None else CEILING_OVER_LIMIT * limit_w,
    )
    return replace(meter, power_max_w=IMPLAUSIBLE_OVER_LIMIT * most_w) if most_w else meter


def open_source(nvml: Nvml, handle: object, device: Device, host: str, clock_ns: Callable[[], int]) -> Source | None:
    """The best method that a device answers to, bound to its handle; None where it answers to none."""
    for source in _ladder(device, meter_of(device, host), clock_ns):
        try:
            source.bind(nvml, handle)
            if source.works():
                return source
        except NvmlFault:
            continue
    return None


def _ladder(device: Device, meter: Meter, clock_ns: Callable[[], int]) -> Iterator[Source]:
    generation = device.generation
    # Whether the counter and the average account for all the time, or only for what a part-time sensor sees, is
    # written nowhere and was not measured by the source: until a card settles it, they are taken to see no more than
    # the sensor.
    meter = replace(meter, observed_ratio=generation.observed_ratio())
    counter = replace(meter, kind=Kind.COUNTER, unit=J_PER_MJ, period_s=COUNTER_PERIOD_S)
    yield CounterSource(replace(counter, method="nvml.total_energy"), clock_ns)
    average = replace(meter, method="nvml.power_average_1s", window_s=AVERAGE_WINDOW_S, period_s=POLL_PERIOD_S)
    for reader in (Nvml.average_power_reader, *([Nvml.power_reader] if generation.usage_is_average else [])):
        yield PowerSource(average, Polled(reader, USUAL_PERIOD_S, clock_ns))
    buffered = replace(meter, method="nvml.power_samples", window_s=generation.period_s, period_s=BUFFER_PERIOD_S)
    yield PowerSource(buffered, Buffered(clock_ns))
    seen = generation.observed_ratio(POLL_PERIOD_S)
    polled = replace(buffered, method="nvml.power_polled", period_s=POLL_PERIOD_S, observed_ratio=seen)
    yield PowerSource(polled, Polled(Nvml.power_reader, generation.period_s, clock_ns))
