"""A quick answer: sizes from a program on steps of 4 hours, used by a rule in every hour.

The steps hide what happens within them, so that what they promise of the limits is checked on hours: where a limit is
missed, it is drawn tighter on the steps by as much, and they are solved again. Where no rule comes near what the steps
promise, or holds the limits, the optimum itself is the answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from dcfoot.units import H_PER_DAY
from dcfoot_scenarios.dispatch import arbitrage, greedy
from dcfoot_scenarios.scan import ROUNDING_RATIO, Hours
from dcfoot_scenarios.sizing.answer import Sizing, Use, battery_of, clean_mw, sizing_of
from dcfoot_scenarios.sizing.conflict import InfeasibleChoice, InfeasibleStudy
from dcfoot_scenarios.sizing.highs import Unsolved
from dcfoot_scenarios.sizing.model import Model, model_of
from dcfoot_scenarios.sizing.optimum import size, sizes_at
from dcfoot_scenarios.sizing.problem import HeatChoice, SizingProblem
from dcfoot_scenarios.sizing.program import Values, each_of, value_of
from dcfoot_scenarios.sizing.site import Heated
from dcfoot_scenarios.sizing.solved import SolvedModel
from dcfoot_scenarios.storage import Battery, operate

STEP_H = 4
"""Of 2, 3, 4 and 6 hours the longest whose sizes cost within a hundredth of the optimum (benchmarks/sizing.py) [h]."""

_ROUNDS = 5  # a choice: a limit is held after two, and held closely after three or four
_BEYOND_RATIO = 2e-4  # a choice: how far beyond a limit is aimed, so that it is held and not just missed
_NEAR_RATIO = 0.05  # a choice: on real years the steps promise up to 3 % too much


def quick_size(problem: SizingProblem) -> Sizing:
    """Sizes about as good as the best, in a fraction of the time.

    Parameters
    ----------
    problem : SizingProblem
        What may be built, what it costs, what must hold.

    Raises
    ------
    InfeasibleStudy, StudyError
        As of `size`.
    """
    return _quick(problem) or size(problem)


def quick_choice(problems: Mapping[str, SizingProblem], told: Callable[[str], None]) -> tuple[str, Sizing]:
    """The one of several problems whose quick answer is the best, and that answer.

    Parameters
    ----------
    problems : mapping
        By name.
    told : callable
        Told the name of each before it is sized.

    Raises
    ------
    InfeasibleStudy
        The limits of none can be held.
    StudyError
        As of `size`.
    """
    found: dict[str, Sizing] = {}
    faults: dict[str, InfeasibleStudy] = {}
    for name, problem in problems.items():
        told(name)
        try:
            found[name] = quick_size(problem)
        except InfeasibleStudy as fault:
            faults[name] = fault
    if not found:
        raise InfeasibleChoice(faults) if len(faults) > 1 else next(iter(faults.values()))
    return min(found.items(), key=lambda one: one[1].value())


def quick_along(problem: SizingProblem, limit: str, values: Iterable[float]) -> Iterator[Sizing | None]:
    """A quick answer at each value of a limit; None where no sizes hold it.

    Parameters
    ----------
    problem, limit, values
        As of `dcfoot_scenarios.sizing.front.front`.
    """
    for value in values:
        try:
            yield quick_size(replace(problem, limits=replace(problem.limits, **{limit: value})))
        except InfeasibleStudy:
            yield None


def _quick(problem: SizingProblem) -> Sizing | None:
    """The answer of the steps and a rule; None where that is none."""
    if len(problem.load_mw) % STEP_H:
        return None
    solved = SolvedModel(model_of(problem, STEP_H), problem.minimise)
    best: Sizing | None = None
    targets: dict[str, float] = {}
    first: float | None = None
    for _ in range(_ROUNDS):
        try:
            values = solved.solve().values
        except Unsolved:
            break
        found = min(_by_rules(problem, solved.model, values), key=_worth, default=None)
        if found is None:
            break
        promised = value_of(solved.model.sums.of(problem.minimise), values)
        first = promised if first is None else first  # before any limit is drawn tighter
        if not _missed(found) and found.value() - promised <= _NEAR_RATIO * abs(promised):
            best = found if best is None else min(best, found, key=Sizing.value)
        drawn = _drawn(found, targets)
        if not drawn:
            break
        targets |= drawn
        for name, target in drawn.items():
            solved.set_limit(name, target)
    return None if best is None else replace(best, promised=first)


def _worth(sizing: Sizing) -> tuple[int, float]:
    """Of answers, first those that hold most limits, then the best."""
    return len(_missed(sizing)), sizing.value()


def _gaps(sizing: Sizing) -> dict[str, float]:
    """By how much an answer is inside its limits, below 0 where it misses one, each in its unit."""
    beyond = {name: limit - sizing.measures[name] for name, limit in sizing.problem.limits}
    return {name: -gap if name.endswith("_min") else gap for name, gap in beyond.items()}


def _missed(sizing: Sizing) -> list[str]:
    """The limits that an answer does not hold."""
    limits = dict(sizing.problem.limits)
    return [name for name, inside in _gaps(sizing).items() if inside < -ROUNDING_RATIO * abs(limits[name])]


def _drawn(sizing: Sizing, targets: Mapping[str, float]) -> dict[str, float]:
    """Where limits are to be drawn on the steps, so that on hours an answer is just within them."""
    limits, missed = dict(sizing.problem.limits), _missed(sizing)
    drawn: dict[str, float] = {}
    for name, inside in _gaps(sizing).items():
        aside = _BEYOND_RATIO * abs(limits[name])
        if name in missed or (name in targets and inside > 2.0 * aside):
            move = inside - aside
            drawn[name] = targets.get(name, limits[name]) + (-move if name.endswith("_min") else move)
    return drawn


def _by_rules(problem: SizingProblem, model: Model, values: Values) -> Iterator[Sizing]:
    """The sizes of the steps, used by one rule after another."""
    (site,) = model.sites.values()
    sizes, nothing = sizes_at(site, values), np.zeros_like(problem.load_mw)
    pump_heat, heat_state = nothing, nothing
    if problem.heat is not None:
        pump_heat, heat_state = _heat_by_rule(problem.heat, sizes, site.heat, values)
    if problem.battery is None:
        yield sizing_of(problem, sizes, Use(nothing, pump_heat, heat_state))
        return
    at_once = {"charge_mw": sizes["energy_mwh"], "discharge_mw": sizes["energy_mwh"]}  # of powers without a limit
    battery = battery_of(problem.battery, at_once | sizes)
    drawn = problem.load_mw
    if problem.heat is not None:
        drawn = drawn + pump_heat / problem.heat.cop - problem.heat.spared_mw(pump_heat)
    for wanted in _wanted(problem, battery, drawn, clean_mw(problem, sizes)):
        state = operate(battery, np.where(problem.is_paid, np.maximum(wanted, 0.0), wanted)).state_mwh
        if battery.start_ratio is None or state[-1] >= battery.start_ratio * sizes["energy_mwh"]:
            yield sizing_of(problem, sizes, Use(state, pump_heat, heat_state))


def _wanted(problem: SizingProblem, battery: Battery, drawn_mw: Hours, clean_mw: Hours) -> Iterator[Hours]:
    """What each rule wants of the battery."""
    yield greedy(clean_mw, drawn_mw)
    if len(drawn_mw) % H_PER_DAY == 0:
        yield arbitrage(problem.imported(problem.minimise), battery, drawn_mw, clean_mw)


def _heat_by_rule(choice: HeatChoice, sizes: Mapping[str, float], heat: Heated, values: Values) -> tuple[Hours, Hours]:
    """What the pump gives and the heat store holds: what was planned for the step, within what the hour allows."""
    planned = np.minimum(np.repeat(values[heat.pump_heat], STEP_H), choice.most_mw)
    wanted = np.minimum(np.repeat(each_of(heat.delivered, values), STEP_H), choice.demand_mw)
    if choice.store is None:
        return np.minimum(planned, choice.demand_mw), np.zeros_like(planned)
    most = sizes["store_mwh"]
    power = most * choice.store_power_ratio_per_h
    store = Battery(most, power, power, loss_ratio_per_h=choice.store_loss_ratio_per_h)
    done = operate(store, planned - wanted)
    delivered = np.minimum(planned + done.discharge_mw - done.charge_mw, choice.demand_mw)
    return np.maximum(delivered + done.charge_mw - done.discharge_mw, 0.0), done.state_mwh
