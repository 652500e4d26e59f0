"""The ten cases of Lei and Masanet 2022 (doi:10.1016/j.resconrec.2022.106323), put together from our parts.

Their inputs are taken at the middle of their ranges. What they do otherwise than we, and that is a setting here: they
switch between outside air and chillers, shut out moist air as it is, and moisten dry air in case 1 only.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from dcfoot.cooling.catalogue import Heat
from dcfoot.cooling.parameters import Size
from dcfoot.elementwise import Numbers
from dcfoot.facility_library import build_facility
from dcfoot.facility_model import Facility
from dcfoot.psychrometrics import saturation_humidity_ratio_kg_per_kg, wet_bulb_c
from dcfoot.weather.folder import read_year
from dcfoot.weather.year import Weather
from simulated.reference import facts, reference_dir, vectors

CASES: dict[int, tuple[str, Size, Heat]] = {
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

PER_CENT = 0.01
PER_KILO = 1000.0

INPUTS = {
    "Lighting power to IT power ratio": ("electrical.lighting_ratio", PER_CENT),
    "Dry bulb setpoint (low)": ("air_economizer.supply_low_c", 1.0),
    "Dry bulb setpoint (high)": ("air.supply_c", 1.0),
    "Dew point setpoint (low)": ("air.dew_point_low_c", 1.0),
    "Dew point setpoint (high)": ("air.dew_point_high_c", 1.0),
    "Humidity setpoint (low)": ("air.relative_humidity_low_ratio", PER_CENT),
    "Humidity setpoint (high)": ("air.relative_humidity_high_ratio", PER_CENT),
    "Sensible heat ratio (SHR)": ("air.sensible_ratio", PER_CENT),
    "Temperature difference (CRAH air)": ("air.rise_k", 1.0),
    "Temperature difference (facility water)": ("plant.range_k", 1.0),
    "Temperature difference (cooling tower water)": ("tower.range_k", 1.0),
    "Fan pressure (CRAH)": ("air.fans.pressure_pa", 1.0),
    "Fan efficiency (CRAH)": ("air.fans.efficiency_ratio", PER_CENT),
    "Fan pressure (cooling tower)": ("tower.fans.pressure_pa", 1.0),
    "Fan efficiency (cooling tower)": ("tower.fans.efficiency_ratio", PER_CENT),
    "Pump pressure (chiller pump)": ("plant.pumps.pressure_pa", PER_KILO),
    "Pump efficiency (chiller pump)": ("plant.pumps.efficiency_ratio", PER_CENT),
    "Pump pressure (cooling tower)": ("tower.pumps.pressure_pa", PER_KILO),
    "Pump efficiency (cooling tower)": ("tower.pumps.efficiency_ratio", PER_CENT),
    "Pump pressure (economizer pump)": ("water_economizer.pumps.pressure_pa", PER_KILO),
    "Pump efficiency (economizer pump)": ("water_economizer.pumps.efficiency_ratio", PER_CENT),
    "Approach temp (cooling tower)": ("tower.approach_k", 1.0),
    "Approach temp (economizer HX)": ("water_economizer.approach_k", 1.0),
    "Liquid-gas ratio (cooling tower)": ("tower.liquid_gas_ratio", 1.0),
    "Heat exchanger effectiveness (CRAH cooling coils)": ("air.coil_effectiveness_ratio", 1.0),
    "Windage loss of water as a percentage of cooling tower mass flow rate": ("tower.drift_ratio", PER_CENT),
    "Cycles of concentration": ("tower.concentration_ratio", 1.0),
}
"""Their inputs that are a number of a part of ours, and the factor between the units."""

MOISTURE_K = (-8.72, -4.31, -2.28, -0.91, 0.13, 1.03, 1.89, 2.84, 3.99, 6.34)
"""How far dew points lie from the mean of their dry-bulb bin of 2 K: means of ten equal parts of all hours of the 14
typical years of US places (TMY3, TMYx) that the project was developed with. A bin gives the mean alone, and whether
outside air may come in hangs on the hours that are moister."""


def ranges(case: int) -> dict[str, tuple[float, float]]:
    """The input ranges of a case, in their units."""
    texts = {row["Input Variable"]: row[f"Case {case}"] for row in facts("cooling_params_lei_masanet_2022")}
    pairs = {name: text.split(",") for name, text in texts.items() if any(c.isdigit() for c in text)}
    return {name: (float(low), float(high)) for name, (low, high) in pairs.items()}


def our_values(theirs: Mapping[str, float]) -> dict[str, Numbers]:
    """Inputs of theirs under the names of our parts."""
    values: dict[str, Numbers] = {ours: theirs[name] * by for name, (ours, by) in INPUTS.items() if name in theirs}
    lost = theirs["Power loss in distribution"] * PER_CENT
    values["distribution.linear_ratio"] = lost / (1 - lost)
    values["ups.fixed_ratio"] = values["ups.square_ratio"] = 0.0
    values["ups.linear_ratio"] = 1 / (theirs["UPS efficiency"] * PER_CENT) - 1
    for kind in ("water", "air", "dx"):
        values[f"chiller.{kind}.cop_ratio"] = 1 + theirs["COP relative error to regressed value"] * PER_CENT
    part_load = theirs.get("Chiller partial load factor", 1.0)
    for kind in ("water", "air"):
        values[f"chiller.{kind}.capacity_ratio"] = 1 / part_load
        values[f"chiller.{kind}.least_part_load_ratio"] = part_load  # theirs is an input, whatever the capacity
    if "Pump pressure (humidification pump)" in theirs:
        efficiency = theirs["Pump efficiency (humidification pump)"] * PER_CENT
        values["air.humidifier_j_per_kg"] = theirs["Pump pressure (humidification pump)"] / efficiency
    values["air_economizer.handover_ratio"] = 0.1
    values["air_economizer.humidity_band_ratio"] = 0.01
    return values


def facility_of(case: int) -> Facility:
    """The facility of a case at the middle of its input ranges."""
    cooling, size, rejection = CASES[case]
    middle = {name: (low + high) / 2 for name, (low, high) in ranges(case).items()}
    built = build_facility(cooling, size, rejection, our_values(middle))
    economizer = built.cooling.air_economizer
    if economizer is None:
        return built
    economizer = replace(economizer, warms_moist_air=False, humidifies_dry_air=case == 1)
    return replace(built, cooling=replace(built.cooling, air_economizer=economizer))


def las_vegas() -> Weather:
    """The hours of zone 3B's city themselves; the test is skipped where they are not."""
    folder = reference_dir()
    path = folder / "data" / "weather" / "tmy3_us_las_vegas_nv.csv.gz" if folder else None
    if path is None or not path.is_file():
        pytest.skip("needs the real years of weather")
    return read_year(path)


def climate(zone: str) -> tuple[NDArray[np.float64], NDArray[np.float64], float, NDArray[np.float64]]:
    """Dry bulb [C], wet bulb [C], pressure [Pa] and hours [h] of a climate zone, its bins spread by moisture."""
    told = vectors("climate_bins_by_zone")["zones"][zone]
    pressure_pa = cast("float", told["p_mean_pa"])
    dry_c, dew_c, hours = (np.array([row[key] for row in told["bins"]]) for key in ("t_mean", "mcdp", "hours"))
    dry_c = np.repeat(dry_c, len(MOISTURE_K))
    dew_c = np.minimum(np.add.outer(dew_c, MOISTURE_K).ravel(), dry_c)
    moisture = saturation_humidity_ratio_kg_per_kg(dew_c, pressure_pa)
    hours = np.repeat(hours / len(MOISTURE_K), len(MOISTURE_K))
    return dry_c, wet_bulb_c(dry_c, moisture, pressure_pa), pressure_pa, hours
