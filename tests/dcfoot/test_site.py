"""Sites: what a name means, whose figure stands in where the site has none, and how loudly it is said."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError
from dcfoot.evidence import Fact
from dcfoot.grid import Boundary
from dcfoot.places import all_places
from dcfoot.reading import Basis
from dcfoot.site import Site, facility_fact, library_ids, pue_spread, resolve_site, world_site
from dcfoot.tables import rows
from simulated.near import near
from simulated.reference import vectors


def known(fact: Fact | None) -> Fact:
    assert fact is not None
    return fact


def figures(site: Site) -> tuple[Fact, Fact, Fact]:
    return known(site.pue), known(site.wue_l_per_kwh), known(site.ewif_l_per_kwh)


def test_with_no_choice_it_is_the_world_and_the_site_says_that_nobody_chose_it() -> None:
    site = resolve_site()
    assert (site.id, site.chosen, site.grid_zone) == ("world", False, "WLD")
    assert {fact.basis for fact in figures(site)} == {Basis.DEFAULT}
    # Uptime Institute 2025; Ember 2024 weighted; WRI 2020.
    assert [fact.spread.central for fact in figures(site)] == near([1.54, 0.36, 3.908])
    assert [factor.g_per_kwh.central for factor in site.factors] == near([469.5])


def test_the_world_may_be_chosen() -> None:
    assert resolve_site("world").chosen
    assert not resolve_site("world").on_unknown_grid


@pytest.mark.parametrize("site", library_ids())
def test_every_listed_site_has_figures_with_sources_and_intervals(site: str) -> None:
    found = resolve_site(site)
    assert found.id == site
    assert found.chosen
    for fact in figures(found):
        assert fact.spread.p5 <= fact.spread.central <= fact.spread.p95
        assert fact.evidence.source
        assert fact.evidence.year
    assert known(found.pue).spread.floor == 1.0
    assert found.factors
    assert len({(factor.boundary, factor.method) for factor in found.factors}) == len(found.factors)


def test_a_regions_own_figures_are_modelled_and_a_fleets_that_stands_in_is_a_default() -> None:
    # Real Time Cloud 2024: us-central1 has a PUE of 1.1 and no WUE; the fleet's WUE is 1.15 L/kWh.
    pue, wue, _ = figures(resolve_site("gcp-us-central1"))
    assert (pue.spread.central, pue.basis) == (1.1, Basis.MODELLED)
    assert (wue.spread.central, wue.basis, wue.evidence.what) == (1.15, Basis.DEFAULT, "WUE (gcp)")


def test_a_stand_in_is_known_less_well_than_a_sites_own() -> None:
    own, fleet = known(facility_fact("wue", "azure-eastus")).spread, known(facility_fact("wue", "azure")).spread
    assert fleet.p95 / fleet.central > own.p95 / own.central
    assert fleet.p5 / fleet.central < own.p5 / own.central


def test_the_nations_water_that_stands_in_for_a_region_is_a_default() -> None:
    nation, region = (known(resolve_site(name).ewif_l_per_kwh) for name in ("us", "us-wa"))
    assert (nation.basis, region.basis) == (Basis.MODELLED, Basis.DEFAULT)
    assert nation.spread.central == region.spread.central
    # Washington's own is 9.5 L/kWh (Li et al. 2025, table 1), where the US mean is 3.14.
    assert nation.spread.p95 < region.spread.p95
    assert region.spread.p95 == near(9.4, abs=0.1)


def test_the_us_average_agrees_with_the_published_one() -> None:
    # Li et al. 2025 use 3.142 L/kWh for the same WRI table.
    reference = vectors("water_models")["us_averages"]["us_ewif_wri2020"]
    assert known(resolve_site("us").ewif_l_per_kwh).spread.central == near(reference, rel=0.005)


def test_a_country_without_a_row_of_its_own_gets_the_worlds_as_a_default() -> None:
    site = resolve_site(country="Mongolia")
    assert site.country == "MNG"
    assert {fact.basis for fact in figures(site)} == {Basis.DEFAULT}
    assert [factor.zone for factor in site.factors] == ["MNG"]


def test_outside_any_facility_pue_is_one_and_water_on_site_nought() -> None:
    # ISO/IEC 30134-2 and -9: no facility loads, no cooling plant.
    pue, wue, _ = figures(resolve_site("desk", country="fr"))
    assert (pue.spread.p5, pue.spread.central, pue.spread.p95) == (1.0, 1.0, 1.0)
    assert (wue.spread.p5, wue.spread.central, wue.spread.p95) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("site", ["desk", "aws", "gcp", "azure", "meta"])
def test_a_site_without_a_grid_says_so_until_it_is_given_one(site: str) -> None:
    assert resolve_site(site).on_unknown_grid
    moved = resolve_site(site, country="fr")
    assert not moved.on_unknown_grid
    assert (moved.grid_zone, moved.country) == ("FRA", "FRA")
    assert moved.pue == resolve_site(site).pue
    assert known(moved.ewif_l_per_kwh) == resolve_site("fr").ewif_l_per_kwh
    assert "France" in moved.name


def test_site_and_place_may_be_named_together_if_they_agree() -> None:
    assert resolve_site("gcp-us-central1", country="US").grid_zone == "US-MROW"
    assert resolve_site("cn-guangdong", country="中国", region="广东").grid_zone == "CN-GD"


@pytest.mark.parametrize(
    ("site", "country", "region"),
    [("gcp-us-central1", "fr", None), ("cn-guangdong", "cn", "sichuan"), ("gcp-us-central1", "us", "Texas")],
)
def test_site_and_place_that_contradict_each_other_are_refused(site: str, country: str, region: str | None) -> None:
    with pytest.raises(ConfigError, match="Name the site alone, or the place alone"):
        resolve_site(site, country, region)


def test_a_region_is_looked_for_in_the_country_that_was_named() -> None:
    assert resolve_site(country="us", region="SC").grid_zone == "US-SC"
    with pytest.raises(ConfigError, match="No region of USA"):
        resolve_site(country="us", region="广东")


@pytest.mark.parametrize(
    ("name", "offered"), [("gcp-us-centrall", "gcp-us-central1"), ("cn-guangdnog", "cn-guangdong"), ("wrld", "world")]
)
def test_an_unknown_site_is_refused_with_the_nearest(name: str, offered: str) -> None:
    with pytest.raises(ConfigError, match=f"Did you mean.*{offered}.*dcfoot sites"):
        resolve_site(name)


def test_names_are_found_in_any_case_and_in_chinese() -> None:
    assert resolve_site(" GCP-US-Central1 ").id == "gcp-us-central1"
    assert resolve_site("广东").id == "cn-guangdong"


def test_every_place_can_be_a_site() -> None:
    for place in all_places():
        assert resolve_site(place.id).grid_zone == place.zone


def test_a_place_whose_climate_is_known_is_a_site_on_the_grid_of_its_province() -> None:
    site = resolve_site("cn_guiyang")
    # Guiyang is the capital of Guizhou: 0.5683 kg/kWh in 2023 (MEE and NBS, notice 2025 no. 47).
    assert (site.climate, site.grid_zone, site.factors[0].g_per_kwh.central) == ("cn_guiyang", "CN-GZ", near(568.3))
    assert {row["id"] for row in rows("climate_places")} == {row["id"] for row in rows("climate_hubs")}


def test_no_site_mixes_two_gases_or_years_in_one_factor_of_a_family() -> None:
    # A direct factor of the US is CO2e from the stacks, China's is CO2 alone; neither is called life-cycle.
    for site, gas in (("us", "CO2e"), ("cn", "CO2")):
        assert {f.gas for f in resolve_site(site).factors if f.boundary is Boundary.DIRECT} == {gas}


@given(st.floats(1.0, 3.0), st.floats(0.0, 1.0), st.floats(1.0, 3.0))
def test_no_pue_is_below_one_and_its_overhead_is_what_is_uncertain(pue: float, low: float, high: float) -> None:
    spread = pue_spread(pue, low, high)
    assert 1.0 <= spread.p5 <= spread.central == pue <= spread.p95
    assert spread.p95 - 1 == near((pue - 1) * high, abs=1e-9)


# A user's own sites.


def test_a_file_of_the_users_own_goes_before_the_library(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('[sites.gcp]\ncountry = "FR"\npue = 1.5\n', encoding="utf-8")
    assert known(resolve_site("gcp", user_sites=path).pue).spread.central == 1.5
    assert resolve_site("aws", user_sites=path) == resolve_site("aws")


def test_a_users_site_without_a_grid_takes_the_one_that_is_named_and_keeps_its_own_figures(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text("[sites.lab]\npue = 1.2\newif_l_per_kwh = 2.5\n", encoding="utf-8")
    assert resolve_site("lab", user_sites=path).on_unknown_grid
    moved = resolve_site("lab", country="fr", user_sites=path)
    assert moved.grid_zone == "FRA"
    assert [fact.spread.central for fact in figures(moved)] == near([1.2, 0.36, 2.5])


def test_an_unknown_site_offers_the_users_own_too(tmp_path: Path) -> None:
    path = tmp_path / "sites.toml"
    path.write_text('[sites.machine-room]\ncountry = "FR"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="machine-room"):
        resolve_site("machineroom1", user_sites=path)


def test_the_world_is_the_same_however_it_is_named() -> None:
    assert world_site() == resolve_site("world")
