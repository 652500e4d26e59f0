"""Shifting against an LP, and the laws of what waits, yields and is held."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dcfoot.errors import ConfigError
from dcfoot.weather.year import Hours
from dcfoot_scenarios.flexibility import curtail, highest_hours, shift, spared_peak_mw
from simulated.near import near

scipy_optimize: Any = import_module("scipy.optimize")  # has no types

COUNT = 30
LOADS = arrays(np.float64, COUNT, elements=st.floats(0, 20))
SIGNALS = arrays(np.float64, COUNT, elements=st.integers(0, 50).map(float))
SHARES, DEADLINES, ROOM = st.floats(0, 1), st.integers(0, 12), st.floats(0.0, 15.0)


def least_cost(load: Hours, share: float, deadline_h: int, signal: Hours, capacity_mw: float) -> float:
    """The least sum of signal times power, by an LP that says of each hour's work in which hour it is done."""
    pairs = [(asked, done) for asked in range(COUNT) for done in range(asked, min(asked + deadline_h + 1, COUNT))]
    all_done, fits = np.zeros((COUNT, len(pairs))), np.zeros((COUNT, len(pairs)))
    for column, (asked, done) in enumerate(pairs):
        all_done[asked, column] = fits[done, column] = 1
    cost = [signal[done] for _, done in pairs]
    rest = load * (1 - share)
    limits = {"A_ub": fits, "b_ub": capacity_mw - rest, "A_eq": all_done, "b_eq": load * share}
    # By itself it leaves 1e-7 MW of each hour undone: more than a small load is.
    found = scipy_optimize.linprog(cost, **limits, options={"primal_feasibility_tolerance": 1e-10})
    assert found.status == 0
    return float(found.fun + rest @ signal)


@given(LOADS, SHARES, DEADLINES, SIGNALS, ROOM)
def test_no_other_schedule_is_cheaper(
    load: Hours, share: float, deadline_h: int, signal: Hours, room_mw: float
) -> None:
    capacity_mw = float(load.max()) + room_mw
    shifted = shift(load, share, deadline_h, signal, capacity_mw)
    expected = least_cost(load, share, deadline_h, signal, capacity_mw)
    assert float(shifted.load_mw @ signal) == near(expected, rel=1e-7, abs=1e-5)


@given(LOADS, SHARES, DEADLINES, SIGNALS, ROOM)
def test_energy_deadlines_and_capacity_are_kept(
    load: Hours, share: float, deadline_h: int, signal: Hours, room_mw: float
) -> None:
    capacity_mw = float(load.max()) + room_mw
    shifted = shift(load, share, deadline_h, signal, capacity_mw)
    assert shifted.load_mw.sum() == near(load.sum(), abs=1e-6)
    assert shifted.load_mw.max() <= capacity_mw + 1e-9
    assert (shifted.load_mw >= load * (1 - share) - 1e-9).all()
    asked, done = np.cumsum(load * share), np.cumsum(shifted.load_mw - load * (1 - share))
    assert (done <= asked + 1e-6).all(), "nothing is done before it is asked for"
    due = np.concatenate((np.zeros(deadline_h), asked[: COUNT - deadline_h]))
    assert (done >= due - 1e-6).all(), "nothing is later than its deadline"
    assert shifted.longest_wait_h <= deadline_h


def least_beyond(load: Hours, share: float, deadline_h: int, signal: Hours, limit: Hours) -> tuple[float, float]:
    """The least energy beyond a limit, and with it the least sum of signal times power, by two LPs."""
    pairs = [(asked, done) for asked in range(COUNT) for done in range(asked, min(asked + deadline_h + 1, COUNT))]
    all_done, drawn = np.zeros((COUNT, len(pairs) + COUNT)), np.zeros((COUNT, len(pairs) + COUNT))
    for column, (asked, done) in enumerate(pairs):
        all_done[asked, column] = drawn[done, column] = 1
    within = drawn.copy()
    within[:, len(pairs) :] = -np.eye(COUNT)
    beyond, rest = np.repeat([0.0, 1.0], [len(pairs), COUNT]), load * (1 - share)
    equal = {"A_eq": all_done, "b_eq": load * share}
    least = scipy_optimize.linprog(beyond, A_ub=within, b_ub=limit - rest, **equal)
    assert least.status == 0
    most = np.vstack([within, drawn, beyond])
    bounds = np.concatenate([limit - rest, np.maximum(limit, load) - rest, [least.fun + 1e-7]])
    cost = np.concatenate([[signal[done] for _, done in pairs], np.zeros(COUNT)])
    found = scipy_optimize.linprog(cost, A_ub=most, b_ub=bounds, **equal)
    assert found.status == 0
    return float(least.fun), float(found.fun + rest @ signal)


LIMITS = arrays(np.float64, COUNT, elements=st.floats(0, 25))


@given(LOADS, SHARES, DEADLINES, SIGNALS, LIMITS)
def test_of_a_limit_the_least_energy_lies_beyond_and_then_no_other_schedule_is_cheaper(
    load: Hours, share: float, deadline_h: int, signal: Hours, limit: Hours
) -> None:
    shifted = shift(load, share, deadline_h, signal, 50.0, limit)  # a capacity that no limit and no load reaches
    beyond_mwh, cost = least_beyond(load, share, deadline_h, signal, limit)
    assert float(np.maximum(shifted.load_mw - limit, 0.0).sum()) == near(beyond_mwh, rel=1e-6, abs=1e-5)
    assert float(shifted.load_mw @ signal) == near(cost, rel=1e-5, abs=1e-4)


@given(LOADS, SHARES, DEADLINES, SIGNALS, LIMITS, ROOM)
def test_no_hour_is_pushed_beyond_a_limit_and_all_that_is_asked_for_is_done_in_time(
    load: Hours, share: float, deadline_h: int, signal: Hours, limit: Hours, room_mw: float
) -> None:
    shifted = shift(load, share, deadline_h, signal, float(load.max()) + room_mw, limit)
    assert (shifted.load_mw <= np.maximum(limit, load) + 1e-6).all()
    assert shifted.load_mw.sum() == near(load.sum(), abs=1e-5)
    assert shifted.longest_wait_h <= deadline_h
    done, asked = np.cumsum(shifted.load_mw - load * (1 - share)), np.cumsum(load * share)
    assert (done <= asked + 1e-6).all()


def test_what_does_not_fit_under_a_limit_stays_where_it_broke_it() -> None:
    # 4, 2 and 0 MW must be drawn at once, which leaves room for 1, 3 and 1; 4, 2 and 0 can wait an hour. The one MWh
    # that fits nowhere stays in the first hour, which was beyond its limit as it was asked for, and the second was not.
    shifted = shift(np.array([8.0, 4.0, 0.0]), 0.5, 1, np.array([1.0, 2.0, 0.0]), 20.0, np.array([5.0, 5.0, 1.0]))
    assert shifted.load_mw.tolist() == near([6.0, 5.0, 1.0])


@given(LOADS, SHARES, SIGNALS, ROOM)
def test_a_longer_deadline_is_never_dearer(load: Hours, share: float, signal: Hours, room_mw: float) -> None:
    capacity_mw = float(load.max()) + room_mw
    costs = [float(shift(load, share, hours, signal, capacity_mw).load_mw @ signal) for hours in (0, 3, 9)]
    assert costs[0] >= costs[1] - 1e-6 >= costs[2] - 2e-6


@given(LOADS, SHARES)
def test_nothing_moves_where_nothing_can_wait_or_no_hour_is_better(load: Hours, share: float) -> None:
    capacity_mw = float(load.max())
    falling = np.arange(COUNT, 0, -1.0)
    for shifted in (shift(load, share, 0, falling, capacity_mw), shift(load, share, 6, np.ones(COUNT), capacity_mw)):
        assert shifted.load_mw == near(load, abs=1e-9)
        assert shifted.moved_mwh == near(0.0, abs=1e-6)
        assert shifted.longest_wait_h == 0


def test_a_shift_by_hand() -> None:
    # 10 MW, half of which may wait for 2 h. The third hour is cheap, but has room for 13 of the 15 MWh that may come to
    # it: 2 wait for the fourth, whose own work cannot be done before it is asked for.
    shifted = shift(np.full(4, 10.0), 0.5, 2, np.array([9.0, 8.0, 1.0, 5.0]), 18.0)
    assert shifted.load_mw.tolist() == near([5.0, 5.0, 18.0, 12.0])
    assert shifted.moved_mwh == near(10.0)
    assert shifted.longest_wait_h == 2


def test_a_load_that_does_not_fit_says_how_much_is_left_over() -> None:
    with pytest.raises(ConfigError, match=r"does not fit under 9 MW within 2 h: 4 MWh are left over"):
        shift(np.full(4, 10.0), 0.5, 2, np.ones(4), 9.0)


def test_shares_and_deadlines_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"share that can wait is 1\.5"):
        shift(np.ones(4), 1.5, 2, np.ones(4), 9.0)
    with pytest.raises(ConfigError, match="deadline is -1 h"):
        shift(np.ones(4), 0.5, -1, np.ones(4), 9.0)


@given(LOADS, SHARES, st.integers(0, COUNT), SIGNALS)
def test_what_is_left_and_what_is_given_up_add_up_to_the_load(
    load: Hours, share: float, hours: int, price: Hours
) -> None:
    called = highest_hours(price, hours)
    curtailed = curtail(load, called, share)
    assert curtailed.load_mw + curtailed.yielded_mw == near(load)
    assert not curtailed.yielded_mw[~called].any()
    assert curtailed.yielded_mw[called] == near(load[called] * share)


def test_the_highest_hours_are_as_many_as_asked_for_the_earlier_ones_first() -> None:
    assert highest_hours(np.array([1.0, 3.0, 2.0, 3.0, 3.0]), 2).tolist() == [False, True, False, True, False]


def test_the_peak_that_the_grid_is_spared_is_that_in_its_own_peak_hours() -> None:
    grid = np.array([False, True, True, False])
    before, after = np.array([10.0, 20.0, 25.0, 12.0]), np.array([30.0, 15.0, 18.0, 24.0])
    assert spared_peak_mw(before, after, grid) == near(7.0)
    assert spared_peak_mw(after, before, grid) == near(-7.0)
    with pytest.raises(ConfigError, match="No hour is one of the grid's peak"):
        spared_peak_mw(before, after, np.zeros(4, dtype=np.bool))
