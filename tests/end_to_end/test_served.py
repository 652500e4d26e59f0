"""A run of a user who may read no counter, through the daemon of the machine: its figures, its end, its cost."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from dcfoot.opened_probes import probes_here
from dcfoot.probe import Surroundings, installed_probes
from simulated.daemon_process import daemon
from simulated.environ import unobserved
from simulated.near import near
from simulated.nvml import GpuProcess, Installed, h100, steady
from simulated.peers import absent, require_root
from simulated.running import DCFOOT
from simulated.trees import PowercapTree, ProcTree, folder_for_all

POWERS_W = {"intel-rapl:0": 100.0, "intel-rapl:1": 40.0}

NOBODY = ("setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups")


def needs_nobody() -> None:
    require_root("become another user")
    if not shutil.which("setpriv"):
        absent("there is no program setpriv (util-linux)")
    tried = subprocess.run([*NOBODY, *DCFOOT, "--version"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"another user cannot run this Python: {tried.stderr.decode()[-200:]}")


@pytest.fixture
def machine() -> Generator[PowercapTree]:
    """A machine of two sockets that draw 100 and 40 W, whose counters root alone may read."""
    with folder_for_all() as folder:
        tree = PowercapTree(folder)
        for number, zone in enumerate(POWERS_W):
            tree.zone(zone, f"package-{number}")
            tree.file(zone).chmod(0o400)
        ProcTree(folder).cpuinfo("Intel(R) Xeon(R) Platinum 8480+")
        ProcTree(folder).meminfo(64)
        ProcTree(folder).stat(1.0, 9.0)
        (folder / "run/dcfoot").mkdir(parents=True)
        (folder / "home").mkdir()
        (folder / "home").chmod(0o777)
        yield tree


def environ_of(tree: PowercapTree, **changes: str) -> dict[str, str]:
    home = str(tree.root / "home")
    usual = {
        "DCFOOT_ROOT": str(tree.root),
        "HOME": home,
        "DCFOOT_DATA_DIR": f"{home}/runs",
        "XDG_RUNTIME_DIR": home,
        "XDG_CONFIG_HOME": home,
    }
    return unobserved(**{**usual, **changes})


def served(tree: PowercapTree, **changes: str) -> Any:  # noqa: ANN401 (a context)
    """The machine's daemon, at the place where it is looked for."""
    place = {"RUNTIME_DIRECTORY": str(tree.root / "run/dcfoot"), "DCFOOT_DAEMON_SOCKET_MODE": "0666"}
    return daemon(tree.root, **{**place, "DCFOOT_DAEMON_LISTEN": "off", **changes})


def command(*words: str, user: Sequence[str] = NOBODY) -> list[str]:
    return [*user, *DCFOOT, *words]


def receipt(tree: PowercapTree) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((tree.root / "home/receipt.json").read_bytes())
    return document


def channels(tree: PowercapTree) -> dict[str, Mapping[str, Any]]:
    return {one["device"]: one for one in receipt(tree)["channels"] if one["domain"] == "package"}


def run(tree: PowercapTree, *job: str) -> "subprocess.CompletedProcess[str]":
    needs_nobody()
    options = ("run", "--receipt", str(tree.root / "home/receipt.json"), "--")
    return subprocess.run(
        command(*options, *job),
        env=environ_of(tree),
        cwd=tree.root / "home",
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_user_who_may_read_no_counter_gets_measured_energy(machine: PowercapTree) -> None:
    needs_nobody()
    with machine.running(POWERS_W):
        before = run(machine, "sleep", "0.3")
        assert channels(machine) == {} or all(one["basis"] != "measured" for one in channels(machine).values())
        with served(machine):
            done = run(machine, "sleep", "3")
    assert (before.returncode, done.returncode) == (0, 0)
    for zone, one in zip(POWERS_W, sorted(channels(machine).items()), strict=True):
        energy = one[1]
        assert energy["basis"] == "measured"
        assert energy["method"] == "rapl.powercap through the daemon"
        assert energy["coverage_ratio"] == near(1.0, abs=0.03)
        assert energy["energy_j"] == near(POWERS_W[zone] * receipt(machine)["run"]["duration_s"], rel=0.05)
    assert "rapl.powercap through the daemon" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("again", [False, True])
def test_a_daemon_that_is_killed_in_the_middle_costs_coverage_and_not_the_job(
    machine: PowercapTree, again: bool
) -> None:
    needs_nobody()
    options = ("run", "--receipt", str(machine.root / "home/receipt.json"), "--")
    with machine.running(POWERS_W), served(machine) as running, subprocess.Popen(
        command(*options, "sh", "-c", "sleep 6; exit 7"),
        env=environ_of(machine), cwd=machine.root / "home", stderr=subprocess.PIPE, text=True,
    ) as job:  # fmt: skip
        time.sleep(2.5)
        running.end(signal.SIGKILL)
        if again:
            with served(machine):
                _, said = job.communicate(timeout=60)
        else:
            _, said = job.communicate(timeout=60)
    assert job.returncode == 7
    assert "Traceback" not in said
    one, duration_s = channels(machine)["package-0"], receipt(machine)["run"]["duration_s"]
    coverage = one["coverage_ratio"]
    warnings = " ".join(receipt(machine)["warnings"])
    if again:
        assert 0.4 < coverage < 0.95
        assert "the daemon was started anew" in warnings
    else:
        assert 0.1 < coverage < 0.6
        assert "no daemon answers" in warnings
    assert one["energy_j"] == near(100.0 * coverage * duration_s, rel=0.1)


def test_status_tells_how_the_daemon_is_and_scripts_by_its_exit(machine: PowercapTree) -> None:
    def status(*options: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*DCFOOT, "daemon", "status", *options],
            env=environ_of(machine),
            capture_output=True,
            text=True,
            check=False,
        )

    nobody = status()
    assert nobody.returncode == 3
    assert "no daemon answers" in nobody.stderr
    assert "`dcfoot daemon` starts one" in nobody.stderr
    with machine.running(POWERS_W), served(machine) as running:
        running.beats(1.0)
        up, document = status(), status("--json")
        assert (up.returncode, document.returncode) == (0, 0)
        now = json.loads(document.stdout)
        assert (now["status"], now["faults"]) == ("ok", [])
        assert now["listens"] == [f"unix:{machine.root}/run/dcfoot/daemon.sock"]
        assert now["probes"]["rapl"]["up"]
        for said in ("up\n", "since", "listens at unix:", "% of a core", "up   rapl", "rapl.powercap", "down perf"):
            assert said in up.stdout
        running.process.send_signal(signal.SIGSTOP)
        asked_s = time.monotonic()
        assert status().returncode == 3
        assert time.monotonic() - asked_s < 10.0
        running.process.send_signal(signal.SIGCONT)


def test_the_doctor_shows_the_daemons_power_and_no_model_of_what_it_meters(machine: PowercapTree) -> None:
    needs_nobody()

    def doctor() -> dict[str, dict[str, Any]]:
        done = subprocess.run(
            command("doctor", "--json"), env=environ_of(machine), capture_output=True, text=True, check=True
        )
        return {probe["probe"]: probe for probe in json.loads(done.stdout)["probes"]}

    with machine.running(POWERS_W):
        assert doctor()["modelled_cpu"]["available"]
        with served(machine, DCFOOT_DAEMON_INTERVAL_S="1") as running:
            running.beats(2.5)
            found = [doctor() for _ in range(3)]
    for probes in found:
        powers_w = {meter["device"]: meter["power_now_w"] for meter in probes["served"]["meters"]}
        # A scheduler that keeps who moves the counters waiting moves a second's mean by a few percent.
        assert powers_w["package-0"] == near(100.0, rel=0.05)
        assert powers_w["package-1"] == near(40.0, rel=0.05)
        assert not probes["modelled_cpu"]["available"]
        assert probes["modelled_cpu"]["reason"] == "what it models is metered"
        assert "memory" in powers_w, "no meter sees it, so the daemon's model of it stays"


def test_a_probe_that_fails_is_a_fault_of_the_status(machine: PowercapTree) -> None:
    with served(machine) as running:
        running.beats(0.5)
        for zone in POWERS_W:
            machine.vanish(zone)
        running.beats(1.0)
        done = subprocess.run(
            [*DCFOOT, "daemon", "status"], env=environ_of(machine), capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert "up, with faults" in done.stdout
    assert "! rapl:" in done.stdout


def test_one_who_may_not_ask_is_told_what_to_do_and_runs_without(machine: PowercapTree) -> None:
    needs_nobody()
    with served(machine, DCFOOT_DAEMON_SOCKET_MODE="0600"):
        asked = subprocess.run(
            command("daemon", "status"), env=environ_of(machine), capture_output=True, text=True, check=False
        )
        done = run(machine, "true")
    assert asked.returncode == 3
    assert "no permission" in asked.stderr
    assert "daemon.socket_group" in asked.stderr
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_the_share_of_a_gpu_is_right_through_the_daemon(
    machine: PowercapTree, simulated_gpus: Callable[..., Installed]
) -> None:
    ours = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    theirs = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    try:
        users = [GpuProcess(ours.pid, sm_percent=60), GpuProcess(theirs.pid, sm_percent=20)]
        simulated_gpus(replace(h100(steady(400.0)), processes=users))
        with served(machine, DCFOOT_DAEMON_INTERVAL_S="0.5") as running:
            running.beats(1.0)
            there = Surroundings("box", machine.root, environ_of(machine))
            entries = probes_here(there, installed_probes())
            assert "nvidia" not in {entry.name for entry in entries}
            probe = entries[0].load()(there)
            (meter,) = [one for one in probe.open() if one.channel.domain == "gpu"]
            probe.read_start()  # type: ignore[attr-defined]
            time.sleep(2.0)
            readings = [one for one in probe.read() if one.meter is meter]
            shares = probe.use_ratio({ours.pid})  # type: ignore[attr-defined]
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()
    assert len(readings) == 1
    assert shares[meter.channel.device] == near(0.75, abs=0.03)


def test_without_a_daemon_looking_for_it_costs_less_than_a_millisecond(machine: PowercapTree) -> None:
    code = """
import time
import dcfoot.cli.run
from dcfoot.config import load
from dcfoot.probe import Surroundings, installed_probes
from dcfoot.opened_probes import probes_here
load()
there, installed = Surroundings(), list(installed_probes())
probes_here(there, installed)
took = []
for _ in range(50):
    begun = time.thread_time()
    probes_here(there, installed)
    took.append(time.thread_time() - begun)
print(sorted(took)[25])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ_of(machine), capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 1e-3


@contextmanager
def stale(tree: PowercapTree) -> Generator[None]:
    """What a killed daemon leaves behind."""
    with served(tree) as running:
        running.end(signal.SIGKILL)
        yield


def test_the_socket_of_a_killed_daemon_is_replaced_by_the_next(machine: PowercapTree) -> None:
    with stale(machine):
        assert (machine.root / "run/dcfoot/daemon.sock").is_socket()
        with served(machine) as running:
            running.beats(0.5)
            there = Surroundings("box", machine.root, environ_of(machine))
            assert probes_here(there, installed_probes())[0].name == "served"
            assert running.end() == 0
        assert not (machine.root / "run/dcfoot/daemon.sock").exists()
