"""A site in a linear program: what may be built there, and how energy moves in each hour.

A column says whether the site is chosen; for a problem that stands alone it is 1. What a battery gives has no column:
it follows from what it takes and holds, which saves a third of the time (benchmarks/sizing.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from dcfoot.units import L_PER_M3
from dcfoot_scenarios.sizing.limits import Limit, Sums, size_most
from dcfoot_scenarios.sizing.problem import BatteryChoice, Burden, HeatChoice, Size, SizingProblem
from dcfoot_scenarios.sizing.program import Form, Indices, Program, Term, times


def _none() -> Indices:
    """No columns."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A battery in the program.

    Parameters
    ----------
    charge, state : array of int
        Hourly columns: what it takes; what it holds above its floor at the end of the hour [-]
    discharge : Form
        What it gives [MW]
    """

    charge: Indices = field(default_factory=_none)
    state: Indices = field(default_factory=_none)
    discharge: Form = ()


@dataclass(frozen=True, slots=True, eq=False)
class Heated:
    """A heat pump and its store in the program.

    Parameters
    ----------
    pump_heat, state : array of int
        Hourly columns: what the pump gives; what the store holds at the end of the hour [-]
    electric, delivered, spared : Form
        What the pump draws; what reaches the network; what cold of the heat that is left spares the hall [MW]
    """

    pump_heat: Indices = field(default_factory=_none)
    state: Indices = field(default_factory=_none)
    electric: Form = ()
    delivered: Form = ()
    spared: Form = ()


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where a problem stands in the program.

    Parameters
    ----------
    problem : SizingProblem
        Its hours are those of the program.
    chosen : array of int
        The column that is 1 where it is built [-]
    sizes : mapping
        The column of each size: ``"solar_mw"``, ``"energy_mwh"``, ``"charge_mw"``.
    imported, exported : array of int
        Hourly columns [-]
    battery, heat : Stored, Heated
        Without columns where the problem has none.
    balance : array of int
        The rows of the balance [-]
    sums : Sums
        Of its year.
    limits : tuple of Limit
        Of its sizes.
    """

    problem: SizingProblem
    chosen: Indices
    sizes: Mapping[str, Indices]
    imported: Indices
    exported: Indices
    battery: Stored
    heat: Heated
    balance: Indices
    sums: Sums
    limits: tuple[Limit, ...]


class SiteBuilder:
    """Adds one site to a program.

    Parameters
    ----------
    program : Program
        Where its columns and rows are added.
    problem : SizingProblem
        With one value an hour, or a coarser step, of the program.
    step_h : float
        How long that is [h]
    chosen : array of int
        The column that says whether the site is chosen [-]
    """

    def __init__(self, program: Program, problem: SizingProblem, step_h: float, chosen: Indices) -> None:
        self._program, self._problem, self._step_h, self._chosen = program, problem, step_h, chosen
        self._sizes: dict[str, Indices] = {}
        self._burdens: list[tuple[Burden, Indices]] = [(problem.fixed, chosen)]
        self._limits: list[Limit] = []
        self._dear: list[Term] = []  # what lies beyond a limit that is only dear, and what it counts for

    def build(self, limited: Collection[str]) -> Site:
        """All of it.

        Parameters
        ----------
        limited : collection of str
            The limits that there are or will be: of the import's highest hour and greatest change only where asked for.
        """
        problem, program = self._problem, self._program
        clean = [
            (self._size(f"{name}_mw", source.nameplate), source.per_unit_ratio)
            for name, source in problem.sources.items()
        ]
        imported = program.hourly_columns()
        exports = problem.connection.export_price_per_mwh is not None
        exported = program.hourly_columns(problem.connection.export_mw_max) if exports else _none()
        battery = Stored() if problem.battery is None else self._battery(problem.battery)
        heat = Heated() if problem.heat is None else self._heat(problem.heat)
        hall: Form = ((self._chosen, problem.load_mw), *times(-1.0, heat.spared))
        drawn: Form = (*hall, *heat.electric, *_hourly(battery.charge))
        used = (*times(-1.0, drawn), (imported, 1.0))
        balance = program.hourly_rows((*clean, *used, *battery.discharge, *times(-1.0, _hourly(exported))), 0.0, np.inf)
        if np.any(problem.is_paid):  # then no more is taken than is used
            program.hourly_rows(used, -np.inf, np.where(problem.is_paid, 0.0, np.inf))
        if "ramp_mw_per_h_max" in limited:  # own supply may be given up for the grid's, and nothing else
            program.hourly_rows(used, -np.inf, 0.0)
            program.hourly_rows((*used, *battery.discharge, *times(-1.0, _hourly(exported))), -np.inf, 0.0)
        self._peaks(imported)
        highest = self._highest(imported) if "import_mw_max" in limited else ()
        steepest = self._steepest(imported) if "ramp_mw_per_h_max" in limited else ()
        sums = self._sums(imported, exported, heat, (highest, steepest))
        parts = (self._sizes, imported, exported, battery, heat, balance, sums, tuple(self._limits))
        return Site(problem, self._chosen, *parts)

    def _size(self, name: str, size: Size) -> Indices:
        """A column between the least and the most, both 0 where the site is not chosen."""
        column = self._program.column()
        if size.least > 0.0:
            self._program.row(((column, 1.0), (self._chosen, -size.least)), low=0.0)
        if size.most < np.inf:
            self._limits.append(size_most(self._program, f"{name}_max", size.most, column, self._chosen))
        self._sizes[name] = column
        self._burdens.append((size.burden, column))
        return column

    def _battery(self, choice: BatteryChoice) -> Stored:
        """``state = keep x before + step (charge x efficiency - discharge / efficiency)``, solved for the discharge."""
        program, step_h = self._program, self._step_h
        energy = self._size("energy_mwh", choice.energy)
        charge, state = program.hourly_columns(), program.hourly_columns()
        keep, floor = (1.0 - choice.loss_ratio_per_h) ** step_h, choice.floor_ratio
        before, first = np.full(len(state), keep), np.zeros(len(state))
        if choice.start_ratio is not None:
            before[0], first[0] = 0.0, keep * (choice.start_ratio - floor)
            program.row(((state[-1:], 1.0), (energy, floor - choice.start_ratio)), low=0.0)
        drawn: Form = ((state, -1.0), (np.roll(state, 1), before), (energy, first))
        into = choice.charge_efficiency_ratio
        discharge = times(choice.discharge_efficiency_ratio, ((charge, into), *times(1.0 / step_h, drawn)))
        program.hourly_rows(((state, 1.0), (energy, floor - 1.0)), -np.inf, 0.0)
        if choice.reserve_ratio > floor:
            program.hourly_rows(((state, 1.0), (energy, floor - choice.reserve_ratio)), 0.0, np.inf)
        program.hourly_rows(discharge, 0.0, np.where(self._problem.is_paid, 0.0, np.inf))
        self._limited("charge_mw", choice.charge, _hourly(charge))
        self._limited("discharge_mw", choice.discharge, discharge)
        if choice.inverter is not None:  # never both at once: so they share its power
            inverter = self._size("inverter_mw", choice.inverter)
            program.hourly_rows(((charge, 1.0), *discharge, (inverter, -1.0)), -np.inf, 0.0)
            for name in ("charge_mw", "discharge_mw"):
                if name in self._sizes:
                    program.row(((self._sizes[name], 1.0), (inverter, -1.0)), high=0.0)
        return Stored(charge, state, discharge)

    def _limited(self, name: str, size: Size, form: Form) -> None:
        """A power within its size, unless that is free."""
        if not size.is_free:
            self._program.hourly_rows((*form, (self._size(name, size), -1.0)), -np.inf, 0.0)

    def _heat(self, choice: HeatChoice) -> Heated:
        """``state = keep x before + step x (pump heat - delivered)``, solved for what is delivered."""
        program, step_h = self._program, self._step_h
        pump_heat, state = program.hourly_columns(choice.most_mw), _none()
        self._limited("pump_mw", choice.pump, _hourly(pump_heat))
        delivered = _hourly(pump_heat)
        if choice.store is not None:
            state, store = program.hourly_columns(), self._size("store_mwh", choice.store)
            keep = (1.0 - choice.store_loss_ratio_per_h) ** step_h
            given = times(1.0 / step_h, ((state, -1.0), (np.roll(state, 1), keep)))
            delivered += given
            program.hourly_rows(delivered, 0.0, np.inf)
            program.hourly_rows(((state, 1.0), (store, -1.0)), -np.inf, 0.0)
            for flow in (given, times(-1.0, given)):
                program.hourly_rows((*flow, (store, -choice.store_power_ratio_per_h)), -np.inf, 0.0)
        program.hourly_rows((*delivered, (self._chosen, -choice.demand_mw)), -np.inf, 0.0)
        return Heated(pump_heat, state, ((pump_heat, 1.0 / choice.cop),), delivered, self._spared(choice, pump_heat))

    def _spared(self, choice: HeatChoice, pump_heat: Indices) -> Form:
        """What compressors do not draw: cold of the heat that the pump leaves."""
        if choice.cold is None:
            return ()
        cold = self._program.hourly_columns(choice.cold.most_mw)
        driven = ((cold, 1.0 / choice.cold.cop), (pump_heat, 1.0 - 1.0 / choice.cop))
        self._program.hourly_rows((*driven, (self._chosen, -choice.captured_mw)), -np.inf, 0.0)
        return ((cold, choice.cold.spared_ratio),)

    def _highest(self, imported: Indices) -> Form:
        """The highest import of the year."""
        highest = self._program.column()
        self._program.hourly_rows(((imported, 1.0), (highest, -1.0), *self._beyond()), -np.inf, 0.0)
        return _hourly(highest)

    def _steepest(self, imported: Indices) -> Form:
        """The greatest change of the import in an hour; of a year that is not cyclic, from its second hour on."""
        steepest, beyond = self._program.column(), self._beyond()
        change = times(1.0 / self._step_h, ((imported, 1.0), (np.roll(imported, 1), -1.0)))
        most = np.zeros(len(imported))
        most[0] = 0.0 if self._problem.is_cyclic else np.inf
        for way in (change, times(-1.0, change)):
            self._program.hourly_rows((*way, (steepest, -1.0), *beyond), -np.inf, most)
        return _hourly(steepest)

    def _beyond(self) -> Form:
        """What of an hour lies beyond a limit, where that is only dear."""
        per_mwh = self._problem.connection.beyond_per_mwh
        if per_mwh is None:
            return ()
        beyond = self._program.hourly_columns()
        self._dear.append((beyond, per_mwh * self._step_h))
        return ((beyond, -1.0),)

    def _peaks(self, imported: Indices) -> None:
        """The highest import of each billing period, where it costs something."""
        connection = self._problem.connection
        if not connection.peak.is_nothing:
            periods = connection.periods(len(imported))
            peaks = np.concatenate([self._program.column() for _ in range(int(periods.max()) + 1)])
            self._program.hourly_rows(((imported, 1.0), (peaks[periods], -1.0)), -np.inf, 0.0)
            self._burdens += [(connection.peak, peaks[one : one + 1]) for one in range(len(peaks))]

    def _sums(self, imported: Indices, exported: Indices, heat: Heated, extremes: tuple[Form, Form]) -> Sums:
        problem, chosen = self._problem, self._chosen
        bought = (imported, self._step_h)
        load_mwh = float(problem.load_mw.sum()) * self._step_h
        used: Form = ((chosen, load_mwh), *times(self._step_h, (*heat.electric, *times(-1.0, heat.spared))))
        sold = times(-self._step_h * problem.export_price_per_mwh, _hourly(exported))
        heat_price = 0.0 if problem.heat is None else problem.heat.price_per_mwh
        consumed: Form = ((chosen, problem.water_consumed_l / L_PER_M3),)
        return Sums(
            cost=(
                *self._burden("cost"),
                *times(problem.imported("cost"), (bought,)),
                *sold,
                *self._reliefs(bought),
                *times(-heat_price * self._step_h, heat.delivered),
                *self._dear,
            ),
            capex=self._burden("capex"),
            carbon_t=(*self._burden("carbon_t"), *times(problem.imported("carbon"), (bought,))),
            water_m3=(*self._burden("water_m3"), *consumed, *times(problem.imported("water"), (bought,))),
            water_onsite_m3=((chosen, problem.water_onsite_l / L_PER_M3),),
            uncovered_mwh=((self._uncovered(imported), self._step_h),),
            used_mwh=used,
            it_mwh=() if problem.pue is None else ((chosen, load_mwh / problem.pue),),
            highest_mw=extremes[0],
            steepest_mw_per_h=extremes[1],
        )

    def _uncovered(self, imported: Indices) -> Indices:
        """What of an import no contract covers in its hour: at least what is beyond it, and no less than nothing."""
        contracted_mw = self._problem.connection.contracted_mw
        if contracted_mw is None:
            return imported
        uncovered = self._program.hourly_columns()
        self._program.hourly_rows(((uncovered, 1.0), (imported, -1.0), (self._chosen, contracted_mw)), 0.0, np.inf)
        return uncovered

    def _reliefs(self, bought: Term) -> Form:
        """What comes off the price of a year's first imports, below 0."""
        reliefs = [one for one in self._problem.connection.reliefs if one.saves_per_mwh > 0.0]
        taken = [self._program.column(high=one.energy_mwh) for one in reliefs]
        if taken:
            self._program.row((*((column, 1.0) for column in taken), *times(-1.0, (bought,))), high=0.0)
        return tuple((column, -one.saves_per_mwh) for column, one in zip(taken, reliefs, strict=True))

    def _burden(self, kind: str) -> Form:
        """What all sizes cost of one kind."""
        return tuple((column, float(getattr(burden, kind))) for burden, column in self._burdens)


def _hourly(columns: Indices) -> Form:
    """A form of one column an hour; of none, where there are none."""
    return ((columns, 1.0),) if len(columns) else ()
