"""Measurements to keep and to merge: one plain, and any at all."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from dcfoot.by_time import EnergyByTime, TimeBook
from dcfoot.measurement import ChannelEnergy, Machine, Measurement, Phase, RunState
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter
from dcfoot.units import NS_PER_S

STARTED_AT = datetime(2026, 11, 24, 8, 15, tzinfo=UTC)
RUN_ID = "20261124T081500-3f9a1c"


def gpu(device: str = "GPU-0", host: str = "node1", domain: Domain = Domain.GPU) -> Meter:
    """A counter of millijoules."""
    return Meter(Channel(host, domain, device), "NVIDIA H100", "nvml.total_energy", Kind.COUNTER, 1e-3)


def energy(meter: Meter, energy_j: float, share: float = 1.0, covered_s: float = 1.0) -> ChannelEnergy:
    """What a meter saw, and the run's share of it."""
    return ChannelEnergy(meter, energy_j, energy_j * share, covered_s)


def measurement(run_id: str = RUN_ID, duration_s: float = 10.0, *channels: ChannelEnergy) -> Measurement:
    """A run that goes on, of 100 W on one GPU unless `channels` say otherwise."""
    return Measurement(
        id=run_id,
        name="train.py",
        command=("python", "train.py"),
        hosts=tuple(dict.fromkeys(channel.meter.channel.host for channel in channels)) or ("node1",),
        started_at=STARTED_AT,
        ended_at=STARTED_AT + timedelta(seconds=duration_s),
        duration_s=duration_s,
        exit_status=None,
        state=RunState.RUNNING,
        channels=channels or (energy(gpu(), 100.0 * duration_s, covered_s=duration_s),),
    )


def finished(running: Measurement, exit_status: int = 0) -> Measurement:
    """The same run after its end."""
    return replace(running, state=RunState.COMPLETE, exit_status=exit_status)


def after(running: Measurement, duration_s: float) -> Measurement:
    """The same run when it has lasted `duration_s` [s] at 100 W a channel."""
    channels = tuple(energy(channel.meter, 100.0 * duration_s, covered_s=duration_s) for channel in running.channels)
    return replace(
        running, duration_s=duration_s, ended_at=STARTED_AT + timedelta(seconds=duration_s), channels=channels
    )


def by_time(running: Measurement, power_w: int = 100, domain: Domain = Domain.GPU) -> Measurement:
    """The same run with the energy of a constant power by time, booked once a second."""
    book = TimeBook(start_ns=0)
    for second in range(1, round(running.duration_s) + 1):
        book.book(domain, second * NS_PER_S, 1.0, power_w)
    return replace(running, by_time=book.by_time(running.duration_s))


def _finite(least: float | None = None, most: float | None = None) -> st.SearchStrategy[float]:
    return st.floats(least, most, allow_nan=False, allow_infinity=False)


FIGURES = _finite(0.0, 1e15)
TEXTS = st.text(max_size=12)
ARGUMENTS = st.binary(max_size=12).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
"""What `os.fsdecode` makes of any argument, valid UTF-8 or not."""
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds it)

CHANNELS = st.builds(Channel, host=TEXTS, domain=st.sampled_from(Domain), device=TEXTS, basis=st.sampled_from(Basis))
METERS = st.builds(
    Meter,
    channel=CHANNELS,
    name=TEXTS,
    method=TEXTS,
    kind=st.sampled_from(Kind),
    unit=FIGURES,
    wrap_count=st.none() | st.integers(1, 2**64),
    power_max_w=FIGURES | st.just(math.inf),
    source=TEXTS,
)
ENERGIES = st.builds(
    ChannelEnergy,
    meter=METERS,
    energy_j=FIGURES,
    attributed_energy_j=FIGURES,
    covered_s=FIGURES,
    attributed_p5_j=st.none() | FIGURES,
    attributed_p95_j=st.none() | FIGURES,
)
MACHINES = st.builds(
    Machine,
    cpu_name=st.none() | TEXTS,
    cpu_sockets=st.none() | st.integers(1, 8),
    memory_gib=st.none() | FIGURES,
    accelerators=st.lists(TEXTS, max_size=3).map(tuple),
    accelerators_known=st.booleans(),
    virtual=st.booleans(),
)
PHASES = st.builds(
    Phase, path=TEXTS, start_s=FIGURES, end_s=FIGURES, energy_j=st.dictionaries(TEXTS, FIGURES, max_size=3)
)


@st.composite
def _by_times(draw: st.DrawFn, duration_s: float) -> EnergyByTime:
    book = TimeBook(start_ns=0)
    for domain, end_s, lasted_s, energy_j in draw(
        st.lists(
            st.tuples(st.sampled_from(Domain), _finite(0.0, 1e6), _finite(0.0, 1e6), _finite(0.0, 1e9)), max_size=4
        )
    ):
        book.book(str(domain), round(end_s * NS_PER_S), lasted_s, energy_j)
    return book.by_time(duration_s)


MEASUREMENTS = st.builds(
    Measurement,
    id=TEXTS,
    name=TEXTS,
    command=st.lists(ARGUMENTS, max_size=4).map(tuple),
    hosts=st.lists(TEXTS, min_size=1, max_size=2).map(tuple),
    started_at=MOMENTS,
    ended_at=MOMENTS,
    duration_s=FIGURES,
    exit_status=st.none() | st.integers(0, 255),
    state=st.sampled_from(RunState),
    channels=st.lists(ENERGIES, max_size=3).map(tuple),
    machine=MACHINES,
    tags=st.dictionaries(TEXTS, TEXTS, max_size=2),
    phases=st.lists(PHASES, max_size=3).map(tuple),
    gauges=st.dictionaries(TEXTS, st.dictionaries(TEXTS, FIGURES, max_size=2), max_size=2),
    job=st.none() | TEXTS,
    part_of=st.none() | TEXTS,
    site_id=st.none() | TEXTS,
    hourly=st.none() | TEXTS,
    overhead_cpu_s=FIGURES,
    overhead_rss_bytes=st.integers(0, 2**40),
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
).flatmap(lambda run: _by_times(run.duration_s).map(lambda kept: replace(run, by_time=kept)))
"""Any measurement."""
