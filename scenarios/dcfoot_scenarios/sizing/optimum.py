"""The optimum of a problem, and of the same problem under other limits, each sought from where the last one stood.

A program of 8,760 hours is first solved on steps of 4 and 2 hours: where those stand is a good start, and the whole is
done in half the time (benchmarks/sizing.py).
"""

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from dcfoot.errors import StudyError
from dcfoot_scenarios.sizing.answer import Sizing, Use, sizing_of
from dcfoot_scenarios.sizing.conflict import InfeasibleStudy, infeasible
from dcfoot_scenarios.sizing.highs import Answer, Basis, Unsolved
from dcfoot_scenarios.sizing.model import Model, model_of
from dcfoot_scenarios.sizing.problem import Aim, SizingProblem
from dcfoot_scenarios.sizing.program import Indices, Values
from dcfoot_scenarios.sizing.site import Site
from dcfoot_scenarios.sizing.solved import SolvedModel

COARSE_STEPS_H = (4, 2)
"""Steps on which a long program is solved first (a choice: the fastest of those tried, benchmarks/sizing.py) [h]."""

CLEAR_RATIO = 1e-3
"""Limits that are missed by more on steps are missed on hours (a choice: what heat pumps, losses and hours with a price
below 0 blur in means is less) [-]"""

_LONG_HOURS = 2_000  # a choice: a shorter program is done before its coarse ones are built


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
    try:
        return Optimiser(problem).solve()
    except Unsolved as fault:
        raise fault_of(fault, model_of(problem)) from None


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
        self._solved = started(lambda step_h: model_of(problem, step_h, also), len(problem.load_mw), problem.minimise)

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
        self._solved.set_limit(name, value)

    def solve(self) -> Sizing:
        """The sizes that are best under the limits as they are.

        Raises
        ------
        Unsolved
            There are none.
        """
        found = self._solved.solve()
        (site,) = self._solved.model.sites.values()
        return replace(answer_at(site, self._problem, found), shadow_prices=self._solved.shadow_prices(found))


def answer_at(site: Site, problem: SizingProblem, found: Answer) -> Sizing:
    """The answer that stands in the columns of a site, without the prices of its limits.

    Parameters
    ----------
    site : Site
        On hours.
    problem : SizingProblem
        What was asked there.
    found : Answer
        Of the program.
    """
    values = found.values
    floor = 0.0 if problem.battery is None else problem.battery.floor_ratio
    sizes = sizes_at(site, values)

    def hours(columns: Indices) -> Values:
        return np.maximum(values[columns], 0.0) if len(columns) else np.zeros_like(problem.load_mw)

    state = hours(site.battery.state) + floor * sizes.get("energy_mwh", 0.0)
    use = Use(state, hours(site.heat.pump_heat), hours(site.heat.state), hours(site.imported))
    sizing = sizing_of(problem, sizes, use)
    return replace(sizing, marginal_per_mwh=found.row_duals[site.balance])


def sizes_at(site: Site, values: Values) -> dict[str, float]:
    """The sizes that stand in the columns of a site, by name."""
    sizes = {name: max(float(values[column[0]]), 0.0) for name, column in site.sizes.items()}
    if "inverter_mw" not in sizes:
        return sizes
    return dict.fromkeys(("charge_mw", "discharge_mw"), sizes["inverter_mw"]) | sizes


def fault_of(fault: Unsolved, model: Model) -> StudyError:
    """What a user reads when there is no answer.

    Parameters
    ----------
    fault : Unsolved
        What the solver says.
    model : Model
        What was asked.
    """
    if fault.why == "infeasible":
        return infeasible(model)
    if fault.why == "unbounded":
        return StudyError(
            "These sizes earn without end: what is sold pays for more plant than it takes. "
            "Set export_mw_max, or the most of each size."
        )
    return StudyError(f"HiGHS gave up: {fault.why}. Check the units of costs and sizes.")


def started(model_on: Callable[[int], Model], hours_count: int, aim: Aim) -> SolvedModel:
    """A model on hours, to be sought from where the coarser ones stand.

    But not where a ramp is held: means of several hours change more slowly than hours, and where they stand is so far
    from the optimum that a year took seven times as long from there.

    Parameters
    ----------
    model_on : callable
        The model on steps of so many hours.
    hours_count : int
        How many hours there are [-]
    aim : str
        What is minimised.

    Raises
    ------
    InfeasibleStudy, StudyError
        A coarse model has no optimum.
    """
    is_long = hours_count >= _LONG_HOURS
    steps = (*(step_h for step_h in COARSE_STEPS_H if is_long and hours_count % step_h == 0), 1)
    solved = SolvedModel(model_on(steps[0]), aim)
    if solved.model.has_ramp:
        return SolvedModel(model_on(1), aim)
    for step_h in steps[1:]:
        basis = _basis(solved, model_on)
        finer = SolvedModel(model_on(step_h), aim)
        if basis is not None:
            _pass_on(solved.model, basis, finer)
        solved = finer
    return solved


def _basis(coarse: SolvedModel, model_on: Callable[[int], Model]) -> Basis | None:
    """Where a coarse model stands; None where its limits are just missed, of which the finer ones know more.

    Raises
    ------
    InfeasibleStudy
        They are clearly missed, and more so on hours, which are harder to please than their means.
    """
    try:
        coarse.solve()
    except Unsolved as fault:
        reason = fault_of(fault, coarse.model)
        if not isinstance(reason, InfeasibleStudy):
            raise reason from None
        if reason.excess_ratio < CLEAR_RATIO:
            return None
        raise infeasible(model_on(1)) from None
    return coarse.basis


def _pass_on(coarse: Model, basis: Basis, finer: SolvedModel) -> None:
    """Lets a finer model start where a coarse one stands, every hour as its step, if it has the same kinds of rows."""
    columns, rows = coarse.program.columns.kinds, coarse.program.rows.kinds
    program, parts_count = finer.model.program, coarse.step_h // finer.model.step_h
    if (columns.by_hour, rows.by_hour) == (program.columns.kinds.by_hour, program.rows.kinds.by_hour):
        finer.start_from(Basis(columns.finer(basis.columns, parts_count), rows.finer(basis.rows, parts_count)))
