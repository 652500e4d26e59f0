"""The ten cases of Lei and Masanet 2022, put together from our parts at the middle of their input ranges."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers
from dcfoot.facility_model import Facility, build_facility, facility_state

CASES = {
    1: ("airside_economizer", "large", "wet"),
    2: ("waterside_economizer", "large", "wet"),
    3: ("airside_economizer", "midsize", "wet"),
    4: ("waterside_economizer", "midsize", "wet"),
    5: ("water_chiller", "midsize", "wet"),
    6: ("airside_economizer", "midsize", "dry"),
    7: ("air_chiller", "midsize", "dry"),
    8: ("water_chiller", "small", "wet"),
    9: ("air_chiller", "small", "dry"),
    10: ("dx", "small", "dry"),
}

PERCENT = 0.01
KPA = 1000.0

DIRECT = {
    "Lighting power to IT power ratio": ("electrical.lighting_ratio", PERCENT),
    "Dry bulb setpoint (low)": ("air_economizer.supply_low_c", 1),
    "Dry bulb setpoint (high)": ("air.supply_c", 1),
    "Dew point setpoint (low)": ("air.dew_point_low_c", 1),
    "Dew point setpoint (high)": ("air.dew_point_high_c", 1),
    "Humidity setpoint (low)": ("air.relative_humidity_low_ratio", PERCENT),
    "Humidity setpoint (high)": ("air.relative_humidity_high_ratio", PERCENT),
    "Sensible heat ratio (SHR)": ("air.sensible_ratio", PERCENT),
    "Temperature difference (CRAH air)": ("air.rise_k", 1),
    "Temperature difference (facility water)": ("plant.range_k", 1),
    "Temperature difference (cooling tower water)": ("tower.range_k", 1),
    "Fan pressure (CRAH)": ("air.fans.pressure_pa", 1),
    "Fan efficiency (CRAH)": ("air.fans.efficiency_ratio", PERCENT),
    "Fan pressure (cooling tower)": ("tower.fans.pressure_pa", 1),
    "Fan efficiency (cooling tower)": ("tower.fans.efficiency_ratio", PERCENT),
    "Pump pressure (chiller pump)": ("plant.pumps.pressure_pa", KPA),
    "Pump efficiency (chiller pump)": ("plant.pumps.efficiency_ratio", PERCENT),
    "Pump pressure (cooling tower)": ("tower.pumps.pressure_pa", KPA),
    "Pump efficiency (cooling tower)": ("tower.pumps.efficiency_ratio", PERCENT),
    "Pump pressure (economizer pump)": ("water_economizer.pumps.pressure_pa", KPA),
    "Pump efficiency (economizer pump)": ("water_economizer.pumps.efficiency_ratio", PERCENT),
    "Approach temp (cooling tower)": ("tower.approach_k", 1),
    "Approach temp (economizer HX)": ("water_economizer.approach_k", 1),
    "Liquid-gas ratio (cooling tower)": ("tower.liquid_gas_ratio", 1),
    "Heat exchanger effectiveness (CRAH cooling coils)": ("air.coil_effectiveness_ratio", 1),
    "Windage loss of water as a percentage of cooling tower mass flow rate": ("tower.drift_ratio", PERCENT),
    "Cycles of concentration": ("tower.concentration_ratio", 1),
}
"""Their inputs that are a number of a part of ours, and the factor between the units."""


def inputs(reference: Path, case: int) -> dict[str, float]:
    """The middle of each input range of a case, in their unit."""
    with (reference / "facts" / "cooling_params_lei_masanet_2022.csv").open(encoding="utf-8") as file:
        ranges = {row["Input Variable"]: row[f"Case {case}"] for row in csv.DictReader(file)}
    return {name: sum(map(float, text.split(","))) / 2 for name, text in ranges.items() if "n/a" not in text}


def our_values(theirs: Mapping[str, float]) -> dict[str, Numbers]:
    """Their inputs under the names of our parts."""
    values: dict[str, Numbers] = {
        ours: theirs[name] * factor for name, (ours, factor) in DIRECT.items() if name in theirs
    }
    values["ups.fixed_ratio"] = values["ups.square_ratio"] = 0.0
    values["ups.linear_ratio"] = 1 / (theirs["UPS efficiency"] * PERCENT) - 1
    lost = theirs["Power loss in distribution"] * PERCENT
    values["distribution.linear_ratio"] = lost / (1 - lost)
    for kind in ("water", "air", "dx"):
        values[f"chiller.{kind}.cop_ratio"] = 1 + theirs.get("COP relative error to regressed value", 0) * PERCENT
        if kind != "dx" and "Chiller partial load factor" in theirs:
            values[f"chiller.{kind}.capacity_ratio"] = 1 / theirs["Chiller partial load factor"]
    if "Pump pressure (humidification pump)" in theirs:
        efficiency = theirs["Pump efficiency (humidification pump)"] * PERCENT
        values["air.humidifier_j_per_kg"] = theirs["Pump pressure (humidification pump)"] / efficiency
    return values


def facility(reference: Path, case: int) -> Facility:
    """The facility of a case."""
    cooling, size, rejection = CASES[case]
    return build_facility(cooling, size, rejection, our_values(inputs(reference, case)))  # type: ignore[arg-type]
