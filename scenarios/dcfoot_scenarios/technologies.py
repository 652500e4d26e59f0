"""What plant costs and how long it serves, from ``data/technologies.csv``: hall, cooling, UPS, servers, solar, ..."""

from dataclasses import dataclass

from dcfoot_scenarios.money import Price


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


def technology(name: str, place: str = "WLD") -> Technology:
    """The technology of a place (ISO 3166 alpha-3), else of the world.

    Raises
    ------
    DataMissing
        There is none; the message lists those that there are.
    """
    raise NotImplementedError


def technology_names() -> tuple[str, ...]:
    """What there are costs of."""
    raise NotImplementedError
