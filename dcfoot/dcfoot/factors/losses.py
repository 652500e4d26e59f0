"""Losses of transmission and distribution: apart from scope 2, which counts what is generated for what is drawn.

Emissions of what is lost on the way are scope 3, category 3 (GHG Protocol, Corporate Value Chain Standard, 2011). What
comes in is a grid's factor of generation, what goes out is a second factor that may be added to it: of the same family.
"""

from dataclasses import replace

from dcfoot.draws import Spread
from dcfoot.elementwise import Value
from dcfoot.evidence import Fact, evidence_of
from dcfoot.factors.around import zones_around
from dcfoot.grid import WORLD, Boundary, GridFactor
from dcfoot.reading import Basis
from dcfoot.tables import Row, interval, rows


def consumed_g_per_kwh(generated_g_per_kwh: Value, loss_ratio: Value) -> Value:
    """The factor at the consumer's meter: ``generated / (1 - loss)``.

    Source: US EPA, eGRID technical guide, section on grid gross loss.

    Parameters
    ----------
    generated_g_per_kwh : Value
        Per unit of generation [g/kWh]
    loss_ratio : Value
        Lost over generated [-]
    """
    return generated_g_per_kwh / (1 - loss_ratio)


def lost_g_per_kwh(generated_g_per_kwh: Value, loss_ratio: Value) -> Value:
    """The part of it that is lost on the way: ``generated x loss / (1 - loss)``.

    Source: as `consumed_g_per_kwh`, less the factor of generation.

    Parameters
    ----------
    generated_g_per_kwh : Value
        Per unit of generation [g/kWh]
    loss_ratio : Value
        Lost over generated [-]
    """
    return generated_g_per_kwh * loss_ratio / (1 - loss_ratio)


def loss_ratio(zone: str, boundary: Boundary) -> Fact:
    """Lost over generated in the zone's nation, else in the world; 0 where a factor of this family holds it already."""
    row = next(row for at in zones_around(zone) for row in rows("grid_losses") if _is_of(row, at, boundary))
    central = float(row["value"])
    world = row["zone"] == WORLD and zone != WORLD
    spread = Spread.around(central, *interval("grid_losses")) if central else Spread.exact(0.0)
    told = evidence_of(row, f"losses of transmission and distribution ({row['zone']})")
    return Fact(spread, Basis.DEFAULT if world else Basis.MODELLED, replace(told, unit=""))


def _is_of(row: Row, zone: str, boundary: Boundary) -> bool:
    return row["zone"] == zone and row["boundary"] in {"", boundary}


def loss_factor(factor: GridFactor) -> GridFactor:
    """What a kilowatt-hour at the meter costs on the way, to be shown or added beside the grid's factor."""
    fact = loss_ratio(factor.zone, factor.boundary)
    ratio, value = fact.spread, factor.g_per_kwh
    return replace(
        factor,
        name=f"{factor.name}: transmission and distribution",
        g_per_kwh=Spread(
            lost_g_per_kwh(value.central, ratio.central),
            lost_g_per_kwh(value.p5, ratio.p5),
            lost_g_per_kwh(value.p95, ratio.p95),
        ),
        basis=Basis.worst(factor.basis, fact.basis),
        source=f"{factor.source}; {fact.evidence.source}",
        verified=factor.verified and fact.evidence.verified,
        note=fact.evidence.note,
    )
