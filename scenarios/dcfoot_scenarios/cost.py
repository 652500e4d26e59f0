"""What a scenario costs: investments and yearly payments, as a sum of today, a sum a year, and per MWh of IT energy.

What comes in are `Asset`s and `Payment`s in the study's one currency, what goes out is an `Account`. An asset that
lasts shorter than the study is bought anew, one that lasts longer keeps the worth of its remaining years: both follow
from counting every asset by the annuity over its own life. Amounts may be floats or arrays that broadcast (designs or
draws).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcfoot.elementwise import Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Asset:
    """Something that is bought and serves for years.

    Parameters
    ----------
    name : str
        ``"solar"``.
    capex : float or array
        What it costs at the start.
    lifetime_years : float or array
        How long it serves [years].
    opex_per_year : float or array
        What keeping it up costs a year.
    """

    name: str
    capex: Numbers
    lifetime_years: Numbers
    opex_per_year: Numbers = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Payment:
    """Something that is paid every year: energy, water, carbon; below 0 for what is earned: heat, exports.

    Parameters
    ----------
    name : str
        ``"grid energy"``.
    amount_per_year : float or array
        In the first year.
    growth_ratio : float or array
        How it grows from year to year, beyond inflation [-].
    """

    name: str
    amount_per_year: Numbers
    growth_ratio: Numbers = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """All that a scenario costs.

    Parameters
    ----------
    currency : str
        ISO 4217 code of every amount.
    discount_ratio : float or array
        Real discount rate a year [-].
    years : float
        How long the study looks ahead [years].
    assets : tuple of Asset
    payments : tuple of Payment
    """

    currency: str
    discount_ratio: Numbers
    years: float
    assets: tuple[Asset, ...]
    payments: tuple[Payment, ...]

    @property
    def capex(self) -> Numbers:
        """What is paid at the start."""
        raise NotImplementedError

    @property
    def lines(self) -> Mapping[str, Numbers]:
        """What each thing costs a year, levelised over the study."""
        raise NotImplementedError

    @property
    def cost_per_year(self) -> Numbers:
        """The sum of the lines."""
        raise NotImplementedError

    @property
    def net_present_cost(self) -> Numbers:
        """Today's worth of all that is paid over the study's years."""
        raise NotImplementedError

    def levelised_cost_per_mwh(self, it_energy_mwh_per_year: Numbers) -> Numbers:
        """What a MWh of IT energy costs, everything included [1/MWh]."""
        raise NotImplementedError
