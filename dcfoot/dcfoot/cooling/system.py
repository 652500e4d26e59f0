"""A cooling system: an air side with its plant, and where there is liquid cooling, a loop with a plant of its own."""

from dataclasses import dataclass

from dcfoot.cooling.air import OutsideAir
from dcfoot.cooling.air_side import AirEconomizer, AirHandler, air_side_state
from dcfoot.cooling.liquid import LiquidLoop, liquid_state
from dcfoot.cooling.plant import Plant, PlantState, plant_state
from dcfoot.cooling.water import Water
from dcfoot.elementwise import Numbers, maximum


@dataclass(frozen=True, slots=True)
class CoolingSystem:
    """What cools a data centre.

    Parameters
    ----------
    air : AirHandler
        Air handlers of the halls.
    plant : Plant
        What takes the heat of their coils.
    air_economizer : AirEconomizer or None
        Outside air.
    liquid : LiquidLoop or None
        Liquid cooling of the IT equipment.
    liquid_plant : Plant or None
        What takes its heat; given if, and only if, `liquid` is.
    """

    air: AirHandler
    plant: Plant
    air_economizer: AirEconomizer | None = None
    liquid: LiquidLoop | None = None
    liquid_plant: Plant | None = None


@dataclass(frozen=True, slots=True)
class CoolingState:
    """What a cooling system does in an hour. Ratios are over IT capacity.

    Parameters
    ----------
    fan_ratio, pump_ratio, chiller_ratio, rejection_fan_ratio, humidifier_ratio : float or array
        Power [-]
    heat_removed_ratio : float or array
        Heat given to the outside by exhaust air, towers, dry coolers and condensers [-]
    lifted_ratio : float or array
        Heat that compressors lift [-]
    free_ratio : float or array
        The share of the heat that no compressor lifted [-]
    supply_excess_k, clamped_k, overload_ratio : float or array
        As of a `PlantState`: the worse of two plants.
    water : Water
        What it uses.
    """

    fan_ratio: Numbers
    pump_ratio: Numbers
    chiller_ratio: Numbers
    rejection_fan_ratio: Numbers
    humidifier_ratio: Numbers
    heat_removed_ratio: Numbers
    lifted_ratio: Numbers
    free_ratio: Numbers
    supply_excess_k: Numbers
    clamped_k: Numbers
    overload_ratio: Numbers
    water: Water

    @property
    def power_ratio(self) -> Numbers:
        """All that the system draws [-]."""
        moving = self.fan_ratio + self.pump_ratio + self.rejection_fan_ratio
        return moving + self.chiller_ratio + self.humidifier_ratio


def cooling_state(
    system: CoolingSystem,
    it_load_ratio: Numbers,
    other_heat_ratio: Numbers,
    other_design_heat_ratio: Numbers,
    air: OutsideAir,
) -> CoolingState:
    """What the system does with the heat of the IT equipment and of what else stands in the hall.

    Parameters
    ----------
    system : CoolingSystem
        The system.
    it_load_ratio : float or array
        IT power over IT capacity [-]
    other_heat_ratio, other_design_heat_ratio : float or array
        Heat of losses and lights in the hall, now and at full load, over IT capacity [-]
    air : OutsideAir
        The hour's.
    """
    caught = system.liquid.captured_ratio if system.liquid else 0.0
    heat = it_load_ratio * (1 - caught) + other_heat_ratio
    hall = air_side_state(system.air, system.air_economizer, heat, 1 - caught + other_design_heat_ratio, air)
    plant = plant_state(system.plant, hall.plant_heat_ratio, hall.plant_design_ratio, hall.water_supply_c, air)
    free = hall.exhaust_ratio + plant.free_ratio * hall.plant_heat_ratio
    loop_power: Numbers = 0.0
    if system.liquid is not None and system.liquid_plant is not None:
        loop = liquid_state(system.liquid, it_load_ratio)
        of_loop = plant_state(
            system.liquid_plant, loop.plant_heat_ratio, loop.design_heat_ratio, loop.water_supply_c, air
        )
        free = free + of_loop.free_ratio * loop.plant_heat_ratio
        plant = _together(plant, of_loop)
        loop_power = loop.pump_ratio
    heat_in = it_load_ratio + other_heat_ratio + hall.fan_ratio + loop_power
    return CoolingState(
        hall.fan_ratio,
        plant.pump_ratio + loop_power,
        plant.chiller_ratio,
        plant.rejection_fan_ratio,
        hall.humidifier_ratio,
        hall.exhaust_ratio + plant.heat_ratio,
        heat_in - free,
        free / heat_in,
        plant.supply_excess_k,
        plant.clamped_k,
        plant.overload_ratio,
        hall.water + plant.water,
    )


def _together(one: PlantState, other: PlantState) -> PlantState:
    """Two plants as one: powers, heat and water add up, of what is out of bounds the worse counts."""
    return PlantState(
        one.pump_ratio + other.pump_ratio,
        one.rejection_fan_ratio + other.rejection_fan_ratio,
        one.chiller_ratio + other.chiller_ratio,
        one.heat_ratio + other.heat_ratio,
        one.free_ratio,
        maximum(one.supply_excess_k, other.supply_excess_k),
        maximum(one.clamped_k, other.clamped_k),
        maximum(one.overload_ratio, other.overload_ratio),
        one.water + other.water,
    )
