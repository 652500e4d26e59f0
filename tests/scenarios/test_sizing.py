"""Sizes by linear programming: published optima, another solver on the textbook's program, hand calculation, laws."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from dcfoot.errors import StudyError
from dcfoot_scenarios.sizing.answer import SizedFlows, Sizing
from dcfoot_scenarios.sizing.choice import choose
from dcfoot_scenarios.sizing.conflict import InfeasibleStudy
from dcfoot_scenarios.sizing.front import front, pareto
from dcfoot_scenarios.sizing.optimum import size
from dcfoot_scenarios.sizing.problem import (
    Aim,
    BatteryChoice,
    Burden,
    ColdChoice,
    Connection,
    HeatChoice,
    Limits,
    Relief,
    Size,
    SizingProblem,
    Source,
)
from dcfoot_scenarios.sizing.program import Values
from dcfoot_scenarios.sizing.quick import quick_size
from dcfoot_scenarios.storage import run_storage
from simulated.near import near
from simulated.reference import columns, vectors

scipy_optimize: Any = import_module("scipy.optimize")  # has no types

HOURS = 48
SEEDS = st.integers(0, 10_000)
LIMITS = ("cfe_contracted_ratio_min", "carbon_t_max", "capex_max", "water_l_max", "import_mw_max")
FEW = settings(max_examples=25, deadline=None)


def costs(cost: float, **kinds: float) -> Size:
    """A size of any amount whose unit costs so much a year."""
    return Size(Burden(cost, **kinds))


def published(site: str, cfe: float | None) -> SizingProblem:
    """A problem of vectors/dispatch/lp_sizing.json: discharge without a limit, carbon at 100 a tonne."""
    hours = {name: np.array(values) for name, values in columns(f"dispatch/{site}").items()}
    load = hours["facility_mw"]
    return SizingProblem(
        load,
        Connection(np.full_like(load, 80.0), hours["grid_g_per_kwh"]),
        {
            "solar": Source(hours["solar_per_unit"], costs(60e3)),
            "wind": Source(hours["wind_per_unit"], costs(100e3)),
        },
        BatteryChoice(costs(15e3), costs(10e3), charge_efficiency_ratio=0.97, discharge_efficiency_ratio=1.0 / 1.04),
        limits=Limits(cfe_contracted_ratio_min=cfe),
        carbon_price_per_t=100.0,
    )


@pytest.fixture(scope="module")
def optima() -> list[tuple[Mapping[str, Any], Sizing]]:
    """The published cases, each with our optimum."""
    cases = vectors("dispatch/lp_sizing")["cases"]
    return [(case, size(published(case["site"], case["cfe_target"]))) for case in cases]


def drawn(seed: int, hours: int = HOURS) -> SizingProblem:
    """A problem of days and nights, drawn: powers apart, losses, a reserve, export, a demand charge."""
    draw, days = np.random.default_rng(seed), hours / 24.0
    clock = np.arange(hours)
    sun = np.maximum(np.sin((clock % 24 - 6) / 12 * np.pi), 0.0) * draw.uniform(0.3, 1.0, hours)
    price = draw.uniform(20.0, 200.0, hours)
    connection = Connection(
        price,
        draw.uniform(50.0, 900.0, hours),
        draw.uniform(0.5, 3.0, hours),
        price * draw.uniform(0.0, 0.9) if draw.random() < 0.5 else None,
        float(draw.uniform(1.0, 20.0)),
        Burden(float(draw.choice([0.0, 500.0]))),
        (clock // 24).astype(float),
    )
    energy = costs(days * float(draw.uniform(3, 30)), carbon_t=0.01, capex=200.0)
    power = costs(days * float(draw.uniform(3, 30)), capex=100.0)
    apart = costs(days * float(draw.choice([0.0, 10.0])))
    battery = BatteryChoice(
        energy,
        power,
        apart,
        float(draw.uniform(0.8, 1.0)),
        float(draw.uniform(0.8, 1.0)),
        float(draw.choice([0.0, 0.01])),
        float(draw.choice([0.0, 0.2])),
        (None, 0.2, 0.7)[draw.integers(3)],
    )
    machines = draw.random()
    if machines < 0.4:  # one for both directions, in half of these with limits of their own within it
        slow = Size(most=float(draw.uniform(0.5, 4.0))) if machines < 0.2 else Size()
        battery = replace(battery, charge=slow, discharge=Size(), inverter=power)
    sources = {
        "solar": Source(sun, Size(Burden(400.0 * days, 0.1, 1.0, 900.0), float(draw.uniform(0, 3)), 60.0)),
        "wind": Source(draw.beta(0.7, 1.3, hours), Size(Burden(750.0 * days, 0.1, 0.0, 1400.0), 0.0, 60.0)),
    }
    return SizingProblem(draw.uniform(5.0, 20.0, hours), connection, sources, battery, carbon_price_per_t=60.0)


def textbook_cost(problem: SizingProblem) -> float:
    """The least cost by SciPy, every flow a variable, as a textbook writes it: the oracle."""
    battery, connection, hours = problem.battery, problem.connection, len(problem.load_mw)
    assert battery is not None
    assert connection.billing_index is not None
    grid, charge, discharge, state, export = (slice(first, first + hours) for first in range(0, 5 * hours, hours))
    solar, wind, energy, power_in, power_out, inverter, *peaks = range(5 * hours, 5 * hours + 8)
    one, nothing = np.eye(hours), np.zeros((hours, 5 * hours + 8))

    def rows(**parts: Values | float) -> Values:
        made = nothing.copy()
        for name, values in parts.items():
            made[:, places[name]] += values if np.ndim(values) == 2 else np.broadcast_to(values, hours)
        return made

    places: dict[str, slice | int] = {
        "grid": grid,
        "charge": charge,
        "discharge": discharge,
        "state": state,
        "export": export,
    }
    places |= {"solar": solar, "wind": wind, "energy": energy, "power_in": power_in, "power_out": power_out}
    places |= {"inverter": inverter}
    places |= {f"peak{day}": place for day, place in enumerate(peaks)}
    sun, gusts = (problem.sources[name].per_unit_ratio for name in ("solar", "wind"))
    balance = rows(grid=-one, charge=one, discharge=-one, export=one, solar=-sun, wind=-gusts)
    before = (1.0 - battery.loss_ratio_per_h) * np.eye(hours, k=-1)
    moved = rows(
        state=one - before,
        charge=-battery.charge_efficiency_ratio * one,
        discharge=one / battery.discharge_efficiency_ratio,
    )
    keep, at_most = 1.0 - battery.loss_ratio_per_h, list[Values]()
    if battery.start_ratio is None:
        moved[0, state.stop - 1] -= keep
    else:
        moved[0, energy] -= keep * battery.start_ratio
        at_most.append(np.zeros(5 * hours + 8))
        at_most[0][[energy, state.stop - 1]] = battery.start_ratio, -1.0
    day = connection.billing_index
    limits = [
        (balance, -problem.load_mw),
        (rows(state=one, energy=-1.0), np.zeros(hours)),
        (rows(state=-one, energy=battery.reserve_ratio), np.zeros(hours)),
        (rows(charge=one, power_in=-1.0), np.zeros(hours)),
        (rows(discharge=one, power_out=-1.0), np.zeros(hours)),
        (rows(grid=one, peak0=-1.0 * (day == 0.0), peak1=-1.0 * (day == 1.0)), np.zeros(hours)),
        *((row[np.newaxis], np.zeros(1)) for row in at_most),
        *((rows(**{flow: one}, inverter=-1.0), np.zeros(hours)) for flow in ("charge", "discharge")),
    ]
    ramp = problem.limits.ramp_mw_per_h_max
    if ramp is not None:  # more than is lacking may be drawn, in the place of own supply and of nothing else
        change = one - np.eye(hours, k=-1)
        change[0] = (one[0] - one[-1]) * (battery.start_ratio is None)
        limits += [(rows(grid=way * change), np.full(hours, ramp)) for way in (1.0, -1.0)]
        limits += [(rows(grid=one, charge=-one), problem.load_mw)]
        limits += [(rows(grid=one, charge=-one, discharge=one, export=-one), problem.load_mw)]
    cost = np.zeros(5 * hours + 8)
    cost[grid] = connection.price_per_mwh + problem.carbon_price_per_t * np.asarray(connection.g_per_kwh) / 1000
    cost[peaks] = connection.peak.cost
    sells = connection.export_price_per_mwh is not None
    cost[export] = -np.asarray(connection.export_price_per_mwh if sells else 0.0)
    sizes = {solar: problem.sources["solar"].nameplate, wind: problem.sources["wind"].nameplate}
    sizes |= {energy: battery.energy, power_in: battery.charge, power_out: battery.discharge}
    sizes[inverter] = Size() if battery.inverter is None else battery.inverter
    bounds = [(0.0, np.inf)] * len(cost)
    for place, size_ in sizes.items():
        cost[place] = size_.burden.cost
        bounds[place] = (size_.least, size_.most)
    for place in range(export.start, export.stop):
        bounds[place] = (0.0, connection.export_mw_max if sells else 0.0)
    above, right = (np.concatenate(parts) for parts in zip(*limits, strict=True))
    return float(scipy_optimize.linprog(cost, above, right, moved, np.zeros(hours), bounds, method="highs-ds").fun)


def assert_lawful(sizing: Sizing) -> None:
    """What every answer keeps: each hour's balance, nothing below 0, no charge and discharge at once, the limits."""
    flows, problem = sizing.flows, sizing.problem
    taken = flows.load_mw + flows.pump_electric_mw + flows.charge_mw + flows.export_mw + flows.curtailed_mw
    given_ = flows.clean_mw + flows.discharge_mw + flows.import_mw + flows.spared_mw
    assert taken == near(given_, rel=1e-9, abs=1e-6)
    every = [getattr(flows, name) for name in SizedFlows.__slots__]
    assert min(hours.min() for hours in every) >= 0.0
    assert not (flows.charge_mw * flows.discharge_mw).any()
    for name, limit in problem.limits:
        beyond = sizing.measures[name] - limit
        assert (-beyond if name.endswith("_min") else beyond) <= 1e-6 * max(abs(limit), 1.0), name
    for name, asked in problem.sizes.items():
        assert asked.least - 1e-6 <= sizing.sizes[name] <= asked.most + 1e-6
    if sizing.battery is not None:
        assert_stored(sizing)


def assert_stored(sizing: Sizing) -> None:
    """The battery, run by the study's own simulation as the answer says, does as the answer says."""
    battery, flows = sizing.battery, sizing.flows
    assert battery is not None
    assert flows.charge_mw.max() <= sizing.sizes["charge_mw"] * (1 + 1e-9) + 1e-6
    assert flows.discharge_mw.max() <= sizing.sizes["discharge_mw"] * (1 + 1e-9) + 1e-6
    wanted_mw, given_up_mw = flows.charge_mw - flows.discharge_mw, flows.given_up_mw
    again = run_storage(battery, wanted_mw, flows.used_mw, flows.clean_mw, given_up_mw=given_up_mw)
    assert again.charge_mw == near(flows.charge_mw, rel=1e-6, abs=1e-5)
    assert again.discharge_mw == near(flows.discharge_mw, rel=1e-6, abs=1e-5)
    assert again.import_mw == near(flows.import_mw, rel=1e-6, abs=1e-5)
    assert again.surplus_mw == near(flows.export_mw + flows.curtailed_mw, rel=1e-6, abs=1e-5)


def test_the_published_optima_are_found(optima: list[tuple[Mapping[str, Any], Sizing]]) -> None:
    for case, found in optima:
        assert found.cost == near(case["obj"], rel=1e-9)
        assert found.sizes["solar_mw"] == near(case["solar"], rel=1e-6)
        assert found.sizes["wind_mw"] == near(case["wind"], rel=1e-6)
        assert found.sizes["energy_mwh"] == near(case["bat_mwh"], rel=1e-6)
        assert found.sizes["charge_mw"] == near(case["bat_mw"], rel=1e-6)
        assert found.cfe_contracted_ratio == near(case["cfe"], rel=1e-6)


def test_a_published_optimum_simulated_by_the_study_gives_the_same_balance(
    optima: list[tuple[Mapping[str, Any], Sizing]],
) -> None:
    for case, found in optima:
        assert_lawful(found)
        assert found.flows.import_mw.sum() == near(case["imp"], rel=1e-6)


def test_a_quick_answer_is_within_a_hundredth_of_the_published_optima_and_holds_the_limit(
    optima: list[tuple[Mapping[str, Any], Sizing]],
) -> None:
    for case, found in optima:
        quick = quick_size(found.problem)
        assert not quick.is_optimal
        assert quick.cost <= 1.01 * case["obj"]
        assert_lawful(quick)


@FEW
@given(SEEDS)
def test_the_optimum_is_that_of_the_textbooks_program_by_another_solver(seed: int) -> None:
    problem = drawn(seed)
    found = size(problem)
    assert found.cost == near(textbook_cost(problem), rel=1e-7)
    assert_lawful(found)


@FEW
@given(SEEDS, st.sampled_from(LIMITS))
def test_a_limit_holds_and_its_price_is_what_easing_it_saves(seed: int, name: str) -> None:
    problem = drawn(seed)
    free = size(problem)
    is_share = name == "cfe_contracted_ratio_min"
    assume(free.measures[name] < 0.9 if is_share else free.measures[name] > 1.0)
    tight = (free.cfe_contracted_ratio + 0.95) / 2.0 if is_share else 0.9 * free.measures[name]

    def limited(value: float) -> Sizing:
        return size(replace(problem, limits=Limits(**{name: value})))

    try:
        found = limited(tight)
    except InfeasibleStudy:
        reject()
    assert_lawful(found)
    assert found.cost >= free.cost - 1e-9 * abs(free.cost)
    step = 1e-4 * abs(tight)
    eased, tighter = (limited(tight + way * step).cost for way in ((-1, 1) if is_share else (1, -1)))
    saved, paid = (found.cost - eased) / step, (tighter - found.cost) / step
    slack = 1e-6 * abs(found.cost) / step
    assert saved - slack <= found.shadow_prices[name] <= paid + slack


@FEW
@given(SEEDS)
def test_the_marginal_price_of_an_hour_is_what_another_megawatt_hour_costs_there(seed: int) -> None:
    problem = drawn(seed)
    found = size(problem)
    hour, step = seed % HOURS, 1e-4
    extra = step * np.eye(HOURS)[hour]
    more, less = (size(replace(problem, load_mw=problem.load_mw + way * extra)).cost for way in (1, -1))
    assert found.marginal_per_mwh is not None
    slack = 1e-9 * abs(found.cost) / step
    assert (found.cost - less) / step - slack <= found.marginal_per_mwh[hour] <= (more - found.cost) / step + slack


def without(problem: SizingProblem, option: str) -> SizingProblem:
    """The same problem with an option less."""
    if option == "battery":
        return replace(problem, battery=None)
    if option == "export":
        return replace(problem, connection=replace(problem.connection, export_price_per_mwh=None))
    if option == "inverter":
        assert problem.battery is not None
        return replace(problem, battery=replace(problem.battery, charge=replace(problem.battery.charge, most=0.5)))
    if option == "room":
        solar = problem.sources["solar"]
        nameplate = replace(solar.nameplate, most=solar.nameplate.least + 1.0)
        return replace(problem, sources={**problem.sources, "solar": replace(solar, nameplate=nameplate)})
    return replace(problem, sources={name: one for name, one in problem.sources.items() if name != option})


@FEW
@given(SEEDS, st.sampled_from(["wind", "battery", "export", "inverter", "room"]), st.sampled_from(["cost", "carbon"]))
def test_more_options_are_never_worse(seed: int, option: str, aim: Aim) -> None:
    problem = replace(drawn(seed), minimise=aim)
    with_it, without_it = size(problem), size(without(problem, option))
    slack = 1e-9 if aim == "cost" else 1e-5  # beside carbon cost counts a hundred-thousandth
    assert with_it.value() <= without_it.value() + slack * abs(without_it.value()) + 1e-9


@FEW
@given(SEEDS)
def test_least_carbon_is_least_and_of_answers_as_clean_the_cheapest_is_given(seed: int) -> None:
    problem = drawn(seed)
    cheapest, cleanest = size(problem), size(replace(problem, minimise="carbon"))
    assert cleanest.carbon_t <= cheapest.carbon_t * (1 + 1e-6)
    assert_lawful(cleanest)
    held = size(replace(problem, limits=Limits(carbon_t_max=cleanest.carbon_t * (1 + 1e-7) + 1e-9)))
    assert cleanest.cost <= held.cost * (1 + 1e-3)


def flat(load_mw: float = 10.0, price: float = 50.0, hours: int = 24, **changes: Any) -> SizingProblem:  # noqa: ANN401 (its own)
    """A load without changes on a grid without changes; a year is a day here."""
    each = np.ones(hours)
    return SizingProblem(load_mw * each, Connection(price * each, 500.0 * each, 2.0 * each), **changes)


def test_without_options_everything_is_imported() -> None:
    found = size(flat(carbon_price_per_t=10.0, water_onsite_l=3_000.0, fixed=Burden(100.0, 1.0, 2.0, 7.0)))
    assert found.cost == near(240 * (50 + 5) + 100)
    assert found.carbon_t == near(240 * 0.5 + 1)
    assert found.water_m3 == near(240 * 2 + 3 + 2)
    assert (found.capex, found.cfe_contracted_ratio) == (7.0, near(0.0))
    assert found.sizes == {}


def test_a_battery_buys_at_night_what_is_dear_by_day() -> None:
    # 12 hours at 10, then 12 at 100. A MWh out costs 10 / 0.81 and replaces 100; the battery costs 10 a MWh of 0.9 out.
    price = np.repeat([10.0, 100.0], 12)
    battery = BatteryChoice(costs(10.0), charge_efficiency_ratio=0.9, discharge_efficiency_ratio=0.9)
    problem = replace(flat(), connection=Connection(price), battery=battery)
    found = size(problem)
    assert found.sizes["energy_mwh"] == near(120 / 0.9)
    assert found.cost == near(120 * 10 + 120 / 0.81 * 10 + 120 / 0.9 * 10)
    assert_lawful(found)


def test_a_demand_charge_is_paid_for_the_highest_hour_of_each_period() -> None:
    load = np.array([4.0, 10.0, 4.0, 4.0, 6.0, 4.0])
    billing = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 1.0])
    connection = Connection(np.full(6, 1.0), peak=Burden(100.0), billing_index=billing)
    assert size(SizingProblem(load, connection)).cost == near(load.sum() + 100 * (10 + 6))
    # A free battery levels each period: to its mean, and across both, as it may start with what it ends with.
    shaved = size(SizingProblem(load, connection, battery=BatteryChoice(Size())))
    assert shaved.cost == near(load.sum() + 100 * load.sum() / 3)


def test_a_battery_that_starts_full_ends_as_full() -> None:
    problem = replace(flat(), battery=BatteryChoice(Size(least=50.0, most=50.0), start_ratio=0.8))
    found = size(problem)
    assert found.cost == near(240 * 50)
    assert found.flows.state_mwh[-1] >= 40 - 1e-6


def test_where_the_grid_pays_no_more_is_taken_than_is_used_and_the_battery_never_burns_power() -> None:
    # Two hours at -50: load and what the store has room for are taken, 10 + 10 / 0.5 once; nothing goes out there.
    price = np.array([-50.0, -50.0, 100.0, 100.0])
    battery = BatteryChoice(Size(least=10.0, most=10.0), charge_efficiency_ratio=0.5, discharge_efficiency_ratio=0.5)
    sun = Source(np.ones(4), Size(least=3.0, most=3.0))
    problem = SizingProblem(np.full(4, 10.0), Connection(price), {"solar": sun}, battery)
    found = size(problem)
    assert found.cost == near(-50 * (20 + 20) + 100 * (14 - 5))
    assert not found.flows.discharge_mw[:2].any()
    assert not (found.flows.charge_mw * found.flows.discharge_mw).any()
    assert found.flows.curtailed_mw[:2].sum() == near(6.0)


def test_surplus_is_sold_up_to_the_limit_and_curtailed_beyond() -> None:
    each = np.ones(4)
    connection = Connection(50 * each, export_price_per_mwh=20 * each, export_mw_max=2.0)
    sun = Source(np.array([1.0, 1.0, 0.0, 0.0]), Size(least=15.0, most=15.0))
    found = size(SizingProblem(10 * each, connection, {"solar": sun}))
    assert found.flows.export_mw.tolist() == near([2.0, 2.0, 0.0, 0.0])
    assert found.flows.curtailed_mw.tolist() == near([3.0, 3.0, 0.0, 0.0])
    assert found.cost == near(20 * 50 - 4 * 20)


def heated(store: Size | None = None, **changes: Any) -> SizingProblem:  # noqa: ANN401 (its own)
    """6 MW of heat to be had, a demand of 12 MW for half of the day, a heat pump of COP 3."""
    each = np.ones(24)
    demand = np.repeat([12.0, 0.0], 12)
    heat = HeatChoice(6 * each, demand, 3 * each, 40.0, costs(24.0), store, **changes)
    return flat(heat=heat)


def test_a_heat_pump_is_built_where_heat_pays_for_its_power() -> None:
    # 6 MW of source and 3 of power make 9 of heat: 12 h x 9 x 40 earned, 12 h x 3 x 50 and 9 x 24 paid.
    found = size(heated())
    assert found.sizes["pump_mw"] == near(9.0)
    assert found.cost == near(240 * 50 + 12 * 3 * 50 + 9 * 24 - 12 * 9 * 40)
    assert found.flows.pump_electric_mw[:12] == near(np.full(12, 3.0))
    assert_lawful(found)


def test_a_heat_store_serves_the_day_with_the_night() -> None:
    # 12 MW for 12 hours from 6 all day: a pump of 6 and a store of 12 x 6; power 2 MW all day.
    found = size(heated(store=costs(1.0)))
    assert found.sizes["pump_mw"] == near(6.0)
    assert found.sizes["store_mwh"] == near(72.0)
    assert found.cost == near(240 * 50 + 24 * 2 * 50 + 6 * 24 + 72 - 12 * 12 * 40)
    assert_lawful(found)


def test_a_heat_store_that_gives_slowly_is_built_larger() -> None:
    # It takes 6 MW in the night: at an eighteenth of its size an hour that is 108 MWh. (A MW less of it wants a MW more
    # of the pump: 24 for 18.)
    found = size(heated(store=costs(1.0), store_power_ratio_per_h=1 / 18))
    assert found.sizes["pump_mw"] == near(6.0)
    assert found.sizes["store_mwh"] == near(108.0)
    assert found.cost == near(240 * 50 + 24 * 2 * 50 + 6 * 24 + 108 - 12 * 12 * 40)
    assert_lawful(found)


# 12 h of pump at COP 3 and 40 a MWh of heat. A full pump leaves no heat by day; a MW of source less is 1.5 MW of heat
# less, worth 1.5 x (40 - 50 / 3 - 2) = 32, and half a MW of cold more: 6.25 or 37.5 of spared power.
@pytest.mark.parametrize(
    ("spared_ratio", "pump_mw", "spared_mwh"), [(0.25, 9.0, 12 * 2 * 0.25), (1.5, 3.0, 24 * 2 * 1.5)]
)
def test_cold_of_the_heat_that_the_pump_leaves_is_weighed_against_the_heat(
    spared_ratio: float, pump_mw: float, spared_mwh: float
) -> None:
    each = np.ones(24)
    found = size(heated(cold=ColdChoice(2 * each, 0.5, spared_ratio * each)))
    assert found.sizes["pump_mw"] == near(pump_mw)
    assert found.flows.spared_mw.sum() == near(spared_mwh)
    earned = 12 * pump_mw * 40 - 12 * pump_mw / 3 * 50 - pump_mw * 24
    assert found.cost == near(240 * 50 - earned - spared_mwh * 50)
    assert_lawful(found)


def test_what_contracts_cover_comes_off_the_price_of_the_years_first_imports() -> None:
    # Power that is always there costs 40 a MWh: it replaces imports at 50 and 45, and not the first 100 MWh at 30.
    each, reliefs = np.ones(24), (Relief(100.0, 20.0), Relief(50.0, 5.0))
    problem = replace(flat(), connection=Connection(50 * each, reliefs=reliefs))
    assert size(problem).cost == near(240 * 50 - 100 * 20 - 50 * 5)
    found = size(replace(problem, sources={"sun": Source(each, costs(24 * 40.0))}))
    assert found.flows.import_mw.sum() == near(100.0)
    assert found.cost == near(140 * 40 + 100 * 30)


def test_two_powers_of_one_inverter_are_sized_apart_and_it_is_as_strong_as_the_stronger() -> None:
    # Half a MW for 22 hours at 100 is 11 MWh, which 2 hours at 10 bring at 5.5 MW.
    price = np.r_[np.full(2, 10.0), np.full(22, 100.0)]
    battery = BatteryChoice(costs(1.0), Size(most=10.0), Size(most=0.5), inverter=costs(1.0))
    found = size(replace(flat(), connection=Connection(price), battery=battery))
    assert found.sizes["discharge_mw"] == near(0.5)
    assert found.sizes["charge_mw"] == near(5.5)
    assert found.sizes["inverter_mw"] == near(5.5)
    assert found.cost == near(20 * 10 + 220 * 100 - 11 * 90 + 11 * 1 + 5.5 * 1)
    assert_lawful(found)


def test_the_heat_pumps_power_counts_in_the_pue() -> None:
    # 10 MW at a PUE of 1.2 are 200 MWh of IT a day: 1.25 leaves 10 MWh for the pump, 30 of heat in 12 hours.
    found = size(replace(heated(), pue=1.2, limits=Limits(pue_max=1.25)))
    assert found.measures["pue_max"] == near(1.25)
    assert found.sizes["pump_mw"] == near(2.5)
    assert found.cost == near(240 * 50 + 10 * 50 + 2.5 * 24 - 30 * 40)


def test_the_heat_pumps_power_counts_in_the_clean_share() -> None:
    sun = Source(np.ones(24), costs(100.0))
    found = size(replace(heated(), sources={"solar": sun}, limits=Limits(cfe_contracted_ratio_min=0.5)))
    used = found.flows.load_mw.sum() + found.flows.pump_electric_mw.sum()
    assert found.flows.import_mw.sum() <= 0.5 * used + 1e-6


def test_what_contracts_bring_counts_in_the_clean_share_as_far_as_the_hour_takes_it() -> None:
    # 10 MW for 24 h, 4 MW contracted in the first twelve and 30 in the last two: 48 + 20 of 240 MWh, without a store.
    contracted = np.repeat([4.0, 0.0, 30.0], [12, 10, 2])
    problem = replace(flat(), connection=Connection(np.full(24, 50.0), contracted_mw=contracted))
    assert size(problem).cfe_contracted_ratio == near(68 / 240)
    # The sun must bring the rest of a half: 52 MWh of the 100 that 10 MW in ten hours leave open.
    sun = Source(np.repeat([0.0, 1.0, 0.0], [12, 10, 2]), costs(700.0))
    found = size(replace(problem, sources={"solar": sun}, limits=Limits(cfe_contracted_ratio_min=0.5)))
    assert found.sizes["solar_mw"] == near(5.2)
    # What is contracted beyond the load may be stored: 20 MWh an hour, in both hours, given in those that have nothing.
    stored = replace(problem, battery=BatteryChoice(costs(1.0)), limits=Limits(cfe_contracted_ratio_min=108 / 240))
    assert size(stored).sizes["energy_mwh"] == near(40.0)
    with pytest.raises(InfeasibleStudy, match="cfe_contracted_ratio_min"):
        size(replace(stored, limits=Limits(cfe_contracted_ratio_min=109 / 240)))


def test_limits_that_conflict_are_named_with_what_would_be_enough() -> None:
    # 10 MW that is always there costs 10 x 100 of capital: half the capital is half the share.
    sun = Source(np.ones(24), costs(1.0, capex=100.0))
    problem = flat(sources={"solar": sun}, limits=Limits(cfe_contracted_ratio_min=1.0, capex_max=500.0, cost_max=1e9))
    with pytest.raises(InfeasibleStudy, match="cfe_contracted_ratio_min 1, capex_max 500") as caught:
        size(problem)
    assert set(caught.value.conflict) == {"cfe_contracted_ratio_min", "capex_max"}
    assert caught.value.conflict["cfe_contracted_ratio_min"] == (1.0, near(0.5, rel=1e-6))
    assert caught.value.conflict["capex_max"] == (500.0, near(1000.0, rel=1e-6))


@FEW
@given(SEEDS, st.sampled_from([("carbon", "carbon_t_max", 1.0), ("water", "water_l_max", 1000.0)]))
def test_a_limit_that_cannot_be_held_is_to_be_eased_to_the_least_that_can(
    seed: int, kind: tuple[Aim, str, float]
) -> None:
    aim, name, per_unit = kind
    least = size(replace(drawn(seed), minimise=aim)).value() * per_unit
    assume(least > 1.0)
    with pytest.raises(InfeasibleStudy, match=name) as caught:
        size(replace(drawn(seed), limits=Limits(**{name: least / 2.0})))
    assert caught.value.conflict[name] == (least / 2.0, near(least, rel=1e-4))  # a tie counts a hundred-thousandth


def test_room_for_a_size_is_named_where_it_is_what_lacks() -> None:
    sun = Source(np.ones(24), Size(Burden(1.0), most=4.0))
    problem = flat(sources={"solar": sun}, limits=Limits(cfe_contracted_ratio_min=0.6, import_mw_max=20.0))
    with pytest.raises(InfeasibleStudy) as caught:
        size(problem)
    assert caught.value.conflict == {
        "cfe_contracted_ratio_min": (0.6, near(0.4, rel=1e-6)),
        "solar_mw_max": (4.0, near(6.0, rel=1e-6)),
    }


def test_a_limit_that_the_site_alone_misses_is_named() -> None:
    with pytest.raises(InfeasibleStudy, match=r"pue_max 1.25.*pue_max to 1.4") as caught:
        size(flat(pue=1.4, limits=Limits(pue_max=1.25)))
    assert set(caught.value.conflict) == {"pue_max"}
    with pytest.raises(InfeasibleStudy, match="water_onsite_l_max to 5,000"):
        size(flat(water_onsite_l=5000.0, limits=Limits(water_onsite_l_max=4000.0)))


@FEW
@given(SEEDS, st.sampled_from([1.0, 2.0, 5.0]))
def test_a_ramp_is_held_at_the_least_cost_that_another_solver_finds(seed: int, ramp: float) -> None:
    problem = drawn(seed)
    unsold = replace(problem.connection, export_price_per_mwh=None)
    try:
        sizing = size(replace(problem, connection=unsold, limits=Limits(ramp_mw_per_h_max=ramp)))
    except InfeasibleStudy:
        reject()
    assert sizing.cost == near(textbook_cost(sizing.problem), rel=1e-6)
    assert_lawful(sizing)
    changes = np.diff(sizing.flows.import_mw)
    assert np.abs(changes).max() <= ramp + 1e-6


@FEW
@given(SEEDS, st.floats(0.5, 4.0), st.floats(0.8, 1.2))
def test_limits_that_are_only_dear_are_held_where_they_can_be(seed: int, ramp: float, of_the_peak: float) -> None:
    free = drawn(seed)
    stands = {name: replace(source, nameplate=Size(least=8.0, most=8.0)) for name, source in free.sources.items()}
    battery = replace(
        free.battery or BatteryChoice(Size()),
        energy=Size(least=30.0, most=30.0),
        charge=Size(least=8.0, most=8.0),
        discharge=Size(least=8.0, most=8.0),
        inverter=None,
    )
    limits = Limits(ramp_mw_per_h_max=ramp, import_mw_max=of_the_peak * 12.0)
    unsold = replace(free.connection, export_price_per_mwh=None, peak=Burden())
    hard = replace(free, sources=stands, battery=battery, limits=limits, connection=unsold)
    soft = replace(hard, connection=replace(unsold, beyond_per_mwh=100.0 * float(unsold.price_per_mwh.max())))
    try:
        least = size(hard).cost
    except InfeasibleStudy:
        measures = size(soft).measures
        assert any(measures[name] > limit + 1e-6 for name, limit in limits)
    else:
        sizing = size(soft)
        assert_lawful(sizing)
        assert sizing.cost == near(least, rel=1e-6)


def test_a_ramp_that_cannot_be_held_is_named_with_what_the_load_changes_by() -> None:
    load = np.repeat([2.0, 10.0], 12)
    problem = replace(flat(limits=Limits(ramp_mw_per_h_max=1.0)), load_mw=load)
    with pytest.raises(InfeasibleStudy, match="enough to ease ramp_mw_per_h_max to 8") as caught:
        size(problem)
    assert caught.value.conflict == {"ramp_mw_per_h_max": (1.0, near(8.0))}


def test_own_supply_that_comes_too_fast_is_given_up_for_the_grids() -> None:
    # 10 MW of load and 8 of sun at once; the draw may fall by 2 MW an hour, from 10 to 2 in four hours.
    sun = Source(np.repeat([0.0, 1.0], 12), Size(least=8.0, most=8.0))
    sizing = size(flat(sources={"sun": sun}, limits=Limits(ramp_mw_per_h_max=2.0)))
    assert sizing.flows.import_mw.tolist() == near([10.0] * 12 + [8.0, 6.0, 4.0] + [2.0] * 9)
    assert sizing.flows.given_up_mw.tolist() == near([0.0] * 12 + [6.0, 4.0, 2.0] + [0.0] * 9, abs=1e-9)


def test_of_three_limits_that_conflict_two_by_two_no_single_one_is_enough() -> None:
    sun = Source(np.ones(24), Size(Burden(1.0, capex=100.0), most=4.0))
    problem = flat(sources={"solar": sun}, limits=Limits(import_mw_max=2.0, capex_max=200.0))
    with pytest.raises(InfeasibleStudy, match="enough to ease import_mw_max to 8") as caught:
        size(problem)
    assert caught.value.conflict["import_mw_max"] == (2.0, near(8.0, rel=1e-6))


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"load_mw": np.array([1.0, np.nan] * 12)}, "load_mw is nan in hour 1"),
        ({"load_mw": np.full(24, -1.0)}, "load_mw is -1.0 in hour 0"),
        ({"load_mw": np.ones(25)}, "g_per_kwh has the shape"),
        ({"sources": {"solar": Source(np.full(24, -0.1), Size())}}, "solar per_unit_ratio is -0.1"),
        ({"limits": Limits(pue_max=1.3)}, "the pue of the site is not known"),
        ({"connection": Connection(np.ones(24), export_price_per_mwh=np.full(24, 2.0))}, "In 24 hours power is sold"),
    ],
)
def test_what_cannot_be_sized_is_refused_with_the_hour(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(StudyError, match=match):
        replace(flat(), **changes)


def test_what_earns_without_end_is_refused() -> None:
    sun = Source(np.ones(24), costs(1.0))
    connection = Connection(np.full(24, 50.0), export_price_per_mwh=np.full(24, 20.0))
    with pytest.raises(StudyError, match="earn without end"):
        size(replace(flat(), sources={"solar": sun}, connection=connection))


@FEW
@given(SEEDS)
def test_a_front_is_the_same_as_each_point_alone_and_bends_one_way(seed: int) -> None:
    problem = drawn(seed)
    start = size(problem).cfe_contracted_ratio
    assume(start < 0.9)
    shares = np.linspace(start, 0.95, 4).tolist()
    points = [point.cost for point in front(problem, "cfe_contracted_ratio_min", shares) if point is not None]
    limits = [Limits(cfe_contracted_ratio_min=share) for share in shares[: len(points)]]
    alone = [size(replace(problem, limits=limit)).cost for limit in limits]
    assert points == near(alone, rel=1e-7)
    assert (np.diff(points, 2) >= -1e-6 * abs(points[-1])).all()


def test_a_point_of_a_front_that_cannot_be_held_is_none_and_the_next_is_found() -> None:
    sun = Source(np.ones(24), Size(Burden(1.0), most=4.0))
    none, found = front(flat(sources={"solar": sun}), "cfe_contracted_ratio_min", [0.6, 0.4])
    assert none is None
    assert found is not None
    assert found.cfe_contracted_ratio == near(0.4)


def test_a_front_from_cheapest_to_cleanest_falls_in_carbon_and_rises_in_cost() -> None:
    answers = pareto(drawn(3), "carbon", 5)
    assert len(answers) == 5
    assert (np.diff([one.carbon_t for one in answers]) < 0).all()
    assert (np.diff([one.cost for one in answers]) > 0).all()


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(1, 3))
def test_the_sites_that_are_chosen_are_the_best_of_all_choices(seed: int, count: int) -> None:
    problems = {name: without(drawn(seed + number, 24), "export") for number, name in enumerate("abcd")}
    found = choose(problems, count, step_h=1)
    tried = {
        names: sum(size(problems[name]).cost for name in names) for names in itertools.combinations(problems, count)
    }
    assert sum(one.cost for one in found.values()) == near(min(tried.values()), rel=1e-6)
    for sizing in found.values():
        assert_lawful(sizing)


def test_a_limit_on_all_sites_together_is_held_by_the_best_choice() -> None:
    problems = {name: without(drawn(number, 24), "export") for number, name in enumerate("abcd")}
    limits = Limits(cfe_contracted_ratio_min=0.8, capex_max=200_000.0)
    found = choose(problems, 2, limits, step_h=1)
    # Of two sites out of two nothing is chosen: that is one linear program.
    pairs = itertools.combinations(problems, 2)
    tried = [choose({name: problems[name] for name in pair}, 2, limits) for pair in pairs]
    least = min(sum(one.cost for one in both.values()) for both in tried)
    assert sum(one.cost for one in found.values()) == near(least, rel=1e-6)
    imported = sum(one.flows.import_mw.sum() for one in found.values())
    assert imported <= 0.2 * sum(one.flows.load_mw.sum() for one in found.values()) * (1 + 1e-6)


def test_least_water_is_what_is_consumed_and_no_sum_of_that_with_what_is_taken_in() -> None:
    # 240 MWh at 2 L/kWh are 480 m3; a takes in 9 and lets half of it go, b takes in 6 and lets none go.
    a = flat(water_onsite_l=9_000.0, water_consumed_ratio=0.5, minimise="water")
    b = flat(water_onsite_l=6_000.0, minimise="water")
    ((name, found),) = choose({"a": a, "b": b}, 1).items()
    assert (name, found.value()) == ("a", near(480 + 4.5))
    held = replace(a, limits=Limits(water_l_max=484_500.0, water_onsite_l_max=9_000.0))
    assert size(held).water_m3 == near(484.5)
    with pytest.raises(InfeasibleStudy, match="water_onsite_l_max"):
        size(replace(a, limits=Limits(water_onsite_l_max=8_999.0)))


def test_a_site_whose_own_limit_cannot_be_held_is_passed_over() -> None:
    cheap, dear = flat(price=50.0, pue=1.4, limits=Limits(pue_max=1.25)), flat(price=60.0, pue=1.2)
    assert set(choose({"cheap": cheap, "dear": dear})) == {"dear"}


def test_a_choice_without_an_answer_names_the_limits() -> None:
    problems = {"a": flat(water_onsite_l=5000.0), "b": flat(water_onsite_l=6000.0)}
    with pytest.raises(InfeasibleStudy, match="water_onsite_l_max"):
        choose(problems, 1, Limits(water_onsite_l_max=4000.0))


@pytest.mark.parametrize(
    ("problems", "count", "match"),
    [
        ({"a": flat(), "b": flat(hours=48)}, 1, "over as many hours"),
        ({"a": flat(), "b": flat(minimise="carbon")}, 1, "one aim"),
        ({"a": flat()}, 2, "2 of 1 sites"),
    ],
)
def test_sites_that_do_not_go_together_are_refused(problems: dict[str, SizingProblem], count: int, match: str) -> None:
    with pytest.raises(StudyError, match=match):
        choose(problems, count)


def test_a_choice_among_sites_that_sell_needs_the_room_of_each() -> None:
    selling = Connection(np.full(24, 50.0), export_price_per_mwh=np.full(24, 20.0))
    problem = replace(flat(sources={"solar": Source(np.ones(24), costs(600.0))}), connection=selling)
    with pytest.raises(StudyError, match="needs the most of solar_mw"):
        choose({"a": problem, "b": problem})


def test_a_quick_answer_trades_where_the_battery_lives_by_the_price() -> None:
    price = np.tile(np.repeat([10.0, 100.0], 12), 7)
    battery = BatteryChoice(costs(70.0), charge_efficiency_ratio=0.9, discharge_efficiency_ratio=0.9)
    problem = replace(flat(hours=168), connection=Connection(price), battery=battery)
    assert quick_size(problem).cost == near(size(problem).cost, rel=0.01)


@FEW
@given(SEEDS, st.sampled_from([46, 48, 240]), st.floats(0.0, 0.9))
def test_a_quick_answer_is_lawful_and_never_better_than_the_best(seed: int, hours: int, share: float) -> None:
    problem = replace(drawn(seed, hours), limits=Limits(cfe_contracted_ratio_min=share))
    try:
        best = size(problem)
    except InfeasibleStudy:
        reject()
    quick = quick_size(problem)
    assert_lawful(quick)
    assert quick.cost >= best.cost - 1e-7 * abs(best.cost)


def test_the_solver_writes_nothing_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    size(drawn(1))
    assert capfd.readouterr() == ("", "")
