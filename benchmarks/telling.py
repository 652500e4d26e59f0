"""What the daemon takes to tell of itself: a scrape in both forms of Prometheus, a push by remote write and by OTLP.

    python benchmarks/telling.py [--units 100] [--rounds 100]

A server with 8 GPUs, 2 sockets and so many units, as it stands after an hour. Processor time of this thread, the median
of all rounds with its quartiles, the four in turn. Needs the packages of the test environment
(`python3 bootstrap.py test`).
"""

import argparse
import gzip
import sys
import time
from pathlib import Path
from statistics import quantiles

from dcfoot_probes.exporters import otlp, remote_write
from dcfoot_probes.exporters.prometheus import text_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulated.snapshots import snapshot

GPUS = 8


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--units", type=int, default=100, help="jobs, containers and services; 100")
    parser.add_argument("--rounds", type=int, default=100, help="how often each is made; 100")
    arguments = parser.parse_args()
    now = snapshot(GPUS, arguments.units)
    tellers = {
        "Prometheus' text": lambda: text_of(now)[0],
        "OpenMetrics": lambda: text_of(now, "application/openmetrics-text; version=1.0.0")[0],
        "remote write": lambda: remote_write.body_of(now),
        "OTLP": lambda: otlp.body_of(now),
    }
    taken_ms: dict[str, list[float]] = {name: [] for name in tellers}
    for _ in range(arguments.rounds):
        for name, tell in tellers.items():
            began_ns = time.thread_time_ns()
            tell()
            taken_ms[name].append((time.thread_time_ns() - began_ns) / 1e6)
    print("| what | of a core, each time [ms] | bytes | compressed |\n|---|---|---|---|")
    for name, tell in tellers.items():
        first, middle, third = quantiles(taken_ms[name])
        body = tell()
        print(f"| {name} | {middle:.1f} ({first:.1f}..{third:.1f}) | {len(body)} | {len(gzip.compress(body))} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
