"""The studies that come with dcfoot: each has its page, and what a page says was printed by the run on it.

`tests/end_to_end/test_readme.py` runs every page and holds its printed blocks to the letter; here the words around them
are held to the blocks.
"""

import re

import pytest

from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.library import FOLDER, study_names, study_path
from dcfoot_scenarios.note_words import note_in
from dcfoot_scenarios.study import Study
from simulated.repository import ROOT

PAGES = ROOT / "docs" / "studies"
NUMBER = re.compile(r"(?<![\w.])[\d,]*\d(?:\.\d+)?(?![\w]|\.\d)")
SECTIONS = ("## What is asked", "## What is assumed", "## What came out", "## What it does not say")


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def part(text: str, heading: str) -> str:
    return text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]


def numbers(text: str) -> set[str]:
    """Every number of a text, as it is written but for its sign; those of one digit are words."""
    return {found.strip(",") for found in NUMBER.findall(text) if len(found) > 1}


@pytest.mark.parametrize("name", study_names())
def test_every_study_is_called_as_its_file_and_speaks_chinese_too(name: str) -> None:
    study = Study.read(study_path(name))
    assert study.name == name
    title, asks = study.told("en")
    assert title
    assert len(asks) > 100
    for chinese in (*study.told("zh"), *(study.called(scenario, "zh") for scenario in study.scenarios)):
        assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not re.search(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", study.told("zh")[1])


@pytest.mark.parametrize("name", study_names())
def test_what_there_is_to_know_of_every_study_is_said_in_chinese(name: str) -> None:
    study = Study.read(study_path(name))
    notes = {note for scenario in study.scenarios.values() for note in evaluate(scenario, money=study.keys.money).notes}
    assert [note for note in notes if not re.search(r"[\u4e00-\u9fff]", note_in(note, "zh"))] == []


@pytest.mark.parametrize("name", study_names())
def test_every_study_has_a_page_that_asks_assumes_answers_and_says_what_it_leaves_out(name: str) -> None:
    text = page(name)
    assert [heading for heading in SECTIONS if len(part(text, heading)) < 100] == []
    assert f"dcfoot plan {name}" in text
    assert f'study_path("{name}")' in text


@pytest.mark.parametrize("name", study_names())
def test_every_figure_that_a_page_tells_was_printed_or_assumed_on_it(name: str) -> None:
    text = page(name)
    told, *blocks = re.split(r"^```", part(text, "## What came out"), flags=re.MULTILINE)
    prose, printed = told + "".join(blocks[1::2]), "".join(blocks[0::2])
    assert numbers(prose) - numbers(printed) - numbers(part(text, "## What is assumed")) == set()
    assert len(numbers(prose)) > 5


def test_every_page_is_of_a_study() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(study_names())


def test_each_study_names_the_schema_for_editors() -> None:
    assert all(
        path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=")
        for path in FOLDER.glob("*.yaml")
    )
