"""Our parts against the statistical model of Lei and Masanet 2022 (doi:10.1016/j.resconrec.2022.106323).

Ten cases in seven climate zones: their published bands (5th and 95th percentile of their inputs), and their own program
run at the middle of every input. What does not agree stands in `EXCEPTIONS`, and why.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from dcfoot.cooling.chiller import Chiller, biquadratic, chiller_curve, chiller_state
from dcfoot.cooling.parameters import parameters
from dcfoot.cooling.tower import Tower
from dcfoot.facility_model import Facility, energy_mean, facility_state
from dcfoot.psychrometrics import (
    humidity_ratio_kg_per_kg,
    saturation_humidity_ratio_kg_per_kg,
    saturation_pressure_pa,
    wet_bulb_c,
)
from simulated.lei_masanet import CASES, INPUTS, climate, facility_of, las_vegas, ranges
from simulated.near import near
from simulated.reference import vectors

ZONES = ("1A", "2A", "3B", "4A", "5A", "6A", "7")
ROWS = [(case, zone) for case in CASES for zone in ZONES]

SENSIBLE = "their towers evaporate all heat at any temperature; ours warm air too, and more of it in the cold"
COLD_CHILLER = "their air-cooled chiller is extrapolated below the 15 C at which its data end, to a COP of 18"
NIGHTS = "a bin holds one mean moisture: how many nights are too moist for outside air, the spread tells only roughly"

EXCEPTIONS = {
    (1, "4A"): {"WUE far from the centre": NIGHTS},
    (1, "6A"): {"WUE far from the centre": NIGHTS},
    (2, "5A"): {"WUE outside the band": SENSIBLE},
    (2, "6A"): {"WUE outside the band": SENSIBLE},
    (2, "7"): {"WUE outside the band": SENSIBLE},
    (3, "2A"): {"WUE outside the band": SENSIBLE},
    (3, "4A"): {"WUE outside the band": SENSIBLE, "WUE far from the centre": SENSIBLE},
    (3, "6A"): {"WUE outside the band": SENSIBLE, "WUE far from the centre": SENSIBLE},
    (3, "7"): {"WUE outside the band": SENSIBLE, "WUE far from the centre": SENSIBLE},
    (5, "4A"): {"WUE outside the band": SENSIBLE},
    (5, "5A"): {"WUE outside the band": SENSIBLE},
    (5, "6A"): {"WUE outside the band": SENSIBLE},
    (5, "7"): {"WUE outside the band": SENSIBLE},
    (7, "5A"): {"PUE far from the centre": COLD_CHILLER},
    (7, "6A"): {"PUE far from the centre": COLD_CHILLER},
    (7, "7"): {"PUE far from the centre": COLD_CHILLER},
    (8, "4A"): {"WUE outside the band": SENSIBLE},
    (8, "5A"): {"WUE outside the band": SENSIBLE},
    (8, "6A"): {"WUE outside the band": SENSIBLE},
    (8, "7"): {"WUE outside the band": SENSIBLE},
}
"""What does not agree, by case and zone, and why."""


@cache
def published(case: int, zone: str) -> dict[str, Any]:
    rows = vectors("pue_wue_climate_lei_masanet2022")["rows"]
    return next(row for row in rows if (row["case"], row["zone"]) == (case, zone))


@cache
def ours(case: int, zone: str, *, all_latent: bool = False) -> tuple[float, float]:
    """PUE and WUE of a year."""
    facility = facility_of(case)
    state = facility_state(all_evaporating(facility) if all_latent else facility, 1.0, *climate(zone)[:3])
    hours = climate(zone)[3]
    return float(energy_mean(state.pue, 1.0, hours)), float(energy_mean(state.wue_l_per_kwh, 1.0, hours))


def all_evaporating(facility: Facility) -> Facility:
    """The facility with towers that give off all heat by evaporation."""
    cooling = facility.cooling
    if not isinstance(cooling.plant.rejection, Tower):
        return facility
    towers = replace(cooling.plant.rejection, latent_ratio=1.0)
    return replace(facility, cooling=replace(cooling, plant=replace(cooling.plant, rejection=towers)))


def centre_tolerance(case: int) -> float:
    return 0.10 if case <= 2 else 0.15 if case <= 7 else 0.25


def faults(case: int, zone: str, *, all_latent: bool = False) -> set[str]:
    """What of a row does not agree."""
    told = published(case, zone)
    pue, wue = ours(case, zone, all_latent=all_latent)
    checks = {
        "PUE outside the band": not told["pue_p05"] <= pue <= told["pue_p95"],
        "PUE far from the centre": abs(pue - told["pue_midpoint_run"]) > centre_tolerance(case),
        "WUE outside the band": not told["wue_p05"] <= wue <= told["wue_p95"],
        "WUE far from the centre": abs(wue / told["wue_midpoint_run"] - 1) > 0.30,
    }
    return {name for name, wrong in checks.items() if wrong}


@pytest.mark.parametrize(("case", "zone"), ROWS)
def test_a_case_at_mid_range_inputs_lies_in_its_published_band_and_near_its_centre(case: int, zone: str) -> None:
    assert faults(case, zone) == set(EXCEPTIONS.get((case, zone), {}))


@pytest.mark.parametrize(("case", "zone"), [at for at, why in EXCEPTIONS.items() if SENSIBLE in why.values()])
def test_with_towers_that_warm_no_air_the_water_agrees(case: int, zone: str) -> None:
    assert faults(case, zone, all_latent=True) == set()


@pytest.mark.parametrize(("case", "zone"), [(case, zone) for case in (5, 8) for zone in ZONES])
def test_then_a_year_of_chillers_and_towers_takes_the_published_water(case: int, zone: str) -> None:
    assert ours(case, zone, all_latent=True)[1] == near(published(case, zone)["wue_midpoint_run"], rel=0.07)


@pytest.mark.parametrize(("case", "zone"), [at for at, why in EXCEPTIONS.items() if NIGHTS in why.values()])
def test_what_nights_leave_open_is_just_beyond_the_limit(case: int, zone: str) -> None:
    assert ours(case, zone, all_latent=True)[1] == near(published(case, zone)["wue_midpoint_run"], rel=0.33)


@pytest.mark.parametrize("case", [1, 3, 6])
def test_hour_by_hour_outside_air_takes_what_is_published_for_las_vegas(case: int) -> None:
    # Bins hide how moisture varies at one temperature; the hours of a typical year do not.
    year, told = las_vegas(), published(case, "3B")
    state = facility_state(facility_of(case), 1.0, year.dry_bulb_c, year.wet_bulb_c, year.pressure_pa)
    pue, wue = (float(np.mean(values)) for values in (np.asarray(state.pue), np.asarray(state.wue_l_per_kwh)))
    assert told["pue_p05"] <= pue <= told["pue_p95"]
    assert told["wue_p05"] <= wue <= told["wue_p95"]
    assert pue == near(told["pue_midpoint_run"], abs=0.03)
    assert wue == near(told["wue_midpoint_run"], rel=0.10)


def test_case_9_lies_in_the_bands_that_its_own_program_misses() -> None:
    for zone in ("1A", "2A", "3B"):
        told = published(9, zone)
        assert told["pue_midpoint_run"] < told["pue_p05"] <= ours(9, zone)[0] <= told["pue_p95"]


def hour(case: int, dry_c: float, humidity: float) -> float:
    """Our PUE of an hour at sea level."""
    moisture = humidity_ratio_kg_per_kg(humidity * saturation_pressure_pa(dry_c), 101_325.0)
    wet_c = wet_bulb_c(dry_c, moisture, 101_325.0)
    return float(facility_state(facility_of(case), 1.0, dry_c, wet_c, 101_325.0).pue)


def grid() -> list[tuple[int, float, float, float]]:
    """Case, dry bulb [C], relative humidity [-] and their PUE, hour by hour."""
    rows = vectors("pue_wue_hourly_grid")["rows"]
    return [(row["case"], float(row["T"]), row["RH"] / 100, row["PUE"]) for row in rows]


def compares(case: int, dry_c: float, humidity: float) -> bool:
    """Whether an hour lies where both models stand on data, and neither is between two ways of working."""
    if case in {6, 7}:
        # Beyond 15 to 35 C their chiller is extrapolated; at 20 C ours is less efficient (0.11 at most).
        return 21 <= dry_c <= 35 and not (case == 6 and humidity < 0.8)
    if (case, dry_c) == (3, 30.0) and humidity < 0.8:
        return False  # half a kelvin above the set point: theirs has switched over, ours is on the way
    return not (dry_c == 40.0 and humidity == 0.8)  # the condenser would be beyond the 35 C of our curve


def test_hour_by_hour_the_shape_is_theirs() -> None:
    compared = [row for row in grid() if row[0] <= 7 and compares(*row[:3])]
    assert len(compared) > 85
    for case, dry_c, humidity, theirs in compared:
        tolerance = 0.05 if case <= 2 else 0.10
        assert hour(case, dry_c, humidity) == near(theirs, abs=tolerance), (case, dry_c, humidity)


def test_where_they_use_outside_air_we_do_and_where_they_do_not_we_do_not() -> None:
    for case, dry_c, humidity, theirs in grid():
        if case in {1, 3, 6} and dry_c != 30.0:
            free = theirs < 1.2 if case == 1 else theirs < 1.4
            moisture = humidity * saturation_humidity_ratio_kg_per_kg(dry_c, 101_325.0)
            state = facility_state(facility_of(case), 1.0, dry_c, wet_bulb_c(dry_c, moisture, 101_325.0), 101_325.0)
            assert (state.free_ratio > 0.5) == free, (case, dry_c, humidity)


def test_their_air_cooled_chiller_in_frost_is_one_that_nobody_builds() -> None:
    # What their PUE leaves for the chiller once fans, pumps, losses and lights of the same inputs are taken off.
    state = facility_state(facility_of(7), 1.0, 20.0, 15.0, 101_325.0)
    rest = state.pue - state.chiller_ratio
    heat = state.heat_removed_ratio - state.chiller_ratio - state.lighting_ratio
    implied = {t: heat / (pue - rest) for case, t, _, pue in grid() if case == 7}
    # Their regression at 30 C and a part load of 0.3, derated as their inputs say: 2.55 x 0.925.
    assert implied[30.0] == near(2.36, abs=0.3)
    assert implied[-10.0] > 15


def test_our_fixed_speed_chiller_behaves_as_their_regression_of_makers_data() -> None:
    # Theirs is 7 % better throughout (its reference is another machine); the shape over load and temperature agrees.
    told = vectors("chillers_towers")["lei_gp_water_cooled"]
    curve = chiller_curve("centrifugal_fixed_speed")
    machine = Chiller(curve, "water", 1.0, 1.0, 0.1)
    ratios: list[float] = []
    for point in told["points"]:
        if point["t_cond_entering_c"] >= curve.condenser_range_c[0]:
            heat = point["plr"] * biquadratic(curve.capacity, 8.89, point["t_cond_entering_c"])
            power = chiller_state(machine, heat, 1.0, 8.89, point["t_cond_entering_c"]).power_ratio
            ratios.append(float(heat / power / point["cop"]))
    assert np.mean(ratios) == near(0.93, abs=0.02)
    assert np.ptp(ratios) < 0.10


@pytest.mark.parametrize("case", CASES)
def test_the_table_of_parameters_holds_their_ranges(case: int) -> None:
    cooling, size, _ = CASES[case]
    table = parameters(cooling, size)
    changed = {"tower.drift_ratio"}  # their highest, with EnergyPlus's usual value in the middle
    if case == 2:
        changed.add("air.relative_humidity_high_ratio")  # of closed halls, where it has no effect
    for name, (low, high) in ranges(case).items():
        ours_, factor = INPUTS.get(name, ("", 1.0))
        if ours_ in table and ours_ not in changed and "Lei and Masanet" in table[ours_].evidence.source:
            assert (table[ours_].low, table[ours_].high) == near((low * factor, high * factor)), name
            assert table[ours_].central == near((low + high) / 2 * factor), name
