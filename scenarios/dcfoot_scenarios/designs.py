"""Many designs on one load and one weather: sizes of solar, wind and storage in, yearly figures of each out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Numbers
from dcfoot_scenarios.scan import Hours
from dcfoot_scenarios.storage import Battery

Designs = NDArray[np.float64]
"""One value a design."""


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """What all designs share; one value an hour.

    Parameters
    ----------
    load_mw : array
        What the facility draws [MW]
    solar_per_unit, wind_per_unit : array
        Output over nameplate [-]
    grid_g_per_kwh : array
        The grid's factor [g/kWh]
    """

    load_mw: Hours
    solar_per_unit: Hours
    wind_per_unit: Hours
    grid_g_per_kwh: Hours


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """The year of each design.

    Parameters
    ----------
    import_mwh, surplus_mwh : array
        What the grid gave; what was left of the supply [MWh]
    peak_import_mw : array
        The most that the grid gave in an hour [MW]
    emissions_t : array
        Of what the grid gave [t]
    cfe_contracted_ratio : array
        The part of the load that the supply met, at once or by way of the store [-]
    """

    import_mwh: Designs
    surplus_mwh: Designs
    peak_import_mw: Designs
    emissions_t: Designs
    cfe_contracted_ratio: Designs


def run_designs(site: Site, solar_mw: Numbers, wind_mw: Numbers, battery: Battery) -> Totals:
    """Greedy dispatch of every design; sizes are floats or arrays of one value a design (of the battery as well)."""
    raise NotImplementedError
