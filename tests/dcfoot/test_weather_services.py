"""Weather from services on the web, stood in for by a local server that gives their documented answers."""

import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.reading import Basis
from dcfoot.weather import Location, Weather, fetch_nasa_power, fetch_open_meteo, fetch_pvgis
from dcfoot.weather.service import Request, default_cache
from simulated.near import near
from simulated.weather_services import Answer, nasa_power, open_meteo, pvgis, serving

HERE = Location("here", 50.0, 8.0, 100.0, 1.0)
MUMBAI = Location("Mumbai", 19.1, 72.9, 11.0, 5.5)

Fetch = Callable[[Location, str, Path], Weather]

SERVICES: Mapping[str, tuple[Answer, Fetch]] = {
    "open-meteo": (open_meteo, lambda place, url, cache: fetch_open_meteo(place, 2023, url=url, cache=cache)),
    "nasa-power": (nasa_power, lambda place, url, cache: fetch_nasa_power(place, 2023, url=url, cache=cache)),
    "pvgis": (pvgis, lambda place, url, cache: fetch_pvgis(place, url=url, cache=cache)),
}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> tuple[Answer, Fetch]:
    return SERVICES[request.param]


def failing(status: int, content: object) -> Answer:
    return lambda _: (status, content)


def with_gap(parameters: Mapping[str, str]) -> tuple[int, object]:
    """Open-Meteo's answer without the temperature of its second day's first hour."""
    status, content = open_meteo(parameters)
    hourly = cast("dict[str, dict[str, list[float | None]]]", content)["hourly"]
    hourly["temperature_2m"][24] = None
    return status, content


def test_a_year_begins_and_ends_by_the_place_s_time(service: tuple[Answer, Fetch], tmp_path: Path) -> None:
    answer, fetch = service
    with serving(answer) as stub:
        weather = fetch(HERE, stub.url, tmp_path)
    assert weather.start == datetime(2022, 12, 31, 23, tzinfo=UTC)
    assert len(weather) == 8760
    # 23:00 UTC of a day of December, then 00:00 UTC of a day of January.
    assert weather.dry_bulb_c[:2].tolist() == near([24.2, 0.1])
    assert weather.dry_bulb_c[-1] == near(22 + 1.2)


def test_units_are_turned_into_ours(service: tuple[Answer, Fetch], tmp_path: Path) -> None:
    answer, fetch = service
    with serving(answer) as stub:
        weather = fetch(HERE, stub.url, tmp_path)
    assert weather.pressure_pa[0] == near(95_000.0)
    assert weather.wind_speed_m_per_s is not None
    assert weather.wind_speed_m_per_s[0] == near(4.0)
    assert np.all(weather.wet_bulb_c <= weather.dry_bulb_c)
    assert weather.basis is Basis.MODELLED


def test_an_answer_is_asked_for_once_and_then_read_from_the_disk(service: tuple[Answer, Fetch], tmp_path: Path) -> None:
    answer, fetch = service
    with serving(answer) as stub:
        first = fetch(HERE, stub.url, tmp_path)
        second = fetch(HERE, stub.url, tmp_path)
        fetch(MUMBAI, stub.url, tmp_path)
    assert len(stub.requests) == 2
    assert first.dry_bulb_c.tolist() == second.dry_bulb_c.tolist()


def test_half_an_hour_of_time_zone_begins_the_year_half_an_hour_early(tmp_path: Path) -> None:
    with serving(open_meteo) as stub:
        weather = fetch_open_meteo(MUMBAI, 2024, url=stub.url, cache=tmp_path)
    assert weather.start == datetime(2023, 12, 31, 18, tzinfo=UTC)
    assert len(weather) == 8784


def test_open_meteo_s_irradiance_is_moved_to_the_hour_that_it_is_the_mean_of(tmp_path: Path) -> None:
    with serving(open_meteo) as stub:
        weather = fetch_open_meteo(HERE, 2023, url=stub.url, cache=tmp_path)
    assert weather.ghi_w_per_m2 is not None
    # Stamped 12:00 UTC: the mean from 11:00 to 12:00 UTC, which begins at 12:00 of the place's time.
    assert np.flatnonzero(weather.ghi_w_per_m2)[0] == 12
    assert np.count_nonzero(weather.ghi_w_per_m2) == 365


def test_pvgis_irradiance_stays_at_its_hour(tmp_path: Path) -> None:
    with serving(pvgis) as stub:
        weather = fetch_pvgis(HERE, url=stub.url, cache=tmp_path)
    assert weather.ghi_w_per_m2 is not None
    assert np.flatnonzero(weather.ghi_w_per_m2)[0] == 13
    assert "SARAH3, 2005-2023" in weather.evidence[0].source


def test_nasa_power_s_missing_values_are_not_known_and_its_grid_s_elevation_is_noted(tmp_path: Path) -> None:
    with serving(nasa_power) as stub:
        weather = fetch_nasa_power(HERE, 2023, url=stub.url, cache=tmp_path)
    assert weather.ghi_w_per_m2 is None
    assert "the values are for 310 m above sea level; the place lies at 100 m" in weather.notes


def test_a_gap_in_an_answer_is_an_error_that_names_the_hour(tmp_path: Path) -> None:
    with serving(with_gap) as stub, pytest.raises(ConfigError, match=r"Open-Meteo, 2023-01-01 00:00Z: the dry bulb is"):
        fetch_open_meteo(HERE, 2023, url=stub.url, cache=tmp_path)


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (400, {"error": True, "reason": "Latitude must be in range of -90 to 90"}, r"refused .*400.*Latitude must be"),
        (400, {"message": "Location over the sea. Please, select another location"}, "Location over the sea"),
        (422, {"messages": ["The start date is after the end date."]}, "The start date is after the end date"),
        (404, {"odd": 1}, r"refused .*404.*odd"),
        (200, "<html>maintenance</html>", r"answered 200 OK, and no JSON"),
        (200, {"another": "service"}, "it is not what was asked for"),
    ],
)
def test_a_refusal_is_told_in_the_service_s_own_words_and_not_kept(
    service: tuple[Answer, Fetch], tmp_path: Path, status: int, content: object, message: str
) -> None:
    _, fetch = service
    with serving(failing(status, content)) as stub, pytest.raises(DataMissing, match=message):
        fetch(HERE, stub.url, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_with_a_gap_is_asked_for_again(tmp_path: Path) -> None:
    with serving(with_gap) as stub:
        for _ in range(2):
            with pytest.raises(ConfigError, match="missing"):
                fetch_open_meteo(HERE, 2023, url=stub.url, cache=tmp_path)
    assert len(stub.requests) == 2


def test_a_service_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    answers = [(503, {"reason": "busy"}), (200, {"fine": 1})]
    with serving(lambda _: answers.pop(0)) as stub:
        assert Request("busy", stub.url, {}, tmp_path).answer() == {"fine": 1}


def test_a_service_that_cannot_be_reached_is_an_error_that_says_what_works_without(tmp_path: Path) -> None:
    with serving(open_meteo) as stub:
        url = stub.url
    with pytest.raises(DataMissing, match=r"Open-Meteo does not answer .* work without a network"):
        fetch_open_meteo(HERE, 2023, url=url, cache=tmp_path)


def test_a_service_that_keeps_silent_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DataMissing, match="does not answer"):
            Request("silent", url, {}, tmp_path).answer(timeout_s=0.05)


def test_an_answer_that_was_not_written_to_its_end_is_asked_for_again(tmp_path: Path) -> None:
    with serving(failing(200, {"fine": 1})) as stub:
        request = Request("a", stub.url, {}, tmp_path)
        request.keep(request.answer())
        (kept,) = tmp_path.iterdir()
        kept.write_text('{"fine":')
        assert request.answer() == {"fine": 1}
    assert len(stub.requests) == 2


def test_a_cache_that_cannot_be_written_costs_nothing_but_the_next_request(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with serving(failing(200, {"fine": 1})) as stub:
        request = Request("a", stub.url, {}, tmp_path / "file")
        request.keep(request.answer())
        assert request.answer() == {"fine": 1}


def test_answers_are_kept_in_the_user_s_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "dcfoot" / "weather"
