"""Chillers and direct-expansion machines by DOE-2 curves, inside the ranges for which the curves were made.

In come the heat to lift and the temperatures on both sides; out go the compressor's power and whether a curve was asked
beyond its range. There it gives what it gives at its edge, and says so.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from dcfoot.elementwise import Numbers, clip, maximum
from dcfoot.errors import DataMissing
from dcfoot.tables import rows


@dataclass(frozen=True, slots=True)
class ChillerCurve:
    """The three curves of a machine, and where they hold.

    With leaving chilled water (or, for direct expansion, the wet bulb of the air) at ``x`` and what enters the
    condenser at ``y``: ``a + b x + c x^2 + d y + e y^2 + f x y``; with the part load at ``p``: ``a + b p + c p^2``.

    Parameters
    ----------
    name : str
        As the table calls it.
    cop : float
        Coefficient of performance at the reference point [-]
    capacity : tuple of float
        Available over reference capacity: a to f.
    energy_input : tuple of float
        Energy input ratio over that at the reference point: a to f.
    part_load : tuple of float
        Energy input over that at full load: a to c.
    evaporator_range_c, condenser_range_c : tuple of float
        Where the curves hold [C]
    part_load_range_ratio : tuple of float
        Where the curves hold; below it the machine cycles [-]
    """

    name: str
    cop: float
    capacity: tuple[float, ...]
    energy_input: tuple[float, ...]
    part_load: tuple[float, ...]
    evaporator_range_c: tuple[float, float]
    condenser_range_c: tuple[float, float]
    part_load_range_ratio: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Chiller:
    """The chillers (or direct-expansion machines) of a plant.

    Parameters
    ----------
    curve : ChillerCurve
        How such a machine behaves.
    cooled_by : str
        ``"water"`` of a tower or dry cooler, or outside ``"air"``.
    cop_ratio : float or array
        This plant's coefficient of performance over the curve's [-]
    capacity_ratio : float or array
        Reference capacity that runs, over the heat at design [-]
    least_part_load_ratio : float or array
        The part load that staging keeps the running machines above [-]
    evaporator_c : float or array or None
        What the curve wants to know of the cold side; None: the water's supply temperature [C]
    """

    curve: ChillerCurve
    cooled_by: Literal["water", "air"]
    cop_ratio: Numbers
    capacity_ratio: Numbers
    least_part_load_ratio: Numbers
    evaporator_c: Numbers | None = None


@dataclass(frozen=True, slots=True)
class ChillerState:
    """What chillers do in an hour.

    Parameters
    ----------
    power_ratio : float or array
        Compressors (of air-cooled machines with condenser fans), over IT capacity [-]
    part_load_ratio : float or array
        Heat over the available capacity [-]
    clamped_k : float or array
        How far the cold and the warm side lie beyond the curve's range [K]
    """

    power_ratio: Numbers
    part_load_ratio: Numbers
    clamped_k: Numbers


_RANGES = ("evaporator_range_c", "condenser_range_c", "part_load_range_ratio")


@cache
def chiller_curve(name: str) -> ChillerCurve:
    """The curve called `name` in the table of curves.

    Raises
    ------
    DataMissing
        There is no such curve.
    """
    row = next((row for row in rows("cooling_curves") if row["curve"] == name), None)
    if row is None:
        known = ", ".join(row["curve"] for row in rows("cooling_curves"))
        raise DataMissing(f"There is no chiller curve {name!r}; there are: {known}.")
    capacity, energy_input, part_load, evaporator_c, condenser_c, part_load_ratio = (
        tuple(map(float, row[column].split())) for column in ("capacity", "energy_input", "part_load", *_RANGES)
    )
    return ChillerCurve(
        name,
        float(row["cop"]),
        capacity,
        energy_input,
        part_load,
        (evaporator_c[0], evaporator_c[1]),
        (condenser_c[0], condenser_c[1]),
        (part_load_ratio[0], part_load_ratio[1]),
    )


def biquadratic(coefficients: tuple[float, ...], x: Numbers, y: Numbers) -> Numbers:
    """``a + b x + c x^2 + d y + e y^2 + f x y``, the form of EnergyPlus's Curve:Biquadratic."""
    a, b, c, d, e, f = coefficients
    return (a + x * (b + c * x)) + y * ((d + f * x) + e * y)


def quadratic(coefficients: tuple[float, ...], x: Numbers) -> Numbers:
    """``a + b x + c x^2``."""
    a, b, c = coefficients
    return a + x * (b + c * x)


def chiller_state(
    chiller: Chiller, heat_ratio: Numbers, design_heat_ratio: Numbers, supply_c: Numbers, condenser_c: Numbers
) -> ChillerState:
    """Power to lift heat: ``heat / COP x EIR(T) x EIR(PLR) / PLR``.

    Below the least part load, machines take turns: power falls in proportion. Above full load, there are not machines
    enough; the heat is still lifted, at full load's efficiency, and `part_load_ratio` shows it. Source: EnergyPlus
    Engineering Reference, "Electric Chiller Model Based on Condenser Entering Temperature".

    Parameters
    ----------
    chiller : Chiller
        The machines.
    heat_ratio : float or array
        Heat to lift, over IT capacity [-]
    design_heat_ratio : float or array
        The same at full IT load, without any economizer [-]
    supply_c : float or array
        Chilled water leaving [C]
    condenser_c : float or array
        Water or air entering the condenser [C]
    """
    curve = chiller.curve
    cold_c = supply_c if chiller.evaporator_c is None else chiller.evaporator_c
    x, y = clip(cold_c, *curve.evaporator_range_c), clip(condenser_c, *curve.condenser_range_c)
    part_load = heat_ratio / (design_heat_ratio * chiller.capacity_ratio * biquadratic(curve.capacity, x, y))
    lowest, highest = curve.part_load_range_ratio
    p = clip(part_load, maximum(chiller.least_part_load_ratio, lowest), highest)
    energy_input = biquadratic(curve.energy_input, x, y) * (quadratic(curve.part_load, p) / p)
    power = heat_ratio * energy_input / (curve.cop * chiller.cop_ratio)
    beyond = maximum(x - cold_c, cold_c - x) + maximum(y - condenser_c, condenser_c - y)
    return ChillerState(power, part_load, beyond)
