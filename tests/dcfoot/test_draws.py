"""Draws: the percentiles asked for, the same for the same seed, independent streams."""

import math
from statistics import NormalDist, correlation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.draws import Z95, Draws, Spread, normal_quantiles, rank_correlation
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis
from simulated.near import near


def test_the_quantiles_are_those_of_the_standard_normal_distribution() -> None:
    # The standard library's own inverse (Wichura 1988, AS 241).
    for count in (1, 2, 7, 300):
        expected = [NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)]
        assert list(normal_quantiles(count)) == near(expected, abs=1e-9)


def test_z95_is_the_95th_percentile() -> None:
    assert near(NormalDist().inv_cdf(0.95)) == Z95


def test_the_draws_have_the_percentiles_of_their_spread() -> None:
    spread = Spread(100.0, 80.0, 150.0)
    quantity = Quantity.from_draws(100.0, Draws("seed", 300).of("x", spread), Basis.MODELLED)
    # 300 slices: the 15th of them has its middle at 4.8 %, a fiftieth of a standard deviation below the percentile.
    assert quantity.p5 == near(80.0, abs=20 * 0.02)
    assert quantity.p95 == near(150.0, abs=50 * 0.02)


def test_half_of_the_draws_lie_on_either_side_of_the_central_value() -> None:
    values = Draws("seed", 300).of("x", Spread(100.0, 80.0, 150.0))
    assert sum(value < 100.0 for value in values) == sum(value > 100.0 for value in values) == 150


def test_the_same_seed_and_name_give_the_same_draws_and_others_give_others() -> None:
    spread = Spread(1.0, 0.5, 2.0)
    one = Draws("run-1").of("pue", spread)
    assert one == Draws("run-1").of("pue", spread)
    assert one != Draws("run-2").of("pue", spread)
    assert one != Draws("run-1").of("wue", spread)


def test_variants_that_share_an_input_share_its_draws() -> None:
    draws = Draws("run-1")
    low, high = draws.of("pue", Spread(1.2, 1.1, 1.3)), draws.of("pue", Spread(1.4, 1.3, 1.5))
    # Common random numbers: the difference of two variants is theirs and no noise.
    assert [b - a for a, b in zip(low, high, strict=True)] == near([0.2] * 300)


def test_streams_of_different_names_are_not_correlated() -> None:
    draws = Draws("run-1", 2000)
    # The standard error of a correlation of 2000 independent pairs is 0.022.
    assert abs(correlation(draws.normal("a"), draws.normal("b"))) < 4 * 0.022


def test_nothing_is_drawn_below_what_is_physically_possible() -> None:
    assert min(Draws("seed").of("x", Spread(1.02, 0.5, 1.5, floor=1.0))) == 1.0


def test_an_exact_value_has_no_spread() -> None:
    assert Draws("seed", 5).of("x", Spread.exact(-3.0)) == [-3.0] * 5


@pytest.mark.parametrize("bad", [(2.0, 2.5, 3.0), (2.0, 1.0, 1.5)])
def test_percentiles_that_do_not_enclose_the_value_are_refused(bad: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="p5 <= central <= p95"):
        Spread(*bad)


NUMBERS = st.floats(0.0, 1e6)


@given(st.lists(NUMBERS, min_size=3, max_size=3), st.floats(0.0, 1e3))
def test_scaling_a_spread_scales_its_draws(numbers: list[float], factor: float) -> None:
    low, central, high = sorted(numbers)
    spread = Spread(central, low, high)
    draws = Draws("seed", 20)
    scaled = draws.of("x", spread.scaled(factor))
    assert scaled == near([factor * value for value in draws.of("x", spread)], abs=1e-6)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=400), st.floats(-1e9, 1e9))
def test_an_interval_contains_its_value(draws: list[float], value: float) -> None:
    quantity = Quantity.from_draws(value, draws, Basis.DEFAULT)
    assert quantity.p5 <= value <= quantity.p95


@given(st.integers(20, 500))
def test_an_interval_leaves_about_a_twentieth_of_the_draws_on_either_side(count: int) -> None:
    quantity = Quantity.from_draws(count / 2, [float(i) for i in range(count)], Basis.DEFAULT)
    assert math.isclose(quantity.p5, count / 20, abs_tol=1.0)
    assert math.isclose(quantity.p95, count - 1 - count / 20, abs_tol=1.0)


def test_ranks_that_agree_in_part_correlate_as_spearmans_example_does() -> None:
    # Ten pupils by two marks: the squares of their ranks' differences add up to 194 (Wikipedia, Spearman's rank
    # correlation coefficient, worked example): 1 - 6 x 194 / (10 x 99) = -0.1758.
    iq = [106, 86, 100, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 0, 27, 50, 28, 29, 20, 12, 6, 17]
    assert rank_correlation(iq, hours) == near(-29 / 165)
    assert rank_correlation(iq, iq) == 1
    assert rank_correlation(iq, [-one for one in iq]) == -1
