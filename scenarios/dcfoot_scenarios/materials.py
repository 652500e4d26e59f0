"""The embodied emissions of a scenario: hall, cooling plant, UPS, servers, solar, wind, battery over the study's years.

What comes in is how much of each there is, what goes out are lines in tonnes that stand in the same ledger as the
emissions of the energy, so that more solar also costs its making.
"""

from dataclasses import dataclass

from dcfoot.draws import Spread
from dcfoot.elementwise import Numbers
from dcfoot.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Making:
    """What one unit of something carries in each year of its life.

    Parameters
    ----------
    name : str
        ``"solar"``.
    unit : str
        What there is one of: ``"kW"``, ``"kWh"``, ``"m2"``, a product.
    t_per_unit_year : Spread
        Emissions of making one, over the years that it serves [t].
    evidence : tuple of Evidence
        What stands behind it.
    """

    name: str
    unit: str
    t_per_unit_year: Spread
    evidence: tuple[Evidence, ...]

    def t_per_year(self, amount: Numbers) -> Numbers:
        """Emissions a year of so many units, central [t]."""
        raise NotImplementedError


def plant_making(name: str, lifetime_years: float | None = None) -> Making:
    """Of a kind of plant (`dcfoot.embodied.plant`); None for its usual life."""
    raise NotImplementedError


def product_making(name: str, lifetime_years: float) -> Making:
    """Of a product (`dcfoot.embodied.products`): ``"dgx_h100"``."""
    raise NotImplementedError
