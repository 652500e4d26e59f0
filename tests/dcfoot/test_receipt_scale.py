"""Numbers read as a person reads them, and never say more or less than what is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.receipt.scale import ENERGY_KWH, MASS_G, POWER_W, VOLUME_L, Scale, common, fitting, number, percent, show
from simulated.near import near

amounts = st.floats(1e-6, 1e9)
ALL_SCALES = st.sampled_from([ENERGY_KWH, MASS_G, POWER_W, VOLUME_L])


def read(text: str) -> float:
    return float(text.replace(",", "").removeprefix("<"))


@pytest.mark.parametrize(
    ("value_kwh", "amount"),
    [
        (1.0, "1.00 kWh"),
        (0.0123456, "12.3 Wh"),
        (0.0000005, "500 µWh"),
        (1287.0, "1.29 MWh"),
        (500_000.0, "500 MWh"),
        (999.96, "1.00 MWh"),
        (0.99996, "1.00 kWh"),
        (3.6e9, "3,600 GWh"),
        (0.0, "0 kWh"),
    ],
)
def test_energy_is_shown_with_three_digits_in_the_unit_that_fits(value_kwh: float, amount: str) -> None:
    shown = show(value_kwh, value_kwh, value_kwh, ENERGY_KWH)
    assert f"{shown.value} {shown.unit}" == amount


@pytest.mark.parametrize(
    ("value_g", "amount"), [(0.0301, "30.1 mg"), (5.59, "5.59 g"), (5590.0, "5.59 kg"), (2.29e6, "2.29 t")]
)
def test_masses_go_from_milligrams_to_tonnes(value_g: float, amount: str) -> None:
    shown = show(value_g, value_g, value_g, MASS_G)
    assert f"{shown.value} {shown.unit}" == amount


@pytest.mark.parametrize(("value_l", "amount"), [(0.00045, "450 µL"), (7.5, "7.50 L"), (3040.0, "3.04 m³")])
def test_volumes_go_from_millilitres_to_cubic_metres(value_l: float, amount: str) -> None:
    shown = show(value_l, value_l, value_l, VOLUME_L)
    assert f"{shown.value} {shown.unit}" == amount


def test_an_interval_has_the_digits_of_its_upper_end_and_is_rounded_outwards() -> None:
    shown = show(7.5, 0.7512, 13.5012, VOLUME_L)
    assert (shown.value, shown.p5, shown.p95) == ("7.50", "0.7", "13.6")


@given(amounts, st.floats(0.0, 1.0), st.floats(1.0, 1e3), ALL_SCALES)
def test_on_paper_too_the_value_lies_in_its_interval(
    value: float, low: float, high: float, scales: tuple[Scale, ...]
) -> None:
    shown = show(value, value * low, value * high, scales)
    assert read(shown.p5) <= read(shown.value) * 1.005 or shown.p5.startswith("<")
    assert read(shown.value) <= read(shown.p95) * 1.005


@given(amounts, ALL_SCALES)
def test_what_is_printed_is_the_value_within_half_of_the_third_digit(value: float, scales: tuple[Scale, ...]) -> None:
    scale = fitting(scales, value)
    assert read(number(value / scale.base_count)) * scale.base_count == near(value, rel=0.0051)


@given(amounts, st.floats(1e-9, 1.0), ALL_SCALES)
def test_what_is_not_zero_never_reads_as_zero(value: float, low: float, scales: tuple[Scale, ...]) -> None:
    shown = show(value, value * low, value, scales)
    assert read(shown.value) > 0
    assert read(shown.p5) > 0


def test_a_bound_too_small_for_the_digits_is_less_than_the_last_of_them() -> None:
    assert show(2.78, 0.004, 15.5, VOLUME_L).p5 == "<0.1"
    assert show(278.0, 0.004, 1550.0, ENERGY_KWH).p5 == "<10"


def test_a_column_has_one_unit_while_every_number_in_it_can_be_read() -> None:
    one = common(ENERGY_KWH, [0.9, 1.2, 8.0])
    small = common(ENERGY_KWH, [0.083, 5.07])
    assert one is not None
    assert small is not None
    assert (one.symbol, small.symbol) == ("kWh", "Wh")
    assert common(ENERGY_KWH, [1e-6, 100.0]) is None


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0, "100 %"),
        (0.99999, "99.9 %"),
        (0.995, "99.5 %"),
        (0.512, "51 %"),
        (0.05, "5.0 %"),
        (1e-9, "<0.1 %"),
        (0.0, "0 %"),
    ],
)
def test_a_coverage_that_is_not_whole_never_reads_as_whole(ratio: float, text: str) -> None:
    assert percent(ratio) == text


@given(st.floats(0.0, 1.0, exclude_max=True))
def test_no_coverage_below_one_reads_as_100_percent(ratio: float) -> None:
    assert percent(ratio) != "100 %"
