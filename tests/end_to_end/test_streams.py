"""Standard streams that are closed, full or gone: every command says so in a line, and never in a traceback."""

import subprocess
import sys

import pytest

COMMANDS = ("--help", "--version", "runs", "show last", "doctor", "sites", "factors list", "config show", "runs --help")


@pytest.fixture(autouse=True)
def _run(environ: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "dcfoot", "run", "--quiet", "--", "true"], env=environ, check=True)


def shell(line: str, environ: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    line = line.replace("dcfoot", f"{sys.executable} -m dcfoot", 1)
    return subprocess.run(["bash", "-c", line], env=environ, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_stdout_that_takes_nothing_is_said_in_one_line(environ: dict[str, str], command: str) -> None:
    for redirected, reason in ((">&-", b"Bad file descriptor"), (">/dev/full", b"No space left on device")):
        failed = shell(f"dcfoot {command} {redirected}", environ)
        assert (failed.returncode, failed.stderr) == (1, b"dcfoot: cannot write to stdout: " + reason + b"\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_enough_is_no_fault(environ: dict[str, str], command: str) -> None:
    done = shell(f"dcfoot {command} | true; exit ${{PIPESTATUS[0]}}", environ)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_command_that_writes_nothing_needs_no_stdout(environ: dict[str, str]) -> None:
    done = shell("dcfoot config validate >&-", environ)
    assert (done.returncode, b"The settings are valid" in done.stderr) == (0, True)


def test_a_stderr_that_is_closed_or_full_leaves_the_status_as_it_is(environ: dict[str, str]) -> None:
    for redirected in ("2>&-", "2>/dev/full"):
        assert shell(f"dcfoot show nothing {redirected}", environ).returncode == 3
