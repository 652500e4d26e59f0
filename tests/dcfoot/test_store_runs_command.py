"""``dcfoot runs``: what a person sees of the store."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from dcfoot.cli import main
from dcfoot.measurement import Measurement, RunState
from dcfoot.reading import Domain
from dcfoot.store import RunStore
from simulated.measurements import energy, finished, gpu, measurement
from simulated.near import near

KWH_J = 3.6e6


def run(number: int, energy_kwh: float = 1.0) -> Measurement:
    channel = energy(gpu(), energy_kwh * KWH_J)
    return finished(measurement(f"20261124T{number:06}-abcdef", 10.0, channel))


def keep(*runs: Measurement) -> None:
    for one in runs:
        RunStore().create(one).finish(one)


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    assert main(["runs", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


def test_runs_without_any_run_exits_3_with_a_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert "dcfoot run -- COMMAND" in said.err


def test_a_file_in_place_of_the_folder_is_said_and_exits_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").touch()
    monkeypatch.setenv("DCFOOT_DATA_DIR", str(tmp_path / "taken"))
    assert main(["runs"]) == 1
    assert "a file stands where a folder is needed" in capsys.readouterr().err


def test_a_long_name_is_cut_in_the_table_and_whole_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    name = "step" * 1_250
    keep(replace(run(1), name=name))
    header, line, *_ = printed(capsys)
    assert max(len(header), len(line)) < 160
    assert f"{name[:39]}…  2026" in line
    assert json.loads("\n".join(printed(capsys, "--json")))["runs"][0]["name"] == name


def test_the_table_says_what_its_energy_is(capsys: pytest.CaptureFixture[str]) -> None:
    keep(run(1))
    lines = printed(capsys)
    assert lines[0].split()[-2:] == ["CHIPS", "WARNINGS"]
    assert "not the wall" in lines[-1]
    assert lines[1].split() == [
        *("20261124T000001-abcdef", "train.py", "2026-11-24", "08:15:00", "10.0", "s"),
        *("complete", "0", "1.00", "kWh", "-"),
    ]


def test_a_run_that_is_part_of_another_is_marked_and_not_added(capsys: pytest.CaptureFixture[str]) -> None:
    keep(run(1, 2.0), replace(run(2, 1.5), part_of=run(1).id), run(3, 0.25))
    lines = printed(capsys)
    assert lines[2].endswith(f"part of {run(1).id}")
    assert "Total of these: 2.25 kWh (without 1 that are part of another)" in lines


def test_the_energy_of_a_node_is_not_added_to_that_of_the_chips_inside_it(capsys: pytest.CaptureFixture[str]) -> None:
    channels = (energy(gpu(), 1.0 * KWH_J), energy(gpu("wall", domain=Domain.NODE), 1.7 * KWH_J))
    keep(replace(run(1), channels=channels))
    (shown,) = json.loads("\n".join(printed(capsys, "--json")))["runs"]
    assert shown["chips_energy_kwh"] == near(1.0)


def test_energy_that_nobody_metered_is_not_known_rather_than_0(capsys: pytest.CaptureFixture[str]) -> None:
    keep(replace(run(1), channels=()), run(2, 1.0))
    lines = printed(capsys)
    assert "not known" in lines[2]
    assert "Total of these: 1.00 kWh (of 1 not known)" in lines


def test_next_to_nothing_is_not_shown_as_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    keep(run(1, 4e-7), run(2, 0.0), run(3, 1e-6))
    energies = [line.split()[-3:-1] for line in printed(capsys)[1:4]]
    assert energies == [["1.00", "mWh"], ["0", "mWh"], ["0.400", "mWh"]]


def test_a_table_whose_runs_differ_too_much_for_one_unit_gives_each_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    keep(run(1, 2e-6), run(2, 1_500.0))
    energies = [line.split()[-3:-1] for line in printed(capsys)[1:3]]
    assert energies == [["1.50", "MWh"], ["2.00", "mWh"]]


def test_the_newest_come_first_and_as_many_as_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    keep(*(run(number) for number in range(1, 25)))
    assert [line.split("-")[0] for line in printed(capsys, "--limit", "2")[1:3]] == [
        "20261124T000024",
        "20261124T000023",
    ]
    assert len(json.loads("\n".join(printed(capsys, "--json")))["runs"]) == 20
    assert len(json.loads("\n".join(printed(capsys, "--json", "--limit", "0")))["runs"]) == 24


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        (["--job", "slurm-1"], [3, 1]),
        (["--tag", "team=nlp"], [2, 1]),
        (["--tag", "team"], [3, 2, 1]),
        (["--tag", "team=nlp", "--job", "slurm-1"], [1]),
        (["--job", "slurm-1", "--limit", "1"], [3]),
    ],
)
def test_runs_of_a_job_or_with_a_tag_are_found(
    capsys: pytest.CaptureFixture[str], arguments: list[str], numbers: list[int]
) -> None:
    keep(
        replace(run(1), job="slurm-1", tags={"team": "nlp"}),
        replace(run(2), job="slurm-2", tags={"team": "nlp"}),
        replace(run(3), job="slurm-1", tags={"team": "vision"}),
        run(4),
    )
    found = json.loads("\n".join(printed(capsys, "--json", *arguments)))["runs"]
    assert [one["id"] for one in found] == [run(number).id for number in numbers]


def test_a_run_of_a_job_names_it_so_that_the_job_can_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    keep(replace(run(1), job="slurm-4711"))
    assert printed(capsys)[1].endswith("job slurm-4711")


def test_a_tag_that_no_run_has_exits_3(capsys: pytest.CaptureFixture[str]) -> None:
    keep(run(1))
    assert main(["runs", "--tag", "team"]) == 3
    assert "has that tag" in capsys.readouterr().err


def test_a_run_that_a_signal_ended_was_interrupted_and_the_signal_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    # 128 + 9 (POSIX shell; signal(7): SIGKILL is 9)
    keep(replace(run(1), exit_status=137, state=RunState.INTERRUPTED), replace(run(2), exit_status=1))
    lines = printed(capsys)
    assert "complete" in lines[1]
    assert "interrupted  137 SIGKILL" in lines[2]


def test_runs_that_cannot_be_read_are_listed_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    keep(run(1))
    (RunStore().runs_dir / "20261124T000002-broken.jsonl").write_text("?")
    lines = printed(capsys)
    assert lines[1].startswith("20261124T000002-broken")
    assert lines[1].endswith("it was set aside as 20261124T000002-broken.jsonl.corrupt")
    assert len(printed(capsys)) == len(lines) - 1


def test_a_name_cannot_move_the_cursor_of_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    keep(replace(run(1), name="\x1b[2J训练\nx\udce9"))
    lines = printed(capsys)
    assert "?[2J训练 x?" in lines[1]


def test_a_number_of_runs_that_is_none_exits_2() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["runs", "--limit", "many"])
