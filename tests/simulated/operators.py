"""Cloud regions whose PUE an operator states and whose climate is known, and a fit of our facilities to half of them.

One cooling system stands for all operators, and one factor for each of them: how many times an operator's overhead is
what the system's would be in the same climate. Both are found on the sites of the fit alone, the factor as a median.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

import numpy as np

from dcfoot.cooling.catalogue import SYSTEMS, Heat
from dcfoot.facility_library import build_facility
from dcfoot.facility_model import energy_mean, facility_state
from dcfoot.weather.climate import climates
from dcfoot.weather.typical import typical_year
from dcfoot.weather.year import Weather
from simulated.reference import facts

PROVIDERS = {"Amazon Web Services": "aws", "Google Cloud": "gcp", "Microsoft Azure": "azure"}
NEAR_KM = 100.0
LOAD_RATIO = 0.7
EARTH_KM = 6371.0

KINDS: list[tuple[str, Heat]] = [(name, way) for name, recipe in SYSTEMS.items() for way in recipe.rejections]


@dataclass(frozen=True, slots=True)
class OperatorSite:
    """A region with its stated PUE and the climate beside it."""

    operator: str
    region: str
    pue: float
    climate: str


@dataclass(frozen=True, slots=True)
class Fit:
    """One system for all, and how many times its overhead each operator has."""

    kind: tuple[str, Heat]
    factors: Mapping[str, float]

    def pue(self, site: OperatorSite) -> float:
        return 1 + self.factors[site.operator] * overhead(self.kind, site.climate)


def _km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the great circle between two places, each by latitude and longitude."""
    (a, b), (c, d) = ((math.radians(lat), math.radians(lon)) for lat, lon in (one, other))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(h))


def _place_of(
    row: Mapping[str, str], known: Mapping[tuple[str, str], tuple[float, float]]
) -> tuple[float, float] | None:
    at = known.get((PROVIDERS[row["operator"]], row["region"]))
    if at is None and "," in row["geo"]:
        latitude, longitude = map(float, row["geo"].split(","))
        at = (latitude, longitude)
    return at


def _climate_places() -> dict[str, tuple[float, float]]:
    return {name: (c.location.latitude_deg, c.location.longitude_deg) for name, c in climates().items()}


@cache
def sites() -> tuple[OperatorSite, ...]:
    """Every region with a stated PUE, the latest, and a climate within 100 km; in the order of their names."""
    known = {
        (row["provider"], row["region"]): (float(row["lat"]), float(row["lon"])) for row in facts("cloud_regions_geo")
    }
    latest: dict[tuple[str, str], Mapping[str, str]] = {}
    for row in sorted(facts("pue_wue_operators"), key=lambda row: row["year"]):
        if row["metric"] == "PUE" and row["operator"] in PROVIDERS and row["region"]:
            latest[row["operator"], row["region"]] = row
    found: list[OperatorSite] = []
    for (operator, region), row in sorted(latest.items()):
        at = _place_of(row, known)
        if at is None:
            continue
        distance_km, climate = min((_km(at, place), name) for name, place in _climate_places().items())
        if distance_km <= NEAR_KM:
            found.append(OperatorSite(operator, region, float(row["value"]), climate))
    return tuple(found)


@cache
def _year(climate: str) -> Weather:
    return typical_year(climates()[climate])


@cache
def overhead(kind: tuple[str, Heat], climate: str) -> float:
    """PUE less 1 of a large site's typical year at 70 % load."""
    year = _year(climate)
    facility = build_facility(kind[0], "large", kind[1])
    state = facility_state(facility, LOAD_RATIO, year.dry_bulb_c, year.wet_bulb_c, year.pressure_pa)
    return float(np.asarray(energy_mean(state.pue, LOAD_RATIO)).item()) - 1


def halves() -> tuple[list[OperatorSite], list[OperatorSite]]:
    """Every other site of each operator, and the others."""
    of = [[site for site in sites() if site.operator == operator] for operator in PROVIDERS]
    return [s for group in of for s in group[0::2]], [s for group in of for s in group[1::2]]


def fit(chosen: Sequence[OperatorSite]) -> Fit:
    """The system and the factors with the least mean error on these sites."""
    fits = [Fit(kind, _factors(kind, chosen)) for kind in KINDS]
    return min(fits, key=lambda one: mean_error(one.pue, chosen))


def _factors(kind: tuple[str, Heat], chosen: Sequence[OperatorSite]) -> dict[str, float]:
    return {
        operator: median((s.pue - 1) / overhead(kind, s.climate) for s in chosen if s.operator == operator)
        for operator in {site.operator for site in chosen}
    }


def own_median(chosen: Sequence[OperatorSite]) -> Callable[[OperatorSite], float]:
    """What an operator's other sites say without any model: their median."""
    medians = {
        operator: median(site.pue for site in chosen if site.operator == operator)
        for operator in {site.operator for site in chosen}
    }
    return lambda site: medians[site.operator]


def mean_error(guess: Callable[[OperatorSite], float], chosen: Iterable[OperatorSite]) -> float:
    """Mean absolute error of PUE."""
    return float(np.mean([abs(guess(site) - site.pue) for site in chosen]))
