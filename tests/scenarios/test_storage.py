"""A store keeps the books of energy: every hour balances, nothing is created, and where energy came from is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dcfoot.accounting import cfe_contracted_ratio
from dcfoot.errors import ConfigError
from dcfoot_scenarios.dispatch import greedy
from dcfoot_scenarios.storage import Battery, Flows, discharged_share_ratio, operate, refilled_mw, run_storage
from dcfoot_scenarios.tank import water_tank
from simulated.near import near
from simulated.stores import HOURS, Trial, by_hand, trials

wanted_powers = st.lists(st.floats(-20.0, 20.0), min_size=HOURS, max_size=HOURS).map(np.array)


def greedily(trial: Trial) -> Flows:
    return run_storage(trial.battery, greedy(trial.clean_mw, trial.load_mw), trial.load_mw, trial.clean_mw)


def as_wanted(trial: Trial, wanted: np.ndarray) -> Flows:
    return run_storage(trial.battery, wanted[: len(trial.load_mw)], trial.load_mw, trial.clean_mw)


@given(trials(), wanted_powers)
def test_every_hour_balances_and_no_flow_is_negative(trial: Trial, wanted: np.ndarray) -> None:
    flows = as_wanted(trial, wanted)
    given_mw = flows.clean_mw + flows.discharge_mw + flows.import_mw
    assert (flows.load_mw + flows.charge_mw + flows.surplus_mw).tolist() == near(given_mw.tolist(), abs=1e-9)
    parts = (flows.charge_clean_mw, flows.charge_grid_mw, flows.discharge_clean_mw, flows.import_mw, flows.surplus_mw)
    assert min(float(part.min()) for part in parts) >= 0.0
    assert not ((flows.charge_mw > 0) & (flows.discharge_mw > 0)).any()
    assert not ((flows.import_mw > 0) & (flows.surplus_mw > 0)).any()


@given(trials(), wanted_powers)
def test_nothing_is_created_in_the_store(trial: Trial, wanted: np.ndarray) -> None:
    battery, flows = trial.battery, as_wanted(trial, wanted)
    held = np.array([trial.start_mwh(flows.state_mwh), *flows.state_mwh[:-1]]) * (1 - battery.loss_ratio_per_h)
    stored = flows.charge_mw * battery.charge_efficiency_ratio
    drawn = flows.discharge_mw / battery.discharge_efficiency_ratio
    assert flows.state_mwh.tolist() == near((held + stored - drawn).tolist(), abs=1e-9)


@given(trials(), wanted_powers)
def test_the_store_keeps_its_bounds_and_does_no_more_than_is_wanted(trial: Trial, wanted: np.ndarray) -> None:
    battery, flows, least = trial.battery, as_wanted(trial, wanted), 1e-9
    wanted = wanted[: len(trial.load_mw)]
    full, kept = trial.size_mwh, battery.reserve_ratio * trial.size_mwh
    assert kept - least <= flows.state_mwh.min()
    assert flows.state_mwh.max() <= full + least
    upkeep = battery.loss_ratio_per_h * kept / battery.charge_efficiency_ratio
    assert (flows.charge_mw <= np.maximum(np.clip(wanted, 0.0, battery.charge_mw), upkeep) + least).all()
    assert (flows.discharge_mw <= np.clip(-wanted, 0.0, battery.discharge_mw) + least).all()


@given(trials(), wanted_powers)
def test_a_year_is_what_its_hours_are_one_by_one(trial: Trial, wanted: np.ndarray) -> None:
    wanted = wanted[: len(trial.load_mw)]
    done = operate(trial.battery, wanted)
    steps = by_hand(trial.battery, wanted, trial.start_mwh(done.state_mwh))
    found = np.stack([done.charge_mw, done.discharge_mw, done.state_mwh], axis=-1)
    assert found.tolist() == [near(list(step), abs=1e-6) for step in steps]


@given(trials(starts="clean", losses=[0.0]) | trials(starts="clean", reserves=[0.0]))
def test_what_was_stored_of_the_sun_comes_out_clean(trial: Trial) -> None:
    flows = greedily(trial)
    assert not flows.charge_grid_mw.any()
    assert flows.discharge_clean_mw.tolist() == flows.discharge_mw.tolist()
    met = trial.load_mw - flows.import_mw
    assert flows.clean_to_load_mw.tolist() == near(met.tolist(), abs=1e-9)
    assert float(flows.cfe_contracted_ratio) == near(float(cfe_contracted_ratio(trial.load_mw, met)))


@given(trials(), wanted_powers)
def test_no_more_clean_energy_comes_out_than_went_in(trial: Trial, wanted: np.ndarray) -> None:
    flows = as_wanted(trial, wanted)
    assert (flows.discharge_clean_mw <= flows.discharge_mw + 1e-9).all()
    most = flows.charge_clean_mw.sum() * trial.battery.round_trip_ratio
    assert flows.discharge_clean_mw.sum() <= most + 1e-6


@given(trials(losses=[0.0], starts="cyclic"), wanted_powers)
def test_without_leaks_all_clean_energy_of_a_cycle_comes_out_again(trial: Trial, wanted: np.ndarray) -> None:
    flows = as_wanted(trial, wanted)
    assume(flows.discharge_mw.sum() > 1.0)
    inside = flows.charge_clean_mw.sum() * trial.battery.round_trip_ratio
    assert flows.discharge_clean_mw.sum() == near(inside, abs=1e-4)


def test_a_store_mixes_what_it_holds() -> None:
    # 4 MWh of the sun, then 4 MWh of the grid: what leaves is half clean, and so is what stays.
    load, clean = np.array([0.0, 0.0, 3.0, 3.0]) + 1e-9, np.array([4.0, 0.0, 0.0, 0.0])
    flows = run_storage(Battery(8.0, 4.0, 4.0, start_ratio=0.0), np.array([4.0, 4.0, -2.0, -3.0]), load, clean)
    assert flows.charge_clean_mw.tolist() == near([4.0, 0.0, 0.0, 0.0], abs=1e-6)
    assert flows.charge_grid_mw.tolist() == near([0.0, 4.0, 0.0, 0.0], abs=1e-6)
    assert flows.discharge_clean_mw.tolist() == near([0.0, 0.0, 1.0, 1.5], abs=1e-6)
    assert float(flows.cfe_contracted_ratio) == near(2.5 / 6.0, abs=1e-6)


def test_any_property_of_what_was_charged_can_be_followed() -> None:
    # 2 MWh of a grid that is a quarter clean on 6 MWh of one that is three quarters: (0.5 + 4.5) / 8.
    battery = Battery(8.0, 8.0, 8.0, start_ratio=0.0)
    done = operate(battery, np.array([2.0, 6.0, -8.0]))
    share = discharged_share_ratio(battery, done, np.array([0.25, 0.75, 0.0]))
    assert share[2] == near(0.625)


def test_what_was_there_at_the_start_and_is_not_put_back_is_not_counted_as_clean() -> None:
    flows = run_storage(Battery(4.0, 4.0, 4.0, start_ratio=1.0), np.array([-4.0]), np.array([4.0]), np.zeros(1))
    assert flows.discharge_mw.tolist() == [4.0]
    assert flows.discharge_clean_mw.tolist() == [0.0]


def test_a_start_that_the_sun_puts_back_is_as_clean_as_the_sun() -> None:
    # 4 MWh are given at night and 4 of the sun are put back: in a year that repeats itself, all of it is the sun's.
    load, clean = np.array([4.0, 0.0]), np.array([0.0, 4.0])
    flows = run_storage(Battery(4.0, 4.0, 4.0, start_ratio=1.0), np.array([-4.0, 4.0]), load, clean)
    assert float(flows.cfe_contracted_ratio) == near(1.0)
    # Half of it put back by the sun, half by the grid: half of what is given is clean.
    flows = run_storage(Battery(4.0, 4.0, 4.0, start_ratio=1.0), np.array([-4.0, 4.0]), load, clean / 2)
    assert float(flows.cfe_contracted_ratio) == near(0.5)


@given(trials(), wanted_powers)
def test_a_year_creates_nothing_in_the_store_whatever_it_starts_with(trial: Trial, wanted: np.ndarray) -> None:
    # What it gives and loses is what it took: nothing comes of the start, of energy and of clean energy.
    battery = trial.battery
    try:
        wanted = refilled_mw(battery, wanted[: len(trial.load_mw)])
    except ConfigError:
        lost = battery.loss_ratio_per_h * (battery.start_ratio or 0.0) * trial.size_mwh
        assert lost > battery.charge_efficiency_ratio * np.asarray(battery.charge_mw)
        return
    flows = run_storage(battery, wanted, trial.load_mw, trial.clean_mw)
    start = trial.start_mwh(flows.state_mwh)
    lost_mwh = battery.loss_ratio_per_h * (start + flows.state_mwh[:-1].sum())
    taken_mwh = flows.charge_mw.sum() * battery.charge_efficiency_ratio
    assert flows.state_mwh[-1] >= start * (1.0 - 1e-6) - 1e-9
    assert flows.discharge_mw.sum() / battery.discharge_efficiency_ratio + lost_mwh <= taken_mwh + 1e-4
    assert flows.discharge_clean_mw.sum() <= flows.charge_clean_mw.sum() * battery.round_trip_ratio + 1e-6


def test_a_store_that_cannot_hold_its_start_is_refused() -> None:
    # 40 MWh lose 0.8 an hour; 0.5 MW put back 0.5: what it gave of its start would be nobody's.
    battery = Battery(40.0, 0.5, 10.0, loss_ratio_per_h=0.02, start_ratio=1.0)
    with pytest.raises(ConfigError, match="cannot end as full: raise it, or leave start_ratio out"):
        refilled_mw(battery, np.full(48, -10.0))
    enough = replace(battery, charge_mw=0.8)
    assert operate(enough, refilled_mw(enough, np.full(48, -10.0))).state_mwh[-1] == near(40.0)


def test_what_a_store_gives_beyond_the_load_does_not_count_for_the_load() -> None:
    # 4 MWh of the sun, all given in one hour to a load of 1 MW: 3 are surplus, as if sold.
    load, clean = np.array([0.0, 1.0]), np.array([4.0, 0.0])
    flows = run_storage(Battery(4.0, 4.0, 4.0, start_ratio=0.0), np.array([4.0, -4.0]), load, clean)
    assert flows.surplus_mw.tolist() == [0.0, 3.0]
    assert flows.clean_to_load_mw.tolist() == [0.0, 1.0]


larger_by = st.floats(0.0, 30.0)


@given(trials(starts="clean", reserves=[0.0]) | trials(starts="clean", losses=[0.0]), larger_by, larger_by)
def test_a_larger_battery_never_lowers_the_share_of_clean_energy(trial: Trial, energy: float, power: float) -> None:
    # Greedy gives back at the first chance, when least has leaked, and stores whatever it can: nothing does better.
    larger = trial.larger(energy, power)
    assert float(greedily(larger).cfe_contracted_ratio) >= float(greedily(trial).cfe_contracted_ratio) - 1e-9


def test_a_larger_battery_does_lower_it_where_a_leaking_reserve_is_kept_up_by_the_grid() -> None:
    # The law above needs its condition: twice the reserve leaks twice as much, and dilutes what the sun has stored.
    load, clean = np.full(24, 1.0), np.where(np.arange(24) < 8, 3.0, 0.0)
    small = Trial(load, clean, Battery(20.0, 4.0, 4.0, 0.9, 0.9, 0.02, 0.5))
    large = small.larger(60.0, 0.0)
    assert float(greedily(large).cfe_contracted_ratio) < float(greedily(small).cfe_contracted_ratio) - 0.1


@given(trials(), larger_by)
def test_alone_is_as_among_others(trial: Trial, energy: float) -> None:
    larger = trial.larger(energy, 0.0)
    sizes = np.array([[one.size_mwh] for one in (trial, larger)])
    both = greedily(trial._replace(battery=replace(trial.battery, energy_mwh=sizes)))
    for row, one in enumerate((trial, larger)):
        assert both.import_mw[row].tolist() == near(greedily(one).import_mw.tolist(), abs=1e-9)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"energy_mwh": -1.0}, "energy_mwh"),
        ({"charge_mw": float("nan")}, "charge_mw"),
        ({"discharge_mw": np.array([1.0, -2.0])}, "discharge_mw"),
        ({"charge_efficiency_ratio": 0.0}, "charge_efficiency_ratio"),
        ({"discharge_efficiency_ratio": 1.1}, "discharge_efficiency_ratio"),
        ({"loss_ratio_per_h": 1.0}, "loss_ratio_per_h"),
        ({"reserve_ratio": -0.1}, "reserve_ratio"),
        ({"reserve_ratio": 0.5, "start_ratio": 0.4}, "start_ratio"),
        ({"reserve_ratio": 0.5, "loss_ratio_per_h": 0.5}, "raise it"),
    ],
)
def test_what_no_store_can_be_is_refused_by_name(wrong: dict[str, float], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        Battery(**({"energy_mwh": 10.0, "charge_mw": 2.0, "discharge_mw": 2.0} | wrong))


def test_a_tank_holds_the_heat_of_its_water_and_leaks_it_away() -> None:
    # 1000 m3 between 80 and 45 degC: 1000 x 1000 kg x 4.184 kJ x 35 K / 3.6e6 kJ per MWh = 40.68 MWh.
    tank = water_tank(1000.0, 80.0, 45.0, 5.0, time_constant_days=10.0)
    assert tank.energy_mwh == near(40.678, rel=1e-4)
    left = operate(replace(tank, start_ratio=1.0), np.zeros(240)).state_mwh[-1]
    assert left == near(40.678 / math.e, rel=1e-4)


@pytest.mark.parametrize(("warm_c", "days"), [(45.0, 10.0), (80.0, 0.0)])
def test_a_tank_without_a_warm_layer_or_that_leaks_at_once_is_refused(warm_c: float, days: float) -> None:
    with pytest.raises(ConfigError, match="A tank's"):
        water_tank(1000.0, warm_c, 45.0, 5.0, time_constant_days=days)
