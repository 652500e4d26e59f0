"""``dcfoot sites``: the places that a run can be assessed for, and the figures of one of them with their sources."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcfoot.account import choose_site
from dcfoot.assessment import evaporated
from dcfoot.climate_place import climate_name
from dcfoot.config import Settings, load
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, Fact
from dcfoot.grid import Boundary, GridFactor, Method
from dcfoot.places import Place, all_places, find_place
from dcfoot.reading import Basis
from dcfoot.receipt.layout import Cell, Column, column_widths, table, wrap
from dcfoot.site import LiveMeter, Site, resolve_site
from dcfoot.tables import rows
from dcfoot.water.generation import grid_withdrawal
from dcfoot.water.scarcity import aware

if TYPE_CHECKING:
    from dcfoot.cli.site_year import YearPage

HELP = "list the places that carbon and water are known for, or show the figures of one"

EXAMPLES = """\
SITE is an id, or a name in English or Chinese: gcp-us-central1, cn-guangdong, 广东, France, us-tx.
Any other word lists what has it in its name: dcfoot sites google, dcfoot sites virginia.
"""

SCHEMA = "dcfoot.sites/1"
"""The form of ``--json``: ``sites`` (id, name, group, country, grid_zone), or ``site`` with every figure, and where its
climate is known ``year``: by month, by load, what matters, and the evidence; with a source of hours ``grid``, with
meters of its own ``meters``, with a live reading ``live``."""

WIDTH = 110
"""Where lines end [columns]: a name, an id and four figures side by side."""

OWN, CLOUD, CLIMATES, CHINA, STATES, COUNTRIES = GROUPS = (
    "Your own",
    "Cloud regions and fleets",
    "Places whose climate is known",
    "China: provinces and grid regions",
    "United States: eGRID subregions and states",
    "World and countries",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One place in the list.

    Parameters
    ----------
    id : str
        What ``--site`` calls it.
    name : str
        For people; the Chinese name of a place behind the English one.
    group : str
        Under which heading it stands.
    words : str
        Everything that it can be found by, in lower case.
    """

    id: str
    name: str
    group: str
    words: str


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot sites``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("site", nargs="?", metavar="SITE", help="show this one, or list those that have the word")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--cooling", metavar="SYSTEM", help="its year with this cooling, as the model has it")
    parser.add_argument("--climate", metavar="NAME", help="its year in the climate of another place")
    parser.add_argument(
        "--weather", type=Path, metavar="FILE", help="its year in the weather of an EPW, TMY3, CSV file"
    )
    parser.add_argument("--hourly", metavar="SOURCE", help="its grid's hours: a service, or a .csv file")
    parser.add_argument("--evidence", action="store_true", help="all figures behind its year")
    parser.add_argument("--image", type=Path, metavar="FILE", help="draw its year, hour by hour, into a .png or .svg")


def execute(arguments: argparse.Namespace) -> int:
    """Lists places, or shows one."""
    settings = load(os.environ, Path.cwd())
    entries = list(_entries(settings))
    site = _one(arguments.site, settings) if arguments.site else None
    asked = [
        f"--{name}"
        for name in ("cooling", "climate", "weather", "hourly", "evidence", "image")
        if getattr(arguments, name)
    ]
    if asked and site is None:
        raise ConfigError(f"{' '.join(asked)}: name one site, whose year it is.")
    if site is None:
        chosen = _with_word(arguments.site, entries, settings) if arguments.site else entries
        text = _list_as_json(chosen, settings) if arguments.json else "\n".join(_list(chosen, settings))
    else:
        text = _one_site(site, entries, arguments)
    sys.stdout.write(f"{text}\n")
    return 0


def _one_site(site: Site, entries: Sequence[Entry], arguments: argparse.Namespace) -> str:
    """All that is known of a site, its grid's hours where a source is named, its year where a climate or weather is."""
    parts: dict[str, object] = {"site": _site_document(site)}
    lines = list(_page(site, entries))
    year = _year(site, arguments)
    if arguments.hourly:
        from dcfoot.cli import site_grid  # only where there is a source

        grid = site_grid.grid_page(site, arguments.hourly, year.actual_year if year else None)
        year = year and replace(year, actual=grid.series)
        parts["grid"] = site_grid.document_of(grid)
        lines += ["", *site_grid.lines_of(grid, WIDTH)]
    if arguments.image:
        _draw(site, year, arguments.image)
    if isinstance(site.meter, LiveMeter):
        from dcfoot.cli import site_live  # only where a site names one

        parts["live"] = live = site_live.document_of(site.meter)
        lines += ["", *wrap(site_live.line_of(live), WIDTH, "  ", "")]
    elif site.meter is not None and year is None:
        lines += [
            "",
            f"Its meters ({site.meter.name}) stand beside a model: add --climate NAME or --weather FILE.",
        ]
    elif site.meter is not None and year is not None:
        from dcfoot.cli import site_meters  # only where a site names its meters

        meters = site_meters.meter_page(site.meter, year)
        parts["meters"] = site_meters.document_of(meters)
        lines += ["", *site_meters.lines_of(meters, WIDTH)]
    if year is not None:
        from dcfoot.cli import site_year

        if arguments.json:
            parts["year"] = site_year.document_of(year)
        else:
            lines += ["", *site_year.lines_of(year, WIDTH, everything=arguments.evidence)]
    return _as_json(parts) if arguments.json else "\n".join(lines)


def _year(site: Site, arguments: argparse.Namespace) -> "YearPage | None":
    if not (site.climate or arguments.cooling or arguments.climate or arguments.weather or arguments.image):
        return None
    from dcfoot.cli.site_year import year_page  # numpy: only where there is a year

    return year_page(site, arguments.cooling, arguments.climate, arguments.weather)


def _draw(site: Site, page: "YearPage | None", path: Path) -> None:
    from dcfoot.cli.site_picture import draw

    if page is None:
        raise ConfigError(f"The climate of {site.id} is not known: add --weather FILE or --climate NAME.")
    draw(page.year, f"{site.name}: a year of {page.weather.place}", path)


def _entries(settings: Settings) -> Iterator[Entry]:
    if settings.sites_file is not None:
        from dcfoot.site_file import read_sites

        for site in read_sites(settings.sites_file).values():
            yield Entry(site.id, site.name, OWN, f"{site.id} {site.name}".lower())
    for row in rows("sites"):
        yield Entry(row["id"], row["name"], CLOUD, f"{row['id']} {row['name']} {row['operator']}".lower())
    yield Entry("world", "World average", COUNTRIES, "world average")
    for place in all_places():
        words = " ".join((place.id, place.name, place.zone, *place.spellings)).lower()
        yield Entry(place.id, _both_names(place), _group(place), words)
    for row in rows("climate_places"):
        name = climate_name(row["id"])
        yield Entry(row["id"], name, CLIMATES, f"{row['id']} {name} {row['place']}".lower())


def _both_names(place: Place) -> str:
    chinese = next((spelling for spelling in place.spellings if not spelling.isascii()), "")
    return f"{place.name} {chinese}".strip()


def _group(place: Place) -> str:
    if place.level == "country":
        return COUNTRIES
    return CHINA if place.country == "CHN" else STATES


def _one(name: str, settings: Settings) -> Site | None:
    """The site of exactly this name; None where there is none, or more than one."""
    try:
        resolve_site(name, user_sites=settings.sites_file)
    except ConfigError:
        return None
    return choose_site(settings, name)


def _with_word(word: str, entries: Sequence[Entry], settings: Settings) -> Sequence[Entry]:
    chosen = [entry for entry in entries if word.lower() in entry.words]
    if not chosen:
        resolve_site(word, user_sites=settings.sites_file)  # says which names are near
    return chosen


def _list(entries: Sequence[Entry], settings: Settings) -> Iterator[str]:
    heads = ("", "", "PUE", "direct", "life cycle")
    columns = (Column(), Column(least=20), Column(">"), Column(">"), Column(">"))
    body = {entry.id: _row(entry, resolve_site(entry.id, user_sites=settings.sites_file)) for entry in entries}
    widths = column_widths([[Cell(head) for head in heads], *body.values()], columns, WIDTH)
    for group in dict.fromkeys(entry.group for entry in sorted(entries, key=lambda entry: GROUPS.index(entry.group))):
        mine = sorted((entry for entry in entries if entry.group == group), key=lambda entry: entry.id)
        head = [Cell(group), Cell(""), *map(Cell, heads[2:])]
        yield from table([[Cell(""), *head[1:]]], columns, widths)
        yield group
        yield from table([body[entry.id] for entry in mine], columns, widths)
        yield ""
    yield "direct: g of CO2 or CO2e from the stacks per kWh; life cycle: g of CO2e per kWh, fuel supply and building"
    yield "included; in brackets: the nation's or the world's, standing in. Never add the two."
    yield "`dcfoot sites SITE` shows all figures of one place, with year and source."


def _row(entry: Entry, site: Site) -> list[Cell]:
    pue = f"{site.pue.spread.central:.2f}" if site.pue else "-"
    return [Cell(entry.id), Cell(entry.name), Cell(pue), *(Cell(_factor(site, boundary)) for boundary in Boundary)]


def _factor(site: Site, boundary: Boundary) -> str:
    """The average factor of a family; in brackets where it stands in for the site's own grid."""
    for factor in site.factors:
        if factor.boundary is boundary and factor.method is Method.AVERAGE:
            told = f"{factor.g_per_kwh.central:.0f}"
            return f"({told})" if factor.basis is Basis.DEFAULT else f"{told} "
    return "- "


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a site's page."""

    name: str
    spread: Spread
    basis: Basis
    evidence: Evidence


def _figures(site: Site) -> Iterator[Figure]:
    named: tuple[tuple[str, Fact | None], ...] = (
        ("PUE", site.pue),
        ("WUE, water on site per kWh of IT energy", site.wue_l_per_kwh),
        ("EWIF, water at power stations per kWh", site.ewif_l_per_kwh),
        ("water withdrawn at power stations per kWh", grid_withdrawal(site.grid_zone, site.country)),
        ("of the water on site, evaporated", evaporated()),
        ("scarcity of water (AWARE)", aware(site.grid_zone, site.country)),
        ("service life of its machines", site.lifetime_years),
    )
    yield from (Figure(name, fact.spread, fact.basis, fact.evidence) for name, fact in named if fact)
    for factor in site.factors:
        yield Figure(_factor_name(factor), factor.g_per_kwh, factor.basis, factor.evidence())


def _factor_name(factor: GridFactor) -> str:
    family = "direct" if factor.boundary is Boundary.DIRECT else "life cycle"
    return f"{factor.gas} {family}, {factor.method.accounting}-based, grid {factor.zone}"


def _page(site: Site, entries: Sequence[Entry]) -> Iterator[str]:
    """All figures of a site for people, each with its source below it."""
    name = next((entry.name for entry in entries if entry.id == site.id), site.name)
    yield f"{site.id}: {name}; grid {site.grid_zone}"
    if site.on_unknown_grid:
        yield "It names no grid: carbon and source water are world averages until you add --country or --region."
    yield ""
    columns = (Column(least=20), Column(">"), Column(">"), Column(), Column(), Column(), Column())
    head = [Cell(text) for text in ("", "value", "5 - 95 %", "unit", "year", "basis", "")]
    figures = list(_figures(site))
    body = [head, *(_figure_row(figure) for figure in figures)]
    lines = table(body, columns, column_widths(body, columns, WIDTH))
    yield lines[0]
    for line, figure in zip(lines[1:], figures, strict=True):
        yield line
        yield from wrap(figure.evidence.told_source, WIDTH, "    ", "    ")
    yield ""
    inside = [entry.id for entry in entries if _lies_in(entry, site)]
    if inside:
        yield from wrap(f"Inside it: {', '.join(inside)}", WIDTH, "    ", "")
        yield ""
    yield f"Use it with: dcfoot run --site {site.id} -- COMMAND"


def _figure_row(figure: Figure) -> list[Cell]:
    spread, evidence = figure.spread, figure.evidence
    return [
        Cell(figure.name),
        Cell(f"{spread.central:.4g}"),
        Cell(f"{max(spread.p5, spread.floor):.3g} - {spread.p95:.3g}"),
        Cell(evidence.unit),
        Cell(str(evidence.year or "")),
        Cell(str(figure.basis)),
        Cell("" if evidence.verified else "unverified"),
    ]


def _lies_in(entry: Entry, site: Site) -> bool:
    """Whether an entry is a region or a cloud site of the country that `site` is, or a city of the province."""
    if site.country is None or entry.id == site.id:
        return False
    if site.grid_zone != site.country:
        place = find_place(site.id)
        return place is not None and entry.group == CLIMATES and resolve_site(entry.id).grid_zone == place.zone
    return entry.group in {CLOUD, CLIMATES, CHINA, STATES} and resolve_site(entry.id).country == site.country


def _list_as_json(entries: Sequence[Entry], settings: Settings) -> str:
    import json

    def document(entry: Entry) -> dict[str, object]:
        site = resolve_site(entry.id, user_sites=settings.sites_file)
        return {
            "id": entry.id,
            "name": entry.name,
            "group": entry.group,
            "country": site.country,
            "grid_zone": site.grid_zone,
        }

    return json.dumps({"schema": SCHEMA, "sites": list(map(document, entries))}, indent=2, ensure_ascii=False)


def _site_document(site: Site) -> dict[str, object]:
    facts = {
        "pue": site.pue,
        "wue_l_per_kwh": site.wue_l_per_kwh,
        "ewif_l_per_kwh": site.ewif_l_per_kwh,
        "withdrawal_l_per_kwh": grid_withdrawal(site.grid_zone, site.country),
        "evaporated_ratio": evaporated(),
        "aware_m3_per_m3": aware(site.grid_zone, site.country),
        "lifetime_years": site.lifetime_years,
    }
    return {
        "id": site.id,
        "name": site.name,
        "country": site.country,
        "grid_zone": site.grid_zone,
        "climate": site.climate,
        "cooling": site.cooling,
        **{key: fact and _known(fact.spread, fact.basis, fact.evidence) for key, fact in facts.items()},
        "factors": [
            {
                "zone": factor.zone,
                "boundary": factor.boundary,
                "gas": factor.gas,
                "method": factor.method.accounting,
                **_known(factor.g_per_kwh, factor.basis, factor.evidence()),
            }
            for factor in site.factors
        ],
    }


def _as_json(document: Mapping[str, object]) -> str:
    import json

    return json.dumps({"schema": SCHEMA, **document}, indent=2, ensure_ascii=False)


def _known(spread: Spread, basis: Basis, evidence: Evidence) -> dict[str, object]:
    return {
        "value": spread.central,
        "p5": max(spread.p5, spread.floor),
        "p95": spread.p95,
        "unit": evidence.unit,
        "basis": basis,
        "year": evidence.year,
        "source": evidence.source,
        "verified": evidence.verified,
        "licence": evidence.licence,
        "note": evidence.note,
    }
