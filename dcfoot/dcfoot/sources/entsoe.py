"""ENTSO-E Transparency Platform: actual generation per production type of a country or bidding zone.

Intensities are made of it by the technologies' factors (`dcfoot.factors.technology`): of what is generated there,
without imports. One request is all that is needed of the platform: the client entsoe-py brings pandas and gives frames
in local time, and its answers are not kept.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from dcfoot.errors import ServiceUnavailable
from dcfoot.factors.hourly import HourlyFactors, Point, Window, hourly_means
from dcfoot.factors.technology import mixes_g_per_kwh
from dcfoot.grid import Boundary, Method
from dcfoot.sources.hourly_service import GASES, Query, as_documented, keep_s, series_of
from dcfoot.web import Answer, Secrets, Service, Web

SERVICE = Service("ENTSO-E", "https://web-api.tp.entsoe.eu", ("ENTSOE_API_KEY",), "CC BY 4.0")
"""The variable is that of entsoe-py."""

BOUNDARIES, METHODS = tuple(Boundary), (Method.AVERAGE,)

LONGEST = timedelta(days=30)
"""One answer may hold a year (RESTful API guide); a month is some megabytes."""

TECHNOLOGIES = {
    "B01": "biomass",
    "B02": "coal",
    "B03": "gas",
    "B04": "gas",
    "B05": "coal",
    "B06": "oil",
    "B07": "oil",
    "B08": "coal",
    "B09": "geothermal",
    "B11": "hydro",
    "B12": "hydro",
    "B14": "nuclear",
    "B16": "solar",
    "B18": "wind_offshore",
    "B19": "wind",
}
"""The platform's production types (code list ``psrType``); what is not here counts as not known."""

RESOLUTION_S = {"PT15M": 900.0, "PT30M": 1800.0, "PT60M": 3600.0}

REPEATING = "A03"
"""A curve in which a position that is left out repeats the one before (code list ``curveType``)."""

NOTHING = "No matching data found"
"""What the platform says of hours that nobody has reported, with status 200 or 400."""


def fetch(query: Query, web: Web, environ: Mapping[str, str], base_url: str = SERVICE.base_url) -> HourlyFactors:
    """The zone's factors. Raises `ConfigError` without a key, `ServiceUnavailable` without an answer."""
    query.require(SERVICE, BOUNDARIES, METHODS)
    service = replace(SERVICE, base_url=base_url)
    found = (_ask(part, query, web, service, environ) for part in query.window.parts(LONGEST))
    answers = [answer for answer in found if answer is not None]
    points: dict[str, list[Point]] = {}
    with as_documented(service, *answers):
        for answer in answers:
            for production_type, point in _points(answer.body):
                points.setdefault(production_type, []).append(point)
    by_type = {name: hourly_means(query.window, of_type)[0] for name, of_type in points.items()}
    values = tuple(mixes_g_per_kwh(_by_technology(by_type), query.boundary))
    return series_of(query, service, values, GASES[query.boundary], answers, ", generation by type x IPCC AR5 medians")


def _ask(part: Window, query: Query, web: Web, service: Service, environ: Mapping[str, str]) -> Answer | None:
    parameters = {
        "documentType": "A75",
        "processType": "A16",
        "in_Domain": query.service_zone,
        "periodStart": f"{part.start:%Y%m%d%H%M}",
        "periodEnd": f"{part.end:%Y%m%d%H%M}",
    }
    try:
        return web.get(
            service,
            "/api",
            parameters,
            keep_s=keep_s(part, web),
            secrets=lambda: Secrets(parameters={"securityToken": service.keys(environ)[0]}),
        )
    except ServiceUnavailable as fault:
        if NOTHING.encode() in fault.body:
            return None
        raise


def _points(body: bytes) -> Iterator[tuple[str, Point]]:
    try:
        document = ET.fromstring(body)  # noqa: S314 (expat since 2.4.1 refuses entities that explode)
    except ET.ParseError as fault:
        raise ValueError(f"no XML: {fault}") from fault
    if document.tag.endswith("Acknowledgement_MarketDocument"):
        said = document.findtext(".//{*}text") or ""
        if NOTHING in said:
            return
        raise ValueError(said)
    for one in document.iterfind("{*}TimeSeries"):
        if one.find("{*}outBiddingZone_Domain.mRID") is None:  # what a station draws is not generation
            production_type = _text(one, "{*}MktPSRType/{*}psrType")
            repeating = one.findtext("{*}curveType") == REPEATING
            for period in one.iterfind("{*}Period"):
                yield from ((production_type, point) for point in _of_period(period, repeating=repeating))


def _of_period(period: ET.Element, *, repeating: bool) -> Iterator[Point]:
    start = datetime.fromisoformat(_text(period, "{*}timeInterval/{*}start"))
    end = datetime.fromisoformat(_text(period, "{*}timeInterval/{*}end"))
    step_s = RESOLUTION_S[_text(period, "{*}resolution")]
    count = round((end - start).total_seconds() / step_s)
    given = {
        int(_text(point, "{*}position")): float(_text(point, "{*}quantity")) for point in period.iterfind("{*}Point")
    }
    last: float | None = None
    for position in range(1, count + 1):
        stated = position in given
        if stated:
            last = given[position]
        if last is not None and (stated or repeating):
            yield Point(start + timedelta(seconds=(position - 1) * step_s), last, step_s)


def _text(element: ET.Element, path: str) -> str:
    text = element.findtext(path)
    if text is None:
        raise ValueError(f"{path} is missing")
    return text


def _by_technology(by_type: Mapping[str, tuple[float | None, ...]]) -> dict[str, list[float | None]]:
    """The types of one technology together; where one did not report, the sum is not known."""
    together: dict[str, list[float | None]] = {}
    for production_type, values in by_type.items():
        name = TECHNOLOGIES.get(production_type, "other")
        before = together.get(name, [0.0] * len(values))
        together[name] = [
            None if one is None or two is None else one + two for one, two in zip(before, values, strict=True)
        ]
    return together
