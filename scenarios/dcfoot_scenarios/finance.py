"""Money over years: annuities, levelised cost, net present value, payback, cost of abatement.

Pure functions of floats or arrays that broadcast. Money is in one currency, that of what is handed in; rates are real
(without inflation) where prices are those of today.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers, Value, expm1, log1p, maximum, where

NEVER = float("inf")
"""The payback of what is never paid back [years]."""


def present_worth_years(discount_ratio: Value, years: Value, growth_ratio: Value | float = 0.0) -> Value:
    """Today's worth of 1 a year, paid at the end of each year: ``(1 - (1 + e)^-n) / e / (1 + g)`` [years].

    ``e = (d - g) / (1 + g)``: what grows by g a year, discounted by d, is worth what stays and is discounted by e.

    Source: Short, Packey and Holt 1995, A Manual for the Economic Evaluation of Energy Efficiency and Renewable Energy
    Technologies, NREL/TP-462-5173, section 2 (uniform present value, with and without escalation).

    Parameters
    ----------
    discount_ratio : float or array
        Discount rate a year, d, above -1 [-]
    years : float or array
        How long, n [years]
    growth_ratio : float or array
        Growth of the payment a year, g; the first payment is 1 [-]
    """
    rate = (discount_ratio - growth_ratio) / (1 + growth_ratio)
    some = where(rate == 0.0, rate + 1.0, rate)  # nothing is divided by 0
    return where(rate == 0.0, years + 0.0 * rate, -expm1(-years * log1p(rate)) / some) / (1 + growth_ratio)


def capital_recovery_ratio(discount_ratio: Value, years: Value) -> Value:
    """What an investment of 1 costs a year of its life: ``d (1 + d)^n / ((1 + d)^n - 1)``; ``1/n`` without interest.

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 2 (uniform capital recovery factor).

    Parameters
    ----------
    discount_ratio : float or array
        Discount rate a year, d, above -1 [-]
    years : float or array
        Life of the investment, n [years]
    """
    return 1 / present_worth_years(discount_ratio, years)


def net_present_value(flows: NDArray[np.float64], discount_ratio: float) -> NDArray[np.float64]:
    """Today's worth of yearly flows: ``sum F_t / (1 + d)^t``, the first of them today (t = 0).

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 3 (net present value).

    Parameters
    ----------
    flows : array
        Receipts less payments; years are the last axis
    discount_ratio : float
        Discount rate a year, d, above -1 [-]
    """
    weights = (1 + discount_ratio) ** -np.arange(flows.shape[-1], dtype=float)
    return np.asarray(flows @ weights)


def levelised_cost_per_mwh(cost_per_year: Value, energy_mwh_per_year: Value) -> Value:
    """What each unit of energy must earn to pay for everything: ``LCOE = TLCC x UCRF / Q`` [1/MWh].

    `cost_per_year` is the life-cycle cost times the capital recovery factor: what everything costs a year, investments
    by their annuities.

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 4 (levelized cost of energy, eq. 4-7).

    Parameters
    ----------
    cost_per_year : float or array
        Levelised, TLCC x UCRF
    energy_mwh_per_year : float or array
        The same in every year, Q [MWh]
    """
    return cost_per_year / energy_mwh_per_year


def simple_payback_years(extra_capex: Value, saving_per_year: Value) -> Value:
    """When savings have paid an investment back, interest left out: ``I / S`` [years].

    Infinite where that never comes, and where nothing is invested but something is lost each year; 0 where nothing is
    invested and nothing is lost.

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 3 (simple payback period).

    Parameters
    ----------
    extra_capex : float or array
        What more is invested, I
    saving_per_year : float or array
        What is saved in each year, S
    """
    invested = maximum(extra_capex, 0.0)
    saves = saving_per_year > 0.0
    nothing = (invested == 0.0) & (saving_per_year == 0.0)
    years = invested / where(saves, saving_per_year, 1.0)
    return where(saves, years, where(nothing, 0.0 * invested, NEVER))


def payback_years(extra_capex: Value, saving_per_year: Value, discount_ratio: Value) -> Value:
    """When savings have paid an investment back with interest: ``-ln(1 - d I / S) / ln(1 + d)`` [years].

    As `simple_payback_years` without interest; infinite where the savings do not even pay the interest.

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 3 (discounted payback period).

    Parameters
    ----------
    extra_capex : float or array
        What more is invested, I
    saving_per_year : float or array
        What is saved in each year, S
    discount_ratio : float or array
        Discount rate a year, d, at least 0 [-]
    """
    simple = simple_payback_years(extra_capex, saving_per_year)
    ever = simple < NEVER
    interest = discount_ratio * where(ever, simple, 0.0)  # of the first year, over what it saves
    repaid = ever & (interest < 1.0)
    free = discount_ratio == 0.0
    discounted = -log1p(-where(repaid, interest, 0.0)) / log1p(where(free, 1.0 + discount_ratio, discount_ratio))
    return where(repaid, where(free, simple, discounted), NEVER)


@dataclass(frozen=True, slots=True, eq=False)
class Investment:
    """Something that is paid for at the start, and again each time that its life is over.

    Parameters
    ----------
    amount : float or array
        Each time; below 0 where it is something that need not be bought.
    lifetime_years : float
        How long it serves [years].
    """

    amount: Numbers
    lifetime_years: float


def payback_with_renewals_years(
    bought: Sequence[Investment], saving_per_year: Numbers, discount_ratio: Numbers
) -> Numbers:
    """When savings have paid back all that was bought until then, what was bought anew included [years].

    Infinite where that does not come within the longest life of what is bought: then it never comes.

    Parameters
    ----------
    bought : sequence of Investment
        What more is bought than without, or less.
    saving_per_year : float or array
        What is saved in each year
    discount_ratio : float or array
        Discount rate a year, at least 0 [-]
    """
    lives = [one.lifetime_years for one in bought if np.any(np.greater(one.amount, 0.0))]
    if not lives:
        return payback_years(total(one.amount for one in bought), saving_per_year, discount_ratio)
    horizon = max(lives)
    renewed = {one.lifetime_years * n for one in bought for n in range(ceil(horizon / one.lifetime_years))}
    moments = sorted(at for at in renewed if at < horizon)
    paid: Numbers = saving_per_year * np.nan
    for begins, ends in pairwise((*moments, horizon)):
        invested = total(_worth_until(one, begins, discount_ratio) for one in bought)
        years: Numbers = payback_years(invested, saving_per_year, discount_ratio)
        paid = np.where(np.isnan(paid) & (years <= ends), np.maximum(years, begins), paid)
    found: Numbers = np.where(np.isnan(paid), NEVER, paid)[()]  # a number of numbers
    return found


def _worth_until(one: Investment, years: float, discount_ratio: Numbers) -> Numbers:
    """Today's worth of what was bought until then, at the start included."""
    times = (one.lifetime_years * n for n in range(int(years / one.lifetime_years * (1 + 1e-12)) + 1))
    return total(one.amount / (1 + discount_ratio) ** at for at in times)


def total(amounts: Iterable[Numbers]) -> Numbers:
    """The sum of amounts of one unit that broadcast."""
    found: Numbers = 0.0
    for amount in amounts:
        found = found + amount
    return found


def abatement_cost_per_t(extra_cost: Value, saved_t: Value) -> Value:
    """What a tonne that is not emitted costs: the difference in cost over the difference in emissions.

    Not a number where nothing is saved. Where the cost is negative, more saved makes the figure look worse: then
    compare the sums (Taylor 2012, The ranking of negative-cost emissions reduction measures,
    doi:10.1016/j.enpol.2012.05.071).

    Parameters
    ----------
    extra_cost : float or array
        Cost of the variant less that of the baseline, over the same time as `saved_t`
    saved_t : float or array
        Emissions of the baseline less those of the variant [t]
    """
    saves = saved_t > 0.0
    return where(saves, extra_cost / where(saves, saved_t, 1.0), float("nan"))
