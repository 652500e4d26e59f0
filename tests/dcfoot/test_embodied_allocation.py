"""The share of a piece of work: the specification's score, BLOOM's hardware, and that shares add up to the machine."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.embodied import embodied_by_use_g, embodied_by_value_g, embodied_share_g
from dcfoot.embodied.plant import plant, plant_names
from dcfoot.errors import DataMissing
from dcfoot.units import G_PER_KG, H_PER_YEAR
from simulated.near import near
from simulated.reference import facts, vectors

CUTS = st.lists(st.floats(0.0, 1.0), max_size=6).map(lambda cuts: sorted([0.0, *cuts, 1.0]))
"""Where a life or a machine is cut into pieces of work."""


def test_the_whole_score_of_the_specification_reproduces() -> None:
    case = next(case for case in vectors("carbon_accounting")["sci_iso21031"] if case["id"] == "sci_full")
    given_ = case["inputs"]
    embodied_g = embodied_share_g(1000.0, 1.0, 4 * H_PER_YEAR, 1.0)
    score = (given_["E_kwh"] * given_["I_g"] + embodied_g) / given_["R"]
    assert score == near(case["expected"]["sci_g_per_R"], abs=case["tol_abs"])


def test_blooms_hardware_reproduces_by_use() -> None:
    bloom = next(row for row in vectors("training_footprints")["rows"] if row["id"] == "bloom176b")
    given_, expected = bloom["inputs"], bloom["expected"]
    hardware = given_["embodied"]
    life_h = hardware["lifetime_years"] * H_PER_YEAR
    gpu_h = given_["gpu_hours"]
    gpus_t = embodied_by_use_g(hardware["gpu_kg"], gpu_h, life_h, hardware["avg_utilisation"], 1.0) / 1e6
    server_t = (
        embodied_by_use_g(
            hardware["server_kg"], gpu_h, life_h, hardware["avg_utilisation"], 1 / hardware["gpus_per_server"]
        )
        / 1e6
    )
    assert server_t == near(expected["embodied_server_t"], rel=bloom["tolerance_rel"])
    assert gpus_t == near(expected["embodied_gpu_t"], rel=bloom["tolerance_rel"])
    assert server_t + gpus_t == near(expected["embodied_t"], rel=bloom["tolerance_rel"])


@given(st.floats(1.0, 1e5), st.floats(1.0, 1e6), CUTS)
def test_shares_by_reserved_time_add_up_to_the_machine_where_it_is_reserved_throughout(
    total_kg: float, life_h: float, cuts: list[float]
) -> None:
    by_time = [embodied_share_g(total_kg, (end - start) * life_h, life_h, 1.0) for start, end in pairwise(cuts)]
    by_part = [embodied_share_g(total_kg, life_h, life_h, end - start) for start, end in pairwise(cuts)]
    assert sum(by_time) == near(total_kg * G_PER_KG)
    assert sum(by_part) == near(total_kg * G_PER_KG)


@given(st.floats(1.0, 1e5), st.floats(1.0, 1e6), st.floats(0.01, 1.0), CUTS)
def test_shares_by_use_add_up_to_the_machine_however_long_it_idles(
    total_kg: float, life_h: float, utilisation: float, cuts: list[float]
) -> None:
    used_h = life_h * utilisation
    shares = [
        embodied_by_use_g(total_kg, (end - start) * used_h, life_h, utilisation, 1.0) for start, end in pairwise(cuts)
    ]
    assert sum(shares) == near(total_kg * G_PER_KG)


@given(st.floats(1.0, 1e5), CUTS)
def test_shares_by_value_add_up_to_the_machine(total_kg: float, cuts: list[float]) -> None:
    shares = [embodied_by_value_g(total_kg, end - start) for start, end in pairwise(cuts)]
    assert sum(shares) == near(total_kg * G_PER_KG)


@given(st.floats(1.0, 1e5), st.floats(1.0, 1e6), st.floats(0.01, 1.0))
def test_who_uses_a_machine_carries_its_idle_time_only_by_use(
    total_kg: float, life_h: float, utilisation: float
) -> None:
    by_use = embodied_by_use_g(total_kg, 1.0, life_h, utilisation, 1.0)
    assert by_use >= embodied_share_g(total_kg, 1.0, life_h, 1.0) * (1 - 1e-12)
    assert embodied_by_use_g(total_kg, 1.0, life_h, 1.0, 1.0) == near(embodied_share_g(total_kg, 1.0, life_h, 1.0))


@pytest.mark.parametrize("name", plant_names())
def test_plant_carries_its_making_over_its_life_and_no_more(name: str) -> None:
    one = plant(name)
    assert one.share_kg(2.0, one.lifetime_years).central == near(2 * one.per_unit_kg.central)
    assert one.share_kg(2.0, one.lifetime_years / 4).p95 == near(one.per_unit_kg.p95 / 2)
    assert one.evidence.source


def test_solar_and_wind_agree_with_the_life_cycle_factors_of_their_electricity() -> None:
    # AR5 gives 41 g/kWh (26 to 60) for rooftop solar and 11 (7 to 56) for wind onshore; over a life at 1000 and 2628
    # full-load hours a year, a kilowatt's making must give such a factor back.
    medians = {(row["technology"], row["basis"]): row for row in facts("ef_tech") if row["verified"] == "yes"}
    for name, technology, full_load_h in (
        ("solar", "solar PV rooftop", 1000.0),
        ("wind", "wind onshore", 0.30 * H_PER_YEAR),
    ):
        one, row = plant(name), medians[technology, "lifecycle"]
        g_per_kwh = one.per_unit_kg.central * G_PER_KG / (full_load_h * one.lifetime_years)
        assert float(row["min"]) < g_per_kwh < float(row["max"])


def test_plant_without_figures_is_not_known() -> None:
    with pytest.raises(DataMissing, match="battery"):
        plant("fuel cell")
