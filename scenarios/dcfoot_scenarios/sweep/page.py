"""A sweep as one HTML page that opens offline, in English or Chinese: best points, front, indices, evidence.

Its pictures need matplotlib, the extra ``report``.
"""

from collections.abc import Iterator, Mapping
from html import escape

from dcfoot_scenarios.input_words import key_called
from dcfoot_scenarios.page_parts import carbon_family, evidence_table, made_by, row, side_by_side, whole
from dcfoot_scenarios.page_words import WORDS, PageWords
from dcfoot_scenarios.sweep.front import Front, front_of
from dcfoot_scenarios.sweep.indices import Indices
from dcfoot_scenarios.sweep.keys import Choice
from dcfoot_scenarios.sweep.pictures import sweep_pictures
from dcfoot_scenarios.sweep.report import best_points, index_cells, sensitivities, value_told
from dcfoot_scenarios.sweep.run import Swept
from dcfoot_scenarios.words import words

MOST_ROWS = 12
"""Of a front, as many as are read (a choice)."""


def render(swept: Swept, lang: str = "en") -> str:
    """The sweep as a self-contained page.

    Parameters
    ----------
    swept : Swept
        All of its points, or as far as they came.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    said = WORDS[lang]
    title, asks = swept.study.told(lang)
    return whole(title, asks, _body(swept, said), said)


def _body(swept: Swept, said: PageWords) -> Iterator[str]:
    best, indices, front = best_points(swept), sensitivities(swept), front_of(swept)
    yield f"<h2>{escape(_headline(swept, said))}</h2>"
    if swept.is_interrupted:
        missing = said.points_missing.format(done=swept.points_count, points=swept.job.sweep.points_count)
        yield f"<p><strong>{escape(missing)}</strong></p>"
    if not best:
        yield f"<p>{escape(said.sweep_is_partial)}</p>"
    else:
        yield from _best(swept, best, said)
    yield from _variance(swept, indices, said)
    if front is not None:
        yield from _front(swept, front, said)
    if best:
        yield f"<h2>{said.pictures}</h2>"
        yield from side_by_side(sweep_pictures(swept, indices, front, said))
    yield f'<p class="dim">{escape(carbon_family(swept.job.first, said))}</p>'
    yield made_by(said.swept_by, hash=swept.study.hash[:12], seed=swept.job.seed)
    yield from evidence_table(swept.job.evidence, said)


def _headline(swept: Swept, said: PageWords) -> str:
    of, over = swept.study.called(swept.job.sweep.scenario, said.lang), ", ".join(_keys(swept, said))
    return said.sweep.format(of=of, points=swept.points_count, keys=over)


def _keys(swept: Swept, said: PageWords) -> list[str]:
    return [key_called(key, said.lang) for key in swept.job.sweep.over]


def _values(point: Mapping[str, Choice], said: PageWords) -> list[str]:
    return [value_told(key, value, said.lang) for key, value in point.items()]


def _best(swept: Swept, best: Mapping[str, tuple[float, Mapping[str, Choice]]], said: PageWords) -> Iterator[str]:
    yield f'<h3>{said.best_points}</h3>\n<div class="wide"><table id="best">'
    yield row(["", said.best, *_keys(swept, said)], head=True)
    for name, (value, point) in best.items():
        word = words()[name]
        cells = [word.called(said.lang), word.said(value), *_values(point, said)]
        yield row(cells, word.printed_unit(swept.study.currency, said.lang))
    yield "</table></div>"


def _variance(swept: Swept, indices: Mapping[str, Indices], said: PageWords) -> Iterator[str]:
    if not indices:
        return
    yield f'<h2>{said.variance}</h2>\n<p class="dim">{said.variance_note}</p>\n<div class="wide"><table id="variance">'
    yield row(["", said.alone, said.interval, said.with_others, said.interval], head=True)
    for name, one in indices.items():
        yield f'<tr class="group"><th colspan="5">{escape(words()[name].called(said.lang))}</th></tr>'
        yield from (row([key, *index_cells(one, number, said)]) for number, key in enumerate(_keys(swept, said)))
    yield "</table></div>"


def _front(swept: Swept, front: Front, said: PageWords) -> Iterator[str]:
    shown, pair = front.spread(MOST_ROWS), [words()[name] for name in (front.x, front.y)]
    yield f'<h2>{said.front_points}</h2>\n<div class="wide"><table id="front">'
    heads = [f"{word.called(said.lang)}\n{word.printed_unit(swept.study.currency, said.lang)}" for word in pair]
    yield row([said.a_point, *heads, *_keys(swept, said)], head=True)
    for number, point in shown:
        figures = [word.said(float(front.table[word.name].iloc[number])) for word in pair]
        yield row([f"{number:,}", *figures, *_values(point, said)])
    yield "</table></div>"
    if len(shown) < len(front.row_index):
        yield f'<p class="dim">{said.front_is_long.format(shown=len(shown), count=len(front.row_index))}</p>'
