"""A published curve of WUE over the wet bulb, for where nothing is known of a hall but its climate.

The facility model computes what a given hall evaporates; this is one fit to one kind of hall. The same body serves
floats, arrays and Series.
"""

from dcfoot.elementwise import Value, maximum
from dcfoot.units import F_PER_K

LI_REN_FLOOR_L_PER_KWH = 0.05
"""The least WUE of Li and Ren's curve, where the polynomial has passed zero (their code, utils/dataloader.py)."""


def li_ren_wue_l_per_kwh(wet_bulb_c: Value, concentration_ratio: float = 6.0) -> Value:
    """WUE of a tower-cooled hall over the wet bulb: ``C/(C-1) (6e-5 T^3 - 0.01 T^2 + 0.61 T - 10.4)``, T in °F.

    Fitted from about -4 to 29 °C; below -2.7 °C the floor of 0.05 L/kWh holds.

    Source: Islam, Ren, Quan, Shakir and Vasilakos 2018, Water-Constrained Geographic Load Balancing in Data Centers,
    doi:10.1109/TCC.2015.2453982; as coded for Li, Yang, Islam and Ren 2025, doi:10.1145/3724499.

    Parameters
    ----------
    wet_bulb_c : Value
        Wet-bulb temperature of the outside air [°C]
    concentration_ratio : float
        Cycles of concentration, C > 1 [-]
    """
    wet_bulb_f = wet_bulb_c * F_PER_K + 32.0
    evaporated = 6e-5 * wet_bulb_f**3 - 0.01 * wet_bulb_f**2 + 0.61 * wet_bulb_f - 10.4
    return maximum(concentration_ratio / (concentration_ratio - 1) * evaporated, LI_REN_FLOOR_L_PER_KWH)
