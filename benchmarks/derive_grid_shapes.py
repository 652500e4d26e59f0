"""Derives the hourly shapes of grids that dcfoot ships, and tries them on years that they were not made of.

    python benchmarks/derive_grid_shapes.py FOLDER --write     makes dcfoot/dcfoot/data/grid_shapes.csv
    python benchmarks/derive_grid_shapes.py FOLDER --check     compares the table with what would be made
    python benchmarks/derive_grid_shapes.py FOLDER --report    tries it on the years of Electricity Maps in FOLDER

FOLDER holds hourly years as ``eia_<authority>_<year>.csv.gz`` and ``entsoe_<country>_<year>.csv.gz`` (generation in MW
by fuel), and for the report ``em_<zone>_<year>.csv.gz`` (intensities, under the ODbL: nothing made from them may be
shipped). The shapes are made of the first two kinds alone: EIA's data are in the public domain, ENTSO-E's under CC BY
4.0.

How: intensity of each hour's generation by the technologies' factors; for each month and hour of the day (UTC) the
generation-weighted mean over the year's mean. A month's level in one single year is half climate and half that year's
weather: it is taken half (`MONTH_TRUST_RATIO`). The interval is what is left, over the whole year, between the hours of
each month and a shape that was made without that month, of its two neighbours: an hour of another year is not known any
better, and a month that was calm in one year need not be so in the next.
"""

import argparse
import csv
import gzip
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcfoot.factors.technology import counted, mix_g_per_kwh, total
from dcfoot.grid import Boundary
from dcfoot.sources.eia import TECHNOLOGIES as EIA_NAMES
from dcfoot.tables import interval, rows

Hours = NDArray[np.float64]

TABLE = Path(__file__).parents[1] / "dcfoot/dcfoot/data/grid_shapes.csv"

MONTH_TRUST_RATIO = 0.5
"""How much of a month's deviation from the year is believed. A choice: on 18 years of six grids, 0, 0.5 and 1 give
root-mean-square errors of an hour of 21, 20 and 20 % and mean errors of a month of 8.7, 6.4 and 6.8 %."""

LEAST_DIRECT_G_PER_KWH = 20.0
"""Below this yearly mean a direct shape is the shape of almost nothing (Switzerland, Sweden): none is made."""

ENTSOE_NAMES = {"bio": "biomass", "geo": "geothermal", "nuc": "nuclear"}
"""The names of the files' columns that differ from ours."""

SOLAR_LONGITUDE_DEG = {"CISO": -118.0, "ERCO": -101.5, "MISO": -89.0, "PJM": -79.0, "SOCO": -84.0}
"""Where the solar stations of an authority stand, to a degree: tells whether it labels hours by start or by end."""

PUBLISHERS = {
    "eia": (
        "US EIA, Form EIA-930, hourly net generation by energy source",
        "https://www.eia.gov/electricity/gridmonitor/",
    ),
    "entsoe": (
        "ENTSO-E Transparency Platform, actual generation per production type (CC BY 4.0)",
        "https://transparency.entsoe.eu/",
    ),
}

LEFT_OUT = {
    "eia_AZPS": "one utility of Arizona: it stands for no zone that has a yearly factor",
    "eia_BPAT": "the federal dams: they stand for no zone that has a yearly factor",
    "entsoe_NL": "most of the wind and sun is missing in the Platform's data",
}


@dataclass(frozen=True)
class Year:
    """A year of generation: the month (0..11) and hour (0..23, UTC) of each hour, and megawatts by technology."""

    month: NDArray[np.int64]
    hour: NDArray[np.int64]
    generation_mw: dict[str, Hours]

    @property
    def total_mw(self) -> Hours:
        """Of the technologies that have a factor."""
        return total(list(counted(self.generation_mw).values()))


@dataclass(frozen=True)
class Shape:
    """Twelve months by 24 hours of a grid; the hours of its year over its mean, and over shapes that saw no month."""

    multipliers: Hours
    over_mean: Hours
    over_unseen: Hours


def read_year(path: Path) -> Year:
    """The generation in one of the files; an hour with an empty cell or without any generation is left out."""
    kind, authority, _ = path.name.split("_")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        head, *lines = csv.reader(file)
    names = {index: _technology(kind, name) for index, name in enumerate(head) if index and not name.startswith("ci_")}
    lines = [line for line in lines if all(line[index] for index in names) and _generates(line, names)]
    generation = {name: np.array([float(line[index]) for line in lines]) for index, name in names.items()}
    labels = [datetime.fromisoformat(f"{line[0]}:00") for line in lines]
    if kind == "eia":
        labels = _starts(authority, labels, generation)
    month, hour = (np.array([getattr(label, unit) for label in labels]) for unit in ("month", "hour"))
    return Year(month - 1, hour, generation)


def _technology(kind: str, name: str) -> str:
    return EIA_NAMES[name] if kind == "eia" else ENTSOE_NAMES.get(name, name)


def _generates(line: Sequence[str], names: dict[int, str]) -> bool:
    return any(counted({name: float(line[index]) for index, name in names.items()}).values())


def _starts(authority: str, labels: Sequence[datetime], generation: dict[str, Hours]) -> list[datetime]:
    """The starts of the hours: EIA labels an hour by its end, but some authorities report starts.

    The middle of the sun's day tells, month by month: it must lie at solar noon of where the stations stand. Without
    sun, the label is taken for an end.
    """
    ends = {month: _labels_are_ends(authority, month, labels, generation["solar"]) for month in range(1, 13)}
    return [label - timedelta(hours=1) if ends[label.month] else label for label in labels]


def _labels_are_ends(authority: str, month: int, labels: Sequence[datetime], solar_mw: Hours) -> bool:
    if authority not in SOLAR_LONGITUDE_DEG:
        return True
    here = np.array([label.month == month for label in labels])
    angle = np.array([label.hour for label in labels]) / 24 * 2 * np.pi
    centre_h = float(np.angle(np.sum((solar_mw * np.exp(1j * angle))[here])) / (2 * np.pi) * 24) % 24
    noon_h = 12 - SOLAR_LONGITUDE_DEG[authority] / 15
    return abs(centre_h - 0.5 - noon_h) < abs(centre_h + 0.5 - noon_h)


def mean_g_per_kwh(year: Year, boundary: Boundary) -> float:
    """The year's emissions over the year's generation."""
    return float(np.average(mix_g_per_kwh(year.generation_mw, boundary), weights=year.total_mw))


def shape_of(year: Year, boundary: Boundary) -> Shape:
    """The shape of a year: its generation-weighted mean is 1."""
    over_mean = mix_g_per_kwh(year.generation_mw, boundary) / mean_g_per_kwh(year, boundary)
    cell_mw = _by_month_and_hour(year, year.total_mw)
    cells = _by_month_and_hour(year, year.total_mw * over_mean) / cell_mw
    unseen = (np.roll(cells, 1, axis=0) + np.roll(cells, -1, axis=0)) / 2
    return Shape(
        _half_trusted(cells, cell_mw),
        over_mean,
        over_mean / _half_trusted(unseen, cell_mw)[year.month, year.hour],
    )


def _by_month_and_hour(year: Year, values: Hours) -> Hours:
    sums = np.zeros((12, 24))
    np.add.at(sums, (year.month, year.hour), values)
    return sums


def _half_trusted(cells: Hours, weight: Hours) -> Hours:
    """The cells with the months' means drawn towards the year's, which is 1."""
    months = cells.mean(axis=1, keepdims=True)
    drawn: Hours = cells * (1 + MONTH_TRUST_RATIO * (months - 1)) / months
    return drawn / np.average(drawn, weights=weight)


def shapes(folder: Path) -> Iterator[tuple[str, int, Boundary, Shape]]:
    """Every shape that can be made: its name, year and boundary."""
    for path in sorted([*folder.glob("eia_*.csv.gz"), *folder.glob("entsoe_*.csv.gz")]):
        kind, authority, number = path.name.removesuffix(".csv.gz").split("_")
        if f"{kind}_{authority}" in LEFT_OUT:
            continue
        year = read_year(path)
        for boundary in Boundary:
            if boundary is Boundary.LIFE_CYCLE or mean_g_per_kwh(year, boundary) >= LEAST_DIRECT_G_PER_KWH:
                yield f"{kind}_{authority}", int(number), boundary, shape_of(year, boundary)


HOURS = [f"h{hour:02}" for hour in range(24)]
HEAD = ["shape", "boundary", "month", *HOURS, "central", "p5", "p95", "unit", "year", "source", "url", "verified"]


def table(folder: Path) -> list[list[str]]:
    """The rows of ``grid_shapes.csv``, its head first."""
    return [HEAD, *(row for found in shapes(folder) for row in _rows(*found))]


def _rows(name: str, year: int, boundary: Boundary, shape: Shape) -> Iterator[list[str]]:
    kind, _, authority = name.partition("_")
    source, url = PUBLISHERS[kind]
    interval_ratio = np.quantile(shape.over_unseen, [0.05, 0.95])
    for month in range(12):
        values = [*shape.multipliers[month], 1.0, *interval_ratio]
        about = ["ratio", str(year), f"{source}, {authority}", url, "yes"]
        yield [name, str(boundary), str(month + 1), *(f"{value:.3f}" for value in values), *about]


def write(folder: Path) -> None:
    """Makes the table, and says how far the hours of a grid without a shape lie from its yearly mean."""
    made = table(folder)
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(made)
    low, high = flat_interval(folder)
    print(f"{TABLE}: {len(made) - 1} rows. Row grid_hour of intervals.csv: {low:.2f}, {high:.2f}")


def flat_interval(folder: Path) -> tuple[float, float]:
    """5th and 95th percentile of an hour over its year, over all grids and both boundaries, each with equal weight."""
    chances = np.linspace(0.0005, 0.9995, 1000)
    low, high = np.quantile([np.quantile(shape.over_mean, chances) for *_, shape in shapes(folder)], [0.05, 0.95])
    return float(low), float(high)


# The report: years that took no part in making the shapes.

TRIED = {
    "US-CAL-CISO": "eia_CISO",
    "US-TEX-ERCO": "eia_ERCO",
    "US-NY-NYIS": "eia_NYIS",
    "US-MIDA-PJM": "eia_PJM",
    "DE-LU": "entsoe_DE",
    "GB": "entsoe_GB",
}
"""The zones of Electricity Maps for which there is a shape; the others of the folder are tried against a flat line."""

COLUMNS = {Boundary.DIRECT: "ci_direct", Boundary.LIFE_CYCLE: "ci_lca"}


@dataclass(frozen=True)
class Trial:
    """One year of a zone against a modelled one of the same mean: errors of shape and of a flat line, over the mean."""

    zone: str
    year: int
    boundary: Boundary
    errors: dict[str, tuple[float, float]]
    covered_ratio: float


def trials(folder: Path) -> Iterator[Trial]:
    """Every year of every zone, for both boundaries."""
    for path in sorted(folder.glob("em_*.csv.gz")):
        _, zone, number = path.name.removesuffix(".csv.gz").split("_")
        for boundary in Boundary:
            yield _trial(path, zone, int(number), boundary)


def _trial(path: Path, zone: str, year: int, boundary: Boundary) -> Trial:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line for line in csv.DictReader(file) if line[COLUMNS[boundary]]]
    truth = np.array([float(line[COLUMNS[boundary]]) for line in lines])
    truth /= truth.mean()
    labels = [datetime.fromisoformat(f"{line['utc']}:00") for line in lines]
    month, hour = np.array([label.month for label in labels]) - 1, np.array([label.hour for label in labels])
    multipliers, low, high = _shipped(TRIED.get(zone), boundary)
    modelled = multipliers[month, hour]
    inside = (truth >= modelled * low) & (truth <= modelled * high)
    groupings = {"hour": np.arange(len(truth)), "month": month, "hour of day": hour}
    flat = np.ones_like(truth)
    errors = {name: (_error(truth, modelled, by), _error(truth, flat, by)) for name, by in groupings.items()}
    return Trial(zone, year, boundary, errors, float(inside.mean()))


def _shipped(name: str | None, boundary: Boundary) -> tuple[Hours, float, float]:
    """The multipliers and the interval as the program ships them."""
    found = [row for row in rows("grid_shapes") if (row["shape"], row["boundary"]) == (name, boundary)]
    if not found:
        return np.ones((12, 24)), *interval("grid_hour")
    values = np.array([[float(row[hour]) for hour in HOURS] for row in found])
    return values, float(found[0]["p5"]), float(found[0]["p95"])


def _error(truth: Hours, modelled: Hours, by: NDArray[np.int64]) -> float:
    """The mean absolute difference between the means of the groups."""
    count = np.bincount(by)
    means = [np.bincount(by, weights=values) / count for values in (truth, modelled)]
    return float(np.mean(np.abs(means[0] - means[1])))


def report(folder: Path) -> None:
    """The table of docs/grid.md."""
    print("| zone | year | boundary | hour: shape (flat) | month | hour of day | in interval |\n" + "|---" * 7 + "|")
    for one in trials(folder):
        cells = " | ".join(f"{shape:.1%} ({flat:.1%})" for shape, flat in one.errors.values())
        boundary = str(one.boundary).replace("_", "-")
        print(f"| {one.zone} | {one.year} | {boundary} | {cells} | {one.covered_ratio:.0%} |")


def check(folder: Path) -> bool:
    """Whether the shipped table is what would be made of the folder."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file)) == table(folder)


def main() -> int:
    """Reads the arguments and does what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    for action in ("--write", "--check", "--report"):
        parser.add_argument(action, action="store_true")
    arguments = parser.parse_args()
    if arguments.write:
        write(arguments.folder)
    if arguments.report:
        report(arguments.folder)
    if arguments.check and not check(arguments.folder):
        print(f"{TABLE} is not what would be made of {arguments.folder}.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
