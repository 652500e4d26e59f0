"""The component model: exact on its anchor, tested on what it was not anchored on, and lawful."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.draws import Draws
from dcfoot.embodied.chip_water import silicon_water_l
from dcfoot.embodied.model import ANCHOR, ProductFootprint, product_footprint
from dcfoot.embodied.products import Component, Kind, product, product_names
from dcfoot.embodied.stages import Stage
from dcfoot.embodied.wafer import die_kg_per_cm2, wafer_kg_per_cm2
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.tables import rows
from simulated.near import near
from simulated.reference import facts

HGX_B200_KG = 2274.0
"""NVIDIA HGX B200 Product Carbon Footprint Summary (July 2025)."""

HGX_B200_SHARES = {"memory": 0.49, "integrated circuits": 0.28, "thermal": 0.12, "assembly": 0.056}
"""The same document, page 3."""

A100_KG = 127.6
"""Falk et al. 2025, arXiv:2509.00093: A100 SXM 40 GB, cradle to gate."""

R740_KG, R740_DRIVES_KG = 4289.0, 3373.0
"""Busa and Hegeman 2019, life-cycle assessment of the Dell PowerEdge R740: manufacturing, and its SSDs in it."""

AMOUNTS = st.floats(0.01, 1e4)
KINDS = st.sampled_from(Kind)
COMPONENTS = st.lists(
    st.builds(Component, KINDS, st.sampled_from("abcdefgh"), st.integers(1, 50), AMOUNTS, st.floats(3.0, 28.0)),
    max_size=6,
)


def footprint(name: str) -> ProductFootprint:
    return product_footprint(product(name))


def kg(name: str, *lines: str) -> float:
    return sum(line.kg.central for line in footprint(name).lines if any(word in line.name for word in lines))


def test_the_published_h100_baseboard_is_met_exactly() -> None:
    assert footprint(ANCHOR).total_kg.central == near(1312.0)
    assert kg(ANCHOR, "HBM") == near(546.0)
    assert kg(ANCHOR, "GH100", "NVSwitch") == near(332.0)
    assert kg(ANCHOR, "assembly") / 1312.0 == near(0.086, abs=0.002)  # printed as 8.6 %


def test_the_published_b200_baseboard_is_met_within_five_percent_though_nothing_is_fitted_to_it() -> None:
    assert footprint("hgx_b200").total_kg.central == near(HGX_B200_KG, rel=0.05)


def test_the_parts_of_the_b200_baseboard_are_met_within_a_quarter() -> None:
    found = {
        "memory": kg("hgx_b200", "HBM"),
        "integrated circuits": kg("hgx_b200", "GB100", "switch"),
        "thermal": kg("hgx_b200", "thermal"),
        "assembly": kg("hgx_b200", "assembly"),
    }
    published = {part: share * HGX_B200_KG for part, share in HGX_B200_SHARES.items()}
    assert {part: found[part] / published[part] for part in found} == near(dict.fromkeys(found, 1.0), abs=0.25)


def test_the_published_a100_card_is_met_within_twenty_percent_though_nothing_is_fitted_to_it() -> None:
    assert footprint("a100_sxm4_40gb").total_kg.central == near(A100_KG, rel=0.20)


def test_the_a100s_chip_package_takes_about_four_fifths_of_it() -> None:
    # The same study: the chip with its memory is 81 % of the card.
    share = kg("a100_sxm4_40gb", "GA100", "HBM") / footprint("a100_sxm4_40gb").total_kg.central
    assert share == near(0.81, abs=0.07)


def test_other_estimates_of_the_h100_lie_inside_the_interval() -> None:
    spread = footprint(ANCHOR).total_kg
    for other_kg in (8 * 225.0, 8 * 273.0):  # Morand et al. 2026; Lees-Perasso et al. 2026
        assert spread.p5 < other_kg < spread.p95


def test_a_whole_node_lies_where_bounded_estimates_of_it_do() -> None:
    bounded = next(row for row in facts("embodied") if row["item"].startswith("DGX-class server bounded range (H100)"))
    low_kg, high_kg = map(float, bounded["value"].split("-"))
    assert low_kg < footprint("dgx_h100").total_kg.central < high_kg


def test_a_node_holds_its_baseboard() -> None:
    names = [line.name for line in footprint(ANCHOR).lines]
    inner = [line for line in footprint("dgx_h100").lines if line.name in names]
    assert sum(line.kg.central for line in inner) == near(1312.0)


def test_a_server_of_ones_own_holds_its_vendors_assessment_in_its_interval() -> None:
    r740 = (
        Component(Kind.PROCESSOR, "Xeon", 2, 6.94, 14.0),
        Component(Kind.DRAM, "DDR4", 12, 32.0),
        Component(Kind.SSD, "SSD of 3.84 TB", 8, 3840.0),
        Component(Kind.MAINBOARD, "mainboard", 1, 1.0),
        Component(Kind.POWER_SUPPLY, "supplies", 2, 1.5),
        Component(Kind.CHASSIS, "2U case", 1, 14.0),
        Component(Kind.SERVER, "server", 1, 1.0),
    )
    whole, drives = product_footprint(r740), product_footprint(r740[2:3])
    assert whole.total_kg.p5 < R740_KG < whole.total_kg.p95
    assert drives.total_kg.p5 < R740_DRIVES_KG < drives.total_kg.p95


def test_acts_formula_holds() -> None:
    # ACT, 7 nm, 97 % abatement between the two tables' rows: 0.583 kg/kWh x 2.15 + 0.275 + 0.5 by hand.
    assert wafer_kg_per_cm2(2.15, 0.583, 0.275, 0.5) == near(2.02845)


def test_a_die_costs_what_imecs_wafer_does_over_the_yield_and_in_between_what_lies_between() -> None:
    assert die_kg_per_cm2(5.0).central == near(1.54 / 0.875)
    assert die_kg_per_cm2(12.0).central == near((1.09 + 0.97) / 2 / 0.875)


@given(st.tuples(st.floats(3.0, 28.0), st.floats(3.0, 28.0)).map(sorted))
def test_a_finer_process_never_costs_less(nodes_nm: list[float]) -> None:
    finer, coarser = map(die_kg_per_cm2, nodes_nm)
    assert finer.central >= coarser.central * (1 - 1e-12)
    assert finer.p95 >= coarser.p95 * (1 - 1e-12)


def test_a_process_without_figures_is_not_known() -> None:
    with pytest.raises(DataMissing, match="2 nm"):
        die_kg_per_cm2(2.0)


def test_a_die_must_say_its_process() -> None:
    with pytest.raises(ConfigError, match="node_nm"):
        product_footprint((Component(Kind.PROCESSOR, "Xeon", 1, 6.0),))


@given(COMPONENTS, COMPONENTS)
def test_parts_add_up_whatever_their_order(one: list[Component], two: list[Component]) -> None:
    together, apart = product_footprint([*one, *two]), [product_footprint(two), product_footprint(one)]
    assert together.total_kg.central == near(sum(each.total_kg.central for each in apart))
    assert sum(stage.central for stage in together.by_stage().values()) == near(together.total_kg.central)


@given(COMPONENTS, KINDS, AMOUNTS)
def test_more_never_costs_less(components: list[Component], kind: Kind, amount: float) -> None:
    more = [*components, Component(kind, "one more", 1, amount, 5.0)]
    before, after = product_footprint(components).total_kg, product_footprint(more).total_kg
    assert after.central >= before.central
    assert after.p5 >= before.p5
    assert after.p95 >= before.p95


@given(COMPONENTS)
def test_lines_that_err_each_by_itself_err_less_than_all_together(components: list[Component]) -> None:
    footprint_ = product_footprint(components)
    spread, quantity = footprint_.total_kg, footprint_.quantity_kg(Draws("seed", 101))
    assert spread.p5 - 1e-9 <= quantity.p5 * (1 + 1e-2)
    assert quantity.p95 <= spread.p95 * (1 + 1e-2) + 1e-9


@pytest.mark.parametrize("name", product_names())
def test_every_line_says_what_stands_behind_it(name: str) -> None:
    for line in footprint(name).lines:
        assert line.evidence
        assert all(evidence.source for evidence in line.evidence)
        assert line.kg.p5 <= line.kg.central <= line.kg.p95


def test_a_node_has_every_stage_but_its_use() -> None:
    assert footprint("dgx_h100").by_stage().keys() == set(Stage) - {Stage.USE}
    assert footprint(ANCHOR).by_stage().keys() == {Stage.RAW_MATERIAL_ACQUISITION, Stage.PRODUCTION}  # cradle to gate


def test_every_stage_has_its_name_in_the_chinese_standard() -> None:
    assert [stage.chinese for stage in Stage] == ["原材料获取", "生产", "分销", "使用", "生命末期处理"]


def test_every_kind_of_component_has_a_factor_or_an_anchor() -> None:
    with_factor = {row["kind"] for row in rows("embodied_components")}
    assert {str(kind) for kind in Kind} - with_factor == {"accelerator die"}


def test_what_an_unknown_product_is_made_of_is_not_known() -> None:
    with pytest.raises(DataMissing, match="hgx_b200"):
        product("hgx_b400")


def test_the_shipped_wafer_figures_are_those_of_the_collected_table() -> None:
    collected = {float(row["value"]) for row in facts("embodied") if row["item"].startswith("logic")}
    grams = {value / 1000 for value in collected}
    silicon = [row for row in rows("embodied_wafers") if row["node_nm"]]
    assert len(silicon) == 31
    assert all(float(row["value"]) in collected | grams for row in silicon)


def test_the_water_of_silicon_is_of_the_order_of_a_tonne_a_card_and_only_withdrawn() -> None:
    # By hand: (8.26 + 5 x 8.28) cm2 / 0.875 / 706.9 cm2 x 161 L x 87 layers.
    water = silicon_water_l(product("a100_sxm4_40gb"))
    assert water.spread.central == near(49.66 / 0.875 / 706.9 * 161.0 * 87.0)
    assert water.spread.p5 < water.spread.central / 2
    assert silicon_water_l(product("hgx_h100")).spread.central > 8 * water.spread.central
