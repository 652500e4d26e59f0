"""What a scenario's year, a store's year and many designs cost: dcfoot beside vessim, PySAM, PyPSA and sitefootprint.

    python benchmarks/planner.py [--rounds 5] [--designs 1000] [--million] [--peers FOLDER] [--into docs/planner.md]
    python benchmarks/planner.py --scenarios [--peers FOLDER]

A design is a size of solar, wind and battery on one load and one weather of 8,760 hours, made up here. Peers are
installed on demand, each into an environment of its own below FOLDER. They compute a few designs a round; their time is
scaled to as many as ours, and what they make of the first design stands beside it. Times are the processor's: what a
clock shows where nobody else computes. `--million` adds one run of 1,000,000 designs by numba, and of 50,000 by NumPy.

A scenario's year is all that `evaluate` says of a hall with plants, a battery, a contract, district heat and prices,
called again and again: PUE, water, carbon by every method, dispatch, heat, cost. With the heat pump inside the data
centre, the store's year is computed with it and without it, so that its import is known. sitefootprint has PUE, water
and one carbon figure of it; it is given our weather and asked for one draw, the least that it computes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from cost import cost_of, machine, peer, put_into, spread

from dcfoot.weather import find_climate, typical_year
from dcfoot_scenarios.designs import Engine, run_designs
from dcfoot_scenarios.designs_numpy import Site
from dcfoot_scenarios.dispatch import arbitrage, greedy
from dcfoot_scenarios.evaluate import Halls, evaluate
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.storage import Battery, run_storage

HOURS = np.arange(8760)
SUN = np.maximum(np.sin(2 * np.pi * (HOURS % 24 - 6) / 24), 0.0) * (0.75 - 0.25 * np.cos(2 * np.pi * HOURS / 8760))
WIND = np.clip(0.35 + 0.3 * np.sin(HOURS / 37) * np.cos(HOURS / 91) + 0.15 * np.sin(HOURS / 11), 0.0, 1.0)
SITE = Site(20.0 + 2.0 * np.cos(2 * np.pi * HOURS / 8760), SUN, WIND, 400.0 - 150.0 * SUN)
FIRST = (60.0, 40.0, 80.0, 20.0)
"""Solar, wind and power [MW] and energy [MWh] of the design that all programs compute."""

VESSIM = """
import json, sys, time
import pandas as pd
from loguru import logger
import vessim
logger.remove()
asked = json.load(open(sys.argv[1]))
seconds = range(0, 8760 * 3600, 3600)
trace = lambda values: vessim.Trace(pd.Series([1e6 * value for value in values], index=seconds))
imports, began = [], time.process_time()
for solar, wind, energy, power in asked["designs"]:
    made = [solar * sun + wind * air for sun, air in zip(asked["sun"], asked["wind"])]
    environment = vessim.Environment(sim_start="2023-01-01", step_size=3600)
    battery = vessim.SimpleBattery("battery", capacity=1e6 * energy, c_rate=power / energy)
    environment.add_microgrid(
        actors=[vessim.Consumer("load", trace(asked["load"])), vessim.Producer("plant", trace(made))],
        dispatchables=[battery, vessim.GridConnection()],
        name="site",
    )
    recorder = environment.add_controller(vessim.Recorder(timeseries=False))
    environment.run(until=8760 * 3600)
    imports.append(recorder.metrics["microgrids"]["site"]["grid_import"] / 1e6)
print(time.process_time() - began, imports[0])
"""
PYSAM = """
import json, sys, time
import PySAM.Battery
from PySAM.BatteryTools import battery_model_sizing
asked = json.load(open(sys.argv[1]))
imports, began = [], time.process_time()
for solar, wind, energy, power in asked["designs"]:
    model = PySAM.Battery.default("CustomGenerationBatteryCommercial")
    battery_model_sizing(model, 1e3 * power, 1e3 * energy, 500)
    for name, value in {
        "system_use_lifetime_output": 0, "analysis_period": 1, "batt_replacement_option": 0,
        "batt_dispatch_choice": 5, "batt_dispatch_auto_can_gridcharge": 0, "crit_load": [0.0] * 8760,
        "load": [1e3 * load for load in asked["load"]],
        "gen": [1e3 * (solar * sun + wind * air) for sun, air in zip(asked["sun"], asked["wind"])],
    }.items():
        model.value(name, value)
    model.execute(0)
    imports.append(sum(model.Outputs.grid_to_load) / 1e3)
print(time.process_time() - began, imports[0])
"""
PYPSA = """
import json, logging, sys, time, warnings
warnings.filterwarnings("ignore")
import pypsa
logging.disable(logging.CRITICAL)
asked = json.load(open(sys.argv[1]))
imports, began = [], time.process_time()
for solar, wind, energy, power in asked["designs"]:
    network = pypsa.Network()
    network.set_snapshots(range(8760))
    network.add("Bus", "site")
    network.add("Load", "load", bus="site", p_set=asked["load"])
    network.add("Generator", "solar", bus="site", p_nom=solar, p_max_pu=asked["sun"])
    network.add("Generator", "wind", bus="site", p_nom=wind, p_max_pu=asked["wind"])
    network.add("Generator", "grid", bus="site", p_nom=1e3, marginal_cost=1)
    network.add("StorageUnit", "battery", bus="site", p_nom=power, max_hours=energy / power)
    network.optimize(solver_name="highs", log_to_console=False, output_flag=False)
    imports.append(network.generators_t.p["grid"].sum())
print(time.process_time() - began, imports[0])
"""
SITEFOOTPRINT = """
import json, sys, time
import numpy as np
from sitefootprint import estimate
asked = json.load(open(sys.argv[1]))
weather = {"Frankfurt": {name: np.array(asked[name]) for name in ("t_db", "rh")}}
place = {"name": "Frankfurt", "lat": 50.1, "lon": 8.7, "country": "Germany"}
seconds = []
for _ in range(asked["calls"]):
    began = time.process_time()
    found = estimate([place], gpu_hours=1e6, arch="dry", years=[2023], n_draws=1, weather=weather)
    seconds.append(time.process_time() - began)
print(json.dumps([seconds, found["sites"][0]["central"]["pue"]]))
"""
PEERS = {
    "vessim: a greedy battery without losses": ("vessim", VESSIM, 2),
    "PySAM: self-consumption, a battery with voltage and losses": ("NREL-PySAM", PYSAM, 5),
    "PyPSA: the least import by a linear program": ("pypsa", PYPSA, 1),
}
"""What a row is called, the package, the program, and how many designs it computes a round."""

Run = Callable[[], tuple[float, float]]
"""Processor time for as many designs as asked, and what the first design draws from the grid [s, MWh]."""


def sizes(count: int) -> np.ndarray:
    """Designs, one a row: solar, wind, energy and power; the first is `FIRST`."""
    drawn = np.random.default_rng(1).uniform((0.0, 0.0, 1.0, 1.0), (150.0, 100.0, 300.0, 75.0), (count, 4))
    drawn[0] = FIRST
    return drawn


def designs(engine: Engine, count: int, **store: float) -> Run:
    """As many designs by one of our engines."""
    solar, wind, energy, power = np.ascontiguousarray(sizes(count).T)
    battery = Battery(energy, power, power, **store)

    def run() -> tuple[float, float]:
        began = time.process_time()
        totals = run_designs(SITE, solar, wind, battery, engine)
        return time.process_time() - began, float(totals.import_mwh[0])

    run()  # compiled, or read from the disk
    return run


def year(wanted: Callable[[Battery, np.ndarray], np.ndarray], **store: float) -> Run:
    """One year of one design, every hour of every flow kept, a hundred times."""
    solar, wind, energy, power = FIRST
    clean, battery = solar * SUN + wind * WIND, Battery(energy, power, power, **store)

    def run() -> tuple[float, float]:
        began = time.process_time()
        for _ in range(100):
            flows = run_storage(battery, wanted(battery, clean), SITE.load_mw, clean)
        return (time.process_time() - began) / 100, float(flows.import_mw.sum())

    run()
    return run


def peers(folder: Path, asked: Path, count: int) -> dict[str, Run]:
    """The peers, each scaled to as many designs."""

    def runner(python: Path, code: str, few: int) -> Run:
        question = asked.with_name(f"{few}.json")
        hours = {"load": SITE.load_mw.tolist(), "sun": SUN.tolist(), "wind": WIND.tolist()}
        question.write_text(json.dumps(hours | {"designs": sizes(few).tolist()}))

        def run() -> tuple[float, float]:
            done = subprocess.run([python, "-c", code, question], check=True, capture_output=True, text=True)
            seconds, imported = map(float, done.stdout.split()[-2:])
            return seconds * count / few, imported

        return run

    return {name: runner(peer(folder, package), code, few) for name, (package, code, few) in PEERS.items()}


def interleaved(runs: Mapping[str, Run], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Every program once a round."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
        sys.stderr.write(f"\rround {number + 1}/{rounds} ")
    sys.stderr.write("\n")
    return found


def table(head: str, unit: str, found: Mapping[str, Sequence[tuple[float, float]]]) -> list[str]:
    """Medians and quartiles in a unit ("s" or "ms"), over the first row, with what the first design imports."""
    scale = {"s": 1.0, "ms": 1e3}[unit]
    least = median(seconds for seconds, _ in next(iter(found.values())))
    lines = [
        f"| {head} | median [{unit}] | quartiles [{unit}] | over the first | first design draws [MWh] |",
        "|---" * 5 + "|",
    ]
    for name, pairs in found.items():
        taken = [scale * seconds for seconds, _ in pairs]
        ratio = median(taken) / scale / least
        lines.append(f"| {name} | {median(taken):.4g} | {spread(taken)} | {ratio:,.0f} | {pairs[0][1]:.3f} |")
    return lines


SCENARIO: dict[str, Any] = {
    "site": "de_frankfurt",
    "cooling": "air_chiller",
    "load": {"it_capacity_mw": 20, "profile": "inference"},
}
FED: dict[str, Any] = SCENARIO | {
    "supply": {"solar_mw": 60, "wind_mw": 40, "surplus": "sold", "contracts": [{"name": "a PPA", "wind_mw": 10}]},
    "grid": {"price_per_mwh": 90, "demand_per_mw_month": 5000, "export_price_per_mwh": 30},
    "heat_reuse": {"homes": 5000, "store_mwh": 50},
}
MONEY = Money(currency="EUR", rates={"USD": 0.885}, carbon_market="EUA")
CALLS = 100
"""Warm calls of which the median and the 5th percentile are told (a choice)."""


def scenario_years() -> dict[str, tuple[list[float], float]]:
    """Processor time of every call, and the PUE, by what is in the scenario [s, -]."""
    policies = {"greedy": "greedy", "arbitrage by carbon": "carbon", "the peak shaved": "peak_shaving"}
    asked: dict[str, tuple[Scenario, Money | None]] = {
        "dcfoot: PUE, water, carbon": (Scenario.model_validate(SCENARIO), None),
        "dcfoot: all, no battery": (Scenario.model_validate(FED), MONEY),
    }
    for name, policy in policies.items():
        storage = {"battery_mwh": 80, "battery_mw": 20, "policy": policy}
        asked[f"dcfoot: all, {name}"] = Scenario.model_validate(FED | {"storage": storage}), MONEY
        inside = FED["heat_reuse"] | {"heat_pump_inside": True}
        within = Scenario.model_validate(FED | {"storage": storage, "heat_reuse": inside})
        asked[f"dcfoot: the same, {name}, the heat pump inside"] = within, MONEY
    found = {name: _calls(scenario, money) for name, (scenario, money) in asked.items()}
    last = "dcfoot: all, the peak shaved"
    found[f"{last}, its hall known"] = _calls(*asked[last], Halls())
    return found


def _calls(scenario: Scenario, money: Money | None, halls: Halls | None = None) -> tuple[list[float], float]:
    pue = evaluate(scenario, money=money, halls=halls).figures["pue"]
    seconds: list[float] = []
    for _ in range(CALLS):
        began = time.process_time()
        evaluate(scenario, money=money, halls=halls)
        seconds.append(time.process_time() - began)
    return seconds, pue


def sitefootprint(folder: Path) -> dict[str, tuple[list[float], float]]:
    """The same of sitefootprint."""
    weather = typical_year(find_climate("de_frankfurt"))
    hours = {"t_db": weather.dry_bulb_c.tolist(), "rh": (100 * weather.relative_humidity_ratio).tolist()}
    with tempfile.TemporaryDirectory() as place:
        question = Path(place) / "asked.json"
        question.write_text(json.dumps(hours | {"calls": CALLS}))
        command = [peer(folder, "sitefootprint"), "-c", SITEFOOTPRINT, question]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    seconds, pue = json.loads(done.stdout)
    return {"sitefootprint: PUE, water, carbon": (seconds, pue)}


def scenario_table(found: Mapping[str, tuple[Sequence[float], float]]) -> list[str]:
    """Medians and 5th percentiles of warm calls."""
    lines = [f"| one scenario's year, {CALLS} calls | median [ms] | 5th percentile [ms] | PUE |", "|---" * 4 + "|"]
    for name, (seconds, pue) in found.items():
        low = np.quantile(seconds, 0.05)
        lines.append(f"| {name} | {1e3 * median(seconds):.2f} | {1e3 * low:.2f} | {pue:.3f} |")
    return lines


def million(engine: Engine, count: int) -> str:
    """One run in a process of its own, with its peak memory."""
    cost = cost_of([sys.executable, __file__, "--only", engine, "--designs", str(count)], os.environ)
    return (
        f"| {engine} | {count:,} | {float(cost.said):.1f} | {float(cost.said) * 1e6 / count:.0f} | {cost.rss_mb:.0f} |"
    )


def figures(arguments: argparse.Namespace) -> list[str]:
    """Every table."""
    count = arguments.designs
    lossy = {"charge_efficiency_ratio": 0.95, "discharge_efficiency_ratio": 0.95, "loss_ratio_per_h": 1e-4}
    ours = {
        "dcfoot, numba": designs("numba", count, start_ratio=0.0),
        "dcfoot, numba, cyclic, with losses": designs("numba", count, **lossy),
        "dcfoot, NumPy": designs("numpy", count, start_ratio=0.0),
        "dcfoot, NumPy, cyclic, with losses": designs("numpy", count, **lossy),
    }
    years = {
        "greedy": year(lambda _, clean: greedy(clean, SITE.load_mw), start_ratio=0.0),
        "greedy, cyclic, with losses": year(lambda _, clean: greedy(clean, SITE.load_mw), **lossy),
        "arbitrage, the origin followed": year(
            lambda battery, clean: arbitrage(SITE.grid_g_per_kwh, battery, SITE.load_mw, clean), **lossy
        ),
    }
    scenarios = scenario_table(scenario_years() | sitefootprint(arguments.peers))
    if arguments.scenarios:
        return [f"{machine()}; processor time of one thread.", "", *scenarios]
    with tempfile.TemporaryDirectory() as folder:
        found = interleaved(ours | peers(arguments.peers, Path(folder) / "asked", count), arguments.rounds)
    lines = [
        f"{machine()}. {arguments.rounds} rounds, interleaved; processor time of one thread.",
        "",
        *table(f"{count:,} designs", "s", found),
        "",
        *table("one year of one design", "ms", interleaved(years, arguments.rounds)),
        "",
        *scenarios,
    ]
    if arguments.million:
        lines += [
            "",
            "| engine | designs | processor time [s] | for 1,000,000 [s] | peak memory [MB] |",
            "|---" * 5 + "|",
        ]
        lines += [million("numba", 1_000_000), million("numpy", 50_000)]
    return lines


def main() -> int:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--designs", type=int, default=1000)
    parser.add_argument("--million", action="store_true", help="a run of 1,000,000 designs as well")
    parser.add_argument("--scenarios", action="store_true", help="a scenario's year alone")
    parser.add_argument("--only", choices=["numpy", "numba"], help="one run of our own, and its processor time alone")
    parser.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "dcfoot-benchmarks")
    parser.add_argument("--into", type=Path, help="a page with marks between which the tables go")
    arguments = parser.parse_args()
    if arguments.only:
        solar, wind, energy, power = np.ascontiguousarray(sizes(arguments.designs).T)
        began = time.process_time()
        run_designs(SITE, solar, wind, Battery(energy, power, power), arguments.only)
        print(time.process_time() - began)
        return 0
    lines = figures(arguments)
    print("\n".join(lines))
    if arguments.into:
        put_into(arguments.into, lines)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
