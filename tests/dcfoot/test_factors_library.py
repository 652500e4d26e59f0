"""The library of factors: what is found, which serves what, what another would change, and a user's own in front."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from dcfoot.account import choose_site
from dcfoot.cli import main
from dcfoot.config import Settings, load
from dcfoot.errors import ConfigError
from dcfoot.factors.around import zones_around
from dcfoot.factors.choice import Purpose, choose
from dcfoot.factors.compare import alternatives
from dcfoot.factors.library import Library, library
from dcfoot.factors.losses import consumed_g_per_kwh, loss_factor, loss_ratio, lost_g_per_kwh
from dcfoot.factors.package import read_package
from dcfoot.factors.plausible import implausible
from dcfoot.grid import Boundary, BoundaryMismatch, GridFactor, Method
from dcfoot.reading import Basis
from simulated.environ import unobserved
from simulated.near import near
from simulated.reference import vectors

SHIPPED = library()


def found(
    words: Sequence[str] = (), zone: str | None = None, year: int | None = None
) -> list[tuple[str, str, str, int]]:
    return [(one.zone, one.boundary, one.method, one.year) for one in SHIPPED.search(words, zone, year)]


# Searching


def test_a_place_is_found_in_english_chinese_and_by_its_code() -> None:
    for words in (["广东"], ["guangdong"], ["CN-GD"]):
        assert found(words) == [("CN-GD", "direct", "average", 2023)]


def test_every_word_must_be_found() -> None:
    assert found(["china", "footprint", "coal"]) == [("CN", "life_cycle", "average", 2024)]
    assert found(["france", "coal"]) == []
    assert found(["全国", "residual"]) == [("CN", "direct", "residual", 2023)]
    assert found(["chn", "life-cycle"])[0][0] in {"CN", "CHN"}


def test_without_a_year_the_newest_counts_and_with_one_that_years() -> None:
    assert found(zone="CN-GD") == [("CN-GD", "direct", "average", 2023)]
    assert found(zone="CN-GD", year=2021) == [("CN-GD", "direct", "average", 2021)]
    assert found(zone="CN-GD", year=1999) == []


def test_a_nation_is_found_under_both_its_zones() -> None:
    assert {zone for zone, *_ in found(zone="China")} == {"CN", "CHN"}
    assert {zone for zone, *_ in found(zone="us")} == {"US", "USA"}
    assert {zone for zone, *_ in found(zone="法国")} == {"FRA"}


def test_a_zone_that_is_not_known_offers_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean France"):
        SHIPPED.search(zone="Frannce")


def test_a_word_of_accounting_means_the_tables_word() -> None:
    assert found(["market-based"]) == found(["residual"])
    assert found(["足迹", "全国"]) == found(["life_cycle", "全国"])


# Which serves what


def test_scope_2_takes_the_direct_factor_and_a_product_the_life_cycle_one() -> None:
    reference = vectors("carbon_accounting")["china_grid"]["factors_2023"]
    location, market, product = (
        choose(purpose, "CN", SHIPPED)
        for purpose in (Purpose.SCOPE_2_LOCATION, Purpose.SCOPE_2_MARKET, Purpose.PRODUCT_FOOTPRINT)
    )
    assert location.factor is not None
    assert market.factor is not None
    assert product.factor is not None
    assert location.factor.g_per_kwh.central == near(reference["national"] * 1000)
    assert market.factor.g_per_kwh.central == near(reference["national_excl_market_traded_nonfossil"] * 1000)
    # 生态环境部、国家统计局、国家能源局: 0.5777 kgCO2e/kWh for 2024.
    assert (product.factor.g_per_kwh.central, product.factor.boundary) == (577.7, Boundary.LIFE_CYCLE)
    assert location.stands_in == market.stands_in == product.stands_in == ()
    assert location.said == "CN, direct average CO2 of 2023: 530.6 g/kWh."


def test_where_no_direct_factor_is_known_the_life_cycle_one_stands_in_and_says_so() -> None:
    choice = choose(Purpose.SCOPE_2_LOCATION, "FRA", SHIPPED)
    assert choice.factor is not None
    assert choice.factor.boundary is Boundary.LIFE_CYCLE
    (sentence,) = choice.stands_in
    assert "No direct factor of FRA is known" in sentence
    assert "overstates scope 2" in sentence


def test_a_nations_footprint_stands_in_for_a_provinces_with_a_wider_interval() -> None:
    nation, province = (choose(Purpose.PRODUCT_FOOTPRINT, zone, SHIPPED) for zone in ("CN", "CN-GD"))
    assert nation.factor is not None
    assert province.factor is not None
    assert province.factor.zone == "CN"
    assert province.factor.g_per_kwh.p95 > nation.factor.g_per_kwh.p95
    assert province.factor.basis is Basis.DEFAULT
    assert province.stands_in == ("The nation's factor, CN, stands in for CN-GD.",)


def test_a_residual_mix_is_the_nations_by_definition_and_stands_in_for_nothing() -> None:
    choice = choose(Purpose.SCOPE_2_MARKET, "CN-GD", SHIPPED)
    assert choice.factor is not None
    assert (choice.factor.zone, choice.factor.method) == ("CN", Method.RESIDUAL)
    assert choice.stands_in == ()


def test_without_a_residual_mix_the_average_stands_in_and_says_so() -> None:
    choice = choose(Purpose.SCOPE_2_MARKET, "US-RFCW", SHIPPED)
    assert choice.factor is not None
    assert choice.factor.method is Method.AVERAGE
    assert choice.stands_in == ("No residual mix of US-RFCW is known: the grid's average stands in for it.",)


def test_an_average_never_stands_in_for_a_marginal_factor() -> None:
    assert choose(Purpose.DECISION, "FRA", SHIPPED).factor is None
    regional = choose(Purpose.DECISION, "CN-GD", SHIPPED)
    assert regional.factor is not None
    assert regional.factor.zone == "CN-SOUTH"
    assert regional.stands_in == ("The regional grid's factor, CN-SOUTH, stands in for CN-GD.",)


def test_a_direct_factor_never_stands_in_for_a_footprint() -> None:
    only_direct = Library((), tuple(one for one in SHIPPED.shipped if one.boundary is Boundary.DIRECT))
    choice = choose(Purpose.PRODUCT_FOOTPRINT, "CN", only_direct)
    assert choice.factor is None
    assert choice.said.startswith("Not known")


def test_for_a_place_of_which_nothing_is_known_the_world_stands_in() -> None:
    choice = choose(Purpose.PRODUCT_FOOTPRINT, "ATL", SHIPPED)
    assert choice.factor is not None
    assert choice.factor.zone == "WLD"
    assert choice.stands_in == ("Nothing of ATL is known: the world's average stands in.",)


def test_what_may_stand_in_is_ordered_from_near_to_far() -> None:
    assert zones_around("CN-GD") == ("CN-GD", "CN-SOUTH", "CN", "CHN", "WLD")
    assert zones_around("US-RFCW") == ("US-RFCW", "US", "USA", "WLD")
    assert zones_around("FRA") == ("FRA", "WLD")
    assert zones_around("WLD") == ("WLD",)


# Losses


def test_losses_of_the_grid_by_hand() -> None:
    # 5 of 100 kWh are lost: 95 arrive, so that each costs 100/95 of the factor of generation.
    assert consumed_g_per_kwh(400.0, 0.05) == near(400 / 0.95)
    assert lost_g_per_kwh(400.0, 0.05) == near(400 * 5 / 95)
    assert 400.0 + lost_g_per_kwh(400.0, 0.05) == near(consumed_g_per_kwh(400.0, 0.05))


def test_a_loss_can_be_added_to_its_own_family_only() -> None:
    direct, product = (
        choose(purpose, "US-RFCW", SHIPPED).factor for purpose in (Purpose.SCOPE_2_LOCATION, Purpose.PRODUCT_FOOTPRINT)
    )
    assert direct is not None
    assert product is not None
    lost = loss_factor(direct)
    assert (direct + lost).g_per_kwh.central == near(direct.g_per_kwh.central / 0.95)
    with pytest.raises(BoundaryMismatch):
        _ = product + lost


def test_chinas_footprint_factor_holds_its_losses_and_its_direct_factor_does_not() -> None:
    assert loss_ratio("CN-GD", Boundary.LIFE_CYCLE).spread.central == 0.0
    assert loss_ratio("CN-GD", Boundary.DIRECT).spread.central > 0.0
    # Ember's figure of China is another one, made without losses.
    assert loss_ratio("CHN", Boundary.LIFE_CYCLE).spread.central > 0.0


def test_the_worlds_losses_are_a_default_elsewhere() -> None:
    assert loss_ratio("BRA", Boundary.DIRECT).basis is Basis.DEFAULT
    assert loss_ratio("US-CAMX", Boundary.DIRECT).basis is Basis.MODELLED
    assert loss_ratio("US-CAMX", Boundary.DIRECT).evidence.verified


# What another choice would change


def test_another_choice_is_told_in_grams_and_percent_of_the_usual_one() -> None:
    by_what = {one.what: one for one in alternatives("CN", SHIPPED, 1000.0)}
    usual, older = by_what["location-based, as chosen"], by_what["the same for 2021"]
    assert usual.emissions_g == near(530.6e3)
    assert older.emissions_g == near(556.8e3)
    assert older.change_ratio == near(556.8 / 530.6 - 1)
    assert by_what["market-based, without certificates"].change_ratio == near(609.6 / 530.6 - 1)


def test_a_factor_of_another_family_is_shown_but_never_set_against_the_usual_one() -> None:
    product = next(one for one in alternatives("CN", SHIPPED) if one.what == "a product's footprint")
    assert product.change_ratio is None
    assert product.why_not == "another family, never set against it"


def test_losses_are_told_as_what_they_add() -> None:
    lost = next(one for one in alternatives("US-RFCW", SHIPPED) if one.what.startswith("losses"))
    assert lost.change_ratio == near(0.05 / 0.95)


def test_the_marginal_factor_is_no_alternative_for_an_inventory() -> None:
    marginal = next(one for one in alternatives("CN-GD", SHIPPED) if one.what == "marginal")
    assert marginal.change_ratio is None


# A user's own package

DESCRIPTOR: Mapping[str, Any] = {
    "name": "our-factors",
    "title": "Our factors",
    "licenses": [{"name": "CC-BY-4.0"}],
    "sources": [{"title": "Our utility", "path": "https://utility.example/disclosure"}],
    "resources": [
        {
            "name": "grid_factors",
            "path": "grid_factors.csv",
            "profile": "tabular-data-resource",
            "schema": {
                "fields": [
                    {"name": "zone", "type": "string"},
                    {"name": "boundary", "type": "string"},
                    {"name": "gas", "type": "string"},
                    {"name": "method", "type": "string"},
                    {"name": "year", "type": "integer"},
                    {"name": "g_per_kwh", "type": "number"},
                    {"name": "source", "type": "string"},
                    {"name": "verified", "type": "boolean"},
                ]
            },
        }
    ],
}

HEAD = "zone,boundary,gas,method,year,g_per_kwh,source,verified\n"
ROW = "CN-GD,direct,CO2,average,2022,401.5,utility's disclosure 2022,true\n"

Write = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Write:
    """Writes a package and gives its folder."""

    def write(rows: str = ROW, head: str = HEAD, descriptor: object = DESCRIPTOR) -> Path:
        folder = tmp_path / "factors"
        folder.mkdir(exist_ok=True)
        text = descriptor if isinstance(descriptor, str) else json.dumps(descriptor, indent=1, ensure_ascii=False)
        (folder / "datapackage.json").write_text(text, encoding="utf-8")
        (folder / "grid_factors.csv").write_text(head + rows, encoding="utf-8")
        return folder

    return write


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read_package(folder)
    return [line.removeprefix(f"{folder}/") for line in str(raised.value).splitlines()]


def test_a_users_row_carries_where_it_came_from(written: Write) -> None:
    (factor,) = read_package(written())
    assert (factor.zone, factor.boundary, factor.gas, factor.method, factor.year) == (
        "CN-GD",
        Boundary.DIRECT,
        "CO2",
        Method.AVERAGE,
        2022,
    )
    assert factor.g_per_kwh.central == 401.5
    assert factor.g_per_kwh.p5 < 401.5 < factor.g_per_kwh.p95
    assert factor.verified
    assert factor.source == "utility's disclosure 2022"
    assert factor.note == "Our factors, grid_factors.csv:2"
    assert factor.url == "https://utility.example/disclosure"


def test_the_descriptor_may_be_named_itself(written: Write) -> None:
    assert read_package(written() / "datapackage.json") == read_package(written())


def test_a_users_factor_stands_before_ours_whatever_its_year_and_both_are_vintages(written: Write) -> None:
    known = library(written())
    (first,) = known.search(zone="CN-GD")
    assert (first.year, first.g_per_kwh.central) == (2022, 401.5)
    assert known.is_own(first)
    assert [(one.year, known.is_own(one)) for one in known.vintages(first)] == [
        (2022, True),
        (2023, False),
        (2022, False),
        (2021, False),
    ]
    assert choose(Purpose.SCOPE_2_LOCATION, "CN-GD", known).factor == first


def test_a_runs_site_takes_the_users_factor(written: Write) -> None:
    plain, own = Settings(country="CN", region="广东"), Settings(country="CN", region="广东", factors_package=written())
    ours, users = choose_site(plain), choose_site(own)
    changed = set(users.factors) - set(ours.factors)
    assert [factor.g_per_kwh.central for factor in changed] == [401.5]
    assert len(users.factors) == len(ours.factors)


def test_a_site_that_states_its_own_factors_keeps_them(written: Write, tmp_path: Path) -> None:
    sites = tmp_path / "sites.toml"
    sites.write_text(
        '[sites.lab]\ncountry = "CN"\nregion = "广东"\n[[sites.lab.factors]]\nboundary = "direct"\ngas = "CO2"\n'
        'method = "average"\ng_per_kwh = 310\nyear = 2025\n[sites.hall]\nregion = "广东"\n',
        encoding="utf-8",
    )
    of = {
        name: choose_site(Settings(site=name, sites_file=sites, factors_package=written())) for name in ("lab", "hall")
    }
    assert [factor.g_per_kwh.central for factor in of["lab"].factors] == [310.0]
    assert 401.5 in [factor.g_per_kwh.central for factor in of["hall"].factors]


def test_a_region_without_a_row_takes_the_nations_where_it_lacks_its_own(written: Write) -> None:
    row = "CN,life_cycle,CO2e,average,2025,555.5,our study,false\n"
    site = choose_site(Settings(region="广东", factors_package=written(row)))
    assert 555.5 in [factor.g_per_kwh.central for factor in site.factors]
    assert 441.9 in [factor.g_per_kwh.central for factor in site.factors]


def test_every_fault_of_a_table_is_told_with_line_and_column(written: Write) -> None:
    rows = (
        "CN-GD,direct,CO2,average,2022,401.5,ours,true\n"
        ",direkt,CO3,mean,22,-1,,perhaps\n"
        "CN-GD,direct,CO2,average,2022,402.5,ours,true\n"
        "CN-GD,direct,CO2,average,2021,0.4015,ours,true\n"
        "CN-GD,direct,CO2,average\n"
        "CN-GD,direct,CO2,average,2020,,ours,\n"
    )
    found = faults(written(rows))
    assert [":".join(line.split(":")[1:3]) for line in found] == [
        "3: zone",
        "3: source",
        "3: boundary",
        "3: gas",
        "3: method",
        "3: year",
        "3: g_per_kwh",
        "3: verified",
        "4: zone",
        "5: g_per_kwh",
        "6: row",
        "7: g_per_kwh",
    ]
    assert "Did you mean direct?" in found[2]
    assert "the same zone, family, method and year stand in grid_factors.csv:2" in found[8]
    assert "is it in kg/kWh?" in found[9]


def test_a_field_that_is_missing_or_of_the_wrong_type_is_told_with_the_line_of_the_descriptor(written: Write) -> None:
    fields = [field for field in DESCRIPTOR["resources"][0]["schema"]["fields"] if field["name"] != "gas"]
    fields = [{**field, "type": "string"} if field["name"] == "g_per_kwh" else field for field in fields]
    resource = {**DESCRIPTOR["resources"][0], "schema": {"fields": fields}}
    folder = written(descriptor={**DESCRIPTOR, "resources": [resource]})
    text = (folder / "datapackage.json").read_text()
    line = next(number for number, one in enumerate(text.splitlines(), 1) if '"g_per_kwh"' in one)
    found = faults(folder)
    assert "schema.fields: there is no field gas" in found[0]
    assert (
        found[1] == f"datapackage.json:{line}: schema.fields.g_per_kwh: must be of type number or integer, not string"
    )


def test_a_table_whose_head_is_not_the_schemas_is_told(written: Write) -> None:
    (fault,) = faults(written(head=HEAD.replace("g_per_kwh", "g_per_kw")))
    assert (
        fault == "grid_factors.csv:1: g_per_kwh: the schema has this field, the table has not. Did you mean g_per_kw?"
    )


@pytest.mark.parametrize("path", ["../secret.csv", "/etc/passwd", "https://example.org/x.csv", ""])
def test_a_package_reads_no_file_but_its_own(written: Write, path: str) -> None:
    resource = {**DESCRIPTOR["resources"][0], "path": path}
    (fault,) = faults(written(descriptor={**DESCRIPTOR, "resources": [resource]}))
    assert "resources.grid_factors.path: " in fault


def test_a_package_without_the_resource_offers_the_nearest(written: Write) -> None:
    resource = {**DESCRIPTOR["resources"][0], "name": "grid_factor"}
    (fault,) = faults(written(descriptor={**DESCRIPTOR, "resources": [resource]}))
    assert "none is called grid_factors. Did you mean grid_factor?" in fault


def test_what_is_no_json_is_told_with_line_and_column(written: Write) -> None:
    (fault,) = faults(written(descriptor='{\n "name": "x",\n}'))
    # Newer Pythons point at the comma, older ones at what follows it.
    assert re.match(r"datapackage\.json:[23]: this is not JSON", fault)
    (other,) = faults(written(descriptor="[]"))
    assert "a data package is a JSON object" in other


def test_the_schema_may_stand_in_a_file_and_a_dialect_be_another(written: Write) -> None:
    schema = {**DESCRIPTOR["resources"][0]["schema"], "missingValues": ["", "n/a"]}
    fields = [
        *schema["fields"],
        {"name": "p5_g_per_kwh", "type": "number"},
        {"name": "p95_g_per_kwh", "type": "number"},
    ]
    resource = {
        **DESCRIPTOR["resources"][0],
        "schema": "schema.json",
        "dialect": {"delimiter": ";"},
        "path": ["grid_factors.csv"],
    }
    row = ROW.strip().replace(",", ";")
    rows = f"{row};380;420\n{row.replace('2022', '2021')};n/a;n/a\n"
    head = HEAD.strip().replace(",", ";") + ";p5_g_per_kwh;p95_g_per_kwh\n"
    folder = written(rows, head, {**DESCRIPTOR, "resources": [resource]})
    (folder / "schema.json").write_text(json.dumps({**schema, "fields": fields}))
    first, second = read_package(folder)
    assert (first.g_per_kwh.p5, first.g_per_kwh.p95) == (380.0, 420.0)
    assert second.g_per_kwh.p95 > 420.0


def test_percentiles_out_of_order_are_told(written: Write) -> None:
    fields = [*DESCRIPTOR["resources"][0]["schema"]["fields"], {"name": "p5_g_per_kwh", "type": "number"}]
    resource = {**DESCRIPTOR["resources"][0], "schema": {"fields": fields}}
    folder = written(ROW.strip() + ",500\n", HEAD.strip() + ",p5_g_per_kwh\n", {**DESCRIPTOR, "resources": [resource]})
    (fault,) = faults(folder)
    assert "must be in the order p5 <= g_per_kwh <= p95" in fault


def test_a_package_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_package(tmp_path / "none")


def test_config_validate_names_the_faults_of_a_package(
    written: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dcfoot.toml").write_text('factors_package = "factors"\n')
    written()
    assert main(["config", "validate"]) == 0
    written("CN-GD,direct,CO2,average,2022,lots,ours,true\n")
    assert main(["config", "validate"]) == 2
    assert "grid_factors.csv:2: g_per_kwh: 'lots' is not a number" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("g_per_kwh", "boundary", "doubtful"),
    [
        (0.5306, Boundary.DIRECT, True),
        (0.5777, Boundary.LIFE_CYCLE, True),
        (530600.0, Boundary.DIRECT, True),
        (0.0, Boundary.DIRECT, False),
        (8.0, Boundary.DIRECT, False),
        (20.8, Boundary.LIFE_CYCLE, False),
        (1306.3, Boundary.LIFE_CYCLE, False),
    ],
)
def test_a_slip_of_a_unit_is_told_and_no_true_factor_is_refused(
    g_per_kwh: float, boundary: Boundary, doubtful: bool
) -> None:
    assert bool(implausible(g_per_kwh, boundary)) is doubtful


def test_no_shipped_factor_of_a_grid_that_generates_is_implausible() -> None:
    grids = [one for one in SHIPPED.shipped if not one.technology and one.g_per_kwh.central > 0]
    assert [one.zone for one in grids if implausible(one.g_per_kwh.central, one.boundary)] == []


# The command


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["factors", *arguments]) == 0
    return capsys.readouterr().out


def test_factors_shows_a_place_its_sources_and_which_factor_serves_what(capsys: pytest.CaptureFixture[str]) -> None:
    page = printed(capsys, "广东")
    assert "CN-GD  广东 Guangdong  direct CO2 average  2023  441.9" in page
    assert "公告2025年第47号" in page
    assert "licence: facts from public notices" in " ".join(page.split())
    assert "scope 2, market-based, outside certificates: CN, direct residual CO2 of 2023: 609.6 g/kWh." in page
    assert "losses on the way: 4.7% of what is generated" in page


def test_factors_compares_vintages_and_says_what_another_choice_would_change(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed(capsys, "--zone", "cn", "--compare").splitlines()
    (newest,) = [line for line in lines if "direct CO2 average" in line and "2023" in line]
    assert "-1.1%" in newest  # 530.6 over 536.6
    (market,) = [line for line in lines if "market-based, without certificates" in line]
    assert market.split()[-3:] == ["609.6", "kg", "+14.9%"]
    (product,) = [line for line in lines if "a product's footprint" in line]
    assert "%" not in product


def test_factors_as_json_holds_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    page = json.loads(printed(capsys, "--zone", "CN-GD", "--compare", "--json"))
    assert page["schema"] == "dcfoot.factors/1"
    assert [one["year"] for one in page["factors"]] == [2023, 2022, 2021]
    assert page["choices"][0]["factor"]["g_per_kwh"] == 441.9
    assert page["factors"][0]["licence"] == "facts from public notices"
    assert page["energy_kwh"] == 1000.0
    assert page["alternatives"][0]["emissions_g"] == near(441.9e3)
    assert page["losses"]["verified"] is False


def test_factors_marks_what_is_the_users(
    written: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCFOOT_FACTORS_PACKAGE", str(written()))
    page = printed(capsys, "--zone", "CN-GD", "--compare")
    (users,) = [line for line in page.splitlines() if "401.5" in line and "yours" in line]
    assert "2022" in users
    assert "the same for 2023 (shipped)" in page


def test_the_page_of_a_site_shows_the_users_factor(
    written: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DCFOOT_FACTORS_PACKAGE", str(written()))
    assert main(["sites", "cn-guangdong"]) == 0
    page = capsys.readouterr().out
    assert "401.5" in page
    assert "Our factors, grid_factors.csv:2" in page


def test_factors_of_which_there_are_none_is_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["factors", "atlantis"]) == 3
    assert "No factor is known that is atlantis." in capsys.readouterr().err
    assert main(["factors", "--zone", "Frannce"]) == 2


def test_factors_compares_for_a_run(tmp_path: Path) -> None:
    environ = unobserved(DCFOOT_DATA_DIR=str(tmp_path / "data"))

    def dcfoot(*arguments: str) -> str:
        command = [sys.executable, "-m", "dcfoot", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environ, cwd=tmp_path).stdout

    dcfoot("run", "--quiet", "--name", "job", "--country", "CN", "--", sys.executable, "-c", "sum(range(5_000_000))")
    shown = json.loads(dcfoot("show", "job", "--json"))
    energy = shown["footprint"]["facility_energy_kwh"]
    if energy is None:
        pytest.skip("nothing can be metered or modelled on this machine")
    page = json.loads(dcfoot("factors", "--run", "job", "--compare", "--json"))
    assert page["zone"] in {"CN", "CHN"}
    assert page["energy_kwh"] == near(energy["value"])
    carbon = {one["method"]: one for one in shown["footprint"]["carbon"] if one["boundary"] == "direct"}
    assert page["alternatives"][0]["emissions_g"] == near(carbon["location"]["value_g"])


def test_a_receipt_loads_nothing_of_the_library(tmp_path: Path) -> None:
    code = "import sys, dcfoot.account; print([name for name in sys.modules if name.startswith('dcfoot.factors')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=unobserved(), cwd=tmp_path
    )
    assert done.stdout == "[]\n"


def test_settings_take_the_package_from_the_environment(tmp_path: Path, written: Write) -> None:
    settings = load({**os.environ, "DCFOOT_FACTORS_PACKAGE": str(written())}, tmp_path)
    assert settings.factors_package is not None
    assert isinstance(library(settings.factors_package).own[0], GridFactor)
