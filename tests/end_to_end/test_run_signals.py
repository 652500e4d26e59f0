"""Signals: each reaches the job once, whoever sent it to whom; and what is left when one of us is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulated.near import near
from simulated.running import DCFOOT, QUIET, counter
from simulated.third_party import DEVICE, OPEN_S, POWER_W, install_meter


@contextmanager
def started(
    command: Sequence[str], environ: dict[str, str], *, ready: bytes = b"ready\n"
) -> Generator[subprocess.Popen[bytes], None, None]:
    """The job in a session and a process group of its own, once it has said that it is ready."""
    with subprocess.Popen(
        [*QUIET, *command],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        bufsize=0,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == ready
        yield process


def children_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Our children, the eldest first: the witness, which is a `cat`, and the job."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def job_of(process: subprocess.Popen[bytes]) -> int:
    return children_of(process)[1]


EVERY_KIND = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGALRM, signal.SIGRTMIN]


@pytest.mark.parametrize("number", EVERY_KIND, ids=lambda number: number.name)
def test_a_signal_sent_to_us_reaches_the_job_once(environ: dict[str, str], number: signal.Signals) -> None:
    with started(counter(number.name[3:]), environ) as process:
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (41, f"{number.name}=1 end\n".encode())


@pytest.mark.parametrize("number", EVERY_KIND, ids=lambda number: number.name)
def test_a_signal_sent_to_the_group_reaches_the_job_once(environ: dict[str, str], number: signal.Signals) -> None:
    with started(counter(number.name[3:]), environ) as process:
        os.killpg(process.pid, number)
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (41, f"{number.name}=1 end\n".encode())


def test_signals_to_us_and_to_the_group_in_turn_are_told_apart(environ: dict[str, str]) -> None:
    with started(counter("TERM", "USR1"), environ) as process:
        for _ in range(2):
            os.killpg(process.pid, signal.SIGTERM)
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGUSR1)
            time.sleep(0.2)
        out, _ = process.communicate(timeout=20)
    assert out == b"SIGUSR1=2 SIGTERM=4 end\n"


def test_a_signal_sent_to_each_process_in_turn_reaches_the_job_once(environ: dict[str, str]) -> None:
    # As a batch system and a service manager do: proctrack/cgroup, KillMode=control-group.
    with started(counter("USR1"), environ) as process:
        for pid in (process.pid, *children_of(process)):
            os.kill(pid, signal.SIGUSR1)
        process.communicate(timeout=20)
    assert process.returncode == 41


def test_a_job_that_signals_its_own_group_is_left_to_it(environ: dict[str, str]) -> None:
    script = "trap 'echo caught; trap - TERM' TERM; echo ready; kill 0; sleep 0.2; echo on; exit 5"
    with started(["sh", "-c", script], environ) as process:
        out, _ = process.communicate(timeout=20)
    assert (process.returncode, out) == (5, b"caught\non\n")


@pytest.mark.parametrize("to_group", [True, False])
def test_a_signal_that_comes_while_the_meters_open_is_not_lost(
    environ: dict[str, str], tmp_path: Path, *, to_group: bool
) -> None:
    environ |= {"PYTHONPATH": str(install_meter(tmp_path / "meter")), OPEN_S: "1.5"}
    with subprocess.Popen([*QUIET, "sleep", "30"], env=environ, start_new_session=True) as process:
        time.sleep(1.0)
        (os.killpg if to_group else os.kill)(process.pid, signal.SIGINT)
        assert process.wait(20) == -signal.SIGINT


def test_timeout_ends_the_job_and_says_so(environ: dict[str, str]) -> None:
    began_s = time.monotonic()
    done = subprocess.run(["timeout", "1.5", *QUIET, "sleep", "30"], env=environ, timeout=20, check=False)
    assert done.returncode == 124
    assert time.monotonic() - began_s < 8.0


def test_an_alarm_that_was_set_before_us_rings_for_the_job(environ: dict[str, str]) -> None:
    code = "import os, signal, sys; signal.alarm(2); os.execvp(sys.argv[1], sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *QUIET, "sleep", "30"], env=environ, timeout=20, check=False)
    assert done.returncode == -signal.SIGALRM


def test_signals_that_were_ignored_before_us_are_ignored_by_the_job(environ: dict[str, str]) -> None:
    line = f"trap '' HUP INT; exec {' '.join(QUIET)} sh -c 'kill -HUP $PPID $$; kill -INT $PPID; sleep 0.3; exit 6'"
    assert subprocess.run(["sh", "-c", line], env=environ, timeout=20, check=False).returncode == 6


def test_the_job_stays_in_our_process_group_and_session(environ: dict[str, str]) -> None:
    show = "import os; print('ready'); print(os.getpgrp(), os.getsid(0), flush=True)"
    with started([sys.executable, "-c", show], environ) as process:
        out, _ = process.communicate(timeout=30)
    assert out.split() == [str(process.pid).encode()] * 2


def test_a_job_that_is_stopped_and_continued_alone_goes_on_measured(environ: dict[str, str]) -> None:
    with started(["sh", "-c", "echo ready; sleep 1; exit 8"], environ) as process:
        job = job_of(process)
        os.kill(job, signal.SIGSTOP)
        time.sleep(0.5)
        os.kill(job, signal.SIGCONT)
        process.communicate(timeout=20)
    assert process.returncode == 8


BURNING = "import time; print('ready', flush=True)\nwhile True: time.sleep(0.01)"


@pytest.mark.parametrize("killed", ["dcfoot", "the job", "both"])
def test_after_a_kill_the_run_is_interrupted_with_everything_up_to_two_seconds_before(
    environ: dict[str, str], tmp_path: Path, killed: str
) -> None:
    environ["PYTHONPATH"] = str(install_meter(tmp_path / "meter"))
    with started([sys.executable, "-c", BURNING], environ) as process:
        job = job_of(process)
        time.sleep(2.6)
        if killed != "the job":
            process.kill()
        if killed != "dcfoot":
            os.kill(job, signal.SIGKILL)
        process.wait(20)
        assert process.returncode == -signal.SIGKILL
        if killed == "dcfoot":
            os.kill(job, 0)  # it goes on: whoever kills dcfoot did not ask for more
            os.kill(job, signal.SIGKILL)
    listed = subprocess.run([*DCFOOT, "runs", "--json"], env=environ, capture_output=True, timeout=30, check=True)
    (run,) = json.loads(listed.stdout)["runs"]
    assert (run["state"], run["exit_status"]) == ("interrupted", 137 if killed == "the job" else None)
    assert 0.6 <= run["duration_s"] <= 3.6  # 2.6 s, less what may be lost, more what starting took
    shown = subprocess.run([*DCFOOT, "show", "--json"], env=environ, capture_output=True, timeout=30, check=True)
    receipt = json.loads(shown.stdout)
    (steady,) = (one for one in receipt["channels"] if one["device"] == DEVICE)
    assert steady["energy_j"] == near(POWER_W * run["duration_s"], abs=1.1 * POWER_W)
    by_time_j = sum(filter(None, receipt["by_time"]["energy_j"][steady["domain"]]))
    alike_j = [one["attributed_energy_j"] for one in receipt["channels"] if one["domain"] == steady["domain"]]
    assert by_time_j == near(sum(alike_j), abs=1e-5)
    assert receipt["warnings"] is not None


def test_a_killed_dcfoot_leaves_no_process_of_its_own_behind(environ: dict[str, str]) -> None:
    with started([sys.executable, "-c", BURNING], environ) as process:
        job = job_of(process)
        process.kill()
        process.wait(20)
        deadline_s = time.monotonic() + 5
        while len(_group(process.pid)) > 1 and time.monotonic() < deadline_s:
            time.sleep(0.02)
        assert _group(process.pid) == [job]
        os.kill(job, signal.SIGKILL)


def _group(group: int) -> list[int]:
    """The living processes of a process group (proc_pid_stat(5), fields 3 and 5)."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(pgrp) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found
