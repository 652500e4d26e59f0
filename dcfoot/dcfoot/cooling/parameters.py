"""Numbers of the parts: low, central and high value of each, with its source, by size of the site and by system.

In come the name of a cooling system and the size of a site; out go its parameters. A row that names
the system or the size goes before one that names neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import erf, sqrt
from types import MappingProxyType
from typing import Literal

from dcfoot.evidence import Evidence, evidence_of
from dcfoot.tables import Row, rows

Size = Literal["large", "midsize", "small"]
"""Of a site, as Lei and Masanet 2022 class them: hyperscale and colocation, company halls, server rooms."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a part.

    Parameters
    ----------
    name : str
        Part and parameter: ``"air.supply_c"``, ``"tower.fans.pressure_pa"``.
    low, central, high : float
        What is used if nobody says better, and the range it may lie in, in the unit that the name ends in.
    evidence : Evidence
        What stands behind it.
    """

    name: str
    low: float
    central: float
    high: float
    evidence: Evidence

    def at(self, z: float) -> float:
        """The value `z` standard deviations from the median: uniform from low to central and from there to high."""
        part = 1 + erf(z / sqrt(2))
        if part < 1:
            return self.low + part * (self.central - self.low)
        return self.central + (part - 1) * (self.high - self.central)


@cache
def parameters(system: str, size: Size) -> Mapping[str, Parameter]:
    """Every parameter of a system's parts, by name; those of parts that it lacks too.

    Parameters
    ----------
    system : str
        A cooling system.
    size : str
        Of the site.
    """
    chosen: dict[str, Row] = {}
    for row in sorted(rows("cooling_parameters"), key=_specificity):
        if row["system"] in {"", system} and row["size"] in {"", size}:
            chosen[f"{row['part']}.{row['parameter']}"] = row
    return MappingProxyType({name: parameter_of(name, row) for name, row in chosen.items()})


def _specificity(row: Row) -> tuple[bool, bool]:
    return bool(row["system"]), bool(row["size"])


def parameter_of(name: str, row: Row) -> Parameter:
    """The parameter of a table's row; `name` is what it is called."""
    evidence = evidence_of(row, name, "central")
    return Parameter(name, float(row["low"]), float(row["central"]), float(row["high"]), evidence)
