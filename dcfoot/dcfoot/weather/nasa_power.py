"""Actual years from NASA POWER: reanalysis (MERRA-2) and satellites (CERES), any place, 2001 to some months ago."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.columns import conversion
from dcfoot.weather.service import AskedYear, Document, Question, at, elevation_notes, moments, utc
from dcfoot.weather.year import Hours, Location, Weather
from dcfoot.web import Service, Web

SERVICE = Service("NASA POWER", "https://power.larc.nasa.gov")

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


def fetch_nasa_power(location: Location, year: int, *, web: Web | None = None, service: Service = SERVICE) -> Weather:
    """The weather of a place in an actual year.

    Parameters
    ----------
    location : Location
        The place; the values are for the mean elevation of a grid cell half a degree wide, and a note says so where it
        is another.
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
        "start": f"{asked.start:%Y%m%d}",
        "end": f"{asked.end - timedelta(hours=1):%Y%m%d}",
        "community": "re",
        "parameters": ",".join(_PARAMETERS),
        "format": "json",
        "time-standard": "utc",
    }

    def read(document: Document) -> Weather:
        times = [utc(text, "%Y%m%d%H") for text in at(document, "properties", "parameter", "T2M")]
        series = {name: _series(document, code, name, asked, times) for code, name in _PARAMETERS.items()}
        notes = elevation_notes(location, float(at(document, "geometry", "coordinates", 2)))
        origin = Origin(_SOURCE, Basis.MODELLED, moments(service.name, asked.start), year, notes)
        return assemble(location, asked.start, series, origin)

    return Question(service, "/api/temporal/hourly/point", parameters, asked.end).weather(web, read)


def _series(document: Document, code: str, name: str, asked: AskedYear, times: Sequence[datetime]) -> Hours:
    missing = float(at(document, "header", "fill_value"))
    stated = at(document, "properties", "parameter", code).values()
    values = [None if value == missing else value for value in stated]
    convert = conversion(name, at(document, "parameters", code, "units"), code)
    return convert(asked.placed(times, values))
