"""Moist air agrees with the handbook, with two other programs and with itself, from sea level to Lhasa."""

import json
import time
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dcfoot.psychrometrics import (
    density_kg_per_m3,
    dew_point_c,
    enthalpy_j_per_kg,
    humidity_ratio_at_wet_bulb_kg_per_kg,
    humidity_ratio_kg_per_kg,
    pressure_at_pa,
    relative_humidity_ratio,
    saturation_humidity_ratio_kg_per_kg,
    saturation_pressure_over_water_pa,
    saturation_pressure_pa,
    specific_volume_m3_per_kg,
    vapour_pressure_of_density_pa,
    vapour_pressure_pa,
    wet_bulb_c,
)
from simulated.near import near
from simulated.oracles import (
    coolprop_dew_point_c,
    coolprop_wet_bulb_c,
    psychrolib_dew_point_c,
    psychrolib_humidity_ratio_at_wet_bulb_kg_per_kg,
    psychrolib_wet_bulb_c,
)
from simulated.reference import reference_dir

temperatures_c = st.floats(-40.0, 55.0)
humidities = st.floats(0.005, 1.0)
pressures_pa = st.floats(55_000.0, 108_000.0)

REAL_GAS_K = 0.035
"""How far psychrolib, too, lies from CoolProp in dry air: the two oracles differ by up to 0.031 K. ASHRAE's equations
take air and vapour as ideal gases; beside air vapour saturates at 0.27 to 0.42 % more, which cancels in moist air
alone."""


def moisture(dry_bulb_c: float, humidity: float, pressure_pa: float) -> float:
    return humidity_ratio_kg_per_kg(humidity * saturation_pressure_pa(dry_bulb_c), pressure_pa)


def has_two_roots(dry_bulb_c: float, humidity_ratio: float, pressure_pa: float) -> bool:
    """Whether this moisture lies between what equations 33 and 35 say of a wet bulb at 0 C, as psychrolib has them."""
    if dry_bulb_c <= 0:
        return False
    water, ice = (psychrolib_humidity_ratio_at_wet_bulb_kg_per_kg(dry_bulb_c, c, pressure_pa) for c in (0.0, -1e-9))
    return water * (1 - 1e-9) <= humidity_ratio <= ice


def reference() -> dict[str, Any]:
    folder = reference_dir()
    if folder is None:
        pytest.skip("the published references are not beside this repository")
    found: dict[str, Any] = json.loads((folder / "vectors" / "psychrometrics.json").read_text())
    return found


# --- the handbook


def test_saturation_agrees_with_the_handbook() -> None:
    for row in reference()["sat_vapour_pressure"]:
        assert saturation_pressure_pa(float(row["t"])) == near(row["p"], rel=row["tol_rel"], abs=row["tol_abs"])
    for row in reference()["sat_humidity_ratio"]:
        ratio = saturation_humidity_ratio_kg_per_kg(float(row["t"]), row["p"])
        assert ratio == near(row["w"], rel=row["tol_rel"])
    for row in reference()["sat_enthalpy"]:
        ratio = saturation_humidity_ratio_kg_per_kg(float(row["t"]), row["p"])
        assert enthalpy_j_per_kg(float(row["t"]), ratio) == near(row["h"], rel=row["tol_rel"])


def test_the_wet_bulb_agrees_with_published_values() -> None:
    first, *others = reference()["wetbulb"]
    humidity_ratio = moisture(first["t"], first["rh"], first["p"])
    assert wet_bulb_c(float(first["t"]), humidity_ratio, first["p"]) == near(first["twb"], rel=first["tol_rel"])
    for row in others:
        assert wet_bulb_c(float(row["t"]), row["w"], row["p"]) == near(row["twb"], rel=row["tol_rel"])
        back = humidity_ratio_at_wet_bulb_kg_per_kg(float(row["t"]), float(row["twb"]), row["p"])
        assert back == near(row["w"], rel=row["tol_rel"])


def test_enthalpy_and_volume_agree_with_published_values() -> None:
    enthalpy, volume = reference()["moist_air"]
    assert enthalpy_j_per_kg(float(enthalpy["t"]), enthalpy["w"]) == near(enthalpy["h"], rel=enthalpy["tol_rel"])
    state = (float(volume["t"]), volume["w"], volume["p"])
    assert specific_volume_m3_per_kg(*state) == near(volume["v"], rel=volume["tol_rel"])
    assert density_kg_per_m3(*state) == near(volume["rho"], rel=volume["tol_rel"])


def test_the_handbook_s_first_example_comes_out() -> None:
    example = reference()["ashrae_example1"]
    dry_c, wet_c, pressure_pa = (float(example["inputs"][name]) for name in ("t", "twb", "p"))
    ratio = humidity_ratio_at_wet_bulb_kg_per_kg(dry_c, wet_c, pressure_pa)
    found = {
        "w": ratio,
        "dew_point": dew_point_c(vapour_pressure_pa(ratio, pressure_pa)),
        "rh": relative_humidity_ratio(dry_c, ratio, pressure_pa),
        "h": enthalpy_j_per_kg(dry_c, ratio),
        "v": specific_volume_m3_per_kg(dry_c, ratio, pressure_pa),
    }
    for name, expected in example["expected"].items():
        assert found[name] == near(expected, abs=example["tol_abs"][name]), name


def test_the_standard_atmosphere_agrees_with_the_handbook() -> None:
    for row in reference()["std_atmosphere"]:
        assert pressure_at_pa(float(row["z"])) == near(row["p"], abs=1.0)


@pytest.mark.parametrize(("supercooled_c", "pressure_pa"), [(-10.0, 286.57), (-20.0, 125.63), (-40.0, 19.05)])
def test_saturation_over_supercooled_water_is_sonntag_s(supercooled_c: float, pressure_pa: float) -> None:
    assert saturation_pressure_over_water_pa(supercooled_c) == near(pressure_pa, rel=3e-4)


def test_vapour_of_17_3_grams_a_cubic_metre_saturates_air_of_20_c() -> None:
    # Absolute humidity of saturated air at 20 C: 17.3 g/m3 (any meteorological table).
    assert vapour_pressure_of_density_pa(0.0173, 20.0) == near(saturation_pressure_pa(20.0), rel=0.002)


def test_vapour_over_ice_and_over_water_are_one_at_the_triple_point() -> None:
    # 611.657 Pa at 0.01 C: IAPWS R14-08 (2011), and at 0.00 C 611.154 Pa over ice.
    assert saturation_pressure_pa(0.01 - 1e-9) == near(saturation_pressure_pa(0.01), rel=1e-8)
    assert saturation_pressure_pa(0.01) == near(611.657, abs=0.001)
    assert saturation_pressure_pa(0.0) == near(611.154, abs=0.001)


# --- other programs


@given(temperatures_c, humidities, pressures_pa)
def test_the_wet_bulb_is_psychrolib_s_within_a_hundredth_of_a_kelvin(
    dry_c: float, humidity: float, pressure_pa: float
) -> None:
    ratio = moisture(dry_c, humidity, pressure_pa)
    assume(not has_two_roots(dry_c, ratio, pressure_pa))
    assert wet_bulb_c(dry_c, ratio, pressure_pa) == near(psychrolib_wet_bulb_c(dry_c, ratio, pressure_pa), abs=0.01)


@given(temperatures_c, humidities, pressures_pa)
def test_the_dew_point_is_psychrolib_s_within_a_hundredth_of_a_kelvin(
    dry_c: float, humidity: float, pressure_pa: float
) -> None:
    ratio = moisture(dry_c, humidity, pressure_pa)
    expected_c = psychrolib_dew_point_c(dry_c, ratio, pressure_pa)
    assert dew_point_c(vapour_pressure_pa(ratio, pressure_pa)) == near(expected_c, abs=0.01)


@given(st.floats(1.0, 50.0), st.floats(0.6, 1.0), st.floats(60_000.0, 105_000.0))
def test_in_moist_air_a_real_gas_has_the_same_wet_bulb_and_dew_point(
    dry_c: float, humidity: float, pressure_pa: float
) -> None:
    ratio = moisture(dry_c, humidity, pressure_pa)
    assume(not has_two_roots(dry_c, ratio, pressure_pa))
    found_c = wet_bulb_c(dry_c, ratio, pressure_pa)
    assume(found_c > 1.0)  # nearer to 0 C CoolProp chooses another root
    assert found_c == near(coolprop_wet_bulb_c(dry_c, humidity, pressure_pa), abs=0.01)


@given(st.floats(-30.0, 50.0), st.floats(0.03, 1.0), st.floats(60_000.0, 105_000.0))
def test_in_any_air_a_real_gas_differs_by_no_more_than_it_does_from_psychrolib(
    dry_c: float, humidity: float, pressure_pa: float
) -> None:
    ratio = moisture(dry_c, humidity, pressure_pa)
    found_c = wet_bulb_c(dry_c, ratio, pressure_pa)
    assume(abs(found_c) > 1.0)  # nearer to 0 C CoolProp chooses another root
    assert found_c == near(coolprop_wet_bulb_c(dry_c, humidity, pressure_pa), abs=REAL_GAS_K)
    dew_c = dew_point_c(vapour_pressure_pa(ratio, pressure_pa))
    assert dew_c == near(coolprop_dew_point_c(dry_c, humidity, pressure_pa), abs=REAL_GAS_K)


# --- two roots near 0 C


@given(st.floats(0.5, 14.0), st.floats(0.01, 1.0), pressures_pa)
def test_what_can_be_water_is_water(dry_c: float, place: float, pressure_pa: float) -> None:
    wets_c = (0.0, -1e-9)
    water, ice = (psychrolib_humidity_ratio_at_wet_bulb_kg_per_kg(dry_c, wet_c, pressure_pa) for wet_c in wets_c)
    assume(water > 1e-6)  # psychrolib knows no drier air
    ratio = water + place * (ice - water)
    chosen_c = wet_bulb_c(dry_c, ratio, pressure_pa)
    assert chosen_c >= -1e-9
    # Both are wet bulbs by psychrolib's equations: the one chosen, and one on ice.
    other_c = psychrolib_wet_bulb_c(dry_c, ratio, pressure_pa)
    for wet_c in (chosen_c, other_c):
        back = psychrolib_humidity_ratio_at_wet_bulb_kg_per_kg(dry_c, wet_c, pressure_pa)
        assert back == near(ratio, abs=2e-6)


def test_the_jump_to_water_is_as_large_as_the_docs_say() -> None:
    dry_c = np.array([2.0, 9.3])
    least_water = humidity_ratio_at_wet_bulb_kg_per_kg(dry_c, np.zeros(2), 101_325.0)
    assert wet_bulb_c(dry_c, least_water * (1 + 1e-9), 101_325.0).tolist() == near([0.0, 0.0], abs=1e-4)
    assert wet_bulb_c(dry_c, least_water * (1 - 1e-9), 101_325.0).tolist() == near([-0.14, -0.66], abs=0.005)


# --- laws


@given(temperatures_c, humidities, pressures_pa)
def test_the_wet_bulb_lies_between_dew_point_and_dry_bulb(dry_c: float, humidity: float, pressure_pa: float) -> None:
    ratio = moisture(dry_c, humidity, pressure_pa)
    dew_c = dew_point_c(vapour_pressure_pa(ratio, pressure_pa))
    assert dew_c - 2e-3 <= wet_bulb_c(dry_c, ratio, pressure_pa) <= dry_c


@given(temperatures_c, humidities, humidities, pressures_pa)
def test_moister_air_has_a_higher_wet_bulb(dry_c: float, one: float, other: float, pressure_pa: float) -> None:
    lower, higher = (moisture(dry_c, humidity, pressure_pa) for humidity in sorted((one, other)))
    assert wet_bulb_c(dry_c, lower, pressure_pa) <= wet_bulb_c(dry_c, higher, pressure_pa) + 1e-9


@given(temperatures_c, humidities, pressures_pa)
def test_each_measure_of_moisture_gives_back_the_other(dry_c: float, humidity: float, pressure_pa: float) -> None:
    ratio = moisture(dry_c, humidity, pressure_pa)
    assert relative_humidity_ratio(dry_c, ratio, pressure_pa) == near(humidity, rel=1e-9)
    assert vapour_pressure_pa(ratio, pressure_pa) == near(humidity * saturation_pressure_pa(dry_c), rel=1e-9)
    wet_c = wet_bulb_c(dry_c, ratio, pressure_pa)
    assert humidity_ratio_at_wet_bulb_kg_per_kg(dry_c, wet_c, pressure_pa) == near(ratio, rel=1e-8)  # of some nK
    dew_c = dew_point_c(vapour_pressure_pa(ratio, pressure_pa))
    assert saturation_humidity_ratio_kg_per_kg(dew_c, pressure_pa) == near(ratio, rel=1e-9)


def test_air_beyond_saturation_has_the_wet_bulb_of_saturation() -> None:
    assert wet_bulb_c(20.0, 0.05, 101_325.0) == 20.0


def test_air_without_any_vapour_has_a_dew_point_where_the_equations_begin() -> None:
    assert dew_point_c(0.0) == near(-100.0, abs=1e-3)


@given(st.lists(st.tuples(temperatures_c, humidities, pressures_pa), min_size=1, max_size=8))
def test_floats_arrays_and_series_agree(states: list[tuple[float, float, float]]) -> None:
    one_by_one = [wet_bulb_c(dry_c, moisture(dry_c, humidity, pa), pa) for dry_c, humidity, pa in states]
    dry_c, humidity, pa = (np.array(column) for column in zip(*states, strict=True))
    ratio = humidity_ratio_kg_per_kg(humidity * saturation_pressure_pa(dry_c), pa)
    assert wet_bulb_c(dry_c, ratio, pa).tolist() == near(one_by_one, rel=1e-9, abs=1e-9)
    as_series = wet_bulb_c(pd.Series(dry_c), pd.Series(ratio), pd.Series(pa))
    assert as_series.tolist() == near(one_by_one, rel=1e-9, abs=1e-9)
    dew_c = [dew_point_c(humidity * saturation_pressure_pa(dry_c)) for dry_c, humidity, _ in states]
    assert dew_point_c(humidity * saturation_pressure_pa(dry_c)).tolist() == near(dew_c, rel=1e-9, abs=1e-9)


def test_a_hundred_years_of_wet_bulbs_take_less_than_two_seconds() -> None:
    draw = np.random.default_rng(1).uniform
    dry_c, pa = draw(-30, 50, 876_000), draw(62e3, 105e3, 876_000)
    ratio = humidity_ratio_kg_per_kg(draw(0.02, 1.0, 876_000) * saturation_pressure_pa(dry_c), pa)
    took_s: list[float] = []
    for _ in range(3):
        began = time.process_time()
        wet_bulb_c(dry_c, ratio, pa)
        took_s.append(time.process_time() - began)
    assert min(took_s) < 2.0
