"""How long the studio takes to answer one move, by what is moved, without a browser.

    python benchmarks/studio.py [--moves 12] [--into docs/studio.md]

Each row moves one thing of a study of 20 MW in Odense, as its page does, and asks the program for the whole answer; all
but the first of a row are what the hand on a slider waits for. Times are a clock's, on this machine as it is loaded.
"""

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from cost import machine, put_into

from dcfoot.serving import Request
from dcfoot_scenarios.studio.service import Door, reply

BEGIN = "<!-- studio: begin -->\n"

PORT = 8377
DOOR = Door(PORT, "benchmark")
HEADERS = {"host": f"127.0.0.1:{PORT}", "authorization": "Bearer benchmark", "content-type": "application/json"}

PLANT = {"wind_mw": 10, "ghi_kwh_per_m2_year": 1050, "wind_speed_m_per_s": 6}
WAITS = {"it_capacity_mw": 20, "deferrable_ratio": 0.2, "deadline_h": 12}
SITES = ("se_lulea", "sg_singapore", "de_frankfurt", "dk_copenhagen", "es_madrid", "us_ashburn")

Variant = Callable[[int], Mapping[str, object]]

MOVES: Mapping[str, Variant] = {
    "supply water": lambda step: {"facility": {"liquid.coolant_supply_c": 25 + step}},
    "homes": lambda step: {"heat_reuse": {"homes": 1000 * (step + 1), "network_supply_c": 70}},
    "solar, with wind and a battery": lambda step: {
        "supply": {"solar_mw": 5 + step, **PLANT},
        "storage": {"battery_mwh": 40, "battery_mw": 10},
    },
    "the same, a battery by carbon, load that waits, heat with a store": lambda step: {
        "load": WAITS,
        "supply": {"solar_mw": 5 + step, **PLANT},
        "storage": {"battery_mwh": 40, "battery_mw": 10, "policy": "carbon"},
        "heat_reuse": {"homes": 5000, "store_mwh": 100},
    },
    "a site that was never looked at": lambda step: {"site": SITES[step % len(SITES)]},
}


def took_ms(variant: Mapping[str, object]) -> float:
    """How long an answer takes, in milliseconds."""
    study = {
        "study": "moved",
        "uncertainty": {"draws": 0},
        "load": {"it_capacity_mw": 20},
        "money": {"currency": "EUR", "rates": {"USD": 0.9}},
        "baseline": {"site": "dk_odense", "cooling": "direct_liquid", "grid": {"price_per_mwh": 85}},
        "variants": {"what-if": variant},
    }
    body = json.dumps({"study": study, "week": 0}).encode()
    started = time.perf_counter()
    answered = reply(Request("POST", "/answer", "", HEADERS, body), DOOR, b"{}")
    spent_ms = (time.perf_counter() - started) * 1e3
    if answered.status != 200:
        raise SystemExit(answered.body.decode())
    return spent_ms


def row(name: str, times_ms: Sequence[float]) -> str:
    """A line of the table."""
    moved = times_ms if "never" in name else times_ms[1:]
    return f"| {name} | {times_ms[0]:.0f} | {median(moved):.0f} | {max(moved):.0f} |"


def main() -> None:
    """Prints the table, or puts it into a page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moves", type=int, default=12)
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    took_ms({})  # the modules are loaded before anything is timed
    count = {name: len(SITES) if "never" in name else arguments.moves for name in MOVES}
    rows = [row(name, [took_ms(of(step)) for step in range(count[name])]) for name, of in MOVES.items()]
    head = ["| what is moved | first, ms | median, ms | most, ms |", "|---|--:|--:|--:|"]
    lines = [*head, *rows, "", machine()]
    if arguments.into is None:
        print("\n".join(lines))
    else:
        put_into(arguments.into, lines, BEGIN)


if __name__ == "__main__":
    main()
