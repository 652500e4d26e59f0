"""ASHRAE's classes of IT equipment, as numbers of the parts: what air or water they may be given.

In come a class and the elevation; out go values for `dcfoot.cooling.catalogue.cooling_system`. A1 to A4 and H1 are for
air, W17 to W45 for the facility's water.
"""

from typing import Literal

from dcfoot.cooling.catalogue import Values
from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.tables import Row, rows

DERATED_ABOVE_M = 900.0
"""Elevation from which the highest dry bulb falls (ASHRAE TC 9.9 2021, reference card)."""


def air_class_values(
    name: str, limit: Literal["recommended", "allowable"] = "allowable", elevation_m: float = 0.0
) -> Values:
    """The window of a class of air-cooled equipment: supply at its warm end, moisture within it.

    Parameters
    ----------
    name : str
        ``"A1"`` to ``"A4"``, ``"H1"``.
    limit : str
        Which window of the class.
    elevation_m : float
        Of the site; the allowable dry bulb falls with it [m]

    Raises
    ------
    ConfigError
        There is no such class.
    """
    row = _row(name, limit)
    derating = float(row["derating_k_per_m"] or 0)
    values: dict[str, Numbers] = {
        "air.supply_c": float(row["highest_c"]) - derating * max(elevation_m - DERATED_ABOVE_M, 0.0),
        "air_economizer.supply_low_c": float(row["lowest_c"]),
        "air.dew_point_low_c": float(row["dew_point_low_c"]),
        "air.dew_point_high_c": float(row["dew_point_high_c"]),
        "air.relative_humidity_high_ratio": float(row["relative_humidity_high_ratio"]),
    }
    if row["relative_humidity_low_ratio"]:
        values["air.relative_humidity_low_ratio"] = float(row["relative_humidity_low_ratio"])
    return values


def water_class_values(name: str, cdu_approach_k: Numbers) -> Values:
    """The coolant's temperature when the facility's water is as warm as a class of liquid-cooled equipment allows.

    Parameters
    ----------
    name : str
        ``"W17"`` to ``"W45"``.
    cdu_approach_k : float or array
        Coolant over facility water [K]

    Raises
    ------
    ConfigError
        There is no such class.
    """
    return {"liquid.coolant_supply_c": float(_row(name, "water")["highest_c"]) + cdu_approach_k}


def _row(name: str, limit: str) -> Row:
    found = next((row for row in rows("cooling_ashrae") if (row["class"], row["limit"]) == (name, limit)), None)
    if found is None:
        known = ", ".join(row["class"] for row in rows("cooling_ashrae") if row["limit"] == limit)
        raise ConfigError(f"There is no ASHRAE class {name!r} with limits {limit!r}; there are: {known}.")
    return found
