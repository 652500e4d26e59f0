"""Policies: what is wanted of a store in each hour, in MW at its terminals; above 0 to charge, below 0 to discharge.

In come hours (and designs before them), out go hours. What the store can do of it is for `dcfoot_scenarios.storage`.
"""

from dcfoot.elementwise import Numbers
from dcfoot_scenarios.scan import Hours
from dcfoot_scenarios.storage import Battery


def greedy(clean_mw: Hours, load_mw: Hours) -> Hours:
    """Stores what is left of the supply and gives it back as soon as the load exceeds the supply [MW]."""
    return clean_mw - load_mw


def peak_shaving(net_mw: Hours, limit_mw: Numbers) -> Hours:
    """Keeps what the grid gives at `limit_mw`: discharges above it, charges below it [MW]."""
    return limit_mw - net_mw


def lowest_limit_mw(battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """The lowest limit that `peak_shaving` holds with this store [MW]."""
    raise NotImplementedError


def arbitrage(signal: Hours, battery: Battery, load_mw: Hours, clean_mw: Hours) -> Hours:
    """Charges in a day's cheapest (cleanest) hours, discharges in its dearest, where the spread pays the losses [MW]."""
    raise NotImplementedError
