"""A store of energy over the hours of a year: a battery, or a tank of heat or chilled water.

In come its sizes, the power that a policy wants of it (`dcfoot_scenarios.dispatch`), the load and the supply; out go the
flows of every hour. All flows are >= 0, of power in MW, each for one hour:

    load + charge + surplus = clean + discharge + import
"""

from dataclasses import dataclass

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot_scenarios.scan import Hours


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
        Stored at the start, of `energy_mwh`, and not counted as clean; None: it starts as it ends [-]
    """

    energy_mwh: Numbers
    charge_mw: Numbers
    discharge_mw: Numbers
    charge_efficiency_ratio: float = 1.0
    discharge_efficiency_ratio: float = 1.0
    loss_ratio_per_h: float = 0.0
    reserve_ratio: float = 0.0
    start_ratio: float | None = None


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

    @property
    def charge_mw(self) -> Hours:
        """What the store took [MW]."""
        return self.charge_clean_mw + self.charge_grid_mw

    @property
    def clean_to_load_mw(self) -> Hours:
        """The part of the load that the supply met, at once or by way of the store [MW]."""
        raise NotImplementedError

    @property
    def cfe_contracted_ratio(self) -> Hours:
        """That part over the load, of the year [-]."""
        raise NotImplementedError


def run_storage(battery: Battery, wanted_mw: Hours, load_mw: Hours, clean_mw: Hours) -> Flows:
    """The flows of a store that does what a policy wants of it, as far as it can.

    Parameters
    ----------
    battery : Battery
        The store.
    wanted_mw : array
        Charge where above 0, discharge where below; at the terminals [MW]
    load_mw, clean_mw : array
        What is drawn and what is supplied, without the store [MW]
    """
    raise NotImplementedError
