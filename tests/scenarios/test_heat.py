"""Reused heat hour by hour: published cases come out, energy is conserved, and more means never make it less."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.errors import ConfigError
from dcfoot.heat.capture import Capture
from dcfoot.heat.demand import heat_demand_mw
from dcfoot.heat.heat_pump import Lift, jensen_cop
from dcfoot.heat.parameters import heat_parameters
from dcfoot.heat.references import heat_reference
from dcfoot.weather.climate import find_climate
from dcfoot.weather.typical import typical_year
from dcfoot_scenarios.heat.network import HeatPump, Network, ways_of
from dcfoot_scenarios.heat.reuse import HeatFlows, reuse_heat
from dcfoot_scenarios.heat.year import (
    avoided_emissions_t,
    heat_revenue,
    heat_year,
    homes_count,
    pump_emissions_t,
)
from dcfoot_scenarios.storage import Battery
from simulated.near import near
from simulated.reference import vectors

ODENSE = Network(supply_c=75.0, return_c=37.5, loss_ratio=0.15, approach_k=3.0)
"""Danish Board of District Heating 2020: 35 to 40 C come back, 75 C go out."""
SERVERS = Capture(captured_ratio=0.6, warm_c=27.0, cool_c=20.0)
"""The same: Meta's coils give water of 27 C; how cold it goes back is a choice."""
WARM_WATER = Capture(captured_ratio=0.7, warm_c=46.0, cool_c=36.0)
HOURS = 72
DAYS = 8.0 - 12.0 * np.cos(np.arange(HOURS) / HOURS * 2 * np.pi)


@st.composite
def some_capture(draw: st.DrawFn) -> Capture:
    cool_c = draw(st.floats(10, 60))
    return Capture(draw(st.floats(0.1, 1)), cool_c + draw(st.floats(2, 20)), cool_c)


@st.composite
def some_network(draw: st.DrawFn) -> Network:
    return_c = draw(st.floats(20, 60))
    return Network(return_c + draw(st.floats(5, 50)), return_c, draw(st.floats(0, 0.4)), draw(st.floats(0, 6)))


@st.composite
def some_store(draw: st.DrawFn) -> Battery:
    power_mw = draw(st.floats(0, 30))
    return Battery(draw(st.floats(0, 200)), power_mw, power_mw, loss_ratio_per_h=draw(st.floats(0, 0.01)))


captures, networks, stores = some_capture(), some_network(), st.none() | some_store()
capacities = st.floats(0, 50) | st.just(np.inf)
demands = st.floats(0, 60)


def demand_mw(mean_mw: float) -> np.ndarray:
    return heat_demand_mw(DAYS, mean_mw * HOURS, 0.2, 17.0)


def energy_mwh(power_mw: object) -> float:
    return float(np.broadcast_to(np.asarray(power_mw, float), HOURS).sum())


# --- published cases


def test_the_worked_example_of_odense_comes_out() -> None:
    (case,) = (one for one in vectors("worked_examples") if one["id"] == "meta_odense")
    given_, expected = case["example"]["inputs"], case["example"]["expected"]
    it_mw = np.full(8760, given_["it_mwh_per_year"] / 8760)
    network = Network(75.0, 37.5, given_["network_loss"], 3.0)
    capture = Capture(given_["capture"], 27.0, 20.0)
    flows = reuse_heat(it_mw, capture, np.full(8760, 1000.0), network, HeatPump(cop=given_["hp_cop"]))
    year = heat_year(flows, it_mw, it_mw)
    assert year.reused_mwh == near(expected["recovered_mwh"], rel=1e-6)
    assert year.delivered_mwh == near(expected["delivered_mwh"], rel=1e-6)
    assert homes_count(year.delivered_mwh, given_["home_mwh"]) == near(expected["homes"], rel=1e-4)


def test_homes_are_those_that_odense_publishes_for_the_heat_that_it_publishes() -> None:
    (case,) = (one for one in vectors("worked_examples") if one["id"] == "meta_odense")
    heat, homes = case["inputs"]["heat_mwh"], case["inputs"]["homes"]
    for recovered_mwh, home_mwh, published in zip(heat, case["expected"]["mwh_per_home"], homes, strict=True):
        assert homes_count(recovered_mwh, home_mwh) == near(published, rel=case["tolerance_rel"])


def test_the_6900_homes_of_odense_lie_between_the_new_and_the_old_standard_house() -> None:
    recovered_mw = np.full(8760, 100_000 / 8760)
    flows = reuse_heat(recovered_mw / 0.6, SERVERS, np.full(8760, 1000.0), ODENSE, HeatPump())
    delivered = heat_year(flows, recovered_mw, recovered_mw).delivered_mwh
    home = heat_parameters()["home.demand_mwh"]
    assert homes_count(delivered, home.high) < 6900 < homes_count(delivered, home.central)


def test_the_heat_pumps_of_pionen_turn_what_they_take_into_what_they_give() -> None:
    (measured,) = vectors("heat_pump_cop")["measured"]
    taken_mw, given_mw = measured["q_cold_kw"] / 1000, measured["q_hot_kw"] / 1000
    pump = HeatPump(cop=measured["cop_heating"])
    flows = reuse_heat(
        np.full(24, taken_mw), Capture(1.0, 14.0, 7.0), np.full(24, 9.0), Network(68.0, 45.0, 0.0, 3.0), pump
    )
    assert flows.pump_heat_mw == near([given_mw] * 24, rel=1e-6)
    assert flows.pump_electric_mw == near([given_mw - taken_mw] * 24, rel=1e-6)


def test_a_year_in_espoo_uses_three_quarters_of_the_heat_at_two_fifths_of_the_demand() -> None:
    # Fortum 2025, through the whole chain: losses stand on both sides, and fall out.
    numbers = heat_parameters()
    hours = typical_year(find_climate("fi_helsinki")).dry_bulb_c
    shape = (numbers["demand.hot_water_ratio"].central, 17.0, numbers["demand.heats_below_c"].low)
    network = Network(70.0, 40.0, 0.1, 3.0)
    wanted = heat_demand_mw(hours, 1e6, *shape)
    fed_mw = 0.40 / 0.75 * 1e6 / 8760 / 0.9
    capture = Capture(1.0, 30.0, 22.0)
    it_mw = np.full(8760, fed_mw * ways_of(capture, network, HeatPump()).source_ratio)
    year = heat_year(reuse_heat(it_mw, capture, wanted, network, HeatPump()), it_mw, it_mw)
    assert year.coverage_ratio == near(0.40, abs=0.01)
    assert year.utilisation_ratio == near(0.75, abs=0.02)


# --- one hour by hand


def test_an_hour_is_what_a_hand_calculation_gives() -> None:
    # 10 MW of heat between 46 and 36 C; a network of 70 and 40 C wants 8.5 MW, 10 with its losses of 15 %. The
    # exchanger reaches 43 C: 3 of the network's 30 K, 1 MW; a heat pump with a COP of 4 gives the other 9 and takes
    # 6.75 of them.
    network = Network(70.0, 40.0, 0.15, 3.0)
    flows = reuse_heat(np.array([10 / 0.7]), WARM_WATER, np.array([8.5]), network, HeatPump(cop=4.0))
    assert flows.direct_mw == near([1.0])
    assert (flows.pump_source_mw, flows.pump_electric_mw) == (near([6.75]), near([2.25]))
    assert (flows.rejected_mw, flows.lost_mw, flows.delivered_mw) == (near([2.25]), near([1.5]), near([8.5]))


def test_water_that_is_warm_enough_needs_no_heat_pump() -> None:
    warm, low = Capture(0.9, 65.0, 55.0), Network(55.0, 30.0, 0.1, 3.0)
    flows = reuse_heat(np.full(HOURS, 10.0), warm, np.full(HOURS, 5.0), low, HeatPump())
    assert flows.delivered_mw == near([5.0] * HOURS)
    assert energy_mwh(flows.pump_electric_mw) == 0


def test_water_that_is_colder_than_what_comes_back_gives_nothing_without_a_heat_pump() -> None:
    flows = reuse_heat(np.full(HOURS, 10.0), SERVERS, demand_mw(5.0), ODENSE)
    assert energy_mwh(flows.delivered_mw) == 0
    assert flows.rejected_mw == near([6.0] * HOURS)


def test_the_heat_pump_is_rated_at_the_temperatures_that_its_own_flows_give() -> None:
    network = Network(70.0, 40.0, 0.0, 3.0)
    pump = HeatPump()
    ways = ways_of(WARM_WATER, network, pump)
    most_mw = float(np.max(reuse_heat(np.array([10.0]), WARM_WATER, np.array([1e4]), network, pump).captured_mw))
    wanted = np.linspace(most_mw, 1.5 * most_mw, 5001)
    flows = reuse_heat(np.full(wanted.size, 10.0), WARM_WATER, wanted, network, pump)
    full = int(np.argmax(np.asarray(flows.rejected_mw) < 1e-9))  # the least demand that takes all of the heat
    fed = np.asarray(flows.direct_mw + flows.pump_heat_mw)[full]
    direct = np.asarray(flows.direct_mw)[full]
    source_c, sink_c = 46 - direct / most_mw * 10, 40 + direct / fed * 30
    assert ways.cop == near(jensen_cop(Lift(source_c, 36.0, sink_c, 70.0)), rel=1e-3)


# --- laws


@settings(max_examples=200)
@given(captures, networks, capacities, demands, st.floats(0, 40), stores)
def test_heat_is_conserved_in_every_hour_and_over_all_of_them(
    capture: Capture, network: Network, capacity_mw: float, mean_mw: float, it_mw: float, store: Battery | None
) -> None:
    flows = reuse_heat(np.full(HOURS, it_mw), capture, demand_mw(mean_mw), network, HeatPump(capacity_mw), store)
    scale = 1e-9 * (1 + it_mw + mean_mw)
    for field in fields(HeatFlows):
        assert np.min(getattr(flows, field.name)) >= -scale, field.name
    taken = flows.direct_mw + flows.pump_source_mw + flows.rejected_mw
    assert np.abs(taken - flows.captured_mw).max() <= scale
    into = flows.direct_mw + flows.pump_heat_mw + flows.store_discharge_mw
    assert np.abs(into - flows.delivered_mw - flows.lost_mw - flows.store_charge_mw).max() <= scale
    assert np.max(flows.delivered_mw - flows.demand_mw) <= scale
    assert np.max(flows.pump_heat_mw) <= capacity_mw + scale
    assert energy_mwh(flows.store_discharge_mw) <= energy_mwh(flows.store_charge_mw) + scale * HOURS


@given(captures, networks, demands, capacities, st.floats(0, 20))
def test_a_larger_heat_pump_never_delivers_less_nor_lowers_erf(
    capture: Capture, network: Network, mean_mw: float, capacity_mw: float, more_mw: float
) -> None:
    it_mw = np.full(HOURS, 20.0)
    small, large = (
        heat_year(reuse_heat(it_mw, capture, demand_mw(mean_mw), network, HeatPump(size)), it_mw, 1.2 * it_mw)
        for size in (capacity_mw, capacity_mw + more_mw)
    )
    assert large.delivered_mwh >= small.delivered_mwh - 1e-9 * (1 + small.delivered_mwh)
    assert large.erf >= small.erf - 1e-12


@given(captures, networks, demands, st.floats(0, 40), capacities)
def test_more_demand_never_lowers_erf(
    capture: Capture, network: Network, mean_mw: float, more_mw: float, capacity_mw: float
) -> None:
    it_mw, pump = np.full(HOURS, 20.0), HeatPump(capacity_mw)
    low, high = (
        heat_year(reuse_heat(it_mw, capture, demand_mw(wanted), network, pump), it_mw, 1.2 * it_mw)
        for wanted in (mean_mw, mean_mw + more_mw)
    )
    assert high.erf >= low.erf - 1e-12


@given(captures, networks, demands, st.floats(0, 25))
def test_warmer_heat_never_lowers_what_is_handed_on_without_a_heat_pump(
    capture: Capture, network: Network, mean_mw: float, warmer_k: float
) -> None:
    warm = Capture(capture.captured_ratio, capture.warm_c + warmer_k, capture.cool_c + warmer_k)
    it_mw = np.full(HOURS, 20.0)
    as_it_is, warmer = (reuse_heat(it_mw, one, demand_mw(mean_mw), network).delivered_mw for one in (capture, warm))
    assert np.min(warmer - as_it_is) >= -1e-9


@given(captures, networks, demands, capacities, st.floats(0, 100), st.floats(0, 100))
def test_a_larger_store_never_delivers_less(
    capture: Capture, network: Network, mean_mw: float, capacity_mw: float, energy: float, more: float
) -> None:
    it_mw, pump = np.full(HOURS, 20.0), HeatPump(capacity_mw)
    small, large = (
        energy_mwh(
            reuse_heat(it_mw, capture, demand_mw(mean_mw), network, pump, Battery(size, 20.0, 20.0)).delivered_mw
        )
        for size in (energy, energy + more)
    )
    assert large >= small - 1e-9 * (1 + small)


def test_a_store_carries_the_heat_of_mild_hours_into_cold_ones() -> None:
    it_mw = np.full(HOURS, 10.0)
    wanted = demand_mw(6.0)
    without = reuse_heat(it_mw, WARM_WATER, wanted, Network(70.0, 40.0, 0.1, 3.0), HeatPump())
    stored = reuse_heat(
        it_mw, WARM_WATER, wanted, Network(70.0, 40.0, 0.1, 3.0), HeatPump(), Battery(100.0, 10.0, 10.0)
    )
    assert energy_mwh(stored.delivered_mw) > 1.05 * energy_mwh(without.delivered_mw)


@given(captures, networks, demands, capacities)
def test_a_design_alone_is_the_design_among_others(
    capture: Capture, network: Network, mean_mw: float, capacity_mw: float
) -> None:
    it_mw = np.full(HOURS, 20.0)
    sizes = np.array([[3.0], [capacity_mw], [11.0]])
    together = reuse_heat(it_mw, capture, demand_mw(mean_mw), network, HeatPump(sizes))
    alone = reuse_heat(it_mw, capture, demand_mw(mean_mw), network, HeatPump(capacity_mw))
    assert np.asarray(together.delivered_mw)[1] == near(np.asarray(alone.delivered_mw), rel=1e-12, abs=1e-12)
    assert np.asarray(heat_year(together, it_mw, it_mw).erf)[1] == near(heat_year(alone, it_mw, it_mw).erf, rel=1e-12)


def test_hours_alone_are_the_hours_among_others_where_temperatures_follow_the_weather() -> None:
    supply = np.linspace(65.0, 90.0, HOURS)
    together = reuse_heat(np.full(HOURS, 20.0), WARM_WATER, demand_mw(9.0), Network(supply, 40.0, 0.1, 3.0), HeatPump())
    hour = reuse_heat(
        np.array([20.0]), WARM_WATER, demand_mw(9.0)[[50]], Network(supply[50], 40.0, 0.1, 3.0), HeatPump()
    )
    assert np.asarray(together.pump_electric_mw)[50] == near(float(np.asarray(hour.pump_electric_mw)[0]), rel=1e-12)


# --- a year's figures


def test_the_heat_pump_outside_neither_raises_pue_nor_is_forgotten() -> None:
    it_mw, facility_mw = np.full(HOURS, 10.0), np.full(HOURS, 11.0)
    flows = reuse_heat(it_mw, SERVERS, np.full(HOURS, 100.0), ODENSE, HeatPump(cop=4.0))
    year = heat_year(flows, it_mw, facility_mw)
    assert year.erf == near(6 / 11)
    assert year.ere == near(1.1 * (1 - 6 / 11))
    assert year.pump_electric_mwh == near(6 * HOURS / 3)
    assert year.cop == near(4.0)
    # 2 MW in each hour at 300 g/kWh are 0.6 t.
    assert pump_emissions_t(flows.pump_electric_mw, np.full(HOURS, 300.0)) == near(0.6 * HOURS)


def test_the_heat_pump_inside_raises_both_the_energy_of_the_data_centre_and_what_leaves_it() -> None:
    # 6 MW of heat with a COP of 4 are 8 MW with 2 MW of electricity, beside 11 MW of the data centre.
    it_mw, facility_mw = np.full(HOURS, 10.0), np.full(HOURS, 11.0)
    flows = reuse_heat(it_mw, SERVERS, np.full(HOURS, 100.0), ODENSE, HeatPump(cop=4.0))
    year = heat_year(flows, it_mw, facility_mw, pump_inside=True)
    assert (year.erf, year.ere) == (near(8 / 13), near(0.5))


def test_avoided_emissions_are_those_of_the_reference_and_leave_the_pumps_as_they_are() -> None:
    # 1 GWh of heat of China's purchased heat, 0.11 t/GJ.
    assert avoided_emissions_t(1000.0, heat_reference("purchased heat, China")) == near(0.11 * 3600)


def test_revenue_follows_the_hours_price() -> None:
    assert heat_revenue(np.array([2.0, 3.0]), np.array([10.0, 40.0])) == near(140.0)
    assert heat_revenue(np.array([[2.0, 3.0], [1.0, 1.0]]), 10.0) == near([50.0, 20.0])


def test_what_has_no_meaning_is_not_a_number_and_never_zero() -> None:
    it_mw = np.full(HOURS, 10.0)
    year = heat_year(reuse_heat(it_mw, SERVERS, np.zeros(HOURS), ODENSE), it_mw, it_mw)
    assert np.isnan(np.stack([np.asarray(year.cop), np.asarray(year.coverage_ratio)])).all()
    assert year.utilisation_ratio == 0


# --- bad input


def test_a_network_whose_supply_is_not_above_its_return_is_refused() -> None:
    with pytest.raises(ConfigError, match="supply_c"):
        Network(np.array([70.0, 40.0]), 40.0, 0.1, 3.0)


@pytest.mark.parametrize("loss", [-0.1, 1.0, float("nan")])
def test_a_loss_that_no_network_has_is_refused(loss: float) -> None:
    with pytest.raises(ConfigError, match="loss_ratio"):
        Network(70.0, 40.0, loss, 3.0)


def test_a_heat_pump_below_nothing_or_without_gain_is_refused() -> None:
    with pytest.raises(ConfigError, match="capacity_mw"):
        HeatPump(-1.0)
    with pytest.raises(ConfigError, match="cop"):
        HeatPump(cop=1.0)


def test_a_heat_store_with_a_reserve_is_refused_with_what_to_do() -> None:
    store = Battery(10.0, 5.0, 5.0, reserve_ratio=0.1)
    with pytest.raises(ConfigError, match="set its reserve_ratio to 0"):
        reuse_heat(np.full(HOURS, 10.0), WARM_WATER, demand_mw(5.0), ODENSE, HeatPump(), store)
