"""Names of places: countries, provinces, grid regions, subregions and states, in the spellings that people type.

What comes in is a name or code in English, Chinese or ISO letters, what goes out is the grid zone it means.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from dcfoot.errors import ConfigError
from dcfoot.tables import rows

COUNTRY_OF_PREFIX = {"CN": "CHN", "US": "USA"}
"""The ISO 3166 alpha-3 code of the countries whose regions have factors of their own, by the zones' prefix."""

_PREFIX_OF_COUNTRY = {country: prefix for prefix, country in COUNTRY_OF_PREFIX.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """A place that has a grid zone.

    Parameters
    ----------
    zone : str
        ISO 3166 alpha-3 code of a country, ``"CN-GD"``, ``"CN-EAST"``, ``"US-RFCW"``, ``"US-TX"``.
    level : str
        ``"country"``, ``"province"``, ``"grid region"``, ``"subregion"``, ``"state"``.
    name : str
        In English.
    spellings : tuple of str
        Everything else that it answers to.
    """

    zone: str
    level: str
    name: str
    spellings: tuple[str, ...]

    @property
    def country(self) -> str:
        """ISO 3166 alpha-3 code of the country that it is or lies in."""
        return self.zone if self.level == "country" else COUNTRY_OF_PREFIX[self.zone[:2]]

    @property
    def id(self) -> str:
        """How ``--site`` calls it: ``"fr"``, ``"cn-guangdong"``, ``"us-rfcw"``."""
        if self.level == "country":
            return (self.spellings[0] or self.zone).lower()
        if self.zone.startswith("CN"):
            return f"cn-{_plain(self.name)}"
        return self.zone.lower()


@lru_cache(maxsize=1)
def all_places() -> tuple[Place, ...]:
    """Every place of the shipped table."""
    return tuple(
        Place(row["zone"], row["level"], row["name"], (row["code"], *filter(None, row["aliases"].split("|"))))
        for row in rows("places")
    )


def find_country(name: str) -> Place:
    """The country called `name`: ISO alpha-2 or alpha-3 code, English or Chinese name.

    Raises
    ------
    ConfigError
        No country is called that; the nearest names are offered.
    """
    countries = [place for place in all_places() if place.level == "country"]
    found = _called(name, countries)
    if found:
        return found[0]
    raise ConfigError(f"No country is called {name!r}.{nearest(name, names_of(countries))}")


def find_region(name: str, country: str | None = None) -> Place:
    """The province, grid region, subregion or state called `name`, in Chinese, pinyin, English or code.

    Parameters
    ----------
    name : str
        ``"广东"``, ``"Guangdong"``, ``"RFCW"``, ``"Texas"``, ``"华东"``.
    country : str or None
        ISO alpha-3 code to look in; None for every country.

    Raises
    ------
    ConfigError
        Nothing or more than one thing is called that.
    """
    regions = [place for place in all_places() if place.level != "country" and country in {None, place.country}]
    found = _called(name, regions)
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"Region {name!r} could be {_several(found)}. Name the country too.")
    where = f" of {country}" if country else ""
    if country and not regions:
        raise ConfigError(f"No regions of {country} are known; leave the region out to use the country's factor.")
    raise ConfigError(f"No region{where} is called {name!r}.{nearest(name, names_of(regions))}")


def find_place(name: str) -> Place | None:
    """The place that a site id means: ``"cn"``, ``"cn-guangdong"``, ``"us-tx"``, ``"广东"``; None if it means none.

    Raises
    ------
    ConfigError
        It could mean several.
    """
    prefix, _, rest = name.partition("-")
    country = COUNTRY_OF_PREFIX.get(prefix.upper())
    if country and rest:
        found = _called(
            rest, [place for place in all_places() if place.level != "country" and place.country == country]
        )
    else:
        # Two and three letters are a country's code: "ca" is Canada, California is "us-ca".
        code = name.isascii() and len(name) <= 3
        found = _called(name, [place for place in all_places() if place.level == "country" or not code])
    if len(found) > 1:
        raise ConfigError(f"{name!r} could be {_several(found)}; give the id of the one you mean.")
    return found[0] if found else None


def _several(places: Iterable[Place]) -> str:
    return " or ".join(f"{place.name} ({place.id})" for place in places)


def national_zone(country: str) -> str:
    """The zone under which a country's own authority publishes: ``"CN"``, ``"US"``, else the country's code."""
    return _PREFIX_OF_COUNTRY.get(country, country)


def nearest(name: str, candidates: Iterable[str]) -> str:
    """`` Did you mean ...?`` with up to three of `candidates`; empty if none is near."""
    from difflib import get_close_matches  # only on the way to an error

    by_plain: dict[str, str] = {}
    for candidate in candidates:
        by_plain.setdefault(_plain(candidate), candidate)
    near = [by_plain[key] for key in get_close_matches(_plain(name), by_plain, n=3, cutoff=0.6)]
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _called(name: str, places: Iterable[Place]) -> list[Place]:
    wanted = _plain(name)
    return [place for place in places if wanted and wanted in _plain_names(place)]


@cache
def _plain_names(place: Place) -> frozenset[str]:
    return frozenset(_plain(name) for name in (place.zone, place.name, *place.spellings) if name)


def names_of(places: Iterable[Place]) -> list[str]:
    """Everything that any of `places` may be called."""
    return [name for place in places for name in (place.name, place.zone, *place.spellings) if name]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
