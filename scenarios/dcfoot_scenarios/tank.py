"""A tank of hot or chilled water as a store: the same machine as a battery, with a tank's numbers.

In come its volume, its two temperatures and how slowly it leaks, out goes a `Battery` whose megawatts are of heat.
"""

from math import exp

from dcfoot.cooling.water import WATER_J_PER_KG_K, WATER_KG_PER_M3
from dcfoot.errors import ConfigError
from dcfoot.units import H_PER_DAY, J_PER_KWH, KWH_PER_MWH
from dcfoot_scenarios.storage import Battery


def water_tank(volume_m3: float, warm_c: float, cold_c: float, power_mw: float, time_constant_days: float) -> Battery:
    """A stratified tank: full when all of it is charged, empty when none is.

    It holds ``density x heat capacity x volume x (warm - cold)``. What it holds leaks away exponentially; that an empty
    tank of hot water goes on cooling below its return is left out.

    Parameters
    ----------
    volume_m3 : float
        Of water [m3]
    warm_c, cold_c : float
        Of its two layers: supply and return of a heat network, return and supply of chilled water [degC]
    power_mw : float
        The most that it takes and gives [MW]
    time_constant_days : float
        In which it loses all but 1/e of what it holds [d]

    Raises
    ------
    ConfigError
        The warm layer is not the warmer, or the time constant is not above 0.
    """
    if warm_c <= cold_c:
        raise ConfigError(f"A tank's warm layer ({warm_c} °C) must be warmer than its cold one ({cold_c} °C).")
    if time_constant_days <= 0:
        raise ConfigError(f"A tank's time constant must be above 0 days, not {time_constant_days}.")
    heat_j = volume_m3 * WATER_KG_PER_M3 * WATER_J_PER_KG_K * (warm_c - cold_c)
    loss_ratio_per_h = 1.0 - exp(-1.0 / (time_constant_days * H_PER_DAY))
    return Battery(heat_j / J_PER_KWH / KWH_PER_MWH, power_mw, power_mw, loss_ratio_per_h=loss_ratio_per_h)
