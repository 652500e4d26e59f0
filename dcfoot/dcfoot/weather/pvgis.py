"""Typical years from PVGIS, the European Commission's service: reanalysis (ERA5) and satellites."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from dcfoot.errors import ServiceUnavailable
from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.columns import conversion
from dcfoot.weather.service import Document, Question, at, elevation_notes, moments
from dcfoot.weather.year import TYPICAL_YEAR, Hours, Location, Weather
from dcfoot.web import Service, Web

SERVICE = Service("PVGIS", "https://re.jrc.ec.europa.eu")

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

_SOURCE = "PVGIS typical year ({meteo_db}, {radiation_db}, {year_min}-{year_max}), European Commission"


def fetch_pvgis(location: Location, *, web: Web | None = None, service: Service = SERVICE) -> Weather:
    """The typical year of a place.

    Parameters
    ----------
    location : Location
        The place; the values are for the elevation that the service finds, and a note says so where it is another.
    web : Web or None
        The door to the network, with its cache; None for the user's own.
    service : Service
        Whom to ask.

    Raises
    ------
    ServiceUnavailable
        The service does not answer, or refuses (places at sea, or outside its satellites' view).
    ConfigError
        Its answer has a gap, or a value that cannot be.
    """
    parameters = {
        "lat": f"{location.latitude_deg:.4f}",
        "lon": f"{location.longitude_deg:.4f}",
        "outputformat": "json",
    }
    start = location.year_start(TYPICAL_YEAR).replace(minute=0)

    def read(document: Document) -> Weather:
        hours = sorted(at(document, "outputs", "tmy_hourly"), key=lambda hour: at(hour, "time(UTC)")[4:])
        if len(hours) != _HOURS:
            raise ServiceUnavailable(f"{service.name} answered {len(hours)} hours; a typical year has {_HOURS}.")
        series = {name: _series(hours, column, name, unit, start) for column, (name, unit) in _COLUMNS.items()}
        notes = elevation_notes(location, float(at(document, "inputs", "location", "elevation")))
        source = _SOURCE.format(**at(document, "inputs", "meteo_data"))
        return assemble(
            location, start, series, Origin(source, Basis.MODELLED, moments(service.name, start), None, notes)
        )

    return Question(service, "/api/v5_3/tmy", parameters, start).weather(web, read)


def _series(hours: Sequence[Document], column: str, name: str, unit: str, start: datetime) -> Hours:
    """The hours of a year of UTC, in the order of the year that begins at `start`."""
    values = np.array([at(hour, column) for hour in hours], dtype=np.float64)
    first = (datetime(TYPICAL_YEAR, 1, 1, tzinfo=UTC) - start) // timedelta(hours=1)
    return conversion(name, unit, column)(np.roll(values, first))
