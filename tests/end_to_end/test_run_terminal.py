"""`dcfoot run` on a real terminal: keys reach the job, job control works as a shell's users know it."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable

import pyte
import pytest

from simulated.running import QUIET, counter
from simulated.terminal import Terminal, bash

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of forkpty:DeprecationWarning")

SETTLED_S = 0.2
"""How long a shell may take to hand the terminal to a job that it has announced, or to start the next command [s]; one
that is stopped between vfork and exec hangs, with us or without (vfork(2))."""

Opened = Callable[..., Terminal]


@pytest.fixture
def terminal(environ: dict[str, str]) -> Opened:
    return lambda *command: Terminal([*QUIET, *command], environ)


def ctrl_z(shell: Terminal) -> None:
    time.sleep(SETTLED_S)
    shell.type(b"\x1a")


def line(*command: str, then: str = "; echo status=$?.") -> bytes:
    """A line for a shell that runs a job under us and `then` says how it ended."""
    return f"{shlex.join([*QUIET, *command])}{then}\n".encode()


def test_ctrl_c_reaches_the_job_exactly_once_and_its_answer_stands(terminal: Opened) -> None:
    with terminal(*counter("INT", "TERM")) as job:
        job.read_until(b"ready")
        job.type(b"\x03")
        job.read_until(b"SIGINT=1 end")
        assert job.wait() == 41


def test_ctrl_c_ends_a_job_that_does_not_mind_it(terminal: Opened) -> None:
    with terminal("sh", "-c", "echo ready; exec sleep 30") as job:
        job.read_until(b"ready")
        job.type(b"\x03")
        assert job.wait() == -signal.SIGINT


def test_ctrl_backslash_ends_the_job_by_sigquit(terminal: Opened) -> None:
    with terminal("sh", "-c", "ulimit -c 0; echo ready; exec sleep 30") as job:
        job.read_until(b"ready")
        job.type(b"\x1c")
        assert job.wait() == -signal.SIGQUIT


def test_the_job_can_ask_and_be_answered(terminal: Opened) -> None:
    with terminal("sh", "-c", 'printf "name? "; read name; echo "hello $name"; tty -s && exit 9') as job:
        job.read_until(b"name? ")
        job.type(b"Ada\n")
        job.read_until(b"hello Ada")
        assert job.wait() == 9


def test_ctrl_d_ends_the_jobs_input(terminal: Opened) -> None:
    with terminal("cat") as job:
        job.type(b"once\n")
        job.read_until(b"once\r\nonce\r\n")
        job.type(b"\x04")
        assert job.wait() == 0


def test_the_live_line_is_there_while_the_job_runs_and_gone_when_it_has_ended(environ: dict[str, str]) -> None:
    live = [*QUIET[:-1], "--live", "--", "sh", "-c", "sleep 2.3; echo the job"]
    screen = pyte.Screen(100, 12)
    stream = pyte.ByteStream(screen)
    with Terminal(live, {**environ, "TERM": "xterm"}) as job:
        job.resize(rows=12, columns=100)
        stream.feed(job.read_until(b"dcfoot 0:00:01", b" W "))
        assert "dcfoot 0:00:01" in screen.display[-1]
        stream.feed(job.read_until(b"the job"))
        assert job.wait() == 0
        stream.feed(job.output)
    assert [line.strip() for line in screen.display if line.strip()] == ["the job"]


def test_a_window_that_changes_its_size_tells_the_job_once(terminal: Opened) -> None:
    with terminal(*counter("WINCH")) as job:
        job.read_until(b"ready")
        job.resize(rows=40, columns=100)
        job.read_until(b"SIGWINCH=1 end")
        assert job.wait() == 41


def test_a_terminal_that_hangs_up_ends_the_job(environ: dict[str, str]) -> None:
    job = Terminal([*QUIET, "sh", "-c", "echo ready $$; exec sleep 30"], environ)
    seen = job.read_until(b"ready", b"\r\n")
    pid = int(seen.split()[-1])
    job.hang_up()
    assert job.wait() == -signal.SIGHUP
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


class TestInAShell:
    def test_ctrl_z_stops_us_and_fg_goes_on(self, environ: dict[str, str]) -> None:
        with bash(environ) as shell:
            shell.type(line("sh", "-c", "echo re''ady; sleep 1; echo aga''in; exit 6"))
            shell.read_until(b"ready")
            ctrl_z(shell)
            stopped = shell.read_until(b"ask> ")
            assert b"Stopped" in stopped
            assert b"(signal)" not in stopped  # by SIGTSTP, as the job
            shell.type(b"fg; echo status=$?.\n")
            shell.read_until(b"again", b"status=6.")

    def test_a_job_stopped_again_and_again_goes_on_each_time(self, environ: dict[str, str]) -> None:
        with bash(environ) as shell:
            shell.type(line("sh", "-c", "echo re''ady; sleep 2; echo do''ne"))
            shell.read_until(b"ready")
            for _ in range(3):
                ctrl_z(shell)
                shell.read_until(b"Stopped", b"ask> ")
                shell.type(b"fg\n")
                shell.read_until(b"run --quiet")
            shell.read_until(b"done")

    def test_bg_lets_it_run_in_the_background_to_its_end(self, environ: dict[str, str]) -> None:
        with bash(environ) as shell:
            shell.type(line("sh", "-c", "echo re''ady; sleep 1; echo do''ne"))
            shell.read_until(b"ready")
            ctrl_z(shell)
            shell.read_until(b"Stopped", b"ask> ")
            shell.type(b"bg\n")
            shell.read_until(b"done")
            shell.type(b"wait; jobs; echo no''ne\n")
            shell.read_until(b"\nnone")

    def test_a_job_that_ignores_ctrl_z_is_not_stopped_and_neither_are_we(self, environ: dict[str, str]) -> None:
        with bash(environ) as shell:
            shell.type(line("sh", "-c", 'trap "" TSTP; echo re""ady; sleep 1; echo do""ne; exit 3'))
            shell.read_until(b"ready")
            ctrl_z(shell)
            assert b"Stopped" not in shell.read_until(b"done", b"status=3.")

    def test_a_job_that_tidies_up_before_it_stops_may_do_so(self, environ: dict[str, str]) -> None:
        tidy = (
            "import os, signal, time\n"
            "def stop(*_):\n"
            "    time.sleep(0.3)\n"
            '    print("tidy", flush=True)\n'
            "    os.kill(os.getpid(), signal.SIGSTOP)\n"
            "signal.signal(signal.SIGTSTP, stop)\n"
            'print("ready", flush=True)\n'
            "time.sleep(2)\n"
            'print("end")\n'
        )
        with bash(environ) as shell:
            shell.type(line(sys.executable, "-c", f'exec(bytes.fromhex("{tidy.encode().hex()}").decode())'))
            shell.read_until(b"ready")
            ctrl_z(shell)
            shell.read_until(b"tidy", b"Stopped", b"ask> ")
            shell.type(b"fg; echo status=$?.\n")
            shell.read_until(b"end", b"status=0.")

    def test_a_job_in_the_background_that_reads_stops_until_it_is_brought_forward(
        self, environ: dict[str, str]
    ) -> None:
        with bash(environ) as shell:
            shell.type(line("sh", "-c", 'read answer; echo "got $answer"', then=" &"))
            shell.read_until(b"ask> ")
            shell.type(b"sleep 1; jobs; echo li''sted\n")
            assert b"Stopped" in shell.read_until(b"\nlisted")
            shell.type(b"fg\n")
            shell.type(b"it\n")
            shell.read_until(b"got it")

    def test_an_interactive_shell_is_a_job_like_any_other(self, environ: dict[str, str]) -> None:
        with bash(environ) as shell:
            shell.type(line("bash", "--norc", "--noprofile", "-i"))
            shell.read_until(b"ask> ")
            shell.type(b"echo be''gun; sleep 30\n")
            shell.read_until(b"begun")
            ctrl_z(shell)
            shell.read_until(b"Stopped", b"ask> ")
            shell.type(b"kill %1; exit 4\n")
            shell.type(b"exit 4\n")
            shell.read_until(b"status=4.")
