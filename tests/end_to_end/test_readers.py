"""The setting `read`: exporters in a run, in the doctor and in the daemon's loop."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from dcfoot.probe import ProbeEntry, with_readers
from dcfoot_probes.readers.reader import Reader
from simulated.daemon_process import daemon, environ_of
from simulated.daemons import Running
from simulated.databases import free_port
from simulated.environ import unobserved
from simulated.exporters import ADA, node_exporter, page
from simulated.near import near
from simulated.running import DCFOOT
from simulated.trees import Clock, PowercapTree, ProcTree
from simulated.web_service import Reply, WebService


def bare(folder: Path) -> Path:
    """A machine that has no meters of its own."""
    root = folder / "bare"
    ProcTree(root).cpuinfo("Intel(R) Xeon(R) Platinum 8480+")
    ProcTree(root).stat(1.0, 9.0)
    return root


@pytest.mark.peer("prometheus-node-exporter")
def test_a_run_has_the_energy_that_node_exporter_tells_of_from_its_start_to_its_end(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", 5_000_000).zone("intel-rapl:0:0", "dram", 7)
    receipt = tmp_path / "receipt.json"
    with node_exporter(tmp_path) as exporter, tree.running({"intel-rapl:0": 100.0, "intel-rapl:0:0": 10.0}):
        began_s, before_uj = time.monotonic(), tree.energy_uj["intel-rapl:0"]
        subprocess.run(
            [*DCFOOT, "run", "--quiet", "--receipt", str(receipt), "--", "sleep", "2"],
            env=unobserved(DCFOOT_ROOT=str(bare(tmp_path)), DCFOOT_READ=exporter.url),
            cwd=tmp_path,
            check=True,
            timeout=60,
        )
        power_w = (tree.energy_uj["intel-rapl:0"] - before_uj) / 1e6 / (time.monotonic() - began_s)
    channels = {one["device"]: one for one in json.loads(receipt.read_text())["channels"]}
    assert channels.keys() >= {"package-0", "dram-0"}
    package = channels["package-0"]
    assert (package["method"], package["basis"]) == ("node_exporter.rapl", "measured")
    # Exact from reading to reading (tests/probes); the simulated package runs slower while the machine is busy.
    assert package["average_power_w"] == near(power_w, rel=0.25)
    assert package["coverage_ratio"] > 0.9
    assert package["energy_j"] / channels["dram-0"]["energy_j"] == near(10.0, rel=0.02)
    assert "cpu" not in channels  # the model stands back


def doctor(folder: Path, read: str) -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [*DCFOOT, "doctor", "--json"],
        env=unobserved(DCFOOT_ROOT=str(bare(folder)), DCFOOT_READ=read),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {one["probe"]: one for one in json.loads(done.stdout)["probes"]}


def test_the_doctor_tells_of_each_exporter_what_it_gives_or_why_it_gives_nothing(tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    with WebService([Reply(page("dcgm_ada").encode())]) as service:
        place = service.url.removeprefix("http://")
        found = doctor(tmp_path, f"{service.url}/metrics, http://{nobody}/metrics")
    (meter,) = json.loads(json.dumps(found[f"reader@{place}"]["meters"]))
    assert (meter["device"], meter["method"]) == (ADA, "dcgm_exporter.total_energy")
    assert "its next update is awaited" in str(found[f"reader@{place}"]["reason"])
    assert (found[f"reader@{nobody}"]["available"], found[f"reader@{nobody}"]["remedy"]) == (False, "")
    assert "refused" in str(found[f"reader@{nobody}"]["reason"])
    assert "reader" not in found


def test_while_an_exporters_first_update_is_awaited_the_daemon_is_well(tmp_path: Path) -> None:
    with WebService([Reply(page("dcgm_ada").encode())] * 100) as service:
        name = f"reader@{service.url.removeprefix('http://')}"
        with daemon(tmp_path, DCFOOT_READ=f"{service.url}/metrics", DCFOOT_DAEMON_LISTEN="off") as running:
            running.beats(1.0)
            environ = environ_of(tmp_path, DCFOOT_DAEMON_SOCKET=str(tmp_path / "run/daemon.sock"))
            done = subprocess.run(
                [*DCFOOT, "daemon", "status", "--json"], env=environ, capture_output=True, text=True, check=False
            )
            log = running.log
    status = json.loads(done.stdout)
    probe = status["probes"][name]
    assert (probe["up"], probe["failures"]) == (False, 0)
    assert "its next update is awaited" in probe["said"]
    assert (done.returncode, status["faults"]) == (0, [])
    assert any(line.startswith(f"<6>{name}: ") for line in log.splitlines())


def test_where_nothing_is_to_be_read_there_is_no_reader(tmp_path: Path) -> None:
    assert not [name for name in doctor(tmp_path, "") if name.startswith("reader")]


@pytest.mark.peer("prometheus-node-exporter")
def test_in_the_daemons_loop_an_exporter_that_is_down_is_a_gap_and_is_read_again_when_it_is_back(
    tmp_path: Path,
) -> None:
    tree = PowercapTree(tmp_path).zone("intel-rapl:0", "package-0", 5_000_000)
    running = Running(Clock(), root=tmp_path)
    with node_exporter(tmp_path) as exporter:
        (entry,) = with_readers([ProbeEntry("reader", lambda: Reader)], [exporter.url])
        running.supervisor.employ([entry])
        running.until(lambda: running.is_up(entry.name))

        def energy_j(seconds: int) -> float:
            total_j = 0.0
            for _ in range(seconds):
                tree.use("intel-rapl:0", 100.0)
                total_j += sum(step.energy_j for step in running.tick().steps.values())
            return total_j

        assert energy_j(20) == near(2_000.0, abs=500.0)  # as of the last page, which is up to 5 s old
        exporter.stop()
        lost_j = energy_j(10)
        assert not running.is_up(entry.name)
        assert lost_j == 0.0
        exporter.start()
        # The counter counted on: what it did in the meantime is in the first page that comes.
        assert energy_j(20) == near(3_000.0, abs=500.0)
        assert running.is_up(entry.name)
        running.supervisor.stop(5.0)
