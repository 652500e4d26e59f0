"""What products are made of: dies and stacks by area, memory by capacity, metal by mass.

A name comes in, a flat list of components goes out, each with what stands behind it. A product of one's own is a tuple
of `Component`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from dcfoot.errors import DataMissing
from dcfoot.evidence import Evidence, evidence_of
from dcfoot.tables import Row, rows


class Kind(StrEnum):
    """What a component is, and the unit of its amount."""

    ACCELERATOR_DIE = "accelerator die"
    """cm2 of one die of an accelerator or of its switches; carries the small chips around it."""
    HBM = "HBM"
    """cm2 of all dies of one stack."""
    MODULE = "module"
    """kg of an accelerator board: its heat sinks, boards, connectors, assembly, inbound transport."""
    PROCESSOR = "processor"
    """cm2 of all dies of one processor; carries its package."""
    DRAM = "DRAM"
    """GB."""
    SSD = "SSD"
    """GB."""
    MAINBOARD = "mainboard"
    """Pieces, with their components."""
    BOARD = "board"
    """cm2 of bare printed circuit."""
    POWER_SUPPLY = "power supply"
    """kg."""
    CHASSIS = "chassis"
    """kg."""
    HEAT_SINK = "heat sink"
    """kg."""
    SERVER = "server"
    """Servers put together."""
    SHIPPING = "shipping"
    """kg brought to the customer."""
    DISPOSAL = "disposal"
    """kg treated at the end of life."""


@dataclass(frozen=True, slots=True)
class Component:
    """One kind of part of a product.

    Parameters
    ----------
    kind : Kind
        What it is.
    name : str
        For people: ``"GH100"``.
    count : int
        How many there are.
    amount : float
        How much of it each is, in the unit of its kind.
    node_nm : float or None
        Name of the process, of silicon [nm].
    evidence : Evidence or None
        What stands behind count and amount; None where the user states them.
    """

    kind: Kind
    name: str
    count: int
    amount: float
    node_nm: float | None = None
    evidence: Evidence | None = None


def product_names() -> tuple[str, ...]:
    """The products whose components are shipped."""
    return tuple(dict.fromkeys(row["product"] for row in rows("embodied_products")))


@cache
def product(name: str) -> tuple[Component, ...]:
    """The components of a shipped product, those of the products in it included.

    Raises
    ------
    DataMissing
        There is no such product; the message lists those that there are.
    """
    if name not in product_names():
        raise DataMissing(f"Of what {name!r} is made is not known; known are: {', '.join(product_names())}.")
    return tuple(_components(name))


def _components(name: str) -> Iterator[Component]:
    for row in rows("embodied_products"):
        if row["product"] == name:
            yield from _inner(row) if row["kind"] == "product" else (_component(row),)


def _inner(row: Row) -> Iterator[Component]:
    for part in product(row["item"]):
        yield replace(part, count=part.count * int(row["count"]))


def _component(row: Row) -> Component:
    node_nm = float(row["node_nm"]) if row["node_nm"] else None
    evidence = evidence_of(row, f"made of: {row['item']} (x{row['count']})")
    return Component(Kind(row["kind"]), row["item"], int(row["count"]), float(row["value"]), node_nm, evidence)
