"""Independent programs that know moist air: psychrolib (ASHRAE's equations) and CoolProp (moist air as a real gas)."""

from importlib import import_module
from typing import Any

# Neither has types.
_psychrolib: Any = import_module("psychrolib")
_humid_air: Any = import_module("CoolProp.HumidAirProp")

_psychrolib.SetUnitSystem(_psychrolib.SI)


def psychrolib_wet_bulb_c(dry_bulb_c: float, humidity_ratio_kg_per_kg: float, pressure_pa: float) -> float:
    return float(_psychrolib.GetTWetBulbFromHumRatio(dry_bulb_c, humidity_ratio_kg_per_kg, pressure_pa))


def psychrolib_dew_point_c(dry_bulb_c: float, humidity_ratio_kg_per_kg: float, pressure_pa: float) -> float:
    return float(_psychrolib.GetTDewPointFromHumRatio(dry_bulb_c, humidity_ratio_kg_per_kg, pressure_pa))


def psychrolib_humidity_ratio_at_wet_bulb_kg_per_kg(dry_bulb_c: float, wet_c: float, pressure_pa: float) -> float:
    return float(_psychrolib.GetHumRatioFromTWetBulb(dry_bulb_c, wet_c, pressure_pa))


def coolprop_wet_bulb_c(dry_bulb_c: float, relative_humidity_ratio: float, pressure_pa: float) -> float:
    state = ("T", dry_bulb_c + 273.15, "P", pressure_pa, "R", relative_humidity_ratio)
    return float(_humid_air.HAPropsSI("Twb", *state)) - 273.15


def coolprop_dew_point_c(dry_bulb_c: float, relative_humidity_ratio: float, pressure_pa: float) -> float:
    state = ("T", dry_bulb_c + 273.15, "P", pressure_pa, "R", relative_humidity_ratio)
    return float(_humid_air.HAPropsSI("Tdp", *state)) - 273.15
