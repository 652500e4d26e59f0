"""What a reader must know of a scenario, in Chinese: the sentences of `Outcome.notes`, by ``data/note_words.csv``.

In comes an English sentence, out goes the same in another language, as far as its words are known; else it stays. The
table has a pattern of each whole sentence, and what it says in Chinese.
"""

import re
from functools import cache

from dcfoot.receipt.sentences import said_in
from dcfoot_scenarios.tables import rows


def note_in(note: str, lang: str) -> str:
    """A note in a language, as far as its words are known.

    Parameters
    ----------
    note : str
        One of `Outcome.notes`.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    if lang != "zh":
        return note
    return phrase_in("note_words", note, lang) or said_in(note, lang)


def phrase_in(table: str, text: str, lang: str) -> str:
    """A text in a language by the patterns of a table; empty where it has none of it.

    Parameters
    ----------
    table : str
        With a ``pattern`` of the whole text, and what it says in each language.
    text : str
        In English.
    lang : str
        A column of the table.
    """
    found = ((pattern.fullmatch(text), said) for pattern, said in _patterns(table, lang))
    return next((match.expand(said) for match, said in found if match), "").strip()


@cache
def _patterns(table: str, lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row[lang]) for row in rows(table))
