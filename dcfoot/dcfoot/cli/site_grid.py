"""The hours of a site's grid for people and programs: what ``dcfoot sites SITE --hourly SOURCE`` adds.

In come a site, a source of hours and a year; out go its factors by month and by hour of the day, as lines and as JSON,
and the series themselves, for the site's year (`dcfoot.cli.site_year`).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dcfoot.errors import ConfigError
from dcfoot.factors.hourly import HOUR, HourlyFactors, Window
from dcfoot.receipt.layout import Cell, Column, column_widths, table, wrap
from dcfoot.site import Site
from dcfoot.sources.hourly_source import hourly_source

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

BLOCK_H = 3
"""Hours of the day that stand together in the table [h]. A choice: eight columns fit a page."""


@dataclass(frozen=True, slots=True)
class GridPage:
    """The hours of a site's grid.

    Parameters
    ----------
    window : Window
        Which hours were wanted.
    series : tuple of HourlyFactors
        Whole, one a family.
    warnings : tuple of str
        What is missing, or was filled.
    """

    window: Window
    series: tuple[HourlyFactors, ...]
    warnings: tuple[str, ...]


def grid_page(site: Site, named: str, year: int | None) -> GridPage:
    """The hours of a site's grid.

    Parameters
    ----------
    site : Site
        Whose grid.
    named : str
        A source as `dcfoot.sources.hourly_source` takes it; a file is taken with all of its hours.
    year : int or None
        What a service is asked for, in UTC; None for the last whole year.

    Raises
    ------
    ConfigError
        There is no source of that name, or it cannot serve this site.
    DataMissing
        There is no such file.
    """
    source = hourly_source(named)
    if source is None:
        raise ConfigError(f"hourly: {named} has typical hours, which the page of a site shows without it.")
    source.require(site)
    window = source.own_window() or _year(year or datetime.now(UTC).year - 1)
    return GridPage(window, *source.hours(site, window))


def _year(year: int) -> Window:
    start, end = (datetime(one, 1, 1, tzinfo=UTC) for one in (year, year + 1))
    return Window(start, int((end - start) / HOUR))


def family_name(series: HourlyFactors) -> str:
    """What a series is called in a table: ``"direct CO2"``, ``"direct CO2, marginal"``."""
    return f"{series.boundary} {series.gas}, {series.method}".removesuffix(", average")


def lines_of(page: GridPage, width: int) -> Iterator[str]:
    """The page as lines of at most `width` columns."""
    last = page.window.end - HOUR
    yield f"The grid's hours, {page.window.start:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC [g/kWh]"
    for one in page.series:
        yield from wrap(f"{family_name(one)}: {one.source}, {one.estimated_ratio:.0%} estimated", width, "  ", "  ")
    if page.series:
        yield ""
        yield from _table(page, ("by month", *MONTHS, "mean"), _months, width)
        yield ""
        blocks = [f"{hour:02}-{hour + BLOCK_H:02}" for hour in range(0, 24, BLOCK_H)]
        yield from _table(page, ("by hour, UTC", *blocks, "least", "most"), _blocks, width)
    for warning in page.warnings:
        yield from wrap(warning, width, "  ", "! ")


def _table(
    page: GridPage, heads: Iterable[str], row: Callable[[HourlyFactors], Iterable[float | None]], width: int
) -> list[str]:
    def cells(one: HourlyFactors) -> list[Cell]:
        return [Cell(family_name(one)), *(Cell("-" if value is None else f"{value:.0f}") for value in row(one))]

    body = [[Cell(head) for head in heads], *map(cells, page.series)]
    columns = (Column(least=18), *(Column(">") for _ in body[0][1:]))
    return table(body, columns, column_widths(body, columns, width))


def _months(series: HourlyFactors) -> list[float | None]:
    return [*_means(series, lambda start: start.month - 1, 12), series.mean_g_per_kwh]


def _blocks(series: HourlyFactors) -> list[float | None]:
    known = [value for value in series.g_per_kwh if value is not None]
    return [*_means(series, lambda start: start.hour // BLOCK_H, 24 // BLOCK_H), min(known), max(known)]


def _means(series: HourlyFactors, place: Callable[[datetime], int], count: int) -> list[float | None]:
    """The mean of the hours of each place; None where there is none."""
    found: Mapping[int, list[float]] = {index: [] for index in range(count)}
    for start, value in zip(series.window.starts(), series.g_per_kwh, strict=True):
        if value is not None:
            found[place(start)].append(value)
    return [sum(values) / len(values) if values else None for values in found.values()]


def document_of(page: GridPage) -> dict[str, object]:
    """The page for ``--json``."""
    return {
        "start": page.window.start.isoformat(),
        "end": page.window.end.isoformat(),
        "families": [
            {
                "zone": one.zone,
                "boundary": one.boundary,
                "gas": one.gas,
                "method": one.method.accounting,
                "mean_g_per_kwh": one.mean_g_per_kwh,
                "months_g_per_kwh": _means(one, lambda start: start.month - 1, 12),
                "hours_of_day_g_per_kwh": _means(one, lambda start: start.hour, 24),
                "estimated_ratio": one.estimated_ratio,
                "basis": one.basis,
                "source": one.source,
                "licence": one.licence,
            }
            for one in page.series
        ],
        "warnings": list(page.warnings),
    }
