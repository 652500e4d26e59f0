"""What is wanted of a store: the greedy year of an independent simulator, the lowest peak, trades that pay."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.errors import ConfigError
from dcfoot_scenarios.dispatch import arbitrage, greedy, lowest_limit_mw, peak_shaving
from dcfoot_scenarios.storage import Battery, run_storage
from simulated.near import near
from simulated.stores import GREEDY_CASES, Trial, greedy_case, trials


@pytest.mark.parametrize("number", range(GREEDY_CASES))
def test_a_greedy_year_is_that_of_vessim(number: int) -> None:
    case = greedy_case(number)
    load_mw = case.site.load_mw
    clean_mw = case.solar_mw * case.site.solar_per_unit + case.wind_mw * case.site.wind_per_unit
    flows = run_storage(case.battery, greedy(clean_mw, load_mw), load_mw, clean_mw)
    assert float(load_mw.sum()) == near(case.expected["load_mwh"], rel=1e-6)
    assert float(flows.import_mw.sum()) == near(case.expected["import_mwh"], rel=1e-6)
    assert float(flows.surplus_mw.sum()) == near(case.expected["export_mwh"], rel=1e-6)
    assert float(flows.import_mw.max()) == near(case.expected["peak_import_mw"], rel=1e-6)
    emitted_t = float((flows.import_mw * case.site.grid_g_per_kwh).sum()) / 1000
    assert emitted_t == near(case.expected["tco2"], rel=1e-6)
    assert float(flows.cfe_contracted_ratio) == near(case.expected["coverage"], rel=1e-6, abs=1e-12)


def test_the_lowest_limit_is_what_the_store_can_hold_through_the_longest_peak() -> None:
    # Two hours 15 MW above a base of 10: with 8 MWh at 0.9 the store gives 7.2 MWh, 3.6 MW in each of them.
    load = np.full(48, 10.0)
    load[[5, 30, 31]] = 15.0
    battery = Battery(8.0, 2.0, 4.0, 0.9, 0.9)
    assert float(lowest_limit_mw(battery, load, 0.0 * load)) == near(15.0 - 3.6, rel=1e-8)


def test_the_power_of_the_store_bounds_how_far_a_peak_is_cut() -> None:
    load = np.array([2.0, 2.0, 9.0, 2.0])
    assert float(lowest_limit_mw(Battery(100.0, 5.0, 3.0), load, 0.0 * load)) == near(6.0, rel=1e-8)


def test_the_lowest_limit_of_designs_is_that_of_each() -> None:
    load = 10.0 + 5.0 * np.sin(np.arange(480) / 7) * np.sin(np.arange(480) / 50)
    sizes, powers = np.array([[0.0], [5.0], [50.0]]), np.array([[0.0], [2.0], [2.0]])
    together = lowest_limit_mw(Battery(sizes, powers, powers, 0.9, 0.9), load, 0.0 * load)
    each = [
        float(lowest_limit_mw(Battery(size, power, power, 0.9, 0.9), load, 0.0 * load))
        for size, power in zip(sizes.ravel().tolist(), powers.ravel().tolist(), strict=True)
    ]
    assert together.tolist() == near(each, rel=1e-9)
    assert each[0] == near(float(load.max()))


@given(trials(starts="cyclic", reserves=[0.0]))
def test_the_lowest_limit_is_held_and_none_below_it(trial: Trial) -> None:
    load, clean, battery = trial
    limit = float(lowest_limit_mw(battery, load, clean))

    def peak_mw(at: float) -> float:
        return float(run_storage(battery, peak_shaving(load - clean, at), load, clean).import_mw.max())

    peak = max(float((load - clean).max()), 0.0)
    below = limit - 1e-6 * peak
    assert peak_mw(limit) <= limit + 1e-8 * peak
    assert below <= 0.0 or peak_mw(below) > below
    assert limit <= peak


DAY = np.repeat([10.0, 30.0, 50.0], 8)
YEAR = np.tile(DAY, 5)
LOAD, NO_SUN = np.full(len(YEAR), 10.0), np.zeros(len(YEAR))


def bill(battery: Battery, signal: np.ndarray) -> float:
    flows = run_storage(battery, arbitrage(signal, battery, LOAD, NO_SUN), LOAD, NO_SUN)
    return float((flows.import_mw * signal).sum())


def test_arbitrage_saves_the_spread_less_the_losses() -> None:
    # Each day 8 MWh of store: 8 / 0.9 bought at 10, 7.2 spared at 50.
    battery = Battery(8.0, 2.0, 2.0, 0.9, 0.9)
    assert bill(battery, YEAR) == near(float((LOAD * YEAR).sum()) - 5 * (7.2 * 50 - 8 / 0.9 * 10))


def test_arbitrage_does_nothing_where_the_spread_does_not_pay_the_losses() -> None:
    # 0.7 x 0.7 = 0.49: what costs 10 must be worth 20.4.
    battery = Battery(8.0, 2.0, 2.0, 0.7, 0.7)
    assert bill(battery, np.where(YEAR > 10, 20.0, 10.0)) == near(float((LOAD * np.where(YEAR > 10, 20, 10)).sum()))
    assert bill(battery, np.where(YEAR > 10, 21.0, 10.0)) < float((LOAD * np.where(YEAR > 10, 21, 10)).sum())


prices = st.lists(st.integers(-20, 100), min_size=24, max_size=24)
power = st.floats(0.5, 15.0)


@given(prices, st.floats(0.0, 60.0), power, power, st.floats(0.6, 1.0))
def test_arbitrage_of_days_that_are_alike_never_costs_more_than_no_store(
    day: list[int], energy_mwh: float, charge_mw: float, discharge_mw: float, efficiency: float
) -> None:
    signal = np.tile(np.array(day, dtype=np.float64), 5)
    battery = Battery(energy_mwh, charge_mw, discharge_mw, efficiency, efficiency)
    assert bill(battery, signal) <= float((LOAD * signal).sum()) + 1e-6


def test_arbitrage_takes_the_lowest_and_the_highest_hours_and_no_more_than_it_needs() -> None:
    signal = np.tile(np.arange(24.0), 2) + 1.0
    wanted = arbitrage(signal, Battery(6.0, 2.0, 3.0), LOAD[:48], NO_SUN[:48])
    assert np.flatnonzero(wanted[:24] > 0).tolist() == [0, 1, 2]
    assert np.flatnonzero(wanted[:24] < 0).tolist() == [22, 23]


def test_arbitrage_keeps_its_store_for_the_highest_hours_but_stores_every_surplus() -> None:
    # The sun brings 3 of the 4 MWh: one is bought, as evenly as the price is, and all are given at the highest price.
    sun = np.where(np.arange(len(YEAR)) % 24 == 10, 13.0, 0.0)
    wanted = arbitrage(YEAR, Battery(4.0, 4.0, 4.0), LOAD, sun)
    assert wanted[:8].tolist() == near([1 / 8] * 8)
    assert wanted[10] == near(3.0)
    assert np.flatnonzero(wanted[:24] < 0).tolist() == list(range(16, 24))


def test_a_day_without_a_trade_is_greedy() -> None:
    sun = np.where(np.arange(len(YEAR)) % 24 == 10, 13.0, 0.0)
    flat = np.full(len(YEAR), 20.0)
    assert arbitrage(flat, Battery(4.0, 4.0, 4.0), LOAD, sun).tolist() == greedy(sun, LOAD).tolist()


def test_arbitrage_of_designs_is_that_of_each() -> None:
    together = arbitrage(YEAR, Battery(np.array([[4.0], [16.0]]), 4.0, np.array([[2.0], [8.0]])), LOAD, NO_SUN)
    each = [arbitrage(YEAR, Battery(size, 4.0, power), LOAD, NO_SUN) for size, power in ((4.0, 2.0), (16.0, 8.0))]
    assert together.tolist() == np.stack(each).tolist()


def test_a_store_without_power_or_size_trades_nothing() -> None:
    assert bill(Battery(0.0, 0.0, 0.0), YEAR) == near(float((LOAD * YEAR).sum()))


def test_arbitrage_asks_for_whole_days() -> None:
    with pytest.raises(ConfigError, match="whole days"):
        arbitrage(YEAR[:-1], Battery(8.0, 2.0, 2.0), LOAD[:-1], NO_SUN[:-1])
