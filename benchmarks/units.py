"""What telling who used the machine takes of one core: 1,000 processes and 100 containers, read once a second.

    python benchmarks/units.py [--processes 1000] [--containers 100] [--ticks 120] [--real]

The machine is made of files, as fast to read as the kernel's own to open, but not to answer; `--real` makes the
processes and, as root where there is cgroup2, the groups. Processes stand outside all groups, the dearest case: with
systemd none does. Time passes by a clock of our own, a second a tick, so that looks come as often as in a real run.
Needs the packages of the test environment (`python3 bootstrap.py test`).
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles

from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.units import Units

STEPS = {
    Channel("box", domain, f"{socket}"): Step(100.0, 1.0, 1.0, Outcome.STEP)
    for domain in (Domain.PACKAGE, Domain.DRAM)
    for socket in range(2)
}
GPUS = 8


def tick_us(root: Path, ticks: int, uses: Mapping[str, Mapping[int, float]]) -> tuple[float, float]:
    """What a tick takes of the processor over a run, and the dearest twentieth of ticks [us]."""
    now_s = 0.0
    units = Units(root, lambda: now_s)
    costs_us: list[float] = []
    for _ in range(ticks + 2):
        began_s = time.thread_time()
        units.splits(STEPS, uses)
        costs_us.append(1e6 * (time.thread_time() - began_s))
        now_s += 1.0
    costs_us = costs_us[2:]  # the first sees everything for the first time, the second looks for who is busy
    return sum(costs_us) / ticks, quantiles(costs_us, n=20)[-1]


@contextmanager
def simulated(processes: int, containers: int) -> Iterator[tuple[Path, range]]:
    """A machine made of files, and its processes."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from simulated.trees import CgroupFiles, ProcTree

    with tempfile.TemporaryDirectory() as folder:
        root, pids = Path(folder), range(1000, 1000 + processes)
        tree, proc = CgroupFiles(root / "sys/fs/cgroup"), ProcTree(root)
        for number in range(containers):
            tree.group(f"docker/{number:064x}/init")
        for pid in pids:
            proc.process(pid)
        tree.processes(*pids)
        proc.stat(1000.0, 1000.0, processors=64)
        yield root, pids


@contextmanager
def real(processes: int, containers: int) -> Iterator[tuple[Path, range]]:
    """The machine itself, with so many more processes and groups."""
    base = Path("/sys/fs/cgroup")
    base = (base if (base / "cgroup.controllers").exists() else base / "unified") / "dcfoot-benchmark"
    groups = [base / f"{number:064x}" for number in range(containers)]
    for group in [base, *groups]:
        group.mkdir()
    sleepers = [subprocess.Popen(["/bin/sleep", "600"]) for _ in range(processes)]
    try:
        yield Path("/"), range(sleepers[0].pid, sleepers[0].pid + GPUS)
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.wait()
        for group in [*groups, base]:
            group.rmdir()


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, default=1000)
    parser.add_argument("--containers", type=int, default=100)
    parser.add_argument("--ticks", type=int, default=120)
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    print("| processes | containers | a tick, mean [us] | dearest twentieth [us] | of a core at 1 Hz |")
    print("|---|---|---|---|---|")
    for processes, containers in (
        (1, arguments.containers),
        (arguments.processes, 0),
        (arguments.processes, arguments.containers),
    ):
        with (real if arguments.real else simulated)(processes, containers) as (root, pids):
            uses = {f"GPU-{number}": {pids[number % len(pids)]: 1.0} for number in range(GPUS)}
            mean_us, dear_us = tick_us(root, arguments.ticks, uses)
        print(f"| {processes} | {containers} | {mean_us:.0f} | {dear_us:.0f} | {mean_us / 1e6:.3%} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
