"""What stands behind a number, in two languages: the words that are ours; the title of a source stays as it is.

In comes a line of evidence, out goes what it is called, its unit, and where it is from, by ``data/evidence_words.csv``
and the names of inputs (`dcfoot_scenarios.input_words`).
"""

import re

from dcfoot.evidence import Evidence
from dcfoot_scenarios.input_words import input_called
from dcfoot_scenarios.note_words import phrase_in
from dcfoot_scenarios.words import printed

TABLE = "evidence_words"

NO_UNIT = ("-", "ratio")
"""Units of a figure that has none."""

_INPUT = re.compile("<(.+?)>")


def evidence_called(line: Evidence, lang: str) -> str:
    """What a line of evidence is called: an input by its words, everything else as it is told.

    Parameters
    ----------
    line : Evidence
        Of an outcome.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    told = phrase_in(TABLE, line.what, lang)
    return _INPUT.sub(lambda name: input_called(name[1], lang), told) if told else input_called(line.what, lang)


def evidence_value(line: Evidence, lang: str) -> str:
    """Its figure with its unit."""
    unit = "" if line.unit in NO_UNIT else printed(line.unit, lang)
    return f"{line.value:g} {unit}".strip()


def evidence_source(line: Evidence, lang: str) -> str:
    """Where it is from, what to know of it, and whose it is."""
    parts = [part for part in (line.source, line.note, line.licence) if part]
    mark = "；" if lang == "zh" else "; "  # noqa: RUF001 - Chinese punctuation is meant
    return mark.join(phrase_in(TABLE, part, lang) or part for part in parts)
