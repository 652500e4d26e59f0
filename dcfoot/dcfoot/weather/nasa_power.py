"""Actual years from NASA POWER: reanalysis (MERRA-2) and satellites (CERES), any place, 2001 to some months ago."""

from datetime import timedelta
from pathlib import Path

from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.columns import conversion
from dcfoot.weather.service import Request, at, elevation_notes, hours_of_year, moments, placed, utc
from dcfoot.weather.year import Hours, Location, Weather

URL = "https://power.larc.nasa.gov/api/temporal/hourly/point"

_PARAMETERS = {
    "T2M": "dry_bulb_c",
    "T2MDEW": "dew_point_c",
    "RH2M": "relative_humidity_ratio",
    "PS": "pressure_pa",
    "WS10M": "wind_speed_m_per_s",
    "ALLSKY_SFC_SW_DWN": "ghi_w_per_m2",
    "ALLSKY_SFC_SW_DNI": "dni_w_per_m2",
    "ALLSKY_SFC_SW_DIFF": "dhi_w_per_m2",
}
"""Means of the hour that begins at the stamp (POWER, "Hourly API")."""

_SOURCE = "NASA POWER (Langley Research Center, Applied Science Program): MERRA-2 and CERES"


def fetch_nasa_power(location: Location, year: int, *, url: str = URL, cache: Path | None = None) -> Weather:
    """The weather of a place in an actual year.

    Parameters
    ----------
    location : Location
        The place; the values are for the mean elevation of a grid cell half a degree wide, and a note says so where it
        is another.
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
        "start": f"{start:%Y%m%d}",
        "end": f"{start + timedelta(hours=length - 1):%Y%m%d}",
        "community": "re",
        "parameters": ",".join(_PARAMETERS),
        "format": "json",
        "time-standard": "utc",
    }
    request = Request("NASA POWER", url, parameters, cache)
    answer = request.answer()
    stamped = at(answer, "properties", "parameter")
    times = [utc(text, "%Y%m%d%H") for text in at(stamped, "T2M")]
    missing = float(at(answer, "header", "fill_value"))

    def series(parameter: str, name: str) -> Hours:
        values = [None if value == missing else value for value in at(stamped, parameter).values()]
        convert = conversion(name, at(answer, "parameters", parameter, "units"), parameter)
        return convert(placed(times, values, start, length))

    elevation_m = float(at(answer, "geometry", "coordinates", 2))
    notes = elevation_notes(location, elevation_m)
    origin = Origin(_SOURCE, Basis.MODELLED, moments("NASA POWER", start), year, notes)
    weather = assemble(location, start, {name: series(code, name) for code, name in _PARAMETERS.items()}, origin)
    request.keep(answer)
    return weather
