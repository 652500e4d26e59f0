"""The embodied emissions of a scenario: hall, cooling plant, UPS, servers, solar, wind, battery over the study's years.

What comes in is how much of each there is, what goes out are lines in tonnes a year that stand beside those of the
energy in one ledger, so that more solar also costs its making. As with money, an asset that lasts shorter than the
study is made anew, and one that lasts longer leaves its remaining years to others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dcfoot.draws import Draws, Spread
from dcfoot.elementwise import Numbers
from dcfoot.embodied.model import product_footprint
from dcfoot.embodied.plant import plant
from dcfoot.embodied.products import product
from dcfoot.errors import StudyError
from dcfoot.evidence import Evidence
from dcfoot.units import KG_PER_T

WHOLE = "data centre"
PARTS = frozenset({"building", "cooling plant", "UPS"})
"""What ``data centre`` in the table of plant holds already (`dcfoot.embodied.plant`)."""


@dataclass(frozen=True, slots=True)
class Making:
    """What one unit of something carries in each year of its life.

    Parameters
    ----------
    name : str
        ``"solar"``.
    unit : str
        What there is one of: ``"kW"``, ``"kWh"``, ``"m2"``, ``"piece"``.
    t_per_unit_year : Spread
        Emissions of making one, over the years that it serves [t].
    lifetime_years : float
        How long it serves [years].
    evidence : tuple of Evidence
        What stands behind it.
    """

    name: str
    unit: str
    t_per_unit_year: Spread
    lifetime_years: float
    evidence: tuple[Evidence, ...]

    @property
    def t_per_unit(self) -> Spread:
        """Emissions of making one [t]."""
        return self.t_per_unit_year.scaled(self.lifetime_years)


@cache
def plant_making(name: str, lifetime_years: float | None = None) -> Making:
    """The making of a kind of plant of `dcfoot.embodied.plant`.

    Parameters
    ----------
    name : str
        ``"solar"``, ``"wind"``, ``"battery"``, ``"building"``, ``"data centre"``, ...
    lifetime_years : float or None
        How long it serves in this study; None for as long as usual [years].

    Raises
    ------
    DataMissing
        There are no figures; the message lists those that there are.
    """
    found = plant(name)
    years = found.lifetime_years if lifetime_years is None else lifetime_years
    return Making(name, found.unit, found.per_unit_kg.scaled(1 / (KG_PER_T * years)), years, (found.evidence,))


@cache
def product_making(name: str, lifetime_years: float) -> Making:
    """The making of a product by the component model (`dcfoot.embodied.model`), whose lines err each by itself.

    Parameters
    ----------
    name : str
        ``"dgx_h100"``.
    lifetime_years : float
        How long it serves [years].

    Raises
    ------
    DataMissing
        There is no such product; the message lists those that there are.
    """
    footprint = product_footprint(product(name))
    made = footprint.quantity_kg(Draws(f"materials.{name}"))
    per_year = Spread(made.value, made.p5, made.p95).scaled(1 / (KG_PER_T * lifetime_years))
    return Making(name, "piece", per_year, lifetime_years, footprint.evidence)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """So much of something.

    Parameters
    ----------
    making : Making
        What it is.
    amount : float or array
        How many units.
    """

    making: Making
    amount: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Materials:
    """All that a scenario is made of.

    Parameters
    ----------
    made : tuple of Made
        What there is.

    Raises
    ------
    StudyError
        A part is counted twice: once by itself and once in the data centre as a whole.
    """

    made: tuple[Made, ...]

    def __post_init__(self) -> None:
        """Refuses what would be counted twice."""
        names = {one.making.name for one in self.made}
        if WHOLE in names and names & PARTS:
            doubled = ", ".join(sorted(names & PARTS))
            raise StudyError(f"The figure of the {WHOLE} holds {doubled} already: count the whole or its parts.")

    @property
    def lines(self) -> Mapping[str, Numbers]:
        """Emissions a year of each thing, central [t]."""
        lines: dict[str, Numbers] = {}
        for one in self.made:
            carried = one.making.t_per_unit_year.central * one.amount
            lines[one.making.name] = lines.get(one.making.name, 0.0) + carried
        return lines

    @property
    def t_per_year(self) -> Numbers:
        """The sum of the lines [t]."""
        return sum(self.lines.values(), start=0.0)

    def drawn_t_per_year(self, draws: Draws) -> NDArray[np.float64]:
        """The sum, drawn; draws are the first axis, and designs (where amounts are arrays) come after it [t]."""
        shape = np.broadcast_shapes(*(np.shape(one.amount) for one in self.made))
        total = np.zeros((draws.count, *shape))
        for one in self.made:
            values = draws.of(f"embodied.{one.making.name}", one.making.t_per_unit_year)
            total += np.multiply.outer(np.array(values), np.broadcast_to(one.amount, shape))
        return total

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind the lines, each once."""
        return tuple(dict.fromkeys(evidence for one in self.made for evidence in one.making.evidence))
