"""``dcfoot daemon`` as an administrator and systemd start it: signals, settings, a second one, a kill, no room."""

import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import pytest

from dcfoot.daemon_client import DaemonClient
from dcfoot_probes.daemon.store import FrameReader
from simulated.daemon_process import INTERVAL_S, Daemon, daemon, environ_of
from simulated.databases import free_port, until
from simulated.near import near
from simulated.nvml import SimulatedGpus, a100, hang, steady
from simulated.nvml.fixtures import Install
from simulated.peers import require_root
from simulated.running import DCFOOT
from simulated.trees import RANGE_UJ, PowercapTree, ProcTree

HEAVY = {"numpy", "pandas", "codecarbon", "pydantic", "psutil", "rich"}


def once(folder: Path, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A daemon that is expected to end by itself."""
    return subprocess.run(
        [*DCFOOT, "daemon"], env=environ, cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Below it, a machine of two sockets."""
    PowercapTree(tmp_path).zone("intel-rapl:0", "package-0").zone("intel-rapl:1", "package-1", 900_000_000)
    ProcTree(tmp_path).cpuinfo("Intel(R) Xeon(R) Platinum 8480+")
    ProcTree(tmp_path).meminfo(64)
    ProcTree(tmp_path).stat(1.0, 9.0)
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_a_last_frame_with_status_0(machine: Path, number: signal.Signals) -> None:
    with daemon(machine) as running:
        running.await_words("<6>rapl is read")
        running.process.send_signal(number)
        running.hear("STOPPING=1")
        assert running.process.wait(10.0) == 0
    assert "Traceback" not in running.log
    lines = running.log.splitlines()
    assert lines[0].startswith("<6>the daemon starts")
    assert lines[-1] == "<6>the daemon has ended"


def test_it_ticks_as_often_as_is_set_and_ten_times_a_second_on_demand(machine: Path) -> None:
    with daemon(machine) as running:
        assert running.beats(2.0) == near(2.0 / INTERVAL_S, abs=2)
        running.process.send_signal(signal.SIGUSR1)
        running.beats(0.2)
        assert running.beats(2.0) == near(20, abs=3)


def test_a_probe_that_hangs_in_its_driver_is_told_as_down_while_others_are_read(
    machine: Path, simulated_gpus: Install
) -> None:
    installed, listen = simulated_gpus(SimulatedGpus([a100(steady(200.0))])), f"127.0.0.1:{free_port()}"
    probes, url = {"DCFOOT_DAEMON_PROBES": "nvidia,rapl"}, f"http://{listen}/metrics"
    with daemon(machine, DCFOOT_DAEMON_LISTEN=listen, **probes, **installed.environ()) as running:
        until(lambda: told(url, "probe_up") == {"nvidia": 1.0, "rapl": 1.0}, "both probes are read")
        # From now on this call of the driver does not return.
        stuck = hang("nvmlDeviceGetTotalEnergyConsumption", 0.0, 600.0)
        simulated_gpus(SimulatedGpus([replace(a100(steady(200.0)), faults=[stuck])]))
        until(lambda: told(url, "probe_up") == {"nvidia": 0.0, "rapl": 1.0}, "the one that hangs is down")
        assert told(url, "probe_failures_total") == {"nvidia": 1.0, "rapl": 0.0}
        running.beats(0.2)  # those that nobody heard yet
        before = told(url, "covered_seconds_total", "device")
        assert running.beats(1.0) == near(1.0 / INTERVAL_S, abs=2)
        after = told(url, "covered_seconds_total", "device")
        grown_s = {device: after[device] - covered_s for device, covered_s in before.items()}
        assert {device: seconds > 0.0 for device, seconds in grown_s.items()} == {
            "package-0": True,
            "package-1": True,
            **{device: False for device in grown_s if device.startswith("GPU")},
        }


def told(url: str, name: str, label: str = "probe") -> dict[str, float]:
    """A metric of a daemon, of the probes that it has."""
    with urlopen(url, timeout=5.0) as answer:  # noqa: S310 (our own daemon)
        text = answer.read().decode()
    found = re.findall(rf'^dcfoot_{name}{{.*?{label}="([^"]+)".*}} (\S+)$', text, re.MULTILINE)
    return {of: float(value) for of, value in found}


def test_new_settings_are_taken_on_sighup_and_those_with_a_fault_are_not(machine: Path) -> None:
    config = machine / "dcfoot.toml"
    with daemon(machine, DCFOOT_DAEMON_INTERVAL_S="", DCFOOT_DAEMON_PROBES="rapl") as running:
        config.write_text("[daemon]\ninterval_s = 0.1\nintervall = 3\n")
        running.process.send_signal(signal.SIGHUP)
        running.hear("RELOADING=1")
        running.hear("READY=1")
        fault = f"<3>the settings stay as they were: {config}:3: daemon.intervall: there is no such setting;"
        assert fault in running.log
        assert running.beats(1.5) <= 2
        config.write_text('country = "Atlantis"\n')
        running.process.send_signal(signal.SIGHUP)
        running.hear("RELOADING=1")
        running.hear("READY=1")
        assert f"<3>the settings stay as they were: country from {config}:1: " in running.log
        config.write_text('[daemon]\ninterval_s = 0.1\nstore = "elsewhere"\n')
        running.process.send_signal(signal.SIGHUP)
        running.hear("READY=1")
        assert running.beats(1.0) == near(10, abs=2)
        assert "<4>daemon.store: used from the next start on" in running.log
        assert running.end() == 0


def test_where_a_meter_is_turned_off_the_model_of_what_it_saw_takes_over(machine: Path) -> None:
    config = machine / "dcfoot.toml"
    off, on = '[daemon]\nprobes_off = ["rapl"]\n', ""
    config.write_text(off)
    with daemon(machine) as running:
        for wanted, then in (("modelled", on), ("measured", off), ("modelled", on)):
            assert bases_of_processors(running, wanted) == {wanted}
            config.write_text(then)
            running.process.send_signal(signal.SIGHUP)
        assert running.end() == 0


def bases_of_processors(running: Daemon, wanted: str, within_s: float = 10.0) -> set[str]:
    """On what basis the processors' power is known, once it is as wanted."""
    client = DaemonClient([running.folder / "run/daemon.sock"])
    deadline_s = time.monotonic() + within_s
    while True:
        running.beats(2 * INTERVAL_S)
        channels: list[dict[str, str | None]] = client.get("/api/v1/now")["channels"]  # type: ignore[assignment]
        known = [one for one in channels if one["domain"] == "package" and one["power_w"] is not None]
        bases = {str(one["basis"]) for one in known}
        if bases == {wanted} or time.monotonic() > deadline_s:
            return bases


def test_a_second_one_says_who_runs_already_and_a_killed_one_leaves_its_place(machine: Path) -> None:
    with daemon(machine) as running:
        second = once(machine, environ_of(machine, NOTIFY_SOCKET=""))
        assert second.returncode == 1
        assert f"a daemon runs already: process {running.process.pid}" in second.stderr
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
    with daemon(machine) as running:
        assert running.end() == 0


def test_a_second_one_at_the_same_store_says_who_writes_it(machine: Path) -> None:
    with daemon(machine, DCFOOT_DAEMON_STORE=str(machine / "frames.sqlite")) as running:
        elsewhere = {
            "RUNTIME_DIRECTORY": str(machine / "elsewhere"),
            "NOTIFY_SOCKET": "",
            "DCFOOT_DAEMON_LISTEN": "off",
        }
        second = once(machine, environ_of(machine, DCFOOT_DAEMON_STORE=str(machine / "frames.sqlite"), **elsewhere))
        said = f"another daemon, process {running.process.pid}, writes the store {machine / 'frames.sqlite'}; end it"
    assert second.returncode == 1
    assert said in second.stderr
    assert "ballast" not in second.stderr


def test_a_folder_of_another_user_is_told_by_its_owner(machine: Path) -> None:
    require_root("give a folder to another user")
    (machine / "run/lease").mkdir(parents=True)
    os.chown(machine / "run/lease", 65534, -1)
    done = once(machine, environ_of(machine, NOTIFY_SOCKET=""))
    assert done.returncode == 1
    assert f"{machine / 'run/lease'} belongs to nobody" in done.stderr
    assert "RUNTIME_DIRECTORY" in done.stderr
    assert "rank" not in done.stderr


def test_settings_with_a_fault_are_refused_at_the_start(machine: Path) -> None:
    done = once(machine, environ_of(machine, DCFOOT_DAEMON_UNITS="maybe", DCFOOT_DAEMON_PROBES="rappl"))
    assert done.returncode == 2
    assert "environment: DCFOOT_DAEMON_UNITS: daemon.units: 'maybe' is neither true nor false" in done.stderr
    unknown = once(machine, environ_of(machine, DCFOOT_DAEMON_PROBES="rappl"))
    assert unknown.returncode == 2
    assert "no probe is called 'rappl'; Did you mean rapl?" in unknown.stderr
    assert "Traceback" not in done.stderr + unknown.stderr


def test_a_full_table_of_open_files_and_no_room_for_a_thread_end_nothing(machine: Path) -> None:
    with daemon(machine) as running:
        pid = running.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        memory = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (1, memory[1]))
        running.beats(0.3)
        assert running.beats(2.0) >= 8
        # What is read again meanwhile fails, is said, and leaves everything as it was.
        (machine / "dcfoot.toml").write_text("[daemon]\ninterval_s = 1\n")
        running.process.send_signal(signal.SIGHUP)
        assert running.beats(1.0) >= 4
        resource.prlimit(pid, resource.RLIMIT_AS, memory)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert running.beats(1.0) >= 4
        assert running.end() == 0


def test_it_is_light_stands_back_and_loads_none_of_the_heavy_packages(machine: Path) -> None:
    code = f"""
import os, signal, sys, threading
from dcfoot.cli import main
threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
status = main(["daemon"])
print(status, os.getpriority(os.PRIO_PROCESS, 0), *({HEAVY!r} & set(sys.modules)))
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environ_of(machine, DCFOOT_SITE="gcp-us-central1"),
        cwd=machine,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said, peak_kib = done.stdout.splitlines()
    assert said == f"0 {max(5, os.getpriority(os.PRIO_PROCESS, 0))}"
    assert int(peak_kib) * 1024 < 45e6


def kept_j(store: Path) -> dict[str, float]:
    """What is kept of each device up to now [J]."""
    with FrameReader(store) as reader:
        now_ns = time.time_ns()
        return {
            channel.device: reader.energy_j(channel, now_ns - 3_600_000_000_000, now_ns + 60_000_000_000).energy_j
            for channel in reader.channels()
        }


def test_what_was_kept_when_it_was_killed_is_still_there_and_goes_on(machine: Path) -> None:
    tree, store = PowercapTree(machine), machine / "frames.sqlite"
    tree.energy_uj = {"intel-rapl:0": 1_000_000, "intel-rapl:1": 900_000_000}
    tree.range_uj = dict.fromkeys(tree.energy_uj, RANGE_UJ)
    with daemon(machine, DCFOOT_DAEMON_STORE=str(store), DCFOOT_DAEMON_PROBES="rapl") as running:
        with tree.running({"intel-rapl:0": 100.0}):
            time.sleep(7.0)  # a commit comes every 5 s
        running.end(signal.SIGKILL)
    first_j = kept_j(store)["package-0"]
    assert 200.0 < first_j <= 700.0
    with daemon(machine, DCFOOT_DAEMON_STORE=str(store), DCFOOT_DAEMON_PROBES="rapl") as running:
        tree.use("intel-rapl:0", 30.0)
        running.beats(0.5)
        assert running.end() == 0
    # What the counter did while nobody looked is nobody's guess.
    assert kept_j(store)["package-0"] == near(first_j + 30.0, abs=0.5)


def test_a_store_of_a_newer_version_is_left_alone_and_the_daemon_says_so(machine: Path) -> None:
    store = machine / "frames.sqlite"
    with closing(sqlite3.connect(store)) as newer:
        newer.execute("PRAGMA user_version = 1000000")
        newer.execute("CREATE TABLE future (x)")
        newer.commit()
    before = store.read_bytes()
    done = once(machine, environ_of(machine, DCFOOT_DAEMON_STORE=str(store)))
    assert done.returncode == 1
    assert str(store) in done.stderr
    assert "Traceback" not in done.stderr
    assert store.read_bytes() == before


def test_what_is_kept_can_be_copied_and_exported_while_it_runs(machine: Path) -> None:
    store, environ = machine / "frames.sqlite", {"DCFOOT_DAEMON_STORE": str(machine / "frames.sqlite")}
    tree = PowercapTree(machine, energy_uj={"intel-rapl:0": 1_000_000}, range_uj={"intel-rapl:0": RANGE_UJ})
    with daemon(machine, DCFOOT_DAEMON_PROBES="rapl", **environ) as running:
        with tree.running({"intel-rapl:0": 100.0}):
            time.sleep(6.0)
        command = [*DCFOOT, "daemon", "backup", str(machine / "copy.sqlite")]
        subprocess.run(command, env=environ_of(machine, **environ), cwd=machine, check=True, capture_output=True)
        assert running.end() == 0
    assert 0.0 < kept_j(machine / "copy.sqlite")["package-0"] <= kept_j(store)["package-0"]
    exported = [
        subprocess.run(
            [*DCFOOT, "daemon", "export", "--day", f"{day}", str(machine / "days")],
            env=environ_of(machine, **environ), cwd=machine, check=False, capture_output=True, text=True,
        )
        for day in (datetime.now(UTC).date(), "2001-01-01")
    ]  # fmt: skip
    paths = exported[0].stdout.splitlines()
    assert paths
    assert all(Path(path).is_file() for path in paths)
    assert [done.returncode for done in exported] == [0, 3]
    assert exported[1].stdout == ""
    assert "nothing is kept of 2001-01-01" in exported[1].stderr


def test_where_nothing_was_kept_there_is_nothing_to_copy(machine: Path) -> None:
    done = subprocess.run(
        [*DCFOOT, "daemon", "backup", "copy"], env=environ_of(machine), cwd=machine, capture_output=True, check=False
    )
    assert done.returncode == 3
    assert not (machine / "copy").exists()
