"""`dcfoot run` must behave as if it were not there: exit status, bytes, arguments; and leave a receipt and a run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulated.near import near
from simulated.running import DCFOOT, QUIET, Shell
from simulated.third_party import DEVICE, POWER_W, install_meter


@pytest.mark.parametrize("status", [0, 1, 3, 125, 126, 127, 255])
def test_the_exit_status_is_the_jobs(shell: Shell, status: int) -> None:
    assert shell("sh", "-c", f"exit {status}").returncode == status


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "SEGV", "PIPE", "USR1", "RTMIN"])
def test_a_job_ended_by_a_signal_ends_us_by_the_same(shell: Shell, name: str) -> None:
    ended = shell(sys.executable, "-c", f"import os, signal; os.kill(os.getpid(), signal.SIG{name})")
    expected = 0 if name == "PIPE" else -getattr(signal, f"SIG{name}")  # Python ignores SIGPIPE
    assert ended.returncode == (1 if name == "INT" and ended.returncode == 1 else expected)


def test_bytes_pass_through_untouched_in_both_directions(shell: Shell) -> None:
    data = bytes(range(256)) * 4_000
    done = shell("cat", stdin=data)
    assert done.stdout == data
    assert done.stderr == b""


def test_very_much_output_costs_us_nothing(shell: Shell) -> None:
    done = shell("sh", "-c", "head -c 300000000 /dev/zero | tail -c 1", options=())
    assert (done.returncode, done.stdout) == (0, b"\0")


def test_arguments_need_not_be_text(shell: Shell) -> None:
    odd = b"\xff\xfe caf\xe9 \n'\""
    assert shell(b"printf", b"%s", odd).stdout == odd


def test_a_run_whose_arguments_are_no_text_has_its_receipt_and_is_listed(
    shell: Shell, environ: dict[str, str], tmp_path: Path
) -> None:
    done = shell(b"true", b"caf\xe9", options=("--receipt", "receipt.json", "--tag", "a=b"))
    assert done.returncode == 0
    assert json.loads((tmp_path / "receipt.json").read_text())["run"]["command"][0] == "true"
    for command in (("runs",), ("runs", "--json"), ("show",), ("show", "--json"), ("show", "--html")):
        subprocess.run([*DCFOOT, *command], env=environ, stdout=subprocess.DEVNULL, timeout=30, check=True)


def test_options_of_the_job_are_left_to_the_job(shell: Shell) -> None:
    done = shell("printf", "%s|", "--name", "--help", "--", "--receipt")
    assert done.stdout == b"--name|--help|--|--receipt|"


def test_the_two_dashes_may_be_left_out(environ: dict[str, str]) -> None:
    line = [*DCFOOT, "run", "--quiet", "printf", "%s|", "--quiet", "-x"]
    assert subprocess.run(line, env=environ, capture_output=True, timeout=30, check=True).stdout == b"--quiet|-x|"


def test_the_job_finds_the_signals_as_it_would_without_us(shell: Shell) -> None:
    # Signals 32 and 33, which no program can use (nptl(7)): posix_spawn leaves them ignored.
    libc_own = 1 << 31 | 1 << 32

    def signals(status: bytes) -> dict[bytes, int]:
        lines = (line.split(b":") for line in status.splitlines() if line.startswith((b"SigBlk", b"SigIgn", b"SigCgt")))
        return {name: int(mask, 16) & ~libc_own for name, mask in lines}

    without_us = subprocess.run(["/bin/cat", "/proc/self/status"], capture_output=True, check=True)
    assert signals(shell("cat", "/proc/self/status").stdout) == signals(without_us.stdout)


def test_the_job_finds_the_open_files_as_it_would_without_us(shell: Shell) -> None:
    show = ["sh", "-c", "ls /proc/self/fd"]
    without_us = subprocess.run(show, stdin=subprocess.PIPE, capture_output=True, check=True)
    assert shell(*show).stdout == without_us.stdout


def test_the_job_finds_its_environment_and_three_names_of_ours(shell: Shell, environ: dict[str, str]) -> None:
    added = {line.partition(b"=")[0].decode() for line in shell("env", "-0").stdout.split(b"\0")} - set(environ)
    assert added - {"", "_", "LC_CTYPE"} == {"DCFOOT_RUN_ID", "DCFOOT_RUN_PID", "DCFOOT_RUN_PROCESS"}


def test_a_job_that_leaves_a_child_behind_ends_when_its_main_process_ends(environ: dict[str, str]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [*QUIET, "sh", "-c", "sleep 30 & exit 4"],
        env=environ,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=25,
    )
    assert done.returncode == 4
    assert time.monotonic() - began < 15


def test_what_the_job_leaves_behind_lives_on(shell: Shell, tmp_path: Path) -> None:
    shell("sh", "-c", "(sleep 1; echo alive >left) >/dev/null 2>&1 &")
    deadline_s = time.monotonic() + 10
    while not (tmp_path / "left").exists() and time.monotonic() < deadline_s:
        time.sleep(0.05)
    assert (tmp_path / "left").read_text() == "alive\n"


@pytest.mark.parametrize("outlives_the_job", [True, False])
def test_a_process_that_outlived_its_parent_counts_while_the_job_lasts(
    shell: Shell, tmp_path: Path, *, outlives_the_job: bool
) -> None:
    burns_s = 4 if outlives_the_job else 1
    burn = f"{sys.executable} -S -c 'import time\nwhile time.process_time() < {burns_s}: pass'"
    shell("sh", "-c", f"({burn} >/dev/null 2>&1 &); sleep 2", options=("--quiet", "--receipt", "receipt.json"))
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    (package,) = (one for one in receipt["channels"] if one["domain"] == "package")
    # A whole processor of four or fewer, or what other work leaves of it; sh and sleep take a hundredth of that.
    assert package["attributed_energy_j"] > 0.03 * package["energy_j"]


def test_a_pipeline_ends_when_its_reader_has_enough(environ: dict[str, str]) -> None:
    line = " ".join(QUIET) + " yes | head -n 2; echo ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", line], env=environ, capture_output=True, timeout=30, check=True)
    assert done.stdout.split() == [b"y", b"y", b"141"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # Its reader ends when the job has closed its output, though the job goes on; so does who writes to its input.
        ("{run} sh -c 'echo early; exec >&-; sleep 1.5; date +%s%N >job' | (cat; date +%s%N >reader)", b"early\n"),
        ("(yes; date +%s%N >reader) | {run} sh -c 'exec <&-; sleep 1.5; date +%s%N >job'", b""),
    ],
)
def test_the_other_end_of_a_pipe_sees_when_the_job_closes_it(
    environ: dict[str, str], tmp_path: Path, line: str, said: bytes
) -> None:
    command = ["bash", "-c", line.format(run=" ".join(QUIET)) + "; wait"]
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, timeout=30, check=True)
    assert done.stdout == said
    assert int((tmp_path / "reader").read_text()) < int((tmp_path / "job").read_text())


def test_a_run_in_a_run_is_a_part_of_it_and_its_status_passes_through_both(
    shell: Shell, environ: dict[str, str]
) -> None:
    assert shell(*QUIET, "sh", "-c", "exit 9").returncode == 9
    listed = subprocess.run([*DCFOOT, "runs", "--json"], env=environ, capture_output=True, timeout=30, check=True)
    inner, outer = json.loads(listed.stdout)["runs"]
    assert (outer["part_of"], inner["part_of"]) == (None, outer["id"])


@pytest.mark.parametrize("job", ["true", "sleep 1"])
def test_a_job_that_computes_nothing_has_its_receipt(shell: Shell, tmp_path: Path, job: str) -> None:
    done = shell(*job.split(), options=("--receipt", "receipt.json"))
    assert done.returncode == 0
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    lasted_s = 1.0 if job == "sleep 1" else 0.0
    assert receipt["run"]["duration_s"] == near(lasted_s, abs=0.5)
    host = next(rung for rung in receipt["ladder"] if rung["rung"] == "host")
    assert host["energy_kwh"] is not None
    assert host["energy_kwh"] < 1e-4


SLEEP = "import sys, time; began = time.monotonic(); time.sleep(float(sys.argv[1])); print(time.monotonic() - began)"


@pytest.mark.parametrize(("lasts_s", "error_ratio"), [(0.5, 0.01), (3.0, 0.003)])
def test_the_energy_is_that_between_the_jobs_start_and_end(
    shell: Shell, environ: dict[str, str], tmp_path: Path, lasts_s: float, error_ratio: float
) -> None:
    environ["PYTHONPATH"] = str(install_meter(tmp_path / "meter"))
    began_s = time.monotonic()
    done = shell(sys.executable, "-c", SLEEP, str(lasts_s), options=("--quiet", "--receipt", "receipt.json"))
    outer_s, inner_s = time.monotonic() - began_s, float(done.stdout)
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    (steady,) = (one for one in receipt["channels"] if one["device"] == DEVICE)
    assert inner_s <= receipt["run"]["duration_s"] <= outer_s
    assert steady["energy_j"] == near(POWER_W * receipt["run"]["duration_s"], rel=error_ratio)
    assert steady["energy_j"] >= POWER_W * inner_s


def test_the_receipt_file_tells_of_the_run(shell: Shell, tmp_path: Path) -> None:
    done = shell(
        sys.executable,
        "-c",
        "import time\nend = time.process_time() + 1.2\nwhile time.process_time() < end: pass",
        options=("--receipt", str(tmp_path / "receipt.json"), "--name", "burn", "--tag", "team=a", "--country", "FR"),
    )
    assert done.returncode == 0
    assert b"burn" in done.stderr
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["schema"] == "dcfoot.receipt/1"
    assert receipt["run"]["name"] == "burn"
    assert receipt["run"]["exit_status"] == 0
    assert receipt["run"]["state"] == "complete"
    assert 1.2 <= receipt["run"]["duration_s"] < 10.0
    assert [rung["rung"] for rung in receipt["ladder"]] == ["accelerator", "host", "node", "facility"]


def test_a_run_is_kept_and_shown_again(shell: Shell, environ: dict[str, str], tmp_path: Path) -> None:
    shell("true", options=("--quiet", "--name", "kept"))
    listed = subprocess.run(
        [*DCFOOT, "runs", "--json"], env=environ, cwd=tmp_path, capture_output=True, timeout=30, check=True
    )
    assert b"kept" in listed.stdout
    shown = subprocess.run(
        [*DCFOOT, "show", "--json"], env=environ, cwd=tmp_path, capture_output=True, timeout=30, check=True
    )
    assert json.loads(shown.stdout)["run"]["name"] == "kept"


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["true", "train.py", "--lr", "3e-4"], "train.py"),
        (["true", "-u", "scripts/train.py"], "train.py"),
        (["true", "--nproc-per-node", "8", "-m", "package.train", "--config", "a.py"], "package.train"),
        (["env", "true"], "env"),
    ],
)
def test_a_run_is_called_as_a_person_would_call_it(
    shell: Shell, environ: dict[str, str], command: list[str], name: str
) -> None:
    shell(*command)
    listed = subprocess.run([*DCFOOT, "runs", "--json"], env=environ, capture_output=True, timeout=30, check=True)
    assert [run["name"] for run in json.loads(listed.stdout)["runs"]] == [name]


LAUNCH = {"TORCHELASTIC_RUN_ID": "run-1", "RANK": "0", "LOCAL_RANK": "0"}


def test_ranks_that_are_each_run_by_us_are_one_run_and_the_others_say_where_it_is(environ: dict[str, str]) -> None:
    ranks = [
        subprocess.Popen(
            [*DCFOOT, "run", "--", "sleep", "1.5"],
            env={**environ, **LAUNCH, "RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
        )
        for rank in "0123"
    ]
    said = [rank.communicate(timeout=60)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0] * 4
    listed = subprocess.run([*DCFOOT, "runs", "--json"], env=environ, capture_output=True, timeout=30, check=True)
    (run,) = json.loads(listed.stdout)["runs"]
    pointers = [text for text in said if f"dcfoot show {run['id']}".encode() in text and b"other" in text]
    assert len(pointers) == 3
    assert os.environ.get("RANK") is None
