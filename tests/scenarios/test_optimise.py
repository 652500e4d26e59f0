"""What a study says is best is what its year shows; more options are never worse; what cannot be held is named."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from dcfoot.errors import StudyError
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.document import document_of
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.optimise import optimise
from dcfoot_scenarios.optimised import OPTIMISED, Step
from dcfoot_scenarios.page import render
from dcfoot_scenarios.report_text import lines_of
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.sizing.conflict import InfeasibleStudy
from dcfoot_scenarios.study import Study
from simulated.near import near

MONEY = {"currency": "EUR", "rates": {"USD": 0.92}}
COPENHAGEN = {"site": "dk_copenhagen", "cooling": "direct_liquid", "grid": {"price_per_mwh": 90}}


def study(
    scenario: Mapping[str, Any] = MappingProxyType({}),
    money: Mapping[str, Any] = MappingProxyType({}),
    variant: Mapping[str, Any] = MappingProxyType({"grid": {"price_per_mwh": 140}}),
    **optimise_keys: Any,  # noqa: ANN401 (as in a file)
) -> Study:
    return Study.of(
        {
            "study": "sizes",
            "load": {"it_capacity_mw": 10, "profile": "inference"},
            "money": {**MONEY, **money},
            "uncertainty": {"draws": 0},
            "baseline": {**COPENHAGEN, **scenario},
            "variants": {"dearer": dict(variant)},
            "optimise": optimise_keys,
        }
    )


SUPPLY_AND_STORE: dict[str, Any] = {"solar_mw": {}, "wind_mw": {}, "battery_mwh": {}, "battery_mw": {}}


WIND_AND_STORE: dict[str, Any] = {"wind_mw": {}, "battery_mwh": {}, "battery_mw": {}}
OWN_PRICES: dict[str, Any] = {
    "supply": {"solar_capex_per_kw": 480, "wind_capex_per_kw": 1100},
    "storage": {"battery_capex_per_kwh": 130, "battery_life_years": 11},
}
BY_DAY = {"price_per_mwh": 60, "periods": [{"name": "day", "price_per_mwh": 170, "hours": list(range(7, 21))}]}
PAID_AT_NOON = {
    "price_per_mwh": 90,
    "periods": [{"name": "noon", "price_per_mwh": -30, "hours": [12, 13], "months": [5, 6, 7]}],
}
STANDS = {"battery_mwh": 20, "battery_mw": 3}
BOUGHT = {"supply": {"contracts": [{"name": "wind", "wind_mw": 8}], "certificates_mwh": 3000}}
CHARGED = {"carbon_price_per_t": 300, "charged_method": "market"}
COLD_OF_HEAT = {"facility": {"liquid.coolant_supply_c": 55}, "heat_reuse": {"cold": "adsorption_silica_gel"}}


@pytest.mark.parametrize(
    ("scenario", "money", "keys"),
    [
        pytest.param({}, {}, {**WIND_AND_STORE, "cfe_contracted_ratio_min": 0.9}, id="shipped prices"),
        pytest.param(OWN_PRICES, {}, {**SUPPLY_AND_STORE, "cfe_contracted_ratio_min": 0.8}, id="prices of its own"),
        pytest.param(BOUGHT, {}, {**WIND_AND_STORE, "cfe_contracted_ratio_min": 0.9}, id="contracts count as well"),
        pytest.param(
            BOUGHT | {"storage": {"start_ratio": 0.7}},
            {},
            {**WIND_AND_STORE, "cfe_contracted_ratio_min": 0.9},
            id="the battery's start is given",
        ),
        pytest.param({"supply": {"wind_mw": 15}}, {}, {"battery_mwh": {}, "battery_mw": {}}, id="a farm stands"),
        pytest.param({"grid": BY_DAY, "storage": STANDS}, {}, {"battery_mw": {}}, id="the battery's energy stands"),
        pytest.param({"grid": BY_DAY, "storage": {"battery_mw": 3}}, {}, {"battery_mwh": {}}, id="its power stands"),
        pytest.param(
            {"grid": BY_DAY, "storage": STANDS | {"charge_mw": 5}}, {}, {"wind_mw": {}}, id="all of it stands"
        ),
        pytest.param(BOUGHT, CHARGED, {"wind_mw": {}}, id="carbon by the market"),
        pytest.param(BOUGHT | {"site": "cn_shanghai"}, CHARGED, {"solar_mw": {"most": 9}}, id="a residual mix"),
        pytest.param(COLD_OF_HEAT, {}, {"wind_mw": {}}, id="cold of heat"),
        pytest.param({"grid": PAID_AT_NOON}, {}, SUPPLY_AND_STORE, id="the grid pays at noon"),
        pytest.param(
            {"grid": PAID_AT_NOON, "supply": {"surplus": "sold"}},
            {},
            {**SUPPLY_AND_STORE, "cfe_contracted_ratio_min": 0.93},
            id="the grid pays at noon, and its power is not clean enough",
        ),
        pytest.param(
            {"grid": {"price_per_mwh": 90, "export_price_per_mwh": -20}, "supply": {"surplus": "sold"}},
            {},
            {"wind_mw": {}},
            id="selling costs money",
        ),
        pytest.param(
            {"grid": PAID_AT_NOON, "supply": {"solar_mw": 15}, "storage": STANDS | {"policy": "optimal"}},
            {},
            {"wind_mw": {"most": 0}},
            id="the grid pays at noon, and all of it stands",
        ),
    ],
)
def test_the_optimum_is_what_its_own_year_shows(
    scenario: dict[str, Any], money: dict[str, Any], keys: dict[str, Any]
) -> None:
    rates = {"rates": {"USD": 0.92, "CNY": 0.13}}
    comparison = compare(study(scenario, rates | money, **keys))
    found, outcome = comparison.optimised, comparison.outcomes[OPTIMISED]
    assert found is not None
    assert outcome.year.flows.import_mw == near(found.sizing.flows.import_mw, abs=1e-6)
    assert outcome.figures["cost_per_year"] == near(found.sizing.cost, rel=1e-9)
    assert outcome.figures["capex"] == near(found.sizing.capex, rel=1e-9)
    assert outcome.figures["pue"] == near(found.sizing.measures["pue_max"], rel=1e-9)
    if "cfe_contracted_ratio_min" in keys:
        # The limit counts what the grid's power loses in the battery, the year only what of it meets the load.
        flows, bought_mw = outcome.year.flows, sum(outcome.year.contract_mw, np.zeros(1))
        traded = np.minimum(flows.charge_grid_mw, np.maximum(flows.import_mw - bought_mw, 0.0))
        lost_ratio = (1 - 0.95 * 0.95) * float(traded.sum() / flows.load_mw.sum())
        limit = keys["cfe_contracted_ratio_min"]
        assert outcome.figures["cfe_contracted_ratio"] == near(limit + lost_ratio, abs=1e-6)
        assert found.sizing.cfe_contracted_ratio == near(limit, abs=1e-6)


def test_the_least_carbon_of_a_life_cycle_has_the_making_of_a_battery_of_the_studys_own_life() -> None:
    wanted: dict[str, Any] = {
        "minimise": "carbon",
        "wind_mw": {"most": 20},
        "battery_mwh": {"most": 60},
        "battery_mw": {"most": 15},
    }
    years = [compare(study({"storage": {"battery_life_years": life}}, **wanted)) for life in (11, 22)]
    for year in years:
        assert year.optimised is not None
        figures = year.outcomes[OPTIMISED].figures
        assert figures["carbon_with_embodied_t"] == near(year.optimised.sizing.carbon_t, rel=1e-9)
    short, long = (year.optimised.sizing.carbon_t for year in years if year.optimised is not None)
    assert short > long


def test_the_least_water_is_that_which_is_consumed_at_the_site_and_at_the_power_stations() -> None:
    year = compare(study({"cooling": "water_chiller"}, minimise="water", wind_mw={"most": 10}))
    figures = year.outcomes[OPTIMISED].figures
    assert year.optimised is not None
    assert figures["water_consumed_onsite_m3"] < figures["water_onsite_m3"]
    consumed_m3 = figures["water_consumed_onsite_m3"] + figures["water_source_m3"]
    assert year.optimised.sizing.value() == near(consumed_m3, rel=1e-9)


def test_contracts_and_certificates_spare_the_charge_on_carbon_where_it_goes_by_the_market() -> None:
    # What they cover is charged at their own factor: less wind is worth building than by the location.
    by = [optimise(study(BOUGHT, CHARGED | {"charged_method": way}, wind_mw={})) for way in ("location", "market")]
    location, market = (one.sizing.sizes["wind_mw"] for one in by)
    assert market < location


def test_the_two_powers_of_a_battery_are_sized_apart_and_its_inverter_is_paid_for_by_the_stronger() -> None:
    night = {"name": "night", "price_per_mwh": 20, "hours": [2, 3, 4]}
    grid = {"price_per_mwh": 170, "periods": [night]}
    keys = study({"grid": grid}, battery_mwh={}, battery_mw={"most": 1.5}, charge_mw={"most": 4})
    found = optimise(keys)
    sizes = found.sizing.sizes
    assert sizes["discharge_mw"] <= 1.5 + 1e-9 < sizes["charge_mw"] <= 4 + 1e-9
    assert (found.scenario.storage.battery_mw, found.scenario.storage.charge_mw) == (
        sizes["discharge_mw"],
        sizes["charge_mw"],
    )
    outcome = evaluate(found.scenario, money=keys.keys.money, schedule=found.schedule)
    assert outcome.figures["cost_per_year"] == near(found.sizing.cost, rel=1e-9)
    assert outcome.account is not None
    # 287.47 EUR for a kilowatt of the Danish catalogue.
    inverter = next(one.capex for one in outcome.account.assets if one.name == "battery power")
    assert inverter == near(287.47e3 * sizes["charge_mw"], rel=1e-9)


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
    money = {**MONEY, "carbon_price_per_t": 70}
    return Study.of(asked.keys.model_dump(exclude_unset=True) | {"baseline": scenario, "money": money})


HEAT: dict[str, Any] = {"heat_pump_mw": {}, "heat_store_mwh": {}}


@pytest.mark.parametrize(
    ("heat_reuse", "keys"),
    [({}, {}), ({"cold": "adsorption_silica_gel", "cold_mw": 2}, {"wind_mw": {"most": 12}, "carbon_t_max": 4500})],
)
def test_heat_pump_and_heat_store_of_the_optimum_run_as_they_were_planned(
    heat_reuse: dict[str, Any], keys: dict[str, Any]
) -> None:
    comparison = compare(heated(heat_reuse, **HEAT, **keys))
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
def test_a_limit_that_the_hall_alone_breaks_is_named(limits: dict[str, Any], named: str) -> None:
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


QUICK: dict[str, Any] = {**WIND_AND_STORE, "cfe_contracted_ratio_min": 0.9}


@pytest.fixture(scope="module")
def quick() -> Comparison:
    return compare(study(method="quick", **QUICK))


def test_a_quick_answer_of_a_study_is_its_year_holds_its_limit_and_is_near_the_optimum(quick: Comparison) -> None:
    assert quick.optimised is not None
    found, best = quick.optimised.sizing, optimise(study(**QUICK)).sizing
    year = quick.outcomes[OPTIMISED].figures
    assert year["cost_per_year"] == near(found.cost, rel=1e-6)
    assert year["cfe_contracted_ratio"] >= 0.9 - 1e-9
    assert best.cost * (1 - 1e-9) <= found.cost <= 1.01 * best.cost


def test_an_answer_that_is_quick_says_so_and_how_far_it_is_from_what_its_steps_promise(quick: Comparison) -> None:
    told = document_of(quick)["optimised"]
    above = f"{told['value'] / told['promised'] - 1:.1%}"
    assert told["method"] == "quick"
    assert f"A quick answer: {above} above" in " ".join(line.strip() for line in lines_of(quick))
    assert f"A quick answer: {above} above" in render(quick)
    assert f"比四小时步长模型给出的值高 {above}" in render(quick, "zh")


def test_quick_answers_along_a_front_are_of_the_best_of_several_scenarios() -> None:
    keys: dict[str, Any] = {"wind_mw": {}, "of": ["dearer", "baseline"], "front": "cfe_contracted_ratio_min"}
    found = optimise(study(method="quick", **keys, front_values=[0.5, 0.7, 1.0]))
    assert [point.of for point in found.front] == ["baseline", "baseline", ""]  # calm hours: no wind is enough
    assert found.of == "baseline"
    for point in found.front[:2]:
        assert point.sizing is not None
        assert point.sizing.cfe_contracted_ratio >= point.at - 1e-9


@pytest.mark.parametrize("of", [["baseline"], ["baseline", "dearer"]], ids=["of one", "of several"])
def test_limits_that_no_quick_answer_holds_are_named(of: list[str]) -> None:
    with pytest.raises(InfeasibleStudy, match="cfe_contracted_ratio_min"):
        optimise(study(method="quick", of=of, wind_mw={"most": 1}, cfe_contracted_ratio_min=0.8))


def test_sizes_of_a_battery_are_not_sought_where_its_power_is_stated_by_its_energy() -> None:
    with pytest.raises(StudyError, match=r"storage\.c_rate_per_h: energy and power"):
        optimise(study({"storage": {"c_rate_per_h": 0.25}}, battery_mwh={}))


def test_a_battery_of_a_stated_rate_stands_beside_what_is_sought() -> None:
    by_rate, by_power = (
        optimise(study({"storage": {"battery_mwh": 20, **power}}, wind_mw={})).sizing
        for power in ({"c_rate_per_h": 0.25}, {"battery_mw": 5})
    )
    assert by_rate.sizes == near(by_power.sizes)


def test_a_front_grows_dearer_as_its_limit_grows_tighter() -> None:
    found = optimise(study(wind_mw={}, front="cfe_contracted_ratio_min", front_values=[0.5, 0.7])).front
    costs = [sizing.cost for _, sizing, _ in found if sizing is not None]
    assert len(costs) == 2
    assert costs == sorted(costs)


def test_along_a_front_a_scenario_that_breaks_another_limit_is_passed_over() -> None:
    # A PUE does not hang on the sizes: 1.5 is above the limit and 1.2 below it whatever is built.
    keys: dict[str, Any] = {"solar_mw": {}, "pue_max": 1.25, "front": "cfe_contracted_ratio_min", "front_values": [0.1]}
    (point,) = optimise(study({"pue": 1.5}, variant={"pue": 1.2}, of=["baseline", "dearer"], **keys)).front
    assert point.of == "dearer"
    assert point.sizing is not None
    assert point.sizing.cfe_contracted_ratio >= 0.1 - 1e-9


def test_where_no_scenario_holds_its_limits_each_ones_are_named() -> None:
    keys: dict[str, Any] = {"solar_mw": {"most": 1}, "pue_max": 1.25, "cfe_contracted_ratio_min": 0.8}
    asked = study({"pue": 1.5}, variant={"pue": 1.2}, of=["baseline", "dearer"], **keys)
    with pytest.raises(InfeasibleStudy) as caught:
        optimise(asked)
    told = {line.split(": ")[0].strip(): line for line in str(caught.value).splitlines()[1:]}
    assert set(told) == {"baseline", "dearer"}
    assert "pue_max 1.25" in told["baseline"]
    assert "pue_max" not in told["dearer"]
    assert "cfe_contracted_ratio_min 0.8" in told["dearer"]


def test_along_a_front_each_point_is_of_the_scenario_that_is_the_best_there() -> None:
    sunny = {"site": "es_madrid", "cooling": "direct_liquid", "grid": {"price_per_mwh": 112}}
    keys: dict[str, Any] = {"solar_mw": {}, "front": "cfe_contracted_ratio_min", "front_values": [0.05, 0.42]}
    both = optimise(study(variant=sunny, of=["baseline", "dearer"], **keys)).front
    alone = [optimise(study(sunny, **keys)).front, optimise(study(**keys)).front]
    for point, *each in zip(both, *alone, strict=True):
        assert point.sizing is not None
        assert point.sizing.cost == near(min(one.sizing.cost for one in each if one.sizing is not None))
    assert [point.of for point in both] == ["baseline", "dearer"]


def test_the_scenarios_own_connection_is_a_limit() -> None:
    scenario = {"grid": {"price_per_mwh": 90, "import_limit_mw": 8.5}}
    found = optimise(study(scenario, battery_mwh={}, battery_mw={}))
    assert found.sizing.measures["import_mw_max"] == near(8.5)


def test_the_scenarios_own_ramp_is_a_limit_that_the_optimums_year_keeps() -> None:
    grid = {"price_per_mwh": 90, "import_limit_mw": 9, "ramp_limit_mw_per_h": 4}
    load = {"it_capacity_mw": 10, "profile": "inference", "deferrable_ratio": 0.2, "deadline_h": 6}
    keys = study({"grid": grid, "load": load, "storage": STANDS}, wind_mw={}, cfe_contracted_ratio_min=0.4)
    found = optimise(keys)
    year = evaluate(found.scenario, money=keys.keys.money, schedule=found.schedule)
    assert found.sizing.measures["ramp_mw_per_h_max"] == near(4.0)
    assert found.sizing.shadow_prices["ramp_mw_per_h_max"] > 0.0
    assert year.figures["over_ramp_hours"] == year.figures["over_limit_hours"] == 0
    assert year.figures["import_mwh"] == near(float(found.sizing.flows.import_mw.sum()))
    assert year.figures["cost_per_year"] == near(found.sizing.cost, rel=1e-7)


def test_sizes_beside_an_old_battery_are_refused() -> None:
    store = {"battery_mwh": 4, "battery_mw": 1, "age_years": 3}
    with pytest.raises(StudyError, match=r"storage\.age_years"):
        optimise(study({"storage": store}, wind_mw={}))


def test_what_a_scenario_lacks_for_a_plant_that_is_sought_is_told_with_its_own_name() -> None:
    shady = {"site": "cn_huailai", "grid": {"price_per_mwh": 90}}  # of whose climate no sun is known
    for scenario, variant, named in ((shady, {}, "baseline"), ({}, shady, "dearer")):
        with pytest.raises(StudyError, match=rf"^{named}: The weather of .* has no irradiance"):
            compare(study(scenario, {"rates": {"USD": 0.92, "CNY": 0.13}}, variant, of=[named], solar_mw={}))


def test_a_load_that_waits_for_what_is_sought_is_refused() -> None:
    load = {"deferrable_ratio": 0.3, "deadline_h": 8, "shift_to": "surplus"}
    with pytest.raises(StudyError, match="what a load would wait for is sought here"):
        optimise(study({"load": load}, solar_mw={}))


def test_limits_that_nothing_holds_are_named() -> None:
    keys = study(solar_mw={"most": 1}, cfe_contracted_ratio_min=0.9)
    with pytest.raises(InfeasibleStudy, match=r"cfe_contracted_ratio_min 0.9\. It is enough") as caught:
        optimise(keys)
    # A megawatt of sun is never more than the hall draws: it meets what it makes, and no more.
    year = evaluate(keys.baseline.with_(supply={"solar_mw": 1})).figures
    reached = caught.value.conflict["cfe_contracted_ratio_min"][1]
    assert reached == near(year["clean_mwh"] / year["facility_energy_mwh"], rel=1e-6)


def test_what_a_size_must_be_eased_to_is_what_the_hours_need() -> None:
    with pytest.raises(InfeasibleStudy) as caught:
        optimise(study(wind_mw={"most": 5}, cfe_contracted_ratio_min=0.6))
    (_, needed_mw) = caught.value.conflict["wind_mw_max"]
    assert needed_mw is not None
    assert optimise(study(wind_mw={"most": needed_mw * 1.0001}, cfe_contracted_ratio_min=0.6)).sizing.sizes[
        "wind_mw"
    ] == near(needed_mw, rel=1e-3)


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


FRONT: dict[str, Any] = {
    "of": ["baseline", "dearer"],
    "wind_mw": {"most": 60},
    "cfe_contracted_ratio_min": 0.3,
    "front": "cfe_contracted_ratio_min",
    "front_values": [0.4, 0.5, 0.6],
}


def test_an_interrupt_along_a_front_keeps_the_optimum_and_the_points_before_it() -> None:
    whole = optimise(study(**FRONT))
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        if step.what == "dearer, cfe_contracted_ratio_min 0.5":
            raise KeyboardInterrupt

    some = compare(study(**FRONT), telling=stop)
    assert {step.all_count for step in steps} == {7}  # the choice, and three values for each of two scenarios
    assert [step.done_count for step in steps if " 0." in step.what] == [1, 2, 3, 4]
    assert some.optimised is not None
    assert [point.at for point in some.optimised.front] == [0.4]
    assert some.optimised.front[0].sizing is not None
    assert whole.front[0].sizing is not None
    assert some.optimised.front[0].sizing.value() == near(whole.front[0].sizing.value())
    assert some.optimised.sizing.value() == near(whole.sizing.value())
    assert OPTIMISED in some.outcomes
    assert list(some.front_missing) == [0.5, 0.6]
    assert len(re.findall(">interrupted, not computed<", render(some))) == 2
    assert "0.6: interrupted, not computed" in "\n".join(lines_of(some))
    assert document_of(some)["optimised"]["front_missing"] == [0.5, 0.6]


def test_an_interrupt_before_there_is_an_optimum_keeps_the_scenarios() -> None:
    def stop(_step: Step) -> None:
        raise KeyboardInterrupt

    some = compare(study(**FRONT), telling=stop)
    assert (some.optimised, list(some.missing)) == (None, [OPTIMISED])
