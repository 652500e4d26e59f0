"""How much heat of the IT equipment can be had, and how warm: both follow from the cooling system and its numbers."""

from dataclasses import dataclass

import numpy as np

from dcfoot.cooling.system import CoolingSystem
from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """Heat of the IT equipment that can be had, in water.

    Parameters
    ----------
    captured_ratio : float or array
        Of the IT equipment's heat [-]
    warm_c, cool_c : float or array
        Water that brings the heat, and as it must come back, so that the equipment is cooled as before [C]
    """

    captured_ratio: Numbers
    warm_c: Numbers
    cool_c: Numbers

    def __post_init__(self) -> None:
        """Refuses heat that cannot be.

        Raises
        ------
        ConfigError
            The water comes back no cooler than it went, or more is captured than there is.
        """
        if not np.all(np.greater(self.warm_c, self.cool_c)):
            raise ConfigError(
                f"Heat comes in water that cools: warm_c ({self.warm_c}) must be above cool_c ({self.cool_c})."
            )
        if not np.all((np.asarray(self.captured_ratio) >= 0) & (np.asarray(self.captured_ratio) <= 1)):
            raise ConfigError(f"A captured_ratio must be from 0 to 1, not {self.captured_ratio}.")


def capture_of(system: CoolingSystem, recoverable_ratio: Numbers) -> Capture:
    """What can be had of a system's heat: warmer water in the system is warmer heat here.

    From liquid cooling, the heat of its loop, behind the heat exchanger of its distribution unit; what the hall's air
    takes stays with the cooling. From air, the heat of the air that returns, by the coils that the system has, or that
    are put into that air where it has none.

    Parameters
    ----------
    system : CoolingSystem
        With its numbers.
    recoverable_ratio : float or array
        Of the heat in its water or its air, ``"capture_SYSTEM.recoverable_ratio"`` of the parameters [-]
    """
    loop = system.liquid
    if loop is not None:
        cool_c = loop.coolant_supply_c - loop.cdu_approach_k
        return Capture(recoverable_ratio * loop.captured_ratio, cool_c + loop.coolant_range_k, cool_c)
    air = system.air
    cool_c = air.supply_c + air.rise_k * (1 - 1 / air.coil_effectiveness_ratio)
    return Capture(recoverable_ratio, cool_c + system.plant.range_k, cool_c)
