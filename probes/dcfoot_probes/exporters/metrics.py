"""The metrics of the daemon: what each is called, what it means, and where its values stand in a `Snapshot`.

Names and base units as Prometheus asks for them (https://prometheus.io/docs/practices/naming): a counter's name ends in
``_total``, times are in seconds, energies in joules, ratios between 0 and 1.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import fsum
from typing import NamedTuple

from dcfoot.quantity import Quantity
from dcfoot.reading import Channel
from dcfoot.units import J_PER_KWH, NS_PER_S
from dcfoot.version import VERSION
from dcfoot_probes.daemon.totals import GONE
from dcfoot_probes.daemon.words import USERS, Amount, Ladder, Rates, Snapshot, UnitKind, UnitTotal


class Kind(StrEnum):
    """What may be done with a metric's values."""

    COUNTER = "counter"
    GAUGE = "gauge"
    INFO = "info"


class Sample(NamedTuple):
    """A value and what it is of: one text for each of the metric's labels."""

    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Parameters
    ----------
    name : str
        As Prometheus knows it, without ``_total`` or ``_info``.
    unit : str
        The last word of the name, as UCUM writes it (``J``, ``W``, ``s``); ``1`` for pure numbers.
    kind : Kind
        What may be done with it.
    help : str
        What it means, in a sentence without a full stop.
    labels : tuple of str
        What its values are told apart by.
    samples : Callable[[Snapshot], Iterable[Sample]]
        Its values; one that is not known is left out.
    """

    name: str
    unit: str
    kind: Kind
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Snapshot], Iterable[Sample]]

    @property
    def full_name(self) -> str:
        """The name of its samples."""
        return f"{self.name}{_SUFFIX[self.kind]}"


_SUFFIX = {Kind.COUNTER: "_total", Kind.GAUGE: "", Kind.INFO: "_info"}

NEW = "new"
"""In place of a name, for what units of a kind took in the first minute of each."""

CHANNEL = ("domain", "device", "basis")
WASTE = ("waste", "device")
DEVICE_FIGURES: Mapping[str, tuple[str, str, float, str]] = {
    "utilisation_ratio": ("utilization_ratio", "1", 1.0, "Time in which the device computed, over all time"),
    "memory_used_bytes": ("memory_used_bytes", "By", 1.0, "Memory of the device that is taken"),
    "sm_clock_mhz": ("sm_clock_hertz", "Hz", 1e6, "Clock of the device's processors"),
    "sm_clock_max_mhz": ("sm_clock_max_hertz", "Hz", 1e6, "The highest clock that the device's processors can have"),
    "temperature_c": ("temperature_celsius", "Cel", 1.0, "Temperature of the device"),
    "power_limit_w": ("power_limit_watts", "W", 1.0, "The most that the device may draw"),
}
"""By gauge of a probe: the end of the metric's name, its unit, how many of that unit one is, and its meaning."""


def _of(channel: Channel) -> tuple[str, str, str]:
    return str(channel.domain), channel.device, str(channel.basis)


def _channels(value: str) -> Callable[[Snapshot], Iterator[Sample]]:
    def samples(now: Snapshot) -> Iterator[Sample]:
        for total in now.channels:
            known: float | None = getattr(total, value)
            if known is not None:
                yield Sample(_of(total.meter.channel), known)

    return samples


def _instances(now: Snapshot) -> Iterator[Sample]:
    for total in now.channels:
        if cut := total.meter.cut:
            yield Sample((total.meter.channel.device, cut.device, str(cut.number), cut.profile), 1.0)


def _jobs(now: Snapshot) -> Iterator[Sample]:
    """Each counts from 0 after its first minute: of one that shows something when it is first seen, that is lost."""
    labels = {total.meter.channel: _of(total.meter.channel) for total in now.channels}
    for total in now.channels:
        for kind, early_j in total.early_j.items():
            yield Sample((str(kind), NEW, *labels[total.meter.channel]), early_j)
    for owner, units in _by_job(now).items():
        for channel, late_j in (units[0].late_j if len(units) == 1 else _late_j(units)).items():
            yield Sample((*owner, *(labels.get(channel) or _of(channel))), late_j)


def _late_j(units: Iterable[UnitTotal]) -> Mapping[Channel, float]:
    """Of several. One more of them never makes less of it, as it would if both sides of a difference were added up."""
    sums_j: dict[Channel, float] = {}
    for one in units:
        for channel, late_j in one.late_j.items():
            sums_j[channel] = sums_j.get(channel, 0.0) + late_j
    return sums_j


def _by_job(now: Snapshot) -> Mapping[tuple[str, str], Sequence[UnitTotal]]:
    """Units by what they are called. Those that are gone were told of: their series have ended."""
    found: dict[tuple[str, str], list[UnitTotal]] = {}
    for total in now.units:
        kind, job = total.unit.kind, total.unit.id
        if total.unit != GONE:
            found.setdefault((str(kind), USERS.id if kind is UnitKind.USER else job), []).append(total)
    return found


def _job_powers(now: Snapshot) -> Iterator[Sample]:
    return (Sample(labels, fsum(one.power_w for one in units)) for labels, units in _by_job(now).items())


def _rungs(
    figure: Callable[[Ladder], Mapping[str, Quantity | None]], end: str, scale: float = 1.0
) -> Callable[[Snapshot], Iterator[Sample]]:
    def samples(now: Snapshot) -> Iterator[Sample]:
        for name, quantity in figure(now.ladder).items() if now.ladder else ():
            if quantity is not None:
                yield Sample((name, str(quantity.basis)), scale * getattr(quantity, end))

    return samples


def _carbon(now: Snapshot) -> Iterator[Sample]:
    for total in now.ladder.carbon if now.ladder else ():
        yield Sample((total.method, total.boundary, total.gas, str(total.value_g.basis)), total.value_g.value)


def _probes(value: str) -> Callable[[Snapshot], Iterator[Sample]]:
    return lambda now: (Sample((name,), float(getattr(state, value))) for name, state in now.probes.items())


def _waste(
    figure: Callable[[Amount], Quantity | None], told: Callable[[Rates], tuple[str, ...]]
) -> Callable[[Snapshot], Iterator[Sample]]:
    def samples(now: Snapshot) -> Iterator[Sample]:
        for total in now.waste.totals:
            quantity = figure(total.amount)
            if quantity is not None:
                labels = (str(total.kind), total.device, *told(now.waste.rates), str(quantity.basis))
                yield Sample(labels, quantity.value)

    return samples


def _one(value: Callable[[Snapshot], float]) -> Callable[[Snapshot], Iterator[Sample]]:
    return lambda now: iter([Sample((), value(now))])


def _gauge(figure: str, scale: float) -> Callable[[Snapshot], Iterator[Sample]]:
    return lambda now: (
        Sample((device,), scale * figures[figure]) for device, figures in now.gauges.items() if figure in figures
    )


METRICS: Sequence[Metric] = (
    Metric(
        "dcfoot_energy_joules",
        "J",
        Kind.COUNTER,
        "Energy that the meter of a device saw",
        CHANNEL,
        _channels("energy_j"),
    ),
    Metric(
        "dcfoot_gpu_instance",
        "1",
        Kind.INFO,
        "Which MIG instance of which GPU a device of the domain gpu_instance is, by its number and profile",
        ("device", "gpu", "gpu_i_id", "gpu_i_profile"),
        _instances,
    ),
    Metric(
        "dcfoot_power_watts",
        "W",
        Kind.GAUGE,
        "Mean power in the last interval; absent in a gap",
        CHANNEL,
        _channels("power_w"),
    ),
    Metric(
        "dcfoot_covered_seconds",
        "s",
        Kind.COUNTER,
        "Time in which the power of a device was known",
        CHANNEL,
        _channels("covered_s"),
    ),
    Metric(
        "dcfoot_job_energy_joules",
        "J",
        Kind.COUNTER,
        "Energy of a device that went to a job, container or service, or to all users; first minutes go to the job new",
        ("kind", "job", *CHANNEL),
        _jobs,
    ),
    Metric(
        "dcfoot_idle_energy_joules",
        "J",
        Kind.COUNTER,
        "Energy of a device while nobody used it; with the jobs' and the unattributed it makes up the meter's",
        CHANNEL,
        _channels("idle_j"),
    ),
    Metric(
        "dcfoot_unattributed_energy_joules",
        "J",
        Kind.COUNTER,
        "Energy of a device that went to users who cannot be named",
        CHANNEL,
        _channels("unattributed_j"),
    ),
    Metric(
        "dcfoot_unaccounted_energy_joules",
        "J",
        Kind.GAUGE,
        "What the meter of a device saw less the jobs', the idle and the unattributed energy; 0 but for rounding",
        CHANNEL,
        _channels("unaccounted_j"),
    ),
    Metric(
        "dcfoot_job_power_watts",
        "W",
        Kind.GAUGE,
        "Power of a job, container, service or of all users in the last interval",
        ("kind", "job"),
        _job_powers,
    ),
    *(
        Metric(
            f"dcfoot_rung_power{name}_watts",
            "W",
            Kind.GAUGE,
            f"Power of the machine on a rung of the boundary ladder, {what}",
            ("rung", "basis"),
            _rungs(lambda ladder: ladder.power_w, end),
        )
        for name, end, what in (
            ("", "value", "central"),
            ("_p5", "p5", "5th percentile"),
            ("_p95", "p95", "95th percentile"),
        )
    ),
    Metric(
        "dcfoot_rung_energy_joules",
        "J",
        Kind.COUNTER,
        "Energy of the machine on a rung of the boundary ladder, central",
        ("rung", "basis"),
        _rungs(lambda ladder: ladder.energy_kwh, "value", J_PER_KWH),
    ),
    Metric(
        "dcfoot_carbon_grams",
        "g",
        Kind.COUNTER,
        "Emissions of the facility energy by one method in one family of factors; methods are never added",
        ("method", "boundary", "gas", "basis"),
        _carbon,
    ),
    Metric(
        "dcfoot_water_liters",
        "L",
        Kind.COUNTER,
        "Water on site (of the IT energy) and at power stations (of the facility energy)",
        ("boundary", "basis"),
        _rungs(lambda ladder: ladder.water_l, "value"),
    ),
    Metric(
        "dcfoot_waste_power_watts",
        "W",
        Kind.GAUGE,
        "Power that a device takes for nothing now, by kind of waste; 0 where there is none",
        WASTE,
        lambda now: (Sample((str(one.kind), one.device), one.power_w) for one in now.waste.totals),
    ),
    Metric(
        "dcfoot_waste_energy_joules",
        "J",
        Kind.COUNTER,
        "Energy that a device took for nothing; the first 15 minutes of a finding come all at once",
        WASTE,
        lambda now: (
            Sample((str(one.kind), one.device), one.amount.energy_kwh * J_PER_KWH) for one in now.waste.totals
        ),
    ),
    Metric(
        "dcfoot_waste_carbon_grams",
        "g",
        Kind.COUNTER,
        "Emissions of that energy and of what the facility lost with it",
        (*WASTE, "method", "boundary", "gas", "basis"),
        _waste(lambda amount: amount.carbon_g, lambda rates: rates.carbon),
    ),
    Metric(
        "dcfoot_waste_water_liters",
        "L",
        Kind.COUNTER,
        "Water of that energy, on site and at power stations",
        (*WASTE, "basis"),
        _waste(lambda amount: amount.water_l, lambda _: ()),
    ),
    Metric(
        "dcfoot_waste_cost",
        "1",
        Kind.COUNTER,
        "Money that the facility paid for that energy; absent where no price is set",
        (*WASTE, "currency", "basis"),
        _waste(lambda amount: amount.cost, lambda rates: (rates.currency,)),
    ),
    *(
        Metric(f"dcfoot_device_{name}", unit, Kind.GAUGE, what, ("device",), _gauge(figure, scale))
        for figure, (name, unit, scale, what) in DEVICE_FIGURES.items()
    ),
    Metric(
        "dcfoot_probe_up",
        "1",
        Kind.GAUGE,
        "1 where the last reading of a probe came in time",
        ("probe",),
        _probes("up"),
    ),
    Metric(
        "dcfoot_probe_read_seconds",
        "s",
        Kind.GAUGE,
        "Time that the last reading of a probe took",
        ("probe",),
        _probes("read_s"),
    ),
    Metric(
        "dcfoot_probe_failures",
        "1",
        Kind.COUNTER,
        "Readings of a probe that failed or came too late",
        ("probe",),
        _probes("failures"),
    ),
    Metric(
        "dcfoot_store_size_bytes",
        "By",
        Kind.GAUGE,
        "Size of the daemon's store",
        (),
        _one(lambda now: now.store.size_bytes),
    ),
    Metric(
        "dcfoot_store_waiting_seconds",
        "s",
        Kind.GAUGE,
        "How long the oldest reading waits to be written",
        (),
        _one(lambda now: now.store.waiting_s),
    ),
    Metric(
        "dcfoot_store_lost_frames",
        "1",
        Kind.COUNTER,
        "Readings that memory could not hold until the disk came back",
        (),
        _one(lambda now: now.store.lost_frames),
    ),
    Metric("dcfoot_interval_seconds", "s", Kind.GAUGE, "Time between readings", (), _one(lambda now: now.interval_s)),
    Metric(
        "dcfoot_last_reading_timestamp_seconds",
        "s",
        Kind.GAUGE,
        "When the last interval ended, since 1970 UTC",
        (),
        _one(lambda now: now.utc_ns / NS_PER_S),
    ),
    Metric(
        "dcfoot_start_time_seconds",
        "s",
        Kind.GAUGE,
        "When the daemon was started, since 1970 UTC",
        (),
        _one(lambda now: now.started_utc_ns / NS_PER_S),
    ),
    Metric(
        "dcfoot_own_cpu_seconds",
        "s",
        Kind.COUNTER,
        "Processor time of the daemon itself",
        (),
        _one(lambda now: now.cpu_s),
    ),
    Metric(
        "dcfoot_own_memory_bytes",
        "By",
        Kind.GAUGE,
        "Resident memory of the daemon itself",
        (),
        _one(lambda now: now.rss_bytes),
    ),
    Metric(
        "dcfoot_build",
        "1",
        Kind.INFO,
        "The daemon's version and the site whose figures it uses",
        ("version", "site"),
        lambda now: iter([Sample((VERSION, now.ladder.site if now.ladder else ""), 1.0)]),
    ),
)
"""Every metric, in the order in which it is told."""
