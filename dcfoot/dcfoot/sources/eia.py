"""US Energy Information Administration, API v2: hourly generation by fuel of a balancing authority (Form EIA-930).

Intensities are made of it by the technologies' factors (`dcfoot.factors.technology`): of what is generated in the
authority's area, without imports. EIA labels an hour by its end, in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from dcfoot.factors.hourly import HOUR, HourlyFactors, Point, hourly_means
from dcfoot.factors.technology import mixes_g_per_kwh
from dcfoot.grid import Boundary, Method
from dcfoot.sources.hourly_service import GASES, Query, as_documented, keep_s, mapping, number, objects, series_of
from dcfoot.web import Answer, Secrets, Service, Web, json_object

SERVICE = Service("EIA", "https://api.eia.gov", ("EIA_API_KEY",), "US public domain")

BOUNDARIES, METHODS = tuple(Boundary), (Method.AVERAGE,)

PAGE_ROWS_COUNT = 5000
"""The most rows that one answer holds (API v2 technical documentation)."""

TECHNOLOGIES = {
    "COL": "coal",
    "NG": "gas",
    "OIL": "oil",
    "NUC": "nuclear",
    "WAT": "hydro",
    "WND": "wind",
    "SUN": "solar",
    "GEO": "geothermal",
    "OTH": "other",
}
"""EIA's codes; what is not here (batteries, pumped storage, unknown) counts as not known."""


def fetch(query: Query, web: Web, environ: Mapping[str, str], base_url: str = SERVICE.base_url) -> HourlyFactors:
    """The authority's factors. Raises `ConfigError` without a key, `ServiceUnavailable` without an answer."""
    query.require(SERVICE, BOUNDARIES, METHODS)
    service = replace(SERVICE, base_url=base_url)
    generation: dict[str, list[Point]] = {}
    answers: list[Answer] = []
    for answer, rows in _pages(query, web, service, environ):
        answers.append(answer)
        with as_documented(service, answer):
            for technology, point in _points(rows):
                generation.setdefault(technology, []).append(point)
    by_hour = {name: hourly_means(query.window, points)[0] for name, points in generation.items()}
    values = tuple(mixes_g_per_kwh(by_hour, query.boundary))
    return series_of(query, service, values, GASES[query.boundary], answers, ", generation by fuel x IPCC AR5 medians")


def _pages(
    query: Query, web: Web, service: Service, environ: Mapping[str, str]
) -> Iterator[tuple[Answer, list[Mapping[str, object]]]]:
    offset, total = 0, 1
    while offset < total:
        answer = _ask(query, web, service, environ, offset)
        with as_documented(service, answer):
            response = mapping(json_object(answer, service)["response"])
            rows = objects(response["data"])
            total = int(number(response["total"]) or 0)
        if not rows:
            return
        yield answer, rows
        offset += len(rows)


def _ask(query: Query, web: Web, service: Service, environ: Mapping[str, str], offset: int) -> Answer:
    window = query.window
    parameters = {
        "frequency": "hourly",
        "data[0]": "value",
        "facets[respondent][]": query.service_zone,
        "start": f"{window.start + HOUR:%Y-%m-%dT%H}",
        "end": f"{window.end:%Y-%m-%dT%H}",
        "sort[0][column]": "period",
        "sort[0][direction]": "asc",
        "offset": str(offset),
        "length": str(PAGE_ROWS_COUNT),
    }
    return web.get(
        service,
        "/v2/electricity/rto/fuel-type-data/data/",
        parameters,
        keep_s=keep_s(window, web),
        secrets=lambda: Secrets(parameters={"api_key": service.keys(environ)[0]}),
    )


def _points(rows: list[Mapping[str, object]]) -> Iterator[tuple[str, Point]]:
    for row in rows:
        if row["value-units"] != "megawatthours":
            raise ValueError(f"units are {row['value-units']!r}, not megawatthours")
        value = number(row["value"])
        if value is not None:
            end = datetime.strptime(str(row["period"]), "%Y-%m-%dT%H").replace(tzinfo=UTC)
            yield TECHNOLOGIES.get(str(row["fueltype"]), "other"), Point(end - HOUR, value)
