"""What a site's year costs: its hours, 500 draws of it, and the same on 400 bins of the air, for every cooling system.

A draw takes every parameter of the facility, its load, the air of the typical year and two families of the grid.

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

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.draws import Draws
from dcfoot.facility_draws import Grid, Hall, draw_year
from dcfoot.site import resolve_site
from dcfoot.site_year import family, grid_hours, hours_of, site_year
from dcfoot.weather.climate import find_climate
from dcfoot.weather.doubt import air_of_climate
from dcfoot.weather.typical import typical_year

SITE, CLIMATE = "gcp-us-east4", "us_ashburn"
BINS = 400


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
    climate, site, hall = find_climate(CLIMATE), resolve_site(SITE), Hall(name)
    weather, air = typical_year(climate), air_of_climate(climate)
    hourly = grid_hours(site.factors, weather, site.grid_zone)
    series, levels = {family(of): hours_of(of) for of in hourly}, {family(of): of.level for of in hourly}
    few, means = air.binned(series, BINS)
    grids, few_grids = ({name: Grid(of, levels[name]) for name, of in one.items()} for one in (series, means))
    years = [1000 * taken for taken in seconds(lambda: site_year(hall, weather, hourly), rounds)]
    many = seconds(lambda: draw_year(Draws("benchmark", draws), hall, air, grids), max(rounds // 5, 1))
    quick = seconds(lambda: draw_year(Draws("benchmark", draws), hall, few, few_grids), max(rounds // 5, 1))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    times = [f"{min(taken):.2f} ({median(taken):.2f})" for taken in (years, many, quick)]
    return f"| {name} | {' | '.join(times)} | {peak_mb:.0f} |"


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
        f"| system | 8760 hours [ms] | {chosen.draws} draws of them [s] | of {BINS} bins [s] | peak memory [MB] |\n"
        "|---|---|---|---|---|\n"
    )
    for name in SYSTEMS:
        again = [sys.executable, __file__, "--system", name]
        again += ["--rounds", str(chosen.rounds), "--draws", str(chosen.draws)]
        sys.stdout.write(subprocess.run(again, check=True, capture_output=True, text=True).stdout)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
