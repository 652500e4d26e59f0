"""A folder of hourly years with an ``index.csv`` that says where each is and where it comes from.

The years are CSV files with the columns ``month,day,hour,t_db,t_dp,t_wb,rh,p_hpa,ghi,dni,dhi,wind,cloud``: C, %, hPa,
W/m2, m/s; hours 0 to 23 by their start in the time of the index.
"""

import csv
from collections.abc import Mapping
from pathlib import Path

from dcfoot.errors import DataMissing
from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.calendar import Stamp, start_of
from dcfoot.weather.columns import conversion
from dcfoot.weather.textfile import column, rows_of, where_in, whole_number
from dcfoot.weather.year import TYPICAL_YEAR, Location, Weather

_COLUMNS = {
    "t_db": ("dry_bulb_c", "C"),
    "t_dp": ("dew_point_c", "C"),
    "rh": ("relative_humidity_ratio", "%"),
    "p_hpa": ("pressure_pa", "hPa"),
    "ghi": ("ghi_w_per_m2", "W/m2"),
    "dni": ("dni_w_per_m2", "W/m2"),
    "dhi": ("dhi_w_per_m2", "W/m2"),
    "wind": ("wind_speed_m_per_s", "m/s"),
}
"""By column: the series and the unit. ``t_wb`` was computed from the others and is computed again."""


def index_of(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The lines of the folder's index, by the file's name.

    Raises
    ------
    DataMissing
        The folder has none.
    """
    try:
        with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
            return {row["file"]: row for row in csv.DictReader(file)}
    except FileNotFoundError:
        raise DataMissing(f"There is no index.csv in {folder}.") from None


def read_year(path: Path) -> Weather:
    """One of the years.

    Raises
    ------
    DataMissing
        There is no such file, or it is not in the folder's index.
    ConfigError
        An hour is missing, or a value cannot be; the message names the line.
    """
    about = index_of(path.parent).get(path.name)
    if about is None:
        raise DataMissing(f"{path.parent / 'index.csv'} does not name {path.name}.")
    place = Location(about["place"], *(float(about[name]) for name in ("lat", "lon", "elev_m", "tz")))
    (_, titles), *hours = list(rows_of(path)) or [(1, [])]
    where = where_in(path, hours)
    stamps = [
        Stamp(TYPICAL_YEAR, *(whole_number(path, *row, index, titles[index]) for index in range(3))) for row in hours
    ]
    series = {
        name: conversion(name, unit, title)(column(path, hours, titles.index(title), title))
        for title, (name, unit) in _COLUMNS.items()
    }
    observed = "station obs" in about["kind"]
    origin = Origin(f"{about['source']} ({about['licence']})", Basis.MEASURED if observed else Basis.MODELLED, where)
    return assemble(place, start_of(stamps, place, where), series, origin)
