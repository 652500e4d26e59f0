"""Prices with their currency, and the one currency of a study: nothing is ever added across currencies.

What comes in is a price of the shipped tables or of the user, what goes out is a `Spread` in the study's currency;
where the two differ and the study states no rate, it is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dcfoot.draws import Spread
from dcfoot.errors import DataMissing, StudyError
from dcfoot.evidence import Evidence, evidence_of, spread_of
from dcfoot.tables import Row
from dcfoot_scenarios.tables import rows

WORLD = "WLD"
"""The place of prices that stand for any other."""


@dataclass(frozen=True, slots=True)
class Price:
    """What one of something costs.

    Parameters
    ----------
    name : str
        ``"carbon, EU ETS"``.
    amount : Spread
        In `currency` per `per`.
    currency : str
        ISO 4217 code of its money: ``"EUR"``.
    per : str
        What there is one of: ``"t"``, ``"kWh"``, ``"kW"``, ``"m3"``.
    evidence : Evidence
        What stands behind it.
    """

    name: str
    amount: Spread
    currency: str
    per: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Currency:
    """The money that a study counts in.

    Parameters
    ----------
    code : str
        ISO 4217: ``"CNY"``.
    rates : Mapping[str, float]
        What one unit of another currency is worth in this one, as far as the study states it: ``{"EUR": 7.8}``.
    """

    code: str
    rates: Mapping[str, float] = field(default_factory=dict[str, float])

    def of(self, price: Price) -> Spread:
        """The price in this currency, for one of the same.

        Raises
        ------
        StudyError
            It is in another currency, and the study states no rate.
        """
        return price.amount.scaled(self.rate(price.currency, price.name))

    def rate(self, other: str, what: str) -> float:
        """What one unit of another currency is worth in this one; `what` is named where that is not known.

        Raises
        ------
        StudyError
            The study does not state it, or states a rate that is none.
        """
        if other == self.code:
            return 1.0
        if other not in self.rates:
            raise StudyError(
                f"The price of {what} is in {other}, and this study counts in {self.code}: give the price in "
                f"{self.code}, or state the rate (rates: {{{other}: what one {other} is worth in {self.code}}})."
            )
        if not self.rates[other] > 0:
            raise StudyError(f"A rate is above 0: one {other} cannot be worth {self.rates[other]:g} {self.code}.")
        return self.rates[other]


def price(item: str, place: str = WORLD) -> Price:
    """The shipped price of an item at a place, else the world's.

    Parameters
    ----------
    item : str
        ``"water"``.
    place : str
        ISO 3166 alpha-3 code of the country; ``"WLD"`` for the world.

    Raises
    ------
    DataMissing
        There is none; the message lists those that there are.
    """
    return priced(row_of("prices", item, place), item)


def price_names() -> tuple[str, ...]:
    """What there are prices of."""
    return tuple(dict.fromkeys(row["item"] for row in rows("prices")))


def row_of(table: str, item: str, place: str, currency: str = "") -> Row:
    """The row of a table that stands for an item at a place: the place's, else one in the currency, else the world's.

    Parameters
    ----------
    table : str
        ``"prices"`` or ``"technologies"``.
    item : str
        ``"solar"``.
    place : str
        ISO 3166 alpha-3 code of the country.
    currency : str
        Of goods that are sold everywhere, a price in this currency goes before the world's; empty for none.

    Raises
    ------
    DataMissing
        There is none; the message lists what there is.
    """
    known = [row for row in rows(table) if row["item"] == item]
    if not known:
        names = ", ".join(dict.fromkeys(row["item"] for row in rows(table)))
        raise DataMissing(f"The price of {item!r} is not known here: state it. Known are: {names}.")
    there = [row for row in known if place in row["places"].split()]
    in_currency = [row for row in known if currency and row["unit"].startswith(f"{currency}/")]
    everywhere = [row for row in known if row["places"] == WORLD]
    found = next(iter((*there, *in_currency, *everywhere)), None)
    if found is None:
        places = "; ".join(row["places"] for row in known)
        raise DataMissing(f"The price of {item!r} is known of {places}, not of {place}: state it.")
    return found


def priced(row: Row, name: str) -> Price:
    """The price in a table's row, whose unit is ``CUR/per``."""
    currency, per = row["unit"].split("/", 1)
    evidence = evidence_of(row, f"price of {name} ({row['places']})", "central")
    return Price(name, spread_of(row), currency, per, evidence)
