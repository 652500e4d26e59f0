"""The door to services of hourly grid factors.

What comes in is the name of a service, a zone and a window, what goes out is a series. What stands in where it fails is
the business of `dcfoot.sources.hourly_source`.
"""

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Protocol, cast

from dcfoot.errors import ConfigError
from dcfoot.factors.hourly import HourlyFactors, Window
from dcfoot.grid import Boundary, Method
from dcfoot.places import nearest
from dcfoot.sources.hourly_service import Query
from dcfoot.tables import rows
from dcfoot.web import Service, Web

SOURCES = ("electricity_maps", "watttime", "uk_carbon_intensity", "entsoe", "eia")
"""The services: a module of this package each, and a column of ``grid_zones.csv``."""


class Source(Protocol):
    """What a service's module offers."""

    SERVICE: Service
    BOUNDARIES: tuple[Boundary, ...]
    METHODS: tuple[Method, ...]

    @staticmethod
    def fetch(query: Query, web: Web, environ: Mapping[str, str], base_url: str) -> HourlyFactors:
        """The answer as a series."""
        ...


def source(name: str) -> Source:
    """The module of a service.

    Raises
    ------
    ConfigError
        There is none of that name.
    """
    if name not in SOURCES:
        raise ConfigError(f"No source of hourly factors is called {name!r}.{nearest(name, SOURCES)}")
    return cast("Source", import_module(f"dcfoot.sources.{name}"))


def service_zone(name: str, zone: str) -> str:
    """What a service calls a zone.

    Raises
    ------
    ConfigError
        It is not in the table; the service's own name can be given instead.
    """
    found = next((row[name] for row in rows("grid_zones") if row["zone"] == zone), "")
    if found:
        return found
    service = source(name).SERVICE.name
    raise ConfigError(f"What {service} calls the grid of {zone} is not known: add its own zone, as in {name}:ZONE.")


def fetch_hours(
    name: str,
    zone: str,
    window: Window,
    boundary: Boundary,
    *,
    method: Method = Method.AVERAGE,
    own_zone: str | None = None,
    web: Web | None = None,
    environ: Mapping[str, str] | None = None,
    base_url: str | None = None,
) -> HourlyFactors:
    """Hourly factors of a service; hours that it does not know are None.

    Parameters
    ----------
    name : str
        One of `SOURCES`.
    zone : str
        As in `dcfoot.grid`: ``"DEU"``, ``"US-CAMX"``.
    window : Window
        Which hours.
    boundary : Boundary
        Direct or life-cycle.
    method : Method
        Average or marginal.
    own_zone : str or None
        What the service calls the zone; None to look it up.
    web : Web or None
        None for the user's own cache.
    environ : Mapping[str, str] or None
        Holds the keys; None for this process's environment.
    base_url : str or None
        The service's root; None for the public one.

    Raises
    ------
    ConfigError
        The name, the zone or a key is missing, or the service does not offer this family or method.
    ServiceUnavailable
        It does not answer, or knows none of the hours.
    """
    module = source(name)
    query = Query(zone, own_zone or service_zone(name, zone), window, boundary, method)
    environ = os.environ if environ is None else environ
    return module.fetch(query, web or Web(), environ, base_url or module.SERVICE.base_url)
