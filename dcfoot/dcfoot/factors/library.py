"""Every factor that is known: those that are shipped, and in front of them those of the user's own package.

What comes in is a zone, words or a year, what goes out is factors, each with its source. A user's row stands before
every shipped one of the same zone, family, method and technology, whatever its year: who states a figure means it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dcfoot.errors import ConfigError
from dcfoot.factors.technology import technology_factors
from dcfoot.grid import GridFactor, Method, all_factors
from dcfoot.places import all_places, find_place, national_zone, nearest

Key = tuple[str, str, str, str, str]

SYNONYMS = {
    "life-cycle": "life_cycle",
    "lifecycle": "life_cycle",
    "footprint": "life_cycle",
    "足迹": "life_cycle",
    "location": "average",
    "location-based": "average",
    "market": "residual",
    "market-based": "residual",
}
"""Words of accounting for the words of the tables."""


def key_of(factor: GridFactor) -> Key:
    """What a factor is about: zone, boundary, gas, method, technology; all but the year."""
    return (factor.zone, factor.boundary, factor.gas, factor.method, factor.technology)


@dataclass(frozen=True, slots=True)
class Library:
    """Factors to look things up in.

    Parameters
    ----------
    own : tuple of GridFactor
        The user's; they stand before the shipped ones of the same key.
    shipped : tuple of GridFactor
        Ours.
    """

    own: tuple[GridFactor, ...]
    shipped: tuple[GridFactor, ...]

    def __iter__(self) -> Iterator[GridFactor]:
        """Every factor, the user's first."""
        return iter((*self.own, *self.shipped))

    def is_own(self, factor: GridFactor) -> bool:
        """Whether it is the user's."""
        return factor in self.own

    def vintages(self, factor: GridFactor) -> tuple[GridFactor, ...]:
        """All of the same key: the one that counts first, then the user's others, then ours, newest first."""
        own, shipped = (
            sorted((one for one in part if key_of(one) == key_of(factor)), key=lambda one: -one.year)
            for part in (self.own, self.shipped)
        )
        return (*own, *shipped)

    def newest(self, factors: Iterable[GridFactor]) -> tuple[GridFactor, ...]:
        """Of each key the one that counts, in the order in which the keys come."""
        first = {key_of(factor): factor for factor in factors}
        return tuple(self.vintages(factor)[0] for factor in first.values())

    def latest(self, zone: str) -> tuple[GridFactor, ...]:
        """What `dcfoot.grid.latest_factors` gives, with the user's in front: average and residual mixes of a zone."""
        of_zone = [one for one in self if one.zone == zone and not one.technology and one.method is not Method.MARGINAL]
        return self.newest(of_zone)

    def search(
        self, words: Sequence[str] = (), zone: str | None = None, year: int | None = None
    ) -> tuple[GridFactor, ...]:
        """The factors that hold every word, of a zone, of a year; without a year the one of each key that counts.

        Parameters
        ----------
        words : sequence of str
            Parts of a name, in English or Chinese: of a place, a family, a method, a technology, a source.
        zone : str or None
            A zone or the name of its place.
        year : int or None
            The year that a factor describes.

        Raises
        ------
        ConfigError
            No zone is called that; the nearest are offered.
        """
        zones = None if zone is None else self.zones_called(zone)
        wanted = [SYNONYMS.get(word.casefold(), word.casefold()) for word in words]
        found = [
            one
            for one in self
            if (zones is None or one.zone in zones)
            and year in {None, one.year}
            and all(word in _text(one) for word in wanted)
        ]
        return tuple(found) if year is not None else self.newest(found)

    def zones_called(self, name: str) -> tuple[str, ...]:
        """The zones that a name means: a nation has two, its own authority's and the world table's.

        Raises
        ------
        ConfigError
            No zone is called that; the nearest are offered.
        """
        known = {one.zone for one in self}
        if name.upper() in known:
            return tuple(dict.fromkeys((name.upper(), *_other_names(name.upper()))))
        place = find_place(name)
        if place is not None:
            return tuple(dict.fromkeys((national_zone(place.zone), place.zone)))
        names = [*known, *(place.name for place in all_places())]
        raise ConfigError(f"No zone is called {name!r}.{nearest(name, names)}")


def _other_names(zone: str) -> tuple[str, ...]:
    place = next((place for place in all_places() if place.level == "country" and zone in _codes(place.zone)), None)
    return _codes(place.zone) if place else ()


def _codes(country: str) -> tuple[str, str]:
    return (national_zone(country), country)


def _text(factor: GridFactor) -> str:
    """Everything that a word may be found in."""
    place = _place_names().get(factor.zone, "")
    parts = (factor.zone, factor.name, place, *key_of(factor)[1:], str(factor.year), factor.source, factor.note)
    return " ".join(parts).casefold()


@cache
def _place_names() -> Mapping[str, str]:
    """Every spelling of each zone's place, in one text."""
    spelt = {place.zone: " ".join((place.name, *place.spellings)) for place in all_places()}
    return spelt | {national_zone(zone): text for zone, text in spelt.items()}


def library(package: Path | None = None) -> Library:
    """The shipped factors, with a user's package in front.

    Parameters
    ----------
    package : Path or None
        A Frictionless data package: its folder or its ``datapackage.json``.

    Raises
    ------
    ConfigError
        The package cannot be used; the message names every fault with file and line.
    """
    own: tuple[GridFactor, ...] = ()
    if package is not None:
        from dcfoot.factors.package import read_package  # only where there is one

        own = read_package(package)
    return Library(own, (*all_factors(), *technology_factors()))
