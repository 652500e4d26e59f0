"""What an uncertain input is called, in two languages: ``chiller.air.cop_ratio``: "air-cooled chillers: rated COP".

In come the names by which draws are made, out go words of ``data/input_words.csv``. What has none there keeps its name:
a zone of a grid, a product.
"""

import re
from functools import cache

from dcfoot.climate_place import climate_name
from dcfoot_scenarios.tables import rows

CHINESE = re.compile(r"[\u4e00-\u9fff].*")
"""Where the Chinese name of a place begins."""

LABELS = {"en": "label", "zh": "label_zh"}

USUAL = ", average"
"""The method of a grid factor that needs no words."""


def input_called(name: str, lang: str) -> str:
    """What an input is called.

    Parameters
    ----------
    name : str
        A key of `Outcome.inputs`: of a part of the facility, of the weather, or ``"grid.DNK, direct CO2, average"``.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    topic, _, thing = name.replace("/", ".", 1).partition(".")
    part, _, number = name.rpartition(".")
    first, second = (
        _word("topic", topic, lang),
        _word("thing", thing, lang) or _qualified(thing, lang),
    )
    if not first:
        first, second = _word("part", part, lang), _word("number", number, lang)
    if not (first and second):
        return name
    return f"{first}：{second}" if lang == "zh" else f"{first}: {second}"  # noqa: RUF001 - Chinese punctuation is meant


def key_called(key: str, lang: str) -> str:
    """What a key of a scenario is called, ``"supply.solar_mw"``; itself where it has no words."""
    return _word("key", key, lang) or key


def value_called(key: str, value: str, lang: str) -> str:
    """What a key's word is called, ``"dx"`` of ``"cooling"``; itself where it has no other words."""
    if key == "site":
        return site_called(value, lang)
    return _choices(LABELS[lang]).get((key.replace(".", "/"), value), value)


def site_called(site: str, lang: str) -> str:
    """What a place is called whose climate is known; itself where it is none.

    Parameters
    ----------
    site : str
        ``"cn_zhongwei"``.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    place = climate_name(site)
    chinese = CHINESE.search(place)
    if lang == "zh":
        return chinese.group() if chinese else _cities().get(site, place)
    return CHINESE.sub("", place).strip()


PARTS = {
    "en": {", life_cycle ": ", life-cycle "},
    "zh": {
        ", life_cycle ": ", 全生命周期 ",
        ", direct ": ", 直接排放 ",
        ", residual": ", 剩余结构",
        ", marginal": ", 边际",
    },
}
"""Of what a grid's factor is told by."""


def _qualified(thing: str, lang: str) -> str:
    """``DNK, life_cycle CO2e, average``, of a grid's factor; ``solar, cn_zhongwei``, of what a plant yields."""
    for part, said in PARTS[lang].items():
        thing = thing.replace(part, said)
    first, comma, rest = thing.removesuffix(USUAL).partition(", ")
    return f"{_word('thing', first, lang) or first}{comma}{site_called(rest, lang)}"


def _word(kind: str, name: str, lang: str) -> str:
    return _words(LABELS[lang]).get((kind, name), "")


@cache
def _choices(column: str) -> dict[tuple[str, str], str]:
    return {(row["key"], row["value"]): row[column] for row in rows("studio_choices")}


@cache
def _cities() -> dict[str, str]:
    return {row["id"]: row["label_zh"] for row in rows("city_words")}


@cache
def _words(column: str) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["name"]): row[column] for row in rows("input_words")}
