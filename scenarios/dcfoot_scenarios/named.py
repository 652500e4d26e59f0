"""Names that a study writes: a load profile, a tariff, a turbine, a product, a clock, a currency, a place.

Each function takes a name and raises what the model says of one that it does not know, with the nearest that there are;
so that a study is told of all its wrong names at once, and not one by one as its years are computed.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dcfoot.climate_place import climate_name, find_climate_id
from dcfoot.errors import ConfigError, DataMissing, StudyError
from dcfoot.places import nearest
from dcfoot.site import Site, resolve_site
from dcfoot.tables import rows

RUN = "run:"
"""What a profile begins with that is a recorded run."""

CURRENCIES = frozenset(
    {
        *("AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT"),
        *("BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD"),
        *("CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DJF", "DKK", "DOP"),
        *("DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD"),
        *("GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR"),
        *("ISK", "JMD", "JOD", "JPY", "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD"),
        *("KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK"),
        *("MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO"),
        *("NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR"),
        *("RON", "RSD", "RUB", "RWF", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE"),
        *("SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TND", "TOP"),
        *("TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV"),
        *("WST", "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG"),
    }
)
"""Money that is paid with (ISO 4217, list one, as of 2026; without funds and metals)."""

SPOKEN = {"RMB": "CNY", "CNH": "CNY", "YUAN": "CNY", "STG": "GBP", "NTD": "TWD"}
"""What people write in its place, and the code that is meant."""


def check_profile(name: str) -> None:
    """Raises `ConfigError` where no load profile is called so; recorded runs are looked for when they are needed."""
    from dcfoot_scenarios.load import find_profile  # numpy: only where a study is read

    if not name.startswith(RUN):
        find_profile(name)


def check_tariff(name: str) -> None:
    """Raises `ConfigError` where no shipped tariff is called so."""
    from dcfoot_scenarios.tariff import find_tariff

    find_tariff(name)


def check_turbine(name: str) -> None:
    """Raises `ConfigError` where no turbine is called so; an empty name is the usual one."""
    from dcfoot_scenarios.wind import find_turbine

    if name:
        find_turbine(name)


def check_curve(name: str) -> None:
    """Raises `DataMissing` where no curve of settings is called so."""
    from dcfoot_scenarios.operation import published

    published(name, 0.0)


def check_settings(curve: str | None, *recorded: str, of: tuple[str, ...]) -> None:
    """Raises `StudyError` where a setting is none of a curve, or of recorded runs.

    Parameters
    ----------
    curve : str or None
        Which is shipped; None: the settings are those of runs.
    recorded : str
        The settings of runs.
    of : tuple of str
        What is looked for.
    """
    from dcfoot_scenarios.operation import published

    known = recorded if curve is None else tuple(point.setting for point in published(curve, 0.0))
    for setting in of:
        if setting not in known:
            raise StudyError(f"No setting is called {setting!r}; there are: {', '.join(known)}.")


def check_product(name: str) -> None:
    """Raises what is told of a product that is not known."""
    from dcfoot.embodied.products import product

    product(name)


def check_heat_reference(name: str) -> None:
    """Raises what is told of a reference of heat that is not known."""
    from dcfoot.heat.references import heat_reference

    heat_reference(name)


def check_time_zone(name: str) -> None:
    """Raises `ConfigError` where no clock is called so; an empty name is standard time."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        cities = {zone.rpartition("/")[2]: zone for zone in available_timezones()}
        offered = nearest(name, [*available_timezones(), *cities])
        raise ConfigError(
            f"There is no time zone {name!r}.{offered} Write one as 'Europe/Berlin'; China's is 'Asia/Shanghai'."
        ) from None


def check_currency(code: str) -> None:
    """Raises `ConfigError` where no money has this code."""
    if code not in CURRENCIES:
        meant = SPOKEN.get(code.upper(), code.upper() if code.upper() in CURRENCIES else "")
        offered = f" Write {meant}." if meant else nearest(code, CURRENCIES)
        raise ConfigError(f"No currency has the ISO 4217 code {code!r}.{offered}")


def planned_site(name: str, sites_file: Path | None = None) -> Site:
    """The site that a study means: a city by its name; where it is a province or a country too, still the city.

    Parameters
    ----------
    name : str
        ``"cn_shanghai"``, ``"Shanghai"``, ``"上海"``, ``"Frankfurt"``, ``"gcp-us-central1"``.
    sites_file : Path or None
        A file of the user's own sites.

    Raises
    ------
    ConfigError
        There is none.
    """
    city = _city(name)
    try:
        site = resolve_site(name, user_sites=sites_file)
    except ConfigError:
        if city is None:
            raise
        return resolve_site(city)
    return resolve_site(city) if site.climate is None and city in climates_in(site) else site


def _city(name: str) -> str | None:
    """The site that is the city of this name, whose climate is known; None where there is none."""
    with suppress(DataMissing):
        found = find_climate_id(name)
        return next((row["id"] for row in rows("climate_places") if row["id"] == found), None)
    return None


def climates_in(site: Site) -> list[str]:
    """The places in a province or country whose climate is known, which are sites too."""
    hubs = rows("climate_places")
    there = [row["id"] for row in hubs if row["place"] == site.id]
    if there or site.country is None or site.grid_zone != site.country:
        return there
    return [row["id"] for row in hubs if resolve_site(row["id"]).country == site.country]


def climate_faults(site: Site) -> Iterator[str]:
    """What is wrong with a site that is to have a climate of its own."""
    if site.climate is None:
        there = [f"{one} ({climate_name(one)})" for one in climates_in(site)[:6]]
        offered = f"Take {' or '.join(there)}, whose climate is; or add" if there else "Add"
        yield (
            f"{site.name} ({site.id}): its climate is not known. {offered} `climate: NAME` (`dcfoot sites` lists the "
            "places whose climate is known) or `weather: FILE`."
        )
