"""``dcfoot factors``: the grid factors that are known, what stands behind each, what another choice would change."""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from dcfoot.account import receipt_of, site_of
from dcfoot.config import Settings, load
from dcfoot.errors import DataMissing
from dcfoot.factors.choice import Choice, Purpose, choices
from dcfoot.factors.compare import TYPICAL_KWH, Alternative, alternatives
from dcfoot.factors.library import Library, library
from dcfoot.factors.losses import loss_factor, loss_ratio
from dcfoot.grid import GridFactor
from dcfoot.places import all_places
from dcfoot.receipt.layout import Cell, Column, column_widths, printable, table, wrap
from dcfoot.store import RunStore

HELP = "search grid factors, see what stands behind each, and what another would change"

EXAMPLES = """\
WORDs are parts of a name, in English or Chinese: of a place, a family, a method, a technology, a source.

  dcfoot factors 广东                      every factor of Guangdong
  dcfoot factors coal                     of power stations
  dcfoot factors --zone US-CAMX           of a zone, and which of them serves which purpose
  dcfoot factors --zone cn --compare      its vintages, and what another choice would change per 1,000 kWh
  dcfoot factors --run last --compare     the same for a run
"""

SCHEMA = "dcfoot.factors/1"
"""The form of ``--json``: ``factors``; with a zone ``choices`` and ``losses``; with --compare ``alternatives``."""

WIDTH = 118
"""Where lines end [columns]: a place, a family, four figures side by side."""

FEW_COUNT = 8
"""Up to this many factors are shown with what stands behind each. A choice: a screenful."""

PURPOSES = {
    Purpose.SCOPE_2_LOCATION: "scope 2, location-based",
    Purpose.SCOPE_2_MARKET: "scope 2, market-based, outside certificates",
    Purpose.PRODUCT_FOOTPRINT: "a product's carbon footprint",
    Purpose.DECISION: "a decision (marginal)",
}


@dataclass(frozen=True, slots=True)
class Page:
    """What was asked for and found.

    Parameters
    ----------
    library : Library
        What there is.
    factors : tuple of GridFactor
        What was found.
    zone : str or None
        The zone that was asked for.
    energy_kwh : float
        What a comparison is for [kWh]
    energy_name : str
        The same for people.
    """

    library: Library
    factors: tuple[GridFactor, ...]
    zone: str | None
    energy_kwh: float
    energy_name: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot factors``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("word", nargs="*", metavar="WORD", help="only those that hold every word")
    parser.add_argument("--zone", metavar="ZONE", help="only those of this zone or place")
    parser.add_argument("--year", type=int, metavar="YEAR", help="only those of this year (default: the newest)")
    parser.add_argument("--compare", action="store_true", help="every vintage, and what another choice would change")
    parser.add_argument("--run", metavar="RUN", help="compare for the energy and the grid of this run")
    parser.add_argument("--json", action="store_true", help="print JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Prints the factors. Raises `DataMissing` where there are none."""
    page = _page(arguments, load(os.environ, Path.cwd()))
    if not page.factors:
        raise DataMissing(_nothing(arguments))
    text = _as_json(page, compare=arguments.compare) if arguments.json else "\n".join(_as_text(page, arguments))
    sys.stdout.write(f"{text}\n")
    return 0


def _page(arguments: argparse.Namespace, settings: Settings) -> Page:
    known = library(settings.factors_package)
    zone, energy_kwh, energy_name = arguments.zone, TYPICAL_KWH, f"{TYPICAL_KWH:,.0f} kWh"
    if arguments.run:
        run_zone, energy_kwh = _of_run(arguments.run, settings)
        zone, energy_name = zone or run_zone, f"the {energy_kwh:.4g} kWh of {arguments.run}"
    factors = known.search(arguments.word, zone, arguments.year)
    if arguments.compare and arguments.year is None:
        factors = tuple(one for found in factors for one in known.vintages(found))
    zones = {one.zone for one in factors if not one.technology}
    main_zone = known.zones_called(zone)[0] if zone else min(zones) if len(zones) == 1 else None
    return Page(known, factors, main_zone, energy_kwh, energy_name)


def _of_run(name: str, settings: Settings) -> tuple[str, float]:
    """Where a run took place, and what the facility drew for it [kWh]."""
    measurement = RunStore(settings.data_dir).load(name)
    site = site_of(measurement, settings)
    energy = receipt_of(measurement, settings, site)["footprint"]["facility_energy_kwh"]
    if energy is None:
        raise DataMissing(f"The facility's energy of {name} is not known, so nothing can be compared for it.")
    return site.grid_zone, energy["value"]


def _nothing(arguments: argparse.Namespace) -> str:
    asked = [*arguments.word, *([f"of zone {arguments.zone}"] if arguments.zone else [])]
    asked += [f"for {arguments.year}"] if arguments.year else []
    return f"No factor is known that is {' '.join(asked)}." if asked else "No factor is known."


def _as_text(page: Page, arguments: argparse.Namespace) -> Iterator[str]:
    yield from _list(page, with_sources=len(page.factors) <= FEW_COUNT)
    if page.zone is not None:
        yield ""
        yield from _purposes(page.zone, page.library)
        if arguments.compare:
            yield ""
            yield from _comparison(page)
    elif arguments.compare:
        yield ""
        yield "Name a --zone as well to see what another choice would change."


def _list(page: Page, *, with_sources: bool) -> Iterator[str]:
    heads = ("zone", "", "family", "year", "g/kWh", "5 - 95 %", "change", "")
    columns = (Column(), Column(least=12), Column(), Column(), Column(">"), Column(">"), Column(">"), Column())
    body = [[Cell(text) for text in _row(one, page)] for one in page.factors]
    lines = [[Cell(head) for head in heads], *body]
    widths = column_widths(lines, columns, WIDTH)
    yield from table(lines[:1], columns, widths)
    for line, factor in zip(table(body, columns, widths), page.factors, strict=True):
        yield line
        if with_sources:
            yield from wrap(printable(factor.evidence().told_source), WIDTH, "    ", "    ")


def _row(factor: GridFactor, page: Page) -> tuple[str, ...]:
    spread = factor.g_per_kwh
    remarks = [*(["yours"] if page.library.is_own(factor) else []), *([] if factor.verified else ["unverified"])]
    return (
        printable(factor.zone),
        printable(_name(factor)),
        _family(factor),
        str(factor.year),
        f"{spread.central:.1f}",
        f"{max(spread.p5, spread.floor):.0f} - {spread.p95:.0f}",
        _change(factor, page),
        ", ".join(remarks),
    )


def _name(factor: GridFactor) -> str:
    """As its source writes it, and in English where that is another."""
    place = next((place.name for place in all_places() if place.zone == factor.zone), "")
    same = place.casefold() in factor.name.casefold() or factor.name.isascii() or factor.technology
    return factor.name if same else f"{factor.name} {place}"


def _change(factor: GridFactor, page: Page) -> str:
    """Since the vintage before, where that is on the page too."""
    vintages = page.library.vintages(factor)
    before = next((one for one in vintages if one.year < factor.year and one in page.factors), None)
    if before is None or not before.g_per_kwh.central:
        return ""
    return f"{factor.g_per_kwh.central / before.g_per_kwh.central - 1:+.1%}"


def _family(factor: GridFactor) -> str:
    boundary = str(factor.boundary).replace("_", "-")
    return " ".join(filter(None, (boundary, factor.gas, factor.method, factor.technology)))


def _purposes(zone: str, known: Library) -> Iterator[str]:
    yield f"Which serves what in {zone}"
    found = choices(zone, known)
    for choice in found:
        yield from wrap(f"{PURPOSES[choice.purpose]}: {choice.said}", WIDTH, "    ", "  ")
        for sentence in choice.stands_in:
            yield from wrap(sentence, WIDTH, "    ", "    ")
    usual = found[0].factor
    if usual is not None:
        ratio, lost = loss_ratio(usual.zone, usual.boundary), loss_factor(usual)
        text = (
            f"scope 3, category 3, losses on the way: {ratio.spread.central:.1%} of what is generated, "
            f"{lost.g_per_kwh.central:.1f} g/kWh beside the location-based factor"
            f"{'' if ratio.evidence.verified else ' (unverified)'}."
        )
        yield from wrap(text, WIDTH, "    ", "  ")


def _comparison(page: Page) -> Iterator[str]:
    yield f"What another choice would change, for {page.energy_name}"
    columns = (Column(), Column(), Column(), Column(">"), Column(">"), Column(least=20))
    body = [
        [Cell(text) for text in _alternative(one)]
        for one in alternatives(page.zone or "", page.library, page.energy_kwh)
    ]
    if not body:
        yield f"  No factor of {page.zone} may serve a location-based scope 2."
        return
    yield from table(body, columns, column_widths(body, columns, WIDTH))


def _alternative(one: Alternative) -> tuple[str, ...]:
    change = f"{one.change_ratio:+.1%}" if one.change_ratio else ""
    grams = one.emissions_g
    amount = f"{grams / 1000:,.1f} kg" if grams >= 1000 else f"{grams:.3g} g"
    what = f"  {one.what}"
    return (what, one.factor.zone, str(one.factor.year), amount, change, one.why_not)


def _as_json(page: Page, *, compare: bool) -> str:
    import json

    document: dict[str, object] = {
        "schema": SCHEMA,
        "factors": [_factor_json(one, page.library) for one in page.factors],
    }
    if page.zone is not None:
        found = choices(page.zone, page.library)
        document["zone"] = page.zone
        document["choices"] = [_choice_json(one, page.library) for one in found]
        usual = found[0].factor
        document["losses"] = None if usual is None else asdict(loss_ratio(usual.zone, usual.boundary).evidence)
    if compare and page.zone is not None:
        document["energy_kwh"] = page.energy_kwh
        document["alternatives"] = [
            {
                "what": one.what,
                "factor": _factor_json(one.factor, page.library),
                "emissions_g": one.emissions_g,
                "change_ratio": one.change_ratio,
                "why_not": one.why_not,
            }
            for one in alternatives(page.zone, page.library, page.energy_kwh)
        ]
    return json.dumps(document, indent=2, ensure_ascii=False)


def _factor_json(factor: GridFactor, known: Library) -> dict[str, object]:
    spread = factor.g_per_kwh
    return {
        "zone": factor.zone,
        "name": factor.name,
        "boundary": factor.boundary,
        "gas": factor.gas,
        "method": factor.method,
        "technology": factor.technology or None,
        "year": factor.year,
        "g_per_kwh": spread.central,
        "p5_g_per_kwh": max(spread.p5, spread.floor),
        "p95_g_per_kwh": spread.p95,
        "source": factor.source,
        "url": factor.url,
        "verified": factor.verified,
        "licence": factor.licence,
        "note": factor.note,
        "own": known.is_own(factor),
    }


def _choice_json(choice: Choice, known: Library) -> dict[str, object]:
    factor = None if choice.factor is None else _factor_json(choice.factor, known)
    return {"purpose": choice.purpose, "factor": factor, "said": choice.said, "stands_in": list(choice.stands_in)}
