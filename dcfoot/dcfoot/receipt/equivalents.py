"""An amount of energy or carbon in things that a person knows, each with its published source.

Comes in: the facility's energy and one carbon figure. Goes out: two or three equivalents whose counts are easy to
picture (as near to ten as there is), none for next to nothing. The thing itself is taken as exact; the interval is
that of the amount.
"""

from math import inf, log10
from typing import NamedTuple

from dcfoot.receipt.contract import CarbonJson, EquivalentJson, FootprintJson, QuantityJson

_EASY_COUNT = 10.0
"""What a person pictures best: a handful or two."""

_HARD_COUNT = 60.0
"""How many times more or less than that is hard to picture, so that it is only shown for want of a better."""

_TOO_LITTLE = 0.1
"""Less than a tenth of the smallest thing is pictured by nobody, and not shown at all."""

_ENERGY_CHOSEN = 2


class Thing(NamedTuple):
    """Something known: one piece is `value` kWh or g, which its source states as `stated`. Of a family one is chosen.

    `gas` is the gas of a carbon figure, so that CO2 is compared with CO2 and CO2e with CO2e.
    """

    what: str
    family: str
    value: float
    stated: tuple[float, str]
    year: int
    source: str
    gas: str = ""


_KETTLE = "1 L from 20 to 100 °C is 0.093 kWh (4.186 kJ/(kg K)), with a kettle's losses"
_HOUSEHOLD = "Eurostat: nrg_bal_c households 712.5 TWh / lfst_hhnhtych 202.2 million households"
_CAR_CO2 = "passenger car in the EU, Green Algorithms referenceValues.csv (CC BY 4.0)"
_CAR_CO2E = "average petrol car, UK DESNZ greenhouse gas conversion factors"

ENERGY_THINGS = (
    Thing("boiled_ml", "kettle", 1e-4, (0.1, "kWh/L"), 2024, _KETTLE),
    Thing("boiled_l", "kettle", 0.1, (0.1, "kWh/L"), 2024, _KETTLE),
    Thing("phone_charge", "phone", 0.015, (0.015, "kWh"), 2024, "a battery of 4000 mAh at 3.85 V"),
    Thing("household_day", "household", 3525 / 365, (3525.0, "kWh/year"), 2024, _HOUSEHOLD),
    Thing("household_year", "household", 3525.0, (3525.0, "kWh/year"), 2024, _HOUSEHOLD),
)
"""Energy of one piece [kWh]."""

CARBON_THINGS = (
    Thing("car_m", "car", 0.175, (0.175, "kg CO2/km"), 2019, _CAR_CO2, "CO2"),
    Thing("car_km", "car", 175.0, (0.175, "kg CO2/km"), 2019, _CAR_CO2, "CO2"),
    Thing("car_m", "car", 0.16152, (0.16152, "kg CO2e/km"), 2026, _CAR_CO2E, "CO2e"),
    Thing("car_km", "car", 161.52, (0.16152, "kg CO2e/km"), 2026, _CAR_CO2E, "CO2e"),
    Thing(
        "flight",
        "flight",
        800_000.0,
        (0.8, "t CO2e"),
        2026,
        "one way in economy, 5,570 km, UK DESNZ conversion factors with radiative forcing and fuel supply",
        "CO2e",
    ),
)
"""Carbon of one piece [g]."""


def equivalents(footprint: FootprintJson) -> list[EquivalentJson]:
    """Two equivalents of the facility's energy and one of its carbon; none of what is not known or next to nothing."""
    chosen: list[EquivalentJson] = []
    energy = footprint["facility_energy_kwh"] or footprint["it_energy_kwh"]
    if energy and energy["value"] > 0:
        name = "facility_energy_kwh" if footprint["facility_energy_kwh"] else "it_energy_kwh"
        chosen += [_equivalent(t, name, energy) for t in _easiest(ENERGY_THINGS, energy["value"], _ENERGY_CHOSEN)]
    carbon = _carbon_to_show(footprint["carbon"])
    if carbon and carbon["value_g"] > 0:
        things = tuple(thing for thing in CARBON_THINGS if thing.gas == carbon["gas"])
        amount = QuantityJson(value=carbon["value_g"], p5=carbon["p5_g"], p95=carbon["p95_g"], basis=carbon["basis"])
        chosen += [_equivalent(thing, "carbon", amount) for thing in _easiest(things, carbon["value_g"], 1)]
    return chosen


def _carbon_to_show(carbon: list[CarbonJson]) -> CarbonJson | None:
    """By the factor of a year, location-based, direct, before the others, in this order."""
    return min(
        carbon, key=lambda c: (c["year"] is None, c["method"] != "location", c["boundary"] != "direct"), default=None
    )


def _easiest(things: tuple[Thing, ...], amount: float, how_many: int) -> list[Thing]:
    """The things whose count is nearest to what is easy, one of a family; one at least."""
    by_family: dict[str, tuple[float, Thing]] = {}
    for thing in things:
        hardness = abs(log10(amount) - log10(thing.value * _EASY_COUNT))
        by_family[thing.family] = min(by_family.get(thing.family, (inf, thing)), (hardness, thing), key=lambda h: h[0])
    ranked = sorted(by_family.values(), key=lambda h: h[0])[:how_many]
    easy = (thing for place, (hardness, thing) in enumerate(ranked) if not place or hardness <= log10(_HARD_COUNT))
    return [thing for thing in easy if amount / thing.value >= _TOO_LITTLE]


def _equivalent(thing: Thing, quantity: str, amount: QuantityJson) -> EquivalentJson:
    return EquivalentJson(
        what=thing.what,
        quantity=quantity,
        value=amount["value"] / thing.value,
        p5=amount["p5"] / thing.value,
        p95=amount["p95"] / thing.value,
        basis=amount["basis"],
        each_value=thing.stated[0],
        each_unit=thing.stated[1],
        year=thing.year,
        source=thing.source,
    )
