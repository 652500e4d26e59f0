"""Energy by time: bounded, exact to the microjoule, and silent where nothing was known."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.attribution import Share
from dcfoot.by_time import STEP_LEAST_S, STEPS_MOST, EnergyByTime, Steps, TimeBook, joined
from dcfoot.ledger import EnergyLedger
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import NS_PER_S
from simulated.near import near

HOUR_S = 3600
WEEK_S = 7 * 24 * HOUR_S
UJ = 1_000_000
"""Microjoules in a joule."""

INTERVALS = st.lists(
    st.tuples(st.floats(0.0, 5000.0), st.floats(0.0, 1e6), st.sampled_from(["gpu", "package"])), min_size=1, max_size=40
)
"""Each as long as its first figure [s], with the energy of its second [J]."""


def total_uj(steps: Steps) -> int:
    return sum(one for one in steps if one is not None)


def booked(intervals: list[tuple[float, float, str]]) -> EnergyByTime:
    """The energy of intervals that follow one another."""
    book, now_ns = TimeBook(start_ns=0), 0
    for lasted_s, energy_j, domain in intervals:
        now_ns += int(lasted_s * NS_PER_S)
        book.book(domain, now_ns, lasted_s, energy_j)
    return book.by_time(now_ns / NS_PER_S)


@given(INTERVALS)
def test_the_steps_add_up_to_all_the_energy_and_are_never_too_many(intervals: list[tuple[float, float, str]]) -> None:
    kept = booked(intervals)
    for domain, steps in kept.energy_uj.items():
        energy_j = sum(one_j for _, one_j, of in intervals if of == domain)
        assert total_uj(steps) == near(energy_j * UJ, abs=0.51, rel=1e-12)
        assert len(steps) == len(kept.edges_s) - 1 <= STEPS_MOST


@given(INTERVALS, st.integers(1, 100))
def test_fewer_steps_hold_the_same_energy_up_to_the_same_end(
    intervals: list[tuple[float, float, str]], count: int
) -> None:
    kept = booked(intervals)
    fewer = kept.at_most(count)
    assert [total_uj(steps) for steps in fewer.energy_uj.values()] == [
        total_uj(steps) for steps in kept.energy_uj.values()
    ]
    assert len(fewer.edges_s) - 1 <= count
    assert fewer.edges_s[-1] == kept.edges_s[-1]
    assert all(start_s <= end_s for start_s, end_s in pairwise(fewer.edges_s))


@given(st.lists(st.tuples(INTERVALS, st.floats(0.0, 1e5)), min_size=1, max_size=4))
def test_runs_that_are_joined_lose_no_microjoule(runs: list[tuple[list[tuple[float, float, str]], float]]) -> None:
    parts = [(late_s, booked(intervals)) for intervals, late_s in runs]
    duration_s = max(late_s + part.duration_s for late_s, part in parts)
    together = joined(parts, duration_s)
    for domain, steps in together.energy_uj.items():
        assert total_uj(steps) == sum(total_uj(part.energy_uj.get(domain, ())) for _, part in parts)


def test_two_ranks_at_once_add_up_by_time_and_a_pause_stays_unknown() -> None:
    first = booked([(10.0, 1000.0, "gpu")])
    second = booked([(10.0, 2000.0, "gpu")])
    together = joined([(0.0, first), (5.0, second), (20.0, first)], 30.0)
    seconds_w = together.at_most(30).power_w(together.at_most(30).energy_uj["gpu"])
    assert seconds_w[:5] == near([100.0] * 5)
    assert seconds_w[5:10] == near([300.0] * 5)
    assert seconds_w[10:15] == near([200.0] * 5)
    assert seconds_w[15:20] == [None] * 5
    assert seconds_w[20:] == near([100.0] * 10)


def test_nothing_joined_is_nothing() -> None:
    assert joined([(0.0, EnergyByTime()), (3.0, EnergyByTime())], 10.0) == EnergyByTime()


GPU = Meter(Channel("node1", Domain.GPU, "GPU-0"), "GPU", "test", Kind.COUNTER, 1e-3, period_s=0.1)
POWER = Meter(Channel("node1", Domain.GPU, "GPU-1"), "GPU", "test", Kind.POWER, 1.0, period_s=0.1)
NODE = Meter(Channel("node1", Domain.NODE, "wall"), "wall", "test", Kind.COUNTER, 1e-3)
START_NS = 5_000 * NS_PER_S


def wave_j(time_s: float) -> float:
    """100 W and 300 W, two seconds each: the energy up to a moment [J]."""
    rounds, within_s = divmod(time_s, 4.0)
    return rounds * 800.0 + 100.0 * min(within_s, 2.0) + 300.0 * max(within_s - 2.0, 0.0)


def measured_wave(duration_s: float, period_s: float) -> EnergyLedger:
    """What a counter of that wave told, read once in a period."""
    ledger = EnergyLedger()
    ledger.start(START_NS)
    ledger.open(GPU)
    for tick in range(round(duration_s / period_s) + 1):
        at_s = tick * period_s
        ledger.add(Reading(GPU, round(1e3 * wave_j(at_s)), START_NS + round(at_s * NS_PER_S)))
    return ledger


@pytest.mark.parametrize("period_s", [0.1, 0.5])
def test_a_wave_in_steps_is_seen_within_the_meters_own_period(period_s: float) -> None:
    (channel,), kept = measured_wave(40.0, period_s).state(40.0)
    gpu_uj = kept.energy_uj[Domain.GPU]
    assert total_uj(gpu_uj) == round(channel.attributed_energy_j * UJ) == 8000 * UJ
    slack_s = max(period_s, kept.step_s)
    for power_w, (start_s, end_s) in zip(kept.power_w(gpu_uj), pairwise(kept.edges_s), strict=True):
        level_w = 100.0 if start_s % 4.0 < 2.0 else 300.0
        if slack_s <= start_s % 2.0 and end_s % 2.0 and end_s % 2.0 <= 2.0 - slack_s:
            assert power_w == near(level_w)


def test_a_week_takes_a_few_kilobytes_and_loses_nothing() -> None:
    ledger = EnergyLedger()
    ledger.start(0)
    ledger.open(GPU)
    tracemalloc.start()
    for minute in range(WEEK_S // 60 + 1):
        ledger.add(Reading(GPU, minute * 60 * 250_000, minute * 60 * NS_PER_S))
    (channel,), kept = ledger.state(WEEK_S)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 200_000
    assert total_uj(kept.energy_uj[Domain.GPU]) == round(channel.energy_j) * UJ == 250 * WEEK_S * UJ
    assert kept.power_w(kept.energy_uj[Domain.GPU]) == near([250.0] * (len(kept.edges_s) - 1))
    assert STEPS_MOST // 2 <= len(kept.edges_s) <= STEPS_MOST


def test_a_meter_that_falls_silent_in_a_long_run_takes_no_more_room() -> None:
    ledger = measured_wave(60.0, 1.0)
    _, kept = ledger.state(WEEK_S)
    assert len(kept.edges_s) <= STEPS_MOST + 1
    known = [one for one in kept.energy_uj[Domain.GPU] if one is not None]
    assert known == [12_000 * UJ]


def test_a_gap_is_a_gap() -> None:
    ledger = EnergyLedger()
    ledger.start(0)
    ledger.open(POWER)
    for second in [*range(11), *range(20, 31)]:
        ledger.add(Reading(POWER, 100, second * NS_PER_S))
    (channel,), kept = ledger.state(30.0)
    seconds_w = kept.at_most(30).power_w(kept.at_most(30).energy_uj[Domain.GPU])
    assert seconds_w[10:20] == [None] * 10
    assert [*seconds_w[:10], *seconds_w[20:]] == near([100.0] * 20)
    assert channel.covered_s == near(20.0)


def test_what_came_before_the_start_or_after_the_end_is_in_the_first_and_the_last_step() -> None:
    book = TimeBook()
    book.book("gpu", START_NS, 0.5, 3.0)
    book.start_ns = START_NS
    book.book("gpu", START_NS + NS_PER_S, 1.0, 100.0)
    book.book("gpu", START_NS + NS_PER_S + 5_000_000, 0.005, 0.5)
    kept = book.by_time(1.0)
    assert kept.edges_s == [index * STEP_LEAST_S for index in range(9)]
    assert kept.energy_uj["gpu"] == (15_500_000, *[12_500_000] * 6, 13_000_000)


@given(
    st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=50),
    st.floats(0.01, 3.0),
)
def test_whatever_the_shares_the_steps_add_up_to_the_runs_share(
    ticks: list[tuple[float, int, int]], period_s: float
) -> None:
    ledger = EnergyLedger()
    ledger.start(0)
    gpu_count = node_count = 0
    for meter in (GPU, NODE):
        ledger.open(meter)
        ledger.add(Reading(meter, 0, 0))
    for number, (share, gpu_mj, node_mj) in enumerate(ticks, 1):
        gpu_count, node_count = gpu_count + gpu_mj, node_count + node_mj
        now_ns = round(number * period_s * NS_PER_S)
        ledger.add(Reading(GPU, gpu_count, now_ns), Share(share, share, share))
        ledger.add(Reading(NODE, node_count, now_ns))
    (gpu, node), kept = ledger.state(len(ticks) * period_s)
    assert total_uj(kept.energy_uj.get(Domain.GPU, ())) == near(gpu.attributed_energy_j * UJ, abs=0.51)
    half = kept.with_share(Domain.NODE, 0.5)
    assert total_uj(half.energy_uj.get(Domain.NODE, ())) == near(node.energy_j / 2 * UJ, abs=0.76)
    if Domain.NODE in kept.energy_uj and Domain.GPU in kept.energy_uj:
        assert kept.chips == [Domain.GPU]
