"""What a kilowatt-hour from the grid costs at its hour, and the bill of a year.

In comes a tariff (flat, by time of use, or by hourly prices; demand charges; what exports earn), out go prices by hour
and the parts of a bill, in the tariff's currency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dcfoot.weather.year import Hours
from dcfoot_scenarios.calendar import Calendar


@dataclass(frozen=True, slots=True)
class Period:
    """Hours that have one price.

    Parameters
    ----------
    name : str
        ``"peak"``, ``"deep valley"``.
    price_per_mwh : float
        In the tariff's currency [1/MWh]
    hours : frozenset of int
        Of the day by civil time, 0..23.
    months : frozenset of int
        1..12.
    days : str
        ``"all"``, ``"workdays"``, ``"weekends"``.
    """

    name: str
    price_per_mwh: float
    hours: frozenset[int]
    months: frozenset[int] = frozenset(range(1, 13))
    days: str = "all"


@dataclass(frozen=True, slots=True, eq=False)
class Tariff:
    """A tariff; the last period that an hour lies in counts, and outside of all of them the flat price.

    Parameters
    ----------
    currency : str
        ISO 4217, in which all of its prices are: ``"CNY"``.
    energy_per_mwh : float or array
        The flat price, or one an hour [1/MWh]
    periods : sequence of Period
        By time of use.
    demand_per_mw_month : float
        For the highest hour of each month [1/MW]
    capacity_per_mw_month : float
        For the connection, whatever it draws [1/MW]
    export_per_mwh : float or array
        What exports earn [1/MWh]
    """

    currency: str
    energy_per_mwh: float | Hours
    periods: Sequence[Period] = ()
    demand_per_mw_month: float = 0.0
    capacity_per_mw_month: float = 0.0
    export_per_mwh: float | Hours = 0.0


@dataclass(frozen=True, slots=True)
class Bill:
    """A year's bill, in the tariff's currency; a leading axis of designs is kept.

    Parameters
    ----------
    currency : str
        ISO 4217.
    parts : mapping of str to float or array
        ``"energy"``, ``"demand"``, ``"capacity"``, and ``"export"`` (below 0: it is earned).
    """

    currency: str
    parts: Mapping[str, float | Hours]


def import_price_per_mwh(tariff: Tariff, calendar: Calendar) -> Hours:
    """The price of each hour [1/MWh]."""
    raise NotImplementedError


def bill(tariff: Tariff, calendar: Calendar, import_mw: Hours, export_mw: Hours) -> Bill:
    """The parts of a bill.

    Parameters
    ----------
    tariff : Tariff
        The prices.
    calendar : Calendar
        Of the study.
    import_mw, export_mw : array
        From and to the grid; hours are the last axis [MW]
    """
    raise NotImplementedError


def example_tariff(name: str = "cn_shandong") -> Tariff:
    """A tariff that is shipped as an example, with its source."""
    raise NotImplementedError
