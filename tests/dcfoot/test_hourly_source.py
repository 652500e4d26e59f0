"""A source of a grid's hours as a user names it: what is refused at once, what it gives, what stands in for it."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dcfoot.actual_hours import with_actual_hours
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.factors.hourly import HOUR, HourlyFactors, Window, constant
from dcfoot.factors.shapes import shaped
from dcfoot.grid import Boundary, Method, Resolution
from dcfoot.reading import Basis
from dcfoot.site import resolve_site
from dcfoot.site_hours import at_run
from dcfoot.sources.grid_hours import SOURCES, source
from dcfoot.sources.hourly_source import Found, HourlySource, found_within, hourly_source
from dcfoot.web import Web
from simulated.grid_services import KEYS, electricity_maps, electricity_maps_row, every_service
from simulated.near import near
from simulated.web_service import Reply, Script, WebService, as_json

START = datetime(2023, 10, 29, tzinfo=UTC)
GRIDS = {"electricity_maps": "de", "watttime": "us-camx", "uk_carbon_intensity": "gb", "entsoe": "fr", "eia": "us-rfcw"}
"""A place that each service serves."""

G_PER_LB = 453.59237
"""By definition of the international pound (NIST SP 811, appendix B.8)."""


def named(text: str) -> HourlySource:
    found = hourly_source(text)
    assert found is not None
    return found


def asked(text: str, service: WebService, place: str, web: Web | None = None) -> Found:
    environ = {**KEYS, "DCFOOT_HOURLY_URL": service.url}
    return named(text).hours(resolve_site(place), Window(START, 3), web=web, environ=environ)


def by_family(found: Found) -> dict[str, Sequence[float | None]]:
    return {f"{one.boundary} {one.gas} {one.method}": one.g_per_kwh for one in found.series}


# What a name means


@pytest.mark.parametrize("name", SOURCES)
def test_every_service_is_a_source_and_may_be_told_its_own_zone(name: str) -> None:
    assert named(name) == HourlySource(name)
    assert named(f"{name}:X-1") == HourlySource(name, "X-1")
    assert str(named(f"{name}:X-1")) == f"{name}:X-1"


def test_a_name_that_ends_in_csv_is_a_file_wherever_the_job_goes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(named("Hours.CSV")) == str(tmp_path / "Hours.CSV")


def test_shape_is_to_do_without() -> None:
    assert hourly_source("shape") is None


def test_any_other_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean entsoe\? There are electricity_maps, .+ ends in \.csv"):
        hourly_source("entso-e")


# What is refused before a job starts


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "uk_carbon_intensity"])
def test_a_key_that_is_missing_is_named(name: str) -> None:
    (variable, *_) = source(name).SERVICE.key_variables
    with pytest.raises(ConfigError, match=f"needs a key: set {variable}"):
        named(name).require(resolve_site(GRIDS[name]), {})


@pytest.mark.parametrize("name", SOURCES)
def test_a_grid_that_a_service_does_not_name_is_refused_unless_its_own_name_is_given(name: str) -> None:
    with pytest.raises(ConfigError, match=f"as in {name}:ZONE"):
        named(name).require(resolve_site("cn-guizhou"), KEYS)
    named(f"{name}:X-1").require(resolve_site("cn-guizhou"), KEYS)


def test_a_source_of_one_grid_needs_to_know_which(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say which by --site"):
        named("uk_carbon_intensity").require(resolve_site(), {})
    with pytest.raises(ConfigError, match="say which by --site"):
        named(str(tmp_path / "h.csv")).require(resolve_site(), {})


def test_a_file_is_judged_whole(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    with pytest.raises(DataMissing, match="There is no file"):
        named(str(path)).require(resolve_site("fr"))
    path.write_text("start,grams\n2024-01-01T00:00Z,5\n")
    with pytest.raises(ConfigError, match=r"h\.csv:1: there must be a column direct_g_per_kwh or life_cycle_g_per_kwh"):
        named(str(path)).require(resolve_site("fr"))
    path.write_text("start,direct_g_per_kwh\n2024-01-01T00:00Z,5\n2024-01-01T01:00Z,many\n")
    with pytest.raises(ConfigError, match=r"h\.csv:3: direct_g_per_kwh: 'many' is not a number"):
        named(str(path)).require(resolve_site("fr"))


# What it gives

COAL = every_service(lambda at: 0.25 if at < START + HOUR else 0.5)
"""A quarter of coal in the first hour, half in the others."""

MADE_OF_GENERATION: dict[str, tuple[float, ...]] = {
    # IPCC AR5 medians: coal 820 (direct 760), nuclear 12 (0).
    "direct CO2 average": (190.0, 380.0, 380.0),
    "life_cycle CO2e average": (820 / 4 + 12 * 3 / 4, 416.0, 416.0),
}
OF_COAL: dict[str, dict[str, tuple[float, ...]]] = {
    "electricity_maps": {
        "direct CO2e average": (250.0, 500.0, 500.0),
        "life_cycle CO2e average": (250.0, 500.0, 500.0),
    },
    "watttime": {
        "direct CO2 marginal": tuple(lb * G_PER_LB / 1000 for lb in (250, 500, 500)),
        "direct CO2 average": tuple(lb * G_PER_LB / 1000 for lb in (250, 500, 500)),
    },
    "uk_carbon_intensity": {"direct CO2 average": (250.0, 500.0, 500.0)},
    "entsoe": MADE_OF_GENERATION,
    "eia": MADE_OF_GENERATION,
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_service_gives_every_family_that_it_has(name: str) -> None:
    with WebService(COAL) as service:
        found = asked(name, service, GRIDS[name])
    assert found.warnings == ()
    assert by_family(found) == {family: near(values) for family, values in OF_COAL[name].items()}
    assert {one.zone for one in found.series} == {resolve_site(GRIDS[name]).grid_zone}


def test_the_licence_of_open_data_stands_in_the_evidence() -> None:
    with WebService(COAL) as service:
        (one,) = asked("uk_carbon_intensity", service, "gb").series
    assert one.evidence().licence == "CC BY 4.0"


def test_a_file_gives_the_hours_that_were_asked_for_of_both_families(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    rows = [f"2023-10-28T{hour:02}:00Z,{hour},{100 + hour}" for hour in range(22, 24)]
    rows += [f"2023-10-29T{hour:02}:00Z,{hour},{100 + hour}" for hour in range(6)]
    path.write_text("\n".join(["start,direct_g_per_kwh,life_cycle_g_per_kwh", *rows]))
    found = named(str(path)).hours(resolve_site("fr"), Window(START, 3))
    assert by_family(found) == {
        "direct CO2 average": near((0.0, 1.0, 2.0)),
        "life_cycle CO2e average": near((100.0, 101.0, 102.0)),
    }


def test_a_site_whose_file_names_no_grid_is_the_zone(tmp_path: Path) -> None:
    (tmp_path / "sites.toml").write_text("[sites.lab]\npue = 1.2\n")
    (tmp_path / "h.csv").write_text("start,direct_g_per_kwh\n2023-10-29T00:00Z,300\n")
    site = resolve_site("lab", user_sites=tmp_path / "sites.toml")
    (one,) = named(str(tmp_path / "h.csv")).hours(site, Window(START, 1)).series
    assert one.zone == "lab"


# What stands in


def test_an_hour_that_is_not_known_is_that_of_the_years_shape_or_the_family_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text("start,direct_g_per_kwh,life_cycle_g_per_kwh\n2023-10-29T00:00Z,50,60\n2023-10-29T01:00Z,,\n")
    site = resolve_site("fr")
    found = named(str(path)).hours(site, Window(START, 2))
    (yearly,) = [one for one in site.factors if one.boundary is Boundary.LIFE_CYCLE]
    assert by_family(found) == {
        "life_cycle CO2e average": (near(60.0), near(shaped(yearly, Window(START, 2)).g_per_kwh[1] or 0.0))
    }
    left_out, filled = found.warnings
    assert left_out.startswith("1 of 2 hours from 2023-10-29 00:00 to 2023-10-29 01:00 UTC are not known (direct CO2)")
    assert filled.startswith("1 of 2 hours are not known and were filled: Ember")


def test_a_file_of_other_hours_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text("start,life_cycle_g_per_kwh\n2024-01-01T00:00Z,60\n")
    found = named(str(path)).hours(resolve_site("fr"), Window(START, 2))
    assert found.series == ()
    assert "2 of 2 hours" in found.warnings[0]


def test_a_family_that_is_refused_leaves_the_others() -> None:
    def without_average(one: object) -> Reply:
        assert callable(COAL)
        reply = COAL(one)  # type: ignore[arg-type]
        return Reply(b"not in your plan", 403) if b"co2_aoer" in reply.body else reply

    with WebService(without_average) as service:
        found = asked("watttime", service, "us-camx")
    assert list(by_family(found)) == ["direct CO2 marginal"]
    assert "HTTP 403: not in your plan" in found.warnings[0]


def test_a_service_that_is_down_is_not_waited_for_twice(tmp_path: Path) -> None:
    with WebService([Reply(status=503)]) as service:
        found = asked("entsoe", service, "fr", Web(tmp_path, sleep=lambda _: None))
    assert len(service.asked) == 3
    assert found == Found((), ("ENTSO-E answers HTTP 503: nothing.",))


@pytest.mark.parametrize(
    "script",
    [
        [Reply(status=500)],
        [Reply(status=429)],
        [Reply(b"Invalid auth-token", 401)],
        [Reply(b"<html>")],
        [as_json({"data": []})],
    ],
    ids=["500", "429", "401", "not json", "nothing"],
)
def test_a_failing_service_leaves_nothing_but_a_warning(tmp_path: Path, script: Script) -> None:
    with WebService(script) as service:
        found = asked("electricity_maps", service, "de", Web(tmp_path, sleep=lambda _: None))
    assert found.series == ()
    assert found.warnings[0].startswith("Electricity Maps ")


def test_a_gap_that_only_another_gas_could_fill_leaves_the_family_out() -> None:
    # China's direct factor counts CO2; Electricity Maps counts CO2e: the two do not meet in one series.
    with WebService([electricity_maps(electricity_maps_row(START, 500))]) as service:
        found = asked("electricity_maps:CN", service, "cn")
    assert list(by_family(found)) == ["life_cycle CO2e average"]
    assert "2 of 3 hours from 2023-10-29 00:00 to 2023-10-29 02:00 UTC are not known (direct CO2e)" in found.warnings[0]


def test_what_is_kept_stands_in_for_a_service_that_is_down_and_says_so(tmp_path: Path) -> None:
    def web(hours: float) -> Web:
        return Web(tmp_path, sleep=lambda _: None, now=(START + hours * HOUR).timestamp)

    with WebService(COAL) as service:
        asked("entsoe", service, "fr", web(4))
    found = asked("entsoe", service, "fr", web(5))
    assert by_family(found) == {family: near(values) for family, values in OF_COAL["entsoe"].items()}
    assert found.warnings == ("ENTSO-E does not answer at present; what it said on 2023-10-29 04:00 UTC stands in.",)


def test_a_surprise_does_not_reach_the_receipt() -> None:
    class Broken(dict[str, str]):
        def get(self, *_: object) -> str:
            raise RuntimeError("surprise")

    found = named("entsoe").hours(resolve_site("fr"), Window(START, 3), environ=Broken())
    assert found == Found((), ("entsoe: RuntimeError: surprise.",))


def test_what_cannot_be_asked_is_a_warning_and_no_fault() -> None:
    found = named("entsoe").hours(resolve_site("fr"), Window(START, 1), environ={})
    assert found == Found((), ("ENTSO-E needs a key: set ENTSOE_API_KEY in the environment.",))


def test_nobody_waits_for_a_slow_service_and_its_answer_is_there_for_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)

    def slow(one: object) -> Reply:
        assert callable(COAL)
        return replace(COAL(one), delay_s=2.5)  # type: ignore[arg-type]

    site, window = resolve_site("gb"), Window(START, 2)
    with WebService(slow) as service:
        monkeypatch.setenv("DCFOOT_HOURLY_URL", service.url)
        began_s = time.monotonic()
        late = found_within(named("uk_carbon_intensity"), site, window, 0.2)
        assert time.monotonic() - began_s < 2.0
        time.sleep(3.0)
        again = found_within(named("uk_carbon_intensity"), site, window, 0.9)
        assert len(service.asked) == 1
    assert late == Found((), ("uk_carbon_intensity did not answer within 0.2 s.",))
    assert by_family(again) == {"direct CO2 average": near((250.0, 500.0))}


# Pricing


def series(*values: float | None) -> HourlyFactors:
    yearly = next(one for one in resolve_site("fr").factors if one.boundary is Boundary.LIFE_CYCLE)
    return replace(constant(yearly, Window(START, len(values)), Spread.exact(1.0)), g_per_kwh=values)


def test_a_run_is_priced_by_each_hour_as_long_as_it_lasts_in_it() -> None:
    # Half of the first hour, all of the second, a quarter of the third.
    start, end = START + HOUR / 2, START + 2 * HOUR + HOUR / 4
    assert series(100, 200, 400).mean_over(start, end) == near((0.5 * 100 + 200 + 0.25 * 400) / 1.75)
    assert series(100, 200, 400).mean_over(START + HOUR, START + HOUR) == near(200)


def test_a_mean_over_an_hour_that_is_not_known_is_not_known() -> None:
    assert series(100, None, 400).mean_over(START, START + 2 * HOUR) is None
    assert series(100, None, 400).mean_over(START, START + HOUR) == near(100)
    assert series(100).mean_over(START - timedelta(minutes=1), START + HOUR) is None
    assert series(100).mean_over(START, START + HOUR + timedelta(minutes=1)) is None


def test_actual_hours_take_the_place_of_typical_ones_and_new_families_stand_beside() -> None:
    site = at_run(resolve_site("fr"), START, START + HOUR)
    (typical,) = site.hourly_factors
    assert typical.resolution is Resolution.TYPICAL_HOURS
    direct = replace(series(70), boundary=Boundary.DIRECT, gas="CO2")
    priced = with_actual_hours(site, [series(50), direct], START, START + HOUR)
    assert [(one.boundary, one.gas, one.g_per_kwh.central) for one in priced.hourly_factors] == [
        (Boundary.LIFE_CYCLE, "CO2e", near(50)),
        (Boundary.DIRECT, "CO2", near(70)),
    ]
    assert {one.resolution for one in priced.hourly_factors} == {Resolution.ACTUAL_HOURS}
    assert priced.factors == site.factors
    beside = with_actual_hours(site, [direct], START, START + HOUR)
    assert beside.hourly_factors[0] == typical


def test_the_doubt_of_what_was_filled_is_that_of_both() -> None:
    known = replace(series(100, 100, 100, None), level=Spread(1, 0.9, 1.1))
    other = replace(series(80, 80, 80, 80), level=Spread(1, 0.5, 1.5), residual=Spread(1, 0.6, 1.8))
    filled = known.filled_by(other)
    assert (filled.level.p5, filled.level.p95) == (near(0.8), near(1.2))
    assert (filled.residual.p5, filled.residual.p95) == (near(0.9), near(1.2))
    assert filled.method is Method.AVERAGE
    assert filled.basis is Basis.DEFAULT
