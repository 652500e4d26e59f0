"""What plant costs and how long it serves, from ``data/technologies.csv``: hall, cooling, servers, solar, battery."""

from dataclasses import dataclass
from functools import cache

from dcfoot_scenarios.money import WORLD, Price, priced, row_of
from dcfoot_scenarios.tables import rows


@dataclass(frozen=True, slots=True)
class Technology:
    """A kind of plant that can be bought.

    Parameters
    ----------
    name : str
        ``"solar"``.
    capex : Price
        Of one unit, built.
    opex_ratio : float
        What keeping it up costs a year, of the capex [-].
    lifetime_years : float
        How long it serves [years].
    """

    name: str
    capex: Price
    opex_ratio: float
    lifetime_years: float


@cache
def technology(name: str, place: str = WORLD, currency: str = "") -> Technology:
    """A kind of plant at a place; where that has no costs of its own, by those in that currency, else by the world's.

    Parameters
    ----------
    name : str
        ``"battery energy"``.
    place : str
        ISO 3166 alpha-3 code of the country; ``"WLD"`` for the world.
    currency : str
        That of the study; empty for none.

    Raises
    ------
    DataMissing
        There is none; the message lists those that there are.
    """
    row = row_of("technologies", name, place, currency)
    return Technology(name, priced(row, name), float(row["opex_ratio"]), float(row["lifetime_years"]))


def technology_names() -> tuple[str, ...]:
    """What there are costs of."""
    return tuple(dict.fromkeys(row["item"] for row in rows("technologies")))
