"""What one tick costs: reading, attributing and booking every meter of a server with 8 GPUs and 2 sockets.

    python benchmarks/tick.py [--seconds 10]

The GPUs are simulated: a real `libnvidia-ml.so.1` of our own answers in 0.03 to 0.1 us a call, 2 us a tick, where a
driver takes longer; the sockets are files. So this is what dcfoot adds to the driver's and the kernel's own time:
processor time of the threads that measure, with everything that they do for a job that uses all GPUs. The median of
slices of the time is told, with quartiles: on a machine that is shared, others' work makes ticks dearer. Needs a C
compiler and the packages of the test environment (`python3 bootstrap.py test`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

from dcfoot.activity import Activity
from dcfoot.phases import PhaseBook
from dcfoot.probe import Surroundings, installed_probes
from dcfoot.sampler import Sampler
from dcfoot.tracker import Consumer
from dcfoot.units import NS_PER_S

GPUS = 8
SOCKETS = 2
PACES = {"one after the other": 0.0, "20 a second": 0.05}
"""Seconds between ticks. The second is as often as dcfoot can be told to read: each of its ticks finds the caches as
the machine's other work has left them."""

PARTS = {f"{SOCKETS} sockets, each with its memory": "rapl", f"{GPUS} GPUs": "nvidia"}
SLICE_S = 0.25
WHOLE = f"{SOCKETS} sockets and {GPUS} GPUs"
"""One after the other, its ticks are the sum of its parts': in a run the two threads tick at different moments, for the
GPUs' first waits for publications. Without a pause between ticks they would hinder each other all the time."""


class Quartiles(NamedTuple):
    """Of some figures: lower quartile, median, upper quartile."""

    low: float
    median: float
    high: float


class Clock:
    """A monotonic clock on which every tick takes a second, as it does in a run."""

    def __init__(self) -> None:
        self._ahead_ns = 0
        self._ticks: dict[str, int] = {}

    def __call__(self) -> int:
        """Nanoseconds since some moment."""
        return time.monotonic_ns() + self._ahead_ns

    def tick(self, probe: str) -> None:
        """Is told of every tick of a probe."""
        self._ticks[probe] = self._ticks.get(probe, 0) + 1
        if probe == next(iter(self._ticks)):
            self._ahead_ns += NS_PER_S

    @property
    def ticks(self) -> int:
        """So many ticks has every probe had."""
        return min(self._ticks.values())


def tick_us(names: Sequence[str], interval_s: float, seconds: float) -> Quartiles:
    """What a tick of these probes takes of the processor [us]. Needs the environment that `environ_of` gives."""
    clock, consumer = Clock(), Consumer(lambda: [os.getppid()])

    def activity() -> Activity | None:
        clock.tick("sockets")
        return consumer.activity()

    def pids() -> AbstractSet[int]:
        clock.tick("GPUs")
        return consumer.pids()

    sampler = Sampler(
        [entry for entry in installed_probes() if entry.name in names],
        Surroundings(clock_ns=clock),
        activity=activity,
        pids=pids,
        interval_s=interval_s,
        on_record=PhaseBook(0).book,
    )
    sampler.start()
    sampler.job_started.set()
    time.sleep(1.0)
    looks = [(sampler.cpu_s(), clock.ticks)]
    for _ in range(round(seconds / SLICE_S)):
        time.sleep(SLICE_S)
        looks.append((sampler.cpu_s(), clock.ticks))
    sampler.stop()
    low, median, high = quantiles([1e6 * (s - s0) / (n - n0) for (s0, n0), (s, n) in pairwise(looks)], n=4)
    return Quartiles(low, median, high)


def environ_of(folder: Path) -> dict[str, str]:
    """The environment of a server below `folder`, all of whose GPUs this process uses."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from simulated.nvml import GpuProcess, SimulatedGpus, build_library, h100, install, steady
    from simulated.trees import PowercapTree

    tree = PowercapTree(folder)
    for socket in range(SOCKETS):
        tree.zone(f"intel-rapl:{socket}", f"package-{socket}").zone(f"intel-rapl:{socket}:0", "dram")
    job = [GpuProcess(os.getpid(), sm_percent=90)]
    machine = SimulatedGpus([replace(h100(steady(300.0 + number)), processes=job) for number in range(GPUS)])
    installed = install(machine, build_library(folder / "library"), folder)
    return {**os.environ, **installed.environ(), "DCFOOT_ROOT": str(folder)}


def measured(seconds: float) -> dict[str, list[Quartiles]]:
    """By server and then by pace, what a tick takes [us]."""
    with tempfile.TemporaryDirectory() as folder:
        environ = environ_of(Path(folder))

        def of_a_child(names: Sequence[str], pace: str) -> Quartiles:
            command = [
                sys.executable,
                __file__,
                "--seconds",
                str(seconds),
                "--interval",
                str(PACES[pace]),
                "--probes",
                *names,
            ]
            said = subprocess.run(command, env=environ, check=True, capture_output=True).stdout
            return Quartiles(*map(float, said.split()))

        parts = {part: [of_a_child([name], pace) for pace in PACES] for part, name in PARTS.items()}
        warm = Quartiles(*map(sum, zip(*(ticks[0] for ticks in parts.values()), strict=True)))
        return {**parts, WHOLE: [warm, of_a_child([*PARTS.values()], [*PACES][1])]}


def table(ticks: dict[str, list[Quartiles]]) -> list[str]:
    """As Markdown."""
    rows = [
        f"| {server} | {' | '.join(f'{us.median:.0f} ({us.low:.0f}..{us.high:.0f})' for us in each)} |"
        for server, each in ticks.items()
    ]
    return [f"| a tick over | {' | '.join(f'{pace} [us]' for pace in PACES)} |", "|---|---|---|", *rows]


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--probes", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--interval", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probes:
        print(*tick_us(arguments.probes, arguments.interval, arguments.seconds))
    else:
        print("\n".join(table(measured(arguments.seconds))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
