"""What a sweep tells, in lines for a terminal and as plain values: best points, or what the variance comes from.

In comes a `Swept`, out go lines and a document. Only the columns that are looked at are read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from dcfoot.receipt.layout import Cell, Column, column_widths, table
from dcfoot_scenarios.compare import LOOKED_INTO
from dcfoot_scenarios.input_words import value_called
from dcfoot_scenarios.page_words import WORDS, PageWords
from dcfoot_scenarios.report_text import WIDTH
from dcfoot_scenarios.sweep.indices import Indices, indices_of
from dcfoot_scenarios.sweep.keys import Choice
from dcfoot_scenarios.sweep.run import Swept
from dcfoot_scenarios.words import words

LOOKED_AT = (*LOOKED_INTO, "cfe_contracted_ratio", "peak_import_mw", "curtailed_mwh")
"""Figures that are told where none is named."""

Json = dict[str, Any]


def figures_told(swept: Swept) -> list[str]:
    """Figures that are wanted and better one way than the other, in the order in which they are wanted."""
    wanted = swept.job.sweep.figures or LOOKED_AT
    return [name for name in wanted if name in swept.job.figures and words()[name].better != "none"]


def best_points(swept: Swept) -> dict[str, tuple[float, Mapping[str, Choice]]]:
    """By figure: its best value, and the first point that has it.

    None of figures that do not vary, nor of those whose best is nothing: no surplus is had by building no plant.
    """
    keys, names = list(swept.job.sweep.over), figures_told(swept)
    found = swept.frame([*keys, *names])
    best: dict[str, tuple[float, Mapping[str, Choice]]] = {}
    for name in names:
        values = found[name].to_numpy()
        if np.isnan(values).all() or not np.nanmax(values) > np.nanmin(values):
            continue
        row = int(np.nanargmin(values) if words()[name].better == "lower" else np.nanargmax(values))
        if values[row]:
            best[name] = float(values[row]), {key: found[key].iloc[row] for key in keys}
    return best


def sensitivities(swept: Swept) -> dict[str, Indices]:
    """By figure: Sobol's indices of the keys; none without all samples, and of figures that do not vary."""
    if swept.job.sweep.samples is None or swept.is_interrupted:
        return {}
    found = swept.frame(figures_told(swept))
    shape = (swept.job.sweep.samples, len(swept.job.sweep.over) + 2)
    return {str(name): indices_of(values.to_numpy().reshape(shape)) for name, values in found.items() if np.ptp(values)}


def lines_of_sweep(swept: Swept, lang: str = "en") -> Iterator[str]:
    """What a sweep tells, in a language (``"en"``, ``"zh"``)."""
    said = WORDS[lang]
    over = swept.job.sweep
    yield ""
    of = swept.study.called(over.scenario, lang)
    yield said.sweep.format(of=of, points=swept.points_count, keys=", ".join(over.over))
    rows = _sensitivity_rows(swept, said) if over.samples is not None else _best_rows(swept, said)
    if len(rows) == 1:
        yield f"  {said.sweep_is_partial}"
        return
    columns = [Column(least=24), *(Column(">", 8) for _ in rows[0][1:])]
    yield from table(rows, columns, column_widths(rows, columns, WIDTH))


def _best_rows(swept: Swept, said: PageWords) -> list[list[Cell]]:
    keys, currency = list(swept.job.sweep.over), swept.study.currency
    rows = [[Cell(said.best), Cell(""), Cell(""), *(Cell(key) for key in keys)]]
    for name, (value, point) in best_points(swept).items():
        word = words()[name]
        at = [Cell(value_told(key, one, said.lang)) for key, one in point.items()]
        rows.append(
            [
                Cell(f"  {word.called(said.lang)}"),
                Cell(word.said(value)),
                Cell(word.printed_unit(currency, said.lang)),
                *at,
            ]
        )
    return rows


def _sensitivity_rows(swept: Swept, said: PageWords) -> list[list[Cell]]:
    head = (said.of_variance, said.alone, said.interval, said.with_others, said.interval)
    rows = [[Cell(text) for text in head]]
    for name, one in sensitivities(swept).items():
        rows.append([Cell(words()[name].called(said.lang)), *(Cell("") for _ in head[1:])])
        for number, key in enumerate(swept.job.sweep.over):
            rows.append([Cell(f"  {key}"), *map(Cell, index_cells(one, number, said))])
    return rows


def value_told(key: str, value: Choice, lang: str) -> str:
    """A key's value, for people.

    Parameters
    ----------
    key : str
        Of the scenario.
    value : Choice
        Which it takes.
    lang : str
        ``"en"`` or ``"zh"``.
    """
    return f"{value:,.4g}" if isinstance(value, int | float) else value_called(key, str(value), lang)


def index_cells(one: Indices, number: int, said: PageWords) -> list[str]:
    """The indices of a key: alone and between what, with others and between what.

    Parameters
    ----------
    one : Indices
        Of a figure.
    number : int
        Of the key.
    said : PageWords
        In whose words.
    """
    alone, alone_p5, alone_p95, total, total_p5, total_p95 = (column[number] for column in one)
    return [_share(alone), _between(alone_p5, alone_p95, said), _share(total), _between(total_p5, total_p95, said)]


def _share(value: float) -> str:
    """A share of the variance: what sampling takes beyond none or all of it is told as that."""
    return f"{min(max(float(value), 0.0), 1.0):.2f}"


def _between(low: float, high: float, said: PageWords) -> str:
    return said.to.format(low=_share(low), high=_share(high))


def document_of_sweep(swept: Swept) -> Json:
    """The same as plain values."""
    keys = list(swept.job.sweep.over)
    return {
        "scenario": swept.job.sweep.scenario,
        "folder": None if swept.folder is None else str(swept.folder),
        "points": swept.points_count,
        "points_wanted": swept.job.sweep.points_count,
        "best": {name: {"value": value, "at": _plain(at)} for name, (value, at) in best_points(swept).items()},
        "sensitivity": {
            name: {key: _of_key(one, number) for number, key in enumerate(keys)}
            for name, one in sensitivities(swept).items()
        },
    }


def _of_key(one: Indices, number: int) -> Json:
    return {name: float(column[number]) for name, column in one._asdict().items()}


def _plain(point: Mapping[str, Choice]) -> Json:
    return {key: value.item() if isinstance(value, np.generic) else value for key, value in point.items()}
