"""Who takes the heat, and what stands between: a network with its temperatures, a heat exchanger, a heat pump."""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers


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


@dataclass(frozen=True, slots=True, eq=False)
class HeatPump:
    """A heat pump that lifts what the heat exchanger cannot.

    Parameters
    ----------
    capacity_mw : float or array
        The most heat that it gives; infinite: as much as is wanted [MW]
    cop : float or array or None
        Heat over electricity, where it is measured or guaranteed; None: by the temperatures [-]
    """

    capacity_mw: Numbers
    cop: Numbers | None = None
