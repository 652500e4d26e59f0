"""Load that waits and load that yields: shifting within deadlines, demand response, and the spared peak.

In come a load by hour and what of it can wait or be given up; out goes the load that is left, with what was moved or
given up. Energy is kept: what is asked for is done, or it is said what was not.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import ConfigError
from dcfoot.weather.year import Hours

_ROUNDING_MW = 1e-9
"""Less than this is nothing: sums over a year of megawatts round to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Shifted:
    """A load of which a part has waited.

    Parameters
    ----------
    load_mw : array
        After the shift [MW]
    moved_mwh : float
        Used in other hours than it was asked for [MWh]
    longest_wait_h : int
        Of any work, first come first served; at most the deadline [h]
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


def shift(
    load_mw: Hours,
    share_ratio: float,
    deadline_h: int,
    signal: Hours,
    capacity_mw: float,
    limit_mw: Hours | float = inf,
) -> Shifted:
    """Moves what can wait to the hours in which the signal is lowest, at the least sum of signal times power.

    All that is asked for is done: none before it is asked for, none later than the deadline (nor after the last hour),
    and no hour draws more than the capacity. The greedy choice of hours, cheapest first, is the optimum: sets of hours
    that work can fill are independent in a transversal matroid (Edmonds 1971, doi:10.1007/BF01584082), and by Hall's
    theorem an hour may take as much as the scarcest interval around it leaves.

    Of a limit as little energy as can be lies beyond it, whatever the signal. What does not fit under it is done where
    it breaks none that was not broken: no hour draws more than the limit, or than was asked for in it.

    Parameters
    ----------
    load_mw : array
        As asked for [MW]
    share_ratio : float
        Of each hour's load that can wait [-]
    deadline_h : int
        How long it can wait; 0: not at all [h]
    signal : array
        Price or grid factor by hour: less is better. Where it is equal, the earlier hour is taken.
    capacity_mw : float
        The most that an hour may draw [MW]
    limit_mw : array or float
        The most that an hour should draw, by hour [MW]

    Raises
    ------
    ConfigError
        The load does not fit under the capacity: the message says how much is left over.
    """
    _check(share_ratio, deadline_h)
    can_wait = load_mw * share_ratio
    stays, order = load_mw - can_wait, np.argsort(signal, kind="stable")
    within = np.minimum(limit_mw, capacity_mw)
    done, left = np.zeros(len(load_mw)), float(can_wait.sum())
    for most_mw in (within, np.clip(load_mw, within, capacity_mw), capacity_mw):
        if left > _ROUNDING_MW * len(load_mw):
            done = _fill(can_wait, done, np.maximum(most_mw - stays, 0.0), deadline_h, order)
            left = float(can_wait.sum() - done.sum())
    if left > _ROUNDING_MW * len(load_mw) or np.any(stays > capacity_mw + _ROUNDING_MW):
        raise ConfigError(
            f"The load does not fit under {capacity_mw:g} MW within {deadline_h} h: {max(left, 0.0):.6g} MWh are left "
            "over. Raise the capacity or the deadline."
        )
    moved = float(np.maximum(can_wait - done, 0.0).sum())
    return Shifted(stays + done, moved, _longest_wait_h(can_wait, done))


def _check(share_ratio: float, deadline_h: int) -> None:
    if not 0 <= share_ratio <= 1:
        raise ConfigError(f"The share that can wait is {share_ratio:g}; it must be from 0 to 1.")
    if deadline_h < 0:
        raise ConfigError(f"The deadline is {deadline_h} h; it must be at least 0.")


def _fill(asked: Hours, begun: Hours, room: Hours, deadline_h: int, order: NDArray[np.int64]) -> Hours:
    """What each hour takes of the work that is asked for in it and in the hours before it, up to the deadline.

    What it takes already (`begun`) it keeps.

    For hours ``a..b``, what they take is at most what is asked for in ``a - deadline .. b``. With running sums of what
    is asked (Q) and taken (P), an hour ``t`` may still take ``min over b >= t of (Q - P)[b + 1]`` less ``max over
    a <= t of (Q[a - deadline] - P[a])``.
    """
    count = len(asked)
    running, taken_until = (np.concatenate(([0.0], np.cumsum(hours))) for hours in (asked, begun))
    open_until = running - taken_until  # Q - P, by the end of an hour
    # Q - P, by the start, of what is overdue
    open_before = running[np.maximum(np.arange(count + 1) - deadline_h, 0)] - taken_until
    done = begun.copy()
    for hour in order:
        free = np.minimum.reduce(open_until[hour + 1 :]) - np.maximum.reduce(open_before[: hour + 1])
        taken = min(free, room[hour] - done[hour])
        if taken > 0:
            done[hour] += taken
            open_until[hour + 1 :] -= taken
            open_before[hour + 1 :] -= taken
    return done


def _longest_wait_h(asked: Hours, done: Hours) -> int:
    """How long the work that waits longest does so, first come first served."""
    until = np.cumsum(done)
    begun = np.flatnonzero(done > _ROUNDING_MW)
    # The oldest work of an hour is the first that the hours before it have not done.
    oldest = np.searchsorted(np.cumsum(asked), (until - done)[begun] + _ROUNDING_MW, side="right")
    return int(np.max(begun - oldest, initial=0))


def curtail(load_mw: Hours, event: NDArray[np.bool], share_ratio: float) -> Curtailed:
    """The load that gives up a share of itself in the hours of events, and does not make up for it.

    Parameters
    ----------
    load_mw : array
        [MW]
    event : array of bool
        The hours that are called: `highest_hours` of a price, or `dcfoot_scenarios.tariff.Period.holds`.
    share_ratio : float
        That is given up [-]

    Raises
    ------
    ConfigError
        The share is not from 0 to 1.
    """
    _check(share_ratio, 0)
    yielded = np.where(event, load_mw * share_ratio, 0.0)
    return Curtailed(load_mw - yielded, yielded)


def highest_hours(signal: Hours, hours_count: int, load_mw: Hours | None = None) -> NDArray[np.bool]:
    """The hours in which a signal is highest: when the grid peaks, or when it calls for help.

    Parameters
    ----------
    signal : array
        The grid's load, price or factor by hour.
    hours_count : int
        How many.
    load_mw : array or None
        By which hours go where the signal is equal: the highest load; where that is equal too, the earlier ones [MW]
    """
    second = signal if load_mw is None else load_mw
    chosen = np.zeros(len(signal), dtype=np.bool)
    chosen[np.lexsort((-second, -signal))[:hours_count]] = True
    return chosen


def spared_peak_mw(before_mw: Hours, after_mw: Hours, grid_peak: NDArray[np.bool]) -> float:
    """How much lower the highest draw is in the hours in which the grid peaks; below 0: higher [MW].

    Parameters
    ----------
    before_mw, after_mw : array
        Drawn from the grid without and with what is done about it [MW]
    grid_peak : array of bool
        When the grid peaks: `highest_hours` of its load or price.

    Raises
    ------
    ConfigError
        The grid has no peak.
    """
    if not grid_peak.any():
        raise ConfigError("No hour is one of the grid's peak, so that none can be spared.")
    return float(before_mw[grid_peak].max() - after_mw[grid_peak].max())
