"""Policies: what is wanted of a store in each hour, in MW at its terminals; above 0 to charge, below 0 to discharge.

In come hours (and designs before them), out go hours. What the store can do of it is for `dcfoot_scenarios.storage`.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.units import H_PER_DAY
from dcfoot_scenarios.scan import ROUNDING_RATIO, Hours
from dcfoot_scenarios.storage import Battery, operate

Kind = TypeVar("Kind", bound=np.generic)

_HALVINGS = 32  # 2 ** -32 of the peak is below ROUNDING_RATIO of it


def greedy(clean_mw: Hours, load_mw: Hours) -> Hours:
    """Stores what is left of the supply and gives it back as soon as the load exceeds the supply [MW]."""
    return clean_mw - load_mw


def peak_shaving(net_mw: Hours, limit_mw: Numbers) -> Hours:
    """Keeps what the grid gives at `limit_mw`: discharges above it, charges below it [MW]."""
    return limit_mw - net_mw


def lowest_limit_mw(battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """The lowest limit that `peak_shaving` holds with this store, within a billionth of the highest hour [MW].

    A higher limit charges no less and discharges no more in every hour, so that what holds one holds every higher one:
    the lowest is found by bisection.

    Parameters
    ----------
    battery : Battery
        The store.
    load_mw, clean_mw : array
        What is drawn and what is supplied, without the store [MW]
    """
    net = load_mw - clean_mw
    peak = _most(net)
    low, high = 0.0 * peak, peak
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        short = net - operate(battery, peak_shaving(net, middle)).discharge_mw - middle
        held = _most(short) <= ROUNDING_RATIO * peak
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    return high[..., 0]


def _most(values: Hours) -> Hours:
    """The most of the hours, or 0; the hours' axis stays, of length 1 [unit of the values]."""
    most: Hours = np.max(values, axis=-1, keepdims=True, initial=0.0)
    return most


def arbitrage(signal: Hours, battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """Charges in a day's lowest hours of a signal, discharges in its highest, where the spread pays the losses [MW].

    What the supply has left is stored in any hour. A day in which no pair of hours pays is greedy. It discharges into
    the load only, and charges whatever the grid's peak becomes: with a limit, take the lesser of this and
    `peak_shaving`.

    Parameters
    ----------
    signal : array
        By hour: a price or a factor, in any unit; whole days from midnight.
    battery : Battery
        The store; the hours that it takes to fill and to empty are how many hours are sought.
    load_mw, clean_mw : array
        What is drawn and what is supplied, without the store [MW]

    Raises
    ------
    ConfigError
        The hours are not whole days.
    """
    if signal.shape[-1] % H_PER_DAY:
        raise ConfigError(f"Arbitrage goes by whole days of 24 hours; the signal has {signal.shape[-1]} hours.")
    surplus = clean_mw - load_mw
    charges, discharges = _trades(signal.reshape(*signal.shape[:-1], -1, H_PER_DAY), battery)
    trades = charges.any(axis=-1, keepdims=True) & discharges.any(axis=-1, keepdims=True)
    discharges |= ~trades
    charges &= trades
    spared = np.maximum(surplus, 0.0)
    waits = np.where(_hourly(discharges), surplus, spared)
    return np.where(_hourly(charges), np.maximum(battery.charge_mw, spared), waits)


def _trades(of_days: Hours, battery: Battery) -> tuple[NDArray[np.bool], NDArray[np.bool]]:
    """In which hours of each day to charge and in which to discharge.

    The hours to fill stand in the order of their signal, those to empty in the opposite order; each is compared with
    the one that stands as far on its side, and trades where its partner pays.
    """
    usable = np.asarray((1.0 - battery.reserve_ratio) * battery.energy_mwh)[..., np.newaxis]
    fill = _hours_needed(usable / battery.charge_efficiency_ratio, battery.charge_mw)
    empty = _hours_needed(usable * battery.discharge_efficiency_ratio, battery.discharge_mw)
    order = np.arange(H_PER_DAY)
    rising = np.sort(of_days, axis=-1)
    worth = rising[..., ::-1] * battery.round_trip_ratio
    charges = (order < fill) & (rising < _picked(worth, order * empty // np.maximum(fill, 1)))
    discharges = (order < empty) & (worth > _picked(rising, order * fill // np.maximum(empty, 1)))
    rank = of_days.argsort(axis=-1, kind="stable").argsort(axis=-1)
    return _picked(charges, rank), _picked(discharges[..., ::-1], rank)


def _hours_needed(energy_mwh: Hours, power_mw: Numbers) -> NDArray[np.int64]:
    """How many hours it takes at full power, at most half a day, so that filling and emptying never meet."""
    with np.errstate(divide="ignore", invalid="ignore"):
        hours = np.ceil(energy_mwh / np.asarray(power_mw)[..., np.newaxis])
    whole: NDArray[np.int64] = np.nan_to_num(np.minimum(hours, H_PER_DAY // 2)).astype(np.int64)
    return whole


def _picked(values: NDArray[Kind], index: NDArray[np.int64]) -> NDArray[Kind]:
    """The values at these places of the last axis; places beyond it are never used, and read as its last."""
    shape = np.broadcast_shapes(values.shape, index.shape)
    places = np.minimum(np.broadcast_to(index, shape), H_PER_DAY - 1)
    return np.take_along_axis(np.broadcast_to(values, shape), places, axis=-1)


def _hourly(of_days: NDArray[np.bool]) -> NDArray[np.bool]:
    """Days of 24 hours as hours."""
    return of_days.reshape(*of_days.shape[:-2], -1)
