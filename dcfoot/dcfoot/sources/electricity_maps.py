"""Electricity Maps, API v3: consumption-based factors of both families, hour by hour."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from dcfoot.factors.hourly import HourlyFactors, Point, Window
from dcfoot.grid import Boundary, Method
from dcfoot.sources.hourly_service import Query, as_documented, keep_s, number, objects, series
from dcfoot.web import Answer, Secrets, Service, Web, json_object

SERVICE = Service("Electricity Maps", "https://api.electricitymaps.com", ("ELECTRICITYMAPS_TOKEN",))

BOUNDARIES, METHODS = tuple(Boundary), (Method.AVERAGE,)

LONGEST = timedelta(days=10)
"""The longest range of hours that ``past-range`` answers (API reference, "Past range")."""

FACTOR_TYPES = {Boundary.DIRECT: "direct", Boundary.LIFE_CYCLE: "lifecycle"}


def fetch(query: Query, web: Web, environ: Mapping[str, str], base_url: str = SERVICE.base_url) -> HourlyFactors:
    """The zone's factors. Raises `ConfigError` without a key, `ServiceUnavailable` without an answer."""
    query.require(SERVICE, BOUNDARIES, METHODS)
    service = replace(SERVICE, base_url=base_url)
    answers = [_ask(part, query, web, service, environ) for part in query.window.parts(LONGEST)]
    with as_documented(service, *answers):
        points = [point for answer in answers for point in _points(json_object(answer, service))]
    return series(query, service, points, "CO2e", answers)


def _ask(part: Window, query: Query, web: Web, service: Service, environ: Mapping[str, str]) -> Answer:
    parameters = {
        "zone": query.service_zone,
        "start": f"{part.start:%Y-%m-%dT%H:%M:%SZ}",
        "end": f"{part.end:%Y-%m-%dT%H:%M:%SZ}",
        "emissionFactorType": FACTOR_TYPES[query.boundary],
    }
    return web.get(
        service,
        "/v3/carbon-intensity/past-range",
        parameters,
        keep_s=keep_s(part, web),
        secrets=lambda: Secrets(headers={"auth-token": service.keys(environ)[0]}),
    )


def _points(document: Mapping[str, object]) -> Iterator[Point]:
    for row in objects(document["data"]):
        value = number(row["carbonIntensity"])
        if value is not None:
            start = datetime.fromisoformat(str(row["datetime"]))
            yield Point(start, value, estimated=row.get("isEstimated") is True)
