"""What a scenario costs: investments and yearly payments, as a sum of today, a sum a year, and per MWh of IT energy.

What comes in are `Asset`s and `Payment`s in the study's one currency, what goes out is an `Account`. An asset that
lasts shorter than the study is bought anew, one that lasts longer keeps the worth of its remaining years: both follow
from counting every asset by the annuity over its own life. Amounts may be floats or arrays that broadcast (designs or
draws).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.errors import StudyError
from dcfoot_scenarios.finance import (
    Investment,
    abatement_cost_per_t,
    capital_recovery_ratio,
    levelised_cost_per_mwh,
    payback_with_renewals_years,
    present_worth_years,
    total,
)
from dcfoot_scenarios.money import Currency
from dcfoot_scenarios.technologies import Technology

CARBON, CARBON_OF_HEAT_PUMP = "carbon", "heat pump, carbon"
"""Lines of an account: prices of emissions, which a cost of avoiding them is held against and so never contains."""


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


def asset(technology: Technology, amount: Numbers, currency: Currency, price_ratio: Numbers = 1.0) -> Asset:
    """So much of a kind of plant.

    Parameters
    ----------
    technology : Technology
        What is bought.
    amount : float or array
        How many units, in the unit of its price.
    currency : Currency
        Of the study.
    price_ratio : float or array
        The price over its central value: 1, or draws of it [-].

    Raises
    ------
    StudyError
        Its price is in another currency, of which the study states no rate.
    """
    capex = amount * currency.of(technology.capex).central * price_ratio
    return Asset(technology.name, capex, technology.lifetime_years, capex * technology.opex_ratio)


@dataclass(frozen=True, slots=True, eq=False)
class Payment:
    """Something that is paid every year; below 0 where it is earned.

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


def water_payment(water_m3: Numbers, price_per_m3: Numbers) -> Payment:
    """Water bought, what is drained included in the price.

    Parameters
    ----------
    water_m3 : float or array
        In a year [m3]
    price_per_m3 : float or array
        [1/m3]
    """
    return Payment("water", water_m3 * price_per_m3)


def carbon_payment(emissions_t: Numbers, price_per_t: Numbers, growth_ratio: Numbers = 0.0) -> Payment:
    """Emissions at a price: what is paid, or a price that the study sets itself.

    Within a trading system electricity has the allowances of its power stations in its price already.

    Parameters
    ----------
    emissions_t : float or array
        In a year [t]
    price_per_t : float or array
        [1/t]
    growth_ratio : float or array
        Of the price, a year [-]
    """
    return Payment(CARBON, emissions_t * price_per_t, growth_ratio)


@dataclass(frozen=True, eq=False)
class Account:
    """All that a scenario costs.

    Parameters
    ----------
    currency : str
        ISO 4217 code of every amount.
    discount_ratio : float or array
        Real discount rate a year [-].
    years : float or array
        How far the study looks ahead [years].
    assets : tuple of Asset
        What is bought.
    payments : tuple of Payment
        What is paid every year.
    """

    currency: str
    discount_ratio: Numbers
    years: Numbers
    assets: tuple[Asset, ...]
    payments: tuple[Payment, ...]

    def each(self, draws_count: int) -> Iterator["Account"]:
        """The account of each of so many draws, in numbers."""

        def drawn(*amounts: Numbers) -> list[tuple[float, ...]]:
            columns = (np.broadcast_to(amount, draws_count).tolist() for amount in amounts)
            return list(zip(*columns, strict=True))

        assets = [(one.name, drawn(one.capex, one.lifetime_years, one.opex_per_year)) for one in self.assets]
        payments = [(one.name, drawn(one.amount_per_year, one.growth_ratio)) for one in self.payments]
        for draw in range(draws_count):
            bought = tuple(Asset(name, *each[draw]) for name, each in assets)
            paid = tuple(Payment(name, *each[draw]) for name, each in payments)
            yield Account(self.currency, self.discount_ratio, self.years, bought, paid)

    @property
    def capex(self) -> Numbers:
        """What is paid at the start."""
        return total(one.capex for one in self.assets)

    @property
    def running_per_year(self) -> Numbers:
        """What the first year costs when everything stands."""
        return total(one.opex_per_year for one in self.assets) + total(one.amount_per_year for one in self.payments)

    @cached_property
    def lines(self) -> Mapping[str, Numbers]:
        """What each thing costs a year, levelised over the study."""
        assets = [(one.name, self._annuity(one) + one.opex_per_year) for one in self.assets]
        payments = [(one.name, one.amount_per_year * self._levelling(one)) for one in self.payments]
        lines: dict[str, Numbers] = {}
        for name, amount in (*assets, *payments):
            lines[name] = lines.get(name, 0.0) + amount
        return lines

    @property
    def cost_per_year(self) -> Numbers:
        """The sum of the lines."""
        return total(self.lines.values())

    @property
    def cost_without_carbon_per_year(self) -> Numbers:
        """The same without what emissions are charged."""
        return total(amount for name, amount in self.lines.items() if name not in {CARBON, CARBON_OF_HEAT_PUMP})

    @property
    def net_present_cost(self) -> Numbers:
        """Today's worth of all that is paid over the study's years."""
        return self.cost_per_year * self._worth_years

    def levelised_cost_per_mwh(self, it_energy_mwh_per_year: Numbers) -> Numbers:
        """What a MWh of IT energy costs, everything included [1/MWh].

        Parameters
        ----------
        it_energy_mwh_per_year : float or array
            The same in every year [MWh]
        """
        return levelised_cost_per_mwh(self.cost_per_year, it_energy_mwh_per_year)

    def _annuity(self, one: Asset) -> Numbers:
        return one.capex * capital_recovery_ratio(self.discount_ratio, one.lifetime_years)

    @cached_property
    def _worth_years(self) -> Numbers:
        """Today's worth of 1 a year over the study's years."""
        return present_worth_years(self.discount_ratio, self.years)

    def _levelling(self, one: Payment) -> Numbers:
        """What a payment that grows costs a year, over what it costs in the first."""
        return present_worth_years(self.discount_ratio, self.years, one.growth_ratio) / self._worth_years


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """What a variant gains over the baseline.

    Parameters
    ----------
    currency : str
        ISO 4217 code of every amount.
    extra_capex : float or array
        What more is invested at the start.
    saving_per_year : float or array
        What is saved in the first year.
    net_present_value : float or array
        Today's worth of all that is saved, less all that is invested, what is bought anew included.
    simple_payback_years, payback_years : float or array
        When the first year's savings, year by year, have paid back all that was bought until then, what had to be
        bought anew included, without and with interest; infinite where that is not within its life [years].
    abatement_cost_per_t : float or array
        What a tonne that is not emitted costs, before any price of carbon; not a number where nothing is saved [1/t].
    """

    currency: str
    extra_capex: Numbers
    saving_per_year: Numbers
    net_present_value: Numbers
    simple_payback_years: Numbers
    payback_years: Numbers
    abatement_cost_per_t: Numbers


def gain(variant: Account, baseline: Account, saved_t_per_year: Numbers) -> Gain:
    """What a variant gains over the baseline.

    Parameters
    ----------
    variant, baseline : Account
        Over the same years and at the same discount rate.
    saved_t_per_year : float or array
        Emissions of the baseline less those of the variant, all that its cost is held against [t]

    Raises
    ------
    StudyError
        The two are in different currencies.
    """
    if variant.currency != baseline.currency:
        raise StudyError(
            f"A variant in {variant.currency} is not compared with a baseline in {baseline.currency}: "
            "a study counts in one currency."
        )
    extra = variant.capex - baseline.capex
    saving = baseline.running_per_year - variant.running_per_year
    bought = tuple(_extra(variant, baseline))
    return Gain(
        variant.currency,
        extra,
        saving,
        baseline.net_present_cost - variant.net_present_cost,
        payback_with_renewals_years(bought, saving, 0.0),
        payback_with_renewals_years(bought, saving, variant.discount_ratio),
        abatement_cost_per_t(
            variant.cost_without_carbon_per_year - baseline.cost_without_carbon_per_year, saved_t_per_year
        ),
    )


def _extra(variant: Account, baseline: Account) -> Iterator[Investment]:
    """What more is bought, by how long it serves: what both buy cancels."""
    amounts: dict[float, Numbers] = {}
    for sign, account in ((1.0, variant), (-1.0, baseline)):
        for one in account.assets:
            years = float(np.asarray(one.lifetime_years))
            amounts[years] = amounts.get(years, 0.0) + sign * one.capex
    yield from (Investment(amount, years) for years, amount in amounts.items())
