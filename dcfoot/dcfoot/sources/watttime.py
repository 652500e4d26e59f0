"""WattTime, API v3: marginal and average operating emission rates, every five minutes."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from dcfoot.factors.hourly import HourlyFactors, Point, Window
from dcfoot.grid import Boundary, Method
from dcfoot.sources.hourly_service import Query, as_documented, keep_s, mapping, number, objects, series
from dcfoot.units import KG_PER_LB
from dcfoot.web import Answer, Secrets, Service, Web, json_object

SERVICE = Service("WattTime", "https://api.watttime.org", ("WATTTIME_USER", "WATTTIME_PASSWORD"))
"""The variables are those of WattTime's own client."""

LONGEST = timedelta(days=32)
"""The longest range of ``/v3/historical`` (API documentation, "GET Historical")."""

SIGNALS = {Method.MARGINAL: "co2_moer", Method.AVERAGE: "co2_aoer"}

BOUNDARIES, METHODS = (Boundary.DIRECT,), tuple(SIGNALS)

UNITS = "lbs_co2_per_mwh"
"""A pound per megawatt-hour is `KG_PER_LB` grams per kilowatt-hour: both sides are divided by 1000."""


def fetch(query: Query, web: Web, environ: Mapping[str, str], base_url: str = SERVICE.base_url) -> HourlyFactors:
    """The region's rates. Raises `ConfigError` without a key, `ServiceUnavailable` without an answer."""
    query.require(SERVICE, BOUNDARIES, METHODS)
    service = replace(SERVICE, base_url=base_url)
    login = _Login(web, service, environ)
    answers = [_ask(part, query, web, service, login) for part in query.window.parts(LONGEST)]
    with as_documented(service, *answers):
        points = [point for answer in answers for point in _points(json_object(answer, service))]
    return series(query, service, points, "CO2", answers, f", {SIGNALS[query.method]}")


class _Login:
    """Logs in when the first answer must be asked for; a token lasts half an hour."""

    def __init__(self, web: Web, service: Service, environ: Mapping[str, str]) -> None:
        self._web, self._service, self._environ = web, service, environ
        self._token = ""

    def secrets(self) -> Secrets:
        if not self._token:
            user, password = self._service.keys(self._environ)
            answer = self._web.get(
                self._service, "/login", {}, keep_s=0, secrets=lambda: Secrets(user_and_password=(user, password))
            )
            with as_documented(self._service):
                self._token = str(json_object(answer, self._service)["token"])
        return Secrets(headers={"Authorization": f"Bearer {self._token}"})


def _ask(part: Window, query: Query, web: Web, service: Service, login: _Login) -> Answer:
    parameters = {
        "region": query.service_zone,
        "start": f"{part.start:%Y-%m-%dT%H:%MZ}",
        "end": f"{part.end:%Y-%m-%dT%H:%MZ}",
        "signal_type": SIGNALS[query.method],
        "include_imputed_marker": "true",
    }
    return web.get(service, "/v3/historical", parameters, keep_s=keep_s(part, web), secrets=login.secrets)


def _points(document: Mapping[str, object]) -> Iterator[Point]:
    meta = mapping(document["meta"])
    if meta["units"] != UNITS:
        raise ValueError(f"units are {meta['units']!r}, not {UNITS}")
    length_s = number(meta["data_point_period_seconds"]) or 0.0
    for row in objects(document["data"]):
        value = number(row["value"])
        if value is not None:
            start = datetime.fromisoformat(str(row["point_time"]))
            yield Point(start, value * KG_PER_LB, length_s, estimated=row.get("imputed_data_used") is True)
