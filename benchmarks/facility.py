"""What a facility's year costs: one year of hours, and 500 draws of it, for every cooling system.

    python benchmarks/facility.py [--rounds 15] [--draws 500]

Times are the processor's, of one thread: what a clock shows where nobody else computes. The best of the rounds is told
beside their median: other work on the machine only ever adds, by emptying caches. Memory is the peak of a process of
its own for each system.
"""

import argparse
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median

import numpy as np

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.draws import Draws
from dcfoot.elementwise import Numbers
from dcfoot.facility_draws import draw_year
from dcfoot.facility_library import build_facility
from dcfoot.facility_model import facility_state

HOURS = 8760
LOAD_RATIO = 0.7
SEED = 1


def outside() -> tuple[Numbers, Numbers, Numbers]:
    """Dry bulb [C], wet bulb [C] and pressure [Pa] of a temperate year, the same each time."""
    hour = np.arange(HOURS)
    rng = np.random.default_rng(SEED)
    season, day = np.cos(2 * np.pi * hour / HOURS), np.cos(2 * np.pi * (hour - 3) / 24)
    dry_bulb_c = 13 - 12 * season - 5 * day + rng.normal(0, 2, HOURS)
    return dry_bulb_c, dry_bulb_c - rng.uniform(0, 9, HOURS), 101_325 + rng.normal(0, 700, HOURS)


def seconds(work: Callable[[], object], rounds: int) -> list[float]:
    """Processor time of `work`, round by round, after one that is not counted [s]."""
    work()
    taken: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return taken


def measure(name: str, rounds: int, draws: int) -> str:
    """One row of the table."""
    air = outside()
    facility = build_facility(name)
    years = [1000 * taken for taken in seconds(lambda: facility_state(facility, LOAD_RATIO, *air), rounds)]
    many = seconds(lambda: draw_year(Draws("benchmark", draws), LOAD_RATIO, air, name), max(rounds // 5, 1))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = f"{min(years):.2f} ({median(years):.2f}) | {min(many):.2f} ({median(many):.2f})"
    return f"| {name} | {times} | {peak_mb:.0f} |"


def main() -> None:
    """Prints the table as Markdown."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=15, help="how often each year is computed")
    options.add_argument("--draws", type=int, default=500, help="how many draws of the parameters")
    options.add_argument("--system", help="one system only, without the head of the table")
    chosen = options.parse_args()
    if chosen.system:
        sys.stdout.write(measure(chosen.system, chosen.rounds, chosen.draws) + "\n")
        return
    sys.stdout.write(
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {version('numpy')}, one process; "
        "processor time, best (median)\n\n"
        f"| system | {HOURS} hours [ms] | {chosen.draws} draws of them [s] | peak memory [MB] |\n|---|---|---|---|\n"
    )
    for name in SYSTEMS:
        again = [sys.executable, __file__, "--system", name]
        again += ["--rounds", str(chosen.rounds), "--draws", str(chosen.draws)]
        sys.stdout.write(subprocess.run(again, check=True, capture_output=True, text=True).stdout)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
