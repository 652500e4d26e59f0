"""What every way of giving heat to the outside hands back, so that a plant need not know which it has."""

from dataclasses import dataclass

from dcfoot.cooling.water import Water
from dcfoot.elementwise import Numbers


@dataclass(frozen=True, slots=True)
class Rejection:
    """What giving off heat costs in an hour. Ratios are over IT capacity.

    Parameters
    ----------
    fan_ratio, pump_ratio : float or array
        Power [-]
    heat_ratio : float or array
        Heat given to the outside: what came in and the pumps' [-]
    water : Water
        What it uses.
    """

    fan_ratio: Numbers
    pump_ratio: Numbers
    heat_ratio: Numbers
    water: Water
