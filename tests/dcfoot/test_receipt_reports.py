"""The receipt as a report: Markdown that a Markdown parser reads as meant, HTML that needs nothing else, JSON files."""

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.footprint import Footprint
from dcfoot.measurement import Measurement
from dcfoot.receipt import html, markdown, text
from dcfoot.receipt.build import receipt
from dcfoot.receipt.contract import ReceiptJson
from dcfoot.receipt.reader import dumps, read_receipt
from dcfoot.receipt.words import words
from dcfoot.site import Site
from simulated.footprints import FOOTPRINTS, SITES
from simulated.measurements import MEASUREMENTS
from simulated.receipts import ALL, cpu_only, gpu_node

SAMPLES = pytest.mark.parametrize("make", ALL.values(), ids=ALL.keys())
LANGS = pytest.mark.parametrize("lang", ["en", "zh"])
Make = Callable[[], ReceiptJson]
VOID = {"meta", "br", "rect", "line"}


class Page(HTMLParser):
    """What stands in a page: its words, its tags, what it fetches, and whether all that was opened was closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.fetched: list[str] = []
        self.faults: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [f"{name}={value}" for name, value in attrs if name in {"src", "href", "action", "data"}]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.faults.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)


def table_shapes(source: str) -> list[set[int]]:
    """For each table that CommonMark with GFM tables sees: the numbers of cells in its rows."""
    shapes: list[set[int]] = []
    cells = 0
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type == "table_open":
            shapes.append(set())
        cells = 0 if token.type == "tr_open" else cells + (token.type in {"td_open", "th_open"})
        if token.type == "tr_close":
            shapes[-1].add(cells)
    return shapes


def figures_of(report: str) -> set[str]:
    """Every amount with a unit, as printed."""
    return set(re.findall(r"[\d.,]+ (?:µWh|mWh|Wh|kWh|MWh|µg|mg|g|kg|t|µL|mL|L|m³)(?!\w)", report))


@SAMPLES
@LANGS
def test_a_markdown_parser_sees_every_table_and_title(make: Make, lang: str) -> None:
    source = markdown.render(make(), lang=lang)
    assert all(len(shape) == 1 for shape in table_shapes(source))
    titles = re.findall(r"^## (.+)$", source, re.MULTILINE)
    assert titles[0].startswith(words(lang).energy)
    assert MarkdownIt("commonmark").render(source).count("<h2>") == len(titles)


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=30))
def test_no_name_breaks_the_report(name: str) -> None:
    made = gpu_node()
    made["run"]["name"] = made["channels"][0]["name"] = made["sources"][0]["what"] = name
    source = markdown.render(made)
    assert all(len(shape) == 1 for shape in table_shapes(source))
    assert Page(html.render(made)).faults == []


def test_markup_in_a_name_is_shown_and_not_obeyed() -> None:
    made = gpu_node()
    made["run"]["name"] = "<script>alert(1)</script> **bold** | a_b_c"
    assert "<script>" not in html.render(made)
    shown = MarkdownIt("commonmark").enable("table").render(markdown.render(made))
    assert "<script>" not in shown
    assert "**bold** | a_b_c" in shown


@settings(max_examples=30)
@given(MEASUREMENTS, FOOTPRINTS, SITES, st.sampled_from(["en", "zh"]))
def test_any_receipt_makes_a_well_formed_page_and_report(
    measured: Measurement, footprint: Footprint, site: Site, lang: str
) -> None:
    made = receipt(measured, footprint, site)
    page = Page(html.render(made, lang=lang))
    assert (page.faults, page.open) == ([], [])
    assert all(len(shape) == 1 for shape in table_shapes(markdown.render(made, lang=lang)))


@SAMPLES
@LANGS
def test_the_page_fetches_nothing(make: Make, lang: str) -> None:
    page = html.render(make(), lang=lang)
    assert Page(page).fetched == []
    assert "@import" not in page
    assert "url(" not in page
    assert f'<html lang="{words(lang).html_lang}">' in page


@SAMPLES
@LANGS
def test_terminal_and_reports_show_the_same_figures(make: Make, lang: str) -> None:
    made = make()
    page = " ".join(" ".join(Page(html.render(made, lang=lang)).words).split())
    report = markdown.render(made, lang=lang)
    assert figures_of(page) == figures_of(report)
    said = words(lang)
    ladder = text.render(made, width=110, lang=lang).split(said.energy)[1].split(said.meters)[0]
    tight = {" ".join(figure.split()) for figure in figures_of(re.sub(" +", " ", ladder))}
    assert tight <= figures_of(report)


@LANGS
def test_the_reports_have_every_meter_and_every_source_in_full(lang: str) -> None:
    made = gpu_node()
    for report in (markdown.render(made, lang=lang), html.render(made, lang=lang)):
        assert all(channel["device"] in report for channel in made["channels"])
        assert "doi:10.1088/1748-9326/7/4/045802, weighted by the mix" in report
        assert words(lang).unverified in report


@LANGS
def test_the_reports_say_the_world_average_loudly(lang: str) -> None:
    for report in (markdown.render(cpu_only(), lang=lang), html.render(cpu_only(), lang=lang)):
        assert report.index(words(lang).no_site) < report.index(words(lang).meters)


def test_a_receipt_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(dumps(gpu_node()), encoding="utf-8")
    assert read_receipt(path) == gpu_node()


def test_a_receipt_with_the_contracts_keys_only_is_enough(tmp_path: Path) -> None:
    made = json.loads(dumps(gpu_node()))
    for added in ("machine", "ladder_basis", "equivalents", "phases", "gauges"):
        del made[added]
    for added in ("hosts", "tags", "job", "part_of"):
        del made["run"][added]
    for channel in made["channels"]:
        del channel["host"], channel["attributed_p5_j"], channel["attributed_p95_j"]
    for rung in made["ladder"]:
        del rung["note"]
    for carbon in made["footprint"]["carbon"]:
        del carbon["zone"], carbon["source"]
    del made["site"]["chosen"]
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(made))
    read = read_receipt(path)
    for render in (text.render, markdown.render, html.render):
        assert "llama-finetune" in render(read, lang="en")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ("[]", "does not say so"),
        ('{"schema": "dcfoot.receipt/2"}', "'dcfoot.receipt/2'"),
        ('{"schema": "dcfoot.receipt/1"}', "not a whole receipt: it lacks 'run'"),
        (
            '{"schema": "dcfoot.receipt/1", "run": 3, "site": []}',
            "not a whole receipt: a value in it is not what a receipt has there",
        ),
    ],
)
def test_what_is_no_receipt_is_refused_with_the_reason(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(content)
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        read_receipt(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("energy_j", ["1e308", "Infinity", "NaN"])
def test_a_power_by_time_of_no_number_is_refused_as_all_that_is_no_receipt(tmp_path: Path, energy_j: str) -> None:
    path = tmp_path / "receipt.json"
    made = {**gpu_node(), "by_time": {"step_s": 1.0, "energy_j": {"gpu": [1.0, "?"]}}}
    path.write_text(json.dumps(made).replace('"?"', energy_j))
    with pytest.raises(ConfigError, match="a value in it is not what a receipt has there"):
        read_receipt(path)


def test_a_file_that_is_not_there_is_missing_data(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="no file"):
        read_receipt(tmp_path / "none.json")


def test_json_can_be_kept_to_ascii() -> None:
    made = gpu_node()
    made["run"]["name"] = "训练"
    assert dumps(made, ascii_only=True).isascii()
    assert json.loads(dumps(made, ascii_only=True)) == json.loads(dumps(made)) == made
