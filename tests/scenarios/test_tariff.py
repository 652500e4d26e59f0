"""Tariffs: prices by hour against a published table, bills by hand, designs along a leading axis."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.tariff import (
    Period,
    Tariff,
    bill,
    export_per_mwh,
    find_tariff,
    import_per_mwh,
    monthly_peaks_mw,
    tariff_names,
)
from simulated.near import near

YEAR = Calendar(datetime(2022, 12, 31, 16, tzinfo=UTC), 8760, 8.0)
FLAT = Tariff("flat", "EUR", 100.0)


def hour(month: int, day: int, at: int) -> int:
    begins = datetime(2023, month, day, at, tzinfo=UTC) - datetime(2023, 1, 1, tzinfo=UTC)
    return int(begins.total_seconds() // 3600)


def test_beijings_prices_stand_at_the_hours_of_its_notice() -> None:
    prices = import_per_mwh(find_tariff("cn_beijing"), YEAR)
    # Notice 11 of 2023: valley 23 to 7, peak 10 to 13, 17 to 22, sharp 11 to 13, 16 to 17 in July and August, and 18 to
    # 21 in December and January.
    april = [round(price) for price in prices[hour(4, 12, 0) : hour(4, 13, 0)]]
    assert april == [348] * 7 + [582] * 3 + [816] * 3 + [582] * 4 + [816] * 5 + [582] + [348]
    july = [round(price) for price in prices[hour(7, 12, 0) : hour(7, 13, 0)]]
    assert july == [348] * 7 + [582] * 3 + [816] + [940] * 2 + [582] * 3 + [940] + [816] * 5 + [582] + [348]
    january = [round(price) for price in prices[hour(1, 12, 0) : hour(1, 13, 0)]]
    assert january == [348] * 7 + [582] * 3 + [816] * 3 + [582] * 4 + [816] + [940] * 3 + [816] + [582] + [348]


def test_beijings_prices_float_with_the_purchase_price_as_its_notice_says() -> None:
    # Two-part: peak, flat and valley are 1.6, 1 and 0.4 of the purchase price, the sharp peak 20 % above the peak; all
    # else in the price does not float. The purchase price of August 2026 was 0.389702 CNY/kWh.
    purchase = 389.702
    tariff = find_tariff("cn_beijing")
    by_name = {period.name: period.price_per_mwh for period in tariff.periods}
    flat = tariff.energy_per_mwh
    assert by_name["peak"] - flat == near(0.6 * purchase, abs=1e-3)
    assert by_name["valley"] - flat == near(-0.6 * purchase, abs=1e-3)
    assert by_name["sharp peak in summer"] - flat == near((1.6 * 1.2 - 1) * purchase, abs=1e-3)


def test_a_shipped_tariff_names_its_sources_and_what_is_not_verified() -> None:
    for name in tariff_names():
        tariff = find_tariff(name)
        assert tariff.evidence
        assert all(one.source for one in tariff.evidence)
    beijing = find_tariff("cn_beijing")
    assert beijing.currency == "CNY"
    assert any("京发改规〔2023〕11号" in one.source for one in beijing.evidence)  # noqa: RUF001 (as the notice is written)
    assert {one.what for one in beijing.evidence if one.verified} == {"tariff cn_beijing: demand"}


def test_a_tariff_that_is_unknown_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"No tariff is called 'cn_beijin'\. Did you mean cn_beijing\?"):
        find_tariff("cn_beijin")


def test_a_bill_by_hand() -> None:
    # 10 MW all year, in one hour of March 30 MW; 2 MW exported in every hour.
    load = np.full(8760, 10.0)
    load[hour(3, 5, 12)] = 30.0
    tariff = Tariff("x", "EUR", 100.0, demand_per_mw_month=1000.0, capacity_per_mw_month=50.0, export_per_mwh=40.0)
    parts = {name: float(value) for name, value in bill(tariff, YEAR, load, np.full(8760, 2.0), 40.0).parts.items()}
    assert parts == near(
        {
            "energy": 100.0 * (8760 * 10 + 20),
            "demand": 1000.0 * (11 * 10 + 30),
            "capacity": 50.0 * 40.0 * 12,
            "export": -40.0 * 2 * 8760,
        }
    )


def test_designs_along_a_leading_axis_are_billed_as_each_alone() -> None:
    loads = np.random.default_rng(1).uniform(5, 30, (3, 8760))
    tariff = find_tariff("cn_beijing")
    together = bill(tariff, YEAR, loads).total()
    assert together.tolist() == near([float(bill(tariff, YEAR, load).total()) for load in loads])


def test_weekends_are_told_from_workdays_and_the_last_period_counts() -> None:
    cheap = Period("weekend", 10.0, frozenset(range(24)), days="weekends")
    noon = Period("noon", 5.0, frozenset({12}))
    prices = import_per_mwh(Tariff("x", "EUR", 100.0, (cheap, noon)), YEAR)
    sunday, monday = hour(1, 1, 0), hour(1, 2, 0)
    assert prices[[sunday, sunday + 12, monday, monday + 12]].tolist() == [10.0, 5.0, 100.0, 5.0]
    work = Period("work", 1.0, frozenset({12}), days="workdays")
    assert work.holds(YEAR)[[sunday + 12, monday + 12]].tolist() == [False, True]


def test_periods_go_by_the_clock_of_the_place() -> None:
    berlin = Calendar(datetime(2022, 12, 31, 23, tzinfo=UTC), 8760, 1.0, "Europe/Berlin")
    noon = Period("noon", 5.0, frozenset({12})).holds(berlin)
    # 12:00 in summer is 10:00 UTC, in winter 11:00 UTC.
    assert np.flatnonzero(noon[: 24 * 3]).tolist() == [12, 36, 60]
    assert np.flatnonzero(noon[hour(7, 1, 0) : hour(7, 2, 0)]).tolist() == [11]


def test_hourly_prices_may_be_negative_and_must_be_as_many_as_the_hours() -> None:
    prices = np.linspace(-50, 150, 8760)
    assert import_per_mwh(Tariff("spot", "EUR", prices), YEAR) == near(prices)
    assert export_per_mwh(Tariff("spot", "EUR", 0.0, export_per_mwh=prices), YEAR) == near(prices)
    with pytest.raises(ConfigError, match="spot has prices of 24 hours; the study has 8760"):
        import_per_mwh(Tariff("spot", "EUR", prices[:24]), YEAR)


def test_the_peaks_are_those_of_the_months() -> None:
    load = np.arange(8760, dtype=np.float64)
    ends = np.cumsum([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]) * 24 - 1
    assert monthly_peaks_mw(load, YEAR).tolist() == ends.tolist()


def test_what_is_asked_twice_is_the_same_array_and_nobody_may_change_it() -> None:
    prices = import_per_mwh(FLAT, YEAR)
    assert import_per_mwh(FLAT, YEAR) is prices
    with pytest.raises(ValueError, match="read-only"):
        prices[0] = 1.0


@given(st.floats(0, 100), st.floats(0, 1000), st.floats(0, 20))
def test_a_bill_grows_in_proportion_to_the_load(load_mw: float, price: float, demand: float) -> None:
    tariff = Tariff("x", "EUR", price, demand_per_mw_month=demand)
    once, twice = (float(bill(tariff, YEAR, np.full(8760, load)).total()) for load in (load_mw, 2 * load_mw))
    assert twice == near(2 * once)
