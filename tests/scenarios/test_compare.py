"""Variants beside a baseline: differences, what they hang on, who is beaten, what pays; each by hand, or by a law."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import isinf, isnan
from typing import Any

import numpy as np
import pytest

from dcfoot.draws import Z95, Spread
from dcfoot.embodied.products import product_names
from dcfoot.errors import StudyError
from dcfoot_scenarios.amounts import amount_at
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.evaluate import Outcome, evaluate, figures_at
from dcfoot_scenarios.finance import capital_recovery_ratio
from dcfoot_scenarios.input_words import input_called
from dcfoot_scenarios.materials import product_making
from dcfoot_scenarios.page_words import CHINESE, ENGLISH
from dcfoot_scenarios.refresh import Around, NewMachines, refresh
from dcfoot_scenarios.report_text import said_lever
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.study import Study, Uncertainty
from dcfoot_scenarios.words import words
from simulated.near import near

Keys = dict[str, Any]

KEYS: Keys = {
    "study": "by-hand",
    "load": {"it_capacity_mw": 10},
    "uncertainty": {"draws": 20},
    "money": {"currency": "USD"},
    "baseline": {"site": "us_ashburn", "cooling": "air_chiller", "grid": {"price_per_mwh": 100}},
}


def of(variants: Keys, **keys: object) -> Comparison:
    return compare(Study.of(KEYS | {"variants": variants} | keys))


@pytest.fixture(scope="module")
def same() -> Comparison:
    """A variant that is the baseline."""
    return of({"same": {}, "warmer": {"warming_k": 2}})


def test_a_scenario_beside_itself_differs_by_exactly_nothing_in_every_draw(same: Comparison) -> None:
    for name, figures in same.outcomes["same"].drawn.items():
        assert np.array_equal(figures, same.baseline.drawn[name])
        found = same.difference("same", name)
        assert found is not None
        assert (found.value, found.p5, found.p95, found.better_ratio) == (0.0, 0.0, 0.0, 0.0)
    assert not any(same.differs("same", figure) for figure in words())
    assert list(same.levers("same", "facility_energy_mwh")) == []


def test_a_difference_is_sharper_than_the_two_figures_that_it_is_of(same: Comparison) -> None:
    # Halls are drawn far apart, but two kelvins more cost each of them something: what they share cancels.
    found, interval = same.difference("warmer", "pue"), same.baseline.interval("pue")
    assert found is not None
    assert interval is not None
    assert found.p5 is not None
    assert found.p95 is not None
    assert found.p5 > 0
    assert found.p95 - found.p5 < 0.5 * (interval[1] - interval[0])
    assert found.better_ratio == 0.0


def test_a_figure_that_is_drawn_of_one_of_two_has_a_difference_without_an_interval() -> None:
    # Of a load that waits, the peak that the grid is spared is that of the central year alone.
    waits = KEYS["load"] | {"deferrable_ratio": 0.3, "deadline_h": 6, "shift_to": "carbon"}
    made = of({"at once": {"load": {"deferrable_ratio": 0}}}, load=waits, uncertainty={"draws": 3})
    assert "peak_spared_mw" in made.outcomes["at once"].drawn
    found = made.difference("at once", "peak_spared_mw")
    assert found is not None
    assert (found.p5, found.p95, found.better_ratio) == (None, None, None)


def test_variants_do_not_know_of_each_other(same: Comparison) -> None:
    turned = of({"warmer": {"warming_k": 2}, "same": {}})
    for name, outcome in same.outcomes.items():
        assert dict(turned.outcomes[name].figures) == dict(outcome.figures)
        assert all(np.array_equal(turned.outcomes[name].drawn[key], column) for key, column in outcome.drawn.items())


def with_figures(outcome: Outcome, figures: Mapping[str, float], drawn: Mapping[str, list[float]]) -> Outcome:
    return replace(outcome, figures=figures, drawn={name: np.array(column) for name, column in drawn.items()})


def test_a_difference_by_hand(same: Comparison) -> None:
    base = with_figures(
        same.baseline, {"pue": 1.5, "homes_count": 5.0}, {"pue": [1.5, 1.4, 1.8], "homes_count": [5, 5, 5]}
    )
    other = with_figures(
        same.baseline, {"pue": 1.2, "homes_count": 6.0}, {"pue": [1.2, 1.5, 1.3], "homes_count": [6, 4, 7]}
    )
    two = Comparison(same.study, {"baseline": base, "same": other})
    pue, homes = two.difference("same", "pue"), two.difference("same", "homes_count")
    assert pue is not None
    assert homes is not None
    assert (pue.value, pue.better_ratio) == (near(-0.3), near(2 / 3))  # less is better, in -0.3, +0.1, -0.5
    assert (pue.p5, pue.p95) == (near(-0.48), near(0.06))  # quantiles between three points
    assert (homes.value, homes.better_ratio) == (near(1.0), near(2 / 3))  # more is
    assert two.difference("same", "wue_l_per_kwh") is None


def test_who_is_beaten_by_hand(same: Comparison) -> None:
    def at(carbon_t: float, erf: float) -> Outcome:
        return with_figures(same.baseline, {"carbon_location_hourly_t": carbon_t, "erf": erf}, {})

    # Less carbon is better, more reuse is. The twin of the best is beaten by none: it is worse in nothing.
    outcomes = {"baseline": at(10, 0.1), "worse": at(11, 0.1), "twin": at(10, 0.1), "other": at(12, 0.3)}
    made, figures = Comparison(same.study, outcomes), ("carbon_location_hourly_t", "erf")
    assert made.dominated(figures) == [("worse", "baseline")]
    assert made.front(figures) == ["baseline", "twin", "other"]
    assert made.front(("carbon_location_hourly_t",)) == ["baseline", "twin"]


def test_what_the_cost_of_a_solar_plant_hangs_on_is_its_price() -> None:
    # 1,000 kW of inverters are 1,340 of modules, by which IRENA counts; 691, 388 to 1,198 USD/kW, upkeep of 2.2 %, 30
    # years; so the plant's price alone moves the cost by (1,198 - 388) x 1,340 x (annuity at 6 % over 30 years,
    # 0.07265, + 0.022) = 102,732 USD a year.
    per_price = 1340 * (0.0726489 + 0.022)
    keys = {"site": "sg_singapore", "cooling": "air_chiller", "grid": {"price_per_mwh": 50}, "pue": 1.3}
    made = of({"sun": {"supply": {"solar_mw": 1}}}, baseline=keys)
    first = made.levers("sun", "cost_per_year")[0]
    assert float(capital_recovery_ratio(0.06, 30.0)) == near(0.0726489, rel=1e-6)
    assert first.name == "price.solar"
    assert first.correlation > 0.95  # what the year's sun yields moves it a little
    assert first.high - first.low == near((1198 - 388) * per_price, rel=1e-4)
    # It switches at the price at which the plant costs what it saves.
    saved_per_year = 388 * per_price - first.low
    assert first.switches_at_sd is not None
    assert Spread(691.0, 388.0, 1198.0).at(first.switches_at_sd) == near(saved_per_year / per_price, rel=0.01)
    assert first.switches_at is not None
    assert first.switches_at.value == near(saved_per_year / per_price, rel=0.01)
    assert first.switches_at.unit == "USD/kWp"
    for said in (ENGLISH, CHINESE):
        assert " USD/kWp" in said_lever(words()["cost_per_year"], first, "USD", said)


def test_every_input_comes_to_what_is_stated_of_it_and_in_its_unit() -> None:
    scenario = Scenario.model_validate(
        {
            "site": "cn_shanghai",
            "cooling": "water_chiller",
            "load": {"it_capacity_mw": 10},
            "supply": {"solar_mw": 5, "wind_mw": 5, "wind_speed_m_per_s": 6, "ghi_kwh_per_m2_year": 1300},
            "heat_reuse": {"homes": 500, "heat_pump_mw": 0},
        }
    )
    money = Money.model_validate({"currency": "CNY", "rates": {"USD": 7.1}, "carbon_market": "CEA"})
    one = evaluate(scenario, Uncertainty(draws=4), money)
    found = {name: amount_at(one, name, 0.0) for name in one.inputs}
    assert [name for name, amount in found.items() if amount is None] == []
    # 0.5737 kg/kWh for Shanghai, an operating margin of 0.7921 for East China (MEE); a median of the stated weather.
    values = {name: amount.value for name, amount in found.items() if amount is not None}
    assert values["grid.CN-SH, direct CO2, average"] == near(573.7)
    assert values["grid.CN-EAST, direct CO2, marginal"] == near(792.1)
    assert values["weather/dry_bulb_k"] == near(0.0, abs=1e-12)
    assert values["weather/humidity_ratio"] == near(1.0)
    units = {name: amount.unit for name, amount in found.items() if amount is not None}
    assert units["grid.CN-SH, direct CO2, average"] == units["grid.CN-EAST, direct CO2, marginal"] == "g/kWh"
    assert (units["weather/dry_bulb_k"], units["weather/humidity_ratio"]) == ("K", "")
    assert units["price.solar"] == "CNY/kWp"
    assert units["price.carbon, CEA"] == "CNY/t"
    assert units["price.electricity, CNY"] == "CNY/kWh"
    assert units["ewif.CN-SH"] == "L/kWh"
    assert amount_at(one, "yield.solar, dk_copenhagen", 0.0) is None


@pytest.mark.parametrize("name", product_names())
def test_a_product_is_called_by_its_makers_name(name: str) -> None:
    for lang in ("en", "zh"):
        for topic in ("price", "embodied"):
            told = input_called(f"{topic}.{name}", lang)
            assert "NVIDIA" in told
            assert name not in told


def test_a_shipped_price_of_power_is_drawn_and_leads_what_a_choice_of_countries_hangs_on() -> None:
    # Eurostat 2024: 0.19 EUR/kWh, 0.10 to 0.26; the same machines in both places draw 10 MW times PUE.
    euro = {"currency": "EUR", "rates": {"USD": 0.9}}
    keys: Keys = {"site": "de_frankfurt", "cooling": "air_chiller", "pue": 1.2}
    made = of({"ashburn": {"site": "us_ashburn", "pue": 1.2}}, baseline=keys, money=euro)
    first = made.levers("ashburn", "cost_per_year")[0]
    bought_mwh = 10 * 8760 * 1.2
    assert first.name == "price.electricity, EUR"
    assert first.low - first.high == near(bought_mwh * (260 - 100), rel=1e-6)
    stated = of({"dear": {"grid": {"price_per_mwh": 200}}}, baseline=keys, money=euro)
    assert "price.electricity, EUR" not in stated.outcomes["dear"].inputs


def test_the_same_doubt_of_one_price_cancels_between_two_halls_that_pay_it() -> None:
    euro = {"currency": "EUR", "rates": {"USD": 0.9}, "carbon_market": "EUA"}
    keys: Keys = {"site": "de_frankfurt", "cooling": "air_chiller", "pue": 1.2}
    made = of({"same": {}}, baseline=keys, money=euro)
    found = made.difference("same", "cost_per_year")
    assert found is not None
    assert (found.p5, found.p95) == (0.0, 0.0)
    # 75 EUR/t, 67 to 85, on what the hall emits.
    inputs = made.baseline.inputs
    assert {"price.carbon, EUA", "price.electricity, EUR"} <= set(inputs)
    emitted_t = made.baseline.figures["carbon_location_yearly_t"]
    low, high = (figures_at(made.baseline, {"price.carbon, EUA": z})["cost_per_year"] for z in (-Z95, Z95))
    assert high - low == near(emitted_t * (85 - 67), rel=1e-6)


def test_heat_and_yields_are_drawn_and_the_rest_is_told() -> None:
    keys: Keys = {"site": "dk_odense", "cooling": "air_chiller", "grid": {"price_per_mwh": 80}}
    heat = {"heat_reuse": {"demand_mwh": 1e6, "loss_ratio": 0.1}}
    made = of({"heat": heat}, baseline=keys, money={"currency": "EUR", "rates": {"USD": 0.9}})
    outcome = made.outcomes["heat"]
    # 0.90, 0.97, 1 of the hall's heat (data/heat.csv), all of it wanted: captured is that share of 87,600 MWh.
    for z, share in ((-8.0, 0.9), (0.0, 0.97), (8.0, 1.0)):
        assert figures_at(outcome, {"heat.recoverable_ratio": z})["heat_captured_mwh"] == near(share * 87_600)
    for name in ("heat_delivered_mwh", "carbon_avoided_by_heat_t", "carbon_heat_pump_t"):
        assert np.ptp(outcome.drawn[name]) > 0.02 * outcome.figures[name]
    assert "heat.loss_ratio" not in outcome.inputs  # it is stated
    (told,) = (note for note in outcome.notes if note.startswith("not drawn"))
    assert "the heat pump's coefficient" in told
    assert not any(note.startswith("not drawn") for note in figures_alone(outcome).notes)


def figures_alone(outcome: Outcome) -> Outcome:
    return replace(outcome, drawn={})


def test_a_year_of_less_wind_than_the_models_is_one_of_the_draws() -> None:
    # A choice: 0.75 to 1.2 of the model's wind; what the turbines of 10 MW give is lower by as much.
    keys: Keys = {"site": "dk_copenhagen", "cooling": "air_chiller", "grid": {"price_per_mwh": 80}}
    euro = {"currency": "EUR", "rates": {"USD": 0.9}}
    made = of({"wind": {"supply": {"wind_mw": 10}}}, baseline=keys, money=euro)
    outcome = made.outcomes["wind"]
    given_mwh = outcome.figures["clean_mwh"]
    calm = figures_at(outcome, {"yield.wind, dk_copenhagen": -Z95})
    assert calm["clean_mwh"] == near(0.75 * given_mwh)
    more_mwh = calm["import_mwh"] - outcome.figures["import_mwh"]
    assert more_mwh == near(0.25 * given_mwh, rel=1e-6)  # all of it was used
    assert np.ptp(outcome.drawn["cfe_contracted_ratio"]) > 0


def test_a_plant_costs_what_the_study_says_and_hangs_on_no_price_then() -> None:
    # 1,000 kW at 500, 2,000 at 900, 4,000 kWh at 200 USD, whatever its power: 3.1 million USD more than nothing.
    keys = {"site": "us_ashburn", "cooling": "air_chiller", "grid": {"price_per_mwh": 50}, "pue": 1.3}
    supply = {"solar_mw": 1, "solar_capex_per_kw": 500, "wind_mw": 2, "wind_capex_per_kw": 900}
    storage = {"battery_mwh": 4, "battery_mw": 1, "battery_capex_per_kwh": 200}
    made = of({"own": {"supply": supply, "storage": storage}}, baseline=keys)
    found = made.difference("own", "capex")
    assert found is not None
    assert found.value == near(1000 * 500 + 2000 * 900 + 4000 * 200)
    plants = {"price.solar", "price.wind", "price.battery energy", "price.battery power"}
    assert plants & set(made.outcomes["own"].inputs) == set()


def test_a_heat_pump_without_a_size_is_bought_for_the_highest_hour() -> None:
    # The Danish catalogue's: 889.6 EUR for a kilowatt of heat.
    keys = {"site": "dk_copenhagen", "cooling": "air_chiller", "grid": {"price_per_mwh": 50}}
    euro = {"currency": "EUR", "rates": {"USD": 0.9}}
    made = of({"heat": {"heat_reuse": {"homes": 1000}}}, baseline=keys, money=euro)
    found, heat = made.difference("heat", "capex"), made.outcomes["heat"].year.heat
    assert found is not None
    assert heat is not None
    assert found.value == near(889.6 * 1000 * float(np.max(heat.pump_heat_mw)))


def test_new_machines_pay_back_as_the_formula_of_refreshing_says() -> None:
    keys: Keys = {
        "site": "sg_singapore",
        "cooling": "air_chiller",
        "boundary": "life_cycle",
        "pue": 1.2,
        "load": {"it_capacity_mw": 1, "mean_ratio": 1.0},
        "servers": {"nodes": 100, "capex_per_node": 0},
        "built": ["hall", "machines"],
        "grid": {"price_per_mwh": 100},
    }
    new: Keys = {"load": {"mean_ratio": 0.5}, "built": ["hall"]}
    new["servers"] = {"nodes": 10, "capex_per_node": 30_000, "work_per_mwh_ratio": 2.0}
    made = of({"refresh": new}, baseline=keys, load={"it_capacity_mw": 1}, uncertainty={"draws": 0})
    grid_g_per_kwh = made.baseline.case.grid[0].mean_g_per_kwh
    assert grid_g_per_kwh is not None
    upkeep = 10 * 30_000.0 * 0.05  # of the new; the old are worth nothing, and so is theirs
    machines = NewMachines(0.5, 10 * product_making("dgx_h100", 5.0).t_per_unit.central, 10 * 30_000.0, -upkeep)
    expected = refresh(1.0, machines, Around(1.2, grid_g_per_kwh, 100.0), 0.06)
    found = made.payoff("refresh")
    assert found.carbon_years == near(float(expected.carbon_years))
    assert found.saved_t_per_year == near(float(expected.saved_t_per_year))
    assert found.money is not None
    assert found.money.payback_years == near(float(expected.money_years))
    assert found.money.saving_per_year == near(0.5 * 1.2 * 8760 * 100 - upkeep)


def test_what_stands_already_is_neither_bought_nor_made_and_is_kept_up() -> None:
    made = of({"standing": {"built": ["hall", "machines"]}}, uncertainty={"draws": 0})
    new, standing = made.baseline.figures, made.outcomes["standing"].figures
    assert standing["capex"] == standing["embodied_servers_t"] == standing["embodied_plant_t"] == 0.0
    assert standing["running_per_year"] == near(new["running_per_year"])
    assert standing["facility_energy_mwh"] == new["facility_energy_mwh"]


def test_machines_that_have_to_be_added_are_bought_though_the_others_stand() -> None:
    # 200 W in the place of 250 W takes 3,700.97 s in the place of 3,514.99 (Zeus): 100 nodes do the work of 105.3.
    curve = {"curve": "V100, ResNet-50, batch of 256", "host_w": 147, "reference": "cap 250 W", "setting": "cap 200 W"}
    base = KEYS["baseline"] | {"built": ["hall", "machines"], "servers": {"nodes": 100, "capex_per_node": 1000}}
    made = of({"cap": {"operation": curve}}, baseline=base, uncertainty={"draws": 0})
    assert made.outcomes["cap"].figures["capex"] == near(100 * (3700.97 / 3514.99 - 1) * 1000)


def test_nothing_is_paid_back_where_nothing_is_saved_and_no_tonne_has_a_price() -> None:
    made = of({"dearer": {"other_capex": 1000, "grid": {"price_per_mwh": 101}}}, uncertainty={"draws": 0})
    money = made.payoff("dearer").money
    assert money is not None
    assert money.extra_capex == near(1000.0, abs=1e-4)
    assert isinf(money.payback_years)
    assert isnan(money.abatement_cost_per_t)
    assert made.payoff("dearer").carbon_years is None  # direct factors: what making emits is of another family


def test_two_families_of_grid_factors_are_never_compared() -> None:
    with pytest.raises(StudyError, match="no family of grid factors in common"):
        of({"other": {"boundary": "direct"}}, baseline=KEYS["baseline"] | {"boundary": "life_cycle"})


def test_a_family_that_all_places_know_is_taken_where_the_first_has_another() -> None:
    # Ashburn's is direct by itself; Lulea has life-cycle factors alone.
    made = of({"lulea": {"site": "se_lulea"}}, uncertainty={"draws": 0})
    assert {outcome.case.boundary.value for outcome in made.outcomes.values()} == {"life_cycle"}


def test_what_cannot_be_computed_is_told_with_the_scenario_that_it_is_of() -> None:
    with pytest.raises(StudyError, match=r"^windy: .*wind"):
        of({"windy": {"site": "cn_zhongwei", "supply": {"wind_mw": 5}}}, uncertainty={"draws": 0})


def interrupted_at(name: str) -> Callable[[str], None]:
    def progress(begun: str) -> None:
        if begun == name:
            raise KeyboardInterrupt

    return progress


def test_an_interrupt_keeps_the_scenarios_that_are_done() -> None:
    study = Study.of(KEYS | {"variants": {"a": {}, "b": {}}, "uncertainty": {"draws": 0}})
    made = compare(study, interrupted_at("b"))
    assert (list(made.outcomes), made.missing) == (["baseline", "a"], ["b"])
    with pytest.raises(KeyboardInterrupt):
        compare(study, interrupted_at("baseline"))


def test_a_years_wind_or_sun_is_that_of_the_map_and_its_prices_are_those_of_the_clock() -> None:
    # 1,600 kWh/m2 of sun give a plant at Huailai 0.240 MW of a MW (docs/planner.md), and 2 MW twice that.
    windy = {"supply": {"wind_mw": 1, "wind_speed_m_per_s": 4.0}}
    calmer = {"supply": {"wind_mw": 1, "wind_speed_m_per_s": 3.0}}
    sunny = {"supply": {"solar_mw": 2, "ghi_kwh_per_m2_year": 1600}, "site": "cn_huailai"}
    made = of({"windy": windy, "calmer": calmer, "sunny": sunny}, uncertainty={"draws": 0}, money=None)
    given = {name: made.outcomes[name].figures["clean_mwh"] for name in made.variants}
    assert given["sunny"] / (2 * 8760) == near(0.240, abs=5e-4)
    # Below its rating a turbine gives with the cube of the wind: at most (4/3)^3 = 2.37 times as much.
    assert 1.3 < given["windy"] / given["calmer"] < (4 / 3) ** 3
    assert any("wind is synthesised" in note for note in made.outcomes["windy"].notes)


def test_periods_have_their_price_and_all_other_hours_the_flat_one() -> None:
    # A flat load, measured PUE of 1: 10 MW x 8,760 h; four hours of each day at 200, the others at 100.
    base = KEYS["baseline"] | {"pue": 1.0}
    peak = {"grid": {"periods": [{"name": "peak", "price_per_mwh": 200, "hours": [18, 19, 20, 21]}]}}
    made = of({"peak": peak}, baseline=base, uncertainty={"draws": 0})
    found = made.difference("peak", "running_per_year")
    assert found is not None
    assert found.value == near(10 * 365 * 4 * 100)
