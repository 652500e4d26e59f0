"""A site's year for people and programs: what ``dcfoot sites SITE`` adds where a climate or a weather file is known.

In come a site, a cooling system or none, and the weather; out go PUE, WUE and grams by month, PUE and WUE by load with
their intervals, what matters most, and the evidence, as lines, as JSON, or as a picture (`dcfoot.cli.site_picture`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np

from dcfoot.cli.site_grid import MONTHS
from dcfoot.climate_place import find_climate_id
from dcfoot.cooling.catalogue import find_recipe
from dcfoot.cooling.parameters import Size
from dcfoot.draws import Draws, Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence
from dcfoot.facility_draws import DrawnYear, Hall, draw_year, interval_of
from dcfoot.factors.hourly import HourlyFactors
from dcfoot.receipt.layout import Cell, Column, column_widths, table, wrap
from dcfoot.site import Site
from dcfoot.site_hours import LEAST_SAID, cooling_parts, cooling_said, is_own, mixed
from dcfoot.site_year import LOADS, SiteYear, family, grid_hours, grid_window, site_year
from dcfoot.sources.hourly_source import whole
from dcfoot.weather import Weather, find_climate, read_file, typical_year
from dcfoot.weather.doubt import Air, air_of, air_of_climate
from dcfoot.weather.year import Hours

DRAWS, BINS, SEED = 200, 200, "dcfoot sites"
"""Enough for two digits of an interval (a choice), and the same each time."""


@dataclass(frozen=True)
class YearPage:
    """A site's year as it is shown.

    Parameters
    ----------
    site : Site
        With its published figures.
    weather : Weather
        Of a file, or the typical year of its climate.
    parts : mapping of str to float
        The cooling systems that it may have, and how likely each is [-]
    air : Air
        The weather in bins, with its doubt.
    stated : bool
        Whether the site's own yearly figures are the level; else the model's.
    actual : tuple of HourlyFactors
        Hours of its grid that were, of any year, in the place of typical ones.
    """

    site: Site
    weather: Weather
    parts: Mapping[str, float]
    air: Air
    stated: bool
    actual: tuple[HourlyFactors, ...] = ()

    @property
    def actual_year(self) -> int | None:
        """The year of the weather; None for a typical one."""
        return self.weather.evidence[0].year

    @cached_property
    def _found(self) -> list[HourlyFactors | str]:
        window = grid_window(self.weather)
        return [whole(one.by_calendar(window), self.site) for one in self.actual]

    @cached_property
    def grids(self) -> tuple[HourlyFactors, ...]:
        """The hours of its grids: typical ones, or those that were, at the same hours of the weather's year."""
        actual = [one for one in self._found if isinstance(one, HourlyFactors)]
        known = {one.family for one in actual}
        shapes = grid_hours(self.site.factors, self.weather, self.site.grid_zone)
        return (*(one for one in shapes if one.family not in known), *actual)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the reader must know of its grids."""
        of_grids = (warning for grid in self.grids for warning in grid.warnings)
        return tuple(dict.fromkeys((*(one for one in self._found if isinstance(one, str)), *of_grids)))

    @cached_property
    def year(self) -> SiteYear:
        """The hours of the systems that it may have, each as it is likely; at the level of the site's figures."""
        years = [
            (part, site_year(self.hall(cooling), self.weather, self.grids)) for cooling, part in self.parts.items()
        ]
        if self.stated:
            years = [(part, one.at_published(self.site)) for part, one in years]
        pues, waters = ([part * getattr(one, name) for part, one in years] for name in ("pue", "wue_l_per_kwh"))
        return replace(years[0][1], pue=np.sum(pues, axis=0), wue_l_per_kwh=np.sum(waters, axis=0))

    @property
    def levels(self) -> list[str]:
        """The figures of the site's own to which the model's year is brought."""
        named = {"PUE": self.site.pue, "WUE": self.site.wue_l_per_kwh}
        return [name for name, fact in named.items() if self.stated and fact and is_own(fact)]

    def hall(self, cooling: str, it_load_ratio: Spread | None = None) -> Hall:
        """The site's hall with this cooling, at a load, its own, or a usual one."""
        hall, own = Hall(cooling, cast("Size", self.site.size)), self.site.it_load_ratio
        load = it_load_ratio or (Spread.exact(own) if own else None)
        return replace(hall, it_load_ratio=load) if load else hall

    def at_load(self, load_ratio: float | None) -> tuple[Spread, Spread]:
        """The modelled PUE [-] and WUE [L/kWh] of the year at a load, at its own or a usual one."""
        load = None if load_ratio is None else Spread.exact(load_ratio)
        drawn = [self.drawn(cooling, load) for cooling in self.parts]
        weights = list(self.parts.values())
        return mixed([_spread(one.pue) for one in drawn], weights), mixed(
            [_spread(one.wue_l_per_kwh) for one in drawn], weights
        )

    def drawn(self, cooling: str, load: Spread | None = None) -> DrawnYear:
        """The year of one system under draws."""
        return draw_year(Draws(SEED, DRAWS), self.hall(cooling, load), self.air)

    @cached_property
    def what_matters(self) -> list[tuple[str, float]]:
        """The inputs that move the likeliest system's PUE most, with their rank correlation [-]."""
        drawn = self.drawn(max(self.parts, key=lambda cooling: self.parts[cooling]))
        return drawn.what_matters(drawn.pue)

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind the year: the air, the numbers of every system that it may have, the grids."""
        years = (replace(self.year, hall=self.hall(cooling)) for cooling in self.parts)
        return tuple(dict.fromkeys(one for year in years for one in year.evidence))


def _spread(drawn: Hours) -> Spread:
    low, high = interval_of(drawn)
    return Spread(float(np.median(drawn)), low, high)


def year_page(site: Site, cooling: str | None, climate: str | None, weather_file: Path | None) -> YearPage | None:
    """The year of a site; None where neither its climate is known nor a weather given.

    Parameters
    ----------
    site : Site
        From the library or the user's file.
    cooling : str or None
        A system to try; the figures are then the model's alone.
    climate : str or None
        A climate to try, by id or name.
    weather_file : Path or None
        A year of hours.

    Raises
    ------
    ConfigError, DataMissing
        The cooling, the climate or the file is not known or cannot be read.
    """
    if cooling is not None:
        find_recipe(cooling)
    name = find_climate_id(climate) if climate else site.climate
    if weather_file is not None:
        weather = _weather(weather_file, name)
        air = air_of(weather)
    elif name is not None:
        weather, air = typical_year(find_climate(name)), air_of_climate(find_climate(name))
    elif cooling is not None:
        raise ConfigError(f"The climate of {site.id} is not known: add --weather FILE or --climate NAME.")
    else:
        return None
    tried = replace(site, climate=name, cooling=cooling or site.cooling)
    parts = cooling_parts(tried) if name is not None or tried.cooling else cooling_parts(_without_figures(tried))
    likely = {system: part for system, part in parts.items() if part >= LEAST_SAID}
    whole = sum(likely.values())
    shares = {system: part / whole for system, part in likely.items()}
    return YearPage(site, weather, shares, air.binned({}, BINS)[0], cooling is None and climate is None)


def _weather(path: Path, climate: str | None) -> Weather:
    """The weather of a file; one that does not say where it is has height and time zone of the climate's place."""
    if climate is None:
        return read_file(path)
    location = find_climate(climate).location
    return read_file(path, replace(location, place=f"{location.place} ({path.name})"))


def _without_figures(site: Site) -> Site:
    """Without a climate there is no modelled year to set figures against: each system is as likely."""
    return replace(site, pue=None, wue_l_per_kwh=None)


def lines_of(page: YearPage, width: int, *, everything: bool = False) -> Iterator[str]:
    """The page as lines of at most `width` columns; with `everything` the whole evidence, else what matters most."""
    yield f"A year of {page.weather.place}"
    yield from wrap(f"cooling: {cooling_said(page.parts)}", width, "  ", "  ")
    for note in page.weather.notes:
        yield from wrap(note, width, "  ", "  ")
    if page.levels:
        yield from wrap(
            f"{' and '.join(page.levels)}: published for the year; when in the year, modelled", width, "  ", "  "
        )
    yield ""
    yield from _months(page, width)
    for warning in page.warnings:
        yield from wrap(warning, width, "  ", "  ")
    yield ""
    yield from _loads(page, width)
    yield ""
    yield from wrap(f"What matters most to PUE: {', '.join(_what_matters(page))}.", width, "  ", "")
    yield ""
    yield from _evidence_lines(page, width, everything=everything)


def _series(page: YearPage) -> dict[str, Hours]:
    year = page.year
    named = {f"g/kWh of IT, {name.removesuffix(', average')}": hours for name, hours in year.g_per_it_kwh.items()}
    return {"PUE": year.pue, "WUE [L/kWh]": year.wue_l_per_kwh, **named}


def _months(page: YearPage, width: int) -> list[str]:
    head = [Cell(name) for name in ("by month", *MONTHS, "year")]
    body = [head]
    for name, hours in _series(page).items():
        form = ".0f" if name.startswith("g/kWh") else ".2f"
        means = [*page.year.by_month(hours), hours.mean()]
        body.append([Cell(name), *(Cell("-" if np.isnan(mean) else f"{mean:{form}}") for mean in means)])
    columns = (Column(least=18), *(Column(">") for _ in head[1:]))
    return table(body, columns, column_widths(body, columns, width))


def _loads(page: YearPage, width: int) -> list[str]:
    head = [Cell(name) for name in ("modelled, by load", *(f"{load:.0%}" for load in LOADS), _own_load(page.site))]
    found = [page.at_load(load) for load in (*LOADS, None)]
    body = [head]
    for name, place in (("PUE", 0), ("WUE [L/kWh]", 1)):
        body.append([Cell(name), *(Cell(_with_interval(pair[place])) for pair in found)])
    columns = (Column(least=18), *(Column(">") for _ in head[1:]))
    return table(body, columns, column_widths(body, columns, width))


def _own_load(site: Site) -> str:
    return f"its own, {site.it_load_ratio:.0%}" if site.it_load_ratio else "usual, 40 to 90 %"


def _with_interval(spread: Spread) -> str:
    return f"{spread.central:.2f} ({spread.p5:.2f}-{spread.p95:.2f})"


def _what_matters(page: YearPage) -> list[str]:
    return [f"{name} ({correlation:+.2f})" for name, correlation in page.what_matters]


def _evidence_lines(page: YearPage, width: int, *, everything: bool) -> Iterator[str]:
    """Each figure of the year with its source below it: all, or air and grid and what matters most to PUE."""
    own = {one.what for one in (*page.weather.evidence, *(grid.evidence() for grid in page.grids))}
    wanted = own | {name for name, _ in page.what_matters}
    shown = [one for one in page.evidence if everything or one.what in wanted]
    body = [[Cell(text) for text in ("evidence of the year", "value", "unit", "year", "")], *map(_evidence_row, shown)]
    columns = (Column(least=20), Column(">"), Column(), Column(), Column())
    lines = table(body, columns, column_widths(body, columns, width))
    yield lines[0]
    for line, one in zip(lines[1:], shown, strict=True):
        yield line
        yield from wrap(one.told_source, width, "    ", "    ")
    if len(shown) < len(page.evidence):
        yield f"and {len(page.evidence) - len(shown)} more: --evidence"


def _evidence_row(one: Evidence) -> list[Cell]:
    flag = "" if one.verified else "unverified"
    return [Cell(one.what), Cell(f"{one.value:.4g}"), Cell(one.unit), Cell(str(one.year or "")), Cell(flag)]


def document_of(page: YearPage) -> dict[str, object]:
    """The page for ``--json``."""
    year = page.year
    months = [
        {
            "month": month + 1,
            "pue": _number(year.by_month(year.pue)[month]),
            "wue_l_per_kwh": _number(year.by_month(year.wue_l_per_kwh)[month]),
            "g_per_it_kwh": {name: _number(year.by_month(of)[month]) for name, of in year.g_per_it_kwh.items()},
        }
        for month in range(12)
    ]
    loads = [
        {"load_ratio": load, "pue": _interval(pue), "wue_l_per_kwh": _interval(wue)}
        for load, (pue, wue) in ((load, page.at_load(load)) for load in (*LOADS, None))
    ]
    return {
        "place": page.weather.place,
        "notes": list(page.weather.notes),
        "cooling": dict(page.parts),
        "stated": page.levels,
        "pue": _number(year.pue.mean()),
        "wue_l_per_kwh": _number(year.wue_l_per_kwh.mean()),
        "months": months,
        "loads": loads,
        "what_matters": _what_matters(page),
        "grids": [
            {"family": family(grid), "basis": grid.basis, "source": grid.source, "warnings": list(grid.warnings)}
            for grid in page.grids
        ],
        "evidence": [_evidence(one) for one in page.evidence],
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def _interval(spread: Spread) -> dict[str, float]:
    return {"value": round(spread.central, 4), "p5": round(spread.p5, 4), "p95": round(spread.p95, 4)}


def _evidence(one: Evidence) -> dict[str, object]:
    return {
        "what": one.what,
        "value": one.value,
        "unit": one.unit,
        "year": one.year,
        "source": one.source,
        "verified": one.verified,
        "licence": one.licence,
        "note": one.note,
    }
