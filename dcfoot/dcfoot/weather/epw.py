"""EnergyPlus weather files (EPW): eight lines that say where, then a line an hour.

Places of the fields, units and codes of missing values are those of EnergyPlus' Auxiliary Programs, "EnergyPlus Weather
File (EPW) Data Dictionary".
"""

import re
from collections.abc import Sequence
from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.reading import Basis
from dcfoot.weather.assemble import Origin, assemble
from dcfoot.weather.calendar import Stamp, start_of
from dcfoot.weather.columns import conversion
from dcfoot.weather.textfile import Row, column, number, rows_of, where_in, whole_number
from dcfoot.weather.year import Location, Weather

_FIELDS = {
    "dry_bulb_c": (6, "C", 99.9),
    "dew_point_c": (7, "C", 99.9),
    "relative_humidity_ratio": (8, "%", 999.0),
    "pressure_pa": (9, "Pa", 999_999.0),
    "ghi_w_per_m2": (13, "Wh/m2", 9999.0),
    "dni_w_per_m2": (14, "Wh/m2", 9999.0),
    "dhi_w_per_m2": (15, "Wh/m2", 9999.0),
    "wind_speed_m_per_s": (21, "m/s", 999.0),
}
"""By series: its place in a line, its unit, and what stands for "missing"."""

_HEADER_LINES = 8


def read_epw(path: Path, *, fill_hours: int = 0) -> Weather:
    """The weather of an EPW file, packed (``.gz``) or not.

    Parameters
    ----------
    path : Path
        The file.
    fill_hours : int
        Gaps of up to this length are interpolated, and said so [h]

    Raises
    ------
    DataMissing
        There is no such file.
    ConfigError
        It is no EPW file, cut short, has a gap, or a value that cannot be; the message names the line.
    """
    rows = list(rows_of(path))
    head, hours = rows[:_HEADER_LINES], rows[_HEADER_LINES:]
    location = _location(path, head)
    where = where_in(path, hours)
    stamps = [_stamp(path, row) for row in hours]
    start = start_of(stamps, location, where)
    _check_end(path, head, hours)
    series = {
        name: conversion(name, unit, name)(column(path, hours, place, name, [missing]))
        for name, (place, unit, missing) in _FIELDS.items()
    }
    return assemble(location, start, series, Origin(_source(path, head), Basis.MODELLED, where), fill_hours)


def _location(path: Path, head: Sequence[Row]) -> Location:
    """``LOCATION,city,state,country,source,WMO,latitude,longitude,hours from UTC,elevation``."""
    if not head or head[0][1][0].upper() != "LOCATION":
        raise ConfigError(f"{path}:1: an EPW file begins with LOCATION.")
    line, fields = head[0]
    latitude, longitude, offset, elevation = (
        number(path, line, fields, place, name)
        for place, name in enumerate(("latitude", "longitude", "hours from UTC", "elevation"), start=6)
    )
    return Location(fields[1], latitude, longitude, elevation, offset)


def _stamp(path: Path, row: Row) -> Stamp:
    """Hours are numbered by their end, 1 to 24."""
    names = ("year", "month", "day", "hour")
    year, month, day, hour = (whole_number(path, *row, place, name) for place, name in enumerate(names))
    return Stamp(year, month, day, hour - 1)


def _check_end(path: Path, head: Sequence[Row], hours: Sequence[Row]) -> None:
    """Refuses a file that ends before the last day of ``DATA PERIODS,1,records an hour,name,weekday,first,last``."""
    line, fields = head[-1]
    if fields[0].upper() != "DATA PERIODS" or len(fields) < 7:
        raise ConfigError(
            f"{path}:{line}: the last line of the header must be DATA PERIODS with a first and a last day."
        )
    if whole_number(path, line, fields, 2, "records an hour") != 1:
        raise ConfigError(f"{path}:{line}: the file has {fields[2]} records an hour; only hourly files are read.")
    last = re.findall(r"\d+", fields[6])[:2]
    at, found = hours[-1]
    if [int(field) for field in (*found[1:3], found[3])] != [*map(int, last), 24]:
        raise ConfigError(
            f"{path}:{at}: the file is cut short: it ends on {found[1]}/{found[2]} hour {found[3]}, and its header "
            f"(line {line}) says that it goes on to {fields[6].strip()} hour 24."
        )


def _source(path: Path, head: Sequence[Row]) -> str:
    _, fields = head[0]
    return f"{fields[4]} {fields[5]} ({path.name})"
