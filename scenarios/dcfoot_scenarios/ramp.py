"""A battery that keeps the grid's draw from changing faster than it may, and else does what its policy wants.

In come the hours of a policy, out come those that the battery is asked for instead: it holds back before the draw would
rise too fast, and makes room before it would fall too fast, for as long as it takes to rise or fall at the limit. What
the connection's limit will take of it, it holds in store whatever the ramp.
"""

from collections.abc import Callable, Sequence
from math import inf

import numpy as np

from dcfoot_scenarios.scan import ROUNDING_RATIO, Hours
from dcfoot_scenarios.storage import Battery, operate

LOOK_AHEAD_H = 48
"""How far ahead the battery knows what is drawn and supplied (a choice: two nights) [h]"""

MOST_YEARS = 4
"""How often at most a year is run until it begins as full as it ends (a choice: two are usually enough) [-]"""

LIMIT_RATIO = 1000.0
"""What a MW beyond the connection's limit counts for, over one beyond the ramp (a choice: the limit goes first) [-]"""

_NARROWINGS = 5  # a choice: what is held back is within some hundredths of the least


def within_ramp(
    battery: Battery, wanted_mw: Hours, net_mw: Hours, ramp_mw_per_h: float, limit_mw: float = inf
) -> Hours:
    """What is wanted of a battery so that the grid's draw changes no faster than it may, as far as it can [MW].

    What is wanted is left as it is where it is no further beyond limit and ramp.

    Parameters
    ----------
    battery : Battery
        The store, of one design.
    wanted_mw : array
        By its policy, as of `dcfoot_scenarios.storage.operate` [MW]
    net_mw : array
        What is drawn beyond what is supplied, without the store [MW]
    ramp_mw_per_h : float
        By how much the draw may change from hour to hour; `math.inf`: as it wants [MW/h]
    limit_mw : float
        The most that the grid gives, which goes before the ramp [MW]
    """

    def beyond_mw(power_mw: Hours, net_mw: Hours) -> float:
        done = operate(battery, power_mw)
        drawn_mw = np.maximum(net_mw + done.charge_mw - done.discharge_mw, 0.0)
        too_steep_mw = np.maximum(np.abs(np.diff(drawn_mw)) - ramp_mw_per_h, 0.0)
        return float(too_steep_mw.sum() + LIMIT_RATIO * np.maximum(drawn_mw - limit_mw, 0.0).sum())

    def held_mw(wants_mw: Hours, net_mw: Hours) -> Hours:
        unheld_mw = beyond_mw(wants_mw, net_mw)
        if unheld_mw <= ROUNDING_RATIO * float(np.abs(net_mw).sum()):
            return wants_mw
        found_mw = _Year(battery, net_mw, ramp_mw_per_h, limit_mw).held(wants_mw)
        return found_mw if beyond_mw(found_mw, net_mw) < unheld_mw * (1.0 - ROUNDING_RATIO) else wants_mw

    wanted, net = np.broadcast_arrays(wanted_mw, net_mw)
    years = [held_mw(wants, one) for wants, one in zip(_rows(wanted), _rows(net), strict=True)]
    return np.reshape(np.array(years), wanted.shape)


def _rows(hours: Hours) -> Hours:
    return hours.reshape(-1, hours.shape[-1])


class _Year:
    """A year of one design, hour after hour."""

    def __init__(self, battery: Battery, net_mw: Hours, ramp_mw_per_h: float, limit_mw: float) -> None:
        self._battery, self._net_mw, self._limit_mw = battery, net_mw, limit_mw
        sizes = battery.low_mwh, battery.energy_mwh, battery.charge_mw, battery.discharge_mw
        self._low_mwh, self._high_mwh, self._charge_mw, self._discharge_mw = (float(np.asarray(one)) for one in sizes)
        self._into_ratio, self._out_of = battery.charge_efficiency_ratio, 1.0 / battery.discharge_efficiency_ratio
        self._keep_ratio = 1.0 - battery.loss_ratio_per_h
        self._ramp_mw_per_h = min(ramp_mw_per_h, float(np.ptp(net_mw)) + self._charge_mw + self._discharge_mw)
        self._later_mw = self._ramp_mw_per_h * np.arange(1.0, LOOK_AHEAD_H + 1.0)

    def held(self, wanted_mw: Hours) -> Hours:
        """What is asked of the battery in a year that begins as it ends, or as it is given."""
        battery = self._battery
        if battery.start_ratio is not None:
            return self._run(wanted_mw, battery.start_ratio * self._high_mwh)[0]
        power_mw, start_mwh = wanted_mw, float(operate(battery, wanted_mw).state_mwh[-1])
        for _ in range(MOST_YEARS):
            power_mw, end_mwh = self._run(wanted_mw, start_mwh)
            if abs(end_mwh - start_mwh) <= ROUNDING_RATIO * self._high_mwh:
                break
            start_mwh = end_mwh
        return power_mw

    def _run(self, wanted_mw: Hours, start_mwh: float) -> tuple[Hours, float]:
        keep_ratio, ramp, state = self._keep_ratio, self._ramp_mw_per_h, start_mwh
        lowest, highest = -inf, inf  # the first hour follows none
        given = np.empty(len(wanted_mw))
        hours = zip(wanted_mw.tolist(), self._net_mw.tolist(), self._reserve_mwh(), *self._needs_mw(), strict=True)
        for hour, (wants, net, reserve, low, high, alone_low, alone_high) in enumerate(hours):
            held = keep_ratio * state
            least, most = self._can_mw(held)
            least = min(max(least, min(self._power_mw(reserve - held), self._limit_mw - net)), most)
            power = min(max(wants, least), most)
            planned = max(net + power, 0.0)
            lowest, highest = max(low, lowest), min(high, highest)
            draws = min(max(planned, lowest), highest)
            if draws < min(alone_low, highest):
                draws = _crossing(self._spare_to_rise(hour, held), draws, highest)
            if draws > max(alone_high, lowest, 0.0):
                draws = _crossing(self._room_to_fall(hour, held), draws, max(lowest, 0.0))
            if draws != planned:
                power = min(max(draws - net, least), most)
            state, given[hour], drawn = held + self._stored_mwh(power), power, max(net + power, 0.0)
            lowest, highest = drawn - ramp, drawn + ramp
        return given, state

    def _reserve_mwh(self) -> list[float]:
        """The least that is stored after each hour if the connection's limit is to be kept in all that follow."""
        room = self._limit_mw - self._net_mw
        reserve = np.full(len(room), self._low_mwh)
        if not (room < 0.0).any():
            return list(map(float, reserve))
        stored, needed = self._moved_mwh(room).tolist(), self._low_mwh
        for hour in [*range(len(room))][::-1] * (1 if self._battery.start_ratio is not None else 2):
            reserve[hour] = needed
            needed = min(max((needed - stored[hour]) / self._keep_ratio, self._low_mwh), self._high_mwh)
        return list(map(float, reserve))

    def _needs_mw(self) -> Sequence[list[float]]:
        """Between which draws of an hour all later ones can be reached: with a battery of any energy, with none."""
        along = self._ramp_mw_per_h * np.arange(float(len(self._net_mw)))

        def least(lacks: Hours) -> list[float]:
            reached: Hours = np.maximum.accumulate((lacks - along)[::-1])[::-1] + along
            return list(map(float, reached))

        def most(takes: Hours) -> list[float]:
            reached: Hours = np.minimum.accumulate((np.maximum(takes, 0.0) + along)[::-1])[::-1] - along
            return list(map(float, np.minimum(reached, self._limit_mw)))

        net = self._net_mw
        return least(net - self._discharge_mw), most(net + self._charge_mw), least(net), most(net)

    def _can_mw(self, held_mwh: float) -> tuple[float, float]:
        """The least and the most that the battery can take; below 0 it gives."""
        most = min(self._charge_mw, max(self._high_mwh - held_mwh, 0.0) / self._into_ratio)
        return min(max(self._power_mw(self._low_mwh - held_mwh), -self._discharge_mw), most), most

    def _stored_mwh(self, power_mw: float) -> float:
        return min(power_mw * self._into_ratio, power_mw * self._out_of)

    def _power_mw(self, stored_mwh: float) -> float:
        return max(stored_mwh / self._into_ratio, stored_mwh / self._out_of)

    def _after_mwh(self, hour: int, held_mwh: float, drawn_mw: float) -> float:
        """What is stored after an hour in which the grid gives so much."""
        least, most = self._can_mw(held_mwh)
        return held_mwh + self._stored_mwh(min(max(drawn_mw - float(self._net_mw[hour]), least), most))

    def _spare_to_rise(self, hour: int, held_mwh: float) -> Callable[[float], float]:
        """What is stored, by the draw of this hour, beyond what the steepest rise from it takes [MWh]."""
        later = self._net_mw[hour + 1 : hour + 1 + LOOK_AHEAD_H]
        rise = self._later_mw[: len(later)]

        def spare_mwh(drawn_mw: float) -> float:
            taken = -self._moved_mwh(np.minimum(drawn_mw + rise, self._limit_mw) - later)
            most = float(np.add.accumulate(taken).max(initial=0.0))
            return self._after_mwh(hour, held_mwh, drawn_mw) - self._low_mwh - most

        return spare_mwh

    def _room_to_fall(self, hour: int, held_mwh: float) -> Callable[[float], float]:
        """The room that is left, by the draw of this hour, beyond what the steepest fall from it fills [MWh]."""
        later = self._net_mw[hour + 1 : hour + 1 + LOOK_AHEAD_H]
        fall = self._later_mw[: len(later)]

        def room_mwh(drawn_mw: float) -> float:
            draws = drawn_mw - fall
            filled = self._moved_mwh(draws - later) * (draws > 0.0)
            most = float(np.add.accumulate(filled).max(initial=0.0))
            return self._high_mwh - self._after_mwh(hour, held_mwh, drawn_mw) - most

        return room_mwh

    def _moved_mwh(self, power_mw: Hours) -> Hours:
        """What hours of such power would add to the battery, within its power [MWh]."""
        power = np.minimum(np.maximum(power_mw, -self._discharge_mw), self._charge_mw)
        stored: Hours = np.minimum(power * self._into_ratio, power * self._out_of)  # the lesser, as in designs
        return stored


def _crossing(left: Callable[[float], float], at: float, toward: float) -> float:
    """From a value on toward another, the first at which nothing lacks; a little beyond it, or the other.

    What is left is concave between them, so that the line between two values lies below it.
    """
    lacks, leaves = left(at), 0.0
    if lacks >= 0.0 or (leaves := left(toward)) <= 0.0:
        return at if lacks >= 0.0 else toward
    for _ in range(_NARROWINGS):
        middle = (at * leaves - toward * lacks) / (leaves - lacks)
        found = left(middle)
        if found >= 0.0:
            toward, leaves = middle, found
        else:
            at, lacks = middle, found
    return toward
