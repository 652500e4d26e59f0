"""What stands behind a number: the value, its unit, year and source, and whether it was verified."""

from dataclasses import dataclass

from dcfoot.draws import Spread
from dcfoot.reading import Basis
from dcfoot.tables import Row, is_verified


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of a receipt's sources.

    Parameters
    ----------
    what : str
        What the number is: ``"PUE"``, ``"grid factor CN-GD, direct CO2, average"``.
    value : float
        The figure as its source gives it, in `unit`.
    unit : str
        ``"g/kWh"``; empty for a ratio.
    year : int or None
        The year that the figure describes.
    source : str
        The document, with its place in it where known.
    verified : bool
        Whether the figure was checked against its document or a second copy.
    note : str
        What the reader must know of its use here.
    licence : str
        Of the figure, or of the table that it is from; empty where neither is known.
    """

    what: str
    value: float
    unit: str
    year: int | None
    source: str
    verified: bool
    note: str = ""
    licence: str = ""

    @property
    def told_source(self) -> str:
        """The source with what the reader must know, and the licence."""
        note = f" ({self.note})" if self.note else ""
        return f"{self.source}{note}{f'; licence: {self.licence}' if self.licence else ''}"


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that the model uses: how well it is known, of what basis, and what stands behind it."""

    spread: Spread
    basis: Basis
    evidence: Evidence


def evidence_of(row: Row, what: str, column: str = "value") -> Evidence:
    """What stands behind the figure in a column of a shipped table's row; `what` is what a receipt calls it."""
    return Evidence(
        what,
        float(row[column]),
        row["unit"],
        int(row["year"]),
        row["source"],
        is_verified(row),
        row["note"],
        row["licence"],
    )


def spread_of(row: Row) -> Spread:
    """The central value of a shipped table's row with its interval, in the row's unit."""
    return Spread(float(row["central"]), float(row["p5"]), float(row["p95"]))
