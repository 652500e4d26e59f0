"""What a measured machine is made of, as far as vendors have published it.

A `Machine` comes in, its parts go out, each with the footprint of a single vendor's document for a single product, from
``data/embodied.csv``; and the water of its accelerators' silicon.
"""

import re
from dataclasses import dataclass, replace

from dcfoot.draws import Spread
from dcfoot.embodied.chip_water import silicon_water_l
from dcfoot.embodied.products import product
from dcfoot.evidence import Evidence, Fact, evidence_of, spread_of
from dcfoot.measurement import Machine
from dcfoot.reading import Basis
from dcfoot.tables import Row, rows


@dataclass(frozen=True, slots=True)
class EmbodiedPart:
    """One kind of part of a machine.

    Parameters
    ----------
    count : int
        How many there are.
    each_kg : Spread
        What it took to make one [kg].
    evidence : Evidence
        What stands behind that.
    """

    count: int
    each_kg: Spread
    evidence: Evidence


def machine_parts(machine: Machine, node_class: str) -> tuple[EmbodiedPart, ...] | None:
    """What the machine is made of: a base and its accelerators.

    Returns
    -------
    tuple of EmbodiedPart or None
        None where it is not known: of a virtual machine, of a class without a footprint, or where the bus could not be
        listed.
    """
    bases = (row for row in rows("embodied") if row["kind"] == "base" and row["match"] == node_class)
    base = next(bases, None)
    if base is None or machine.virtual or not machine.accelerators_known:
        return None
    cards = [_accelerator_row(name) for name in machine.accelerators]
    kinds = {row["item"]: row for row in cards}
    counts = {item: sum(row["item"] == item for row in cards) for item in kinds}
    return (_part(base, 1), *(_part(row, counts[item]) for item, row in kinds.items()))


def accelerator_water_l(machine: Machine) -> Fact | None:
    """Water withdrawn to make the silicon of the machine's accelerators [L].

    Returns
    -------
    Fact or None
        None where there is none, where one of them is of no kind whose dies are known, or as of `machine_parts`.
    """
    cards = [_accelerator_row(name) for name in machine.accelerators]
    if not cards or machine.virtual or not machine.accelerators_known or not all(row["silicon"] for row in cards):
        return None
    each = [silicon_water_l(product(row["silicon"])) for row in cards]
    shares = (fact.spread.scaled(1 / int(row["silicon_per"])) for fact, row in zip(each, cards, strict=True))
    return replace(each[0], spread=sum(shares, Spread.exact(0.0)))


def usual_lifetime_years() -> Fact:
    """How long a machine serves where its owner does not say [years]."""
    row = next(row for row in rows("embodied") if row["kind"] == "lifetime")
    return Fact(spread_of(row), Basis.DEFAULT, evidence_of(row, row["item"], "central"))


def _accelerator_row(name: str) -> Row:
    """The first row whose pattern stands in `name` as a whole word; the last row's empty pattern matches all."""
    cards = [row for row in rows("embodied") if row["kind"] == "accelerator"]
    return next(row for row in cards if not row["match"] or re.search(rf"\b({row['match']})\b", name.lower()))


def _part(row: Row, count: int) -> EmbodiedPart:
    times = f" (x{count})" if count > 1 else ""
    return EmbodiedPart(count, spread_of(row), evidence_of(row, f"embodied: {row['item']}{times}", "central"))
