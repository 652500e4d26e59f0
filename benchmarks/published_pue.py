"""The figures of docs/cooling.md: our facilities beside published ones, and beside each other.

    python benchmarks/published_pue.py [lei-masanet] [operators] [climates]

Needs the published references (DCFOOT_REFERENCE_DIR, or a folder ``shared`` beside the project) for all of it.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from dcfoot.cooling.catalogue import SYSTEMS  # noqa: E402 - after the path of what the tests share
from dcfoot.facility_library import build_facility  # noqa: E402
from dcfoot.facility_model import Facility, energy_mean, facility_state  # noqa: E402
from simulated import operators as operators_study  # noqa: E402
from simulated.lei_masanet import CASES, climate, facility_of  # noqa: E402
from simulated.reference import vectors  # noqa: E402

ZONES = {
    "1A": "Miami",
    "2A": "Houston",
    "3B": "Las Vegas",
    "4A": "Baltimore",
    "5A": "Chicago",
    "6A": "Minneapolis",
    "7": "Duluth",
}
MORE_ZONES = {"0A": "Singapore", "2B": "Phoenix", "4C": "Seattle", **ZONES}


def year(facility: Facility, zone: str, load: float) -> tuple[float, float]:
    """PUE and WUE of a year in a climate zone."""
    dry_c, wet_c, pressure_pa, hours = climate(zone)
    state = facility_state(facility, load, dry_c, wet_c, pressure_pa)
    pue, wue = energy_mean(state.pue, load, hours), energy_mean(state.wue_l_per_kwh, load, hours)
    return float(np.asarray(pue).item()), float(np.asarray(wue).item())


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """A table as Markdown."""
    columns = list(head)
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    sys.stdout.write("\n".join(lines) + "\n\n")


def lei_masanet() -> None:
    """Ten cases in seven zones: ours, and what Lei and Masanet's program gives for the same inputs."""
    told = {(row["case"], row["zone"]): row for row in vectors("pue_wue_climate_lei_masanet2022")["rows"]}
    ours = {(case, zone): year(facility_of(case), zone, 1.0) for case in CASES for zone in ZONES}
    for index, name, digits in ((0, "pue", 3), (1, "wue", 2)):
        sys.stdout.write(f"{name.upper()}, ours / theirs, in italics outside their band:\n\n")
        table(
            ("case", *(f"{zone} {city}" for zone, city in ZONES.items())),
            (
                (
                    f"{case} {CASES[case][0]}",
                    *(_pair(ours[case, zone][index], told[case, zone], name, digits) for zone in ZONES),
                )
                for case in CASES
            ),
        )
    apart = np.array([ours[at][0] - row["pue_midpoint_run"] for at, row in told.items()])
    water = np.array([ours[at][1] / row["wue_midpoint_run"] - 1 for at, row in told.items()])
    pue_text = f"mean {apart.mean():+.3f}, mean absolute {np.abs(apart).mean():.3f}, largest {np.abs(apart).max():.3f}"
    wue_text = f"mean {water.mean():+.0%}, mean absolute {np.abs(water).mean():.0%}"
    sys.stdout.write(f"Difference of PUE: {pue_text}. Of WUE: {wue_text}.\n\n")


def _pair(ours: float, row: dict[str, float], name: str, digits: int) -> str:
    text = f"{ours:.{digits}f}"
    inside = row[f"{name}_p05"] <= ours <= row[f"{name}_p95"]
    return (text if inside else f"*{text}*") + f" / {row[f'{name}_midpoint_run']:.{digits}f}"


def climates() -> None:
    """Every system of a large site in ten climates, at 70 % load."""
    table(
        ("system", "heat", *(f"{city} ({zone})" for zone, city in MORE_ZONES.items())),
        (
            (
                name,
                way,
                *(
                    "{:.3f} / {:.2f}".format(*year(build_facility(name, "large", way), zone, 0.7))
                    for zone in MORE_ZONES
                ),
            )
            for name, recipe in SYSTEMS.items()
            for way in recipe.rejections
        ),
    )
    sys.stdout.write("PUE at part load, in Baltimore (4A):\n\n")
    loads = (0.25, 0.5, 0.75, 1.0)
    table(
        ("system", *(f"{load:.0%}" for load in loads)),
        ((name, *(f"{year(build_facility(name), '4A', load)[0]:.3f}" for load in loads)) for name in SYSTEMS),
    )


def operators() -> None:
    """Regions whose PUE their operators state: fitted on half, tried on the other, both ways."""
    halves_ = operators_study.halves()
    rows: list[tuple[str, ...]] = []
    pooled: list[tuple[float, float]] = []
    for known, unseen in (halves_, halves_[::-1]):
        model, median = operators_study.fit(known), operators_study.own_median(known)
        pooled += [(abs(model.pue(site) - site.pue), abs(median(site) - site.pue)) for site in unseen]
        for operator in operators_study.PROVIDERS:
            theirs = [site for site in unseen if site.operator == operator]
            errors = (operators_study.mean_error(guess, theirs) for guess in (model.pue, median))
            factor = f"{model.factors[operator]:.2f} x {' '.join(model.kind)}"
            rows.append((operator, factor, str(len(theirs)), *(f"{error:.3f}" for error in errors)))
        errors = (operators_study.mean_error(guess, unseen) for guess in (model.pue, median))
        rows.append(("**pooled**", "", str(len(unseen)), *(f"**{error:.3f}**" for error in errors)))
    table(("operator", "overhead, from the other half", "unseen sites", "model", "own median"), rows)
    ours, theirs_ = (sum(pair[i] for pair in pooled) / len(pooled) for i in range(2))
    missed = f"missed by {ours - TARGET_PUE:.3f}" if ours > TARGET_PUE else "met"
    sys.stdout.write(
        f"Mean absolute error over all {len(pooled)} sites, each unseen once: {ours:.3f}, median {theirs_:.3f}. "
        f"The aim of {TARGET_PUE:.2f} is {missed}.\n\n"
    )


TARGET_PUE = 0.04
"""What was aimed at, before anything was fitted."""

STUDIES: dict[str, Callable[[], None]] = {"lei-masanet": lei_masanet, "operators": operators, "climates": climates}


def main() -> None:
    """Prints the studies that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", choices=[*STUDIES, []], help="all if none is named")
    for name in parser.parse_args().studies or STUDIES:
        STUDIES[name]()


if __name__ == "__main__":
    main()
