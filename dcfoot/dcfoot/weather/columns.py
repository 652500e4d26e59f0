"""What a column of weather is: the quantity that its name means and the unit that its values are in.

In comes a header as people write it (``"Dry-bulb (C)"``, ``temp_f``, ``"wind speed [km/h]"``), out goes the name of a
series of a `Weather` and what turns the column's values into it. A quantity without a unit is an error, not a guess.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dcfoot.errors import ConfigError
from dcfoot.weather.year import Hours

Conversion = Callable[[Hours], Hours]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of weather as files know it.

    Parameters
    ----------
    names : sequence of str
        What it is called, in lower case without marks.
    units : mapping
        By unit, in lower case without marks: how its values become those of the series.
    least, most : float
        What lies outside is a mistake, of the unit as a rule; in the series' unit.
    """

    names: Sequence[str]
    units: Mapping[str, Conversion]
    least: float
    most: float


def _scale(factor: float) -> Conversion:
    return lambda values: values * factor


_AS_IS = _scale(1.0)
_KMH_PER_M_PER_S, _MPH_M_PER_S, _KNOT_M_PER_S = 3.6, 0.44704, 1852 / 3600
"""By definition: the international mile and nautical mile (NIST SP 811, appendix B)."""

_TEMPERATURES: Mapping[str, Conversion] = {
    "c": _AS_IS,
    "degc": _AS_IS,
    "degreec": _AS_IS,
    "celsius": _AS_IS,
    "f": lambda values: (values - 32) / 1.8,
    "degf": lambda values: (values - 32) / 1.8,
    "k": lambda values: values - 273.15,
}
_IRRADIANCES: Mapping[str, Conversion] = dict.fromkeys(("w/m2", "wm2", "wh/m2", "whm2"), _AS_IS)
"""Wh/m2 in an hour is the hour's mean in W/m2."""

_SUN = (-20.0, 1500.0)
"""A choice: pyranometers read some W/m2 below 0 at night; the sun gives 1361 W/m2, clouds' edges a little more."""

QUANTITIES: Mapping[str, Quantity] = {
    # The bounds are those of EnergyPlus' weather files (Auxiliary Programs, "EPW Data Dictionary"); of wind, a choice.
    "dry_bulb_c": Quantity(
        ("drybulb", "drybulbtemperature", "temperature", "airtemperature", "temp", "tempair", "tdb", "t", "t2m"),
        _TEMPERATURES,
        -70.0,
        70.0,
    ),
    "dew_point_c": Quantity(("dewpoint", "dewpointtemperature", "tempdew", "tdp", "tdew"), _TEMPERATURES, -70.0, 70.0),
    "wet_bulb_c": Quantity(("wetbulb", "wetbulbtemperature", "twb"), _TEMPERATURES, -70.0, 70.0),
    "relative_humidity_ratio": Quantity(
        ("relativehumidity", "rh", "rhum", "humidity"),
        {"%": _scale(0.01), "percent": _scale(0.01), "pct": _scale(0.01), "ratio": _AS_IS},
        0.0,
        1.1,
    ),
    "pressure_pa": Quantity(
        ("pressure", "stationpressure", "surfacepressure", "atmosphericpressure", "atmosphericstationpressure"),
        {"pa": _AS_IS, "hpa": _scale(100.0), "mbar": _scale(100.0), "kpa": _scale(1000.0)},
        31_000.0,
        120_000.0,
    ),
    "wind_speed_m_per_s": Quantity(
        ("windspeed", "wspd", "wind"),
        {
            "m/s": _AS_IS,
            "ms": _AS_IS,
            "km/h": _scale(1 / _KMH_PER_M_PER_S),
            "kmh": _scale(1 / _KMH_PER_M_PER_S),
            "mph": _scale(_MPH_M_PER_S),
            "kn": _scale(_KNOT_M_PER_S),
        },
        0.0,
        100.0,
    ),
    "ghi_w_per_m2": Quantity(("ghi", "globalhorizontalirradiance", "globalhorizontalradiation"), _IRRADIANCES, *_SUN),
    "dni_w_per_m2": Quantity(("dni", "directnormalirradiance", "directnormalradiation"), _IRRADIANCES, *_SUN),
    "dhi_w_per_m2": Quantity(("dhi", "diffusehorizontalirradiance", "diffusehorizontalradiation"), _IRRADIANCES, *_SUN),
}
"""By series. A new name or unit of a file is one word here."""


def read_header(title: str) -> tuple[str, Conversion] | None:
    """The series that a column of this title becomes, and how; None if it is nothing that is known here.

    Parameters
    ----------
    title : str
        ``"Dry-bulb (C)"``, ``"dry_bulb_c"``, ``"relative humidity [%]"``.

    Raises
    ------
    ConfigError
        It is a known quantity without a unit, or in one that is not known.
    """
    bracket = re.search(r"[\[(]([^\])]*)[\])]", title)
    name, unit = (title[: bracket.start()], bracket.group(1)) if bracket else _split(title)
    series = next((series for series, known in QUANTITIES.items() if _plain(name) in known.names), None)
    return None if series is None else (series, conversion(series, unit, title))


def conversion(series: str, unit: str, title: str) -> Conversion:
    """How values in `unit` become those of `series`.

    Raises
    ------
    ConfigError
        The unit is not one of the quantity's.
    """
    units = QUANTITIES[series].units
    found = units.get(_plain_unit(unit))
    if found is None:
        said = f"the unit {unit!r}" if unit else "no unit"
        raise ConfigError(f"Column {title!r} has {said}; write one of {', '.join(units)}, as in {series!r}.")
    return found


def _split(title: str) -> tuple[str, str]:
    """A title whose unit stands at its end without brackets: the longest end that is a unit of what is before it."""
    words = re.split(r"[ _]+", title.strip())
    for start in range(1, len(words)):
        name, unit = "".join(words[:start]), "_".join(words[start:])
        known = next((known for known in QUANTITIES.values() if _plain(name) in known.names), None)
        if known is not None and _plain_unit(unit) in known.units:
            return name, unit
    return title, ""


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _plain_unit(unit: str) -> str:
    plain = unit.casefold().replace("_per_", "/").replace("²", "2").replace("℃", "c").replace("℉", "f")
    return "".join(letter for letter in plain if letter.isalnum() or letter in "%/")
