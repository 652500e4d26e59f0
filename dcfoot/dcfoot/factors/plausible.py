"""Factors that cannot be: a slip of a unit shows in the number.

The bounds are far outside what grids have, so that nothing true is refused.
"""

from dcfoot.grid import Boundary

LEAST_G_PER_KWH = 5.0
"""No grid's life-cycle factor is below: the cleanest power stations have 11 (wind) and 12 (nuclear; IPCC AR5 WG3, Annex
III; UNECE's lowest nuclear figure is 5.1), the cleanest country of Ember's table 21. A figure below is in kilograms, or
of something else [g/kWh]"""

GREATEST_G_PER_KWH = 2500.0
"""No grid's factor is above: the worst lignite stations stay below 2000 [g/kWh]"""

LEAST_DIRECT_G_PER_KWH = 1.5
"""A direct factor may be 0, and of a grid with a little gas some grams; 0.1 to 1.5 are a grid's kilograms [g/kWh]"""


def implausible(g_per_kwh: float, boundary: Boundary) -> str:
    """What is wrong with a grid's factor; empty where nothing is.

    Parameters
    ----------
    g_per_kwh : float
        The factor; of a series, its greatest [g/kWh]
    boundary : Boundary
        Its family.
    """
    if g_per_kwh > GREATEST_G_PER_KWH:
        return f"{g_per_kwh:g} g/kWh is more than any grid has: is it in another unit?"
    in_kg = g_per_kwh < LEAST_G_PER_KWH if boundary is Boundary.LIFE_CYCLE else 0 < g_per_kwh <= LEAST_DIRECT_G_PER_KWH
    if in_kg:
        return f"{g_per_kwh:g} g/kWh is less than any grid has: is it in kg/kWh?"
    return ""
