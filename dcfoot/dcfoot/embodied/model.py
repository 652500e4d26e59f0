"""The component model: from what a product is made of to its footprint, low, central and high, by life-cycle stage.

Six figures are anchored on one published footprint, that of the HGX H100 baseboard (1312 kg): what its memory, its
integrated circuits, its thermal parts, its other parts, its assembly and its transport took. Divided by what the board
is made of, they become emissions

- of an accelerator's **integrated circuits**, per kg of bare die by process (package, regulators, small chips),
- of **HBM**, per kg of bare die of its class (vias, stacking, test, what is lost),
- of the **thermal and other parts, assembly and transport**, per kg of the board.

Nothing is fitted to any other product. Everything outside the accelerator board has factors of its own
(``data/embodied_components.csv``).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from dcfoot.draws import Draws, Spread
from dcfoot.embodied.products import Component, Kind, product
from dcfoot.embodied.stages import Stage
from dcfoot.embodied.wafer import die_kg_per_cm2, wafer_evidence
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, evidence_of, spread_of
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis
from dcfoot.tables import Row, rows

ANCHOR = "hgx_h100"
"""The product whose published footprint the model reproduces exactly (``data/embodied_anchor.csv``)."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a product's footprint.

    Parameters
    ----------
    name : str
        ``"HBM3 stack of 16 GB"``, ``"thermal"``.
    stage : Stage
        Where in the life cycle it belongs.
    kg : Spread
        Emissions of all of them [kg].
    evidence : tuple of Evidence
        What stands behind it.
    """

    name: str
    stage: Stage
    kg: Spread
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ProductFootprint:
    """What it takes to make a product, to bring it and to dispose of it; its use is not in it."""

    lines: tuple[Line, ...]

    @property
    def total_kg(self) -> Spread:
        """The sum [kg]; the bounds are those of all lines together, as if they erred in the same direction."""
        return _sum(self.lines)

    def quantity_kg(self, draws: Draws) -> Quantity:
        """The sum with the interval of lines that err each by itself [kg]."""
        columns = [draws.of(f"embodied.{line.name}.{line.stage}", line.kg) for line in self.lines]
        sums = [sum(column[draw] for column in columns) for draw in range(draws.count)]
        return Quantity.from_draws(self.total_kg.central, sums, Basis.DEFAULT)

    def by_stage(self) -> dict[Stage, Spread]:
        """The sum of each stage that has a line [kg]."""
        stages = dict.fromkeys(line.stage for line in self.lines)
        return {stage: _sum(line for line in self.lines if line.stage is stage) for stage in stages}

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind the lines, each once."""
        return tuple(dict.fromkeys(evidence for line in self.lines for evidence in line.evidence))


def product_footprint(components: Sequence[Component]) -> ProductFootprint:
    """The footprint of what is made of these components.

    Raises
    ------
    ConfigError
        A die does not say its process.
    DataMissing
        Its process is finer or coarser than any with figures.
    """
    return ProductFootprint(tuple(line for component in components for line in _lines(component)))


def _lines(component: Component) -> Iterator[Line]:
    match component.kind:
        case Kind.ACCELERATOR_DIE:
            bare = _bare_die_kg(component)
            yield _line(
                component, bare.scaled(_anchored("integrated circuits")), *_anchor_evidence("integrated circuits")
            )
        case Kind.HBM:
            central = _bare_die_kg(component).central * _anchored("memory")
            yield _line(component, _times(_factor(component.kind), central), *_anchor_evidence("memory"))
        case Kind.MODULE:
            for row in _rows(component.kind):
                kg = _times(row, component.count * component.amount * _anchored(row["part"]))
                yield Line(row["part"], Stage(row["stage"]), kg, (*_own(component), *_anchor_evidence(row["part"])))
        case Kind.PROCESSOR:
            package = _times(_factor(component.kind), component.count)
            yield _line(component, _bare_die_kg(component) + package, *wafer_evidence())
        case _:
            yield _line(component, _times(_factor(component.kind), component.count * component.amount))


def _line(component: Component, kg: Spread, *behind: Evidence) -> Line:
    rows_of_kind = _rows(component.kind)
    stage = Stage(rows_of_kind[0]["stage"]) if rows_of_kind else Stage.RAW_MATERIAL_ACQUISITION
    factors = tuple(evidence_of(row, f"emissions of: {row['part']}", "central") for row in rows_of_kind)
    return Line(component.name, stage, kg, (*_own(component), *factors, *behind))


def _bare_die_kg(component: Component) -> Spread:
    if component.node_nm is None:
        raise ConfigError(f"{component.name}: the emissions of a die depend on its process; give node_nm.")
    return die_kg_per_cm2(component.node_nm).scaled(component.count * component.amount)


@cache
def _anchored(part: str) -> float:
    """The published part of the anchor over what it is made of: kg per kg of bare die, or per kg of board."""
    parts = product(ANCHOR)
    published = {row["part"]: float(row["value"]) for row in rows("embodied_anchor")}
    total = published.pop("total")
    published["assembly"] = total - sum(published.values())
    if part in ("memory", "integrated circuits"):
        kind = Kind.HBM if part == "memory" else Kind.ACCELERATOR_DIE
        return published[part] / sum(_bare_die_kg(one).central for one in parts if one.kind is kind)
    return published[part] / sum(one.count * one.amount for one in parts if one.kind is Kind.MODULE)


def _anchor_evidence(part: str) -> tuple[Evidence, ...]:
    """The published figure of a part of the anchor; assembly is what the others leave of the total."""
    row = next(row for row in rows("embodied_anchor") if row["part"] == (part if part != "assembly" else "total"))
    evidence = evidence_of(row, f"anchor: {row['part']} of {ANCHOR}")
    silicon = part in ("memory", "integrated circuits")
    return (evidence, *(wafer_evidence() if silicon else ()))


def _own(component: Component) -> tuple[Evidence, ...]:
    return () if component.evidence is None else (component.evidence,)


def _rows(kind: Kind) -> list[Row]:
    return [row for row in rows("embodied_components") if row["kind"] == kind]


def _factor(kind: Kind) -> Row:
    return _rows(kind)[0]


def _times(row: Row, factor: float) -> Spread:
    return spread_of(row).scaled(factor)


def _sum(lines: Iterable[Line]) -> Spread:
    return sum((line.kg for line in lines), Spread.exact(0.0))
