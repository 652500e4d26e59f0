"""A site's year: climate, cooling and grid joined, hour by hour.

In come a hall, the weather of its place and the hours of its grids; out goes a frozen `SiteYear` with PUE, WUE and the
grams that a unit of IT energy costs in each hour. What a receipt takes of it stands in the small tables of
`dcfoot.site_hours`, without numpy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dcfoot.draws import Draws, Spread
from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence
from dcfoot.facility_draws import DrawnYear, Grid, Hall, draw_year, interval_of
from dcfoot.facility_library import build_facility, facility_evidence
from dcfoot.facility_model import FacilityState, facility_state
from dcfoot.factors.hourly import HourlyFactors, Window
from dcfoot.factors.shapes import shaped
from dcfoot.grid import GridFactor, Method
from dcfoot.site import Site
from dcfoot.site_hours import LOADS, MOST_WUE_L_PER_KWH, cooling_parts, is_own
from dcfoot.weather.climate import Climate
from dcfoot.weather.doubt import air_of, air_of_climate
from dcfoot.weather.year import Hours, Weather

__all__ = [
    "LOADS",
    "DrawnYear",
    "Draws",
    "Hall",
    "SiteYear",
    "Spread",
    "cooling_parts",
    "draw_site_year",
    "family",
    "grid_hours",
    "hall_state",
    "hours_of",
    "interval_of",
    "site_year",
]
"""One door to all that a site's year takes, also what lives elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteYear:
    """What a site does in each hour of a year.

    Parameters
    ----------
    hall : Hall
        The facility; its central load is the year's.
    weather : Weather
        The air outside.
    pue : array
        By hour [-]
    wue_l_per_kwh : array
        By hour [L/kWh]
    grids : tuple of HourlyFactors
        One a family and method, of the same hours.
    """

    hall: Hall
    weather: Weather
    pue: Hours
    wue_l_per_kwh: Hours
    grids: tuple[HourlyFactors, ...] = ()

    @property
    def g_per_it_kwh(self) -> dict[str, Hours]:
        """What each grid emits for a unit of IT energy, by family and hour: ``PUE x factor`` [g/kWh]."""
        return {family(grid): self.pue * hours_of(grid) for grid in self.grids}

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind each number: the air, every parameter of the facility, the grids."""
        facility = facility_evidence(self.hall.cooling, self.hall.size, self.hall.rejection)
        return (*self.weather.evidence, *facility, *(grid.evidence() for grid in self.grids))

    def by_month(self, values: Numbers) -> Hours:
        """The mean of a series by month of the place's standard time, in its unit; NaN for a month without hours.

        A single number stands for every hour: that is how the parts of a hall come which do not depend on the air.
        """
        return self._means(values, self.weather.month_index, 12)

    def by_hour_of_day(self, values: Numbers) -> Hours:
        """The mean of a series by hour of the place's standard time, in its unit."""
        return self._means(values, self._hour_index, 24)

    def by_month_and_hour(self, values: Numbers) -> Hours:
        """The mean of a series by month (12 rows) and hour of the day (24 columns), in its unit, as the two above."""
        return self._means(values, self.weather.month_index * 24 + self._hour_index, 12 * 24).reshape(12, 24)

    @property
    def _hour_index(self) -> np.ndarray:
        return self.weather.local_times.astype("datetime64[h]").astype(np.int64) % 24

    def _means(self, values: Numbers, group: np.ndarray, count: int) -> Hours:
        hours = np.bincount(group, minlength=count)
        with np.errstate(invalid="ignore"):
            means: Hours = np.bincount(group, np.broadcast_to(values, len(group)), minlength=count) / hours
        return means

    def at_published(self, site: Site) -> "SiteYear":
        """The same year at the site's own published means; a fleet's or a nation's, that stand in for it, are not."""
        facts = (site.pue, site.wue_l_per_kwh)
        pue, wue = (fact.spread.central if fact and is_own(fact) else None for fact in facts)
        return self.at_stated(pue, wue)

    def at_stated(self, pue: float | None = None, wue_l_per_kwh: float | None = None) -> "SiteYear":
        """The same year with published yearly means: the model says when in the year, the site how much.

        The overhead (PUE - 1) and the water of each hour are scaled, so that the means over the year are the stated;
        but no hour takes more water than evaporates with all of its heat.

        Parameters
        ----------
        pue : float or None
            Published for the year; None: not known [-]
        wue_l_per_kwh : float or None
            The same [L/kWh]
        """
        overhead, water = self.pue - 1, self.wue_l_per_kwh
        scaled = self if pue is None else replace(self, pue=1 + overhead * (pue - 1) / overhead.mean())
        if wue_l_per_kwh is None:
            return scaled
        return replace(scaled, wue_l_per_kwh=_filled(water, wue_l_per_kwh, MOST_WUE_L_PER_KWH))


def _filled(water: Hours, mean_l_per_kwh: float, most_l_per_kwh: float) -> Hours:
    """Water scaled to a mean, with no hour above the most, as far as its wet hours can hold so much.

    Where the model has none, nothing says when it is taken: it is the same in every hour.
    """
    if not water.any():
        return np.full(len(water), mean_l_per_kwh)
    scaled: Hours = water * mean_l_per_kwh / water.mean()
    room = most_l_per_kwh * float(np.mean(water > 0))
    if scaled.max() <= most_l_per_kwh or mean_l_per_kwh >= room:
        return scaled
    low, high = 1.0, most_l_per_kwh / float(scaled[scaled > 0].min())
    for _ in range(100):  # bisection: the mean grows with the factor, and is the stated one between the two
        middle = (low + high) / 2
        under = np.minimum(scaled * middle, most_l_per_kwh).mean() < mean_l_per_kwh
        low, high = (middle, high) if under else (low, middle)
    filled: Hours = np.minimum(scaled * high, most_l_per_kwh)
    return filled


def family(grid: HourlyFactors) -> str:
    """What an hourly series is called beside others: ``"direct CO2, average"``."""
    return f"{grid.boundary} {grid.gas}, {grid.method}"


def hours_of(grid: HourlyFactors) -> Hours:
    """The hours of a series as an array [g/kWh].

    Raises
    ------
    ConfigError
        One of them is not known.
    """
    known = [value for value in grid.g_per_kwh if value is not None]
    if len(known) < len(grid.g_per_kwh):
        raise ConfigError(f"{grid.source}: an hour of the grid {grid.zone} is not known; fill it by name first.")
    return np.array(known)


def site_year(hall: Hall, weather: Weather, grids: Sequence[HourlyFactors] = ()) -> SiteYear:
    """The year of a hall in this weather, at its central load.

    Parameters
    ----------
    hall : Hall
        The facility.
    weather : Weather
        Of its place, or of one near it.
    grids : sequence of HourlyFactors
        Of the weather's hours.

    Raises
    ------
    ConfigError
        A grid's hours are not as many as the weather's.
    """
    for grid in grids:
        if len(grid.g_per_kwh) != len(weather):
            raise ConfigError(f"The grid {grid.zone} has {len(grid.g_per_kwh)} hours, the weather {len(weather)}.")
    state = hall_state(hall, weather)
    pue, wue = (np.broadcast_to(values, len(weather)) for values in (state.pue, state.wue_l_per_kwh))
    return SiteYear(hall, weather, pue, wue, tuple(grids))


def hall_state(hall: Hall, weather: Weather) -> FacilityState:
    """What a hall does in this weather at its central load, part by part: what its PUE and WUE are made of.

    Parameters
    ----------
    hall : Hall
        The facility.
    weather : Weather
        Of its place, or of one near it.
    """
    facility = build_facility(hall.cooling, hall.size, hall.rejection)
    air = weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa
    return facility_state(facility, hall.central_load_ratio, *air)


def grid_window(weather: Weather) -> Window:
    """The grid's hours of a weather: where a place's time is half an hour off UTC, those that began before.

    Parameters
    ----------
    weather : Weather
        Whose hours are wanted.
    """
    return Window(weather.start.replace(minute=0, second=0, microsecond=0), len(weather))


def grid_hours(factors: Sequence[GridFactor], weather: Weather, zone: str) -> tuple[HourlyFactors, ...]:
    """The shapes of a site's average factors over a weather's hours.

    Parameters
    ----------
    factors : sequence of GridFactor
        Of the site.
    weather : Weather
        Whose hours are wanted.
    zone : str
        Whose shape to take where a factor is a nation's.
    """
    window = grid_window(weather)
    return tuple(shaped(factor, window, zone) for factor in factors if factor.method is Method.AVERAGE)


def draw_site_year(
    draws: Draws,
    hall: Hall,
    place: Climate | Weather,
    grids: Sequence[HourlyFactors] = (),
    *,
    bin_count: int | None = None,
) -> DrawnYear:
    """A site's year under draws of all that is not known: cooling, electrical chain, load, air, grid.

    Parameters
    ----------
    draws : Draws
        Two sites drawn with the same ones share what they have in common.
    hall : Hall
        The facility.
    place : Climate or Weather
        A climate's typical year is in doubt, a weather that was is not.
    grids : sequence of HourlyFactors
        Of the same hours.
    bin_count : int or None
        Quick: at most so many weighted states of the air in the place of hours; None: every hour.
    """
    air = air_of_climate(place) if isinstance(place, Climate) else air_of(place)
    hours: Mapping[str, Hours] = {family(grid): hours_of(grid) for grid in grids}
    if bin_count is not None:
        air, hours = air.binned(hours, bin_count)
    levels = {family(grid): grid.level for grid in grids}
    return draw_year(draws, hall, air, {name: Grid(of, levels[name]) for name, of in hours.items()})
