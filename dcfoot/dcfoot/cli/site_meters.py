"""A site's own meters beside its model: what ``dcfoot sites SITE`` adds where the site names a file of them.

In come the site's year and the hours of the file; out go metered PUE and WUE by month, what they leave over the model,
and what explains that, as lines and as JSON.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dcfoot.cli.site_grid import MONTHS
from dcfoot.cli.site_year import YearPage
from dcfoot.facility_drift import Finding, explain_power, explain_water
from dcfoot.facility_meter import HOUR, MeteredFacility, MeteredHours, metered_facility
from dcfoot.facility_model import FacilityState
from dcfoot.receipt.layout import Cell, Column, column_widths, table, wrap
from dcfoot.site import FacilityMeter
from dcfoot.site_year import hall_state
from dcfoot.sources.facility_meter import read_facility_meter
from dcfoot.weather import Weather

Hours = NDArray[np.float64]


@dataclass(frozen=True)
class MeterPage:
    """Metered beside modelled.

    Parameters
    ----------
    meter : FacilityMeter
        The file.
    page : YearPage
        The site's year; its likeliest cooling is the model.
    metered : MeteredHours
        What the file holds.
    """

    meter: FacilityMeter
    page: YearPage
    metered: MeteredHours

    @cached_property
    def cooling(self) -> str:
        """The system that the meters are set against."""
        return max(self.page.parts, key=lambda cooling: self.page.parts[cooling])

    @cached_property
    def state(self) -> FacilityState:
        """The model at the meters' hours: the same of its weather's calendar, where that is of another year."""
        weather = self.page.weather
        whole = hall_state(self.page.hall(self.cooling), weather)
        index = _same_hours(weather, self.times)
        named = {one.name: getattr(whole, one.name) for one in fields(whole)}
        return replace(whole, **{name: np.broadcast_to(values, len(weather))[index] for name, values in named.items()})

    @property
    def times(self) -> NDArray[np.datetime64]:
        """The starts of the meters' hours, in UTC."""
        return _times(self.metered.start, self.metered.it_power_w.size)

    @cached_property
    def facility(self) -> MeteredFacility:
        """The meters' hours, with what they leave over the model."""
        return metered_facility(self.state, self.metered.start, self.metered)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """Which parts explain what is left, of PUE and of WUE."""
        left = self.facility.pue_residual_ratio, self.facility.wue_residual_l_per_kwh
        return (*explain_power(self.state, left[0]), *explain_water(self.state, left[1]))

    def rows(self) -> dict[str, Hours]:
        """What the table shows, by month of UTC and of all hours that the meters know; NaN where there is none."""
        seen = self.facility
        pairs = {
            "PUE": (seen.pue, seen.pue_residual_ratio),
            "WUE [L/kWh]": (seen.wue_l_per_kwh, seen.wue_residual_l_per_kwh),
        }
        named = {
            f"{name}, {what}": values
            for name, (metered, left) in pairs.items()
            for what, values in (("metered", np.where(np.isnan(left), np.nan, metered)), ("metered - modelled", left))
        }
        return {name: self._by_month(values) for name, values in named.items() if not np.isnan(values).all()}

    def _by_month(self, values: Hours) -> Hours:
        known = ~np.isnan(values)
        month = (self.times.astype("datetime64[M]").astype(np.int64) % 12)[known]
        counts = np.bincount(month, minlength=12)
        sums = np.bincount(month, values[known], minlength=12)
        with np.errstate(invalid="ignore"):
            return np.append(sums / counts, values[known].mean())


def meter_page(meter: FacilityMeter, page: YearPage) -> MeterPage:
    """The file of a site's meters beside its year.

    Parameters
    ----------
    meter : FacilityMeter
        The file.
    page : YearPage
        Of the same site.

    Raises
    ------
    ConfigError, DataMissing
        The file cannot be used.
    """
    return MeterPage(meter, page, read_facility_meter(meter.path, meter.category))


def _times(start: object, count: int) -> NDArray[np.datetime64]:
    first = np.datetime64(str(start)[:16].replace(" ", "T"), "h")
    return first + np.arange(count) * np.timedelta64(1, "h")


def _same_hours(weather: Weather, times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Which hour of a weather stands for each moment: its own, else the same of its calendar."""
    ours = _times(weather.start, len(weather))
    index: NDArray[np.int64] = ((times - ours[0]) // np.timedelta64(1, "h")).astype(np.int64)
    if index[0] >= 0 and index[-1] < len(weather):
        return index
    places = {key: place for place, key in enumerate(_calendar(ours))}
    return np.array([places.get(key, places.get(key - 24, 0)) for key in _calendar(times)])  # 29 February is the 28th


def _calendar(times: NDArray[np.datetime64]) -> list[int]:
    """Month, day and hour as one number, with the hours of a day after those of the day before."""
    month = times.astype("datetime64[M]").astype(np.int64) % 12
    day = (times.astype("datetime64[D]") - times.astype("datetime64[M]").astype("datetime64[D]")).astype(np.int64)
    keys: list[int] = ((month * 31 + day) * 24 + times.astype(np.int64) % 24).tolist()
    return keys


def lines_of(page: MeterPage, width: int) -> Iterator[str]:
    """The page as lines of at most `width` columns."""
    last = page.metered.start + (page.metered.it_power_w.size - 1) * HOUR
    yield f"Metered, {page.metered.start:%Y-%m-%d} to {last:%Y-%m-%d} ({page.meter.path.name}, {page.meter.category})"
    yield from wrap(f"set against {page.cooling} in {_weather_said(page)}", width, "  ", "  ")
    head = [Cell(name) for name in ("by month, UTC", *MONTHS, "all")]
    body = [head]
    for name, means in page.rows().items():
        form = "+.2f" if "-" in name else ".2f"
        body.append([Cell(name), *(Cell("-" if np.isnan(mean) else f"{mean:{form}}") for mean in means)])
    columns = (Column(least=18), *(Column(">") for _ in head[1:]))
    yield from table(body, columns, column_widths(body, columns, width))
    yield ""
    for finding in page.findings:
        yield from wrap(f"What explains it: {finding}.", width, "  ", "")
    if not page.findings:
        yield from wrap("No part of the model surely explains what is left.", width, "  ", "")


def _weather_said(page: MeterPage) -> str:
    year = page.page.actual_year
    if year is None:
        return "a typical year: what the weather itself did is in what is left; --weather FILE takes it out"
    return f"the weather of {year}"


def document_of(page: MeterPage) -> dict[str, object]:
    """The page for ``--json``."""
    known = {name: [_number(mean) for mean in means] for name, means in page.rows().items()}
    return {
        "file": page.meter.path.name,
        "category": page.meter.category,
        "start": page.metered.start.isoformat(),
        "hours": page.metered.it_power_w.size,
        "cooling": page.cooling,
        "weather_year": page.page.actual_year,
        "months": {name: means[:-1] for name, means in known.items()},
        "all": {name: means[-1] for name, means in known.items()},
        "findings": [
            {
                "part": one.part,
                "level_ratio": one.level_ratio,
                "drift_ratio_per_year": one.drift_ratio_per_year,
                "explained_ratio": one.explained_ratio,
                "said": str(one),
            }
            for one in page.findings
        ],
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
