"""Load that waits, and load that yields: shifting within deadlines, demand response, ramps, and the peak that the grid
is spared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcfoot.weather.year import Hours


@dataclass(frozen=True, slots=True, eq=False)
class Shifted:
    """A load of which a part has waited.

    Parameters
    ----------
    load_mw : array
        After the shift [MW]
    moved_mwh : float
        Energy that was used in another hour than it was asked for [MWh]
    longest_wait_h : int
        At most the deadline [h]
    """

    load_mw: Hours
    moved_mwh: float
    longest_wait_h: int


@dataclass(frozen=True, slots=True, eq=False)
class Curtailed:
    """A load that has yielded to events.

    Parameters
    ----------
    load_mw : array
        What is left [MW]
    yielded_mw : array
        What was not done [MW]
    """

    load_mw: Hours
    yielded_mw: Hours


def shift(load_mw: Hours, share_ratio: float, deadline_h: int, signal: Hours, capacity_mw: float) -> Shifted:
    """Moves the part of a load that can wait to the hours in which the signal is lowest.

    Energy, deadlines and capacity are kept: all that is asked for is done, none before it is asked for, none later
    than `deadline_h` after, and no hour draws more than the capacity.

    Parameters
    ----------
    load_mw : array
        As asked for [MW]
    share_ratio : float
        Of each hour's load that can wait [-]
    deadline_h : int
        How long it can wait [h]
    signal : array
        Price or grid factor by hour: less is better.
    capacity_mw : float
        The most that an hour may draw [MW]
    """
    raise NotImplementedError


def curtail(load_mw: Hours, event: NDArray[np.bool], share_ratio: float) -> Curtailed:
    """The load that yields a share of itself in the hours of demand response events; it is not made up for.

    Parameters
    ----------
    load_mw : array
        [MW]
    event : array of bool
        The hours that are called.
    share_ratio : float
        That is given up [-]
    """
    raise NotImplementedError


def ramp_limited(load_mw: Hours, ramp_mw_per_h: float, capacity_mw: float) -> Hours:
    """The load whose change from hour to hour is at most the ramp [MW]."""
    raise NotImplementedError


def spared_peak_mw(before_mw: Hours, after_mw: Hours, grid_peak: NDArray[np.bool]) -> float:
    """How much lower the highest draw is in the hours in which the grid peaks [MW]."""
    raise NotImplementedError
