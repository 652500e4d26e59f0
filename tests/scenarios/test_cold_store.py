"""A tank of chilled water: what goes in comes out or is lost, it is never worse in its own signal, a day by hand."""

from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from dcfoot.errors import ConfigError, StudyError
from dcfoot_scenarios.cold_store import store_cold
from dcfoot_scenarios.dispatch import within_days
from dcfoot_scenarios.evaluate import Outcome, evaluate
from dcfoot_scenarios.note_words import note_in
from dcfoot_scenarios.optimise import optimise
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.storage import Battery
from dcfoot_scenarios.study import Study, Uncertainty
from simulated.near import near

Column = NDArray[np.float64]

scipy_optimize: Any = import_module("scipy.optimize")  # it has no types

# Night and day: 3 and 5 MW of cold at 0.2 and 0.3 MW each, of chillers that lift 6 MW at most.
NIGHT_AND_DAY = np.tile(np.repeat([0.0, 1.0], 12), 3)
LIFTED, PER_COLD = 3.0 + 2.0 * NIGHT_AND_DAY, 0.2 + 0.1 * NIGHT_AND_DAY
MOST, ALIKE = np.array([6.0]), np.ones(72)


def test_a_day_of_two_levels_is_that_of_the_hand() -> None:
    # 10 MWh are made at night for 2 MWh and spare 3 MWh by day, each of three days.
    done = store_cold(Battery(10.0, 2.0, 2.0), LIFTED, MOST, PER_COLD, ALIKE)
    assert float(done.charge_mw[:12].sum()) == near(10.0)
    assert float(done.discharge_mw[12:24].sum()) == near(10.0)
    assert done.drawn_mw.reshape(3, 24).sum(axis=-1) == near([-1.0] * 3)
    assert float(done.made_mw.sum()) == near(3 * 12 * (3.0 + 5.0))
    assert float(done.state_mwh[-1]) == near(0.0, abs=1e-12)


def test_chillers_without_room_fill_no_faster_than_they_have_it() -> None:
    # 0.5 MW is left at night: 6 MWh in its twelve hours.
    done = store_cold(Battery(10.0, 2.0, 2.0), LIFTED, np.array([3.5]), PER_COLD, ALIKE)
    assert float(done.charge_mw.max()) == near(0.5)
    assert float(done.discharge_mw.sum()) == near(3 * 6.0)


def test_what_is_lost_in_a_day_must_be_paid_by_the_spread() -> None:
    # Day costs half as much again: a loss of 1 % an hour, 21 % a day, is paid for, one of 2 %, 38 % a day, is not.
    small, great = (
        store_cold(Battery(10.0, 2.0, 2.0, loss_ratio_per_h=loss), LIFTED, MOST, PER_COLD, ALIKE)
        for loss in (0.01, 0.02)
    )
    assert float(small.drawn_mw.sum()) < 0.0
    assert not great.charge_mw.any()


def test_a_year_in_which_it_would_cost_more_than_it_spares_it_rests() -> None:
    # What the last hour of a dear day fills at 50 is given on a cheap one, which would have made it itself at 1, for 2.
    dear, cheap = [100.0] * 23 + [50.0], [1.0] * 12 + [2.0] * 12
    tank, level = Battery(2.0, 2.0, 2.0), np.full(48, 3.0)
    done = store_cold(tank, level, MOST, np.ones(48), np.array(dear + cheap))
    assert not done.charge_mw.any()
    assert not done.drawn_mw.any()


hours = arrays(np.float64, 72, elements=st.floats(0.0, 10.0))
signals = arrays(np.float64, 72, elements=st.integers(-20, 100).map(float))


@given(hours, hours, signals, st.floats(0.0, 60.0), st.floats(0.0, 15.0), st.sampled_from([0.0, 0.0004, 0.05]))
def test_no_cold_is_made_of_nothing_and_no_year_is_worse(
    lifted: Column, per_cold: Column, signal: Column, mwh: float, mw: float, loss: float
) -> None:
    most = np.array([8.0])
    done = store_cold(Battery(mwh, mw, mw, loss_ratio_per_h=loss), lifted, most, per_cold, signal)
    before = np.roll(done.state_mwh, 1)  # the year begins as full as it ends
    assert done.state_mwh - before == near(done.charge_mw - done.discharge_mw - loss * before, abs=1e-9)
    assert done.made_mw == near(lifted + done.charge_mw - done.discharge_mw, abs=1e-9)
    assert np.all((done.state_mwh >= -1e-9) & (done.state_mwh <= mwh + 1e-9))
    assert np.all(done.charge_mw <= np.minimum(mw, np.maximum(most - lifted, 0.0)) + 1e-9)
    assert np.all(done.discharge_mw <= np.minimum(mw, lifted) + 1e-9)
    assert not np.any((done.charge_mw > 0.0) & (done.discharge_mw > 0.0))
    assert not done.charge_mw[lifted == 0.0].any()
    assert float((done.drawn_mw * signal).sum()) <= 1e-9


day = arrays(np.float64, 24, elements=st.integers(0, 9).map(float))


@given(day, day, day, st.floats(0.0, 40.0))
def test_a_days_trades_are_worth_what_a_linear_program_finds(
    signal: Column, take: Column, give: Column, mwh: float
) -> None:
    """Without losses and without the order of hours, of which neither knows."""
    wanted = within_days(signal, Battery(mwh, 9.0, 9.0), take, give)
    bounds = [(0.0, most) for most in (*take.tolist(), *give.tolist())]
    taken, as_much = np.repeat([1.0, 0.0], 24), np.repeat([1.0, -1.0], 24)
    cost, nothing = np.concatenate([signal, -signal]), [0.0]
    best = scipy_optimize.linprog(cost, taken[None], [mwh], as_much[None], nothing, bounds)
    assert float((signal * wanted).sum()) == near(float(best.fun), abs=1e-6)
    assert float(wanted.sum()) == near(0.0, abs=1e-9)


def test_draws_of_hours_are_each_as_if_alone() -> None:
    both = np.stack([LIFTED, LIFTED[::-1]]), np.stack([PER_COLD, PER_COLD[::-1]])
    tank, most = Battery(10.0, 2.0, 2.0, loss_ratio_per_h=0.0004), np.array([[6.0], [5.5]])
    together = store_cold(tank, both[0], most, both[1], ALIKE)
    alone = [store_cold(tank, both[0][one], most[one], both[1][one], ALIKE).drawn_mw for one in (0, 1)]
    assert together.drawn_mw == near(np.stack(alone), abs=1e-12)


def test_hours_that_are_not_whole_days_are_refused() -> None:
    with pytest.raises(ConfigError, match="whole days"):
        store_cold(Battery(10.0, 2.0, 2.0), LIFTED[1:], MOST, PER_COLD[1:], ALIKE[1:])


def scenario(**keys: object) -> Scenario:
    load = {"it_capacity_mw": 10, "mean_ratio": 0.7}
    return Scenario.model_validate({"site": "sg_singapore", "cooling": "air_chiller", "load": load} | keys)


def pair(**keys: object) -> tuple[Outcome, Outcome]:
    """Without and with a tank of 20 MWh."""
    bare = scenario(**keys)
    return evaluate(bare), evaluate(bare.with_(cold_store={"mwh": 20}))


@pytest.mark.parametrize("policy", ["carbon", "price"])
def test_the_halls_load_follows_its_tank_and_its_own_signal_falls(policy: str) -> None:
    dear = {"price_per_mwh": 60, "periods": [{"name": "day", "price_per_mwh": 170, "hours": list(range(7, 21))}]}
    bare = evaluate(scenario(site="de_frankfurt", grid=dear))
    used = evaluate(scenario(site="de_frankfurt", grid=dear, cold_store={"mwh": 20, "policy": policy}))
    spared_mw = bare.year.flows.load_mw - used.year.flows.load_mw
    assert used.year.cold_stored is not None
    assert spared_mw == near(-used.year.cold_stored.drawn_mw, abs=1e-9)
    assert float(spared_mw.sum()) == near(used.figures["cold_store_spared_mwh"], abs=1e-6)
    signal = used.case.grid[1] if policy == "carbon" else used.case.price_per_mwh
    assert signal is not None
    assert float((spared_mw * signal).sum()) > 0.0
    assert used.figures["cold_store_mwh"] > 100.0
    assert used.figures["wue_l_per_kwh"] == bare.figures["wue_l_per_kwh"]
    assert [note for note in used.notes if "what making it emits is not known" in note] != []


def test_cold_is_made_where_it_is_cooler_so_that_the_pue_falls_and_the_balance_of_the_year_closes() -> None:
    bare, used = pair()
    assert used.figures["pue"] < bare.figures["pue"]
    state = bare.case.facility(bare.case.hall(bare.year.it_mw))
    stored = used.year.cold_stored
    assert stored is not None
    lost_mwh = 0.0004 * float(stored.state_mwh.sum())  # a year begins as full as it ends
    lifted_mwh = float((bare.year.it_mw * state.lifted_ratio).sum())
    assert used.figures["cold_made_mwh"] == near(lifted_mwh + lost_mwh, rel=1e-9)


def test_the_hours_show_what_heat_and_the_tank_do_and_what_the_pump_draws_is_the_years() -> None:
    _, used = pair(heat_reuse={"homes": 500, "store_mwh": 5})
    hours, loss = used.hours, 0.0004
    before = np.roll(hours["cold_store_state_mwh"], 1)  # the year begins as full as it ends
    moved = hours["cold_store_charge_mw"] - hours["cold_store_discharge_mw"]
    assert np.asarray(hours["cold_store_state_mwh"] - before) == near(np.asarray(moved - loss * before), abs=1e-9)
    assert float(hours["heat_pump_electric_mw"].sum()) == near(used.figures["heat_pump_mwh"], rel=1e-9)
    assert float(hours["heat_delivered_mw"].sum()) == near(used.figures["heat_delivered_mwh"], rel=1e-9)
    assert (hours["heat_delivered_mw"] <= hours["heat_demand_mw"] + 1e-9).all()


def test_free_cooling_all_year_leaves_nothing_to_store_and_it_is_said() -> None:
    bare, used = pair(site="dk_copenhagen", cooling="airside_economizer")
    same = [name for name in bare.figures if used.figures[name] == bare.figures[name]]
    assert same == list(bare.figures)
    assert used.figures["cold_store_mwh"] == 0.0
    (said,) = [note for note in used.notes if "cold store" in note]
    assert "no compressor ever runs in this hall" in said
    assert "压缩机从不运行" in note_in(said, "zh")


def test_a_hall_as_full_as_it_can_be_leaves_its_chillers_no_room_and_it_is_said() -> None:
    _, used = pair(load={"it_capacity_mw": 10, "mean_ratio": 1.0})
    assert used.figures["cold_store_mwh"] == 0.0
    assert [note for note in used.notes if "none leaves its chillers room" in note] != []


def test_a_tank_spares_no_more_of_a_measured_pue_than_its_compressors_can_be_part_of() -> None:
    _, used = pair(pue=1.05)
    assert float(used.year.pue.min()) > 1.0
    assert used.figures["pue"] == near(1.05, abs=1e-3)


def test_a_tank_stores_what_a_chiller_of_heat_leaves_to_compressors() -> None:
    hot = {"cooling": "direct_liquid", "facility": {"liquid.coolant_supply_c": 55}}
    bare, used = pair(**hot, heat_reuse={"cold": "adsorption_silica_gel", "cold_mw": 0.5})
    assert used.year.cold_stored is not None
    assert used.figures["cold_of_heat_mwh"] == bare.figures["cold_of_heat_mwh"]
    spared_mwh = bare.figures["facility_energy_mwh"] - used.figures["facility_energy_mwh"]
    assert spared_mwh == near(used.figures["cold_store_spared_mwh"], abs=1e-6)


def test_a_tank_costs_what_the_table_has_or_what_the_study_states() -> None:
    # 1.50 USD a gallon (REopt), between 56 and 44 F: 3.7854 L of 4.19 kJ/(kg K) over 6.667 K are 0.02937 kWh.
    money, priced = Money(currency="USD"), {"price_per_mwh": 80}
    bare = evaluate(scenario(grid=priced), money=money)
    usual, stated = (
        evaluate(scenario(grid=priced, cold_store={"mwh": 20, **more}), Uncertainty(draws=4), money)
        for more in ({}, {"capex_per_kwh": 30})
    )
    assert usual.figures["capex"] - bare.figures["capex"] == near(20_000 * 1.5 / 0.02937, rel=1e-3)
    assert stated.figures["capex"] - bare.figures["capex"] == near(20_000 * 30)
    assert "price.cold store" in usual.inputs
    assert "price.cold store" not in stated.inputs
    assert [line for line in usual.evidence if "REopt" in line.source] != []


def test_a_heat_pump_is_not_sized_beside_two_that_make_cold() -> None:
    heat = {"homes": 2000, "heat_pump_inside": True, "cold": "adsorption_silica_gel"}
    keys = scenario(cooling="direct_liquid", grid={"price_per_mwh": 60}, heat_reuse=heat, cold_store={"mwh": 5})
    asked: dict[str, Any] = {"study": "two", "optimise": {"heat_pump_mw": {}, "minimise": "carbon"}}
    with pytest.raises(StudyError, match="leave one out"):
        optimise(Study.of(asked | {"baseline": keys.model_dump(exclude_unset=True)}))


def test_power_of_a_tank_without_a_size_is_told() -> None:
    keys = scenario().model_dump(exclude_unset=True) | {"cold_store": {"mw": 2}}
    with pytest.raises(StudyError, match="Add mwh"):
        Study.of({"study": "a tank", "baseline": keys})
