"""The tables of docs/study.md are those of the models and of the table of figures."""

from typing import Any

import pytest

from dcfoot_scenarios.reference import filled
from dcfoot_scenarios.schema import study_schema
from dcfoot_scenarios.words import words
from simulated.repository import ROOT

PAGE = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_models_say() -> None:
    assert filled(PAGE) == PAGE, "python -m dcfoot_scenarios.reference docs/study.md"


def keys(schema: dict[str, Any]) -> set[str]:
    """The keys that editors know, of which `filled` is not made: it goes by the models part by part."""
    parts = [schema, *schema["$defs"].values()]
    return {name for part in parts for name in part.get("properties", {})}


def test_every_key_that_an_editor_knows_is_on_the_page() -> None:
    told = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")}
    assert keys(study_schema()) - told - {"baseline", "variants"} == set()
    assert set(words()) - told == set()


@pytest.mark.parametrize(
    "row",
    [
        "| `solar_mw` | Nameplate of its own solar plant, alternating current [MW]. (≥ 0) | `0` |",
        "| `warming_k` | How much warmer every hour is than in that year [K]. (≥ -10 and ≤ 10) | `0` |",
        "| `deadline_h` | How long it can wait [h]. (whole, ≥ 0 and ≤ 168) | `0` |",
    ],
)
def test_a_row_says_what_a_key_is_what_it_may_be_and_what_it_is_left_out(row: str) -> None:
    assert row in PAGE.splitlines()
