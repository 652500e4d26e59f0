"""A year of a facility under many draws of what is not known of it, of its place's air and of its grid.

In come draws, a hall and its air; out goes a PUE, a WUE and grams of each family for each draw, and which inputs matter
most. Hours lie on the last axis and draws before it, a few at a time, so that memory stays small and a processor's
cache is enough.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcfoot.cooling.catalogue import Heat, Values
from dcfoot.cooling.parameters import Parameter, Size
from dcfoot.draws import Draws, Spread
from dcfoot.elementwise import Numbers
from dcfoot.facility_library import build_facility, used_parameters
from dcfoot.facility_model import FacilityState, energy_mean, facility_state
from dcfoot.weather.doubt import Air

BLOCK_DRAWS = 5
"""Draws that are computed together: 5 years of hours fit a processor's second-level cache (benchmarks/facility.py).
They share the air, since moist air costs as much as a facility: 500 draws have 100 airs (a choice)."""

USUAL_LOAD = Spread(0.7, 0.4, 0.9, floor=0.05)
"""IT power over IT capacity, where nobody says [-]. A judgement: operators fill halls to most of their capacity."""

Column = NDArray[np.float64]
"""One value a draw."""


@dataclass(frozen=True, slots=True)
class Hall:
    """A facility by name and how full it is.

    Parameters
    ----------
    cooling, size, rejection
        As in `build_facility`.
    it_load_ratio : Spread or array
        IT power over IT capacity, the year round or by hour [-]
    """

    cooling: str
    size: Size = "large"
    rejection: Heat | None = None
    it_load_ratio: Spread | Column = USUAL_LOAD

    @property
    def central_load_ratio(self) -> Numbers:
        """Its central load, the year round or by hour [-]."""
        return self.it_load_ratio.central if isinstance(self.it_load_ratio, Spread) else self.it_load_ratio

    @property
    def load_in_doubt(self) -> dict[str, Spread]:
        """Its load, by name, where that is drawn."""
        return {"load": self.it_load_ratio} if isinstance(self.it_load_ratio, Spread) else {}


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A grid's hours beside the air's.

    Parameters
    ----------
    g_per_kwh : array
        By hour or bin, as the air is [g/kWh]
    level : Spread
        True over stated, of all hours together [-]
    """

    g_per_kwh: Column
    level: Spread


@dataclass(frozen=True, slots=True, eq=False)
class DrawnYear:
    """A year under many draws. Means are by IT energy.

    Parameters
    ----------
    pue : array
        One a draw [-]
    wue_l_per_kwh : array
        The same [L/kWh]
    g_per_it_kwh : mapping of str to array
        By family: what the grid emits for a unit of IT energy, ``PUE x factor`` hour by hour [g/kWh]
    inputs : mapping of str to array
        What was drawn, in standard deviations from its median, by name.
    """

    pue: Column
    wue_l_per_kwh: Column
    g_per_it_kwh: Mapping[str, Column]
    inputs: Mapping[str, Column]

    def what_matters(self, values: Column, most_count: int = 5) -> list[tuple[str, float]]:
        """The inputs that move `values` most, with their rank correlation, the strongest first (Spearman 1904).

        Parameters
        ----------
        values : array
            A result, one value a draw, in any unit.
        most_count : int
            How many to name.
        """
        ranked = [(name, rank_correlation(column, values)) for name, column in self.inputs.items()]
        return sorted(ranked, key=lambda one: -abs(one[1]))[:most_count]


def rank_correlation(a: Column, b: Column) -> float:
    """Spearman's rank correlation [-]; 0 where one of them does not vary. The arrays may be of any unit."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def interval_of(values: Column) -> tuple[float, float]:
    """5th and 95th percentile of draws, in their unit."""
    low, high = np.quantile(values, (0.05, 0.95))
    return float(low), float(high)


class DrawnHours(NamedTuple):
    """A few draws of a facility, hour by hour: which they are, what it does, at what load [-]."""

    block: slice
    state: FacilityState
    it_load_ratio: Numbers


def drawn_hours(draws: Draws, hall: Hall, air: Air, values: Values | None = None) -> Iterator[DrawnHours]:
    """A facility under draws of all that is not known of it and of the air, a few draws at a time.

    Parameters
    ----------
    draws : Draws
        Two facilities drawn with the same ones share what they have in common.
    hall : Hall
        The facility.
    air : Air
        Outside, hour by hour or in bins.
    values : mapping of str to float or array, or None
        Numbers that are known, and not drawn.
    """
    known = dict(values or {})
    drawn = _drawn_numbers(draws, hall, known)
    loads = _loads(draws, hall)
    shared = _shared(draws)
    weather = {name: shared.of(f"weather/{name}", spread) for name, spread in air.doubts.items()}
    for index, first in enumerate(range(0, draws.count, BLOCK_DRAWS)):
        block = slice(first, min(first + BLOCK_DRAWS, draws.count))
        numbers = {name: column[block] for name, column in drawn.items()} | known
        outside = air.moved({name: amounts[index] for name, amounts in weather.items()})
        facility = build_facility(hall.cooling, hall.size, hall.rejection, numbers)
        yield DrawnHours(block, facility_state(facility, loads[block], *outside), loads[block])


def draw_year(
    draws: Draws, hall: Hall, air: Air, grids: Mapping[str, Grid] | None = None, values: Values | None = None
) -> DrawnYear:
    """The PUE, the WUE and the grams of a year for each draw.

    Parameters
    ----------
    draws, hall, air, values
        As in `drawn_hours`.
    grids : mapping of str to Grid, or None
        By family; its hours are those of the air.
    """
    grids = grids or {}
    pue, wue = np.empty(draws.count), np.empty(draws.count)
    grams = {name: np.empty(draws.count) for name in grids}
    levels = {name: np.array(draws.of(f"grid.{name}", grid.level)) for name, grid in grids.items()}
    for block, state, load in drawn_hours(draws, hall, air, values):
        pue[block] = energy_mean(state.pue, load, air.hours)
        wue[block] = energy_mean(state.wue_l_per_kwh, load, air.hours)
        for name, grid in grids.items():
            grams[name][block] = levels[name][block] * energy_mean(state.pue * grid.g_per_kwh, load, air.hours)
    levels_drawn = {f"grid.{name}": grid.level for name, grid in grids.items()}
    return DrawnYear(pue, wue, grams, drawn_inputs(draws, hall, air, values, levels_drawn))


def _wanted(hall: Hall, known: Values) -> dict[str, Parameter]:
    used = used_parameters(hall.cooling, hall.size, hall.rejection)
    return {name: one for name, one in used.items() if name not in known and one.low < one.high}


def _drawn_numbers(draws: Draws, hall: Hall, known: Values) -> dict[str, Column]:
    """Draws of the parameters, one row each for hours to be laid beside; two systems share what they have in common."""
    return {
        name: np.array([[one.at(z)] for z in draws.normal(f"cooling/{name}")])
        for name, one in _wanted(hall, known).items()
    }


def _shared(draws: Draws) -> Draws:
    """The streams of what a block's draws share."""
    return draws.fewer(-(-draws.count // BLOCK_DRAWS))


def _loads(draws: Draws, hall: Hall) -> Column:
    """One load a draw, or the hours of the one that is known in every draw [-]."""
    if isinstance(hall.it_load_ratio, Spread):
        return np.array(draws.of("load", hall.it_load_ratio))[:, None]
    return np.broadcast_to(hall.it_load_ratio, (draws.count, len(hall.it_load_ratio)))


def drawn_inputs(
    draws: Draws, hall: Hall, air: Air, values: Values | None = None, others: Mapping[str, Spread] | None = None
) -> dict[str, Column]:
    """What is drawn for a facility, by name, in standard deviations from its median; the air's once a block.

    Parameters
    ----------
    draws, hall, air, values
        As in `drawn_hours`.
    others : mapping of str to Spread, or None
        What is drawn beside, such as the level of a grid.
    """
    shared, blocks = _shared(draws), np.arange(draws.count) // BLOCK_DRAWS
    varies = hall.load_in_doubt | dict(others or {})
    streams = {name: np.array(draws.normal(f"cooling/{name}")) for name in _wanted(hall, values or {})}
    streams |= {name: np.array(draws.normal(name)) for name, spread in varies.items() if spread.p5 < spread.p95}
    return streams | {f"weather/{name}": np.array(shared.normal(f"weather/{name}"))[blocks] for name in air.doubts}
