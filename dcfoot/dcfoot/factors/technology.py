"""Factors of kinds of power stations, and the intensity of a mix of them.

What comes in is generation by technology, what goes out is grams per kilowatt-hour by the medians of IPCC AR5. Power
whose fuel is not known (``other``) and what storage gives back take no part: they count as the mean of the rest.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from dcfoot.draws import Spread
from dcfoot.elementwise import Value, maximum
from dcfoot.errors import DataMissing
from dcfoot.grid import WORLD, Boundary, GridFactor, factor_of_row
from dcfoot.tables import Row, interval, rows

LEAST_PRESENT_RATIO = 0.95
"""An hour's mix is known if the technologies that reported make this part of the window's generation [-]. A choice:
what is missing then moves the intensity by a few percent at most."""


@cache
def technology_factors() -> tuple[GridFactor, ...]:
    """The factors of single technologies that are shipped."""
    return tuple(_factor(row) for row in rows("grid_tech"))


def technology_factor(technology: str, boundary: Boundary, zone: str = WORLD) -> GridFactor | None:
    """The newest factor of a technology in a zone; None where none is known."""
    found = [
        factor
        for factor in technology_factors()
        if (factor.technology, factor.boundary, factor.zone) == (technology, boundary, zone)
    ]
    return max(found, key=lambda factor: factor.year, default=None)


@cache
def _g_per_kwh(boundary: Boundary) -> Mapping[str, float]:
    """The world's factor of each technology [g/kWh]."""
    found = [factor for factor in technology_factors() if factor.zone == WORLD and factor.boundary == boundary]
    return {factor.technology: factor.g_per_kwh.central for factor in found}


def counted(generation: Mapping[str, Value]) -> dict[str, Value]:
    """The generation whose technology has a factor, without what a station draws for itself.

    Parameters
    ----------
    generation : Mapping[str, Value]
        By technology; a station that stands still draws power and is then below 0 [any unit of energy or power]
    """
    known = _g_per_kwh(Boundary.DIRECT)
    return {name: maximum(amount, 0.0) for name, amount in generation.items() if name in known}


def mix_g_per_kwh(generation: Mapping[str, Value], boundary: Boundary) -> Value:
    """The intensity of a mix: ``sum(generation x factor) / sum(generation)``.

    Parameters
    ----------
    generation : Mapping[str, Value]
        By technology [any unit of energy or power]
    boundary : Boundary
        Direct or life-cycle.

    Raises
    ------
    DataMissing
        There is no technology of which a factor is known.
    """
    amounts = counted(generation)
    if not amounts:
        raise DataMissing(f"No factor is known of any of {', '.join(sorted(generation)) or 'no technology'}.")
    factors = _g_per_kwh(boundary)
    emitted = [amount * factors[name] for name, amount in amounts.items()]
    return total(emitted) / total(list(amounts.values()))


def mixes_g_per_kwh(generation: Mapping[str, Sequence[float | None]], boundary: Boundary) -> list[float | None]:
    """The intensity of each hour's mix; None where too much of it did not report.

    Parameters
    ----------
    generation : Mapping[str, Sequence]
        By technology and hour; None where it did not report [any unit of energy or power]
    boundary : Boundary
        Direct or life-cycle.
    """
    known = counted({name: _mean(values) for name, values in generation.items()})
    hours = zip(*(generation[name] for name in known), strict=True)
    return [_one_mix(dict(zip(known, hour, strict=True)), known, boundary) for hour in hours]


def _one_mix(hour: Mapping[str, float | None], usual: Mapping[str, float], boundary: Boundary) -> float | None:
    reported = {name: amount for name, amount in hour.items() if amount is not None}
    present = sum(usual[name] for name in reported)
    if present <= 0 or present < LEAST_PRESENT_RATIO * sum(usual.values()) or max(reported.values()) <= 0:
        return None
    return mix_g_per_kwh(reported, boundary)


def _mean(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else 0.0


def total(amounts: list[Value]) -> Value:
    """The sum of at least one amount."""
    first, *others = amounts
    for amount in others:
        first = first + amount
    return first


def _factor(row: Row) -> GridFactor:
    return factor_of_row(row, _spread(row, float(row["g_per_kwh"])))


def _spread(row: Row, central: float) -> Spread:
    """The range of the reviewed studies; where there is none, that of a factor that is some years old."""
    if row["low_g_per_kwh"]:
        return Spread(central, float(row["low_g_per_kwh"]), float(row["high_g_per_kwh"]))
    return Spread.around(central, *interval("grid_china" if row["zone"] == "CN" else "grid_technology"))
