"""A comparison as JSON: every figure with its unit and interval, every difference, and the evidence.

The form is ``dcfoot.study/1``; a later form has another number.
"""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from math import isfinite
from typing import Any

from dcfoot.evidence import Evidence
from dcfoot.version import VERSION
from dcfoot_scenarios.compare import Comparison
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.words import words

SCHEMA = "dcfoot.study/1"

PACKAGES = ("numpy", "pandas", "pvlib", "highspy")
"""What the numbers come from beside dcfoot itself."""

Json = dict[str, Any]


def document_of(comparison: Comparison) -> Json:
    """The comparison as plain values."""
    return {
        "schema": SCHEMA,
        **about_of(comparison),
        "missing": list(comparison.missing),
        "scenarios": {name: _scenario(outcome) for name, outcome in comparison.outcomes.items()},
        "differences": {name: _differences(comparison, name) for name in comparison.variants},
        "payoffs": {name: _payoff(comparison, name) for name in comparison.variants},
        "optimised": _optimised(comparison),
        "dominated": [{"scenario": name, "by": by} for name, by in comparison.dominated(comparison.decisive)],
        "front": comparison.front(comparison.decisive),
        "evidence": [asdict(one) for one in evidence_of(comparison)],
    }


def about_of(comparison: Comparison) -> Json:
    """What every file of a comparison is of: the study with its hash, what computed it, draws and seed, the money."""
    study = comparison.study
    return {
        "study": {"name": study.name, "title": study.keys.title, "hash": study.hash},
        "versions": dict(versions()),
        "uncertainty": {"draws": study.keys.uncertainty.draws, "seed": study.keys.uncertainty.seed},
        "currency": study.currency,
    }


def notes_of(comparison: Comparison) -> dict[str, list[str]]:
    """What the reader must know, each once, and the scenarios that it is about: none where it is about all."""
    found: dict[str, list[str]] = {}
    for name, outcome in comparison.outcomes.items():
        for note in dict.fromkeys(outcome.notes):
            found.setdefault(note, []).append(name)
    return {note: [] if len(names) == len(comparison.outcomes) else names for note, names in found.items()}


def evidence_of(comparison: Comparison) -> list[Evidence]:
    """What stands behind all scenarios, each line once."""
    return list(dict.fromkeys(line for outcome in comparison.outcomes.values() for line in outcome.evidence))


def _payoff(comparison: Comparison, variant: str) -> Json:
    found = comparison.payoff(variant)
    parts = {"money": found.money, "drawn": found.drawn}
    return _finite(asdict(found)) | {name: None if one is None else _finite(asdict(one)) for name, one in parts.items()}


def _optimised(comparison: Comparison) -> Json | None:
    """The sizes that were found, what the limits cost, and the optimum at each value of the one that was moved."""
    found = comparison.optimised
    if found is None:
        return None
    sizing = found.sizing
    return {
        "of": found.of,
        "minimise": sizing.problem.minimise,
        "method": "exact" if sizing.is_optimal else "quick",
        "value": sizing.value(),
        "promised": sizing.promised,
        "sizes": dict(sizing.sizes),
        "shadow_prices": dict(sizing.shadow_prices),
        "front": [{"at": at, "of": of or None, "value": one.value() if one else None} for at, one, of in found.front],
        "front_missing": list(found.front_missing),
    }


def _finite(values: Json) -> Json:
    """What is never paid back, and a cost per tonne where none is saved, have no number."""
    return {name: None if isinstance(value, float) and not isfinite(value) else value for name, value in values.items()}


def versions() -> Iterator[tuple[str, str]]:
    """What the numbers come from: programs and their versions."""
    yield "dcfoot", VERSION
    yield "python", sys.version.partition(" ")[0]
    for name in PACKAGES:
        with suppress(PackageNotFoundError):  # those of extras
            yield name, version(name)


def _scenario(outcome: Outcome) -> Json:
    keys = outcome.scenario.model_dump(mode="json", exclude_unset=True)
    return {"keys": keys, "figures": dict(figures_of(outcome)), "notes": list(outcome.notes)}


def figures_of(outcome: Outcome) -> Iterator[tuple[str, Json]]:
    """Each figure by name: value, interval, unit."""
    for name, word in words().items():
        if name in outcome.figures:
            low, high = outcome.interval(name) or (None, None)
            unit = word.plain_unit_in(outcome.money.currency if outcome.money else "")
            yield name, {"value": outcome.figures[name], "p5": low, "p95": high, "unit": unit}


def _differences(comparison: Comparison, variant: str) -> Json:
    found = {name: comparison.difference(variant, name) for name in words()}
    plain: Json = {name: asdict(one) for name, one in found.items() if one is not None}
    for name in comparison.telling:
        if name in plain:
            plain[name]["levers"] = [asdict(lever) for lever in comparison.levers(variant, name)]
    if "cost_per_year" in plain:
        plain["cost_per_year"]["break_evens"] = [asdict(one) for one in comparison.break_evens(variant)]
    return plain
