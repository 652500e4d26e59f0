"""Orders of magnitude of what measuring costs: benchmarks/cost.py measures it, on a machine that does nothing else."""

import os
import resource
import subprocess
import sys
from pathlib import Path

from simulated.environ import unobserved
from simulated.repository import ROOT
from simulated.running import DCFOOT
from simulated.trees import PowercapTree

LOOSE = 10
"""By so much a shared machine may miss a figure: a guard against orders of magnitude, no more."""


def cpu_s(*command: str, **environ: str) -> float:
    """Processor time of a command and its children, compiled modules beside it [s]."""
    environment = unobserved(**environ)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_a_run_of_nothing_costs_a_fraction_of_a_second(tmp_path: Path) -> None:
    places = {"DCFOOT_DATA_DIR": str(tmp_path), "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled")}
    costs = [cpu_s(*DCFOOT, "run", "--", "true", **places) for _ in range(4)]
    assert min(costs) - cpu_s(sys.executable, "-c", "pass") < LOOSE * 0.15


ONCE_A_SECOND = """
import time
spent_s = 0.0
for _ in range(5):
    time.sleep(1)
    before_s = time.thread_time()
    for path in ("/proc/stat", "/proc/self/stat", "/proc/meminfo"):
        with open(path) as file:
            file.read()
    spent_s += time.thread_time() - before_s
print(spent_s / 5)
"""


def test_measuring_takes_little_of_a_core_while_the_job_runs(tmp_path: Path) -> None:
    """On a virtual machine, three small files read once a second may take a hundred times as long as without the pause.

    Up to 5 ms were seen, the processor kept awake or not: so a plain reader beside the run says what this machine asks.
    """
    places = {"DCFOOT_DATA_DIR": str(tmp_path)}
    run = (*DCFOOT, "run", "--quiet", "--", "sleep")
    shares: list[float] = []
    for _ in range(3):
        start_s = cpu_s(*run, "1", **places)
        with subprocess.Popen([sys.executable, "-c", ONCE_A_SECOND], stdout=subprocess.PIPE, text=True) as reader:
            share = (cpu_s(*run, "6", **places) - start_s) / 5
            plain_share = float(reader.communicate()[0])
        shares.append(share / max(0.002, plain_share))
    assert min(shares) < LOOSE


def test_a_run_takes_tens_of_megabytes(tmp_path: Path) -> None:
    code = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True, capture_output=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, *DCFOOT, "run", "--", "sleep", "1"],
        env=unobserved(DCFOOT_DATA_DIR=str(tmp_path)),
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) * 1024 < LOOSE * 30e6


def test_a_tick_takes_a_fraction_of_a_millisecond(tmp_path: Path) -> None:
    tree = PowercapTree(tmp_path)
    for socket in range(2):
        tree.zone(f"intel-rapl:{socket}", f"package-{socket}").zone(f"intel-rapl:{socket}:0", "dram")
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/tick.py", "--seconds", "1", "--interval", "0", "--probes", "rapl"],
        env=unobserved(DCFOOT_ROOT=str(tmp_path)),
        capture_output=True,
        check=True,
    )
    _, median_us, _ = map(float, done.stdout.split())
    assert median_us < LOOSE * 100


def test_the_page_of_figures_names_the_command_that_makes_it() -> None:
    page = (ROOT / "docs/cost.md").read_text()
    assert "python benchmarks/cost.py --into docs/cost.md" in page
    figures = page.partition("<!-- figures: begin -->")[2].partition("<!-- figures: end -->")[0]
    for tool in ("dcfoot run", "landauer-gap", "codecarbon", "zeus", "carbontracker", "8 GPUs", "import dcfoot"):
        assert tool in figures
    assert os.access(ROOT / "benchmarks/cost.py", os.R_OK)
