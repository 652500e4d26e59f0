"""What a decision pays for, and the sizes that were found: the same on a page in two languages and on the terminal."""

from collections.abc import Iterator
from math import isfinite

from dcfoot_scenarios.compare import Comparison
from dcfoot_scenarios.optimised import Optimised
from dcfoot_scenarios.page_words import PageWords
from dcfoot_scenarios.payoff import Payoff
from dcfoot_scenarios.sizing.answer import Sizing
from dcfoot_scenarios.words import words

Row = tuple[str, str, list[str]]
"""What it is, its unit, and a cell for each scenario."""


def payoff_rows(comparison: Comparison, said: PageWords) -> Iterator[Row]:
    """What each variant pays for, beside the baseline; rows that no variant has a figure of are left out."""
    found = [comparison.payoff(name) for name in comparison.variants]
    currency = comparison.study.currency
    money = words()["capex"].unit_in(currency)
    rows: list[Row] = [
        (said.work, "%", ["-" if one.is_of_the_same_work else f"{100 * one.work_ratio:,.0f}" for one in found]),
        (said.extra_capex, money, [_millions(one, "extra_capex") for one in found]),
        (said.saving, money, [_millions(one, "saving_per_year") for one in found]),
        (said.present_value, money, [_millions(one, "net_present_value") for one in found]),
        (said.payback, "", [_money_back(one, said) for one in found]),
        (said.saved, "t", [_tonnes(one, one.saved_t_per_year) for one in found]),
        (said.abatement, f"{currency}/t", [_abatement(one) for one in found]),
        (said.made, "t", [_tonnes(one, one.made_t) if one.carbon_years is not None else "-" for one in found]),
        (said.carbon_payback, "", [_carbon_back(one, said) for one in found]),
    ]
    yield from (row for row in rows if set(row[2]) != {"-"})


def _millions(found: Payoff, name: str) -> str:
    return (
        "-"
        if found.money is None or not found.is_of_the_same_work
        else words()["capex"].said(float(getattr(found.money, name)))
    )


def _tonnes(found: Payoff, amount_t: float) -> str:
    """Nothing is told of what less work saves."""
    return f"{amount_t:,.0f}" if found.is_of_the_same_work else "-"


def _money_back(found: Payoff, said: PageWords) -> str:
    return (
        "-"
        if found.money is None or not found.is_of_the_same_work
        else after_years(float(found.money.payback_years), said)
    )


def _abatement(found: Payoff) -> str:
    costs = None if found.money is None or not found.is_of_the_same_work else float(found.money.abatement_cost_per_t)
    return f"{costs:,.0f}" if costs is not None and isfinite(costs) else "-"


def _carbon_back(found: Payoff, said: PageWords) -> str:
    if found.carbon_years is None or found.made_t <= 0 or not found.is_of_the_same_work:
        return "-"
    return after_years(found.carbon_years, said)


def after_years(years: float, said: PageWords) -> str:
    """When something is back."""
    if not years:
        return said.at_once
    return said.years.format(years=years) if isfinite(years) else said.never


def optimum(comparison: Comparison, found: Optimised, said: PageWords) -> str:
    """Which scenario was taken, and what is least, in a sentence."""
    sizing = found.sizing
    aim, value = said.aims[sizing.problem.minimise], _least(comparison, sizing.value(), sizing, said)
    return said.optimised_of.format(of=found.of, aim=aim, value=value)


def size_rows(found: Optimised, said: PageWords) -> Iterator[tuple[str, str]]:
    """What was found: each size with its unit, and how much."""
    for name, amount in found.sizing.sizes.items():
        yield said.sizes[name], f"{round(amount, 1) + 0.0:,.1f}"  # a solver's -0 is 0


def eased_lines(comparison: Comparison, found: Optimised, said: PageWords) -> Iterator[str]:
    """What each limit costs that binds."""
    for limit, price in found.sizing.shadow_prices.items():
        if price:
            yield said.eased.format(limit=limit, value=_least(comparison, abs(price), found.sizing, said))


def front_rows(comparison: Comparison, found: Optimised, said: PageWords) -> Iterator[tuple[str, str]]:
    """The optimum at each value of the limit that was moved."""
    for value, sizing in found.front:
        yield f"{value:g}", said.not_held if sizing is None else _least(comparison, sizing.value(), sizing, said)


def front_head(comparison: Comparison, found: Optimised, said: PageWords) -> str:
    """What the front is of."""
    asked = comparison.study.keys.optimise
    limit = asked.front if asked is not None and asked.front is not None else ""
    return said.limit_front.format(aim=said.aims[found.sizing.problem.minimise], limit=limit)


def _least(comparison: Comparison, value: float, sizing: Sizing, said: PageWords) -> str:
    """An amount of what is minimised, with its unit."""
    word = words()[
        {"cost": "cost_per_year", "carbon": "carbon_location_yearly_t", "water": "water_source_m3"}[
            sizing.problem.minimise
        ]
    ]
    return f"{word.said(value)} {word.printed_unit(comparison.study.currency, said.lang)}"
