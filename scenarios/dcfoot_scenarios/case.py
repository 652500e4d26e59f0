"""A scenario made ready to be computed: its place, its load by hour, its hall, and what its plants give.

In comes a `Scenario`, out goes a frozen `Case`: everything that the draws and the designs of one scenario share.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import inf
from pathlib import Path
from types import MappingProxyType
from typing import Literal, cast

import numpy as np

from dcfoot.calibration import load_calibration
from dcfoot.config import load
from dcfoot.cooling.catalogue import Values
from dcfoot.cooling.parameters import Size
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError, StudyError
from dcfoot.evidence import Evidence
from dcfoot.facility_draws import Hall
from dcfoot.facility_library import build_facility, facility_evidence, used_parameters
from dcfoot.facility_model import Facility, FacilityState, facility_state, facility_state_in
from dcfoot.factors.hourly import HourlyFactors
from dcfoot.grid import WORLD, Boundary, Method
from dcfoot.measurement import Measurement
from dcfoot.site_hours import cooling_parts
from dcfoot.site_year import hours_of
from dcfoot.sources.hourly_csv import read_hourly_csv
from dcfoot.store import RunStore
from dcfoot.units import KWH_PER_MWH
from dcfoot.weather.year import Hours
from dcfoot_scenarios.chance import CENTRAL, Chance, by_hour
from dcfoot_scenarios.load import at_mean, course_of, grown_mw, load_evidence, load_of_file, load_ratio, recorded_ratio
from dcfoot_scenarios.money import Currency, Price, price
from dcfoot_scenarios.named import RUN
from dcfoot_scenarios.operation import Change, OperatingPoint, at_setting, change, published, recorded
from dcfoot_scenarios.place import Place, place_of
from dcfoot_scenarios.profiles import Wanted, read_profile
from dcfoot_scenarios.scenario import Contract, Money, RecordedRun, Scenario, is_file
from dcfoot_scenarios.solar import SolarSystem, solar_per_unit
from dcfoot_scenarios.tariff import Period, Tariff, find_tariff, import_per_mwh
from dcfoot_scenarios.wind import WindFarm, wind_per_unit

LEAST_LOAD_RATIO = 0.01
"""The least IT load over capacity that the facility's model is asked for: below it, overhead stays (a choice) [-]"""

SUN_YIELD = Spread(1.0, 0.9, 1.1)
"""A year of sun over that of the model: how years differ and how the model errs. A choice: a Gaussian of some 6 %, of
irradiation (a year's mean differs by 4 to 6 %) and of the chain behind it (docs/planner.md, Supply) [-]"""

WIND_YIELD = Spread(1.0, 0.75, 1.2)
"""The same of wind. A choice: wind of airports at 10 m is taken up to a hub; farms stand where it blows, and wakes and
downtime differ [-]"""


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What was planned for every hour, in the place of what the policies of a scenario would do.

    Parameters
    ----------
    battery_mw : array
        What is wanted of the battery: above 0 to charge, below 0 to discharge [MW]
    pump_heat_mw : array or None
        The most heat that the heat pump gives; None: as much as it can [MW]
    given_up_mw : array or None
        What of its own supply is given up for power that the grid pays for, or so that the draw changes no faster than
        it may; None: as without a plan [MW]
    it_mw : array or None
        IT power by hour, after all that shifts it; None: as without a plan [MW]
    """

    battery_mw: Hours
    pump_heat_mw: Hours | None = None
    given_up_mw: Hours | None = None
    it_mw: Hours | None = None


@dataclass(frozen=True, eq=False)
class Case:
    """A scenario made ready.

    Parameters
    ----------
    scenario : Scenario
        What is wanted.
    place : Place
        Where it stands.
    it_mw : array
        IT power by hour, before anything is shifted [MW]
    schedule : Schedule or None
        What was planned for its store and its heat pump; None: nothing was.
    battery_left_ratio : float
        What its battery holds at its age, over what it held when new [-]
    battery_life_years : float or None
        How long it lasts from new, where it is not new in this year; None: as this year says [years]
    """

    scenario: Scenario
    place: Place
    it_mw: Hours
    schedule: Schedule | None = None
    battery_left_ratio: float = 1.0
    battery_life_years: float | None = None

    @cached_property
    def boundary(self) -> Boundary:
        """The family of grid factors that is counted in."""
        return self.place.boundary(self.scenario.boundary)

    def hall(self, it_mw: Hours) -> Hall:
        """The hall with this load by hour."""
        scenario = self.scenario
        ratio = np.maximum(it_mw / scenario.load.it_capacity_mw, LEAST_LOAD_RATIO)
        return Hall(self.cooling, self.size, scenario.rejection, ratio)

    @property
    def size(self) -> Size:
        """The hall's: the scenario's, else that of the site."""
        return self.scenario.size or cast("Size", self.place.site.size)

    @cached_property
    def cooling(self) -> str:
        """The cooling system: the scenario's, else the site's own.

        Raises
        ------
        StudyError
            Neither says it.
        """
        named = self.scenario.cooling or self.place.site.cooling
        if named is None:
            likely = ", ".join(cooling_parts(self.place.site))
            raise StudyError(f"{self.scenario.site}: its cooling is not known. Add `cooling: NAME`, such as {likely}.")
        return named

    def facility(self, hall: Hall, moved: Mapping[str, float] = MappingProxyType({})) -> FacilityState:
        """The hall hour by hour, at the central value of everything but for some inputs.

        Parameters
        ----------
        hall : Hall
            With its load.
        moved : mapping of str to float
            By input: how many standard deviations from its median.
        """
        if not moved:
            return facility_state_in(self.usual_facility, hall.central_load_ratio, self.place.outside)
        air = self.place.air
        used = used_parameters(hall.cooling, hall.size, hall.rejection)
        numbers = {name: one.at(moved[name]) for name, one in used.items() if name in moved}
        amounts = {
            name: one.at(moved[f"weather/{name}"]) for name, one in air.doubts.items() if f"weather/{name}" in moved
        }
        return facility_state(self.build(numbers), hall.central_load_ratio, *air.moved(amounts))

    @cached_property
    def usual_facility(self) -> Facility:
        """The facility, everything that the scenario does not know better at its central value."""
        return self.build({})

    def build(self, numbers: Values) -> Facility:
        """The facility with these numbers and those that the scenario knows better."""
        scenario = self.scenario
        return build_facility(self.cooling, self.size, scenario.rejection, {**numbers, **scenario.facility})

    @cached_property
    def solar_per_unit(self) -> Hours:
        """What its own solar plant gives for each MW of nameplate, by hour [-]."""
        supply = self.scenario.supply
        if supply.solar_file is not None:
            return self.profile(supply.solar_file, "solar_per_unit", 1.0)
        return solar_per_unit(self.place.weather, SolarSystem(tracking=supply.solar_tracking))

    @cached_property
    def wind_per_unit(self) -> Hours:
        """The same of its own wind farm [-]."""
        supply = self.scenario.supply
        if supply.wind_file is not None:
            return self.profile(supply.wind_file, "wind_per_unit", 1.0)
        return wind_per_unit(self.place.weather, WindFarm(turbine=supply.turbine) if supply.turbine else WindFarm())

    @cached_property
    def clean_mw(self) -> Hours:
        """What its own plants give by hour [MW]."""
        return self.own_mw(CENTRAL)

    def own_mw(self, chance: Chance) -> Hours:
        """The same in a year that is more or less sunny and windy than the model says [MW]."""
        supply = self.scenario.supply
        return self._generation_mw(supply.solar_mw, supply.wind_mw, chance)

    def contract_mw(self, contract: Contract, chance: Chance) -> Hours:
        """What a contract brings by hour [MW]."""
        if contract.file is not None:
            return self.profile(contract.file, "generation_mw")
        return self._generation_mw(contract.solar_mw, contract.wind_mw, chance)

    def _generation_mw(self, solar_mw: float, wind_mw: float, chance: Chance) -> Hours:
        generation = np.zeros(len(self.it_mw))
        if solar_mw:
            generation = generation + solar_mw * self._drawn_per_unit("solar", chance)
        return generation + wind_mw * self._drawn_per_unit("wind", chance) if wind_mw else generation

    def _drawn_per_unit(self, plant: Literal["solar", "wind"], chance: Chance) -> Hours:
        """What a MW of nameplate gives, never above it; a profile of the user's own is as it is [-]."""
        supply, is_sun = self.scenario.supply, plant == "solar"
        hours = self.solar_per_unit if is_sun else self.wind_per_unit
        if (supply.solar_file if is_sun else supply.wind_file) is not None:
            return hours
        ratio = chance.of(f"yield.{plant}, {self.place.site.id}", SUN_YIELD if is_sun else WIND_YIELD)
        drawn: Hours = hours if np.all(ratio == 1.0) else np.minimum(by_hour(ratio) * hours, 1.0)
        return drawn

    @cached_property
    def grid(self) -> tuple[HourlyFactors, Hours]:
        """The location's average factor by hour, in the family that is counted in [g/kWh]."""
        factor = self.place.factor(self.boundary, Method.AVERAGE)
        assert factor is not None  # noqa: S101 - `boundary` is of a factor that is known
        usual = self.place.grid_hours(factor)
        path = self.scenario.grid.hourly_file
        if path is None:
            return usual
        own = read_hourly_csv(path, factor.zone, self.boundary, gas=factor.gas)
        first, begins = own.start, usual[0].start
        if len(own.g_per_kwh) != len(usual[1]) or _in_year(first) != _in_year(begins):
            raise ConfigError(
                f"{path}: it has {len(own.g_per_kwh)} hours from {first:%m-%d %H:%M} UTC; the study's year has "
                f"{len(usual[1])} from {begins:%m-%d %H:%M} UTC, which is the start of the year at the place."
            )
        whole = replace(own, start=begins).filled_by(usual[0])
        return whole, hours_of(whole)

    @cached_property
    def tariff(self) -> Tariff | None:
        """What power costs; None: the study does not say it."""
        grid = self.scenario.grid
        if grid.tariff is not None:
            return find_tariff(grid.tariff)
        if grid.price_per_mwh is None and grid.price_file is None:
            return None
        flat = grid.price_per_mwh or 0.0
        energy = flat if grid.price_file is None else self.profile(grid.price_file, "price_per_mwh", least=-inf)
        return Tariff(
            "stated in the study",
            "",
            energy,
            tuple(
                Period(one.name, one.price_per_mwh, frozenset(one.hours), frozenset(one.months), one.days)
                for one in grid.periods
            ),
            demand_per_mw_month=grid.demand_per_mw_month,
            export_per_mwh=grid.export_price_per_mwh,
        )

    def paid_tariff(self, money: Money) -> Tariff:
        """What power costs in the study's currency: its own tariff, else the usual price with its charges.

        Raises
        ------
        StudyError, DataMissing
            The tariff is in another currency of which no rate is stated; or no price is known.
        """
        currency = Currency(money.currency, money.rates)
        if self.tariff is None:
            usual = currency.of(self.usual_price).central
            return Tariff(
                "usual price of the country",
                money.currency,
                usual * KWH_PER_MWH,
                demand_per_mw_month=self.scenario.grid.demand_per_mw_month,
                export_per_mwh=self.scenario.grid.export_price_per_mwh,
            )
        if not self.tariff.currency:
            return self.tariff
        return self.tariff.times(currency.rate(self.tariff.currency, f"the tariff {self.tariff.name}"), money.currency)

    @property
    def usual_price(self) -> Price:
        """The shipped price of power in the country, a mean and no tariff.

        Raises
        ------
        DataMissing
            None is known.
        """
        return price("electricity", self.place.site.country or WORLD)

    @cached_property
    def price_per_mwh(self) -> Hours | None:
        """What power from the grid costs by hour; None: the study does not say it."""
        return None if self.tariff is None else import_per_mwh(self.tariff, self.place.calendar)

    @cached_property
    def operating_points(self) -> tuple[OperatingPoint, ...]:
        """The settings of the machines that the scenario knows of; none where they run as they are."""
        operation = self.scenario.operation
        if operation is None:
            return ()
        if operation.curve is not None:
            return published(operation.curve, operation.host_w or 0.0)
        return tuple(_recorded_point(one) for one in operation.runs)

    @cached_property
    def change(self) -> Change:
        """What the setting of the machines does to their power and time."""
        operation = self.scenario.operation
        if operation is None:
            return Change(1.0, 1.0)
        points = self.operating_points
        return change(at_setting(points, operation.reference), at_setting(points, operation.setting))

    @property
    def machines_ratio(self) -> float:
        """Machines, over those that the hall's capacity stands for: more where each is slower at the same work [-]."""
        operation = self.scenario.operation
        return self.change.machines_ratio(1.0) if operation is not None and operation.keep == "work" else 1.0

    def profile(self, path: Path, column: str, most: float = inf, least: float = 0.0) -> Hours:
        """A series of the user's own, checked."""
        return read_profile(path, Wanted(column, least, most), self.place.calendar)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind the place and the hall."""
        hall = facility_evidence(self.cooling, self.size, self.scenario.rejection)
        profile = self.scenario.load.profile
        load = [load_evidence(recorded_run(profile.removeprefix(RUN)))] if profile.startswith(RUN) else []
        return (*self.place.evidence, *hall, *load, *(point.evidence for point in self.operating_points))


def _in_year(start: datetime) -> tuple[int, int, int]:
    """A moment without its year: a study's year may be another than its file's."""
    return start.month, start.day, start.hour


def case_of(scenario: Scenario, schedule: Schedule | None = None) -> Case:
    """A scenario made ready.

    Parameters
    ----------
    scenario : Scenario
        What is wanted.
    schedule : Schedule or None
        What was planned for it.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        Something that it names is not known or cannot be read.
    """
    place = place_of(scenario)
    wanted = scenario.load
    first_mw = wanted.it_capacity_mw * _load_ratio(scenario, place)
    grown = grown_mw(first_mw, wanted.growth_ratio_per_year, wanted.after_years, wanted.it_capacity_mw)
    return Case(scenario, place, grown, schedule)


def _load_ratio(scenario: Scenario, place: Place) -> Hours:
    """IT power over capacity by hour [-]."""
    wanted, calendar = scenario.load, place.calendar
    if wanted.profile.startswith(RUN):
        shape = recorded_ratio(course_of(recorded_run(wanted.profile.removeprefix(RUN))), calendar)
    elif not is_file(wanted.profile):
        return load_ratio(wanted.profile, calendar, wanted.mean_ratio)
    else:
        shape = load_of_file(Path(wanted.profile), calendar, wanted.it_capacity_mw)
    return shape if wanted.mean_ratio is None else at_mean(shape, wanted.mean_ratio)


def recorded_run(which: str) -> Measurement:
    """A run of the store: its id, the beginning of it, its name, or ``last``."""
    return RunStore(load().data_dir).load(which)


def _recorded_point(wanted: RecordedRun) -> OperatingPoint:
    settings, run = load(), recorded_run(wanted.run)
    fitted = load_calibration(settings.data_dir, run.hosts[0])
    return recorded(wanted.setting, run, wanted.work_count, node_class=settings.node_class, calibration=fitted)
