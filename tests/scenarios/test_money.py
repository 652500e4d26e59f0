"""One currency a study, and shipped prices that say where they come from."""

import pytest

from dcfoot.draws import Spread
from dcfoot.errors import DataMissing, StudyError
from dcfoot_scenarios.money import Currency, Price, price, price_names
from dcfoot_scenarios.tables import rows
from dcfoot_scenarios.technologies import technology, technology_names
from simulated.near import near
from simulated.reference import facts

TABLES = ("prices", "technologies", "operation_curves")


def test_a_price_in_another_currency_is_refused_unless_the_study_states_a_rate() -> None:
    carbon = price("carbon", "CHN")
    assert carbon.currency == "CNY"
    assert Currency("CNY").of(carbon) == carbon.amount
    with pytest.raises(StudyError, match="carbon is in CNY, and this study counts in EUR"):
        Currency("EUR").of(carbon)
    assert Currency("EUR", {"CNY": 0.125}).of(carbon).central == near(carbon.amount.central / 8)


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    carbon = price("carbon", "CHN")
    with pytest.raises(StudyError, match="A rate is above 0"):
        Currency("EUR", {"CNY": rate}).of(carbon)


def test_a_rate_scales_the_whole_spread() -> None:
    asked = Price("water", Spread(2.0, 1.0, 4.0), "USD", "m3", price("water").evidence)
    assert Currency("EUR", {"USD": 0.5}).of(asked) == Spread(1.0, 0.5, 2.0)


def test_a_place_has_its_own_price_of_carbon() -> None:
    assert (price("carbon", "DEU").currency, price("carbon", "CHN").currency) == ("EUR", "CNY")
    with pytest.raises(DataMissing, match="not of BRA: state it"):
        price("carbon", "BRA")


def test_a_price_of_another_land_never_stands_in_for_a_local_one() -> None:
    with pytest.raises(DataMissing, match="not of BRA"):
        price("electricity", "BRA")
    assert price("water", "BRA") == price("water")


def test_what_has_no_price_lists_what_has() -> None:
    with pytest.raises(DataMissing, match=r"Known are: carbon, electricity, water, heat\."):
        price("helium")
    with pytest.raises(DataMissing, match="solar, "):
        technology("fusion")


def test_plant_is_priced_where_it_stands_else_in_the_studys_currency_else_as_in_the_world() -> None:
    found = [technology("solar", *asked).capex.currency for asked in (("USA", "EUR"), ("FRA", "EUR"), ("CHN", "CNY"))]
    assert found == ["USD", "EUR", "USD"]


@pytest.mark.parametrize("name", TABLES)
def test_every_figure_has_a_unit_a_year_a_source_and_says_whether_it_was_verified(name: str) -> None:
    assert rows(name)
    for row in rows(name):
        assert row["unit"], row
        assert 1990 <= int(row["year"]) <= 2026, row
        assert row["source"].strip(), row
        assert row["verified"] in {"yes", "no"}, row
        assert row["licence"].strip(), row


@pytest.mark.parametrize("name", ["prices", "technologies"])
def test_every_interval_encloses_its_value_and_no_place_has_two_prices(name: str) -> None:
    assert [row for row in rows(name) if not 0 < float(row["p5"]) < float(row["central"]) < float(row["p95"])] == []
    keys = [(row["item"], place) for row in rows(name) for place in row["places"].split()]
    assert len(keys) == len(set(keys))


def test_every_price_and_technology_can_be_read() -> None:
    places = {row["item"]: row["places"].split()[0] for row in rows("prices")}
    assert [price(name, places[name]).name for name in price_names()] == list(price_names())
    for name in technology_names():
        row = next(row for row in rows("technologies") if row["item"] == name)
        found = technology(name, row["places"])
        assert 0 <= found.opex_ratio < 0.2
        assert 1 < found.lifetime_years < 50


def test_the_shipped_costs_are_those_of_their_documents() -> None:
    source = {(row["item"], row["year"]): float(row["value"]) for row in facts("prices") if "-" not in row["value"]}
    heat = {row["item"]: row["value"] for row in facts("heat")}
    shipped = {(row["item"], row["places"]): row for row in rows("technologies")}
    for item, name in [
        ("solar", "solar-utility"),
        ("solar on a roof", "solar-rooftop"),
        ("wind", "onwind"),
        ("battery energy", "battery storage"),
        ("battery power", "battery inverter"),
    ]:
        row = shipped[item, "DNK"]
        assert float(row["central"]) == source[f"{name} investment", "2025"]
        assert float(row["lifetime_years"]) == source[f"{name} lifetime", "2025"]
        assert float(row["opex_ratio"]) == near(source.get((f"{name} FOM", "2025"), 0.0) / 100)
    usa = "overnight capex"
    assert float(shipped["solar", "USA"]["central"]) == source[f"solar-utility {usa}", "2025"]
    wind = source[f"Land-Based Wind - Class 3 - Technology 1 {usa}", "2025"]
    assert float(shipped["wind", "USA"]["central"]) == wind
    four_hours = source[f"Utility-Scale Battery Storage - 4Hr {usa}", "2025"] / 4
    assert float(shipped["battery", "USA"]["central"]) == near(four_hours, abs=0.05)
    world = next(row for row in facts("prices") if row["item"] == "IRENA PV installed cost")
    assert f"China ~{shipped['solar', 'CHN']['central']}" in world["note"]
    assert shipped["solar", "CHN"]["verified"] == world["verified"] == "no"
    assert shipped["heat pump", "DNK"]["central"] == heat["excess-heat heat pump investment"]
    assert shipped["heat store", "DNK"]["central"] == heat["central water tank storage"]


def test_the_price_of_carbon_is_that_of_the_exchanges() -> None:
    source = {row["item"]: row["value"] for row in facts("prices")}
    low, high = map(float, source["CEA weekly Dec 2025"].split("-"))
    assert price("carbon", "CHN").amount.central == near((low + high) / 2)
    assert price("carbon", "CHN").amount.p5 == low
    assert price("carbon", "DEU").amount.central == float(source["EUA average 2025"])
    assert price("carbon", "DEU").amount.p5 == float(source["EUA average 2024"])
