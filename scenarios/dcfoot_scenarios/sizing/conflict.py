"""Why no sizes hold all limits: which of them conflict, and to what each would have to be eased.

Every limit may be exceeded, and the sum of excesses is minimised. What still binds there, conflicts: no answer holds
these limits together (Farkas). Then, one by one, the least easing that is enough with all others kept.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from dcfoot.errors import StudyError
from dcfoot_scenarios.sizing.highs import Solver, Unsolved
from dcfoot_scenarios.sizing.limits import Limit
from dcfoot_scenarios.sizing.model import Model
from dcfoot_scenarios.sizing.program import Form

_BINDS = 1e-9
"""A multiplier above it binds: those of excesses that are scaled to their limits are near 1 (a choice)."""


class InfeasibleStudy(StudyError):
    """The limits cannot all be held.

    Parameters
    ----------
    conflict : mapping
        By the limits that conflict: the limit, and the value to which it must be eased if all others are kept, in its
        unit; None where that is not enough.
    excess_ratio : float
        By how much the limits are missed at least, each in its own size, in sum [-]
    step_h : int
        On what steps this was found: hours are harder to please than the means of several [h]
    """

    def __init__(
        self, conflict: Mapping[str, tuple[float, float | None]], excess_ratio: float, step_h: int = 1
    ) -> None:
        held = ", ".join(f"{name} {value:,.6g}" for name, (value, _) in conflict.items())
        eased = [f"{name} to {reached:,.4g}" for name, (_, reached) in conflict.items() if reached is not None]
        enough = "It is enough" if step_h == 1 else f"By means of {step_h} hours, which promise too much, it is enough"
        remedy = f"{enough} to ease {', or '.join(eased)}." if eased else "More than one of them must be eased."
        self.told = f"In conflict: {held or 'what must stand already'}. {remedy}"
        super().__init__(f"No sizes hold all limits. {self.told}")
        self.conflict, self.excess_ratio = conflict, excess_ratio


class InfeasibleChoice(InfeasibleStudy):
    """None of several holds all its limits, each for reasons of its own.

    Parameters
    ----------
    of : mapping of str to InfeasibleStudy
        What conflicts in each, by name.
    """

    def __init__(self, of: Mapping[str, InfeasibleStudy]) -> None:
        conflict = {f"{name}: {limit}": eased for name, one in of.items() for limit, eased in one.conflict.items()}
        super().__init__(conflict, min(one.excess_ratio for one in of.values()))
        told = "".join(f"\n  {name}: {one.told}" for name, one in of.items())
        self.args = (f"No sizes hold all limits, whichever is taken.{told}",)
        self.of = of


def infeasible(model: Model) -> InfeasibleStudy:
    """What conflicts in a program that has no answer.

    Parameters
    ----------
    model : Model
        With its limits as they are.
    """
    limits = list(model.limits.values())
    solver = Solver(model.program, _excess_of(limits))
    for limit in limits:
        solver.bound_column(limit.excess, 0.0, np.inf)
    try:
        least = solver.solve()
    except Unsolved:
        return InfeasibleStudy({}, math.inf)
    if model.program.whole:  # duals say nothing of whole numbers: those that are exceeded then
        conflicting = [limit for limit in limits if least.values[limit.excess[0]] > _BINDS]
    else:
        conflicting = [limit for limit in limits if abs(least.row_duals[limit.row[0]]) * limit.scale > _BINDS]
    excess = sum(float(least.values[limit.excess[0]]) for limit in limits)
    eased = {limit.name: (limit.value, _eased_alone(solver, limit, limits)) for limit in conflicting}
    return InfeasibleStudy(eased, excess, model.step_h)


def _eased_alone(solver: Solver, eased: Limit, limits: Iterable[Limit]) -> float | None:
    """The value to which a limit must be eased when all others are kept; None where that is not enough."""
    for limit in limits:
        solver.bound_column(limit.excess, 0.0, np.inf if limit is eased else 0.0)
    solver.minimise(_excess_of([eased]))
    try:
        return eased.reached(solver.solve().values)
    except Unsolved:
        return None


def _excess_of(limits: Iterable[Limit]) -> Form:
    """The sum of the excesses, in the scale of each."""
    return tuple((limit.excess, 1.0) for limit in limits)
