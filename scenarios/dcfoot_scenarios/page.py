"""A comparison as one HTML page that opens offline, in English or Chinese: figures, differences, pictures, evidence.

Its pictures need matplotlib, the extra ``report``.
"""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from operator import attrgetter

from dcfoot_scenarios.compare import CERTAIN_RATIO, Comparison, Difference, Lever
from dcfoot_scenarios.document import evidence_of, notes_of
from dcfoot_scenarios.note_words import note_in
from dcfoot_scenarios.page_parts import carbon_family, evidence_table, made_by, row, side_by_side, whole
from dcfoot_scenarios.page_payoff import (
    break_even_lines,
    eased_lines,
    front_head,
    front_rows,
    optimum,
    payoff_rows,
    size_rows,
)
from dcfoot_scenarios.page_words import WORDS, PageWords
from dcfoot_scenarios.pictures import pictures
from dcfoot_scenarios.words import Word, printed, words


def render(comparison: Comparison, lang: str = "en") -> str:
    """The comparison as a self-contained page.

    Parameters
    ----------
    comparison : Comparison
        Of a study.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    said = WORDS[lang]
    title, asks = comparison.study.told(lang)
    parts = (_figures, _differences, _payoffs, _optimised, _pictures, _notes, _evidence)
    body = (line for part in parts for line in part(comparison, said))
    return whole(title, asks, body, said)


def _figures(comparison: Comparison, said: PageWords) -> Iterator[str]:
    table = comparison.table()
    shown = [name for name in table.columns if table[name].any()]
    names, currency = _called(comparison, comparison.outcomes, said), comparison.study.currency
    if comparison.missing:
        missing = ", ".join(_called(comparison, comparison.missing, said))
        yield f"<p><strong>{escape(said.incomplete.format(names=missing))}</strong></p>"
    yield f'<h2>{said.figures}</h2>\n<div class="wide"><table>'
    yield row([said.scenario, *names], head=True)
    for group in dict.fromkeys(words()[name].group for name in shown):
        yield f'<tr class="group"><th colspan="{len(names) + 1}">{said.groups[group]}</th></tr>'
        for word in (words()[name] for name in shown if words()[name].group == group):
            yield row([word.called(said.lang), *_cells(word, comparison, said)], word.printed_unit(currency, said.lang))
    yield "</table></div>"
    if comparison.baseline.drawn:
        yield f'<p class="dim">{said.small_is_interval}</p>'
    yield f'<p class="dim">{said.never_added}</p>'


def _called(comparison: Comparison, names: Iterable[str], said: PageWords) -> list[str]:
    """Scenarios by what they are called in the page's language."""
    return [comparison.study.called(name, said.lang) for name in names]


def _cells(word: Word, comparison: Comparison, said: PageWords) -> Iterator[str]:
    for outcome in comparison.outcomes.values():
        interval = outcome.interval(word.name)
        value = word.said(outcome.figures.get(word.name))
        if interval is None or word.said(interval[0]) == word.said(interval[1]):
            yield value
        else:
            yield f"{value}\n{_between(word, *interval, said)}"


def _between(word: Word, low: float | None, high: float | None, said: PageWords) -> str:
    return said.to.format(low=word.said(low), high=word.said(high))


def _differences(comparison: Comparison, said: PageWords) -> Iterator[str]:
    if not comparison.telling:
        return
    yield f"<h2>{said.differences}</h2>"
    if comparison.baseline.drawn:
        yield f'<p class="dim">{said.hangs_at}</p>'
    for variant in comparison.variants:
        yield f"<h3>{escape(comparison.study.called(variant, said.lang))}</h3>\n<ul>"
        found = {figure: comparison.difference(variant, figure) for figure in comparison.telling}
        lines = [
            _difference(comparison, variant, figure, difference, said)
            for figure, difference in found.items()
            if difference is not None and comparison.differs(variant, figure)
        ]
        yield from (f"<li>{line}</li>" for line in lines or [said.no_difference])
        yield "</ul>"


def _difference(comparison: Comparison, variant: str, figure: str, difference: Difference, said: PageWords) -> str:
    word = words()[figure]
    unit = word.printed_unit(comparison.study.currency, said.lang)
    sign = "+" if difference.value > 0 else ""
    parts = [f"{escape(word.called(said.lang))}: <strong>{sign}{word.said(difference.value)} {unit}</strong>"]
    if difference.better_ratio is not None:
        if word.said(difference.p5) != word.said(difference.p95):
            parts.append(f"{said.interval}: {_between(word, difference.p5, difference.p95, said)}")
        parts.append(_share(difference.better_ratio, said))
    hung = "; ".join(_lever(lever, word, said) for lever in comparison.levers(variant, figure, 3))
    lines = [f"{said.hangs_on}: {hung}"] if hung else []
    if figure == "cost_per_year":
        lines += [escape(line) for line in break_even_lines(comparison, variant, said)]
    return "; ".join(parts) + "".join(f'<br><span class="dim">{line}</span>' for line in lines)


def _payoffs(comparison: Comparison, said: PageWords) -> Iterator[str]:
    rows = list(payoff_rows(comparison, said)) if comparison.variants else []
    if not rows:
        return
    yield f'<h2>{said.pays}</h2>\n<div class="wide"><table id="payoff">'
    yield row([said.scenario, *_called(comparison, comparison.variants, said)], head=True)
    yield from (row([name, *cells], printed(unit, said.lang)) for name, unit, cells in rows)
    yield "</table></div>"


def _optimised(comparison: Comparison, said: PageWords) -> Iterator[str]:
    found = comparison.optimised
    if found is None:
        return
    yield f"<h2>{said.optimised}</h2>\n<p>{escape(optimum(comparison, found, said))}</p>"
    yield '<table class="narrow" id="sizes">'
    yield from (row([name, amount]) for name, amount in size_rows(found, said))
    yield "</table>"
    yield from (f"<p>{escape(line)}</p>" for line in eased_lines(comparison, found, said))
    if found.front or found.front_missing:
        yield f'<h3>{escape(front_head(comparison, found, said))}</h3>\n<table class="narrow">'
        yield from (row([at, least]) for at, least in front_rows(comparison, found, said))
        yield "</table>"


def _share(better_ratio: float, said: PageWords) -> str:
    """In how many draws it is better, or worse; and where that decides nothing."""
    if better_ratio <= 1 - CERTAIN_RATIO:
        return said.worse_in.format(share=1 - better_ratio)
    share = said.better_in.format(share=better_ratio)
    return share if better_ratio >= CERTAIN_RATIO else f"{share}; <strong>{said.undecided}</strong>"


def _lever(lever: Lever, word: Word, said: PageWords) -> str:
    parts = [_between(word, lever.low, lever.high, said)]
    if lever.switches_at_sd is not None:
        parts.append(said.switches.format(at=lever.switches_at_sd, amount=lever.switch_said(said.lang)))
    name = escape(lever.called(said.lang))
    return f'<span title="{escape(lever.name)}">{name}</span> ({"; ".join(parts)})'


def _pictures(comparison: Comparison, said: PageWords) -> Iterator[str]:
    yield f"<h2>{said.pictures}</h2>"
    for scenario, those in groupby(pictures(comparison, said), key=attrgetter("scenario")):
        yield f"<h3>{escape(comparison.study.called(scenario, said.lang))}</h3>" if scenario else ""
        yield from side_by_side(those)


def _notes(comparison: Comparison, said: PageWords) -> Iterator[str]:
    study, uncertainty = comparison.study, comparison.study.keys.uncertainty
    family = carbon_family(comparison.baseline, said)
    yield f"<h2>{said.notes}</h2>\n<ul>"
    for note, names in {family: list[str](), **notes_of(comparison)}.items():
        about = f"<strong>{escape(', '.join(_called(comparison, names, said)))}</strong>: " if names else ""
        yield f"<li>{about}{escape(note_in(note, said.lang))}</li>"
    yield "</ul>"
    yield made_by(said.made_by, hash=study.hash[:12], seed=uncertainty.seed, draws=uncertainty.draws)


def _evidence(comparison: Comparison, said: PageWords) -> Iterator[str]:
    yield from evidence_table(evidence_of(comparison), said)
