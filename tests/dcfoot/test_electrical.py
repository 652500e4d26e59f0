"""The electrical chain against published losses, and its laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.electrical import (
    Electrical,
    LossCurve,
    efficiency_ratio,
    electrical_state,
    loss_ratio,
    redundancy_ratio,
)
from dcfoot.errors import ConfigError
from simulated.near import near
from simulated.reference import vectors

loads = st.floats(0.01, 1.0)
terms = st.floats(0.0, 0.1)
curves = st.builds(LossCurve, terms, terms, terms, st.floats(1.0, 3.0))


@pytest.mark.parametrize("preset", ["legacy_double_conversion", "modern_vfi", "eco_vfd"])
def test_a_ups_has_its_published_efficiency(preset: str) -> None:
    told = vectors("ashrae_electrical")["ups"]
    terms_of = told["presets"][preset]
    curve = LossCurve(terms_of["a"], terms_of["b"], terms_of["c"])
    points = [point for point in told["points"] if point["preset"] == preset]
    assert len(points) == 5
    for point in points:
        assert efficiency_ratio(curve, point["x"]) == near(point["eff"], rel=1e-5)


def test_losses_in_series_multiply() -> None:
    told = vectors("ashrae_electrical")
    pdu = LossCurve(told["pdu"]["a"], told["pdu"]["b"], told["pdu"]["c"])
    ups = LossCurve(0.0075, 0.015, 0.0135)
    state = electrical_state(Electrical(ups, pdu, 0.0, 0.0), 1.0)
    # Its series rule: P_grid = P_IT / (eta_UPS eta_PDU), the UPS sized for what the PDU draws.
    grid = 1 / (efficiency_ratio(pdu, 1.0) * efficiency_ratio(ups, 1.0))
    assert 1 + state.ups_ratio + state.distribution_ratio == near(grid)


@given(curves, loads)
def test_more_load_never_loses_less_and_is_never_less_efficient_than_none(curve: LossCurve, load: float) -> None:
    assert loss_ratio(curve, load) >= loss_ratio(curve, 0.0) * (1 - 1e-12)
    assert 0 < efficiency_ratio(curve, load) <= 1


@given(curves, loads)
def test_two_converters_at_half_load_lose_the_standing_loss_twice(curve: LossCurve, load: float) -> None:
    # By hand: 2 (a + b x/2 + c x2/4).
    two = LossCurve(curve.fixed_ratio, curve.linear_ratio, curve.square_ratio, 2.0)
    a, b, c = curve.fixed_ratio, curve.linear_ratio, curve.square_ratio
    assert loss_ratio(two, load) == near(2 * a + b * load + c * load**2 / 2)


def test_what_is_ventilated_away_does_not_heat_the_halls() -> None:
    chain = Electrical(LossCurve(0.0, 0.1, 0.0), LossCurve(0.0, 0.0, 0.0), 0.02, 0.25)
    assert electrical_state(chain, 0.5).hall_heat_ratio == near(0.02 + 0.25 * 0.05)


@pytest.mark.parametrize(("scheme", "ratio"), [("N", 1.0), ("N+1", 1.25), ("N+2", 1.5), ("2N", 2.0), ("2(N+1)", 2.5)])
def test_redundancy_is_what_is_installed_over_what_is_needed(scheme: str, ratio: float) -> None:
    assert redundancy_ratio(scheme, 4) == ratio


def test_an_unknown_redundancy_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"2\(N\+1\)"):
        redundancy_ratio("3N")
