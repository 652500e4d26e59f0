"""A site's year: climate, cooling and grid hour by hour, its means, its draws, and the quick way by bins."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.draws import Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.facility_draws import DrawnYear, Hall, draw_year, interval_of, rank_correlation
from dcfoot.factors.hourly import Window, constant
from dcfoot.grid import GridFactor
from dcfoot.site import resolve_site
from dcfoot.site_year import SiteYear, draw_site_year, family, grid_hours, hall_state, hours_of, site_year
from dcfoot.weather import Variation, find_climate, typical_year
from dcfoot.weather.doubt import air_of, air_of_climate
from simulated.near import near

ASHBURN = find_climate("us_ashburn")
WEATHER = typical_year(ASHBURN)
WET, DRY = Hall("waterside_economizer"), Hall("air_chiller")


def ashburn(hall: Hall) -> SiteYear:
    site = resolve_site("gcp-us-east4")
    return site_year(hall, WEATHER, grid_hours(site.factors, WEATHER, site.grid_zone))


def a_factor() -> GridFactor:
    return resolve_site("gcp-us-east4").factors[0]


@pytest.mark.parametrize("cooling", SYSTEMS)
@given(st.floats(1.01, 2.5), st.floats(0.01, 3))
def test_a_published_year_stays_the_years_mean_and_the_model_only_says_when(
    cooling: str, pue: float, wue: float
) -> None:
    modelled = YEARS[cooling]
    published = modelled.at_stated(pue, wue)
    assert published.pue.mean() == near(pue)
    assert published.wue_l_per_kwh.mean() == near(wue)
    assert published.pue.min() >= 1
    assert np.argmax(published.pue) == np.argmax(modelled.pue)


YEARS = {name: ashburn(Hall(name)) for name in SYSTEMS}


def test_what_is_not_published_stays_as_it_is_modelled() -> None:
    year = YEARS["air_chiller"]
    assert year.at_stated() is year
    assert year.at_stated(pue=1.3).wue_l_per_kwh is year.wue_l_per_kwh


def test_water_of_which_the_model_has_none_is_the_same_in_every_hour() -> None:
    dry = replace(YEARS["dx"], wue_l_per_kwh=np.zeros(len(WEATHER)))
    assert dry.at_stated(wue_l_per_kwh=0.4).wue_l_per_kwh.tolist() == [0.4] * len(WEATHER)


def test_no_hour_takes_more_water_than_evaporates_with_its_heat() -> None:
    # 3.6 MJ at 2.45 MJ/kg are 1.47 L; at a PUE of 1.2 and two cycles of concentration 3.5 L.
    peaks = YEARS["airside_adiabatic"].at_stated(wue_l_per_kwh=0.17).wue_l_per_kwh
    assert peaks.max() == near(1.2 * 3.6 / 2.45 * 2, rel=0.01)
    assert peaks.mean() == near(0.17)


def test_an_hours_grams_are_its_pue_times_its_factor() -> None:
    year = YEARS["water_chiller"]
    assert {str(grid.boundary) for grid in year.grids} == {"direct", "life_cycle"}
    for grid in year.grids:
        assert year.g_per_it_kwh[family(grid)][4321] == near(year.pue[4321] * hours_of(grid)[4321])


def test_months_are_those_of_the_places_standard_time() -> None:
    # January in Ashburn, UTC-5, has 744 hours from 05:00 UTC on.
    year = YEARS["dx"]
    assert WEATHER.start.hour == 5
    by_month = year.by_month(year.pue)
    assert by_month[0] == near(float(year.pue[:744].mean()))
    assert by_month[11] == near(float(year.pue[-744:].mean()))


def test_months_and_hours_together_are_the_mean_of_each_hour_in_each_month() -> None:
    # Ashburn, UTC-5: 15:00 on 1 July is the hour 20:00 UTC, the 4359th after the start of the year (181 days, 15 h).
    year = YEARS["air_chiller"]
    july_at_15 = year.pue[(181 + np.arange(31)) * 24 + 15]
    table = year.by_month_and_hour(year.pue)
    assert table.shape == (12, 24)
    assert table[6, 15] == near(float(july_at_15.mean()))
    assert table.mean(axis=1) == near(year.by_month(year.pue))


def test_a_number_stands_for_every_hour() -> None:
    year = YEARS["dx"]
    means = (year.by_month(0.25), year.by_hour_of_day(0.25), year.by_month_and_hour(0.25))
    assert all(np.all(mean == 0.25) for mean in means)


@pytest.mark.parametrize("cooling", SYSTEMS)
def test_the_parts_of_a_hall_add_up_to_its_year(cooling: str) -> None:
    year, state = YEARS[cooling], hall_state(Hall(cooling), WEATHER)
    parts = ("ups", "distribution", "lighting", "fan", "pump", "chiller", "rejection_fan", "humidifier")
    overhead = sum(year.by_month(getattr(state, f"{part}_ratio")) for part in parts)
    assert 1 + overhead == near(year.by_month(year.pue))


def test_only_a_figure_of_the_sites_own_is_the_level() -> None:
    # Google publishes a PUE of 1.09 for Northern Virginia; its water is that of the whole fleet.
    year = YEARS["waterside_economizer"].at_published(resolve_site("gcp-us-east4"))
    assert year.pue.mean() == near(1.09)
    assert year.wue_l_per_kwh is YEARS["waterside_economizer"].wue_l_per_kwh


def test_a_chiller_in_virginia_works_hardest_in_july_and_after_noon() -> None:
    year = YEARS["air_chiller"]
    assert np.argmax(year.by_month(year.pue)) == 6
    assert 12 <= np.argmax(year.by_hour_of_day(year.pue)) <= 17


def test_grids_of_other_hours_are_refused() -> None:
    week = constant(a_factor(), Window(datetime(2023, 1, 1, tzinfo=UTC), 168), Spread.exact(1.0))
    with pytest.raises(ConfigError, match="168 hours, the weather 8760"):
        site_year(WET, WEATHER, [week])
    gap = replace(week, g_per_kwh=(None, *week.g_per_kwh[1:]))
    with pytest.raises(ConfigError, match="fill it by name"):
        hours_of(gap)


def test_where_time_is_half_an_hour_off_the_grids_hour_is_the_one_before() -> None:
    mumbai = typical_year(find_climate("in_mumbai"))
    (grid,) = grid_hours(resolve_site("in").factors, mumbai, "IND")
    assert mumbai.start - grid.start == timedelta(minutes=30)
    assert len(grid.g_per_kwh) == len(mumbai)


def test_a_years_evidence_names_the_air_every_parameter_and_the_grids() -> None:
    what = [evidence.what for evidence in YEARS["dx"].evidence]
    assert sum(name.startswith("climate of Ashburn VA") for name in what) >= 1
    assert "chiller.dx.cop_ratio" in what
    assert sum(name.startswith("hourly grid factors") for name in what) == 2


# Draws.


def test_the_same_draws_give_the_same_year_and_the_central_year_lies_inside() -> None:
    one, two = (draw_site_year(Draws("a", 100), WET, ASHBURN, bin_count=100) for _ in range(2))
    assert np.array_equal(one.pue, two.pue)
    low, high = interval_of(one.pue)
    assert low < YEARS["waterside_economizer"].pue.mean() < high


@pytest.mark.parametrize("cooling", ["waterside_economizer", "water_chiller", "air_chiller", "direct_liquid"])
def test_bins_are_within_a_hundredth_of_all_hours(cooling: str) -> None:
    grids = YEARS[cooling].grids
    exact = draw_site_year(Draws("bins", 60), Hall(cooling), ASHBURN, grids)
    quick = draw_site_year(Draws("bins", 60), Hall(cooling), ASHBURN, grids, bin_count=400)
    assert interval_of(quick.pue - 1) == near(interval_of(exact.pue - 1), rel=0.01)
    assert interval_of(quick.wue_l_per_kwh) == near(interval_of(exact.wue_l_per_kwh), rel=0.01)
    for name, grams in exact.g_per_it_kwh.items():
        assert interval_of(quick.g_per_it_kwh[name]) == near(interval_of(grams), rel=0.01)


def test_at_most_so_many_bins_stand_for_every_hour() -> None:
    air, series = air_of(WEATHER).binned({"hour": np.arange(8760.0)}, 400)
    assert len(air.hours) <= 400
    assert air.hours.sum() == 8760
    assert float(np.average(series["hour"], weights=air.hours)) == near(8759 / 2)


def test_room_units_hang_on_their_compressors_most() -> None:
    drawn = draw_site_year(Draws("x", 200), Hall("dx"), ASHBURN, bin_count=100)
    (name, correlation), *_ = drawn.what_matters(drawn.pue)
    assert (name, correlation < -0.9) == ("chiller.dx.cop_ratio", True)


def test_the_grids_level_matters_to_carbon_and_not_to_water() -> None:
    drawn = draw_site_year(Draws("x", 200), WET, ASHBURN, ashburn(WET).grids, bin_count=100)
    direct = next(name for name in drawn.g_per_it_kwh if name.startswith("direct"))
    assert drawn.what_matters(drawn.g_per_it_kwh[direct])[0][0] == f"grid.{direct}"
    assert f"grid.{direct}" not in dict(drawn.what_matters(drawn.wue_l_per_kwh))


def test_a_warmer_draw_needs_more_power() -> None:
    drawn = draw_year(Draws("warm", 400), Hall("air_chiller", it_load_ratio=Spread.exact(0.7)), SOME_AIR, values=None)
    assert "load" not in drawn.inputs
    assert rank_correlation(drawn.inputs["weather/dry_bulb_k"], drawn.pue) > 0


SOME_AIR = air_of_climate(ASHBURN).binned({}, 60)[0]


def test_ranks_that_agree_are_one_those_that_oppose_minus_one_and_a_constant_says_nothing() -> None:
    rising = np.array([1.0, 2.0, 4.0, 3.0])
    # Spearman 1904: 1 - 6 sum d2 / (n (n2 - 1)); one exchange of neighbours among four: 1 - 12 / 60.
    assert rank_correlation(rising, np.array([10.0, 20.0, 30.0, 40.0])) == near(0.8)
    assert rank_correlation(rising, -rising) == near(-1)
    assert rank_correlation(rising, np.ones(4)) == 0
    assert DrawnYear(rising, rising, {}, {"a": rising, "b": -rising}).what_matters(rising, 1) == [("a", near(1.0))]


def test_a_doubt_moves_the_air_as_the_synthesis_would() -> None:
    air = air_of_climate(ASHBURN)
    for name, amount in (("dry_bulb_k", 0.9), ("diurnal_range_ratio", 0.06), ("humidity_ratio", 0.04)):
        there = typical_year(ASHBURN, Variation(**{name: amount + getattr(Variation(), name)}))
        dry, wet, _ = air.moved({name: amount})
        assert np.abs(dry - there.dry_bulb_c).max() < 0.05
        assert np.abs(wet - there.wet_bulb_c).mean() < 0.02
