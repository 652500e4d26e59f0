"""A battery that keeps a ramp: by hand, against the least that any use of it leaves beyond, and its laws."""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot_scenarios.dispatch import greedy, peak_shaving
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.ramp import within_ramp
from dcfoot_scenarios.scan import Hours, before
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.storage import Battery, Flows, operate, run_storage
from dcfoot_scenarios.study import Uncertainty
from simulated.near import near

scipy_optimize: Any = import_module("scipy.optimize")  # has no types

COUNT = 48
SEEDS = st.integers(0, 100_000)
FEW = settings(max_examples=40, deadline=None)


class Days(NamedTuple):
    """Two days of a hall with sun, a battery, what is wanted of it, and a ramp."""

    battery: Battery
    wanted_mw: Hours
    load_mw: Hours
    clean_mw: Hours
    ramp_mw_per_h: float

    def flows(self, wanted_mw: Hours) -> Flows:
        return run_storage(self.battery, wanted_mw, self.load_mw, self.clean_mw)

    @property
    def held_mw(self) -> Hours:
        return within_ramp(self.battery, self.wanted_mw, self.load_mw - self.clean_mw, self.ramp_mw_per_h)

    def beyond_mw(self, wanted_mw: Hours) -> float:
        changes = np.abs(np.diff(self.flows(wanted_mw).import_mw))
        return float(np.maximum(changes - self.ramp_mw_per_h, 0.0).sum())


def drawn(seed: int, least_load_mw: float = 4.0) -> Days:
    draw = np.random.default_rng(seed)
    sun = np.maximum(np.sin((np.arange(COUNT) % 24 - 6) / 12 * np.pi), 0.0) * draw.uniform(0.5, 1.0, COUNT)
    load, clean = draw.uniform(least_load_mw, 7.0, COUNT), draw.uniform(0.0, 12.0) * sun
    into, out_of = map(float, draw.uniform(0.85, 1.0, 2))
    start = None if draw.random() < 0.5 else float(draw.uniform(0.2, 1.0))
    power = float(draw.uniform(1.0, 8.0))
    loss, reserve = float(draw.choice([0.0, 0.01])), float(draw.choice([0.0, 0.2]))
    battery = Battery(float(draw.uniform(4.0, 40.0)), power, power, into, out_of, loss, reserve, start)
    wanted = greedy(clean, load) if draw.random() < 0.5 else draw.uniform(-8.0, 8.0, COUNT)
    return Days(battery, wanted, load, clean, float(draw.uniform(0.3, 3.0)))


def test_it_gives_less_before_it_is_empty_so_that_the_draw_rises_as_it_may() -> None:
    # 6 MW are lacking from the fifth hour on; 12 MWh are 6 + 4 + 2, and the draw rises by 2 MW an hour.
    net = np.repeat([0.0, 6.0], [4, 6])
    battery = Battery(12.0, 6.0, 6.0, start_ratio=1.0)
    power = within_ramp(battery, -net, net, 2.0)
    assert (net + power).tolist() == near([0, 0, 0, 0, 0, 2, 4, 6, 6, 6], abs=1e-9)


def test_it_takes_of_the_grid_while_the_draw_falls_faster_than_it_may() -> None:
    # 6 MW are no longer lacking: the draw falls by 2 MW an hour, and 4 + 2 MWh are stored.
    net = np.repeat([6.0, 0.0], [3, 5])
    battery = Battery(10.0, 6.0, 6.0, start_ratio=0.0)
    power = within_ramp(battery, -net, net, 2.0)
    assert (net + power).tolist() == near([6, 6, 6, 4, 2, 0, 0, 0], abs=1e-9)


def test_a_battery_that_is_nearly_full_lets_the_draw_fall_before_the_load_does() -> None:
    # Of 6 MWh 3 are held: what is stored while the draw falls at 2 MW an hour must fit into what was given before.
    net = np.repeat([6.0, 0.0], [6, 6])
    battery = Battery(6.0, 6.0, 6.0, start_ratio=0.5)
    power = within_ramp(battery, np.zeros(12), net, 2.0)
    drawn_mw = net + power
    assert np.abs(np.diff(drawn_mw)).max() <= 2.0 + 1e-9
    assert drawn_mw[5] < 6.0
    assert 3.0 + float(power.cumsum().max()) <= 6.0 + 1e-9


def test_what_keeps_the_ramp_does_not_pass_the_connection() -> None:
    # A draw that falls from 6 MW, under a connection of 5: there is nothing in the store, and then no more than 5.
    net = np.repeat([6.0, 0.0], [3, 5])
    power = within_ramp(Battery(20.0, 6.0, 6.0, start_ratio=0.0), -net, net, 0.5, 5.0)
    assert (net + power).tolist()[3:] == near([5.0, 4.5, 4.0, 3.5, 3.0], abs=1e-9)


def test_what_the_connection_will_lack_is_stored_before() -> None:
    # 6 MW are lacking in two hours, of which the connection gives 5: 2 MWh are stored, as late as can be.
    net = np.repeat([0.0, 6.0], [4, 2])
    power = within_ramp(Battery(20.0, 6.0, 6.0, start_ratio=0.0), -net, net, 10.0, 5.0)
    assert (net + power).tolist() == near([0, 0, 0, 2, 5, 5], abs=1e-9)


def test_a_limit_that_can_be_held_is_held_whatever_the_ramp() -> None:
    held_count = 0
    for days in map(drawn, range(200)):
        if days.battery.start_ratio is None:  # what one year leaves to the next may still differ
            continue
        net = days.load_mw - days.clean_mw
        limit_mw = float(np.quantile(net, 0.9))
        shaved = days.flows(peak_shaving(net, limit_mw)).import_mw.max()
        if shaved <= limit_mw + 1e-9:
            power = within_ramp(days.battery, days.wanted_mw, net, days.ramp_mw_per_h, limit_mw)
            assert days.flows(power).import_mw.max() <= limit_mw + 1e-6
            held_count += 1
    assert held_count > 20


@FEW
@given(SEEDS)
def test_what_is_asked_for_is_what_the_battery_can_do(seed: int) -> None:
    days = drawn(seed)
    held, battery = days.held_mw, days.battery
    done, flows = operate(battery, held), days.flows(held)
    if battery.start_ratio is not None:  # else what one year leaves to the next may still differ
        assert done.charge_mw - done.discharge_mw == near(held, abs=1e-7)
    start = None if battery.start_ratio is None else np.array(battery.start_ratio * battery.energy_mwh)
    kept = (1.0 - battery.loss_ratio_per_h) * before(flows.state_mwh, start)
    stored = done.charge_mw * battery.charge_efficiency_ratio - done.discharge_mw / battery.discharge_efficiency_ratio
    assert flows.state_mwh - kept == near(stored, abs=1e-9)
    assert flows.state_mwh.min() >= float(np.asarray(battery.low_mwh)) - 1e-9
    supplied = flows.clean_mw + flows.discharge_mw + flows.import_mw
    assert flows.load_mw + flows.charge_mw + flows.surplus_mw == near(supplied, abs=1e-9)


def test_it_is_never_further_beyond_the_ramp_than_its_policy_and_mostly_far_less() -> None:
    before_mw, after_mw = np.array(
        [(days.beyond_mw(days.wanted_mw), days.beyond_mw(days.held_mw)) for days in map(drawn, range(200))]
    ).T
    assert (after_mw <= before_mw + 1e-6).all()
    assert after_mw.sum() < 0.25 * before_mw.sum()


@FEW
@given(SEEDS)
def test_a_draw_that_changes_slowly_enough_is_left_as_it_is(seed: int) -> None:
    days = drawn(seed)
    slow = days._replace(ramp_mw_per_h=50.0)
    assert slow.flows(slow.held_mw).import_mw == near(days.flows(days.wanted_mw).import_mw, abs=1e-9)


def least_beyond_mw(days: Days) -> float:
    """The least that any use of the battery leaves beyond the ramp, by an LP; own supply is less than the load."""
    battery, hours = days.battery, COUNT
    keep, start = 1.0 - battery.loss_ratio_per_h, (battery.start_ratio or 0.0) * float(np.asarray(battery.energy_mwh))
    net, one, zero = days.load_mw - days.clean_mw, np.eye(hours), np.zeros((hours, hours))
    # charge, discharge, state, beyond
    stored = np.hstack([-one * battery.charge_efficiency_ratio, one / battery.discharge_efficiency_ratio])
    balance = np.hstack([stored, one - keep * np.eye(hours, k=-1), zero])
    change = (one - np.eye(hours, k=-1))[1:]
    drawn_changes = np.hstack([change, -change, zero[1:]])
    rows = [np.hstack([way * drawn_changes, -one[1:]]) for way in (1, -1)]
    most = [days.ramp_mw_per_h - way * np.diff(net) for way in (1, -1)]
    drawn_at_least = np.hstack([-one, one, zero, zero])
    power, low = float(np.asarray(battery.charge_mw)), float(np.asarray(battery.low_mwh))
    bounds = [(0, power)] * (2 * hours) + [(low, float(np.asarray(battery.energy_mwh)))] * hours + [(0, None)] * hours
    found = scipy_optimize.linprog(
        np.repeat([0.0, 1.0], [3 * hours, hours]),
        A_ub=np.vstack([*rows, drawn_at_least]),
        b_ub=np.concatenate([*most, net]),
        A_eq=balance,
        b_eq=np.concatenate([[keep * start], np.zeros(hours - 1)]),
        bounds=bounds,
    )
    assert found.status == 0
    return float(found.fun)


def test_no_use_of_the_battery_leaves_less_than_the_least_and_the_rule_comes_near_it() -> None:
    ways: list[tuple[float, float, float]] = []
    for seed in range(120):
        days = drawn(seed, least_load_mw=5.0)
        if days.battery.start_ratio is None:
            continue
        days = days._replace(clean_mw=np.minimum(days.clean_mw, days.load_mw))
        ways.append((days.beyond_mw(days.wanted_mw), days.beyond_mw(days.held_mw), least_beyond_mw(days)))
    policy_mw, rule_mw, least_mw = np.array(ways).T
    assert (rule_mw >= least_mw - 1e-6).all()
    assert rule_mw.sum() < 0.05 * policy_mw.sum()


@pytest.mark.parametrize("policy", ["greedy", "peak_shaving", "price", "optimal"])
def test_a_scenarios_battery_keeps_the_ramp_and_its_year_ends_as_it_begins(policy: str) -> None:
    day = {"name": "day", "price_per_mwh": 170, "hours": list(range(7, 21))}
    free = Scenario.model_validate(
        {
            "site": "es_madrid",
            "cooling": "direct_liquid",
            "load": {"it_capacity_mw": 10, "profile": "inference"},
            "supply": {"solar_mw": 10},
            "grid": {"price_per_mwh": 60, "periods": [day]},
            "storage": {"battery_mwh": 40, "battery_mw": 10, "reserve_ratio": 0.1, "policy": policy},
        }
    )
    usual, found = evaluate(free), evaluate(free.with_(grid={"ramp_limit_mw_per_h": 3}))
    changes = np.abs(np.diff(usual.year.flows.import_mw))
    assert (changes > 3.0).sum() > 50
    assert found.figures["over_ramp_hours"] == 0
    flows = found.year.flows
    stored = flows.charge_mw.sum() * 0.95 - flows.discharge_mw.sum() / 0.95
    assert float(stored) == near(0.0, abs=1e-6)
    assert flows.state_mwh.min() >= 4.0 - 1e-9


def test_a_plan_for_the_usual_year_breaks_no_limit_more_often_in_another_than_no_battery_does() -> None:
    hall = Scenario.model_validate(
        {
            "site": "es_madrid",
            "cooling": "direct_liquid",
            "load": {"it_capacity_mw": 10, "profile": "inference"},
            "supply": {"solar_mw": 15},
            "grid": {"import_limit_mw": 8, "ramp_limit_mw_per_h": 2},
        }
    )
    store = {"battery_mwh": 20, "battery_mw": 5, "policy": "optimal"}
    few = Uncertainty(draws=4)
    without, planned = evaluate(hall, few), evaluate(hall.with_(storage=store), few)
    for name in ("over_limit_hours", "over_ramp_hours"):
        assert planned.figures[name] == 0
        assert (planned.drawn[name] <= without.drawn[name]).all()
