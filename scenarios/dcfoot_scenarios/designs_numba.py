"""The hours of many designs compiled by numba, of the extra ``fast``: 64 designs at a time, which the cache holds.

In comes what `dcfoot_scenarios.designs_numpy` takes, out goes the same, to the last bit: the arithmetic is the same and
in the same order, and numba leaves it so (no ``fastmath``).
"""

from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from dcfoot_scenarios.designs_numpy import Designs, Ratios, Site, Sizes, Sums, Table
from dcfoot_scenarios.scan import Hours

BLOCK = 65_536
"""Designs a call: the results of a call are held at once, and an interrupt is heard between calls (a choice)."""


def run_hours(site: Site, sizes: Sizes, ratios: Ratios, start_mwh: Designs) -> Sums:
    """Greedy dispatch of every design over the hours of a site; as `dcfoot_scenarios.designs_numpy.run_hours`."""
    sums = np.empty((len(Sums._fields), len(start_mwh)))
    compiled()(*map(np.ascontiguousarray, site), np.array(sizes), *ratios, start_mwh, sums)
    return Sums(*sums)


@cache
def compiled() -> Any:  # noqa: ANN401 (numba has no types)
    """`kernel`, compiled; kept on the disk for the next process. It lets other threads work."""
    numba: Any = import_module("numba")
    try:
        return numba.njit(kernel, cache=True, nogil=True)
    except RuntimeError:  # neither beside the package nor in the user's cache may a file be written
        return numba.njit(kernel, nogil=True)


def kernel(
    load_mw: Hours,
    solar_ratio: Hours,
    wind_ratio: Hours,
    grid_g_per_kwh: Hours,
    sizes: Table,
    keep_ratio: float,
    into_ratio: float,
    out_of_ratio: float,
    start_mwh: Designs,
    sums: Table,
) -> None:
    """What is compiled: the arguments one by one, as numba knows no class of ours; writes into `sums`."""
    drawn_ratio, taken_ratio = 1.0 / out_of_ratio, 1.0 / into_ratio
    width = 64  # designs at a time: their 11 rows fill a sixth of a first-level cache of 32 KiB
    for first in range(0, len(start_mwh), width):
        count = min(width, len(start_mwh) - first)
        rows = np.zeros((11, width))  # a full width whatever the count: what stands beside the last designs is idle
        rows[:6, :count] = sizes[:, first : first + count]
        rows[10, :count] = start_mwh[first : first + count]
        solar, wind, charge, discharge, low, high = rows[0], rows[1], rows[2], -rows[3], rows[4], rows[5]
        imported, surplus, emitted, peak, state = rows[6], rows[7], rows[8], rows[9], rows[10]
        for hour in range(len(load_mw)):
            load, sun, air, factor = load_mw[hour], solar_ratio[hour], wind_ratio[hour], grid_g_per_kwh[hour]
            for i in range(width):
                spare = sun * solar[i] + air * wind[i] - load
                change = max(min(spare, charge[i]), discharge[i])
                held = state[i] * keep_ratio
                after = min(max(held + min(change * into_ratio, change * drawn_ratio), low[i]), high[i])
                moved = after - held
                grid = max(moved * taken_ratio, moved * out_of_ratio) - spare
                bought = max(grid, 0.0)
                imported[i] += bought
                surplus[i] += bought - grid
                emitted[i] += bought * factor
                peak[i] = max(peak[i], bought)
                state[i] = after
        sums[:, first : first + count] = rows[6:, :count]
