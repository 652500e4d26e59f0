"""A typical year, synthesised offline from the climate of a place: deterministic, hour by hour, labelled modelled.

The tables give monthly means of dry bulb, design temperatures, the distribution of water vapour over the year and, for
some places, diurnal range, relative humidity, wind and sun by month (`climate`). The rest is by `relations`.
"""

from dataclasses import dataclass

import numpy as np

from dcfoot import psychrometrics as air
from dcfoot.draws import Spread
from dcfoot.evidence import Evidence
from dcfoot.reading import Basis
from dcfoot.weather import relations
from dcfoot.weather.chance import Chance
from dcfoot.weather.climate import Climate, Months
from dcfoot.weather.days import to_days
from dcfoot.weather.dry_bulb import dry_bulb_of, month_means_of
from dcfoot.weather.moisture import humidity_by_distribution, vapour_of
from dcfoot.weather.sun import sun_of
from dcfoot.weather.wind import wind_of
from dcfoot.weather.year import TYPICAL_YEAR, Weather, WindAndSun, moist_air

SYNTHESISED = "synthesised from monthly statistics: its hours are typical, and never were"

_PROVISIONAL_SPREAD_K = 2.0
"""Of a day's mean dry bulb, for a first idea of the months' humidity (a choice: about the mean of all places)."""


@dataclass(frozen=True, slots=True)
class Variation:
    """What may be different from what tables and relations say, for draws.

    Parameters
    ----------
    dry_bulb_k : float
        Added to every dry bulb, at the same relative humidity [K]
    diurnal_range_ratio : float
        Over the diurnal range as stated [-]
    humidity_ratio : float
        Over the vapour as stated [-]
    """

    dry_bulb_k: float = 0.0
    diurnal_range_ratio: float = 1.0
    humidity_ratio: float = 1.0


AS_STATED = Variation()


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far a typical year may lie from a year of the place: spreads of the fields of a `Variation`."""

    dry_bulb_k: Spread
    diurnal_range_ratio: Spread
    humidity_ratio: Spread


DRY_BULB_K = Spread(0.0, -1.3, 1.3, floor=-10.0)
"""Yearly means of 24 real and typical years lie -1.3 to +0.6 K (5-95 %) from the synthesised ones: the older ones are
cold, a year to come may be as far on the other side (docs/weather.md)."""

MEASURED_DOUBT = Doubt(DRY_BULB_K, Spread(1.0, 0.92, 1.12), Spread(1.0, 0.95, 1.07))
RELATION_DOUBT = Doubt(DRY_BULB_K, Spread(1.0, 0.80, 1.25), Spread(1.0, 0.85, 1.30))
"""Where diurnal range and humidity are known by month, and where they are by relation: from the same years."""


def doubt_of(climate: Climate) -> Doubt:
    """How far the typical year of a place may lie from a year of it."""
    return RELATION_DOUBT if climate.measured is None else MEASURED_DOUBT


def typical_year(climate: Climate, variation: Variation = AS_STATED) -> Weather:
    """A typical year of a place.

    Parameters
    ----------
    climate : Climate
        Of the place.
    variation : Variation
        What is to be different.
    """
    chance = Chance.of(climate.id)
    range_k = _range_k(climate, chance) * variation.diurnal_range_ratio
    days_c, hours_c = dry_bulb_of(climate, range_k, chance)
    vapour_pa = vapour_of(climate, days_c, hours_c, chance) * variation.humidity_ratio
    year = Weather(
        **climate.location.fields(),
        **moist_air(hours_c, vapour_pa, np.full(len(hours_c), air.pressure_at_pa(climate.location.elevation_m))),
        **_wind_and_sun(climate, chance),
        start=climate.location.year_start(TYPICAL_YEAR),
        basis=Basis.MODELLED,
        evidence=(*climate.evidence, *_evidence(climate, range_k)),
        notes=_notes(climate),
    )
    return year.warmer(variation.dry_bulb_k) if variation.dry_bulb_k else year


def _range_k(climate: Climate, chance: Chance) -> Months:
    """The mean diurnal range of each month: measured, or by the relation from a first idea of the months' humidity."""
    if climate.measured is not None:
        return climate.measured.diurnal_range_k
    means_c = month_means_of(climate)
    days_c = to_days(means_c) + _PROVISIONAL_SPREAD_K * chance.warmth
    humidity = humidity_by_distribution(climate, days_c, chance)
    return relations.diurnal_range_k(humidity, climate.cooling_design_c - float(means_c.max()))


def _wind_and_sun(climate: Climate, chance: Chance) -> WindAndSun:
    """Wind and sun of places whose monthly means are known."""
    known = climate.measured
    wind = known.wind_speed_m_per_s if known else None
    daily = known.ghi_kwh_per_m2_day if known else None
    sun = None if daily is None else sun_of(climate.location, daily, chance.diurnal)
    return {
        "wind_speed_m_per_s": None if wind is None else wind_of(f"{climate.id}/wind", wind),
        "ghi_w_per_m2": sun.ghi_w_per_m2 if sun else None,
        "dni_w_per_m2": sun.dni_w_per_m2 if sun else None,
        "dhi_w_per_m2": sun.dhi_w_per_m2 if sun else None,
    }


def _evidence(climate: Climate, range_k: Months) -> tuple[Evidence, ...]:
    if climate.measured is not None:
        return ()
    what = f"climate of {climate.location.place}: mean diurnal range, modelled"
    source = "dcfoot.weather.relations: a fit to 420 months of 35 real years elsewhere"
    return (
        Evidence(what, round(float(range_k.mean()), 1), "K", None, source, verified=False, note="+-1.7 K (5-95 %)"),
    )


def _notes(climate: Climate) -> tuple[str, ...]:
    if climate.measured is None:
        return (
            SYNTHESISED,
            "diurnal range and the months' humidity are by general relations",
            "wind and sun are not known here",
        )
    parts = {"wind": climate.measured.wind_speed_m_per_s, "sun": climate.measured.ghi_kwh_per_m2_day}
    return (SYNTHESISED, *(f"the {part} is not known here" for part, known in parts.items() if known is None))
