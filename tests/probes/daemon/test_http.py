"""The daemon's HTTP without a socket: who may ask, what is told of a snapshot and of a window."""

import base64
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from math import fsum
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dcfoot.errors import ConfigError
from dcfoot.reading import Channel, Domain
from dcfoot.serving import HEADERS, Reply, Request
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.http import history
from dcfoot_probes.daemon.http.door import Door
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.replies import FILES, ROUTES, reply
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.store import FrameReader
from dcfoot_probes.daemon.words import Split, StoreState, Unit, UnitKind
from simulated.frames import GPUS, JOB, Open, at_ns, frame, step
from simulated.near import near
from simulated.serving import Steady
from simulated.snapshots import PERSONAL, snapshot, with_instance, with_wall

TOKEN = "sixteen-letters-and-more"  # noqa: S105 (of a test)
LOCAL = {"host": "127.0.0.1:8376"}
SOURCES = Sources(snapshot, Steady, utc_ns=lambda: snapshot().utc_ns)
OPENAPI: Any = json.loads(files("dcfoot_probes.daemon.http").joinpath("openapi.json").read_text())


def asked(
    path: str, sources: Sources = SOURCES, method: str = "GET", door: Door | None = None, **headers: str
) -> Reply:
    path, _, query = path.partition("?")
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return reply(Request(method, path, query, LOCAL | sent), door or Door(), sources)


def told(path: str, sources: Sources = SOURCES) -> Any:  # noqa: ANN401 (whatever JSON holds)
    answer = asked(path, sources)
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def basic(password: str) -> str:
    return "Basic " + base64.b64encode(f"anybody:{password}".encode()).decode()


@pytest.mark.parametrize("path", [*FILES, *ROUTES])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},  # DNS rebinding: a name of theirs that leads here
        {"host": "127.0.0.1.evil.example:8376"},
        {"host": "[::1"},
        {"host": ""},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9000"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
    ],
)
def test_a_page_of_elsewhere_is_refused(path: str, headers: dict[str, str]) -> None:
    assert reply(Request("GET", path, "", LOCAL | headers), Door(), SOURCES).status == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8376", "localhost:9999", "[::1]:8376", "127.0.0.2"])
def test_whoever_asks_for_loopback_is_answered_through_a_tunnel_too(host: str) -> None:
    assert asked("/api/v1/now", host=host, origin=f"http://{host}").status == 200


def test_a_link_to_the_page_may_stand_anywhere() -> None:
    assert asked("/", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status == 200


@pytest.mark.parametrize("given", ["", TOKEN, "Bearer", f"Bearer {TOKEN}x", basic("x"), "Basic !", f"Digest {TOKEN}"])
def test_without_the_token_nothing_is_told(given: str) -> None:
    answer = asked("/metrics", door=Door("https", TOKEN), authorization=given)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(TOKEN)])
def test_with_the_token_whoever_asks_is_answered_by_any_name_of_the_machine(given: str) -> None:
    assert asked("/metrics", door=Door("https", TOKEN), host="node7:8376", authorization=given).status == 200


def test_whether_it_lives_is_told_without_the_token() -> None:
    assert asked("/healthz", door=Door("https", TOKEN), host="10.0.0.7:8376").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"])
@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/now"])
def test_nothing_can_be_written(method: str, path: str) -> None:
    answer = asked(path, method=method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/nothing", "/../door.py", "/page/page.html", "//", "", "*", "/metrics/"])
def test_there_is_nothing_else(path: str) -> None:
    assert asked(path).status == 404


@pytest.mark.parametrize(
    "query",
    ["start_s=x", "start_s=-1", "step_s=0", "most=1001", "end_s=9000000001", "year=1", "most=1&most=2", "=", "&"],
)
def test_a_question_that_there_is_not_is_told(query: str) -> None:
    answer = asked(f"/api/v1/power?{query}")
    assert answer.status == 400
    assert len(json.loads(answer.body)["said"]) > 20


def test_where_nothing_is_kept_the_reason_is_told() -> None:
    answer = asked("/api/v1/energy", Sources(snapshot))
    assert answer.status == 503
    assert "/api/v1/now" in json.loads(answer.body)["said"]


def test_now_is_what_the_snapshot_holds() -> None:
    known, now = snapshot(), told("/api/v1/now")
    assert now["started_at"] == "2025-10-09T08:53:20.000Z"  # 1 760 000 000 s after 1970
    assert [one["power_w"] for one in now["channels"]] == [one.power_w for one in known.channels]
    assert now["ladder"]["power_w"]["facility"] == {
        "value": 1163.75,
        "p5": 581.875,
        "p95": 1745.625,
        "basis": "default",
    }
    assert {name for name, one in now["probes"].items() if not one["up"]} == {"acpi_power_meter"}
    whole_j = fsum(one["energy_j"] for one in now["channels"])
    rest_j = fsum(one["idle_j"] + one["unattributed_j"] for one in now["channels"])
    assert fsum(one["energy_j"] for one in now["units"]) + rest_j == near(whole_j, rel=1e-8)


def test_what_is_divided_lies_in_no_other_but_the_node() -> None:
    known = with_wall(with_instance(snapshot(1)))
    now = told("/api/v1/now", replace(SOURCES, snapshot=lambda: known))
    found = {one["domain"]: (one["nested"], one["divided"]) for one in now["channels"]}
    in_node, in_gpu, wall = (True, True), (True, False), (False, False)
    assert found == {"gpu": in_node, "package": in_node, "dram": in_node, "gpu_instance": in_gpu, "node": wall}
    whole_j = sum(one["energy_j"] for one in now["channels"] if one["divided"])
    rest_j = sum(one["idle_j"] + one["unattributed_j"] for one in now["channels"] if one["divided"])
    assert sum(one["energy_j"] for one in now["units"]) + rest_j == near(whole_j, rel=1e-8)


def test_an_instance_of_a_gpu_that_nobody_is_known_to_have_had_adds_nothing_to_its_unit() -> None:
    known = with_instance(snapshot(1, 1))
    instance = known.channels[-1].meter.channel
    [owner] = known.units
    alone = replace(known, units=[owner._replace(energy_j={instance: 4000.0})])
    assert [one["energy_j"] for one in told("/api/v1/now", replace(SOURCES, snapshot=lambda: alone))["units"]] == [0.0]


def test_waste_is_told_with_what_it_came_to_and_whose_it_was() -> None:
    known, waste = snapshot().waste, told("/api/v1/now")["waste"]
    assert (waste["carbon"], waste["currency"]) == ({"method": "location", "boundary": "direct", "gas": "CO2"}, "EUR")
    [total] = waste["totals"]
    assert (total["kind"], total["energy_kwh"], total["power_w"]) == ("allocated_idle", 0.0625, 256.0)
    assert (total["carbon_g"]["value"], total["water_l"]["value"], total["cost"]["value"]) == (32.0, 0.125, 0.015625)
    now, earlier = waste["findings"]
    assert [(unit["kind"], unit["id"]) for unit in now["units"]] == [("slurm_job", "1000")]
    assert (now["is_over"], earlier["is_over"], earlier["cost"]) == (False, True, None)
    assert now["device"] == known.findings[0].device


def test_what_is_not_known_is_null() -> None:
    known = snapshot()
    bare = replace(known, ladder=None, channels=[known.channels[0]._replace(power_w=None)])
    now = told("/api/v1/now", replace(SOURCES, snapshot=lambda: bare))
    assert (now["ladder"], now["channels"][0]["power_w"]) == (None, None)


@pytest.mark.parametrize("path", ["/api/v1/now", "/api/v1/units", "/metrics"])
def test_names_leave_the_host_only_where_they_were_asked_for(path: str) -> None:
    assert PERSONAL.encode() not in asked(path).body
    assert b'"user_id"' not in asked(path).body
    named = asked(path, replace(SOURCES, names=True)).body
    assert (PERSONAL.encode() in named) is (path != "/metrics")


def test_without_names_all_users_are_one_and_no_number_of_theirs_is_told(tmp_path: Path, open_store: Open) -> None:
    users = [Unit(UnitKind.USER, f"10203{n}", "ada", 102030 + n) for n in range(3)]
    known = snapshot(2, 3)
    finding = known.waste.findings[0]._replace(units=(*users, known.units[0].unit))
    known = replace(
        known,
        units=[*(one._replace(unit=user) for one, user in zip(known.units, users, strict=True)), *snapshot(2, 1).units],
        waste=known.waste._replace(findings=[finding]),
    )
    store = open_store(tmp_path / "frames.sqlite")
    split = {GPUS[0]: Split({users[0]: 0.25, users[1]: 0.25, JOB: 0.125}, 0.25, 0.125)}
    store.add(frame(0, 320.0, splits=split))
    store.close()
    sources = replace(SOURCES, snapshot=lambda: known, reader=lambda: FrameReader(tmp_path / "frames.sqlite"))
    window = f"start_s={at_ns(0) // NS_PER_S}&end_s={at_ns(60) // NS_PER_S}"
    for path in ("/api/v1/now", f"/api/v1/units?{window}", "/metrics"):
        assert b"10203" not in asked(path, sources).body
    now, shares = told("/api/v1/now", sources), told(f"/api/v1/units?{window}", sources)
    (together,) = [one for one in now["units"] if one["kind"] == "user"]
    assert (together["id"], together["power_w"]) == (
        "users",
        near(sum(one.power_w for one in known.units[:3]), rel=1e-6),
    )
    assert [unit["id"] for unit in now["waste"]["findings"][0]["units"]] == ["users", "1000"]
    assert {one["id"]: one["energy_j"] for one in shares["units"]} == {"users": 160.0, "4711": 40.0}
    named = told("/api/v1/now", replace(sources, names=True))
    assert {one["id"] for one in named["units"] if one["kind"] == "user"} == {user.id for user in users}


def test_an_event_is_one_line_with_the_units_that_draw_the_most() -> None:
    many = replace(SOURCES, snapshot=lambda: snapshot(8, 100))
    assert b"\n" not in many.event()
    now = json.loads(many.event())
    assert (len(now["units"]), now["units_count"]) == (50, 100)


def test_power_has_its_gaps_and_its_step_is_widened_rather_than_refused() -> None:
    line = told("/api/v1/power?start_s=600&end_s=1200&domain=gpu&device=GPU-0001")
    assert line["step_s"] == 60
    assert [one["device"] for one in line["channels"]] == ["GPU-0001"]
    assert line["channels"][0]["mean_w"] == [257.0, 257.0, 257.0, 257.0, None] * 2
    assert line["channels"][0]["start_s"][:2] == [600, 660]
    month_s = 30 * 86_400
    assert told(f"/api/v1/power?start_s=0&end_s={month_s}&step_s=1")["step_s"] == 2_640  # 2592, in whole minutes
    assert told(f"/api/v1/power?start_s=0&end_s={12 * month_s}&step_s=1")["step_s"] == 9 * 3_600  # 31104
    assert len(told(f"/api/v1/power?start_s=0&end_s={history.LAST_S}")["channels"][0]["mean_w"]) <= 1_001


def test_by_default_the_last_hour_is_told() -> None:
    window = told("/api/v1/energy")
    assert (window["start_s"], window["end_s"]) == (1_760_000_000, 1_760_003_600)
    assert {one["device"]: one["energy_j"] for one in window["channels"]}["package-0"] == 128 * 3600


@pytest.mark.parametrize("most", [1, 3, 100])
def test_parts_add_up_to_each_channel_however_few_units_are_told(most: int) -> None:
    window = told(f"/api/v1/units?most={most}")
    whole = {one["device"]: one["energy_j"] for one in told("/api/v1/energy")["channels"]}
    rest = {one["device"]: one["idle_j"] + one["unattributed_j"] + one["others_j"] for one in window["channels"]}
    for unit in window["units"]:
        for part in unit["channels"]:
            rest[part["device"]] += part["energy_j"]
    assert len(window["units"]) == min(most, 3)
    assert rest == near(whole, rel=1e-12)


def two_minutes(path: Path, open_store: Open) -> Sources:
    """A real store with two minutes of 300 W: half a job's, a quarter idle, a quarter nobody's."""
    store = open_store(path)
    split = {GPUS[0]: Split({JOB: 0.5}, 0.25, 0.25)}
    for second in range(120):
        store.add(frame(second, 300.0, splits=split))
    store.close()
    return replace(SOURCES, reader=lambda: FrameReader(path))


def test_what_a_real_store_kept_is_told(tmp_path: Path, open_store: Open) -> None:
    sources = two_minutes(tmp_path / "frames.sqlite", open_store)
    window = f"start_s={at_ns(0) // NS_PER_S}&end_s={at_ns(120) // NS_PER_S}"
    (line,) = told(f"/api/v1/power?{window}", sources)["channels"]
    assert line["mean_w"] == [300.0, 300.0]
    (whole,) = told(f"/api/v1/energy?{window}", sources)["channels"]
    assert (whole["energy_j"], whole["covered_s"]) == (36_000.0, 120.0)
    shares = told(f"/api/v1/units?{window}", sources)
    assert [(one["id"], one["energy_j"]) for one in shares["units"]] == [("4711", 18_000.0)]
    assert (shares["channels"][0]["idle_j"], shares["channels"][0]["unattributed_j"]) == (9_000.0, 9_000.0)


def test_beside_a_meter_of_the_whole_node_units_have_the_energy_of_what_is_divided(
    tmp_path: Path, open_store: Open
) -> None:
    instance, wall = Channel("gpu01", Domain.GPU_INSTANCE, "MIG-1"), Channel("gpu01", Domain.NODE, "wall")
    store = open_store(tmp_path / "frames.db")
    steps = {GPUS[0]: step(300.0), instance: step(200.0), wall: step(1000.0)}
    store.add(frame(0, steps, splits={GPUS[0]: Split({JOB: 0.5}, 0.5, 0.0), instance: Split({JOB: 0.75}, 0.25, 0.0)}))
    store.close()
    sources = replace(SOURCES, reader=lambda: FrameReader(tmp_path / "frames.db"))
    [unit] = told(f"/api/v1/units?start_s={at_ns(0) // NS_PER_S}&end_s={at_ns(1) // NS_PER_S}", sources)["units"]
    assert unit["energy_j"] == near(150.0)


@pytest.mark.parametrize(("first_s", "last_s"), [(0, 120), (7, 8), (59, 61), (3, 26), (119, 300), (-50, 1), (130, 140)])
def test_energy_and_units_tell_of_the_same_window_to_the_second(
    tmp_path: Path, open_store: Open, first_s: int, last_s: int
) -> None:
    sources = two_minutes(tmp_path / "frames.sqlite", open_store)
    window = f"start_s={at_ns(first_s) // NS_PER_S}&end_s={at_ns(last_s) // NS_PER_S}"
    (whole,) = told(f"/api/v1/energy?{window}", sources)["channels"]
    shares = told(f"/api/v1/units?{window}", sources)
    parts_j = [one[key] for one in shares["channels"] for key in ("idle_j", "unattributed_j", "others_j")]
    parts_j += [one["energy_j"] for one in shares["units"]]
    assert whole["energy_j"] == 300.0 * max(0, min(last_s, 120) - max(first_s, 0))
    assert fsum(parts_j) == near(whole["energy_j"])


def test_a_daemon_without_frames_is_ill_and_one_whose_disk_fails_is_not() -> None:
    later = replace(SOURCES, utc_ns=lambda: snapshot().utc_ns + 31_000_000_000)
    assert asked("/healthz", later).status == 503
    full = replace(snapshot(), store=StoreState(said="no space left"))
    assert told("/healthz", replace(SOURCES, snapshot=lambda: full)) == {
        "status": "ok",
        "last_frame_at": "2025-10-09T09:53:20.000Z",
        "store": "no space left",
    }


def test_what_is_long_is_compressed_for_those_who_can_read_that() -> None:
    plain, packed = asked("/metrics"), asked("/metrics", accept_encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert zlib.decompress(packed.body, wbits=31) == plain.body
    assert len(packed.body) < len(plain.body) / 3
    assert "Content-Encoding" not in asked("/healthz", accept_encoding="gzip").headers


def test_metrics_come_in_the_form_that_is_asked_for() -> None:
    assert asked("/metrics").kind.startswith("text/plain; version=0.0.4")
    assert asked("/metrics", accept="application/openmetrics-text; version=1.0.0").body.endswith(b"# EOF\n")


def test_the_openapi_lists_every_route_and_what_each_answers() -> None:
    assert set(OPENAPI["paths"]) == set(ROUTES)
    for path, schema in (("now", "Now"), ("power", "Power"), ("energy", "Energy"), ("units", "Units")):
        jsonschema.validate(told(f"/api/v1/{path}"), {**OPENAPI, "$ref": f"#/components/schemas/{schema}"})
    numbers = {name: of["schema"] for name, of in OPENAPI["components"]["parameters"].items()}
    ranges = {name: (of["minimum"], of["maximum"]) for name, of in numbers.items() if of["type"] == "integer"}
    assert ranges == history.RANGES


@pytest.mark.parametrize("address", ["0.0.0.0:8376", "10.0.0.7:8376", "[::]:8376", "node7:8376"])
@pytest.mark.parametrize("protected", [(), ("token",)])
def test_the_network_reaches_it_only_with_a_token_and_tls(
    address: str, protected: tuple[str, ...], tmp_path: Path
) -> None:
    token_file = tmp_path / "token"
    token_file.write_text(TOKEN)
    with pytest.raises(ConfigError, match=r"token_file.*tls_certificate_file.*or listen on 127\.0\.0\.1"):
        Listen.at(address, token_file if protected else None)


def short_token(folder: Path) -> object:
    (folder / "token").write_text("short")
    return Listen.at("127.0.0.1:0", folder / "token")


ATTEMPTS: list[tuple[Callable[[Path], object], str]] = [
    (lambda _: Listen.at("8376"), "is not HOST:PORT"),
    (lambda _: Listen.at("127.0.0.1:99999"), "is not HOST:PORT"),
    (lambda folder: Listen.at("127.0.0.1:0", folder / "gone"), "gone cannot be read"),
    (short_token, "has 5 characters"),
    (lambda folder: Listen.at("127.0.0.1:0", None, (folder / "c", folder / "k")).context(), "cannot be used"),
]


@pytest.mark.parametrize(("attempt", "said"), ATTEMPTS)
def test_what_cannot_be_listened_with_is_told(attempt: Callable[[Path], object], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        attempt(tmp_path)


def test_the_browser_is_forbidden_whatever_is_elsewhere() -> None:
    assert HEADERS["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
