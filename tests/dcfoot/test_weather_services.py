"""Weather from services on the web, stood in for by a local server that gives their documented answers."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dcfoot.errors import ConfigError, ServiceUnavailable
from dcfoot.reading import Basis
from dcfoot.weather import (
    Location,
    Weather,
    fetch_nasa_power,
    fetch_open_meteo,
    fetch_pvgis,
    nasa_power,
    open_meteo,
    pvgis,
)
from dcfoot.web import Web
from simulated import weather_services as answers
from simulated.near import near
from simulated.web_service import Asked, Reply, Script, WebService, as_json

HERE = Location("here", 50.0, 8.0, 100.0, 1.0)
MUMBAI = Location("Mumbai", 19.1, 72.9, 11.0, 5.5)

Fetch = Callable[[Location, str, Web], Weather]


def from_open_meteo(place: Location, url: str, web: Web, year: int = 2023) -> Weather:
    return fetch_open_meteo(place, year, web=web, service=replace(open_meteo.SERVICE, base_url=url))


def from_nasa_power(place: Location, url: str, web: Web) -> Weather:
    return fetch_nasa_power(place, 2023, web=web, service=replace(nasa_power.SERVICE, base_url=url))


def from_pvgis(place: Location, url: str, web: Web) -> Weather:
    return fetch_pvgis(place, web=web, service=replace(pvgis.SERVICE, base_url=url))


SERVICES: Mapping[str, tuple[Script, Fetch]] = {
    "open-meteo": (answers.open_meteo, from_open_meteo),
    "nasa-power": (answers.nasa_power, from_nasa_power),
    "pvgis": (answers.pvgis, from_pvgis),
}


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(tmp_path, timeout_s=5.0, sleep=lambda _: None)


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> tuple[Script, Fetch]:
    return SERVICES[request.param]


def with_gap(asked: Asked) -> Reply:
    """Open-Meteo's answer without the temperature of its second day's first hour."""
    document = json.loads(answers.open_meteo(asked).body)
    document["hourly"]["temperature_2m"][24] = None
    return as_json(document)


def test_a_year_begins_and_ends_by_the_place_s_time(service: tuple[Script, Fetch], web: Web) -> None:
    answer, fetch = service
    with WebService(answer) as stub:
        weather = fetch(HERE, stub.url, web)
    assert weather.start == datetime(2022, 12, 31, 23, tzinfo=UTC)
    assert len(weather) == 8760
    # 23:00 UTC of a day of December, then 00:00 UTC of a day of January.
    assert weather.dry_bulb_c[:2].tolist() == near([24.2, 0.1])
    assert weather.dry_bulb_c[-1] == near(22 + 1.2)


def test_units_are_turned_into_ours(service: tuple[Script, Fetch], web: Web) -> None:
    answer, fetch = service
    with WebService(answer) as stub:
        weather = fetch(HERE, stub.url, web)
    assert weather.pressure_pa[0] == near(95_000.0)
    assert weather.wind_speed_m_per_s is not None
    assert weather.wind_speed_m_per_s[0] == near(4.0)
    assert np.all(weather.wet_bulb_c <= weather.dry_bulb_c)
    assert weather.basis is Basis.MODELLED


def test_an_answer_is_asked_for_once_and_then_read_from_the_disk(service: tuple[Script, Fetch], web: Web) -> None:
    answer, fetch = service
    with WebService(answer) as stub:
        first = fetch(HERE, stub.url, web)
        second = fetch(HERE, stub.url, web)
        fetch(MUMBAI, stub.url, web)
    assert len(stub.asked) == 2
    assert first.dry_bulb_c.tolist() == second.dry_bulb_c.tolist()


def test_half_an_hour_of_time_zone_begins_the_year_half_an_hour_early(web: Web) -> None:
    with WebService(answers.open_meteo) as stub:
        weather = from_open_meteo(MUMBAI, stub.url, web, 2024)
    assert weather.start == datetime(2023, 12, 31, 18, tzinfo=UTC)
    assert len(weather) == 8784


def test_open_meteo_s_irradiance_is_moved_to_the_hour_that_it_is_the_mean_of(web: Web) -> None:
    with WebService(answers.open_meteo) as stub:
        weather = from_open_meteo(HERE, stub.url, web)
    assert weather.ghi_w_per_m2 is not None
    # Stamped 12:00 UTC: the mean from 11:00 to 12:00 UTC, which begins at 12:00 of the place's time.
    assert np.flatnonzero(weather.ghi_w_per_m2)[0] == 12
    assert np.count_nonzero(weather.ghi_w_per_m2) == 365


def test_pvgis_irradiance_stays_at_its_hour(web: Web) -> None:
    with WebService(answers.pvgis) as stub:
        weather = from_pvgis(HERE, stub.url, web)
    assert weather.ghi_w_per_m2 is not None
    assert np.flatnonzero(weather.ghi_w_per_m2)[0] == 13
    assert "SARAH3, 2005-2023" in weather.evidence[0].source


def test_nasa_power_s_missing_values_are_not_known_and_its_grid_s_elevation_is_noted(web: Web) -> None:
    with WebService(answers.nasa_power) as stub:
        weather = from_nasa_power(HERE, stub.url, web)
    assert weather.ghi_w_per_m2 is None
    assert "the values are for 310 m above sea level; the place lies at 100 m" in weather.notes


def test_a_gap_in_an_answer_is_an_error_that_names_the_hour_and_is_not_kept(web: Web) -> None:
    with WebService(with_gap) as stub:
        for _ in range(2):
            with pytest.raises(ConfigError, match=r"Open-Meteo, 2023-01-01 00:00Z: the dry bulb is missing here"):
                from_open_meteo(HERE, stub.url, web)
    assert len(stub.asked) == 2


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (as_json({"error": True, "reason": "Latitude must be in range of -90 to 90"}, 400), "400.*Latitude must be in"),
        (as_json({"message": "Location over the sea. Please, select another location"}, 400), "Location over the sea"),
        (as_json({"messages": ["The start date is after the end date."]}, 422), "The start date is after the end"),
        (Reply(b"<html>maintenance</html>"), "maintenance"),
        (as_json({"another": "service"}), "it is not what was asked for"),
    ],
)
def test_a_refusal_is_told_in_the_service_s_own_words_and_not_kept(
    service: tuple[Script, Fetch], web: Web, tmp_path: Path, reply: Reply, message: str
) -> None:
    _, fetch = service
    with WebService([reply]) as stub, pytest.raises(ServiceUnavailable, match=message):
        fetch(HERE, stub.url, web)
    assert list(tmp_path.iterdir()) == []


def test_a_typical_year_with_hours_missing_is_refused(web: Web) -> None:
    def short(asked: Asked) -> Reply:
        document = json.loads(answers.pvgis(asked).body)
        del document["outputs"]["tmy_hourly"][-1]
        return as_json(document)

    with WebService(short) as stub, pytest.raises(ServiceUnavailable, match="PVGIS answered 8759 hours"):
        from_pvgis(HERE, stub.url, web)


def test_a_service_that_cannot_be_reached_is_an_error_that_says_what_works_without(web: Web) -> None:
    with WebService(answers.open_meteo) as stub:
        url = stub.url
    with pytest.raises(ServiceUnavailable, match=r"Open-Meteo cannot be reached .* work without a network"):
        from_open_meteo(HERE, url, web)
