"""A tank of chilled water in the hall's cooling: compressors fill it, and it gives in their place.

In come a `Battery` whose megawatts are of cold, what compressors lift and draw by hour, and what is to be low; out goes
what becomes of the cold. It is made as the hour makes it, at the compressors' own electricity per cold: that this
hardly changes with a little more or less of it is a choice. Hours in which no compressor runs fill nothing.
"""

from dataclasses import dataclass

import numpy as np

from dcfoot_scenarios.dispatch import within_days
from dcfoot_scenarios.scan import Hours
from dcfoot_scenarios.storage import Battery, operate


@dataclass(frozen=True, slots=True, eq=False)
class ColdStored:
    """What a tank does in each hour.

    Parameters
    ----------
    made_mw : array
        What compressors lift, out of the hall and into the tank [MW]
    charge_mw, discharge_mw : array
        What goes into the tank, what it gives [MW]
    state_mwh : array
        Stored at the end of the hour [MWh]
    drawn_mw : array
        What compressors draw more than without it; below 0 where they draw less [MW]
    """

    made_mw: Hours
    charge_mw: Hours
    discharge_mw: Hours
    state_mwh: Hours
    drawn_mw: Hours


def store_cold(tank: Battery, lifted_mw: Hours, most_mw: Hours, per_cold_ratio: Hours, signal: Hours) -> ColdStored:
    """Fills a tank where a day's cold is cheapest and gives it where it is dearest, by electricity times a signal.

    It gives no more than compressors would lift, and is filled with no more than they have left: no chiller is bought
    for it. A year in which it would cost more than it spares, it rests.

    Parameters
    ----------
    tank : Battery
        The tank; it begins the year as full as it ends.
    lifted_mw : array
        What compressors lift without it [MW]
    most_mw : array
        The most that they can lift in any hour; an axis of one hour [MW]
    per_cold_ratio : array
        What they draw for a unit of it [-]
    signal : array
        Of the power that they draw: its price or its carbon, in any unit; whole days from midnight.
    """
    needed_mw, cost = np.maximum(lifted_mw, 0.0), per_cold_ratio * signal
    room_mw = np.where(needed_mw > 0.0, np.maximum(most_mw - needed_mw, 0.0), 0.0)
    gives_mw = np.minimum(needed_mw, tank.discharge_mw)
    wanted_mw = within_days(cost, tank, np.minimum(room_mw, tank.charge_mw), gives_mw)
    done = operate(tank, wanted_mw)
    saves = (cost * (done.discharge_mw - done.charge_mw)).sum(axis=-1, keepdims=True) > 0.0
    if not saves.all():
        done = operate(tank, np.where(saves, wanted_mw, 0.0))
    more_mw = done.charge_mw - done.discharge_mw
    return ColdStored(needed_mw + more_mw, done.charge_mw, done.discharge_mw, done.state_mwh, more_mw * per_cold_ratio)
