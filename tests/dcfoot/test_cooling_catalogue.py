"""The library of facilities: every name builds, unknown names are helped, every number says where it comes from."""

import subprocess
import sys
from collections.abc import Iterable
from typing import cast

import numpy as np
import pytest

from dcfoot.cooling.ashrae import air_class_values, water_class_values
from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.cooling.parameters import Size, parameters
from dcfoot.draws import Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.facility_draws import Hall, draw_year
from dcfoot.facility_library import build_facility, facility_evidence, used_parameters
from dcfoot.facility_model import facility_state
from dcfoot.tables import rows
from dcfoot.weather.doubt import Air
from simulated.near import near
from simulated.reference import vectors

SIZES = cast("tuple[Size, ...]", ("large", "midsize", "small"))
HOURS = np.arange(24 * 40)
OUTSIDE = (12 + 10 * np.sin(HOURS / 150.0), 8 + 8 * np.sin(HOURS / 150.0), 100_000.0)
AIR = Air(OUTSIDE[0], OUTSIDE[1], np.full(HOURS.size, OUTSIDE[2]), np.ones(HOURS.size))


def hall(cooling: str) -> Hall:
    return Hall(cooling, it_load_ratio=Spread.exact(0.7))


def mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("size", SIZES)
def test_every_system_builds_in_every_size_and_way_of_giving_off_heat(name: str, size: Size) -> None:
    for rejection in SYSTEMS[name].rejections:
        state = facility_state(build_facility(name, size, rejection), 0.5, 20.0, 15.0, 101_325.0)
        assert 1 < state.pue < 2.5


def test_an_unknown_system_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="direct_liquid"):
        build_facility("magic")


def test_a_way_of_giving_off_heat_that_a_system_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(ConfigError, match="it can: dry"):
        build_facility("air_chiller", rejection="wet")


def test_an_unknown_number_is_helped_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"air\.supply_c"):
        build_facility("air_chiller", values={"air.suply_c": 25.0})


def test_what_the_user_knows_better_counts() -> None:
    cool, warm = (
        facility_state(build_facility("waterside_economizer", values={"air.supply_c": t}), 0.8, 22.0, 18.0, 101_325.0)
        for t in (20.0, 32.0)
    )
    assert cool.free_ratio < warm.free_ratio
    assert cool.pue > warm.pue


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_number_that_a_facility_stands_on_says_where_it_comes_from(name: str) -> None:
    for rejection in SYSTEMS[name].rejections:
        evidence = facility_evidence(name, "large", rejection)
        assert len(evidence) > 20
        assert all(line.source and line.year for line in evidence)


def test_a_facility_depends_on_its_own_parts_alone() -> None:
    closed = set(used_parameters("air_chiller"))
    assert not {name for name in closed if name.startswith(("tower", "dry_cooler", "liquid", "air_economizer"))}
    assert "tower.approach_k" in used_parameters("water_chiller")
    assert "dry_cooler.pad_effectiveness_ratio" in used_parameters("immersion", "large", "hybrid")
    assert "dry_cooler.pad_effectiveness_ratio" not in used_parameters("immersion", "large", "dry")


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("size", SIZES)
def test_every_parameter_lies_in_its_range(name: str, size: Size) -> None:
    assert [p.name for p in parameters(name, size).values() if not p.low <= p.central <= p.high] == []


def test_every_row_of_the_table_is_of_a_system_and_a_size_that_exist() -> None:
    assert {row["system"] for row in rows("cooling_parameters")} <= {*SYSTEMS, ""}
    assert {row["size"] for row in rows("cooling_parameters")} <= {*SIZES, ""}


def test_every_row_of_the_table_is_used_by_some_facility() -> None:
    used = {
        name
        for system, recipe in SYSTEMS.items()
        for size in SIZES
        for rejection in recipe.rejections
        for name in used_parameters(system, size, rejection)
    }
    assert {f"{row['part']}.{row['parameter']}" for row in rows("cooling_parameters")} - used == set()


def test_a_draw_stays_in_its_range_and_has_its_median_in_the_middle() -> None:
    approach = parameters("water_chiller", "large")["tower.approach_k"]
    drawn = [approach.at(z) for z in Draws("seed", 400).normal("x")]
    assert approach.low <= min(drawn) < max(drawn) <= approach.high
    assert sorted(drawn)[200] == near(approach.central, rel=0.02)
    assert mean(x < (approach.low + approach.central) / 2 for x in drawn) == near(0.25, abs=0.01)


def test_the_year_of_the_central_values_lies_inside_that_of_the_draws() -> None:
    facility = build_facility("waterside_economizer")
    central = float(np.mean(np.asarray(facility_state(facility, 0.7, *OUTSIDE).pue)))
    drawn = draw_year(Draws("seed", 60), hall("waterside_economizer"), AIR)
    assert drawn.pue.shape == drawn.wue_l_per_kwh.shape == (60,)
    low, high = np.quantile(drawn.pue, [0.05, 0.95])
    assert 1 < low < central < high


def test_two_systems_share_the_draws_of_what_they_share() -> None:
    # So the difference of two designs is not noise: it scatters less than each of them.
    free, chilled = (
        draw_year(Draws("seed", 60), hall(name), AIR).pue for name in ("waterside_economizer", "water_chiller")
    )
    assert np.std(chilled - free) < 0.75 * np.hypot(np.std(chilled), np.std(free))


def test_what_is_known_is_not_drawn() -> None:
    known = {name: p.central for name, p in used_parameters("dx").items()}
    assert np.ptp(draw_year(Draws("seed", 10), hall("dx"), AIR, values=known).pue) < 1e-12


@pytest.mark.parametrize("name", ["A1", "A2", "A3", "A4", "H1"])
def test_the_classes_are_ashraes(name: str) -> None:
    told = vectors("ashrae_electrical")["ashrae_tc99_2021"]
    allowed = told["allowable"][name]
    values = air_class_values(name)
    assert values["air.supply_c"] == allowed["db"][1]
    assert values["air_economizer.supply_low_c"] == allowed["db"][0]
    assert (values["air.dew_point_low_c"], values["air.dew_point_high_c"]) == (allowed["dp_min"], allowed["dp_max"])
    assert values["air.relative_humidity_high_ratio"] == near(allowed["rh_max"] / 100)
    kelvins, _, metres = allowed["derate"].split(" >")[0].partition("K/")
    derated = air_class_values(name, elevation_m=900 + 2 * float(metres.removesuffix(" m")))
    assert derated["air.supply_c"] == near(allowed["db"][1] - 2 * float(kelvins), rel=1e-4)


def test_the_recommended_window_is_ashraes() -> None:
    told = vectors("ashrae_electrical")["ashrae_tc99_2021"]["recommended"]
    for name, window in (("A3", told["A1_A4"]), ("H1", told["H1"])):
        values = air_class_values(name, "recommended")
        assert [values["air_economizer.supply_low_c"], values["air.supply_c"]] == window["db"]
        assert [values["air.dew_point_low_c"], values["air.dew_point_high_c"]] == window["dp"]


def test_a_wider_class_needs_compressors_less() -> None:
    strict, wide = (
        facility_state(
            build_facility("airside_economizer", values=air_class_values(name)), 0.8, 33.0, 18.0, 101_325.0
        ).free_ratio
        for name in ("A1", "A3")
    )
    assert strict < wide == 1


@pytest.mark.parametrize(("name", "highest_c"), [("W17", 17), ("W27", 27), ("W32", 32), ("W40", 40), ("W45", 45)])
def test_a_water_class_is_the_facilitys_water_at_its_warmest(name: str, highest_c: float) -> None:
    assert vectors("ashrae_electrical")["ashrae_tc99_2021"]["liquid_classes_max_supply_c"][name] == highest_c
    assert water_class_values(name, 4.0) == {"liquid.coolant_supply_c": highest_c + 4.0}


def test_an_unknown_class_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match="A1, A2, A3, A4, H1"):
        air_class_values("A9")


def test_an_hour_of_floats_never_imports_numpy() -> None:
    code = """
import sys
from dcfoot.facility_library import build_facility
from dcfoot.facility_model import facility_state
for name in ("direct_liquid", "airside_adiabatic", "dx"):
    facility_state(build_facility(name), 0.5, 20.0, 15.0, 101_325.0)
assert not {"numpy", "pandas"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
