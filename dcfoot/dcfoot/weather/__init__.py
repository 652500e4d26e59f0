"""Hourly weather of a place: read from a file, fetched, or synthesised from the climate of the place.

==============  ==================================================================================
`year`          `Weather` and `Location`: what all of them give and the models take
`bins`          a year as some hundred states of the air
`epw`           EnergyPlus weather files
`tabular`       TMY3 files and plain CSV files
`folder`        a folder of years with an index
`open_meteo`    actual years from Open-Meteo
`nasa_power`    actual years from NASA POWER
`pvgis`         typical years from PVGIS
`typical`       a typical year synthesised offline, for the places of `climate`
==============  ==================================================================================

Behind the synthesis: `relations` between statistics of climates, `chance` and `days`, `dry_bulb`, `moisture`, `sun` and
`wind`. Behind the readers: `columns` knows quantities and units, `calendar` whether hours follow each other, `textfile`
lines of files, `service` answers of services and their cache, `assemble` makes the `Weather`.

To add a format: a module that reads rows, names each column's quantity and unit, and hands them to `assemble`.
"""

from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.weather.bins import Bins
from dcfoot.weather.climate import Climate, climates, find_climate
from dcfoot.weather.epw import read_epw
from dcfoot.weather.nasa_power import fetch_nasa_power
from dcfoot.weather.open_meteo import fetch_open_meteo
from dcfoot.weather.pvgis import fetch_pvgis
from dcfoot.weather.tabular import is_tmy3, read_csv, read_tmy3
from dcfoot.weather.typical import Doubt, Variation, doubt_of, typical_year
from dcfoot.weather.year import TYPICAL_YEAR, Location, Weather

__all__ = [
    "TYPICAL_YEAR",
    "Bins",
    "Climate",
    "Doubt",
    "Location",
    "Variation",
    "Weather",
    "climates",
    "doubt_of",
    "fetch_nasa_power",
    "fetch_open_meteo",
    "fetch_pvgis",
    "find_climate",
    "read_csv",
    "read_epw",
    "read_file",
    "read_tmy3",
    "typical_year",
]


def read_file(path: Path, location: Location | None = None, *, fill_hours: int = 0) -> Weather:
    """The weather of a file of any format that is known, packed (``.gz``) or not.

    Parameters
    ----------
    path : Path
        ``*.epw``, or ``*.csv`` of TMY3 or plain.
    location : Location or None
        Of a plain file, which does not say where it is.
    fill_hours : int
        Gaps of up to this length are interpolated, and said so [h]

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It cannot be read; the message names the line.
    """
    ending = "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]).removesuffix(".gz").lower()
    if ending == ".epw":
        return read_epw(path, fill_hours=fill_hours)
    if ending != ".csv":
        raise ConfigError(f"{path}: weather is read from files that end in .epw or .csv (or these with .gz).")
    if is_tmy3(path):
        return read_tmy3(path, fill_hours=fill_hours)
    if location is None:
        raise ConfigError(
            f"{path}: a plain CSV file does not say where it is. Name a place of about its height in its time zone (a "
            "Location; --climate of `dcfoot sites`), or take a file that says it: EPW or TMY3."
        )
    return read_csv(path, location, fill_hours=fill_hours)
