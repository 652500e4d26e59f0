"""A user's own sites, in TOML.

    [sites.lab]
    name = "Our machine room"
    country = "CN"                       # or region = "广东"; leave both out for a grid of your own
    pue = 1.25                           # or {value = 1.25, p5 = 1.2, p95 = 1.35, category = "PUE1",
                                         #     start = 2025-01-01, end = 2025-06-30}
    meter = "meters.csv"                 # or {file = "meters.csv", category = "PUE2"}: goes before pue and wue;
                                         # or {live = "https://HOST/PATH"}, {live = "pue.json"}: the present reading
    wue_l_per_kwh = 0.4
    ewif_l_per_kwh = 3.1
    lifetime_years = 5
    climate = "Guiyang"                  # or latitude_deg and longitude_deg: the nearest within 100 km
    cooling = "direct_liquid"            # gives PUE and WUE where they are left out
    size = "large"                       # or "midsize", "small"
    it_load_ratio = 0.5                  # IT power over IT capacity: of the PUE and WUE that cooling gives
    source = "metering report 2025"      # stands behind every number above
    year = 2025

    [[sites.lab.factors]]                # replaces the grid factors of the country
    boundary = "direct"                  # or "life_cycle"
    gas = "CO2"                          # or "CO2e"
    method = "residual"                  # or "average", "marginal"
    g_per_kwh = 310
    year = 2025
    source = "supplier's disclosure"

Whatever is left out comes from the country's averages. All faults are told at once, each with file, line and key.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from dcfoot.climate_place import find_climate_id, nearest_climate
from dcfoot.config import toml_fault
from dcfoot.draws import Spread
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.evidence import Evidence, Fact
from dcfoot.facility import CATEGORIES, Category
from dcfoot.grid import Boundary, GridFactor, Method
from dcfoot.places import nearest
from dcfoot.reading import Basis
from dcfoot.site import FacilityMeter, LiveMeter, Site, resolve_site, world_site

_KEYS = (
    "name",
    "country",
    "region",
    "pue",
    "meter",
    "wue_l_per_kwh",
    "ewif_l_per_kwh",
    "lifetime_years",
    "climate",
    "latitude_deg",
    "longitude_deg",
    "cooling",
    "size",
    "it_load_ratio",
    "source",
    "year",
    "factors",
)
_FACTOR_KEYS = ("boundary", "gas", "method", "g_per_kwh", "year", "source")
_LEAST = {"pue": 1.0, "wue_l_per_kwh": 0.0, "ewif_l_per_kwh": 0.0, "lifetime_years": 0.1, "g_per_kwh": 0.0}
"""The least that each quantity can be: by definition (PUE), or because it counts something."""

_SIZES = ("large", "midsize", "small")
_MOST_DEG = {"latitude_deg": 90.0, "longitude_deg": 180.0}
_LOADS = (0.25, 1.0)
"""Between these the model's tables know PUE and WUE [-] (`dcfoot.site_hours.LOADS`)."""

_STATED = ("category", "start", "end")
"""What a PUE may be said to be of."""

_FACTS = {
    "pue": ("PUE", ""),
    "wue_l_per_kwh": ("WUE", "L/kWh"),
    "ewif_l_per_kwh": ("EWIF", "L/kWh"),
    "lifetime_years": ("service life", "years"),
}
"""What a key's figure is called in a receipt's sources, and its unit there."""

Table = Mapping[str, Any]


@dataclass
class _Reader:
    """One file while it is read: its text, to find lines, and the faults so far."""

    path: Path
    text: str
    faults: list[str] = field(default_factory=list[str])

    def fault(self, table: str, key: str, message: str) -> None:
        self.faults.append(f"{self.path}:{self.line(table, key)}: {table}.{key}: {message}")

    def line(self, table: str, key: str) -> int:
        """The line of `key` inside `[table]`, or of the table's header where the key stands elsewhere."""
        header = 1
        inside = False
        for number, line in enumerate(self.text.splitlines(), start=1):
            if line.lstrip().startswith("["):
                inside = line.strip(" []\t").split("]")[0] == table
                header = number if inside else header
            elif inside and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
                return number
        return header


def read_sites(path: Path) -> dict[str, Site]:
    """Every site of the file `path`, by id.

    Raises
    ------
    ConfigError
        The file cannot be read or holds faults: each with file, line and key.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the file of sites cannot be read: {error}") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(toml_fault(path, text, error)) from error
    reader = _Reader(path, text)
    tables = _table(content.get("sites", {}))
    if not tables:
        reader.faults.append(f"{path}:1: sites: there is no table [sites.NAME]")
    sites = {name: _site(reader, name, _table(table)) for name, table in tables.items()}
    if reader.faults:
        raise ConfigError("\n".join(reader.faults))
    return sites


def _table(value: object) -> Table:
    return cast("Table", value) if isinstance(value, dict) else {}


def _site(reader: _Reader, name: str, table: Table) -> Site:
    where = f"sites.{name}"
    _check_keys(reader, where, table, _KEYS)
    base = _base(reader, where, table)
    place = _Place(
        _climate(reader, where, table),
        _cooling(reader, where, table),
        _size(reader, where, table),
        _number(reader, where, table, "it_load_ratio", _LOADS),
    )
    facts = {key: _fact(reader, name, table, key) or place.modelled(key) for key in _FACTS}
    factors = tuple(_factors(reader, where, table, name))
    site = replace(
        base,
        id=name,
        name=str(table.get("name", name)),
        grid_zone=name if factors else base.grid_zone,
        pue=facts["pue"] or base.pue,
        wue_l_per_kwh=facts["wue_l_per_kwh"] or base.wue_l_per_kwh,
        ewif_l_per_kwh=facts["ewif_l_per_kwh"] or base.ewif_l_per_kwh,
        lifetime_years=facts["lifetime_years"],
        factors=factors or base.factors,
        chosen=True,
        climate=place.climate,
        cooling=place.cooling,
        size=place.size,
        it_load_ratio=place.it_load_ratio,
        meter=_meter(reader, where, table),
    )
    said = _table(table.get("pue"))
    return _as_stated(reader, where, said, site) if set(said) & set(_STATED) else site


def _as_stated(reader: _Reader, where: str, said: Table, site: Site) -> Site:
    """The site with its PUE brought to the equipment's inlet and from its period to a year."""
    from dcfoot.site_hours import pue_of_year  # only where a site says so much
    from dcfoot.site_meters import pue_at_inlet

    if site.pue is None:
        return site
    category = _category(reader, where, "pue", said)
    pue = replace(site.pue, spread=pue_at_inlet(site.pue.spread, category, site.size))
    note, period = f"stated by the user, {category}", _period(reader, where, said)
    if period is not None:
        start, end = period
        note = f"{note}, of {start:%Y-%m-%d} to {end - timedelta(days=1):%Y-%m-%d}"
        pue = pue_of_year(replace(site, pue=pue), pue, start, end)
    return replace(site, pue=replace(pue, evidence=replace(pue.evidence, note=note)))


def _category(reader: _Reader, where: str, key: str, said: Table) -> Category:
    named = said.get("category", "PUE3")
    categories: dict[str, Category] = {category: category for category in CATEGORIES}
    found = categories.get(str(named))
    if found is None:
        reader.fault(where, key, f"category must be one of {', '.join(CATEGORIES)}, not {named!r}")
        return "PUE3"
    return found


def _period(reader: _Reader, where: str, said: Table) -> tuple[datetime, datetime] | None:
    """The first moment of a period in UTC, and that after its last day."""
    first, last = said.get("start"), said.get("end")
    if first is None and last is None:
        return None
    if type(first) is not date or type(last) is not date or last < first:
        reader.fault(where, "pue", "start and end must be two dates in order, such as start = 2025-01-01")
        return None
    start, end = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, last))
    return start, end + timedelta(days=1)


def _meter(reader: _Reader, where: str, table: Table) -> FacilityMeter | LiveMeter | None:
    """The file of its facility's meters, from the folder of the sites' file on, or what tells its present power."""
    value = table.get("meter")
    if value is None:
        return None
    said = {"file": value} if isinstance(value, str) else _table(value)
    name = said.get("file", said.get("live"))
    if not isinstance(name, str) or set(said) - {"category"} not in ({"file"}, {"live"}):
        reader.fault(
            where, "meter", f"must be the name of a file, {{file, category}} or {{live, category}}, not {value!r}"
        )
        return None
    if "live" in said:
        return _live_meter(reader, where, name, _category(reader, where, "meter", said))
    path = reader.path.parent / name
    if not path.is_file():
        reader.fault(where, "meter", f"there is no file {path}")
    return FacilityMeter(path, _category(reader, where, "meter", said))


def _live_meter(reader: _Reader, where: str, address: str, category: Category) -> LiveMeter:
    """What tells the present power: a URL, else a file, which need not be there yet."""
    scheme, is_url, rest = address.partition("://")
    if is_url and (scheme not in {"http", "https"} or not rest.strip("/")):
        reader.fault(
            where, "meter", f"live must be a file or begin with http:// or https:// and a host, not {address!r}"
        )
    return LiveMeter(address if is_url else str(reader.path.parent / address), category)


@dataclass(frozen=True, slots=True)
class _Place:
    """The climate, the cooling, the size and the load of a site, as far as its table says them."""

    climate: str | None
    cooling: str | None
    size: str
    it_load_ratio: float | None

    def modelled(self, key: str) -> Fact | None:
        """What the model says of a figure that nobody stated: in a known climate, of a known cooling."""
        metric = {"pue": "pue", "wue_l_per_kwh": "wue"}.get(key)
        if metric is None or self.climate is None or self.cooling is None:
            return None
        from dcfoot.site_hours import modelled_year  # only where a site says so much

        return modelled_year(self.climate, metric, self.cooling, self.size, self.it_load_ratio)


def _climate(reader: _Reader, where: str, table: Table) -> str | None:
    """The climate that is named, or the nearest to the coordinates; None where neither says one."""
    point = [_number(reader, where, table, key, (-most, most)) for key, most in _MOST_DEG.items()]
    if "climate" in table:
        try:
            return find_climate_id(str(table["climate"]))
        except DataMissing as missing:
            reader.fault(where, "climate", str(missing))
            return None
    latitude_deg, longitude_deg = point
    if latitude_deg is None or longitude_deg is None:
        if point != [None, None]:
            reader.fault(where, "latitude_deg", "latitude_deg and longitude_deg go together")
        return None
    return nearest_climate(latitude_deg, longitude_deg)


def _number(reader: _Reader, where: str, table: Table, key: str, within: tuple[float, float]) -> float | None:
    value, (least, most) = table.get(key), within
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
        return float(value)
    reader.fault(where, key, f"must be a number from {least:g} to {most:g}, not {value!r}")
    return None


def _cooling(reader: _Reader, where: str, table: Table) -> str | None:
    if "cooling" not in table:
        return None
    from dcfoot.cooling.catalogue import SYSTEMS  # only where a site says so much

    return _choice(reader, where, table, "cooling", tuple(SYSTEMS))


def _size(reader: _Reader, where: str, table: Table) -> str:
    return _choice(reader, where, table, "size", _SIZES) if "size" in table else _SIZES[0]


def _base(reader: _Reader, where: str, table: Table) -> Site:
    country, region = table.get("country"), table.get("region")
    try:
        return resolve_site(
            None, None if country is None else str(country), None if region is None else str(region), None
        )
    except ConfigError as error:
        reader.fault(where, "region" if region is not None else "country", str(error))
        return world_site()


def _check_keys(reader: _Reader, where: str, table: Table, known: tuple[str, ...]) -> None:
    for key in table:
        if key not in known:
            reader.fault(where, key, f"unknown key.{nearest(key, known)}")


def _fact(reader: _Reader, name: str, table: Table, key: str) -> Fact | None:
    if key not in table:
        return None
    spread = _spread(reader, f"sites.{name}", key, table[key])
    year = table.get("year")
    what, unit = _FACTS[key]
    evidence = Evidence(
        f"{what} ({name})",
        spread.central,
        unit,
        year if isinstance(year, int) else None,
        str(table.get("source", f"the user's file {reader.path.name}")),
        verified=False,
        note="stated by the user",
    )
    return Fact(spread, Basis.MODELLED, evidence)


def _spread(reader: _Reader, where: str, key: str, value: object) -> Spread:
    least = _LEAST[key]
    parts = _table(value) or {"value": value}
    if key == "pue":
        parts = {name: part for name, part in parts.items() if name not in _STATED}
    central = parts.get("value")
    low, high = parts.get("p5", central), parts.get("p95", central)
    numbers = [part for part in (low, central, high) if isinstance(part, int | float) and not isinstance(part, bool)]
    if len(numbers) != 3 or set(parts) - {"value", "p5", "p95"}:
        reader.fault(where, key, f"must be a number or {{value, p5, p95}}, not {value!r}")
    elif not least <= numbers[0] <= numbers[1] <= numbers[2] < float("inf"):
        reader.fault(where, key, f"must be at least {least:g} and in the order p5 <= value <= p95, not {value!r}")
    else:
        return Spread(float(numbers[1]), float(numbers[0]), float(numbers[2]), least)
    return Spread.exact(max(least, 0.0))


def _factors(reader: _Reader, where: str, table: Table, zone: str) -> list[GridFactor]:
    entries = table.get("factors", [])
    if not isinstance(entries, list):
        reader.fault(where, "factors", "must be a list of tables: [[sites.NAME.factors]]")
        return []
    return [_factor(reader, f"{where}.factors", _table(entry), zone) for entry in cast("list[object]", entries)]


def _factor(reader: _Reader, where: str, table: Table, zone: str) -> GridFactor:
    _check_keys(reader, where, table, _FACTOR_KEYS)
    year = table.get("year")
    if not isinstance(year, int):
        reader.fault(where, "year", f"must be a year, not {year!r}")
    return GridFactor(
        zone,
        zone,
        Boundary(_choice(reader, where, table, "boundary", tuple(Boundary))),
        _choice(reader, where, table, "gas", ("CO2", "CO2e")),
        Method(_choice(reader, where, table, "method", tuple(Method))),
        year if isinstance(year, int) else 0,
        _spread(reader, where, "g_per_kwh", table.get("g_per_kwh")),
        Basis.MODELLED,
        str(table.get("source", f"the user's file {reader.path.name}")),
        verified=False,
        note="stated by the user",
    )


def _choice(reader: _Reader, where: str, table: Table, key: str, known: tuple[str, ...]) -> str:
    value = table.get(key)
    if value in known:
        return str(value)
    reader.fault(where, key, f"must be one of {', '.join(known)}, not {value!r}.{nearest(str(value), known)}")
    return known[0]
