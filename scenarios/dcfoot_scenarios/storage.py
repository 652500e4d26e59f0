"""A store of energy over the hours of a year: a battery, or a tank of heat or chilled water.

In come its sizes, the power that a policy wants of it (`dcfoot_scenarios.dispatch`), the load and the supply; out go
the flows of every hour. All flows are >= 0, of power in MW, each for one hour:

    load + charge + surplus = clean + discharge + import
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot_scenarios.scan import Hours, Steps, before, states


@dataclass(frozen=True, slots=True, eq=False)
class Battery:
    """A store by its sizes; each may be a float, or an array of designs of shape (n, 1).

    Parameters
    ----------
    energy_mwh : Numbers
        What it holds when full, of which the reserve is a part [MWh]
    charge_mw, discharge_mw : Numbers
        The most that it takes and gives at its terminals [MW]
    charge_efficiency_ratio, discharge_efficiency_ratio : float
        Stored over taken; given over drawn from the store [-]
    loss_ratio_per_h : float
        Self-discharge, of what is stored [1/h]
    reserve_ratio : float
        The share of `energy_mwh` that is kept for backup: topped up from the grid where losses gnaw at it [-]
    start_ratio : float or None
        Stored at the start, of `energy_mwh`, and as clean as what is there at the end; None: it starts as it ends [-]
    """

    energy_mwh: Numbers
    charge_mw: Numbers
    discharge_mw: Numbers
    charge_efficiency_ratio: float = 1.0
    discharge_efficiency_ratio: float = 1.0
    loss_ratio_per_h: float = 0.0
    reserve_ratio: float = 0.0
    start_ratio: float | None = None

    def __post_init__(self) -> None:
        """Refuses what no store can be.

        Raises
        ------
        ConfigError
            A size below 0, a ratio out of its range, or a reserve that loses more than can be charged.
        """
        for name in ("energy_mwh", "charge_mw", "discharge_mw"):
            if not np.all(np.isfinite(getattr(self, name))) or np.any(np.less(getattr(self, name), 0.0)):
                raise ConfigError(f"A store's {name} must be 0 or more, not {getattr(self, name)}.")
        for name in ("charge_efficiency_ratio", "discharge_efficiency_ratio"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ConfigError(f"A store's {name} must be above 0 and at most 1, not {getattr(self, name)}.")
        for name in ("loss_ratio_per_h", "reserve_ratio"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"A store's {name} must be 0 or more and below 1, not {getattr(self, name)}.")
        if self.start_ratio is not None and not self.reserve_ratio <= self.start_ratio <= 1.0:
            raise ConfigError(
                f"A store's start_ratio must be from its reserve_ratio ({self.reserve_ratio}) to 1, "
                f"not {self.start_ratio}; leave it out for a year that ends as it begins."
            )
        if np.any(self.loss_ratio_per_h * self.low_mwh > self.charge_efficiency_ratio * np.asarray(self.charge_mw)):
            raise ConfigError("A store loses more of its reserve in an hour than its charge_mw can put back: raise it.")

    @property
    def low_mwh(self) -> Numbers:
        """The reserve: the least that it holds [MWh]."""
        return self.reserve_ratio * self.energy_mwh

    @property
    def round_trip_ratio(self) -> float:
        """Given over taken, without self-discharge [-]."""
        return self.charge_efficiency_ratio * self.discharge_efficiency_ratio


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """What a store does in each hour: it charges, discharges or rests.

    Parameters
    ----------
    charge_mw, discharge_mw : array
        At its terminals [MW]
    held_mwh : array
        What was left of the hour before, after self-discharge [MWh]
    state_mwh : array
        Stored at the end of the hour [MWh]
    """

    charge_mw: Hours
    discharge_mw: Hours
    held_mwh: Hours
    state_mwh: Hours


@dataclass(frozen=True, slots=True, eq=False)
class Flows:
    """What flows in each hour; all >= 0.

    Parameters
    ----------
    load_mw, clean_mw : array
        What was drawn, what was supplied [MW]
    charge_clean_mw, charge_grid_mw : array
        What the store took of the supply beyond the load, and of the grid [MW]
    discharge_mw, discharge_clean_mw : array
        What it gave, and the clean part of it [MW]
    import_mw, surplus_mw : array
        What the grid gave; what was left of the supply, to be sold or curtailed [MW]
    state_mwh : array
        What was stored at the end of the hour [MWh]
    given_up_mw : array
        What of the supply was not made since the grid pays for what it gives instead; a part of the surplus [MW]
    """

    load_mw: Hours
    clean_mw: Hours
    charge_clean_mw: Hours
    charge_grid_mw: Hours
    discharge_mw: Hours
    discharge_clean_mw: Hours
    import_mw: Hours
    surplus_mw: Hours
    state_mwh: Hours
    given_up_mw: Hours

    @property
    def charge_mw(self) -> Hours:
        """What the store took [MW]."""
        return self.charge_clean_mw + self.charge_grid_mw

    @property
    def clean_at_once_mw(self) -> Hours:
        """The part of the load that the supply met at once [MW]."""
        met: Hours = np.minimum(self.clean_mw - self.given_up_mw, self.load_mw)
        return met

    @property
    def clean_to_load_mw(self) -> Hours:
        """The part of the load that the supply met, at once or by way of the store [MW]."""
        at_once = self.clean_at_once_mw
        short = self.load_mw - at_once
        sold = np.maximum(self.discharge_mw - short, 0.0)  # of a store that gives more than the load lacks
        kept_ratio = 1.0 - sold / np.maximum(self.discharge_mw, _LEAST)
        met: Hours = at_once + self.discharge_clean_mw * kept_ratio
        return met

    @property
    def cfe_contracted_ratio(self) -> Hours:
        """The part of the year's load that the supply met, at once or by way of the store [-]."""
        ratio: Hours = self.clean_to_load_mw.sum(axis=-1) / self.load_mw.sum(axis=-1)
        return ratio


_LEAST = np.finfo(np.float64).tiny
"""In place of a divisor that may be 0, where what is divided is then 0 as well."""


def operate(battery: Battery, wanted_mw: Hours) -> Operation:
    """What a store does of what a policy wants: within its power, its size and its reserve, losses counted.

    ``s' = min(max((1 - loss) s + charge x efficiency - discharge / efficiency, reserve), size)``

    Parameters
    ----------
    battery : Battery
        The store.
    wanted_mw : array
        Charge where above 0, discharge where below; at the terminals [MW]
    """
    if not np.any(battery.energy_mwh):
        nothing = np.zeros(np.broadcast(wanted_mw, battery.energy_mwh, battery.charge_mw, battery.discharge_mw).shape)
        return Operation(nothing, nothing, nothing, nothing)
    keep_ratio = 1.0 - battery.loss_ratio_per_h
    low, high = battery.low_mwh, battery.energy_mwh
    into_ratio, out_of_ratio = battery.charge_efficiency_ratio, battery.discharge_efficiency_ratio
    charge = np.minimum(np.maximum(wanted_mw, 0.0), battery.charge_mw)
    discharge = np.minimum(np.maximum(-wanted_mw, 0.0), battery.discharge_mw)
    change = charge * into_ratio - discharge / out_of_ratio
    start = None if battery.start_ratio is None else battery.start_ratio * np.asarray(high)
    steps = Steps(*np.broadcast_arrays(keep_ratio, change, low, high))
    state = states(steps if battery.loss_ratio_per_h else steps._replace(keep=None), start)
    held = keep_ratio * before(state, start)
    room = np.maximum((high - held) / into_ratio, 0.0)
    # What keeps the reserve, whatever is wanted.
    upkeep = np.maximum(low - held, 0.0) / into_ratio if battery.reserve_ratio else 0.0
    return Operation(
        np.maximum(np.minimum(charge, room), upkeep),
        np.minimum(discharge, np.maximum(held - low, 0.0) * out_of_ratio),
        held,
        state,
    )


REFILLED_HOURS = 24
"""Over how many hours a store is refilled at least, so that it makes no peak of its own (a choice: a day) [h]"""


def refilled_mw(battery: Battery, wanted_mw: Hours) -> Hours:
    """What is wanted of a store that must end at least as full as it was given: energy is not for nothing.

    From as late an hour as it can, a day before the end at the latest, it charges evenly. With n hours left and
    ``keep = 1 - loss``, ``start = keep^n s + power x efficiency x (1 + keep + ... + keep^(n-1))``.

    Parameters
    ----------
    battery : Battery
        The store.
    wanted_mw : array
        By its policy, as of `operate` [MW]

    Raises
    ------
    ConfigError
        It loses more of its start in an hour than it can take.
    """
    if not battery.start_ratio:
        return wanted_mw
    done = operate(battery, wanted_mw)
    start = battery.start_ratio * np.asarray(battery.energy_mwh)
    lacks = done.state_mwh[..., -1:] < start * (1.0 - 1e-9)
    if not np.any(lacks):
        return wanted_mw
    hours = int(done.state_mwh.shape[-1])
    left: Hours = np.arange(hours, 0.0, -1.0)  # hours from each on, itself included
    stays: Hours = (1.0 - battery.loss_ratio_per_h) ** left
    grows: Hours = np.cumsum(stays[::-1])[::-1] / (1.0 - battery.loss_ratio_per_h)
    held = before(done.state_mwh, start)
    power = (start - stays * held) / (battery.charge_efficiency_ratio * grows)
    can = (power <= np.asarray(battery.charge_mw) * (1.0 + 1e-9)) & (left >= min(REFILLED_HOURS, hours))
    if np.any(lacks & ~can.any(axis=-1, keepdims=True)):
        raise ConfigError(
            f"A store that starts at {battery.start_ratio:g} of its size loses more of that in an hour than its "
            "charge_mw can put back, so that it cannot end as full: raise it, or leave start_ratio out."
        )
    first = hours - 1 - np.argmax(can[..., ::-1], axis=-1)[..., None]
    refills = lacks & (np.arange(hours) >= first)
    evenly = np.take_along_axis(power, first, axis=-1)
    return np.where(refills, np.maximum(evenly, wanted_mw), wanted_mw)


def discharged_share_ratio(battery: Battery, operation: Operation, charged_share_ratio: Hours) -> Hours:
    """The share of what a store gives that had a property when it was taken, such as being clean [-].

    The store mixes: what leaves it, as energy or as loss, has the share of all that it holds. At a start that is given
    it held as much that has the property as at the end: no more of it is given than was taken.

    Parameters
    ----------
    battery : Battery
        The store.
    operation : Operation
        What it did.
    charged_share_ratio : array
        The share of what it took, by hour [-]
    """
    keep_ratio, held = 1.0 - battery.loss_ratio_per_h, operation.held_mwh
    stays_ratio = operation.state_mwh / np.maximum(np.maximum(held, operation.state_mwh), _LEAST)
    added = battery.charge_efficiency_ratio * operation.charge_mw * charged_share_ratio
    steps = np.broadcast_arrays(keep_ratio * stays_ratio, added, 0.0, operation.state_mwh)
    content = keep_ratio * _before_each(steps, battery)
    share: Hours = np.minimum(content / np.maximum(held, _LEAST), 1.0)
    return share


def _before_each(steps: Sequence[Hours], battery: Battery) -> Hours:
    """The state before every step of a year that begins as it ends, with no more than the store held [MWh]."""
    if battery.start_ratio is None:
        return before(states(Steps(*steps), None), None)
    held = np.broadcast_to(battery.start_ratio * np.asarray(battery.energy_mwh), (*steps[0].shape[:-1], 1))
    begins = np.broadcast_arrays(1.0, 0.0, 0.0, held)
    whole = Steps(*(np.concatenate(parts, axis=-1) for parts in zip(begins, steps, strict=True)))
    return states(whole, None)[..., :-1]


def run_storage(
    battery: Battery,
    wanted_mw: Hours,
    load_mw: Hours,
    clean_mw: Hours,
    contracted_mw: Hours | float = 0.0,
    given_up_mw: Hours | float = 0.0,
) -> Flows:
    """The flows of a store that does what a policy wants of it, as far as it can.

    Parameters
    ----------
    battery : Battery
        The store.
    wanted_mw : array
        Charge where above 0, discharge where below; at the terminals [MW]
    load_mw, clean_mw : array
        What is drawn and what is supplied, without the store [MW]
    contracted_mw : array or float
        What of the grid's is contracted: beyond the load of its hour, what is stored of it is clean [MW]
    given_up_mw : array or float
        What of the supply is not made, at most all of it [MW]
    """
    done, made_mw = operate(battery, wanted_mw), clean_mw - given_up_mw
    charge_clean = np.minimum(done.charge_mw, np.maximum(made_mw - load_mw, 0.0))
    charge_grid = done.charge_mw - charge_clean
    discharge_clean = done.discharge_mw
    if battery.start_ratio or charge_grid.any():
        charge_contracted = np.minimum(charge_grid, np.maximum(made_mw + contracted_mw - load_mw, 0.0) - charge_clean)
        clean_ratio = (charge_clean + charge_contracted) / np.maximum(done.charge_mw, _LEAST)
        share = discharged_share_ratio(battery, done, clean_ratio)
        discharge_clean = done.discharge_mw * share
    balance = load_mw - made_mw + done.charge_mw - done.discharge_mw
    imported, surplus = np.maximum(balance, 0.0), np.maximum(-balance, 0.0) + given_up_mw
    moved = (charge_clean, charge_grid, done.discharge_mw, discharge_clean)
    at_site = (imported, surplus, done.state_mwh, given_up_mw)
    return Flows(*np.broadcast_arrays(load_mw, clean_mw, *moved, *at_site))
