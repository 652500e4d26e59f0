"""One problem along a limit: what each bit of clean energy, carbon or water costs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from dcfoot_scenarios.sizing.answer import Sizing
from dcfoot_scenarios.sizing.conflict import InfeasibleStudy
from dcfoot_scenarios.sizing.highs import Unsolved
from dcfoot_scenarios.sizing.model import model_of
from dcfoot_scenarios.sizing.optimum import Optimiser, fault_of, size
from dcfoot_scenarios.sizing.problem import Aim, SizingProblem

_LIMIT_OF_AIM = {"cost": "cost_max", "carbon": "carbon_t_max", "water": "water_l_max"}


def front(problem: SizingProblem, limit: str, values: Iterable[float]) -> list[Sizing | None]:
    """The optimum at each value of a limit, each sought from where the last one stood.

    Parameters
    ----------
    problem : SizingProblem
        With whatever other limits.
    limit : str
        Which is moved: ``"cfe_contracted_ratio_min"``, ``"carbon_t_max"``, ``"capex_max"``.
    values : iterable of float
        In its unit; an order from loose to tight is the quickest.

    Returns
    -------
    list of Sizing or None
        None where no sizes hold the limit.
    """
    return list(along(problem, limit, values))


def along(problem: SizingProblem, limit: str, values: Iterable[float]) -> Iterator[Sizing | None]:
    """The same, each point when it is asked for: fronts of several problems are then sought side by side.

    Parameters
    ----------
    problem, limit, values
        As of `front`.
    """
    points = list(values)
    optimiser = _begun(problem, limit, points[0]) if points else None
    for value in points:
        yield None if optimiser is None else _at(optimiser, problem, limit, value)


def _begun(problem: SizingProblem, limit: str, value: float) -> Optimiser | None:
    """A problem at the first value of its limit, else before it has any; None where its other limits cannot be held.

    What stands without the limit is a long way from what stands with it, and a start from there takes several times as
    long as one from the coarse steps.
    """
    for begins_at in (value, None):
        limits = replace(problem.limits, **{limit: begins_at})
        try:
            return Optimiser(replace(problem, limits=limits), also=(limit,))
        except InfeasibleStudy:
            continue
    return None


def _at(optimiser: Optimiser, problem: SizingProblem, limit: str, value: float) -> Sizing | None:
    optimiser.set_limit(limit, value)
    try:
        return optimiser.solve()
    except Unsolved as fault:
        if fault.why == "infeasible":
            return None
        raise fault_of(fault, model_of(problem)) from None


def pareto(problem: SizingProblem, against: Aim, count: int = 10) -> list[Sizing]:
    """Answers from the one that is best in what is minimised to the one that is best in something else.

    Parameters
    ----------
    problem : SizingProblem
        What is asked, and what is minimised.
    against : str
        The other: ``"carbon"`` of a problem that minimises cost.
    count : int
        How many answers, both ends included [-]

    Raises
    ------
    InfeasibleStudy, StudyError
        As of `size`.
    """
    limit = _LIMIT_OF_AIM[against]
    first, last = size(problem), size(replace(problem, minimise=against))
    values = np.linspace(first.measures[limit], last.measures[limit], count)[1:-1]
    return [first, *(one for one in front(problem, limit, values.tolist()) if one is not None), last]
