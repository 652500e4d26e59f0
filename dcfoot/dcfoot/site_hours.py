"""A site at the hours of a run: PUE, WUE and grid factors by month and hour of a typical year, without numpy.

In come a `Site` and a run's start and end; out goes the site with the figures of these hours. A site's yearly figures
stay the level: the model says when in the year they are higher or lower, from small tables that
``benchmarks/derive_site_hours.py`` makes of the full model, one a climate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import exp, hypot, log, sqrt
from typing import NamedTuple

from dcfoot.climate_place import climate_name
from dcfoot.draws import Z95, Spread
from dcfoot.evidence import Evidence, Fact
from dcfoot.grid import GridFactor, Method, Resolution
from dcfoot.reading import Basis
from dcfoot.site import Site
from dcfoot.tables import Row, rows_of

UNKNOWN_COOLING = ("airside_economizer", "airside_adiabatic", "waterside_economizer", "water_chiller", "air_chiller")
"""What a hall may have of which nobody says it, equally likely before its PUE and WUE are looked at. A judgement: these
are the systems that operators of large halls write of, and no source counts them."""

BLOCK_H = 3
"""Hours of the day that share a value of the tables [h]. A choice: PUE moves by 0.01 in them at most days."""

BLOCKS = 24 // BLOCK_H

LOADS = (0.25, 0.5, 0.75, 1.0)
"""The loads at which a site is shown, and of which the tables have a level [-]: those of EN 50600-4-2 and of makers'
data sheets."""

UNIT = 0.01
"""What the tables' whole numbers count: hundredths of the year's mean overhead or water [-]"""

PERSISTENCE_RATIO = 0.65
"""Correlation of a day with the day before (`dcfoot.weather.relations`): how fast the weather's part of the doubt, and
the grid's, is averaged away in a longer run [-]"""

DAYS_PER_YEAR = 365

MOST_WUE_L_PER_KWH = 3.5
"""No hour takes more water [L/kWh]: all heat at a PUE of 1.2 evaporated (2.45 MJ/kg), as much again as blowdown (two
cycles of concentration)"""

OF_HOURS = {"pue": "overhead (PUE - 1)", "wue": "WUE"}
"""What stands before "at these hours" in the evidence of a metric."""

LEAST_SAID = 0.01
"""A system that is less likely than this is left out [-]. A choice."""

SOURCE = "dcfoot's facility model on the typical year of {place} (docs/sites.md)"

Cells = Sequence[Sequence[float]]
"""Twelve months by the blocks of a day in UTC."""


class YearShape(NamedTuple):  # a receipt pays 1 ms for a dataclass
    """When in a year a facility's overhead or water is higher or lower than the year's mean.

    Parameters
    ----------
    multipliers : tuple of tuple
        Twelve months by eight blocks of three hours in UTC, over the year's mean [-]
    system : tuple of tuple
        5th and 95th percentile of what the facility's unknown numbers add, by month [-]
    weather : tuple of tuple
        The same of one hour's weather beside its month's [-]
    """

    multipliers: Cells
    system: Cells
    weather: Cells

    def over(self, start: datetime, end: datetime) -> Spread:
        """The mean multiplier of a stretch of time, with its interval [-].

        The doubt of the facility is gone over a whole year, whose mean is the level; that of the weather is averaged
        over the days that it does not share with the day before.

        Parameters
        ----------
        start, end : datetime
            Of the run, with their time zone.
        """
        shares = time_shares(start, end, BLOCK_H)
        central = _mean(self.multipliers, shares)
        days = _days(start, end)
        season, chance = sqrt(max(0.0, 1 - days / DAYS_PER_YEAR)), 1 / sqrt(independent_days(days))
        reach = [
            hypot(season * _month_mean(self.system, shares, side), chance * _month_mean(self.weather, shares, side))
            for side in (0, 1)
        ]
        return Spread(central, max(0.0, central - reach[0]), central + reach[1])


def time_shares(start: datetime, end: datetime, block_h: int) -> Mapping[tuple[int, int], float]:
    """How much of a stretch of time lies in each month and block of the day, in UTC [-].

    Parameters
    ----------
    start, end : datetime
        With their time zone; an instant lies in its own block.
    block_h : int
        How long a block is, a divisor of 24 [h]
    """
    at, end = start.astimezone(UTC), end.astimezone(UTC)
    whole_s = (end - at).total_seconds()
    shares: dict[tuple[int, int], float] = {}
    while True:
        block = at.hour // block_h
        edge = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=(block + 1) * block_h)
        until = min(edge, end)
        part = (until - at).total_seconds() / whole_s if whole_s > 0 else 1.0
        cell = at.month - 1, block
        shares[cell] = shares.get(cell, 0.0) + part
        if until >= end:
            return shares
        at = until


def independent_days(days: float) -> float:
    """How many days' worth of independent weather a stretch of days has: the first, and a part of each further one.

    Source: von Storch and Zwiers 1999, Statistical Analysis in Climate Research, 17.1: ``(1 - r) / (1 + r)``.

    Parameters
    ----------
    days : float
        How long it is.
    """
    return 1 + max(0.0, days - 1) * (1 - PERSISTENCE_RATIO) / (1 + PERSISTENCE_RATIO)


def _days(start: datetime, end: datetime) -> float:
    return (end - start) / timedelta(days=1)


def _mean(cells: Cells, shares: Mapping[tuple[int, int], float]) -> float:
    return sum(share * cells[month][block] for (month, block), share in shares.items())


def _month_mean(cells: Cells, shares: Mapping[tuple[int, int], float], side: int) -> float:
    return sum(share * cells[month][side] for (month, _), share in shares.items())


def year_shape(climate: str, metric: str, cooling: str) -> YearShape:
    """The shape of a climate's year for a cooling system that gives off heat in its usual way.

    Parameters
    ----------
    climate : str
        Its id.
    metric : str
        ``"pue"`` (of its part above 1) or ``"wue"``.
    cooling : str
        One of the library's.
    """
    row = _row(climate, metric, cooling, "large")
    months = [[UNIT * float(part) for part in row[f"m{month:02}"].split()] for month in range(1, 13)]
    return YearShape(
        [month[:BLOCKS] for month in months],
        [month[BLOCKS : BLOCKS + 2] for month in months],
        [month[BLOCKS + 2 :] for month in months],
    )


def _row(climate: str, metric: str, cooling: str, size: str) -> Row:
    found = rows_of(f"site_hours/{climate}", cooling)
    return next(row for row in found if (row["metric"], row["size"]) == (metric, size))


def modelled_spread(climate: str, metric: str, cooling: str, size: str, it_load_ratio: float | None = None) -> Spread:
    """The yearly PUE [-] or WUE [L/kWh] of a cooling system in a climate, as the model has it.

    At a known load its overhead or water is another; the interval keeps its reach beside it, though one input less is
    in doubt: the others make most of it.

    Parameters
    ----------
    climate, metric, cooling
        As in `year_shape`.
    size : str
        ``"large"``, ``"midsize"``, ``"small"``.
    it_load_ratio : float or None
        IT power over IT capacity, the year round, from the least of `LOADS` to the most; None: not known, a usual one
        [-]
    """
    row = _row(climate, metric, cooling, size)
    least = 1.0 if metric == "pue" else 0.0
    above = (float(row[name]) - least for name in ("p5", "central", "p95"))
    factor = 1.0 if it_load_ratio is None else _load_multiplier(row, it_load_ratio)
    low, central, high = (least + factor * part for part in above)
    return Spread(central, low, high, least)


def _load_multiplier(row: Row, it_load_ratio: float) -> float:
    """The overhead or water at a load over that at a usual one [-], on straight lines of power between the loads."""
    known = [UNIT * float(part) for part in row["loads"].split()]
    place = min(max(int(it_load_ratio / LOADS[0]) - 1, 0), len(LOADS) - 2)
    (low, high), (below, above) = LOADS[place : place + 2], known[place : place + 2]
    part = (it_load_ratio - low) / (high - low)
    return (low * below + part * (high * above - low * below)) / it_load_ratio


def modelled_year(climate: str, metric: str, cooling: str, size: str, it_load_ratio: float | None = None) -> Fact:
    """The same with what stands behind it: a level where nobody has published one."""
    spread = modelled_spread(climate, metric, cooling, size, it_load_ratio)
    what, unit = f"{metric.upper()} ({cooling}, {size}, {climate})", "L/kWh" if metric == "wue" else ""
    source, note = SOURCE.format(place=climate_name(climate)), f"a typical year, {_load_said(it_load_ratio)}"
    return Fact(spread, Basis.MODELLED, Evidence(what, spread.central, unit, None, source, verified=False, note=note))


def _load_said(it_load_ratio: float | None) -> str:
    return "at loads of 40 to 90 %" if it_load_ratio is None else f"at a load of {100 * it_load_ratio:.0f} %"


def cooling_parts(site: Site) -> Mapping[str, float]:
    """The cooling systems that a site with a climate may have, and how likely each is [-].

    Where nobody says it, the site's own yearly PUE and WUE do: a system counts as its modelled year agrees with them,
    both with their intervals (Bayes' rule, from equal parts).
    """
    if site.cooling is not None:
        return {site.cooling: 1.0}
    logs = {cooling: _log_likelihood(site, cooling) for cooling in UNKNOWN_COOLING}
    most = max(logs.values())
    weights = {cooling: exp(log - most) for cooling, log in logs.items()}
    whole = sum(weights.values())
    return {cooling: weight / whole for cooling, weight in weights.items()}


def _log_likelihood(site: Site, cooling: str) -> float:
    """Of the site's yearly figures, if it had this cooling; each side of an interval as a normal distribution's."""
    climate = str(site.climate)
    pairs = [
        (fact.spread, modelled_spread(climate, metric, cooling, site.size, site.it_load_ratio))
        for metric, fact in (("pue", site.pue), ("wue", site.wue_l_per_kwh))
        if fact is not None and is_own(fact)
    ]
    return sum(_log_agreement(stated, modelled) for stated, modelled in pairs)


def _log_agreement(stated: Spread, modelled: Spread) -> float:
    higher = stated.central > modelled.central
    towards = modelled.p95 - modelled.central if higher else modelled.central - modelled.p5
    back = stated.central - stated.p5 if higher else stated.p95 - stated.central
    deviation = hypot(towards, back) / Z95 or 1e-9  # two exact figures either agree or do not
    return -(((stated.central - modelled.central) / deviation) ** 2) / 2 - log(deviation)


def mixed(spreads: Sequence[Spread], weights: Sequence[float]) -> Spread:
    """What is one of several, as likely as its weight: their mean, and an interval of within and between them.

    It reaches no further than theirs: below the lowest 5th percentile of all lie at most 5 % of each, so of the whole.

    Parameters
    ----------
    spreads : sequence of Spread
        In any unit.
    weights : sequence of float
        Of each, in any unit.
    """
    whole = sum(weights)
    parts = [weight / whole for weight in weights]
    mean = sum(part * spread.central for part, spread in zip(parts, spreads, strict=True))
    # A mean lies between what it is of, which rounding forgets.
    central = min(max(mean, min(spread.central for spread in spreads)), max(spread.central for spread in spreads))

    def reach(sides: Sequence[float]) -> float:
        between = [Z95 * (spread.central - central) for spread in spreads]
        return sqrt(sum(part * (w**2 + b**2) for part, w, b in zip(parts, sides, between, strict=True)))

    low = reach([spread.central - spread.p5 for spread in spreads])
    high = reach([spread.p95 - spread.central for spread in spreads])
    lowest, highest = min(spread.p5 for spread in spreads), max(spread.p95 for spread in spreads)
    return Spread(central, max(lowest, central - low), min(highest, central + high))


class _Run(NamedTuple):
    """When a run takes place, and what its site may be."""

    site: Site
    climate: str
    parts: Mapping[str, float]
    start: datetime
    end: datetime

    def over(self, metric: str) -> Spread:
        """The multiplier of these hours over the systems that the site may have.

        To its water each system counts by what it uses: towers that run all year say more of it than pads in August.
        """
        weights = {
            cooling: part * (self._water_l_per_kwh(cooling) if metric == "wue" else 1.0)
            for cooling, part in self.parts.items()
            if part >= LEAST_SAID
        }
        if not any(weights.values()):
            return Spread.exact(1.0)
        shapes = [year_shape(self.climate, metric, cooling).over(self.start, self.end) for cooling in weights]
        return mixed(shapes, list(weights.values()))

    def _water_l_per_kwh(self, cooling: str) -> float:
        return modelled_spread(self.climate, "wue", cooling, self.site.size, self.site.it_load_ratio).central

    def evidence(self, what: str, over: Spread) -> Evidence:
        return Evidence(
            f"{what} at these hours of a typical year, over the year's",
            round(over.central, 3),
            "",
            None,
            SOURCE.format(place=climate_name(self.climate)),
            verified=True,  # against the full model, by a test
            note=f"{over.p5:.2f} to {over.p95:.2f}; cooling {cooling_said(self.parts)}",
        )


def at_run(site: Site, start: datetime, end: datetime) -> Site:
    """The site with its PUE, its WUE and its grid's hours as they are when a run takes place.

    A figure that stands in for the site's own, a fleet's or a nation's, stays the year's. Its yearly grid factors stay
    too: an inventory takes them. Those of the hours stand beside them, in `Site.hourly_factors`.

    Parameters
    ----------
    site : Site
        With the figures of a year.
    start, end : datetime
        Of the run, with their time zone.
    """
    hourly = tuple(found for factor in site.factors if (found := _factor_at(factor, site, start, end)))
    resolved = replace(site, hourly_factors=hourly)
    if site.climate is None:
        return resolved
    run = _Run(site, site.climate, cooling_parts(site), start, end)
    if site.pue is not None and is_own(site.pue):
        over = run.over("pue")
        said = run.evidence(OF_HOURS["pue"], over)
        resolved = replace(resolved, pue=_pue_at(site.pue, over), hours_evidence=(said,))
    if site.wue_l_per_kwh is not None and is_own(site.wue_l_per_kwh):
        over = run.over("wue")
        said = run.evidence(OF_HOURS["wue"], over)
        water = _wue_at(site.wue_l_per_kwh, over)
        resolved = replace(resolved, wue_l_per_kwh=water, hours_evidence=(*resolved.hours_evidence, said))
    return resolved


def pue_of_year(site: Site, pue: Fact, start: datetime, end: datetime) -> Fact:
    """A PUE that was stated of a period, brought to the year by the model: a summer's is higher than its year's.

    Parameters
    ----------
    site : Site
        With the same stated PUE.
    pue : Fact
        Of the period.
    start, end : datetime
        The period, with its time zone.
    """
    if site.climate is None:
        return pue
    over = _Run(site, site.climate, cooling_parts(site), start, end).over("pue")
    period = Spread(1 / over.central, 1 / over.p95, 1 / max(over.p5, UNIT))
    return _pue_at(pue, period)


def is_own(fact: Fact) -> bool:
    """Whether a figure is the site's own: one that stands in, of a fleet or a nation, has no hours to be resolved."""
    return fact.basis is not Basis.DEFAULT


def _pue_at(pue: Fact, over: Spread) -> Fact:
    year = pue.spread
    overhead = product(Spread(year.central - 1, max(0.0, year.p5 - 1), year.p95 - 1), over)
    spread = Spread(1 + overhead.central, 1 + overhead.p5, 1 + overhead.p95, 1.0)
    return replace(pue, spread=spread, basis=Basis.MODELLED)


def _wue_at(year: Fact, over: Spread) -> Fact:
    most = max(MOST_WUE_L_PER_KWH, year.spread.p95)
    found = product(year.spread, over)
    spread = Spread(min(found.central, most), min(found.p5, most), min(found.p95, most))
    return replace(year, spread=spread, basis=Basis.MODELLED)


def product(one: Spread, two: Spread) -> Spread:
    """Two independent amounts multiplied: reaches add in quadrature, to first order (JCGM 100:2008, 5.1.2)."""
    central = one.central * two.central
    low = hypot((one.central - one.p5) * two.central, (two.central - two.p5) * one.central)
    high = hypot((one.p95 - one.central) * two.central, (two.p95 - two.central) * one.central)
    return Spread(central, max(0.0, central - low), central + high)


def cooling_said(parts: Mapping[str, float]) -> str:
    """The cooling of a site with a climate, or what it may be and how likely.

    Parameters
    ----------
    parts : mapping of str to float
        From `cooling_parts`.
    """
    likely = sorted(((cooling, part) for cooling, part in parts.items() if part >= LEAST_SAID), key=lambda one: -one[1])
    if len(likely) == 1:
        return likely[0][0]
    return f"not known: {', '.join(f'{part:.0%} {cooling}' for cooling, part in likely)}"


def _factor_at(factor: GridFactor, site: Site, start: datetime, end: datetime) -> GridFactor | None:
    """An average factor at these hours, by the shape of its grid; None where no shape is known."""
    if factor.method is not Method.AVERAGE or not any(row["shape"] for row in rows_of("grid_zones", site.grid_zone)):
        return None
    from dcfoot.factors.typical_day import shape_of  # only where there is one

    shape = shape_of(site.grid_zone, factor.boundary)
    if shape is None:
        return None
    central = _mean(shape.multipliers, time_shares(start, end, 1))
    return replace(
        factor,
        g_per_kwh=product(factor.g_per_kwh, averaged(central, shape.residual, start, end)),
        basis=Basis.worst(Basis.MODELLED, factor.basis),
        source=f"{factor.source} ({factor.year}), shaped by month and hour: {shape.source}, {shape.year}",
        resolution=Resolution.TYPICAL_HOURS,
    )


def averaged(central: float, residual: Spread, start: datetime, end: datetime) -> Spread:
    """The mean of a stretch of hours, each of which may lie beside what is said of it.

    Parameters
    ----------
    central : float
        The mean, in any unit.
    residual : Spread
        Of one hour: true over stated [-]
    start, end : datetime
        Of the stretch, with their time zone.
    """
    chance = central / sqrt(independent_days(_days(start, end)))
    low, high = (1 - residual.p5) * chance, (residual.p95 - 1) * chance
    return Spread(central, max(0.0, central - low), central + high)
