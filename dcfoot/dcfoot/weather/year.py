"""The weather of a place, hour by hour: what every reader, client and synthesis gives, and every model takes."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from dcfoot import psychrometrics as air
from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence
from dcfoot.reading import Basis
from dcfoot.weather.bins import Bins, bins_of

Hours = NDArray[np.float64]
"""One value an hour."""


class MoistAir(TypedDict):
    """The series that every weather has."""

    dry_bulb_c: Hours
    wet_bulb_c: Hours
    dew_point_c: Hours
    relative_humidity_ratio: Hours
    pressure_pa: Hours


class WindAndSun(TypedDict):
    """The series that may be not known."""

    wind_speed_m_per_s: Hours | None
    ghi_w_per_m2: Hours | None
    dni_w_per_m2: Hours | None
    dhi_w_per_m2: Hours | None


NOT_KNOWN: WindAndSun = {"wind_speed_m_per_s": None, "ghi_w_per_m2": None, "dni_w_per_m2": None, "dhi_w_per_m2": None}
"""Neither wind nor sun."""

TYPICAL_YEAR = 2023
"""A typical year is of no year; it is dated in this one (a choice: it has no 29 February)."""


class Where(TypedDict):
    """The fields of a `Location`."""

    place: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_hours: float


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """Where weather is.

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
    """

    place: str
    latitude_deg: float
    longitude_deg: float
    elevation_m: float
    utc_offset_hours: float

    def fields(self) -> Where:
        """Its fields, for a `Weather` of the same place."""
        return {
            "place": self.place,
            "latitude_deg": self.latitude_deg,
            "longitude_deg": self.longitude_deg,
            "elevation_m": self.elevation_m,
            "utc_offset_hours": self.utc_offset_hours,
        }

    def year_start(self, year: int) -> datetime:
        """The start of a year by the place's standard time, in UTC."""
        return datetime(year, 1, 1, tzinfo=UTC) - timedelta(hours=self.utc_offset_hours)


@dataclass(frozen=True, slots=True, eq=False)
class Weather(Location):
    """The weather of a place over any number of hours, as a rule one year.

    Humidity follows ASHRAE: below 0 C, dew point and relative humidity are those over ice.

    Parameters
    ----------
    place, latitude_deg, longitude_deg, elevation_m, utc_offset_hours
        As of a `Location`.
    start : datetime
        The start of the first hour, in UTC; the others follow in steps of one hour. A typical year begins at the start
        of `TYPICAL_YEAR` by the place's standard time.
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
        The series are of different lengths, or empty.
    """

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
        """Refuses series that do not belong together."""
        names = (*MoistAir.__annotations__, *WindAndSun.__annotations__)
        series = (getattr(self, name) for name in names)
        lengths = {len(values) for values in series if values is not None}
        if len(lengths) != 1 or 0 in lengths:
            raise DataMissing(f"The weather of {self.place} has series of {sorted(lengths)} hours; they must be equal.")

    def __len__(self) -> int:
        return len(self.dry_bulb_c)

    @property
    def local_times(self) -> NDArray[np.datetime64]:
        """The start of each hour in the place's standard time."""
        local = self.start.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=self.utc_offset_hours)
        return np.datetime64(local, "m") + np.arange(len(self)) * np.timedelta64(60, "m")

    @property
    def month_index(self) -> NDArray[np.int64]:
        """The month of each hour in the place's standard time, January 0."""
        return self.local_times.astype("datetime64[M]").astype(np.int64) % 12

    @property
    def humidity_ratio_kg_per_kg(self) -> Hours:
        """Mass of vapour a mass of dry air, of each hour [kg/kg]."""
        return air.saturation_humidity_ratio_kg_per_kg(self.dew_point_c, self.pressure_pa)

    def bins(self, most_count: int = 400) -> Bins:
        """The year as at most `most_count` states of the air, whose means are the year's (`bins.bins_of`)."""
        return bins_of(self.dry_bulb_c, self.wet_bulb_c, self.pressure_pa, most_count)

    def warmer(self, by_k: float) -> "Weather":
        """The same weather `by_k` warmer at the same relative humidity, as a change of climate is usually first taken.

        Parameters
        ----------
        by_k : float
            Added to each dry bulb [K]
        """
        dry_bulb_c = self.dry_bulb_c + by_k
        vapour_pa = self.relative_humidity_ratio * air.saturation_pressure_pa(dry_bulb_c)
        return replace(self, **moist_air(dry_bulb_c, vapour_pa, self.pressure_pa))


def moist_air(dry_bulb_c: Hours, vapour_pressure_pa: Hours, pressure_pa: Hours) -> MoistAir:
    """The series of moist air from three of them; vapour beyond saturation is left out.

    Parameters
    ----------
    dry_bulb_c : array
        [C]
    vapour_pressure_pa : array
        [Pa]
    pressure_pa : array
        [Pa]
    """
    saturation_pa = air.saturation_pressure_pa(dry_bulb_c)
    vapour_pa = np.minimum(vapour_pressure_pa, saturation_pa)
    humidity_ratio = air.humidity_ratio_kg_per_kg(vapour_pa, pressure_pa)
    return {
        "dry_bulb_c": dry_bulb_c,
        "wet_bulb_c": air.wet_bulb_c(dry_bulb_c, humidity_ratio, pressure_pa),
        "dew_point_c": np.minimum(air.dew_point_c(vapour_pa), dry_bulb_c),
        "relative_humidity_ratio": vapour_pa / saturation_pa,
        "pressure_pa": pressure_pa,
    }
