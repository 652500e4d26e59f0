"""The carbon-free share of a nation's power, and of its provinces."""

import pytest

from dcfoot.factors.clean import clean_ratio
from dcfoot.reading import Basis
from simulated.near import near
from simulated.reference import facts


# Ember, Global Electricity Review 2024 (of 2023): Norway 98 %, France 92 %, the United States 41 %, China 35 %.
@pytest.mark.parametrize(("zone", "percent"), [("NOR", 98), ("FRA", 92), ("USA", 41), ("CHN", 35)])
def test_a_nation_has_the_share_that_is_published(zone: str, percent: int) -> None:
    found = clean_ratio(zone)
    assert found is not None
    assert found.spread.central * 100 == near(percent, abs=0.6)
    assert found.basis is Basis.MODELLED


def test_a_province_has_its_nation_and_says_so() -> None:
    province, nation = clean_ratio("CN-GZ"), clean_ratio("CHN")
    assert province is not None
    assert nation is not None
    assert province.spread == nation.spread
    assert province.basis is Basis.DEFAULT
    assert "CHN" in province.evidence.what


def test_no_nation_stands_in_for_one_that_is_not_known() -> None:
    assert clean_ratio("ESH") is None  # Western Sahara: its mix is of 2009


def test_every_share_is_that_of_the_collected_energy_by_fuel() -> None:
    rows = [(row["iso3"], row["fuel"], float(row["value"])) for row in facts("grid_country_mix")]
    for zone in ("DEU", "DNK", "SGP", "ZAF"):
        energy = {fuel: amount for of, fuel, amount in rows if of == zone}
        burnt = energy["coal"] + energy["gas"] + energy["oil"]
        found = clean_ratio(zone)
        assert found is not None
        assert found.spread.central == near(1 - burnt / sum(energy.values()), abs=5e-5)
