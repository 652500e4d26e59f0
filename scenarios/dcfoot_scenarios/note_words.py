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
    found = ((pattern.fullmatch(note), chinese) for pattern, chinese in _chinese())
    return next((match.expand(chinese) for match, chinese in found if match), said_in(note, lang))


@cache
def _chinese() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(row["pattern"]), row["zh"]) for row in rows("note_words"))
