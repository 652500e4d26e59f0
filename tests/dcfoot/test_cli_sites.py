"""``dcfoot sites``: every place, those of a word, and the figures of one with their years and sources."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dcfoot.cli import COMMANDS, main
from dcfoot.receipt.layout import display_width
from dcfoot.site import library_ids
from simulated.near import near

USAGE = 2

Sites = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sites(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sites:
    """Runs ``dcfoot sites`` in an empty folder and returns its exit status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["sites", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def ids_of(out: str) -> list[str]:
    return [entry["id"] for entry in json.loads(out)["sites"]]


def test_without_a_word_every_place_is_listed_under_its_heading(sites: Sites) -> None:
    status, out, _ = sites()
    assert status == 0
    assert set(library_ids()) <= {line.split()[0] for line in out.splitlines() if line.strip()}
    headings = ("Cloud regions", "China:", "United States:", "World and countries")
    places = [out.index(heading) for heading in headings]
    assert places == sorted(places)


def test_no_line_of_the_list_is_wider_than_said(sites: Sites) -> None:
    assert max(display_width(line) for line in sites()[1].splitlines()) <= 110


def test_json_lists_the_same_places(sites: Sites) -> None:
    listed = ids_of(sites("--json")[1])
    assert sorted(listed) == sorted(library_ids())


@pytest.mark.parametrize("name", ["cn-guangdong", "广东", "Guangdong", "CN-GD"])
def test_a_place_is_shown_by_any_of_its_names(sites: Sites, name: str) -> None:
    status, out, _ = sites(name)
    assert status == 0
    assert out.startswith("cn-guangdong: Guangdong 广东; grid CN-GD\n")


def test_a_places_figures_come_with_interval_year_basis_and_source(sites: Sites) -> None:
    out = sites("cn-guangdong")[1]
    # MEE and NBS, announcement 2025 no. 47: 0.4419 kg/kWh for 2023; the interval of a factor two years old.
    assert re.search(
        r"^CO2 direct, location-based, grid CN-GD +441\.9 +365 - 551 +g/kWh +2023 +modelled$", out, re.MULTILINE
    )
    assert re.search(r"^CO2e life cycle, location-based, grid CN +577\.7 .* 2024 +default$", out, re.MULTILINE)
    assert re.search(r"^PUE +1\.48 .* 2023 +default +unverified$", out, re.MULTILINE)
    assert "公告2025年第47号" in out
    assert "none of this family is known for CN-GD" in out
    assert "dcfoot run --site cn-guangdong -- COMMAND" in out


def test_a_country_names_what_lies_inside_it(sites: Sites) -> None:
    out = sites("cn")[1]
    inside = out[out.index("Inside it: ") :]
    assert all(name in inside for name in ("aws-cn-northwest-1", "cn-guangdong", "cn-eastchina"))
    assert "us-tx" not in inside
    assert "Inside it: aws-eu-west-3, fr_paris\n" in sites("fr")[1]
    assert "Inside it" not in sites("Mongolia")[1]
    assert "Inside it: cn_shanghai\n" in sites("上海")[1]  # whose climate is known
    assert "Inside it" not in sites("cn-jiangxi")[1]


def test_a_fleet_says_that_it_names_no_grid(sites: Sites) -> None:
    assert "world averages until you add --country or --region" in sites("aws")[1]


def test_json_of_one_place_has_every_figure(sites: Sites) -> None:
    document = json.loads(sites("us-tx", "--json")[1])
    site = document["site"]
    assert document["schema"] == "dcfoot.sites/1"
    assert (site["id"], site["country"], site["grid_zone"], site["lifetime_years"]) == ("us-tx", "USA", "US-TX", None)
    # Shehabi et al. 2024: 1.4.
    assert (site["pue"]["value"], site["pue"]["year"], site["pue"]["basis"]) == (1.4, 2023, "default")
    assert {(f["boundary"], f["gas"], f["method"]) for f in site["factors"]} == {
        ("direct", "CO2e", "location"),
        ("life_cycle", "CO2e", "location"),
    }
    for figure in (site["pue"], site["wue_l_per_kwh"], site["ewif_l_per_kwh"], *site["factors"]):
        assert figure["p5"] <= figure["value"] <= figure["p95"]
        assert figure["source"]
        assert isinstance(figure["verified"], bool)
        assert isinstance(figure["licence"], str)
    # Ember publishes under CC BY 4.0.
    assert any("CC BY 4.0" in factor["licence"] for factor in site["factors"])


@pytest.mark.parametrize(
    ("word", "some"),
    [("google", "gcp-us-central1"), ("西", "cn-guangxi"), ("islands", "ky"), ("GCP-EUROPE", "gcp-europe-west4")],
)
def test_any_other_word_lists_what_has_it_in_a_name(sites: Sites, word: str, some: str) -> None:
    found = ids_of(sites(word, "--json")[1])
    assert some in found
    assert len(found) < len(library_ids()) / 4


def test_a_name_that_two_places_share_lists_both(sites: Sites) -> None:
    assert sorted(ids_of(sites("Georgia", "--json")[1])) == ["ge", "us-ga"]


def test_an_unknown_name_offers_the_nearest(sites: Sites) -> None:
    status, out, err = sites("gaungdong")
    assert (status, out) == (USAGE, "")
    assert "cn-guangdong" in err.partition("Did you mean ")[2].partition("?")[0]


def test_stand_ins_stand_in_brackets(sites: Sites) -> None:
    lines = {line.split()[0]: line for line in sites("google")[1].splitlines() if line.strip()}
    # eGRID MROW 2023 is its own; the life-cycle factor is the nation's.
    assert lines["gcp-us-central1"].split()[-2:] == ["420", "(384)"]
    assert lines["gcp"].split()[-2:] == ["-", "(470)"]


def test_the_users_own_sites_come_first(sites: Sites, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sites.toml").write_text('[sites.lab]\nname = "Our lab"\nregion = "广东"\npue = 1.11\n', "utf-8")
    monkeypatch.setenv("DCFOOT_SITES_FILE", "sites.toml")
    out = sites()[1]
    assert out.index("Your own") < out.index("Cloud regions")
    status, out, _ = sites("lab", "--json")
    assert (status, json.loads(out)["site"]["pue"]["value"]) == (0, near(1.11))


def test_a_broken_file_of_the_users_own_is_told_with_its_line(
    sites: Sites, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sites.toml").write_text("[sites.lab]\npue = 0.5\n", "utf-8")
    monkeypatch.setenv("DCFOOT_SITES_FILE", "sites.toml")
    status, _, err = sites()
    assert (status, "sites.toml:2: sites.lab.pue" in err) == (USAGE, True)


def test_the_overview_names_every_command_and_each_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {command} " in out for command in COMMANDS)
    for command in COMMANDS:
        with pytest.raises(SystemExit) as ended:
            main([command, "--help"])
        assert ended.value.code == 0
        assert f"dcfoot {command}" in capsys.readouterr().out
