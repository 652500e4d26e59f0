"""A battery fades as NREL's SAM says that it does, and a study counts with what is left."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError
from dcfoot_scenarios.ageing import MOST_YEARS, Wear, chemistry, wear
from dcfoot_scenarios.storage import Battery
from simulated.near import near

LFP = chemistry("lfp")
FULL, IDLE = np.full(8760, 10.0), np.zeros(8760)
BATTERY = Battery(10.0, 5.0, 5.0, 0.95, 0.95)


# PySAM 7.1.1, BatteryStateful.default("LFPGraphite"), cells at 23 degC, one hour a step: left of the capacity [%].
@pytest.mark.parametrize(("years", "percent"), [(1, 93.536762), (5, 85.672826), (10, 79.780033)])
def test_a_full_battery_that_rests_fades_as_in_sam(years: float, percent: float) -> None:
    left = wear(BATTERY, FULL, IDLE, LFP).capacity_ratio(years)
    assert float(left) == near(percent / 100, abs=2e-5)


# The same with a full cycle a day: four hours each way, eight at rest between. As its capacity fades, SAM's battery is
# full sooner and rests full for longer, which by 20 years costs 0.3 %; here every year is like the first.
@pytest.mark.parametrize(
    ("years", "percent"), [(1, 92.168906), (5, 81.686060), (10, 73.135382), (15, 66.150787), (20, 59.881454)]
)
def test_a_full_cycle_a_day_fades_as_in_sam(years: float, percent: float) -> None:
    rise = np.arange(1.0, 5.0) / 4.0
    state = np.tile(np.concatenate([rise, np.ones(8), 1.0 - rise, np.zeros(8)]), 365) * 10.0
    discharge = np.tile(np.repeat([0.0, 2.5 * 0.95, 0.0], [12, 4, 8]), 365)
    year = wear(BATTERY, state, discharge, LFP)
    assert year.cycles_per_year == near(365.0)
    assert float(year.capacity_ratio(years)) == near(percent / 100, abs=3.5e-3)


def test_warm_cells_fade_faster() -> None:
    # exp(-3191 K x (1 / 308.15 K - 1 / 296.15 K)) = 1.52, and what a full cell adds at that temperature is 0.95.
    ratio = wear(BATTERY, FULL, IDLE, LFP, cell_c=35.0).fade_ratio_per_sqrt_day
    assert ratio / wear(BATTERY, FULL, IDLE, LFP).fade_ratio_per_sqrt_day == near(1.521 * 0.950, rel=2e-3)


def test_a_battery_without_size_does_not_age() -> None:
    assert wear(Battery(0.0, 0.0, 0.0), IDLE, IDLE, LFP).cycles_per_year == 0.0


@pytest.mark.parametrize(("age", "mean_of_roots"), [(1.0, 2 / 3), (0.25, 1 / 3), (9.0, 2 / 3 * (27 - 8**1.5))])
def test_a_battery_of_an_age_has_the_mean_of_the_year_that_ends_then(age: float, mean_of_roots: float) -> None:
    # A battery that rests fades with the root of time, whose mean over a stretch is 2/3 (b^1.5 - a^1.5) / (b - a).
    year = Wear(LFP, 0.0, 0.003)
    assert year.left_ratio(age) == near(0.999 - 0.003 * 365**0.5 * mean_of_roots, abs=5e-6)


@given(st.floats(0.0, 1000.0), st.floats(0.0, 0.01), st.floats(0.7, 0.95))
def test_a_battery_is_spent_when_so_much_is_left(cycles: float, fade: float, spent: float) -> None:
    year = Wear(LFP, cycles, fade)
    life = year.life_years(spent)
    assert life == MOST_YEARS or float(year.capacity_ratio(life)) == near(spent, abs=2e-3)


def test_a_study_counts_with_the_mean_of_what_is_left() -> None:
    # Linear fades would be 0.9 on the mean of a life that ends at 0.8; fast ones at first leave less.
    year = Wear(LFP, 365.0, 0.0)
    life = year.life_years()
    # 0.801 of the table, as a new one has 0.999: 6926 + (0.807461 - 0.801) / (0.807461 - 0.799823) x 374 cycles.
    assert life == near(7242.4 / 365, rel=1e-4)
    assert 0.85 < year.mean_capacity_ratio(life) < 0.9
    assert year.mean_capacity_ratio(2 * life) == near(year.mean_capacity_ratio(life), abs=1e-3)
    assert year.mean_capacity_ratio(life / 4) > year.mean_capacity_ratio(life)


def test_a_chemistry_that_nobody_knows_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ConfigError, match="lfp"):
        chemistry("lead")


def test_what_stands_behind_it_is_named() -> None:
    assert LFP.evidence.verified
    assert "PySAM" in LFP.evidence.source
