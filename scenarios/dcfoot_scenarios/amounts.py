"""What an input comes to so many standard deviations from its median, in its own unit: at what price, at what factor.

In come an outcome and the name of an input, out goes an `Amount`. The scenario's own formulas are asked, by a chance
that keeps what it gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dcfoot.cooling.parameters import Parameter
from dcfoot.draws import Spread
from dcfoot.facility_library import used_parameters
from dcfoot.grid import Method
from dcfoot.units import KG_PER_T
from dcfoot.weather.typical import AS_STATED
from dcfoot_scenarios.chance import At
from dcfoot_scenarios.evaluate import Outcome, figures_by
from dcfoot_scenarios.figures_beside import country_of, materials_of
from dcfoot_scenarios.technologies import technology
from dcfoot_scenarios.words import printed

MANY = 1e4
"""From here on an amount is told to the whole (a choice: four digits are more than any input is known by)."""


@dataclass(frozen=True, slots=True)
class Amount:
    """So much of something.

    Parameters
    ----------
    value : float
        In the unit.
    unit : str
        ``"g/kWh"``, ``"CNY/kWp"``; empty for a ratio.
    """

    value: float
    unit: str

    def said(self, lang: str) -> str:
        """As it is printed in a language."""
        told = f"{self.value:,.0f}" if abs(self.value) >= MANY else f"{self.value:,.4g}"
        return f"{told} {printed(self.unit, lang)}".rstrip()


@dataclass(frozen=True, slots=True)
class Noted(At):
    """Some inputs moved, and kept what each of them comes to.

    Parameters
    ----------
    amounts : dict of str to Amount
        By input, of those that are moved; filled as they are asked for.
    """

    amounts: dict[str, Amount] = field(default_factory=dict[str, Amount])

    def of(self, name: str, spread: Spread) -> float:
        """The value of the input."""
        value = At.of(self, name, spread)
        if name in self.moved:
            self.amounts[name] = Amount(value, "")
        return value

    def number(self, name: str, parameter: Parameter) -> float:
        """The value of the input."""
        value = At.number(self, name, parameter)
        if name in self.moved:
            self.amounts[name] = _of_parameter(parameter, value)
        return value


def _of_parameter(parameter: Parameter, value: float) -> Amount:
    return Amount(value, parameter.evidence.unit.removeprefix("-"))


def amount_at(outcome: Outcome, name: str, z: float) -> Amount | None:
    """What an input comes to; None where the scenario has none of it.

    Parameters
    ----------
    outcome : Outcome
        Of the scenario.
    name : str
        A key of `Outcome.inputs`.
    z : float
        How many standard deviations from its median [-]
    """
    if name not in outcome.inputs:
        return None
    hall = used_parameters(outcome.case.cooling, outcome.case.size, outcome.scenario.rejection)
    if name in hall:
        return _of_parameter(hall[name], hall[name].at(z))
    topic, _, thing = name.replace("/", ".", 1).partition(".")
    if topic == "weather":
        value = getattr(AS_STATED, thing) + outcome.case.place.air.doubts[thing].at(z)
        return Amount(value, "K" if thing.endswith("_k") else "")
    chance = Noted({name: z})
    figures_by(outcome, chance)
    return _in_its_unit(outcome, topic, thing, chance.amounts)


def _in_its_unit(outcome: Outcome, topic: str, thing: str, amounts: Mapping[str, Amount]) -> Amount | None:
    """What a chance was asked for as a bare number is of its topic's unit."""
    found = amounts.get(f"{topic}.{thing}")
    if found is None:
        return None
    if topic == "grid":  # an average is asked for as its level, true over stated
        mean = float(outcome.case.grid[1].mean()) if thing.endswith(f", {Method.AVERAGE}") else 1.0
        return Amount(found.value * mean, "g/kWh")
    if topic == "embodied":
        making = next(one.making for one in materials_of(outcome.case).made if one.making.name == thing)
        return Amount(found.value * making.lifetime_years * KG_PER_T, f"kg/{making.unit}")
    if topic == "price":
        return Amount(found.value, _price_unit(outcome, thing))
    return Amount(found.value, {"aware": "m3 world-eq/m3", "ewif": "L/kWh"}.get(topic, found.unit))


def _price_unit(outcome: Outcome, thing: str) -> str:
    kind, _, _ = thing.partition(", ")
    if kind == "electricity":
        usual = outcome.case.usual_price
        return f"{usual.currency}/{usual.per}"
    currency = outcome.money.currency if outcome.money else ""
    if kind == "carbon":
        return f"{currency}/t"
    return f"{currency}/{technology(thing, country_of(outcome.case), currency).capex.per}"
