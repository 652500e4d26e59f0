"""A site's year as a picture: PUE and WUE of each hour, days from left to right, hours of the day upwards.

matplotlib is the extra ``report``: without it, an error says how to get it.
"""

from pathlib import Path

import numpy as np

from dcfoot.errors import ConfigError
from dcfoot.site_year import SiteYear
from dcfoot.weather.year import Hours

WIDE_IN, HIGH_IN = 9.0, 6.0
"""Of the picture, at 150 dots an inch: as wide as a page [in]"""

MONTH_STARTS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def draw(year: SiteYear, title: str, path: Path) -> None:
    """Draws the year's heat maps into a file.

    Parameters
    ----------
    year : SiteYear
        The year.
    title : str
        Above it.
    path : Path
        Its ending says which format: ``.png``, ``.svg``, ``.pdf``.

    Raises
    ------
    ConfigError
        matplotlib is not installed, or cannot write such a file.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.colors import PowerNorm
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise ConfigError("Pictures need matplotlib: python -m pip install 'dcfoot[report]'") from missing
    figure = Figure(figsize=(WIDE_IN, HIGH_IN), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for axes, hours, name, colours in (
        (upper, year.pue, "PUE", "YlOrRd"),
        (lower, year.wue_l_per_kwh, "WUE [L/kWh]", "YlGnBu"),
    ):
        # By the square root: a few hot days would take all the colour, and hide how the others differ.
        image = axes.imshow(
            by_day(year, hours),
            aspect="auto",
            origin="lower",
            extent=(0, len(hours) / 24, 0, 24),
            cmap=colours,
            norm=PowerNorm(0.5, float(np.min(hours)), float(np.max(hours))),
            interpolation="nearest",
        )
        figure.colorbar(image, ax=axes, label=name)  # pyright: ignore[reportUnknownMemberType]
        axes.set_ylabel("local standard time")
        axes.set_yticks([0, 6, 12, 18, 24], ["0:00", "6:00", "12:00", "18:00", "24:00"])
        axes.set_title(
            f"{name}: {hours.mean():.2f} over the year, {hours.min():.2f} to {hours.max():.2f} in its hours",
            fontsize=10,
            loc="left",
        )
    lower.set_xticks(MONTH_STARTS, MONTH_NAMES, ha="left")
    lower.set_xlim(0, len(year.pue) / 24)
    figure.suptitle(title, fontsize=11)  # pyright: ignore[reportUnknownMemberType]
    try:
        figure.savefig(path)  # pyright: ignore[reportUnknownMemberType]
    except (OSError, ValueError) as fault:
        raise ConfigError(f"The picture {path} cannot be written: {fault}") from fault


def by_day(year: SiteYear, values: Hours) -> Hours:
    """A series as a table of the 24 hours of the day by its days, in the place's standard time, in its unit.

    Parameters
    ----------
    year : SiteYear
        Whose hours they are.
    values : array
        By hour.
    """
    local = year.weather.local_times
    day = (local.astype("datetime64[D]") - local[0].astype("datetime64[D]")).astype(np.int64)
    hour = local.astype("datetime64[h]").astype(np.int64) % 24
    found = np.full((24, int(day[-1]) + 1), np.nan)
    found[hour, day] = values
    return found
