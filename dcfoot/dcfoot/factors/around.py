"""Zones that may stand in for one another: a grid, the one it is part of, its nation under both names, the world."""

from dcfoot.grid import WORLD
from dcfoot.places import COUNTRY_OF_PREFIX, national_zone
from dcfoot.tables import rows


def zones_around(zone: str) -> tuple[str, ...]:
    """The zone itself, then what may stand in for it, nearest first.

    ``"CN-GD"``, ``"CN-SOUTH"``, ``"CN"``, ``"CHN"``, ``"WLD"``.
    """
    country = COUNTRY_OF_PREFIX.get(zone.partition("-")[0], zone)
    zones = (zone, wider_grid(zone), national_zone(country), country, WORLD)
    return tuple(dict.fromkeys(filter(None, zones)))


def wider_grid(zone: str) -> str:
    """The regional grid that a province is part of, as 生态环境部 groups them; empty where none is known."""
    return next((row["wider"] for row in rows("grid_zones") if row["zone"] == zone), "")
