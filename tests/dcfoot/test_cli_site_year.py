"""``dcfoot sites SITE``: the year of a site with a climate, or in a weather file, as lines, as JSON, as a picture."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcfoot.cli import main
from dcfoot.cli.site_picture import by_day, draw
from dcfoot.errors import ConfigError
from dcfoot.facility_draws import Hall
from dcfoot.receipt.layout import display_width
from dcfoot.site_year import site_year
from dcfoot.weather import find_climate, typical_year
from simulated.near import near

USAGE = 2
DUBLIN = "aws-eu-west-1"

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


def year_of(sites: Sites, *arguments: str) -> dict[str, Any]:
    status, out, _ = sites(*arguments, "--json")
    assert status == 0
    year: dict[str, Any] = json.loads(out)["year"]
    return year


def test_a_site_with_a_climate_shows_its_months_its_loads_and_what_matters(sites: Sites) -> None:
    out = sites("gcp-us-central1")[1]
    months = next(line for line in out.splitlines() if re.match(r"PUE( +\d\.\d\d){13}$", line)).split()
    # Google publishes 1.10 for the year; Iowa's summer is hot and humid.
    assert months[-1] == "1.10"
    assert float(months[7]) > float(months[1])
    assert "25%" in out
    assert "100%" in out
    assert "What matters most to PUE: " in out
    assert "A year of Council Bluffs IA" in out
    assert "published for the year" in out
    assert max(display_width(line) for line in out.splitlines()) <= 110


def test_a_place_without_a_climate_is_shown_as_before_and_asks_for_one(sites: Sites) -> None:
    assert "A year of" not in sites("fr")[1]
    status, _, err = sites("fr", "--cooling", "dx")
    assert (status, "--weather FILE or --climate NAME" in err) == (USAGE, True)
    assert sites("fr", "--image", "x.png")[0] == USAGE


def test_options_of_a_year_need_a_site(sites: Sites) -> None:
    status, _, err = sites("--cooling", "dx")
    assert (status, "--cooling: name one site" in err) == (USAGE, True)


def test_names_that_are_not_known_are_helped(sites: Sites) -> None:
    assert "direct_liquid" in sites(DUBLIN, "--cooling", "magic")[2]
    assert "ie_dublin" in sites("fr", "--climate", "ie_dubln")[2]


def test_a_cooling_to_try_gives_the_models_year_and_not_the_published_one(sites: Sites) -> None:
    year = year_of(sites, DUBLIN, "--cooling", "dx")
    assert year["cooling"] == {"dx": 1.0}
    assert year["stated"] == []
    modelled = site_year(Hall("dx"), typical_year(find_climate("ie_dublin")))
    assert year["pue"] == near(modelled.pue.mean(), abs=1e-4)


def test_json_has_every_month_load_and_evidence_and_the_published_mean(sites: Sites) -> None:
    year = year_of(sites, DUBLIN)
    # Amazon publishes 1.11 and 0.03 L/kWh for Ireland.
    assert (year["pue"], year["wue_l_per_kwh"]) == (near(1.11), near(0.03))
    assert [month["month"] for month in year["months"]] == list(range(1, 13))
    assert all(month["g_per_it_kwh"] for month in year["months"])
    assert [load["load_ratio"] for load in year["loads"]] == [0.25, 0.5, 0.75, 1.0, None]
    for load in year["loads"]:
        assert load["pue"]["p5"] < load["pue"]["value"] < load["pue"]["p95"]
    assert sum(year["cooling"].values()) == near(1)
    keys = {"what", "value", "unit", "year", "source", "verified", "licence", "note"}
    assert all(set(evidence) == keys and evidence["source"] for evidence in year["evidence"])
    what = [evidence["what"] for evidence in year["evidence"]]
    assert len(what) > 30
    assert any(name.startswith("climate of Dublin") for name in what)
    assert any(evidence["licence"] for evidence in year["evidence"])


def test_another_climate_can_be_tried(sites: Sites) -> None:
    there, here = (
        year_of(sites, "gcp-asia-southeast1", "--cooling", "air_chiller", *more)
        for more in (("--climate", "Stockholm Arlanda"), ())
    )
    assert there["place"].startswith("Stockholm")
    assert there["pue"] < here["pue"]


@pytest.fixture
def roof(tmp_path: Path) -> Path:
    """The typical year of Luleå as a plain CSV file, in UTC."""
    weather = typical_year(find_climate("se_lulea"))
    rows = [
        f"{at}Z,{dry:.2f},{100 * humidity:.1f}"
        for at, dry, humidity in zip(
            np.datetime64(weather.start.replace(tzinfo=None), "m") + np.arange(8760) * np.timedelta64(60, "m"),
            weather.dry_bulb_c,
            weather.relative_humidity_ratio,
            strict=True,
        )
    ]
    path = tmp_path / "roof.csv"
    path.write_text("\n".join(["time,dry bulb (C),RH [%]", *rows]), encoding="utf-8")
    return path


def test_the_weather_of_a_plain_file_stands_for_the_climate_at_its_places_height(sites: Sites, roof: Path) -> None:
    there = year_of(sites, "fr", "--climate", "se_lulea", "--weather", str(roof), "--cooling", "air_chiller")
    modelled = site_year(Hall("air_chiller"), typical_year(find_climate("se_lulea")))
    # A file has humidity over water, the typical year over ice below 0 C.
    assert there["pue"] == near(modelled.pue.mean(), abs=0.002)
    assert "roof.csv" in there["place"]
    assert any(evidence["source"] == "roof.csv" for evidence in there["evidence"])
    assert "A year of Dublin" in sites(DUBLIN, "--weather", str(roof))[1]


def test_a_plain_file_without_a_place_is_refused_and_told_what_is_taken(sites: Sites, roof: Path) -> None:
    status, _, err = sites("fr", "--weather", str(roof))
    assert (status, "--climate of `dcfoot sites`" in err, "EPW or TMY3" in err) == (USAGE, True, True)
    status, _, err = sites("fr", "--weather", "roof.xlsx")
    assert (status, "end in .epw or .csv" in err) == (USAGE, True)


def test_the_page_has_the_evidence_of_what_matters_and_of_everything_if_asked(sites: Sites) -> None:
    year = year_of(sites, DUBLIN)
    few, everything = (
        re.sub(r"\s+", " ", sites(DUBLIN, *more)[1].partition("evidence of the year")[2])
        for more in ((), ("--evidence",))
    )
    matters = [name.partition(" ")[0] for name in year["what_matters"]]
    for evidence in year["evidence"]:
        row = f"{evidence['what']} {evidence['value']:.4g} {evidence['unit']}".rstrip()
        assert row in everything
        assert evidence["source"] in everything
        shown = evidence["what"] in matters or evidence["what"].startswith(("climate of", "hourly grid factors"))
        assert (row in few) == shown
    assert "licence: facts" in few
    assert re.search(r"and \d\d more: --evidence", few)
    assert "more: --evidence" not in everything


def test_a_picture_is_drawn(sites: Sites, tmp_path: Path) -> None:
    for name, start in (("year.png", b"\x89PNG"), ("year.svg", b"<?xml")):
        assert sites(DUBLIN, "--image", name)[0] == 0
        assert (tmp_path / name).read_bytes().startswith(start)
    status, _, err = sites(DUBLIN, "--image", "year.nonsense")
    assert (status, "year.nonsense cannot be written" in err) == (USAGE, True)


def test_without_matplotlib_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    year = site_year(Hall("dx"), typical_year(find_climate("ie_dublin")))
    with pytest.raises(ConfigError, match=r"dcfoot\[report\]"):
        draw(year, "a year", tmp_path / "year.png")


def test_each_hour_stands_at_its_day_and_its_local_time() -> None:
    # Ashburn is at UTC-5: the first hour of its year, 05:00 UTC, is the first of its day.
    year = site_year(Hall("dx"), typical_year(find_climate("us_ashburn")))
    table = by_day(year, np.arange(8760.0))
    assert table.shape == (24, 365)
    assert (table[0, 0], table[23, 0], table[0, 1], table[23, 364]) == (0, 23, 24, 8759)
