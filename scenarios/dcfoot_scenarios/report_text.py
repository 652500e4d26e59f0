"""A comparison as lines for a terminal: figures side by side, differences, what they hang on, notes."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from math import isfinite
from operator import attrgetter

from dcfoot.receipt.layout import Cell, Column, column_widths, display_width, table, wrap
from dcfoot.version import VERSION
from dcfoot_scenarios.compare import CERTAIN_RATIO, Comparison, Difference, Lever
from dcfoot_scenarios.document import notes_of
from dcfoot_scenarios.note_words import note_in
from dcfoot_scenarios.page_payoff import (
    abatement_between,
    after_years,
    break_even_lines,
    eased_lines,
    front_head,
    front_rows,
    optimum,
    payback_between,
    payoff_rows,
    size_rows,
    worth,
)
from dcfoot_scenarios.page_words import ENGLISH, WORDS, PageWords
from dcfoot_scenarios.words import Word, printed, words

WIDTH = 100
"""Where lines end [columns]"""

LABEL_WIDTH, UNIT_WIDTH = 31, 7
"""The least that names of figures and their units have, where there are many scenarios (a choice) [columns]"""


def lines_of(comparison: Comparison, lang: str = "en") -> Iterator[str]:
    """The comparison, in lines of at most `WIDTH` columns, in a language (``"en"``, ``"zh"``)."""
    said = WORDS[lang]
    title, asks = comparison.study.told(lang)
    yield title
    yield from wrap(asks, WIDTH, "  ", "  ")
    yield ""
    yield from figure_lines(comparison, said=said)
    if comparison.baseline.drawn:
        yield from wrap(said.table_is_central, WIDTH, "  ", "  ")
    for variant in comparison.variants:
        yield ""
        yield from variant_lines(comparison, variant, said=said)
    yield ""
    yield from _optimised(comparison, said)
    yield from _grids(comparison, said)
    yield from _notes(comparison, said)


def figure_lines(comparison: Comparison, wanted: Collection[str] = (), *, said: PageWords = ENGLISH) -> Iterator[str]:
    """Figures side by side: those that are wanted (``data/figures.csv``), else all that are not 0 everywhere.

    No number is cut: scenarios that do not fit beside the baseline follow in another table, beside it again.
    """
    figures = comparison.table()
    shown = [words()[name] for name in figures.columns if (name in wanted if wanted else figures[name].any())]
    for number, names in enumerate(_side_by_side(comparison, shown, said)):
        if number:
            yield ""
        rows = list(_rows(comparison, shown, names, said))
        columns = [Column(least=LABEL_WIDTH), Column(least=UNIT_WIDTH), *(Column(">") for _ in names)]
        yield from table(rows, columns, column_widths(rows, columns, WIDTH))


def _side_by_side(comparison: Comparison, shown: Sequence[Word], said: PageWords) -> Iterator[list[str]]:
    """The scenarios of each table: the baseline, and as many others as fit."""
    called = comparison.study.called
    widths = {
        name: max(
            display_width(text)
            for text in (called(name, said.lang), *(word.said(one.figures.get(word.name)) for word in shown))
        )
        for name, one in comparison.outcomes.items()
    }
    (first, wide), *others = widths.items()
    left = room = WIDTH - LABEL_WIDTH - UNIT_WIDTH - 2 - (wide + 2)
    names = [first]
    for name, width in others:
        if width + 2 > left and len(names) > 1:
            yield names
            names, left = [first], room
        names.append(name)
        left -= width + 2
    yield names


def _rows(comparison: Comparison, shown: Sequence[Word], names: Sequence[str], said: PageWords) -> Iterator[list[Cell]]:
    yield [Cell(""), Cell(""), *(Cell(comparison.study.called(name, said.lang)) for name in names)]
    for group, those in groupby(shown, key=attrgetter("group")):
        yield [Cell(said.groups[group]), Cell(""), *(Cell("") for _ in names)]
        yield from (_row(word, comparison, names, said) for word in those)


def _row(word: Word, comparison: Comparison, names: Sequence[str], said: PageWords) -> list[Cell]:
    values = [word.said(comparison.outcomes[name].figures.get(word.name)) for name in names]
    unit = _unit(word, comparison.study.currency, said)
    return [Cell(f"  {word.called(said.lang)}"), Cell(unit), *(Cell(value) for value in values)]


def _unit(word: Word, currency: str, said: PageWords) -> str:
    """A unit, in letters that every terminal has where they are English."""
    return word.unit_in(currency) if said is ENGLISH else word.printed_unit(currency, said.lang)


def variant_lines(
    comparison: Comparison, variant: str, most_count: int = 3, *, said: PageWords = ENGLISH
) -> Iterator[str]:
    """A variant beside the baseline: differences, on what they hang, whether it pays.

    Parameters
    ----------
    comparison : Comparison
        Of a study.
    variant : str
        One of its variants.
    most_count : int
        How many inputs are named on which a difference hangs.
    said : PageWords
        In which language.
    """
    yield said.beside.format(variant=comparison.study.called(variant, said.lang))
    yield from list(_beside(comparison, variant, most_count, said)) or [f"  {said.no_difference}"]


def _beside(comparison: Comparison, variant: str, most_count: int, said: PageWords) -> Iterator[str]:
    currency = comparison.study.currency
    for figure in comparison.telling:
        difference = comparison.difference(variant, figure)
        if difference is not None and comparison.differs(variant, figure):
            yield from wrap(said_difference(words()[figure], difference, currency, said), WIDTH, "    ", "  ")
            levers = comparison.levers(variant, figure, most_count) if most_count else ()
            for lever in levers:
                yield from wrap(said_lever(words()[figure], lever, currency, said), WIDTH, "        ", "      ")
            for line in break_even_lines(comparison, variant, said, most_count) if figure == "cost_per_year" else ():
                yield from wrap(line, WIDTH, "        ", "      ")
    lines = payoff_lines(comparison, variant) if said is ENGLISH else _payoff_rows(comparison, variant, said)
    for line in lines:
        yield from wrap(line, WIDTH, "    ", "  ")


def _payoff_rows(comparison: Comparison, variant: str, said: PageWords) -> Iterator[str]:
    """Whether a variant pays, by the names and figures of a page's table."""
    place = list(comparison.variants).index(variant)
    for name, unit, cells in payoff_rows(comparison, said):
        value, _, between = cells[place].partition("\n")
        if value != "-":
            yield f"{name}: {value} {printed(unit, said.lang)}".rstrip() + (
                f" ({said.interval}: {between})" * bool(between)
            )


def payoff_lines(comparison: Comparison, variant: str) -> Iterator[str]:
    """Whether a variant pays, in sentences."""
    found, currency = comparison.payoff(variant), comparison.study.currency
    gain = found.money
    if not found.is_of_the_same_work:
        yield f"Not held against the baseline as an investment: it does {found.work_ratio:.0%} of its work"
        return
    if gain is not None and (gain.extra_capex or gain.saving_per_year):
        invested, saved, worth = (
            f"{float(one) / 1e6:,.2f} M {currency}"
            for one in (gain.extra_capex, gain.saving_per_year, gain.net_present_value)
        )
        back = after_years(float(gain.payback_years), ENGLISH) + _between(payback_between(found, ENGLISH))
        pays, between = _verdict(comparison, variant)
        yield f"{pays}: {invested} more invested, {saved} saved a year; net present value {worth}{between}; back {back}"
        if isfinite(gain.abatement_cost_per_t):
            cost, abated = float(gain.abatement_cost_per_t), found.abated_t_per_year
            each = f"{cost:,.0f} {currency}{_between(abatement_between(found, ENGLISH))}"
            yield f"A tonne that is not emitted costs {each}, carbon unpriced; {abated:,.0f} t a year"
    if found.carbon_years is not None and found.made_t > 0:
        yield f"What making emits, {found.made_t:,.0f} t, is made up for {after_years(found.carbon_years, ENGLISH)}"


def _between(interval: str) -> str:
    return f" ({ENGLISH.interval}: {interval})" if interval else ""


def _verdict(comparison: Comparison, variant: str) -> tuple[str, str]:
    """Whether a variant pays, as far as the draws agree, and between what its present value lies."""
    value = worth(comparison, variant)
    if value.p5 is None or value.p95 is None or value.better_ratio is None:
        return "Pays" if value.value >= 0 else "Does not pay", ""
    low, high = (f"{end / 1e6:,.2f}" for end in (value.p5, value.p95))
    said = "" if low == high else f" (5 - 95 %: {low} to {high})"
    if value.better_ratio >= CERTAIN_RATIO:
        return "Pays", said
    if value.better_ratio <= 1 - CERTAIN_RATIO:
        return "Does not pay", said
    return f"Undecided, pays in {value.better_ratio:.0%} of the draws", said


def said_difference(word: Word, difference: Difference, currency: str, said: PageWords = ENGLISH) -> str:
    """A difference in a sentence."""
    sign = "+" if difference.value > 0 else ""
    told = f"{word.called(said.lang)}: {sign}{word.said(difference.value)} {_unit(word, currency, said)}".rstrip()
    if difference.p5 is None or difference.p95 is None or difference.better_ratio is None:
        return told
    low, high = word.said(difference.p5), word.said(difference.p95)
    between = "" if low == high else f", {said.interval}: {said.to.format(low=low, high=high)}"
    return f"{told}{between}; {_share(difference.better_ratio, said)}"


def _share(better_ratio: float, said: PageWords) -> str:
    """In how many draws it is better, or worse; and where that decides nothing."""
    if better_ratio <= 1 - CERTAIN_RATIO:
        return said.worse_in.format(share=1 - better_ratio)
    share = said.better_in.format(share=better_ratio)
    return share if better_ratio >= CERTAIN_RATIO else f"{said.undecided}: {share}"


def said_lever(word: Word, lever: Lever, currency: str, said: PageWords = ENGLISH) -> str:
    """On what a difference hangs, in a sentence."""
    name, unit = lever.called(said.lang), _unit(word, currency, said)
    between = said.to.format(low=word.said(lever.low), high=word.said(lever.high))
    told = f"{said.hangs_on_input.format(name=name)}: {between} {unit}".rstrip()
    if lever.switches_at_sd is None:
        return told
    return f"{told}; {said.switches.format(at=lever.switches_at_sd, amount=lever.switch_said(said.lang))}"


def _optimised(comparison: Comparison, said: PageWords) -> Iterator[str]:
    """The sizes that were found, what the limits cost, and the front."""
    found = comparison.optimised
    if found is None:
        return
    yield from wrap(f"{said.optimised}: {optimum(comparison, found, said)}", WIDTH, "  ", "")
    for name, amount in size_rows(found, said):
        yield f"  {name}: {amount}"
    for line in eased_lines(comparison, found, said):
        yield from wrap(line, WIDTH, "    ", "  ")
    if found.front or found.front_missing:
        yield front_head(comparison, found, said)
    for at, least in front_rows(comparison, found, said):
        yield from wrap(f"{at}: {least}", WIDTH, "      ", "  ")
    yield ""


def _grids(comparison: Comparison, said: PageWords) -> Iterator[str]:
    """Which factors are counted in: their family is the first thing that a reader must know."""
    grids = {name: outcome.case.grid[0] for name, outcome in comparison.outcomes.items()}
    first = next(iter(grids.values()))
    yield said.carbon_family.format(gas=first.gas, boundary=said.boundaries[first.boundary])
    for grid in dict.fromkeys(grids.values()):
        users = ", ".join(comparison.study.called(name, said.lang) for name, one in grids.items() if one is grid)
        yield from wrap(f"{grid.zone} ({users}): {grid.mean_g_per_kwh:.0f} g/kWh; {grid.source}", WIDTH, "    ", "  ")


def _notes(comparison: Comparison, said: PageWords) -> Iterator[str]:
    for note, names in notes_of(comparison).items():
        users, told = ", ".join(comparison.study.called(name, said.lang) for name in names), note_in(note, said.lang)
        yield from wrap(f"{users}: {told}" if users else told, WIDTH, "  ", "- ")
    study, draws = comparison.study, comparison.study.keys.uncertainty
    yield said.last_line.format(version=VERSION, hash=study.hash[:12], seed=draws.seed, draws=draws.draws)
