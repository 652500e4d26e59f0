"""The ledger keeps what the meter saw, gives the consumer its share, and refuses to count a joule twice."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.attribution import EXACT, NONE, ProcessorShares, Share, device_share, processor_share
from dcfoot.counter import Outcome
from dcfoot.ledger import EnergyLedger, NestedDomainsError, total_j, worth_keeping
from dcfoot.measurement import ChannelEnergy
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter, Reading
from dcfoot.units import NS_PER_S
from simulated.near import near

seconds = st.floats(min_value=0.0, max_value=1e6)
unit = st.floats(min_value=0.0, max_value=1.0)


def meter(domain: Domain, device: str = "0", *, host: str = "node-1", basis: Basis = Basis.MEASURED) -> Meter:
    return Meter(Channel(host, domain, device, basis), f"{domain} {device}", "test", Kind.COUNTER, 1e-6)


def energy(of: Meter, energy_j: float = 1.0) -> ChannelEnergy:
    return ChannelEnergy(of, energy_j, energy_j, 1.0)


@given(st.lists(st.tuples(seconds, seconds), min_size=1, max_size=6), seconds)
def test_the_shares_of_all_consumers_and_the_idle_remainder_add_up_to_the_meter(
    others: list[tuple[float, float]], idle_s: float
) -> None:
    own = [first for first, _ in others]
    busy_s = sum(own)
    shares = [processor_share(one, busy_s, idle_s).value for one in own]
    idle_part = 1.0 - sum(shares)
    assert -1e-9 <= idle_part <= 1.0
    if idle_s == 0.0 and busy_s > 0.0:
        assert idle_part == near(0.0, abs=1e-9)


@given(seconds, seconds, seconds)
def test_a_share_lies_in_its_own_interval_and_never_exceeds_the_whole(own: float, others: float, idle: float) -> None:
    share = processor_share(own, own + others, idle)
    assert 0.0 <= share.p5 <= share.value <= share.p95 <= 1.0


TICK_S = 0.01
"""USER_HZ of Linux on x86 and Arm is 100 (proc(5))."""


@given(
    st.floats(min_value=1e-4, max_value=5.0),
    st.integers(min_value=1, max_value=256),
    st.tuples(unit, unit),
    st.tuples(unit, unit, unit),
    st.floats(min_value=0.08, max_value=0.30),
)
def test_the_true_share_of_a_run_however_short_lies_in_the_interval_that_ticks_leave(
    duration_s: float,
    processors: int,
    use: tuple[float, float],
    phases: tuple[float, float, float],
    idle_weight: float,
) -> None:
    # A machine whose processors are busy a part of the time, a part of that for the consumer, at a constant power.
    busy = use[0] * processors
    own = min(use[1] * busy, busy)
    truth = own / (busy + idle_weight * (processors - busy)) if busy else 0.0
    shares = ProcessorShares(TICK_S)
    stops_s = [*(float(second) for second in range(1, int(duration_s) + 1)), duration_s]
    seen = [(0.0, 0.0, 0.0)]
    low = high = 0.0
    for start_s, end_s in pairwise([0.0, *stops_s]):
        counted = [
            ((end_s * rate / TICK_S + phase) // 1.0) * TICK_S
            for rate, phase in zip((own, busy, processors - busy), phases, strict=True)
        ]
        seen.append((counted[0], counted[1], counted[2]))
        share = shares.of(*(max(after - before, 0.0) for before, after in zip(seen[-2], seen[-1], strict=True)))
        low += share.p5 * (end_s - start_s)
        high += share.p95 * (end_s - start_s)
        assert 0.0 <= share.p5 <= share.value <= share.p95 <= 1.0
    assert low <= truth * duration_s * (1 + 1e-9) + 1e-12
    assert high >= truth * duration_s * (1 - 1e-9) - 1e-12


def test_a_block_of_a_millisecond_may_have_had_everything_or_nothing() -> None:
    assert ProcessorShares(TICK_S).of(0.0, 0.0, 0.0) == Share(0.0, 0.0, 1.0)


def test_a_long_run_is_off_by_two_ticks_once() -> None:
    shares = ProcessorShares(TICK_S)
    seconds = [shares.of(1.0, 2.0, 0.0) for _ in range(10)]  # two processors, always busy, one of them for us
    assert [second.value for second in seconds] == [0.5] * 10
    assert seconds[0].p5 == near(0.98 / (2.02 + 0.30 * 0.02))
    assert seconds[0].p95 == near(1.02 / 1.98)
    assert seconds[1:] == [Share(0.5, 0.5, 0.5)] * 9


def test_on_a_machine_that_runs_nothing_else_the_remainder_is_the_idle_share_only() -> None:
    # One of two processors busy throughout: weights 1 and 0.17, so 1 / 1.17 of the joules.
    assert processor_share(10.0, 10.0, 10.0).value == near(1 / 1.17)
    assert processor_share(20.0, 20.0, 0.0).value == 1.0


def test_a_consumer_that_seems_busier_than_its_machine_gets_no_more_than_everything() -> None:
    assert processor_share(1.01, 1.0, 0.0).value == 1.0


def test_a_device_whose_users_cannot_be_seen_may_be_anybodys() -> None:
    assert device_share(None) == Share(1.0, 0.0, 1.0)
    assert device_share(0.25) == Share(0.25, 0.25, 0.25)


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.floats(min_value=0.0, max_value=1.0)), min_size=2, max_size=30),
)
def test_attributed_and_remaining_energy_add_up_to_the_meter_whatever_the_shares(
    steps: list[tuple[int, float]],
) -> None:
    package = meter(Domain.PACKAGE)
    mine, theirs = EnergyLedger(), EnergyLedger()
    count = 0
    for ledger in (mine, theirs):
        ledger.open(package)
    for index, (energy_uj, part) in enumerate(steps):
        count += energy_uj
        reading = Reading(package, count, index * NS_PER_S)
        mine.add(reading, Share(part, part, part))
        theirs.add(reading, Share(1.0 - part, 1.0 - part, 1.0 - part))
    (my_energy,), (their_energy,) = mine.energies(), theirs.energies()
    assert my_energy.energy_j == near(sum(energy_uj for energy_uj, _ in steps[1:]) * 1e-6)
    assert my_energy.attributed_energy_j + their_energy.attributed_energy_j == near(my_energy.energy_j)


def test_an_inexact_share_keeps_its_interval_next_to_exact_ones() -> None:
    package, ledger = meter(Domain.PACKAGE), EnergyLedger()
    ledger.open(package)
    ledger.add(Reading(package, 0, 0))
    ledger.add(Reading(package, 100_000_000, NS_PER_S), EXACT)
    ledger.add(Reading(package, 200_000_000, 2 * NS_PER_S), Share(0.5, 0.4, 0.6))
    (booked,) = ledger.energies()
    assert (booked.attributed_p5_j, booked.attributed_energy_j, booked.attributed_p95_j) == near((140, 150, 160))


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (Domain.PLATFORM, Domain.PACKAGE),
        (Domain.PLATFORM, Domain.CORE),
        (Domain.PACKAGE, Domain.CORE),
        (Domain.PACKAGE, Domain.UNCORE),
        (Domain.PLATFORM, Domain.DRAM),
        (Domain.NODE, Domain.GPU),
        (Domain.NODE, Domain.DRAM),
        (Domain.GPU, Domain.GPU_MEMORY),
    ],
)
def test_a_meter_and_one_inside_it_are_never_added(outer: Domain, inner: Domain) -> None:
    with pytest.raises(NestedDomainsError, match="never add them"):
        total_j([energy(meter(outer)), energy(meter(inner))])
    elsewhere = energy(meter(inner, host="node-2"))
    assert total_j([energy(meter(outer)), elsewhere]) == 2.0


def test_package_dram_and_accelerators_lie_beside_one_another() -> None:
    beside = [meter(Domain.PACKAGE, "0"), meter(Domain.PACKAGE, "1"), meter(Domain.DRAM), meter(Domain.GPU)]
    assert total_j([energy(one, 2.0) for one in beside]) == 8.0


def test_the_same_channel_twice_is_refused() -> None:
    with pytest.raises(NestedDomainsError):
        total_j([energy(meter(Domain.PACKAGE)), energy(meter(Domain.PACKAGE))])


def test_an_estimate_gives_way_to_a_meter_of_the_same_domain() -> None:
    measured = meter(Domain.PACKAGE, "package-0")
    modelled = meter(Domain.PACKAGE, "cpu", basis=Basis.MODELLED)
    memory = meter(Domain.DRAM, "memory", basis=Basis.MODELLED)
    assert worth_keeping([modelled, memory, measured]) == [measured, memory]


def test_two_probes_that_meter_one_channel_have_one_account() -> None:
    rapl, perf = meter(Domain.PACKAGE, "package-0"), replace(meter(Domain.PACKAGE, "package-0"), method="perf")
    assert worth_keeping([rapl, perf]) == [rapl]


def test_a_meter_that_reads_the_hardware_goes_before_one_that_another_program_tells_of() -> None:
    direct = meter(Domain.GPU, "GPU-1")
    told = replace(meter(Domain.GPU, "GPU-1"), method="told", relayed=True)
    other = replace(meter(Domain.GPU, "GPU-2"), method="told", relayed=True)
    assert worth_keeping([told, other, direct]) == [direct, other]
    assert worth_keeping([direct, other, told]) == [direct, other]


def test_even_what_is_only_told_of_goes_before_an_estimate() -> None:
    told = replace(meter(Domain.PACKAGE, "package-0"), relayed=True)
    assert worth_keeping([meter(Domain.PACKAGE, "cpu", basis=Basis.MODELLED), told]) == [told]


def test_all_of_a_domain_in_one_goes_where_there_are_meters_of_its_parts() -> None:
    together = replace(meter(Domain.PACKAGE, "package"), relayed=True)
    parts = [meter(Domain.PACKAGE, "package-0"), meter(Domain.PACKAGE, "package-1")]
    elsewhere = meter(Domain.DRAM, "dram")
    assert worth_keeping([together, elsewhere, *parts]) == [elsewhere, *parts]
    assert worth_keeping([together, elsewhere]) == [elsewhere, together]


def test_a_reading_of_a_meter_without_an_account_is_not_booked() -> None:
    assert EnergyLedger().add(Reading(meter(Domain.GPU), 1, 1), NONE) is None


def test_records_follow_one_another_without_hole_or_overlap() -> None:
    package, ledger = meter(Domain.PACKAGE), EnergyLedger()
    ledger.open(package)
    records = [ledger.add(Reading(package, i * 10**6, i * NS_PER_S)) for i in range(5)]
    intervals = [(record.start_ns, record.end_ns) for record in records if record is not None]
    assert next(outcome.outcome for outcome in records if outcome) is Outcome.FIRST
    assert all(before[1] == after[0] for before, after in pairwise(intervals[1:]))


def test_what_happened_to_a_meter_is_told() -> None:
    gpu, ledger = meter(Domain.GPU, "GPU-1"), EnergyLedger()
    ledger.open(gpu)
    ledger.add(Reading(gpu, 500_000_000, 0))
    ledger.add(Reading(gpu, 10, NS_PER_S))
    assert any("restarted (1 x)" in remark for remark in ledger.remarks())


def test_live_power_counts_an_inner_meter_once() -> None:
    node, gpu, ledger = meter(Domain.NODE), meter(Domain.GPU), EnergyLedger()
    for one, watts in ((node, 500), (gpu, 300)):
        ledger.open(one)
        ledger.add(Reading(one, 0, 0))
        ledger.add(Reading(one, watts * 10**6, NS_PER_S))
    assert ledger.power_w() == near(500.0)


@pytest.mark.parametrize("domain", list(Domain))
def test_no_domain_contains_itself_and_the_node_contains_all_others(domain: Domain) -> None:
    assert not domain.contains(domain)
    assert Domain.NODE.contains(domain) is (domain is not Domain.NODE)
