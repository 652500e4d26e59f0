"""The best so many of several sites and cooling systems, each with what is built there.

Which are chosen is settled on steps of a few hours, as a program with whole numbers; the sizes then on hours. Steps
promise a little too much, and not everywhere as much: so that choices that are close behind are tried on hours as well.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice

from dcfoot.errors import StudyError
from dcfoot_scenarios.sizing.answer import Sizing
from dcfoot_scenarios.sizing.conflict import InfeasibleChoice, InfeasibleStudy, infeasible
from dcfoot_scenarios.sizing.highs import Unsolved
from dcfoot_scenarios.sizing.model import model_of, sites_of
from dcfoot_scenarios.sizing.optimum import CLEAR_RATIO, Optimiser, answer_at, fault_of, started
from dcfoot_scenarios.sizing.problem import Aim, Limits, SizingProblem
from dcfoot_scenarios.sizing.program import value_of
from dcfoot_scenarios.sizing.solved import SolvedModel

Problems = Mapping[str, SizingProblem]

NO_LIMITS = Limits()

_CLOSE_RATIO = 0.03
"""How much the steps promise too much at most on real years (benchmarks/sizing.py): what is worse by more, is worse."""

_TRIES = 4  # a choice: each costs as much as sizing its sites


def choose(
    problems: Problems,
    count: int = 1,
    limits: Limits = NO_LIMITS,
    step_h: int = 6,
    told: Callable[[str], None] = lambda _what: None,
) -> Mapping[str, Sizing]:
    """The best of several sites and cooling systems.

    Parameters
    ----------
    problems : mapping
        By name; of as many hours each, and with one aim. Their own limits hold at each that is chosen.
    count : int
        How many are chosen [-]
    limits : Limits
        What must hold for those that are chosen, together.
    step_h : int
        Steps on which the choice is made, if they divide the hours; 1: it is exact, and takes long [h]
    told : callable
        Told what is solved before it is: the choice on its steps, and the sites of a choice on hours.

    Raises
    ------
    InfeasibleStudy
        No choice holds all limits.
    StudyError
        The problems do not go together, or one of them earns without end.
    """
    aim = _checked(problems, count)
    step_h = step_h if len(next(iter(problems.values())).load_mw) % step_h == 0 else 1
    best: dict[str, Sizing] = {}
    together = partial(_together, limits=limits, aim=aim) if dict(limits) else _each_alone()
    enough = float("inf")
    told(f"on steps of {step_h} h")
    for names, promised in islice(_candidates(problems, count, limits, step_h), _TRIES):
        if promised > enough:
            break
        told(f"{', '.join(names)} on hours")
        try:
            found = together({name: problems[name] for name in names})
        except (Unsolved, InfeasibleStudy):  # on hours it does not hold what the steps promised
            continue
        if not best or _total(found) < _total(best):
            best = found
        enough = min(enough, promised + _CLOSE_RATIO * abs(promised))
    if best:
        return best
    if count == 1 and not dict(limits):
        raise InfeasibleChoice({name: _conflict(problem, step_h) for name, problem in problems.items()})
    raise fault_of(Unsolved("infeasible"), sites_of(problems, count, limits, step_h))


def _conflict(problem: SizingProblem, step_h: int) -> InfeasibleStudy:
    """What conflicts in one of them: on steps, and on hours where the steps do not show it."""
    on_steps = infeasible(model_of(problem, step_h))
    return on_steps if on_steps.excess_ratio >= CLEAR_RATIO else infeasible(model_of(problem))


def _checked(problems: Problems, count: int) -> Aim:
    """The aim of all, which must be one.

    Raises
    ------
    StudyError
        They do not go together.
    """
    aims = {problem.minimise for problem in problems.values()}
    hours = {len(problem.load_mw) for problem in problems.values()}
    if len(aims) != 1 or len(hours) != 1:
        raise StudyError(f"Sites are compared over as many hours and with one aim; here are {hours} hours and {aims}.")
    if not 1 <= count <= len(problems):
        raise StudyError(f"{count} of {len(problems)} sites cannot be chosen.")
    for name, problem in problems.items():
        endless = [size for size, one in problem.sizes.items() if one.most == math.inf]
        if problem.connection.export_price_per_mwh is not None and endless:
            raise StudyError(f"{name} sells power: a choice of sites then needs the most of {', '.join(endless)}.")
    return next(iter(problems.values())).minimise


def _candidates(problems: Problems, count: int, limits: Limits, step_h: int) -> Iterator[tuple[tuple[str, ...], float]]:
    """Choices from the best on, as the steps find them, and what they promise."""
    aim = next(iter(problems.values())).minimise
    if count == len(problems):
        yield (*problems,), -math.inf
        return
    seen: list[tuple[str, ...]] = []
    while True:
        model = sites_of(problems, count, limits, step_h, seen)
        try:
            values = SolvedModel(model, aim).solve().values
        except Unsolved as fault:
            if fault.why == "infeasible":
                return
            raise fault_of(fault, model) from None
        names = tuple(name for name, site in model.sites.items() if values[site.chosen[0]] > 0.5)
        yield names, value_of(model.sums.of(aim), values)
        seen.append(names)


def _each_alone() -> Callable[[Problems], dict[str, Sizing]]:
    """What is best for sites that are all chosen and have no limit in common; none is sized twice."""
    sized: dict[str, Sizing] = {}

    def alone(problems: Problems) -> dict[str, Sizing]:
        for name in problems.keys() - sized.keys():
            sized[name] = Optimiser(problems[name]).solve()
        return {name: sized[name] for name in problems}

    return alone


def _together(problems: Problems, limits: Limits, aim: Aim) -> dict[str, Sizing]:
    """What is best for sites that are all chosen, on hours."""
    hours_count = len(next(iter(problems.values())).load_mw)
    solved = started(lambda step_h: sites_of(problems, len(problems), limits, step_h), hours_count, aim)
    found = solved.solve()
    prices = solved.shadow_prices(found)
    return {
        name: replace(answer_at(site, problems[name], found), shadow_prices=_of_site(name, prices))
        for name, site in solved.model.sites.items()
    }


def _of_site(name: str, prices: Mapping[str, float]) -> dict[str, float]:
    """The prices of a site's own limits, and of those that hold for all."""
    own = {key.removeprefix(f"{name}: "): price for key, price in prices.items() if key.startswith(f"{name}: ")}
    return {key: price for key, price in prices.items() if ": " not in key} | own


def _total(found: Mapping[str, Sizing]) -> float:
    """What all sites come to of what is minimised."""
    return sum(one.value() for one in found.values())
