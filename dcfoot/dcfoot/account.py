"""One door from a measurement to its receipt, for every way in: `run`, `show` and `track()`.

In come a measurement, the settings and perhaps a site; out goes the receipt as JSON. What was asked for on the spot
goes before what is configured, and a place is one thing: naming a country sets a configured site aside.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from dcfoot.config import Settings
from dcfoot.errors import ConfigError, DataMissing, DcfootError
from dcfoot.measurement import Measurement, RunState
from dcfoot.receipt.contract import ReceiptJson
from dcfoot.site import FacilityMeter, LiveMeter, Site, resolve_site, with_factors

if TYPE_CHECKING:
    from dcfoot.calibration import Calibration
    from dcfoot.site_meters import MeterHours

HOURLY_PATIENCE_S = 10.0
"""How long a receipt waits for the hours of a grid [s]. A choice: services answer within seconds, and a job's exit
status waits as long."""

METER_PATIENCE_S = 3.0
"""The same for a live reading of the facility [s]. A choice: it stands in the same building."""


def choose_site(
    settings: Settings, site: str | None = None, country: str | None = None, region: str | None = None
) -> Site:
    """The site that was named on the spot, else the configured one, else the world average.

    Raises
    ------
    ConfigError
        No place of that name (the nearest are offered), or the user's own sites or factors cannot be used.
    """
    check_sites_file(settings)
    if site or country or region:
        found = resolve_site(site, country, region, settings.sites_file)
    else:
        found = configured_site(settings)
    if settings.factors_package is None:
        return found
    from dcfoot.factors.library import library  # only where there is a package

    return with_factors(found, library(settings.factors_package).latest)


def configured_site(settings: Settings) -> Site:
    """The site of the settings. Raises `ConfigError`, with where they stand, if there is none of that name."""
    try:
        return resolve_site(settings.site, settings.country, settings.region, settings.sites_file)
    except ConfigError as fault:
        chosen = [key for key in ("site", "country", "region") if getattr(settings, key)]
        raise ConfigError(f"{', '.join(f'{key} from {settings.origin(key)}' for key in chosen)}: {fault}") from fault


def check_sites_file(settings: Settings) -> None:
    """Raises `ConfigError` with every fault of the user's file of sites, whether or not one of its sites is used."""
    if settings.sites_file is None:
        return
    from dcfoot.site_file import read_sites  # tomllib: only where there is a file

    try:
        read_sites(settings.sites_file)
    except ConfigError as fault:
        raise ConfigError(f"sites_file from {settings.origin('sites_file')}: {fault}") from fault


def choose_hourly(
    settings: Settings, site: Site, named: str | None = None, kept: str | None = None, *, elsewhere: bool = False
) -> str | None:
    """The source of the grid's hours: that named on the spot, else that a run was started with, else the configured.

    Parameters
    ----------
    settings : Settings
        What is configured.
    site : Site
        Whose hours they will be.
    named, kept : str or None
        A source's name, as `dcfoot.sources.hourly_source` takes it.
    elsewhere : bool
        Whether a place was named on the spot: a source that is kept or configured for one grid then is another's.

    Raises
    ------
    ConfigError
        There is no source of that name, or the one that was named on the spot cannot serve this site: a key is missing,
        its name of the grid is not known, the file has faults.
    DataMissing
        There is no such file.
    """
    name = named or kept or settings.hourly
    if name is None:
        return None
    from dcfoot.sources.hourly_source import hourly_source  # only where one is named

    try:
        found = hourly_source(name)
        if found is not None and named:
            found.require(site)
    except ConfigError as fault:
        where = "hourly" if named or kept else f"hourly from {settings.origin('hourly')}"
        raise ConfigError(f"{where}: {fault}") from fault
    return None if found is None or (found.is_of_one_grid and elsewhere and not named) else str(found)


def site_of(measurement: Measurement, settings: Settings) -> Site:
    """The site a run was started with, else the configured one."""
    return choose_site(settings, measurement.site_id)


def receipt_of(
    measurement: Measurement,
    settings: Settings,
    site: Site,
    *,
    whole_node: bool | None = None,
    hourly: str | None = None,
    ask: bool = True,
) -> ReceiptJson:
    """The receipt of a run at a site.

    Parameters
    ----------
    measurement : Measurement
        What was measured.
    settings : Settings
        Node class, prices and what to count where `whole_node` is None.
    site : Site
        Where it ran, with the figures of a year; the receipt takes those of the run's hours where they are known.
    whole_node : bool or None
        Count everything the machine's meters saw instead of the run's share.
    hourly : str or None
        Where the hours of its grid come from, from `choose_hourly`; None for typical ones.
    ask : bool
        Whether a service may be asked, for `HOURLY_PATIENCE_S` at most: not while the job goes on.
    """
    from dcfoot.assessment import assess
    from dcfoot.receipt.build import receipt

    if site.chosen:
        from dcfoot.site_hours import at_run  # 3 ms: only where somebody said where it is

        site = at_run(site, measurement.started_at, measurement.ended_at)
    site, of_meters = (site, ()) if site.meter is None else _at_meters(site, site.meter, measurement, ask=ask)
    site, of_hours = (site, ()) if hourly is None else _with_hours(site, hourly, measurement, ask=ask)
    whole = settings.whole_node if whole_node is None else whole_node
    calibration, remarks = _calibration(settings, measurement)
    footprint = assess(
        measurement,
        site,
        whole_node=whole,
        node_class=settings.node_class,
        calibration=calibration,
        electricity_price_per_kwh=settings.electricity_price_per_kwh,
        currency=settings.currency,
    )
    footprint = replace(footprint, warnings=(*remarks, *of_meters, *of_hours, *footprint.warnings))
    return receipt(measurement, footprint, site, whole_node=whole)


def _at_meters(
    site: Site, meter: FacilityMeter | LiveMeter, measurement: Measurement, *, ask: bool
) -> tuple[Site, tuple[str, ...]]:
    """The site by its own meters; what cannot be used costs a remark, never the receipt."""
    from dcfoot.site_meters import at_meters

    try:
        metered = _live_hour(meter, measurement, ask=ask) if isinstance(meter, LiveMeter) else _metered(meter)
        return at_meters(site, meter, metered, measurement.started_at, measurement.ended_at)
    except DcfootError as fault:
        return site, (f"The facility's meters are left out. {fault}",)


def _metered(meter: FacilityMeter) -> "MeterHours":
    from dcfoot.sources.facility_meter import read_facility_meter  # numpy: only where a site names its meters

    return read_facility_meter(meter.path, meter.category)


def _live_hour(meter: LiveMeter, measurement: Measurement, *, ask: bool) -> "MeterHours":
    from dcfoot.sources.live_meter import live_hour  # only where a site names one

    if not ask or measurement.state is RunState.RUNNING:
        raise DataMissing(f"{meter.name} is asked when the job has ended; until then PUE is modelled.")
    return live_hour(meter, measurement.ended_at, METER_PATIENCE_S)


def _with_hours(site: Site, hourly: str, measurement: Measurement, *, ask: bool) -> tuple[Site, tuple[str, ...]]:
    """The site with its grid's hours while the run lasted, as far as they are known, and what else there is to say."""
    from dcfoot.actual_hours import with_actual_hours
    from dcfoot.factors.hourly import Window
    from dcfoot.sources.hourly_source import found_within, hourly_source

    source = hourly_source(hourly)
    start, end = measurement.started_at, measurement.ended_at
    if source is None:
        return site, ()
    if source.path is None and not (ask and measurement.state is not RunState.RUNNING):
        later = (
            f"The grid's actual hours are asked for when the job has ended: `dcfoot show {measurement.id}` has them."
        )
        return site, (later,)
    found = found_within(source, site, Window.around(start, end), HOURLY_PATIENCE_S)
    if found.series:
        return with_actual_hours(site, found.series, start, end), found.warnings
    told = "The grid's actual hours are not known: {} The yearly factor stands."
    return site, tuple(told.format(why) for why in found.warnings)


def _calibration(settings: Settings, measurement: Measurement) -> "tuple[Calibration | None, tuple[str, ...]]":
    """The host's calibration; one that cannot be read costs a remark, never the receipt."""
    from dcfoot.calibration import load_calibration

    try:
        return load_calibration(settings.data_dir, measurement.hosts[0]), ()
    except DcfootError as fault:
        return None, (f"The calibration is left out. {fault}",)
