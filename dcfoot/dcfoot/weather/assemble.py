"""From the series of a file or service to a `Weather`: bounds, gaps, moisture and pressure, once for all of them.

Missing values come in as NaN. What a model cannot do without must be there; what may be not known is so as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from dcfoot import psychrometrics as air
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence
from dcfoot.reading import Basis
from dcfoot.weather.calendar import Where
from dcfoot.weather.columns import QUANTITIES
from dcfoot.weather.year import Hours, Location, Weather, moist_air

MOISTURE = ("dew_point_c", "relative_humidity_ratio", "wet_bulb_c")
"""Any of these gives the moisture; the first that an hour has counts."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where series come from.

    Parameters
    ----------
    source : str
        The document or service.
    basis : Basis
        Of a `Weather`.
    where : callable
        The file and line of an hour.
    year : int or None
        None for a typical year.
    notes : tuple of str
        What the reader must know.
    """

    source: str
    basis: Basis
    where: Where
    year: int | None = None
    notes: tuple[str, ...] = ()


def assemble(
    location: Location, start: datetime, series: Mapping[str, Hours], origin: Origin, fill_hours: int = 0
) -> Weather:
    """The weather that these series say.

    Parameters
    ----------
    location : Location
        Of the place.
    start : datetime
        Of the first hour.
    series : mapping
        By the name of a `Weather`'s series: its hours, NaN where missing. Dry bulb and one of `MOISTURE` are needed.
        Below 0 C, humidity is over water, as meteorology has it (WMO-No. 8).
    origin : Origin
        Where they come from.
    fill_hours : int
        Gaps of up to this length are interpolated, and said so [h]

    Raises
    ------
    ConfigError
        A value cannot be, or one that is needed is missing; the message says where.
    """
    if "dry_bulb_c" not in series or not any(name in series for name in MOISTURE):
        raise ConfigError(f"{origin.where(0)}: there must be a dry bulb and one of {', '.join(MOISTURE)}.")
    notes = list(origin.notes)
    filled: dict[str, Hours] = {}
    for name, values in series.items():
        _check_bounds(name, values, origin.where)
        filled[name], count = _fill(values, fill_hours)
        notes += [f"{name}: {count} missing hours were interpolated"] * (count > 0)
    dry_bulb_c = _needed("the dry bulb", filled["dry_bulb_c"], origin.where)
    pressure_pa = _pressure_pa(location, filled, notes)
    vapour_pa = _needed("the moisture", _vapour_pressure_pa(filled, pressure_pa), origin.where)
    return Weather(
        **location.fields(),
        **moist_air(dry_bulb_c, vapour_pa, pressure_pa),
        wind_speed_m_per_s=_if_whole("wind_speed_m_per_s", filled, notes),
        ghi_w_per_m2=_if_whole("ghi_w_per_m2", filled, notes),
        dni_w_per_m2=_if_whole("dni_w_per_m2", filled, notes),
        dhi_w_per_m2=_if_whole("dhi_w_per_m2", filled, notes),
        start=start,
        basis=origin.basis,
        evidence=(_evidence(location, dry_bulb_c, origin),),
        notes=tuple(notes),
    )


def _check_bounds(name: str, values: Hours, where: Where) -> None:
    known = QUANTITIES[name]
    wrong = np.flatnonzero((values < known.least) | (values > known.most))
    if len(wrong):
        found = values[wrong[0]]
        raise ConfigError(
            f"{where(int(wrong[0]))}: {name} is {found:.6g}, beyond {known.least:g} to {known.most:g}: "
            "is its unit right? (A missing value is an empty field.)"
        )


def _fill(values: Hours, fill_hours: int) -> tuple[Hours, int]:
    """The values with short gaps interpolated, and how many hours these are."""
    missing = np.isnan(values)
    if not fill_hours or not missing.any() or missing.all():
        return values, 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], missing.astype(np.int8), [0]))))
    short = missing.copy()
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        short[begin:end] = end - begin <= fill_hours and begin > 0 and end < len(values)
    hours = np.arange(len(values))
    found = np.interp(hours, hours[~missing], values[~missing])
    return np.where(short, found, values), int(short.sum())


def _needed(what: str, values: Hours, where: Where) -> Hours:
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        raise ConfigError(
            f"{where(int(missing[0]))}: {what} is missing here, and in {len(missing)} of {len(values)} hours. "
            "Mend the file, or let gaps of a few hours be interpolated (fill_hours)."
        )
    return values


def _pressure_pa(location: Location, series: Mapping[str, Hours], notes: list[str]) -> Hours:
    """The pressure, for hours without one that of the standard atmosphere at this elevation."""
    length = len(series["dry_bulb_c"])
    standard_pa = air.pressure_at_pa(location.elevation_m)
    pressure_pa = series.get("pressure_pa", np.full(length, np.nan))
    missing = np.isnan(pressure_pa)
    if missing.any():
        notes.append(f"pressure: {standard_pa / 100:.0f} hPa, from the elevation, in {missing.sum()} hours")
    return np.where(missing, standard_pa, pressure_pa)


def _vapour_pressure_pa(series: Mapping[str, Hours], pressure_pa: Hours) -> Hours:
    """The vapour pressure from the first measure of moisture that an hour has; NaN where it has none."""
    dry_bulb_c = series["dry_bulb_c"]
    vapour_pa = np.full(len(dry_bulb_c), np.nan)
    for name in MOISTURE:
        values = series.get(name)
        if values is None:
            continue
        if name == "dew_point_c":
            found = air.saturation_pressure_over_water_pa(values)
        elif name == "relative_humidity_ratio":
            found = values * air.saturation_pressure_over_water_pa(dry_bulb_c)
        else:
            ratio = air.humidity_ratio_at_wet_bulb_kg_per_kg(dry_bulb_c, values, pressure_pa)
            found = air.vapour_pressure_pa(np.maximum(ratio, 0.0), pressure_pa)
        vapour_pa = np.where(np.isnan(vapour_pa), found, vapour_pa)
    return vapour_pa


def _if_whole(name: str, series: Mapping[str, Hours], notes: list[str]) -> Hours | None:
    """A series without a gap; None, and a note, if there is one."""
    values = series.get(name)
    if values is None or np.isnan(values).all():
        return None
    missing = int(np.isnan(values).sum())
    if missing:
        notes.append(f"{name} is not known: {missing} of {len(values)} hours are missing")
        return None
    return np.maximum(values, 0.0)


def _evidence(location: Location, dry_bulb_c: Hours, origin: Origin) -> Evidence:
    what = f"hourly weather of {location.place}: mean dry bulb"
    return Evidence(what, round(float(dry_bulb_c.mean()), 2), "C", origin.year, origin.source, verified=False)
