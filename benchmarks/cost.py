"""What measuring costs: dcfoot beside its peers, interleaved in one run.

    python benchmarks/cost.py [--rounds 15] [--job-rounds 10] [--peers FOLDER] [--into docs/cost.md]

Peers are installed on demand, each into an environment of its own below FOLDER (default: a folder in the user's cache).
Machines are noisy: every round runs each tool once, in turn, and the medians of all rounds are reported, with the
spread. With `--into` the tables replace those between the two marks in that page.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

QUIETLY = (sys.executable, "-m", "dcfoot", "run", "--quiet", "--")
BEGIN, END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"

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
JOB = """
import time
began = time.perf_counter()
total = 0
for number in range({count}):
    total += number * number
print(time.perf_counter() - began)
"""
HELPER = """
import os, resource, sys, time
reader, writer = os.pipe()
began = time.monotonic()
output = [(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_CLOSE, reader)]
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=output)
os.close(writer)
said = open(reader).read()
os.waitpid(pid, 0)
wall = time.monotonic() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, wall, used.ru_maxrss)
print(said, end="")
"""
SETTLED_S, WATCHED_S = 2.0, 10.0
"""When a run's start is behind it, and how long what measuring takes is watched from then on [s]."""


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
    said : str
        What it printed.
    """

    cpu_s: float
    wall_s: float
    rss_mb: float
    said: str


@dataclass(frozen=True, slots=True)
class Contender:
    """A tool to measure: its name and the command that starts and stops it around nothing."""

    name: str
    command: Sequence[str]


def cost_of(command: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Runs a command as the only child of a small process, whose memory is less than that of any Python."""
    helper = [sys.executable, "-I", "-S", "-c", HELPER, *command]
    done = subprocess.run(helper, env=environ, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    figures, _, said = done.stdout.partition("\n")
    cpu_s, wall_s, rss_kib = map(float, figures.split())
    return Cost(cpu_s, wall_s, rss_kib * 1024 / 1e6, said)


def interleaved(contenders: Sequence[Contender], rounds: int, environ: Mapping[str, str]) -> dict[str, list[Cost]]:
    """Measures every contender once a round; one round goes before, to warm the disk's cache and compile modules."""
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
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", package], check=True)
    return python


def start_and_stop(folder: Path) -> list[Contender]:
    """Every tool, started and stopped around nothing, with bare Python to subtract."""
    joules = peer(folder, "landauer-gap").parent / "joules"
    run = [sys.executable, "-m", "dcfoot", "run"]
    return [
        Contender("bare Python", [sys.executable, "-c", "pass"]),
        Contender("`dcfoot run -- true`", [*run, "--", "true"]),
        Contender("`dcfoot run --quiet -- true`", [*run, "--quiet", "--", "true"]),
        Contender("`dcfoot.track()`", [sys.executable, "-c", DCFOOT_TRACK]),
        Contender("landauer-gap: `joules run -- true`", [str(joules), "run", "--", "true"]),
        Contender("carbontracker", [str(peer(folder, "carbontracker")), "-c", CARBONTRACKER]),
        Contender("codecarbon", [str(peer(folder, "codecarbon")), "-c", CODECARBON]),
        Contender("zeus", [str(peer(folder, "zeus")), "-c", ZEUS]),
    ]


def around_a_job(count: int) -> list[Contender]:
    """A processor-bound job without and within `dcfoot run`."""
    job = [sys.executable, "-S", "-c", JOB.format(count=count)]
    return [Contender("job alone", job), Contender("job in dcfoot run", [*QUIETLY, *job])]


def taken_ratio(environ: Mapping[str, str]) -> float:
    """Processor time that measuring takes while a job keeps its core busy, of one core, its start left out [-].

    The kernel counts it by thread (`/proc/PID/task/TID/schedstat`), so that no start has to be subtracted.
    """
    busy = f"import time; end = time.monotonic() + {SETTLED_S + WATCHED_S + 1}\nwhile time.monotonic() < end: pass"
    job = [sys.executable, "-S", "-c", busy]
    with subprocess.Popen([*QUIETLY, *job], env=environ, stderr=subprocess.DEVNULL) as measurer:
        tasks = Path(f"/proc/{measurer.pid}/task")

        def used_s() -> float:
            return sum(int(task.joinpath("schedstat").read_text().split()[0]) for task in tasks.iterdir()) / 1e9

        time.sleep(SETTLED_S)
        before_s, began_s = used_s(), time.monotonic()
        time.sleep(WATCHED_S)
        return (used_s() - before_s) / (time.monotonic() - began_s)


def middle(costs: Sequence[Cost], figure: Callable[[Cost], float]) -> float:
    """The median of one figure."""
    return median(map(figure, costs))


def spread(figures: Sequence[float], digits: int = 3) -> str:
    """The quartiles."""
    low, _, high = quantiles(figures, n=4)
    return f"{low:.{digits}f}..{high:.{digits}f}"


def start_table(costs: Mapping[str, Sequence[Cost]]) -> list[str]:
    """What starting and stopping costs, over bare Python."""
    bare_s = middle(costs["bare Python"], lambda cost: cost.cpu_s)
    ours_s = middle(costs["`dcfoot run -- true`"], lambda cost: cost.cpu_s) - bare_s
    lines = [
        "| around nothing | CPU added [s] | quartiles [s] | over `dcfoot run` | wall [s] | peak memory [MB] |",
        "|---|---|---|---|---|---|",
    ]
    for name, measured in costs.items():
        added = [cost.cpu_s - bare_s for cost in measured]
        lines.append(
            f"| {name} | {median(added):.3f} | {spread(added)} | {median(added) / ours_s:.1f} "
            f"| {middle(measured, lambda cost: cost.wall_s):.3f} | {middle(measured, lambda cost: cost.rss_mb):.0f} |"
        )
    return lines


def job_table(costs: Mapping[str, Sequence[Cost]], taken: Sequence[float]) -> list[str]:
    """What a job loses: by its own clock, in pairs; and what measuring takes of a core while it runs."""
    pairs = zip(costs["job alone"], costs["job in dcfoot run"], strict=True)
    lost = [100.0 * (float(within.said) / float(alone.said) - 1.0) for alone, within in pairs]
    alone_s = median(float(cost.said) for cost in costs["job alone"])
    taken_percent = [100.0 * ratio for ratio in taken]
    loss = f"time that a job of {alone_s:.0f} s loses on a core that it shares with us, {len(lost)} pairs"
    return [
        "| while a job runs | median [%] | quartiles [%] |",
        "|---|---|---|",
        f"| processor time that measuring takes, of one core | {median(taken_percent):.3f} | {spread(taken_percent)} |",
        f"| {loss} | {median(lost):+.2f} | {spread(lost, 2)} |",
    ]


def import_line(rounds: int, environ: Mapping[str, str]) -> str:
    """What `import dcfoot` adds inside a running interpreter."""
    code = (
        "import sys, time; before = set(sys.modules); began = time.perf_counter(); import dcfoot; "
        "print(time.perf_counter() - began, len(set(sys.modules) - before))"
    )
    said = [cost_of([sys.executable, "-c", code], environ).said.split() for _ in range(rounds)]
    return f"`import dcfoot`: {1e3 * median(float(one[0]) for one in said):.2f} ms, {said[0][1]} module."


def machine() -> str:
    """What the figures were made on."""
    model = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    return f"{model}, {os.cpu_count()} processors, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"


def figures(arguments: argparse.Namespace) -> list[str]:
    """Every table."""
    import tick  # here: what is loaded when a tool is started counts as its memory (getrusage(2), ru_maxrss)

    with tempfile.TemporaryDirectory() as data:
        environ = {**os.environ, "DCFOOT_DATA_DIR": data, "XDG_CONFIG_HOME": data}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package is compiled
        started = interleaved(start_and_stop(arguments.peers), arguments.rounds, environ)
        ticks = tick.measured(arguments.tick_seconds)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        jobs = interleaved(around_a_job(arguments.job_count), arguments.job_rounds, environ)
        taken = [taken_ratio(environ) for _ in range(arguments.watch_rounds)]
        imported = import_line(arguments.rounds, environ)
    return [
        f"{machine()}. {arguments.rounds} rounds, interleaved.",
        "",
        imported,
        "",
        *start_table(started),
        "",
        *tick.table(ticks),
        "",
        *job_table(jobs, taken),
    ]


def put_into(page: Path, lines: Sequence[str], begin: str = BEGIN) -> None:
    """Replaces what stands between two marks of a page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(END)[2]
    page.write_text("\n".join([before + begin, *lines, "", END + after]), encoding="utf-8")


def main() -> int:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--job-rounds", type=int, default=30)
    parser.add_argument("--job-count", type=int, default=30_000_000, help="how long the job is")
    parser.add_argument("--watch-rounds", type=int, default=5)
    parser.add_argument("--tick-seconds", type=float, default=10.0)
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "dcfoot-benchmarks")
    parser.add_argument("--into", type=Path, help="a page with marks between which the tables go")
    arguments = parser.parse_args()
    lines = figures(arguments)
    print("\n".join(lines))
    if arguments.into:
        put_into(arguments.into, lines)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
