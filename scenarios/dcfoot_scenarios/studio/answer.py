"""A study's figures and what its charts show, as plain values: keys in, JSON out, nothing kept.

The page sends the study that it shows: a baseline and one variant, in the form of a study file. So a study that is
downloaded is the one that was answered.
"""

import io
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from dcfoot.errors import DcfootError
from dcfoot_scenarios.compare import Comparison, compare
from dcfoot_scenarios.document import Json, figures_of, notes_of
from dcfoot_scenarios.evaluate import Outcome, evaluate
from dcfoot_scenarios.note_words import note_in
from dcfoot_scenarios.page_words import WORDS
from dcfoot_scenarios.scenario import Keys
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.words import words

WEEK_H = 168

MOST_DRAWS = 100
"""More would keep the page waiting for seconds, as a solver would; `dcfoot plan` takes what is wanted (a choice)."""

POINTS = 219
"""Of a duration curve: one every 40 hours, finer than a pixel of its chart (a choice)."""


def answer(keys: Keys, week: int = 0) -> Json:
    """What the page shows of a study.

    Parameters
    ----------
    keys : dict
        Of the study, as in a file.
    week : int
        Which week of the year its chart shows: 0 is the first.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        Something that it names is not known or cannot be read; a `FaultyStudy` names each key.
    """
    comparison, no_cost = _compared(_quick(Study.of(keys)))
    study = comparison.study
    grid, _ = comparison.baseline.case.grid
    return {
        "scenarios": {name: _scenario(outcome, week) for name, outcome in comparison.outcomes.items()},
        "differences": {name: _differences(comparison, name) for name in comparison.variants},
        "currency": study.currency,
        "family": {"gas": str(grid.gas), "boundary": str(grid.boundary)},
        "no_cost": no_cost,
        "notes": [
            {**{lang: note_in(note, lang) for lang in WORDS}, "of": of} for note, of in notes_of(comparison).items()
        ],
    }


def prepare(study: Study) -> None:
    """Reckons sun and wind of a study's places ahead, so that their first answer is as fast as the others."""
    for scenario in study.scenarios.values():
        with suppress(DcfootError):  # a place without sun: told when it is asked for
            evaluate(scenario.with_(supply={"solar_mw": 1.0, "wind_mw": 1.0}))


def as_yaml(keys: Keys) -> str:
    """The study as a file that `dcfoot plan` takes.

    Raises
    ------
    StudyError
        It is none.
    """
    Study.of(keys)
    buffer = io.StringIO()
    writer: Any = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    writer.allow_unicode = True
    writer.dump(keys, buffer)
    return buffer.getvalue()


def _compared(study: Study) -> tuple[Comparison, str]:
    """A study compared, without its cost where a price is not known; and why."""
    try:
        return compare(study), ""
    except DcfootError as fault:
        if study.keys.money is None:
            raise
        without = replace(study, keys=study.keys.model_copy(update={"money": None}))
        return compare(without), str(fault)


def _quick(study: Study) -> Study:
    """The study with no more draws than a page can wait for."""
    asked = study.keys.uncertainty
    fewer = asked.model_copy(update={"draws": min(asked.draws, MOST_DRAWS)})
    return replace(study, keys=study.keys.model_copy(update={"uncertainty": fewer, "optimise": None}))


def _scenario(outcome: Outcome, week: int) -> Json:
    return {"figures": dict(figures_of(outcome)), "duration_mw": _duration_mw(outcome), "week": _week(outcome, week)}


def _duration_mw(outcome: Outcome) -> list[float]:
    """The draw from the grid, the highest hour first, at even steps of the year."""
    sorted_mw = np.sort(outcome.year.flows.import_mw)[::-1]
    return _plain(sorted_mw[np.linspace(0, len(sorted_mw) - 1, POINTS).astype(int)])


def _week(outcome: Outcome, week: int) -> Json:
    flows, times = outcome.year.flows, outcome.case.place.calendar.standard_times
    start = min(max(week, 0) * WEEK_H, len(times) - WEEK_H)
    hours = slice(start, start + WEEK_H)
    parts = {
        "clean_mw": flows.clean_at_once_mw,
        "discharge_mw": flows.discharge_mw,
        "import_mw": flows.import_mw,
        "load_mw": flows.load_mw,
        "generation_mw": flows.clean_mw,
    }
    return {"day": str(times[start])[5:10], **{name: _plain(values[hours]) for name, values in parts.items()}}


def _plain(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]


def _differences(comparison: Comparison, variant: str) -> Json:
    found = {name: comparison.difference(variant, name) for name in words()}
    return {name: asdict(one) for name, one in found.items() if one is not None}
