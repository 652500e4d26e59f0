"""What the weather services answer, as they document it: scripts for a `WebService`."""

from datetime import UTC, datetime, timedelta

from simulated.web_service import Asked, Reply, as_json


def _hours(first: str, last: str, form: str) -> list[datetime]:
    """The hours of both days and all between."""
    begin, end = (datetime.strptime(day, form).replace(tzinfo=UTC) for day in (first, last))
    return [begin + i * timedelta(hours=1) for i in range((end - begin).days * 24 + 24)]


def temperature_c(time: datetime) -> float:
    """What the stand-ins say of an hour, so that a test knows it: the hour of the day plus a tenth of the month."""
    return time.hour + time.month / 10


def open_meteo(asked: Asked) -> Reply:
    """``/v1/archive``: irradiance is that of the hour before."""
    parameters = asked.parameters
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
    names = parameters["hourly"].split(",")
    document: dict[str, object] = {
        "latitude": float(parameters["latitude"]),
        "longitude": float(parameters["longitude"]),
        "generationtime_ms": 0.2,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": float(parameters["elevation"]),
        "hourly_units": {"time": "iso8601"} | {name: values[name][0] for name in names},
        "hourly": {"time": [f"{time:%Y-%m-%dT%H:%M}" for time in times]} | {name: values[name][1] for name in names},
    }
    return as_json(document)


def nasa_power(asked: Asked) -> Reply:
    """``/api/temporal/hourly/point``."""
    parameters = asked.parameters
    times = _hours(parameters["start"], parameters["end"], "%Y%m%d")
    values = {"T2M": 0.0, "T2MDEW": -1.0, "RH2M": 50.0, "PS": 95.0, "WS10M": 4.0}
    units = {"T2M": "C", "T2MDEW": "C", "RH2M": "%", "PS": "kPa", "WS10M": "m/s"}

    def of(name: str, time: datetime) -> float:
        return temperature_c(time) if name == "T2M" else values.get(name, -999.0)

    names = parameters["parameters"].split(",")
    document: dict[str, object] = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [8.0, 50.0, 310.5]},
        "properties": {"parameter": {name: {f"{time:%Y%m%d%H}": of(name, time) for time in times} for name in names}},
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
        "parameters": {name: {"units": units.get(name, "Wh/m^2"), "longname": name} for name in names},
        "times": {"data": 0.5, "process": 0.01},
    }
    return as_json(document)


def pvgis(asked: Asked) -> Reply:
    """``/api/v5_3/tmy``: months of several years, in UTC."""
    parameters = asked.parameters
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
    document: dict[str, object] = {
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
    return as_json(document)
