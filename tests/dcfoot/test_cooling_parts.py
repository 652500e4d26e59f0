"""The parts of cooling systems, one by one, against published curves, mass balances and the laws of flow."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.cooling.adiabatic import pad_cooling_k, pad_moisture_kg_per_kg
from dcfoot.cooling.air import EVAPORATING_J_PER_KG, humidity_of_wet_bulb_kg_per_kg, outside_air
from dcfoot.cooling.chiller import Chiller, ChillerCurve, biquadratic, chiller_curve, chiller_state, quadratic
from dcfoot.cooling.dry_cooler import DryCooler, cooler_leaving_c, cooler_state
from dcfoot.cooling.liquid import LiquidLoop, liquid_state
from dcfoot.cooling.movers import Mover, affinity, moving_power
from dcfoot.cooling.tower import FULL_GAIN_RATIO, Tower, full_approach_k, tower_leaving_c, tower_state, york_approach_k
from dcfoot.cooling.water import blowdown_kg_per_j, latent_heat_j_per_kg
from dcfoot.elementwise import Numbers
from dcfoot.errors import DataMissing
from dcfoot.psychrometrics import (
    STANDARD_PRESSURE_PA,
    enthalpy_j_per_kg,
    humidity_ratio_at_wet_bulb_kg_per_kg,
    saturation_humidity_ratio_kg_per_kg,
)
from dcfoot.units import J_PER_KWH
from simulated.near import near
from simulated.reference import vectors

CURVES = ("centrifugal_variable_speed", "centrifugal_fixed_speed", "air_cooled", "direct_expansion")
IDEAL = Mover(100_000.0, 0.5, 3.0, 0.01, 1.0)


def chillers_and_towers(what: str) -> dict[str, Any]:
    told: dict[str, Any] = vectors("chillers_towers")[what]
    return told


TOWER = Tower(
    approach_k=3.89,
    range_k=5.56,
    liquid_gas_ratio=1.2,
    fans=IDEAL,
    pumps=IDEAL,
    drift_ratio=0.0,
    concentration_ratio=5.0,
)


def machine(curve: str, **numbers: float) -> Chiller:
    fields = {"cop_ratio": 1.0, "capacity_ratio": 1.0, "least_part_load_ratio": 0.1}
    return Chiller(chiller_curve(curve), "water", **{**fields, **numbers})


# Fans and pumps


def test_a_fan_takes_flow_times_pressure_over_efficiency() -> None:
    # 2 m3/s against 500 Pa at 80 %: 1250 W (EnergyPlus Engineering Reference, "Fan Models").
    assert moving_power(Mover(500.0, 0.8, 3.0, 0.1, 1.0), 2.0, 1.0) == near(1250.0)


def test_half_the_flow_takes_an_eighth_of_the_power() -> None:
    assert affinity(0.5, 3.0, 0.1) == near(1 / 8)


def test_below_the_least_flow_machines_take_turns() -> None:
    assert affinity(0.1, 3.0, 0.4) == near(affinity(0.4, 3.0, 0.4) / 4)


def test_more_machines_at_a_lower_speed_take_less() -> None:
    # Two machines share a flow: each at half flow takes an eighth, both a quarter of what one takes.
    assert moving_power(replace(IDEAL, running_ratio=2.0), 1.0, 1.0) == near(moving_power(IDEAL, 1.0, 1.0) / 4)


@given(st.floats(0.0, 1.5), st.floats(1.0, 3.0), st.floats(0.05, 0.6))
def test_more_flow_never_takes_less_power(flow: float, exponent: float, least: float) -> None:
    assert affinity(flow + 0.01, exponent, least) > affinity(flow, exponent, least)


# Chillers


def test_the_doe2_chiller_is_the_published_one() -> None:
    told = chillers_and_towers("doe2_centrifugal_5_50")
    curve = chiller_curve("centrifugal_fixed_speed")
    assert (curve.capacity, curve.energy_input, curve.part_load) == (
        tuple(told["cap_ft"]),
        tuple(told["eir_ft"]),
        tuple(told["eir_fplr"]),
    )
    for point in told["points"]:
        at = (point["t_chw_leaving_c"], point["t_cond_entering_c"])
        available = biquadratic(curve.capacity, *at)
        assert available == near(point["cap_ft"], rel=told["tolerance_rel"])
        assert biquadratic(curve.energy_input, *at) == near(point["eir_ft"], rel=told["tolerance_rel"])
        assert quadratic(curve.part_load, point["plr"]) == near(point["eir_fplr"], rel=told["tolerance_rel"])
        heat = point["plr"] * available
        state = chiller_state(machine(curve.name), heat, 1.0, *at)
        assert heat / state.power_ratio == near(point["cop"], rel=told["tolerance_rel"])
        assert state.part_load_ratio == near(point["plr"], rel=told["tolerance_rel"])
        assert state.clamped_k == 0


@pytest.mark.parametrize("name", CURVES)
def test_at_its_reference_point_a_curve_gives_the_reference(name: str) -> None:
    # Leaving water and entering condenser of the data sets: 5.56 and 23.89 C, 6.67 and 29.4 C, 6.67 and 35 C, and a wet
    # bulb of 19.4 C with 35 C outside.
    at = {CURVES[0]: (5.56, 23.89), CURVES[1]: (6.67, 29.4), CURVES[2]: (6.67, 35.0), CURVES[3]: (19.44, 35.0)}[name]
    curve = chiller_curve(name)
    # A fit goes near its reference point, not through it; EnergyPlus warns from 10 % on.
    assert biquadratic(curve.capacity, *at) == near(1, abs=0.03)
    assert biquadratic(curve.energy_input, *at) == near(1, abs=0.03)
    assert quadratic(curve.part_load, 1.0) == near(1, abs=0.01)


def cop(curve: ChillerCurve, condenser_c: float, load: float, cold_c: float) -> Numbers:
    state = chiller_state(machine(curve.name), load, 1.0, cold_c, condenser_c)
    return load / state.power_ratio


@pytest.mark.parametrize("name", CURVES)
@given(st.floats(-20, 45), st.floats(0.1, 1.0), st.floats(0.0, 1.0))
def test_a_chiller_gets_no_better_as_its_condenser_gets_warmer(
    name: str, condenser_c: float, load: float, along: float
) -> None:
    curve = chiller_curve(name)
    low, high = curve.evaporator_range_c
    cold_c = low + along * (high - low)
    assert cop(curve, condenser_c + 1, load, cold_c) <= cop(curve, condenser_c, load, cold_c) * (1 + 1e-9)


@pytest.mark.parametrize("name", CURVES)
def test_beyond_its_range_a_curve_stays_at_its_edge_and_says_so(name: str) -> None:
    curve = chiller_curve(name)
    low_c, high_c = curve.condenser_range_c
    cold_c = curve.evaporator_range_c[0]
    edge = chiller_state(machine(name), 0.5, 1.0, cold_c, low_c)
    beyond = chiller_state(machine(name), 0.5, 1.0, cold_c, low_c - 7)
    assert (beyond.power_ratio, beyond.clamped_k) == (edge.power_ratio, near(7))
    assert chiller_state(machine(name), 0.5, 1.0, cold_c - 2, high_c + 3).clamped_k == near(5)


def test_a_chiller_that_cycles_takes_power_in_proportion() -> None:
    one, half = (chiller_state(machine(CURVES[0]), load, 1.0, 7.0, 25.0).power_ratio for load in (0.04, 0.02))
    assert half == near(one / 2)


def test_staging_keeps_machines_at_a_good_part_load() -> None:
    staged = chiller_state(machine(CURVES[1], least_part_load_ratio=0.5), 0.2, 1.0, 7.0, 25.0)
    assert staged.power_ratio < chiller_state(machine(CURVES[1]), 0.2, 1.0, 7.0, 25.0).power_ratio
    assert staged.part_load_ratio == near(0.2 / biquadratic(chiller_curve(CURVES[1]).capacity, 7.0, 25.0))


def test_more_heat_than_the_machines_can_lift_shows() -> None:
    assert chiller_state(machine(CURVES[0]), 2.0, 1.0, 7.0, 35.0).part_load_ratio > 2


def test_an_unknown_curve_names_those_there_are() -> None:
    with pytest.raises(DataMissing, match="centrifugal_fixed_speed"):
        chiller_curve("perpetual")


# Towers


def test_yorks_approach_is_the_published_one() -> None:
    told = chillers_and_towers("yorkcalc_tower")
    for point in told["points"]:
        ours = york_approach_k(point["t_wetbulb_c"], point["range_k"], point["liquid_gas_ratio"])
        assert ours == near(point["approach_k"], abs=told["tolerance_abs"])


def test_an_approach_is_stated_at_a_wet_bulb_of_78_fahrenheit_and_grows_in_the_cold() -> None:
    assert full_approach_k(replace(TOWER, approach_k=4.0), 25.6) == near(4.0)
    assert full_approach_k(replace(TOWER, approach_k=4.0), 5.0) == near(4.0 * 9.38 / 3.835, rel=1e-3)


@given(st.floats(-40, 32), st.floats(2.8, 6.7), st.floats(4, 6))
def test_water_leaves_a_tower_above_the_wet_bulb_and_warmer_when_that_is_warmer(
    wet_c: float, approach_k: float, range_k: float
) -> None:
    cells = replace(TOWER, approach_k=approach_k, range_k=range_k)
    cool, warm = (
        tower_leaving_c(cells, outside_air(40.0, wet, STANDARD_PRESSURE_PA), -60.0) for wet in (wet_c, wet_c + 1)
    )
    assert wet_c < cool < warm


def test_tower_water_balances_as_published() -> None:
    for case in vectors("water_models")["tower_balance"]["cases"]:
        given_, expected, rel = case["inputs"], case["expected"], case["tolerance_rel"]
        cells = replace(
            TOWER,
            range_k=given_["range_k"],
            drift_ratio=given_["drift_fraction"],
            concentration_ratio=given_["cycles"],
            latent_ratio=1.0,
            pumps=replace(IDEAL, pressure_pa=0.0),
        )
        air = outside_air(25.0, 20.0, STANDARD_PRESSURE_PA)
        watts = given_["q_reject_kw"] * 1000
        water = tower_state(cells, air, given_["water_temp_c"] - given_["range_k"] / 2, watts, watts).water
        assert latent_heat_j_per_kg(given_["water_temp_c"]) == near(expected["h_fg_kj_per_kg"] * 1000, rel=rel)
        assert water.evaporation_kg_per_j == near(expected["evap_kg_s_all_latent"], rel=rel)
        assert water.drift_kg_per_j == near(expected["drift_kg_s"], rel=rel)
        assert water.blowdown_kg_per_j == near(expected["blowdown_kg_s"], rel=rel)
        assert water.withdrawal_kg_per_j == near(expected["makeup_kg_s"], rel=rel)
        per_kwh = water.evaporation_kg_per_j / watts * J_PER_KWH
        assert per_kwh == near(expected["evap_l_per_kwh_heat"], rel=rel)


def test_in_summer_nearly_all_heat_leaves_a_tower_as_vapour_and_in_frost_less_than_half() -> None:
    # The rule of thumb of 0.85 gallons a degree and thousand gallons means 89 %; see the published balances.
    def latent(dry_c: float, wet_c: float, leaving_c: float) -> float:
        air = outside_air(dry_c, wet_c, STANDARD_PRESSURE_PA)
        state = tower_state(TOWER, air, leaving_c, 1.0, 1.0)
        heat = latent_heat_j_per_kg(leaving_c + 2.78)
        return float(state.water.evaporation_kg_per_j * heat / state.heat_ratio)

    assert 0.85 < latent(30.0, 24.0, 28.0) < 1.0
    assert 1.0 < latent(42.0, 22.0, 26.0) < 1.4  # dry heat is cooled in passing
    assert 0.3 < latent(-20.0, -20.5, 16.0) < 0.5


def test_a_tower_slows_its_fans_when_colder_water_is_not_wanted() -> None:
    air = outside_air(10.0, 8.0, STANDARD_PRESSURE_PA)
    coldest = tower_leaving_c(TOWER, air, 0.0)
    at_full, slowed = (tower_state(TOWER, air, leaving, 1.0, 1.0) for leaving in (coldest, coldest + 10))
    assert at_full.fan_ratio == near(moving_power(IDEAL, 1 / (4184 * 5.56 * 1.2 * 1.2), 1.0))
    assert slowed.fan_ratio < at_full.fan_ratio / 4


def saturated_j_per_kg(air_c: Numbers) -> Numbers:
    return enthalpy_j_per_kg(air_c, saturation_humidity_ratio_kg_per_kg(air_c, STANDARD_PRESSURE_PA))


@given(st.floats(0, 32), st.floats(2.8, 6.7), st.floats(4, 6))
def test_at_full_air_flow_yorks_approach_balances_the_heat_of_the_air(
    wet_c: float, approach_k: float, range_k: float
) -> None:
    # Water gives off its range; saturated at the water's mean temperature, the same air takes that up at any wet bulb.
    cells = replace(TOWER, approach_k=approach_k, range_k=range_k)

    def gain_j_per_kg(wet: float) -> Numbers:
        water_c = wet + full_approach_k(cells, wet) + range_k / 2
        return saturated_j_per_kg(water_c) - saturated_j_per_kg(wet)

    assert 0.78 < gain_j_per_kg(wet_c) / gain_j_per_kg(25.6) < FULL_GAIN_RATIO


def test_salts_are_held_by_letting_go_what_the_cycles_ask_for() -> None:
    # In a steady state, salts in = salts out: make-up = C (blowdown + drift).
    assert (1.2 + 0.05 + blowdown_kg_per_j(1.2, 0.05, 5.0)) == near(5.0 * (blowdown_kg_per_j(1.2, 0.05, 5.0) + 0.05))
    assert blowdown_kg_per_j(0.1, 0.5, 5.0) == 0


# Pads and dry coolers


def test_a_pad_cools_along_the_wet_bulb_and_no_further_than_wanted() -> None:
    assert pad_cooling_k(40.0, 20.0, 10.0, 0.85) == near(17.0)
    assert pad_cooling_k(40.0, 20.0, 30.0, 0.85) == near(10.0)
    assert pad_cooling_k(20.0, 15.0, 30.0, 0.85) == 0


def test_air_on_a_pad_keeps_its_heat() -> None:
    # cp dT of the air is the latent heat of what it takes up: 10 K in 1 kg take up 4.1 g.
    assert pad_moisture_kg_per_kg(10.0) * EVAPORATING_J_PER_KG == near(10.06e3)


def cooler(pad_ratio: float | None = None) -> DryCooler:
    return DryCooler(8.0, 7.5, 11.0, IDEAL, IDEAL, pad_ratio, 3.0)


@given(st.floats(-30, 45), st.floats(0, 15), st.floats(15, 40), st.floats(0.1, 1))
def test_a_dry_cooler_uses_no_water(dry_c: float, depression_k: float, wanted_c: float, load: float) -> None:
    air = outside_air(dry_c, dry_c - depression_k, STANDARD_PRESSURE_PA)
    state = cooler_state(cooler(), air, wanted_c, cooler_leaving_c(cooler(), air, wanted_c), load, 1.0)
    assert state.water.withdrawal_kg_per_j == 0


def test_a_hybrid_cooler_uses_water_only_in_the_heat_and_is_colder_for_it() -> None:
    mild, hot = (outside_air(dry, dry - 12, STANDARD_PRESSURE_PA) for dry in (20.0, 38.0))
    wet = cooler(0.75)
    assert cooler_leaving_c(wet, mild, 30.0) == 30
    assert cooler_state(wet, mild, 30.0, 30.0, 1.0, 1.0).water.withdrawal_kg_per_j == 0
    leaving_c = cooler_leaving_c(wet, hot, 30.0)
    assert leaving_c == near(38.0 - 0.75 * 12 + 8)
    water = cooler_state(wet, hot, 30.0, leaving_c, 1.0, 1.0).water
    assert water.withdrawal_kg_per_j == near(1.5 * water.pad_kg_per_j)  # three cycles


def test_a_dry_coolers_fans_follow_the_difference_between_water_and_air() -> None:
    air = outside_air(10.0, 5.0, STANDARD_PRESSURE_PA)
    slow = cooler_state(cooler(), air, 30.0, 30.0, 1.0, 1.0)
    full = cooler_state(cooler(), air, 0.0, 18.0, 1.0, 1.0)
    assert slow.fan_ratio == near(full.fan_ratio * ((8 + 7.5) / (30 + 7.5 - 10)) ** 3)


# Liquid


def test_coolant_flows_as_its_makers_say() -> None:
    # A litre a minute and kilowatt at a rise of 14.4 K: water's 4.17 MJ/(m3 K).
    loop = LiquidLoop(1.0, 40.0, 14.4, 4_170_000.0, 4.0, replace(IDEAL, pressure_pa=6e7 * 0.5))
    state = liquid_state(loop, 1.0)
    assert state.pump_ratio == near(6e7 / 1000 * 1e-3 / 60, rel=1e-3)
    assert state.water_supply_c == 36
    assert state.plant_heat_ratio == near(1 + state.pump_ratio)


# Air


@given(st.floats(-30, 45), st.floats(0, 15))
def test_moisture_from_the_wet_bulb_has_no_step_at_the_freezing_point(dry_c: float, above_k: float) -> None:
    just_below, just_above = (
        humidity_of_wet_bulb_kg_per_kg(above_k, wet, STANDARD_PRESSURE_PA) for wet in (-1e-6, 1e-6)
    )
    assert just_below == near(just_above, abs=5e-9)  # 7e-4 kg/kg a kelvin, over 2e-6 K
    wet_c = np.array([dry_c - 0.5])
    outside = wet_c[(wet_c < -1) | (wet_c > 0)]
    ours = humidity_of_wet_bulb_kg_per_kg(outside + 0.5, outside, STANDARD_PRESSURE_PA)
    handbook = humidity_ratio_at_wet_bulb_kg_per_kg(outside + 0.5, outside, STANDARD_PRESSURE_PA)
    assert ours == near(np.maximum(handbook, 0.0))
