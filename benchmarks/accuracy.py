"""How far each way of reading an NVIDIA GPU is off, where the truth is known: a real run over simulated GPUs.

    python benchmarks/accuracy.py [--seconds 0.5 3 10]

A real `libnvidia-ml.so.1` of our own answers the real `pynvml`; what its GPUs truly draw has a closed form. dcfoot's
own probe and sampler meter them in real time, 16 at once, whose sensors publish at different moments of their period.
Needs a C compiler and the packages of the test environment (`python3 bootstrap.py test`). Takes some minutes.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from simulated.nvml import (
    EnergyCounter,
    SimulatedGpu,
    SimulatedGpus,
    Square,
    Steady,
    a100,
    average_1s,
    build_library,
    install,
    preload,
    rtx3090,
    steady,
    window,
)
from simulated.nvml.profile import Profile
from simulated.nvml.runs import IDLE_W, START_S, MeteredGpu, end_s, loaded, metered_run, phases

GPUS_AT_ONCE = 16

LOADS: Mapping[str, Steady | Square] = {
    "steady": Steady(300.0),
    "wave of 0.1 s": Square(300.0, IDLE_W, 0.1),
    "wave of 0.13 s, 30 % on": Square(390.0, IDLE_W, 0.13, 0.3),
    "wave of 1 s": Square(300.0, IDLE_W, 1.0),
}
"""Between two idle times; the second is in step with the sensors."""

GOING_ON = "steady, going on before and after"

MakeGpu = Callable[[Profile, float], SimulatedGpu]
"""Makes a card of what it draws and of when its sensors publish."""


def _counter(profile: Profile, phase_s: float, *, as_seen: bool = False) -> SimulatedGpu:
    seen = replace(window(25, 100), phase_s=phase_s)
    return replace(a100(profile), instant=seen, usage=seen, counter=EnergyCounter(phase_s=phase_s, as_seen=as_seen))


def _restarting(profile: Profile, phase_s: float) -> SimulatedGpu:
    """Restarts about the middle of its load."""
    begin_s, until_s = (at_s for at_s, _ in profile.loads)
    counter = EnergyCounter(phase_s=phase_s, resets_s=[0.5 * (begin_s + until_s) + 3.0 * phase_s])
    return replace(a100(profile), counter=counter)


def _average(profile: Profile, phase_s: float) -> SimulatedGpu:
    return replace(rtx3090(profile), counter=None, average=replace(average_1s(), phase_s=phase_s))


def _power(profile: Profile, phase_s: float, *, window_ms: float, buffered: bool) -> SimulatedGpu:
    seen = replace(window(window_ms, 100), phase_s=phase_s)
    card = replace(a100(profile), counter=None, usage=seen, instant=seen, samples=seen if buffered else None)
    return card if window_ms < 100 else replace(card, compute_capability=(7, 5))


METHODS: Mapping[str, MakeGpu] = {
    "energy counter": _counter,
    "energy counter that sees 25 of 100 ms": partial(_counter, as_seen=True),
    "average of 1 s": _average,
    "driver's buffer, 100 of 100 ms": partial(_power, window_ms=100, buffered=True),
    "driver's buffer, 25 of 100 ms": partial(_power, window_ms=25, buffered=True),
    "polled, 100 of 100 ms": partial(_power, window_ms=100, buffered=False),
    "polled, 25 of 100 ms": partial(_power, window_ms=25, buffered=False),
}

RESTARTING = "energy counter that restarts"
LEAST_RESTARTING_S = 3.0
"""A restart is tried in runs of at least this length [s]: in shorter ones it falls together with an edge."""


@dataclass(frozen=True, slots=True)
class Case:
    """A method and a load that runs for so long [s], with one card for each phase of the sensors."""

    method: str
    load: str
    seconds: float
    gpus: Sequence[SimulatedGpu]


def row(method: str, load: str, metered: Mapping[float, Sequence[MeteredGpu]], lengths_s: Sequence[float]) -> str:
    """A row of the table, as Markdown: what was metered, by the length of the run."""
    gpus = [gpu for same in metered.values() for gpu in same]
    widths = [tuple(100.0 * (bound_j / gpu.energy.energy_j - 1.0) for bound_j in gpu.interval_j) for gpu in gpus]
    interval = f"{min(low for low, _ in widths):+.0f} to {max(high for _, high in widths):+.0f}"
    inside = sum(gpu.interval_holds for gpu in gpus)
    errors = " | ".join(_errors(metered.get(seconds, ())) for seconds in lengths_s)
    return f"| {method} | {load} | {errors} | {interval} | {inside} of {len(gpus)} |"


def _errors(gpus: Sequence[MeteredGpu]) -> str:
    errors = [100.0 * gpu.error_ratio for gpu in gpus]
    return f"{min(errors):+.2f} to {max(errors):+.2f}" if errors else ""


def cases(seconds: float, cards: int) -> Iterator[Case]:
    """Every row for one length of a run."""
    for method, make in METHODS.items():
        for name, load in LOADS.items():
            profile = loaded(load, seconds)
            yield Case(method, name, seconds, [make(profile, phase_s) for phase_s in phases(cards)])
    yield Case("energy counter", GOING_ON, seconds, [_counter(steady(300.0), phase_s) for phase_s in phases(cards)])
    if seconds >= LEAST_RESTARTING_S:
        for name in ("steady", "wave of 0.1 s"):
            profile = loaded(LOADS[name], seconds)
            yield Case(RESTARTING, name, seconds, [_restarting(profile, phase_s) for phase_s in phases(cards)])


def measured(asked: Sequence[Case], folder: Path, library: Path) -> Iterator[Sequence[MeteredGpu]]:
    """What was metered of each of some cases, all in one run."""
    installed = install(SimulatedGpus([gpu for case in asked for gpu in case.gpus]), library, folder)
    os.environ.update(installed.environ())
    run = metered_run(installed, end_s(asked[0].seconds))
    by_uuid = {gpu.meter.channel.device: gpu for gpu in run.gpus}
    cards = iter(installed.gpus.gpus)
    for case in asked:
        yield [by_uuid[next(cards).uuid] for _ in case.gpus]


def table(lengths_s: Sequence[float], cards: int) -> Iterator[str]:
    """The table, line by line."""
    rows: dict[tuple[str, str], dict[float, Sequence[MeteredGpu]]] = {}
    together = GPUS_AT_ONCE // cards
    with tempfile.TemporaryDirectory() as folder:
        library = build_library(Path(folder) / "library")
        preload(library)
        for seconds in lengths_s:
            waiting = list(cases(seconds, cards))
            for begin in range(0, len(waiting), together):
                asked = waiting[begin : begin + together]
                for case, metered in zip(asked, measured(asked, Path(folder), library), strict=True):
                    rows.setdefault((case.method, case.load), {})[seconds] = metered
                sys.stderr.write(f"\r{seconds:g} s: {begin + len(asked)} of {len(waiting)}  ")
    sys.stderr.write("\n")
    lengths = " | ".join(f"{seconds:g} s [%]" for seconds in lengths_s)
    yield f"| method | load | {lengths} | interval [%] | truth inside |"
    yield "|---" * (len(lengths_s) + 4) + "|"
    yield from (row(method, load, metered, lengths_s) for (method, load), metered in rows.items())


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[0.5, 3.0, 10.0], help="how long loads run")
    parser.add_argument(
        "--cards", type=int, default=8, choices=(1, 2, 4, 8, 16), help="cards a row, each of another phase"
    )
    arguments = parser.parse_args()
    for line in table(arguments.seconds, arguments.cards):
        sys.stdout.write(f"{line}\n")
    around_ms = 1e3 * (end_s(0.0) - START_S)
    machine = f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    sys.stdout.write(
        f"\n{arguments.cards} cards a row; a run lasts {around_ms:.0f} ms longer than its load. {machine}.\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
