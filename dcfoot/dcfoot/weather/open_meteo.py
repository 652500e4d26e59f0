"""Actual years from Open-Meteo's historical archive: reanalysis (ERA5), any place, 1940 to last week.

Of its hourly values, temperature, moisture, pressure and wind are those at the hour, irradiance the mean of the hour
before (documentation of ``/v1/archive``).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.columns import conversion
from dcfoot.weather.service import AskedYear, Document, Question, at, moments, utc
from dcfoot.weather.year import Hours, Location, Weather
from dcfoot.web import Service, Web

SERVICE = Service("Open-Meteo", "https://archive-api.open-meteo.com")

_VARIABLES = {
    "temperature_2m": "dry_bulb_c",
    "dew_point_2m": "dew_point_c",
    "relative_humidity_2m": "relative_humidity_ratio",
    "surface_pressure": "pressure_pa",
    "wind_speed_10m": "wind_speed_m_per_s",
    "shortwave_radiation": "ghi_w_per_m2",
    "direct_normal_irradiance": "dni_w_per_m2",
    "diffuse_radiation": "dhi_w_per_m2",
}
_OF_THE_HOUR_BEFORE = ("shortwave_radiation", "direct_normal_irradiance", "diffuse_radiation")

_SOURCE = "Open-Meteo historical weather archive, CC BY 4.0 (contains Copernicus ERA5)"


def fetch_open_meteo(location: Location, year: int, *, web: Web | None = None, service: Service = SERVICE) -> Weather:
    """The weather of a place in an actual year.

    Parameters
    ----------
    location : Location
        The place; temperature and pressure are for its elevation.
    year : int
        The year, by the place's standard time.
    web : Web or None
        The door to the network, with its cache; None for the user's own.
    service : Service
        Whom to ask.

    Raises
    ------
    ServiceUnavailable
        The service does not answer, or refuses.
    ConfigError
        Its answer has a gap, or a value that cannot be.
    """
    asked = AskedYear(location, year)
    parameters = {
        **asked.coordinates,
        "elevation": f"{location.elevation_m:.0f}",
        "start_date": f"{asked.start:%Y-%m-%d}",
        "end_date": f"{asked.end:%Y-%m-%d}",
        "hourly": ",".join(_VARIABLES),
        "wind_speed_unit": "ms",
        "timezone": "GMT",
    }

    def read(document: Document) -> Weather:
        times = [utc(text, "%Y-%m-%dT%H:%M") for text in at(document, "hourly", "time")]
        series = {name: _series(document, variable, name, asked, times) for variable, name in _VARIABLES.items()}
        origin = Origin(_SOURCE, Basis.MODELLED, moments(service.name, asked.start), year)
        return assemble(location, asked.start, series, origin)

    return Question(service, "/v1/archive", parameters, asked.end).weather(web, read)


def _series(document: Document, variable: str, name: str, asked: AskedYear, times: Sequence[datetime]) -> Hours:
    shift = timedelta(hours=variable in _OF_THE_HOUR_BEFORE)
    values = asked.placed([time - shift for time in times], at(document, "hourly", variable))
    return conversion(name, at(document, "hourly_units", variable), variable)(values)
