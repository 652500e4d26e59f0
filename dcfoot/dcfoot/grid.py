"""Grid factors: which family, which method, which year; and why two of different families never meet in a sum.

A direct factor counts what leaves the power station's stack; a life-cycle factor adds fuel supply, building and losses.
The type says which it is, and adding one to the other is an error.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from dcfoot.draws import Spread
from dcfoot.errors import DcfootError
from dcfoot.evidence import Evidence
from dcfoot.reading import Basis
from dcfoot.tables import Row, interval, is_verified, rows

WORLD = "WLD"
"""The zone of world averages."""


class BoundaryMismatch(DcfootError):
    """Two amounts or factors of different families were to be added: direct with life-cycle, or CO2 with CO2e."""


class Boundary(StrEnum):
    """What a factor or an amount of emissions includes."""

    DIRECT = "direct"
    LIFE_CYCLE = "life_cycle"


class Method(StrEnum):
    """Which generation a factor describes."""

    AVERAGE = "average"
    RESIDUAL = "residual"
    MARGINAL = "marginal"

    @property
    def accounting(self) -> str:
        """The accounting method that it serves: ``"location"``, ``"market"`` or ``"marginal"``.

        Source: GHG Protocol Scope 2 Guidance (2015), chapter 4; without contracts, the market-based method takes the
        residual mix.
        """
        return {Method.AVERAGE: "location", Method.RESIDUAL: "market", Method.MARGINAL: "marginal"}[self]


class Resolution(StrEnum):
    """What time a factor describes."""

    YEAR = "year"
    TYPICAL_HOURS = "typical_hours"
    ACTUAL_HOURS = "actual_hours"


def require_same_boundary(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Refuses to let two families meet in a sum.

    Parameters
    ----------
    one, other : tuple of str
        Boundary and gas of each side.

    Raises
    ------
    BoundaryMismatch
        They differ.
    """
    if one != other:
        raise BoundaryMismatch(
            f"{' '.join(one)} and {' '.join(other)} cannot be added: they count different things (a direct factor "
            "leaves out what a life-cycle factor counts). Report them side by side."
        )


@dataclass(frozen=True, slots=True)
class GridFactor:
    """Emissions per unit of electricity drawn from a grid.

    Parameters
    ----------
    zone : str
        ``"CN-GD"``, ``"US-RFCW"``, ``"FRA"``, ``"WLD"``.
    name : str
        The zone's name, as its source writes it.
    boundary : Boundary
        Direct or life-cycle.
    gas : str
        ``"CO2"`` or ``"CO2e"``.
    method : Method
        Average, residual mix or marginal.
    year : int
        The year that the factor describes.
    g_per_kwh : Spread
        With the interval of its use two years later [g/kWh].
    basis : Basis
        `MODELLED` for the zone itself, `DEFAULT` where it stands in for an unknown place.
    source, url, note : str
        The document; where it lies; what its own name for the figure is.
    verified : bool
        Whether the figure was checked.
    technology : str
        Of the power stations, ``"coal"``; empty for a grid's mix.
    licence : str
        Of the figure; empty where it is not known.
    resolution : Resolution
        A year's, or that of the hours of a run: of typical days, or its own.
    """

    zone: str
    name: str
    boundary: Boundary
    gas: str
    method: Method
    year: int
    g_per_kwh: Spread
    basis: Basis
    source: str
    verified: bool
    url: str = ""
    note: str = ""
    technology: str = ""
    licence: str = ""
    resolution: Resolution = Resolution.YEAR

    @property
    def family(self) -> tuple[Boundary, str, Method]:
        """What it can be compared with: boundary, gas and method."""
        return self.boundary, self.gas, self.method

    def __add__(self, other: "GridFactor") -> "GridFactor":
        """The sum of two parts of one chain, such as generation and transmission loss, of one family and method.

        Raises
        ------
        BoundaryMismatch
            One is direct and the other life-cycle, or their gases or methods differ.
        """
        require_same_boundary((self.boundary, self.gas), (other.boundary, other.gas))
        require_same_boundary((self.method, self.gas), (other.method, other.gas))
        one, two = self.g_per_kwh, other.g_per_kwh
        return GridFactor(
            self.zone,
            f"{self.name} + {other.name}",
            self.boundary,
            self.gas,
            self.method,
            min(self.year, other.year),
            Spread(one.central + two.central, one.p5 + two.p5, one.p95 + two.p95, one.floor + two.floor),
            Basis.worst(self.basis, other.basis),
            f"{self.source}; {other.source}",
            self.verified and other.verified,
        )

    def standing_in_for(self, zone: str) -> "GridFactor":
        """A wider grid's factor, or a nation's, as the best that is known of `zone`, one of its regions.

        A residual mix is a nation's by definition and stays as it is.
        """
        if zone == self.zone or self.method is Method.RESIDUAL:
            return self
        spread = Spread.around(self.g_per_kwh.central, *interval("grid_region"))
        whose = "the regional grid's" if "-" in self.zone else "the nation's"
        note = "; ".join(filter(None, (self.note, f"{whose}: none of this family is known for {zone}")))
        return replace(self, g_per_kwh=spread, basis=Basis.DEFAULT, note=note)

    def evidence(self) -> Evidence:
        """The line for a receipt's sources."""
        kind = f"factor of {self.technology}" if self.technology else "grid factor"
        what = f"{kind} {self.zone}: {self.boundary} {self.gas}, {self.method}"
        return Evidence(
            what, self.g_per_kwh.central, "g/kWh", self.year, self.source, self.verified, self.note, self.licence
        )


def emissions_g(energy_kwh: float, g_per_kwh: float) -> float:
    """Emissions of drawing energy from a grid: ``energy x factor``.

    Source: GHG Protocol Scope 2 Guidance (2015), chapter 6.

    Parameters
    ----------
    energy_kwh : float
        Energy that the facility draws [kWh]
    g_per_kwh : float
        The grid's factor [g/kWh]
    """
    return energy_kwh * g_per_kwh


def latest_factors(zone: str) -> tuple[GridFactor, ...]:
    """The newest average and residual factors of `zone`, one for each family; empty where none is known."""
    newest: dict[tuple[str, str, Method], GridFactor] = {}
    for factor in factors_of(_table_of(zone)):
        key = (factor.boundary, factor.gas, factor.method)
        if factor.zone == zone and factor.method is not Method.MARGINAL and factor.year >= _year(newest.get(key)):
            newest[key] = factor
    return tuple(newest.values())


def _year(factor: GridFactor | None) -> int:
    return factor.year if factor else 0


def _table_of(zone: str) -> str:
    if zone == "CN" or zone.startswith("CN-"):
        return "grid_china"
    return "grid_egrid" if zone == "US" or zone.startswith("US-") else "grid_country"


def all_factors() -> tuple[GridFactor, ...]:
    """Every grid factor that is shipped."""
    return tuple(factor for table in ("grid_china", "grid_egrid", "grid_country") for factor in factors_of(table))


@cache
def factors_of(table: str) -> tuple[GridFactor, ...]:
    """The factors of one of the tables ``grid_china``, ``grid_egrid``, ``grid_country``."""
    return tuple(_factor(row, "grid_china" if table == "grid_china" else "grid_average") for row in rows(table))


def _factor(row: Row, years: str) -> GridFactor:
    low, high = interval("grid_world" if row["zone"] == WORLD else years)
    return factor_of_row(row, Spread.around(float(row["g_per_kwh"]), low, high))


def factor_of_row(row: Row, g_per_kwh: Spread) -> GridFactor:
    """The factor of a row of a shipped table.

    Parameters
    ----------
    row : Row
        With zone, name, boundary, gas, method, year, source and its url, note; of some tables technology or licence.
    g_per_kwh : Spread
        The row's, with its interval [g/kWh]
    """
    return GridFactor(
        row["zone"],
        row["name"],
        Boundary(row["boundary"]),
        row["gas"],
        Method(row["method"]),
        int(row["year"]),
        g_per_kwh,
        Basis.DEFAULT if row["zone"] == WORLD else Basis.MODELLED,
        row["source"],
        is_verified(row),
        row["url"],
        row["note"],
        row.get("technology", ""),
        licence=row.get("licence", ""),
    )
