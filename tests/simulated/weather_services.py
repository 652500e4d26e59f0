"""Stand-ins of the weather services: an HTTP server of this process that gives their documented answers."""

import json
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

Answer = Callable[[Mapping[str, str]], tuple[int, object]]
"""From the parameters of a request to a status and what is sent as JSON; text is sent as it is."""


class Stub:
    """A running service: its address and the requests that it got."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[Mapping[str, str]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parameters = dict(parse_qsl(urlsplit(self.path).query))
                stub.requests.append(parameters)
                status, content = answer(parameters)
                body = (content if isinstance(content, str) else json.dumps(content)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (http.server's names)
                """Keeps quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"


@contextmanager
def serving(answer: Answer) -> Generator[Stub]:
    """A service that gives this answer, as long as the block lasts."""
    stub = Stub(answer)
    thread = threading.Thread(target=stub.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.server.shutdown()
        stub.server.server_close()
        thread.join()


def _hours(first: str, last: str, form: str) -> list[datetime]:
    """The hours of both days and all between."""
    begin, end = (datetime.strptime(day, form).replace(tzinfo=UTC) for day in (first, last))
    return [begin + i * timedelta(hours=1) for i in range((end - begin).days * 24 + 24)]


def temperature_c(time: datetime) -> float:
    """What the stand-ins say of an hour, so that a test knows it: the hour of the day plus a tenth of the month."""
    return time.hour + time.month / 10


def open_meteo(parameters: Mapping[str, str]) -> tuple[int, object]:
    """``/v1/archive``: irradiance is that of the hour before."""
    times = _hours(parameters["start_date"], parameters["end_date"], "%Y-%m-%d")
    count = len(times)
    values: dict[str, tuple[str, list[float]]] = {
        "temperature_2m": ("°C", [temperature_c(time) for time in times]),
        "dew_point_2m": ("°C", [-1.0] * count),
        "relative_humidity_2m": ("%", [50.0] * count),
        "surface_pressure": ("hPa", [950.0] * count),
        "wind_speed_10m": ("m/s" if parameters.get("wind_speed_unit") == "ms" else "km/h", [4.0] * count),
        "shortwave_radiation": ("W/m²", [float(time.hour == 12) * 600 for time in times]),
        "direct_normal_irradiance": ("W/m²", [0.0] * count),
        "diffuse_radiation": ("W/m²", [0.0] * count),
    }
    asked = parameters["hourly"].split(",")
    return 200, {
        "latitude": float(parameters["latitude"]),
        "longitude": float(parameters["longitude"]),
        "generationtime_ms": 0.2,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": float(parameters["elevation"]),
        "hourly_units": {"time": "iso8601"} | {name: values[name][0] for name in asked},
        "hourly": {"time": [f"{time:%Y-%m-%dT%H:%M}" for time in times]} | {name: values[name][1] for name in asked},
    }


def nasa_power(parameters: Mapping[str, str]) -> tuple[int, object]:
    """``/api/temporal/hourly/point``."""
    times = _hours(parameters["start"], parameters["end"], "%Y%m%d")
    values = {"T2M": 0.0, "T2MDEW": -1.0, "RH2M": 50.0, "PS": 95.0, "WS10M": 4.0}
    units = {"T2M": "C", "T2MDEW": "C", "RH2M": "%", "PS": "kPa", "WS10M": "m/s"}

    def of(name: str, time: datetime) -> float:
        return temperature_c(time) if name == "T2M" else values.get(name, -999.0)

    asked = parameters["parameters"].split(",")
    return 200, {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [8.0, 50.0, 310.5]},
        "properties": {"parameter": {name: {f"{time:%Y%m%d%H}": of(name, time) for time in times} for name in asked}},
        "header": {
            "title": "NASA/POWER Source Native Resolution Hourly Data",
            "api": {"version": "v2.6.5", "name": "POWER Hourly API"},
            "sources": ["SYN1DEG", "POWER", "MERRA2"],
            "fill_value": -999.0,
            "time_standard": "UTC",
            "start": parameters["start"],
            "end": parameters["end"],
        },
        "messages": [],
        "parameters": {name: {"units": units.get(name, "Wh/m^2"), "longname": name} for name in asked},
        "times": {"data": 0.5, "process": 0.01},
    }


def pvgis(parameters: Mapping[str, str]) -> tuple[int, object]:
    """``/api/v5_3/tmy``: months of several years, in UTC."""
    years = [2018, 2007, 2009, 2013, 2008, 2006, 2011, 2010, 2020, 2006, 2007, 2016]
    hours = [
        {
            "time(UTC)": f"{years[time.month - 1]}{time:%m%d:%H%M}",
            "T2m": temperature_c(time),
            "RH": 50.0,
            "G(h)": float(time.hour == 12) * 600,
            "Gb(n)": 0.0,
            "Gd(h)": 0.0,
            "IR(h)": 283.58,
            "WS10m": 4.0,
            "WD10m": 257.0,
            "SP": 95_000.0,
        }
        for time in _hours("2023-01-01", "2023-12-31", "%Y-%m-%d")
    ]
    return 200, {
        "inputs": {
            "location": {
                "latitude": float(parameters["lat"]),
                "longitude": float(parameters["lon"]),
                "elevation": 110.0,
            },
            "meteo_data": {
                "radiation_db": "PVGIS-SARAH3",
                "meteo_db": "ERA5",
                "year_min": 2005,
                "year_max": 2023,
                "use_horizon": True,
                "horizon_db": "DEM-calculated",
            },
        },
        "outputs": {
            "months_selected": [{"month": i, "year": year} for i, year in enumerate(years, start=1)],
            "tmy_hourly": hours,
        },
    }
