"""A whole program: one problem, or several sites of which so many are chosen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dcfoot_scenarios.sizing.coarse import coarse
from dcfoot_scenarios.sizing.limits import Limit, Sums, limits_of
from dcfoot_scenarios.sizing.problem import Aim, Limits, SizingProblem
from dcfoot_scenarios.sizing.program import Form, Program, times
from dcfoot_scenarios.sizing.site import Site, SiteBuilder

_COMMON = 100.0
"""To what a usual coefficient of the objective is scaled: HiGHS's tolerances are absolute, and it took longest below 1
(measured from 0.1 to 100,000)."""

_TIE_RATIO = 1e-5
"""What cost counts beside carbon or water, both as importing everything costs: of answers that are as good the cheaper,
and no tonne is worth 100,000 times what it costs with what is imported (a choice: from 1e-6 to 1e-3 the sizes were the
same)."""

COST: Aim = "cost"


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

    @property
    def has_ramp(self) -> bool:
        """Whether the change from hour to hour is limited."""
        return any(name.endswith("ramp_mw_per_h_max") for name in self.limits)

    def objective(self, aim: Aim) -> tuple[Form, float]:
        """What is minimised, times the factor that makes it well scaled; and that factor [-]."""
        factor, of_cost = (_factor(self.sums.of(one)) for one in (aim, COST))
        form = times(factor, self.sums.of(aim))
        return (form if aim == COST else form + times(_TIE_RATIO * of_cost, self.sums.of(COST))), factor


def _factor(form: Form) -> float:
    """What makes a form well scaled [-]."""
    usual = [np.abs(np.asarray(values)).mean() for columns, values in form if len(columns) > 1]
    return _COMMON / max(usual) if any(usual) else 1.0


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


def sites_of(
    problems: Mapping[str, SizingProblem],
    count: int,
    limits: Limits,
    step_h: int = 1,
    passed_over: Collection[Collection[str]] = (),
) -> Model:
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
    passed_over : collection of collections of str
        Choices that are not to be made.
    """
    program = Program(len(next(iter(problems.values())).load_mw) // step_h)
    asked, is_open = dict(limits), count < len(problems)
    sites = {name: _site(program, problem, step_h, asked, is_chosen=not is_open) for name, problem in problems.items()}
    if is_open:
        program.row(_chosen(sites, sites), float(count), float(count))
        program.whole.extend(site.chosen for site in sites.values())
    for names in passed_over:
        program.row(_chosen(sites, names), high=len(names) - 1.0)
    own = {
        f"{name}: {one.name}": one
        for name, site in sites.items()
        for one in (*site.limits, *limits_of(program, problems[name].limits, site.sums))
    }
    sums = sum((site.sums for site in sites.values()), Sums())
    return Model(program, step_h, sites, sums, own | {one.name: one for one in limits_of(program, limits, sums)})


def _chosen(sites: Mapping[str, Site], names: Iterable[str]) -> Form:
    """How many of these are chosen."""
    return tuple((sites[name].chosen, 1.0) for name in names)


def _site(program: Program, problem: SizingProblem, step_h: int, also: Collection[str], *, is_chosen: bool) -> Site:
    chosen = program.column(1.0 if is_chosen else 0.0, 1.0)
    return SiteBuilder(program, coarse(problem, step_h), step_h, chosen).build({*also, *dict(problem.limits)})
