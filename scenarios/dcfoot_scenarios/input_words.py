"""What an uncertain input is called, in two languages: ``chiller.air.cop_ratio``: "air-cooled chillers: rated COP".

In come the names by which draws are made, out go words of ``data/input_words.csv``. What has none there keeps its name:
a zone of a grid, a product.
"""

from functools import cache

from dcfoot_scenarios.tables import rows

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
        _word("thing", thing, lang) or _factor(thing, lang),
    )
    if not first:
        first, second = _word("part", part, lang), _word("number", number, lang)
    if not (first and second):
        return name
    return f"{first}：{second}" if lang == "zh" else f"{first}: {second}"  # noqa: RUF001 - Chinese punctuation is meant


BOUNDARIES = {
    "en": {"life_cycle": "life-cycle", "direct": "direct"},
    "zh": {"life_cycle": "全生命周期", "direct": "直接排放"},
}


def _factor(thing: str, lang: str) -> str:
    """``DNK, life_cycle CO2e, average``, of a grid's factor."""
    for boundary, said in BOUNDARIES[lang].items():
        thing = thing.replace(f", {boundary} ", f", {said} ")
    return thing.removesuffix(USUAL)


def _word(kind: str, name: str, lang: str) -> str:
    return _words(LABELS[lang]).get((kind, name), "")


@cache
def _words(column: str) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["name"]): row[column] for row in rows("input_words")}
