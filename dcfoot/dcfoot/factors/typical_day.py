"""The shape of a grid's year: a typical day of each month, from the shipped table, as cheap as a receipt needs it.

In comes a zone, out goes its `Shape`. What becomes of a factor by it stands in `dcfoot.factors.shapes`.
"""

from functools import cache
from typing import NamedTuple

from dcfoot.draws import Spread
from dcfoot.grid import Boundary
from dcfoot.tables import rows_of


class Shape(NamedTuple):  # a receipt pays 1 ms for a dataclass
    """A typical day of each month of a grid.

    Parameters
    ----------
    name : str
        Whose: ``"eia_PJM"``.
    multipliers : tuple of tuple
        Twelve months by 24 hours of the day in UTC, over the year's mean [-]
    residual : Spread
        An hour of another year over the shape [-]
    year : int
        The year of the data.
    source : str
        Whose data.
    """

    name: str
    multipliers: tuple[tuple[float, ...], ...]
    residual: Spread
    year: int
    source: str


@cache
def shape_of(zone: str, boundary: Boundary) -> Shape | None:
    """The shape of a zone's grid; None where none is shipped."""
    name = next((row["shape"] for row in rows_of("grid_zones", zone)), "")
    found = [row for row in rows_of("grid_shapes", name) if row["boundary"] == boundary] if name else []
    if not found:
        return None
    return Shape(
        name,
        tuple(tuple(float(row[f"h{hour:02}"]) for hour in range(24)) for row in found),
        Spread(1.0, float(found[0]["p5"]), float(found[0]["p95"])),
        int(found[0]["year"]),
        found[0]["source"],
    )
