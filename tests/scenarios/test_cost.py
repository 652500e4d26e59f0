"""The account of a scenario: annuities against cash flows told out year by year, gains over a baseline, currencies."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import StudyError
from dcfoot_scenarios.cost import (
    Account,
    Asset,
    Payment,
    asset,
    carbon_payment,
    gain,
    water_payment,
)
from dcfoot_scenarios.finance import capital_recovery_ratio, net_present_value, present_worth_years
from dcfoot_scenarios.money import Currency
from dcfoot_scenarios.technologies import technology
from simulated.near import near

MONEY = st.floats(0.0, 1e8)
ASSETS = st.builds(Asset, st.sampled_from(["solar", "wind", "hall"]), MONEY, st.floats(2.0, 50.0), MONEY)
PAYMENTS = st.builds(Payment, st.sampled_from(["grid energy", "water"]), MONEY, st.floats(-0.03, 0.03))
ACCOUNTS = st.builds(
    Account,
    st.just("EUR"),
    st.floats(0.0, 0.15),
    st.floats(5.0, 40.0),
    st.lists(ASSETS, max_size=3).map(tuple),
    st.lists(PAYMENTS, max_size=3).map(tuple),
)


def account(*assets: Asset, payments: tuple[Payment, ...] = (), discount: float = 0.07, years: float = 20.0) -> Account:
    return Account("EUR", discount, years, assets, payments)


def test_the_payments_of_a_year_are_amounts_times_prices() -> None:
    # By hand: 500 m3 at 2.5; 400 t at 75.
    assert water_payment(500.0, 2.5).amount_per_year == near(1250)
    assert carbon_payment(400.0, 75.0).amount_per_year == near(30_000)


def test_an_asset_that_lasts_as_long_as_the_study_is_worth_its_price_and_its_upkeep() -> None:
    bought = account(Asset("solar", 1000.0, 20.0, 20.0))
    assert bought.net_present_cost == near(1000 + 20 * present_worth_years(0.07, 20.0))


def test_an_asset_that_lasts_half_as_long_is_bought_twice() -> None:
    # Cash flows told out: bought today and after ten years.
    flows = np.zeros(21)
    flows[[0, 10]] = 1000.0
    expected = float(net_present_value(flows, 0.07))
    assert account(Asset("servers", 1000.0, 10.0)).net_present_cost == near(expected)


def test_an_asset_that_lasts_longer_keeps_the_worth_of_its_remaining_years() -> None:
    # Cash flows told out: bought today, and at the end worth what it would still cost by the year for ten years.
    flows = np.zeros(21)
    flows[0] = 1000.0
    flows[20] = -1000.0 * capital_recovery_ratio(0.07, 30.0) * present_worth_years(0.07, 10.0)
    expected = float(net_present_value(flows, 0.07))
    assert account(Asset("hall", 1000.0, 30.0)).net_present_cost == near(expected)


def test_a_payment_that_grows_costs_more_than_its_first_year() -> None:
    flows = np.array([0.0, *(100 * 1.02**year for year in range(20))])
    grows = account(payments=(Payment("grid energy", 100.0, 0.02),))
    assert grows.net_present_cost == near(float(net_present_value(flows, 0.07)))
    assert grows.running_per_year == 100


def test_levelised_cost_of_it_energy_is_what_everything_costs_over_the_energy() -> None:
    # By hand, without interest: 1,000,000 over 20 years and 30,000 a year are 80,000 a year; over 1,000 MWh, 80 a MWh.
    made = account(Asset("hall", 1e6, 20.0), payments=(Payment("water", 30_000.0),), discount=0.0)
    assert made.levelised_cost_per_mwh(1000.0) == near(80)


@given(ACCOUNTS)
def test_the_lines_add_up_whatever_their_order(made: Account) -> None:
    assert sum(made.lines.values()) == near(made.cost_per_year, rel=1e-9)
    for assets in permutations(made.assets):
        shuffled = Account(made.currency, made.discount_ratio, made.years, assets, made.payments[::-1])
        assert shuffled.net_present_cost == near(made.net_present_cost, rel=1e-9)


@given(ACCOUNTS, ACCOUNTS)
def test_the_present_value_of_a_gain_is_the_difference_of_the_present_costs(one: Account, two: Account) -> None:
    other = Account(one.currency, one.discount_ratio, one.years, two.assets, two.payments)
    there, back = gain(other, one, 1.0), gain(one, other, 1.0)
    assert there.net_present_value == near(one.net_present_cost - other.net_present_cost)
    assert there.net_present_value == near(-back.net_present_value)


def test_solar_that_saves_energy_pays_back_when_it_has_saved_its_price() -> None:
    # By hand: 1,000,000 saves 120,000 a year and takes 20,000 for upkeep: 10 years without interest.
    baseline = account(payments=(Payment("grid energy", 300_000.0),))
    variant = account(Asset("solar", 1e6, 30.0, 20_000.0), payments=(Payment("grid energy", 180_000.0),))
    found = gain(variant, baseline, saved_t_per_year=500.0)
    assert (found.extra_capex, found.saving_per_year, found.simple_payback_years) == near((1e6, 100_000, 10))
    # With interest: 7 % of a million are 70,000 of the 100,000: -ln(0.3) / ln(1.07).
    assert found.payback_years == near(17.795, abs=0.001)
    # 1,000,000 x 0.08059 + 20,000 - 120,000, over 500 t.
    assert found.abatement_cost_per_t == near((80_586.4 - 100_000) / 500, abs=0.001)


def test_a_variant_in_another_currency_is_not_compared() -> None:
    other = Account("CNY", 0.07, 20.0, (), ())
    with pytest.raises(StudyError, match="in CNY is not compared with a baseline in EUR"):
        gain(other, account(), 1.0)


def test_a_technology_is_bought_by_the_unit_in_the_studys_money() -> None:
    # The Danish catalogue: 594.86 EUR a kW and 2.2 % of it a year, for 37.5 years.
    bought = asset(technology("solar", "DNK"), 60_000.0, Currency("EUR"))
    assert (bought.capex, bought.opex_per_year, bought.lifetime_years) == near((35_691_600, 785_215.2, 37.5))
    in_yuan = asset(technology("solar", "DNK"), 60_000.0, Currency("CNY", {"EUR": 8.0}))
    assert in_yuan.capex == near(8 * 35_691_600)
    with pytest.raises(StudyError, match="solar is in EUR"):
        asset(technology("solar", "DNK"), 60_000.0, Currency("CNY"))


@given(st.lists(st.tuples(MONEY, MONEY), min_size=1, max_size=6))
def test_designs_in_one_array_cost_what_they_cost_alone(sizes: list[tuple[float, float]]) -> None:
    solar, grid = (np.array(column) for column in zip(*sizes, strict=True))
    together = account(Asset("solar", solar, 25.0, 0.02 * solar), payments=(Payment("grid energy", grid, 0.01),))
    alone = [
        account(Asset("solar", one, 25.0, 0.02 * one), payments=(Payment("grid energy", other, 0.01),))
        for one, other in sizes
    ]
    assert np.asarray(together.net_present_cost).tolist() == near([one.net_present_cost for one in alone], rel=1e-12)


def test_a_drawn_price_and_a_drawn_rate_broadcast_over_designs() -> None:
    sizes, prices, rates = (
        np.array([[1000.0, 2000.0]]),
        np.array([[0.8], [1.0], [1.3]]),
        np.array([[0.03], [0.07], [0.1]]),
    )
    bought = asset(technology("solar", "DNK"), sizes, Currency("EUR"), prices)
    costs = np.asarray(Account("EUR", rates, 20.0, (bought,), ()).net_present_cost)
    assert costs.shape == (3, 2)
    single = account(asset(technology("solar", "DNK"), 2000.0, Currency("EUR"), 1.3), discount=0.1)
    assert costs[2, 1] == near(single.net_present_cost)


def test_more_of_anything_that_costs_never_costs_less() -> None:
    amounts = np.linspace(0.0, 1e5, 11)
    for name, place in [("solar", "DNK"), ("wind", "WLD"), ("battery energy", "DNK"), ("dgx_h100", "WLD")]:
        found = technology(name, place)
        costs = account(asset(found, amounts, Currency(found.capex.currency))).net_present_cost
        assert (np.diff(np.asarray(costs)) > 0).all()
