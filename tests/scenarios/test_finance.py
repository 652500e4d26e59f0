"""Money over years, against textbooks, a published library's figures, and a national laboratory's costs of energy."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dcfoot.units import H_PER_YEAR, KWH_PER_MWH
from dcfoot_scenarios.finance import (
    NEVER,
    abatement_cost_per_t,
    capital_recovery_ratio,
    levelised_cost_per_mwh,
    net_present_value,
    payback_years,
    present_worth_years,
    simple_payback_years,
)
from simulated.near import near

RATES = st.floats(0.0, 0.3)
YEARS = st.integers(1, 60)
MONEY = st.floats(0.01, 1e9)
AMOUNTS = st.just(0.0) | MONEY | MONEY.map(lambda amount: -amount)


@pytest.mark.parametrize(
    ("discount", "years", "ratio"),
    # Tables of compound interest, as in Blank and Tarquin, Engineering Economy, appendix: A/P to five places.
    [(0.05, 10, 0.12950), (0.07, 20, 0.09439), (0.08, 25, 0.09368), (0.10, 5, 0.26380), (0.12, 30, 0.12414)],
)
def test_the_capital_recovery_factor_is_that_of_the_tables(discount: float, years: float, ratio: float) -> None:
    assert capital_recovery_ratio(discount, years) == near(ratio, abs=5e-6)


def test_an_annuity_and_a_loan_are_those_of_numpy_financial() -> None:
    # numpy-financial, tests/test_financial.py: pv(0.07, 20, 12000) and pmt(0.08 / 12, 5 * 12, 15000), in decimals.
    assert 12_000 * present_worth_years(0.07, 20.0) == near(127128.1709461939327, rel=1e-14)
    assert 15_000 * capital_recovery_ratio(0.08 / 12, 60.0) == near(304.1459143262052370, rel=1e-14)
    assert 15_000 * capital_recovery_ratio(0.0, 60.0) == near(250.0, rel=1e-14)


def test_a_net_present_value_is_that_of_numpy_financial() -> None:
    flows = np.array([-15_000.0, 1500, 2500, 3500, 4500, 6000])
    assert net_present_value(flows, 0.05) == near(122.894854950942692, rel=1e-12)
    assert net_present_value(np.stack([flows, 2 * flows]), 0.05).tolist() == near([122.8948549509, 245.7897099019])


def test_a_discounted_payback_is_the_number_of_payments_of_numpy_financial() -> None:
    # Its documentation: a loan of 8,000 at 7 % a year, paid back at 150 a month.
    assert payback_years(8_000.0, 150.0, 0.07 / 12) == near(64.0733487706618586, rel=1e-13)


@pytest.mark.parametrize(
    ("capex", "fom", "cf", "lcoe"),
    # NREL ATB 2024, land-based wind, R&D financials, Moderate: class 4 in 2022 and 2030, class 9 in 2030; USD/kW,
    # USD/kW a year, USD/MWh. Its real cost of capital, and its project finance factor (taxes and depreciation).
    [
        (1665.7865833821902, 32.4430472671293, 0.448106, 33.04181395131788),
        (1407.9532235867798, 29.2637731474106, 0.475434, 26.764619993011262),
        (1535.7527046981143, 38.0429050916338, 0.35073, 41.567003183500496),
    ],
)
def test_the_levelised_cost_of_wind_is_that_of_the_annual_technology_baseline(
    capex: float, fom: float, cf: float, lcoe: float
) -> None:
    wacc, finance = 0.0365777183152598, 1.0529326100899319
    cost = capex * finance * capital_recovery_ratio(wacc, 30.0) + fom
    assert levelised_cost_per_mwh(cost, cf * H_PER_YEAR / KWH_PER_MWH) == near(lcoe, rel=1e-13)


@given(RATES, YEARS, st.floats(-0.05, 0.1))
def test_an_annuity_is_the_sum_of_its_discounted_payments(discount: float, years: int, growth: float) -> None:
    flows = np.array([0.0, *((1 + growth) ** t for t in range(years))])
    expected = float(net_present_value(flows, discount))
    assert present_worth_years(discount, float(years), growth) == near(expected, rel=1e-9)


@given(st.floats(1e-6, 0.2), st.floats(1.0, 50.0))
def test_a_payment_that_grows_at_the_rate_it_is_discounted_by_is_worth_its_years(rate: float, years: float) -> None:
    # Also where rounding leaves a rest of the two rates.
    for growth in (rate, math.nextafter(rate, 1.0)):
        assert present_worth_years(rate, years, growth) == near(years / (1 + rate), rel=1e-12)


@given(MONEY, MONEY, st.just(0.0) | st.floats(1e-9, 0.2))
def test_at_the_payback_the_savings_are_worth_the_investment(invested: float, saved: float, discount: float) -> None:
    assume(saved > 1.001 * discount * invested)
    years = payback_years(invested, saved, discount)
    assert saved * present_worth_years(discount, years) == near(invested, rel=1e-9)


@pytest.mark.parametrize(
    ("invested", "saved", "years"),
    [
        (100.0, 20.0, 5.0),
        (100.0, 0.0, NEVER),
        (100.0, -1.0, NEVER),
        (0.0, 0.0, 0.0),
        (-5.0, 3.0, 0.0),
        (-5.0, -1.0, NEVER),
    ],
)
def test_what_never_pays_back_is_infinite_and_what_costs_nothing_is_paid_at_once(
    invested: float, saved: float, years: float
) -> None:
    assert simple_payback_years(invested, saved) == years
    assert payback_years(invested, saved, 0.0) == years


def test_savings_below_the_interest_never_pay_back() -> None:
    assert payback_years(100.0, 10.0, 0.1) == NEVER
    assert simple_payback_years(100.0, 10.0) == 10.0


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, RATES), min_size=1, max_size=8))
def test_an_array_gives_what_its_numbers_give(cases: list[tuple[float, float, float]]) -> None:
    invested, saved, discount = (np.array(column) for column in zip(*cases, strict=True))
    assert payback_years(invested, saved, discount).tolist() == near(
        [payback_years(*case) for case in cases], rel=1e-12
    )
    singly = [simple_payback_years(a, b) for a, b, _ in cases]
    assert simple_payback_years(invested, saved).tolist() == near(singly, rel=1e-12)
    worth = present_worth_years(discount, 20.0 + 0 * discount)
    assert worth.tolist() == near([present_worth_years(case[2], 20.0) for case in cases], rel=1e-12)


def test_a_tonne_that_was_not_saved_has_no_cost() -> None:
    found = abatement_cost_per_t(np.array([3000.0, -500.0, 10.0]), np.array([100.0, 50.0, 0.0]))
    assert found[:2].tolist() == [30.0, -10.0]
    assert math.isnan(found[2])
    assert math.isnan(abatement_cost_per_t(10.0, -1.0))
