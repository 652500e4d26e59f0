"""How much heat of the IT equipment can be had, and how warm: it follows from the cooling system and its numbers."""

from dataclasses import dataclass

from dcfoot.cooling.system import CoolingSystem
from dcfoot.elementwise import Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """Heat of the IT equipment that can be had.

    Parameters
    ----------
    captured_ratio : float or array
        Of the IT equipment's heat [-]
    warm_c, cool_c : float or array
        Water that brings the heat, and the coldest at which it may go back [C]
    """

    captured_ratio: Numbers
    warm_c: Numbers
    cool_c: Numbers


def capture_of(system: CoolingSystem, recoverable_ratio: Numbers) -> Capture:
    """What can be had of a system's heat.

    Parameters
    ----------
    system : CoolingSystem
        With its numbers: warmer water in it is warmer heat here.
    recoverable_ratio : float or array
        Of the heat in its water or air [-]
    """
    raise NotImplementedError
