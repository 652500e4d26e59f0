"""Water in its layers: the paper's locations, the balances, and the laws that hold whatever the numbers."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.facility import facility_energy_kwh
from dcfoot.units import KWH_PER_MWH, L_PER_GAL, L_PER_M3
from dcfoot.water import (
    WaterIntensity,
    WaterUse,
    onsite_consumption_l,
    water_embodied_l,
    water_footprint,
    water_offsite_l,
    water_onsite_l,
)
from dcfoot.water.curve import li_ren_wue_l_per_kwh
from dcfoot.water.generation import mix_l_per_kwh
from dcfoot.water.months import monthly_l
from simulated.near import near
from simulated.reference import vectors

L_PER_ML = 1e6  # M is mega here, as in the paper's table

LITRES = st.floats(0.0, 1e12)
INTENSITIES = st.floats(0.0, 1e3)


def locations() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = vectors("water_gpt3_li_ren")["rows"]
    return rows


def test_li_and_rens_locations_reproduce_for_the_training_of_gpt3() -> None:
    paper = vectors("water_gpt3_li_ren")
    it_kwh = paper["inputs"]["training_it_energy_mwh"] * KWH_PER_MWH
    tolerance = paper["tolerance_abs"]["ML"]
    for row in locations():
        onsite_l = water_onsite_l(it_kwh, row["wue_onsite"])
        source_l = water_offsite_l(facility_energy_kwh(it_kwh, row["pue"]), row["ewif"])
        printed = row["training"]
        assert onsite_l / L_PER_ML == near(printed["onsite_ML"], abs=tolerance), row["location"]
        assert source_l / L_PER_ML == near(printed["offsite_ML"], abs=tolerance), row["location"]
        assert (onsite_l + source_l) / L_PER_ML == near(printed["total_ML"], abs=tolerance), row["location"]


def test_li_and_rens_curve_of_wue_reproduces() -> None:
    curve = vectors("water_models")["wue_wetbulb_polynomial"]
    for point in curve["points"]:
        wue = li_ren_wue_l_per_kwh((point["twb_f"] - 32) / 1.8, point["S"])
        assert wue == near(point["wue_l_per_kwh"], abs=curve["tolerance_abs"]), point


def test_the_curve_is_the_same_for_a_float_an_array_and_a_series_and_rises_with_the_wet_bulb() -> None:
    wet_bulbs_c = [-20.0, -2.8, 0.0, 10.0, 29.4]
    single = [li_ren_wue_l_per_kwh(one) for one in wet_bulbs_c]
    assert li_ren_wue_l_per_kwh(np.array(wet_bulbs_c)).tolist() == near(single)
    assert li_ren_wue_l_per_kwh(pd.Series(wet_bulbs_c)).tolist() == near(single)
    assert single == sorted(single)
    assert single[:2] == [0.05, 0.05]


@given(makeup_l=LITRES, concentration_ratio=st.floats(1.1, 20.0))
def test_what_a_tower_does_not_evaporate_leaves_it_so_much_saltier(makeup_l: float, concentration_ratio: float) -> None:
    blowdown_l = makeup_l - onsite_consumption_l(makeup_l, concentration_ratio)
    assert blowdown_l * concentration_ratio == near(makeup_l, rel=1e-6, abs=1e-6)


def test_a_tower_of_five_cycles_evaporates_what_the_published_balance_does() -> None:
    case = vectors("water_models")["tower_balance"]["cases"][0]
    evaporated = onsite_consumption_l(case["expected"]["makeup_kg_s"], case["inputs"]["cycles"])
    assert evaporated == near(case["expected"]["evap_kg_s_all_latent"], rel=case["tolerance_rel"])


def test_the_mix_of_the_paper_reproduces() -> None:
    models = vectors("water_models")
    example, factors = models["mix_example"], models["ewif_by_fuel_gal_per_mwh"]
    l_per_kwh = {fuel: gal * L_PER_GAL / KWH_PER_MWH for fuel, gal in factors["values"].items()}
    assert l_per_kwh == near(factors["litre_per_kwh"], abs=1e-5)
    found = mix_l_per_kwh(example["inputs"], l_per_kwh)
    assert found == near(example["expected"]["ewif_l_per_kwh"], rel=example["tolerance_rel"])


def test_the_water_of_ai_in_2027_reproduces_at_the_source() -> None:
    case = vectors("water_models")["global_ai_2027"]
    given_, expected = case["inputs"], case["expected"]
    for ai_twh, withdrawn, consumed in zip(
        given_["ai_twh"], expected["scope2_withdraw_bcm"], expected["scope2_consume_bcm"], strict=True
    ):
        facility_kwh = facility_energy_kwh(ai_twh * 1e9, given_["pue"])
        found_bcm = water_offsite_l(facility_kwh, given_["ewif_withdraw"]) / L_PER_M3 / 1e9
        assert found_bcm == near(withdrawn, rel=case["tolerance_rel"])
        found_bcm = water_offsite_l(facility_kwh, given_["ewif_consume"]) / L_PER_M3 / 1e9
        assert found_bcm == near(consumed, rel=case["tolerance_rel"])


def test_metas_water_at_the_source_gives_its_intensity_back() -> None:
    meta = vectors("water_models")["us_averages"]["meta_2023_scope2_water"]
    assert water_offsite_l(meta["mwh"] * KWH_PER_MWH, meta["l_per_kwh"]) / L_PER_ML == near(meta["ML"], rel=1e-3)


def test_the_operational_formula_of_the_paper_holds_hour_by_hour() -> None:
    # W = sum e (WUE + PUE EWIF) + T W_embodied / T0, by hand: 2 kWh and 1 kWh, WUE 0.5 and 1, PUE 1.2 and 1.5, EWIF 3
    # and 4: 2 (0.5 + 3.6) + 1 (1 + 6) = 15.2 L; a tenth of a machine made with 500 L adds 50 L.
    it_kwh, pue = np.array([2.0, 1.0]), np.array([1.2, 1.5])
    onsite_l = water_onsite_l(it_kwh, np.array([0.5, 1.0]))
    source_l = water_offsite_l(it_kwh * pue, np.array([3.0, 4.0]))
    embodied_l = water_embodied_l(500.0, reserved_h=100.0, lifespan_h=1000.0, reserved_ratio=1.0)
    assert (onsite_l + source_l).sum() == near(15.2)
    assert embodied_l == near(50.0)


@given(
    it_kwh=LITRES,
    pue=st.floats(1.0, 3.0),
    onsite=st.tuples(INTENSITIES, INTENSITIES).map(sorted),
    source=st.tuples(INTENSITIES, INTENSITIES).map(sorted),
    embodied=st.tuples(LITRES, LITRES).map(sorted),
)
def test_layers_add_up_and_nothing_is_consumed_that_was_not_withdrawn(
    it_kwh: float, pue: float, onsite: list[float], source: list[float], embodied: list[float]
) -> None:
    found = water_footprint(
        it_kwh, it_kwh * pue, WaterIntensity(*onsite), WaterIntensity(*source), (embodied[0], embodied[1])
    )
    for use in (found.consumption, found.withdrawal):
        assert use.onsite_l is not None
        assert use.source_l is not None
        assert use.embodied_l is not None
        assert use.operational_l == near(use.onsite_l + use.source_l)
        assert use.total_l == near(use.onsite_l + use.source_l + use.embodied_l)
    assert found.withdrawal.total_l is not None
    assert found.consumption.total_l is not None
    assert np.all(found.withdrawal.total_l >= found.consumption.total_l * (1 - 1e-9))


def test_a_layer_that_is_not_known_makes_the_total_not_known_and_never_counts_as_none() -> None:
    use = WaterUse(onsite_l=2.0, source_l=None, embodied_l=1.0)
    assert use.operational_l is None
    assert use.total_l is None
    assert WaterUse(2.0, 3.0).operational_l == near(5.0)
    assert WaterUse(2.0, 3.0).total_l is None


def test_more_consumed_than_withdrawn_is_refused_for_floats_and_for_hours() -> None:
    with pytest.raises(ValueError, match="onsite_l"):
        water_footprint(1.0, 1.2, WaterIntensity(2.0, 1.0), WaterIntensity(3.0, 40.0))
    hours = np.ones(3)
    with pytest.raises(ValueError, match="source_l"):
        water_footprint(
            hours,
            hours * 1.2,
            WaterIntensity(hours, hours),
            WaterIntensity(np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])),
        )


def test_the_months_of_a_year_hold_their_hours_and_add_up_to_it() -> None:
    year = monthly_l(np.ones(8760), datetime(2025, 1, 1, tzinfo=UTC))
    assert year.tolist() == [24.0 * days for days in (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)]
    draws = monthly_l(np.ones((2, 8784)), datetime(2024, 1, 1, tzinfo=UTC))
    assert draws.shape == (2, 12)
    assert draws[0, 1] == near(24.0 * 29)  # a leap year's February


def test_months_are_those_of_the_place() -> None:
    # 16:00 UTC on New Year's Eve is midnight in Beijing: the year's first hour there.
    first_hour = monthly_l(np.array([1.0]), datetime(2024, 12, 31, 16, tzinfo=UTC), utc_offset_h=8.0)
    assert first_hour.tolist() == [1.0] + [0.0] * 11
