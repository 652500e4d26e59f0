"""At which value of a stated price the cheaper of two scenarios changes: what is stated is not drawn, and yet decides.

In come two outcomes, out go `BreakEven`s. With the hours as they are, a cost is linear in each price: two costs of a
year say exactly where two scenarios cost the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import inf
from types import MappingProxyType
from typing import Literal, cast

from dcfoot_scenarios.amounts import Amount
from dcfoot_scenarios.chance import At
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.figures_beside import account_of
from dcfoot_scenarios.input_words import key_called
from dcfoot_scenarios.scan import ROUNDING_RATIO
from dcfoot_scenarios.scenario import Money, Part, Scenario

Side = Literal["both", "variant", "baseline"]

PRICES: Mapping[str, str] = MappingProxyType(
    {
        "grid.price_per_mwh": "/MWh",
        "grid.demand_per_mw_month": "/MW",
        "grid.export_price_per_mwh": "/MWh",
        "money.carbon_price_per_t": "/t",
        "money.water_price_per_m3": "/m3",
        "heat_reuse.price_per_mwh": "/MWh",
        "supply.certificate_price_per_mwh": "/MWh",
        "supply.solar_capex_per_kw": "/kW",
        "supply.wind_capex_per_kw": "/kW",
        "storage.battery_capex_per_kwh": "/kWh",
        "cold_store.capex_per_kwh": "/kWh",
        "servers.capex_per_node": "/piece",
        "other_capex": "",
    }
)
"""Keys of a study that are prices: what each is for."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """A stated price at another value of which the cheaper of two scenarios changes.

    Parameters
    ----------
    key : str
        Of the study: ``"grid.price_per_mwh"``.
    of : str
        Whose price it is: of both where they state the same, else of one, the other's staying as it is.
    stated : Amount
        What the study says.
    switches_at : Amount
        Where both cost the same, every hour and every other price staying as they are.
    """

    key: str
    of: Side
    stated: Amount
    switches_at: Amount

    def called(self, lang: str = "en") -> str:
        """What the price is called in a language, without its unit: ``"en"``, ``"zh"``."""
        return key_called(self.key, lang).partition(" [")[0]

    @property
    def change_ratio(self) -> float:
        """By how much the price would have to change, over what is stated; infinite where that is 0 [-]."""
        return abs(self.switches_at.value / self.stated.value - 1.0) if self.stated.value else inf


def break_evens(variant: Outcome, baseline: Outcome) -> list[BreakEven]:
    """The stated prices on which it hangs which of the two is cheaper, the nearest to its break-even first.

    Parameters
    ----------
    variant, baseline : Outcome
        Of one study; without money there are none.
    """
    if variant.money is None or baseline.money is None:
        return []
    found = (
        _break_even(key, of, stated, variant, baseline)
        for key in PRICES
        for of, stated in _stated(key, variant, baseline)
    )
    return sorted((one for one in found if one is not None), key=lambda one: one.change_ratio)


def _stated(key: str, variant: Outcome, baseline: Outcome) -> Iterator[tuple[Side, float]]:
    one, other = _price(variant, key), _price(baseline, key)
    if one is not None and one == other:
        yield "both", one
        return
    if one is not None:
        yield "variant", one
    if other is not None:
        yield "baseline", other


def _price(outcome: Outcome, key: str) -> float | None:
    """What the study states; None where it says nothing."""
    part, _, name = key.rpartition(".")
    of_scenario = getattr(outcome.scenario, part) if part and part != "money" else outcome.scenario
    holder = cast("Part | None", outcome.money if part == "money" else of_scenario)
    return getattr(holder, name) if holder is not None and name in holder.model_fields_set else None


def _break_even(key: str, of: Side, stated: float, variant: Outcome, baseline: Outcome) -> BreakEven | None:
    """Where the two cost the same; None where that hangs not on the price, or on one below 0."""

    def extra_cost(price: float) -> float:
        one, other = (
            _cost(outcome, key, price if of in {"both", side} else None)
            for side, outcome in (("variant", variant), ("baseline", baseline))
        )
        return one - other

    step = stated or 1.0
    extra, moved = extra_cost(stated), extra_cost(stated + step)
    if abs(moved - extra) <= ROUNDING_RATIO * abs(_cost(baseline, key, None)):
        return None
    unit = f"{variant.money.currency if variant.money else ''}{PRICES[key]}"
    at = stated - extra * step / (moved - extra)
    return BreakEven(key, of, Amount(stated, unit), Amount(at, unit)) if at >= 0.0 else None


def _cost(outcome: Outcome, key: str, price: float | None) -> float:
    """The cost of a year with another price of one thing and the same hours; None: with that which it has."""
    case, money = outcome.case, cast("Money", outcome.money)
    part, _, name = key.rpartition(".")
    if price is not None and part == "money":
        money = money.model_copy(update={name: price})
    elif price is not None:
        case = replace(case, scenario=_with_price(case.scenario, part, name, price))
    return float(account_of(case, outcome.year, At(), money, outcome.figures).cost_per_year)


def _with_price(scenario: Scenario, part: str, name: str, price: float) -> Scenario:
    if not part:
        return scenario.model_copy(update={name: price})
    holder = cast("Part", getattr(scenario, part))
    return scenario.model_copy(update={part: holder.model_copy(update={name: price})})
