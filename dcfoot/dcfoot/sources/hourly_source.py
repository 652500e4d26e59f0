"""Where the hours of a grid come from, as a user names it: ``entsoe``, ``electricity_maps:IT-NO``, ``hours.csv``.

What comes in is that name, a site and a window of hours, what goes out are the series of every family that the source
has, whole, and what the reader must know. Asking never raises; what can be known before a job starts is judged by
`HourlySource.require`.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

from dcfoot.errors import ConfigError, DcfootError, ServiceUnavailable
from dcfoot.factors.hourly import HOUR, HourlyFactors, Window
from dcfoot.factors.shapes import shaped
from dcfoot.grid import Boundary, Method
from dcfoot.site import Site
from dcfoot.sources.grid_hours import SOURCES, fetch_hours, service_zone, source
from dcfoot.sources.hourly_csv import boundaries_in, read_hourly_csv
from dcfoot.sources.hourly_service import GASES
from dcfoot.threads import within
from dcfoot.web import Web

SHAPE = "shape"
"""The name of doing without: a typical day of each month (`dcfoot.factors.shapes`)."""

URL_VARIABLE = "DCFOOT_HOURLY_URL"
"""Another root of the service than its public one: a mirror, or a test's own server."""


class Found(NamedTuple):
    """What a source knows of a window: one whole series a family, and what the reader must know of the rest."""

    series: tuple[HourlyFactors, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HourlySource:
    """A source of hours that the user named.

    Parameters
    ----------
    name : str
        A service of `SOURCES`; empty for a file.
    own_zone : str or None
        What the service calls the grid; None to look it up.
    path : Path or None
        A file of the user's own.
    """

    name: str
    own_zone: str | None = None
    path: Path | None = None

    def __str__(self) -> str:
        """As it was named, a file with its whole path."""
        return str(self.path) if self.path else ":".join(filter(None, (self.name, self.own_zone)))

    @property
    def is_of_one_grid(self) -> bool:
        """Whether it describes one grid only, wherever a run takes place."""
        return self.path is not None or self.own_zone is not None

    def own_window(self) -> Window | None:
        """The hours that a file holds; None for a service, which may be asked for any.

        Raises
        ------
        ConfigError, DataMissing
            As of `require`.
        """
        if self.path is None:
            return None
        boundary = boundaries_in(self.path)[0]
        return read_hourly_csv(self.path, "", boundary, gas=GASES[boundary]).window

    def require(self, site: Site | None, environ: Mapping[str, str] | None = None) -> None:
        """Refuses what can be seen to fail before anybody is asked.

        Parameters
        ----------
        site : Site or None
            Whose hours will be wanted; None where that is not known yet.
        environ : Mapping[str, str] or None
            Holds the keys; None for this process's environment.

        Raises
        ------
        ConfigError
            No site was named, the service calls its grid nothing that is known, a key is missing, or the file has
            faults.
        DataMissing
            There is no such file.
        """
        if site is not None and not site.chosen and not self.own_zone:
            raise ConfigError(f"{self} has the hours of one grid: say which by --site, --country or --region.")
        if self.path is not None:
            for boundary in boundaries_in(self.path):
                read_hourly_csv(self.path, "", boundary, gas=GASES[boundary])
            return
        source(self.name).SERVICE.keys(os.environ if environ is None else environ)
        if site is not None and not self.own_zone:
            service_zone(self.name, site.grid_zone)

    def hours(
        self, site: Site, window: Window, *, web: Web | None = None, environ: Mapping[str, str] | None = None
    ) -> Found:
        """The hours of a site's grid, of every family that the source has. Never raises.

        An hour that it does not know is taken from the site's yearly factor of the same family, by its shape, with a
        warning; where there is none, the family is left out.

        Parameters
        ----------
        site : Site
            Whose grid.
        window : Window
            Which hours.
        web : Web or None
            None for the user's own cache.
        environ : Mapping[str, str] or None
            As for `require`.
        """
        told: list[HourlyFactors | str] = []
        try:
            for one in self._asked(site, window, web, os.environ if environ is None else environ):
                told.append(one)  # noqa: PERF402 (what comes before a fault counts)
        except DcfootError as fault:
            told.append("; ".join(str(fault).splitlines()))
        except Exception as fault:  # noqa: BLE001 (a receipt does not fail for somebody's server)
            told.append(f"{self}: {type(fault).__name__}: {fault}.")
        series = tuple(one for one in told if isinstance(one, HourlyFactors))
        warnings = (warning for one in told for warning in ((one,) if isinstance(one, str) else one.warnings))
        return Found(series, tuple(dict.fromkeys(warnings)))

    def _asked(
        self, site: Site, window: Window, web: Web | None, environ: Mapping[str, str]
    ) -> Iterator[HourlyFactors | str]:
        """A series or a warning for each family."""
        self.require(site, environ)
        for boundary, method in self._families():
            try:
                found = self._of_family(site, window, boundary, method, web, environ)
            except ServiceUnavailable as fault:
                yield str(fault)
                if fault.passing:  # another family would be waited for as long
                    return
            else:
                yield whole(found, site)

    def _families(self) -> Iterator[tuple[Boundary, Method]]:
        if self.path is not None:
            return product(boundaries_in(self.path), (Method.AVERAGE,))
        return product(source(self.name).BOUNDARIES, source(self.name).METHODS)

    def _of_family(
        self,
        site: Site,
        window: Window,
        boundary: Boundary,
        method: Method,
        web: Web | None,
        environ: Mapping[str, str],
    ) -> HourlyFactors:
        if self.path is not None:
            return read_hourly_csv(self.path, _zone(site), boundary, gas=GASES[boundary]).within(window)
        return fetch_hours(
            self.name,
            _zone(site),
            window,
            boundary,
            method=method,
            own_zone=self.own_zone,
            web=web,
            environ=environ,
            base_url=environ.get(URL_VARIABLE),
        )


def hourly_source(named: str) -> HourlySource | None:
    """The source of this name; None for `SHAPE`.

    Parameters
    ----------
    named : str
        A service of `SOURCES`, perhaps with the service's own name of the grid behind a colon, or a file that ends in
        ``.csv``.

    Raises
    ------
    ConfigError
        It is neither.
    """
    if named == SHAPE:
        return None
    if named.lower().endswith(".csv"):
        return HourlySource("", path=Path(named).expanduser().absolute())
    name, _, zone = named.partition(":")
    try:
        source(name)
    except ConfigError as fault:
        raise ConfigError(f"{fault} There are {', '.join(SOURCES)}; a file of your own ends in .csv.") from fault
    return HourlySource(name, zone or None)


def _zone(site: Site) -> str:
    """What the grid is called on a receipt: a site that names none has one all the same."""
    return site.id if site.on_unknown_grid else site.grid_zone


def whole(found: HourlyFactors, site: Site) -> HourlyFactors | str:
    """The series with its gaps filled from the site's yearly factor of its family; what is missing where there is none.

    Parameters
    ----------
    found : HourlyFactors
        Of a source.
    site : Site
        Whose grid.
    """
    if found.known_ratio == 1:
        return found
    yearly = next((one for one in site.factors if one.family == found.family), None)
    if found.known_ratio == 0 or yearly is None:
        missing, last = found.g_per_kwh.count(None), found.window.end - HOUR
        return (
            f"{missing} of {len(found.g_per_kwh)} hours from {found.start:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC "
            f"are not known ({found.boundary} {found.gas}): {found.source}."
        )
    return found.filled_by(shaped(yearly, found.window, site.grid_zone))


def found_within(asked: HourlySource, site: Site, window: Window, wait_s: float) -> Found:
    """What `HourlySource.hours` gives, for somebody who does not wait for ever. Never raises.

    A question that takes longer goes on alone: what it still brings stands in the cache for the next who asks. A signal
    that would end this process ends the waiting.

    Parameters
    ----------
    asked : HourlySource
        The source.
    site : Site
        Whose grid.
    window : Window
        Which hours.
    wait_s : float
        How long to wait [s]
    """
    try:
        found = within(wait_s, lambda: asked.hours(site, window))
    except RuntimeError as fault:
        if asked.path is not None:
            return asked.hours(site, window)
        return Found((), (f"{asked} could not be asked: {fault}.",))
    return found or Found((), (f"{asked} did not answer within {wait_s:g} s.",))
