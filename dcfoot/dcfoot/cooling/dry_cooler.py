"""Dry coolers: water cooled by outside air through a coil; with pads in the air's way they are hybrid.

In come the air and the heat; out go the leaving water's temperature and a `Rejection`. Without pads there is no water.
"""

from dataclasses import dataclass

from dcfoot.cooling.adiabatic import pad_cooling_k, pad_moisture_kg_per_kg
from dcfoot.cooling.air import AIR_J_PER_KG_K, OutsideAir, air_density_kg_per_m3
from dcfoot.cooling.movers import Mover, moving_power
from dcfoot.cooling.rejection import Rejection
from dcfoot.cooling.water import WATER_J_PER_KG_K, WATER_KG_PER_M3, Water, blowdown_kg_per_j
from dcfoot.elementwise import Numbers, maximum


@dataclass(frozen=True, slots=True)
class DryCooler:
    """Dry coolers with fans of variable speed, with or without pads.

    Parameters
    ----------
    approach_k : float or array
        Leaving water over the entering air at full air flow [K]
    range_k : float or array
        Entering over leaving water [K]
    air_rise_k : float or array
        Leaving over entering air at full air flow [K]
    fans, pumps : Mover
        What moves air and water through them.
    pad_effectiveness_ratio : float or array or None
        None where there are no pads [-]
    concentration_ratio : float or array
        Cycles of concentration of the pads' water [-]
    """

    approach_k: Numbers
    range_k: Numbers
    air_rise_k: Numbers
    fans: Mover
    pumps: Mover
    pad_effectiveness_ratio: Numbers | None
    concentration_ratio: Numbers


def cooler_entering_c(cooler: DryCooler, air: OutsideAir, wanted_c: Numbers) -> Numbers:
    """Temperature of the air at the coil: cooled by the pads as far as the wanted water asks for it.

    Parameters
    ----------
    cooler : DryCooler
        The coolers.
    air : OutsideAir
        The hour's.
    wanted_c : float or array
        Colder water is of no use [C]
    """
    if cooler.pad_effectiveness_ratio is None:
        return air.dry_bulb_c
    wanted_air_c = wanted_c - cooler.approach_k
    return air.dry_bulb_c - pad_cooling_k(air.dry_bulb_c, air.wet_bulb_c, wanted_air_c, cooler.pad_effectiveness_ratio)


def cooler_leaving_c(cooler: DryCooler, air: OutsideAir, wanted_c: Numbers) -> Numbers:
    """Temperature of the leaving water: what full air flow gives, but no colder than is wanted.

    Parameters
    ----------
    cooler : DryCooler
        The coolers.
    air : OutsideAir
        The hour's.
    wanted_c : float or array
        Colder is of no use [C]
    """
    return maximum(cooler_entering_c(cooler, air, wanted_c) + cooler.approach_k, wanted_c)


def cooler_state(
    cooler: DryCooler,
    air: OutsideAir,
    wanted_c: Numbers,
    leaving_c: Numbers,
    heat_ratio: Numbers,
    design_heat_ratio: Numbers,
) -> Rejection:
    """Fans, pumps and water of the coolers for a heat.

    Air flows as the heat over the difference between entering water and entering air: constant effectiveness of a coil
    that the air side limits (ASHRAE Handbook of Fundamentals 2017, chapter 4, effectiveness and transfer units).

    Parameters
    ----------
    cooler : DryCooler
        The coolers.
    air : OutsideAir
        The hour's.
    wanted_c, leaving_c : float or array
        As in `cooler_leaving_c` [C]
    heat_ratio, design_heat_ratio : float or array
        Heat brought by the water, now and at full load, over IT capacity [-]
    """
    flow = heat_ratio / design_heat_ratio
    water_m3 = design_heat_ratio / (WATER_J_PER_KG_K * WATER_KG_PER_M3 * cooler.range_k)
    pumps = moving_power(cooler.pumps, water_m3, flow)
    entering_c = cooler_entering_c(cooler, air, wanted_c)
    air_flow = flow * (cooler.approach_k + cooler.range_k) / (leaving_c + cooler.range_k - entering_c)
    air_kg = design_heat_ratio / (AIR_J_PER_KG_K * cooler.air_rise_k)
    fans = moving_power(cooler.fans, air_kg / air_density_kg_per_m3(air.pressure_pa), air_flow)
    if cooler.pad_effectiveness_ratio is None:
        return Rejection(fans, pumps, heat_ratio + pumps, Water())
    pad = air_kg * air_flow * pad_moisture_kg_per_kg(air.dry_bulb_c - entering_c)
    water = Water(pad_kg_per_j=pad, blowdown_kg_per_j=blowdown_kg_per_j(pad, 0.0, cooler.concentration_ratio))
    return Rejection(fans, pumps, heat_ratio + pumps, water)
