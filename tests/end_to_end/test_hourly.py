"""``--hourly SOURCE`` through the real commands: a run, its receipt later, a site's page, `track()`; and what fails."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dcfoot.measurement import Machine, Measurement, RunState
from dcfoot.reading import Domain
from dcfoot.store import RunStore
from simulated.environ import unobserved
from simulated.grid_services import HOUR, KEYS, every_service
from simulated.measurements import energy, gpu, measurement
from simulated.near import near
from simulated.running import DCFOOT, Shell
from simulated.third_party import install_meter
from simulated.web_service import Asked, Reply, WebService

VALIDATOR: Any = Draft202012Validator(json.loads(files("dcfoot.receipt").joinpath("schema.json").read_text("utf-8")))
CANNOT_START, USAGE = 125, 2
G_PER_LB = 453.59237

PLACES = {
    "electricity_maps": "de",
    "watttime": "us-camx",
    "uk_carbon_intensity": "gb",
    "entsoe": "fr",
    "eia": "us-rfcw",
}

QUARTER_OF_COAL = {
    # IPCC AR5 medians: coal 820 (direct 760), nuclear 12 (0).
    "electricity_maps": {("location", "direct", "CO2e"): 250.0, ("location", "life_cycle", "CO2e"): 250.0},
    "watttime": {("marginal", "direct", "CO2"): 0.25 * G_PER_LB, ("location", "direct", "CO2"): 0.25 * G_PER_LB},
    "uk_carbon_intensity": {("location", "direct", "CO2"): 250.0},
    "entsoe": {("location", "direct", "CO2"): 190.0, ("location", "life_cycle", "CO2e"): 214.0},
    "eia": {("location", "direct", "CO2"): 190.0, ("location", "life_cycle", "CO2e"): 214.0},
}
"""Grams per kilowatt-hour by method, boundary and gas."""


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """With a meter that sees energy even of a short run, and every key."""
    return environ | KEYS | {"PYTHONPATH": str(install_meter(tmp_path / "meter"))}


@pytest.fixture
def service(environ: dict[str, str]) -> Generator[WebService]:
    """Every service, of a grid of a quarter of coal."""
    with WebService(every_service(lambda _: 0.25)) as service:
        environ["DCFOOT_HOURLY_URL"] = service.url
        yield service


def receipt(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "receipt.json").read_text())
    VALIDATOR.validate(found)
    return found


def actual_g_per_kwh(found: dict[str, Any]) -> dict[tuple[str, str, str], float]:
    """By method, boundary and gas: the carbon of the actual hours over the facility's energy."""
    energy_kwh = found["footprint"]["facility_energy_kwh"]["value"]
    return {
        (one["method"], one["boundary"], one["gas"]): one["hourly"]["value_g"] / energy_kwh
        for one in found["footprint"]["carbon"]
        if one["hourly"] and one["hourly"]["resolution"] == "actual_hours"
    }


def dcfoot(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*DCFOOT, *arguments], env=environ, capture_output=True, text=True, timeout=60, check=False)


# A run


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("name", PLACES)
def test_a_run_is_priced_by_the_hours_of_a_service_beside_the_year(shell: Shell, tmp_path: Path, name: str) -> None:
    options = ("--site", PLACES[name], "--hourly", name, "--receipt", "receipt.json")
    done = shell("true", options=options)
    assert done.returncode == 0
    found = receipt(tmp_path)
    assert actual_g_per_kwh(found) == {family: near(value) for family, value in QUARTER_OF_COAL[name].items()}
    for one in found["footprint"]["carbon"]:
        known = one["hourly"]
        assert one["year"] or (one["value_g"], one["source"]) == (known["value_g"], known["source"])
    assert any(one["year"] for one in found["footprint"]["carbon"])
    assert b", actual hours " in done.stderr
    sources = [one["what"] for one in found["sources"]]
    assert len([what for what in sources if what.endswith("at these hours")]) >= len(QUARTER_OF_COAL[name])


def test_a_run_of_chinas_grid_takes_the_hours_of_a_file(shell: Shell, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"{now + index * HOUR:%Y-%m-%dT%H:%MZ},611" for index in range(-1, 3)]
    (tmp_path / "hours.csv").write_text("\n".join(["start,direct_g_per_kwh", *rows]))
    shell("true", options=("--region", "贵州", "--hourly", "hours.csv", "--receipt", "receipt.json"))
    found = receipt(tmp_path)
    assert actual_g_per_kwh(found) == {("location", "direct", "CO2"): near(611)}
    (direct,) = [
        one for one in found["footprint"]["carbon"] if (one["method"], one["boundary"]) == ("location", "direct")
    ]
    assert direct["year"]
    assert direct["value_g"] != near(direct["hourly"]["value_g"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--country", "fr", "--hourly", "entsoe"), "ENTSO-E needs a key: set ENTSOE_API_KEY"),
        (("--country", "cn", "--hourly", "eia"), "EIA needs a key"),
        (("--country", "fr", "--hourly", "uk_carbon_intensity"), "calls the grid of FRA is not known"),
        (("--hourly", "uk_carbon_intensity"), "say which by --site, --country or --region"),
        (("--country", "fr", "--hourly", "entso"), "Did you mean entsoe?"),
        (("--country", "fr", "--hourly", "none.csv"), "There is no file"),
    ],
)
def test_what_cannot_work_is_said_before_the_job_starts(
    environ: dict[str, str], tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    for key in KEYS:
        del environ[key]
    done = Shell(environ, tmp_path)("touch", "started", options=options)
    assert (done.returncode, (tmp_path / "started").exists()) == (CANNOT_START, False)
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_a_configured_source_that_cannot_work_costs_a_warning(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["ENTSOE_API_KEY"]
    environ["DCFOOT_HOURLY"] = "entsoe"
    done = Shell(environ, tmp_path)("true", options=("--country", "fr", "--receipt", "receipt.json"))
    assert done.returncode == 0
    found = receipt(tmp_path)
    assert actual_g_per_kwh(found) == {}
    (warning,) = [one for one in found["warnings"] if "ENTSOE_API_KEY" in one]
    assert warning.startswith("The grid's actual hours are not known: ENTSO-E needs a key")
    assert warning.endswith("The yearly factor stands.")
    assert [one["hourly"]["resolution"] for one in found["footprint"]["carbon"]] == ["typical_hours"]


def test_a_configured_file_is_of_the_configured_place_only(environ: dict[str, str], tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"{now + index * HOUR:%Y-%m-%dT%H:%MZ},50" for index in range(-1, 3)]
    (tmp_path / "hours.csv").write_text("\n".join(["start,life_cycle_g_per_kwh", *rows]))
    (tmp_path / "dcfoot.toml").write_text('country = "FR"\nhourly = "hours.csv"\n')
    shell = Shell(environ, tmp_path)
    shell("true", options=("--receipt", "receipt.json"))
    assert actual_g_per_kwh(receipt(tmp_path)) == {("location", "life_cycle", "CO2e"): near(50)}
    shell("true", options=("--country", "de", "--receipt", "receipt.json"))
    assert actual_g_per_kwh(receipt(tmp_path)) == {}


def test_a_service_that_fails_leaves_the_jobs_status_and_the_year_with_a_warning(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with WebService([Reply(b"closed for today", 410)]) as service:
        environ["DCFOOT_HOURLY_URL"] = service.url
        options = ("--country", "fr", "--hourly", "entsoe", "--receipt", "receipt.json")
        done = Shell(environ, tmp_path)("sh", "-c", "exit 7", options=options)
    assert done.returncode == 7
    found = receipt(tmp_path)
    assert actual_g_per_kwh(found) == {}
    (warning,) = [one for one in found["warnings"] if "410" in one]
    assert warning == (
        "The grid's actual hours are not known: ENTSO-E answers HTTP 410: closed for today. The yearly factor stands."
    )


def test_somebody_who_will_not_wait_for_a_slow_service_has_the_receipt_at_once(
    environ: dict[str, str], tmp_path: Path
) -> None:
    reached = tmp_path / "reached"

    def slow(_: Asked) -> Reply:
        reached.touch()
        return Reply(b"{}", delay_s=20.0)

    with WebService(slow) as service:
        environ["DCFOOT_HOURLY_URL"] = service.url
        line = [*DCFOOT, "run", "--country", "gb", "--hourly", "uk_carbon_intensity", "--", "sh", "-c", "exit 5"]
        with subprocess.Popen(line, env=environ, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
            while not reached.exists():
                time.sleep(0.05)
            began_s = time.monotonic()
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=30)
            assert time.monotonic() - began_s < 5
    assert process.returncode == 5
    assert "uk_carbon_intensity did not answer" in " ".join(said.split())


def test_without_the_option_nothing_more_is_loaded(environ: dict[str, str]) -> None:
    line = [sys.executable, "-X", "importtime", *DCFOOT[1:], "run", "--country", "fr", "--", "true"]
    done = subprocess.run(line, env=unobserved(**environ), capture_output=True, text=True, timeout=60, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "dcfoot.site_hours" in loaded
    assert not {name for name in loaded if name.startswith(("dcfoot.sources", "dcfoot.actual_hours", "requests"))}
    assert not loaded & {"dcfoot.factors.hourly", "numpy"}


def test_a_file_needs_neither_the_network_nor_numpy(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "hours.csv").write_text("start,life_cycle_g_per_kwh\n2024-01-01T00:00Z,50\n")
    options = ("--country", "fr", "--hourly", str(tmp_path / "hours.csv"))
    line = [sys.executable, "-X", "importtime", *DCFOOT[1:], "run", *options, "--", "true"]
    done = subprocess.run(line, env=unobserved(**environ), capture_output=True, text=True, timeout=60, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "dcfoot.sources.hourly_csv" in loaded
    assert not loaded & {"requests", "numpy", "pandas"}


# Later


def kept(environ: dict[str, str], start: datetime, hours: float, **changes: object) -> Measurement:
    """A run of 1 kWh at a GPU that ended."""
    seconds = hours * 3600
    processors = energy(gpu("package-0", domain=Domain.PACKAGE), 1.8e6, 1.0, seconds)
    made = measurement("20231029T003000-aaaaaa", seconds, energy(gpu(), 3.6e6, 1.0, seconds), processors)
    end = start + timedelta(hours=hours)
    done = replace(made, started_at=start, ended_at=end, state=RunState.COMPLETE, exit_status=0)
    done = replace(done, machine=Machine("AMD EPYC 7763", 1, 128, 256.0), **changes)  # type: ignore[arg-type]
    RunStore(Path(environ["DCFOOT_DATA_DIR"])).create(done).finish(done)
    return done


MIDNIGHT = datetime(2023, 10, 29, tzinfo=UTC)


def by_the_hour(at: datetime) -> float:
    """A tenth of coal more in each hour."""
    return 0.1 + (at - MIDNIGHT) // HOUR / 10


def test_a_kept_run_is_priced_hour_by_hour_over_its_own_hours(environ: dict[str, str]) -> None:
    kept(environ, MIDNIGHT + HOUR / 2, 2.0, site_id="de")
    with WebService(every_service(by_the_hour)) as service:
        environ["DCFOOT_HOURLY_URL"] = service.url
        shown = dcfoot(environ, "show", "last", "--hourly", "electricity_maps", "--json")
        again = dcfoot(environ, "show", "last", "--hourly", "electricity_maps", "--json")
    assert shown.stdout == again.stdout
    assert len(service.asked) == 2  # a family each, and none the second time: hours that are settled are kept
    # Half an hour at 100, an hour at 200, half an hour at 300.
    assert actual_g_per_kwh(json.loads(shown.stdout)) == {
        ("location", "direct", "CO2e"): near(200),
        ("location", "life_cycle", "CO2e"): near(200),
    }


def test_show_asks_the_source_that_a_run_was_started_with_unless_told_otherwise(
    environ: dict[str, str], service: WebService
) -> None:
    kept(environ, MIDNIGHT, 1.0, site_id="fr", hourly="entsoe")
    for options, expected in (
        ((), QUARTER_OF_COAL["entsoe"]),
        (("--hourly", "electricity_maps"), QUARTER_OF_COAL["electricity_maps"]),
        (("--hourly", "shape"), {}),
    ):
        shown = dcfoot(environ, "show", "last", "--json", *options)
        assert actual_g_per_kwh(json.loads(shown.stdout)) == {family: near(g) for family, g in expected.items()}
    assert {asked.path for asked in service.asked} == {"/api", "/v3/carbon-intensity/past-range"}


def test_what_show_is_told_and_cannot_do_is_a_usage_error(environ: dict[str, str], tmp_path: Path) -> None:
    kept(environ, MIDNIGHT, 1.0, site_id="cn")
    refused = dcfoot(environ, "show", "last", "--hourly", "eia")
    assert (refused.returncode, refused.stdout) == (USAGE, "")
    assert "What EIA calls the grid of CHN is not known" in refused.stderr
    (tmp_path / "r.json").write_text("{}")
    assert "whose site is settled" in dcfoot(environ, "show", str(tmp_path / "r.json"), "--hourly", "eia").stderr


def test_a_kept_source_that_is_gone_is_a_warning(environ: dict[str, str], tmp_path: Path) -> None:
    kept(environ, MIDNIGHT, 1.0, site_id="fr", hourly=str(tmp_path / "gone.csv"))
    shown = dcfoot(environ, "show", "last", "--json")
    assert shown.returncode == 0
    assert any("There is no file" in warning for warning in json.loads(shown.stdout)["warnings"])


@pytest.mark.usefixtures("service")
@pytest.mark.parametrize("form", ["", "--markdown", "--html"])
def test_every_rendering_tells_actual_hours_from_typical_ones(environ: dict[str, str], form: str) -> None:
    kept(environ, MIDNIGHT, 1.0, site_id="fr")
    options = [form] if form else []
    actual = dcfoot(environ, "show", "last", "--hourly", "entsoe", *options).stdout
    assert "CO2e life cycle, actual hours" in actual
    assert "CO2 direct, actual hours" in actual
    assert "by the hour" not in actual
    assert "实际时段" in dcfoot(environ, "show", "last", "--hourly", "entsoe", "--lang", "zh", *options).stdout
    assert "CO2e life cycle, by the hour" in dcfoot(environ, "show", "last", *options).stdout


# A site's page


@pytest.mark.usefixtures("service")
def test_a_sites_page_has_the_last_years_hours_by_month_and_hour_of_the_day(environ: dict[str, str]) -> None:
    shown = dcfoot(environ, "sites", "fr", "--hourly", "entsoe").stdout
    last = datetime.now(UTC).year - 1
    assert f"The grid's hours, {last}-01-01 00:00 to {last}-12-31 23:00 UTC" in shown
    lines = [line.split() for line in shown.splitlines() if line.startswith("life_cycle CO2e ")]
    assert lines == [["life_cycle", "CO2e", *["214"] * 13], ["life_cycle", "CO2e", *["214"] * 10]]


@pytest.mark.usefixtures("service")
def test_a_sites_year_is_priced_by_the_hours_that_were(environ: dict[str, str]) -> None:
    found = json.loads(dcfoot(environ, "sites", "aws-eu-west-1", "--hourly", "entsoe:X", "--json").stdout)
    grams = {name: value for month in found["year"]["months"] for name, value in month["g_per_it_kwh"].items()}
    december = found["year"]["months"][11]
    assert grams["life_cycle CO2e, average"] == near(214.0 * december["pue"], abs=0.02)
    assert {one["boundary"] for one in found["grid"]["families"]} == {"direct", "life_cycle"}
    assert all(one["months_g_per_kwh"] == near([one["mean_g_per_kwh"]] * 12) for one in found["grid"]["families"])
    assert any("ENTSO-E, zone X" in one["source"] for one in found["year"]["evidence"])


def test_a_sites_page_takes_the_hours_of_a_file_and_lays_them_on_the_calendar(
    environ: dict[str, str], tmp_path: Path
) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [f"{start + index * HOUR:%Y-%m-%dT%H:%MZ},{(start + index * HOUR).month * 10}" for index in range(8784)]
    (tmp_path / "hours.csv").write_text("\n".join(["start,direct_g_per_kwh", *rows]))
    options = ("--hourly", str(tmp_path / "hours.csv"), "--json")
    found = json.loads(dcfoot(environ, "sites", "ie_dublin", *options).stdout)
    (family,) = found["grid"]["families"]
    assert family["months_g_per_kwh"] == near([10.0 * month for month in range(1, 13)])
    july = found["year"]["months"][6]
    assert july["g_per_it_kwh"]["direct CO2, average"] == near(70.0 * july["pue"], rel=1e-3)
    (evidence,) = [one for one in found["year"]["evidence"] if "hours.csv" in one["source"]]
    assert evidence["source"].endswith("hours of 2024")


def test_a_page_without_the_service_has_the_warning_and_the_rest(environ: dict[str, str]) -> None:
    with WebService([Reply(b"closed", 410)]) as service:
        environ["DCFOOT_HOURLY_URL"] = service.url
        shown = dcfoot(environ, "sites", "fr", "--hourly", "entsoe")
    assert shown.returncode == 0
    assert "! ENTSO-E answers HTTP 410: closed." in shown.stdout
    assert "Ember" in shown.stdout


def test_a_page_is_refused_what_it_cannot_have(environ: dict[str, str]) -> None:
    assert "--hourly: name one site" in dcfoot(environ, "sites", "--hourly", "eia").stderr
    refused = dcfoot(environ, "sites", "fr", "--hourly", "eia")
    assert (refused.returncode, "as in eia:ZONE" in refused.stderr) == (USAGE, True)


# Inside a program

TRACKED = """
import json, sys, time, dcfoot
with dcfoot.track("job", country="fr", hourly={hourly!r}, receipt="receipt.json", interval_s=0.1) as run:
    time.sleep(0.3)
    early = run.receipt()
    sum(range(2_000_000))
late = run.receipt()
json.dump([early, json.load(open("receipt.json")), late], sys.stdout)
"""

Track = Callable[[object], tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]


@pytest.fixture
def track(environ: dict[str, str], tmp_path: Path) -> Track:
    """Runs a program that tracks itself; its receipt while it lasts, that of its end, and that asked for after it."""

    def call(hourly: object) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        line = [sys.executable, "-c", TRACKED.format(hourly=hourly)]
        done = subprocess.run(line, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        early, at_end, late = json.loads(done.stdout)
        return early, at_end, late

    return call


def test_track_asks_nobody_while_the_job_goes_on_and_the_receipt_after_it_does(
    track: Track, service: WebService, environ: dict[str, str]
) -> None:
    early, at_end, late = track("entsoe")
    for made in (early, at_end):
        assert actual_g_per_kwh(made) == {}
        assert any("are asked for when the job has ended" in warning for warning in made["warnings"])
    assert actual_g_per_kwh(late) == {family: near(value) for family, value in QUARTER_OF_COAL["entsoe"].items()}
    assert len(service.asked) == 1
    shown = json.loads(dcfoot(environ, "show", "last", "--json").stdout)
    assert actual_g_per_kwh(shown) == {family: near(value) for family, value in QUARTER_OF_COAL["entsoe"].items()}


def test_track_takes_a_file_at_once(track: Track, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"{now + index * HOUR:%Y-%m-%dT%H:%MZ},50" for index in range(-1, 3)]
    (tmp_path / "hours.csv").write_text("\n".join(["start,life_cycle_g_per_kwh", *rows]))
    for made in track("hours.csv"):
        assert actual_g_per_kwh(made) == {("location", "life_cycle", "CO2e"): near(50)}


@pytest.mark.parametrize("hourly", ["entso", 5, "none.csv", "eia"])
def test_a_source_that_track_cannot_use_is_a_warning(track: Track, hourly: object) -> None:
    early, _, late = track(hourly)
    for made in (early, late):
        assert any("no source of the grid's hours was used" in warning for warning in made["warnings"])
        assert actual_g_per_kwh(made) == {}


def test_the_settings_name_a_source_and_are_checked(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "dcfoot.toml").write_text('country = "FR"\nhourly = "entso"\n')
    environ["DCFOOT_CONFIG"] = str(tmp_path / "dcfoot.toml")
    refused = dcfoot(environ, "config", "validate")
    assert (refused.returncode, "dcfoot.toml:2: hourly: No source of hourly" in refused.stderr) == (USAGE, True)
    environ["DCFOOT_HOURLY"] = "entsoe"
    assert dcfoot(environ, "config", "validate").returncode == 0
    del environ["ENTSOE_API_KEY"]
    assert "set ENTSOE_API_KEY" in dcfoot(environ, "config", "validate").stderr
    assert os.environ.get("DCFOOT_HOURLY") is None
