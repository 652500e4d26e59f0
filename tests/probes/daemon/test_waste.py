"""What an idle GPU costs, by hand: 60 W for an hour is 0.06 kWh."""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import Outcome, Step
from dcfoot.measurement import Machine
from dcfoot.probe import ProbeEntry
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Channel, Domain
from dcfoot.site import resolve_site
from dcfoot_probes.daemon.ladder import Ladders, Place
from dcfoot_probes.daemon.snapshots import Snapshots
from dcfoot_probes.daemon.units import Units
from dcfoot_probes.daemon.waste import Judge, Span, SpanSum, Verdict
from dcfoot_probes.daemon.wasting import Wasting
from dcfoot_probes.daemon.words import Finding, Frame, Rates, Split, StoreState, Unit, UnitKind, Waste, WasteTotal
from dcfoot_probes.exporters.prometheus import text_of
from dcfoot_probes.nvidia import Nvidia
from simulated.daemons import QUICK, Device, Running, meter, running
from simulated.near import near
from simulated.nvml import GpuProcess, Installed, SimulatedGpus, h100, steady
from simulated.repository import ROOT
from simulated.trees import CgroupFiles, Clock, ProcTree

Install = Callable[..., Installed]

JOB = frozenset({Unit(UnitKind.SLURM_JOB, "7")})
OTHER = frozenset({Unit(UnitKind.USER, "1000")})
NOON_NS = 1_790_000_000_000_000_000
MINUTE_NS = 60 * 1_000_000_000


def exact(value: float) -> Quantity:
    return Quantity(value, value / 2, value * 2, Basis.MODELLED)


RATES = Rates(("location", "direct", "CO2"), exact(500.0), exact(2.0), exact(0.25), "EUR")

IDLE = Span(0, 60.0, 60.0, 60.0 * 60.0, 0.0, 0.5e9, 300.0, 1980.0, 700.0)
WORKING = IDLE._replace(energy_j=600.0 * 60.0, utilisation_ratio=0.95, sm_clock_mhz=1900.0, users=JOB, allocated=JOB)
GIVEN = IDLE._replace(allocated=JOB)
HOLDING = IDLE._replace(users=JOB, sm_clock_mhz=1900.0)
SLOW = WORKING._replace(energy_j=200.0 * 60.0, sm_clock_mhz=900.0)
HIDDEN = GIVEN._replace(users=None)


def day(*minutes: tuple[Span, int]) -> list[Span]:
    """So many minutes of each, one after the other from noon."""
    spans = [span for span, count in minutes for _ in range(count)]
    return [span._replace(utc_ns=NOON_NS + number * MINUTE_NS) for number, span in enumerate(spans)]


def verdicts(spans: Sequence[Span]) -> list[Verdict]:
    judge = Judge()
    return [verdict for span in spans if (verdict := judge.add(span)) is not None]


def found(*minutes: tuple[Span, int]) -> list[tuple[Waste, float]]:
    """Kind and energy of each finding."""
    told: dict[tuple[Waste, int], float] = {}
    for kind, _, since_utc_ns, energy_j in verdicts(day(*minutes)):
        told[kind, since_utc_ns] = told.get((kind, since_utc_ns), 0.0) + energy_j
    return [(kind, energy_j) for (kind, _), energy_j in told.items()]


def test_a_gpu_that_a_job_was_given_and_does_not_use_is_told_of_from_its_first_minute_once_it_is_sure() -> None:
    told = verdicts(day((WORKING, 5), (GIVEN, 60), (WORKING, 5)))
    assert {(verdict.kind, verdict.owners, verdict.since_utc_ns) for verdict in told} == {
        (Waste.ALLOCATED_IDLE, JOB, NOON_NS + 5 * MINUTE_NS)
    }
    assert [verdict.energy_j for verdict in told] == [15 * 3600.0, *[3600.0] * 45]


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [
        ([(HOLDING, 15)], Waste.HELD),
        ([(WORKING, 1), (HOLDING, 15)], Waste.STOPPED),
        # Who holds it now is not who computed before.
        ([(WORKING._replace(users=OTHER), 1), (HOLDING, 15)], Waste.HELD),
        ([(SLOW, 15)], Waste.SLOW),
        ([(WORKING, 1), (SLOW._replace(sm_clock_max_mhz=None), 15)], Waste.SLOW),
        # Contexts cannot be seen: memory tells whether somebody holds it.
        ([(HIDDEN, 15)], Waste.ALLOCATED_IDLE),
        ([(HIDDEN._replace(memory_used_bytes=70e9), 15)], Waste.HELD),
        # Cut into instances: no utilisation is told, and nobody has a context.
        ([(GIVEN._replace(utilisation_ratio=None), 15)], Waste.ALLOCATED_IDLE),
    ],
)
def test_each_kind_of_waste_is_told_from_the_others(minutes: Sequence[tuple[Span, int]], kind: Waste) -> None:
    energy_j = 15 * minutes[-1][0].energy_j
    assert found(*minutes) == [(kind, near(energy_j))]


@pytest.mark.parametrize(
    "minutes",
    [
        [(IDLE, 600)],  # nobody's
        [(WORKING, 600)],
        [(GIVEN, 14)],  # too short
        [(GIVEN, 14), (WORKING, 1), (GIVEN, 14)],
        [(GIVEN, 14), (GIVEN._replace(allocated=OTHER), 14)],  # of each too short
        [(SLOW._replace(energy_j=690.0 * 60.0), 60)],  # held down by its power limit
        [(SLOW._replace(utilisation_ratio=0.5), 60)],  # waits for data
        [(SLOW._replace(sm_clock_max_mhz=None), 60)],  # no higher clock was ever seen
        [(HOLDING._replace(utilisation_ratio=None), 60)],  # nothing is told
        [(WORKING._replace(users=None), 600)],
        [(WORKING._replace(users=frozenset()), 600)],
    ],
)
def test_what_is_no_waste_is_not_told(minutes: Sequence[tuple[Span, int]]) -> None:
    assert found(*minutes) == []


def test_time_that_was_not_seen_ends_a_stretch() -> None:
    asleep = GIVEN._replace(duration_s=3600.0, energy_j=10.0, covered_s=1.0)
    assert found((GIVEN, 14), (asleep, 1), (GIVEN, 13)) == []
    assert len(found((GIVEN, 14), (asleep, 1), (GIVEN, 15))) == 1


@given(
    st.lists(st.tuples(st.sampled_from([IDLE, WORKING, GIVEN, HOLDING, SLOW, HIDDEN]), st.integers(1, 40)), max_size=8)
)
def test_no_energy_is_wasted_twice(minutes: list[tuple[Span, int]]) -> None:
    spans = day(*minutes)
    judge, told_j, so_far_j = Judge(), 0.0, 0.0
    for span in spans:
        verdict = judge.add(span)
        so_far_j += span.energy_j
        told_j += verdict.energy_j if verdict else 0.0
        assert told_j <= so_far_j * (1.0 + 1e-12)
    if not any(span in (GIVEN, HOLDING, SLOW, HIDDEN) for span, _ in minutes):
        assert told_j == 0.0


GPU = Channel("box", Domain.GPU, "GPU-1")


def frame(number: int, watts: float = 60.0, seconds: float = 1.0, **changes: object) -> Frame:
    """Of a GPU that nobody uses, so many seconds after noon."""
    figures = {"GPU-1": {"utilisation_ratio": 0.0, "sm_clock_mhz": 300.0, "power_limit_w": 700.0}}
    steps = {GPU: Step(watts * seconds, seconds, seconds, Outcome.STEP)}
    end_ns = NOON_NS + round((number + 1) * seconds * 1e9)
    usual = Frame(end_ns, seconds, steps, {GPU: Split({}, 1.0, 0.0)}, figures, {})
    return replace(usual, **changes)  # type: ignore[arg-type]


def span_of(*frames: Frame) -> Span:
    adding = SpanSum(GPU, JOB)
    for one in frames:
        adding.add(one)
    return adding.span()


def test_ticks_make_a_span() -> None:
    used = frame(1, splits={GPU: Split(dict.fromkeys(OTHER, 0.5), 0.5, 0.0)}, gauges={"GPU-1": {"sm_clock_mhz": 900.0}})
    gap = frame(2, steps={}, splits={}, gauges={})
    assert span_of(frame(0), used, gap) == Span(
        NOON_NS, 3.0, 2.0, 120.0, 0.0, None, 600.0, None, 700.0, OTHER, allocated=JOB
    )


@pytest.mark.parametrize("split", [{}, {GPU: Split({}, 0.0, 1.0)}])
def test_users_who_cannot_be_seen_are_not_nobody(split: Mapping[Channel, Split]) -> None:
    assert span_of(frame(0), frame(1, splits=split)).users is None
    assert span_of(frame(0), frame(1)).users == frozenset()


METERS = {GPU: meter("GPU-1")}


def wasting(rates: Rates = RATES) -> Wasting:
    one = Wasting(lambda: rates)
    one.allocated = lambda devices: dict.fromkeys(devices, JOB)
    return one


def of(one: Wasting, kind: Waste) -> WasteTotal:
    [total] = [total for total in one.now().totals if total.kind is kind]
    return total


def test_it_is_priced_and_goes_on_until_it_is_over() -> None:
    one = wasting()
    for second in range(3601):
        one.add(frame(second), METERS)
    total, [finding] = of(one, Waste.ALLOCATED_IDLE), one.now().findings
    assert (total.power_w, total.amount) == (near(60.0), finding.amount)
    assert total.amount.energy_kwh == near(0.06)
    for quantity, value in zip(total.amount[1:], (30.0, 0.12, 0.015), strict=True):
        assert isinstance(quantity, Quantity)
        assert (quantity.value, quantity.p5, quantity.p95) == near((value, value / 2, value * 2))
    assert finding == Finding(
        Waste.ALLOCATED_IDLE, "GPU-1", tuple(JOB), NOON_NS, NOON_NS + 60 * MINUTE_NS, is_over=False, amount=total.amount
    )
    busy = {"GPU-1": {"utilisation_ratio": 0.9}}
    for second in range(3601, 3722):
        one.add(frame(second, 600.0, splits={GPU: Split(dict.fromkeys(JOB, 1.0), 0.0, 0.0)}, gauges=busy), METERS)
    [over] = one.now().findings
    assert (over, of(one, Waste.ALLOCATED_IDLE)) == (finding._replace(is_over=True), total._replace(power_w=0.0))


def test_a_job_that_ends_within_a_minute_ends_its_waste_there() -> None:
    one = wasting()
    for second in range(1000):
        one.add(frame(second), METERS)
    one.allocated = lambda _: {}
    for second in range(1000, 2000):
        one.add(frame(second), METERS)
    [finding] = one.now().findings
    assert finding.amount.energy_kwh == near(1000 * 60.0 / 3.6e6)
    assert (finding.is_over, finding.until_utc_ns) == (True, NOON_NS + 1_000_000_000_000)


def test_what_a_rate_is_not_known_for_is_not_known() -> None:
    one = wasting(Rates())
    for second in range(3601):
        one.add(frame(second), METERS)
    assert of(one, Waste.ALLOCATED_IDLE).amount == (near(0.06), None, None, None)


def test_what_is_not_wasted_is_nothing_and_not_unknown() -> None:
    one = wasting()
    one.add(frame(0), METERS)
    nothing = Quantity(0.0, 0.0, 0.0, Basis.MODELLED)
    assert [total.amount for total in one.now().totals] == [(0.0, nothing, nothing, nothing)] * len(Waste)


PLACE = Place(
    resolve_site(country="FR"),
    Machine("Intel(R) Xeon(R) Platinum 8480+", 2, 224, 2048.0, ("NVIDIA H100 80GB HBM3",) * 4),
    electricity_price_per_kwh=0.2,
    currency="EUR",
)


def prolog(root: Path, job: int, gpus: str) -> None:
    """Has Slurm's prolog note down a job."""
    environ = {"SLURM_JOB_ID": str(job), "SLURM_JOB_UID": "1000", "SLURM_JOB_USER": "ada", "SLURM_JOB_GPUS": gpus}
    subprocess.run([ROOT / "deploy/slurm/prolog.sh"], env={"DCFOOT_ROOT": str(root), **environ}, check=True)


def machine(root: Path) -> None:
    """One on which job 7 runs, which has GPUs 0, 1 and 2, and computes on 2 by its process 70."""
    prolog(root, 7, "0,1,2")
    proc = ProcTree(root)
    proc.stat(1000.0, 9000.0)
    CgroupFiles(root / "sys/fs/cgroup").group("system.slice/slurmstepd.scope/job_7")
    for pid in (70, 71):
        proc.process(pid, cgroup="0::/system.slice/slurmstepd.scope/job_7")


def test_of_a_jobs_gpus_the_idle_is_told_with_its_energy_and_price_and_the_busy_is_not(tmp_path: Path) -> None:
    machine(tmp_path)
    clock = Clock()
    names = [f"GPU-{number}" for number in range(4)]
    gpus = Device(clock, *map(meter, names), name="gpus", power_w=80.0)
    sockets = Device(clock, meter("package-0", Domain.PACKAGE), meter("package-1", Domain.PACKAGE), name="sockets")
    gpus.users = {"GPU-0": {}, "GPU-1": {71: 1.0}, "GPU-2": {70: 1.0}, "GPU-3": {}}
    gpus.figures = {name: {"utilisation_ratio": 0.97 if name == "GPU-2" else 0.0} for name in names}
    snapshots, units = Snapshots("box", Ladders(PLACE, "box"), StoreState, 0), Units(tmp_path, lambda: clock() / 1e9)
    snapshots.wasting.allocated = units.allocated
    with running(clock, gpus, sockets, splitter=units, takers=[snapshots.add]) as loop:
        for _ in range(361):
            clock.pass_s(10.0)
            loop.loop.tick()
    waste = snapshots.snapshot().waste
    told = {(one.kind, one.device): one.amount for one in waste.totals if one.amount.energy_kwh > 0.0}
    # Each from the first tick on, of whose ten seconds the energy is known.
    assert {key: amount.energy_kwh for key, amount in told.items()} == {
        (Waste.ALLOCATED_IDLE, "GPU-0"): near(0.08),
        (Waste.HELD, "GPU-1"): near(0.08),
    }
    assert {(unit.kind, unit.id) for one in waste.findings for unit in one.units} == {(UnitKind.SLURM_JOB, "7")}
    ladder, amount = snapshots.snapshot().ladder, told[Waste.ALLOCATED_IDLE, "GPU-0"]
    assert ladder
    node_kwh, facility_kwh = ladder.energy_kwh["node"], ladder.energy_kwh["facility"]
    [carbon] = [one for one in ladder.carbon if (one.method, one.boundary, one.gas) == waste.rates.carbon]
    assert node_kwh
    assert facility_kwh
    assert amount.cost
    assert amount.carbon_g
    assert amount.water_l
    assert amount.cost.value == near(0.08 * facility_kwh.value / node_kwh.value * 0.2)
    assert amount.carbon_g.value == near(0.08 * carbon.value_g.value / node_kwh.value)
    water_l = sum(quantity.value for quantity in ladder.water_l.values() if quantity)
    assert amount.water_l.value == near(0.08 * water_l / node_kwh.value)
    text = text_of(snapshots.snapshot())[0].decode()
    assert 'dcfoot_waste_power_watts{device="GPU-0",waste="allocated_idle"} 80.0' in text
    assert 'dcfoot_waste_energy_joules_total{device="GPU-2",waste="allocated_idle"} 0.0' in text


def test_without_a_price_no_money_is_told() -> None:
    ladders = Ladders(replace(PLACE, electricity_price_per_kwh=None, currency=None), "box")
    snapshots = Snapshots("box", ladders, StoreState, 0)
    socket = meter("package-0", Domain.PACKAGE)
    for second in range(3):
        both = {**frame(second).steps, socket.channel: Step(100.0, 1.0, 1.0, Outcome.STEP)}
        snapshots.add(frame(second, steps=both), {**METERS, socket.channel: socket}, 1.0)
    assert snapshots.snapshot().ladder
    rates = snapshots.snapshot().waste.rates
    assert (rates.cost, rates.currency, rates.carbon_g is None) == (None, "", False)
    assert "dcfoot_waste_cost_total{" not in text_of(snapshots.snapshot())[0].decode()


class RealClock(Clock):
    """Real time, as the simulated library keeps it."""

    def __call__(self) -> int:
        return time.monotonic_ns()

    def pass_s(self, seconds: float) -> None:
        time.sleep(seconds)


def test_what_nvidias_driver_tells_of_a_span_is_judged_right(simulated_gpus: Install, tmp_path: Path) -> None:
    machine(tmp_path)
    card = replace(h100(steady(100.0)), sm_clock_max_mhz=1980, sm_clock_mhz=1980)
    cards = [
        replace(card, utilisation_percent=(0, 0)),
        replace(card, utilisation_percent=(0, 0), processes=[GpuProcess(71, sm_percent=0)]),
        replace(card, utilisation_percent=(97, 40), processes=[GpuProcess(70, sm_percent=97)]),
        replace(card, utilisation_percent=(97, 40), sm_clock_mhz=345, processes=[GpuProcess(70, sm_percent=97)]),
    ]
    simulated_gpus(SimulatedGpus(cards))
    units = Units(tmp_path)
    loop = Running(RealClock(), patience=QUICK, splitter=units, root=tmp_path)
    loop.supervisor.employ([ProbeEntry("nvidia", lambda: Nvidia)])
    loop.until(lambda: loop.is_up("nvidia"))
    for _ in range(8):
        loop.tick(0.2)
    channels = list(loop.supervisor.channels.meters)
    given = units.allocated([channel.device for channel in channels])
    loop.supervisor.stop(3.0)
    kinds: list[set[Waste]] = []
    for channel in channels:
        adding = SpanSum(channel, frozenset(given.get(channel.device, ())))
        for one in loop.frames:
            adding.add(one)
        span = adding.span()
        minutes = 900.0 / span.covered_s
        long = span._replace(
            duration_s=900.0 + span.duration_s - span.covered_s, covered_s=900.0, energy_j=span.energy_j * minutes
        )
        kinds.append({verdict.kind for verdict in verdicts([long])})
    assert kinds == [{Waste.ALLOCATED_IDLE}, {Waste.HELD}, set(), {Waste.SLOW}]
