"""Hourly factors of services and files: their documented answers, their errors, gaps, clocks; and what stands in."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from dcfoot.errors import ConfigError, DataMissing, ServiceUnavailable
from dcfoot.factors.hourly import HOUR, HourlyFactors, Window
from dcfoot.grid import Boundary, Method
from dcfoot.reading import Basis
from dcfoot.sources.grid_hours import SOURCES, fetch_hours, service_zone, source
from dcfoot.sources.hourly_csv import read_hourly_csv
from dcfoot.web import Web
from simulated.grid_services import (
    KEYS,
    eia,
    electricity_maps_row,
    entsoe,
    entsoe_series,
    uk_row,
)
from simulated.grid_services import eia_row as row_of_eia
from simulated.grid_services import electricity_maps as maps
from simulated.grid_services import watttime as answer_of_watttime
from simulated.near import near
from simulated.web_service import Asked, Reply, Script, WebService, as_json

START = datetime(2023, 10, 29, tzinfo=UTC)
Fetch = Callable[..., HourlyFactors]


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(tmp_path / "cache", timeout_s=5.0, sleep=lambda _: None)


@pytest.fixture
def fetch(web: Web) -> Fetch:
    """Asks a stub of a service; the keys are set."""

    def ask(
        name: str,
        service: WebService,
        zone: str,
        boundary: Boundary,
        *,
        hours: int = 3,
        start: datetime = START,
        method: Method = Method.AVERAGE,
        environ: Mapping[str, str] = KEYS,
    ) -> HourlyFactors:
        window = Window(start, hours)
        return fetch_hours(name, zone, window, boundary, method=method, web=web, environ=environ, base_url=service.url)

    return ask


# Electricity Maps


def maps_row(index: int, value: float | None, *, estimated: bool = False) -> dict[str, object]:
    return electricity_maps_row(START + index * HOUR, value, estimated=estimated)


def test_electricity_maps_is_asked_for_the_family_and_answers_by_hour(fetch: Fetch) -> None:
    with WebService([maps(maps_row(0, 300), maps_row(1, 310), maps_row(2, 320, estimated=True))]) as service:
        series = fetch("electricity_maps", service, "DEU", Boundary.LIFE_CYCLE)
    (asked,) = service.asked
    assert asked.path == "/v3/carbon-intensity/past-range"
    assert asked.headers["auth-token"] == "em-s3cret"
    assert asked.parameters == {
        "zone": "DE",
        "start": "2023-10-29T00:00:00Z",
        "end": "2023-10-29T03:00:00Z",
        "emissionFactorType": "lifecycle",
    }
    assert series.g_per_kwh == near((300.0, 310.0, 320.0))
    assert (series.boundary, series.gas, series.method) == (Boundary.LIFE_CYCLE, "CO2e", Method.AVERAGE)
    assert series.estimated_ratio == near(1 / 3)
    assert series.basis is Basis.MODELLED
    assert series.source == "Electricity Maps, zone DE"


def test_electricity_maps_is_asked_in_parts_of_ten_days_and_each_is_kept(fetch: Fetch) -> None:
    def answer(asked: Asked) -> Reply:
        start, end = (datetime.fromisoformat(asked.parameters[name]) for name in ("start", "end"))
        hours = range(
            int((start - START) / HOUR), int((end - START) / HOUR) + 1
        )  # the end as well: as the service does
        return maps(*(maps_row(index, 100 + index) for index in hours))

    with WebService(answer) as service:
        series = fetch("electricity_maps", service, "DEU", Boundary.DIRECT, hours=600)
        again = fetch("electricity_maps", service, "DEU", Boundary.DIRECT, hours=600)
    assert len(service.asked) == 3
    assert series.g_per_kwh == near(tuple(100.0 + index for index in range(600)))
    assert again == series


def test_an_hour_that_electricity_maps_leaves_out_or_gives_as_null_is_not_known(fetch: Fetch) -> None:
    with WebService([maps(maps_row(0, 300), maps_row(2, None))]) as service:
        series = fetch("electricity_maps", service, "DEU", Boundary.DIRECT)
    assert series.g_per_kwh == (near(300.0), None, None)


def test_electricity_maps_offers_no_marginal_factors(fetch: Fetch) -> None:
    with (
        WebService([maps()]) as service,
        pytest.raises(ConfigError, match="offers average factors, not marginal"),
    ):
        fetch("electricity_maps", service, "DEU", Boundary.DIRECT, method=Method.MARGINAL)
    assert service.asked == []


# WattTime


def watttime(asked: Asked) -> Reply:
    """100 lb/MWh more in each hour."""
    return answer_of_watttime(asked, lambda at: 800.0 + (at - START) // HOUR * 100)


def test_watttime_gives_marginal_rates_in_grams_per_kilowatt_hour(fetch: Fetch) -> None:
    with WebService(watttime) as service:
        series = fetch("watttime", service, "US-CAMX", Boundary.DIRECT, method=Method.MARGINAL)
    assert [one.path for one in service.asked] == ["/login", "/v3/historical"]
    assert service.asked[1].parameters["signal_type"] == "co2_moer"
    assert service.asked[1].parameters["region"] == "CAISO_NORTH"
    # A pound is 453.59237 g: 800 lb/MWh is 362.873896 g/kWh.
    assert series.g_per_kwh == near((362.873896, 408.233133, 453.59237))
    assert (series.gas, series.method) == ("CO2", Method.MARGINAL)


def test_watttime_is_not_logged_into_for_what_is_kept(fetch: Fetch) -> None:
    with WebService(watttime) as service:
        first = fetch("watttime", service, "US-CAMX", Boundary.DIRECT, method=Method.MARGINAL)
        again = fetch("watttime", service, "US-CAMX", Boundary.DIRECT, method=Method.MARGINAL, environ={})
    assert len(service.asked) == 2
    assert again == first


def test_watttimes_average_is_another_signal_and_it_knows_no_life_cycle(fetch: Fetch) -> None:
    with WebService(watttime) as service:
        fetch("watttime", service, "US-CAMX", Boundary.DIRECT)
        assert service.asked[1].parameters["signal_type"] == "co2_aoer"
        with pytest.raises(ConfigError, match="offers direct factors, not life_cycle"):
            fetch("watttime", service, "US-CAMX", Boundary.LIFE_CYCLE)


def test_a_unit_that_watttime_does_not_document_is_not_guessed(fetch: Fetch) -> None:
    def other_unit(asked: Asked) -> Reply:
        reply = watttime(asked)
        return Reply(reply.body.replace(b"lbs_co2_per_mwh", b"percentile"), reply.status)

    with WebService(other_unit) as service, pytest.raises(ServiceUnavailable, match="percentile"):
        fetch("watttime", service, "US-CAMX", Boundary.DIRECT, method=Method.MARGINAL)


def test_a_wrong_password_is_told_with_the_names_of_the_variables(fetch: Fetch) -> None:
    keys = {**KEYS, "WATTTIME_PASSWORD": "wrong"}
    with (
        WebService(watttime) as service,
        pytest.raises(ServiceUnavailable, match="WATTTIME_USER and WATTTIME_PASSWORD"),
    ):
        fetch("watttime", service, "US-CAMX", Boundary.DIRECT, environ=keys)


# Great Britain


def british(index: int, actual: int | None, forecast: int | None = 266) -> dict[str, object]:
    return uk_row(START + index * HOUR / 2, actual, forecast)


def test_great_britain_gives_half_hours_and_a_forecast_is_marked_as_an_estimate(fetch: Fetch) -> None:
    # The half-hour that ends at the start comes too: it is not of the window.
    rows = [
        british(-1, 999),
        british(0, 200),
        british(1, 220),
        british(2, None),
        british(3, None, 270),
        british(4, None, None),
    ]
    with WebService([as_json({"data": rows})]) as service:
        series = fetch("uk_carbon_intensity", service, "GBR", Boundary.DIRECT, environ={})
    assert service.asked[0].path == "/intensity/2023-10-29T00:00Z/2023-10-29T03:00Z"
    assert series.g_per_kwh == (near(210.0), near(268.0), None)
    assert series.estimated_ratio == 0.5
    assert "losses of the grid included" in series.source


# EIA


def eia_row(index: int, fuel: str, megawatt_hours: float | str | None) -> dict[str, object]:
    return row_of_eia(START + index * HOUR, fuel, megawatt_hours)


def test_eia_gives_generation_of_which_intensities_are_made_hours_labelled_by_their_end(fetch: Fetch) -> None:
    rows = [eia_row(0, "COL", "100"), eia_row(0, "NUC", "300"), eia_row(1, "COL", "0"), eia_row(1, "NUC", "400")]
    rows += [eia_row(2, "COL", "400"), eia_row(2, "NUC", "0")]
    with WebService([eia(rows)]) as service:
        series = fetch("eia", service, "US-RFCW", Boundary.LIFE_CYCLE)
        direct = fetch("eia", service, "US-RFCW", Boundary.DIRECT)
    (asked,) = service.asked  # the second family is made of the same answer
    assert asked.path == "/v2/electricity/rto/fuel-type-data/data/"
    assert asked.parameters["facets[respondent][]"] == "PJM"
    assert (asked.parameters["start"], asked.parameters["end"]) == ("2023-10-29T01", "2023-10-29T03")
    assert asked.parameters["api_key"] == "eia-s3cret"
    # IPCC AR5 medians: coal 820 (direct 760), nuclear 12 (0).
    assert series.g_per_kwh == near(((100 * 820 + 300 * 12) / 400, 12.0, 820.0))
    assert direct.g_per_kwh == near((190.0, 0.0, 760.0))
    assert (series.gas, direct.gas) == ("CO2e", "CO2")


def test_eia_is_read_page_by_page(fetch: Fetch) -> None:
    rows = [eia_row(index, fuel, "100") for index in range(3) for fuel in ("COL", "NG", "WND")]

    def page(asked: Asked) -> Reply:
        offset = int(asked.parameters["offset"])
        return eia(rows[offset : offset + 4], total=len(rows))

    with WebService(page) as service:
        series = fetch("eia", service, "US-RFCW", Boundary.LIFE_CYCLE)
    assert [one.parameters["offset"] for one in service.asked] == ["0", "4", "8"]
    assert series.g_per_kwh == near(((820 + 490 + 11) / 3,) * 3)


def test_an_hour_in_which_much_of_the_mix_did_not_report_is_not_known(fetch: Fetch) -> None:
    rows = [eia_row(0, "COL", "100"), eia_row(0, "NUC", "300"), eia_row(1, "COL", "100"), eia_row(1, "NUC", None)]
    with WebService([eia(rows)]) as service:
        series = fetch("eia", service, "US-RFCW", Boundary.DIRECT, hours=2)
    assert series.g_per_kwh == (near(190.0), None)


def test_a_row_that_comes_twice_counts_once(fetch: Fetch) -> None:
    rows = [eia_row(0, "COL", "100"), eia_row(0, "NUC", "100"), eia_row(0, "COL", "100")]
    with WebService([eia(rows)]) as service:
        assert fetch("eia", service, "US-RFCW", Boundary.DIRECT, hours=1).g_per_kwh == near((380.0,))


# ENTSO-E

three_hours = partial(entsoe_series, start=START, hours=3)

ACKNOWLEDGEMENT = b"""<?xml version="1.0" encoding="UTF-8"?>
<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0"><mRID>1</mRID>
<Reason><code>999</code><text>No matching data found for Data item AGGREGATED_GENERATION_PER_TYPE</text></Reason>
</Acknowledgement_MarketDocument>"""


def test_entso_e_gives_generation_by_type_and_the_position_left_out_repeats_the_one_before(fetch: Fetch) -> None:
    nuclear = three_hours("B14", {1: 300.0})  # curve A03: the same in all three hours
    gas = three_hours("B04", {1: 100.0, 3: 0.0})
    with WebService([entsoe(nuclear, gas)]) as service:
        series = fetch("entsoe", service, "FRA", Boundary.LIFE_CYCLE)
    (asked,) = service.asked
    assert asked.path == "/api"
    assert asked.parameters == {
        "securityToken": "entsoe-s3cret",
        "documentType": "A75",
        "processType": "A16",
        "in_Domain": "10YFR-RTE------C",
        "periodStart": "202310290000",
        "periodEnd": "202310290300",
    }
    mixed = (300 * 12 + 100 * 490) / 400
    assert series.g_per_kwh == near((mixed, mixed, 12.0))


def test_entso_es_quarters_make_hours_types_of_one_fuel_add_and_pumping_is_no_generation(fetch: Fetch) -> None:
    quarters = {position: 100.0 + position for position in range(1, 13)}
    lignite, hard_coal = three_hours("B02", quarters, step="PT15M", curve="A01"), three_hours("B05", {1: 100.0})
    wind = three_hours("B19", {1: 200.0})
    pumping = three_hours("B10", {1: 5000.0}, consumed=True)
    with WebService([entsoe(lignite, hard_coal, wind, pumping)]) as service:
        series = fetch("entsoe", service, "FRA", Boundary.DIRECT)
    coal_mw = (100 + 102.5, 100 + 106.5, 100 + 110.5)
    assert series.g_per_kwh == near(tuple(760 * mw / (mw + 200) for mw in coal_mw))


def test_a_position_that_is_left_out_of_a_sequential_curve_is_not_known(fetch: Fetch) -> None:
    with WebService([entsoe(three_hours("B04", {1: 100.0, 3: 100.0}, curve="A01"))]) as service:
        assert fetch("entsoe", service, "FRA", Boundary.DIRECT).g_per_kwh == (near(370.0), None, near(370.0))


@pytest.mark.parametrize("status", [200, 400])
def test_hours_of_which_entso_e_has_nothing_are_not_known(fetch: Fetch, status: int) -> None:
    def answer(asked: Asked) -> Reply:
        first = asked.parameters["periodStart"] == "202310290000"
        return entsoe(three_hours("B04", {1: 100.0})) if first else Reply(ACKNOWLEDGEMENT, status)

    with WebService(answer) as service:
        series = fetch("entsoe", service, "FRA", Boundary.DIRECT, hours=31 * 24)
        assert series.g_per_kwh[:4] == (near(370.0), near(370.0), near(370.0), None)
        with pytest.raises(ServiceUnavailable, match="has nothing on 10YFR-RTE------C"):
            fetch("entsoe", service, "FRA", Boundary.DIRECT, start=START + timedelta(days=60))


@pytest.mark.parametrize("body", [b"<html>down", b"<GL_MarketDocument><TimeSeries/></GL_MarketDocument>", b""])
def test_what_entso_e_does_not_document_is_its_fault(fetch: Fetch, body: bytes) -> None:
    with (
        WebService([Reply(body)]) as service,
        pytest.raises(ServiceUnavailable, match="answers other than it documents"),
    ):
        fetch("entsoe", service, "FRA", Boundary.DIRECT)


def test_an_answer_that_cannot_be_read_is_not_kept_though_the_service_says_that_it_is_one(fetch: Fetch) -> None:
    for bad in (Reply(b"<html>down"), as_json({"error": "try again"})):
        with WebService([bad, maps(maps_row(0, 300), maps_row(1, 310), maps_row(2, 320))]) as service:
            with pytest.raises(ServiceUnavailable, match="Electricity Maps"):
                fetch("electricity_maps", service, "DEU", Boundary.DIRECT)
            assert fetch("electricity_maps", service, "DEU", Boundary.DIRECT).g_per_kwh == near((300.0, 310.0, 320.0))


# What holds for all of them

CASES = [
    ("electricity_maps", "DEU", Boundary.DIRECT, Method.AVERAGE, "ELECTRICITYMAPS_TOKEN"),
    ("watttime", "US-CAMX", Boundary.DIRECT, Method.MARGINAL, "WATTTIME_USER"),
    ("uk_carbon_intensity", "GBR", Boundary.DIRECT, Method.AVERAGE, ""),
    ("entsoe", "FRA", Boundary.DIRECT, Method.AVERAGE, "ENTSOE_API_KEY"),
    ("eia", "US-RFCW", Boundary.DIRECT, Method.AVERAGE, "EIA_API_KEY"),
]


def test_every_source_is_tried_here() -> None:
    assert tuple(case[0] for case in CASES) == SOURCES


@pytest.mark.parametrize(("name", "zone", "boundary", "method", "variable"), CASES)
@pytest.mark.parametrize("status", [401, 404, 429, 500])
def test_a_service_that_refuses_is_told_with_its_name_and_status(
    fetch: Fetch, name: str, zone: str, boundary: Boundary, method: Method, variable: str, status: int
) -> None:
    script: Script = [Reply(b"said s3cret: em-s3cret wt-s3cret eia-s3cret entsoe-s3cret", status)]
    with WebService(script) as service, pytest.raises(ServiceUnavailable) as raised:
        fetch(name, service, zone, boundary, method=method)
    message = str(raised.value)
    assert source(name).SERVICE.name in message
    assert f"HTTP {status}" in message
    own = KEYS.get("WATTTIME_PASSWORD" if name == "watttime" else variable, "no key at all")
    assert own not in message
    assert (variable in message) or status != 401
    assert len(service.asked) == (3 if status in {429, 500} else 1)


@pytest.mark.parametrize(("name", "zone", "boundary", "method", "variable"), CASES)
@pytest.mark.parametrize(
    "document", ["{}", '{"data": 5}', '{"data": [{}]}', '{"response": {"data": [{}], "total": "1"}}', '{"data": [5]}']
)
def test_an_answer_that_is_not_documented_is_the_services_fault(
    fetch: Fetch, name: str, zone: str, boundary: Boundary, method: Method, variable: str, document: str
) -> None:
    del variable

    def answer(asked: Asked) -> Reply:
        return as_json({"token": "t0ken"}) if asked.path == "/login" else Reply(document.encode())

    with WebService(answer) as service, pytest.raises(ServiceUnavailable):
        fetch(name, service, zone, boundary, method=method)


@pytest.mark.parametrize(("name", "zone", "boundary", "method", "variable"), [case for case in CASES if case[4]])
def test_a_key_that_is_not_set_is_named_before_anybody_is_asked(
    fetch: Fetch, name: str, zone: str, boundary: Boundary, method: Method, variable: str
) -> None:
    with WebService([as_json({})]) as service, pytest.raises(ConfigError, match=f"set {variable}"):
        fetch(name, service, zone, boundary, method=method, environ={})
    assert service.asked == []


def test_a_source_or_a_zone_that_is_not_known_is_told() -> None:
    with pytest.raises(ConfigError, match="Did you mean electricity_maps"):
        source("electricitymap")
    with pytest.raises(ConfigError, match="What EIA calls the grid of DEU is not known"):
        service_zone("eia", "DEU")


# Files


def written(folder: Path, text: str) -> Path:
    path = folder / "hours.csv"
    path.write_text(text, encoding="utf-8")
    return path


HEAD = "start,direct_g_per_kwh,life_cycle_g_per_kwh\n"


def test_a_file_holds_both_families_and_the_callers_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "2024-01-01T00:00Z,412,495.5\n2024-01-01T02:00+01:00,,501.2\n")
    direct = read_hourly_csv(path, "DEU", Boundary.DIRECT, gas="CO2")
    whole = read_hourly_csv(path, "DEU", Boundary.LIFE_CYCLE, gas="CO2e", source="our utility")
    assert direct.start == datetime(2024, 1, 1, tzinfo=UTC)
    assert direct.g_per_kwh == (near(412.0), None)
    assert whole.g_per_kwh == near((495.5, 501.2))
    assert (direct.source, whole.source) == ("the user's file hours.csv", "our utility")


def test_the_hour_that_clocks_repeat_is_two_rows_with_their_offsets(tmp_path: Path) -> None:
    rows = "2023-10-29T02:00+02:00,100,\n2023-10-29T02:00+01:00,200,\n2023-10-29T03:00+01:00,300,\n"
    series = read_hourly_csv(written(tmp_path, HEAD + rows), "DEU", Boundary.DIRECT, gas="CO2")
    assert series.g_per_kwh == near((100.0, 200.0, 300.0))


def faults(path: Path, boundary: Boundary = Boundary.DIRECT) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read_hourly_csv(path, "DEU", boundary, gas="CO2")
    return [line.removeprefix(f"{path}:") for line in str(raised.value).splitlines()]


def test_every_fault_of_a_file_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [
        "2024-01-01T00:00Z,400,",
        "2024-01-01T01:00,400,",
        "2024-01-01T01:00Z,four hundred,",
        "2024-01-01T04:00Z,400,",
        "2024-01-01T04:00Z,400,",
        "2024-01-01T05:30Z,400,",
        "yesterday,400,",
        "2024-01-01T05:00Z,-3,",
    ]
    found = faults(written(tmp_path, HEAD + "\n".join(rows) + "\n"))
    assert [line.split(":")[0] for line in found] == ["3", "4", "5", "6", "7", "8", "9"]
    assert "has no time zone" in found[0]
    assert "'four hundred' is not a number of grams" in found[1]
    assert "2 hours are missing before '2024-01-01T04:00Z'" in found[2]
    assert "comes again or too late" in found[3]
    assert "not the start of an hour" in found[4]
    assert "'yesterday' is not a time" in found[5]
    assert "'-3' is not a number of grams" in found[6]


def test_a_file_of_the_other_family_is_told_so(tmp_path: Path) -> None:
    path = written(tmp_path, "start,life_cycle_g_per_kwh\n2024-01-01T00:00Z,400\n")
    (fault,) = faults(path)
    assert (
        fault == "1: there is no column direct_g_per_kwh. It holds life_cycle_g_per_kwh: a factor of the other family."
    )


def test_a_column_that_is_nearly_right_is_offered(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, "start,direct_g_per_kw\n2024-01-01T00:00Z,400\n"))
    assert "Did you mean direct_g_per_kw?" in fault


@pytest.mark.parametrize(
    ("value", "boundary", "doubt"),
    [
        ("0.412", Boundary.LIFE_CYCLE, "is it in kg/kWh?"),
        ("0.412", Boundary.DIRECT, "is it in kg/kWh?"),
        ("412000", Boundary.DIRECT, "is it in another unit?"),
    ],
)
def test_a_slip_of_the_unit_shows_in_the_number(tmp_path: Path, value: str, boundary: Boundary, doubt: str) -> None:
    path = written(tmp_path, f"{HEAD}2024-01-01T00:00Z,{value},{value}\n")
    (fault,) = faults(path, boundary)
    assert doubt in fault


def test_a_file_that_is_cut_short_or_empty_is_told(tmp_path: Path) -> None:
    assert "2: the row is cut short" in faults(written(tmp_path, HEAD + "2024-01-01T00:00Z\n"))[0]
    assert "no hour is known" in faults(written(tmp_path, HEAD))[0]
    with pytest.raises(DataMissing, match="There is no file"):
        read_hourly_csv(tmp_path / "none.csv", "DEU", Boundary.DIRECT, gas="CO2")


def test_a_long_list_of_faults_ends(tmp_path: Path) -> None:
    found = faults(written(tmp_path, HEAD + "never,1,1\n" * 100))
    assert len(found) == 21
    assert found[-1].endswith("and 80 more")


def test_a_document_of_a_service_is_read_the_same_in_any_order(fetch: Fetch) -> None:
    rows = [maps_row(index, 100 + index) for index in range(3)]
    with WebService([as_json(json.loads(json.dumps({"data": rows[::-1]})))]) as service:
        assert fetch("electricity_maps", service, "DEU", Boundary.DIRECT).g_per_kwh == near((100.0, 101.0, 102.0))
