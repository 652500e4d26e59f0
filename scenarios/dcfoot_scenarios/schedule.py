"""What a battery of given size is best made to do in each hour, by linear programming.

In comes a `Case`, out goes its `Schedule`, for `dcfoot_scenarios.storage` to run: the least cost by the
study's price of power, or the least carbon where it states none, within the limits of its connection as far as they can
be held. The schedule is made once, at the central value of
everything: a year that turns out otherwise follows it as far as the battery can, and its connection's limits let it.
"""

from math import inf
from weakref import WeakKeyDictionary

import numpy as np

from dcfoot.weather.year import Hours
from dcfoot_scenarios.case import Case, Schedule
from dcfoot_scenarios.scenario import Storage
from dcfoot_scenarios.sizing.optimum import size
from dcfoot_scenarios.sizing.problem import BatteryChoice, Burden, Connection, Limits, Size, SizingProblem, Source
from dcfoot_scenarios.tariff import export_per_mwh

BEYOND_RATIO = 100.0
"""What a MWh beyond a limit counts for, over the dearest hour: no trade is worth that, and so a limit that can be held
is, and of another as little as can be is broken (a choice) [-]"""

_MADE: WeakKeyDictionary[Case, Schedule] = WeakKeyDictionary()
"""The schedules that were made, as long as their cases live: draws of a case follow the one of its central year."""


def schedule_of(case: Case, load_mw: Hours, export_limit_mw: float) -> Schedule:
    """What is wanted of the battery in each hour, and what of the supply is given up.

    Parameters
    ----------
    case : Case
        With its battery.
    load_mw : array
        What the facility draws; the first that a case is asked with makes its schedule [MW]
    export_limit_mw : float
        The most that may be sold in an hour [MW]
    """
    if case not in _MADE:
        _MADE[case] = _schedule(case, load_mw.reshape(-1, load_mw.shape[-1]).mean(axis=0), export_limit_mw)
    return _MADE[case]


def _schedule(case: Case, load_mw: Hours, export_limit_mw: float) -> Schedule:
    grid = case.scenario.grid
    problem = SizingProblem(
        load_mw,
        _connection(case, export_limit_mw),
        {"clean": Source(case.clean_mw, given(1.0))},
        standing_battery(case.scenario.storage, case.battery_left_ratio),
        limits=Limits(import_mw_max=grid.import_limit_mw, ramp_mw_per_h_max=grid.ramp_limit_mw_per_h),
    )
    flows = size(problem).flows
    return Schedule(flows.charge_mw - flows.discharge_mw, given_up_mw=flows.given_up_mw)


def given(amount: float) -> Size:
    """A size that stands, in its own unit."""
    return Size(least=amount, most=amount)


def standing_battery(store: Storage, left_ratio: float = 1.0) -> BatteryChoice:
    """A scenario's battery as it stands; `left_ratio` is what is left of its capacity [-]."""
    energy, power = given(store.battery_mwh * left_ratio), given(store.power_mw)
    if store.charge_mw is None:
        return battery_choice(store, energy, Size(), Size(), power)
    return battery_choice(store, energy, given(store.charge_mw), power)


def battery_choice(
    store: Storage, energy: Size, charge: Size, discharge: Size, inverter: Size | None = None
) -> BatteryChoice:
    """A battery of sizes to be found or given, with the numbers of a scenario's.

    Parameters
    ----------
    store : Storage
        Its efficiencies, its reserve, its start.
    energy, charge, discharge, inverter : Size
        As of `BatteryChoice`.
    """
    return BatteryChoice(
        energy,
        charge,
        discharge,
        store.charge_efficiency_ratio,
        store.discharge_efficiency_ratio,
        store.loss_ratio_per_h,
        store.reserve_ratio,
        store.start_ratio,
        inverter,
    )


def _connection(case: Case, export_limit_mw: float) -> Connection:
    if case.price_per_mwh is None or case.tariff is None:
        return Connection(case.grid[1], beyond_per_mwh=_beyond(case.grid[1]))  # a gram as a unit of money: least carbon
    earned = export_per_mwh(case.tariff, case.place.calendar) if export_limit_mw else None
    months = np.asarray(case.place.calendar.month_index, dtype=np.float64)
    peak = Burden(cost=case.tariff.demand_per_mw_month)
    return Connection(
        case.price_per_mwh,
        None,
        None,
        earned,
        export_limit_mw or inf,
        peak,
        months,
        beyond_per_mwh=_beyond(case.price_per_mwh),
    )


def _beyond(per_mwh: Hours) -> float:
    """What it counts for that an hour lies beyond a limit by a megawatt."""
    return BEYOND_RATIO * float(np.abs(per_mwh).max())
