"""Which climate of the library belongs to a place: by name, or as the nearest within a hundred kilometres.

Ids and distances only, without numpy: `dcfoot.weather.climate` has what the climate is.
"""

from collections.abc import Iterator
from functools import cache
from math import asin, cos, radians, sin, sqrt

from dcfoot.errors import DataMissing
from dcfoot.places import nearest
from dcfoot.tables import Row, rows, rows_of

EARTH_RADIUS_KM = 6371.0
"""Mean radius (IUGG, R1 = 6371.009 km) [km]"""

NEAR_KM = 100.0
"""How far a climate may be from a site that it stands for [km]. A choice: reanalyses resolve 30 to 50 km; beyond some
cells of theirs, a coast or a mountain lies between."""


def distance_km(latitude_deg: float, longitude_deg: float, to_latitude_deg: float, to_longitude_deg: float) -> float:
    """The great-circle distance of two points: ``2 R asin sqrt(hav)`` (Sinnott 1984, Virtues of the haversine).

    Parameters
    ----------
    latitude_deg, longitude_deg : float
        Of the one [deg]
    to_latitude_deg, to_longitude_deg : float
        Of the other [deg]
    """
    north, to_north = radians(latitude_deg), radians(to_latitude_deg)
    half_north, half_east = (to_north - north) / 2, radians(to_longitude_deg - longitude_deg) / 2
    haversine = sin(half_north) ** 2 + cos(north) * cos(to_north) * sin(half_east) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(haversine))


def nearest_climate(latitude_deg: float, longitude_deg: float) -> str | None:
    """The id of the climate that stands for a point; None where none is within `NEAR_KM`.

    Parameters
    ----------
    latitude_deg, longitude_deg : float
        North and east are positive [deg]
    """
    away = {row["id"]: _away_km(row, latitude_deg, longitude_deg) for row in rows("climate_hubs")}
    found = min(away, key=lambda name: away[name])
    return found if away[found] <= NEAR_KM else None


def _away_km(row: Row, latitude_deg: float, longitude_deg: float) -> float:
    return distance_km(float(row["latitude_deg"]), float(row["longitude_deg"]), latitude_deg, longitude_deg)


def find_climate_id(name: str) -> str:
    """The id of the climate called `name`: by id or place, in English or Chinese.

    Raises
    ------
    DataMissing
        There is none; the nearest names are offered.
    """
    found = _ids_by_spelling().get(_plain(name))
    if found is not None:
        return found
    known = rows("climate_hubs")
    offered = nearest(name, [*(row["id"] for row in known), *(row["place"] for row in known)])
    raise DataMissing(
        f"No climate is known for {name!r}.{offered} For another place give a weather file, or fetch a year "
        f"({len(known)} places are known offline)."
    )


@cache
def _ids_by_spelling() -> dict[str, str]:
    return {spelling: row["id"] for row in rows("climate_hubs") for spelling in _spellings(row)}


@cache
def climate_name(climate: str) -> str:
    """What the place of a climate's id is called."""
    return next((row["place"] for row in rows_of("climate_hubs", climate)), climate)


def _spellings(row: Row) -> Iterator[str]:
    """Its id with and without the country, its place, and each of the names that are written in Chinese."""
    import re  # 4 ms: a receipt looks for no name

    chinese = re.findall(r"[\u4e00-\u9fff]+", row["place"])
    yield from (_plain(name) for name in (row["id"], row["id"].partition("_")[2], row["place"], *chinese))


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
