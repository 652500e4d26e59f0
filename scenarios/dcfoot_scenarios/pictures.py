"""A comparison in pictures: duration curves, weeks, heat maps, flows, fronts, what a decision hangs on.

In comes a `Comparison` and a language, out go matplotlib figures by name. matplotlib is the extra ``report``: who
imports this module must have it.
"""

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType]
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from dcfoot_scenarios.compare import Comparison, against
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.flows import energy_links, water_links
from dcfoot_scenarios.page_words import PageWords
from dcfoot_scenarios.sankey import BOX, Link, Ribbon, lay_out
from dcfoot_scenarios.words import words

WIDE_IN, HIGH_IN = 7.0, 3.0
"""Of a picture, two of which stand side by side on a wide page [in]"""

BAR_IN = 0.36
"""How high an input's bar is, with its gap (a choice) [in]"""

AROUND_BARS_IN = 0.8
"""What an axis and its words take below bars (a choice) [in]"""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Told apart by everybody (Okabe and Ito 2008, Color Universal Design)."""

STYLE: Any = {
    "svg.fonttype": "none",  # the reader's own fonts, which have Chinese
    "svg.hashsalt": "dcfoot",  # the same picture for the same study
    "font.sans-serif": ["DejaVu Sans", "WenQuanYi Micro Hei", "Noto Sans CJK SC", "Droid Sans Fallback"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

BEHIND_TEXT: Any = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 0.8}
"""Behind words that stand on a band, so that no edge strikes them through."""

Axes = Any
"""matplotlib's axes, whose own types are partly unknown."""

WEEK_H = 168
WINTER_H, SUMMER_H = 14 * 24, 195 * 24
"""The third week of January, and one of July, since the start of the year [h]"""

Named = Iterator[tuple[str, str, Figure]]
"""Name, caption, figure."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture of a page.

    Parameters
    ----------
    scenario : str
        Of which it is; empty: of the comparison.
    name, caption : str
        What it is called, and what it shows.
    figure : Figure
        The picture.
    """

    scenario: str
    name: str
    caption: str
    figure: Figure


def pictures(comparison: Comparison, said: PageWords) -> Iterator[Picture]:
    """All pictures of a comparison that have something to show: of the whole, then of each scenario."""
    yield Picture("", "duration", said.duration, drawn(partial(_duration, comparison=comparison, said=said)))
    if len(comparison.telling) > 1 and len(comparison.outcomes) > 2:
        yield Picture("", "front", said.front, drawn(partial(_front, comparison=comparison, said=said)))
    all_pues = [outcome.year.pue for outcome in comparison.outcomes.values()]
    pues = min(map(np.min, all_pues)), max(map(np.max, all_pues))  # one scale of colours, so that maps compare
    for name, outcome in comparison.outcomes.items():
        for kind, caption, figure in (*_hung(comparison, name, said), *_of_one(outcome, said, pues)):
            yield Picture(name, f"{kind}-{name}", caption, figure)


def _hung(comparison: Comparison, variant: str, said: PageWords) -> Named:
    """On what the differences of a variant hang."""
    if variant not in comparison.variants:
        return
    for figure in comparison.telling:
        levers = comparison.levers(variant, figure)
        if levers:
            draw = partial(_tornado, comparison=comparison, variant=variant, figure=figure, said=said)
            caption = f"{words()[figure].called(said.lang)}: {said.tornado}"
            yield f"tornado-{figure}", caption, drawn(draw, len(levers))


def _of_one(outcome: Outcome, said: PageWords, pues: tuple[float, float]) -> Named:
    """Those of one scenario; its PUE between the lowest and the highest of all."""
    if outcome.figures["clean_mwh"] or outcome.figures["discharge_mwh"]:
        yield "weeks", said.weeks, _weeks(outcome, said)
    yield "pue", said.heat_map, drawn(partial(_heat_map, outcome=outcome, said=said, pues=pues))
    yield "energy", said.energy_flow, drawn(partial(_sankey, links=energy_links(outcome, said), unit="GWh"))
    water = water_links(outcome, said)
    if water:
        yield "water", said.water_flow, drawn(partial(_sankey, links=water, unit="m³"))


def _figure(high_in: float) -> Figure:
    figure = Figure(figsize=(WIDE_IN, high_in), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def drawn(draw: Callable[[Axes], None], bars_count: int | None = None) -> Figure:
    """A picture of one pair of axes, in the house's style.

    Parameters
    ----------
    draw : callable
        Draws on them.
    bars_count : int or None
        How many bars lie in it, by which it is high; None: it is as high as others [-]
    """
    with rc_context(STYLE):
        figure = _figure(HIGH_IN if bars_count is None else AROUND_BARS_IN + BAR_IN * bars_count)
        draw(figure.subplots(1, 1))
        return figure


def _duration(axes: Axes, comparison: Comparison, said: PageWords) -> None:
    for colour, (name, outcome) in zip(COLOURS * 9, comparison.outcomes.items(), strict=False):
        sorted_mw = np.sort(outcome.year.flows.import_mw)[::-1]
        axes.plot(np.arange(len(sorted_mw)), sorted_mw, label=comparison.study.called(name, said.lang), color=colour)
    axes.set(xlabel=said.hours_of_year, ylabel=f"{said.from_grid} [MW]", xlim=(0, None), ylim=(0, None))
    legend_above(axes, 3)


def legend_above(axes: Axes, columns_count: int) -> None:
    """What the lines are, above them all: on them it would hide some.

    Parameters
    ----------
    axes : matplotlib's axes
        On which they are.
    columns_count : int
        How many names stand in a row [-]
    """
    handles, labels = axes.get_legend_handles_labels()
    axes.figure.legend(handles, labels, loc="outside upper left", ncols=columns_count, frameon=False)


def plain_numbers(axes: Axes, directions: str = "xy") -> None:
    """Ticks as tables write numbers: 250,000.

    Parameters
    ----------
    axes : matplotlib's axes
        Whose ticks they are.
    directions : str
        ``"x"``, ``"y"``, or both.
    """
    for direction in directions:
        getattr(axes, f"{direction}axis").set_major_formatter(_tick)


def _tick(value: float, _place: int) -> str:
    return f"{value:,.6g}"


def _weeks(outcome: Outcome, said: PageWords) -> Figure:
    with rc_context(STYLE):
        figure = _figure(1.6 * HIGH_IN)
        upper, lower = figure.subplots(2, 1)
        _week(upper, outcome, slice(WINTER_H, WINTER_H + WEEK_H), said)
        _week(lower, outcome, slice(SUMMER_H, SUMMER_H + WEEK_H), said)
        legend_above(upper, 5)
        return figure


def _week(axes: Axes, outcome: Outcome, hours: slice, said: PageWords) -> None:
    flows = outcome.year.flows
    parts = (flows.clean_at_once_mw, flows.discharge_mw, flows.import_mw)
    days = np.arange(WEEK_H) / 24
    labels = (said.clean, said.battery, said.from_grid)
    axes.stackplot(days, *(part[hours] for part in parts), labels=labels, colors=("#009E73", "#56B4E9", "#BBBBBB"))
    axes.plot(days, flows.load_mw[hours], color="black", lw=1, label=said.load)
    axes.plot(days, flows.clean_mw[hours], color="#E69F00", lw=1, label=said.generation)
    day = str(outcome.case.place.calendar.standard_times[hours.start])[5:10]
    axes.set(ylabel="MW", xlim=(0, 7), xlabel=f"{said.days_from} {day}")


def _heat_map(axes: Axes, outcome: Outcome, said: PageWords, pues: tuple[float, float]) -> None:
    hours = outcome.year.pue
    days = len(hours) // 24
    by_day = hours[: days * 24].reshape(days, 24).T
    image = axes.imshow(by_day, aspect="auto", origin="lower", cmap="YlOrRd", vmin=pues[0], vmax=pues[1])
    axes.figure.colorbar(image, ax=axes, label="PUE")
    axes.set(xlabel=said.day_of_year, ylabel=said.hour_of_day, yticks=[0, 6, 12, 18, 23])
    axes.set_title(said.to.format(low=f"{hours.min():.2f}", high=f"{hours.max():.2f}"), loc="left")


def _sankey(axes: Axes, links: Sequence[Link], unit: str) -> None:
    boxes, ribbons = lay_out(links)
    names = list(dict.fromkeys(box.name for box in boxes))
    colours = dict(zip(names, COLOURS * 9, strict=False))
    for ribbon in ribbons:
        axes.add_patch(_ribbon(ribbon, colours[ribbon.link.source]))
    for box in boxes:
        axes.add_patch(Rectangle((box.left, box.bottom), BOX, box.height, color=colours[box.name]))
        last = box.left > 0.5
        x = box.left - 0.005 if last else box.left + BOX + 0.005
        text = f"{box.name} {_amount(box.amount)} {unit}"
        place = {"ha": "right" if last else "left", "va": "center"}
        axes.text(x, box.bottom + box.height / 2, text, **place, fontsize=8, bbox=BEHIND_TEXT)
    axes.set(xlim=(-0.01, 1.01), ylim=(min(box.bottom for box in boxes) - 0.03, 1.03))
    axes.axis("off")


def _amount(value: float) -> str:
    """Four digits, and never a power of ten."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _ribbon(ribbon: Ribbon, colour: str) -> PathPatch:
    (x0, y0), (x1, y1), height = ribbon.start, ribbon.end, ribbon.height
    middle = (x0 + x1) / 2
    points = [(x0, y0), (middle, y0), (middle, y1), (x1, y1)]
    back = [(x1, y1 + height), (middle, y1 + height), (middle, y0 + height), (x0, y0 + height)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3]
    return PathPatch(Path([*points, *back], codes), color=colour, alpha=0.45, lw=0)


def _front(axes: Axes, comparison: Comparison, said: PageWords) -> None:
    x, y = against(comparison.telling)
    best = set(comparison.front([x, y]))
    outcomes = sorted(comparison.outcomes.items(), key=lambda one: one[1].figures[x])
    for number, (name, outcome) in enumerate(outcomes):
        at = outcome.figures[x] * words()[x].times, outcome.figures[y] * words()[y].times
        axes.plot(*at, "o" if name in best else "x", color=COLOURS[2] if name in best else COLOURS[5])
        axes.annotate(
            comparison.study.called(name, said.lang), at, textcoords="offset points", xytext=(5, (4, -11)[number % 2])
        )
    axes.set(xlabel=axis(x, comparison.study.currency, said), ylabel=axis(y, comparison.study.currency, said))
    axes.margins(0.15)
    plain_numbers(axes)


def axis(figure: str, currency: str, said: PageWords) -> str:
    """What stands at the axis of a figure: its name and its unit.

    Parameters
    ----------
    figure : str
        A key of `dcfoot_scenarios.words.words`.
    currency : str
        Of the study.
    said : PageWords
        The page's words.
    """
    word = words()[figure]
    unit = word.printed_unit(currency, said.lang)
    return f"{word.called(said.lang)} [{unit}]" if unit else word.called(said.lang)


def _tornado(axes: Axes, comparison: Comparison, variant: str, figure: str, said: PageWords) -> None:
    word, centre = words()[figure], comparison.difference(variant, figure)
    levers = list(reversed(comparison.levers(variant, figure)))
    middle = centre.value * word.times if centre else 0.0
    for place, lever in enumerate(levers):
        for end, colour in ((lever.low, COLOURS[0]), (lever.high, COLOURS[5])):
            axes.barh(place, end * word.times - middle, left=middle, color=colour, height=0.6)
    axes.set_yticks(range(len(levers)), [lever.called(said.lang) for lever in levers])
    axes.axvline(middle, color="black", lw=0.8)
    if axes.get_xlim()[0] < 0 < axes.get_xlim()[1]:
        axes.axvline(0, color="black", lw=0.8, ls=":")
    axes.locator_params(axis="x", nbins=6)
    plain_numbers(axes, "x")
    axes.set(xlabel=f"{said.difference}: {axis(figure, comparison.study.currency, said)}")


def as_svg(figure: Figure) -> str:
    """A figure as SVG that stands in a page: without an XML head, and with a width that may shrink."""
    buffer = io.StringIO()
    with rc_context(STYLE), warnings.catch_warnings():
        # Text stays text, and the reader's own fonts have what this machine's lack.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        canvas: Any = figure
        canvas.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
