"""The place of a scenario: its site, the weather of its hours, and the hours of its grids.

In come the names of a scenario, out goes a frozen `Place`; scenarios of one place share it.
"""

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from dcfoot.cooling.air import OutsideAir, outside_air
from dcfoot.errors import StudyError
from dcfoot.evidence import Evidence, Fact
from dcfoot.factors.choice import WANTED, Purpose, choose
from dcfoot.factors.clean import clean_ratio
from dcfoot.factors.hourly import HourlyFactors, Window
from dcfoot.factors.library import library
from dcfoot.factors.shapes import shaped
from dcfoot.grid import Boundary, GridFactor, Method
from dcfoot.heat.demand import heating_ratio
from dcfoot.heat.parameters import heat_parameters
from dcfoot.site import Site
from dcfoot.site_year import grid_window, hours_of
from dcfoot.water.scarcity import aware
from dcfoot.weather import find_climate, read_file
from dcfoot.weather.doubt import Air, air_of, air_of_climate
from dcfoot.weather.year import Hours, Weather
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.named import climate_faults, planned_site
from dcfoot_scenarios.resource import with_sun, with_wind, year_with_resource
from dcfoot_scenarios.scenario import Scenario


@dataclass(frozen=True)
class Place:
    """Where a scenario stands.

    Parameters
    ----------
    site : Site
        With its grid and its water.
    weather : Weather
        Of the year.
    air : Air
        The same with its doubt.
    time_zone : str
        IANA name of the clock by which tariffs go; empty: standard time all year.
    """

    site: Site
    weather: Weather
    air: Air
    time_zone: str = ""

    @cached_property
    def calendar(self) -> Calendar:
        """The hours of the year, by the clock of the place."""
        return Calendar.of(self.weather, self.time_zone)

    @cached_property
    def outside(self) -> OutsideAir:
        """The air of its hours as it is stated."""
        return outside_air(*self.air.moved({}))

    @cached_property
    def heating_ratio(self) -> Hours:
        """What space heating of buildings takes in each hour, over its mean [-]."""
        base_c, heats_below_c = (heat_parameters()[f"demand.{name}"].central for name in ("base_c", "heats_below_c"))
        ratio = heating_ratio(self.weather.dry_bulb_c, base_c, heats_below_c)
        ratio.flags.writeable = False  # every caller gets the same array
        return ratio

    @cached_property
    def scarcity(self) -> Fact | None:
        """The AWARE factor of the place; None: not known."""
        return aware(self.site.grid_zone, self.site.country)

    @cached_property
    def grid_clean(self) -> Fact | None:
        """The carbon-free share of what the grid delivers; None: not known."""
        return clean_ratio(self.site.grid_zone)

    def factor(self, boundary: Boundary, method: Method) -> GridFactor | None:
        """The site's factor of a family and method; None: not known.

        A marginal one that the site itself does not state is that of the grid that it is part of.
        """
        found = (one for one in self.site.factors if one.boundary is boundary and one.method is method)
        wider = _marginal(self.site.grid_zone) if WANTED[Purpose.DECISION] == (boundary, method) else None
        return next(found, wider)

    @property
    def boundaries(self) -> list[Boundary]:
        """The families that are known here."""
        return [boundary for boundary in Boundary if self.factor(boundary, Method.AVERAGE)]

    def boundary(self, wanted: str | None) -> Boundary:
        """The family that is counted in: the wanted one, else direct where it is known.

        Raises
        ------
        StudyError
            The wanted one is not known here.
        """
        known = self.boundaries
        if not known or (wanted and Boundary(wanted) not in known):
            there = f"known is: {', '.join(known)}" if known else "none is known"
            raise StudyError(f"{self.site.id}: no {wanted or 'average'} grid factor is known; {there}.")
        return Boundary(wanted) if wanted else known[0]

    def grid_hours(self, factor: GridFactor) -> tuple[HourlyFactors, Hours]:
        """A factor by hour, by the shape of its grid, and the same as an array [g/kWh]."""
        return _grid_hours(factor, grid_window(self.weather), self.site.grid_zone)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind it."""
        facts = (self.site.ewif_l_per_kwh, self.scarcity, self.grid_clean)
        return (*self.weather.evidence, *(fact.evidence for fact in facts if fact))


@lru_cache(maxsize=64)
def _marginal(zone: str) -> GridFactor | None:
    return choose(Purpose.DECISION, zone, library()).factor


@lru_cache(maxsize=64)
def _grid_hours(factor: GridFactor, window: Window, zone: str) -> tuple[HourlyFactors, Hours]:
    hourly = shaped(factor, window, zone)
    hours = hours_of(hourly)
    hours.flags.writeable = False
    return hourly, hours


def place_of(scenario: Scenario) -> Place:
    """The place of a scenario.

    Raises
    ------
    StudyError
        Its climate is not known and it has no weather of its own.
    ConfigError, DataMissing
        A name is not known, or the weather cannot be read.
    """
    supply, clock = scenario.supply, scenario.grid.time_zone
    place = _place(_site(scenario), scenario.climate, scenario.weather, scenario.warming_k, clock)
    return _with_resource(place, supply.ghi_kwh_per_m2_year, supply.wind_speed_m_per_s)


def _site(scenario: Scenario) -> Site:
    """Its site; a file of the user's own is read anew when it was written anew."""
    own = scenario.sites_file
    return _found_site(scenario.site, own, 0 if own is None else own.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _found_site(name: str, sites_file: Path | None, _written_at: int) -> Site:
    return planned_site(name, sites_file)


@lru_cache(maxsize=64)
def _with_resource(place: Place, ghi_kwh_per_m2_year: float | None, wind_speed_m_per_s: float | None) -> Place:
    """The place with the yearly sun and wind that the scenario knows better."""
    weather = place.weather
    if ghi_kwh_per_m2_year is not None:
        weather = with_sun(weather, ghi_kwh_per_m2_year)
    if wind_speed_m_per_s is not None:
        weather = with_wind(weather, wind_speed_m_per_s)
    return place if weather is place.weather else replace(place, weather=weather)


@lru_cache(maxsize=64)
def _place(site: Site, climate: str | None, file: Path | None, warming_k: float, time_zone: str) -> Place:
    if file is not None:
        weather = _warmer(read_file(file), warming_k)
        return Place(site, weather, air_of(weather), time_zone)
    at = climate or site.climate
    if at is None:
        raise StudyError("; ".join(climate_faults(site)))
    known = find_climate(at)
    weather, air = year_with_resource(known), air_of_climate(known)
    if warming_k:
        weather = _warmer(weather, warming_k)
        moved = air_of(weather)
        air = Air(moved.dry_bulb_c, moved.wet_bulb_c, moved.pressure_pa, moved.hours, air.moves, air.doubts)
    return Place(site, weather, air, time_zone)


def _warmer(weather: Weather, by_k: float) -> Weather:
    return weather.warmer(by_k) if by_k else weather
