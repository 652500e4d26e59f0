"""How a battery fades: with time, by how full it is kept, and with every cycle.

In comes a year of a store, out go its full cycles, the years until it is spent, and what is left of its capacity on the
mean of a study. The chemistries stand in ``data/battery_ageing.csv``.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, evidence_of
from dcfoot.psychrometrics import ZERO_C_IN_K
from dcfoot.units import H_PER_DAY, H_PER_YEAR
from dcfoot_scenarios.scan import Hours
from dcfoot_scenarios.storage import Battery
from dcfoot_scenarios.tables import rows

SPENT_RATIO = 0.8
"""Left of the capacity when a battery is said to be spent: where makers' cycle lives are stated (a choice) [-]."""

MOST_YEARS = 60.0
"""How far ahead is looked: longer than any hall stands (a choice) [years]."""

_REFERENCE_K = 296.0  # at which ssc's coefficients hold


@dataclass(frozen=True, slots=True, eq=False)
class Chemistry:
    """How a kind of cell fades.

    Parameters
    ----------
    name : str
        ``"lfp"``.
    new_ratio : float
        Capacity over nominal when new [-]
    fade_ratio_per_sqrt_day : float
        Fade with time of a full cell at 296 K [1/d^0.5]
    by_temperature_k, by_state_k : float
        How this fade answers to temperature and to how full the cell is [K]
    cycles_count : array
        Full cycles [-]
    left_ratio : array
        Capacity left after them, over nominal, apart from time [-]
    evidence : Evidence
        What stands behind it.
    """

    name: str
    new_ratio: float
    fade_ratio_per_sqrt_day: float
    by_temperature_k: float
    by_state_k: float
    cycles_count: NDArray[np.float64]
    left_ratio: NDArray[np.float64]
    evidence: Evidence


@cache
def chemistry(name: str = "lfp") -> Chemistry:
    """The chemistry of this name.

    Raises
    ------
    ConfigError
        There is none; the message lists those that there are.
    """
    known = {row["chemistry"]: row for row in rows("battery_ageing")}
    if name not in known:
        raise ConfigError(f"No battery chemistry is called {name!r}. There are: {', '.join(known)}.")
    row = known[name]
    cycles, left = np.array([point.split(":") for point in row["cycles"].split()], dtype=np.float64).T
    return Chemistry(
        name,
        float(row["new_ratio"]),
        float(row["fade_ratio_per_sqrt_day"]),
        float(row["by_temperature_k"]),
        float(row["by_state_k"]),
        cycles,
        left,
        evidence_of(row, f"fade of {name} cells with time", "fade_ratio_per_sqrt_day"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Wear:
    """What a year takes of a battery; every year is like it.

    Parameters
    ----------
    chemistry : Chemistry
        Of its cells.
    cycles_per_year : float
        Full ones [1/year]
    fade_ratio_per_sqrt_day : float
        With time, of its capacity [1/d^0.5]
    """

    chemistry: Chemistry
    cycles_per_year: float
    fade_ratio_per_sqrt_day: float

    def capacity_ratio(self, years: Numbers) -> Numbers:
        """Capacity left over nominal; the fades of time and of cycles are added.

        Source: NREL ssc, lib_battery_lifetime_calendar_cycle.cpp, after Smith et al. 2017, Life Prediction Model for
        Grid-Connected Li-ion Battery Energy Storage System (doi:10.23919/ACC.2017.7963578).

        Parameters
        ----------
        years : Numbers
            Age [years]
        """
        days = years * (H_PER_YEAR / H_PER_DAY)
        with_time = self.chemistry.new_ratio - self.fade_ratio_per_sqrt_day * np.sqrt(days)
        cycled = np.interp(years * self.cycles_per_year, self.chemistry.cycles_count, self.chemistry.left_ratio)
        left: Numbers = np.maximum(with_time + cycled - 1.0, 0.0)
        return left

    def left_ratio(self, age_years: float) -> float:
        """Mean capacity over nominal of the year at whose end a battery is so old [-].

        Parameters
        ----------
        age_years : float
            At least 0; of less than a year, since it was new [years]
        """
        first = max(age_years - 1.0, 0.0)
        middles = (np.arange(_POINTS_PER_YEAR, dtype=np.float64) + 0.5) / _POINTS_PER_YEAR
        middles = first + middles * (age_years - first)
        return float(np.mean(self.capacity_ratio(middles)))

    def life_years(self, spent_ratio: float = SPENT_RATIO) -> float:
        """Years until so much of the capacity is left, at most `MOST_YEARS` [years].

        Parameters
        ----------
        spent_ratio : float
            Capacity over nominal at which it is replaced [-]
        """
        each_year = _AGES_YEARS[::_POINTS_PER_YEAR]
        whole = int(np.searchsorted(-np.asarray(self.capacity_ratio(each_year)), -spent_ratio))
        years = _AGES_YEARS[max(whole - 1, 0) * _POINTS_PER_YEAR : whole * _POINTS_PER_YEAR + 1]
        return float(np.interp(-spent_ratio, -np.asarray(self.capacity_ratio(years)), years))

    def mean_capacity_ratio(self, study_years: float, spent_ratio: float = SPENT_RATIO) -> float:
        """Mean capacity over nominal during a study, replaced whenever it is spent [-].

        Parameters
        ----------
        study_years : float
            How long [years]
        spent_ratio : float
            Capacity over nominal at which it is replaced [-]
        """
        middles = (np.arange(_POINTS) + 0.5) * study_years / _POINTS
        return float(np.mean(self.capacity_ratio(middles % self.life_years(spent_ratio))))


_POINTS_PER_YEAR = 100
_POINTS = round(MOST_YEARS) * _POINTS_PER_YEAR + 1  # over MOST_YEARS, both ends included
_AGES_YEARS = np.linspace(0.0, MOST_YEARS, _POINTS)
_AGES_YEARS.flags.writeable = False


def wear(battery: Battery, state_mwh: Hours, discharge_mw: Hours, cells: Chemistry, cell_c: float = 23.0) -> Wear:
    """What a year takes of a battery.

    A cycle is as much as it holds, drawn from it; that many shallow ones are counted as one full one, which is on the
    safe side (`data/battery_ageing.csv` has 7,300 full ones down to 80 %; of a depth of 80 %, PySAM has 9,690).

    Parameters
    ----------
    battery : Battery
        The store, of one design.
    state_mwh, discharge_mw : array
        What it holds and what it gives, by hour of the year [MWh, MW]
    cells : Chemistry
        Of its cells.
    cell_c : float
        Temperature of the cells; 23 degC is what their cooling keeps (a choice: the middle of 18 to 28) [degC]
    """
    energy_mwh = float(np.asarray(battery.energy_mwh))
    cell_k = cell_c + ZERO_C_IN_K
    if energy_mwh == 0.0:
        return Wear(cells, 0.0, 0.0)
    empty = cells.by_temperature_k * (1.0 / cell_k - 1.0 / _REFERENCE_K) - cells.by_state_k / _REFERENCE_K
    # The square of the fade grows with time, at a rate that may change from hour to hour.
    squares = np.exp(2.0 * empty + state_mwh / energy_mwh * (2.0 * cells.by_state_k / cell_k))
    fade = cells.fade_ratio_per_sqrt_day * float(np.sqrt(np.mean(squares)))
    return Wear(cells, float(discharge_mw.sum()) / battery.discharge_efficiency_ratio / energy_mwh, fade)
