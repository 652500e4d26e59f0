"""Grid factors: the newest of each family, and families that never meet in a sum."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.draws import Spread
from dcfoot.footprint import Carbon
from dcfoot.grid import Boundary, BoundaryMismatch, GridFactor, Method, factors_of, latest_factors
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis
from dcfoot.site import zone_factors
from simulated.near import near
from simulated.reference import vectors

DIRECT, LIFE_CYCLE = Boundary.DIRECT, Boundary.LIFE_CYCLE


def factor(
    boundary: Boundary = DIRECT, gas: str = "CO2", method: Method = Method.AVERAGE, g: float = 500
) -> GridFactor:
    return GridFactor(
        "CN", "nation", boundary, gas, method, 2023, Spread.around(g, 0.8, 1.2), Basis.MODELLED, "MEE", verified=True
    )


def carbon(one: GridFactor) -> Carbon:
    value = Quantity(one.g_per_kwh.central, one.g_per_kwh.p5, one.g_per_kwh.p95, Basis.MODELLED)
    return Carbon(
        one.method.accounting, one.boundary, one.gas, one.year, value, one.zone, one.source, verified=one.verified
    )


KINDS = list(product(Boundary, ("CO2", "CO2e"), Method))


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_only_factors_and_amounts_of_one_family_gas_and_method_are_added(
    one: tuple[Boundary, str, Method], other: tuple[Boundary, str, Method]
) -> None:
    a, b = factor(*one, g=300), factor(*other, g=200)
    if one == other:
        assert (a + b).g_per_kwh.central == 500
        assert (carbon(a) + carbon(b)).value.value == 500
    else:
        with pytest.raises(BoundaryMismatch):
            _ = a + b
        with pytest.raises(BoundaryMismatch):
            _ = carbon(a) + carbon(b)


def test_chinas_direct_and_footprint_factors_refuse_each_other_and_say_why() -> None:
    # 0.5306 kg CO2/kWh (2023) and 0.5777 kg CO2e/kWh (2024) look alike and mean different things.
    china = {(f.boundary, f.method): f for f in latest_factors("CN")}
    direct, footprint = china[DIRECT, Method.AVERAGE], china[LIFE_CYCLE, Method.AVERAGE]
    assert (direct.g_per_kwh.central, footprint.g_per_kwh.central) == (530.6, 577.7)
    with pytest.raises(BoundaryMismatch, match="leaves out what a life-cycle factor counts"):
        _ = direct + footprint


def test_a_sum_has_the_worst_basis_the_older_year_and_is_verified_only_if_both_are() -> None:
    total = factor() + replace(factor(), basis=Basis.DEFAULT, year=2021, verified=False)
    assert (total.basis, total.year, total.verified) == (Basis.DEFAULT, 2021, False)


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_sums_interval_encloses_its_value(one: float, two: float) -> None:
    total = (factor(g=one) + factor(g=two)).g_per_kwh
    assert total.p5 <= total.central <= total.p95


def test_the_residual_mix_serves_the_market_based_method() -> None:
    # GHG Protocol Scope 2 Guidance, chapter 4.
    assert [method.accounting for method in Method] == ["location", "market", "marginal"]


def test_of_each_family_the_newest_is_taken() -> None:
    for zone in ("CN", "CN-GD", "US-RFCW", "FRA", "WLD"):
        latest = {(f.boundary, f.gas, f.method): f.year for f in latest_factors(zone)}
        table = "grid_china" if zone.startswith("CN") else "grid_egrid" if zone.startswith("US-") else "grid_country"
        everything = [f for f in factors_of(table) if f.zone == zone and f.method is not Method.MARGINAL]
        assert latest
        for (boundary, gas, method), year in latest.items():
            assert year == max(f.year for f in everything if (f.boundary, f.gas, f.method) == (boundary, gas, method))


def test_a_marginal_factor_is_never_taken_for_an_average_one() -> None:
    # The Chinese operating margins of 2019 are in the table; nothing shows them as the grid's mean.
    regions = ("CN-NORTH", "CN-EAST", "CN-SOUTH")
    assert all(f.method is not Method.MARGINAL for zone in regions for f in latest_factors(zone))


def test_a_province_has_its_own_direct_factor_and_the_nations_others_under_the_nations_name() -> None:
    national = vectors("carbon_accounting")["china_grid"]["factors_2023"]
    factors = {(f.boundary, f.method): f for f in zone_factors("CN-GD", "CHN")}
    assert {key: f.zone for key, f in factors.items()} == {
        (DIRECT, Method.AVERAGE): "CN-GD",
        (DIRECT, Method.RESIDUAL): "CN",
        (LIFE_CYCLE, Method.AVERAGE): "CN",
    }
    residual = factors[DIRECT, Method.RESIDUAL]
    assert residual.g_per_kwh.central == near(national["national_excl_market_traded_nonfossil"] * 1000)


def test_a_nations_factor_that_stands_in_for_a_region_is_a_default_and_says_so() -> None:
    own = next(f for f in zone_factors("CN", "CHN") if f.boundary is LIFE_CYCLE)
    stand_in = next(f for f in zone_factors("CN-YN", "CHN") if f.boundary is LIFE_CYCLE)
    assert (own.basis, stand_in.basis) == (Basis.MODELLED, Basis.DEFAULT)
    assert "CN-YN" in stand_in.evidence().note
    assert stand_in.g_per_kwh.central == own.g_per_kwh.central
    assert stand_in.g_per_kwh.p5 < own.g_per_kwh.p5 < own.g_per_kwh.p95 < stand_in.g_per_kwh.p95


def test_the_interval_of_a_nation_that_stands_in_reaches_most_of_its_regions() -> None:
    # On the family that is known for both a nation and its regions.
    held: list[bool] = []
    for nation, zones in (("CN", "grid_china"), ("US", "grid_egrid")):
        whole = next(f for f in latest_factors(nation) if (f.boundary, f.method) == (DIRECT, Method.AVERAGE))
        spread = whole.standing_in_for(f"{nation}-XX").g_per_kwh
        regions = {f.zone for f in factors_of(zones) if f.zone not in {nation, "CN-FOSSIL"} and f.boundary is DIRECT}
        own = [next(f for f in latest_factors(zone) if f.boundary is DIRECT).g_per_kwh.central for zone in regions]
        held += [spread.p5 <= g <= spread.p95 for g in own]
    assert len(held) == 115
    assert sum(held) / len(held) == near(0.9, abs=0.02)


def test_elsewhere_only_the_life_cycle_family_is_known_and_the_other_is_absent() -> None:
    assert [(f.boundary, f.zone) for f in zone_factors("FRA", "FRA")] == [(LIFE_CYCLE, "FRA")]


def test_the_worlds_mean_is_a_default_that_may_be_off_by_a_factor_of_ten() -> None:
    (world,) = latest_factors("WLD")
    assert world.basis is Basis.DEFAULT
    assert world.g_per_kwh.p5 < 0.1 * world.g_per_kwh.central
    assert world.g_per_kwh.p95 > 1.4 * world.g_per_kwh.central


def test_a_place_without_factors_has_none() -> None:
    assert latest_factors("CN-XX") == ()
