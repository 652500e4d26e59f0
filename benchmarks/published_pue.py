"""The figures of docs/cooling.md: our facilities beside published ones, and beside each other.

    python benchmarks/published_pue.py [lei-masanet] [operators] [climates] [--write docs/cooling.md]

Needs the published references (DCFOOT_REFERENCE_DIR, or a folder ``shared`` beside the project). Without --write the
figures are printed.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from dcfoot.cooling.catalogue import SYSTEMS
from dcfoot.facility_library import build_facility
from dcfoot.facility_model import Facility, energy_mean, facility_state
from simulated.lei_masanet import CASES, climate, facility_of
from simulated.operators import PROVIDERS, fit, halves, mean_error, own_median
from simulated.reference import vectors

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
LOAD_RATIO = 0.7

TARGET_PUE = 0.04
"""What was aimed at for the operators' sites, before anything was fitted."""


def year(facility: Facility, zone: str, load: float) -> tuple[float, float]:
    """PUE and WUE of a year in a climate zone."""
    dry_c, wet_c, pressure_pa, hours = climate(zone)
    state = facility_state(facility, load, dry_c, wet_c, pressure_pa)
    pue, wue = energy_mean(state.pue, load, hours), energy_mean(state.wue_l_per_kwh, load, hours)
    return float(np.asarray(pue).item()), float(np.asarray(wue).item())


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A table as Markdown."""
    columns = list(head)
    yield "| " + " | ".join(columns) + " |"
    yield "|" + "---|" * len(columns)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def lei_masanet() -> Iterator[str]:
    """Ten cases in seven zones: ours, and what Lei and Masanet's program gives for the same inputs."""
    told = {(row["case"], row["zone"]): row for row in vectors("pue_wue_climate_lei_masanet2022")["rows"]}
    ours = {(case, zone): year(facility_of(case), zone, 1.0) for case in CASES for zone in ZONES}
    for index, name, digits in ((0, "pue", 3), (1, "wue", 2)):
        yield f"{name.upper()}, ours / theirs, in italics outside their band:"
        yield ""
        rows = (
            (
                f"{case} {CASES[case][0]}",
                *(_pair(ours[case, zone][index], told[case, zone], name, digits) for zone in ZONES),
            )
            for case in CASES
        )
        yield from table(("case", *(f"{zone} {city}" for zone, city in ZONES.items())), rows)
    apart = np.array([ours[at][0] - row["pue_midpoint_run"] for at, row in told.items()])
    water = np.array([ours[at][1] / row["wue_midpoint_run"] - 1 for at, row in told.items()])
    pue_text = f"mean {apart.mean():+.3f}, mean absolute {np.abs(apart).mean():.3f}, largest {np.abs(apart).max():.3f}"
    yield f"Difference of PUE: {pue_text}. Of WUE: mean {water.mean():+.0%}, mean absolute {np.abs(water).mean():.0%}."


def _pair(ours: float, row: dict[str, float], name: str, digits: int) -> str:
    text = f"{ours:.{digits}f}"
    inside = row[f"{name}_p05"] <= ours <= row[f"{name}_p95"]
    return (text if inside else f"*{text}*") + f" / {row[f'{name}_midpoint_run']:.{digits}f}"


def operators() -> Iterator[str]:
    """Regions whose PUE their operators state: fitted on half, tried on the other, both ways."""
    rows: list[tuple[str, ...]] = []
    pooled: list[tuple[float, float]] = []
    for known, unseen in (halves(), halves()[::-1]):
        model, median = fit(known), own_median(known)
        pooled += [(abs(model.pue(site) - site.pue), abs(median(site) - site.pue)) for site in unseen]
        for operator in PROVIDERS:
            of_it = [site for site in unseen if site.operator == operator]
            errors = (f"{mean_error(guess, of_it):.3f}" for guess in (model.pue, median))
            overhead = f"{model.factors[operator]:.2f} x {' '.join(model.kind)}"
            rows.append((operator, overhead, str(len(of_it)), *errors))
        errors = (f"**{mean_error(guess, unseen):.3f}**" for guess in (model.pue, median))
        rows.append(("**pooled**", "", str(len(unseen)), *errors))
    yield from table(("operator", "overhead, from the other half", "unseen sites", "model", "own median"), rows)
    ours, medians = (sum(pair[i] for pair in pooled) / len(pooled) for i in range(2))
    missed = f"missed by {ours - TARGET_PUE:.3f}" if ours > TARGET_PUE else "met"
    yield f"Mean absolute error over all {len(pooled)} sites, each unseen once: {ours:.3f}; of medians: {medians:.3f}."
    yield f"The aim was {TARGET_PUE:.2f}; it is {missed}."


def climates() -> Iterator[str]:
    """Every system of a large site in ten climates, and at part load."""
    kinds = [(name, way) for name, recipe in SYSTEMS.items() for way in recipe.rejections]
    rows = (
        (
            name,
            way,
            *("{:.3f} / {:.2f}".format(*year(build_facility(name, "large", way), z, LOAD_RATIO)) for z in MORE_ZONES),
        )
        for name, way in kinds
    )
    yield from table(("system", "heat", *(f"{city} ({zone})" for zone, city in MORE_ZONES.items())), rows)
    yield "PUE at part load, in Baltimore (4A):"
    yield ""
    loads = (0.25, 0.5, 0.75, 1.0)
    parts = ((n, *(f"{year(build_facility(n), '4A', load)[0]:.3f}" for load in loads)) for n in SYSTEMS)
    yield from table(("system", *(f"{load:.0%}" for load in loads)), parts)


STUDIES: dict[str, Callable[[], Iterator[str]]] = {
    "lei-masanet": lei_masanet,
    "operators": operators,
    "climates": climates,
}


def write(page: Path, name: str, text: str) -> None:
    """Puts the figures of a study between its marks on a page."""
    begin, end = f"<!-- made by benchmarks/published_pue.py {name} -->", "<!-- end -->"
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page.write_text(found.sub(lambda _: f"{begin}\n{text}\n{end}", page.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    """Prints or writes the studies that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", choices=[*STUDIES, []], help="all if none is named")
    parser.add_argument("--write", type=Path, help="the page to put them on")
    chosen = parser.parse_args()
    for name in chosen.studies or STUDIES:
        text = "\n".join(STUDIES[name]()).strip()
        if chosen.write:
            write(chosen.write, name, text)
        else:
            sys.stdout.write(text + "\n\n")


if __name__ == "__main__":
    main()
