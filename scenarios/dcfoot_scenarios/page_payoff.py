"""What a decision pays for, and the sizes that were found: the same on a page in two languages and on the terminal."""

from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

from dcfoot_scenarios.break_even import BreakEven
from dcfoot_scenarios.compare import Comparison, Difference
from dcfoot_scenarios.optimised import Optimised
from dcfoot_scenarios.page_words import PageWords
from dcfoot_scenarios.payoff import Payoff
from dcfoot_scenarios.sizing.answer import Sizing
from dcfoot_scenarios.study import BASELINE
from dcfoot_scenarios.words import words

TOLD_WITHIN_RATIO = 10.0
"""A stated price that would have to change by more decides nothing, and is told as data alone (a choice) [-]"""

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
        (said.present_value, money, [_worth_cell(comparison, name, said) for name in comparison.variants]),
        (said.payback, "", [_money_back(one, said) for one in found]),
        (said.saved, "t", [_tonnes(one, one.saved_t_per_year) for one in found]),
        (said.abatement, f"{currency}/t", [_abatement(one, said) for one in found]),
        (said.made, "t", [_tonnes(one, one.made_t) if one.carbon_years is not None else "-" for one in found]),
        (said.carbon_payback, "", [_carbon_back(one, said) for one in found]),
    ]
    yield from (row for row in rows if set(row[2]) != {"-"})


def worth(comparison: Comparison, variant: str) -> Difference:
    """The net present value of a variant over the baseline: what its net present cost is less, with its interval.

    Parameters
    ----------
    comparison : Comparison
        Of a study that counts money.
    variant : str
        One of its variants.
    """
    cost = comparison.difference(variant, "net_present_cost")
    if cost is None:
        raise KeyError(variant)
    p5, p95 = (None if end is None else -end for end in (cost.p95, cost.p5))
    return replace(cost, value=-cost.value, p5=p5, p95=p95)


def break_even_lines(comparison: Comparison, variant: str, said: PageWords, most_count: int = 3) -> Iterator[str]:
    """At which values of stated prices the cheaper one changes, in sentences; of those that are near enough to decide.

    Parameters
    ----------
    comparison : Comparison
        Of a study.
    variant : str
        One of its variants.
    said : PageWords
        In which language.
    most_count : int
        How many prices are named, the nearest to their break-even first.
    """
    for one in comparison.break_evens(variant)[:most_count]:
        if one.change_ratio <= TOLD_WITHIN_RATIO:
            yield _break_even(comparison, variant, one, said)


def _break_even(comparison: Comparison, variant: str, found: BreakEven, said: PageWords) -> str:
    study, lang = comparison.study, said.lang
    whose = {"variant": variant, "baseline": BASELINE}.get(found.of)
    of = said.of_one.format(name=study.called(whose, lang)) if whose else ""
    stated, at = found.stated.said(lang), found.switches_at.said(lang)
    return said.stated_price.format(name=found.called(lang), of=of, stated=stated, at=at)


def _worth_cell(comparison: Comparison, variant: str, said: PageWords) -> str:
    """The present value, and on a second line between what it lies."""
    word = words()["net_present_cost"]
    if comparison.payoff(variant).money is None:
        return "-"
    found = worth(comparison, variant)
    low, high = word.said(found.p5), word.said(found.p95)
    return word.said(found.value) + ("" if low == high else f"\n{said.to.format(low=low, high=high)}")


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
    if found.money is None or not found.is_of_the_same_work:
        return "-"
    return _with(after_years(float(found.money.payback_years), said), payback_between(found, said))


def _abatement(found: Payoff, said: PageWords) -> str:
    costs = None if found.money is None or not found.is_of_the_same_work else float(found.money.abatement_cost_per_t)
    return _with(f"{costs:,.0f}", abatement_between(found, said)) if costs is not None and isfinite(costs) else "-"


def _with(value: str, between: str) -> str:
    """A value, and on a second line between what it lies."""
    return f"{value}\n{between}" if between else value


def payback_between(found: Payoff, said: PageWords) -> str:
    """When it is paid back in 5 and in 95 % of the draws, and in how many it ever is; empty where that is one time."""
    drawn = found.drawn
    if drawn is None:
        return ""
    low, high = (after_years(years, said) for years in (drawn.payback_p5_years, drawn.payback_p95_years))
    return "" if low == high else said.to.format(low=low, high=high) + _of_draws(drawn.payback_ratio, said)


def abatement_between(found: Payoff, said: PageWords) -> str:
    """Between what the cost of a tonne lies, and in how many draws something is saved; empty where that is one cost."""
    drawn = found.drawn
    if drawn is None or drawn.abatement_cost_p5_per_t is None or drawn.abatement_cost_p95_per_t is None:
        return ""
    low, high = (f"{cost:,.0f}" for cost in (drawn.abatement_cost_p5_per_t, drawn.abatement_cost_p95_per_t))
    return "" if low == high else said.to.format(low=low, high=high) + _of_draws(drawn.abated_ratio, said)


def _of_draws(ratio: float, said: PageWords) -> str:
    return "" if ratio in {0.0, 1.0} else said.in_draws.format(share=ratio)


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
    told = said.optimised_of.format(of=comparison.study.called(found.of, said.lang), aim=aim, value=value)
    return told if sizing.is_optimal else said.quick.format(told=told, above=sizing.above_promise_ratio)


def size_rows(found: Optimised, said: PageWords) -> Iterator[tuple[str, str]]:
    """What was found: each size with its unit, and how much."""
    for name, amount in found.sizing.sizes.items():
        yield said.sizes[name], f"{round(amount, 1) + 0.0:,.1f}"  # a solver's -0 is 0


def eased_lines(comparison: Comparison, found: Optimised, said: PageWords) -> Iterator[str]:
    """What each limit costs that binds; a plant that stands is none."""
    sources = found.sizing.problem.sources
    stands = {f"{name}_mw_max" for name, one in sources.items() if one.nameplate.least == one.nameplate.most}
    for limit, price in found.sizing.shadow_prices.items():
        if price and limit not in stands:
            called = said.limits.get(limit) or said.sizes.get(limit.removesuffix("_max"), limit)
            yield said.eased.format(limit=called, value=_least(comparison, abs(price), found.sizing, said))


def front_rows(comparison: Comparison, found: Optimised, said: PageWords) -> Iterator[tuple[str, str]]:
    """The optimum at each value of the limit that was moved, and its sizes."""
    several = len({of for _, _, of in found.front if of} | {found.of}) > 1
    for value, sizing, of in found.front:
        if sizing is None:
            yield f"{value:g}", said.not_held
            continue
        sizes = "; ".join(f"{said.sizes.get(name, name)} {amount:,.1f}" for name, amount in sizing.sizes.items())
        whose = f"{comparison.study.called(of, said.lang)}: " if several else ""
        yield f"{value:g}", f"{whose}{_least(comparison, sizing.value(), sizing, said)} ({sizes})"
    yield from ((f"{value:g}", said.not_computed) for value in found.front_missing)


def front_head(comparison: Comparison, found: Optimised, said: PageWords) -> str:
    """What the front is of."""
    asked = comparison.study.keys.optimise
    limit = asked.front if asked is not None and asked.front is not None else ""
    return said.limit_front.format(aim=said.aims[found.sizing.problem.minimise], limit=said.limits.get(limit, limit))


def _least(comparison: Comparison, value: float, sizing: Sizing, said: PageWords) -> str:
    """An amount of what is minimised, with its unit."""
    word = words()[
        {"cost": "cost_per_year", "carbon": "carbon_location_yearly_t", "water": "water_source_m3"}[
            sizing.problem.minimise
        ]
    ]
    return f"{word.said(value)} {word.printed_unit(comparison.study.currency, said.lang)}"
