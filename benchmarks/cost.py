"""What measuring costs: dcfoot beside its peers, interleaved in one run, as ratios.

    python benchmarks/cost.py [--rounds 15] [--peers FOLDER] [--markdown FILE]

Peers are installed on demand, each into an environment of its own below FOLDER (default: a folder in the user's cache).
Machines are noisy: every round runs each tool once, in turn, and the medians of all rounds are reported, with the spread.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

CODECARBON = """
from codecarbon import OfflineEmissionsTracker
tracker = OfflineEmissionsTracker(country_iso_code="FRA", save_to_file=False, log_level="critical")
tracker.start()
tracker.stop()
"""
ZEUS = """
from zeus.monitor import ZeusMonitor
monitor = ZeusMonitor(gpu_indices=[], cpu_indices=[])
monitor.begin_window("run")
monitor.end_window("run")
"""
CARBONTRACKER = """
from carbontracker.tracker import CarbonTracker
tracker = CarbonTracker(epochs=1, verbose=0, components="cpu", sim_cpu="AMD EPYC 7763", sim_cpu_tdp=280)
tracker.epoch_start()
tracker.epoch_end()
tracker.stop()
"""
DCFOOT_TRACK = """
import dcfoot
with dcfoot.track():
    pass
"""
BURN = "total = 0\nfor number in range({count}):\n    total += number * number\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process and its children cost.

    Parameters
    ----------
    cpu_s : float
        Processor time [s].
    wall_s : float
        Time from start to end [s].
    rss_mb : float
        Peak resident memory of the largest of them [MB].
    """

    cpu_s: float
    wall_s: float
    rss_mb: float


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool to measure: its name and the command that starts and stops it around nothing."""

    name: str
    command: Sequence[str]


def cost_of(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Runs a command, its output thrown away, in a child that reports what it and its children used."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        began = time.monotonic()
        subprocess.run(command, env=environ, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        line = f"{used.ru_utime + used.ru_stime} {time.monotonic() - began} {used.ru_maxrss / 1024}"
        os.write(writer, line.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        figures = pipe.read().split()
    os.waitpid(pid, 0)
    return Cost(*map(float, figures))


def interleaved(contenders: Sequence[Contender], rounds: int, environ: Mapping[str, str]) -> dict[str, list[Cost]]:
    """Measures every contender once a round; one round goes before, to warm the disk's cache."""
    costs: dict[str, list[Cost]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            cost = cost_of(contender.command, environ)
            if number > 0:
                costs[contender.name].append(cost)
        sys.stderr.write(f"\rround {number}/{rounds} ")
    sys.stderr.write("\n")
    return costs


def peer(folder: Path, package: str) -> Path:
    """The Python of an environment that holds `package`, made on demand."""
    home = folder / package
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)  # noqa: S603
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)  # noqa: S603
    return python


def start_and_stop(folder: Path) -> list[Contender]:
    """Every tool, started and stopped around nothing, with bare Python to subtract."""
    joules = peer(folder, "landauer-gap").parent / "joules"
    return [
        Contender("bare python", [sys.executable, "-c", "pass"]),
        Contender("dcfoot run -- true", [sys.executable, "-m", "dcfoot", "run", "--", "true"]),
        Contender("dcfoot.track()", [sys.executable, "-c", DCFOOT_TRACK]),
        Contender("landauer-gap (joules run -- true)", [str(joules), "run", "--", "true"]),
        Contender("codecarbon", [sys.executable, "-c", CODECARBON]),
        Contender("zeus", [str(peer(folder, "zeus")), "-c", ZEUS]),
        Contender("carbontracker", [str(peer(folder, "carbontracker")), "-c", CARBONTRACKER]),
    ]


def around_a_job(count: int) -> list[Contender]:
    """A processor-bound job without and within `dcfoot run`."""
    job = [sys.executable, "-S", "-c", BURN.format(count=count)]
    return [
        Contender("job alone", job),
        Contender("job in dcfoot run", [sys.executable, "-m", "dcfoot", "run", "--", *job]),
    ]


def middle(costs: Sequence[Cost], field: str) -> float:
    """The median of one figure."""
    return median(getattr(cost, field) for cost in costs)


def spread(costs: Sequence[Cost], field: str) -> str:
    """The quartiles of one figure."""
    low, _, high = quantiles([getattr(cost, field) for cost in costs], n=4)
    return f"{low:.3f}..{high:.3f}"


def start_table(costs: Mapping[str, Sequence[Cost]]) -> list[str]:
    """What starting and stopping costs, over bare Python."""
    bare = costs["bare python"]
    ours = middle(costs["dcfoot run -- true"], "cpu_s") - middle(bare, "cpu_s")
    lines = [
        "| tool | wall [s] | CPU added [s] | quartiles of CPU [s] | peak memory [MB] | CPU added over dcfoot run |",
        "|---|---|---|---|---|---|",
    ]
    for name, measured in costs.items():
        added = middle(measured, "cpu_s") - middle(bare, "cpu_s")
        lines.append(
            f"| {name} | {middle(measured, 'wall_s'):.3f} | {added:.3f} | {spread(measured, 'cpu_s')} "
            f"| {middle(measured, 'rss_mb'):.0f} | {added / ours:.1f} |"
        )
    return lines


def job_table(costs: Mapping[str, Sequence[Cost]], overhead_s: float) -> list[str]:
    """What a job loses: the wall time of the job inside, less what starting and stopping costs, over the job alone."""
    alone, within = costs["job alone"], costs["job in dcfoot run"]
    pairs = [(b.wall_s - overhead_s) / a.wall_s - 1.0 for a, b in zip(alone, within, strict=True)]
    return [
        "| | wall [s] | CPU [s] |",
        "|---|---|---|",
        f"| job alone | {middle(alone, 'wall_s'):.3f} | {middle(alone, 'cpu_s'):.3f} |",
        f"| job in dcfoot run | {middle(within, 'wall_s'):.3f} | {middle(within, 'cpu_s'):.3f} |",
        "",
        f"Loss of the job, median of {len(pairs)} pairs: {100 * median(pairs):+.2f} %.",
    ]


def import_cost_s(rounds: int) -> float:
    """What `import dcfoot` adds inside a running interpreter [s]."""
    code = "import time; began = time.perf_counter(); import dcfoot; print(time.perf_counter() - began)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)  # noqa: S603
        for _ in range(rounds)
    ]
    return median(times)


def main() -> int:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--job-rounds", type=int, default=8)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "dcfoot-benchmarks")
    parser.add_argument("--markdown", type=Path, help="also write the tables here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        environ = {**os.environ, "DCFOOT_DATA_DIR": data, "XDG_CONFIG_HOME": data}
        started = interleaved(start_and_stop(arguments.peers), arguments.rounds, environ)
        overhead_s = middle(started["dcfoot run -- true"], "wall_s")
        jobs = interleaved(around_a_job(120_000_000), arguments.job_rounds, environ)
    lines = [
        f"`import dcfoot`: {1e3 * import_cost_s(arguments.rounds):.2f} ms.",
        "",
        *start_table(started),
        "",
        *job_table(jobs, overhead_s),
    ]
    text = "\n".join(lines) + "\n"
    sys.stdout.write(text)
    if arguments.markdown:
        arguments.markdown.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
