"""``dcfoot show``: kept runs, several as one, files, other sites."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from dcfoot.by_time import TimeBook
from dcfoot.cli import main
from dcfoot.measurement import Machine, Measurement
from dcfoot.reading import Domain
from dcfoot.receipt.reader import dumps
from dcfoot.store import RunStore
from simulated.measurements import STARTED_AT, after, by_time, energy, finished, gpu, measurement
from simulated.near import near
from simulated.receipts import gpu_node

NO_DATA, USAGE = 3, 2

Show = Callable[..., tuple[int, str, str]]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Runs ``dcfoot show`` and returns its exit status, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        status = main(["show", *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def keep(measured: Measurement) -> Measurement:
    RunStore().create(measured).finish(measured)
    return measured


def kept(run_id: str = "20261124T081500-3f9a1c", host: str = "node1", **changes: object) -> Measurement:
    """A finished run of 3600 s in which one GPU took 1 kWh, of which the run has a half."""
    made = measurement(run_id, 3600.0, energy(gpu(f"GPU-{host}", host), 3.6e6, 0.5, 3600.0))
    made = replace(made, machine=Machine(accelerators=("NVIDIA H100",)))
    return keep(replace(finished(after(made, 3600.0)), channels=made.channels, **changes))  # type: ignore[arg-type]


def accelerator_kwh(out: str) -> float:
    return float(json.loads(out)["ladder"][0]["energy_kwh"])


def test_without_a_name_it_is_the_last_run(show: Show) -> None:
    kept("20261124T081500-aaaaaa", name="first")
    kept("20261124T091500-bbbbbb", name="second")
    status, out, _ = show()
    assert status == 0
    assert out.startswith("second")
    assert show("last")[1] == out
    assert show("20261124T0815")[1].startswith("first")


def test_no_such_run_is_no_data(show: Show) -> None:
    status, out, err = show("nothing")
    assert (status, out) == (NO_DATA, "")
    assert "dcfoot: " in err


def test_json_is_the_contract_on_stdout(show: Show) -> None:
    kept()
    made = json.loads(show("--json")[1])
    assert made["schema"] == "dcfoot.receipt/1"
    assert made["ladder"][0]["energy_kwh"] == near(0.5)


def test_the_whole_node_is_what_the_meters_saw(show: Show) -> None:
    kept()
    assert accelerator_kwh(show("--json")[1]) == near(0.5)
    whole = show("--json", "--whole-node")[1]
    assert accelerator_kwh(whole) == near(1.0)
    assert json.loads(whole)["ladder_basis"] == "whole_node"


def test_a_run_is_assessed_anew_for_another_site(show: Show) -> None:
    kept()
    assert json.loads(show("--json")[1])["site"]["chosen"] is False
    moved = json.loads(show("--json", "--country", "fr")[1])
    assert moved["site"]["chosen"] is True
    assert moved["site"]["id"] == "fr"


def test_the_site_that_a_run_was_started_with_is_kept(show: Show) -> None:
    kept(site_id="cn-guangdong")
    assert json.loads(show("--json")[1])["site"]["grid_zone"] == "CN-GD"


def test_an_unknown_site_is_a_usage_error_that_offers_the_nearest(show: Show) -> None:
    kept()
    status, out, err = show("--site", "cn-guangdon")
    assert (status, out) == (USAGE, "")
    assert "cn-guangdong" in err


def test_the_power_by_time_is_a_table(show: Show) -> None:
    made = by_time(after(measurement(duration_s=2.0), 2.0))
    keep(finished(made))
    status, out, _ = show("--csv")
    header, *rows = out.splitlines()
    assert (status, header) == (0, "start_s,end_s,gpu_w")
    assert rows == [f"{n * 0.125:g},{(n + 1) * 0.125:g},100" for n in range(16)]


def test_of_the_nodes_own_meter_the_table_has_the_runs_share(show: Show) -> None:
    book = TimeBook(start_ns=0)
    book.book("node", 10**9, 1.0, 400.0)
    node = energy(gpu("wall", domain=Domain.NODE), 400.0, 0.25)
    keep(finished(replace(measurement("20261124T081500-aaaaaa", 1.0, node), by_time=book.by_time(1.0))))
    assert show("--csv")[1].splitlines()[1:] == [f"{n * 0.125:g},{(n + 1) * 0.125:g},100" for n in range(8)]


def test_a_run_or_a_file_without_power_by_time_says_so(show: Show, tmp_path: Path) -> None:
    kept()
    assert show("--csv")[0] == NO_DATA
    assert "keeps no power by time" in show("--csv")[2]
    path = tmp_path / "receipt.json"
    path.write_text(dumps(gpu_node()))
    status, out, err = show(str(path), "--csv")
    assert (status, out) == (USAGE, "")
    assert "Give the run's id" in err


def test_the_receipt_has_no_more_steps_than_are_drawn_and_all_of_the_energy(show: Show) -> None:
    keep(finished(by_time(after(measurement(duration_s=600.0), 600.0))))
    told = json.loads(show("--json")[1])
    steps = told["by_time"]["energy_j"]["gpu"]
    assert (len(steps), told["by_time"]["step_s"]) == (38, 16.0)
    assert sum(steps) == near(told["channels"][0]["attributed_energy_j"]) == near(60_000.0)


def test_several_runs_are_one_receipt(show: Show) -> None:
    kept("20261124T081500-aaaaaa", "node1")
    kept("20261124T081501-bbbbbb", "node2", started_at=STARTED_AT + timedelta(seconds=1))
    made = json.loads(show("--json", "20261124T081500-aaaaaa", "20261124T081501-bbbbbb")[1])
    assert made["run"]["hosts"] == ["node1", "node2"]
    assert made["ladder"][0]["energy_kwh"] == near(1.0)


def test_a_job_is_all_of_its_runs(show: Show) -> None:
    kept("20261124T081500-aaaaaa", "node1", job="slurm-4711")
    kept("20261124T081501-bbbbbb", "node2", job="slurm-4711")
    kept("20261124T081502-cccccc", "node3", job="slurm-4712")
    assert accelerator_kwh(show("--json", "--job", "slurm-4711")[1]) == near(1.0)
    status, _, err = show("--job", "slurm-1")
    assert (status, "is of job 'slurm-1'" in err) == (NO_DATA, True)


def test_a_receipt_file_is_shown_as_it_is(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(dumps(gpu_node()), encoding="utf-8")
    status, out, _ = show(str(path))
    assert status == 0
    assert out.startswith("llama-finetune")
    assert json.loads(show(str(path), "--json")[1]) == gpu_node()


def test_a_receipt_file_cannot_be_moved_to_another_site_or_joined(show: Show, tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(dumps(gpu_node()), encoding="utf-8")
    assert show(str(path), "--country", "fr")[0] == USAGE
    assert show(str(path), "last")[0] == USAGE


def test_a_missing_file_is_no_data(show: Show, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.json")
    status, _, err = show(missing)
    assert (status, f"there is no file {missing}" in err) == (NO_DATA, True)


def test_a_run_that_is_called_like_a_file_is_found_by_its_name(show: Show) -> None:
    kept(name="tiny.json")
    assert show("tiny.json")[1].startswith("tiny.json")


def test_reports_and_languages(show: Show) -> None:
    kept()
    assert show("--markdown")[1].startswith("# train.py")
    assert show("--html")[1].startswith("<!doctype html>")
    assert "能耗" in show("--lang", "zh")[1]


def test_there_is_no_colour_where_stdout_is_no_terminal(show: Show) -> None:
    kept()
    assert "\x1b" not in show()[1]
