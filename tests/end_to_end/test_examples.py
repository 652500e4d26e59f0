"""The page of worked examples says no number that its own blocks do not compute or name with their source.

That the blocks run and print what the page shows is the business of test_readme.py.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from simulated.near import near
from simulated.reference import vectors
from simulated.repository import ROOT

PAGE = ROOT / "docs" / "examples.md"
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUTPUT = re.compile(r"^<!-- output -->\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"\d[\d,_]*(?:\.\d+)?")


def numbers(text: str) -> Iterator[float]:
    for match in NUMBER.finditer(text):
        yield float(match[0].replace(",", "").replace("_", ""))


def example(name: str) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in vectors("worked_examples") if row["id"] == name)
    return row


def values(expected: float | list[float]) -> list[float]:
    return expected if isinstance(expected, list) else [expected]


def test_every_number_of_the_prose_stands_in_a_block() -> None:
    page = PAGE.read_text()
    computed = {number for block in FENCE.findall(page) for number in numbers(block)}
    prose = FENCE.sub("", page)
    assert sorted(set(numbers(prose)) - computed) == []


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("chatgpt_day", ["homes", "wh_per_request"]),
        ("microsoft_water_fy22", ["billion_gal", "growth_pct", "pools"]),
        ("meta_odense", ["mwh_per_home"]),
    ],
)
def test_the_published_result_is_printed(name: str, keys: list[str]) -> None:
    case = example(name)
    printed = [number for block in OUTPUT.findall(PAGE.read_text()) for number in numbers(block)]
    for value in (value for key in keys for value in values(case["expected"][key])):
        assert any(number == near(value, rel=case["tolerance_rel"]) for number in printed), value


def test_the_heat_of_the_example_reaches_as_many_homes_as_published() -> None:
    printed = [number for block in OUTPUT.findall(PAGE.read_text()) for number in numbers(block)]
    for value in example("meta_odense")["example"]["expected"].values():
        assert any(number == near(value, abs=1.0) for number in printed), value


def test_the_answers_of_half_a_litre_are_those_of_the_paper() -> None:
    page = PAGE.read_text()
    rows = {row["location"]: row for row in vectors("water_gpt3_li_ren")["rows"]}
    for location in ("Ireland", "U.S. Average", "India"):
        assert f"half a litre lasts {rows[location]['request']['requests_per_500mL']:.1f} answers" in page
