"""Water: what the site evaporates, and what the power stations behind its electricity consume.

On-site water goes with IT energy, source water with facility energy. Multiplying WUE by facility energy counts PUE into
a figure that already is per unit of IT energy.
"""


def water_onsite_l(it_energy_kwh: float, wue_l_per_kwh: float) -> float:
    """Water used on site for cooling: ``WUE x IT energy``.

    Source: ISO/IEC 30134-9:2022 (water usage effectiveness), category 1.

    Parameters
    ----------
    it_energy_kwh : float
        Energy at the IT equipment's inlet [kWh]
    wue_l_per_kwh : float
        Water usage effectiveness, per unit of IT energy [L/kWh]
    """
    return it_energy_kwh * wue_l_per_kwh


def water_offsite_l(facility_energy_kwh: float, ewif_l_per_kwh: float) -> float:
    """Water consumed where the electricity is made: ``EWIF x facility energy``.

    Source: Li, Yang, Islam and Ren 2025, Making AI Less "Thirsty", CACM, doi:10.1145/3724499 (EWIF: energy water
    intensity factor).

    Parameters
    ----------
    facility_energy_kwh : float
        Energy that the facility draws from the grid [kWh]
    ewif_l_per_kwh : float
        Water consumed per unit of electricity [L/kWh]
    """
    return facility_energy_kwh * ewif_l_per_kwh
