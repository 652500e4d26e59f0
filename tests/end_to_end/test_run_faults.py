"""What goes wrong around `dcfoot run`: before the start it is said and nothing starts; after it, no job feels it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulated.running import DCFOOT, QUIET, Shell


class TestBeforeTheStart:
    def test_a_command_that_is_not_there_is_127_and_one_that_cannot_run_126(self, shell: Shell, tmp_path: Path) -> None:
        missing = shell("no-such-command-anywhere")
        assert (missing.returncode, b"command not found" in missing.stderr) == (127, True)
        plain = tmp_path / "plain.txt"
        plain.write_text("text")
        for command, status in ((str(plain), 126), (str(tmp_path), 126), ("", 127), ("x" * 300, 126)):
            failed = shell(command)
            assert (failed.returncode, failed.stderr.count(b"\n")) == (status, 1)
            # As `env` answers (GNU coreutils manual, "env invocation").
            assert subprocess.run(["env", command], capture_output=True, check=False).returncode in {status, 127}

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (("--site", "frence"), b"No site is called 'frence'. Did you mean France"),
            (("--country", "Germny"), b"Germany"),
            (("--tag", "no-equals-sign"), b"KEY=VALUE"),
            (("--interval", "0"), b"seconds from 0.05 to 60"),
            (
                ("--receipt", "no/such/folder/r.json"),
                b"no/such/folder/r.json cannot be written: there is no such folder",
            ),
            (("--receipt", "."), b"--receipt: . cannot be written: it is a folder"),
            (("--receipt", ""), b"--receipt: the name of the file is empty"),
            (("--no-such-option",), b"--no-such-option"),
            (("--lang", "xx"), b"--lang"),
        ],
        ids=str,
    )
    def test_a_mistake_in_the_options_is_125_and_says_what_and_nothing_is_started(
        self, shell: Shell, tmp_path: Path, options: tuple[str, ...], said: bytes
    ) -> None:
        failed = shell("touch", "started", options=options)
        assert failed.returncode == 125
        assert said.lower() in failed.stderr.lower()
        assert b"Traceback" not in failed.stderr
        assert not (tmp_path / "started").exists()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("# mine\ninterval_s = 'often'\n", b"dcfoot.toml:2: interval_s: 'often' is not a number"),
            ("sit = 'france'\n", b"dcfoot.toml:1: sit: there is no such setting; did you mean site?"),
            ("site = \n", b"dcfoot.toml:1: this is not TOML"),
            ("site = 'atlantis'\n", b"No site is called 'atlantis'"),
            ("site = 'fr'\nsites_file = 'none.toml'\n", b"dcfoot.toml:2: "),
        ],
    )
    def test_a_mistake_in_the_configuration_is_125_with_its_place_and_nothing_is_started(
        self, shell: Shell, tmp_path: Path, text: str, said: bytes
    ) -> None:
        (tmp_path / "dcfoot.toml").write_text(text)
        failed = shell("touch", "started")
        assert (failed.returncode, said in failed.stderr) == (125, True)
        assert not (tmp_path / "started").exists()

    def test_no_command_is_a_clear_message(self, shell: Shell) -> None:
        failed = shell()
        assert failed.returncode == 125
        assert b"dcfoot run -- COMMAND" in failed.stderr

    def test_ctrl_c_before_the_start_ends_us_quietly(self, environ: dict[str, str], tmp_path: Path) -> None:
        # A configuration that keeps us waiting: a pipe that nobody writes to.
        os.mkfifo(tmp_path / "config.toml")
        with subprocess.Popen(
            [*QUIET, "touch", "started"],
            env={**environ, "DCFOOT_CONFIG": str(tmp_path / "config.toml")},
            cwd=tmp_path,
            stderr=subprocess.PIPE,
        ) as process:
            time.sleep(1.0)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        assert (process.returncode, err) == (-signal.SIGINT, b"")
        assert not (tmp_path / "started").exists()

    def test_a_variable_that_is_no_setting_may_be_anothers_and_is_said_on_the_receipt(
        self, shell: Shell, environ: dict[str, str]
    ) -> None:
        environ["DCFOOT_CUONTRY"] = "FR"
        done = shell("true", options=("--receipt", "receipt.json"))
        assert done.returncode == 0
        receipt = json.loads((shell.folder / "receipt.json").read_text())
        assert any("did you mean DCFOOT_COUNTRY?" in warning for warning in receipt["warnings"])


class TestStandardStreams:
    @pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
    def test_that_are_closed_are_closed_for_the_job_and_nothing_else(
        self, environ: dict[str, str], tmp_path: Path, closed: str
    ) -> None:
        show = "sh -c 'ls /proc/self/fd >&9; exit 5'"
        statuses: list[int] = []
        for number, command in enumerate((show, f"{sys.executable} -m dcfoot run -- {show}")):
            line = f"exec 9>{tmp_path}/fds-{number}; {command} {closed}"
            done = subprocess.run(["sh", "-c", line], env=environ, stdin=subprocess.DEVNULL, timeout=30, check=False)
            statuses.append(done.returncode)
        assert statuses == [5, 5]
        assert (tmp_path / "fds-0").read_text() == (tmp_path / "fds-1").read_text()

    @pytest.mark.parametrize("redirected", ["2>/dev/full", ">/dev/full", "2>/dev/full >/dev/full"])
    def test_that_take_nothing_leave_the_status_alone(self, environ: dict[str, str], redirected: str) -> None:
        line = f"{sys.executable} -m dcfoot run -- sh -c 'exit 5' {redirected}"
        assert subprocess.run(["sh", "-c", line], env=environ, timeout=30, check=False).returncode == 5

    def test_whose_reader_has_gone_leave_the_status_alone(self, environ: dict[str, str]) -> None:
        reads, writes = os.pipe()
        os.close(reads)
        done = subprocess.run([*DCFOOT, "run", "--", "true"], env=environ, stderr=writes, timeout=30, check=False)
        os.close(writes)
        assert done.returncode == 0

    def test_whose_reader_waits_for_us_to_end_are_given_up(self, environ: dict[str, str]) -> None:
        # As a parent does that pipes stderr and waits: without us it would hang only if the job wrote too much.
        reads, writes = os.pipe()
        os.set_blocking(writes, False)
        while True:
            try:
                os.write(writes, b"x" * 4096)
            except BlockingIOError:
                break
        os.set_blocking(writes, True)
        done = subprocess.run(
            [*DCFOOT, "run", "--", "sh", "-c", "exit 5"], env=environ, stderr=writes, timeout=60, check=False
        )
        assert done.returncode == 5
        os.close(reads)
        os.close(writes)
        listed = subprocess.run([*DCFOOT, "runs", "--json"], env=environ, capture_output=True, timeout=30, check=True)
        assert json.loads(listed.stdout)["runs"][0]["state"] == "complete"


class TestPlaces:
    @pytest.mark.parametrize("place", ["a file in its place", "no home"])
    def test_a_store_that_cannot_be_written_leaves_the_job_alone_and_the_receipt_printed(
        self, environ: dict[str, str], tmp_path: Path, place: str
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

    @pytest.mark.parametrize("place", ["/proc/nowhere", "taken"])
    def test_a_run_that_is_not_kept_is_said_in_one_line_where_there_is_no_receipt(
        self, shell: Shell, environ: dict[str, str], tmp_path: Path, place: str
    ) -> None:
        (tmp_path / "taken").write_text("not a folder")
        environ["DCFOOT_DATA_DIR"] = place
        done = shell("sh", "-c", "exit 5")
        assert (done.returncode, done.stderr.count(b"\n")) == (5, 1)
        assert done.stderr.startswith(b"dcfoot: this run is not kept: cannot create the journal ")

    def test_a_run_that_is_kept_in_part_is_said_where_there_is_no_receipt(
        self, shell: Shell, environ: dict[str, str], tmp_path: Path
    ) -> None:
        environ["DCFOOT_DATA_DIR"] = str(tmp_path / "data")
        replace = "sleep 1.5; rm -r data; touch data; sleep 1.5"  # the folder is gone, a file is in its place
        done = shell("sh", "-c", replace)
        assert (done.returncode, done.stderr.count(b"\n")) == (0, 1)
        assert done.stderr.startswith(b"dcfoot: this run is kept only in part: ")

    def test_a_disk_that_is_full_is_said_on_the_receipt(self, environ: dict[str, str], tmp_path: Path) -> None:
        # A limit on file sizes fails a write as a full disk does (setrlimit(2)).
        line = f"ulimit -f 0; {sys.executable} -m dcfoot run -- sh -c 'sleep 1.2; exit 5' 2>&1 | cat"
        done = subprocess.run(
            ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 5
        assert b"cannot create the journal" in done.stdout
        assert b"facility" in done.stdout

    def test_a_receipt_file_that_can_no_longer_be_written_is_said_and_the_status_stands(
        self, shell: Shell, tmp_path: Path
    ) -> None:
        (tmp_path / "there").mkdir()
        done = shell("sh", "-c", "rmdir there; exit 5", options=("--receipt", "there/receipt.json"))
        assert done.returncode == 5
        assert b"facility" in done.stderr
        assert b"there/receipt.json" in done.stderr
        assert b"Traceback" not in done.stderr

    def test_a_receipt_may_go_to_a_pipe(self, shell: Shell) -> None:
        done = shell("true", options=("--quiet", "--receipt", "/dev/stderr"))
        assert json.loads(done.stderr)["schema"] == "dcfoot.receipt/1"

    @pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "out.txt"])
    def test_a_receipt_may_go_where_the_jobs_output_goes_and_comes_after_it(
        self, shell: Shell, environ: dict[str, str], tmp_path: Path, name: str
    ) -> None:
        if name.startswith("/dev"):
            piped = shell("echo", "first", options=("--quiet", "--receipt", name)).stdout
            assert piped.startswith(b"first\n{")
        line = f"{sys.executable} -m dcfoot run --quiet --receipt {name} -- echo first >out.txt"
        subprocess.run(["sh", "-c", line], env=environ, cwd=tmp_path, timeout=30, check=True)
        first, rest = (tmp_path / "out.txt").read_text().split("\n", 1)
        assert (first, json.loads(rest)["schema"]) == ("first", "dcfoot.receipt/1")

    def test_a_working_directory_that_is_gone_is_the_jobs_affair(self, environ: dict[str, str], tmp_path: Path) -> None:
        (tmp_path / "gone").mkdir()
        line = f"cd {tmp_path}/gone; rmdir {tmp_path}/gone; exec {' '.join(QUIET)} /bin/sh -c 'exit 5'"
        assert subprocess.run(["sh", "-c", line], env=environ, timeout=30, check=False).returncode == 5

    def test_no_place_for_a_lease_is_no_reason_to_fail(self, environ: dict[str, str]) -> None:
        nowhere = {**environ, "XDG_RUNTIME_DIR": "", "TMPDIR": "/proc/nowhere"}
        assert subprocess.run([*QUIET, "sh", "-c", "exit 5"], env=nowhere, timeout=30, check=False).returncode == 5


@pytest.mark.parametrize(
    "limit",
    [
        "ulimit -n 16",  # files
        "ulimit -v 400000",  # memory that threads' stacks do not fit into
        "ulimit -v 120000",
        "ulimit -s 512",
        "ulimit -c 0",
    ],
)
def test_a_limit_that_leaves_the_job_room_is_no_reason_not_to_run_it(environ: dict[str, str], limit: str) -> None:
    line = f"{limit}; {' '.join(QUIET)} sh -c 'exit 5'"
    done = subprocess.run(["bash", "-c", line], env=environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (5, b"")


def test_a_limit_on_processor_time_ends_the_job_as_without_us(environ: dict[str, str]) -> None:
    line = "ulimit -St 1; exec {} sh -c 'while :; do :; done'"
    ended = [
        subprocess.run(["bash", "-c", line.format(run)], env=environ, timeout=60, check=False).returncode
        for run in ("env", " ".join(QUIET))
    ]
    assert ended == [-signal.SIGXCPU] * 2
