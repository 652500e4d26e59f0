"""Laws of a facility: heat balances, nothing jumps, heat outside costs, a cold place is never worse than a hot one."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dcfoot.cooling.catalogue import SYSTEMS, Heat
from dcfoot.cooling.parameters import Size
from dcfoot.facility_library import build_facility, used_parameters
from dcfoot.facility_model import Facility, FacilityState, energy_mean, facility_state
from dcfoot.psychrometrics import saturation_humidity_ratio_kg_per_kg, wet_bulb_c
from simulated.lei_masanet import climate, facility_of
from simulated.near import near
from simulated.reference import vectors

KINDS: list[tuple[str, Size, Heat]] = [
    (name, size, rejection)
    for name, recipe in SYSTEMS.items()
    for size in cast("tuple[Size, ...]", ("large", "midsize", "small"))
    for rejection in recipe.rejections
]
PARTS = ("ups", "distribution", "lighting", "fan", "pump", "chiller", "rejection_fan", "humidifier")
WATER = ("evaporation", "blowdown", "drift", "pad", "humidification")

every_kind = pytest.mark.parametrize("kind", KINDS, ids="-".join)
loads = st.floats(0.1, 1.0)
dry_bulbs_c = st.floats(-35.0, 45.0)
depressions_k = st.floats(0.0, 18.0)
pressures_pa = st.floats(65_000.0, 104_000.0)

STEEPEST_PER_K = 0.6
"""The steepest that a PUE may be in a temperature: outside air is shut out over 1 to 2 K of dew point, which may cost as
much as the chillers do."""

STEEPEST_L_PER_KWH_K = 6.0
"""The same for WUE: a tower's 2.5 L/kWh over as many kelvins."""


def built(kind: tuple[str, Size, Heat]) -> Facility:
    return build_facility(*kind)


def single(facility: Facility, load: float, dry_c: float, depression_k: float, pressure_pa: float) -> FacilityState:
    return facility_state(facility, load, dry_c, dry_c - depression_k, pressure_pa)


@every_kind
@settings(max_examples=25)
@given(loads, dry_bulbs_c, depressions_k, pressures_pa)
def test_heat_removed_is_heat_made(
    kind: tuple[str, Size, Heat], load: float, dry_c: float, depression_k: float, pressure_pa: float
) -> None:
    state = single(built(kind), load, dry_c, depression_k, pressure_pa)
    assert state.heat_removed_ratio == near(state.heat_made_ratio, rel=1e-9)


@every_kind
@settings(max_examples=25)
@given(loads, dry_bulbs_c, depressions_k, pressures_pa)
def test_the_parts_add_up_and_none_is_negative(
    kind: tuple[str, Size, Heat], load: float, dry_c: float, depression_k: float, pressure_pa: float
) -> None:
    state = single(built(kind), load, dry_c, depression_k, pressure_pa)
    powers = [getattr(state, f"{part}_ratio") for part in PARTS]
    waters = [getattr(state, f"{part}_l_per_kwh") for part in WATER]
    assert min(powers + waters) >= 0
    assert state.pue > 1
    assert state.pue == near(1 + sum(powers))
    assert state.wue_l_per_kwh == near(sum(waters))
    assert 0 <= state.free_ratio <= 1 + 1e-9


def test_heat_balances_under_every_draw_of_every_parameter() -> None:
    rng = np.random.default_rng(1)
    dry_c = np.linspace(-30, 45, 60)
    for cooling, size, rejection in KINDS:
        wanted = used_parameters(cooling, size, rejection).values()
        values = {p.name: rng.uniform(p.low, p.high, (40, 1)) for p in wanted}
        facility = build_facility(cooling, size, rejection, values)
        state = facility_state(facility, 0.6, dry_c, dry_c - 5, 95_000.0)
        assert np.allclose(state.heat_removed_ratio, state.heat_made_ratio, rtol=1e-9, atol=0)
        assert np.min(state.pue) > 1


@every_kind
@settings(max_examples=25)
@given(loads, dry_bulbs_c, depressions_k, pressures_pa, st.sampled_from(["dry", "wet", "pressure", "load"]))
def test_nothing_jumps(
    kind: tuple[str, Size, Heat], load: float, dry_c: float, depression_k: float, pressure_pa: float, moved: str
) -> None:
    facility = built(kind)
    here = facility_state(facility, load, dry_c, dry_c - depression_k, pressure_pa)
    step = 1e-3
    there = facility_state(
        facility,
        load + (step / 10 if moved == "load" else 0),
        dry_c + (step if moved == "dry" else 0),
        dry_c - depression_k - (step if moved == "wet" else 0),
        pressure_pa + (100 * step if moved == "pressure" else 0),  # 100 Pa matter less than a kelvin
    )
    assert abs(there.pue - here.pue) < STEEPEST_PER_K * step
    assert abs(there.wue_l_per_kwh - here.wue_l_per_kwh) < STEEPEST_L_PER_KWH_K * step
