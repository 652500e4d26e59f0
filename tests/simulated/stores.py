"""A store written down as one would on paper, hour by hour, and made-up hours to try stores on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from dcfoot_scenarios.designs_numpy import Site
from dcfoot_scenarios.storage import Battery
from simulated.reference import columns, vectors

Hours = NDArray[np.float64]

HOURS = 24
"""The most hours of a trial."""


class Trial(NamedTuple):
    """A load, a supply and a store."""

    load_mw: Hours
    clean_mw: Hours
    battery: Battery

    @property
    def size_mwh(self) -> float:
        """What the store holds when full [MWh]."""
        return float(np.asarray(self.battery.energy_mwh))

    def start_mwh(self, state_mwh: Hours) -> float:
        """What it held before the first hour, of what it holds after each [MWh]."""
        ratio = self.battery.start_ratio
        return float(state_mwh[-1]) if ratio is None else ratio * self.size_mwh

    def larger(self, energy_mwh: float, power_mw: float) -> "Trial":
        """The same hours with a larger store."""
        of = self.battery
        charge_mw, discharge_mw = of.charge_mw + power_mw, of.discharge_mw + power_mw
        larger = replace(of, energy_mwh=self.size_mwh + energy_mwh, charge_mw=charge_mw, discharge_mw=discharge_mw)
        return self._replace(battery=larger)


def trials(
    *, losses: Sequence[float] = (0.0, 0.02), reserves: Sequence[float] = (0.0, 0.3), starts: str = "any"
) -> st.SearchStrategy[Trial]:
    """Up to a day of hours with any store; `starts` is "any", "cyclic" or "clean": cyclic, or empty without reserve."""
    power, energy, efficiency = st.floats(0.0, 20.0), st.floats(0.0, 50.0), st.floats(0.6, 1.0)
    hours = st.lists(st.tuples(st.floats(0.1, 10.0), power), min_size=1, max_size=HOURS)
    start = {"any": st.none() | st.floats(0.0, 1.0), "cyclic": st.none(), "clean": st.sampled_from([None, 0.0])}
    sizes = st.tuples(energy, st.floats(1.0, 20.0), power, efficiency, efficiency)
    ratios = st.tuples(st.sampled_from(losses), st.sampled_from(reserves), start[starts])
    return st.builds(_trial, hours, sizes, ratios)


def _trial(
    rows: list[tuple[float, float]],
    sizes: tuple[float, float, float, float, float],
    ratios: tuple[float, float, float | None],
) -> Trial:
    loss, reserve, start = ratios
    from_reserve = None if start == 0.0 and reserve else start and max(start, reserve)
    load_mw, clean_mw = np.array(rows).T
    return Trial(load_mw, clean_mw, Battery(*sizes, loss, reserve, from_reserve))


class Step(NamedTuple):
    """What a store did in an hour."""

    charge_mw: float
    discharge_mw: float
    state_mwh: float


def by_hand(battery: Battery, wanted_mw: Hours, start_mwh: float) -> list[Step]:
    """A store of one design, hour by hour."""
    sizes = (battery.energy_mwh, battery.charge_mw, battery.discharge_mw)
    full, most_in, most_out = (float(np.asarray(size)) for size in sizes)
    kept, state, steps = battery.reserve_ratio * full, start_mwh, list[Step]()
    for wanted in wanted_mw.tolist():
        state -= state * battery.loss_ratio_per_h
        charge = discharge = 0.0
        if wanted > 0:
            charge = min(wanted, most_in, (full - state) / battery.charge_efficiency_ratio)
        elif state > kept:
            discharge = min(-wanted, most_out, (state - kept) * battery.discharge_efficiency_ratio)
        if state + charge * battery.charge_efficiency_ratio < kept:
            charge = (kept - state) / battery.charge_efficiency_ratio
        state += charge * battery.charge_efficiency_ratio - discharge / battery.discharge_efficiency_ratio
        steps.append(Step(charge, discharge, state))
    return steps


class GreedyCase(NamedTuple):
    """A design of the reference vectors, and what another simulator makes of it."""

    site: Site
    solar_mw: float
    wind_mw: float
    battery: Battery
    expected: Mapping[str, float]


GREEDY_CASES = 8


def greedy_case(number: int) -> GreedyCase:
    """One of vessim's designs (``vectors/dispatch``); the test is skipped where they are not."""
    case = vectors("dispatch/greedy_dispatch")["cases"][number]
    size_mwh, power_mw = case["bat_mwh"], case["bat_mwh"] * case["c_rate"]
    battery = Battery(size_mwh, power_mw, power_mw, start_ratio=0.0)
    return GreedyCase(greedy_site(case["site"]), case["solar_mw"], case["wind_mw"], battery, case)


@cache
def greedy_site(name: str) -> Site:
    """The hours of the reference vectors' sites, CA and TX; the test is skipped where they are not."""
    hours = columns(f"dispatch/{name}")
    names = ("facility_mw", "solar_per_unit", "wind_per_unit", "grid_g_per_kwh")
    return Site(*(np.array(hours[name]) for name in names))
