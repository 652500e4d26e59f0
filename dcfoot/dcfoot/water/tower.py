"""The water balance of a cooling tower, and a published curve of WUE over the wet bulb.

Heat comes in, kilograms of water a second go out; one kilogram is taken as one litre. The same bodies serve floats,
arrays and Series.
"""

from dcfoot.elementwise import Value, maximum
from dcfoot.units import F_PER_K

WATER_KJ_PER_KG_K = 4.184
"""Specific heat of water at 20 °C (Perry's Chemical Engineers' Handbook, 8th edition, table 2-153)."""

LI_REN_FLOOR_L_PER_KWH = 0.05
"""The least WUE of Li and Ren's curve, where the polynomial has passed zero (their code, utils/dataloader.py)."""


def latent_heat_kj_per_kg(water_c: Value) -> Value:
    """Heat of evaporation of water: ``2500.5 - 2.3097 T - 0.0013 T^2``.

    Source: a fit to the steam tables (IAPWS-IF97: 2500.9, 2441.7 and 2357.7 kJ/kg at 0, 25 and 60 °C), within 0.03 %.

    Parameters
    ----------
    water_c : Value
        Temperature of the water [°C]
    """
    return 2500.5 - 2.3097 * water_c - 0.0013 * water_c * water_c


def circulation_kg_per_s(heat_kw: Value, range_k: Value | float) -> Value:
    """Water that goes round for a tower to reject so much heat: ``Q / (c R)``.

    Parameters
    ----------
    heat_kw : Value
        Heat rejected [kW]
    range_k : Value or float
        How much the water cools in the tower [K]
    """
    return heat_kw / (WATER_KJ_PER_KG_K * range_k)


def evaporation_kg_per_s(heat_kw: Value, water_c: Value) -> Value:
    """Water that evaporates if all heat leaves as vapour: ``Q / h``.

    Source: energy balance; the air takes a tenth of the heat as warmth, so that this is an upper bound (compare
    `evaporation_rule_kg_per_s`).

    Parameters
    ----------
    heat_kw : Value
        Heat rejected [kW]
    water_c : Value
        Temperature of the water [°C]
    """
    return heat_kw / latent_heat_kj_per_kg(water_c)


def evaporation_rule_kg_per_s(circulation_kg_per_s: Value, range_k: Value | float) -> Value:
    """Water that evaporates, by the rule of thumb ``0.00085 R[°F] m``.

    Source: Perry's Chemical Engineers' Handbook, 8th edition, eq. 12-14a.

    Parameters
    ----------
    circulation_kg_per_s : Value
        Water that goes round [kg/s]
    range_k : Value or float
        How much the water cools in the tower [K]
    """
    return 0.00085 * F_PER_K * range_k * circulation_kg_per_s


def blowdown_kg_per_s(evaporation_kg_per_s: Value, concentration_ratio: float, drift_kg_per_s: Value | float) -> Value:
    """Water let out to keep the salts down: ``E / (C - 1) - D``, and never less than none.

    Source: balance of the dissolved solids, drift carrying them out as blowdown does (Vengateson 2017, Cooling Towers:
    Estimate Evaporation Loss and Makeup Water Requirements, Chemical Engineering 124).

    Parameters
    ----------
    evaporation_kg_per_s : Value
        Water that evaporates [kg/s]
    concentration_ratio : float
        Dissolved solids in the basin over those in the make-up, C > 1 ("cycles of concentration") [-]
    drift_kg_per_s : Value or float
        Droplets that the air carries off [kg/s]
    """
    return maximum(evaporation_kg_per_s / (concentration_ratio - 1) - drift_kg_per_s, 0.0)


def makeup_kg_per_s(evaporation_kg_per_s: Value, blowdown_kg_per_s: Value, drift_kg_per_s: Value | float) -> Value:
    """Water that a tower takes: all that leaves it.

    Parameters
    ----------
    evaporation_kg_per_s, blowdown_kg_per_s : Value
        As vapour, and to the drain [kg/s]
    drift_kg_per_s : Value or float
        As droplets [kg/s]
    """
    return evaporation_kg_per_s + blowdown_kg_per_s + drift_kg_per_s


def li_ren_wue_l_per_kwh(wet_bulb_c: Value, concentration_ratio: float = 6.0) -> Value:
    """WUE of a tower-cooled hall over the wet bulb: ``C/(C-1) (6e-5 T^3 - 0.01 T^2 + 0.61 T - 10.4)``, T in °F.

    Fitted from about -4 to 29 °C; below -2.7 °C the floor of 0.05 L/kWh holds.

    Source: Islam, Ren, Quan, Shakir and Vasilakos 2018, Water-Constrained Geographic Load Balancing in Data Centers,
    doi:10.1109/TCC.2015.2453982; as coded for Li, Yang, Islam and Ren 2025, doi:10.1145/3724499.

    Parameters
    ----------
    wet_bulb_c : Value
        Wet-bulb temperature of the outside air [°C]
    concentration_ratio : float
        Cycles of concentration, C > 1 [-]
    """
    wet_bulb_f = wet_bulb_c * F_PER_K + 32.0
    evaporated = 6e-5 * wet_bulb_f**3 - 0.01 * wet_bulb_f**2 + 0.61 * wet_bulb_f - 10.4
    return maximum(concentration_ratio / (concentration_ratio - 1) * evaporated, LI_REN_FLOOR_L_PER_KWH)
