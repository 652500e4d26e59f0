"""What sizing a year by linear programming costs, beside bare HiGHS and PyPSA, and how near the quick answer comes.

    python benchmarks/sizing.py [FOLDER] [--rounds 3] [--pypsa] [--into docs/planner.md]

A case is a load on 8,760 hours, with solar, wind, battery and grid. Bare HiGHS is asked twice, with its defaults: the
very matrix that we make of the case, and a textbook's, in which every flow is a variable; its time is that of solving
alone, ours that of everything. The last columns say how much more the quick answer costs, and how much less its steps
promise. A front is one case at several shares of clean energy, each sought from where the last one stood. FOLDER may
hold more years, as ``NAME.csv.gz`` with the columns facility_mw, solar_per_unit, wind_per_unit, grid_g_per_kwh. Rounds
are interleaved; times are the processor's, of one thread: what a clock shows where nobody else computes.
"""

import argparse
import csv
import gzip
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from cost import machine, peer, put_into
from highspy import HighsStatus
from planner import SITE, interleaved

from dcfoot_scenarios.designs_numpy import Site
from dcfoot_scenarios.sizing.answer import Sizing
from dcfoot_scenarios.sizing.front import front
from dcfoot_scenarios.sizing.highs import Silent, lp_of
from dcfoot_scenarios.sizing.model import model_of
from dcfoot_scenarios.sizing.optimum import size
from dcfoot_scenarios.sizing.problem import BatteryChoice, Burden, Connection, Limits, Size, SizingProblem, Source
from dcfoot_scenarios.sizing.program import Form, Program, value_of
from dcfoot_scenarios.sizing.quick import STEP_H, quick_size
from dcfoot_scenarios.sizing.solved import SolvedModel

BEGIN = "<!-- sizing: begin -->\n"

Runs = Mapping[str, list[tuple[float, float]]]
"""By contender, what each round took and found [s]."""

SHARES = (None, 0.8, 0.95)
"""The least share of clean energy by the hour."""

FRONT = (0.85, 0.9, 0.925, 0.95, 0.975)

PYPSA = """
import json, logging, sys, time, warnings
warnings.filterwarnings("ignore")
import pypsa
logging.disable(logging.CRITICAL)
asked = json.load(open(sys.argv[1]))
began = time.process_time()
network = pypsa.Network()
network.set_snapshots(range(len(asked["load"])))
for bus in ("site", "store"):
    network.add("Bus", bus)
network.add("Load", "load", bus="site", p_set=asked["load"])
for name, cost in (("solar", 60e3), ("wind", 100e3)):
    network.add("Generator", name, bus="site", p_nom_extendable=True, capital_cost=cost, p_max_pu=asked[name])
network.add("Generator", "grid", bus="site", p_nom=1e4, marginal_cost=asked["price"])
network.add("Store", "battery", bus="store", e_nom_extendable=True, e_cyclic=True, capital_cost=15e3)
network.add("Link", "in", bus0="site", bus1="store", p_nom_extendable=True, capital_cost=10e3, efficiency=0.97)
network.add("Link", "out", bus0="store", bus1="site", p_nom=1e4, efficiency=1 / 1.04)
network.optimize(solver_name="highs", log_to_console=False, output_flag=False)
print(time.process_time() - began, network.objective)
"""


def problem_of(site: Site, share: float | None) -> SizingProblem:
    """A case at the costs of the published one (docs/planner.md): a year of a MW, a MWh."""
    return SizingProblem(
        site.load_mw,
        Connection(np.full_like(site.load_mw, 80.0), site.grid_g_per_kwh),
        {
            "solar": Source(site.solar_per_unit, Size(Burden(60e3))),
            "wind": Source(site.wind_per_unit, Size(Burden(100e3))),
        },
        BatteryChoice(
            Size(Burden(15e3)), Size(Burden(10e3)), charge_efficiency_ratio=0.97, discharge_efficiency_ratio=1 / 1.04
        ),
        limits=Limits(cfe_contracted_ratio_min=share),
        carbon_price_per_t=100.0,
    )


def sites(folder: Path | None) -> Iterator[tuple[str, Site]]:
    """The hours of each case: those made up here, and those of a folder."""
    yield "made up", SITE
    for path in sorted(folder.glob("*.csv.gz")) if folder else ():
        with gzip.open(path, "rt", newline="") as file:
            heads, *rows = csv.reader(file)
        found = dict(zip(heads, np.array(rows, dtype=np.float64).T, strict=True))
        names = ("facility_mw", "solar_per_unit", "wind_per_unit", "grid_g_per_kwh")
        yield path.name.partition(".")[0], Site(*(found[name] for name in names))


def textbook(problem: SizingProblem) -> tuple[Program, Form]:
    """The same case with every flow a variable, as it stands in a textbook, and its objective."""
    battery, program = problem.battery or BatteryChoice(Size(most=0.0)), Program(len(problem.load_mw))
    energy, power, *plant = (program.column() for _ in range(2 + len(problem.sources)))
    grid, charge, discharge, state = (program.hourly_columns() for _ in range(4))
    clean = [(column, source.per_unit_ratio) for column, source in zip(plant, problem.sources.values(), strict=True)]
    flows = ((grid, 1.0), (charge, -1.0), (discharge, 1.0))
    program.hourly_rows((*clean, *flows), problem.load_mw, np.inf)
    moved = ((charge, -battery.charge_efficiency_ratio), (discharge, 1.0 / battery.discharge_efficiency_ratio))
    program.hourly_rows(((state, 1.0), (np.roll(state, 1), -1.0), *moved), 0.0, 0.0)
    program.hourly_rows(((state, 1.0), (energy, -1.0)), -np.inf, 0.0)
    program.hourly_rows(((charge, 1.0), (power, -1.0)), -np.inf, 0.0)
    share = problem.limits.cfe_contracted_ratio_min
    if share is not None:
        program.row(((grid, 1.0),), high=(1.0 - share) * float(problem.load_mw.sum()))
    yearly = [source.nameplate.burden.cost for source in problem.sources.values()]
    bought = (grid, problem.imported("cost"))
    return program, (
        *zip(plant, yearly, strict=True),
        (energy, battery.energy.burden.cost),
        (power, battery.charge.burden.cost),
        bought,
    )


def timed(work: Callable[[], float]) -> Callable[[], tuple[float, float]]:
    """Processor time of `work`, and what it found [s]."""

    def run() -> tuple[float, float]:
        began = time.process_time()
        found = work()
        return time.process_time() - began, found

    return run


def bare(program: Program, objective: Form) -> Callable[[], tuple[float, float]]:
    """HiGHS with its defaults, on one thread: the time of solving alone, and the objective [s]."""
    lp = lp_of(program, objective)

    def run() -> tuple[float, float]:
        highs = Silent()
        highs.silent()
        highs.setOptionValue("threads", 1)
        highs.passModel(lp)
        return timed(lambda: float(highs.run() == HighsStatus.kOk) and highs.getObjectiveValue())()

    return run


def pypsa(folder: Path, problem: SizingProblem, asked: Path) -> Callable[[], tuple[float, float]]:
    """PyPSA on the same case, building and solving [s]."""
    hours = {"load": problem.load_mw, "price": problem.imported("cost")}
    hours |= {name: source.per_unit_ratio for name, source in problem.sources.items()}
    asked.write_text(json.dumps({name: values.tolist() for name, values in hours.items()}))
    python = peer(folder, "pypsa")

    def run() -> tuple[float, float]:
        done = subprocess.run([python, "-c", PYPSA, asked], check=True, capture_output=True, text=True)
        seconds, objective = map(float, done.stdout.split()[-2:])
        return seconds, objective

    return run


def contenders(problem: SizingProblem) -> dict[str, Callable[[], tuple[float, float]]]:
    """What is timed on a case; each finds the least cost."""
    model = model_of(problem)
    return {
        "ours": timed(lambda: size(problem).cost),
        "HiGHS, our matrix": bare(model.program, model.sums.of("cost")),
        "HiGHS, a textbook's": bare(*textbook(problem)),
        "quick": timed(lambda: quick_size(problem).cost),
    }


def promised(problem: SizingProblem) -> float:
    """What the coarse steps of the quick answer promise, before any limit is drawn tighter."""
    model = model_of(problem, STEP_H)
    return value_of(model.sums.of("cost"), SolvedModel(model, "cost").solve().values)


def row(name: str, problem: SizingProblem, found: Runs) -> str:
    """One line: medians of the times, ratios with their spread, how far the quick answer is off."""
    best = found["ours"][0][1]
    exact = [found[who][0][1] for who in ("HiGHS, our matrix", "HiGHS, a textbook's")]
    cells = [
        name,
        *(f"{median(taken for taken, _ in runs):.2f}" for runs in found.values()),
        over(found, "ours", "HiGHS, our matrix"),
        over(found, "ours", "HiGHS, a textbook's"),
        f"{max(abs(one / best - 1) for one in exact):.0e}",
        f"{found['quick'][0][1] / best - 1:+.2%}",
        f"{promised(problem) / best - 1:+.2%}",
    ]
    return f"| {' | '.join(cells)} |"


def over(found: Runs, who: str, whom: str) -> str:
    """The ratio of two times, round by round: median and range."""
    ratios = [ours / theirs for (ours, _), (theirs, _) in zip(found[who], found[whom], strict=True)]
    return f"{median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})"


def cases(folder: Path | None, rounds: int) -> Iterator[str]:
    """The table of all cases."""
    heads = (
        "case",
        "ours [s]",
        "HiGHS, our matrix [s]",
        "HiGHS, a textbook's [s]",
        "quick [s]",
        "ours over the former",
    )
    more = ("ours over the latter", "objectives differ by", "the quick answer costs", "its steps promise")
    yield f"| {' | '.join(heads + more)} |"
    yield "|---" * len(heads + more) + "|"
    for name, site in sites(folder):
        for share in SHARES:
            problem = problem_of(site, share)
            found = interleaved(contenders(problem), rounds)
            yield row(name if share is None else f"{name}, {share:.0%} clean", problem, found)


def fronts(folder: Path | None, rounds: int) -> Iterator[str]:
    """The table of one problem along a limit."""
    yield f"| {len(FRONT)} shares of clean energy | warm [s] | each alone [s] | warm over alone | costs differ by |"
    yield "|---" * 5 + "|"
    for name, site in sites(folder):
        problem = problem_of(site, None)
        warm = timed(lambda problem=problem: cost_of(front(problem, "cfe_contracted_ratio_min", FRONT)))
        alone = timed(lambda site=site: cost_of(size(problem_of(site, share)) for share in FRONT))
        found = interleaved({"warm": warm, "alone": alone}, rounds)
        times = " | ".join(f"{median(taken for taken, _ in runs):.2f}" for runs in found.values())
        differ = abs(found["warm"][0][1] / found["alone"][0][1] - 1)
        yield f"| {name} | {times} | {over(found, 'warm', 'alone')} | {differ:.0e} |"


def cost_of(sizings: Iterable[Sizing | None]) -> float:
    """What all answers cost together."""
    return sum(one.cost for one in sizings if one is not None)


def beside(peers: Path) -> Iterator[str]:
    """The table of PyPSA."""
    problem = problem_of(SITE, None)
    yield "| the case made up, building and solving | time [s] | least cost |"
    yield "|---|---|---|"
    with tempfile.TemporaryDirectory() as asked:
        runs = {"dcfoot": timed(lambda: size(problem).cost), "PyPSA": pypsa(peers, problem, Path(asked) / "asked.json")}
        for who, run in runs.items():
            seconds, cost = run()
            yield f"| {who} | {seconds:.2f} | {cost:,.2f} |"


def figures(arguments: argparse.Namespace) -> list[str]:
    """The tables."""
    folder, rounds = arguments.folder, arguments.rounds
    about = f"{machine()}, HiGHS {version('highspy')}. {rounds} rounds, interleaved; processor time of one thread."
    lines = [about, "", *cases(folder, rounds), "", *fronts(folder, rounds)]
    return [*lines, "", *beside(arguments.peers)] if arguments.pypsa else lines


def main() -> int:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="more years")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pypsa", action="store_true", help="PyPSA as well, in an environment of its own")
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "dcfoot-benchmarks")
    parser.add_argument("--into", type=Path, help="a page with marks between which the tables go")
    arguments = parser.parse_args()
    lines = figures(arguments)
    print("\n".join(lines))
    if arguments.into:
        put_into(arguments.into, lines, BEGIN)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
