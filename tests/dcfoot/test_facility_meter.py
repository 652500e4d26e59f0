"""Measured beats modelled, the residual points at its cause, and a meter's file says where it is wrong."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.facility import Category
from dcfoot.facility_drift import STEADY, explain_power, explain_water
from dcfoot.facility_library import build_facility
from dcfoot.facility_meter import HOUR, MeteredHours, StatedPue, metered_facility, stated_facility
from dcfoot.facility_model import Facility, FacilityState, energy_mean, facility_state
from dcfoot.sources.facility_meter import read_facility_meter
from simulated.near import near

Hours = NDArray[np.float64]
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = 8760
CAPACITY_W = 1e6


def weather(hours: int = YEAR) -> tuple[Hours, Hours, float]:
    """A temperate year: seasons, days, and fronts that pass in some days."""
    t = np.arange(hours)
    rng = np.random.default_rng(7)
    fronts = np.repeat(rng.normal(0, 3, hours // 60 + 1), 60)[:hours]
    dry_c = 13 - 12 * np.cos(2 * np.pi * t / YEAR) - 5 * np.cos(2 * np.pi * (t - 3) / 24) + fronts
    return dry_c, dry_c - 4 - 2 * np.cos(2 * np.pi * (t - 15) / 24), 101_325.0


LOAD = 0.6 + 0.1 * np.sin(2 * np.pi * np.arange(YEAR) / 24)


def model(facility: Facility) -> FacilityState:
    return facility_state(facility, LOAD, *weather())


def meters(truth: FacilityState, noise_ratio: float = 0.01) -> MeteredHours:
    """What meters of this accuracy say of a facility that is in truth like this."""
    rng = np.random.default_rng(3)
    it_w = LOAD * CAPACITY_W
    facility_w = it_w * truth.pue * (1 + noise_ratio * rng.normal(size=YEAR))
    return MeteredHours(START, facility_w, it_w, it_w / 1000 * truth.wue_l_per_kwh)


# Measured beats modelled


def test_an_hour_with_meters_is_measured_and_one_without_is_modelled() -> None:
    state = model(build_facility("water_chiller"))
    facility_w, it_w = np.array([130.0, np.nan, 150.0]), np.array([100.0, 100.0, 120.0])
    metered = metered_facility(
        state, START, MeteredHours(START + 5 * HOUR, facility_w, it_w, np.array([1.0, 2.0, 3.0]))
    )
    assert metered.pue[5:8].tolist() == near([1.3, np.asarray(state.pue)[6], 1.25])
    assert metered.pue_is_measured[4:9].tolist() == [False, True, False, True, False]
    assert metered.wue_l_per_kwh[5:8].tolist() == near([10.0, 20.0, 25.0])  # litres for 0.1, 0.1 and 0.12 kWh
    assert metered.pue_residual_ratio[5] == near(1.3 - np.asarray(state.pue)[5])
    assert np.isnan(metered.pue_residual_ratio[6])
    assert metered.pue[8:].tolist() == np.asarray(state.pue)[8:].tolist()


def test_a_live_reading_is_one_hour() -> None:
    state = facility_state(build_facility("direct_liquid"), 0.7, 25.0, 18.0, 101_325.0)
    now = metered_facility(state, START, MeteredHours(START, np.array([1.2e6]), np.array([1.0e6])))
    assert (now.pue.tolist(), now.pue_is_measured.tolist(), now.wue_is_measured.tolist()) == ([1.2], [True], [False])


@pytest.mark.parametrize(("category", "pue"), [("PUE1", 1.3 * 1.02), ("PUE2", 1.3), ("PUE3", 1.3)])
def test_it_power_that_is_metered_behind_the_ups_holds_the_loss_of_distribution_too(
    category: Category, pue: float
) -> None:
    facility = build_facility("air_chiller", values={"distribution.linear_ratio": 0.02})
    state = facility_state(facility, 0.7, 25.0, 18.0, 101_325.0)
    metered = MeteredHours(START, np.array([130.0]), np.array([100.0]), category=category)
    assert metered_facility(state, START, metered).pue.tolist() == near([pue])


def test_meters_that_are_exchanged_are_refused_with_the_hour() -> None:
    state = model(build_facility("air_chiller"))
    with pytest.raises(ConfigError, match="2025-01-01 01:00"):
        metered_facility(state, START, MeteredHours(START, np.array([120.0, 100.0]), np.array([100.0, 120.0])))


def test_meters_of_another_year_are_refused() -> None:
    with pytest.raises(DataMissing, match="2023-12"):
        metered_facility(
            model(build_facility("dx")), START, MeteredHours(START - 9000 * HOUR, np.array([2.0]), np.array([1.0]))
        )


def test_a_stated_pue_holds_over_its_period_and_the_model_gives_its_course() -> None:
    state = model(build_facility("water_chiller"))
    half = StatedPue(1.35, "PUE3", START, START + timedelta(days=180))
    stated = stated_facility(state, LOAD, START, half)
    inside = slice(0, 180 * 24)
    assert energy_mean(stated.pue[inside], LOAD[inside]) == near(1.35)
    assert np.corrcoef(stated.pue[inside], np.asarray(state.pue)[inside])[0, 1] == near(1)
    assert stated.pue[180 * 24 :].tolist() == np.asarray(state.pue)[180 * 24 :].tolist()
    assert not stated.pue_is_measured.any()


def test_a_stated_pue_of_category_1_is_higher_at_the_equipment() -> None:
    facility = build_facility("air_chiller", values={"distribution.linear_ratio": 0.03})
    state = facility_state(facility, 0.7, *weather())
    stated = stated_facility(state, 0.7, START, StatedPue(1.4, "PUE1", START, START + YEAR * HOUR))
    assert energy_mean(stated.pue, 0.7) == near(1.4 * 1.03)


@pytest.mark.parametrize(
    ("stated", "error"),
    [
        (StatedPue(0.9, "PUE3", START, START + HOUR), ConfigError),
        (StatedPue(1.3, "PUE3", START - 2 * HOUR, START - HOUR), DataMissing),
    ],
)
def test_a_stated_pue_that_cannot_be_is_refused(stated: StatedPue, error: type[Exception]) -> None:
    with pytest.raises(error):
        stated_facility(model(build_facility("air_chiller")), LOAD, START, stated)


# The residual


def scaled(facility: Facility, fouled_ratio: Hours | float) -> Facility:
    """The facility with chillers whose coefficient of performance is multiplied."""
    chiller = facility.cooling.plant.chiller
    assert chiller is not None
    worse = replace(chiller, cop_ratio=chiller.cop_ratio * fouled_ratio)
    return replace(facility, cooling=replace(facility.cooling, plant=replace(facility.cooling.plant, chiller=worse)))


def findings(expected: Facility, truth: Facility, noise_ratio: float = 0.01) -> dict[str, tuple[float, float]]:
    state = model(expected)
    residual = metered_facility(state, START, meters(model(truth), noise_ratio)).pue_residual_ratio
    return {f.part: (f.level_ratio, f.drift_ratio_per_year) for f in explain_power(state, residual)}


def test_a_facility_that_is_as_modelled_gives_no_finding() -> None:
    facility = build_facility("water_chiller")
    assert findings(facility, facility) == {}


def test_chillers_that_foul_are_named_with_their_drift() -> None:
    # 1/COP grows from 1.0 to 1.3 over the year: 15 % in the middle, 30 % a year.
    facility = build_facility("water_chiller")
    found = findings(facility, scaled(facility, 1 / np.linspace(1.0, 1.3, YEAR)))
    assert set(found) == {"chiller_ratio"}
    assert found["chiller_ratio"] == near((0.15, 0.30), abs=0.04)


def test_chillers_that_were_always_worse_are_named_without_a_drift() -> None:
    facility = build_facility("air_chiller")
    found = findings(facility, scaled(facility, 1 / 1.2))
    assert set(found) == {"chiller_ratio"}
    assert found["chiller_ratio"] == near((0.2, 0.0), abs=0.03)


def test_something_that_runs_all_year_is_told_from_chillers() -> None:
    facility = build_facility("waterside_economizer")
    truth = build_facility("waterside_economizer", values={"electrical.lighting_ratio": 0.031})
    found = findings(facility, truth)
    assert STEADY in found
    assert found[STEADY] == near((0.03 / 0.6, 0.0), abs=0.01)  # 3 % of capacity at a load of 0.6


def test_fans_whose_filters_clog_are_named_where_fans_follow_the_load() -> None:
    # With a load that rises over the week, fans' power rises with its cube: nothing else does.
    facility = build_facility("airside_economizer")
    truth = build_facility("airside_economizer", values={"air.fans.pressure_pa": 975.0})  # 1.5 times
    week = 0.6 + 0.3 * (np.arange(YEAR) // 24 % 7) / 6
    state, true = (facility_state(f, week, *weather()) for f in (facility, truth))
    residual = np.asarray(true.pue) - np.asarray(state.pue)
    noisy = residual + np.random.default_rng(5).normal(0, 0.01, YEAR)
    (finding, *_) = explain_power(state, noisy)
    assert finding.part == "fan_ratio"
    assert finding.level_ratio == near(0.5, abs=0.05)


def test_less_than_four_weeks_of_meters_show_nothing() -> None:
    state = model(build_facility("air_chiller"))
    residual = np.full(YEAR, np.nan)
    residual[: 20 * 24] = 0.3
    assert explain_power(state, residual) == ()


def test_a_tower_that_is_bled_too_much_is_named() -> None:
    facility = build_facility("water_chiller")
    truth = build_facility("water_chiller", values={"tower.concentration_ratio": 3.0})
    state, true = model(facility), model(truth)
    residual = metered_facility(state, START, meters(true)).wue_residual_l_per_kwh
    (finding,) = explain_water(state, residual)
    # Blowdown is in proportion to evaporation, so that the two cannot be told apart: either may be named.
    assert finding.part in {"blowdown_l_per_kwh", "evaporation_l_per_kwh"}
    assert finding.explained_ratio > 0.95


def test_a_finding_reads_as_a_sentence() -> None:
    facility = build_facility("water_chiller")
    state = model(facility)
    truth = model(scaled(facility, 1 / np.linspace(1.0, 1.3, YEAR)))
    (finding,) = explain_power(state, metered_facility(state, START, meters(truth)).pue_residual_ratio)
    told = r"the chillers: \+1\d % against the model, drifting by \+\d\d % a year"
    assert re.fullmatch(told, str(finding))


# The file


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "meters.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_file_of_quarter_hours_becomes_hours(written: Callable[[str], Path]) -> None:
    rows = [f"2025-03-01T0{i // 4}:{15 * (i % 4):02}+08:00,{100 + i},{20 + i / 4},{0.5}" for i in range(8)]
    metered = read_facility_meter(written("time,facility_power_kw,it_energy_kwh,water_m3\n" + "\n".join(rows)))
    assert metered.start == datetime(2025, 2, 28, 16, tzinfo=UTC)
    assert metered.facility_power_w.tolist() == near([101_500.0, 105_500.0])  # means of four
    assert metered.it_power_w.tolist() == near([81_500.0, 85_500.0])  # sums of four, in an hour
    assert metered.water_l is not None
    assert metered.water_l.tolist() == near([2000.0, 2000.0])


def test_an_hour_that_is_not_whole_is_not_known(written: Callable[[str], Path]) -> None:
    text = """# from the hall's own meters
time,facility_power_kw,it_power_kw
2025-03-01T00:00Z,120,100
2025-03-01T01:00Z,,100
2025-03-01T03:00Z,130,100
2025-03-01T04:00Z,130,100
"""
    metered = read_facility_meter(written(text))
    assert np.isnan(metered.facility_power_w).tolist() == [False, True, True, False, False]
    assert metered.facility_power_w[[0, 3, 4]].tolist() == near([120e3, 130e3, 130e3])
    assert metered.water_l is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,facility_power_kw,it_power_kw\n", "holds no readings"),
        ("time,facility_power,it_power_kw\n2025-03-01T00:00Z,1,1\n", r":1: 'facility_power' .* facility_power_kw"),
        ("time,facility_power_kw\n2025-03-01T00:00Z,1\n", r":1: .*it_power_kw: none"),
        ("time,it_power_w,it_power_kw,facility_power_kw\n2025-03-01T00:00Z,1,1,1\n", ":1: .*it_power_w and it_power"),
        ("time,facility_power_kw,it_power_kw\n2025-03-01T00:00,1,1\n", r":2: .*no time zone"),
        ("time,facility_power_kw,it_power_kw\nyesterday,1,1\n", r":2: the time is 'yesterday'"),
        ("time,facility_power_kw,it_power_kw\n2025-03-01T00:00Z,x,1\n", r":2: facility_power_kw is 'x'"),
        ("time,facility_power_kw,it_power_kw\n2025-03-01T00:00Z,-3,1\n", r":2: .*cannot be negative"),
        (
            "time,facility_power_kw,it_power_kw\n2025-03-01T01:00Z,1,1\n2025-03-01T00:00Z,1,1\n",
            r":3: the time is not after",
        ),
        (
            "time,facility_power_kw,it_power_kw\n2025-03-01T00:00Z,1,1\n2025-03-01T00:07Z,1,1\n",
            "420 s apart",
        ),
    ],
)  # fmt: skip
def test_a_fault_in_a_file_is_told_with_its_line(written: Callable[[str], Path], text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_facility_meter(written(text))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="meters"):
        read_facility_meter(tmp_path / "meters.csv")
