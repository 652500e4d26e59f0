"""Actual years from Open-Meteo's historical archive: reanalysis (ERA5), any place, 1940 to last week.

Of its hourly values, temperature, moisture, pressure and wind are those at the hour, irradiance the mean of the hour
before (documentation of ``/v1/archive``).
"""

from datetime import timedelta
from pathlib import Path

from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.columns import conversion
from dcfoot.weather.service import Request, at, hours_of_year, moments, placed, utc
from dcfoot.weather.year import Hours, Location, Weather

URL = "https://archive-api.open-meteo.com/v1/archive"

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


def fetch_open_meteo(location: Location, year: int, *, url: str = URL, cache: Path | None = None) -> Weather:
    """The weather of a place in an actual year.

    Parameters
    ----------
    location : Location
        The place; temperature and pressure are for its elevation.
    year : int
        The year, by the place's standard time.
    url : str
        Of the service.
    cache : Path or None
        The folder of answers; None for the user's cache.

    Raises
    ------
    DataMissing
        The service does not answer, or refuses.
    ConfigError
        Its answer has a gap, or a value that cannot be.
    """
    start, length = hours_of_year(location, year)
    parameters = {
        "latitude": f"{location.latitude_deg:.4f}",
        "longitude": f"{location.longitude_deg:.4f}",
        "elevation": f"{location.elevation_m:.0f}",
        "start_date": f"{start:%Y-%m-%d}",
        "end_date": f"{start + timedelta(hours=length):%Y-%m-%d}",
        "hourly": ",".join(_VARIABLES),
        "wind_speed_unit": "ms",
        "timezone": "GMT",
    }
    request = Request("Open-Meteo", url, parameters, cache)
    answer = request.answer()
    times = [utc(text, "%Y-%m-%dT%H:%M") for text in at(answer, "hourly", "time")]

    def series(variable: str, name: str) -> Hours:
        shift = timedelta(hours=variable in _OF_THE_HOUR_BEFORE)
        values = placed([time - shift for time in times], at(answer, "hourly", variable), start, length)
        return conversion(name, at(answer, "hourly_units", variable), variable)(values)

    origin = Origin(_SOURCE, Basis.MODELLED, moments("Open-Meteo", start), year)
    weather = assemble(location, start, {name: series(variable, name) for variable, name in _VARIABLES.items()}, origin)
    request.keep(answer)
    return weather
