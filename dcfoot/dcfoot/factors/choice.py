"""Which factor serves a purpose: what was picked, and what stands in for what.

A company's scope 2 takes direct factors, a product's footprint life-cycle ones (ISO 14067, GB/T 24067: with the fuel's
supply, building, losses). Where the right family is not known, the other may stand in, and the choice says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from dcfoot.factors.around import zones_around
from dcfoot.factors.library import Library
from dcfoot.grid import WORLD, Boundary, GridFactor, Method


class Purpose(StrEnum):
    """What a factor is wanted for."""

    SCOPE_2_LOCATION = "scope_2_location"
    SCOPE_2_MARKET = "scope_2_market"
    PRODUCT_FOOTPRINT = "product_footprint"
    DECISION = "decision"


WANTED = {
    Purpose.SCOPE_2_LOCATION: (Boundary.DIRECT, Method.AVERAGE),
    Purpose.SCOPE_2_MARKET: (Boundary.DIRECT, Method.RESIDUAL),
    Purpose.PRODUCT_FOOTPRINT: (Boundary.LIFE_CYCLE, Method.AVERAGE),
    Purpose.DECISION: (Boundary.DIRECT, Method.MARGINAL),
}
"""The family and method of each purpose (GHG Protocol Scope 2 Guidance, 2015; ISO 14067:2018)."""

INSTEAD = {
    Purpose.SCOPE_2_LOCATION: ((Boundary.LIFE_CYCLE, Method.AVERAGE),),
    Purpose.SCOPE_2_MARKET: ((Boundary.DIRECT, Method.AVERAGE), (Boundary.LIFE_CYCLE, Method.AVERAGE)),
    Purpose.PRODUCT_FOOTPRINT: (),
    Purpose.DECISION: (),
}
"""What may stand in, best first. A direct factor never stands in for a footprint, which it would understate, nor an
average for a marginal one, which answers another question."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was picked for a purpose.

    Parameters
    ----------
    purpose : Purpose
        What for.
    factor : GridFactor or None
        None where none may serve.
    said : str
        What was picked, in a sentence.
    stands_in : tuple of str
        Each thing that stands in for another, in a sentence; empty where the factor is exactly what is wanted.
    """

    purpose: Purpose
    factor: GridFactor | None
    said: str
    stands_in: tuple[str, ...] = ()


def choose(purpose: Purpose, zone: str, library: Library) -> Choice:
    """The factor that serves `purpose` in `zone`.

    Parameters
    ----------
    purpose : Purpose
        What for.
    zone : str
        Where.
    library : Library
        What is known.
    """
    factor = next(_candidates(purpose, zone, library), None)
    boundary, method = WANTED[purpose]
    if factor is None:
        return Choice(purpose, None, f"Not known: no {_family(boundary, method)} factor of {zone} may serve.")
    said = (
        f"{factor.zone}, {_family(factor.boundary, factor.method)} {factor.gas} of {factor.year}: "
        f"{factor.g_per_kwh.central:g} g/kWh."
    )
    return Choice(purpose, factor, said, tuple(_stand_ins(purpose, zone, factor)))


def choices(zone: str, library: Library) -> tuple[Choice, ...]:
    """The choice for every purpose."""
    return tuple(choose(purpose, zone, library) for purpose in Purpose)


def _candidates(purpose: Purpose, zone: str, library: Library) -> Iterator[GridFactor]:
    """Best first: the right family as near as it is known, then what stands in; the world's before none."""
    families = (WANTED[purpose], *INSTEAD[purpose])
    near = [at for at in zones_around(zone) if at != WORLD or zone == WORLD]
    for zones in (near, [WORLD]):
        for boundary, method in families:
            for at in zones:
                found = [one for one in library if _is(one, at, boundary, method)]
                yield from (_as_of(one, zone) for one in library.newest(found))


def _is(factor: GridFactor, zone: str, boundary: Boundary, method: Method) -> bool:
    return (factor.zone, factor.boundary, factor.method, factor.technology) == (zone, boundary, method, "")


def _as_of(factor: GridFactor, zone: str) -> GridFactor:
    """With the interval that a wider grid's factor has for one of its regions."""
    return factor.standing_in_for(zone) if _is_of_a_wider_grid(factor, zone) else factor


def _is_of_a_wider_grid(factor: GridFactor, zone: str) -> bool:
    return "-" in zone and factor.zone not in {zone, WORLD} and factor.method is not Method.RESIDUAL


def _stand_ins(purpose: Purpose, zone: str, factor: GridFactor) -> Iterator[str]:
    boundary, method = WANTED[purpose]
    if factor.method is not method:
        yield f"No residual mix of {zone} is known: the grid's average stands in for it."
    if factor.boundary is not boundary:
        yield (
            f"No direct factor of {zone} is known: a life-cycle factor stands in, which counts the fuel's supply as "
            "well and so overstates scope 2."
        )
    if factor.zone == WORLD != zone:
        yield f"Nothing of {zone} is known: the world's average stands in."
    elif _is_of_a_wider_grid(factor, zone):
        whose = "The regional grid's" if "-" in factor.zone else "The nation's"
        yield f"{whose} factor, {factor.zone}, stands in for {zone}."


def _family(boundary: Boundary, method: Method) -> str:
    return f"{str(boundary).replace('_', '-')} {method}"
