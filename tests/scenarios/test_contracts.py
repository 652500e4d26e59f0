"""Contracts: instruments of the accounts, what becomes of a surplus, and the yearly match beside the hourly one."""

import csv
import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dcfoot.accounting import Rates, accounts, location_g
from dcfoot.errors import ConfigError
from dcfoot.weather import find_climate, typical_year
from dcfoot.weather.year import Hours
from dcfoot_scenarios.contracts import certificates, match, ppa, surplus_use
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.solar import solar_per_unit
from dcfoot_scenarios.storage import Battery, run_storage
from dcfoot_scenarios.wind import wind_per_unit
from simulated.near import near
from simulated.reference import columns, reference_dir, vectors

POWERS = arrays(np.float64, 24, elements=st.floats(0, 100))


def test_the_published_example_of_the_cfe_score() -> None:
    example = vectors("carbon_accounting")["cfe"]
    load, contracted, grid = (
        np.array(example["inputs"][name], dtype=np.float64)
        for name in ("load_mwh", "contracted_cfe_mwh", "grid_cfe_share")
    )
    found = match(load, [ppa("wind", contracted)], grid)
    expected = example["expected"]
    assert found.volume_match_ratio == near(expected["annual_volume_match"])
    assert found.cfe_contracted_ratio == near(expected["contracted_part"])
    assert found.cfe_ratio == near(expected["score"])
    assert found.excess_mwh == near(expected["excess_mwh"])


def test_the_published_example_of_market_based_emissions_through_a_contract() -> None:
    example = vectors("carbon_accounting")["scope2"]["hourly_example"]
    load, contract, grid, residual = (
        np.array(example["inputs"][name], dtype=np.float64) for name in ("load", "contract", "ci_grid", "ci_residual")
    )
    rates = Rates("direct", "CO2", 0.0, 0.0, grid, residual)
    found = accounts(load * 1000, rates, [ppa("wind", contract)])
    assert found.market_hourly_g is not None
    assert found.market_hourly_g / 1000 == near(example["expected"]["market_hourly_kg"])


REGIONS = {
    "AZPS": "us_phoenix",
    "BPAT": "us_the_dalles",
    "CISO": "us_santa_clara",
    "ERCO": "us_dallas",
    "MISO": "us_des_moines",
    "PJM": "us_ashburn",
}


def hours_of(region: str) -> dict[str, Hours]:
    """A region's hours of 2022 in UTC (EIA-930): its sun, its wind, and its grid's factor."""
    reference = reference_dir()
    if reference is None:
        pytest.skip("needs the shared hours of real grids (DCFOOT_REFERENCE_DIR)")
    with gzip.open(reference / "data" / "hourly_grid" / f"eia_{region}_2022.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    made = {plant: np.array([max(float(row[plant] or 0.0), 0.0) for row in rows]) for plant in ("SUN", "WND")}
    g_per_kwh = np.array([float(row["ci_ar5"] or "nan") for row in rows])
    return {**made, "g_per_kwh": np.where(np.isnan(g_per_kwh), np.nanmean(g_per_kwh), g_per_kwh)}


def mean_over_hourly_ratio(load_mw: Hours, clean_mw: Hours, g_per_kwh: Hours) -> float:
    """What the rest of a load emits at the year's mean, over what it emits by the hour."""
    flows = run_storage(Battery(0.0, 0.0, 0.0), np.zeros_like(load_mw), load_mw, clean_mw)
    rest_kwh = flows.import_mw * 1000
    at_the_mean = location_g(np.array([rest_kwh.sum()]), np.array([g_per_kwh.mean()]))
    return float(at_the_mean) / float(location_g(rest_kwh, g_per_kwh))


def test_the_rest_of_a_year_at_the_mean_is_25_percent_too_low_to_3_percent_too_high() -> None:
    # Published: -25 to +3 %. Its setting is not told; a steady hall with a year's worth of sun, wind, or half of each,
    # in six real regions, lies within and comes near both ends.
    load = np.ones(8760)
    found: dict[tuple[str, str], float] = {}
    for region in REGIONS:
        hours = hours_of(region)
        sun, wind = (hours[plant] / hours[plant].mean() for plant in ("SUN", "WND"))
        for mix, made in {"sun": sun, "wind": wind, "half of each": (sun + wind) / 2}.items():
            found[region, mix] = mean_over_hourly_ratio(load, made, hours["g_per_kwh"]) - 1
    assert min(found, key=found.__getitem__) == ("CISO", "half of each")
    assert max(found, key=found.__getitem__) == ("MISO", "sun")
    assert -0.25 < min(found.values()) < -0.22
    assert 0.015 < max(found.values()) < 0.03


def test_an_independent_simulator_finds_the_same_quarter_too_little_in_california() -> None:
    # 60 MW of sun, 40 of wind, no store (vectors/dispatch/greedy_dispatch.json, by vessim).
    (case,) = (
        one
        for one in vectors("dispatch/greedy_dispatch")["cases"]
        if (one["site"], one["solar_mw"], one["bat_mwh"]) == ("CA", 60, 0)
    )
    hours = {name: np.array(values) for name, values in columns("dispatch/CA").items()}
    clean = case["solar_mw"] * hours["solar_per_unit"] + case["wind_mw"] * hours["wind_per_unit"]
    ratio = mean_over_hourly_ratio(hours["facility_mw"], clean, hours["grid_g_per_kwh"])
    assert ratio == near(case["import_mwh"] * hours["grid_g_per_kwh"].mean() / 1000 / case["tco2"], rel=1e-6)
    assert ratio - 1 == near(-0.25, abs=0.005)


def by_the_hour_ratio(region: str, plant: str, folder: Path) -> float:
    """Of a hall with a contract as large as its year, shaped as a region's own sun or wind of 2022 (EIA-930)."""
    in_utc = hours_of(region)[plant]
    keys = {"site": REGIONS[region], "cooling": "air_chiller", "load": {"it_capacity_mw": 20}}
    bare = evaluate(Scenario.model_validate(keys))
    start = datetime.fromisoformat(str(bare.case.place.weather.start))
    made = np.roll(in_utc, -start.astimezone(UTC).hour)
    shaped = made / made.sum() * bare.figures["facility_energy_mwh"]
    path = folder / f"{region}-{plant}.csv"
    path.write_text("\n".join(["generation_mw", *map(repr, shaped.tolist())]))
    contract = {"name": plant, "file": str(path), "g_per_kwh": 0}
    found = evaluate(Scenario.model_validate(keys | {"supply": {"contracts": [contract]}})).figures
    assert found["volume_match_ratio"] == near(1.0, rel=1e-9)
    return found["cfe_contracted_ratio"]


def test_all_of_a_year_is_43_to_79_percent_by_the_hour_in_six_real_regions(tmp_path: Path) -> None:
    # Published: 43 to 79 %. Its setting is not told; sun alone and wind alone, region by region, give just that.
    sun, wind = ({region: by_the_hour_ratio(region, plant, tmp_path) for region in REGIONS} for plant in ("SUN", "WND"))
    assert min(sun, key=sun.__getitem__) == "PJM"
    assert sun["PJM"] == near(0.43, abs=0.005)
    assert max(wind, key=wind.__getitem__) == "MISO"
    assert wind["MISO"] == near(0.79, abs=0.005)
    assert all(sun[region] < wind[region] for region in REGIONS)


def test_certificates_count_by_the_year_and_in_no_hour() -> None:
    load = np.full(24, 10.0)
    found = match(load, [certificates("绿证", 240.0)], np.full(24, 0.4))
    assert found.volume_match_ratio == 1.0
    assert found.cfe_contracted_ratio == 0.0
    assert found.cfe_ratio == near(0.4)


def test_half_a_plant_is_half_its_hours() -> None:
    instrument = ppa("half a park", np.array([4.0, 0.0]), 0.5, g_per_kwh=11.0)
    assert instrument.hourly
    assert instrument.yearly_kwh == near(2000.0)
    assert instrument.g_per_kwh == 11.0


def test_contracts_that_cannot_be_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"contract park is for 1\.2 of a plant"):
        ppa("park", np.ones(24), 1.2)
    with pytest.raises(ConfigError, match="certificates GO are for -1 MWh"):
        certificates("GO", -1.0)


@given(POWERS, POWERS, st.lists(st.floats(0, 1), max_size=3))
def test_the_hourly_match_is_never_better_than_the_yearly_one(load: Hours, clean: Hours, shares: list[float]) -> None:
    load = load + 1.0
    found = match(load, [ppa(f"plant {share}", clean, share) for share in shares], np.full(24, 0.3))
    assert found.cfe_contracted_ratio <= found.volume_match_ratio + 1e-12
    assert found.cfe_ratio is not None
    assert found.cfe_contracted_ratio <= found.cfe_ratio + 1e-12
    assert found.cfe_ratio <= 1 + 1e-12


@given(POWERS, POWERS, st.floats(0, 100))
def test_what_is_stored_sold_and_not_made_adds_up_to_the_surplus(
    surplus: Hours, stored: Hours, export_limit_mw: float
) -> None:
    used = surplus_use(surplus, np.minimum(stored, surplus), export_limit_mw)
    assert used.stored_mw + used.exported_mw + used.curtailed_mw == near(surplus)
    assert min(used.stored_mw.min(), used.exported_mw.min(), used.curtailed_mw.min()) >= 0
    assert used.exported_mw.max() <= export_limit_mw


def test_without_a_connection_that_feeds_in_all_is_curtailed() -> None:
    used = surplus_use(np.array([3.0, 8.0]), 0.0, 0.0)
    assert used.curtailed_mw.tolist() == [3.0, 8.0]
    assert used.exported_mw.tolist() == [0.0, 0.0]


# renewabl.com, hourly CFE score estimator: at 100 % by the year, sun alone scores 30 to 50 %, portfolios 30 to 70 %.
@pytest.mark.parametrize("place", ["us_des_moines", "dk_copenhagen", "es_madrid", "sg_singapore", "cn_shanghai"])
def test_all_of_a_year_is_half_of_its_hours_as_a_broker_says(place: str) -> None:
    weather, load = typical_year(find_climate(place)), np.full(8760, 1.0)
    sun, wind = (hours * (load.sum() / hours.sum()) for hours in (solar_per_unit(weather), wind_per_unit(weather)))
    alone, mixed = match(load, [ppa("sun", sun)]), match(load, [ppa("both", (sun + wind) / 2)])
    assert alone.volume_match_ratio == near(1.0)
    assert 0.30 < alone.cfe_contracted_ratio < 0.50
    assert alone.cfe_contracted_ratio < mixed.cfe_contracted_ratio < 0.70
