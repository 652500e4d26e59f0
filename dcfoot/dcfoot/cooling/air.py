"""The air outside: its humidity from its two temperatures, computed once an hour for all parts."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers, clip, maximum
from dcfoot.psychrometrics import (
    AIR_KJ_PER_KG_K,
    STANDARD_PRESSURE_PA,
    VAPOUR_KJ_PER_KG,
    VAPOUR_KJ_PER_KG_K,
    saturation_humidity_ratio_kg_per_kg,
    saturation_pressure_pa,
    vapour_pressure_pa,
)

AIR_J_PER_KG_K = 1000 * AIR_KJ_PER_KG_K
"""Heat capacity of dry air; what its vapour adds (1 %) is left out wherever only differences of heat count."""

AIR_KG_PER_M3 = 1.2
"""Density of standard air, at which fans are rated (ANSI/AMCA 210: 1.2 kg/m3 at 20 C and 101,325 Pa)."""

EVAPORATING_J_PER_KG = 2.45e6
"""Heat that evaporates water in room air: `dcfoot.cooling.water.latent_heat_j_per_kg` at 22 C."""


@dataclass(frozen=True, slots=True)
class OutsideAir:
    """The state of the air outside.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        [C]
    pressure_pa : float or array
        [Pa]
    humidity_kg_per_kg : float or array
        Vapour a mass of dry air [kg/kg]
    vapour_pa : float or array
        Partial pressure of the vapour [Pa]
    saturation_pa : float or array
        Pressure of saturated vapour at the dry bulb [Pa]
    """

    dry_bulb_c: Numbers
    wet_bulb_c: Numbers
    pressure_pa: Numbers
    humidity_kg_per_kg: Numbers
    vapour_pa: Numbers
    saturation_pa: Numbers


def outside_air(dry_bulb_c: Numbers, wet_bulb_c: Numbers, pressure_pa: Numbers) -> OutsideAir:
    """The air outside, from what a psychrometer shows.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        [C]
    pressure_pa : float or array
        [Pa]
    """
    humidity = humidity_of_wet_bulb_kg_per_kg(dry_bulb_c, wet_bulb_c, pressure_pa)
    return OutsideAir(
        dry_bulb_c,
        wet_bulb_c,
        pressure_pa,
        humidity,
        vapour_pressure_pa(humidity, pressure_pa),
        saturation_pressure_pa(dry_bulb_c),
    )


def humidity_of_wet_bulb_kg_per_kg(dry_bulb_c: Numbers, wet_bulb_c: Numbers, pressure_pa: Numbers) -> Numbers:
    """Humidity ratio by equations 33 (water on the wick) and 35 (ice), blended between wet bulbs of 0 and -1 C.

    At 0 C the two differ by 0.0002 kg/kg, which would be a step in what a humidifier does; over a kelvin it is none.
    Source: ASHRAE Handbook of Fundamentals 2017, chapter 1.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        [C]
    pressure_pa : float or array
        [Pa]
    """
    ice = clip(-wet_bulb_c, 0.0, 1.0)
    heat = VAPOUR_KJ_PER_KG + 329.0 * ice
    at_bulb = heat - (2.326 - 2.086 * ice) * wet_bulb_c
    saturated = saturation_humidity_ratio_kg_per_kg(wet_bulb_c, pressure_pa)
    given_up = at_bulb * saturated - AIR_KJ_PER_KG_K * (dry_bulb_c - wet_bulb_c)
    return maximum(given_up / (heat + VAPOUR_KJ_PER_KG_K * dry_bulb_c - (4.186 - 2.086 * ice) * wet_bulb_c), 0.0)


def air_density_kg_per_m3(pressure_pa: Numbers) -> Numbers:
    """Density of the air that fans move: of standard air, in proportion to the pressure at the place.

    Parameters
    ----------
    pressure_pa : float or array
        [Pa]
    """
    return AIR_KG_PER_M3 / STANDARD_PRESSURE_PA * pressure_pa
