"""Cooling by liquid: what a coolant takes from the IT equipment, and at what temperature a plant must supply water.

Cold plates, doors at the back of racks and baths differ only in numbers: how much of the heat they catch, how
warm their coolant may be, and what it takes to pump it.
"""

from dataclasses import dataclass

from dcfoot.cooling.movers import Mover, moving_power
from dcfoot.elementwise import Numbers


@dataclass(frozen=True, slots=True)
class LiquidLoop:
    """A loop of coolant between IT equipment and a coolant distribution unit (CDU).

    Parameters
    ----------
    captured_ratio : float or array
        Of the IT equipment's heat; the rest goes to the hall's air [-]
    coolant_supply_c : float or array
        Coolant to the IT equipment [C]
    coolant_range_k : float or array
        How much warmer it returns [K]
    coolant_j_per_m3_k : float or array
        Heat capacity of a volume of coolant [J/(m3 K)]
    cdu_approach_k : float or array
        Coolant leaving the CDU over plant water entering it [K]
    pumps : Mover
        Of the coolant.
    """

    captured_ratio: Numbers
    coolant_supply_c: Numbers
    coolant_range_k: Numbers
    coolant_j_per_m3_k: Numbers
    cdu_approach_k: Numbers
    pumps: Mover


@dataclass(frozen=True, slots=True)
class LiquidState:
    """What a liquid loop does in an hour. Ratios are over IT capacity.

    Parameters
    ----------
    pump_ratio : float or array
        Power [-]
    plant_heat_ratio, design_heat_ratio : float or array
        Heat for the plant, now and at full load [-]
    water_supply_c : float or array
        Temperature of the water that the CDU wants [C]
    """

    pump_ratio: Numbers
    plant_heat_ratio: Numbers
    design_heat_ratio: Numbers
    water_supply_c: Numbers


def liquid_state(loop: LiquidLoop, it_load_ratio: Numbers) -> LiquidState:
    """What the loop does; coolant flows in proportion to the heat.

    Parameters
    ----------
    loop : LiquidLoop
        The loop.
    it_load_ratio : float or array
        IT power over IT capacity [-]
    """
    design_m3 = loop.captured_ratio / (loop.coolant_range_k * loop.coolant_j_per_m3_k)
    pumping = moving_power(loop.pumps, design_m3, it_load_ratio)
    heat = loop.captured_ratio * it_load_ratio
    return LiquidState(pumping, heat + pumping, loop.captured_ratio, loop.coolant_supply_c - loop.cdu_approach_k)
