"""Prices with their currency, and the one currency of a study: nothing is ever added across currencies.

What comes in is a price of the shipped tables or of the user, what goes out is a plain number or `Spread` in the
study's currency; where the two differ and the study states no rate, it is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dcfoot.draws import Spread
from dcfoot.evidence import Evidence


@dataclass(frozen=True, slots=True)
class Price:
    """What one of something costs.

    Parameters
    ----------
    name : str
        ``"carbon, EU allowance"``.
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
    rates: Mapping[str, float]

    def of(self, price: Price) -> Spread:
        """The price in this currency, per the same unit.

        Raises
        ------
        StudyError
            It is in another currency, and the study states no rate.
        """
        raise NotImplementedError


def price(item: str, place: str = "WLD") -> Price:
    """The shipped price of an item (``"carbon, EU allowance"``) at a place, else in the world.

    Raises
    ------
    DataMissing
        There is none; the message lists those that there are.
    """
    raise NotImplementedError
