"""The climate of the places that data centres stand at, by month: what the typical year is synthesised from.

The tables are ``climate_hubs`` (68 places: monthly dry bulb, design temperatures, water vapour over the year) and
``climate_monthly`` (39 of them: diurnal range, relative humidity, wind and sun from real hourly years).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dcfoot.climate_place import find_climate_id
from dcfoot.evidence import Evidence
from dcfoot.tables import Row, is_verified, rows
from dcfoot.weather.year import Location

Months = NDArray[np.float64]
"""One value a month, from January."""

EXCEEDED_PERCENT = (1, 5, 10, 20, 30, 50, 70, 80, 90, 95, 99)
"""The parts of a year in which vapour exceeds the densities of the table."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What a real hourly year says of a place, by month.

    Parameters
    ----------
    diurnal_range_k : array
        Mean of the days' warmest less coldest hour [K]
    relative_humidity_ratio : array
        Mean, over water at any temperature [-]
    wind_speed_m_per_s : array or None
        Mean at 10 m; None: not known [m/s]
    ghi_kwh_per_m2_day : array or None
        Mean daily global horizontal irradiation; None: not known [kWh/m2 a day]
    source : str
        The year.
    """

    diurnal_range_k: Months
    relative_humidity_ratio: Months
    wind_speed_m_per_s: Months | None
    ghi_kwh_per_m2_day: Months | None
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Climate:
    """The climate of a place.

    Parameters
    ----------
    id : str
        ``"us_ashburn"``, ``"cn_guiyang"``.
    location : Location
        The place, at its station's elevation.
    dry_bulb_c : array
        Monthly mean of the map's grid cell [C]
    station_offset_k : float
        What the station is warmer than the grid cell, the year round [K]
    heating_design_c, cooling_design_c : float
        Dry bulb that is exceeded in 99 % and in 1 % of the hours of a year [C]
    vapour_g_per_m3 : array
        Density of water vapour of the grid cell that is exceeded in `EXCEEDED_PERCENT` of a year [g/m3]
    measured : Measured or None
        What a real year says; None: no such year is known.
    evidence : tuple of Evidence
        What stands behind it.
    """

    id: str
    location: Location
    dry_bulb_c: Months
    station_offset_k: float
    heating_design_c: float
    cooling_design_c: float
    vapour_g_per_m3: NDArray[np.float64]
    measured: Measured | None
    evidence: tuple[Evidence, ...]


@lru_cache(maxsize=1)
def climates() -> Mapping[str, Climate]:
    """Every climate of the tables, by id."""
    monthly: dict[str, list[Row]] = {}
    for row in rows("climate_monthly"):
        monthly.setdefault(row["id"], []).append(row)
    return {row["id"]: _climate(row, monthly.get(row["id"])) for row in rows("climate_hubs")}


def find_climate(name: str) -> Climate:
    """The climate called `name`: by id or place, in English or Chinese.

    Raises
    ------
    DataMissing
        There is none; the nearest names are offered.
    """
    return climates()[find_climate_id(name)]


def _climate(row: Row, monthly: list[Row] | None) -> Climate:
    location = Location(
        row["place"],
        float(row["latitude_deg"]),
        float(row["longitude_deg"]),
        float(row["elevation_m"]),
        float(row["utc_offset_hours"]),
    )
    offset_k = float(row["station_offset_k"])
    dry_bulb_c = np.array([float(row[f"dry_bulb_{month:02}_c"]) for month in range(1, 13)])
    mean = Evidence(
        f"climate of {location.place}: mean dry bulb",
        round(float(dry_bulb_c.mean()) + offset_k, 2),
        "C",
        None,
        row["source"],
        is_verified(row),
        licence=row["licence"],
    )
    measured = _measured(monthly) if monthly else None
    return Climate(
        id=row["id"],
        location=location,
        dry_bulb_c=dry_bulb_c,
        station_offset_k=offset_k,
        heating_design_c=float(row["heating_design_c"]),
        cooling_design_c=float(row["cooling_design_c"]),
        vapour_g_per_m3=np.array([float(row[f"vapour_exceeded_{part:02}_g_per_m3"]) for part in EXCEEDED_PERCENT]),
        measured=measured,
        evidence=(mean, *(_monthly_evidence(location, monthly) if monthly else ())),
    )


def _measured(monthly: list[Row]) -> Measured:
    return Measured(
        diurnal_range_k=_column(monthly, "diurnal_range_k"),
        relative_humidity_ratio=_column(monthly, "relative_humidity_percent") / 100,
        wind_speed_m_per_s=_known(monthly, "wind_speed_m_per_s"),
        ghi_kwh_per_m2_day=_known(monthly, "ghi_kwh_per_m2_day"),
        source=monthly[0]["source"],
    )


def _monthly_evidence(location: Location, monthly: list[Row]) -> tuple[Evidence, ...]:
    first = monthly[0]
    year = int(first["year"]) if first["year"] else None
    humidity = round(float(_column(monthly, "relative_humidity_percent").mean()), 1)
    what = f"climate of {location.place}: mean relative humidity"
    return (Evidence(what, humidity, "%", year, first["source"], is_verified(first), licence=first["licence"]),)


def _column(monthly: list[Row], name: str) -> Months:
    return np.array([float(row[name]) for row in monthly])


def _known(monthly: list[Row], name: str) -> Months | None:
    return _column(monthly, name) if all(row[name] for row in monthly) else None
