"""Slurm: a real cluster of this one node, the scripts that must never fail a job, and what sacct says."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from pwd import getpwuid
from typing import NamedTuple
from urllib.request import urlopen

import pytest
from prometheus_client import parser

from dcfoot.activity import machine_seconds
from dcfoot.attribution import IDLE_WEIGHT
from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.units import Units
from dcfoot_probes.daemon.units.slurm import JOBS_FOLDER, JobRecord, JobRecords
from dcfoot_probes.daemon.words import UnitKind
from simulated.daemon_process import INTERVAL_S, daemon
from simulated.databases import free_port, get, until
from simulated.near import near
from simulated.repository import ROOT
from simulated.slurm import Cluster, slurm_cluster
from simulated.trees import PciTree, PowercapTree, write

PACKAGE = Channel("box", Domain.PACKAGE, "package-0")
STEPS = {PACKAGE: Step(100.0, 1.0, 1.0, Outcome.STEP)}
SCRIPTS = ROOT / "deploy/slurm"

BURN = """
import os, sys, time
end = time.process_time() + {seconds}
while time.process_time() < end: pass
"""
TOLD_BY_THE_KERNEL = """
from pathlib import Path
sys.path[:0] = {path!r}
from dcfoot.activity import cgroup_seconds, job_cgroup
group = job_cgroup(Path("/proc"), Path("/sys/fs/cgroup"))
print(os.environ["SLURM_JOB_ID"], cgroup_seconds(group) if group else time.process_time())
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with slurm_cluster() as running:
        yield running


@pytest.mark.peer("slurmctld")
@pytest.mark.peer("munged")
class TestARealJob:
    def test_its_processor_time_is_found_as_the_kernel_counts_it(self, cluster: Cluster) -> None:
        units, found_s, names = Units(cluster.root), 0.0, set[str]()
        code = (BURN + TOLD_BY_THE_KERNEL).format(seconds=2.0, path=[path for path in sys.path if path])
        units.splits(STEPS, {})
        before_s = machine_seconds(Path("/proc"))
        job = cluster.srun(sys.executable, "-S", "-c", code)
        ended = False
        while not ended:
            ended = job.poll() is not None
            time.sleep(0.5)
            split = units.splits(STEPS, {})[PACKAGE]
            now_s = machine_seconds(Path("/proc"))
            weight_s = now_s[0] - before_s[0] + IDLE_WEIGHT * (now_s[1] - before_s[1])
            before_s = now_s
            jobs = {unit: part for unit, part in split.units.items() if unit.kind is UnitKind.SLURM_JOB}
            found_s += weight_s * sum(jobs.values())
            names |= {f"{unit.id} {unit.user_id}" for unit in jobs}
        said, faults = job.communicate()
        assert job.returncode == 0, faults + cluster.logs()
        job_id, kernel_s = said.split()
        assert names == {f"{job_id} {os.getuid()}"}
        assert found_s == near(float(kernel_s), rel=0.05)

    def test_a_running_daemon_tells_of_it_as_the_kernel_counts_it(self, cluster: Cluster, tmp_path: Path) -> None:
        root, listen = with_a_meter(cluster, tmp_path / "root"), f"127.0.0.1:{free_port()}"
        code = (BURN + TOLD_BY_THE_KERNEL).format(seconds=2.0, path=[path for path in sys.path if path])
        settings = {"DCFOOT_ROOT": str(root), "DCFOOT_DAEMON_LISTEN": listen, "DCFOOT_DAEMON_PROBES": "rapl"}
        store = {"DCFOOT_DAEMON_STORE": str(tmp_path / "frames.sqlite"), "DCFOOT_DAEMON_NAMES": "true"}
        meter = PowercapTree(root).zone("intel-rapl:0", "package-0")
        with meter.running({"intel-rapl:0": 100.0}), daemon(tmp_path, **settings, **store):
            with closing(ticks_of(listen)) as ticks:
                seen = [next(ticks)]
                job = cluster.srun(sys.executable, "-S", "-c", code)
                seen += [next(ticks) for _ in range(round(6.0 / INTERVAL_S))]
            said, faults = job.communicate(timeout=20.0)
            assert job.returncode == 0, faults + cluster.logs()
            job_id, kernel_s = said.split()
            energy_j = seen[-1].jobs_j[job_id, getpwuid(os.getuid()).pw_name]
            assert found_s(seen) == near(float(kernel_s), rel=0.05)
            # Of a job of less than a minute Prometheus is told under the name of all that are new.
            told_j = {labels["job"]: value for labels, value in job_energies(listen)}
            assert told_j == near({"new": energy_j}, abs=0.01)
            until(lambda: kept_j(listen, job_id) == near(energy_j, abs=0.1), "the store has all of it")

    def test_it_is_noted_while_it_runs_and_forgotten_after(self, cluster: Cluster) -> None:
        before_s = int(time.time())
        job = cluster.srun(
            sys.executable, "-S", "-c", "import os; print(os.environ['SLURM_JOB_ID'], flush=True); input()"
        )
        assert job.stdout is not None
        job_id = job.stdout.readline().strip()
        record = JobRecords(cluster.root).of(job_id)
        job.communicate("\n", timeout=20.0)
        assert record is not None
        assert (record.job_id, record.user_id) == (job_id, os.getuid())
        assert before_s <= record.started_utc_s <= time.time()
        deadline_s = time.monotonic() + 10.0
        while JobRecords(cluster.root).all() and time.monotonic() < deadline_s:
            time.sleep(0.1)  # the epilog runs after the job has ended
        assert JobRecords(cluster.root).all() == []

    def test_dcfoot_in_it_measures_the_job(self, cluster: Cluster, tmp_path: Path) -> None:
        receipt = tmp_path / "receipt.json"
        code = (BURN + TOLD_BY_THE_KERNEL).format(seconds=0.3, path=[path for path in sys.path if path])
        job = cluster.srun(
            sys.executable, "-m", "dcfoot", "run", "--receipt", str(receipt), "--", sys.executable, "-S", "-c", code
        )
        said, faults = job.communicate(timeout=60.0)
        assert job.returncode == 0, faults + cluster.logs()
        assert said.startswith(json.loads(receipt.read_text())["run"]["job"].removeprefix("slurm-"))


def with_a_meter(cluster: Cluster, root: Path) -> Path:
    """This machine as the cluster's root shows it, but with a meter that is made of files."""
    write(root / "sys/class/powercap/none", "")
    (root / "sys/fs").symlink_to("/sys/fs")
    (root / "sys/devices").symlink_to("/sys/devices")
    for name in ("proc", "etc"):
        (root / name).symlink_to(f"/{name}")
    (root / "run").symlink_to(cluster.root / "run")
    return root


class Tick(NamedTuple):
    """What a daemon tells at a tick, by a job's number and user's name, and the machine's processor time then."""

    meter_j: float
    jobs_j: Mapping[tuple[str, str], float]
    busy_s: float
    idle_s: float


def ticks_of(listen: str) -> Generator[Tick]:
    """Each tick of a daemon, as it is made."""
    with urlopen(f"http://{listen}/events", timeout=10.0) as stream:
        for line in stream:
            if not line.startswith(b"data: "):
                continue
            machine_s, told = machine_seconds(Path("/proc")), json.loads(line.removeprefix(b"data: "))
            jobs = [unit for unit in told["units"] if unit["kind"] == "slurm_job"]
            jobs_j = {(unit["id"], unit["name"]): unit["energy_j"] for unit in jobs}
            yield Tick(told["channels"][0]["energy_j"], jobs_j, *machine_s)


def found_s(ticks: Sequence[Tick]) -> float:
    """The processor time that the jobs' parts of the meter stand for [s]."""
    total_s = 0.0
    for before, now in pairwise(ticks):
        weight_s = now.busy_s - before.busy_s + IDLE_WEIGHT * (now.idle_s - before.idle_s)
        part_j = sum(now.jobs_j.values()) - sum(before.jobs_j.values())
        total_s += weight_s * part_j / (now.meter_j - before.meter_j)
    return total_s


def job_energies(listen: str) -> list[tuple[Mapping[str, str], float]]:
    """What a daemon tells Prometheus of Slurm's jobs."""
    families = parser.text_string_to_metric_families(get(f"http://{listen}/metrics").decode())
    samples = [sample for family in families for sample in family.samples]
    told = [one for one in samples if one.name == "dcfoot_job_energy_joules_total" and one.value]
    return [(one.labels, one.value) for one in told if one.labels["kind"] == "slurm_job"]


def kept_j(listen: str, job_id: str) -> float:
    """The energy of a job by the daemon's store [J]."""
    units = json.loads(get(f"http://{listen}/api/v1/units"))["units"]
    return sum(float(unit["energy_j"]) for unit in units if (unit["kind"], unit["id"]) == ("slurm_job", job_id))


@pytest.mark.parametrize("script", ["prolog.sh", "epilog.sh", "task_prolog.sh"])
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"SLURM_JOB_ID": "7", "SLURM_JOB_UID": "1000"},
        {"SLURM_JOB_ID": "../../etc/passwd"},
        {"SLURM_JOB_ID": "7", "DCFOOT_ROOT": "/dev/null"},
        {"SLURM_JOB_ID": "7", "DCFOOT_ROOT": "/proc/self"},
        {"HOME": "/nonexistent"},
    ],
    ids=str,
)
def test_a_script_ends_with_0_whatever_happens(script: str, environ: dict[str, str], tmp_path: Path) -> None:
    asked = {"DCFOOT_ROOT": str(tmp_path), **environ}
    done = subprocess.run([SCRIPTS / script], env=asked, check=False, capture_output=True, cwd="/")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_job_is_noted_with_what_slurm_tells(tmp_path: Path) -> None:
    environ = {"SLURM_JOB_ID": "7", "SLURM_JOB_UID": "1000", "SLURM_JOB_USER": "ada", "SLURM_JOB_GPUS": "0,3"}
    subprocess.run([SCRIPTS / "prolog.sh"], env={"DCFOOT_ROOT": str(tmp_path), **environ}, check=True)
    [record] = JobRecords(tmp_path).all()
    assert record._replace(started_utc_s=0) == JobRecord("7", 1000, "ada", 0, (0, 3))
    subprocess.run([SCRIPTS / "epilog.sh"], env={"DCFOOT_ROOT": str(tmp_path), **environ}, check=True)
    assert JobRecords(tmp_path).all() == []


BUS = {"0000:17:00.0": 1, "0000:31:00.0": 0, "0000:b1:00.0": 2}
"""A machine's GPUs by their addresses, with the numbers of their files, which the kernel gave in another order."""


@pytest.mark.parametrize(
    ("gres_conf", "numbers"),
    [
        ("", ["17", "31", "b1"]),
        ("AutoDetect=nvml", ["17", "31", "b1"]),
        ("AutoDetect=nvidia", ["31", "17", "b1"]),
        ("Name=gpu File=/dev/nvidia[0-2]", ["31", "17", "b1"]),
        ("NAME=gpu Type=a File=/dev/nvidia2  # first\nName=gpu \\\n file=/dev/nvidia[1,0]", ["b1", "17", "31"]),
        ("AutoDetect=nvml\nNodeName=n[07-09] AutoDetect=off Name=gpu File=/dev/nvidia[0-2]", ["31", "17", "b1"]),
        ("NodeName=n[10-19],m08 Name=gpu File=/dev/nvidia[0-2]", ["17", "31", "b1"]),
        ("Name=nic File=/dev/nvidia0\nName=gpu File=/dev/nvidia1", ["17"]),
        ("Name=gpu File=/dev/nvidia[0-", ["17", "31", "b1"]),
    ],
)
def test_slurms_numbers_are_of_the_devices_that_gres_conf_or_the_bus_names_whichever_are_metered(
    tmp_path: Path, gres_conf: str, numbers: list[str]
) -> None:
    for address, minor in BUS.items():
        PciTree(tmp_path).device(address, "10de", "20b2", "030200")
        told = f"Model: \t\t A100\nGPU UUID: \t GPU-{address[5:7]}\nDevice Minor: \t {minor}\n"
        write(tmp_path / f"proc/driver/nvidia/gpus/{address}/information", told)
    write(tmp_path / "proc/sys/kernel/hostname", "n08.cluster\n")
    write(tmp_path / "etc/slurm/gres.conf", gres_conf)
    for number in range(4):
        write(tmp_path / f"run/dcfoot-jobs/{number}", f"uid=1000\nstart=1\ngpus={number}")
    for asleep in ("", *numbers):
        metered = [f"GPU-{address[5:7]}" for address in BUS if address[5:7] != asleep]
        given = JobRecords(tmp_path).allocated(metered)
        owners = {device.removeprefix("GPU-"): [unit.id for unit in units] for device, units in given.items()}
        assert owners == {name: [str(number)] for number, name in enumerate(numbers) if name != asleep}


def test_devices_that_the_kernel_tells_nothing_of_go_by_their_order(tmp_path: Path) -> None:
    write(tmp_path / "run/dcfoot-jobs/7", "uid=1000\nstart=1\ngpus=1,2")
    assert list(JobRecords(tmp_path).allocated(["amd-0", "amd-1"])) == ["amd-1"]


def test_a_folder_that_leads_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    elsewhere, noted = tmp_path / "elsewhere", tmp_path / JOBS_FOLDER
    elsewhere.mkdir()
    noted.parent.mkdir()
    noted.symlink_to(elsewhere)
    environ = {"SLURM_JOB_ID": "7", "SLURM_JOB_UID": "1000", "DCFOOT_ROOT": str(tmp_path)}
    subprocess.run([SCRIPTS / "prolog.sh"], env=environ, check=True)
    assert list(elsewhere.iterdir()) == []


def test_notes_of_jobs_are_not_in_the_folder_that_systemd_makes_for_the_daemons_user_and_takes_away() -> None:
    unit = (ROOT / "deploy/systemd/dcfoot.service").read_text()
    assert "RuntimeDirectory=dcfoot\n" in unit
    assert not Path("/", JOBS_FOLDER).is_relative_to("/run/dcfoot")


@pytest.mark.parametrize("text", ["", "uid=x\nstart=1", "uid=1000", "start=1", "=\n="])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    write(tmp_path / "run/dcfoot-jobs/7", text)
    assert JobRecords(tmp_path).all() == []


def test_tasks_are_told_the_clusters_settings_unless_the_user_has_some(tmp_path: Path) -> None:
    settings = write(tmp_path / "etc/dcfoot/config.toml", 'site = "here"')

    def told(**environ: str) -> str:
        asked = {"DCFOOT_ROOT": str(tmp_path), "HOME": str(tmp_path), **environ}
        return subprocess.run(
            [SCRIPTS / "task_prolog.sh"], env=asked, check=True, capture_output=True, text=True
        ).stdout

    assert told() == f"export DCFOOT_CONFIG={settings}\n"
    assert told(DCFOOT_CONFIG="mine.toml") == ""
    write(tmp_path / ".config/dcfoot/config.toml", 'site = "there"')
    assert told() == ""
