"""Counters and integrals of power against arithmetic, published wrap cases and a known true energy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.counter import AverageIntegral, CounterIntegral, Outcome, PowerIntegral, integral_of
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import NS_PER_S
from simulated.near import near

PACKAGE = Channel("node-1", Domain.PACKAGE, "package-0")
SERVER_RANGE_UJ = 262_143_328_850
"""What Linux powercap shows as max_energy_range_uj of a package that counts in 61.04 uJ (Intel SDM 15.10: 2^32 /
2^14)."""


def rapl(*, power_max_w: float = 10_000.0) -> Meter:
    return Meter(PACKAGE, "package", "rapl", Kind.COUNTER, 1e-6, SERVER_RANGE_UJ + 1, power_max_w=power_max_w)


def power(kind: Kind = Kind.POWER, **fields: float) -> Meter:
    return Meter(Channel("node-1", Domain.GPU, "GPU-1"), "gpu", "nvml", kind, 1e-3, **fields)  # type: ignore[arg-type]


def at(meter: Meter, seconds: float, value: float) -> Reading:
    return Reading(meter, round(value), round(seconds * NS_PER_S))


def test_a_first_reading_yields_nothing_whatever_was_counted_since_boot() -> None:
    step = CounterIntegral(rapl()).add(at(rapl(), 0.0, 200_000_000_000))
    assert (step.energy_j, step.covered_s, step.outcome) == (0.0, 0.0, Outcome.FIRST)


@pytest.mark.parametrize(
    ("before_uj", "after_uj", "expected_uj", "outcome"),
    [
        (1_000, 251_000, 250_000, Outcome.STEP),
        (262_143_000_000, 500_000, 828_851, Outcome.WRAP),
        (5, 5, 0, Outcome.STEP),
    ],
)
def test_a_difference_is_what_the_counter_moved_also_across_its_end(
    before_uj: int, after_uj: int, expected_uj: int, outcome: Outcome
) -> None:
    meter = rapl()
    counter = CounterIntegral(meter)
    counter.add(at(meter, 0.0, before_uj))
    step = counter.add(at(meter, 1.0, after_uj))
    assert step.energy_j == near(expected_uj * 1e-6, abs=1e-6)
    assert step.outcome is outcome


@given(st.lists(st.floats(min_value=0.0, max_value=500.0), min_size=1, max_size=40), st.integers(0, SERVER_RANGE_UJ))
def test_a_wrapping_counter_adds_up_to_the_true_energy(powers_w: list[float], start_uj: int) -> None:
    meter = rapl(power_max_w=500.0)
    counter = CounterIntegral(meter)
    true_uj, total_j = start_uj, 0.0
    counter.add(at(meter, 0.0, start_uj))
    # Six minutes at 500 W stay below one turn of 262 kJ; several such steps cross the end.
    for index, power_w in enumerate(powers_w, start=1):
        true_uj += round(power_w * 360.0 * 1e6)
        total_j += counter.add(at(meter, index * 360.0, true_uj % (SERVER_RANGE_UJ + 1))).energy_j
    assert total_j == near((true_uj - start_uj) * 1e-6, rel=1e-9, abs=1e-6)


def test_a_restarted_counter_is_worth_what_it_shows_since_and_no_more() -> None:
    meter = power(Kind.COUNTER)
    counter = CounterIntegral(meter)
    counter.add(at(meter, 0.0, 900_000_000))
    counter.add(at(meter, 1.0, 900_300_000))  # 300 W
    step = counter.add(at(meter, 2.0, 240_000))  # restarted, 240 J = 0.8 s of 300 W ago
    assert step.outcome is Outcome.RESET
    assert step.energy_j == near(240.0)
    assert step.covered_s == near(0.8)


def test_a_counter_that_leaps_is_not_believed_and_the_next_good_reading_loses_nothing() -> None:
    meter = rapl(power_max_w=400.0)
    counter = CounterIntegral(meter)
    counter.add(at(meter, 0.0, 0))
    leap = counter.add(at(meter, 1.0, 90_000_000_000))
    good = counter.add(at(meter, 2.0, 200_000_000))
    assert leap.outcome is Outcome.IMPLAUSIBLE
    assert leap.energy_j == 0.0
    assert good.energy_j == near(200.0)
    assert good.covered_s == near(2.0)


def test_power_that_runs_straight_is_integrated_exactly() -> None:
    meter = power(period_s=0.1)
    integral = PowerIntegral(meter)
    # 100 W rising to 300 W in 2 s: 400 J.
    steps = [integral.add(at(meter, i / 10, 1e3 * (100 + 10 * i))) for i in range(21)]
    assert sum(step.energy_j for step in steps) == near(400.0)
    assert sum(step.covered_s for step in steps) == near(2.0)


def test_silence_of_a_power_meter_is_a_gap_of_which_nothing_is_counted() -> None:
    meter = power(period_s=0.1)
    integral = PowerIntegral(meter)
    integral.add(at(meter, 0.0, 100_000))
    step = integral.add(at(meter, 4.0, 100_000))
    assert (step.outcome, step.energy_j, step.covered_s, step.elapsed_s) == (Outcome.GAP, 0.0, 0.0, 4.0)


@pytest.mark.parametrize("value_mw", [-1_000, 2**32 - 1])
def test_power_that_cannot_be_is_dropped(value_mw: int) -> None:
    meter = power(period_s=0.1, power_max_w=800.0)
    integral = PowerIntegral(meter)
    integral.add(at(meter, 0.0, 100_000))
    assert integral.add(at(meter, 0.1, value_mw)).outcome is Outcome.IMPLAUSIBLE
    assert integral.add(at(meter, 0.2, 100_000)).energy_j == near(20.0)


def true_energy_j(seconds: float, stop_s: float) -> float:
    """Idle at 50 W, 300 W from 0 to `stop_s`, then 50 W."""
    if seconds <= 0.0:
        return 50.0 * seconds
    return 300.0 * min(seconds, stop_s) + 50.0 * max(0.0, seconds - stop_s)


@given(st.floats(min_value=0.2, max_value=20.0))
def test_a_moving_average_gives_back_the_energy_of_a_step(stop_s: float) -> None:
    meter = power(Kind.POWER_AVERAGE, period_s=0.1, window_s=1.0)
    integral = AverageIntegral(meter)
    moments = [i / 10 for i in range(math.ceil(stop_s * 10))] + [stop_s]
    total_j = sum(
        integral.add(
            at(meter, moment, 1e3 * (true_energy_j(moment, stop_s) - true_energy_j(moment - 1.0, stop_s)))
        ).energy_j
        for moment in moments
    )
    assert total_j == near(300.0 * stop_s, rel=1e-4)


def test_after_a_long_silence_a_moving_average_tells_of_its_window_only() -> None:
    meter = power(Kind.POWER_AVERAGE, period_s=0.1, window_s=1.0)
    integral = AverageIntegral(meter)
    integral.add(at(meter, 0.0, 200_000))
    step = integral.add(at(meter, 5.0, 200_000))
    assert step.outcome is Outcome.GAP
    assert (step.energy_j, step.covered_s) == near((200.0, 1.0))


def test_between_a_reading_and_a_window_that_began_after_it_the_power_was_between_the_two() -> None:
    meter = power(Kind.POWER_AVERAGE, period_s=0.1, window_s=0.1)
    integral = AverageIntegral(meter)
    integral.add(at(meter, 0.0, 100_000))
    # 0.3 s of which nothing was seen, half of 100 W and half of 300 W, then 0.1 s of 300 W.
    assert integral.add(at(meter, 0.4, 300_000)).energy_j == near(0.3 * 200 + 0.1 * 300)


@given(
    st.lists(st.tuples(st.floats(0.01, 0.9), st.integers(0, 700_000)), min_size=1, max_size=30),
    st.floats(0.01, 0.9),
    st.floats(0.0, 1e4),
    st.sampled_from([0.02, 0.1, 1.0]),
)
def test_the_average_that_is_asked_for_an_energy_gives_that_energy(
    readings: list[tuple[float, int]], wait_s: float, energy_j: float, window_s: float
) -> None:
    meter = power(Kind.POWER_AVERAGE, period_s=0.1, window_s=window_s, power_max_w=1e9)
    integral, now_s = AverageIntegral(meter), 0.0
    for step_s, value_mw in readings:
        now_s += step_s
        integral.add(at(meter, now_s, value_mw))
    before_j, ahead = integral.energy_j, integral.copy()
    average_w = integral.average_w(round((now_s + wait_s) * NS_PER_S), before_j + energy_j)
    if average_w >= 0.0:
        step = ahead.add(at(meter, now_s + wait_s, average_w * 1e3))
        assert step.energy_j == near(energy_j, abs=0.5e-3 * (window_s + wait_s) + 1e-6)
    assert integral.energy_j == before_j


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_meter_has_an_integral_that_starts_with_nothing(kind: Kind) -> None:
    meter = power(kind, period_s=0.1, window_s=1.0)
    assert integral_of(meter).add(at(meter, 0.0, 1_000)).outcome is Outcome.FIRST


@pytest.mark.parametrize("kind", list(Kind))
def test_time_that_runs_backwards_is_not_energy(kind: Kind) -> None:
    meter = power(kind, period_s=0.1, window_s=1.0)
    integral = integral_of(meter)
    integral.add(at(meter, 1.0, 1_000))
    step = integral.add(at(meter, 0.5, 2_000))
    assert (step.energy_j, step.outcome) == (0.0, Outcome.IMPLAUSIBLE)
