"""What a wet bulb costs: dcfoot beside psychrolib, interleaved in one run, as ratios.

    python benchmarks/psychrometrics.py [--rounds 7] [--points 876000] [--peer-points 20000]

psychrolib goes point by point, so that it is timed on the first of the same points and its time scaled to all of them.
Needs the packages of the test environment (`python3 bootstrap.py test`).
"""

import argparse
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

import numpy as np
import psychrolib
from numpy.typing import NDArray

from dcfoot.psychrometrics import humidity_ratio_kg_per_kg, saturation_pressure_pa, wet_bulb_c

SEED = 1


@dataclass(frozen=True, slots=True)
class Air:
    """States of air: from -30 to 50 C, any moisture, from sea level to 4000 m."""

    dry_bulb_c: NDArray[np.float64]
    humidity_ratio: NDArray[np.float64]
    pressure_pa: NDArray[np.float64]

    @staticmethod
    def random(points: int) -> "Air":
        """`points` states, the same each time."""
        draw = np.random.default_rng(SEED).uniform
        dry_bulb_c, pressure_pa = draw(-30, 50, points), draw(62e3, 105e3, points)
        vapour_pa = draw(0.02, 1.0, points) * saturation_pressure_pa(dry_bulb_c)
        return Air(dry_bulb_c, humidity_ratio_kg_per_kg(vapour_pa, pressure_pa), pressure_pa)

    def first(self, count: int) -> "Air":
        """The first of them."""
        return Air(self.dry_bulb_c[:count], self.humidity_ratio[:count], self.pressure_pa[:count])


def by_dcfoot(air: Air) -> NDArray[np.float64]:
    """All points at once."""
    return wet_bulb_c(air.dry_bulb_c, air.humidity_ratio, air.pressure_pa)


def by_psychrolib(air: Air) -> NDArray[np.float64]:
    """One point after the other, as it is made."""
    states = zip(air.dry_bulb_c.tolist(), air.humidity_ratio.tolist(), air.pressure_pa.tolist(), strict=True)
    return np.array([psychrolib.GetTWetBulbFromHumRatio(*state) for state in states])


def seconds(work: Callable[[Air], NDArray[np.float64]], air: Air) -> float:
    """How long `work` takes [s]."""
    began = time.perf_counter()
    work(air)
    return time.perf_counter() - began


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--points", type=int, default=876_000, help="100 years of hours")
    parser.add_argument("--peer-points", type=int, default=20_000)
    arguments = parser.parse_args()
    psychrolib.SetUnitSystem(psychrolib.SI)
    air = Air.random(arguments.points)
    few = air.first(arguments.peer_points)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        ours.append(seconds(by_dcfoot, air))
        theirs.append(seconds(by_psychrolib, few) * arguments.points / arguments.peer_points)
    apart_k = np.abs(by_dcfoot(few) - by_psychrolib(few))
    sys.stdout.write(f"""\
Python {platform.python_version()}, NumPy {np.__version__}; {arguments.rounds} rounds, interleaved.

| | wet bulb of {arguments.points:,} points [s] | least..most [s] |
|---|---|---|
| dcfoot | {median(ours):.2f} | {min(ours):.2f}..{max(ours):.2f} |
| psychrolib {version("psychrolib")} | {median(theirs):.1f} | {min(theirs):.1f}..{max(theirs):.1f} |

Ratio {median(theirs) / median(ours):.0f}. {np.mean(apart_k < 0.001):.2%} of {arguments.peer_points:,} points agree
within 1 mK; in the others equations 33 and 35 both have a root, and each program takes its own.
""")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
