"""Derives the tables by which a receipt knows PUE and WUE at the hours of a run, from the full model.

    python benchmarks/derive_site_hours.py --write             makes dcfoot/dcfoot/data/site_hours/*.csv (minutes)
    python benchmarks/derive_site_hours.py --check [CLIMATE]   compares them with what would be made

For each climate and cooling system, under draws of every number of the facility, its load and the typical year: the
part of PUE above 1, and the water, of each month and three hours of the day in UTC, over the draw's mean of the year.
Beside the mean of the draws stand two intervals for each month: what the facility's numbers add to a cell's mean, and
what one hour's weather adds to that. The year's level has a multiplier for each load.
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.cooling.parameters import Size
from dcfoot.draws import Draws, Spread
from dcfoot.facility_draws import Hall, draw_year, drawn_hours, interval_of
from dcfoot.site_hours import BLOCK_H, BLOCKS, LOADS, UNIT
from dcfoot.site_year import site_year
from dcfoot.weather.climate import climates
from dcfoot.weather.doubt import Air, air_of_climate
from dcfoot.weather.typical import typical_year
from dcfoot.weather.year import Weather

FOLDER = Path(__file__).parents[1] / "dcfoot/dcfoot/data/site_hours"
SIZES = cast("tuple[Size, ...]", ("large", "midsize", "small"))
METRICS = ("pue", "wue")
HEADS = ("cooling", "size", "metric", "p5", "central", "p95", "loads", *(f"m{month:02}" for month in range(1, 13)))

YEAR_DRAWS, SHAPE_DRAWS = 200, 25
"""Of a year's level on bins, and of its shape hour by hour. A choice: the interval of the level is good to some per
cent, and a shape's mean to a hundredth."""

Series = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Drawn:
    """Draws of a year's shape: the mean of each cell (draws, 96), and each month's hours beside their cell's mean."""

    cells: Series
    beside: Sequence[Series]


@dataclass(frozen=True)
class Calendar:
    """The cell (month and block of the day, UTC) and the month of each hour."""

    cell: Places
    month: Places


def calendar(weather: Weather) -> Calendar:
    """Of a year's hours."""
    utc = np.datetime64(weather.start.replace(tzinfo=None), "m") + np.arange(len(weather)) * np.timedelta64(60, "m")
    month = utc.astype("datetime64[M]").astype(np.int64) % 12
    hour = utc.astype("datetime64[h]").astype(np.int64) % 24
    return Calendar(month * BLOCKS + hour // BLOCK_H, month)


def drawn_shapes(cooling: str, air: Air, when: Calendar) -> Mapping[str, Drawn]:
    """The shapes of overhead and water under draws, over the mean of each draw's year."""
    pue, wue = np.empty((SHAPE_DRAWS, len(air.hours))), np.empty((SHAPE_DRAWS, len(air.hours)))
    for block, state, _ in drawn_hours(Draws("shape", SHAPE_DRAWS), Hall(cooling), air):
        pue[block], wue[block] = state.pue - 1, state.wue_l_per_kwh
    return {metric: _drawn(values, when) for metric, values in zip(METRICS, (pue, wue), strict=True)}


def _drawn(hourly: Series, when: Calendar) -> Drawn:
    means = hourly.mean(axis=1, keepdims=True)
    ratio = np.divide(hourly, means, out=np.ones_like(hourly), where=means > 0)
    counts = np.bincount(when.cell, minlength=12 * BLOCKS)
    cells = np.array([np.bincount(when.cell, row, minlength=12 * BLOCKS) / counts for row in ratio])
    beside = ratio - cells[:, when.cell]
    return Drawn(cells, [beside[:, when.month == month].ravel() for month in range(12)])


def months_of(drawn: Drawn) -> Iterator[str]:
    """The twelve fields of a table's row."""
    central = drawn.cells.mean(axis=0).reshape(12, BLOCKS)
    system = drawn.cells.reshape(-1, 12, BLOCKS) - central
    for month in range(12):
        reaches = (interval_of(part.ravel()) for part in (system[:, month], drawn.beside[month]))
        numbers = [*central[month], *(side for low, high in reaches for side in (max(0.0, -low), max(0.0, high)))]
        yield " ".join(f"{number / UNIT:.0f}" for number in numbers)


def levels_of(cooling: str, size: Size, weather: Weather, air: Air) -> Mapping[str, tuple[float, float, float]]:
    """5th percentile, central value and 95th percentile of the year's PUE and WUE."""
    hall = Hall(cooling, size)
    central = site_year(hall, weather)
    drawn = draw_year(Draws("level", YEAR_DRAWS), hall, air)
    pairs = {"pue": (drawn.pue, central.pue), "wue": (drawn.wue_l_per_kwh, central.wue_l_per_kwh)}
    return {metric: _level(draws, float(hours.mean())) for metric, (draws, hours) in pairs.items()}


def _level(drawn: Series, central: float) -> tuple[float, float, float]:
    low, high = interval_of(drawn)
    return min(low, central), central, max(high, central)


def loads_of(cooling: str, size: Size, weather: Weather) -> Mapping[str, str]:
    """The overhead and the water of the year at each load, over those at the central one."""
    usual, *at_loads = [
        (float(year.pue.mean()) - 1, float(year.wue_l_per_kwh.mean()))
        for hall in (Hall(cooling, size), *(Hall(cooling, size, None, Spread.exact(load)) for load in LOADS))
        for year in [site_year(hall, weather)]
    ]
    pairs = zip(METRICS, usual, zip(*at_loads, strict=True), strict=True)
    return {metric: " ".join(f"{_over(each, whole) / UNIT:.0f}" for each in found) for metric, whole, found in pairs}


def _over(part: float, whole: float) -> float:
    """Of what there is none of at the usual load, every load is as good."""
    return part / whole if whole > 0 else 1.0


def rows_of_climate(climate: str) -> list[list[str]]:
    """The table of one climate."""
    found = climates()[climate]
    weather, air = typical_year(found), air_of_climate(found)
    few, _ = air.binned({})
    when = calendar(weather)
    shapes = {cooling: drawn_shapes(cooling, air, when) for cooling in SYSTEMS}
    rows: list[list[str]] = []
    for cooling in SYSTEMS:
        for size in SIZES:
            loads = loads_of(cooling, size, weather)
            for metric, level in levels_of(cooling, size, weather, few).items():
                months = months_of(shapes[cooling][metric]) if size == "large" else [""] * 12
                rows.append([cooling, size, metric, *(f"{number:.4g}" for number in level), loads[metric], *months])
    return rows


def write(climate: str) -> str:
    """Writes the table of one climate, and tells its name."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{climate}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADS, *rows_of_climate(climate)])
    return climate


def differs(climate: str) -> bool:
    """Whether a table is not what would be made."""
    with (FOLDER / f"{climate}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file)) != [list(HEADS), *rows_of_climate(climate)]


def main() -> int:
    """Writes the tables, or compares them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("climates", nargs="*", metavar="CLIMATE", help="only these")
    task = options.add_mutually_exclusive_group(required=True)
    task.add_argument("--write", action="store_true", help="make the tables")
    task.add_argument("--check", action="store_true", help="compare them with what would be made")
    chosen = options.parse_args()
    names = chosen.climates or sorted(climates())
    if chosen.check:
        wrong = [name for name in names if differs(name)]
        sys.stdout.writelines(f"{name} differs\n" for name in wrong)
        return int(bool(wrong))
    with ProcessPoolExecutor() as pool:
        for name in pool.map(write, names):
            sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
