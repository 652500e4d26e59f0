"""What a study says is best is what its year shows; more options are never worse; what cannot be held is named."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from dcfoot.errors import StudyError
from dcfoot_scenarios.compare import compare
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.optimise import optimise
from dcfoot_scenarios.optimised import OPTIMISED
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.sizing.conflict import InfeasibleStudy
from dcfoot_scenarios.study import Study
from simulated.near import near

MONEY = {"currency": "EUR", "rates": {"USD": 0.92}}
COPENHAGEN = {"site": "dk_copenhagen", "cooling": "direct_liquid", "grid": {"price_per_mwh": 90}}


def study(**optimise_keys: Any) -> Study:  # noqa: ANN401 (as in a file)
    return Study.of(
        {
            "study": "sizes",
            "load": {"it_capacity_mw": 10, "profile": "inference"},
            "money": MONEY,
            "uncertainty": {"draws": 0},
            "baseline": COPENHAGEN,
            "variants": {"dearer": {"grid": {"price_per_mwh": 140}}},
            "optimise": optimise_keys,
        }
    )


SUPPLY_AND_STORE: dict[str, Any] = {"solar_mw": {}, "wind_mw": {}, "battery_mwh": {}, "battery_mw": {}}


def test_the_optimum_is_what_its_own_year_shows() -> None:
    comparison = compare(study(**SUPPLY_AND_STORE, cfe_contracted_ratio_min=0.9))
    found, figures = comparison.optimised, comparison.outcomes[OPTIMISED].figures
    assert found is not None
    assert figures["cfe_contracted_ratio"] == near(0.9, abs=1e-6)
    assert figures["import_mwh"] == near(found.sizing.flows.import_mw.sum(), rel=1e-6)
    assert figures["cost_per_year"] == near(found.sizing.cost, rel=1e-6)
    assert figures["capex"] == near(found.sizing.capex, rel=1e-6)
    assert figures["cost_per_year"] < comparison.baseline.figures["cost_per_year"] + 1e7


def test_what_stands_already_is_paid_for_once() -> None:
    keys = study(battery_mwh={}, battery_mw={}, cfe_contracted_ratio_min=0.6)
    stands = {name: one.with_(supply={"wind_mw": 15}) for name, one in keys.scenarios.items()}
    found = optimise(keys, stands)
    assert evaluate(found.scenario, money=keys.keys.money).figures["cost_per_year"] == near(found.sizing.cost, rel=1e-6)


def test_more_options_are_never_worse() -> None:
    options: list[dict[str, Any]] = [{"wind_mw": {"most": 5}}, {"wind_mw": {}}, SUPPLY_AND_STORE]
    least = [optimise(study(**keys)).sizing.cost for keys in options]
    assert least == sorted(least, reverse=True)


def heated(heat_reuse: Mapping[str, Any] = MappingProxyType({}), **optimise_keys: Any) -> Study:  # noqa: ANN401 (as in a file)
    """Power that is dear by day, carbon that costs, and a network that takes heat for 60 a megawatt-hour."""
    dear = {"name": "day", "price_per_mwh": 170, "hours": list(range(7, 21))}
    network = {"homes": 2000, "heat_pump_inside": True, "price_per_mwh": 60}
    asked = study(**optimise_keys)
    scenario = asked.scenarios["baseline"].model_dump(exclude_unset=True)
    scenario |= {"grid": {"price_per_mwh": 60, "periods": [dear]}, "heat_reuse": {**network, **heat_reuse}}
    scenario |= {"storage": {"battery_mwh": 8, "battery_mw": 2}}
    money = {**MONEY, "carbon_price_per_t": 70}
    return Study.of(asked.keys.model_dump(exclude_unset=True) | {"baseline": scenario, "money": money})


HEAT: dict[str, Any] = {"heat_pump_mw": {}, "heat_store_mwh": {}}


@pytest.mark.parametrize("keys", [{}, {"wind_mw": {}, "carbon_t_max": 3500}])
def test_heat_pump_and_heat_store_of_the_optimum_run_as_they_were_planned(keys: dict[str, Any]) -> None:
    comparison = compare(heated(**HEAT, **keys))
    found, outcome = comparison.optimised, comparison.outcomes[OPTIMISED]
    assert found is not None
    flows, sizes, heat = found.sizing.flows, found.sizing.sizes, outcome.year.heat
    assert heat is not None
    assert min(sizes["pump_mw"], sizes["store_mwh"]) > 0.1
    assert heat.pump_electric_mw == near(flows.pump_electric_mw, abs=1e-6)
    assert outcome.year.flows.import_mw == near(flows.import_mw, abs=1e-5)
    assert outcome.figures["cost_per_year"] == near(found.sizing.cost, rel=1e-7)
    assert outcome.figures["capex"] == near(found.sizing.capex, rel=1e-7)
    assert outcome.figures["pue"] == near(found.sizing.measures["pue_max"], rel=1e-7)


def test_a_heat_store_beside_the_heat_pump_is_never_worse() -> None:
    options: list[dict[str, Any]] = [{"heat_pump_mw": {"most": 1}}, {"heat_pump_mw": {}}, HEAT]
    least = [optimise(heated(**keys)).sizing.cost for keys in options]
    assert least == sorted(least, reverse=True)
    stands = [optimise(heated({"heat_pump_mw": 2}, heat_store_mwh=room)).sizing for room in ({"most": 0}, {})]
    assert stands[1].cost <= stands[0].cost
    assert [one.sizes["pump_mw"] for one in stands] == near([2.0, 2.0])


@pytest.mark.parametrize(
    ("heat_reuse", "match"),
    [
        ({"heat_pump_inside": False}, "heat_pump_inside: true"),
        ({"store_mwh": 10, "store_mw": 2}, "store_mw: leave it out"),
        ({"network_supply_c": 35, "network_return_c": 25}, "needs no heat pump"),
    ],
)
def test_heat_that_cannot_be_sized_is_refused(heat_reuse: dict[str, Any], match: str) -> None:
    with pytest.raises(StudyError, match=match):
        optimise(heated(heat_reuse, **HEAT))


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"pue_max": 1.01}, "pue_max"),
        ({"water_onsite_l_max": 10}, "water_onsite_l_max"),
        ({"capex_max": 1000}, "capex_max"),
    ],
)
def test_a_limit_that_the_hall_alone_breaks_is_named(limits: dict[str, float], named: str) -> None:
    with pytest.raises(InfeasibleStudy, match=named):
        optimise(study(wind_mw={}, **limits))


def test_a_limit_of_pue_passes_over_a_scenario_that_breaks_it() -> None:
    keys = study(of=["baseline", "dearer"], wind_mw={}, pue_max=1.25)
    stands = {**keys.scenarios, "baseline": keys.scenarios["baseline"].with_(pue=1.4)}
    assert optimise(keys, stands).of == "dearer"
    outcome = evaluate(optimise(keys, stands).scenario)
    assert outcome.figures["pue"] <= 1.25


def test_a_limit_of_capital_holds_in_the_year_and_less_is_built() -> None:
    free = optimise(study(**SUPPLY_AND_STORE)).sizing
    hall = optimise(study(wind_mw={"most": 0})).sizing.capex
    comparison = compare(study(**SUPPLY_AND_STORE, capex_max=(free.capex + hall) / 2))
    assert free.capex > hall
    assert comparison.outcomes[OPTIMISED].figures["capex"] == near((free.capex + hall) / 2, rel=1e-6)


def test_of_several_scenarios_the_cheapest_is_taken() -> None:
    assert optimise(study(of=["dearer", "baseline"], wind_mw={})).of == "baseline"


def test_a_front_grows_dearer_as_its_limit_grows_tighter() -> None:
    found = optimise(study(**SUPPLY_AND_STORE, front="cfe_contracted_ratio_min", front_values=[0.5, 0.9])).front
    costs = [sizing.cost for _, sizing in found if sizing is not None]
    assert len(costs) == 2
    assert costs == sorted(costs)


def test_limits_that_nothing_holds_are_named() -> None:
    # What the steps promise is too much: the message says on what steps it was found.
    with pytest.raises(InfeasibleStudy, match=r"cfe_contracted_ratio_min 0.9.* By means of 4 hours"):
        optimise(study(solar_mw={"most": 1}, cfe_contracted_ratio_min=0.9))


def test_cost_cannot_be_weighed_without_prices_and_an_unknown_scenario_is_offered_the_nearest() -> None:
    keys: dict[str, Any] = {
        "study": "s",
        "load": {"it_capacity_mw": 1},
        "baseline": COPENHAGEN,
        "optimise": {"wind_mw": {}},
    }
    with pytest.raises(StudyError, match="states no money"):
        optimise(Study.of(keys))
    with pytest.raises(StudyError, match="Did you mean dearer"):
        study(of=["dearest"])


@pytest.mark.parametrize("policy", ["greedy", "peak_shaving", "carbon"])
def test_no_other_policy_emits_less_than_the_best_schedule(policy: str) -> None:
    # Without a price the schedule is the one of least carbon.
    keys: dict[str, Any] = {"site": "dk_copenhagen", "cooling": "dx", "load": {"it_capacity_mw": 10}}
    keys |= {"supply": {"wind_mw": 15}}
    store = {"battery_mwh": 20, "battery_mw": 5}
    best = evaluate(Scenario.model_validate(keys | {"storage": store | {"policy": "optimal"}}))
    other = evaluate(Scenario.model_validate(keys | {"storage": store | {"policy": policy}}))
    assert best.figures["carbon_location_hourly_t"] <= other.figures["carbon_location_hourly_t"] * (1 + 1e-9)
    flows = best.year.flows
    balance = flows.load_mw + flows.charge_mw + flows.surplus_mw - flows.clean_mw - flows.discharge_mw - flows.import_mw
    assert np.abs(balance).max() < 1e-9
