"""Makes the tables `climate_hubs` and `climate_monthly` from the collected facts: only what the typical year uses.

    python benchmarks/derive_climate.py [--reference FOLDER]

The facts are in FOLDER/facts, beside the repository. Of several real years of a place the typical ones of stations come
first, the newest of them before the others, then single years of stations, then reanalysis.
"""

import argparse
import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TABLES = Path(__file__).resolve().parents[1] / "dcfoot" / "dcfoot" / "data"

EXCEEDED_PERCENT = (1, 5, 10, 20, 30, 50, 70, 80, 90, 95, 99)

PLACES_BY_UTC_OFFSET_HOURS = {
    -8: ("us_hillsboro", "us_the_dalles", "us_santa_clara"),
    -7: ("us_phoenix", "us_salt_lake", "us_cheyenne"),
    -6: ("us_dallas", "us_council_bluffs", "us_des_moines", "us_abilene", "us_memphis", "mx_queretaro"),
    -5: ("us_ashburn", "us_columbus", "us_atlanta", "ca_montreal", "ca_toronto"),
    -4: ("cl_santiago",),
    -3: ("br_sao_paulo",),
    0: ("ie_dublin", "gb_london", "is_reykjavik"),
    2: ("fi_helsinki", "fi_hamina", "za_johannesburg"),
    3: ("sa_riyadh",),
    4: ("ae_dubai",),
    5.5: ("in_mumbai", "in_hyderabad"),
    8: ("sg_singapore", "my_johor", "hk_hong_kong"),
    9: ("jp_tokyo", "kr_seoul"),
    10: ("au_sydney",),
}
"""Standard time (IANA time zone database); China has UTC+8, the rest of Europe UTC+1."""

OTHER_NAMES = {
    "us_ashburn_dulles": "us_ashburn",
    "us_leesburg_ashburn_va": "us_ashburn",
    "us_dallas_dfw": "us_dallas",
    "us_dallas_tx": "us_dallas",
    "us_columbus_oh": "us_columbus",
    "us_hillsboro_or": "us_hillsboro",
    "us_the_dalles_or": "us_the_dalles",
    "us_council_bluffs_ia": "us_council_bluffs",
    "us_des_moines_ia": "us_des_moines",
    "us_atlanta_ga": "us_atlanta",
    "us_cheyenne_wy": "us_cheyenne",
    "us_salt_lake_ut": "us_salt_lake",
    "us_san_jose_ca": "us_santa_clara",
    "us_phoenix_az": "us_phoenix",
}
"""What the real years call places of the hubs."""

KINDS = (
    ("tmyx", "TMYx typical year, climate.onebuilding.org (NOAA ISD, ERA5)", "free of charge; facts derived"),
    ("tmy3", "TMY3 typical year, NREL", "free redistribution with NREL/Alliance notice"),
    ("IWEC", "IWEC typical year, ASHRAE", "facts derived; the file itself is not redistributable"),
    ("CSWD", "CSWD typical year, China Meteorological Bureau and Tsinghua University", "facts derived"),
    ("dest", "DeST typical year, Tsinghua University", "facts derived"),
    ("uci", "UCI PM2.5 Data of Five Chinese Cities (Liang et al. 2016, doi:10.24432/C52K58)", "CC BY 4.0"),
    ("openmeteo", "Open-Meteo historical archive (ERA5)", "CC BY 4.0"),
)
"""Of real years, the best first: a mark in the source's name, what it is, and its licence."""

CALM = "its wind of 0.4 m/s is left out: a station there measures 3.1 m/s (2011)"


def utc_offset_hours(place: str) -> float:
    """Of a place's standard time."""
    named = (offset for offset, places in PLACES_BY_UTC_OFFSET_HOURS.items() if place in places)
    return next(named, 8 if place.startswith("cn_") else 1)


def hubs(facts: Sequence[Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """The rows of `climate_hubs`."""
    for fact in facts:
        station = f"station {fact['wmo']} {fact['station']}"
        yield {
            "id": fact["id"],
            "place": fact["place"],
            "latitude_deg": fact["lat"],
            "longitude_deg": fact["lon"],
            "elevation_m": fact["elev_m"],
            "utc_offset_hours": f"{utc_offset_hours(fact['id']):g}",
            **{f"dry_bulb_{month:02}_c": fact[f"t_m{month:02}_c"] for month in range(1, 13)},
            "station_offset_k": fact["anchor_offset_k"],
            "heating_design_c": fact["heating_design_db_c"],
            "cooling_design_c": fact["cooling_design_db_c"],
            **{f"vapour_exceeded_{part:02}_g_per_m3": fact[f"rho_exceed_{part}pct_g_m3"] for part in EXCEEDED_PERCENT},
            "source": (
                "ITU-R P.1510 (monthly mean temperature), ITU-R P.836 (water vapour density exceeded in a year); "
                f"climate.onebuilding.org TMYx.2004-2018, {station} (1 % cooling and 99 % heating design temperature; "
                "offset from its degree days)"
            ),
            "url": fact["onebuilding_zip"],
            "licence": "facts",
            "verified": "yes",
        }


def monthly(facts: Sequence[Mapping[str, str]], places: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of `climate_monthly`, of the best real year of each place."""
    for place in places:
        of_place = [fact for fact in facts if OTHER_NAMES.get(fact["id"], fact["id"]) == place]
        if not of_place:
            continue
        best = min((fact["source"] for fact in of_place), key=rank)
        months = [fact for fact in of_place if fact["source"] == best]
        yield from (month(place, fact) for fact in sorted(months, key=lambda fact: int(fact["month"])))


def month(place: str, fact: Mapping[str, str]) -> dict[str, str]:
    """One month of a place."""
    _, what, licence = KINDS[rank(fact["source"])]
    calm = fact["source"].startswith("dest")
    single = fact["source"].startswith(("uci", "openmeteo"))
    return {
        "id": place,
        "month": fact["month"],
        "diurnal_range_k": f"{float(fact['t_db_mean_daily_max']) - float(fact['t_db_mean_daily_min']):.2f}",
        "relative_humidity_percent": fact["rh_mean"],
        "wind_speed_m_per_s": "" if calm else fact["wind_mean"],
        "ghi_kwh_per_m2_day": fact["ghi_kwh_m2_day"],
        "year": fact["source"].removesuffix(".csv.gz")[-4:] if single else "",
        "source": f"{what}: {fact['source'].removeprefix('EPW ')}",
        "licence": licence,
        "verified": "yes",
        "note": CALM if calm else "",
    }


def rank(source: str) -> int:
    """The place of a source in `KINDS`."""
    return next(place for place, (mark, _, _) in enumerate(KINDS) if mark in source)


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, lines: Sequence[Mapping[str, str]]) -> None:
    """Writes a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(lines)


def main() -> int:
    """Makes both tables."""
    named = os.environ.get("DCFOOT_REFERENCE_DIR")
    beside = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reference", type=Path, default=beside, help="where the facts are")
    facts = parser.parse_args().reference / "facts"
    places = read(facts / "climate_hubs.csv")
    write(TABLES / "climate_hubs.csv", list(hubs(places)))
    years = read(facts / "climate_monthly.csv")
    write(TABLES / "climate_monthly.csv", list(monthly(years, [place["id"] for place in places])))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
