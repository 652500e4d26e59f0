"""A site at the actual hours of a run, where somebody knows those of its grid: no typical day, no numpy.

In come a `Site` and the series of its grid, out goes the site whose `hourly_factors` are those of the run's own hours.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from dcfoot.factors.hourly import HourlyFactors
from dcfoot.grid import GridFactor, Resolution
from dcfoot.site import Site
from dcfoot.site_hours import averaged, product


def with_actual_hours(site: Site, grids: Sequence[HourlyFactors], start: datetime, end: datetime) -> Site:
    """The site with its grid's own hours in the place of typical ones, and beside them what no year is known of.

    Parameters
    ----------
    site : Site
        At the typical hours of the run (`dcfoot.site_hours.at_run`).
    grids : sequence of HourlyFactors
        Of hours that hold the run; a series with a gap in it is left out.
    start, end : datetime
        Of the run, with their time zone; its power is taken as even.
    """
    actual = [found for grid in grids if (found := _actual(grid, start, end))]
    known = {factor.family for factor in actual}
    typical = (factor for factor in site.hourly_factors if factor.family not in known)
    return replace(site, hourly_factors=(*typical, *actual))


def _actual(grid: HourlyFactors, start: datetime, end: datetime) -> GridFactor | None:
    central = grid.mean_over(start, end)
    if central is None:
        return None
    return GridFactor(
        grid.zone,
        grid.zone,
        *grid.family,
        start.year,
        product(grid.level, averaged(central, grid.residual, start, end)),
        grid.basis,
        grid.source,
        verified=False,
        note=f"{grid.estimated_ratio:.0%} of its hours estimated",
        licence=grid.licence,
        resolution=Resolution.ACTUAL_HOURS,
    )
