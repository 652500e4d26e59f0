"""Cooling of a hall by air: what air handlers and outside air do, and what is left for a plant.

In come the heat that the hall gives to its air and the air outside; out go the fans' power, the share of the heat that
outside air takes away, the water that pads and humidifiers use, and the temperature at which a plant must supply water.
"""

from dataclasses import dataclass

from dcfoot.cooling.adiabatic import pad_cooling_k, pad_moisture_kg_per_kg
from dcfoot.cooling.air import AIR_J_PER_KG_K, EVAPORATING_J_PER_KG, OutsideAir, air_density_kg_per_m3
from dcfoot.cooling.movers import Mover, moving_power
from dcfoot.cooling.water import Water, blowdown_kg_per_j
from dcfoot.elementwise import Numbers, clip, maximum, minimum
from dcfoot.psychrometrics import STANDARD_PRESSURE_PA, humidity_ratio_kg_per_kg, saturation_pressure_pa


@dataclass(frozen=True, slots=True)
class AirHandler:
    """The machines that move air through a hall and cool it.

    Parameters
    ----------
    supply_c : float or array
        Air to the IT equipment [C]
    rise_k : float or array
        How much warmer it returns, at design flow [K]
    fans : Mover
        What moves it.
    coil_effectiveness_ratio : float or array
        Cooling of the air over its difference to the entering water [-]
    sensible_ratio : float or array
        Of the coil's heat; the rest condenses water, which must be put back [-]
    dew_point_low_c, dew_point_high_c : float or array
        Window of the air's moisture [C]
    relative_humidity_low_ratio, relative_humidity_high_ratio : float or array
        Window of the air's relative humidity [-]
    humidifier_j_per_kg : float or array
        Work to spray water; its heat of evaporation comes from the air [J/kg]
    """

    supply_c: Numbers
    rise_k: Numbers
    fans: Mover
    coil_effectiveness_ratio: Numbers
    sensible_ratio: Numbers
    dew_point_low_c: Numbers
    dew_point_high_c: Numbers
    relative_humidity_low_ratio: Numbers
    relative_humidity_high_ratio: Numbers
    humidifier_j_per_kg: Numbers


@dataclass(frozen=True, slots=True)
class AirEconomizer:
    """Outside air brought into the hall, as much as temperature and moisture allow.

    Parameters
    ----------
    supply_low_c : float or array
        The coldest supply; colder outside air is mixed with returning air [C]
    handover_ratio : float or array
        The span of outside temperature over which mechanical cooling takes over, over the air's rise: 1 where both work
        together down to the return temperature, near 0 where one switches to the other [-]
    humidity_band_ratio : float or array
        The span of vapour pressure over which moisture shuts the dampers, over the limit [-]
    pad_effectiveness_ratio : float or array or None
        Of pads that cool the outside air; None where there are none [-]
    concentration_ratio : float or array
        Cycles of concentration of the pads' water [-]
    warms_moist_air : bool
        Moist air is mixed with returning air until its relative humidity is allowed; if not, it is shut out.
    humidifies_dry_air : bool
        Dry air is moistened; if not, it is shut out.
    """

    supply_low_c: Numbers
    handover_ratio: Numbers
    humidity_band_ratio: Numbers
    pad_effectiveness_ratio: Numbers | None
    concentration_ratio: Numbers
    warms_moist_air: bool = True
    humidifies_dry_air: bool = True


@dataclass(frozen=True, slots=True)
class AirState:
    """What the air side does in an hour. Ratios are over IT capacity.

    Parameters
    ----------
    fan_ratio, humidifier_ratio : float or array
        Power [-]
    free_ratio : float or array
        The share of the heat that outside air takes away [-]
    exhaust_ratio : float or array
        Heat that leaves with the exhaust air [-]
    plant_heat_ratio, plant_design_ratio : float or array
        Heat left for the plant, and what is left at full load without outside air [-]
    water_supply_c : float or array
        Temperature of the water that the coils want [C]
    water : Water
        Pads and humidifiers.
    """

    fan_ratio: Numbers
    humidifier_ratio: Numbers
    free_ratio: Numbers
    exhaust_ratio: Numbers
    plant_heat_ratio: Numbers
    plant_design_ratio: Numbers
    water_supply_c: Numbers
    water: Water


def air_side_state(
    handler: AirHandler,
    economizer: AirEconomizer | None,
    heat_ratio: Numbers,
    design_heat_ratio: Numbers,
    air: OutsideAir,
) -> AirState:
    """What the air side does with the hall's heat.

    Parameters
    ----------
    handler : AirHandler
        The air handlers.
    economizer : AirEconomizer or None
        Outside air; None where the hall is closed.
    heat_ratio, design_heat_ratio : float or array
        Heat that the hall gives to its air, now and at full load, over IT capacity [-]
    air : OutsideAir
        The hour's.
    """
    air_kg = heat_ratio / (AIR_J_PER_KG_K * handler.rise_k)
    fans = handler_fans(handler, heat_ratio, design_heat_ratio, air.pressure_pa)
    heat = heat_ratio + fans
    rise_k = heat / (AIR_J_PER_KG_K * air_kg)
    closed_kg = heat * (1 - handler.sensible_ratio) / EVAPORATING_J_PER_KG
    free: Numbers = 0.0
    outside = Water()
    if economizer is not None:
        cooling_k = _pad_cooling_k(handler, economizer, air)
        free = outside_share(handler, economizer, air, cooling_k, rise_k)
        outside = _outside_water(handler, economizer, air, cooling_k, rise_k, free * air_kg)
    water = outside + Water(humidification_kg_per_j=(1 - free) * closed_kg)
    return AirState(
        fans,
        water.humidification_kg_per_j * handler.humidifier_j_per_kg,
        free,
        free * heat,
        (1 - free) * heat,
        design_heat_ratio + handler_fans(handler, design_heat_ratio, design_heat_ratio, STANDARD_PRESSURE_PA),
        handler.supply_c + rise_k * (1 - 1 / handler.coil_effectiveness_ratio),
        water,
    )


def handler_fans(handler: AirHandler, heat_ratio: Numbers, design_heat_ratio: Numbers, pressure_pa: Numbers) -> Numbers:
    """Power of the air handlers' fans; air flows in proportion to the heat: ``heat / (cp rise)``.

    Parameters
    ----------
    handler : AirHandler
        The air handlers.
    heat_ratio, design_heat_ratio : float or array
        Heat of the hall's air, now and at full load, over IT capacity [-]
    pressure_pa : float or array
        [Pa]
    """
    design_m3 = design_heat_ratio / (AIR_J_PER_KG_K * handler.rise_k * air_density_kg_per_m3(pressure_pa))
    return moving_power(handler.fans, design_m3, heat_ratio / design_heat_ratio)


def _pad_cooling_k(handler: AirHandler, economizer: AirEconomizer, air: OutsideAir) -> Numbers:
    """How far the pads cool the outside air: no colder than the supply, no moister than the window."""
    if economizer.pad_effectiveness_ratio is None:
        return 0.0
    wanted_k = pad_cooling_k(air.dry_bulb_c, air.wet_bulb_c, handler.supply_c, economizer.pad_effectiveness_ratio)
    highest = humidity_ratio_kg_per_kg(_highest_pa(handler, economizer, air), air.pressure_pa)
    room = maximum(highest - air.humidity_kg_per_kg, 0.0)
    return minimum(wanted_k, room / pad_moisture_kg_per_kg(1.0))


def _highest_pa(handler: AirHandler, economizer: AirEconomizer, air: OutsideAir) -> Numbers:
    """The highest vapour pressure that the window allows."""
    dew_pa = saturation_pressure_pa(handler.dew_point_high_c)
    warm = (
        saturation_pressure_pa(handler.supply_c) if economizer.warms_moist_air else _supply_pa(handler, economizer, air)
    )
    return minimum(handler.relative_humidity_high_ratio * warm, dew_pa)


def _lowest_pa(handler: AirHandler, economizer: AirEconomizer, air: OutsideAir) -> Numbers:
    """The lowest vapour pressure that the window allows."""
    dew_pa = saturation_pressure_pa(handler.dew_point_low_c)
    return maximum(handler.relative_humidity_low_ratio * _supply_pa(handler, economizer, air), dew_pa)


def _supply_pa(handler: AirHandler, economizer: AirEconomizer, air: OutsideAir) -> Numbers:
    """Saturation at the supply, which follows the outside air between its coldest and its warmest."""
    coldest, warmest = saturation_pressure_pa(economizer.supply_low_c), saturation_pressure_pa(handler.supply_c)
    return clip(air.saturation_pa, coldest, warmest)


def outside_share(
    handler: AirHandler, economizer: AirEconomizer, air: OutsideAir, cooling_k: Numbers, rise_k: Numbers
) -> Numbers:
    """The share of the hall's heat that outside air takes: by its temperature, times by its moisture.

    Parameters
    ----------
    handler : AirHandler
        The air handlers.
    economizer : AirEconomizer
        What brings the air in.
    air : OutsideAir
        The hour's.
    cooling_k : float or array
        What pads take off its temperature [K]
    rise_k : float or array
        Returning over supplied air [K]
    """
    too_warm_k = air.dry_bulb_c - cooling_k - handler.supply_c
    share = clip(1 - too_warm_k / (economizer.handover_ratio * rise_k), 0.0, 1.0)
    band = economizer.humidity_band_ratio
    share = share * clip(1 - (air.vapour_pa / _highest_pa(handler, economizer, air) - 1) / band, 0.0, 1.0)
    if economizer.humidifies_dry_air:
        return share
    return share * clip(1 - (1 - air.vapour_pa / _lowest_pa(handler, economizer, air)) / band, 0.0, 1.0)


def _outside_water(
    handler: AirHandler,
    economizer: AirEconomizer,
    air: OutsideAir,
    cooling_k: Numbers,
    rise_k: Numbers,
    air_kg: Numbers,
) -> Water:
    """Water for the part of the air that comes from outside: pads in the heat, humidifiers in the cold."""
    pad = air_kg * pad_moisture_kg_per_kg(cooling_k)
    let_go = blowdown_kg_per_j(pad, 0.0, economizer.concentration_ratio)
    if not economizer.humidifies_dry_air:
        return Water(pad_kg_per_j=pad, blowdown_kg_per_j=let_go)
    fresh = rise_k / (rise_k + maximum(economizer.supply_low_c - air.dry_bulb_c, 0.0))
    lowest = humidity_ratio_kg_per_kg(_lowest_pa(handler, economizer, air), air.pressure_pa)
    lacking = maximum(lowest - air.humidity_kg_per_kg - pad_moisture_kg_per_kg(cooling_k), 0.0)
    return Water(pad_kg_per_j=pad, blowdown_kg_per_j=let_go, humidification_kg_per_j=air_kg * fresh * lacking)
