"""Accounting methods: published examples to the digit, and the laws that hold for any year."""

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from dcfoot.accounting import (
    Instrument,
    Rates,
    accounts,
    cfe_contracted_ratio,
    cfe_ratio,
    cue_kg_per_kwh,
    excess_kwh,
    location_g,
    market_g,
    rates_of,
    ref_ratio,
    sci_g_per_unit,
)
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.factors.hourly import HOUR, Window, constant
from dcfoot.grid import BoundaryMismatch, GridFactor, Method, all_factors, latest_factors
from simulated.near import near
from simulated.reference import reference_dir

Hours = NDArray[np.float64]
MWH = 1000.0
REFERENCE = reference_dir()
needs_reference = pytest.mark.skipif(REFERENCE is None, reason="the published reference vectors are not here")


def vector(name: str) -> Any:  # noqa: ANN401 (a JSON document)
    assert REFERENCE is not None
    return json.loads((REFERENCE / "vectors/carbon_accounting.json").read_text())[name]


@needs_reference
def test_the_published_cfe_example() -> None:
    inputs, expected = vector("cfe")["inputs"], vector("cfe")["expected"]
    load, clean = np.array(inputs["load_mwh"]), np.array(inputs["contracted_cfe_mwh"])
    grid = np.array(inputs["grid_cfe_share"])
    by_hour = [cfe_ratio(float(a), float(b), float(c)) for a, b, c in zip(load, clean, grid, strict=True)]
    assert by_hour == near(expected["hourly"])
    assert cfe_ratio(load, clean, grid) == near(expected["score"])
    assert cfe_contracted_ratio(load, clean) == near(expected["contracted_part"])
    assert cfe_contracted_ratio(float(load.sum()), float(clean.sum())) == near(expected["annual_volume_match"])
    assert excess_kwh(load, clean).sum() == near(expected["excess_mwh"])


@needs_reference
def test_the_published_scope_2_example_by_every_method() -> None:
    example = vector("scope2")["hourly_example"]
    inputs, expected = example["inputs"], example["expected"]
    grid, residual = np.array(inputs["ci_grid"], float), np.array(inputs["ci_residual"], float)
    rates = Rates(
        "direct",
        "CO2",
        grid.mean(),
        residual.mean(),
        hourly_grid_g_per_kwh=grid,
        hourly_residual_g_per_kwh=residual,
    )
    bought = Instrument("contract", np.array(inputs["contract"], float) * MWH, 0.0)
    year = accounts(np.array(inputs["load"], float) * MWH, rates, [bought])
    assert year.location_hourly_g == near(expected["location_kg"] * 1000)
    assert year.market_hourly_g == near(expected["market_hourly_kg"] * 1000)
    assert year.market_yearly_g == near(expected["market_annual_kg"] * 1000)


@needs_reference
def test_the_published_software_carbon_intensity() -> None:
    (example,) = [one for one in vector("sci_iso21031") if one["id"] == "sci_full"]
    inputs = example["inputs"]
    found = sci_g_per_unit(inputs["E_kwh"], float(inputs["I_g"]), inputs["M_g"], float(inputs["R"]))
    assert found == near(example["expected"]["sci_g_per_R"], abs=example["tol_abs"])


@needs_reference
def test_outside_its_certificates_a_load_in_china_takes_the_factor_without_traded_non_fossil_power() -> None:
    published = vector("china_grid")["factors_2023"]
    by_method = {factor.method: factor for factor in latest_factors("CN") if factor.boundary == "direct"}
    rates = rates_of(by_method[Method.AVERAGE], by_method[Method.RESIDUAL])
    load = np.full(24, 1000.0)
    year = accounts(load, rates, [Instrument("绿证", 6000.0, 0.0)])
    assert year.location_yearly_g == near(24_000 * published["national"] * 1000)
    assert year.market_yearly_g == near(18_000 * published["national_excl_market_traded_nonfossil"] * 1000)
    assert year.notes == ("绿证: only the year's volume is known, so it counts by the year and in no hour.",)


def test_ref_and_cue_by_hand() -> None:
    # ISO/IEC 30134-3: 3 of 4 GWh renewable; bought beyond the use counts no more than all of it.
    assert ref_ratio(3.0e6, 4.0e6) == 0.75
    assert ref_ratio(5.0e6, 4.0e6) == 1.0
    # ISO/IEC 30134-8: PUE 1.5 on a grid of 400 g/kWh is 0.6 kg per kWh of IT energy.
    assert cue_kg_per_kwh(location_g(1.5e6, 400.0), 1.0e6) == near(0.6)


def test_what_is_bought_counts_in_order_and_no_further_than_the_load() -> None:
    # 10 kWh: 4 of a certificate at 0, 5 of a contract at 20 g/kWh, 1 of the residual mix at 600 g/kWh.
    assert market_g(10.0, [(4.0, 0.0), (5.0, 20.0)], 600.0) == near(5 * 20 + 1 * 600)
    assert market_g(10.0, [(40.0, 0.0), (5.0, 20.0)], 600.0) == 0.0


def test_a_series_an_array_and_numbers_give_the_same() -> None:
    load, clean = np.array([1.0, 2.0, 3.0]), np.array([2.0, 1.0, 0.0])
    of_arrays = cfe_contracted_ratio(load, clean)
    of_series: object = cfe_contracted_ratio(pd.Series(load), pd.Series(clean))
    assert of_arrays == near(2 / 6)
    assert [of_series] == near([2 / 6])


def test_designs_on_a_leading_axis_are_each_what_they_are_alone() -> None:
    load = np.array([1.0, 2.0, 3.0])
    designs = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [3.0, 3.0, 3.0]])
    together = cfe_contracted_ratio(np.broadcast_to(load, designs.shape), designs)
    assert list(together) == near([0.0, 0.5, 1.0])


energies = arrays(np.float64, 24, elements=st.floats(0.0, 1000.0))
loads = arrays(np.float64, 24, elements=st.floats(0.1, 1000.0))
factors = arrays(np.float64, 24, elements=st.floats(1.0, 1000.0))


def rates_by_hour(grid: Hours, residual: Hours) -> Rates:
    return Rates("direct", "CO2", float(grid.mean()), float(residual.mean()), grid, residual)


@given(loads, energies, factors, factors)
def test_what_is_bought_leaves_the_location_as_it_is(load: Hours, bought: Hours, grid: Hours, residual: Hours) -> None:
    rates = rates_by_hour(grid, residual)
    alone, contracted = accounts(load, rates), accounts(load, rates, [Instrument("contract", bought, 5.0)])
    assert alone.location_yearly_g == contracted.location_yearly_g
    assert alone.location_hourly_g == contracted.location_hourly_g


@given(loads, energies, energies, factors, factors)
def test_more_certificates_never_raise_market_based_emissions(
    load: Hours, bought: Hours, more: Hours, grid: Hours, residual: Hours
) -> None:
    rates = rates_by_hour(grid, residual)
    less = accounts(load, rates, [Instrument("certificates", bought, 0.0)])
    greater = accounts(load, rates, [Instrument("certificates", bought + more, 0.0)])
    assert greater.market_yearly_g <= less.market_yearly_g * (1 + 1e-12)
    assert (greater.market_hourly_g or 0.0) <= (less.market_hourly_g or 0.0) * (1 + 1e-12)


@given(loads, energies, factors, factors, st.floats(0.0, 100.0))
def test_a_contract_that_covers_every_hour_leaves_nothing_of_the_residual_mix(
    load: Hours, beyond: Hours, grid: Hours, residual: Hours, g_per_kwh: float
) -> None:
    year = accounts(load, rates_by_hour(grid, residual), [Instrument("contract", load + beyond, g_per_kwh)])
    assert year.market_hourly_g == near(float(load.sum()) * g_per_kwh, abs=1e-6)
    assert year.cfe_contracted_ratio == near(1.0)


@given(loads, energies, factors)
def test_matching_by_hours_is_never_better_than_matching_by_the_year(load: Hours, clean: Hours, grid: Hours) -> None:
    year = accounts(load, rates_by_hour(grid, grid), [Instrument("contract", clean, 0.0)])
    assert year.cfe_contracted_ratio is not None
    assert year.excess_kwh is not None
    assert year.cfe_contracted_ratio <= year.volume_match_ratio + 1e-12
    # What is bought is either matched or in excess.
    assert year.cfe_contracted_ratio * load.sum() + year.excess_kwh == near(clean.sum(), abs=1e-6)


@given(loads, energies, arrays(np.float64, 24, elements=st.floats(0.0, 1.0)))
def test_the_grids_clean_share_only_adds(load: Hours, clean: Hours, share: Hours) -> None:
    contracted, whole = cfe_contracted_ratio(load, clean), cfe_ratio(load, clean, share)
    assert contracted - 1e-12 <= whole <= 1.0 + 1e-12


@given(loads, factors)
def test_with_the_same_factor_at_every_hour_hours_and_year_agree(load: Hours, grid: Hours) -> None:
    level = float(grid.mean())
    year = accounts(load, rates_by_hour(np.full(24, level), np.full(24, level)))
    assert year.location_hourly_g == near(year.location_yearly_g)
    assert year.market_hourly_g == near(year.market_yearly_g)


def test_a_year_matched_by_volume_alone_shows_the_hours_it_misses_beside() -> None:
    # Sun by day for a load by day and night: all of the volume, half of the hours.
    load = np.ones(24)
    sun = np.concatenate([np.zeros(12), np.full(12, 2.0)])
    year = accounts(load, rates_by_hour(np.full(24, 500.0), np.full(24, 500.0)), [Instrument("sun", sun, 0.0)])
    assert year.market_yearly_g == 0.0
    assert (year.volume_match_ratio, year.cfe_contracted_ratio) == (1.0, 0.5)
    assert year.market_hourly_g == near(12 * 500.0)
    assert year.excess_kwh == near(12.0)


def test_the_marginal_method_uses_the_marginal_factor_alone() -> None:
    rates = Rates("direct", "CO2", 400.0, 500.0, marginal_g_per_kwh=900.0)
    year = accounts(np.ones(10), rates, [Instrument("contract", np.ones(10), 0.0)])
    assert year.marginal_g == near(9000.0)
    assert year.location_hourly_g is None


def factor(zone: str, boundary: str) -> GridFactor:
    return max((one for one in all_factors() if (one.zone, one.boundary) == (zone, boundary)), key=lambda one: one.year)


def test_factors_of_two_families_are_refused() -> None:
    direct, life_cycle = factor("CN-GD", "direct"), factor("CN", "life_cycle")
    with pytest.raises(BoundaryMismatch, match="cannot be added"):
        rates_of(direct, life_cycle)
    window = Window(datetime(2024, 1, 1, tzinfo=UTC), 24)
    with pytest.raises(BoundaryMismatch):
        rates_of(direct, hourly_grid=constant(life_cycle, window, Spread.exact(1.0)))


def test_a_grid_without_a_published_residual_mix_says_that_its_average_stands_in() -> None:
    rates = rates_of(factor("US-RFCW", "direct"))
    assert rates.residual_g_per_kwh == rates.grid_g_per_kwh
    assert rates.notes == ("No residual mix of US-RFCW is known (direct CO2e): the grid's average stands in for it.",)


def test_an_hour_that_is_not_known_is_not_guessed() -> None:
    from dataclasses import replace

    window = Window(datetime(2024, 1, 1, tzinfo=UTC), 3)
    grid = factor("US-RFCW", "direct")
    series = constant(grid, window, Spread.exact(1.0))
    with pytest.raises(ConfigError, match="1 hours are not known"):
        rates_of(grid, hourly_grid=replace(series, g_per_kwh=(1.0, None, 2.0)))
    known = rates_of(grid, hourly_grid=series).hourly_grid_g_per_kwh
    assert known is not None
    assert len(known) == (window.end - window.start) / HOUR
