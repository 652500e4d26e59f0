"""Sizes and how they are used become an answer: the flows of every hour, and what they add up to.

Nothing here is taken from a program: it is what a study would find of the same sizes and the same states of the stores.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from dcfoot.units import L_PER_M3
from dcfoot_scenarios.scan import Hours, before
from dcfoot_scenarios.sizing.problem import Aim, BatteryChoice, SizingProblem
from dcfoot_scenarios.storage import Battery


@dataclass(frozen=True, slots=True, eq=False)
class SizedFlows:
    """What flows in each hour; all >= 0, and

        load + pump_electric + charge + export + curtailed = clean + discharge + import + spared

    Parameters
    ----------
    load_mw, clean_mw, import_mw, export_mw, curtailed_mw : array
        At the site [MW]
    charge_mw, discharge_mw : array
        What the battery takes and gives; never both in one hour [MW]
    state_mwh : array
        What it holds at the end of the hour [MWh]
    pump_heat_mw, pump_electric_mw : array
        What the heat pump gives and draws [MW]
    delivered_mw : array
        Heat that reaches the network from pump and store [MW]
    heat_state_mwh : array
        What the heat store holds at the end of the hour [MWh]
    spared_mw : array
        What the load is lower by, because cold is made of heat [MW]
    """  # noqa: D400

    load_mw: Hours
    clean_mw: Hours
    import_mw: Hours
    export_mw: Hours
    curtailed_mw: Hours
    charge_mw: Hours
    discharge_mw: Hours
    state_mwh: Hours
    pump_heat_mw: Hours
    pump_electric_mw: Hours
    delivered_mw: Hours
    heat_state_mwh: Hours
    spared_mw: Hours

    @property
    def used_mw(self) -> Hours:
        """What hall and heat pump draw [MW]."""
        return self.load_mw + self.pump_electric_mw - self.spared_mw

    @property
    def given_up_mw(self) -> Hours:
        """What of the supply is not made since the grid pays for what it gives instead [MW]."""
        wanted = self.used_mw + self.charge_mw - self.discharge_mw
        beyond = self.import_mw > np.maximum(wanted - self.clean_mw, 0.0)
        return np.where(beyond, np.maximum(self.clean_mw - np.maximum(wanted - self.import_mw, 0.0), 0.0), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Sizing:
    """The answer to a problem.

    Parameters
    ----------
    problem : SizingProblem
        What was asked.
    sizes : mapping
        By name: ``"solar_mw"``, ``"energy_mwh"``, ``"charge_mw"``, ``"discharge_mw"``, ``"pump_mw"``.
    flows : SizedFlows
        Of every hour.
    shadow_prices : mapping
        By limit: what the objective would fall by if it were eased by one unit; 0 where it does not bind. Empty for a
        quick answer.
    marginal_per_mwh : array or None
        What the objective would grow by for another MWh of load, by hour; None for a quick answer.
    promised : float or None
        What the steps of a quick answer promise of what is minimised, which it comes near; None for an optimum.
    """

    problem: SizingProblem
    sizes: Mapping[str, float]
    flows: SizedFlows
    shadow_prices: Mapping[str, float] = field(default_factory=dict[str, float])
    marginal_per_mwh: Hours | None = None
    promised: float | None = None

    def value(self, aim: Aim | None = None) -> float:
        """Cost, carbon [t] or water [m3]; of None, what was minimised."""
        return {"cost": self.cost, "carbon": self.carbon_t, "water": self.water_m3}[aim or self.problem.minimise]

    @property
    def is_optimal(self) -> bool:
        """Whether no sizes are better; else it is a quick answer."""
        return self.marginal_per_mwh is not None

    @property
    def above_promise_ratio(self) -> float:
        """By how much it is worse than its steps promise; 0 of an optimum, which promises nothing else [-]."""
        return self.value() / self.promised - 1.0 if self.promised else 0.0

    @property
    def cost(self) -> float:
        """Of a year: plant, imports with the price of their carbon, peaks, less what is earned [currency/year]."""
        problem, flows = self.problem, self.flows
        relief = problem.connection.relief(float(flows.import_mw.sum()))
        sold = float(flows.export_mw @ problem.export_price_per_mwh)
        heat = 0.0 if problem.heat is None else float(flows.delivered_mw.sum()) * problem.heat.price_per_mwh
        return self._burden("cost") + self._imported("cost") - relief - sold - heat

    @property
    def capex(self) -> float:
        """Once [currency]."""
        return self._burden("capex")

    @property
    def carbon_t(self) -> float:
        """Of what is imported and what is built, by year [t]."""
        return self._burden("carbon_t") + self._imported("carbon")

    @property
    def water_m3(self) -> float:
        """Consumed at the site, and of what is imported and what is built, by year [m3]."""
        return self._burden("water_m3") + self.problem.water_consumed_l / L_PER_M3 + self._imported("water")

    @property
    def cfe_contracted_ratio(self) -> float:
        """The part of the year's electricity that is not imported, or that contracts cover in its hour [-]."""
        uncovered_mwh = float(self.problem.connection.uncovered_mw(self.flows.import_mw).sum())
        return 1.0 - uncovered_mwh / self._used_mwh if self._used_mwh else 1.0

    @property
    def pue(self) -> float | None:
        """Of the year, the heat pump's electricity included; None where that of the hall is not known [-]."""
        hall, load_mwh = self.problem.pue, float(self.flows.load_mw.sum())
        return hall * self._used_mwh / load_mwh if hall is not None and load_mwh else hall

    @property
    def _used_mwh(self) -> float:
        """What hall and heat pump draw in the year [MWh]."""
        return float(self.flows.used_mw.sum())

    @property
    def measures(self) -> Mapping[str, float]:
        """What each limit is held against, by the limit's name, in its unit."""
        found = {
            "cfe_contracted_ratio_min": self.cfe_contracted_ratio,
            "cost_max": self.cost,
            "capex_max": self.capex,
            "carbon_t_max": self.carbon_t,
            "water_onsite_l_max": self.problem.water_onsite_l,
            "water_l_max": self.water_m3 * L_PER_M3,
            "import_mw_max": float(self.flows.import_mw.max()),
            "ramp_mw_per_h_max": self._steepest_mw_per_h,
        }
        return found if self.pue is None else {**found, "pue_max": self.pue}

    @property
    def _steepest_mw_per_h(self) -> float:
        """The greatest change of the import from hour to hour [MW/h]."""
        imported = self.flows.import_mw
        change = imported - np.roll(imported, 1)
        return float(np.abs(change if self.problem.is_cyclic else change[1:]).max(initial=0.0))

    @property
    def battery(self) -> Battery | None:
        """The battery of these sizes, as `dcfoot_scenarios.storage` runs it; None: none was to be sized."""
        return None if self.problem.battery is None else battery_of(self.problem.battery, self.sizes)

    def _imported(self, aim: Aim) -> float:
        """What all that is imported costs of one kind."""
        return float(self.flows.import_mw @ self.problem.imported(aim))

    def _burden(self, kind: str) -> float:
        """What all sizes and peaks cost of one kind."""
        problem, connection = self.problem, self.problem.connection
        peaks = np.zeros(len(self.flows.import_mw))
        np.maximum.at(peaks, connection.periods(len(peaks)), self.flows.import_mw)
        burdens = [(size.burden, self.sizes[name]) for name, size in problem.sizes.items()]
        burdens += [(problem.fixed, 1.0), (connection.peak, float(peaks.sum()))]
        return sum(float(getattr(burden, kind)) * count for burden, count in burdens)


_LEAST_RATIO = 1e-9
"""A planned import below this share of the highest load is rounding, for which no supply is given up (a choice) [-]"""


def battery_of(choice: BatteryChoice, sizes: Mapping[str, float]) -> Battery:
    """A battery of these sizes.

    Parameters
    ----------
    choice : BatteryChoice
        How it works.
    sizes : mapping
        ``"energy_mwh"``, ``"charge_mw"``, ``"discharge_mw"``.
    """
    powers = (sizes["energy_mwh"], sizes["charge_mw"], sizes["discharge_mw"])
    efficiencies = (choice.charge_efficiency_ratio, choice.discharge_efficiency_ratio)
    return Battery(*powers, *efficiencies, choice.loss_ratio_per_h, choice.reserve_ratio, choice.start_ratio)


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """How stores and heat pump are used; what else flows follows from it.

    Parameters
    ----------
    state_mwh : array
        What the battery holds at the end of each hour [MWh]
    pump_heat_mw : array
        What the heat pump gives [MW]
    heat_state_mwh : array
        What the heat store holds at the end of each hour [MWh]
    import_mw : array or None
        What is imported where own supply may be given up for it; None: where the grid pays for it all that is used, and
        else what is lacking [MW]
    """

    state_mwh: Hours
    pump_heat_mw: Hours
    heat_state_mwh: Hours
    import_mw: Hours | None = None


def clean_mw(problem: SizingProblem, sizes: Mapping[str, float]) -> Hours:
    """What all sources of these sizes supply, by hour [MW]."""
    supplied = (sizes[f"{name}_mw"] * source.per_unit_ratio for name, source in problem.sources.items())
    return sum(supplied, np.zeros_like(problem.load_mw))


def flows_of(problem: SizingProblem, sizes: Mapping[str, float], use: Use) -> SizedFlows:
    """What flows in each hour.

    No more is imported than is used, what is left is sold where that pays, the rest is curtailed; but where own supply
    may be given up, as much is imported as is planned, and then nothing is sold. A program may let a battery take and
    give in one hour where energy is left over anyway: here it only does what it does to its state.

    Parameters
    ----------
    problem : SizingProblem
        What was asked.
    sizes : mapping
        By name.
    use : Use
        Of stores and heat pump.
    """
    load, nothing = problem.load_mw, np.zeros_like(problem.load_mw)
    clean = clean_mw(problem, sizes)
    charge, discharge = (nothing, nothing) if problem.battery is None else _moved(problem.battery, sizes, use.state_mwh)
    electric, delivered, spared = nothing, nothing, nothing
    if problem.heat is not None:
        electric, spared = use.pump_heat_mw / problem.heat.cop, problem.heat.spared_mw(use.pump_heat_mw)
        kept = (1.0 - problem.heat.store_loss_ratio_per_h) * before(use.heat_state_mwh, None)
        delivered = np.maximum(use.pump_heat_mw + kept - use.heat_state_mwh, 0.0)
    used = load + electric + charge - spared
    lacking = np.maximum(used - clean - discharge, 0.0)
    imported = np.where(problem.is_paid, used, lacking) if use.import_mw is None else use.import_mw
    imported = np.clip(imported, lacking, np.maximum(used - discharge, 0.0))
    imported = np.where(problem.is_yielding & (imported > _LEAST_RATIO * load.max()), imported, lacking)
    surplus = np.maximum(clean + discharge + imported - used, 0.0)
    sells = (problem.export_price_per_mwh > 0.0) & (imported <= lacking)
    exported = np.where(sells, np.minimum(surplus, problem.connection.export_mw_max), 0.0)
    at_site = (load, clean, imported, exported, surplus - exported)
    heat = (use.pump_heat_mw, electric, delivered, use.heat_state_mwh, spared)
    return SizedFlows(*at_site, charge, discharge, use.state_mwh, *heat)


def _moved(choice: BatteryChoice, sizes: Mapping[str, float], state_mwh: Hours) -> tuple[Hours, Hours]:
    """What a battery takes and gives for its state to go so [MW]."""
    start = None if choice.start_ratio is None else np.array(choice.start_ratio * sizes["energy_mwh"])
    change = state_mwh - (1.0 - choice.loss_ratio_per_h) * before(state_mwh, start)
    taken: Hours = np.maximum(change, 0.0) / choice.charge_efficiency_ratio
    given: Hours = np.maximum(-change, 0.0) * choice.discharge_efficiency_ratio
    return taken, given


def sizing_of(problem: SizingProblem, sizes: Mapping[str, float], use: Use) -> Sizing:
    """The answer of these sizes; a size that limits nothing becomes the most that is used of it.

    Parameters
    ----------
    problem : SizingProblem
        What was asked.
    sizes : mapping
        By name.
    use : Use
        Of stores and heat pump.
    """
    flows = flows_of(problem, sizes, use)
    highest = {"charge_mw": flows.charge_mw, "discharge_mw": flows.discharge_mw, "pump_mw": flows.pump_heat_mw}
    free = {name: float(highest[name].max(initial=0.0)) for name in problem.sizes if name not in sizes}
    return Sizing(problem, {**sizes, **free}, flows)
