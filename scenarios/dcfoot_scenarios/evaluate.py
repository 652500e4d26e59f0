"""A scenario evaluated over every hour of its year, with the receipt's own functions.

In comes a frozen `Scenario`, out goes a frozen `Outcome`: figures by name, the hours, what stands behind them, and with
draws an interval for each figure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from dcfoot.draws import Draws
from dcfoot.elementwise import Numbers
from dcfoot.evidence import Evidence
from dcfoot.facility_draws import Column, drawn_hours, drawn_inputs
from dcfoot.facility_model import FacilityState
from dcfoot_scenarios.ageing import chemistry, wear
from dcfoot_scenarios.backing import backing_of
from dcfoot_scenarios.case import Case, Schedule, case_of
from dcfoot_scenarios.chance import At, Drawn
from dcfoot_scenarios.cost import Account
from dcfoot_scenarios.doubts import doubts_of
from dcfoot_scenarios.figures import figures, peak_without_store_mw
from dcfoot_scenarios.figures_beside import account_of
from dcfoot_scenarios.remarks import remarks_of, undrawn
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.study import Uncertainty
from dcfoot_scenarios.year import Year, asked_it_mw, battery_of, is_moved, shifted_it_mw, year_of

NO_DRAWS = Uncertainty(draws=0)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What becomes of a scenario in a year.

    Parameters
    ----------
    scenario : Scenario
        What was asked.
    case : Case
        The same made ready.
    year : Year
        Its hours, at the central value of everything.
    figures : mapping of str to float
        By name, with its unit (``data/figures.csv``); what is not known is absent.
    money : Money or None
        The prices that were used.
    drawn : mapping of str to array
        The same under draws, one value a draw; empty without draws.
    inputs : mapping of str to array
        What was drawn, in standard deviations from its median, by name.
    accounts : tuple of Account
        What it costs in each draw; empty without draws or money.
    """

    scenario: Scenario
    case: Case
    year: Year
    figures: Mapping[str, float]
    money: Money | None = None
    drawn: Mapping[str, Column] = field(default_factory=dict[str, Column])
    inputs: Mapping[str, Column] = field(default_factory=dict[str, Column])
    accounts: tuple[Account, ...] = ()

    def interval(self, name: str) -> tuple[float, float] | None:
        """5th and 95th percentile of a figure, in its unit; None without draws."""
        if name not in self.drawn:
            return None
        low, high = np.quantile(self.drawn[name], (0.05, 0.95))
        return float(low), float(high)

    @cached_property
    def hours(self) -> pd.DataFrame:
        """The year hour by hour, labelled by the start of each hour in UTC."""
        flows, weather = self.year.flows, self.case.place.weather
        start = pd.Timestamp(weather.start)
        columns = {
            "dry_bulb_c": weather.dry_bulb_c,
            "wet_bulb_c": weather.wet_bulb_c,
            "it_mw": self.year.it_mw,
            "pue": self.year.pue,
            "wue_l_per_kwh": self.year.wue_l_per_kwh,
            "load_mw": flows.load_mw,
            "clean_mw": flows.clean_mw,
            "charge_mw": flows.charge_mw,
            "discharge_mw": flows.discharge_mw,
            "state_mwh": flows.state_mwh,
            "import_mw": flows.import_mw,
            "export_mw": self.year.export_mw,
            "curtailed_mw": self.year.curtailed_mw,
            "grid_g_per_kwh": self.case.grid[1],
            **self._heat_and_cold(),
        }
        return pd.DataFrame(columns, index=pd.date_range(start, periods=len(weather), freq="h", name="time"))

    def _heat_and_cold(self) -> dict[str, Numbers]:
        """The hours of waste heat and of the tank of chilled water, where there are such."""
        heat, stored = self.year.heat, self.year.cold_stored
        columns: dict[str, Numbers] = {}
        if heat is not None:
            columns |= {
                "heat_captured_mw": heat.captured_mw,
                "heat_demand_mw": heat.demand_mw,
                "heat_delivered_mw": heat.delivered_mw,
                "heat_pump_electric_mw": heat.pump_electric_mw,
                "heat_store_charge_mw": heat.store_charge_mw,
                "heat_store_discharge_mw": heat.store_discharge_mw,
            }
        if stored is not None:
            columns |= {
                "cold_store_charge_mw": stored.charge_mw,
                "cold_store_discharge_mw": stored.discharge_mw,
                "cold_store_state_mwh": stored.state_mwh,
            }
        return columns

    @cached_property
    def account(self) -> Account | None:
        """All that it costs, at the central value of everything; None where the study counts no money."""
        return None if self.money is None else account_of(self.case, self.year, At(), self.money, self.figures)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind the figures."""
        hourly, _ = self.case.grid
        backing = backing_of(self.case, self.money)
        return tuple(dict.fromkeys((*self.case.evidence, hourly.evidence(), *backing)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader must know."""
        hourly, _ = self.case.grid
        left_out = undrawn(self.case, self.figures) if self.drawn else ()
        return (
            *self.case.place.weather.notes,
            *hourly.warnings,
            *remarks_of(self.case, self.figures),
            *doubts_of(self.case, self.figures),
            *left_out,
        )


class Halls:
    """Halls hour by hour, each computed once: scenarios that differ in supply, storage or prices share theirs."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, bytes], FacilityState] = {}

    def state(self, case: Case, it_mw: Column) -> FacilityState:
        """The hall of a case at its load, everything at its central value."""
        key = (case.scenario.model_dump_json(exclude=_NOT_OF_THE_HALL), it_mw.tobytes())
        if key not in self._states:
            self._states[key] = case.facility(case.hall(it_mw))
        return self._states[key]


_NOT_OF_THE_HALL = {"supply", "storage", "grid", "heat_reuse", "servers", "cold_store"}


def evaluate(
    scenario: Scenario,
    uncertainty: Uncertainty = NO_DRAWS,
    money: Money | None = None,
    halls: Halls | None = None,
    schedule: Schedule | None = None,
) -> Outcome:
    """Evaluates a scenario.

    Parameters
    ----------
    scenario : Scenario
        What is built where, what feeds it, how it is run.
    uncertainty : Uncertainty
        How often what is not known is drawn. Scenarios with the same draws and seed share what they have in common.
    money : Money or None
        Prices; None: no cost is computed.
    halls : Halls or None
        Of scenarios that were evaluated before; None: there were none.
    schedule : Schedule or None
        What was planned for its store and its heat pump, as `Optimised` has it; None: what its policies say.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        Something that it names is not known or cannot be read.
    """
    case = case_of(scenario, schedule)
    it_mw = shifted_it_mw(case)
    state = case.facility(case.hall(it_mw)) if halls is None else halls.state(case, it_mw)
    if scenario.storage.age_years and scenario.storage.battery_mwh:
        case = _aged(case, it_mw, state)
    year = year_of(case, it_mw, state)
    central = _floats(figures(case, year, At(), money))
    if is_moved(case):
        central["peak_spared_mw"] = _unmoved_peak_mw(case) - central["peak_import_mw"]
    if not uncertainty.draws:
        return Outcome(scenario, case, year, central, money)
    draws = Draws(str(uncertainty.seed), uncertainty.draws)
    return Outcome(scenario, case, year, central, money, *_drawn(case, it_mw, draws, money))


def _aged(case: Case, it_mw: Column, state: FacilityState) -> Case:
    """The case with what is left of its battery: the year as if it were new says what every year takes of it."""
    flows = year_of(case, it_mw, state).flows
    worn = wear(battery_of(case), flows.state_mwh, flows.discharge_mw, chemistry())
    left_ratio = worn.left_ratio(case.scenario.storage.age_years)
    return replace(case, battery_left_ratio=left_ratio, battery_life_years=worn.life_years())


def _unmoved_peak_mw(case: Case) -> float:
    """The highest draw of a year in which no load is moved or given up, and no battery helps [MW]."""
    nothing = {"battery_mwh": 0, "battery_mw": 0, "c_rate_per_h": None, "charge_mw": None, "policy": "greedy"}
    bare, it_mw = replace(case, scenario=case.scenario.with_(storage=nothing)), asked_it_mw(case)
    return float(peak_without_store_mw(year_of(bare, it_mw, case.facility(case.hall(it_mw)))))


def figures_at(outcome: Outcome, moved: Mapping[str, float]) -> Mapping[str, float]:
    """The figures of an outcome where some inputs are not at their central value.

    Parameters
    ----------
    outcome : Outcome
        Of the scenario.
    moved : mapping of str to float
        By input (a key of `Outcome.inputs`): how many standard deviations from its median; others are passed over.
    """
    return figures_by(outcome, At(moved))


def figures_by(outcome: Outcome, chance: At) -> Mapping[str, float]:
    """The same with what gives the inputs.

    Parameters
    ----------
    outcome : Outcome
        Of the scenario.
    chance : At
        Which are not at their central value.
    """
    case, it_mw = outcome.case, outcome.year.it_mw
    year = year_of(case, it_mw, case.facility(case.hall(it_mw), chance.moved), chance)
    return _floats(figures(case, year, chance, outcome.money))


def _floats(found: Mapping[str, Numbers]) -> dict[str, float]:
    return {name: float(value) for name, value in found.items()}


def _drawn(
    case: Case, it_mw: Column, draws: Draws, money: Money | None
) -> tuple[dict[str, Column], dict[str, Column], tuple[Account, ...]]:
    """The figures under draws, a few at a time, what was drawn, and what each costs."""
    hall, air = case.hall(it_mw), case.place.air
    blocks: list[dict[str, Column]] = []
    asked: list[Mapping[str, Column]] = []
    accounts: list[Account] = []
    for block, state, _ in drawn_hours(draws, hall, air, case.scenario.facility):
        count = block.stop - block.start
        chance = Drawn(draws, block)
        year = year_of(case, it_mw, state, chance)
        found = figures(case, year, chance, money)
        if money is not None:
            accounts.extend(account_of(case, year, chance, money, found).each(count))
        blocks.append({name: np.broadcast_to(value, count) for name, value in found.items()})
        asked.append(chance.asked)
    inputs = drawn_inputs(draws, hall, air, case.scenario.facility)
    return _joined(blocks), dict(inputs) | _joined(asked), tuple(accounts)


def _joined(blocks: Iterable[Mapping[str, Numbers]]) -> dict[str, Column]:
    parts = list(blocks)
    return {name: np.concatenate([np.atleast_1d(part[name]) for part in parts]) for name in parts[0]}
