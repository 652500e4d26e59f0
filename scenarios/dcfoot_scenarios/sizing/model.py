"""A whole program: one problem, or several sites of which so many are chosen."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from dcfoot_scenarios.sizing.coarse import coarse
from dcfoot_scenarios.sizing.limits import Limit, Sums, limits_of
from dcfoot_scenarios.sizing.problem import Aim, Limits, SizingProblem
from dcfoot_scenarios.sizing.program import Form, Program, times
from dcfoot_scenarios.sizing.site import Site, SiteBuilder

_COMMON = 100.0
"""To what a usual coefficient of the objective is scaled: HiGHS's tolerances are absolute, and took longest where it was
below 1 (measured from 0.1 to 100,000)."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A program and what its parts mean.

    Parameters
    ----------
    program : Program
        Complete.
    step_h : int
        How many hours one of its steps stands for [h]
    sites : mapping
        By name.
    sums : Sums
        Of all that are chosen.
    limits : mapping
        By name; those of a site among several have its name before theirs.
    """

    program: Program
    step_h: int
    sites: Mapping[str, Site]
    sums: Sums
    limits: Mapping[str, Limit]

    def objective(self, aim: Aim) -> tuple[Form, float]:
        """What is minimised, times the factor that makes it well scaled; and that factor [-]."""
        form = self.sums.of(aim)
        usual = [np.abs(np.asarray(values)).mean() for columns, values in form if len(columns) > 1]
        factor = _COMMON / max(usual) if any(usual) else 1.0
        return times(factor, form), factor


def model_of(problem: SizingProblem, step_h: int = 1, also: Collection[str] = ()) -> Model:
    """One problem.

    Parameters
    ----------
    problem : SizingProblem
        With hourly values.
    step_h : int
        How many hours a step stands for [h]
    also : collection of str
        Limits that there are not yet, and that will be set later.
    """
    program = Program(len(problem.load_mw) // step_h)
    site = _site(program, problem, step_h, also, is_chosen=True)
    limits = {one.name: one for one in (*site.limits, *limits_of(program, problem.limits, site.sums, also))}
    return Model(program, step_h, {"": site}, site.sums, limits)


def choice_of(problems: Mapping[str, SizingProblem], count: int, limits: Limits, step_h: int = 1) -> Model:
    """Several sites, of which `count` are chosen.

    Parameters
    ----------
    problems : mapping
        By name, all with as many hours; their own limits hold at each.
    count : int
        How many are chosen [-]
    limits : Limits
        What must hold for those that are chosen, together.
    step_h : int
        How many hours a step stands for [h]
    """
    program = Program(len(next(iter(problems.values())).load_mw) // step_h)
    asked = dict(limits)
    sites = {name: _site(program, problem, step_h, asked, is_chosen=False) for name, problem in problems.items()}
    program.row(tuple((site.chosen, 1.0) for site in sites.values()), float(count), float(count))
    program.whole.extend(site.chosen for site in sites.values())
    named: dict[str, Limit] = {}
    for name, site in sites.items():
        own = limits_of(program, site.problem.limits, site.sums)
        named |= {f"{name}: {one.name}": one for one in (*site.limits, *own)}
    sums = sum((site.sums for site in sites.values()), Sums())
    named |= {one.name: one for one in limits_of(program, limits, sums)}
    return Model(program, step_h, sites, sums, named)


def _site(program: Program, problem: SizingProblem, step_h: int, also: Collection[str], *, is_chosen: bool) -> Site:
    chosen = program.column(1.0 if is_chosen else 0.0, 1.0)
    with_highest = "import_mw_max" in {*also, *dict(problem.limits)}
    return SiteBuilder(program, coarse(problem, step_h), step_h, chosen).build(with_highest=with_highest)
