"""The receipt on a terminal: plain lines of a given width, coloured only where asked.

Words carry everything; colour only repeats them. No third-party library: this runs at the end of every ``dcfoot run``.
"""

# ruff: noqa: RUF001 - typographic signs and their ASCII stand-ins is meant.

import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dcfoot.receipt.contract import ReceiptJson
from dcfoot.receipt.layout import (
    BARS,
    Cell,
    Column,
    clip,
    column_widths,
    display_width,
    pad,
    paint,
    table,
    table_width,
    wrap,
)
from dcfoot.receipt.view import Figure, MeterLine, SourceLine, View, view
from dcfoot.receipt.words import Words

NARROWEST, WIDEST = 60, 110
"""Below the first a table cannot be read; beyond the second the eye loses the line [columns]."""

_INDENT = "  "
_NO_BREAK = "\N{NO-BREAK SPACE}"
"""Keeps an amount and its unit, or an interval, on one line; printed as a blank."""

_BAR_LEAST, _BAR_MOST = 8, 30
_MANY_METERS = 6
_COMMAND_LINES = 2
_MANY_FIGURES = 4

_ASCII = str.maketrans(f"{BARS}▒–×…³µ", ".:-=+*%#:-x~3u")

_FIGURES = (Column(least=14), Column(">"), Column(gap=1), Column(">", least=13), Column())
_BAR = Column()
_METERS = (Column(least=6), *(Column(">", least=8),) * 3, Column(">"), Column())


def render(receipt: ReceiptJson, *, width: int | None = None, colour: bool = False, lang: str = "en") -> str:
    """The receipt as text that ends in a newline.

    Parameters
    ----------
    receipt : ReceiptJson
        As `dcfoot.receipt.build.receipt` makes it, or read from a file.
    width : int or None
        Columns; None for the terminal's. Held between 60 and 110.
    colour : bool
        Whether to add ANSI colours.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    page = _Page(view(receipt, lang), max(NARROWEST, min(WIDEST, width or terminal_width())), colour)
    sections = (_head, _site, _figures, _equivalents, _meters, _power, _phases, _sources, _end)
    blocks = [lines for section in sections if (lines := list(section(page)))]
    return "\n\n".join("\n".join(lines) for lines in blocks) + "\n"


def terminal_width() -> int:
    """Columns of the terminal on stderr or stdout; 80 where there is none."""
    for descriptor in (2, 1):
        try:
            return os.get_terminal_size(descriptor).columns or 80
        except OSError:
            continue
    return 80


def encodable(text: str, encoding: str) -> str:
    """`text` for a stream of that encoding: in ASCII what it lacks, so that writing never raises."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    return text


class _Page(NamedTuple):
    view: View
    width: int
    colour: bool

    def paint(self, text: str, style: str) -> str:
        return paint(text, style, colour=self.colour)

    def title(self, text: str, beside: str = "") -> str:
        if not beside:
            return self.paint(text, "title")
        room = self.width - display_width(text)
        return self.paint(text, "title") + self.paint(clip(f"{self.view.words.colon}{beside}", room), "dim")

    def wrapped(self, text: str, style: str = "", first: str = _INDENT) -> Iterator[str]:
        """`text` below `first`, its other lines under its beginning."""
        for line in wrap(text, self.width, " " * display_width(first), first):
            yield self.paint(line.replace(_NO_BREAK, " "), style)


def _head(page: _Page) -> Iterator[str]:
    seen = page.view
    state_style = "measured" if seen.state_key == "complete" else "loud"
    name = clip(seen.name, page.width - display_width(seen.state) - 2)
    gap = pad("", page.width - display_width(name) - display_width(seen.state))
    yield page.paint(name, "bold") + gap + page.paint(seen.state, state_style)
    if seen.command:
        lines = wrap(seen.command, page.width, _INDENT, "$ ")
        yield from lines[: _COMMAND_LINES - 1]
        yield from (clip(line, page.width) for line in [" ".join(lines[_COMMAND_LINES - 1 :])] if line)
    yield from page.wrapped(seen.when, "dim", "")
    if seen.part_of:
        yield from page.wrapped(seen.part_of, "warning", "")


def _site(page: _Page) -> Iterator[str]:
    said = page.view.words
    if page.view.site_chosen:
        yield from page.wrapped(page.view.site, first=f"{said.site}{said.colon}")
        return
    for line in page.wrapped(said.no_site, first="!! "):
        yield page.paint(pad(line, page.width) if page.colour else line, "loud")
    yield from page.wrapped(said.no_site_remedy, first="   ")


def _figures(page: _Page) -> Iterator[str]:
    """The ladder and what follows from it, in one grid, so that every value stands under the one before."""
    seen, said = page.view, page.view.words
    groups = [seen.rungs, seen.carbon, seen.other]
    header = [Cell(""), Cell(""), Cell(""), Cell(said.interval, "dim"), Cell(said.basis, "dim")]
    rows = [header, *(_figure_row(figure) for group in groups for figure in group)]
    widths = column_widths(rows, _FIGURES, page.width - len(_INDENT))
    bar = page.width - len(_INDENT) - table_width(_FIGURES, widths) - _BAR.gap
    bars = ["", *(_bar(figure, min(bar, _BAR_MOST)) for group in groups for figure in group)]
    barred = [[*row, Cell(drawn, row[-1].style)] for row, drawn in zip(rows, bars, strict=True)]
    bar_width = max(map(display_width, bars))
    lines = iter(table(barred, (*_FIGURES, _BAR), [*widths, bar_width], colour=page.colour))
    yield page.title(said.energy, seen.ladder_basis)
    yield _INDENT + next(lines)
    for title, group in zip(("", said.carbon, said.water_and_more), groups, strict=True):
        if title and group:
            yield ""
            yield page.title(title, seen.carbon_method if title == said.carbon else "")
        yield from (_INDENT + next(lines) for _ in group)
        if not title:
            yield from _notes(page, group)
        if title == said.carbon and seen.two_boundaries:
            yield from page.wrapped(said.never_added, "dim")
    if seen.what_matters:
        yield from page.wrapped(seen.what_matters, "dim")


def _figure_row(figure: Figure) -> list[Cell]:
    if not figure.basis:
        return [Cell(figure.label), Cell(""), Cell(""), Cell(""), Cell(figure.value, "loud")]
    return [
        Cell(figure.label),
        Cell(figure.value, "bold"),
        Cell(figure.unit),
        Cell(figure.interval, "dim"),
        Cell(figure.basis, figure.basis_key),
    ]


def _bar(figure: Figure, room: int) -> str:
    """The value as a bar, the interval's upper end as its shade; nothing where there is no room for it."""
    if room < _BAR_LEAST or not figure.high_ratio:
        return ""
    solid, shade = round(figure.middle_ratio * room), round(figure.high_ratio * room)
    return "█" * solid + "▒" * (shade - solid)


def _notes(page: _Page, figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        if figure.note:
            yield from page.wrapped(f"{figure.label.removeprefix('+ ')}{page.view.words.colon}{figure.note}", "dim")


def _together(text: str) -> str:
    return text.replace(" ", _NO_BREAK)


def _equivalents(page: _Page) -> Iterator[str]:
    seen, said = page.view, page.view.words
    if not seen.equivalents:
        return
    yield page.title(said.equivalents)
    for like in seen.equivalents:
        interval = said.beside.format(f"{_together(like.interval)}{said.comma}{like.basis}")
        yield from page.wrapped(f"{like.amount} {like.label}{interval}")


def _meters(page: _Page) -> Iterator[str]:
    seen, said = page.view, page.view.words
    yield page.title(said.meters)
    meters = seen.meters if len(seen.meters) <= _MANY_METERS else seen.meter_groups
    if not meters:
        yield from page.wrapped(said.no_meters, "loud")
        return
    rows = [[Cell(heading, "dim") for heading in said.meters_columns], *map(_meter_row, meters)]
    widths = column_widths(rows, _METERS, page.width - len(_INDENT))
    yield from (_INDENT + line for line in table(rows, _METERS, widths, colour=page.colour))
    yield from page.wrapped(f"{said.read_by}{said.colon}{said.comma.join(_methods(meters))}", "dim")


def _meter_row(meter: MeterLine) -> list[Cell]:
    return [
        Cell(meter.label),
        Cell(meter.share, "bold"),
        Cell(meter.device),
        Cell(meter.power),
        Cell(meter.coverage),
        Cell(meter.basis, meter.basis_key),
    ]


def _methods(meters: Sequence[MeterLine]) -> list[str]:
    return list(dict.fromkeys(meter.method for meter in meters))


def _power(page: _Page) -> Iterator[str]:
    power, said = page.view.power, page.view.words
    if power is None:
        return
    yield page.title(said.power_by_time, power.of)
    yield _INDENT + page.paint(power.bars, "bar")
    yield from page.wrapped(power.scale, "dim")


def _phases(page: _Page) -> Iterator[str]:
    seen, said = page.view, page.view.words
    if not seen.phases:
        return
    yield page.title(said.phases, seen.ladder_basis)
    for phase in seen.phases:
        energies = map(_together, phase.energies)
        yield from page.wrapped(said.comma.join((f"{phase.path}{said.colon}{phase.duration}", *energies)))


def _sources(page: _Page) -> Iterator[str]:
    """One line a source, cut at the edge: the reports (Markdown, HTML, JSON) have them whole."""
    seen, said = page.view, page.view.words
    if seen.sources:
        yield page.title(said.sources, said.sources_whole.format(run=seen.run_id))
    groups: dict[str, list[SourceLine]] = {}
    for source in seen.sources:
        groups.setdefault(source.group or source.what, []).append(source)
    for name, group in groups.items():
        lines = group if len(group) < _MANY_FIGURES else [_folded(name, group, said)]
        for line in lines:
            yield page.paint(clip(_INDENT + _source(line, said), page.width), "dim")


def _source(line: SourceLine, said: Words) -> str:
    flag = f"[{line.flag}]" if line.flag else ""
    return f"{' '.join(filter(None, (line.what, line.value, flag)))}{said.colon}{line.source}"


def _folded(name: str, group: Sequence[SourceLine], said: Words) -> SourceLine:
    flags = [source.flag for source in group if source.flag]
    documents = dict.fromkeys(source.source.partition(",")[0].partition(":")[0] for source in group)
    return SourceLine(
        f"{name}{said.comma}{said.figures.format(count=len(group))}",
        "",
        "; ".join(documents),
        said.some_unverified.format(count=len(flags)) if flags else "",
    )


def _end(page: _Page) -> Iterator[str]:
    seen, said = page.view, page.view.words
    for warning in seen.warnings:
        yield from page.wrapped(warning, "warning", "! ")
    yield from page.wrapped(f"{said.overhead}{said.colon}{seen.overhead}", "dim", "")
    yield from page.wrapped(f"{said.next_step}{said.colon}{seen.next_step}", "bold", "")
