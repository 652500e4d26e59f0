"""Money over years: annuities, levelised cost, net present value, payback, cost of abatement.

Pure functions of floats or arrays that broadcast. Money is in one currency, that of what is handed in; rates are real
(without inflation) where prices are those of today.
"""

from typing import TYPE_CHECKING

import numpy as np

from dcfoot.elementwise import Value, expm1, log1p, maximum, where

if TYPE_CHECKING:
    from dcfoot.elementwise import Numbers


def present_worth_years(discount_ratio: Value, years: Value, growth_ratio: Value | float = 0.0) -> Value:
    """Today's worth of 1 a year, paid at the end of each year: ``(1 - (1 + e)^-n) / e / (1 + g)`` [years].

    ``e = (1 + d) / (1 + g) - 1``: what grows by g a year, discounted by d, is worth what stays and is discounted by e.

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
    rate = (1 + discount_ratio) / (1 + growth_ratio) - 1
    some = where(rate == 0.0, 1.0 + rate, rate)  # so that nothing is divided by 0
    return where(rate == 0.0, years + 0.0 * rate, -expm1(-years * log1p(rate)) / some) / (1 + growth_ratio)


def capital_recovery_ratio(discount_ratio: Value, years: Value) -> Value:
    """What an investment of 1 costs a year of its life: ``d (1 + d)^n / ((1 + d)^n - 1)``, ``1/n`` without interest [-].

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 2 (uniform capital recovery factor).

    Parameters
    ----------
    discount_ratio : float or array
        Discount rate a year, d [-]
    years : float or array
        Life of the investment, n [years]
    """
    return 1 / present_worth_years(discount_ratio, years)


def net_present_value(flows: "Numbers", discount_ratio: "Numbers") -> "Numbers":
    """Today's worth of yearly flows: ``sum F_t / (1 + d)^t``, the first of them today (t = 0).

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 3 (net present value).

    Parameters
    ----------
    flows : array
        Receipts less payments; years are the last axis
    discount_ratio : float or array
        Discount rate a year, d; of the shape of `flows` without its last axis [-]
    """
    years = np.arange(np.shape(flows)[-1])
    return (flows * (1 + np.asarray(discount_ratio)[..., None]) ** -years).sum(axis=-1)


def levelised_cost_per_mwh(
    net_present_cost: Value, energy_mwh_per_year: Value, discount_ratio: Value, years: Value
) -> Value:
    """What each unit of energy must earn to pay for everything: ``NPC x CRF / E`` [1/MWh].

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 4 (levelized cost of energy).

    Parameters
    ----------
    net_present_cost : float or array
        Today's worth of all costs over the years
    energy_mwh_per_year : float or array
        The same in every year, E [MWh]
    discount_ratio : float or array
        Discount rate a year [-]
    years : float or array
        How long [years]
    """
    return net_present_cost * capital_recovery_ratio(discount_ratio, years) / energy_mwh_per_year


def payback_years(extra_capex: Value, saving_per_year: Value, discount_ratio: Value | float = 0.0) -> Value:
    """When savings have paid an investment back: ``-ln(1 - d I / S) / ln(1 + d)``, ``I / S`` without interest [years].

    Infinite where it is never paid back; 0 where nothing more is invested and nothing is lost.

    Source: Short, Packey and Holt 1995, NREL/TP-462-5173, section 3 (simple and discounted payback period).

    Parameters
    ----------
    extra_capex : float or array
        What more is invested, I
    saving_per_year : float or array
        What is saved in each year, S
    discount_ratio : float or array
        Discount rate a year, d, at least 0 [-]
    """
    raise NotImplementedError


def abatement_cost_per_t(extra_cost: Value, saved_t: Value) -> Value:
    """What a tonne that is not emitted costs: the difference in cost over the difference in emissions.

    Not a number where nothing is saved. Where the cost is negative too, more saved makes the figure worse: then compare
    the sums (Taylor 2012, The ranking of negative-cost emissions reduction measures, doi:10.1016/j.enpol.2012.05.071).

    Parameters
    ----------
    extra_cost : float or array
        Cost of the variant less that of the baseline, over the same time as `saved_t`
    saved_t : float or array
        Emissions of the baseline less those of the variant [t]
    """
    return where(saved_t > 0.0, extra_cost / where(saved_t > 0.0, saved_t, 1.0), float("nan"))
