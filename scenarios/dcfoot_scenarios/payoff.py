"""Whether a variant pays: in money, and in the emissions of making it.

In come the outcomes of a variant and of the baseline, out goes a frozen `Payoff`. Refreshing machines, building solar,
laying pipes: each is something more that is made and bought, and something less that is used up every year.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dcfoot.grid import Boundary
from dcfoot_scenarios.cost import Gain, gain
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.figures_beside import battery_years_of, materials_of
from dcfoot_scenarios.finance import Investment, payback_with_renewals_years

SAME_WORK_RATIO = 0.01
"""A difference of work that is none: what machines do is not known better (a choice) [-]"""


@dataclass(frozen=True, slots=True)
class Payoff:
    """What a variant saves, and what it takes.

    Parameters
    ----------
    saved_t_per_year : float
        Emissions of its power by the hour, less than the baseline's, by the method that the study charges [t]
    abated_t_per_year : float
        The same with what a heat pump outside emits and, over the life cycle, with a year's part of making everything:
        what its cost is held against [t]
    made_t : float
        What making what it has more of emits; what is made anew later is left out [t]
    carbon_years : float or None
        When the one has made up for the other, what is made anew included; infinite where that is not within its life;
        None where power is counted at the stacks alone, since what making
        emits is of the life cycle [years].
    money : Gain or None
        The same in money; None where the study counts none.
    work_ratio : float
        Work that the variant does over the baseline's: what less work saves is no gain [-]
    """

    saved_t_per_year: float
    abated_t_per_year: float
    made_t: float
    carbon_years: float | None
    money: Gain | None
    work_ratio: float

    @property
    def is_of_the_same_work(self) -> bool:
        """Whether both do the same work, so that one may be held against the other."""
        return abs(self.work_ratio - 1.0) <= SAME_WORK_RATIO


def payoff(variant: Outcome, baseline: Outcome) -> Payoff:
    """Whether a variant pays, at the central value of everything.

    Parameters
    ----------
    variant, baseline : Outcome
        Of one study.
    """
    method = baseline.money.charged_method if baseline.money else "location"
    figure = f"carbon_{method}_hourly_t"
    saved_t = baseline.figures[figure] - variant.figures[figure]
    made_t = _made_t(variant) - _made_t(baseline)
    abated_t = saved_t + _beside_t(baseline) - _beside_t(variant)
    is_whole = variant.case.boundary is Boundary.LIFE_CYCLE
    bought = [Investment(tonnes, years) for tonnes, years in _more_made(variant, baseline)]
    carbon_years = float(payback_with_renewals_years(bought, saved_t, 0.0)) if is_whole else None
    accounts = variant.account, baseline.account
    money = gain(accounts[0], accounts[1], abated_t) if accounts[0] and accounts[1] else None
    work_ratio = variant.figures["work_mwh"] / baseline.figures["work_mwh"]
    return Payoff(saved_t, abated_t, made_t, carbon_years, money, work_ratio)


def _beside_t(outcome: Outcome) -> float:
    """What a scenario emits in a year beside its power from the grid [t]."""
    reuse, found = outcome.scenario.heat_reuse, outcome.figures
    names = ["carbon_heat_pump_t"] if reuse is not None and not reuse.heat_pump_inside else []
    if outcome.case.boundary is Boundary.LIFE_CYCLE:
        names += ["embodied_servers_t", "embodied_plant_t"]
    return sum(found.get(name, 0.0) for name in names)


def _made_t(outcome: Outcome) -> float:
    return sum(_made_by_years(outcome).values())


def _more_made(variant: Outcome, baseline: Outcome) -> Iterator[tuple[float, float]]:
    """What more is made, and how long it serves [t, years]."""
    more, less = _made_by_years(variant), _made_by_years(baseline)
    yield from ((more.get(years, 0.0) - less.get(years, 0.0), years) for years in {*more, *less})


def _made_by_years(outcome: Outcome) -> dict[float, float]:
    """What making emits, by how long it serves [t]."""
    tonnes: dict[float, float] = {}
    currency = outcome.money.currency if outcome.money else ""
    battery_years = float(battery_years_of(outcome.case, outcome.figures, currency))
    for one in materials_of(outcome.case, currency, battery_years).made:
        years = one.making.lifetime_years
        tonnes[years] = tonnes.get(years, 0.0) + float(one.making.t_per_unit.central * one.amount)
    return tonnes
