"""Cooling towers: how cold their water gets, and what fans, pumps and evaporation that takes.

In come the air and the heat; out go the leaving water's temperature and a `Rejection`. Approach follows the wet bulb as
it does in York's towers; fans slow down as soon as colder water is not wanted.
"""

from dataclasses import dataclass

from dcfoot.cooling.air import OutsideAir, air_density_kg_per_m3, outside_air
from dcfoot.cooling.movers import Mover, moving_power
from dcfoot.cooling.rejection import Rejection
from dcfoot.cooling.water import WATER_J_PER_KG_K, WATER_KG_PER_M3, Water, blowdown_kg_per_j, latent_heat_j_per_kg
from dcfoot.elementwise import Numbers, clip, maximum, minimum
from dcfoot.psychrometrics import STANDARD_PRESSURE_PA, enthalpy_j_per_kg, saturation_humidity_ratio_kg_per_kg

_YORK = (
    (
        (-0.359741205, -0.055053608, 0.0023850432),
        (0.173926877, -0.0248473764, 0.00048430224),
        (-0.005589849456, 0.0005770079712, -1.342427256e-05),
    ),
    (
        (2.84765801111111, -0.121765149, 0.0014599242),
        (1.680428651, -0.0166920786, -0.0007190532),
        (-0.025485194448, 4.87491696e-05, 2.719234152e-05),
    ),
    (
        (-0.0653766255555556, -0.002278167, 0.0002500254),
        (-0.0910565458, 0.00318176316, 3.8621772e-05),
        (-0.0034285382352, 8.56589904e-06, -1.516821552e-06),
    ),
)
"""By power of the liquid-to-gas ratio, of the range, of the wet bulb. Source: EnergyPlus Engineering Reference,
"Variable Speed Cooling Towers Empirical Models", YorkCalc."""

YORK_WET_BULB_C = (0.0, 32.0)
"""Where York's approach is followed. It was made for -34.4 to 26.7 C (EnergyPlus Engineering Reference, same place).
The lower end is a choice: in frost no tower needs all its air. Above, the heat balance of the air bears it out.
"""

FULL_GAIN_RATIO = 1.22
"""Where air flows as the heat, a kilogram of it takes up the same at any wet bulb, or York's approach is not right: it
is 0.97 to 1.06 of that at design for the tower of the table, and 0.79 to 1.22 for any approach and range of its ranges.
Fans slow down beyond that misfit."""

DESIGN_WET_BULB_C = 25.6
"""Wet bulb at which a tower's approach is stated: 78 F (CTI STD-201, standard rating)."""


@dataclass(frozen=True, slots=True)
class Tower:
    """Wet cooling towers with fans of variable speed.

    Parameters
    ----------
    approach_k : float or array
        Leaving water over the wet bulb at full air flow and a wet bulb of 25.6 C [K]
    range_k : float or array
        Entering over leaving water [K]
    liquid_gas_ratio : float or array
        Mass of water over mass of air at design [-]
    fans, pumps : Mover
        What moves air and water through them.
    drift_ratio : float or array
        Water carried off as droplets, over water pumped [-]
    concentration_ratio : float or array
        Cycles of concentration [-]
    latent_ratio : float or array or None
        Heat given off by evaporation, over all heat; None: from the state of the air [-]
    """

    approach_k: Numbers
    range_k: Numbers
    liquid_gas_ratio: Numbers
    fans: Mover
    pumps: Mover
    drift_ratio: Numbers
    concentration_ratio: Numbers
    latent_ratio: Numbers | None = None


def york_approach_k(wet_bulb_c: Numbers, range_k: Numbers, liquid_gas_ratio: Numbers) -> Numbers:
    """Approach of York's towers: a polynomial of 27 terms in wet bulb, range and liquid-to-gas ratio over design.

    Source: EnergyPlus Engineering Reference, YorkCalc.

    Parameters
    ----------
    wet_bulb_c : float or array
        -34.4 to 26.7 [C]
    range_k : float or array
        1.1 to 22.2 [K]
    liquid_gas_ratio : float or array
        Water flow over air flow, both over their design, up to 8 [-]
    """
    constant, slope, bend = (_at_wet_bulb_power(power, range_k, liquid_gas_ratio) for power in range(3))
    return _square(constant, slope, bend, wet_bulb_c)


def _at_wet_bulb_power(power: int, range_k: Numbers, liquid_gas_ratio: Numbers) -> Numbers:
    """What stands before this power of the wet bulb."""
    a, b, c = (_square(low[power], middle[power], high[power], range_k) for low, middle, high in _YORK)
    return _square(a, b, c, liquid_gas_ratio)


def _square(a: Numbers, b: Numbers, c: Numbers, x: Numbers) -> Numbers:
    return a + x * (b + x * c)


def full_approach_k(tower: Tower, wet_bulb_c: Numbers) -> Numbers:
    """Approach with air flow in proportion to the heat: the tower's own, scaled over the wet bulb as York's is.

    Parameters
    ----------
    tower : Tower
        The towers.
    wet_bulb_c : float or array
        [C]
    """
    york = york_approach_k(clip(wet_bulb_c, *YORK_WET_BULB_C), tower.range_k, 1.0)
    return york * (tower.approach_k / york_approach_k(DESIGN_WET_BULB_C, tower.range_k, 1.0))


def tower_leaving_c(tower: Tower, air: OutsideAir, wanted_c: Numbers) -> Numbers:
    """Temperature of the leaving water: what full air flow gives, but no colder than is wanted.

    Parameters
    ----------
    tower : Tower
        The towers.
    air : OutsideAir
        The hour's.
    wanted_c : float or array
        Colder is of no use [C]
    """
    return maximum(air.wet_bulb_c + full_approach_k(tower, air.wet_bulb_c), wanted_c)


def tower_state(
    tower: Tower, air: OutsideAir, leaving_c: Numbers, heat_ratio: Numbers, design_heat_ratio: Numbers
) -> Rejection:
    """Fans, pumps and water of the towers for a heat.

    Water flows in proportion to the heat, so that the range stays; so does air, and less where warmer water lets each
    kilogram of it take up more heat than at design.

    Parameters
    ----------
    tower : Tower
        The towers.
    air : OutsideAir
        The hour's.
    leaving_c : float or array
        `tower_leaving_c` [C]
    heat_ratio, design_heat_ratio : float or array
        Heat brought by the water, now and at full load, over IT capacity [-]
    """
    flow = heat_ratio / design_heat_ratio
    water_kg = 1 / (WATER_J_PER_KG_K * tower.range_k)
    pumps = moving_power(tower.pumps, design_heat_ratio * water_kg / WATER_KG_PER_M3, flow)
    moisture, gained = _exhaust(tower, air, leaving_c)
    air_m3 = design_heat_ratio * water_kg / (tower.liquid_gas_ratio * air_density_kg_per_m3(air.pressure_pa))
    slowing = minimum(FULL_GAIN_RATIO * _design_gain_j_per_kg(tower) / gained, 1.0)
    fans = moving_power(tower.fans, air_m3, flow * slowing)
    if tower.latent_ratio is None:
        evaporation_kg = moisture / gained
    else:
        evaporation_kg = tower.latent_ratio / latent_heat_j_per_kg(leaving_c + tower.range_k / 2)
    evaporation = (heat_ratio + pumps) * evaporation_kg
    drift = tower.drift_ratio * water_kg * heat_ratio
    let_go = blowdown_kg_per_j(evaporation, drift, tower.concentration_ratio)
    return Rejection(fans, pumps, heat_ratio + pumps, Water(evaporation, let_go, drift))


def _exhaust(tower: Tower, air: OutsideAir, leaving_c: Numbers) -> tuple[Numbers, Numbers]:
    """What each kilogram of air takes up: moisture [kg/kg] and heat [J/kg].

    It leaves saturated at the mean temperature of the water. So ``(w2 - w1) / (h2 - h1)`` evaporates for each joule;
    other heat warms the air, or in a dry summer the air is cooled in passing, and more evaporates than the heat alone
    asks for. Source: EnergyPlus Engineering Reference, "Cooling Tower Makeup Water Usage", method SaturatedExit.
    """
    water_c = leaving_c + tower.range_k / 2
    humidity = saturation_humidity_ratio_kg_per_kg(water_c, air.pressure_pa)
    heat = enthalpy_j_per_kg(water_c, humidity) - enthalpy_j_per_kg(air.dry_bulb_c, air.humidity_kg_per_kg)
    return humidity - air.humidity_kg_per_kg, heat


def _design_gain_j_per_kg(tower: Tower) -> Numbers:
    """Heat that a kilogram of air takes up at design. York's approach over the wet bulb keeps it within a fifth."""
    at_design = outside_air(DESIGN_WET_BULB_C, DESIGN_WET_BULB_C, STANDARD_PRESSURE_PA)
    return _exhaust(tower, at_design, DESIGN_WET_BULB_C + tower.approach_k)[1]
