"""``dcfoot top`` beside a daemon that runs, on simulated hardware: in tmux, on a pseudo-terminal, in a pipe."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from dcfoot.daemon_url import UrlClient
from dcfoot.errors import DaemonUnavailable
from dcfoot_probes.daemon.http.listen import Listen
from simulated.certificates import make_certificate
from simulated.environ import unobserved
from simulated.near import near
from simulated.peers import require_peer
from simulated.running import DCFOOT
from simulated.serving import Steady, serving
from simulated.snapshots import HOST, snapshot
from simulated.terminal import Terminal
from simulated.trees import RANGE_UJ, PowercapTree, ProcTree

PATIENCE_S = 30.0


@dataclass
class Machine:
    """Two sockets, of which the first draws power, and a place for a daemon."""

    folder: Path
    port: int
    tree: PowercapTree

    @property
    def url(self) -> str:
        """Where the daemon is asked."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def energy_j(self) -> float:
        """What the first socket truly took so far."""
        return self.tree.energy_uj["intel-rapl:0"] / 1e6

    @property
    def environ(self) -> dict[str, str]:
        """Of the daemon."""
        return unobserved(
            DCFOOT_ROOT=str(self.folder),
            DCFOOT_COUNTRY="FR",
            DCFOOT_DAEMON_INTERVAL_S="1",
            DCFOOT_DAEMON_LISTEN=f"127.0.0.1:{self.port}",
            DCFOOT_DAEMON_PROBES="rapl",
            DCFOOT_DAEMON_STORE=str(self.folder / "frames.sqlite"),
            RUNTIME_DIRECTORY=str(self.folder / "run"),
        )

    @contextmanager
    def daemon(self) -> Generator[subprocess.Popen[bytes]]:
        """A daemon that answers."""
        with (self.folder / "log").open("ab") as log:
            command = [*DCFOOT, "daemon"]
            with subprocess.Popen(command, env=self.environ, cwd=self.folder, stdout=log, stderr=log) as process:
                try:
                    until(self._answers)
                    yield process
                finally:
                    process.send_signal(signal.SIGCONT)
                    process.terminate()

    def _answers(self) -> bool:
        try:
            return UrlClient(self.url).get("/api/v1/now")["ladder"] is not None
        except DaemonUnavailable:
            return False


@pytest.fixture
def machine(tmp_path: Path) -> Generator[Machine]:
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl:1", "package-1", 900_000_000)
    ProcTree(tmp_path).cpuinfo("Intel(R) Xeon(R) Platinum 8480+")
    ProcTree(tmp_path).meminfo(64)
    ProcTree(tmp_path).stat(1.0, 9.0)
    tree = PowercapTree(tmp_path, energy_uj={"intel-rapl:0": 1_000_000}, range_uj={"intel-rapl:0": RANGE_UJ})
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with tree.running({"intel-rapl:0": 100.0}):
        yield Machine(tmp_path, port, tree)


def until(seen: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not seen():
        assert time.monotonic() < deadline_s, "it was not seen"
        time.sleep(0.05)


def drained(terminal: Terminal, seconds: float) -> bytes:
    """What is drawn in some time."""
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        terminal.read_for(0.1)
    drawn, terminal.output = terminal.output, b""
    return drawn


def watts(line: str) -> float:
    """The power in a line."""
    found = re.search(r"([\d.]+) (k?)W\b", line)
    assert found, line
    return float(found[1]) * (1000.0 if found[2] else 1.0)


def once(*options: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DCFOOT, "top", *options], env=unobserved(**changes), capture_output=True, text=True, timeout=60, check=False
    )


@contextmanager
def tmux(folder: Path, machine: Machine) -> Generator[Callable[..., str]]:
    """A window of 80 by 24 in which it runs; gives what presses keys and returns what is seen."""
    program = [str(require_peer("tmux")), "-S", str(folder / "tmux")]
    environ = unobserved(TERM="screen-256color", LANG="C.UTF-8")
    start = ["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", *DCFOOT, "top", "--url", machine.url]
    subprocess.run([*program, *start], env=environ, check=True)

    def seen(*keys: str) -> str:
        if keys:
            subprocess.run([*program, "send-keys", *keys], env=environ, check=True)
        shown = subprocess.run(
            [*program, "capture-pane", "-p"], env=environ, capture_output=True, text=True, check=False
        )
        return shown.stdout

    try:
        yield seen
    finally:
        subprocess.run([*program, "kill-server"], env=environ, check=False, capture_output=True)


@pytest.mark.peer("tmux")
def test_in_tmux_it_shows_the_truth_survives_the_daemon_and_leaves(machine: Machine, tmp_path: Path) -> None:
    with machine.daemon() as process, tmux(tmp_path, machine) as seen:
        until(lambda: "CPU 0" in seen())
        begin_j, begin_s = machine.energy_j, time.monotonic()
        time.sleep(3.0)
        true_w = (machine.energy_j - begin_j) / (time.monotonic() - begin_s)
        lines = seen().splitlines()
        assert len(lines) == 24
        assert all(len(line) <= 80 for line in lines)
        power_w = watts(next(line for line in lines if "CPU 0" in line))
        assert power_w == near(true_w, rel=0.2)  # of one second, on a machine that others keep busy
        seen("4")
        until(lambda: "water on site" in seen())
        process.send_signal(signal.SIGSTOP)
        until(lambda: "no reading since" in seen())
        process.send_signal(signal.SIGCONT)
        until(lambda: "no reading since" not in seen())
        process.terminate()
        until(lambda: "NO CONNECTION since" in seen())
        process.wait(10.0)
        with machine.daemon():
            until(lambda: "NO CONNECTION" not in seen())
            seen("q")
            until(lambda: not seen())  # the window was its own


def test_one_plain_frame_is_printed_where_nobody_can_press_a_key(machine: Machine) -> None:
    with machine.daemon():
        until(lambda: "not attributed" in once("--url", machine.url).stdout)
        done = once("--url", machine.url, "--once", "--lang", "zh")
        assert done.returncode == 0
        assert "当前功率" in done.stdout
        assert "\x1b" not in done.stdout
        ascii_only = once("--url", machine.url, PYTHONIOENCODING="ascii")
        assert ascii_only.stdout.isascii()
        assert "+ facility" in ascii_only.stdout


def test_without_textual_there_is_a_frame_and_the_command_that_brings_the_screen() -> None:
    code = """
import sys
sys.modules["textual"] = None
from dcfoot.cli import main
sys.exit(main(sys.argv[1:]))
"""
    with serving(snapshot()) as told:
        command = [sys.executable, "-c", code, "top", "--url", told.url]
        printed = subprocess.run([*command, "--once"], capture_output=True, text=True, check=True, env=unobserved())
        assert "513 W" in printed.stdout
        with Terminal(command, unobserved(TERM="xterm")) as terminal:
            terminal.read_until(b"python -m pip install 'dcfoot[top]'")
            assert terminal.wait() == 2


def test_a_plain_frame_loads_neither_textual_nor_rich_nor_numpy() -> None:
    code = """
import sys
from dcfoot.cli import main
assert main(sys.argv[1:]) == 0
print(*sorted({"textual", "rich", "numpy", "pandas"} & set(sys.modules)), file=sys.stderr)
"""
    with serving(snapshot()) as told:
        command = [sys.executable, "-c", code, "top", "--url", told.url]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=unobserved())
    assert done.stderr.strip() == ""


@pytest.mark.parametrize("colour", [True, False])
def test_a_tick_draws_only_what_changed_and_no_colour_where_none_is_wanted(colour: bool) -> None:
    with serving(snapshot(), reader=Steady) as told:
        environ = unobserved(TERM="xterm-256color", LANG="C.UTF-8")
        environ.pop("NO_COLOR", None)
        environ |= {} if colour else {"NO_COLOR": "1"}
        with Terminal([*DCFOOT, "top", "--url", told.url], environ) as terminal:
            terminal.resize(24, 80)
            drawn = terminal.read_until(b"1001", b"filter")
            drained(terminal, 1.5)  # the history comes after the figures
            told.tick()
            tick = drained(terminal, 1.0)
            assert b"every 1 s" in tick  # the line of the clock
            assert len(tick) < 400  # of the 2,000 characters of the window
            terminal.type(b"q")
            assert terminal.wait() == 0
    assert bool(re.search(rb"\x1b\[(\d+;)*3[0-7]m|\x1b\[(\d+;)*38;", drawn)) is colour


def test_where_nobody_answers_it_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow = once("--url", url)
    gone = once("--url", url)
    nowhere = once("--socket", f"{os.sep}nonexistent{os.sep}socket")
    assert [done.returncode for done in (slow, gone, nowhere)] == [3, 3, 3]
    assert "does not answer in time" in slow.stderr
    assert f"no daemon answers at {url}" in gone.stderr
    assert "`dcfoot daemon` starts one" in nowhere.stderr
    assert "Traceback" not in slow.stderr + gone.stderr + nowhere.stderr


@pytest.mark.peer("openssl")
def test_over_tls_a_token_and_ones_own_authority_let_in_and_each_fault_says_what_to_do(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    token, wrong = tmp_path / "token", tmp_path / "wrong"
    token.write_text("sixteen-letters-and-more\n")
    wrong.write_text("another\n")
    trust = {"SSL_CERT_FILE": str(certificate[0])}
    with serving(snapshot(), Listen.at("0.0.0.0:0", token, certificate)) as told, serving(snapshot()) as plain:
        known, url = ("--token-file", str(token)), f"https://127.0.0.1:{told.port}"
        good = once("--url", url, *known, **trust)
        faults = {
            "wants a token. Name the file that holds it: --token-file": once("--url", url, **trust),
            "wants another token than this": once("--url", url, "--token-file", str(wrong), **trust),
            "authority that vouches for it: SSL_CERT_FILE=FILE": once("--url", url, *known),
            "absent.pem, which is no file": once("--url", url, *known, SSL_CERT_FILE=f"{tmp_path}/absent.pem"),
            "Ask for a name that the certificate has": once(
                "--url", url.replace("127.0.0.1", "127.0.0.2"), *known, **trust
            ),
            "If its address begins with https://": once("--url", url.replace("https", "http"), *known),
            "If its address begins with http://": once("--url", plain.url.replace("http", "https"), **trust),
        }
    assert (good.returncode, good.stderr) == (0, "")
    assert HOST in good.stdout
    for said, done in faults.items():
        assert said in done.stderr
        assert done.returncode == 3
        assert "Traceback" not in done.stderr


def test_a_token_needs_an_address_and_a_file_that_can_be_read(tmp_path: Path) -> None:
    assert once("--token-file", str(tmp_path / "token")).returncode == 2
    unread = once("--url", "http://127.0.0.1:1", "--token-file", str(tmp_path / "token"))
    assert unread.returncode == 2
    assert "cannot be read: No such file or directory" in unread.stderr
    (tmp_path / "token").write_text("a token\nX-Forged: yes\n")
    many = once("--url", "http://127.0.0.1:1", "--token-file", str(tmp_path / "token"))
    assert many.returncode == 2
    assert "holds more than a token" in many.stderr
