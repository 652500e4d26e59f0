"""From IT energy to facility energy, and what a PUE is one of. PUE is applied here, once, and nowhere else."""

from typing import Literal, get_args

from dcfoot.elementwise import Numbers

Category = Literal["PUE1", "PUE2", "PUE3"]
"""Where the IT energy is metered: at the output of the UPS, of the PDUs, or at the equipment (ISO/IEC 30134-2:2016,
clause 6: basic, intermediate, advanced)."""

CATEGORIES: tuple[Category, ...] = get_args(Category)

LEAST_PUE = 0.98
"""Meters of class 1 (IEC 62053-21) may be off by 1 % each; less than this is a mistake."""


def facility_energy_kwh(it_energy_kwh: float, pue: float) -> float:
    """Energy of the whole facility for the energy of its IT equipment: ``IT energy x PUE``.

    Source: ISO/IEC 30134-2:2016, clause 5 (power usage effectiveness).

    Parameters
    ----------
    it_energy_kwh : float
        Energy at the IT equipment's inlet, the node rung [kWh]
    pue : float
        Power usage effectiveness, at least 1 [-]
    """
    return it_energy_kwh * pue


def at_it_inlet(category: Category, distribution_ratio: Numbers) -> Numbers:
    """What a PUE of this category is to be multiplied by, to be one at the IT equipment's inlet.

    Behind the UPS, distribution still loses power on the way: ``PUE3 = PUE1 x (1 + loss / IT)``. Behind the PDUs only
    cables do, which is nothing here.

    Parameters
    ----------
    category : str
        Where the IT energy was metered.
    distribution_ratio : float or array
        Loss of distribution over IT power [-]
    """
    return 1 + distribution_ratio if category == "PUE1" else 1.0
