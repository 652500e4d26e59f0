"""A site at the hours of a run: the small tables agree with the full model, and yearly figures stay the level."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.cooling.parameters import Size
from dcfoot.draws import Draws, Spread
from dcfoot.facility_draws import Hall, drawn_hours
from dcfoot.reading import Basis
from dcfoot.site import Site, resolve_site
from dcfoot.site_hours import (
    LOADS,
    UNKNOWN_COOLING,
    at_run,
    cooling_parts,
    cooling_said,
    independent_days,
    mixed,
    modelled_year,
    product,
    time_shares,
    year_shape,
)
from dcfoot.site_year import draw_site_year, interval_of, site_year
from dcfoot.tables import rows
from dcfoot.weather import climates, find_climate, typical_year
from dcfoot.weather.doubt import air_of_climate
from simulated.near import near

HOUR = timedelta(hours=1)
JANUARY, JULY = datetime(2026, 1, 14, 7, tzinfo=UTC), datetime(2026, 7, 14, 19, tzinfo=UTC)
IOWA = resolve_site("gcp-us-central1")
SIZES: tuple[Size, ...] = ("large", "midsize", "small")


def pue(site: Site) -> Spread:
    assert site.pue is not None
    return site.pue.spread


def wue(site: Site) -> Spread:
    assert site.wue_l_per_kwh is not None
    return site.wue_l_per_kwh.spread


def width(spread: Spread) -> float:
    return spread.p95 - spread.p5


# The tables against the full model.


@pytest.mark.parametrize("climate", ["us_ashburn", "sg_singapore", "cn_ulanqab"])
@pytest.mark.parametrize("cooling", ["airside_adiabatic", "waterside_economizer", "direct_liquid", "dx"])
def test_the_tables_agree_with_the_full_model_hour_by_hour(climate: str, cooling: str) -> None:
    # Other draws than the tables were made of; each cell of 90 hours as the mean of the draws.
    place = find_climate(climate)
    weather, air = typical_year(place), air_of_climate(place)
    drawn = [np.asarray(state.pue) - 1 for _, state, _ in drawn_hours(Draws("other", 10), Hall(cooling), air)]
    hourly = np.concatenate([overhead / overhead.mean(axis=-1, keepdims=True) for overhead in drawn]).mean(axis=0)
    utc = [weather.start + index * HOUR for index in range(len(weather))]
    shape = year_shape(climate, "pue", cooling)
    cells = np.array([shape.multipliers[at.month - 1][at.hour // 3] for at in utc])
    modelled = np.array(
        [
            hourly[[at.month - 1 == month and at.hour // 3 == block for at in utc]].mean()
            for month in range(12)
            for block in range(8)
        ]
    )
    told = np.array(shape.multipliers).ravel()
    year = modelled_year(climate, "pue", cooling, "large").spread
    # 0.01 of PUE is what any two runs of the model with other draws differ by.
    assert np.abs(told - modelled).max() * (year.central - 1) < 0.01
    assert float(cells.mean()) == near(1, abs=0.01)


@pytest.mark.parametrize("cooling", SYSTEMS)
def test_the_tables_levels_are_the_full_models(cooling: str) -> None:
    year = site_year(Hall(cooling), typical_year(find_climate("us_ashburn")))
    assert modelled_year("us_ashburn", "pue", cooling, "large").spread.central == near(year.pue.mean(), rel=1e-3)
    told = modelled_year("us_ashburn", "wue", cooling, "large").spread.central
    assert told == near(year.wue_l_per_kwh.mean(), rel=1e-3)


@pytest.mark.parametrize("cooling", SYSTEMS)
@pytest.mark.parametrize("load", [0.25, 0.35, 0.6, 0.7, 0.9, 1.0])
def test_the_levels_at_a_load_are_the_full_models(cooling: str, load: float) -> None:
    year = site_year(Hall(cooling, it_load_ratio=Spread.exact(load)), typical_year(find_climate("us_ashburn")))
    pue, wue = (modelled_year("us_ashburn", metric, cooling, "large", load).spread.central for metric in ("pue", "wue"))
    # 0.005 of PUE and 2 % of the water are what straight lines between four loads leave.
    assert pue == near(year.pue.mean(), abs=0.005)
    assert wue == near(year.wue_l_per_kwh.mean(), rel=0.02, abs=0.01)


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(climates())), st.sampled_from(sorted(SYSTEMS)), st.sampled_from(SIZES), st.floats(0.25, 1.0)
)
def test_the_levels_at_any_load_are_the_full_models_everywhere(
    climate: str, cooling: str, size: Size, load: float
) -> None:
    hall = Hall(cooling, size, it_load_ratio=Spread.exact(load))
    year = site_year(hall, typical_year(find_climate(climate)))
    pue, wue = (modelled_year(climate, metric, cooling, size, load).spread.central for metric in ("pue", "wue"))
    # The most of all climates, systems and sizes at 30 to 41 % of the load, where the curve bends most: 0.007, 0.026,
    # 0.027. The overhead of small halls rises steeply towards a quarter load.
    assert pue == near(year.pue.mean(), abs={"large": 0.008, "midsize": 0.028, "small": 0.029}[size])
    assert wue == near(year.wue_l_per_kwh.mean(), rel=0.02, abs=0.01)


@pytest.mark.parametrize("climate", ["us_ashburn", "sg_singapore", "cn_ulanqab"])
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("cooling", SYSTEMS)
def test_the_hours_of_a_year_at_any_load_are_the_full_models(climate: str, cooling: str, load: float) -> None:
    weather = typical_year(find_climate(climate))
    year = site_year(Hall(cooling, it_load_ratio=Spread.exact(load)), weather)
    utc = np.datetime64(weather.start.replace(tzinfo=None), "h") + np.arange(len(weather))
    cell = (utc.astype("datetime64[M]").astype(int) % 12) * 8 + utc.astype(int) % 24 // 3
    modelled = np.bincount(cell, np.broadcast_to(year.pue, cell.shape)) / np.bincount(cell) - 1
    level = modelled_year(climate, "pue", cooling, "large", load).spread.central - 1
    told = level * np.array(year_shape(climate, "pue", cooling).multipliers).ravel()
    # What docs/sites.md says of one shape for every load.
    assert np.abs(told - modelled).max() < 0.04


@pytest.mark.parametrize("cooling", ["airside_economizer", "water_chiller", "dx"])
@pytest.mark.parametrize("load", LOADS)
def test_the_interval_at_a_load_holds_the_full_models(cooling: str, load: float) -> None:
    hall = Hall(cooling, it_load_ratio=Spread.exact(load))
    full = interval_of(draw_site_year(Draws("load", 60), hall, find_climate("us_ashburn"), bin_count=100).pue)
    told = modelled_year("us_ashburn", "pue", cooling, "large", load).spread
    assert width(told) / (full[1] - full[0]) == near(1, abs=0.35)


def test_every_climate_has_a_table_with_every_system() -> None:
    for climate in climates():
        table = rows(f"site_hours/{climate}")
        assert {row["cooling"] for row in table} == set(SYSTEMS)
        assert all(float(row["p5"]) <= float(row["central"]) <= float(row["p95"]) for row in table)


# The level and the hour.


@pytest.mark.parametrize("site", ["gcp-us-central1", "azure-southeastasia", "aws-eu-west-1"])
def test_over_a_whole_year_a_run_has_the_published_figures_and_their_interval(site: str) -> None:
    yearly = resolve_site(site)
    over = at_run(yearly, datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    # The tables count in hundredths of the overhead.
    assert pue(over).central - 1 == near(pue(yearly).central - 1, rel=0.01)
    assert width(pue(over)) == near(width(pue(yearly)), rel=0.05)


@pytest.mark.parametrize("climate_site", ["gcp-us-central1", "azure-southeastasia", "aws-sa-east-1", "azure-eastus"])
def test_one_hour_is_known_less_well_than_the_year(climate_site: str) -> None:
    yearly = resolve_site(climate_site)
    for start in (JANUARY, JULY):
        at = pue(at_run(yearly, start, start + HOUR))
        overhead, year = at.central - 1, pue(yearly).central - 1
        assert width(at) / overhead > width(pue(yearly)) / year


def test_a_month_is_known_better_than_an_hour_of_it() -> None:
    hour = pue(at_run(IOWA, JULY, JULY + HOUR))
    month = pue(at_run(IOWA, datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)))
    assert width(month) < width(hour)


def test_iowa_needs_more_cooling_on_a_july_afternoon_than_in_a_january_night() -> None:
    night, noon = (pue(at_run(IOWA, start, start + HOUR)).central for start in (JANUARY, JULY))
    assert night < pue(IOWA).central < noon


def test_a_runs_figures_are_the_mean_over_its_time() -> None:
    begin = datetime(2026, 7, 14, 2, tzinfo=UTC)
    shares = time_shares(begin, begin + timedelta(hours=8), 3)
    assert shares == near({(6, 0): 1 / 8, (6, 1): 3 / 8, (6, 2): 3 / 8, (6, 3): 1 / 8})
    parts = [pue(at_run(IOWA, begin + i * HOUR, begin + (i + 1) * HOUR)).central for i in range(8)]
    assert pue(at_run(IOWA, begin, begin + 8 * HOUR)).central == near(sum(parts) / 8)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1)), st.floats(0, 60), st.sampled_from([1, 3]))  # noqa: DTZ001 - made aware below
def test_shares_of_time_add_up(start: datetime, days: float, block_h: int) -> None:
    begin = start.replace(tzinfo=UTC)
    assert sum(time_shares(begin, begin + timedelta(days=days), block_h).values()) == near(1)


def test_an_instant_lies_in_its_own_block_and_a_zone_does_not_move_it() -> None:
    there = datetime(2026, 3, 1, 1, 30, tzinfo=UTC).astimezone()
    assert time_shares(there, there, 3) == {(2, 0): 1.0}


def test_what_stands_in_for_a_site_stays_the_years() -> None:
    # us-central1 has a PUE of its own and the fleet's WUE; Paris has neither.
    at = at_run(IOWA, JULY, JULY + HOUR)
    assert at.wue_l_per_kwh is IOWA.wue_l_per_kwh
    assert [evidence.what for evidence in at.hours_evidence] == [
        "overhead (PUE - 1) at these hours of a typical year, over the year's"
    ]
    paris = resolve_site("aws-eu-west-3")
    assert paris.climate == "fr_paris"
    assert at_run(paris, JULY, JULY + HOUR).pue is paris.pue
    assert at_run(paris, JULY, JULY + HOUR).hours_evidence == ()


@pytest.mark.parametrize("site", ["gcp-us-east1", "cn-guizhou", "world", "desk"])
def test_where_no_climate_is_known_the_years_figures_stand(site: str) -> None:
    yearly = resolve_site(site)
    at = at_run(yearly, JULY, JULY + HOUR)
    assert (yearly.climate, at.pue, at.wue_l_per_kwh) == (None, yearly.pue, yearly.wue_l_per_kwh)


# Which cooling.


def test_a_stated_cooling_is_certain() -> None:
    assert cooling_parts(replace(IOWA, cooling="dx")) == {"dx": 1.0}
    assert cooling_said({"dx": 1.0}) == "dx"


def test_published_figures_say_which_cooling_it_may_be() -> None:
    # Azure publishes 1.34 and 2.06 L/kWh for Singapore, 1.14 and 0.17 for Virginia: no room for dry halls with chillers
    # there, nor for towers that run all year here.
    virginia = cooling_parts(resolve_site("azure-eastus"))
    assert set(virginia) == set(UNKNOWN_COOLING)
    assert sum(virginia.values()) == near(1)
    assert virginia["water_chiller"] < 0.01
    assert virginia["airside_adiabatic"] > 0.3
    assert cooling_parts(resolve_site("aws-ap-south-2"))["air_chiller"] > 0.9  # a PUE of 1.46


def test_without_a_figure_of_its_own_each_is_as_likely() -> None:
    assert list(cooling_parts(resolve_site("aws-eu-west-3")).values()) == near([0.2] * 5)
    assert cooling_said(cooling_parts(resolve_site("aws-eu-west-3"))).startswith("not known: 20% ")


# Formulas.


def test_a_product_has_the_reaches_of_both_in_quadrature() -> None:
    found = product(Spread(2.0, 1.7, 2.3), Spread(10.0, 8.0, 12.0))
    # 20, with 3 of the one and 4 of the other.
    assert (found.p5, found.central, found.p95) == near((15, 20, 25))


def test_one_of_several_lies_within_or_between_them() -> None:
    same = mixed([Spread(2, 1, 3), Spread(2, 1, 3)], [1, 3])
    assert (same.p5, same.central, same.p95) == near((1, 2, 3))
    apart = mixed([Spread(9, 9, 9), Spread(11, 11, 11)], [1, 1])
    assert (apart.p5, apart.central, apart.p95) == (9, 10, 11)
    # One apart from their mean they have a standard deviation of 1, beside their own: 1.645 times its root of 2.
    wide = mixed([Spread(9, 9 - 1.6449, 9 + 1.6449), Spread(11, 11 - 1.6449, 11 + 1.6449)], [1, 1])
    assert (wide.p5, wide.p95) == near((10 - 1.6449 * 2**0.5, 10 + 1.6449 * 2**0.5), rel=1e-4)


@given(st.lists(st.tuples(st.floats(1, 3), st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5))
def test_one_of_several_pues_is_no_lower_than_any(each: list[tuple[float, float, float]]) -> None:
    spreads = [Spread(central, max(1.0, central - low), central + high, 1.0) for central, low, high in each]
    found = mixed(spreads, [1.0] * len(spreads))
    assert 1 <= found.p5 <= found.central + 1e-9
    assert found.central <= found.p95 + 1e-9


def test_days_that_hang_together_count_for_less() -> None:
    assert independent_days(0.5) == 1
    assert independent_days(1 + 165 / 35) == near(2)


# The grid's hours.


def test_the_grids_hours_stand_beside_the_years_factor_and_leave_it_alone() -> None:
    california = resolve_site("us-ca")
    noon = datetime(2026, 4, 15, 20, tzinfo=UTC)
    night = datetime(2026, 4, 15, 8, tzinfo=UTC)
    at_noon, at_night = (at_run(california, start, start + HOUR) for start in (noon, night))
    assert at_noon.factors == at_night.factors == california.factors
    assert len(at_noon.hourly_factors) == 2
    for sun, dark, year in zip(at_noon.hourly_factors, at_night.hourly_factors, california.factors, strict=True):
        assert (sun.boundary, sun.gas, sun.method) == (year.boundary, year.gas, year.method)
        assert sun.g_per_kwh.central < 0.7 * dark.g_per_kwh.central
        assert width(dark.g_per_kwh) / dark.g_per_kwh.central > width(year.g_per_kwh) / year.g_per_kwh.central
        assert sun.basis is not Basis.MEASURED
        assert "shaped by month and hour" in sun.source


@pytest.mark.parametrize("place", ["cn", "cn-guangdong", "sg"])
def test_a_grid_without_known_hours_has_no_hourly_figure(place: str) -> None:
    assert at_run(resolve_site(place), JULY, JULY + HOUR).hourly_factors == ()


def test_the_hours_of_a_run_need_no_numpy() -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from dcfoot.site import resolve_site;"
        "from dcfoot.site_hours import at_run; now = datetime(2026, 7, 1, tzinfo=UTC);"
        "at_run(resolve_site('gcp-us-east4'), now, now); sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
