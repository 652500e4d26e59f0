"""Carbon Intensity API of Great Britain's system operator: direct CO2 of consumption, every half-hour, no key.

Its figures count losses of transmission and distribution already: they are not to be added once more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from dcfoot.factors.hourly import HourlyFactors, Point, Window
from dcfoot.grid import Boundary, Method
from dcfoot.sources.hourly_service import Query, as_documented, keep_s, mapping, number, objects, series
from dcfoot.web import Answer, Service, Web, json_object

SERVICE = Service("Carbon Intensity API (NESO)", "https://api.carbonintensity.org.uk", licence="CC BY 4.0")

BOUNDARIES, METHODS = (Boundary.DIRECT,), (Method.AVERAGE,)

LONGEST = timedelta(days=14)
"""The longest range of ``/intensity/{from}/{to}`` (API definitions)."""


def fetch(query: Query, web: Web, environ: Mapping[str, str], base_url: str = SERVICE.base_url) -> HourlyFactors:  # noqa: ARG001 (all services are called alike)
    """Great Britain's factors. Raises `ServiceUnavailable` without an answer."""
    query.require(SERVICE, BOUNDARIES, METHODS)
    service = replace(SERVICE, base_url=base_url)
    answers = [_ask(part, web, service) for part in query.window.parts(LONGEST)]
    with as_documented(service, *answers):
        points = [point for answer in answers for point in _points(json_object(answer, service))]
    return series(query, service, points, "CO2", answers, ", losses of the grid included")


def _ask(part: Window, web: Web, service: Service) -> Answer:
    path = f"/intensity/{part.start:%Y-%m-%dT%H:%MZ}/{part.end:%Y-%m-%dT%H:%MZ}"
    return web.get(service, path, {}, keep_s=keep_s(part, web))


def _points(document: Mapping[str, object]) -> Iterator[Point]:
    """What was estimated after the fact, else the forecast, which is marked as such."""
    for row in objects(document["data"]):
        intensity = mapping(row["intensity"])
        actual, forecast = number(intensity.get("actual")), number(intensity.get("forecast"))
        value = forecast if actual is None else actual
        if value is not None:
            start, end = (datetime.fromisoformat(str(row[name])) for name in ("from", "to"))
            yield Point(start, value, (end - start).total_seconds(), estimated=actual is None)
