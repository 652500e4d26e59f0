"""Whether a variant pays: in money, and in the emissions of making it.

In come the outcomes of a variant and of the baseline, out goes a frozen `Payoff`. Refreshing machines, building solar,
laying pipes: each is something more that is made and bought, and something less that is used up every year.
"""

from dataclasses import dataclass

from dcfoot.grid import Boundary
from dcfoot_scenarios.cost import Gain, gain
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.figures_beside import materials_of
from dcfoot_scenarios.finance import simple_payback_years


@dataclass(frozen=True, slots=True)
class Payoff:
    """What a variant saves, and what it takes.

    Parameters
    ----------
    saved_t_per_year : float
        Emissions of its power by the hour, less than the baseline's, by the method that the study charges [t]
    made_t : float
        What making what it has more of emits; what is made anew during the study is left out [t]
    carbon_years : float or None
        When the one has made up for the other; None where power is counted at the stacks alone, since what making
        emits is of the life cycle [years].
    money : Gain or None
        The same in money; None where the study counts none.
    """

    saved_t_per_year: float
    made_t: float
    carbon_years: float | None
    money: Gain | None


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
    is_whole = variant.case.boundary is Boundary.LIFE_CYCLE
    carbon_years = float(simple_payback_years(made_t, saved_t)) if is_whole else None
    accounts = variant.account, baseline.account
    money = gain(accounts[0], accounts[1], saved_t) if accounts[0] and accounts[1] else None
    return Payoff(saved_t, made_t, carbon_years, money)


def _made_t(outcome: Outcome) -> float:
    made = materials_of(outcome.case, outcome.money.currency if outcome.money else "").made
    return float(sum(one.making.t_per_unit.central * one.amount for one in made))
