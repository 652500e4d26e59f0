"""Moist air: the equations of the ASHRAE Handbook of Fundamentals, for a float, an array or a Series alike.

In come a dry bulb, a measure of moisture and the pressure; out go the others. Equation numbers are those of the ASHRAE
Handbook of Fundamentals 2017 (SI), chapter 1, "Psychrometrics". Air and vapour are ideal gases there, saturation below
the triple point is over ice, and the equations hold from -100 to 200 C.
"""

from dcfoot.elementwise import Condition, Value, exp, log, maximum, minimum, where

ZERO_C_IN_K = 273.15
"""The ice point (SI Brochure, 9th edition)."""

STANDARD_PRESSURE_PA = 101_325.0
"""At sea level (equation 3)."""

VAPOUR_TO_AIR_RATIO = 0.621945
"""The mass of a mole of water over that of a mole of dry air (equation 20)."""

DRY_AIR_J_PER_KG_K = 287.042
"""Gas constant of dry air (equation 1)."""

VAPOUR_J_PER_KG_K = 461.524
"""Gas constant of water vapour (equation 2)."""

TRIPLE_POINT_C = 0.01
"""Here vapour over ice and over water are one (ITS-90), and so are equations 5 and 6, to 1e-8. At 0 C, where the
handbook changes from one to the other, they differ by 1e-4: a step in all that follows from moisture."""

ICE_POINT_PRESSURE_PA = 611.21287
"""Saturation over water at 0 C (equation 6)."""

DRIEST_VAPOUR_PRESSURE_PA = 0.00140510
"""Saturation over ice at -100 C, where equation 5 begins: drier air is given the dew point of this."""

AIR_KJ_PER_KG_K = 1.006
"""Heat capacity of dry air (equation 28)."""

VAPOUR_KJ_PER_KG_K = 1.86
"""Heat capacity of water vapour (equation 29)."""

VAPOUR_KJ_PER_KG = 2501.0
"""Enthalpy of water vapour at 0 C over that of water (equation 29)."""

_OVER_ICE = (-5.6745359e3, 6.3925247, -9.677843e-3, 6.2215701e-7, 2.0747825e-9, -9.484024e-13, 4.1635019)
_OVER_WATER = (-5.8002206e3, 1.3914993, -4.8640239e-2, 4.1764768e-5, -1.4452093e-8, 0.0, 6.5459673)
"""C1 to C7 of equation 5, and C8 to C13 of equation 6 in the same places."""

_WET = ((2830.0, 2501.0), (0.24, 2.326), (2.1, 4.186))
"""Of equations 35 (ice) and 33 (water): the enthalpy of what evaporates at 0 C [kJ/kg], how it falls with the wet bulb,
and the heat capacity of ice and water [kJ/(kg K)]."""

_DEW_STEPS = 2
"""A choice: from -100 to 200 C they leave 8 uK."""

_WET_STEPS = 6
"""A choice: from -40 to 55 C, at any moisture and 55 to 108 kPa, five leave 0.3 mK and six some nK."""


def pressure_at_pa(elevation_m: Value) -> Value:
    """Pressure of the standard atmosphere: equation 3.

    Parameters
    ----------
    elevation_m : float, array or Series
        Above sea level, -5000 to 11,000 [m]
    """
    return STANDARD_PRESSURE_PA * exp(5.2559 * log(1 - 2.25577e-5 * elevation_m))


def saturation_pressure_pa(dry_bulb_c: Value) -> Value:
    """Pressure of saturated vapour: over ice below the triple point (equation 5), over water above it (equation 6).

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    """
    t_k = dry_bulb_c + ZERO_C_IN_K
    return exp(where(dry_bulb_c < TRIPLE_POINT_C, _log_saturation(t_k, _OVER_ICE), _log_saturation(t_k, _OVER_WATER)))


def saturation_pressure_over_water_pa(dry_bulb_c: Value) -> Value:
    """Pressure of vapour that is saturated over water, also supercooled: equation 6 at any temperature.

    Meteorology states dew points and relative humidities by it (WMO-No. 8, annex 4.B). The equation is made for 0 to
    200 C; down to -40 C it is within 0.02 % of Sonntag's for supercooled water (1990, Z. Meteorol. 70, 340).

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    """
    return exp(_log_saturation(dry_bulb_c + ZERO_C_IN_K, _OVER_WATER))


def _log_saturation(t_k: Value, c: tuple[float, ...]) -> Value:
    """The right side of equations 5 and 6."""
    return c[0] / t_k + c[1] + t_k * (c[2] + t_k * (c[3] + t_k * (c[4] + t_k * c[5]))) + c[6] * log(t_k)


def _log_saturation_slope(t_c: Value) -> Value:
    """The derivative of the logarithm of `saturation_pressure_pa` [1/K]."""
    t_k = t_c + ZERO_C_IN_K
    return where(t_c < TRIPLE_POINT_C, _log_slope(t_k, _OVER_ICE), _log_slope(t_k, _OVER_WATER))


def _log_slope(t_k: Value, c: tuple[float, ...]) -> Value:
    return -c[0] / (t_k * t_k) + c[2] + t_k * (2 * c[3] + t_k * (3 * c[4] + t_k * 4 * c[5])) + c[6] / t_k


def humidity_ratio_kg_per_kg(vapour_pressure_pa: Value, pressure_pa: Value | float) -> Value:
    """Mass of vapour a mass of dry air: equation 20.

    Parameters
    ----------
    vapour_pressure_pa : float, array or Series
        Partial pressure of the vapour, below `pressure_pa` [Pa]
    pressure_pa : float, array or Series
        Of the moist air [Pa]
    """
    return VAPOUR_TO_AIR_RATIO * vapour_pressure_pa / (pressure_pa - vapour_pressure_pa)


def vapour_pressure_pa(humidity_ratio_kg_per_kg: Value, pressure_pa: Value | float) -> Value:
    """Partial pressure of the vapour: equation 20, solved for it.

    Parameters
    ----------
    humidity_ratio_kg_per_kg : float, array or Series
        Mass of vapour a mass of dry air [kg/kg]
    pressure_pa : float, array or Series
        Of the moist air [Pa]
    """
    return pressure_pa * humidity_ratio_kg_per_kg / (VAPOUR_TO_AIR_RATIO + humidity_ratio_kg_per_kg)


def vapour_pressure_of_density_pa(vapour_density_kg_per_m3: Value, dry_bulb_c: Value | float) -> Value:
    """Partial pressure of vapour that has this density (absolute humidity): equation 17, as equation 2 has it.

    Parameters
    ----------
    vapour_density_kg_per_m3 : float, array or Series
        Mass of vapour a volume of moist air [kg/m3]
    dry_bulb_c : float, array or Series
        [C]
    """
    return vapour_density_kg_per_m3 * VAPOUR_J_PER_KG_K * (dry_bulb_c + ZERO_C_IN_K)


def saturation_humidity_ratio_kg_per_kg(dry_bulb_c: Value, pressure_pa: Value | float) -> Value:
    """Humidity ratio of saturated air, which is also that of any air with this dew point: equation 21.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    pressure_pa : float, array or Series
        [Pa]
    """
    return humidity_ratio_kg_per_kg(saturation_pressure_pa(dry_bulb_c), pressure_pa)


def relative_humidity_ratio(
    dry_bulb_c: Value, humidity_ratio_kg_per_kg: Value | float, pressure_pa: Value | float
) -> Value:
    """Vapour pressure over that of saturation: equation 22.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    humidity_ratio_kg_per_kg : float, array or Series
        Mass of vapour a mass of dry air [kg/kg]
    pressure_pa : float, array or Series
        [Pa]
    """
    saturation_pa = saturation_pressure_pa(dry_bulb_c)
    share = pressure_pa / (VAPOUR_TO_AIR_RATIO + humidity_ratio_kg_per_kg) / saturation_pa
    return humidity_ratio_kg_per_kg * share


def dew_point_c(vapour_pressure_pa: Value) -> Value:
    """Temperature at which this vapour saturates, below the triple point over ice: equations 5 and 6 solved for it.

    The first guess is a Magnus formula (WMO-No. 8, annex 4.B); then come Newton's steps on the logarithm.

    Parameters
    ----------
    vapour_pressure_pa : float, array or Series
        [Pa]
    """
    log_pressure = log(maximum(vapour_pressure_pa, DRIEST_VAPOUR_PRESSURE_PA))
    y = log_pressure - log(ICE_POINT_PRESSURE_PA)
    t_c = where(y < 0, 272.62 * y / (22.46 - y), 243.12 * y / (17.62 - y))
    for _ in range(_DEW_STEPS):
        t_c = t_c - (log(saturation_pressure_pa(t_c)) - log_pressure) / _log_saturation_slope(t_c)
    return t_c


def humidity_ratio_at_wet_bulb_kg_per_kg(dry_bulb_c: Value, wet_bulb_c: Value, pressure_pa: Value | float) -> Value:
    """Humidity ratio from the two temperatures of a psychrometer: equation 33, or 35 below 0 C, where its wick is ice.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    wet_bulb_c : float, array or Series
        [C]
    pressure_pa : float, array or Series
        [Pa]
    """
    heat, fall, capacity = (where(wet_bulb_c < 0, *pair) for pair in _WET)
    saturated = saturation_humidity_ratio_kg_per_kg(wet_bulb_c, pressure_pa)
    given_up = (heat - fall * wet_bulb_c) * saturated - AIR_KJ_PER_KG_K * (dry_bulb_c - wet_bulb_c)
    return given_up / (heat + VAPOUR_KJ_PER_KG_K * dry_bulb_c - capacity * wet_bulb_c)


def wet_bulb_c(dry_bulb_c: Value, humidity_ratio_kg_per_kg: Value, pressure_pa: Value | float) -> Value:
    """Thermodynamic wet-bulb temperature: equation 33 (water) or 35 (ice) solved for it by Newton's method.

    Near 0 C both have a root, one above it and one below. The rule here: **what can be water is water**. Where equation
    33 has a root of 0 C or more, that is the wet bulb; only drier air has one below, on ice. So the wet bulb rises with
    moisture, with one jump to 0 C: at sea level from -0.14 C at a dry bulb of 2 C, from -0.66 C at 9.3 C, the warmest.

    Each equation is monotone and convex in its root, so that Newton's steps from the dry bulb come down to it and never
    pass it. Air beyond saturation has the wet bulb of saturation.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        Below the boiling point at this pressure [C]
    humidity_ratio_kg_per_kg : float, array or Series
        Mass of vapour a mass of dry air [kg/kg]
    pressure_pa : float, array or Series
        [Pa]
    """
    on_ice = humidity_ratio_kg_per_kg < humidity_ratio_at_wet_bulb_kg_per_kg(dry_bulb_c, 0 * dry_bulb_c, pressure_pa)
    wet_c = where(on_ice, minimum(dry_bulb_c, 0.0), dry_bulb_c)
    for _ in range(_WET_STEPS):
        excess, slope = _wet_excess(wet_c, on_ice, dry_bulb_c, humidity_ratio_kg_per_kg, pressure_pa)
        wet_c = wet_c - excess / slope
    return minimum(wet_c, dry_bulb_c)


def _wet_excess(
    wet_c: Value, on_ice: Condition, dry_c: Value, humidity: Value, pressure_pa: Value | float
) -> tuple[Value, Value]:
    """Left less right side of equation 33 or 35, times its denominator [kJ/kg], and its derivative by the wet bulb."""
    heat, fall, capacity = (where(on_ice, *pair) for pair in _WET)
    saturated = saturation_humidity_ratio_kg_per_kg(wet_c, pressure_pa)
    saturated_slope = saturated * (1 + saturated / VAPOUR_TO_AIR_RATIO) * _log_saturation_slope(wet_c)
    given_up = (heat - fall * wet_c) * saturated - AIR_KJ_PER_KG_K * (dry_c - wet_c)
    excess = given_up - humidity * (heat + VAPOUR_KJ_PER_KG_K * dry_c - capacity * wet_c)
    slope = (heat - fall * wet_c) * saturated_slope - fall * saturated + AIR_KJ_PER_KG_K + humidity * capacity
    return excess, slope


def enthalpy_j_per_kg(dry_bulb_c: Value, humidity_ratio_kg_per_kg: Value | float) -> Value:
    """Enthalpy of moist air a mass of dry air, 0 at 0 C and dry: equation 30.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    humidity_ratio_kg_per_kg : float, array or Series
        Mass of vapour a mass of dry air [kg/kg]
    """
    vapour_kj_per_kg = VAPOUR_KJ_PER_KG + VAPOUR_KJ_PER_KG_K * dry_bulb_c
    return 1000 * (AIR_KJ_PER_KG_K * dry_bulb_c + humidity_ratio_kg_per_kg * vapour_kj_per_kg)


def specific_volume_m3_per_kg(
    dry_bulb_c: Value, humidity_ratio_kg_per_kg: Value | float, pressure_pa: Value | float
) -> Value:
    """Volume of moist air a mass of dry air: equation 26.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    humidity_ratio_kg_per_kg : float, array or Series
        Mass of vapour a mass of dry air [kg/kg]
    pressure_pa : float, array or Series
        [Pa]
    """
    moist = 1 + humidity_ratio_kg_per_kg / VAPOUR_TO_AIR_RATIO
    return (dry_bulb_c + ZERO_C_IN_K) * moist * DRY_AIR_J_PER_KG_K / pressure_pa


def density_kg_per_m3(dry_bulb_c: Value, humidity_ratio_kg_per_kg: Value | float, pressure_pa: Value | float) -> Value:
    """Mass of moist air a volume: equation 11.

    Parameters
    ----------
    dry_bulb_c : float, array or Series
        [C]
    humidity_ratio_kg_per_kg : float, array or Series
        Mass of vapour a mass of dry air [kg/kg]
    pressure_pa : float, array or Series
        [Pa]
    """
    volume = specific_volume_m3_per_kg(dry_bulb_c, humidity_ratio_kg_per_kg, pressure_pa)
    return (1 + humidity_ratio_kg_per_kg) / volume
