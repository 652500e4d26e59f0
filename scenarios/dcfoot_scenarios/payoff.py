"""Whether a variant pays: in money, and in the emissions of making it.

In come the outcomes of a variant and of the baseline, out goes a frozen `Payoff`. Refreshing machines, building solar,
laying pipes: each is something more that is made and bought, and something less that is used up every year.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.facility_draws import Column
from dcfoot.grid import Boundary
from dcfoot_scenarios.cost import Gain, gain
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.figures_beside import battery_years_of, materials_of
from dcfoot_scenarios.finance import Investment, payback_with_renewals_years, total

SAME_WORK_RATIO = 0.01
"""A difference of work that is none: what machines do is not known better (a choice) [-]"""


@dataclass(frozen=True, slots=True)
class PayoffDraws:
    """What becomes of payback and of the cost of a tonne under the draws that both scenarios share.

    Parameters
    ----------
    payback_p5_years, payback_p95_years : float
        With interest; infinite where so many draws do not pay back within the life of what is bought [years].
    payback_ratio : float
        In how many draws they do [-]
    abatement_cost_p5_per_t, abatement_cost_p95_per_t : float or None
        Of the draws in which something is saved; None: of none [1/t]
    abated_ratio : float
        In how many draws that is [-]
    """

    payback_p5_years: float
    payback_p95_years: float
    payback_ratio: float
    abatement_cost_p5_per_t: float | None
    abatement_cost_p95_per_t: float | None
    abated_ratio: float


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
    drawn : PayoffDraws or None
        How sure the money is; None without draws or money.
    """

    saved_t_per_year: float
    abated_t_per_year: float
    made_t: float
    carbon_years: float | None
    money: Gain | None
    work_ratio: float
    drawn: PayoffDraws | None = None

    @property
    def is_of_the_same_work(self) -> bool:
        """Whether both do the same work, so that one may be held against the other."""
        return abs(self.work_ratio - 1.0) <= SAME_WORK_RATIO


def payoff(variant: Outcome, baseline: Outcome) -> Payoff:
    """Whether a variant pays, at the central value of everything, and how sure that is.

    Parameters
    ----------
    variant, baseline : Outcome
        Of one study.
    """
    figure = _charged(baseline)
    saved_t = baseline.figures[figure] - variant.figures[figure]
    made_t = _made_t(variant) - _made_t(baseline)
    abated_t = float(np.asarray(_emitted_t(baseline, baseline.figures) - _emitted_t(variant, variant.figures)))
    is_whole = variant.case.boundary is Boundary.LIFE_CYCLE
    bought = [Investment(tonnes, years) for tonnes, years in _more_made(variant, baseline)]
    carbon_years = float(payback_with_renewals_years(bought, saved_t, 0.0)) if is_whole else None
    accounts = variant.account, baseline.account
    money = gain(accounts[0], accounts[1], abated_t) if accounts[0] and accounts[1] else None
    work_ratio = variant.figures["work_mwh"] / baseline.figures["work_mwh"]
    return Payoff(saved_t, abated_t, made_t, carbon_years, money, work_ratio, _drawn(variant, baseline))


def _drawn(variant: Outcome, baseline: Outcome) -> PayoffDraws | None:
    """The same in each draw; a draw is of both scenarios, so that what they share cancels."""
    if not variant.accounts or not baseline.accounts:
        return None
    abated_t = np.asarray(_emitted_t(baseline, baseline.drawn) - _emitted_t(variant, variant.drawn))
    gains = [gain(*one) for one in zip(variant.accounts, baseline.accounts, abated_t.tolist(), strict=True)]
    years = np.array([one.payback_years for one in gains])
    costs = np.array([one.abatement_cost_per_t for one in gains])
    known = costs[np.isfinite(costs)]
    low, high = _interval(known) if len(known) else (None, None)
    return PayoffDraws(*_interval(years), float(np.isfinite(years).mean()), low, high, len(known) / len(costs))


def _interval(drawn: Column) -> tuple[float, float]:
    """5th and 95th percentile, each one of the draws: between a number and never there is nothing."""
    low, high = np.quantile(drawn, (0.05, 0.95), method="inverted_cdf")
    return float(low), float(high)


def _emitted_t(outcome: Outcome, found: Mapping[str, Numbers]) -> Numbers:
    """All that a scenario emits in a year, by the hour and by the method that the study charges [t]."""
    reuse = outcome.scenario.heat_reuse
    names = [_charged(outcome)]
    if reuse is not None and not reuse.heat_pump_inside:
        names.append("carbon_heat_pump_t")
    if outcome.case.boundary is Boundary.LIFE_CYCLE:
        names += ["embodied_servers_t", "embodied_plant_t"]
    return total(found.get(name, 0.0) for name in names)


def _charged(outcome: Outcome) -> str:
    """The figure of what its power emits."""
    method = outcome.money.charged_method if outcome.money else "location"
    return f"carbon_{method}_hourly_t"


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
