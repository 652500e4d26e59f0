"""A real Prometheus scrapes a running ``dcfoot daemon``: what it stores is what the simulated hardware truly used."""

import json
import re
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from simulated.daemon_process import INTERVAL_S, daemon
from simulated.databases import Database, free_port, get, prometheus, until
from simulated.near import near
from simulated.nvml import GpuProcess, MigInstance, SimulatedGpus, a100, h100, install, square, steps
from simulated.repository import ROOT
from simulated.trees import ProcTree

IDLE_W, BUSY_W = 70.0, 280.0
"""Of a card with seven compute slices: 10 W each that are there anyway, and 210 W of those in use."""

HIGH_W, LOW_W = 500.0, 100.0

PUBLISHED_S = 0.1
"""How often NVML's energy counters move [s]: what is stored is of that long before, at the most."""

WINDOW_S = 8

INSTANCES = (MigInstance("MIG-a", 1, slices=1), MigInstance("MIG-b", 2, slices=2), MigInstance("MIG-c", 3))

Stored = Mapping[tuple[str, ...], Sequence[tuple[float, float]]]


def machine(*loads: tuple[float, float], processes: Sequence[GpuProcess] = ()) -> SimulatedGpus:
    """A card that is cut up, and one whose power swings."""
    cut = replace(a100(steps(IDLE_W, *loads)), mig_instances=INSTANCES, processes=processes)
    return SimulatedGpus([cut, h100(square(HIGH_W, LOW_W, 1.3))])


@dataclass(frozen=True)
class Scraped:
    """What Prometheus stored of some seconds, and what was there to be stored."""

    database: Database
    gpus: SimulatedGpus
    url: str
    end_s: float

    def stored(self, metric: str, *labels: str) -> Stored:
        """The samples of the window by the values of some labels."""
        found = self.database.samples(metric, WINDOW_S, self.end_s)
        return {tuple(dict(one).get(label, "") for label in labels): samples for one, samples in found.items()}

    def powers_w(self, metric: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The increase of counters between the first and the last scrape, by the time between the daemon's readings."""
        [read] = self.stored("dcfoot_last_reading_timestamp_seconds").values()
        read_s = dict(read)
        return {
            key: (last - first) / (read_s[last_s] - read_s[first_s])
            for key, samples in self.stored(metric, *labels).items()
            for (first_s, first), (last_s, last) in [(samples[0], samples[-1])]
        }

    def true_power_w(self, index: int) -> float:
        """What a card truly drew between the same readings [W]."""
        [read] = self.stored("dcfoot_last_reading_timestamp_seconds").values()
        ahead_ns = time.time_ns() - time.monotonic_ns()
        start_ns, end_ns = (round(utc_s * 1e9) - ahead_ns for utc_s in (read[0][1], read[-1][1]))
        return self.gpus.mean_power_w(start_ns, end_ns, index)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory, nvml_library: Path) -> Generator[Scraped]:
    folder, port = tmp_path_factory.mktemp("machine"), free_port()
    ProcTree(folder).stat(1.0, 9.0)
    ProcTree(folder).process(101, cgroup=f"0::/docker/{'a' * 64}")
    ProcTree(folder).process(102, cgroup="0::/slurm/uid_1000/job_7")
    idle = machine()
    installed = install(idle, nvml_library, folder)
    settings = {"DCFOOT_DAEMON_LISTEN": f"127.0.0.1:{port}", "DCFOOT_DAEMON_PROBES": "nvidia"}
    with ExitStack() as stack:
        stack.enter_context(daemon(folder, **settings, **installed.environ()))
        database = stack.enter_context(prometheus(tmp_path_factory.mktemp("prometheus"), port))
        until(lambda: bool(database.query("dcfoot_energy_joules_total > 0")), "the idle machine is scraped")
        begin_s = idle.seconds(time.monotonic_ns()) + 0.2
        processes = [GpuProcess(100 + n, instance_number=n, span_s=(begin_s, 1e9)) for n in (1, 2)]
        busy = replace(machine((begin_s, BUSY_W), processes=processes), epoch_ns=idle.epoch_ns)
        install(busy, nvml_library, folder)
        time.sleep(0.2 + 2 * INTERVAL_S + 1.0 + WINDOW_S)
        yield Scraped(database, busy, f"http://127.0.0.1:{port}", time.time())


@pytest.mark.peer("prometheus")
class TestWhatPrometheusStored:
    def test_it_was_up_at_every_scrape(self, scraped: Scraped) -> None:
        [samples] = scraped.stored("up").values()
        assert len(samples) >= WINDOW_S - 1
        assert {value for _, value in samples} == {1.0}

    def test_the_increase_of_energy_is_what_the_cards_truly_used(self, scraped: Scraped) -> None:
        found_w = scraped.powers_w('dcfoot_energy_joules_total{domain="gpu"}', "device")
        true_w = {(gpu.uuid,): scraped.true_power_w(index) for index, gpu in enumerate(scraped.gpus.gpus)}
        least_s = WINDOW_S - 2
        assert found_w == near(true_w, abs=HIGH_W * PUBLISHED_S / least_s)

    def test_mig_instances_have_their_slices_of_the_idle_power_and_of_the_rest_if_used(self, scraped: Scraped) -> None:
        found_w = scraped.powers_w('dcfoot_energy_joules_total{domain="gpu_instance"}', "device")
        expected_w = {("MIG-a",): 10.0 + 70.0, ("MIG-b",): 20.0 + 140.0, ("MIG-c",): 10.0}
        assert found_w == near(expected_w, rel=0.02)
        told = scraped.stored("dcfoot_gpu_instance_info", "device", "gpu", "gpu_i_id", "gpu_i_profile")
        cut = scraped.gpus.gpus[0].uuid
        assert set(told) == {
            ("MIG-a", cut, "1", "1g.10gb"), ("MIG-b", cut, "2", "2g.10gb"), ("MIG-c", cut, "3", "1g.10gb")
        }  # fmt: skip

    def test_who_used_an_instance_is_told_of_it_and_of_its_card(self, scraped: Scraped) -> None:
        cut = scraped.gpus.gpus[0].uuid
        found_w = scraped.powers_w("dcfoot_job_energy_joules_total", "kind", "device")
        used_w = {key: power_w for key, power_w in found_w.items() if power_w}
        expected_w = {
            ("container", cut): 80.0, ("container", "MIG-a"): 80.0,
            ("slurm_job", cut): 160.0, ("slurm_job", "MIG-b"): 160.0,
        }  # fmt: skip
        assert used_w == near(expected_w, rel=0.02)

    def test_the_store_has_who_used_an_instance(self, scraped: Scraped) -> None:
        found = json.loads(get(f"{scraped.url}/api/v1/units?domain=gpu_instance"))["units"]
        used = {(one["kind"], part["device"]): part["energy_j"] for one in found for part in one["channels"]}
        assert set(used) == {("container", "MIG-a"), ("slurm_job", "MIG-b")}
        assert used["slurm_job", "MIG-b"] == near(2.0 * used["container", "MIG-a"], rel=0.02)

    def test_the_query_in_the_docs_says_who_used_which_instance(self, scraped: Scraped) -> None:
        [query] = re.findall("```promql\n(.*?)```", (ROOT / "docs/metrics.md").read_text(), re.DOTALL)
        found = scraped.database.query(query.replace("[5m]", f"[{WINDOW_S}s]"), scraped.end_s)
        used_w = {(dict(key)["kind"], dict(key)["gpu_i_id"]): power_w for key, power_w in found.items() if power_w}
        assert used_w == near({("container", "1"): 80.0, ("slurm_job", "2"): 160.0}, rel=0.05)

    def test_jobs_idle_and_unattributed_are_the_meter_at_every_scrape(self, scraped: Scraped) -> None:
        parts: dict[tuple[str, float], float] = {}
        for name in ("job", "idle", "unattributed"):
            found = scraped.stored(f"dcfoot_{name}_energy_joules_total", "device", "kind", "job")
            for (device, *_), samples in found.items():
                for at_s, energy_j in samples:
                    parts[device, at_s] = parts.get((device, at_s), 0.0) + energy_j
        meters = scraped.stored("dcfoot_energy_joules_total", "device")
        assert parts == near(
            {(device, at_s): value for (device,), of in meters.items() for at_s, value in of}, rel=1e-9
        )
