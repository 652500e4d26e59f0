"""`dcfoot run` must behave as if it were not there: terminal, signals, exit status, bytes."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias

import pytest

DCFOOT = [sys.executable, "-m", "dcfoot"]
RUN = [*DCFOOT, "run", "--quiet", "--"]

Shell: TypeAlias = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DCFOOT_")}
    return {**kept, "DCFOOT_DATA_DIR": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.fixture
def shell(environ: dict[str, str], tmp_path: Path) -> Shell:
    def run(*command: str | bytes, stdin: bytes = b"", options: tuple[str, ...] = ("--quiet",)) -> object:
        return subprocess.run(
            [*DCFOOT, "run", *options, "--", *command],
            input=stdin,
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            timeout=30,
            check=False,
        )

    return run  # type: ignore[return-value]


@contextlib.contextmanager
def started(
    command: list[str], environ: dict[str, str], *, start_new_session: bool = False
) -> Generator[subprocess.Popen[bytes], None, None]:
    with subprocess.Popen(
        [*RUN, *command],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=start_new_session,
    ) as process:
        yield process


@pytest.mark.parametrize("status", [0, 1, 3, 255])
def test_the_exit_status_is_the_jobs(shell: Shell, status: int) -> None:
    assert shell("sh", "-c", f"exit {status}").returncode == status


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "SEGV", "PIPE", "USR1"])
def test_a_job_ended_by_a_signal_ends_us_by_the_same(shell: Shell, name: str) -> None:
    assert shell("sh", "-c", f"kill -{name} $$").returncode == -getattr(signal, f"SIG{name}")


def test_a_command_that_is_not_there_is_127_and_one_that_cannot_run_126(shell: Shell, tmp_path: Path) -> None:
    missing = shell("no-such-command-anywhere")
    assert (missing.returncode, b"command not found" in missing.stderr) == (127, True)
    plain = tmp_path / "plain.txt"
    plain.write_text("text")
    assert shell(str(plain)).returncode == 126


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--site", "atlantis"), b"atlantis"),
        (("--tag", "no-equals-sign"), b"KEY=VALUE"),
    ],
)
def test_our_own_failures_come_before_the_job_and_are_125(
    shell: Shell, tmp_path: Path, options: tuple[str, ...], said: bytes
) -> None:
    proof = tmp_path / "started"
    failed = shell("touch", str(proof), options=options)
    assert failed.returncode == 125
    assert said in failed.stderr
    assert not proof.exists()


def test_no_command_is_a_clear_message(shell: Shell) -> None:
    failed = shell()
    assert failed.returncode == 125
    assert b"dcfoot run -- COMMAND" in failed.stderr


def test_bytes_pass_through_untouched_in_both_directions(shell: Shell) -> None:
    data = bytes(range(256)) * 300
    done = shell("cat", stdin=data)
    assert done.stdout == data
    assert done.stderr == b""


def test_arguments_need_not_be_text(shell: Shell) -> None:
    odd = b"\xff\xfe caf\xe9 \n'\""
    assert shell(b"printf", b"%s", odd).stdout == odd


def test_options_of_the_job_are_left_to_the_job(shell: Shell) -> None:
    done = shell("printf", "%s|", "--name", "--help", "--", "--receipt")
    assert done.stdout == b"--name|--help|--|--receipt|"


def test_the_job_finds_the_signals_as_it_would_without_us(shell: Shell) -> None:
    # Signals 32 and 33, which no program can use (nptl(7)): posix_spawn leaves them ignored.
    libc_own = 1 << 31 | 1 << 32

    def signals(status: bytes) -> dict[bytes, int]:
        lines = (line.split(b":") for line in status.splitlines() if line.startswith((b"SigBlk", b"SigIgn", b"SigCgt")))
        return {name: int(mask, 16) & ~libc_own for name, mask in lines}

    without_us = subprocess.run(["/bin/cat", "/proc/self/status"], capture_output=True, check=True)
    assert signals(shell("cat", "/proc/self/status").stdout) == signals(without_us.stdout)


def test_the_job_stays_in_our_process_group_and_session(environ: dict[str, str]) -> None:
    show = "import os, sys; print(os.getpgrp(), os.getsid(0)); sys.stdout.flush()"
    with started([sys.executable, "-c", show], environ, start_new_session=True) as process:
        out, _ = process.communicate(timeout=30)
    assert out.split() == [str(process.pid).encode()] * 2


def test_a_job_that_leaves_a_child_behind_ends_when_its_main_process_ends(environ: dict[str, str]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [*RUN, "sh", "-c", "sleep 30 & exit 4"],
        env=environ,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=25,
    )
    assert done.returncode == 4
    assert time.monotonic() - began < 15


def test_a_pipeline_ends_when_its_reader_has_enough(environ: dict[str, str]) -> None:
    line = " ".join(RUN) + " yes | head -n 2; echo ${PIPESTATUS[0]}"
    done = subprocess.run(["bash", "-c", line], env=environ, capture_output=True, timeout=30, check=True)
    assert done.stdout.split() == [b"y", b"y", b"141"]


COUNTER = """
import signal, sys, time
count = 0
def note(*_):
    global count
    count += 1
for name in ("SIGINT", "SIGTERM", "SIGUSR1"):
    signal.signal(getattr(signal, name), note)
print("ready", flush=True)
end = time.monotonic() + 1.2
while time.monotonic() < end:
    time.sleep(0.05)
print(count, flush=True)
sys.exit(40 + count)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_sent_to_us_reaches_the_job_once(environ: dict[str, str], number: signal.Signals) -> None:
    with started([sys.executable, "-c", COUNTER], environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == 41


class Terminal:
    """A pseudo-terminal with a command as its foreground job; the test plays the shell."""

    def __init__(self, command: list[str], environ: dict[str, str]) -> None:
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command, environ)  # noqa: S606 (the child of a fork)
        self.output = b""

    def read_until(self, what: bytes, timeout_s: float = 20.0) -> None:
        end = time.monotonic() + timeout_s
        while what not in self.output and time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.output += os.read(self._fd, 4096)
        assert what in self.output, self.output

    def type(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def wait(self, options: int = 0, timeout_s: float = 20.0) -> int:
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, options | os.WNOHANG)
            if pid:
                return status
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        message = f"the job neither ended nor stopped; it printed {self.output!r}"
        raise AssertionError(message)


@pytest.fixture
def terminal(environ: dict[str, str]) -> Callable[..., Terminal]:
    return lambda *command: Terminal([*RUN, *command], environ)


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of forkpty:DeprecationWarning")
class TestOnATerminal:
    def test_ctrl_c_reaches_the_job_exactly_once_and_its_answer_stands(self, terminal: Callable[..., Terminal]) -> None:
        job = terminal(sys.executable, "-c", COUNTER)
        job.read_until(b"ready")
        job.type(b"\x03")
        assert os.waitstatus_to_exitcode(job.wait()) == 41

    def test_ctrl_c_ends_a_job_that_does_not_mind_it(self, terminal: Callable[..., Terminal]) -> None:
        job = terminal("sh", "-c", "echo ready; exec sleep 30")
        job.read_until(b"ready")
        job.type(b"\x03")
        assert os.waitstatus_to_exitcode(job.wait()) == -signal.SIGINT

    def test_ctrl_z_stops_us_both_and_the_shell_can_go_on(self, terminal: Callable[..., Terminal]) -> None:
        job = terminal("sh", "-c", "echo ready; sleep 0.3; echo again; exit 6")
        job.read_until(b"ready")
        job.type(b"\x1a")
        assert os.WIFSTOPPED(job.wait(os.WUNTRACED))
        os.killpg(job.pid, signal.SIGCONT)
        job.read_until(b"again")
        assert os.waitstatus_to_exitcode(job.wait()) == 6

    def test_the_job_can_ask_and_be_answered(self, terminal: Callable[..., Terminal]) -> None:
        job = terminal("sh", "-c", 'printf "name? "; read name; echo "hello $name"; tty -s && exit 9')
        job.read_until(b"name? ")
        job.type(b"Ada\n")
        job.read_until(b"hello Ada")
        assert os.waitstatus_to_exitcode(job.wait()) == 9


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


@pytest.mark.parametrize("place", ["a file in its place", "no home"])
def test_a_store_that_cannot_be_written_leaves_the_job_alone_and_the_receipt_printed(
    environ: dict[str, str], tmp_path: Path, place: str
) -> None:
    if place == "no home":
        broken = {**environ, "DCFOOT_DATA_DIR": "/proc/nowhere/data", "HOME": "/proc/nowhere"}
    else:
        (tmp_path / "taken").write_text("not a folder")
        broken = {**environ, "DCFOOT_DATA_DIR": str(tmp_path / "taken")}
    done = subprocess.run(
        [*DCFOOT, "run", "--", "sh", "-c", "echo fine; exit 5"],
        env=broken,
        cwd=tmp_path,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (5, b"fine\n")
    assert b"accelerator" in done.stderr.lower()
    assert broken["DCFOOT_DATA_DIR"].encode() in done.stderr
