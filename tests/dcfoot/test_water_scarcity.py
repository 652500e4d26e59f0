"""Water weighted by scarcity: a quantity of its own, which never blends with litres."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.reading import Basis
from dcfoot.tables import rows
from dcfoot.water.scarcity import WorldEquivalent, aware, weighted
from simulated.near import near
from simulated.reference import facts


def test_a_cubic_metre_in_a_dry_place_weighs_more_than_one_in_a_wet_place() -> None:
    xinjiang, guizhou = aware("CN-XJ"), aware("CN-GZ")
    assert xinjiang is not None
    assert guizhou is not None
    assert weighted(1000.0, xinjiang.spread.central).world_equivalent_m3 == near(78.9)
    assert weighted(1000.0, guizhou.spread.central).world_equivalent_m3 == near(1.53)


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e9), st.floats(0.0, 100.0))
def test_weighted_water_adds_as_the_litres_of_one_place_do(one_l: float, two_l: float, factor: float) -> None:
    together = weighted(one_l, factor) + weighted(two_l, factor)
    assert together.world_equivalent_m3 == near(weighted(one_l + two_l, factor).world_equivalent_m3)


def test_weighted_water_does_not_add_to_litres() -> None:
    with pytest.raises((TypeError, AttributeError)):
        weighted(10.0, 2.0) + 10.0  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    with pytest.raises(TypeError):
        10.0 + weighted(10.0, 2.0)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]


def test_hours_are_weighted_one_by_one() -> None:
    found = weighted(np.array([1000.0, 2000.0]), 3.0)
    assert isinstance(found, WorldEquivalent)
    assert found.world_equivalent_m3.tolist() == near([3.0, 6.0])


def test_a_zone_without_a_factor_takes_its_countrys_with_the_interval_of_its_regions() -> None:
    own, nation = aware("CN-XJ", "CHN"), aware("CN-HI", "CHN")
    assert own is not None
    assert nation is not None
    assert own.basis is Basis.MODELLED
    assert nation.basis is Basis.DEFAULT
    assert nation.evidence.what == "water scarcity (AWARE) CHN"
    assert nation.spread.p5 < 0.1 * nation.spread.central
    assert nation.spread.p95 > 4 * nation.spread.central


def test_what_has_no_factor_is_not_known() -> None:
    assert aware("WLD") is None
    assert aware("ATLANTIS", "NOWHERE") is None


def test_three_provinces_whose_codes_are_ambiguous_at_the_source_have_no_factor_of_their_own() -> None:
    zones = {row["zone"] for row in rows("water_scarcity")}
    assert zones.isdisjoint({"CN-HA", "CN-HE", "CN-HI"})
    hubei = aware("CN-HB")
    assert hubei is not None
    assert hubei.spread.central == near(0.557)  # the source's CN-HU


def test_every_shipped_factor_is_that_of_the_collected_table() -> None:
    collected = {
        float(row["value"])
        for row in facts("water_country")
        if row["metric"] == "AWARE 2.0 non-agricultural (non_irri)"
    }
    assert {float(row["value"]) for row in rows("water_scarcity")} <= collected
