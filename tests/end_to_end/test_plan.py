"""``dcfoot plan`` as a user runs it: what it lists, writes and prints, what it refuses, and what Ctrl-C leaves."""

import csv
import gzip
import json
import os
import re
import resource
import shlex
import signal
import subprocess
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from dcfoot.cli import main
from dcfoot_scenarios.library import study_names
from simulated.environ import unobserved
from simulated.near import near
from simulated.running import DCFOOT
from simulated.terminal import Terminal

USAGE, NO_DATA, INTERRUPTED = 2, 3, 130

STUDY = """\
study: small
title: One megawatt
load: {it_capacity_mw: 1}
uncertainty: {draws: 6}
baseline: {site: de_frankfurt, cooling: air_chiller}
variants:
  free: {cooling: airside_economizer}
"""

NUMBER = {"type": "number"}
NUMBER_OR_NULL = {"type": ["number", "null"]}
FIGURE = {
    "type": "object",
    "required": ["value", "p5", "p95", "unit"],
    "properties": {"value": NUMBER, "p5": NUMBER_OR_NULL, "p95": NUMBER_OR_NULL, "unit": {"type": "string"}},
}
SHAPE: dict[str, Any] = {
    "type": "object",
    "required": ["schema", "study", "versions", "uncertainty", "scenarios", "differences", "evidence"],
    "properties": {
        "schema": {"const": "dcfoot.study/1"},
        "study": {"required": ["name", "title", "hash"], "properties": {"hash": {"pattern": "^[0-9a-f]{64}$"}}},
        "versions": {"required": ["dcfoot", "python", "numpy"], "additionalProperties": {"type": "string"}},
        "uncertainty": {"required": ["draws", "seed"]},
        "scenarios": {
            "additionalProperties": {
                "required": ["keys", "figures", "notes"],
                "properties": {"figures": {"additionalProperties": FIGURE}},
            }
        },
        "differences": {
            "additionalProperties": {
                "additionalProperties": {"required": ["value", "p5", "p95", "better_ratio"]},
            }
        },
        "evidence": {"type": "array", "items": {"required": ["what", "value", "unit", "year", "source", "verified"]}},
    },
}
"""What whoever reads the JSON may count on."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user stands, beside a small study."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "small.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path / "here"


def test_without_a_study_it_lists_those_that_come_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan"]) == 0
    said = capsys.readouterr().out
    assert [name for name in study_names() if not re.search(rf"^  {name} +\S", said, re.MULTILINE)] == []
    assert len(study_names()) >= 5


def test_a_shipped_study_runs_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "refresh-or-keep", "--draws", "0"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^  PUE +1\.697 ", said, re.MULTILINE)
    assert "refresh beside the baseline" in said
    assert "DEU" in said


def test_a_study_is_told_with_its_intervals_its_grid_and_its_hash(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "small.yaml"]) == 0
    said = capsys.readouterr().out
    assert "One megawatt" in said
    assert re.search(r"Facility energy: -[\d,]+ MWh, 5 - 95 %: -[\d,]+ to -[\d,]+; better in 100%", said)
    assert re.search(r"^dcfoot \S+, study [0-9a-f]{12}, seed 1, 6 draws", said, re.MULTILINE)


def test_the_setting_of_the_language_holds_for_a_study_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DCFOOT_LANG", "zh")
    assert main(["plan"]) == 0
    assert re.search(r"zhongwei-solar-battery +中卫", capsys.readouterr().out)
    assert main(["plan", "small.yaml"]) == 0
    said = capsys.readouterr().out
    assert "free，与基准方案相比" in said  # noqa: RUF001 - Chinese punctuation is meant
    assert re.search(r"数据中心用电量: -[\d,]+ MWh, 5% - 95%: -[\d,]+ 至 -[\d,]+; 100% 的抽样更优", said)
    assert "One megawatt" in said  # it has no other title
    told = re.sub(r"DEU \(.*|.*Data.*|.*ENTSO.*|.*production.*|One megawatt", "", said)
    assert re.findall(r"\b(?:the|is|are|of|draws)\b", told) == []


def test_fewer_draws_than_the_study_asks_for_and_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "small.yaml", "--draws", "0"]) == 0
    said = capsys.readouterr().out
    assert "5 - 95 %" not in said
    assert "0 draws" in said
    assert main(["plan", "small.yaml", "--draws", "-1"]) == USAGE
    assert "0 or more" in capsys.readouterr().err


def test_json_has_its_shape_and_no_number_that_json_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(word: str) -> None:
        raise AssertionError(word)

    assert main(["plan", "small.yaml", "--json"]) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=refuse)
    Draft202012Validator(SHAPE).validate(document)  # pyright: ignore[reportUnknownMemberType]
    base, free = (document["scenarios"][name]["figures"] for name in ("baseline", "free"))
    assert document["differences"]["free"]["pue"]["value"] == near(free["pue"]["value"] - base["pue"]["value"])
    assert base["facility_energy_mwh"]["unit"] == "MWh"
    # 1 MW of IT in each of 8,760 hours.
    assert base["it_energy_mwh"]["value"] == near(8760.0)
    assert document["uncertainty"] == {"draws": 6, "seed": 1}


def test_a_new_study_is_one_and_what_is_there_is_never_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "--new", "mine"]) == 0
    assert "dcfoot plan mine.yaml" in capsys.readouterr().out
    written = (folder / "mine.yaml").read_text(encoding="utf-8")
    assert "study: mine" in written
    assert main(["plan", "--new", "mine"]) == USAGE
    schema = json.loads((folder / "study.schema.json").read_text(encoding="utf-8"))
    assert "$schema=study.schema.json" in written.splitlines()[0]
    assert schema["properties"]["baseline"]
    assert "already" in capsys.readouterr().err
    assert (folder / "mine.yaml").read_text(encoding="utf-8") == written


def test_a_name_with_its_ending_is_the_same_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--new", "mine.yaml"]) == 0
    assert sorted(path.name for path in folder.glob("mine*")) == ["mine.yaml"]
    assert "study: mine\n" in (folder / "mine.yaml").read_text(encoding="utf-8")
    assert main(["plan", "mine"]) == USAGE
    assert "Did you mean mine.yaml?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../elsewhere", "a/b", "", ".hidden", "a b"])
def test_a_name_that_could_be_another_place_is_refused(name: str, folder: Path) -> None:
    assert main(["plan", "--new", name]) == USAGE
    assert {path.name for path in (folder, *folder.iterdir(), *folder.parent.iterdir())} >= {"here", "small.yaml"}
    assert list(folder.parent.glob("elsewhere*")) == []
    assert list(folder.iterdir()) == [folder / "small.yaml"]


def test_the_schema_is_one_that_takes_the_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["baseline"]


def test_files_are_whole_and_say_the_same_as_the_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "small.yaml", "--out", "results", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    out = folder / "results"
    assert {path.name for path in out.iterdir()} >= {
        "figures.csv",
        "differences.csv",
        "evidence.csv",
        "study.json",
        "hours_baseline.csv.gz",
        "hours_free.csv.gz",
    }
    assert json.loads((out / "study.json").read_text(encoding="utf-8")) == said
    with (out / "figures.csv").open(encoding="utf-8") as file:
        rows = {row["scenario"]: row for row in csv.DictReader(file)}
    assert float(rows["free"]["pue"]) == said["scenarios"]["free"]["figures"]["pue"]["value"]
    with gzip.open(out / "hours_free.csv.gz", "rt", encoding="utf-8") as file:
        hours = list(csv.DictReader(file))
    assert len(hours) == 8760
    assert sum(float(hour["load_mw"]) for hour in hours) == near(float(rows["free"]["facility_energy_mwh"]))
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert main(["plan", "small.yaml", "--out", "results"]) == 0
    assert {name for name, data in first.items() if (out / name).read_bytes() != data} == set()


def test_a_folder_that_cannot_be_written_is_told_in_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # Not even root may write there, nor below a file.
    for place in ("/proc/dcfoot", str(folder / "small.yaml" / "below")):
        assert main(["plan", "small.yaml", "--draws", "0", "--out", place]) == USAGE
        assert "choose another --out" in capsys.readouterr().err
    assert list(folder.iterdir()) == [folder / "small.yaml"]


def test_a_disk_that_is_full_leaves_nothing_half_written(folder: Path) -> None:
    done = subprocess.run(
        [*DCFOOT, "plan", "small.yaml", "--draws", "0", "--out", "results"],
        cwd=folder,
        env=unobserved(),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),  # hours take more
    )
    assert done.returncode == USAGE
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "results").exists()


def test_all_faults_of_a_file_are_told_with_their_lines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.yaml").write_text(
        "study: bad\nload: {it_capacity_mw: -1}\nbaseline: {sight: sg, cooling: ice}\nvariants: {a/b: {}}\n",
        encoding="utf-8",
    )
    assert main(["plan", "bad.yaml", "--out", "results"]) == USAGE
    said = capsys.readouterr().err
    assert {
        "bad.yaml:2: load.it_capacity_mw",
        "bad.yaml:3: baseline.sight",
        "bad.yaml:3: baseline.cooling",
        "bad.yaml:4: variants.a/b",
    } <= {": ".join(line.removeprefix("dcfoot: ").split(": ")[:2]) for line in said.splitlines()}
    assert "Did you mean site?" in said
    assert not (folder / "results").exists()


def test_what_is_no_study_says_so_by_its_exit_status(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "picture.yaml").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    (folder / "list.yaml").write_text("- a\n- b\n", encoding="utf-8")
    assert main(["plan", "picture.yaml"]) == USAGE
    assert main(["plan", "list.yaml"]) == USAGE
    assert main(["plan", "gone.yaml"]) == NO_DATA
    assert main(["plan", "shanghai-or-guiann"]) == USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert "Did you mean shanghai-or-guian?" in said.err
    assert "Traceback" not in said.err


def test_a_place_whose_sun_nobody_knows_is_told_with_what_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = STUDY.replace("{cooling: airside_economizer}", "{site: se_lulea, supply: {solar_mw: 1}}")
    (folder / "dark.yaml").write_text(study, encoding="utf-8")
    assert main(["plan", "dark.yaml"]) == USAGE
    assert re.search(r"dcfoot: free: .*ghi_kwh_per_m2_year", capsys.readouterr().err)


@pytest.mark.timeout(120)
def test_an_interrupt_leaves_what_is_done_and_names_what_is_not(folder: Path) -> None:
    many = "\n".join(f"  v{number}: {{warming_k: {number / 10}}}" for number in range(1, 40))
    (folder / "long.yaml").write_text(f"{STUDY.replace('draws: 6', 'draws: 10')}{many}\n", encoding="utf-8")
    command = [*DCFOOT, "plan", str(folder / "long.yaml"), "--out", str(folder / "results")]
    with Terminal(command, {**os.environ, "TERM": "xterm"}) as terminal:
        terminal.read_until(b"0/41 places")
        terminal.read_until(b"1/41 baseline")
        terminal.read_until(b"/41 v1")  # or any from v10 to v19
        os.kill(terminal.pid, signal.SIGINT)
        terminal.read_until(b"interrupted; not computed: ", b"v39")
        assert terminal.wait() == INTERRUPTED
    written = {path.name for path in (folder / "results").glob("hours_*")}
    assert {"hours_baseline.csv.gz", "hours_free.csv.gz"} <= written
    assert "hours_v39.csv.gz" not in written
    assert list((folder / "results").glob(".dcfoot-*")) == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("package", ["pydantic_core", "pandas"])
def test_an_interrupt_while_packages_are_loaded_ends_it_without_a_word(folder: Path, package: str) -> None:
    # There an exception may be lost, or become another: the signal must not be caught while they are loaded.
    (folder / "small.yaml").write_text(STUDY, encoding="utf-8")
    command = [*DCFOOT, "plan", str(folder / "small.yaml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        of_it = Path(f"/proc/{process.pid}")
        while package not in (of_it / "maps").read_text():
            assert process.poll() is None
        (caught,) = re.findall(r"SigCgt:\s*(\w+)", (of_it / "status").read_text())
        process.send_signal(signal.SIGINT)
        assert process.communicate() == (b"", b"")
    assert process.returncode == -signal.SIGINT  # 130 in a shell
    assert not int(caught, 16) & 1 << (signal.SIGINT - 1)


@pytest.mark.timeout(120)
def test_an_interrupt_while_sizes_are_sought_says_that_the_optimum_is_not_computed(folder: Path) -> None:
    # A program of a year with a front takes half a minute; Ctrl-C must not wait for it.
    asked = (
        "money: {currency: EUR, rates: {USD: 0.92}}\n"
        "optimise: {solar_mw: {}, wind_mw: {}, battery_mwh: {}, battery_mw: {}, cfe_contracted_ratio_min: 0.8,\n"
        "  front: cfe_contracted_ratio_min, front_values: [0.8, 0.85, 0.9, 0.95]}\n"
    )
    study = STUDY.replace("draws: 6", "draws: 0").replace("de_frankfurt", "dk_copenhagen")
    (folder / "sized.yaml").write_text(asked + study.replace("air_chiller}", "air_chiller, grid: {price_per_mwh: 90}}"))
    with Terminal([*DCFOOT, "plan", str(folder / "sized.yaml")], {**os.environ, "TERM": "xterm"}) as terminal:
        terminal.read_until(b"3/3 optimised")
        sleep(2)  # the program is made, and HiGHS at it
        os.kill(terminal.pid, signal.SIGINT)
        began = monotonic()
        terminal.read_until(b"interrupted; not computed: optimised")
        assert terminal.wait() == INTERRUPTED
    assert monotonic() - began < 10


@pytest.mark.timeout(180)
def test_sizing_says_what_it_solves_and_an_interrupt_keeps_the_points_that_were_found(folder: Path) -> None:
    values = [0.3 + number / 200 for number in range(80)]
    sized = f"{{wind_mw: {{}}, front: cfe_contracted_ratio_min, front_values: {values}}}"
    study = STUDY.replace("site: de_frankfurt", "site: dk_copenhagen").replace("draws: 6", "draws: 0")
    (folder / "front.yaml").write_text(f"{study}money: {{currency: EUR, rates: {{USD: 0.9}}}}\noptimise: {sized}\n")
    command = f"exec {shlex.join(map(str, DCFOOT))} plan front.yaml --json > front.json"
    with Terminal(["sh", "-c", command], {**os.environ, "TERM": "xterm"}) as terminal:
        seen = terminal.read_until(b"3/3 sizing: baseline, cfe_contracted_ratio_min 0.3", b" of 81 solved, ")
        assert re.search(rb"\d/3 [^,]+, \d+ s", seen)  # which of them depends: what is soon over is not drawn
        terminal.read_for(2.0)
        terminal.type(b"\x03")
        terminal.read_until(b"interrupted; not computed: the front at 0.", b"the front at 0.695")
        assert terminal.wait() == INTERRUPTED
    found = json.loads((folder / "front.json").read_text())["optimised"]
    assert found["sizes"]["wind_mw"] > 0
    assert [point["at"] for point in found["front"]] + found["front_missing"] == near(values)
    assert found["front_missing"]


def test_where_stderr_is_no_terminal_nothing_is_said_of_the_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep = "sweep: {over: {warming_k: [0, 1]}}"
    (folder / "swept.yaml").write_text(f"{STUDY}{sweep}\n", encoding="utf-8")
    assert main(["plan", "swept.yaml", "--draws", "0"]) == 0
    assert capsys.readouterr().err == ""
