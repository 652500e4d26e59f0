"""A sweep in pictures: its front, what the variance comes from, and a grid of one or two keys as a line or a map.

matplotlib is the extra ``report``: who imports this module must have it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcfoot_scenarios.input_words import key_called
from dcfoot_scenarios.page_words import PageWords
from dcfoot_scenarios.pictures import COLOURS, Axes, Picture, axis, drawn, legend_above, plain_numbers
from dcfoot_scenarios.sweep.front import Front
from dcfoot_scenarios.sweep.indices import Indices
from dcfoot_scenarios.sweep.report import best_points, value_told
from dcfoot_scenarios.sweep.run import Swept
from dcfoot_scenarios.words import words

Column = NDArray[np.float64]

CELLS = 400, 200
"""Into how many cells a picture is cut; of the points in a cell one is drawn, as more would not be seen (a choice)."""

MOST_DOTS = 100
"""Of a front, beside which its line alone is seen (a choice)."""

MOST_TICKS = 8
"""Of a map's side, so that no two labels meet (a choice)."""


def sweep_pictures(
    swept: Swept, indices: Mapping[str, Indices], front: Front | None, said: PageWords
) -> Iterator[Picture]:
    """All that have something to show.

    Parameters
    ----------
    swept : Swept
        All of its points, or as far as they came.
    indices : mapping of str to Indices
        By figure, where they are known.
    front : Front or None
        Two figures against each other.
    said : PageWords
        In whose words.
    """
    if front is not None:
        draw = partial(_front, front=front, currency=swept.study.currency, said=said)
        yield Picture("", "front-picture", said.front_points, drawn(draw))
    keys = [key_called(key, said.lang) for key in swept.job.sweep.over]
    for name, one in indices.items():
        caption = f"{words()[name].called(said.lang)}: {said.of_variance}"
        draw = partial(_bars, one=one, keys=keys, said=said)
        yield Picture("", f"variance-{name}", caption, drawn(draw, 2 * len(keys) + 1))
    yield from _grid(swept, keys, said)


def _grid(swept: Swept, keys: list[str], said: PageWords) -> Iterator[Picture]:
    """A grid of one key as a line, of two as a map, each figure by itself."""
    over = swept.job.sweep.over
    if swept.job.sweep.samples is not None or swept.is_interrupted or len(over) > 2:
        return
    names = list(best_points(swept))
    found = swept.frame([*over, *names])
    for name in names:
        label = axis(name, swept.study.currency, said)
        values = found[name].to_numpy() * words()[name].times
        sides = [_side(found[key], said) for key in over]
        if len(sides) == 1:
            draw = partial(_line, side=sides[0], values=values, labels=(keys[0], label))
        else:
            draw = partial(_map, sides=sides, values=values, labels=(keys[0], keys[1], label))
        yield Picture("", f"grid-{name}", words()[name].called(said.lang), drawn(draw))


def _front(axes: Axes, front: Front, currency: str, said: PageWords) -> None:
    x, y = (front.table[name].to_numpy() * words()[name].times for name in (front.x, front.y))
    one_each = _apart(x, y)
    axes.plot(x[one_each], y[one_each], ".", color="#BBBBBB", label=said.points, rasterized=True)
    look = "o-" if len(front.row_index) <= MOST_DOTS else "-"
    axes.plot(x[front.row_index], y[front.row_index], look, color=COLOURS[2], label=said.front_line, markersize=4)
    axes.set(xlabel=axis(front.x, currency, said), ylabel=axis(front.y, currency, said))
    legend_above(axes, 2)
    plain_numbers(axes)


def _apart(x: Column, y: Column) -> NDArray[np.int64]:
    """The numbers of points that can be told apart in a picture: a million of them would not be drawn in an hour."""
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    cells = [_cells(values[known], count) for values, count in zip((x, y), CELLS, strict=True)]
    return known[np.unique(cells[0] * CELLS[1] + cells[1], return_index=True)[1]]


def _cells(values: Column, count: int) -> NDArray[np.int64]:
    low, wide = values.min(), max(float(np.ptp(values)), 1e-300)
    cells: NDArray[np.int64] = np.minimum((values - low) / wide * count, count - 1).astype(np.int64)
    return cells


def _bars(axes: Axes, one: Indices, keys: list[str], said: PageWords) -> None:
    """Two bars a key: by itself, and with all that it acts together with."""
    places = np.arange(len(keys))[::-1]
    halves = (
        (said.alone, one.first_order_ratio, one.first_order_p5, one.first_order_p95, 0.2, COLOURS[0]),
        (said.with_others, one.total_ratio, one.total_p5, one.total_p95, -0.2, COLOURS[4]),
    )
    for label, middle, low, high, aside, colour in halves:
        within = np.clip(middle, 0, 1)
        ends = np.maximum([within - np.clip(low, 0, 1), np.clip(high, 0, 1) - within], 0)
        axes.barh(places + aside, within, 0.36, xerr=ends, label=label, color=colour, ecolor="#555555")
    axes.set_yticks(places, keys)
    axes.set(xlim=(0, 1.02), xlabel=said.of_variance)
    legend_above(axes, 2)


def _side(column: pd.Series, said: PageWords) -> list[str]:
    """The values of a key, each once, as they are told."""
    return [value_told(str(column.name), value, said.lang) for value in dict.fromkeys(column.tolist())]


def _line(axes: Axes, side: list[str], values: Column, labels: tuple[str, str]) -> None:
    axes.plot(values, "o", color=COLOURS[0])
    _ticks(axes.set_xticks, side)
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.margins(0.1)
    plain_numbers(axes, "y")


def _map(axes: Axes, sides: list[list[str]], values: Column, labels: tuple[str, str, str]) -> None:
    """The first key upwards, the second to the right: the last of a sweep's keys is the fastest."""
    image = axes.imshow(values.reshape([len(side) for side in sides]), aspect="auto", origin="lower", cmap="viridis")
    plain_numbers(axes.figure.colorbar(image, ax=axes, label=labels[2]).ax, "y")
    for side, place in zip(sides, (axes.set_yticks, axes.set_xticks), strict=True):
        _ticks(place, side)
    axes.set(xlabel=labels[1], ylabel=labels[0])


def _ticks(place: Callable[[Sequence[int], Sequence[str]], object], side: list[str]) -> None:
    step = -(-len(side) // MOST_TICKS)
    shown = range(0, len(side), step)
    place(shown, [side[number] for number in shown])
