"""The studio without a browser: a study in, its figures out; who may ask; every fault told by its key."""

import json
import re
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from dcfoot.errors import ConfigError
from dcfoot.serving import Reply, Request
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.library import study_names, study_path
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.studio.answer import POINTS, WEEK_H, answer, as_yaml
from dcfoot_scenarios.studio.begin import begin
from dcfoot_scenarios.studio.server import StudioServer
from dcfoot_scenarios.studio.service import Door, reply
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.tables import rows
from simulated.near import near
from simulated.repository import ROOT

PORT = 8377
DOOR = Door(PORT, "a-token")
OURS = {"host": f"127.0.0.1:{PORT}", "authorization": "Bearer a-token", "content-type": "application/json"}
STUDY: dict[str, Any] = {
    "study": "moved",
    "uncertainty": {"draws": 0},
    "load": {"it_capacity_mw": 10},
    "baseline": {"site": "dk_copenhagen", "cooling": "air_chiller"},
    "variants": {"what-if": {"supply": {"solar_mw": 12}, "storage": {"battery_mwh": 8, "battery_mw": 2}}},
}


def posted(study: object, path: str = "/answer", **headers: str) -> Reply:
    body = json.dumps({"study": study, "week": 0}).encode()
    return reply(Request("POST", path, "", OURS | headers, body), DOOR, b"{}")


def faults_of(answered: Reply) -> dict[str, str]:
    return {fault["key"]: fault["said"] for fault in json.loads(answered.body)["faults"]}


def changed(**keys: object) -> dict[str, Any]:
    return STUDY | {"variants": {"what-if": keys}}


@pytest.fixture
def server() -> Iterator[StudioServer]:
    with StudioServer(Study.of(STUDY), "en", 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_the_figures_are_those_that_evaluate_gives() -> None:
    told = json.loads(posted(STUDY).body)
    for name, scenario in Study.of(STUDY).scenarios.items():
        expected = evaluate(scenario).figures
        assert {key: one["value"] for key, one in told["scenarios"][name]["figures"].items()} == near(dict(expected))


def test_a_week_balances_and_the_duration_curve_falls_from_the_highest_draw() -> None:
    shown = answer(STUDY, week=27)["scenarios"]["what-if"]
    week, curve = shown["week"], shown["duration_mw"]
    assert week["day"] == "07-09"  # the 190th day of a year, after 27 weeks
    for clean, stored, drawn, load in zip(
        week["clean_mw"], week["discharge_mw"], week["import_mw"], week["load_mw"], strict=True
    ):
        assert clean + stored + drawn == near(load, abs=0.002)  # three values rounded to a kilowatt
    assert len(week["load_mw"]) == WEEK_H
    assert len(curve) == POINTS
    assert curve == sorted(curve, reverse=True)
    assert curve[0] == near(shown["figures"]["peak_import_mw"]["value"], abs=5e-4)


def test_intervals_come_from_draws_and_no_page_can_ask_for_more_than_it_can_wait_for() -> None:
    told = answer(STUDY | {"uncertainty": {"draws": 10_000, "seed": 3}})
    figure = told["scenarios"]["what-if"]["figures"]["carbon_location_hourly_t"]
    assert figure["p5"] < figure["value"] < figure["p95"]
    assert told["differences"]["what-if"]["carbon_location_hourly_t"]["better_ratio"] == 1.0


def test_notes_are_in_both_languages_and_say_whose_they_are() -> None:
    told = answer(changed(supply={"solar_mw": 0}, storage={"battery_mwh": 8, "battery_mw": 2}))
    (never,) = [note for note in told["notes"] if "never used" in note["en"]]
    assert never["of"] == ["what-if"]
    assert "电池从未使用" in never["zh"]


@pytest.mark.parametrize("name", study_names())
def test_every_scenario_that_the_page_begins_with_is_one_that_it_can_ask_for(name: str) -> None:
    (shown, *_) = begin(Study.read(study_path(name)), "zh")["studies"]
    assert set(shown["called"]) == set(shown["scenarios"])
    for keys in shown["scenarios"].values():
        asked = {"baseline": shown["scenarios"]["baseline"], "variants": {"what-if": keys}}
        assert posted({**shown["keys"], **asked, "uncertainty": {"draws": 0}}).status == 200


def test_every_place_has_a_chinese_name() -> None:
    sites = begin(Study.of(STUDY), "zh")["choices"]["site"]
    assert len(sites) > 60
    assert [site["value"] for site in sites if not re.search(r"[\u4e00-\u9fff]", site["label_zh"])] == []


def test_where_a_price_is_not_known_there_are_figures_without_a_cost_and_the_reason() -> None:
    told = answer(STUDY | {"money": {"currency": "ISK"}})
    assert "ISK" in told["no_cost"]
    assert "cost_per_year" not in told["scenarios"]["what-if"]["figures"]
    assert told["scenarios"]["what-if"]["figures"]["pue"]["value"] > 1


def test_every_fault_is_told_at_once_by_its_key() -> None:
    answered = posted(changed(site="atlantis", supply={"solar_mw": -3}, storage={"batery_mwh": 1}))
    found = faults_of(answered)
    assert answered.status == 422
    assert set(found) == {f"variants.what-if.{key}" for key in ("site", "supply.solar_mw", "storage.batery_mwh")}
    assert "greater than or equal to 0" in found["variants.what-if.supply.solar_mw"]


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (changed(cooling="dx", rejection="wet"), "cannot give off heat"),
        (changed(facility={"air.suply_c": 25}), "Did you mean air.supply_c"),
        (changed(site="cn_guiyang", boundary="marginal"), "must be"),
        (changed(weather="gone.epw"), "no file"),
        ({}, "missing"),
    ],
)
def test_what_cannot_be_computed_is_told_in_a_sentence(study: dict[str, Any], said: str) -> None:
    answered = posted(study)
    assert answered.status == 422
    assert said in " ".join(faults_of(answered).values())


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'{"study": 3}', b'{"study": {}, "week": "x"}', b"\xff\xfe"])
def test_what_is_no_question_is_refused(body: bytes) -> None:
    answered = reply(Request("POST", "/answer", "", OURS, body), DOOR, b"{}")
    assert answered.status == 400
    assert list(faults_of(answered)) == [""]


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1:1"},
        {"host": ""},
        {"host": f"127.0.0.1:{PORT}", "origin": "http://evil.example"},
        {"host": f"127.0.0.1:{PORT}", "origin": "null"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/begin"), ("POST", "/answer")])
def test_a_page_of_elsewhere_is_refused(headers: dict[str, str], method: str, path: str) -> None:
    # DNS rebinding: the name of another site that leads to 127.0.0.1 arrives as `Host`.
    assert reply(Request(method, path, "", OURS | headers), DOOR, b"{}").status == 403


@pytest.mark.parametrize("token", ["", "Bearer ", "Bearer another", "a-token ", "Bearer \u4e2d"])
@pytest.mark.parametrize(("method", "path"), [("GET", "/begin"), ("POST", "/answer"), ("POST", "/study.yaml")])
def test_other_people_of_the_machine_are_refused_since_a_study_may_name_files(
    token: str, method: str, path: str
) -> None:
    answered = reply(Request(method, path, "", OURS | {"authorization": token}, b"{}"), DOOR, b"{}")
    assert answered.status == 403
    assert "whole address" in faults_of(answered)[""]


def test_a_form_of_elsewhere_cannot_ask_since_it_cannot_send_json() -> None:
    assert posted(STUDY, **{"content-type": "text/plain"}).status == 415


def test_the_downloaded_file_is_the_study_that_was_answered(tmp_path: Path) -> None:
    norway = changed(site="no", climate="no_oslo", load={"it_capacity_mw": 1e3}) | {"title_zh": "挪威"}
    path = tmp_path / "study.yaml"
    path.write_bytes(posted(norway, "/study.yaml").body)
    assert Study.read(path).hash == Study.of(norway).hash
    assert "挪威" in path.read_text(encoding="utf-8")
    assert as_yaml(STUDY).startswith("study: moved\n")


def test_an_answer_over_http_comes_at_once(server: StudioServer) -> None:
    took_s: list[float] = []
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.door.token}"}
    for solar_mw in range(8):
        connection = HTTPConnection("127.0.0.1", server.server_port)
        started = time.perf_counter()
        body = json.dumps(
            {"study": changed(supply={"solar_mw": solar_mw}, storage={"battery_mwh": 9, "battery_mw": 3})}
        )
        connection.request("POST", "/answer", body, headers)
        answered = connection.getresponse()
        json.loads(answered.read())
        took_s.append(time.perf_counter() - started)
        connection.close()
        assert answered.status == 200
    assert sorted(took_s)[3] < 1.0  # of the first, half a second is the place's sun


def test_the_server_listens_on_this_machine_alone_and_forbids_the_browser_what_is_elsewhere(
    server: StudioServer,
) -> None:
    assert server.server_address[0] == "127.0.0.1"
    connection = HTTPConnection("127.0.0.1", server.server_port)
    connection.request("GET", "/")
    page = connection.getresponse()
    assert page.status == 200
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    page.read()
    connection.request("GET", "/../answer.py", headers={"Authorization": f"Bearer {server.door.token}"})
    assert connection.getresponse().status == 404
    connection.close()


@pytest.mark.parametrize("length", ["x", "-1", "99999999", None])
def test_a_body_that_is_too_long_or_of_unknown_length_is_not_read(server: StudioServer, length: str | None) -> None:
    connection = HTTPConnection("127.0.0.1", server.server_port)
    connection.putrequest("POST", "/answer")
    connection.putheader("Content-Type", "application/json")
    if length is not None:
        connection.putheader("Content-Length", length)
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_port_that_is_taken_is_told(server: StudioServer) -> None:
    with pytest.raises(ConfigError, match=r"--port \d+: Address already in use"):
        StudioServer(Study.of(STUDY), "en", server.server_port)


def test_every_control_is_a_key_of_a_scenario_and_takes_its_least_and_every_choice() -> None:
    bare = STUDY["baseline"] | {"load": STUDY["load"], "grid": {"price_per_mwh": 80}, "heat_reuse": {"homes": 9}}
    for row in rows("studio_controls"):
        cooling = "direct_liquid" if row["key"].endswith("coolant_supply_c") else "air_chiller"
        values: list[float | str] = [float(row[name]) for name in ("least", "most") if row[name]]
        values += [one["value"] for one in rows("studio_choices") if one["key"] == row["key"]]
        for value in values:
            changes: Any = value
            for step in reversed(row["key"].split("/")):
                changes = {step: changes}
            ways = {"wet": "water_chiller", "hybrid": "direct_liquid"}
            scenario = Scenario.model_validate(bare).with_(cooling=ways.get(str(value), cooling))
            assert evaluate(scenario.with_(**changes)).figures["pue"] > 1


def test_the_page_begins_with_both_languages_every_site_and_every_study_of_the_library() -> None:
    told = begin(Study.of(STUDY), "zh")
    assert told["lang"] == "zh"
    first, *shipped = [study["keys"]["study"] for study in told["studies"]]
    assert (first, shipped) == ("moved", study_names())
    sites = {site["value"]: site for site in told["choices"]["site"]}
    assert (sites["cn_zhongwei"]["label"], sites["cn_zhongwei"]["group_zh"]) == ("Zhongwei/Zhongning", "中国")
    assert sites["cn_zhongwei"]["label_zh"].startswith("中卫")
    assert told["cooling"]["air_chiller"]["numbers"]["facility/air.supply_c"]["large"] == 31  # Lei and Masanet 2022
    assert json.dumps(told, allow_nan=False)


def test_every_word_that_the_page_says_is_known_in_both_languages() -> None:
    page = files("dcfoot_scenarios.studio")
    script, markup = (page.joinpath(name).read_text(encoding="utf-8") for name in ("studio.js", "studio.html"))
    said = {*re.findall(r'say\("(\w+)"', script), *re.findall(r'data-word="(\w+)"', markup)}
    said |= {row["group"] for row in rows("studio_controls")}
    known = begin(Study.of(STUDY), "en")["words"]
    assert len(said) > 25
    assert {word for word in said if not all(known.get(word, {}).get(lang) for lang in ("en", "zh"))} == set()
    computed = {"figure", "baseline", "now", "difference", "better", "worse", "undecided"}
    assert {row["name"] for row in rows("studio_words")} - said - computed == set()


def test_the_page_names_nothing_that_is_elsewhere() -> None:
    page = files("dcfoot_scenarios.studio")
    for name in ("studio.js", "studio.html", "studio.css"):
        found = re.findall(r"(?:https?:)?//\w[\w.]+\.\w+[\w/.]*", page.joinpath(name).read_text(encoding="utf-8"))
        assert set(found) <= {"http://www.w3.org/2000/svg"}  # a name, not an address


def test_the_page_about_it_says_how_its_times_are_measured_and_what_the_tests_hold() -> None:
    page = " ".join((ROOT / "docs/studio.md").read_text(encoding="utf-8").split())
    assert "python benchmarks/studio.py --into docs/studio.md" in page
    assert (ROOT / "benchmarks/studio.py").is_file()
    tests = [ROOT / "tests/scenarios/test_studio.py", ROOT / "tests/end_to_end/test_studio.py"]
    held = re.findall(r"sorted\(took_(?:s|ms)\)\[\d\] < (\S+)", "".join(one.read_text("utf-8") for one in tests))
    assert held == ["1.0", "1000"]
    assert "The tests run on any machine and hold it below a second only." in page
