"""A sweep gives each point what it is alone, in whatever company, whoever computes it, however often it is begun."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dcfoot.cli import main
from dcfoot.errors import ConfigError, StudyError
from dcfoot_scenarios.evaluate import evaluate
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.sweep import cluster as cluster_module
from dcfoot_scenarios.sweep.batch import is_batch
from dcfoot_scenarios.sweep.compute import columns_elsewhere, fingerprint
from dcfoot_scenarios.sweep.indices import indices_of
from dcfoot_scenarios.sweep.keys import Sweep, scenario_at
from dcfoot_scenarios.sweep.points import values_at
from dcfoot_scenarios.sweep.run import job_of, run_sweep, sweep
from simulated.near import near
from simulated.repository import installed_program

BASE: dict[str, Any] = {
    "study": "sizes",
    "load": {"it_capacity_mw": 10, "mean_ratio": 0.7},
    "uncertainty": {"draws": 0},
    "baseline": {
        "site": "dk_copenhagen",
        "cooling": "air_chiller",
        "supply": {"solar_mw": 5, "wind_mw": 4},
        "storage": {"battery_mwh": 20, "battery_mw": 5},
    },
}
SIZES = {"supply.solar_mw": [0, 20, 40.5], "storage.battery_mwh": {"from": 0, "to": 80, "steps": 3}}
PLACES = {"warming_k": [0, 2], "cooling": ["air_chiller", "airside_economizer"], "supply.wind_mw": [0, 8]}
RANGES = {"supply.solar_mw": {"from": 0, "to": 40}, "warming_k": {"from": 0, "to": 3}}


def study(**keys: object) -> Study:
    return Study.of(BASE | {"sweep": keys})


def bits(table: pd.DataFrame) -> dict[str, list[object]]:
    """All values as they are, NaN beside NaN."""
    return {str(name): [repr(value) for value in column] for name, column in table.items()}


def parts(folder: Path) -> dict[str, int]:
    """The parts of a folder's sweeps, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in sorted(folder.glob("sweep-*/parts/*"))}


@pytest.mark.parametrize("over", [SIZES, PLACES, {"supply.solar_mw": [30]}], ids=["batch", "one by one", "one"])
def test_each_point_is_what_it_is_alone(over: dict[str, Any]) -> None:
    asked = study(over=over)
    table = sweep(asked)
    assert job_of(asked).is_batch is ("cooling" not in over)
    for _, row in table.iterrows():
        alone = evaluate(scenario_at(asked.baseline, {key: row[key] for key in over})).figures
        for name in table.columns.difference(list(over)):
            assert float(row[name]) == near(alone.get(str(name), np.nan), rel=1e-9, abs=1e-9)


def test_a_battery_of_a_stated_rate_is_stronger_where_it_is_swept_to_be_larger() -> None:
    by_rate = BASE["baseline"] | {"supply": {"wind_mw": 30}, "storage": {"c_rate_per_h": 0.25}}
    asked = Study.of(BASE | {"baseline": by_rate, "sweep": {"over": {"storage.battery_mwh": [20, 40]}}})
    assert job_of(asked).is_batch
    alone = [
        evaluate(asked.baseline.with_(storage={"battery_mwh": size, "battery_mw": size / 4, "c_rate_per_h": None}))
        for size in (20, 40)
    ]
    found = sweep(asked)["import_mwh"].tolist()
    assert found == near([one.figures["import_mwh"] for one in alone], rel=1e-9)
    assert found[0] > found[1]


@pytest.mark.parametrize(
    "keys",
    [
        {"grid": {"ramp_limit_mw_per_h": 2}},
        {"storage": {"age_years": 5}},
        {"grid": {"import_limit_mw": 9}, "load": {"it_capacity_mw": 10, "deferrable_ratio": 0.2, "deadline_h": 6}},
    ],
    ids=["ramp", "age", "connection"],
)
def test_sizes_by_which_a_limit_or_an_age_changes_the_year_are_no_batch(keys: dict[str, Any]) -> None:
    scenario = study(over=SIZES).baseline.with_(**keys)
    assert not is_batch(list(SIZES), scenario, None, ["import_mwh"])


def test_points_stand_in_the_order_of_the_study_the_last_key_the_fastest() -> None:
    table = sweep(study(over=SIZES))
    assert table["supply.solar_mw"].tolist() == [0, 0, 0, 20, 20, 20, 40.5, 40.5, 40.5]
    assert table["storage.battery_mwh"].tolist() == [0, 40, 80] * 3


@pytest.mark.parametrize("over", [SIZES, PLACES], ids=["batch", "one by one"])
def test_order_and_neighbours_do_not_matter(over: dict[str, Any]) -> None:
    asked = study(over=over)
    whole = bits(run_sweep(asked).frame())
    assert all(bits(run_sweep(asked, part_points_count=count).frame()) == whole for count in (1, 4))
    turned = sweep(study(over=dict(reversed(over.items())))).sort_values(list(over))
    assert bits(turned[list(whole)]) == bits(sweep(asked).sort_values(list(over)))


def test_a_batch_and_single_points_give_the_same_figures() -> None:
    batch = sweep(study(over=SIZES))
    names = [str(name) for name in batch.columns.difference(list(SIZES))]
    single = sweep(study(over=SIZES, figures=[*names, "carbon_market_hourly_t"]))
    for name in names:
        assert batch[name].tolist() == near(single[name].tolist(), rel=1e-9, abs=1e-9)


def test_a_study_with_prices_is_told_what_each_point_costs() -> None:
    money = {"currency": "USD", "rates": {"DKK": 0.14, "EUR": 1.1}}
    table = sweep(Study.of(BASE | {"money": money, "sweep": {"over": {"storage.battery_mwh": [0, 50]}}}))
    assert table["capex"].is_monotonic_increasing
    assert table["cost_per_year"].notna().all()


def test_every_fault_of_a_sweep_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(
        "study: faulty\n"
        "load: {it_capacity_mw: 10}\n"
        "baseline: {site: dk_copenhagen, cooling: air_chiller}\n"
        "sweep:\n"
        "  over:\n"
        "    supply.solr_mw: [1, 2]\n"
        "    supply.wind_mw: [1, -2]\n"
        "    storage.battery_mwh: {from: 0, to: 8}\n"
        "    storage.battery_mw: {from: 8, to: 0, steps: 3}\n"
        "    load.profile: [flat, mine.csv]\n"
        "  scenario: basline\n"
        "  figures: [importmwh]\n"
    )
    with pytest.raises(StudyError) as told:
        Study.read(path)
    said = [line.removeprefix(f"{path}:") for line in str(told.value).splitlines()]
    steps = "say in how many steps, {from: 0, to: 40, steps: 3}, or how many samples of all ranges."
    figures = "there is no figure 'importmwh'. Did you mean import_mwh or export_mwh or peak_import_mw?"
    assert said == [
        "6: sweep.over.supply.solr_mw: there is no such key. Did you mean solar_mw?",
        "7: sweep.over.supply.wind_mw.1: must be greater than or equal to 0, not -2",
        f"8: sweep.over.storage.battery_mwh: {steps}",
        "9: sweep.over.storage.battery_mw: a range goes up: {from: 0, to: 40, steps: 3}.",
        "10: sweep.over.load.profile.1: there is no file mine.csv",
        "11: sweep.scenario: there is no scenario 'basline'. Did you mean baseline?",
        f"12: sweep.figures.0: {figures}",
    ]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"over": SIZES, "samples": 64}, "samples are of a range"),
        ({"over": RANGES, "samples": 100}, "64 or 128"),
        ({"over": dict.fromkeys(("supply.solar_mw", "warming_k"), RANGES["warming_k"] | {"steps": 4000})}, "16,000,"),
        ({"over": {"size": ["large", 3]}}, "all numbers"),
        ({"over": {"supply.wind_mw": [0, 10, 10.0]}}, "a value stands twice"),
        ({"over": {"weather": ["a.epw"]}}, "file"),
        ({"over": {"supply.solar_mw": {"from": 0, "to": 9, "stps": 3}}}, "Did you mean steps?"),
        ({"over": {}}, "at least 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_swept_is_refused(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(StudyError, match=said):
        study(**keys)


def test_a_point_that_cannot_be_computed_is_named() -> None:
    with pytest.raises(StudyError, match=r"storage\.reserve_ratio 1"):
        sweep(study(over={"storage.reserve_ratio": [0, 1]}))


# Sobol's samples and indices.


def ishigami(x: np.ndarray) -> np.ndarray:
    values: np.ndarray = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return values


def sampled(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Ishigami's function at the points of a sweep, and the points."""
    axis = {"from": -np.pi, "to": np.pi}
    over = Sweep.model_validate({"over": dict.fromkeys(("a", "b", "c"), axis), "samples": samples})
    columns = values_at(over, "1", range(over.points_count))
    x = np.array(list(columns.values()), dtype=np.float64).T
    return ishigami(x).reshape(samples, 5), x


def test_the_indices_are_those_of_salib() -> None:
    values, _ = sampled(256)
    problem = {"num_vars": 3, "names": ["a", "b", "c"], "bounds": [[-np.pi, np.pi]] * 3}
    salib: Any = import_module("SALib.analyze.sobol")
    theirs = salib.analyze(problem, values.ravel(), calc_second_order=False, seed=1)
    ours = indices_of(values)
    assert ours.first_order_ratio == near(theirs["S1"], rel=1e-9)
    assert ours.total_ratio == near(theirs["ST"], rel=1e-9)


def test_the_indices_of_ishigamis_function_are_the_known_ones() -> None:
    # Saltelli and others 2008, Global Sensitivity Analysis: a = 7, b = 0.1.
    found = indices_of(sampled(4096)[0])
    assert found.first_order_ratio == near([0.3139, 0.4424, 0.0], rel=0, abs=0.02)
    assert found.total_ratio == near([0.5576, 0.4424, 0.2437], rel=0, abs=0.02)
    assert (found.total_p5 < [0.5576, 0.4424, 0.2437]).all()
    assert (found.total_p95 > [0.5576, 0.4424, 0.2437]).all()


def test_samples_stand_once_in_each_slice_of_a_range_and_differ_in_one_key() -> None:
    _, x = sampled(64)
    rows = x.reshape(64, 5, 3)
    for matrix in (rows[:, 0], rows[:, -1]):
        slices = np.floor((matrix / np.pi + 1) / 2 * 64).astype(int)
        assert (np.sort(slices, axis=0) == np.arange(64)[:, np.newaxis]).all()
    for key in range(3):
        others = [n for n in range(3) if n != key]
        assert (rows[:, key + 1, key] == rows[:, -1, key]).all()
        assert (rows[:, key + 1, others] == rows[:, 0, others]).all()


def test_samples_are_the_same_in_any_part_and_others_with_another_seed() -> None:
    over = Sweep.model_validate({"over": RANGES, "samples": 16})
    whole = values_at(over, "1", range(64))
    assert values_at(over, "1", range(10, 20)) == {key: list(column)[10:20] for key, column in whole.items()}
    assert values_at(over, "2", range(64)) != whole


# Files.


def test_a_sweep_goes_on_where_it_was_and_leaves_what_is_done(tmp_path: Path) -> None:
    asked = study(over=SIZES)
    whole = run_sweep(asked, tmp_path, part_points_count=2).frame()
    before = parts(tmp_path)
    assert len(before) == 5
    next(tmp_path.glob("sweep-*/parts/part-00000004*")).unlink()
    told: list[int] = []
    again = run_sweep(asked, tmp_path, progress=lambda done, _: told.append(done), part_points_count=2).frame()
    after = parts(tmp_path)
    assert told == [9]
    assert [name for name in before if before[name] != after[name]] == ["part-00000004.parquet"]
    assert bits(again) == bits(whole) == bits(sweep(asked))


def test_an_interrupt_keeps_what_is_done(tmp_path: Path) -> None:
    def stop(done: int, _count: int) -> None:
        if done >= 4:
            raise KeyboardInterrupt

    asked = study(over=SIZES)
    some = run_sweep(asked, tmp_path, progress=stop, part_points_count=2)
    assert some.is_interrupted
    assert some.points_count == 4
    assert bits(run_sweep(asked, tmp_path, part_points_count=2).frame()) == bits(sweep(asked))


def test_another_study_or_another_file_writes_beside(tmp_path: Path) -> None:
    load = tmp_path / "load.csv"
    load.write_text("load_mw\n" + "7\n" * 8760)
    mine = BASE | {"load": {"it_capacity_mw": 10, "profile": str(load)}, "sweep": {"over": SIZES}}
    one = sweep(Study.of(mine), tmp_path)
    load.write_text("load_mw\n" + "7\n" * 8759 + "8\n")
    other = sweep(Study.of(mine), tmp_path)
    sweep(Study.of(mine | {"sweep": {"over": SIZES, "figures": ["import_mwh"]}}), tmp_path)
    sweep(Study.of(mine | {"sweep": {"over": dict(reversed(SIZES.items()))}}), tmp_path)
    assert len(list(tmp_path.glob("sweep-*"))) == 4
    assert one["it_energy_mwh"].tolist() == near([7 * 8760] * 9)
    assert other["it_energy_mwh"].tolist() == near([7 * 8760 + 1] * 9)


def test_files_without_pyarrow_keep_every_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    asked = study(over=SIZES)
    found = run_sweep(asked, tmp_path, part_points_count=4).frame()
    assert set(parts(tmp_path)) == {"part-00000000.csv", "part-00000004.csv", "part-00000008.csv"}
    assert bits(found) == bits(sweep(asked))


def test_the_folder_says_what_it_is_of(tmp_path: Path) -> None:
    asked = study(over=SIZES)
    sweep(asked, tmp_path)
    about = json.loads(next(tmp_path.glob("sweep-*/sweep.json")).read_text())
    assert about["study"]["hash"] == asked.hash
    assert about["figures"]["import_mwh"]["unit"] == "MWh"
    assert about["points"] == 9
    assert about["evidence"]
    assert {"dcfoot", "numpy"} <= set(about["versions"])


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="choose another --out"):
        sweep(study(over=SIZES), tmp_path / "file")


# The command.


def test_the_command_writes_the_points_and_says_which_are_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(BASE | {"sweep": {"over": SIZES}}))  # JSON is YAML
    assert main(["plan", str(path), "--out", str(tmp_path / "out"), "--json"]) == 0
    said = capsys.readouterr()
    told = json.loads(said.out)["sweep"]
    table = pd.read_parquet(told["folder"])
    assert len(table) == told["points"] == 9
    best = told["best"]["cfe_contracted_ratio"]
    assert best["value"] == table["cfe_contracted_ratio"].max()
    assert best["at"] == {"supply.solar_mw": 40.5, "storage.battery_mwh": 80}
    assert told["folder"] in said.err


def test_the_command_shows_what_the_variance_comes_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "study.yaml"
    over = {"supply.solar_mw": {"from": 0, "to": 40}, "supply.wind_mw": {"from": 0, "to": 40}}
    path.write_text(json.dumps(BASE | {"sweep": {"over": over, "samples": 64}}))
    assert main(["plan", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Sweep of baseline: 256 points over supply.solar_mw, supply.wind_mw" in said
    assert "of the variance" in said


def test_a_scheduler_without_a_sweep_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(BASE))
    assert main(["plan", str(path), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert "has none" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("10.0.0.5:8786", "tcp://.* is missing"),
        ("tcp://10.0.0.5", "PORT is missing"),
        ("tcp://host:port", "tcp://HOST:PORT"),
        ("tcp://127.0.0.1:9", "No Dask scheduler answers"),
    ],
)
def test_a_scheduler_that_cannot_be_asked_is_told_before_anything_is_computed_or_written(
    address: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps({**BASE, "sweep": {"over": SIZES}}))
    assert main(["plan", str(path), "--out", str(tmp_path / "out"), "--scheduler", address]) == 2
    told = capsys.readouterr()
    assert re.search(said, told.err)
    assert told.out == ""
    assert "written" not in told.err
    assert not (tmp_path / "out").exists()


# A cluster of two workers on this machine.

WORKER = ("--no-dashboard", "--no-nanny", "--nthreads", "1", "--death-timeout", "60")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The address of a scheduler, and its two workers."""
    told = tmp_path / "scheduler.json"
    options = ("--no-dashboard", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
    dask = str(installed_program("dask"))
    programs = [subprocess.Popen([dask, "scheduler", *options], cwd=tmp_path, stderr=subprocess.DEVNULL)]
    try:
        worker = [dask, "worker", "--scheduler-file", str(told), *WORKER]
        programs += [subprocess.Popen(worker, cwd=tmp_path, stderr=subprocess.DEVNULL) for _ in range(2)]
        yield _address(told), programs[1:]
    finally:
        for program in programs:
            program.kill()
            program.wait()


def _address(told: Path) -> str:
    """Where the scheduler listens, once its two workers have come."""
    deadline = monotonic() + 60
    while not told.exists() and monotonic() < deadline:
        sleep(0.05)
    address = str(json.loads(told.read_text())["address"])
    dask: Any = import_module("distributed")
    with dask.Client(address, timeout=60, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return address


CLIENT = """
import json, os, signal, sys
from pathlib import Path
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.sweep.run import run_sweep

def end(done, count):
    if done >= 4:
        os.kill(os.getpid(), signal.SIGKILL)

run_sweep(Study.of(json.loads(sys.argv[1])), Path(sys.argv[2]), sys.argv[3], end, part_points_count=1)
"""


def test_a_cluster_gives_the_same_bits_and_outlives_a_worker_and_a_client(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, workers = cluster
    keys = BASE | {"sweep": {"over": PLACES}}
    here = bits(sweep(Study.of(keys)))
    assert bits(sweep(Study.of(keys), scheduler=address)) == here
    assert bits(sweep(study(over=SIZES), scheduler=address)) == bits(sweep(study(over=SIZES)))

    killed = subprocess.run([sys.executable, "-c", CLIENT, json.dumps(keys), str(tmp_path), address], check=False)
    assert killed.returncode == -signal.SIGKILL
    before = parts(tmp_path)
    assert len(before) == 4

    workers[0].send_signal(signal.SIGSTOP)  # what it is given stays in its hand

    def end_a_worker(_done: int, _count: int) -> None:
        workers[0].kill()

    found = run_sweep(Study.of(keys), tmp_path, address, end_a_worker, part_points_count=1)
    assert workers[0].wait() == -signal.SIGKILL
    assert bits(found.frame()) == here
    after = parts(tmp_path)
    assert len(after) == 8
    assert {name: after[name] for name in before} == before


def test_a_cluster_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_module, "PATIENCE_S", 0.5)
    with pytest.raises(ConfigError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        sweep(study(over=SIZES), scheduler="tcp://127.0.0.1:9")


def test_a_worker_that_computes_something_else_is_refused() -> None:
    job = job_of(study(over=SIZES))
    with pytest.raises(ConfigError, match="computes other figures"):
        columns_elsewhere(job, fingerprint(job) + " ", range(1))
