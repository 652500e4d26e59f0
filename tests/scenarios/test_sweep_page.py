"""The page of a sweep: what is in the Parquet beside it, what none beats, what the variance comes from, of what."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.version import VERSION
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.sweep.front import front_of, unbeaten
from dcfoot_scenarios.sweep.output import write_pages
from dcfoot_scenarios.sweep.run import Swept, run_sweep
from dcfoot_scenarios.words import words

BASE: dict[str, Any] = {
    "study": "sizes",
    "title": "Wind <and> a battery",
    "title_zh": "风电与电池",
    "load": {"it_capacity_mw": 10, "mean_ratio": 0.7},
    "uncertainty": {"draws": 0},
    "baseline": {"site": "dk_copenhagen", "cooling": "air_chiller"},
}
STORED = {"baseline": BASE["baseline"] | {"storage": {"battery_mw": 5}}}
MONEY = {"currency": "EUR", "rates": {"USD": 0.92}}
SIZES = {"supply.wind_mw": [0, 10, 20.5], "storage.battery_mwh": {"from": 0, "to": 80, "steps": 3}}


def swept(folder: Path, over: dict[str, Any], **keys: object) -> Swept:
    of_sweep: dict[str, object] = {name: keys.pop(name) for name in ("samples", "figures") if name in keys}
    return run_sweep(Study.of(BASE | keys | {"sweep": of_sweep | {"over": over}}), folder)


class Tables(HTMLParser):
    """The tables of a page by their id: rows of cells, without what stands small in them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._rows: list[list[str]] = []
        self._is_small = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._rows = self.found.setdefault(dict(attrs).get("id") or "", [])
        elif tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            self._rows[-1].append("")
        elif tag == "small":
            self._is_small = True

    def handle_endtag(self, tag: str) -> None:
        self._is_small = self._is_small and tag != "small"

    def handle_data(self, data: str) -> None:
        if self._rows and self._rows[-1] and not self._is_small:
            self._rows[-1][-1] += data.strip()


def tables(page: Path) -> dict[str, list[list[str]]]:
    parser = Tables()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser.found


def points(folder: Path) -> pd.DataFrame:
    """What is in the files, without us."""
    return pd.concat([pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))], ignore_index=True)


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    return swept(tmp_path_factory.mktemp("grid"), SIZES, money=MONEY, **STORED)


@pytest.fixture(scope="module")
def english(grid: Swept) -> Path:
    return next(path for path in write_pages(grid) if path.stem == "page_en")


def test_pages_stand_beside_the_parquet_whole_in_themselves_in_both_languages(grid: Swept, english: Path) -> None:
    assert grid.folder is not None
    assert {path.name for path in grid.folder.parent.iterdir()} == {
        *("parts", "sweep.json"),
        *("page_en.html", "page_zh.html"),
    }
    chinese = english.with_name("page_zh.html").read_text(encoding="utf-8")
    assert "<h1>风电与电池</h1>" in chinese
    assert "<h1>Wind &lt;and&gt; a battery</h1>" in english.read_text(encoding="utf-8")
    for page in (chinese, english.read_text(encoding="utf-8")):
        assert not re.search(r"<(?:script|link|iframe)|(?:src|href)=\"(?!#|data:)", page)
        for told in (grid.study.hash[:12], f"dcfoot {VERSION}", f"numpy {np.__version__}", f"seed {grid.job.seed}"):
            assert told.replace("seed ", "种子 ") in page or told in page


def test_the_best_of_each_figure_is_the_best_of_the_files(grid: Swept, english: Path) -> None:
    assert grid.folder is not None
    table = points(grid.folder)
    rows = {row[0]: row[1:] for row in tables(english)["best"]}
    cheapest = table.sort_values("cost_per_year").to_dict("records")[0]
    values = [f"{cheapest[key]:g}" for key in SIZES]
    assert rows["Cost a year"] == [f"{cheapest['cost_per_year'] / 1e6:,.2f}", *values]
    assert rows["Matched by the hour (CFE)"][0] == f"{100 * table['cfe_contracted_ratio'].max():.1f}"
    assert rows[""] == ["the best", "wind farm [MW]", "battery energy [MWh]"]


def test_the_front_has_the_points_of_the_files_that_none_beats(grid: Swept, english: Path) -> None:
    assert grid.folder is not None
    table = points(grid.folder)
    pairs = table[["cost_per_year", "carbon_location_hourly_t"]].to_numpy()
    expected = [
        number
        for number, one in enumerate(pairs)
        if not any((other <= one).all() and (other < one).any() for other in pairs)
    ]
    assert sorted(int(row[0]) for row in tables(english)["front"][1:]) == expected


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30))
def test_none_beats_a_point_of_a_front_and_one_of_it_equals_or_beats_any_other(costs: list[tuple[int, int]]) -> None:
    first, second = np.array(costs, dtype=float).T
    found = unbeaten(np.array([first, second])).tolist()

    def beats(one: int, other: int) -> bool:
        return bool(first[one] <= first[other] and second[one] <= second[other])

    assert not any(beats(one, other) for one in found for other in found if one != other)
    assert all(any(beats(one, other) for one in found) for other in range(len(costs)))


def test_a_point_of_which_a_cost_is_not_known_is_on_no_front() -> None:
    assert unbeaten(np.array([[1.0, 2.0, np.inf, 0.0], [3.0, 2.0, 1.0, np.inf]])).tolist() == [0, 1]


def test_a_figure_that_is_better_high_is_on_the_front_where_it_is_high(tmp_path: Path) -> None:
    figures = ["peak_import_mw", "cfe_contracted_ratio"]
    front = front_of(swept(tmp_path, {"supply.wind_mw": [0, 10, 20.5]}, figures=figures))
    assert front is not None
    assert front.table["supply.wind_mw"].iloc[front.row_index[-1]] == 20.5  # more wind of its own, more matched


def variance(page: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Figure, key, its index alone and with others."""
    figure = ""
    for row in tables(page)["variance"][1:]:
        if len(row) == 1:
            (figure,) = row
        else:
            yield figure, row[0], [row[1], row[3]]


def test_the_indices_say_that_wind_cools_no_hall_and_warmth_does_not_blow(tmp_path: Path) -> None:
    over = {"supply.wind_mw": {"from": 0, "to": 20}, "warming_k": {"from": 0, "to": 3}}
    figures = ["facility_energy_mwh", "cfe_contracted_ratio"]
    english, chinese = write_pages(swept(tmp_path, over, samples=32, figures=figures))
    found = {(figure, key): shares for figure, key, shares in variance(english)}
    assert found["Facility energy", "wind farm [MW]"] == ["0.00", "0.00"]
    assert float(found["Facility energy", "warming of the climate [K]"][1]) > 0.5
    assert float(found["Matched by the hour (CFE)", "wind farm [MW]"][1]) > 0.5
    assert {figure for figure, _, _ in variance(chinese)} == {words()[name].label_zh for name in figures}
    drawn = re.findall(r'<figure id="([^"]+)">', english.read_text(encoding="utf-8"))
    assert drawn == ["front-picture", *(f"variance-{name}" for name in figures)]


def test_evidence_is_of_every_place_and_of_the_largest_plant(tmp_path: Path) -> None:
    over = {"site": ["dk_copenhagen", "se_lulea"], "storage.battery_mwh": [0, 5]}
    page = write_pages(swept(tmp_path, over, money=MONEY, **STORED))[0].read_text(encoding="utf-8")
    for told in ("climate of Copenhagen", "climate of Lulea", "price of battery energy"):
        assert told in page
    assert '<td class="number">Lulea</td>' in page


def test_a_sweep_that_was_interrupted_says_how_far_it_came(tmp_path: Path) -> None:
    def stop(done: int, _count: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    some = run_sweep(Study.of(BASE | STORED | {"sweep": {"over": SIZES}}), tmp_path, progress=stop, part_points_count=2)
    page = write_pages(some)[0].read_text(encoding="utf-8")
    assert "Interrupted: 4 of 9 points are computed" in page


def test_where_nothing_is_written_there_is_no_page() -> None:
    assert write_pages(run_sweep(Study.of(BASE | STORED | {"sweep": {"over": SIZES}}))) == []
