"""What another choice of factor would change, for an amount of energy.

What comes in is a zone and kilowatt-hours, what goes out is one line for each choice that somebody might have made:
another year, another method, a wider grid, another family. Only factors of one family are set against each other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from dcfoot.factors.around import zones_around
from dcfoot.factors.choice import Purpose, choose
from dcfoot.factors.library import Library, key_of
from dcfoot.factors.losses import loss_factor
from dcfoot.grid import GridFactor, Method, emissions_g

TYPICAL_KWH = 1000.0
"""The energy that a comparison is for, unless a run is named [kWh]. A choice: a factor in g/kWh is then kilograms."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One choice.

    Parameters
    ----------
    what : str
        How it differs from the usual choice.
    factor : GridFactor
        The factor.
    emissions_g : float
        Of the energy [g]
    change_ratio : float or None
        What it would change, over the usual choice; None where the two must not be set against each other [-]
    why_not : str
        Why they must not.
    """

    what: str
    factor: GridFactor
    emissions_g: float
    change_ratio: float | None
    why_not: str = ""


def alternatives(zone: str, library: Library, energy_kwh: float = TYPICAL_KWH) -> tuple[Alternative, ...]:
    """The usual choice for a location-based scope 2, then every other that might be made; empty where none is known.

    Parameters
    ----------
    zone : str
        Where.
    library : Library
        What is known.
    energy_kwh : float
        Drawn from the grid [kWh]
    """
    usual = choose(Purpose.SCOPE_2_LOCATION, zone, library).factor
    if usual is None:
        return ()
    return tuple(_alternative(*other, usual, energy_kwh) for other in _others(zone, library, usual))


class _Relation(Enum):
    INSTEAD = "instead of the usual choice"
    BESIDE = "added to it"
    APART = "another question"


def _others(zone: str, library: Library, usual: GridFactor) -> Iterator[tuple[str, GridFactor, _Relation]]:
    yield "location-based, as chosen", usual, _Relation.INSTEAD
    for one in library.vintages(usual)[1:]:
        shipped = " (shipped)" if library.own and not library.is_own(one) else ""
        yield f"the same for {one.year}{shipped}", one, _Relation.INSTEAD
    for one in _wider(zone, library, usual):
        yield f"the average of {one.zone}", one, _Relation.INSTEAD
    market, decision, product = (
        choose(purpose, zone, library).factor
        for purpose in (Purpose.SCOPE_2_MARKET, Purpose.DECISION, Purpose.PRODUCT_FOOTPRINT)
    )
    if market is not None and market.method is Method.RESIDUAL:
        yield "market-based, without certificates", market, _Relation.INSTEAD
    lost = loss_factor(usual)
    if lost.g_per_kwh.central:
        yield "losses on the way (scope 3, category 3)", lost, _Relation.BESIDE
    if product is not None and key_of(product) != key_of(usual):
        yield "a product's footprint", product, _Relation.INSTEAD
    if decision is not None:
        yield "marginal", decision, _Relation.APART


def _wider(zone: str, library: Library, usual: GridFactor) -> Iterator[GridFactor]:
    """The averages of the same family that might stand in."""
    for at in zones_around(zone):
        for one in library.latest(at):
            family = (one.boundary, one.gas, one.method)
            if family == (usual.boundary, usual.gas, usual.method) and one.zone != usual.zone:
                yield one


def _alternative(
    what: str, factor: GridFactor, relation: _Relation, usual: GridFactor, energy_kwh: float
) -> Alternative:
    one, other = factor.g_per_kwh.central, usual.g_per_kwh.central
    amount_g = emissions_g(energy_kwh, one)
    if relation is _Relation.APART:
        return Alternative(what, factor, amount_g, None, "for decisions, never an inventory")
    if (factor.boundary, factor.gas) != (usual.boundary, usual.gas):
        return Alternative(what, factor, amount_g, None, "another family, never set against it")
    if other <= 0:
        return Alternative(what, factor, amount_g, None, "the usual choice is 0")
    return Alternative(what, factor, amount_g, one / other - (relation is _Relation.INSTEAD))
