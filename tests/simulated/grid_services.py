"""What services of hourly grid factors answer, as each documents it; and one script that stands for all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from simulated.web_service import Asked, Reply, Script, as_json

HOUR = timedelta(hours=1)

KEYS = {
    "ELECTRICITYMAPS_TOKEN": "em-s3cret",
    "WATTTIME_USER": "me",
    "WATTTIME_PASSWORD": "wt-s3cret",
    "EIA_API_KEY": "eia-s3cret",
    "ENTSOE_API_KEY": "entsoe-s3cret",
}
"""The keys that these services take."""


def electricity_maps(*rows: Mapping[str, object]) -> Reply:
    """An answer of Electricity Maps."""
    return as_json({"zone": "DE", "data": rows})


def electricity_maps_row(start: datetime, value: float | None, *, estimated: bool = False) -> dict[str, object]:
    """One hour, as the API reference shows it."""
    return {
        "zone": "DE",
        "carbonIntensity": value,
        "datetime": _milliseconds(start),
        "updatedAt": _milliseconds(start + 5 * HOUR),
        "createdAt": _milliseconds(start - 70 * HOUR),
        "emissionFactorType": "lifecycle",
        "isEstimated": estimated,
        "estimationMethod": "TIME_SLICER_AVERAGE" if estimated else None,
    }


def _milliseconds(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


def watttime(asked: Asked, lb_per_mwh: Callable[[datetime], float]) -> Reply:
    """An answer of WattTime, as the API documentation shows it: a point every five minutes, the end included."""
    if asked.path == "/login":
        known = asked.user_and_password == (KEYS["WATTTIME_USER"], KEYS["WATTTIME_PASSWORD"])
        return as_json({"token": "t0ken"}) if known else Reply(b"Unauthorized", 401)
    if asked.headers.get("authorization") != "Bearer t0ken":
        return Reply(b"Unauthorized", 401)
    start, end = (datetime.fromisoformat(asked.parameters[name]) for name in ("start", "end"))
    moments = (start + timedelta(minutes=5 * index) for index in range(int((end - start) / HOUR) * 12 + 1))
    points = [{"point_time": f"{at:%Y-%m-%dT%H:%M:%S+00:00}", "value": lb_per_mwh(at)} for at in moments]
    meta: dict[str, object] = {
        "data_point_period_seconds": 300,
        "region": asked.parameters["region"],
        "warnings": [],
        "signal_type": asked.parameters["signal_type"],
        "model": {"date": "2023-03-01"},
        "units": "lbs_co2_per_mwh",
    }
    return as_json({"data": points, "meta": meta})


def uk_row(start: datetime, actual: float | None, forecast: float | None = 266) -> dict[str, object]:
    """A half-hour of Great Britain, as the API definitions show it."""
    return {
        "from": f"{start:%Y-%m-%dT%H:%MZ}",
        "to": f"{start + HOUR / 2:%Y-%m-%dT%H:%MZ}",
        "intensity": {"forecast": forecast, "actual": actual, "index": "moderate"},
    }


def eia(rows: Sequence[Mapping[str, object]], total: int | None = None) -> Reply:
    """An answer of EIA's API v2."""
    response = {
        "total": str(len(rows) if total is None else total),
        "dateFormat": 'YYYY-MM-DD"T"HH24',
        "frequency": "hourly",
    }
    return as_json({"response": {**response, "data": rows}, "apiVersion": "2.1.8"})


def eia_row(start: datetime, fuel: str, megawatt_hours: float | str | None) -> dict[str, object]:
    """One fuel in one hour: figures in quotes, the hour labelled by its end."""
    return {
        "period": f"{start + HOUR:%Y-%m-%dT%H}",
        "respondent": "PJM",
        "respondent-name": "PJM Interconnection, LLC",
        "fueltype": fuel,
        "type-name": fuel,
        "value": megawatt_hours,
        "value-units": "megawatthours",
    }


def entsoe(*series: str) -> Reply:
    """An answer of ENTSO-E's Transparency Platform."""
    head = '<?xml version="1.0" encoding="utf-8"?>'
    namespace = "urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0"
    return Reply(
        f'{head}<GL_MarketDocument xmlns="{namespace}"><type>A75</type>{"".join(series)}</GL_MarketDocument>'.encode()
    )


def entsoe_series(
    psr: str,
    points: Mapping[int, float],
    start: datetime,
    hours: int,
    *,
    step: str = "PT60M",
    curve: str = "A03",
    consumed: bool = False,
) -> str:
    """One type's generation, by position from `start` on."""
    side = "out" if consumed else "in"
    body = "".join(f"<Point><position>{at}</position><quantity>{mw}</quantity></Point>" for at, mw in points.items())
    return (
        f"<TimeSeries><mRID>1</mRID><businessType>A01</businessType>"
        f'<{side}BiddingZone_Domain.mRID codingScheme="A01">10YFR-RTE------C</{side}BiddingZone_Domain.mRID>'
        f"<quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name><curveType>{curve}</curveType>"
        f"<MktPSRType><psrType>{psr}</psrType></MktPSRType><Period><timeInterval>"
        f"<start>{start:%Y-%m-%dT%H:%MZ}</start><end>{start + hours * HOUR:%Y-%m-%dT%H:%MZ}</end></timeInterval>"
        f"<resolution>{step}</resolution>{body}</Period></TimeSeries>"
    )


def every_service(share_of_coal: Callable[[datetime], float]) -> Script:
    """All services in one, of a grid of coal and nuclear power; each knows any hour that it is asked for.

    Those that give intensities give ``1000 x share`` grams (WattTime: pounds a megawatt-hour); the others give
    generation, 400 MW together.
    """

    def answer(asked: Asked) -> Reply:
        given = asked.parameters
        match asked.path.split("/")[1:3]:
            case ["v3", "carbon-intensity"]:
                hours = _hours(*(datetime.fromisoformat(given[name]) for name in ("start", "end")))
                return electricity_maps(*(electricity_maps_row(at, 1000 * share_of_coal(at)) for at in hours))
            case ["login"] | ["v3", "historical"]:
                return watttime(asked, lambda at: 1000 * share_of_coal(at))
            case ["intensity", _]:
                hours = _hours(*(datetime.fromisoformat(text) for text in asked.path.split("/")[2:4]))
                halves = (at + half * HOUR / 2 for at in hours for half in (0, 1))
                return as_json({"data": [uk_row(at, 1000 * share_of_coal(at)) for at in halves]})
            case ["v2", "electricity"]:
                first, last = (
                    datetime.strptime(given[name], "%Y-%m-%dT%H").replace(tzinfo=UTC) for name in ("start", "end")
                )
                coal = {at: 400 * share_of_coal(at) for at in _hours(first - HOUR, last)}
                fuels = {"COL": coal, "NUC": {at: 400 - mw for at, mw in coal.items()}}
                return eia([eia_row(at, fuel, mw) for fuel, by_hour in fuels.items() for at, mw in by_hour.items()])
            case ["api"]:
                start, end = (
                    datetime.strptime(given[name], "%Y%m%d%H%M").replace(tzinfo=UTC)
                    for name in ("periodStart", "periodEnd")
                )
                coal_mw = [400 * share_of_coal(at) for at in _hours(start, end)]
                types = {"B05": coal_mw, "B14": [400 - mw for mw in coal_mw]}
                series = (
                    entsoe_series(psr, dict(enumerate(mw, 1)), start, len(mw), curve="A01") for psr, mw in types.items()
                )
                return entsoe(*series)
            case _:
                return Reply(b"no such path", 404)

    return answer


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    return (start + index * HOUR for index in range(int((end - start) / HOUR)))
