"""The optimum of a problem, and of the same problem under other limits, each sought from where the last one stood.

A program of 8,760 hours is first solved on steps of 4 and 2 hours: where those stand is a good start, and the whole is
done in half the time (benchmarks/sizing.py).
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from dcfoot.errors import StudyError
from dcfoot_scenarios.sizing.answer import Sizing, Use, sizing_of
from dcfoot_scenarios.sizing.conflict import infeasible
from dcfoot_scenarios.sizing.highs import Answer, Basis, Solver, Unsolved
from dcfoot_scenarios.sizing.limits import entry_of_whole
from dcfoot_scenarios.sizing.model import Model, model_of
from dcfoot_scenarios.sizing.problem import SizingProblem
from dcfoot_scenarios.sizing.program import Indices, Program, Values, value_of
from dcfoot_scenarios.sizing.site import Site

COARSE_STEPS_H = (4, 2)
"""Steps on which a long program is solved first (a choice: the fastest of those tried, benchmarks/sizing.py) [h]."""

_LONG_HOURS = 2_000  # a choice: a shorter program is done before its coarse ones are built

_LIMIT_OF_AIM = {"cost": "cost_max", "carbon": "carbon_t_max", "water": "water_l_max"}

_TIE_RATIO = 1e-6
"""Answers are as good as each other within this share of what importing everything would come to: HiGHS's tolerance."""


def size(problem: SizingProblem) -> Sizing:
    """The sizes that are best.

    Parameters
    ----------
    problem : SizingProblem
        What may be built, what it costs, what must hold.

    Raises
    ------
    InfeasibleStudy
        The limits cannot all be held; it says which conflict.
    StudyError
        Something earns without end, or the solver gave up.
    """
    return Optimiser(problem).solve()


class Optimiser:
    """A problem that is solved under one set of limits after another.

    Parameters
    ----------
    problem : SizingProblem
        With the first limits.
    also : collection of str
        Limits that it has not yet, and that will be set.
    """

    def __init__(self, problem: SizingProblem, also: Collection[str] = ()) -> None:
        self._problem = problem
        wanted = {*also, _LIMIT_OF_AIM[problem.minimise]}
        self._unset = wanted - set(dict(problem.limits))
        self._model, self._solver = _started(problem, wanted)

    def set_limit(self, name: str, value: float) -> None:
        """Another value of a limit that the problem has, or that was named as one to be set.

        Parameters
        ----------
        name : str
            A field of `Limits`.
        value : float
            In its unit.
        """
        self._problem = replace(self._problem, limits=replace(self._problem.limits, **{name: value}))
        self._unset.discard(name)
        limit = self._model.limits[name]
        if limit.whole is None:
            self._solver.bound_row(limit.row, -np.inf, value * limit.per_unit)
        else:
            self._solver.change(limit.row, limit.whole, entry_of_whole(value, is_least=limit.is_least))
            self._solver.bound_row(limit.row, -np.inf, 0.0)

    def solve(self) -> Sizing:
        """The sizes that are best under the limits as they are.

        Raises
        ------
        InfeasibleStudy, StudyError
            As of `size`.
        """
        objective, factor = self._model.objective(self._problem.minimise)
        self._solver.minimise(objective)
        best = self._answer()
        values = best.values if self._problem.minimise == "cost" else self._least_cost(best)
        (site,) = self._model.sites.values()
        prices = {
            name: limit.shadow_price(best.values, best.row_duals) / factor
            for name, limit in self._model.limits.items()
            if name not in self._unset
        }
        marginal = best.row_duals[site.balance] / factor
        return replace(answer_at(site, self._problem, values), shadow_prices=prices, marginal_per_mwh=marginal)

    def _answer(self) -> Answer:
        try:
            return self._solver.solve()
        except Unsolved as fault:
            raise _fault_of(self._problem, fault) from None

    def _least_cost(self, best: Answer) -> Values:
        """Of all answers that are as good, the one that costs least."""
        aim, limit = self._problem.minimise, self._model.limits[_LIMIT_OF_AIM[self._problem.minimise]]
        worst = float(self._problem.load_mw @ self._problem.imported(aim))
        reached = value_of(self._model.sums.of(aim), best.values) + _TIE_RATIO * worst
        bound = limit.value * limit.per_unit
        self._solver.bound_row(limit.row, -np.inf, min(bound, reached))
        self._solver.minimise(self._model.objective("cost")[0])
        values = self._answer().values
        self._solver.bound_row(limit.row, -np.inf, bound)
        return values


def answer_at(site: Site, problem: SizingProblem, values: Values) -> Sizing:
    """The answer that stands in the columns of a site.

    Parameters
    ----------
    site : Site
        On hours.
    problem : SizingProblem
        What was asked there.
    values : array
        Of all columns.
    """
    reserve = 0.0 if problem.battery is None else problem.battery.reserve_ratio

    def hours(columns: Indices) -> Values:
        return np.maximum(values[columns], 0.0) if len(columns) else np.zeros_like(problem.load_mw)

    sizes = {name: max(float(values[column[0]]), 0.0) for name, column in site.sizes.items()}
    state = hours(site.battery.state) + reserve * sizes.get("energy_mwh", 0.0)
    return sizing_of(problem, sizes, Use(state, hours(site.heat.pump_heat), hours(site.heat.state)))


def _started(problem: SizingProblem, also: Collection[str]) -> tuple[Model, Solver]:
    """The program on hours, and a solver that starts where a coarser one stands."""
    long = len(problem.load_mw) >= _LONG_HOURS
    steps = [step_h for step_h in COARSE_STEPS_H if long and len(problem.load_mw) % step_h == 0]
    model, solver = _ready(problem, also, [*steps, 1][0])
    for step_h in [*steps, 1][1:]:
        coarser, basis = model, _basis(solver)
        model, solver = _ready(problem, also, step_h)
        if basis is not None and _alike(coarser.program, model.program):
            solver.start_from(_finer(coarser.program, basis, coarser.step_h // step_h))
    return model, solver


def _ready(problem: SizingProblem, also: Collection[str], step_h: int) -> tuple[Model, Solver]:
    model = model_of(problem, step_h, also)
    return model, Solver(model.program, model.objective(problem.minimise)[0])


def _basis(solver: Solver) -> Basis | None:
    """Where the optimum stands; None where there is none, of which the program on hours will say why."""
    try:
        solver.solve()
    except Unsolved:
        return None
    return solver.basis


def _alike(one: Program, other: Program) -> bool:
    """Whether two programs have the same kinds of columns and rows."""
    return (one.columns.by_hour, one.rows.by_hour) == (other.columns.by_hour, other.rows.by_hour)


def _finer(program: Program, basis: Basis, parts_count: int) -> Basis:
    """Where the finer program stands when every part of a step is as the step was."""
    columns, rows = program.columns.kinds, program.rows.kinds
    return Basis(columns.finer(basis.columns, parts_count), rows.finer(basis.rows, parts_count))


def _fault_of(problem: SizingProblem, fault: Unsolved) -> StudyError:
    """What a user reads when there is no answer."""
    if fault.why == "infeasible":
        return infeasible(model_of(problem))
    if fault.why == "unbounded":
        return StudyError(
            "These sizes earn without end: what is sold pays for more plant than it takes. "
            "Set export_mw_max, or the most of each size."
        )
    return StudyError(f"HiGHS gave up: {fault.why}. Check the units of costs and sizes.")
