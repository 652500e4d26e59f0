"""A plant takes heat from water (or refrigerant) to the outside: economizer first, chillers for what it cannot take.

In come the heat, the temperature at which the water must be supplied, and the air outside; out go the power of each
part, the water, and how much was done without a compressor. Economizer and chillers work side by side: the share of the
economizer is the part of the water's cooling that it can do, so that nothing jumps where one takes over.
"""

from dataclasses import dataclass

from dcfoot.cooling.air import OutsideAir
from dcfoot.cooling.chiller import Chiller, ChillerState, chiller_state
from dcfoot.cooling.dry_cooler import DryCooler, cooler_leaving_c, cooler_state
from dcfoot.cooling.movers import Mover, moving_power
from dcfoot.cooling.rejection import Rejection
from dcfoot.cooling.tower import Tower, tower_leaving_c, tower_state
from dcfoot.cooling.water import WATER_J_PER_KG_K, WATER_KG_PER_M3, Water
from dcfoot.elementwise import Numbers, clip, maximum


@dataclass(frozen=True, slots=True)
class WaterEconomizer:
    """A heat exchanger between the plant's water and the water of its towers or dry coolers.

    Parameters
    ----------
    approach_k : float or array
        Plant water leaving over tower water entering [K]
    pumps : Mover
        What moves water through it.
    """

    approach_k: Numbers
    pumps: Mover


@dataclass(frozen=True, slots=True)
class Plant:
    """What takes heat from water to the outside.

    Parameters
    ----------
    range_k : float or array
        Water returning over water supplied [K]
    pumps : Mover or None
        Of the plant's water; None where refrigerant takes the heat (direct expansion).
    economizer : WaterEconomizer or None
        Cooling without compressors.
    chiller : Chiller or None
        None: the water gets as cold as the outside allows.
    rejection : Tower or DryCooler or None
        None: the chillers give their heat to the air themselves.
    """

    range_k: Numbers
    pumps: Mover | None
    economizer: WaterEconomizer | None
    chiller: Chiller | None
    rejection: Tower | DryCooler | None


@dataclass(frozen=True, slots=True)
class PlantState:
    """What a plant does in an hour. Ratios are over IT capacity.

    Parameters
    ----------
    pump_ratio, rejection_fan_ratio, chiller_ratio : float or array
        Power [-]
    heat_ratio : float or array
        Heat given to the outside: what came in, and the power of pumps and compressors [-]
    free_ratio : float or array
        The part of the heat that no compressor lifted, over the heat that came in [-]
    supply_excess_k : float or array
        How far the water is supplied above what was asked for [K]
    clamped_k : float or array
        How far chillers are asked beyond the range of their curves, while they lift heat [K]
    overload_ratio : float or array
        Heat that chillers lift beyond their capacity, over that capacity [-]
    water : Water
        What it uses.
    """

    pump_ratio: Numbers
    rejection_fan_ratio: Numbers
    chiller_ratio: Numbers
    heat_ratio: Numbers
    free_ratio: Numbers
    supply_excess_k: Numbers
    clamped_k: Numbers
    overload_ratio: Numbers
    water: Water


def plant_state(
    plant: Plant, heat_ratio: Numbers, design_heat_ratio: Numbers, supply_c: Numbers, air: OutsideAir
) -> PlantState:
    """What the plant does with a heat.

    Parameters
    ----------
    plant : Plant
        The plant.
    heat_ratio, design_heat_ratio : float or array
        Heat to take, now and at full load without any other economizer, over IT capacity [-]
    supply_c : float or array
        Temperature at which its water must be supplied [C]
    air : OutsideAir
        The hour's.
    """
    loop = _pumping(plant, plant.pumps, heat_ratio, design_heat_ratio)
    leaving_c = _leaving_c(plant, air, supply_c)
    free, excess_k = _free_cooling(plant, supply_c, leaving_c)
    exchanger = plant.economizer.pumps if plant.economizer is not None else None
    exchange = _pumping(plant, exchanger, free * heat_ratio, design_heat_ratio)
    lifted = (1 - free) * (heat_ratio + loop)
    machines = _lift(plant.chiller, lifted, design_heat_ratio, supply_c, leaving_c, air)
    to_water, to_air = _condensers(plant.chiller, lifted + machines.power_ratio)
    brought = free * (heat_ratio + loop) + exchange + to_water
    rejection = _reject(plant, air, supply_c, leaving_c, brought, design_heat_ratio)
    overload = maximum(machines.part_load_ratio - _most_part_load_ratio(plant.chiller), 0.0)
    return PlantState(
        loop + exchange + rejection.pump_ratio,
        rejection.fan_ratio,
        machines.power_ratio,
        rejection.heat_ratio + to_air,
        free,
        excess_k,
        machines.clamped_k * (1 - free),
        overload,
        rejection.water,
    )


def _pumping(plant: Plant, pumps: Mover | None, heat_ratio: Numbers, design_heat_ratio: Numbers) -> Numbers:
    """Power to move the plant's water, which flows in proportion to the heat."""
    if pumps is None:
        return 0.0
    flow_m3 = design_heat_ratio / (WATER_J_PER_KG_K * WATER_KG_PER_M3 * plant.range_k)
    return moving_power(pumps, flow_m3, heat_ratio / design_heat_ratio)


def _wanted_c(plant: Plant, supply_c: Numbers) -> Numbers:
    """The temperature below which colder water from outside is of no use."""
    if plant.economizer is not None:
        return supply_c - plant.economizer.approach_k
    if plant.chiller is not None:
        return plant.chiller.curve.condenser_range_c[0]
    return supply_c


def _leaving_c(plant: Plant, air: OutsideAir, supply_c: Numbers) -> Numbers:
    """Temperature of the water that comes from outside; without any, that of the air."""
    if isinstance(plant.rejection, Tower):
        return tower_leaving_c(plant.rejection, air, _wanted_c(plant, supply_c))
    if isinstance(plant.rejection, DryCooler):
        return cooler_leaving_c(plant.rejection, air, _wanted_c(plant, supply_c))
    return air.dry_bulb_c


def _free_cooling(plant: Plant, supply_c: Numbers, leaving_c: Numbers) -> tuple[Numbers, Numbers]:
    """The share that needs no compressor, and by how much the water is then too warm [K]."""
    if plant.economizer is None:
        return 0.0, 0.0
    too_warm_k = maximum(leaving_c + plant.economizer.approach_k - supply_c, 0.0)
    if plant.chiller is None:
        return 1.0, too_warm_k
    return clip(1 - too_warm_k / plant.range_k, 0.0, 1.0), 0.0


def _lift(
    chiller: Chiller | None,
    heat_ratio: Numbers,
    design_heat_ratio: Numbers,
    supply_c: Numbers,
    leaving_c: Numbers,
    air: OutsideAir,
) -> ChillerState:
    if chiller is None:
        return ChillerState(0.0, 0.0, 0.0)
    condenser_c = leaving_c if chiller.cooled_by == "water" else air.dry_bulb_c
    return chiller_state(chiller, heat_ratio, design_heat_ratio, supply_c, condenser_c)


def _condensers(chiller: Chiller | None, heat_ratio: Numbers) -> tuple[Numbers, Numbers]:
    """The chillers' heat: what goes to the water of the rejection, and what they give to the air themselves."""
    if chiller is not None and chiller.cooled_by == "water":
        return heat_ratio, 0.0
    return 0.0, heat_ratio


def _reject(
    plant: Plant,
    air: OutsideAir,
    supply_c: Numbers,
    leaving_c: Numbers,
    heat_ratio: Numbers,
    design_heat_ratio: Numbers,
) -> Rejection:
    """What towers or dry coolers do; they are sized for the compressors' heat too, where they take it."""
    chiller = plant.chiller
    if chiller is not None and chiller.cooled_by == "water":
        design_heat_ratio = design_heat_ratio * (1 + 1 / (chiller.curve.cop * chiller.cop_ratio))
    if isinstance(plant.rejection, Tower):
        return tower_state(plant.rejection, air, leaving_c, heat_ratio, design_heat_ratio)
    if isinstance(plant.rejection, DryCooler):
        wanted_c = _wanted_c(plant, supply_c)
        return cooler_state(plant.rejection, air, wanted_c, leaving_c, heat_ratio, design_heat_ratio)
    return Rejection(0.0, 0.0, heat_ratio, Water())


def _most_part_load_ratio(chiller: Chiller | None) -> float:
    return 0.0 if chiller is None else chiller.curve.part_load_range_ratio[1]
