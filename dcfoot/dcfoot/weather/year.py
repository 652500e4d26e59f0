"""The weather of a place, hour by hour: what every reader, client and synthesis gives, and every model takes."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence
from dcfoot.reading import Basis

Hours = NDArray[np.float64]
"""One value an hour."""

MOIST_AIR = ("dry_bulb_c", "wet_bulb_c", "dew_point_c", "relative_humidity_ratio", "pressure_pa")
"""The series that every weather has."""

WIND_AND_SUN = ("wind_speed_m_per_s", "ghi_w_per_m2", "dni_w_per_m2", "dhi_w_per_m2")
"""The series that may be not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Weather:
    """The weather of a place over any number of hours, as a rule one year.

    Humidity follows ASHRAE: below 0 C, dew point and relative humidity are those over ice.

    Parameters
    ----------
    place : str
        For people.
    latitude_deg : float
        North is positive [deg]
    longitude_deg : float
        East is positive [deg]
    elevation_m : float
        Above sea level [m]
    utc_offset_hours : float
        Of the place's standard time [h]
    start : datetime
        The start of the first hour, in UTC; the others follow in steps of one hour. A typical year is of no year: it
        is dated `TYPICAL_YEAR`.
    dry_bulb_c, wet_bulb_c, dew_point_c : array
        Temperatures of the air [C]
    relative_humidity_ratio : array
        0..1 [-]
    pressure_pa : array
        At the place, not reduced to sea level [Pa]
    wind_speed_m_per_s : array or None
        At 10 m; None: not known [m/s]
    ghi_w_per_m2, dni_w_per_m2, dhi_w_per_m2 : array or None
        Mean irradiance of the hour: global horizontal, direct normal, diffuse horizontal; None: not known [W/m2]
    basis : Basis
        `MEASURED` for a station's year, `MODELLED` for a reanalysis or a synthesis.
    evidence : tuple of Evidence
        What stands behind it.
    notes : tuple of str
        What the reader must know: filled gaps, relations used, what is not known.

    Raises
    ------
    DataMissing
        The arrays are of different lengths, or empty.
    """

    place: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_hours: float
    start: datetime
    dry_bulb_c: Hours
    wet_bulb_c: Hours
    dew_point_c: Hours
    relative_humidity_ratio: Hours
    pressure_pa: Hours
    wind_speed_m_per_s: Hours | None
    ghi_w_per_m2: Hours | None
    dni_w_per_m2: Hours | None
    dhi_w_per_m2: Hours | None
    basis: Basis
    evidence: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses arrays that do not belong together."""
        series = (getattr(self, name) for name in (*MOIST_AIR, *WIND_AND_SUN))
        lengths = {len(values) for values in series if values is not None}
        if len(lengths) != 1 or 0 in lengths:
            raise DataMissing(f"The weather of {self.place} has series of {sorted(lengths)} hours; they must be equal.")
