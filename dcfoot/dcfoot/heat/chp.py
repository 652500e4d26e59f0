"""Emissions of a plant that makes heat and power together, split between the two by three methods.

All three weigh a unit of heat against a unit of power and split in proportion; they differ in the weight of heat alone:
1 by energy, ``e_power / e_heat`` by efficiency, its work potential by exergy.
"""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.heat.exergy import work_potential_ratio


@dataclass(frozen=True, slots=True, eq=False)
class Chp:
    """A plant that makes heat and power together, over a time.

    Parameters
    ----------
    emissions_t : float or array
        All of its emissions [t]
    heat_mwh, power_mwh : float or array
        What it makes [MWh]
    """

    emissions_t: Numbers
    heat_mwh: Numbers
    power_mwh: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class ChpShares:
    """Who carries the emissions.

    Parameters
    ----------
    heat_t, power_t : float or array
        [t]
    """

    heat_t: Numbers
    power_t: Numbers


def by_energy(plant: Chp) -> ChpShares:
    """In proportion to energy: a unit of heat as a unit of power.

    Source: GHG Protocol 2006, Allocation of GHG emissions from a combined heat and power plant, v1.0, appendix II
    (energy content method).

    Parameters
    ----------
    plant : Chp
        The plant.
    """
    return _weighted(plant, 1.0)


def by_efficiency(plant: Chp, heat_efficiency_ratio: Numbers, power_efficiency_ratio: Numbers) -> ChpShares:
    """In proportion to the fuel that heat and power would take if each were made alone.

    Source: GHG Protocol 2006, as of `by_energy`, section III (efficiency method, the recommended one). Elsewhere it is
    called the Finnish method, or alternative generation.

    Parameters
    ----------
    plant : Chp
        The plant.
    heat_efficiency_ratio, power_efficiency_ratio : float or array
        Of a boiler and of a power station: ``"chp.heat_efficiency_ratio"`` of the parameters [-]
    """
    return _weighted(plant, power_efficiency_ratio / heat_efficiency_ratio)


def by_work_potential(plant: Chp, supply_c: Numbers, return_c: Numbers, ambient_c: Numbers) -> ChpShares:
    """In proportion to the work that heat and power can do.

    Source: GHG Protocol 2006, as of `by_energy`, appendix I (work potential method).

    Parameters
    ----------
    plant : Chp
        The plant.
    supply_c, return_c : float or array
        Of the water or steam that brings the heat, and of what comes back [C]
    ambient_c : float or array
        Of the surroundings [C]
    """
    return _weighted(plant, work_potential_ratio(supply_c, return_c, ambient_c))


def _weighted(plant: Chp, heat_weight_ratio: Numbers) -> ChpShares:
    weighted = plant.heat_mwh * heat_weight_ratio
    heat_t = plant.emissions_t * weighted / (weighted + plant.power_mwh)
    return ChpShares(heat_t, plant.emissions_t - heat_t)
