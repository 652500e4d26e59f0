"""Where the cheaper of two scenarios changes: by hand, and by a study that states just that price."""

from typing import Any

import pytest

from dcfoot_scenarios.break_even import PRICES, BreakEven
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.document import document_of
from dcfoot_scenarios.finance import capital_recovery_ratio
from dcfoot_scenarios.input_words import key_called
from dcfoot_scenarios.page import render
from dcfoot_scenarios.report_text import lines_of
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.sweep.keys import with_value
from simulated.near import near

Keys = dict[str, Any]

HERE: Keys = {
    "study": "prices",
    "load": {"it_capacity_mw": 10},
    "uncertainty": {"draws": 0},
    "money": {"currency": "EUR", "rates": {"USD": 0.9}, "carbon_price_per_t": 20, "water_price_per_m3": 3},
    "baseline": {"site": "dk_copenhagen", "cooling": "air_chiller", "pue": 1.3, "grid": {"price_per_mwh": 50}},
}
SUN: Keys = {"supply": {"solar_mw": 1, "solar_capex_per_kw": 900}}
MUCH: Keys = {
    "cooling": "water_chiller",
    "pue": 1.2,
    "supply": {"wind_mw": 15, "wind_capex_per_kw": 1500, "surplus": "sold", "certificates_mwh": 10_000}
    | {"certificate_price_per_mwh": 20},
    "storage": {"battery_mwh": 20, "battery_mw": 5, "battery_capex_per_kwh": 180},
    "grid": {"price_per_mwh": 60, "demand_per_mw_month": 4000, "export_price_per_mwh": 25},
    "cold_store": {"mwh": 100, "capex_per_kwh": 40},
    "heat_reuse": {"homes": 3000, "price_per_mwh": 12},
    "servers": {"capex_per_node": 228_200, "nodes": 990},
    "other_capex": 2e7,
}


def of(variant: Keys, **keys: object) -> Comparison:
    return compare(Study.of(HERE | {"variants": {"other": variant}} | keys))


def by_key(made: Comparison) -> dict[str, BreakEven]:
    return {one.key: one for one in made.break_evens("other")}


@pytest.fixture(scope="module")
def sunny() -> Comparison:
    return of(SUN, money=HERE["money"] | {"carbon_price_per_t": 0})


def test_a_solar_plant_breaks_even_where_its_annuity_is_what_it_saves(sunny: Comparison) -> None:
    # Its price as an annuity at 6 % over its life, and its upkeep, a part of the price: both of the shipped table.
    account = sunny.outcomes["other"].account
    assert account is not None
    (plant,) = (one for one in account.assets if one.name == "solar")
    per_price = float(1000 * (capital_recovery_ratio(0.06, plant.lifetime_years) + plant.opex_per_year / plant.capex))
    saved_mwh = -sunny.outcomes["other"].figures["import_mwh"] + sunny.baseline.figures["import_mwh"]
    found = by_key(sunny)
    assert found["grid.price_per_mwh"].switches_at.value == near(900 * per_price / saved_mwh)
    assert found["grid.price_per_mwh"].switches_at.unit == "EUR/MWh"
    assert found["supply.solar_capex_per_kw"].switches_at.value == near(50 * saved_mwh / per_price)
    assert (found["grid.price_per_mwh"].of, found["supply.solar_capex_per_kw"].of) == ("both", "variant")


def with_price(one: BreakEven, keys: Keys) -> Keys:
    """A study in which a price is what the break-even says."""
    if one.key.startswith("money."):
        return with_value(keys, one.key, one.switches_at.value)
    sides = {"variant": ["variants.other"], "baseline": ["baseline"], "both": ["baseline", "variants.other"]}[one.of]
    for side in sides:
        keys = with_value(keys, f"{side}.{one.key}", one.switches_at.value)
    return keys


def test_a_study_that_states_a_break_even_finds_that_both_cost_the_same() -> None:
    keys = HERE | {"variants": {"other": MUCH}}
    made = compare(Study.of(keys))
    found = made.break_evens("other")
    usual = made.baseline.figures["cost_per_year"]
    assert {one.key for one in found} == set(PRICES) - {"supply.solar_capex_per_kw"}
    for one in found:
        again = compare(Study.of(with_price(one, keys))).difference("other", "cost_per_year")
        assert again is not None
        assert again.value == near(0.0, abs=1e-9 * usual), one


def test_the_price_that_is_nearest_to_its_break_even_comes_first() -> None:
    found = of(MUCH).break_evens("other")
    changes = [abs(one.switches_at.value - one.stated.value) / one.stated.value for one in found]
    assert len(changes) > 3
    assert changes == sorted(changes)


def test_what_is_not_stated_what_changes_nothing_and_what_no_price_changes_is_not_told() -> None:
    # A lower PUE for nothing is cheaper at every price; no water is taken in, and no plant stands.
    found = of({"pue": 1.2, "supply": {"wind_capex_per_kw": 900}}).break_evens("other")
    assert list(found) == []
    assert list(of({"pue": 1.3}).break_evens("other")) == []
    assert list(compare(Study.of(HERE | {"variants": {"other": SUN}, "money": None})).break_evens("other")) == []


def test_a_year_that_earns_more_than_it_costs_hangs_on_no_price_that_both_pay_alike() -> None:
    earns = {"supply": {"wind_mw": 100, "surplus": "sold", "wind_capex_per_kw": 100}}
    grid = {"price_per_mwh": 50, "export_price_per_mwh": 500}
    made = of({"other_capex": 1e6}, baseline=HERE["baseline"] | earns | {"grid": grid})
    assert made.baseline.figures["cost_per_year"] < 0
    assert list(by_key(made)) == ["other_capex"]


def test_text_page_and_document_tell_where_the_cheaper_one_changes(sunny: Comparison) -> None:
    at = by_key(sunny)["grid.price_per_mwh"].switches_at
    told = f"hangs on the stated price of power, 50 EUR/MWh: the cheaper one changes at {at.said('en')}"
    assert told in " ".join(line.strip() for line in lines_of(sunny))
    assert told in render(sunny)
    assert f"给定的电价为 50 EUR/MWh，改为 {at.said('zh')} 时成本高低反转" in render(sunny, "zh")  # noqa: RUF001
    assert "price of the solar plant of other, 900 EUR/kW" in render(sunny)
    (first, *_) = document_of(sunny)["differences"]["other"]["cost_per_year"]["break_evens"]
    assert first["key"] in {"grid.price_per_mwh", "supply.solar_capex_per_kw"}
    assert first["switches_at"]["value"] > 0


def test_a_price_that_would_have_to_change_more_than_tenfold_is_told_as_data_alone() -> None:
    # A hundredth of 10 MW, at 2,000 EUR/MWh, pays for some 20 MEUR; here it costs 1.
    dear = HERE["baseline"] | {"grid": {"price_per_mwh": 2000}}
    made = of({"pue": 1.29, "other_capex": 1e6}, baseline=dear)
    said = " ".join(line.strip() for line in lines_of(made))
    assert by_key(made)["other_capex"].change_ratio > 10
    assert "stated other investment" not in said
    assert "stated price of power" in said
    assert "other_capex" in {
        one["key"] for one in document_of(made)["differences"]["other"]["cost_per_year"]["break_evens"]
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_price_has_words_in_both_languages(lang: str) -> None:
    assert [key for key in PRICES if key_called(key, lang) == key] == []
