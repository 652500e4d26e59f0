"""The shipped facts: complete rows, faithful to what they were taken from, intervals derived from what is shipped."""

import csv
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from dcfoot.errors import DataMissing
from dcfoot.tables import interval, names, rows
from dcfoot.units import KG_PER_LB
from simulated.names import ENDS_IN_A_UNIT
from simulated.near import near
from simulated.reference import facts, vectors
from simulated.repository import ROOT

SHIPPED = sorted(path for path in ROOT.glob("*/dcfoot*/**/*.csv"))
"""Of all packages."""

CLIMATE_TABLES = ["climate_hubs", "climate_monthly", "site_climates"]
"""One row a place, with a column for each figure, whose unit stands in its name; a typical year has no date."""

FACT_TABLES = [
    name
    for name in names()
    if name not in {"places", "sites", "grid_zones", "licences", "climate_places", *CLIMATE_TABLES}
]
"""Tables of figures, one a row; the others name things."""

PART_TABLES = {"cooling_ashrae", "cooling_curves", "cooling_parameters"}
"""Numbers of machines: temperatures may lie below 0, and a row may hold several numbers."""

GRID_TABLES = ("grid_china", "grid_egrid", "grid_country")
CLOUDS = {"aws": "Amazon Web Services", "gcp": "Google Cloud", "azure": "Microsoft Azure"}

Row = Mapping[str, str]


def percentile(values: Iterable[float], part: float) -> float:
    """The value of nearest rank."""
    ranked = sorted(values)
    return ranked[round(part * (len(ranked) - 1))]


def value_of(row: Row) -> float:
    return float(row.get("value") or row.get("central") or row.get("g_per_kwh") or row["p95"])


def place_and_metric(row: Row) -> tuple[str, str]:
    return row["place"], row["metric"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_row_has_as_many_cells_as_its_head_so_that_no_comma_shifts_them(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        head, *others = csv.reader(file)
    assert [row for row in others if len(row) != len(head)] == []


@pytest.mark.parametrize("name", FACT_TABLES)
def test_every_figure_has_a_unit_a_year_a_source_and_says_whether_it_was_verified(name: str) -> None:
    # A pure number's unit is empty in the tables whose column says so; g_per_kwh has it in its name.
    assert rows(name)
    for row in rows(name):
        assert "unit" in row or "g_per_kwh" in row, row
        assert 1990 <= int(row["year"]) <= 2026, row
        assert row["source"].strip(), row
        assert row["verified"] in {"yes", "no"}, row
        assert name in PART_TABLES or value_of(row) >= 0, row


@pytest.mark.parametrize("name", CLIMATE_TABLES)
def test_every_figure_of_a_climate_has_a_unit_and_every_row_a_source(name: str) -> None:
    words = {"id", "place", "climate", "month", "year", "source", "url", "licence", "verified", "note"}
    assert [column for column in rows(name)[0] if column not in words and not ENDS_IN_A_UNIT.search(column)] == []
    for row in rows(name):
        assert row["source"].strip(), row
        assert row["licence"].strip(), row
        assert row["verified"] in {"yes", "no"}, row


@pytest.mark.parametrize("name", [name for name in FACT_TABLES if "p5" in rows(name)[0] and name != "intervals"])
def test_every_interval_encloses_its_value(name: str) -> None:
    assert [row for row in rows(name) if not float(row["p5"]) <= float(row["central"]) <= float(row["p95"])] == []


def test_an_interval_in_ratios_encloses_one() -> None:
    assert [r["what"] for r in rows("intervals") if not float(r["p5"]) < 1 < float(r["p95"])] == []


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("facility", ("place", "metric")),
        ("water_country", ("place", "metric")),
        ("places", ("zone",)),
        ("sites", ("id",)),
        ("site_climates", ("id",)),
        ("intervals", ("what",)),
        ("node_classes", ("node_class", "what")),
        ("water_tech", ("technology", "cooling", "metric")),
        ("water_withdrawal", ("place",)),
        ("water_scarcity", ("zone",)),
        ("embodied_wafers", ("node_nm", "what")),
        ("embodied_anchor", ("part",)),
        ("embodied_components", ("kind", "part")),
        ("embodied_products", ("product", "kind", "item")),
        ("embodied_plant", ("item",)),
        ("training_runs", ("model",)),
        ("cooling_parameters", ("part", "parameter", "size", "system")),
        ("cooling_curves", ("curve",)),
        ("cooling_ashrae", ("class", "limit")),
        *((name, ("zone", "boundary", "method", "year")) for name in GRID_TABLES),
        ("grid_tech", ("zone", "technology", "boundary", "year")),
        ("grid_clean", ("zone",)),
        ("grid_losses", ("zone", "boundary")),
        ("grid_shapes", ("shape", "boundary", "month")),
        ("grid_zones", ("zone",)),
    ],
)
def test_no_figure_stands_twice(name: str, columns: tuple[str, ...]) -> None:
    keys = [tuple(row[column] for column in columns) for row in rows(name)]
    assert len(keys) == len(set(keys))


def test_every_table_of_figures_has_its_licence() -> None:
    named = [row["table"] for row in rows("licences")]
    assert len(named) == len(set(named))
    assert {*named, "intervals"} == set(FACT_TABLES)
    assert all(row["licence"] for row in rows("grid_country"))


def test_every_site_and_figure_belongs_to_a_place_that_exists() -> None:
    zones = {row["zone"] for row in rows("places")} | {"WLD"}
    assert {row["grid_zone"] for row in rows("sites")} <= zones
    owners = zones | {row["id"] for row in rows("sites")}
    assert {row["place"] for row in (*rows("facility"), *rows("water_country"))} <= owners


def test_every_place_has_a_grid_factor() -> None:
    known = {row["zone"] for name in GRID_TABLES for row in rows(name)}
    assert [row["zone"] for row in rows("places") if row["zone"] not in known] == []


def test_a_table_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(DataMissing, match="grid_china"):
        rows("grid_atlantis")


# What was shipped, against what it was taken from.


def test_the_chinese_factors_are_the_ministrys() -> None:
    # By place, year and what the figure is called; the facts are in kg (or t/MWh), the table in g.
    source = {
        (row["region_cn"], row["year"], row["metric"]): (round(float(row["value"]) * 1000, 1), row["verified"])
        for row in facts("grid_china")
    }
    shipped = {
        (row["name"], row["year"], row["note"]): (float(row["g_per_kwh"]), row["verified"])
        for row in rows("grid_china")
    }
    in_both = shipped.keys() & source.keys()
    assert len(in_both) > 90
    assert {key: shipped[key] for key in in_both} == {key: source[key] for key in in_both}


def test_the_nation_and_the_grid_regions_of_china_are_those_of_the_reference() -> None:
    reference = vectors("carbon_accounting")["china_grid"]["factors_2023"]
    newest = {
        (row["zone"], row["method"]): float(row["g_per_kwh"])
        for row in rows("grid_china")
        if row["year"] == "2023" and row["boundary"] == "direct"
    }
    regions = ("North", "Northeast", "East", "Central", "Northwest", "South", "Southwest")
    assert newest["CN", "average"] == near(reference["national"] * 1000)
    assert newest["CN", "residual"] == near(reference["national_excl_market_traded_nonfossil"] * 1000)
    assert [newest[f"CN-{name.upper()}", "average"] for name in regions] == near([reference[n] * 1000 for n in regions])


def test_the_two_national_values_that_a_public_copy_swaps_are_not_swapped() -> None:
    # 2021 is 0.5568 and 2022 is 0.5366 kg/kWh (MEE and NBS, announcements of April and December 2024).
    nation = {
        row["year"]: float(row["g_per_kwh"])
        for row in rows("grid_china")
        if (row["zone"], row["boundary"], row["method"]) == ("CN", "direct", "average")
    }
    assert nation == near({"2021": 556.8, "2022": 536.6, "2023": 530.6})


def test_the_technologies_are_those_of_their_documents() -> None:
    ipcc = {
        (float(row["value"]), row["min"] and float(row["min"]), row["max"] and float(row["max"]))
        for row in facts("ef_tech")
        if row["source"].startswith("IPCC") and row["basis"] == "lifecycle"
    }
    medians = [row for row in rows("grid_tech") if row["source"].endswith("median") and row["boundary"] == "life_cycle"]
    shipped = {tuple(float(row[name]) for name in ("g_per_kwh", "low_g_per_kwh", "high_g_per_kwh")) for row in medians}
    assert shipped == ipcc
    ministrys = {
        (row["metric"], row["year"], round(float(row["value"]) * 1000, 1), row["verified"])
        for row in facts("grid_china")
        if row["level"].startswith("technology:") and row["level"] != "technology:T&D"
    }
    chinese = [row for row in rows("grid_tech") if row["zone"] == "CN"]
    assert {(r["name"], r["year"], float(r["g_per_kwh"]), r["verified"]) for r in chinese} == ministrys


def test_the_grid_of_every_zone_belongs_to_a_place_that_exists() -> None:
    zones = {row["zone"] for row in rows("places")}
    assert {row["zone"] for row in rows("grid_zones")} <= zones
    assert {row["wider"] for row in rows("grid_zones")} - {""} <= zones


def test_the_us_factors_are_egrids_converted_from_pounds() -> None:
    source = {
        (row["code"].upper(), row["metric"].split()[1]): row for row in facts("grid_egrid") if row["unit"] == "lb/MWh"
    }
    for row in rows("grid_egrid"):
        kind = "non-baseload" if row["method"] == "marginal" else "total"
        taken = source[row["zone"].removeprefix("US-"), kind]
        assert float(row["g_per_kwh"]) == near(float(taken["value"]) * KG_PER_LB, abs=0.051), row["zone"]
        assert (row["year"], row["verified"]) == (taken["year"], taken["verified"])


def test_each_countrys_factor_is_the_newest_of_its_source() -> None:
    newest: dict[str, Row] = {}
    for row in facts("grid_country"):
        if row["year"] >= newest.get(row["iso3"], row)["year"]:
            newest[row["iso3"]] = row
    shipped = {row["zone"]: row for row in rows("grid_country") if row["zone"] != "WLD"}
    assert shipped.keys() == newest.keys()
    for zone, row in shipped.items():
        taken = newest[zone]
        assert (float(row["g_per_kwh"]), row["year"], row["verified"]) == (
            float(taken["value"]),
            taken["year"],
            taken["verified"],
        )


def test_the_worlds_factor_is_the_mean_of_the_countries_weighted_by_what_they_generate() -> None:
    generated: dict[str, float] = {}
    for row in facts("grid_country_mix"):
        generated[row["iso3"]] = generated.get(row["iso3"], 0.0) + float(row["value"])
    factor = {row["iso3"]: float(row["value"]) for row in facts("grid_country") if row["year"] == "2024"}
    both = factor.keys() & generated.keys()
    mean = sum(generated[c] * factor[c] for c in both) / sum(generated[c] for c in both)
    world = next(row for row in rows("grid_country") if row["zone"] == "WLD")
    assert float(world["g_per_kwh"]) == near(mean, abs=0.05)


def test_each_countrys_water_is_its_sources_and_no_fallback_is_taken_for_a_country() -> None:
    source = {
        row["location"].replace("WOR", "WLD"): row
        for row in facts("water_country")
        if row["metric"].startswith("EWIF") and row["note"] != "world-average fallback"
    }
    shipped = {row["place"]: (float(row["value"]), row["year"], row["verified"]) for row in rows("water_country")}
    assert shipped == {place: (float(r["value"]), r["year"], r["verified"]) for place, r in source.items()}


def test_withdrawal_is_its_sources_and_a_grid_in_the_nation_may_be_cooled_in_any_way() -> None:
    (source,) = [row for row in facts("water_tech") if row["technology"].startswith("US grid average withdrawal")]
    (shipped,) = rows("water_withdrawal")
    assert (shipped["value"], shipped["year"], shipped["verified"]) == (source["l_per_kwh"], "2022", "yes")
    # In the review's gallons a MWh: coal with towers 1,005, nuclear cooled once through 44,350; a US gallon is 3.785 L.
    least, most = (gallons * 3.785 / 1000 / float(shipped["value"]) for gallons in (1005, 44350))
    assert interval("withdrawal_region") == near((least, most), rel=0.05)


def test_each_cloud_regions_figures_are_the_newest_that_its_operator_published() -> None:
    source: dict[tuple[str, str, str], Row] = {}
    for row in facts("pue_wue_operators"):
        key = (row["operator"], row["region"], row["metric"].lower())
        if row["year"] >= source.get(key, row)["year"]:
            source[key] = row
    for row in rows("facility"):
        operator, _, region = row["place"].partition("-")
        if region:
            taken = source[CLOUDS[operator], region, row["metric"]]
            assert (float(row["value"]), row["year"]) == (float(taken["value"]), taken["year"]), row["place"]


def test_no_fleets_mean_is_sold_as_a_regions_own_water() -> None:
    # Amazon's table repeats the fleet's 0.18 L/kWh for regions of which it says nothing.
    assert [r["place"] for r in rows("facility") if r["place"].startswith("aws-") and float(r["value"]) == 0.18] == []


def test_averages_of_nations_and_surveys_are_those_of_their_documents() -> None:
    shipped = {place_and_metric(row): float(row["value"]) for row in rows("facility")}
    named = {(r["operator"], r["metric"], r["year"]): float(r["value"]) for r in facts("pue_wue_operators")}
    assert shipped["WLD", "pue"] == named["Global survey", "PUE", "2025"]
    assert shipped["USA", "pue"] == named["US average", "PUE", "2023"]
    assert shipped["USA", "wue"] == named["US average", "WUE", "2023"]
    assert shipped["CHN", "pue"] == named["China average", "PUE", "2023"]


def test_embodied_footprints_are_those_of_their_makers() -> None:
    source = {row["item"]: float(row["value"]) for row in facts("embodied") if "-" not in row["value"]}
    shipped = {row["item"]: row for row in rows("embodied")}
    h100, b200 = (source[next(item for item in source if f"HGX {name} baseboard" in item)] for name in ("H100", "B200"))
    assert float(shipped["NVIDIA H100 or H200 (SXM)"]["central"]) == near(h100 / 8)
    assert float(shipped["NVIDIA B200 (SXM)"]["central"]) == near(b200 / 8, abs=0.5)
    assert float(shipped["NVIDIA A100"]["central"]) == source["NVIDIA A100 SXM 40GB card"]
    server = shipped["server without accelerators"]
    assert float(server["central"]) == source["Dell PowerEdge R740 manufacturing share"]
    assert float(server["p95"]) == source["Dell PowerEdge R740 full LCA manufacturing"]


# How far a figure may lie from the truth, derived from the figures themselves.


def test_the_interval_of_a_countrys_factor_is_its_change_within_two_years() -> None:
    generated: dict[str, float] = {}
    for row in facts("grid_country_mix"):
        generated[row["iso3"]] = generated.get(row["iso3"], 0.0) + float(row["value"])
    factor = {(r["iso3"], int(r["year"])): float(r["value"]) for r in facts("grid_country")}
    changes = [
        factor[country, year + 2] / value
        for (country, year), value in factor.items()
        if year >= 2015 and (country, year + 2) in factor and generated.get(country, 0.0) > 20
    ]
    assert len(changes) == 703
    assert interval("grid_average") == near((percentile(changes, 0.05), percentile(changes, 0.95)), rel=0.01)


def test_the_interval_of_a_chinese_factor_is_the_provinces_change_over_two_years() -> None:
    province = {
        (row["zone"], row["year"]): float(row["g_per_kwh"])
        for row in rows("grid_china")
        if (row["level"], row["method"]) == ("province", "average")
    }
    changes = [province[zone, "2023"] / value for (zone, year), value in province.items() if year == "2021"]
    assert len(changes) == 30
    assert interval("grid_china") == near((percentile(changes, 0.05), percentile(changes, 0.95)), abs=0.001)


def test_the_interval_of_a_technology_without_a_range_is_that_of_gas() -> None:
    gas = next(row for row in rows("grid_tech") if (row["technology"], row["boundary"]) == ("gas", "life_cycle"))
    low, high = (float(gas[name]) / float(gas["g_per_kwh"]) for name in ("low_g_per_kwh", "high_g_per_kwh"))
    assert interval("grid_technology") == near((low, high), abs=0.005)


def test_the_interval_of_a_nation_that_stands_in_for_its_region_is_how_far_regions_lie_from_it() -> None:
    newest = {
        row["zone"]: (row["level"], float(row["g_per_kwh"]))
        for row in (*rows("grid_china"), *rows("grid_egrid"))
        if (row["year"], row["method"], row["boundary"]) == ("2023", "average", "direct")
    }
    regions = [
        value / newest[zone[:2]][1]
        for zone, (level, value) in newest.items()
        if level in {"province", "subregion", "state"}
    ]
    assert len(regions) == 108
    assert interval("grid_region") == near((percentile(regions, 0.05), percentile(regions, 0.95)), abs=0.005)


def test_the_interval_of_the_world_that_stands_in_for_a_country_is_how_far_countries_lie_from_it() -> None:
    for table, what, count in (("grid_country", "grid_world", 212), ("water_country", "ewif_world", 49)):
        known = {row.get("zone") or row["place"]: value_of(row) for row in rows(table)}
        world = known.pop("WLD")
        ratios = [value / world for value in known.values()]
        assert len(ratios) == count
        assert interval(what) == near((percentile(ratios, 0.05), percentile(ratios, 0.95)), rel=0.01)


@pytest.mark.parametrize(("metric", "count"), [("pue", 43), ("wue", 25)])
def test_the_interval_of_a_fleet_that_stands_in_for_its_region_is_how_far_regions_lie_from_it(
    metric: str, count: int
) -> None:
    known = {row["place"]: value_of(row) - (metric == "pue") for row in rows("facility") if row["metric"] == metric}
    ratios = [value / known[place.partition("-")[0]] for place, value in known.items() if "-" in place]
    assert len(ratios) == count
    assert interval(f"{metric}_fleet") == near((percentile(ratios, 0.05), percentile(ratios, 0.95)), rel=0.01)


def test_the_interval_of_a_sites_pue_is_how_far_its_overhead_moves_from_year_to_year() -> None:
    by_region: dict[tuple[str, str], dict[str, float]] = {}
    for row in facts("pue_wue_operators"):
        if row["metric"] == "PUE" and row["region"]:
            by_region.setdefault((row["operator"], row["region"]), {})[row["year"]] = float(row["value"]) - 1
    pairs = [pair for years in by_region.values() for pair in pairwise(years[year] for year in sorted(years))]
    changes = [later / earlier for earlier, later in pairs]
    assert len(changes) == 55
    assert interval("pue_site") == near((min(changes), max(changes)), abs=0.005)
