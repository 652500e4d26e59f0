"""A scenario's year as it runs: the hall, the store and the connection, hour by hour.

In come a `Case` and the state of its hall (central, or a few draws of it), out goes a frozen `Year`: hours on the last
axis, draws before it.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf
from typing import NamedTuple

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.errors import StudyError
from dcfoot.facility_library import used_parameters
from dcfoot.facility_model import FacilityState, energy_mean
from dcfoot.heat.capture import Capture, capture_of
from dcfoot.heat.cold import sorption_chiller
from dcfoot.heat.demand import spread_mw
from dcfoot.heat.parameters import heat_parameters
from dcfoot.weather.year import Hours
from dcfoot_scenarios.case import LEAST_LOAD_RATIO, Case, Schedule
from dcfoot_scenarios.chance import CENTRAL, Chance, by_hour
from dcfoot_scenarios.cold_store import ColdStored, store_cold
from dcfoot_scenarios.contracts import surplus_use
from dcfoot_scenarios.dispatch import arbitrage, greedy, lowest_limit_mw, peak_shaving
from dcfoot_scenarios.flexibility import curtail, highest_hours, shift
from dcfoot_scenarios.heat.cold import ColdOfHeat, cold_for_hall
from dcfoot_scenarios.heat.network import HeatPump, Network
from dcfoot_scenarios.heat.reuse import HeatFlows, reuse_heat
from dcfoot_scenarios.ramp import within_ramp
from dcfoot_scenarios.scenario import HeatReuse, Scenario
from dcfoot_scenarios.storage import Battery, Flows, operate, refilled_mw, run_storage

IDLE_RATIO = 1e-12
"""What an hour without load has of the capacity, so that its PUE is a number; its overhead is that of a hall at
`LEAST_LOAD_RATIO`. A choice: a year of it is less than any figure tells [-]"""

STORE_POWER_RATIO_PER_H = 0.1
"""The most that a tank of heat or cold takes, and gives, where a study does not say it, of its size (a choice) [1/h]"""


SHIFT_ROUNDS, PUE_ROUNDS = 8, 40
"""How often at most a shift is made anew, and the PUE of the load that a connection carries (choices: without a
tank or heat no hall took more than 4 and 15)"""

_ROUNDING_RATIO = 1e-10
"""A tenth of what counts as beyond a limit (a choice)."""


@dataclass(frozen=True, slots=True, eq=False)
class Year:
    """What happens in each hour.

    Parameters
    ----------
    it_mw : array
        IT power [MW]
    pue, wue_l_per_kwh : array
        Of the hall [-, L/kWh]
    consumed_ratio : array
        The part of the water taken in that evaporates or drifts off [-]
    flows : Flows
        Load, clean supply, store and grid; the load is the facility's.
    export_mw, curtailed_mw : array
        What became of the surplus [MW]
    contract_mw : tuple of array
        What each contract brings [MW]
    heat : HeatFlows or None
        Waste heat; None: nobody takes it.
    cold : ColdOfHeat or None
        What is made of the heat that nobody takes; None: nothing.
    pump_import_mw : array or None
        What more the grid gives for the heat pump, wherever that stands [MW]; None: there is none.
    cold_stored : ColdStored or None
        What its tank of chilled water does; None: it has none.
    """

    it_mw: Hours
    pue: Hours
    wue_l_per_kwh: Hours
    consumed_ratio: Hours
    flows: Flows
    export_mw: Hours
    curtailed_mw: Hours
    contract_mw: tuple[Hours, ...]
    heat: HeatFlows | None = None
    cold: ColdOfHeat | None = None
    pump_import_mw: Hours | None = None
    cold_stored: ColdStored | None = None


def year_of(case: Case, it_mw: Hours, state: FacilityState, chance: Chance = CENTRAL) -> Year:
    """The year of a scenario.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    it_mw : array
        IT power by hour, after all that shifts it [MW]
    state : FacilityState
        Of its hall at this load.
    chance : Chance
        Gives what is in doubt beside the hall: what plants yield, what heat can be had.
    """
    scenario = case.scenario
    levels = _levels(scenario, it_mw, state)
    del state  # else its many hours crowd those of the heat and of the store out of the processor's cache
    served = _served(case, it_mw, levels, chance)
    hall_mw, own_mw = it_mw * served.pue, case.own_mw(chance)
    contracts = tuple(case.contract_mw(contract, chance) for contract in scenario.supply.contracts)
    flows = _stored(case, hall_mw + _pump_inside_mw(scenario, served.heat), own_mw, sum(contracts, 0.0))
    surplus = surplus_use(flows.surplus_mw - flows.given_up_mw, 0.0, export_limit_mw(scenario))
    return Year(
        it_mw,
        served.pue,
        levels.wue_l_per_kwh,
        levels.consumed_ratio,
        flows,
        surplus.exported_mw,
        surplus.curtailed_mw + flows.given_up_mw,
        contracts,
        served.heat,
        served.cold,
        _pump_import_mw(case, served.heat, flows, hall_mw, own_mw),
        served.cold_stored,
    )


class _Levels(NamedTuple):
    """The hall by hour at the level that the study states, before heat and tanks move its cold."""

    pue: Hours
    wue_l_per_kwh: Hours
    consumed_ratio: Hours
    lifted: tuple[Hours, Hours] | None


def _levels(scenario: Scenario, it_mw: Hours, state: FacilityState) -> _Levels:
    per_load_ratio = _per_load_ratio(scenario, it_mw)
    pue = _at_stated(1.0 + (np.asarray(state.pue) - 1.0) * per_load_ratio, it_mw, scenario.pue, 1.0)
    wue = _at_stated(np.asarray(state.wue_l_per_kwh) * per_load_ratio, it_mw, scenario.wue_l_per_kwh, 0.0)
    lifted = lifted_mw(scenario, it_mw, state, pue) if _moves_cold(scenario) else None
    return _Levels(pue, wue, np.asarray(state.consumed_ratio), lifted)


class _Served(NamedTuple):
    """The hall as it runs beside its heat and its tanks."""

    pue: Hours
    heat: HeatFlows | None
    cold: ColdOfHeat | None
    cold_stored: ColdStored | None


def _served(case: Case, it_mw: Hours, levels: _Levels, chance: Chance) -> _Served:
    pue, heat = levels.pue, heat_flows(case, it_mw, chance)
    cold = _cold(case, levels.lifted, heat, chance)
    if cold is not None:
        pue = pue - cold.spared_mw / it_mw
    stored = _cold_stored(case, it_mw, levels.lifted, cold)
    if stored is not None:
        pue = pue + stored.drawn_mw / it_mw
    return _Served(pue, heat, cold, stored)


def _facility_mw(case: Case, it_mw: Hours) -> Hours:
    """What the facility draws at a load, heat pump included, at the central value of everything [MW]."""
    levels = _levels(case.scenario, it_mw, case.facility(case.hall(it_mw)))
    served = _served(case, it_mw, levels, CENTRAL)
    return np.asarray(it_mw * served.pue + _pump_inside_mw(case.scenario, served.heat))


def _per_load_ratio(scenario: Scenario, it_mw: Hours) -> Numbers:
    """Overhead per load, over that of the facility's model: below its least load, overhead stays and load does not."""
    least_mw = LEAST_LOAD_RATIO * scenario.load.it_capacity_mw
    return np.maximum(least_mw / it_mw, 1.0) if np.any(it_mw < least_mw) else 1.0


def _pump_inside_mw(scenario: Scenario, heat: HeatFlows | None) -> Numbers:
    """What a heat pump draws that stands within the data centre [MW]."""
    inside = heat is not None and scenario.heat_reuse is not None and scenario.heat_reuse.heat_pump_inside
    return heat.pump_electric_mw if heat is not None and inside else 0.0


def _pump_import_mw(case: Case, heat: HeatFlows | None, flows: Flows, hall_mw: Hours, own_mw: Hours) -> Hours | None:
    """Outside, all that the heat pump draws; inside, what the grid gives less without it."""
    if heat is None or case.scenario.heat_reuse is None:
        return None
    if not case.scenario.heat_reuse.heat_pump_inside:
        return np.asarray(heat.pump_electric_mw)
    load_mw, clean_mw = np.broadcast_arrays(hall_mw, own_mw)
    wanted_mw, given_up_mw = _wanted_mw(case, load_mw, clean_mw)
    done = operate(battery_of(case), wanted_mw)
    made_mw = clean_mw - given_up_mw
    without_mw: Hours = np.maximum(load_mw - made_mw + done.charge_mw - done.discharge_mw, 0.0)
    return np.asarray(flows.import_mw - without_mw)


def heat_flows(case: Case, it_mw: Hours, chance: Chance = CENTRAL) -> HeatFlows | None:
    """What becomes of the waste heat; None where nobody takes it.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    it_mw : array
        IT power by hour [MW]
    chance : Chance
        Gives what is in doubt.
    """
    reuse = case.scenario.heat_reuse
    if reuse is None:
        return None
    taken = heat_capture(case, chance), heat_wanted_mw(case, reuse, chance), heat_network(reuse, chance)
    pump, plan = heat_pump(reuse), case.schedule
    if plan is not None and plan.pump_heat_mw is not None:
        pump = replace(pump, capacity_mw=plan.pump_heat_mw)
    tank = _tank(reuse.store_mwh, reuse.store_mw) if reuse.store_mwh else None
    return reuse_heat(it_mw, *taken, pump, tank)


def _moves_cold(scenario: Scenario) -> bool:
    """Whether heat or a tank changes what compressors lift."""
    makes = scenario.heat_reuse is not None and scenario.heat_reuse.cold is not None
    return makes or scenario.cold_store.mwh > 0.0


def lifted_mw(scenario: Scenario, it_mw: Hours, state: FacilityState, pue: Hours) -> tuple[Hours, Hours]:
    """What compressors lift, and what they draw for that: as large a part of the overhead as in the model [MW].

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    it_mw : array
        IT power by hour [MW]
    state : FacilityState
        Of its hall at this load.
    pue : array
        By hour, at the level that the study states [-]
    """
    drawn_ratio = state.chiller_ratio * (pue - 1.0) / (np.asarray(state.pue) - 1.0)
    return np.asarray(it_mw * state.lifted_ratio * _per_load_ratio(scenario, it_mw)), np.asarray(it_mw * drawn_ratio)


def _cold(case: Case, lifted: tuple[Hours, Hours] | None, heat: HeatFlows | None, chance: Chance) -> ColdOfHeat | None:
    """What a chiller makes of the heat that the customers leave."""
    reuse = case.scenario.heat_reuse
    if heat is None or lifted is None or reuse is None or reuse.cold is None:
        return None
    most_mw = inf if reuse.cold_mw is None else reuse.cold_mw
    chiller, warm_c = sorption_chiller(reuse.cold), heat_capture(case, chance).warm_c
    return cold_for_hall(chiller, heat.rejected_mw, warm_c, *lifted, most_mw)


def _cold_stored(
    case: Case, it_mw: Hours, lifted: tuple[Hours, Hours] | None, cold: ColdOfHeat | None
) -> ColdStored | None:
    """What a tank of chilled water does beside a chiller that heat drives.

    Chillers lift at most what the hall's capacity would want of them in the year's greatest hour: a choice, for halls
    have some to spare beyond it.
    """
    store, capacity_mw = case.scenario.cold_store, case.scenario.load.it_capacity_mw
    if lifted is None or not store.mwh:
        return None
    tank = _tank(store.mwh, store.mw, store.loss_ratio_per_h)
    left_mw = lifted[0] - (0.0 if cold is None else cold.cold.cold_mw)
    per_cold_ratio = lifted[1] / np.maximum(lifted[0], 1e-300)
    most_ratio = lifted[0] / np.maximum(it_mw, LEAST_LOAD_RATIO * capacity_mw)
    most_mw = most_ratio.max(axis=-1, keepdims=True) * capacity_mw
    return store_cold(tank, left_mw, most_mw, per_cold_ratio, _signal(case, store.policy))


def heat_capture(case: Case, chance: Chance = CENTRAL) -> Capture:
    """How much of the heat can be had, and how warm, of the hall as it is drawn."""
    known = heat_parameters()[f"capture_{case.cooling}.recoverable_ratio"]
    numbers = chance.hall(used_parameters(case.cooling, case.size, case.scenario.rejection))
    facility = case.build(numbers) if numbers else case.usual_facility
    return capture_of(facility.cooling, by_hour(chance.number("heat.recoverable_ratio", known)))


def heat_network(reuse: HeatReuse, chance: Chance = CENTRAL) -> Network:
    """Who takes it."""
    return Network(
        _or_usual(reuse.network_supply_c, "network.supply_c"),
        _or_usual(reuse.network_return_c, "network.return_c"),
        _or_drawn(reuse.loss_ratio, "network.loss_ratio", chance),
        _or_usual(None, "network.approach_k"),
    )


def heat_pump(reuse: HeatReuse) -> HeatPump:
    """What lifts it."""
    return HeatPump(inf if reuse.heat_pump_mw is None else reuse.heat_pump_mw, reuse.heat_pump_cop)


def heat_wanted_mw(case: Case, reuse: HeatReuse, chance: Chance = CENTRAL) -> Hours:
    """What the customers want by hour [MW].

    Raises
    ------
    StudyError
        The study does not say how much.
    """
    home_mwh = _or_drawn(reuse.home_mwh, "home.demand_mwh", chance)
    demand_mwh = reuse.demand_mwh if reuse.homes is None else reuse.homes * home_mwh
    if demand_mwh is None and reuse.cold is not None:
        demand_mwh = 0.0
    if demand_mwh is None or (reuse.demand_mwh is not None and reuse.homes is not None):
        raise StudyError("heat_reuse: say how much heat is wanted, by `homes` or by `demand_mwh`, and by one of them.")
    hot_water_ratio = _or_drawn(reuse.hot_water_ratio, "demand.hot_water_ratio", chance)
    return spread_mw(case.place.heating_ratio, demand_mwh, hot_water_ratio)


def _or_usual(stated: float | None, name: str) -> float:
    return heat_parameters()[name].central if stated is None else stated


def _or_drawn(stated: float | None, name: str, chance: Chance) -> Numbers:
    """What the study says, else the usual value as it is drawn, to be laid beside hours."""
    if stated is not None:
        return stated
    drawn: Numbers = by_hour(chance.number(f"heat.{name.rpartition('.')[2]}", heat_parameters()[name]))
    return drawn


def _tank(size_mwh: float, stated_mw: float | None, loss_ratio_per_h: float = 0.0) -> Battery:
    power_mw = STORE_POWER_RATIO_PER_H * size_mwh if stated_mw is None else stated_mw
    return Battery(size_mwh, power_mw, power_mw, loss_ratio_per_h=loss_ratio_per_h)


def export_limit_mw(scenario: Scenario) -> float:
    """The most that may be sold in an hour; nothing where selling costs money [MW]."""
    if scenario.supply.surplus == "curtailed" or scenario.grid.export_price_per_mwh < 0.0:
        return 0.0
    return float("inf") if scenario.supply.export_limit_mw is None else scenario.supply.export_limit_mw


def _at_stated(values: Hours, it_mw: Hours, stated: float | None, floor: float) -> Hours:
    """The hours of the model at a stated level of the year: what lies above the floor is scaled."""
    if stated is None:
        return np.broadcast_to(values, np.broadcast_shapes(values.shape, it_mw.shape))
    above = values - floor
    mean = np.asarray(energy_mean(above, it_mw))[..., None]
    level = np.full_like(mean, stated - floor)
    scaled: Hours = floor + np.where(mean > 0, above / np.where(mean > 0, mean, 1.0), 1.0) * level
    return scaled


def battery_of(case: Case) -> Battery:
    """The scenario's battery, at its age."""
    store = case.scenario.storage
    return _checked_battery(
        store.battery_mwh * case.battery_left_ratio,
        store.power_mw if store.charge_mw is None else store.charge_mw,
        store.power_mw,
        store.charge_efficiency_ratio,
        store.discharge_efficiency_ratio,
        store.loss_ratio_per_h,
        store.reserve_ratio,
        store.start_ratio,
    )


_checked_battery = lru_cache(maxsize=64)(Battery)


def _stored(case: Case, load_mw: Hours, own_mw: Hours, contracted_mw: Numbers) -> Flows:
    load_mw, clean_mw = np.broadcast_arrays(load_mw, own_mw)
    wanted_mw, given_up_mw = _wanted_mw(case, load_mw, clean_mw)
    return run_storage(battery_of(case), wanted_mw, load_mw, clean_mw, contracted_mw, given_up_mw)


def _wanted_mw(case: Case, load_mw: Hours, clean_mw: Hours) -> tuple[Hours, Hours]:
    """What is wanted of the battery, refilled where it must end as full as it was given, and what is given up [MW]."""
    battery, plan = battery_of(case), _plan(case, load_mw)
    if plan is None or plan.given_up_mw is None:
        given_up_mw = _given_up_mw(case, load_mw, clean_mw)
    else:
        given_up_mw = np.minimum(plan.given_up_mw, clean_mw)
    net_mw, limit_mw = load_mw - clean_mw + given_up_mw, _import_limit_mw(case)
    if plan is not None:
        wanted_mw = np.broadcast_to(plan.battery_mw, load_mw.shape)
    else:
        wanted_mw = _by_policy_mw(case, battery, load_mw, clean_mw)
        if given_up_mw.any():
            room_mw = np.maximum(limit_mw - net_mw, 0.0)
            wanted_mw = np.where(given_up_mw > 0.0, np.clip(wanted_mw, 0.0, room_mw), wanted_mw)
    wanted_mw, ramp_mw_per_h = refilled_mw(battery, wanted_mw), case.scenario.grid.ramp_limit_mw_per_h or inf
    is_limited = ramp_mw_per_h < inf or (plan is not None and limit_mw < inf)  # a plan knows the central year alone
    if is_limited and np.any(battery.energy_mwh):
        wanted_mw = refilled_mw(battery, within_ramp(battery, wanted_mw, net_mw, ramp_mw_per_h, limit_mw))
    return wanted_mw, given_up_mw


def _plan(case: Case, load_mw: Hours) -> Schedule | None:
    """What was planned, or what is planned where its battery is to be used so that it serves best."""
    if case.schedule is not None or case.scenario.storage.policy != "optimal":
        return case.schedule
    from dcfoot_scenarios.schedule import schedule_of  # the solver: only where it is asked for

    return schedule_of(case, load_mw, export_limit_mw(case.scenario))


def _given_up_mw(case: Case, load_mw: Hours, clean_mw: Hours) -> Hours:
    """What of its own supply is not made in hours in which the grid pays for what it gives [MW].

    As far as the connection goes; and where what is left over is sold for something, nothing is given up.
    """
    price, grid = case.price_per_mwh, case.scenario.grid
    sells = export_limit_mw(case.scenario) > 0.0 and grid.export_price_per_mwh > 0.0
    if price is None or sells or not np.any(price < 0.0):
        return np.zeros(1)
    needed_mw = np.minimum(np.maximum(load_mw - _import_limit_mw(case), 0.0), clean_mw)
    return np.where(price < 0.0, clean_mw - needed_mw, 0.0)


def _import_limit_mw(case: Case) -> float:
    """The most that the connection gives [MW]."""
    limit_mw = case.scenario.grid.import_limit_mw
    return inf if limit_mw is None else limit_mw


def _by_policy_mw(case: Case, battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """What the policy wants of the battery; what trades keeps to the connection, as far as there is stored energy [MW].

    What shaves the peak holds the lowest limit that there is, and so any that can be held; what is greedy gives all
    that the load lacks, and takes nothing of the grid.
    """
    policy = case.scenario.storage.policy
    if policy == "peak_shaving":
        return peak_shaving(load_mw - clean_mw, lowest_limit_mw(battery, load_mw, clean_mw)[..., None])
    if policy == "greedy":
        return greedy(clean_mw, load_mw)
    traded_mw = arbitrage(_signal(case, policy), battery, load_mw, clean_mw)
    return np.minimum(traded_mw, peak_shaving(load_mw - clean_mw, _import_limit_mw(case)))


def _signal(case: Case, wanted: str) -> Hours:
    """What is to be low: the grid's carbon, its price, or what the clean supply lacks."""
    if wanted == "carbon":
        return case.grid[1]
    if wanted == "surplus":
        return -case.clean_mw
    if case.price_per_mwh is None:
        raise StudyError("Nothing says what power costs: add `grid: {price_file: FILE}` or `grid: {tariff: NAME}`.")
    return case.price_per_mwh


def shifted_it_mw(case: Case) -> Hours:
    """IT power after what can wait has waited, and what yields to the grid's calls has yielded, or as planned [MW]."""
    if case.schedule is not None and case.schedule.it_mw is not None:
        return case.schedule.it_mw
    load, it_mw = case.scenario.load, asked_it_mw(case)
    if load.deferrable_ratio and load.deadline_h:
        it_mw = _waited_it_mw(case, it_mw)
    if load.curtailable_ratio and load.curtailed_hours:
        called = it_mw if case.price_per_mwh is None else case.price_per_mwh
        events = highest_hours(called, load.curtailed_hours, it_mw)
        it_mw = curtail(it_mw, events, load.curtailable_ratio).load_mw
    if not np.any(it_mw > 0.0):
        raise StudyError("load: it is 0 in every hour, so that there is nothing to power, to cool or to compare.")
    return np.maximum(it_mw, IDLE_RATIO * load.it_capacity_mw)


def _waited_it_mw(case: Case, it_mw: Hours) -> Hours:
    """IT power after what can wait has waited, within what the connection and the hour's own supply carry [MW].

    Where a stated PUE, a tank or the heat of other hours makes an hour draw more than by its own load alone, its room
    is less by twice what it draws too much, so that few rounds are enough.
    """
    load, signal = case.scenario.load, _signal(case, case.scenario.load.shift_to)

    def waited_mw(limit_mw: Hours | float) -> Hours:
        waits = load.deferrable_ratio, load.deadline_h, signal, load.it_capacity_mw
        return shift(it_mw, *waits, limit_mw).load_mw

    if case.scenario.grid.import_limit_mw is None:
        return waited_mw(inf)
    idle_mw, carried_mw = IDLE_RATIO * load.it_capacity_mw, _import_limit_mw(case) + case.clean_mw
    room_mw = _carried_it_mw(case, carried_mw)
    found_mw = waited_mw(room_mw)
    for _ in range(SHIFT_ROUNDS):
        drawn_mw = _facility_mw(case, np.maximum(found_mw, idle_mw))
        too_much = (drawn_mw > carried_mw * (1.0 + _ROUNDING_RATIO)) & (found_mw <= room_mw)
        if not too_much.any():
            break
        room_mw = np.where(too_much, found_mw * np.maximum(2.0 * carried_mw / drawn_mw - 1.0, 0.0), room_mw)
        found_mw = waited_mw(room_mw)
    return found_mw


def _carried_it_mw(case: Case, carried_mw: Hours) -> Hours:
    """The IT power at which the facility draws so much, PUE being that of this very load; at most the capacity [MW]."""
    capacity_mw = case.scenario.load.it_capacity_mw
    found_mw = np.full(len(carried_mw), capacity_mw)
    for _ in range(PUE_ROUNDS):
        last_mw, drawn_mw = found_mw, _facility_mw(case, found_mw)
        carries_mw = last_mw * carried_mw * (1.0 - _ROUNDING_RATIO) / drawn_mw
        found_mw = np.clip(carries_mw, IDLE_RATIO * capacity_mw, capacity_mw)
        if np.allclose(found_mw, last_mw, rtol=_ROUNDING_RATIO, atol=0.0):
            break
    return found_mw


def is_moved(case: Case) -> bool:
    """Whether load waits, or yields to the grid's calls."""
    load = case.scenario.load
    return bool((load.deferrable_ratio and load.deadline_h) or (load.curtailable_ratio and load.curtailed_hours))


def work_mwh(case: Case, it_mw: Hours) -> float:
    """The work of a year: the IT energy that it takes at the reference setting, by the study's usual machines [MWh].

    Parameters
    ----------
    case : Case
        The scenario made ready.
    it_mw : array
        IT power by hour, after all that shifts it [MW]
    """
    operation, asked_mwh = case.scenario.operation, float(case.it_mw.sum())
    operated_mwh = asked_mwh if operation is None else float(asked_it_mw(case).sum())
    slower = case.change.time_ratio if operation is not None and operation.keep == "machines" else 1.0
    done_ratio = float(it_mw.sum()) / operated_mwh / slower
    return asked_mwh * done_ratio * case.scenario.servers.work_per_mwh_ratio


def asked_it_mw(case: Case) -> Hours:
    """IT power at the setting at which the machines are run, before any of it is moved or given up [MW]."""
    operation = case.scenario.operation
    if operation is None:
        return case.it_mw
    same = case.change.same_work_mw if operation.keep == "work" else case.change.same_machines_mw
    return np.asarray(same(case.it_mw))
