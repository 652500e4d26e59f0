"""What one tick costs: reading, attributing and booking every meter of a server with 8 GPUs and 2 sockets.

    python benchmarks/tick.py [--seconds 10]

The GPUs are simulated: a real `libnvidia-ml.so.1` of our own answers in 0.03 to 0.1 us a call, 2 us a tick, where a
driver takes longer; the sockets are files. So this is what dcfoot adds to the driver's and the kernel's own time:
processor time of the threads that measure, with everything that they do for a job that uses all GPUs. Needs a C
compiler and the packages of the test environment (`python3 bootstrap.py test`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dcfoot.ledger import EnergyRecord
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
WHOLE = f"{SOCKETS} sockets and {GPUS} GPUs"
"""One after the other, its ticks are the sum of its parts': in a run the two threads tick at different moments, for the
GPUs' first waits for publications. Without a pause between ticks they would hinder each other all the time."""


class Clock:
    """A monotonic clock on which every tick takes a second, as it does in a run."""

    def __init__(self) -> None:
        self._ahead_ns = 0
        self._ticks: dict[str, int] = {}

    def __call__(self) -> int:
        """Nanoseconds since some moment."""
        return time.monotonic_ns() + self._ahead_ns

    def tell(self, record: EnergyRecord) -> None:
        """Is told of every reading that is booked."""
        device = record.channel.device
        self._ticks[device] = self._ticks.get(device, 0) + 1
        if device == next(iter(self._ticks)):
            self._ahead_ns += NS_PER_S

    @property
    def ticks(self) -> int:
        """So many ticks has every device had."""
        return min(self._ticks.values())


def tick_us(names: Sequence[str], interval_s: float, seconds: float) -> float:
    """What a tick of these probes takes of the processor [us]. Needs the environment that `environ_of` gives."""
    clock, book = Clock(), PhaseBook(0)

    def book_and_tell(record: EnergyRecord) -> None:
        book.book(record)
        clock.tell(record)

    consumer = Consumer(lambda: [os.getppid()])
    sampler = Sampler(
        [entry for entry in installed_probes() if entry.name in names],
        Surroundings(clock_ns=clock),
        activity=consumer.activity,
        pids=consumer.pids,
        interval_s=interval_s,
        on_record=book_and_tell,
    )
    sampler.start()
    sampler.job_started.set()
    time.sleep(1.0)
    before_s, before = sampler.cpu_s(), clock.ticks
    time.sleep(seconds)
    spent_s, ticks = sampler.cpu_s() - before_s, clock.ticks - before
    sampler.stop()
    return 1e6 * spent_s / ticks


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


def measured(seconds: float) -> dict[str, list[float]]:
    """By server and then by pace, what a tick takes [us]."""
    with tempfile.TemporaryDirectory() as folder:
        environ = environ_of(Path(folder))

        def of_a_child(names: Sequence[str], pace: str) -> float:
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
            return float(subprocess.run(command, env=environ, check=True, capture_output=True).stdout)

        parts = {part: [of_a_child([name], pace) for pace in PACES] for part, name in PARTS.items()}
        warm = sum(ticks[0] for ticks in parts.values())
        return {**parts, WHOLE: [warm, of_a_child([*PARTS.values()], [*PACES][1])]}


def table(ticks: dict[str, list[float]]) -> list[str]:
    """As Markdown."""
    rows = [f"| {server} | {' | '.join(f'{us:.0f}' for us in each)} |" for server, each in ticks.items()]
    return [f"| a tick over | {' | '.join(f'{pace} [us]' for pace in PACES)} |", "|---|---|---|", *rows]


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--probes", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("--interval", type=float, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.probes:
        print(tick_us(arguments.probes, arguments.interval, arguments.seconds))
    else:
        print("\n".join(table(measured(arguments.seconds))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
