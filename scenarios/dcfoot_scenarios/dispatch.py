"""Policies: what is wanted of a store in each hour, in MW at its terminals; above 0 to charge, below 0 to discharge.

In come hours (and designs before them), out go hours. What the store can do of it is for `dcfoot_scenarios.storage`.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.units import H_PER_DAY
from dcfoot_scenarios.scan import ROUNDING_RATIO, Hours
from dcfoot_scenarios.storage import Battery, operate

Kind = TypeVar("Kind", bound=np.generic)

Switches = NDArray[np.bool]
"""Hours in which something is done or not."""

STRETCHES_H = (6, 12, 24, 48, 96)
"""Where the search for a limit begins: at what such stretches ask of it (a choice: it decides only how long) [h]"""

FIRST_STEP_RATIO = 1e-3
"""How far below the first limit, of the highest hour, the second point of the first line lies (a choice: it decides
only how many lines are drawn) [-]"""


def greedy(clean_mw: Hours, load_mw: Hours) -> Hours:
    """Stores what is left of the supply and gives it back as soon as the load exceeds the supply [MW]."""
    return clean_mw - load_mw


def peak_shaving(net_mw: Hours, limit_mw: Numbers) -> Hours:
    """Keeps what the grid gives at `limit_mw`: discharges above it, charges below it [MW]."""
    return limit_mw - net_mw


def lowest_limit_mw(battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """The lowest limit that `peak_shaving` holds with this store, within a billionth of the highest hour [MW].

    A store that loses nothing at rest holds a limit if no stretch of hours takes more of it than it has room for
    (`_too_low`); with self-discharge that limit is too low still. What a limit leaves unmet in the year is convex in
    it, as the least value of a linear program is in its right side: a line through two limits that are too low meets
    zero at a third that is too low, or just right, and soon is.

    Parameters
    ----------
    battery : Battery
        The store.
    load_mw, clean_mw : array
        What is drawn and what is supplied, without the store [MW]
    """
    net = load_mw - clean_mw
    peak = _most(net)
    limit = _without_losses_mw(battery, net, peak)
    if battery.loss_ratio_per_h:
        limit = _raised_mw(battery, net, peak, limit)
    return np.minimum(limit, peak)[..., 0]


def _raised_mw(battery: Battery, net_mw: Hours, peak_mw: Hours, limit_mw: Hours) -> Hours:
    """The lowest limit that is held, from one that is too low or just right [MW]."""
    lower = limit_mw - FIRST_STEP_RATIO * peak_mw
    more = _unmet_mw(battery, net_mw, lower).sum(axis=-1, keepdims=True)
    while True:
        unmet = _unmet_mw(battery, net_mw, limit_mw)
        lacks = _most(unmet) > ROUNDING_RATIO * peak_mw
        if not lacks.any():
            return limit_mw
        still = unmet.sum(axis=-1, keepdims=True)
        higher = limit_mw + still * (limit_mw - lower) / np.where(lacks, more - still, 1.0)
        lower, more, limit_mw = np.where(lacks, (limit_mw, still, higher), (lower, more, limit_mw))


def _without_losses_mw(battery: Battery, net_mw: Hours, peak_mw: Hours) -> Hours:
    """The lowest limit that is held by a store without self-discharge [MW]."""
    limit = np.maximum(peak_mw - battery.discharge_mw, _of_stretches_mw(battery, net_mw))
    while True:
        excess, falls_by = _too_low(battery, net_mw, limit)
        lacks = excess > ROUNDING_RATIO * peak_mw
        if not lacks.any():
            return limit
        limit = np.where(lacks, limit + excess / np.where(lacks, falls_by(), 1.0), limit)


def _of_stretches_mw(battery: Battery, net_mw: Hours) -> Hours:
    """What the grid gives at least in the hours of a stretch which a full store leaves empty; of some lengths [MW]."""
    sums: Hours = _summed(net_mw)
    least: Hours = np.zeros(1)
    from_full_mwh = (battery.energy_mwh - battery.low_mwh) * battery.discharge_efficiency_ratio
    for hours in STRETCHES_H:
        if hours < sums.shape[-1]:
            least = np.maximum(least, (_most(sums[..., hours:] - sums[..., :-hours]) - from_full_mwh) / hours)
    return least


def _too_low(battery: Battery, net_mw: Hours, limit_mw: Hours) -> tuple[Hours, Callable[[], Hours]]:
    """What a limit takes of the store that it cannot give [MWh]; asked, by how much less with a MW more of it [h].

    How far the store is from full is how far the sum of what it took lies below the highest that this has been. Of all
    stretches of hours the worst counts, or the year as a whole where that takes more than it brings. Each is convex in
    the limit, and so is the worst of them: where its line meets zero, the limit is still too low, or right.
    """
    room, is_cyclic = limit_mw - net_mw, battery.start_ratio is None
    into, out_of = battery.charge_efficiency_ratio, 1.0 / battery.discharge_efficiency_ratio
    taken = _summed(np.minimum(np.maximum(room, 0.0), battery.charge_mw) * into + np.minimum(room, 0.0) * out_of)
    year = taken[..., -1:]
    # It begins as far from full as it ends, where nothing says how full.
    below = _most(taken) - year if is_cyclic else (1.0 - (battery.start_ratio or 0.0)) * np.asarray(battery.energy_mwh)
    full = np.maximum.accumulate(np.maximum(taken, below), axis=-1)
    last = np.argmax(full - taken, axis=-1, keepdims=True)
    highest_before = _at(full, last)
    excess = highest_before - _at(taken, last) - (battery.energy_mwh - battery.low_mwh)
    drifts = (year < -excess) & is_cyclic

    def falls_by() -> Hours:
        rises = _summed(np.where(room < 0.0, out_of, into * (room < battery.charge_mw)))
        of_year = rises[..., -1:]
        wraps = of_year - _at(rises, np.argmax(taken, axis=-1, keepdims=True)) if is_cyclic else np.zeros(1)
        first = np.argmax(taken == highest_before, axis=-1, keepdims=True)
        since = np.where(highest_before > below, -_at(rises, first), wraps)
        return np.where(drifts, of_year, _at(rises, last) + since)

    return np.where(drifts, -year, excess), falls_by


def _summed(hours: Hours) -> Hours:
    """The sums before each hour and after the last."""
    sums = np.zeros((*hours.shape[:-1], hours.shape[-1] + 1))
    np.cumsum(hours, axis=-1, out=sums[..., 1:])
    return sums


def _at(values: Hours, place: NDArray[np.int64]) -> Hours:
    """The value at one place of the hours, whose axis stays."""
    return np.take_along_axis(values, place, axis=-1)


def _unmet_mw(battery: Battery, net_mw: Hours, limit_mw: Hours) -> Hours:
    """What exceeds the limit when the store has given what it can [MW]."""
    given_mw = operate(battery, peak_shaving(net_mw, limit_mw)).discharge_mw
    return np.maximum(net_mw - given_mw - limit_mw, 0.0)


def _most(values: Hours) -> Hours:
    """The most of the hours, or 0; the hours' axis stays, of length 1 [unit of the values]."""
    most: Hours = np.max(values, axis=-1, keepdims=True, initial=0.0)
    return most


def arbitrage(signal: Hours, battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """Charges in a day's lowest hours of a signal, discharges in its highest, where the spread pays the losses [MW].

    What the supply has left is stored in any hour, as it costs nothing, and leaves so much less room for the grid's. A
    day in which nothing is worth storing is greedy. It discharges into the load only, and charges whatever the grid's
    peak becomes: with a limit, take the lesser of this and `peak_shaving`.

    Parameters
    ----------
    signal : array
        By hour: a price or a factor, in any unit; whole days from midnight.
    battery : Battery
        The store.
    load_mw, clean_mw : array
        What is drawn and what is supplied, without the store [MW]

    Raises
    ------
    ConfigError
        The hours are not whole days.
    """
    _check_days(signal)
    surplus = clean_mw - load_mw
    signals, left = (_of_days(hours) for hours in np.broadcast_arrays(signal, surplus))
    bought, given = _trades(signals, left, battery)
    buys, gives, spare = _hourly(bought), _hourly(given), np.maximum(surplus, 0.0)
    return np.where(buys > 0.0, np.maximum(buys, spare), np.where(gives, surplus, spare))


def _check_days(signal: Hours) -> None:
    if signal.shape[-1] % H_PER_DAY:
        raise ConfigError(f"Arbitrage goes by whole days of 24 hours; the signal has {signal.shape[-1]} hours.")


def within_days(signal: Hours, battery: Battery, take_mw: Hours, give_mw: Hours) -> Hours:
    """Takes in a day's lowest hours and gives in its highest, where what each hour allows differs [MW].

    As much is taken as is given in hours that pay for it and for a day's self-discharge: what is held longer than a day
    is for the caller to judge.

    Parameters
    ----------
    signal : array
        By hour: what a unit costs to take, and what it saves when it is given; whole days from midnight.
    battery : Battery
        The store, of one size; what it loses in a round trip is not weighed.
    take_mw, give_mw : array
        The most that it may take and give in each hour [MW]

    Raises
    ------
    ConfigError
        The hours are not whole days.
    """
    _check_days(signal)
    hours = np.broadcast_arrays(signal, take_mw, give_mw)
    signals, takes, gives = (one.reshape(*one.shape[:-1], -1, H_PER_DAY) for one in hours)
    from_lowest = np.argsort(signals, axis=-1, kind="stable")
    rising, take, give = (np.take_along_axis(one, from_lowest, axis=-1) for one in (signals, takes, gives))
    lost_ratio = 1.0 - (1.0 - battery.loss_ratio_per_h) ** H_PER_DAY
    saved = rising - lost_ratio * np.abs(rising)
    pays_from = (saved[..., np.newaxis, :] <= rising[..., np.newaxis]).sum(axis=-1)
    taken = np.cumsum(take, axis=-1)
    higher = np.flip(_summed(np.flip(give, axis=-1)), axis=-1)  # what each hour and those above it give, and then none
    moved = np.minimum(np.minimum(taken, np.take_along_axis(higher, pays_from, axis=-1)), battery.energy_mwh)
    most = moved.max(axis=-1, keepdims=True)
    wanted = np.clip(most - (taken - take), 0.0, take) - np.clip(most - higher[..., 1:], 0.0, give)
    in_order = np.empty_like(wanted)
    np.put_along_axis(in_order, from_lowest, wanted, axis=-1)
    trades: Hours = in_order.reshape(hours[0].shape)
    return trades


def _trades(signal: Hours, surplus_mw: Hours, battery: Battery) -> tuple[Hours, Switches]:
    """What the store buys of the grid in each hour of days [MW], and in which hours it gives.

    Buying begins in the lowest hour and giving in the highest; they go on until what would be bought next is not paid
    for by the hour in which it would be given.
    """
    round_trip, charge = battery.round_trip_ratio, _daily(battery.charge_mw)
    room = _daily(battery.energy_mwh) * ((1.0 - battery.reserve_ratio) / battery.charge_efficiency_ratio)
    from_lowest = np.argsort(signal, axis=-2)
    rising = _in_hours(signal, from_lowest)
    falling, buying = rising[..., ::-1, :], rising[..., : _hours_to_fill(room, charge), :]
    free = np.minimum(_sum(np.minimum(np.maximum(surplus_mw, 0.0), charge)), room)
    lacking = _in_hours(np.maximum(-surplus_mw, 0.0), from_lowest[..., ::-1, :])
    given = np.cumsum(np.minimum(lacking, _daily(battery.discharge_mw)), axis=-2)
    given_before = np.concatenate([np.zeros_like(given[..., :1, :]), given[..., :-1, :]], axis=-2)
    # What is given in an hour pays for so many; it ends in the first hour that does not pay for what it begins with.
    ends = np.maximum(given_before / round_trip, free + _counted_below(buying, round_trip * falling) * charge)
    stored = np.minimum(np.minimum(ends.min(axis=-2, keepdims=True), given[..., -1:, :] / round_trip), room)
    bought_before = free + np.arange(int(buying.shape[-2]))[:, np.newaxis] * charge
    highest = np.where(bought_before < stored, buying, -np.inf).max(axis=-2, keepdims=True)
    moved = np.maximum(stored, free)
    lowest = np.where(given_before < round_trip * moved, falling, np.inf).min(axis=-2, keepdims=True)
    return _filled(signal, highest, stored - free, charge), (signal >= lowest) | (moved == 0.0)


def _hours_to_fill(room_mwh: Hours, charge_mw: Hours) -> int:
    """In how many hours at most a store is full: no more are ever bought in a day [h]."""
    lacks = np.arange(1, H_PER_DAY)[:, np.newaxis] * charge_mw < room_mwh
    return 1 + int(_sum(lacks).max())


def _counted_below(rising: Hours, values: Hours) -> NDArray[np.int8]:
    """How many of a few hours of each day lie below each value of the day."""
    count = np.zeros(values.shape, dtype=np.int8)
    for one in np.moveaxis(rising, -2, 0):
        count += (one[..., np.newaxis, :] < values).view(np.int8)
    return count


def _in_hours(values: Hours, place: NDArray[np.int64]) -> Hours:
    """The values of each day in these of its hours: `numpy.take_along_axis` takes three times as long."""
    hours, days = int(values.shape[-2]), int(values.shape[-1])
    first = np.arange(values.size // (hours * days)).reshape(*values.shape[:-2], 1, 1) * hours
    found: Hours = values.reshape(-1).take((first + place) * days + np.arange(days))
    return found


def _filled(signal: Hours, highest: Hours, energy_mwh: Hours, power_mw: Hours) -> Hours:
    """Full power below a signal, and at it what is left of the energy, spread evenly [MW]."""
    below, at = signal < highest, signal == highest
    left = np.maximum(energy_mwh - _sum(below) * power_mw, 0.0)
    return np.where(below, power_mw, np.where(at, left / np.maximum(_sum(at), 1), 0.0))


def _sum(of_days: Hours | Switches) -> Hours:
    """The sum of each day, beside its hours."""
    total: Hours = of_days.sum(axis=-2, keepdims=True)
    return total


def _daily(size: Numbers) -> Hours:
    """A size beside hours of days: of designs as (n, 1, 1)."""
    return np.asarray(size)[..., np.newaxis]


def _of_days(hours: Hours) -> Hours:
    """Hours as 24 rows, each with that hour of every day: what is done with a day is done with long rows, and fast."""
    return np.ascontiguousarray(np.swapaxes(hours.reshape(*hours.shape[:-1], -1, H_PER_DAY), -1, -2))


def _hourly(of_days: NDArray[Kind]) -> NDArray[Kind]:
    """The same in the order of the year."""
    return np.swapaxes(of_days, -1, -2).reshape(*of_days.shape[:-2], -1)
