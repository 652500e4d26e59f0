"""Tables for the docs, made of the models and of ``data/figures.csv``: every key of a study file, every figure.

``python -m dcfoot_scenarios.reference docs/study.md`` puts them anew into that page, between its marks; a test holds
that they are those of the models.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dcfoot_scenarios.page_words import ENGLISH
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.study import StudyKeys
from dcfoot_scenarios.words import words

Schema = dict[str, Any]


def keys_tables() -> Iterator[str]:
    """Every key of a study file as Markdown: the top, a scenario, then each part."""
    top, scenario = StudyKeys.model_json_schema(), Scenario.model_json_schema()
    parts = {**scenario["$defs"], **top["$defs"]}
    yield from _table("The top", top | {"description": "Beside the keys of a scenario, which hold for all."})
    yield from _table("A scenario", scenario | {"description": "At the top, in `baseline`, in a variant."})
    for name in sorted(parts):
        yield from _table(f"{name}", parts[name])


def figures_table() -> Iterator[str]:
    """Every figure as Markdown, in the order in which they are shown."""
    yield "| figure | unit | what it is |"
    yield "|---|---|---|"
    group = ""
    for word in words().values():
        if word.group != group:
            group = word.group
            yield f"| **{ENGLISH.groups[group]}** | | |"
        yield f"| `{word.name}` | {word.plain_unit or '-'} | {word.label}. {word.meaning} |"


def _table(title: str, part: Schema) -> Iterator[str]:
    yield from ("", f"### {title}", "", _one_line(part.get("description", "")), "")
    yield "| key | what | left out |"
    yield "|---|---|---|"
    required = part.get("required", ())
    for name, one in part["properties"].items():
        usual = "must be given" if name in required else _usual(one)
        what = f"{_one_line(one.get('description', ''))} {_kind(one)}".strip()
        yield f"| `{name}` | {what} | {usual} |"


def _one_line(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _usual(one: Schema) -> str:
    usual = one.get("default")
    if usual is None or usual in ("", {}, []) or isinstance(usual, dict):
        return ""
    if isinstance(usual, float):
        return f"`{usual:g}`"
    return f"`{'all' if usual == list(range(1, 13)) else usual}`"


def _kind(one: Schema) -> str:
    """What a value may be, in brackets; nothing for a plain text."""
    kinds = ", ".join(filter(None, (_single(choice) for choice in one.get("anyOf", [one]))))
    return f"({kinds})" if kinds else ""


def _single(one: Schema) -> str:
    if "$ref" in one:
        part = one["$ref"].rpartition("/")[2]
        return f"[{part}](#{part.lower()})"
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if one.get("type") == "array":
        inner = _single(one.get("items", {}))
        return f"a list of {inner}" if inner else "a list"
    return _range(one) if one.get("type") in {"number", "integer"} else ""


def _range(one: Schema) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    said = " and ".join(f"{sign} {one[key]:g}" for key, sign in signs.items() if key in one)
    whole = "whole" if one["type"] == "integer" else ""
    return ", ".join(filter(None, (whole, said)))


def filled(page: str) -> str:
    """A page with the tables anew: from ``<!-- keys -->`` and ``<!-- figures -->``, each to ``<!-- end -->``."""
    for mark, lines in {"keys": keys_tables(), "figures": figures_table()}.items():
        body, begin, end = "\n".join(lines).strip(), f"<!-- {mark} -->\n", "<!-- end -->"
        before, there, rest = page.partition(begin)
        if there:
            page = f"{before}{begin}\n{body}\n\n{end}{rest.partition(end)[2]}"
    return page


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
