"""What power from the grid costs at its hour, and the bill of a year.

In comes a tariff: flat, by time of use (month, kind of day, hour), or by hourly prices, with charges for the month's
peak and for the connection, and what exports earn. Out go prices by hour and the parts of a bill, in the tariff's
currency: nothing here converts one into another.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, evidence_of
from dcfoot.places import nearest
from dcfoot.tables import Row
from dcfoot.units import KW_PER_MW, KWH_PER_MWH
from dcfoot.weather.year import Hours
from dcfoot_scenarios.calendar import Calendar
from dcfoot_scenarios.tables import rows

Days = Literal["all", "workdays", "weekends"]
"""Kinds of days. A public holiday counts as the day of the week that it is: holidays differ by place and year."""

EVERY_MONTH = frozenset(range(1, 13))


@dataclass(frozen=True, slots=True)
class Period:
    """Hours that have one price.

    Parameters
    ----------
    name : str
        ``"peak"``, ``"valley"``.
    price_per_mwh : float
        In the tariff's currency [1/MWh]
    hours : frozenset of int
        Of the day by civil time: 10 is the hour from 10:00.
    months : frozenset of int
        1..12.
    days : str
        Kinds of days.
    """

    name: str
    price_per_mwh: float
    hours: frozenset[int]
    months: frozenset[int] = EVERY_MONTH
    days: Days = "all"

    def holds(self, calendar: Calendar) -> NDArray[np.bool]:
        """Which hours of a calendar lie in it."""
        inside = np.isin(calendar.hour_index, list(self.hours)) & np.isin(calendar.month_index + 1, list(self.months))
        if self.days == "all":
            return inside
        weekend = calendar.weekday_index >= 5
        return inside & (weekend if self.days == "weekends" else ~weekend)


@dataclass(frozen=True, slots=True, eq=False)
class Tariff:
    """A tariff.

    Parameters
    ----------
    name : str
        For people.
    currency : str
        ISO 4217, of all its prices: ``"CNY"``.
    energy_per_mwh : float or array
        Outside of all periods; or a price an hour, without periods [1/MWh]
    periods : sequence of Period
        By time of use; where they overlap, the last one counts.
    demand_per_mw_month : float
        For the highest hour of each month [1/MW]
    capacity_per_mw_month : float
        For the power that is contracted, used or not [1/MW]
    export_per_mwh : float or array
        What exports earn, always or by the hour [1/MWh]
    evidence : tuple of Evidence
        What stands behind it; nothing where the user brings it.
    """

    name: str
    currency: str
    energy_per_mwh: float | Hours
    periods: Sequence[Period] = ()
    demand_per_mw_month: float = 0.0
    capacity_per_mw_month: float = 0.0
    export_per_mwh: float | Hours = 0.0
    evidence: tuple[Evidence, ...] = ()

    def times(self, rate: float, currency: str) -> "Tariff":
        """The same in another currency.

        Parameters
        ----------
        rate : float
            What one unit of this currency is worth in the other.
        currency : str
            The other, ISO 4217.
        """
        return replace(
            self,
            currency=currency,
            energy_per_mwh=self.energy_per_mwh * rate,
            periods=tuple(replace(period, price_per_mwh=period.price_per_mwh * rate) for period in self.periods),
            demand_per_mw_month=self.demand_per_mw_month * rate,
            capacity_per_mw_month=self.capacity_per_mw_month * rate,
            export_per_mwh=self.export_per_mwh * rate,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Bill:
    """The parts of a year's bill, in the tariff's currency, with the leading axes of the flows.

    Parameters
    ----------
    currency : str
        ISO 4217.
    parts : mapping of str to array
        ``"energy"``, ``"demand"``, ``"capacity"``, and ``"export"``, which is earned and so below 0.
    """

    currency: str
    parts: Mapping[str, Hours] = field(default_factory=dict[str, Hours])

    def total(self) -> Hours:
        """All parts together, in the tariff's currency."""
        return sum(self.parts.values(), start=np.zeros(()))


@lru_cache(maxsize=64)
def import_per_mwh(tariff: Tariff, calendar: Calendar) -> Hours:
    """The price of power from the grid, by hour, in the tariff's currency [1/MWh].

    Parameters
    ----------
    tariff : Tariff
        The prices.
    calendar : Calendar
        Of the study.

    Raises
    ------
    ConfigError
        Hourly prices are not as many as the study's hours.
    """
    prices = np.array(_by_hour(tariff.energy_per_mwh, calendar, tariff.name))
    for period in tariff.periods:
        prices[period.holds(calendar)] = period.price_per_mwh
    prices.flags.writeable = False  # every caller gets the same array
    return prices


def export_per_mwh(tariff: Tariff, calendar: Calendar) -> Hours:
    """What exports earn, by hour, in the tariff's currency [1/MWh].

    Parameters
    ----------
    tariff : Tariff
        The prices.
    calendar : Calendar
        Of the study.
    """
    return _by_hour(tariff.export_per_mwh, calendar, tariff.name)


def _by_hour(price: float | Hours, calendar: Calendar, name: str) -> Hours:
    if np.ndim(price) and np.size(price) != calendar.hours_count:
        raise ConfigError(f"{name} has prices of {np.size(price)} hours; the study has {calendar.hours_count}.")
    return np.broadcast_to(np.asarray(price, dtype=np.float64), calendar.hours_count)


def monthly_peaks_mw(import_mw: Hours, calendar: Calendar) -> Hours:
    """The highest hour of each month that the calendar holds [MW]; months are the last axis.

    Where a clock that is ahead ends the year in the month in which it began, those hours are of one month.

    Parameters
    ----------
    import_mw : array
        From the grid; hours are the last axis [MW]
    calendar : Calendar
        Of the study.
    """
    months, begins = calendar.month_index, _month_begins(calendar)
    peaks: Hours = np.maximum.reduceat(import_mw, begins, axis=-1)
    if len(begins) == 1 or months[0] != months[-1]:
        return peaks
    first: Hours = np.maximum(peaks[..., :1], peaks[..., -1:])
    return np.concatenate([first, peaks[..., 1:-1]], axis=-1)


@lru_cache(maxsize=16)
def _month_begins(calendar: Calendar) -> NDArray[np.int64]:
    """Which hours are the first of a month; the first of all is one."""
    return np.flatnonzero(np.diff(calendar.month_index, prepend=-1))


def bill(
    tariff: Tariff, calendar: Calendar, import_mw: Hours, export_mw: Hours | float = 0.0, contracted_mw: float = 0.0
) -> Bill:
    """What a year of imports and exports costs.

    Parameters
    ----------
    tariff : Tariff
        The prices.
    calendar : Calendar
        Of the study.
    import_mw : array
        From the grid; hours are the last axis [MW]
    export_mw : array or float
        To it; 0: nothing [MW]
    contracted_mw : float
        Power of the connection, for tariffs that charge it [MW]
    """
    peaks = monthly_peaks_mw(import_mw, calendar)
    earned = np.sum(export_mw * export_per_mwh(tariff, calendar), axis=-1)
    return Bill(
        tariff.currency,
        {
            "energy": np.asarray(import_mw @ import_per_mwh(tariff, calendar)),
            "demand": tariff.demand_per_mw_month * peaks.sum(axis=-1),
            "capacity": np.asarray(tariff.capacity_per_mw_month * contracted_mw * peaks.shape[-1]),
            "export": np.asarray(-earned),
        },
    )


def tariff_names() -> tuple[str, ...]:
    """The tariffs that are shipped, each as an example: a tariff is a user's own to bring."""
    return tuple(dict.fromkeys(row["tariff"] for row in rows("tariffs")))


def find_tariff(name: str) -> Tariff:
    """A tariff that is shipped, with its sources.

    Parameters
    ----------
    name : str
        One of `tariff_names()`.

    Raises
    ------
    ConfigError
        There is none; the nearest names are offered.
    """
    found = {row["item"]: row for row in rows("tariffs") if row["tariff"] == name}
    if not found:
        hint = nearest(name, tariff_names()) or f" There are: {', '.join(tariff_names())}."
        raise ConfigError(f"No tariff is called {name!r}.{hint}")
    return Tariff(
        name,
        next(iter(found.values()))["unit"][:3],
        _price(found, "flat"),
        tuple(_periods(found)),
        demand_per_mw_month=float(found["demand"]["value"]) * KW_PER_MW,
        evidence=tuple(evidence_of(row, f"tariff {name}: {item}") for item, row in found.items()),
    )


def _price(found: Mapping[str, Row], item: str) -> float:
    return float(found[item]["value"]) * KWH_PER_MWH


def _periods(found: Mapping[str, Row]) -> Iterator[Period]:
    """The rows that have hours: later ones lie on earlier ones."""
    for item, row in found.items():
        if row["hours"]:
            yield Period(item, _price(found, item), _numbers(row["hours"]), _numbers(row["months"]) or EVERY_MONTH)


def _numbers(text: str) -> frozenset[int]:
    """``"10-12 17-21"``: whole numbers, both ends included."""
    spans = [span.partition("-") for span in text.split()]
    return frozenset(number for first, _, last in spans for number in range(int(first), int(last or first) + 1))
