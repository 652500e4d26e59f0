"""Pads and sprays that cool air by evaporating water into it, along its wet bulb."""

from dcfoot.cooling.air import AIR_J_PER_KG_K, EVAPORATING_J_PER_KG
from dcfoot.elementwise import Numbers, clip


def pad_cooling_k(dry_bulb_c: Numbers, wet_bulb_c: Numbers, wanted_c: Numbers, effectiveness_ratio: Numbers) -> Numbers:
    """How far a pad cools air: as far as is wanted, at most its effectiveness of the way to the wet bulb.

    Source: saturation effectiveness, ASHRAE Handbook HVAC Systems and Equipment 2020, chapter 41.

    Parameters
    ----------
    dry_bulb_c, wet_bulb_c : float or array
        Of the air that enters [C]
    wanted_c : float or array
        Colder is of no use [C]
    effectiveness_ratio : float or array
        0 without a pad [-]
    """
    return clip(dry_bulb_c - wanted_c, 0.0, effectiveness_ratio * (dry_bulb_c - wet_bulb_c))


def pad_moisture_kg_per_kg(cooling_k: Numbers) -> Numbers:
    """Water that each kilogram of air takes up when it is cooled without heat from elsewhere: ``cp dT / h_fg``.

    Parameters
    ----------
    cooling_k : float or array
        How far the air is cooled [K]
    """
    return cooling_k * (AIR_J_PER_KG_K / EVAPORATING_J_PER_KG)
