"""Who takes the heat, and what stands between: a network with its temperatures, a heat exchanger, a heat pump.

In come the temperatures of what can be had and of what is wanted; out goes what each way can hand on (`Ways`), the same
in every hour as long as the temperatures are: so a linear programme may take it as coefficients.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from dcfoot.elementwise import Numbers, maximum, minimum
from dcfoot.errors import ConfigError
from dcfoot.heat.capture import Capture
from dcfoot.heat.heat_pump import Lift, jensen_cop


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A heat network, where the data centre feeds into it.

    Parameters
    ----------
    supply_c, return_c : float or array
        Water that the network wants, and water that comes back; by hour where they follow the weather [C]
    loss_ratio : float or array
        Of the heat that is fed in, what is lost on its way to the customers [-]
    approach_k : float or array
        How far the heat exchanger stays below the water that it takes heat from [K]
    """

    supply_c: Numbers
    return_c: Numbers
    loss_ratio: Numbers
    approach_k: Numbers

    def __post_init__(self) -> None:
        """Refuses temperatures and losses that no network has.

        Raises
        ------
        ConfigError
            The supply is not above the return, or a loss is not from 0 to below 1.
        """
        if not np.all(np.greater(self.supply_c, self.return_c)):
            raise ConfigError("A heat network's supply_c must be above its return_c in every hour.")
        if not np.all((np.asarray(self.loss_ratio) >= 0) & (np.asarray(self.loss_ratio) < 1)):
            raise ConfigError(f"A heat network's loss_ratio must be 0 or more and below 1, not {self.loss_ratio}.")


@dataclass(frozen=True, slots=True, eq=False)
class HeatPump:
    """A heat pump that lifts what the heat exchanger cannot hand on.

    Parameters
    ----------
    capacity_mw : float or array
        The most heat that it gives; infinite: as much as is wanted; 0: there is none [MW]
    cop : float or array or None
        Heat over electricity, where it is measured or guaranteed; None: by the temperatures [-]
    """

    capacity_mw: Numbers = inf
    cop: Numbers | None = None

    def __post_init__(self) -> None:
        """Refuses what no heat pump can be.

        Raises
        ------
        ConfigError
            Its capacity is below 0, or it gives no more heat than it takes electricity.
        """
        if not np.all(np.greater_equal(self.capacity_mw, 0)):
            raise ConfigError(f"A heat pump's capacity_mw must be 0 or more, not {self.capacity_mw}.")
        if self.cop is not None and not np.all(np.greater(self.cop, 1)):
            raise ConfigError(f"A heat pump's cop must be above 1, not {self.cop}: it is heat over electricity.")


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """What each way can hand on.

    Parameters
    ----------
    direct_of_demand_ratio : float or array
        Of the heat that the network wants, what the heat exchanger can give it: up to the temperature it reaches [-]
    direct_of_captured_ratio : float or array
        Of the heat that can be had, what the heat exchanger can take out of it: down to the network's return [-]
    cop : float or array
        Of the heat pump [-]
    """

    direct_of_demand_ratio: Numbers
    direct_of_captured_ratio: Numbers
    cop: Numbers

    @property
    def source_ratio(self) -> Numbers:
        """Of the heat pump's heat, what it takes from the data centre: ``1 - 1 / cop`` [-]."""
        return 1 - 1 / self.cop


def ways_of(capture: Capture, network: Network, pump: HeatPump) -> Ways:
    """What each way can hand on, by the temperatures.

    The heat exchanger stands before the heat pump on both sides: it warms the water that comes back from the network as
    far as it can, and leaves the heat pump a cooler source. As it warms all of the network's water here, other plant
    may bring to its temperature what the heat pump cannot.

    Parameters
    ----------
    capture : Capture
        What can be had.
    network : Network
        What is wanted.
    pump : HeatPump
        Its coefficient of performance goes before the temperatures'.
    """
    reach_k = maximum(capture.warm_c - network.approach_k - network.return_c, 0.0)
    of_demand = minimum(reach_k / (network.supply_c - network.return_c), 1.0)
    of_captured = minimum(reach_k / (capture.warm_c - capture.cool_c), 1.0)
    cop = pump.cop if pump.cop is not None else _rated_cop(capture, network, of_demand, of_captured)
    return Ways(of_demand, of_captured, cop)


def _rated_cop(capture: Capture, network: Network, of_demand: Numbers, of_captured: Numbers) -> Numbers:
    """The coefficient of performance where all heat is used that can be had, and no more is wanted.

    What is fed in depends on the coefficient, and the temperatures that the heat exchanger leaves depend on what is fed
    in, but little: the third round changes the coefficient by less than a thousandth.
    """
    cop: Numbers = inf
    for _ in range(3):
        fed = _fed_ratio(of_demand, of_captured, cop)
        direct = minimum(of_captured, of_demand * fed)
        source_c = capture.warm_c - direct * (capture.warm_c - capture.cool_c)
        sink_c = network.return_c + direct / fed * (network.supply_c - network.return_c)
        cop = jensen_cop(Lift(source_c, capture.cool_c, sink_c, network.supply_c))
    return cop


def _fed_ratio(of_demand: Numbers, of_captured: Numbers, cop: Numbers) -> Numbers:
    """Heat fed in over heat that can be had, if all of that is used.

    With a gain ``g = cop / (cop - 1)`` of the heat pump, ``fed = direct + (1 - direct) g``, where the direct part is
    the lesser of ``of_captured`` and ``of_demand x fed``.
    """
    gain = 1 / (1 - 1 / cop)
    return maximum(gain - of_captured * (gain - 1), gain / (1 + of_demand * (gain - 1)))
