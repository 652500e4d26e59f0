"""A year in some hundred bins has the year's means, and nearly the year's PUE."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.weather import Weather, find_climate, typical_year
from dcfoot.weather.bins import bins_of
from dcfoot.weather.year import Hours
from simulated.near import near


@pytest.fixture(scope="module")
def dublin() -> Weather:
    return typical_year(find_climate("Dublin"))


@given(
    st.lists(st.tuples(st.floats(-30.0, 45.0), st.floats(0.0, 15.0), st.floats(6e4, 1.1e5)), min_size=1, max_size=300),
    st.integers(1, 400),
)
def test_bins_keep_the_hours_and_the_means(hours: list[tuple[float, float, float]], most: int) -> None:
    dry_c, depression_k, pressure_pa = (np.array(column) for column in zip(*hours, strict=True))
    bins = bins_of(dry_c, dry_c - depression_k, pressure_pa, most)
    assert len(bins.hours) <= most
    assert bins.hours.sum() == len(hours)
    for found, given_values in (
        (bins.dry_bulb_c, dry_c),
        (bins.wet_bulb_c, dry_c - depression_k),
        (bins.pressure_pa, pressure_pa),
    ):
        assert np.average(found, weights=bins.hours) == near(given_values.mean(), rel=1e-9, abs=1e-9)


def test_a_year_becomes_at_most_400_bins(dublin: Weather) -> None:
    bins = dublin.bins()
    assert 300 < len(bins.hours) <= 400
    assert bins.hours.sum() == 8760
    assert len(dublin.bins(50).hours) <= 50


def test_a_bin_is_a_state_of_air(dublin: Weather) -> None:
    bins = dublin.bins()
    assert np.all(bins.wet_bulb_c <= bins.dry_bulb_c)


def like_a_pue(dry_c: Hours, wet_c: Hours) -> Hours:
    """An economizer hands over between 16 and 20 C wet bulb to a chiller that works harder the hotter it is."""
    chilled = np.clip((wet_c - 16.0) / 4.0, 0.0, 1.0)
    overhead: Hours = 1.08 + chilled * (0.1 + 0.004 * np.maximum(dry_c - 20.0, 0.0) ** 1.5)
    return overhead


@pytest.mark.parametrize("place", ["Dublin", "Singapore", "Phoenix", "Harbin"])
def test_what_bends_with_temperature_is_kept_to_half_a_thousandth(place: str) -> None:
    year = typical_year(find_climate(place))
    bins = year.bins()
    exact = like_a_pue(year.dry_bulb_c, year.wet_bulb_c).mean()
    assert np.average(like_a_pue(bins.dry_bulb_c, bins.wet_bulb_c), weights=bins.hours) == near(exact, rel=5e-4)
