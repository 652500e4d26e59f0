"""Where a run takes place: the facility's PUE and WUE, the grid's factors, the water behind its electricity.

What comes in is what the user named (a site, a country, a region, or nothing), what goes out is a frozen `Site` in
which every number carries its interval, its basis and what stands behind it. Nothing is fetched. With no choice it is
the world average, and the site says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from dcfoot.climate_place import climate_name
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, Fact, evidence_of
from dcfoot.facility import Category
from dcfoot.grid import WORLD, GridFactor, latest_factors
from dcfoot.places import Place, all_places, find_country, find_place, find_region, names_of, national_zone, nearest
from dcfoot.reading import Basis
from dcfoot.tables import Row, interval, rows, rows_of


@dataclass(frozen=True, slots=True)
class FacilityMeter:
    """A file of a facility's meters, as `dcfoot.sources.facility_meter` reads it, and where they meter the IT power."""

    path: Path
    category: Category = "PUE3"

    @property
    def name(self) -> str:
        """The file's, for people."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class LiveMeter:
    """What tells a facility's present power, as `dcfoot.sources.live_meter` reads it.

    Parameters
    ----------
    address : str
        A file, or a URL (http, https).
    category : str
        Where the IT power is metered.
    """

    address: str
    category: Category = "PUE3"

    @property
    def name(self) -> str:
        """The file's or the host's, for people: an address may hold a password."""
        from urllib.parse import urlsplit

        return urlsplit(self.address).hostname or Path(self.address).name


@dataclass(frozen=True, slots=True)
class Site:
    """A place to run in, as far as energy, water and carbon go. None is "not known".

    Parameters
    ----------
    id : str
        What ``--site`` calls it.
    name : str
        For people.
    country : str or None
        ISO 3166 alpha-3 code; None for the world.
    grid_zone : str
        The zone of its grid factors.
    pue : Fact or None
        Power usage effectiveness [-].
    wue_l_per_kwh : Fact or None
        On-site water per unit of IT energy [L/kWh].
    ewif_l_per_kwh : Fact or None
        Water consumed per unit of electricity [L/kWh].
    factors : tuple of GridFactor
        One for each family and method that is known; families that are not known are absent.
    lifetime_years : Fact or None
        How long its machines serve; None for the usual [years].
    chosen : bool
        False where nobody named a place and the world average stands in.
    climate : str or None
        The id of the climate that stands for its place; None: not known, so that its figures are those of a year.
    cooling : str or None
        Its cooling system, by the name in the library; None: not known.
    size : str
        ``"large"``, ``"midsize"`` or ``"small"``.
    it_load_ratio : float or None
        IT power over IT capacity, the year round; None: not known [-].
    hourly_factors : tuple of GridFactor
        Of the hours of a run, beside the yearly ones, where the grid's hours are known (`dcfoot.site_hours`); also of
        families of which no year is known.
    hours_evidence : tuple of Evidence
        What stands behind PUE and WUE where they are those of a run's hours; empty where they are the year's.
    meter : FacilityMeter, LiveMeter or None
        Its facility's own meters, whose hours go before the model's (`dcfoot.site_meters`).
    """

    id: str
    name: str
    country: str | None
    grid_zone: str
    pue: Fact | None
    wue_l_per_kwh: Fact | None
    ewif_l_per_kwh: Fact | None
    factors: tuple[GridFactor, ...]
    lifetime_years: Fact | None = None
    chosen: bool = True
    climate: str | None = None
    cooling: str | None = None
    size: str = "large"
    it_load_ratio: float | None = None
    hourly_factors: tuple[GridFactor, ...] = ()
    hours_evidence: tuple[Evidence, ...] = ()
    meter: FacilityMeter | LiveMeter | None = None

    @property
    def on_unknown_grid(self) -> bool:
        """Whether the world's average stands in for its grid, though somebody named a site that is not the world."""
        return self.grid_zone == WORLD and self.chosen and self.id != "world"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """What stands behind each number of the site."""
        facts = (self.pue, self.wue_l_per_kwh, self.ewif_l_per_kwh, self.lifetime_years)
        factors = (factor.evidence() for factor in self.factors)
        hourly = (factor.evidence() for factor in self.hourly_factors)
        at_hours = (replace(one, what=f"{one.what}, at these hours") for one in hourly)
        return (*(fact.evidence for fact in facts if fact), *self.hours_evidence, *factors, *at_hours)


def resolve_site(
    site: str | None = None, country: str | None = None, region: str | None = None, user_sites: Path | None = None
) -> Site:
    """The site that the user means; a country or region names the grid of a site that has none of its own.

    Parameters
    ----------
    site : str or None
        An id of the user's file or of the library (``"gcp-us-central1"``), or a place (``"cn-guangdong"``, ``"fr"``).
    country : str or None
        ISO code or name, in English or Chinese.
    region : str or None
        Chinese province or grid region, eGRID subregion, US state.
    user_sites : Path or None
        A TOML file with sites of the user's own; see `dcfoot.site_file`.

    Raises
    ------
    ConfigError
        A name is unknown (the nearest are offered), or site, country and region contradict each other.
    """
    place = _place(country, region)
    if site is None:
        return world_site(chosen=False) if place is None else place_site(place)
    found = _named_site(site, user_sites)
    if place is None:
        return found
    if found.grid_zone == WORLD:
        return _with_grid(found, place)
    if found.country != place.country or (region and found.grid_zone != place.zone):
        raise ConfigError(
            f"Site {site!r} lies in {found.grid_zone}, not in {place.zone}. Name the site alone, or the place alone."
        )
    return found


def library_ids() -> list[str]:
    """Every id that ``--site`` accepts without a file of the user's: the library's, the places', the climates'."""
    hubs = [row["id"] for row in rows("climate_places")]
    return [row["id"] for row in rows("sites")] + ["world"] + [place.id for place in all_places()] + hubs


def world_site(*, chosen: bool = True) -> Site:
    """The world average."""
    return Site(
        "world",
        "World average",
        None,
        WORLD,
        facility_fact("pue", WORLD),
        facility_fact("wue", WORLD),
        _ewif(WORLD, WORLD),
        latest_factors(WORLD),
        chosen=chosen,
    )


def place_site(place: Place) -> Site:
    """An average facility of a country on the grid of `place`."""
    return Site(
        place.id,
        place.name,
        place.country,
        place.zone,
        facility_fact("pue", place.country) or facility_fact("pue", WORLD),
        facility_fact("wue", place.country) or facility_fact("wue", WORLD),
        _ewif(place.zone, place.country),
        zone_factors(place.zone, place.country),
    )


Lookup = Callable[[str], tuple[GridFactor, ...]]
"""Gives the newest factors of a zone: `dcfoot.grid.latest_factors`, or a library with a user's in front."""


def with_factors(site: Site, latest: Lookup) -> Site:
    """The site with the factors of another table, unless its own description states factors."""
    if site.factors != _shipped_factors(site, latest_factors):
        return site
    return replace(site, factors=_shipped_factors(site, latest))


def _shipped_factors(site: Site, latest: Lookup) -> tuple[GridFactor, ...]:
    return zone_factors(site.grid_zone, site.country, latest) if site.country else latest(WORLD)


def zone_factors(zone: str, country: str, latest: Lookup = latest_factors) -> tuple[GridFactor, ...]:
    """The zone's own factors, and for each family and method that it lacks its country's.

    China's footprint factors are its ministry's; elsewhere the life-cycle family is the country's of the world table.
    """
    own = () if zone == country else (zone,)
    factors: dict[tuple[str, str], GridFactor] = {}
    for at in (*own, national_zone(country), country):
        for factor in latest(at):
            factors.setdefault((factor.boundary, factor.method), factor.standing_in_for(zone) if own else factor)
    return tuple(factors.values())


def _place(country: str | None, region: str | None) -> Place | None:
    nation = find_country(country) if country is not None else None
    if region is not None:
        return find_region(region, nation.zone if nation else None)
    return nation


def _named_site(site: str, user_sites: Path | None) -> Site:
    own: dict[str, Site] = {}
    if user_sites is not None:
        from dcfoot.site_file import read_sites  # tomllib: only where there is a file

        own = read_sites(user_sites)
    wanted = site.strip().lower()
    if site in own:
        return own[site]
    row = next((row for row in rows("sites") if row["id"] == wanted), None)
    if row is not None:
        return _library_site(row)
    if wanted == "world":
        return world_site()
    place = find_place(site)
    if place is not None:
        return place_site(place)
    hub = next(iter(rows_of("climate_places", wanted)), None)
    if hub is not None:
        return _hub_site(hub)
    near = nearest(site, [*own, *library_ids(), *names_of(all_places())])
    raise ConfigError(f"No site is called {site!r}.{near} `dcfoot sites` lists them.")


def _library_site(row: Row) -> Site:
    country = row["country"] or None
    operator = row["id"].partition("-")[0]
    wider = (operator, country or WORLD, WORLD)
    return Site(
        row["id"],
        row["name"],
        country,
        row["grid_zone"],
        _first_fact("pue", row["id"], wider),
        _first_fact("wue", row["id"], wider),
        _ewif(row["grid_zone"], country or WORLD),
        zone_factors(row["grid_zone"], country) if country else latest_factors(WORLD),
        climate=next((found["climate"] for found in rows_of("site_climates", row["id"])), None),
    )


def _hub_site(row: Row) -> Site:
    """An average facility at a place whose climate is known, on the grid of its country or region."""
    place = find_place(row["place"])
    if place is None:
        raise ConfigError(f"climate_places.csv names {row['place']!r}, which is no place.")
    return replace(place_site(place), id=row["id"], name=climate_name(row["id"]), climate=row["id"])


def _with_grid(site: Site, place: Place) -> Site:
    there = place_site(place)
    return replace(
        site,
        name=f"{site.name}, on the grid of {place.name}",
        country=place.country,
        grid_zone=place.zone,
        ewif_l_per_kwh=there.ewif_l_per_kwh if site.ewif_l_per_kwh == _ewif(WORLD, WORLD) else site.ewif_l_per_kwh,
        factors=there.factors,
    )


def _first_fact(metric: str, place: str, wider: tuple[str, ...]) -> Fact | None:
    return next((fact for fact in (facility_fact(metric, name) for name in (place, *wider)) if fact), None)


def facility_fact(metric: str, place: str) -> Fact | None:
    """The PUE or WUE (``"pue"``, ``"wue"``) of a site, operator, country or the world; None if none is shipped."""
    row = next((row for row in rows("facility") if row["place"] == place and row["metric"] == metric), None)
    if row is None:
        return None
    kind = _facility_kind(place)
    low, high = interval(f"{metric}_{kind}")
    value = float(row["value"])
    spread = pue_spread(value, low, high) if metric == "pue" else Spread.around(value, low, high)
    return Fact(spread, Basis.MODELLED if kind == "site" else Basis.DEFAULT, _evidence(metric.upper(), row))


def _facility_kind(place: str) -> str:
    """``"survey"`` for a country's or the world's average, ``"fleet"`` for an operator's, ``"site"`` for one place."""
    if place.isupper():
        return "survey"
    fleets = (row["id"] for row in rows("sites") if row["operator"] and not row["country"])
    return "fleet" if place in fleets else "site"


def pue_spread(pue: float, low_ratio: float, high_ratio: float) -> Spread:
    """A PUE whose part above 1 may be `low_ratio` to `high_ratio` times what is stated; never below 1."""
    overhead = pue - 1
    return Spread(pue, 1 + overhead * low_ratio, 1 + overhead * high_ratio, 1.0)


def _ewif(zone: str, country: str) -> Fact:
    """Of the country, else of the world; `DEFAULT` wherever it is not the grid's own."""
    by_place = {row["place"]: row for row in rows("water_country")}
    row = by_place.get(country, by_place[WORLD])
    kind = "ewif_world" if row["place"] == WORLD else "ewif" if row["place"] == zone else "ewif_region"
    spread = Spread.around(float(row["value"]), *interval(kind))
    return Fact(spread, Basis.MODELLED if kind == "ewif" else Basis.DEFAULT, _evidence("EWIF", row))


def _evidence(what: str, row: Row) -> Evidence:
    return evidence_of(row, f"{what} ({row['place']})")
