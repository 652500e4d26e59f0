"""A problem on steps of several hours: the means of what it has by the hour, and a program smaller by that factor."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, cast

import numpy as np

from dcfoot_scenarios.sizing.problem import SizingProblem


def coarse(problem: SizingProblem, step_h: int) -> SizingProblem:
    """The problem on steps of `step_h` hours, which must divide its hours [h]."""
    return problem if step_h == 1 else cast("SizingProblem", _coarse(problem, step_h))


def _coarse(part: Any, step_h: int) -> Any:  # noqa: ANN401 (a part of a problem, whichever)
    """A part of a problem with the means of its hours; what has no hours stays."""
    if isinstance(part, np.ndarray):
        return part.reshape(-1, step_h).mean(axis=1)
    if isinstance(part, Mapping):
        return {name: _coarse(one, step_h) for name, one in cast("Mapping[str, Any]", part).items()}
    if is_dataclass(part) and not isinstance(part, type):
        return replace(part, **{one.name: _coarse(getattr(part, one.name), step_h) for one in fields(part)})
    return part
