"""Typical years from PVGIS, the European Commission's service: reanalysis (ERA5) and satellites."""

from datetime import datetime
from pathlib import Path

import numpy as np

from dcfoot.errors import DataMissing
from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.columns import conversion
from dcfoot.weather.service import Request, at, elevation_notes, moments
from dcfoot.weather.year import TYPICAL_YEAR, Hours, Location, Weather

URL = "https://re.jrc.ec.europa.eu/api/v5_3/tmy"

_COLUMNS = {
    "T2m": ("dry_bulb_c", "C"),
    "RH": ("relative_humidity_ratio", "%"),
    "SP": ("pressure_pa", "Pa"),
    "WS10m": ("wind_speed_m_per_s", "m/s"),
    "G(h)": ("ghi_w_per_m2", "W/m2"),
    "Gb(n)": ("dni_w_per_m2", "W/m2"),
    "Gd(h)": ("dhi_w_per_m2", "W/m2"),
}
"""By column: the series and the unit (the ``meta`` of its answer says it in words)."""

_HOURS = 8760


def fetch_pvgis(location: Location, *, url: str = URL, cache: Path | None = None) -> Weather:
    """The typical year of a place.

    Parameters
    ----------
    location : Location
        The place; the values are for the elevation that the service finds, and a note says so where it is another.
    url : str
        Of the service.
    cache : Path or None
        The folder of answers; None for the user's cache.

    Raises
    ------
    DataMissing
        The service does not answer, or refuses (places far from land, or outside its satellites).
    ConfigError
        A value that cannot be.
    """
    parameters = {
        "lat": f"{location.latitude_deg:.4f}",
        "lon": f"{location.longitude_deg:.4f}",
        "outputformat": "json",
    }
    request = Request("PVGIS", url, parameters, cache)
    answer = request.answer()
    hours = sorted(at(answer, "outputs", "tmy_hourly"), key=lambda hour: at(hour, "time(UTC)")[4:])
    if len(hours) != _HOURS:
        raise DataMissing(f"PVGIS answered {len(hours)} hours; a typical year has {_HOURS}.")
    start = location.year_start(TYPICAL_YEAR).replace(minute=0)
    first = (datetime(TYPICAL_YEAR, 1, 1, tzinfo=start.tzinfo) - start).total_seconds() // 3600

    def series(column: str, name: str, unit: str) -> Hours:
        values = np.array([at(hour, column) for hour in hours], dtype=np.float64)
        return conversion(name, unit, column)(np.roll(values, int(first)))

    elevation_m = float(at(answer, "inputs", "location", "elevation"))
    about = at(answer, "inputs", "meteo_data")
    source = "PVGIS typical year ({meteo_db}, {radiation_db}, {year_min}-{year_max}), European Commission".format(
        **about
    )
    origin = Origin(source, Basis.MODELLED, moments("PVGIS", start), None, elevation_notes(location, elevation_m))
    weather = assemble(
        location, start, {name: series(code, name, unit) for code, (name, unit) in _COLUMNS.items()}, origin
    )
    request.keep(answer)
    return weather
