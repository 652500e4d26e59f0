"""How near the synthesised typical year comes to real hourly years, in temperatures and in PUE and WUE.

    python benchmarks/typical_year.py [--reference FOLDER] [--write docs/weather.md]
    python benchmarks/typical_year.py --relations

The real years are in FOLDER/data/weather, beside the repository. "Aligned" means that the synthesised year was warmed,
at the same relative humidity, to the real year's mean dry bulb: what is left is the shape. Each place is compared
twice: as shipped, where the months' diurnal range and humidity often come from the very same year, and by the general
relations alone, as for a place without such a year. With --relations the general relations are fitted again, to years
other than the typical ones.
"""

import argparse
import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcfoot import psychrometrics as air
from dcfoot.weather import Climate, Weather, climates, typical_year
from dcfoot.weather.days import MONTH_OF_DAY, month_means
from dcfoot.weather.folder import index_of, read_year

LOAD_RATIO = 0.6
WUE_LIMIT_RATIO, WUE_LIMIT_L_PER_KWH = 0.15, 0.05
BEGIN, END = "<!-- made by benchmarks/typical_year.py -->", "<!-- end -->"

HUBS = {
    "us_ashburn_dulles": "us_ashburn",
    "us_leesburg_ashburn_va": "us_ashburn",
    "us_dallas_dfw": "us_dallas",
    "us_dallas_tx": "us_dallas",
    "us_columbus_oh": "us_columbus",
    "us_hillsboro_or": "us_hillsboro",
    "us_council_bluffs_ia": "us_council_bluffs",
    "us_des_moines_ia": "us_des_moines",
    "us_atlanta_ga": "us_atlanta",
    "us_cheyenne_wy": "us_cheyenne",
    "us_salt_lake_ut": "us_salt_lake",
    "us_san_jose_ca": "us_santa_clara",
}
"""Places of the real years that the table of climates calls otherwise."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A real year with the synthesised one of the same place, as it is and aligned."""

    name: str
    real: Weather
    synthesised: Weather
    aligned: Weather


@dataclass(frozen=True, slots=True)
class Comparison:
    """PUE and WUE of a cooling system in a real year and in the synthesised one."""

    year: str
    system: str
    pue: float
    wue: float
    pue_synthesised: float
    wue_synthesised: float

    @property
    def pue_off(self) -> float:
        """How far the synthesised year's PUE is off."""
        return self.pue_synthesised - self.pue

    @property
    def wue_off(self) -> float:
        """How far its WUE is off [L/kWh]."""
        return self.wue_synthesised - self.wue

    @property
    def wue_in_limits(self) -> float:
        """The same over what is allowed: 15 % or 0.05 L/kWh, whichever is more."""
        return abs(self.wue_off) / max(WUE_LIMIT_L_PER_KWH, WUE_LIMIT_RATIO * self.wue)


def pairs(folder: Path, *, typical: bool, shipped: bool) -> list[Pair]:
    """Every typical (or actual) year of the folder whose place is in the table of climates."""
    found: list[Pair] = []
    for name, about in index_of(folder).items():
        climate = climates().get(HUBS.get(about["site"], about["site"]))
        if climate is not None and ("typical" in about["kind"]) is typical:
            found.append(pair(folder / name, climate if shipped else replace(climate, measured=None)))
    return found


def pair(path: Path, climate: Climate) -> Pair:
    """One of them."""
    real, synthesised = read_year(path), typical_year(climate)
    warmer_k = float(real.dry_bulb_c.mean() - synthesised.dry_bulb_c.mean())
    return Pair(path.name.removesuffix(".csv.gz"), real, synthesised, synthesised.warmer(warmer_k))


def systems() -> dict[str, Callable[[Weather], tuple[float, float]]]:
    """Every cooling system of the library with each of its ways to give off heat: weather to PUE and WUE."""
    from dcfoot.cooling.catalogue import SYSTEMS, find_recipe
    from dcfoot.facility_library import build_facility
    from dcfoot.facility_model import facility_state

    def of(name: str, rejection: str) -> Callable[[Weather], tuple[float, float]]:
        facility = build_facility(name, "large", rejection)

        def pue_and_wue(weather: Weather) -> tuple[float, float]:
            state = facility_state(facility, LOAD_RATIO, weather.dry_bulb_c, weather.wet_bulb_c, weather.pressure_pa)
            return float(np.mean(state.pue)), float(np.mean(state.wue_l_per_kwh))

        return pue_and_wue

    return {f"{name}, {way}": of(name, way) for name in SYSTEMS for way in find_recipe(name).rejections}


def compared(years: Sequence[Pair], *, aligned: bool) -> list[Comparison]:
    """PUE and WUE of every system in every pair."""
    return [
        Comparison(year.name, name, *system(year.real), *system(year.aligned if aligned else year.synthesised))
        for year in years
        for name, system in systems().items()
    ]


def climate_table(years: Sequence[Pair]) -> Iterator[str]:
    """Temperatures of each pair: the difference of yearly means, then what is left when aligned."""
    yield "| year | mean, not aligned | monthly RMSE | dry bulb 1 % | 50 % | 99 % | wet bulb 50 % | 99 % | 99.6 % |"
    yield "|---|---|---|---|---|---|---|---|---|"
    rows = [(year.name, differences(year)) for year in years]
    for name, row in rows:
        yield f"| {name} | " + " | ".join(f"{value:+.1f}" for value in row) + " |"
    mean = np.abs([row for _, row in rows]).mean(axis=0)
    yield "| mean of absolute values | " + " | ".join(f"{value:.1f}" for value in mean) + " |"


def differences(year: Pair) -> list[float]:
    """Synthesised less real [K]."""
    mean = float(year.synthesised.dry_bulb_c.mean() - year.real.dry_bulb_c.mean())
    months = month_means(year.aligned.dry_bulb_c) - month_means(year.real.dry_bulb_c)
    dry = np.percentile(year.aligned.dry_bulb_c, (1, 50, 99)) - np.percentile(year.real.dry_bulb_c, (1, 50, 99))
    wet = np.percentile(year.aligned.wet_bulb_c, (50, 99, 99.6)) - np.percentile(year.real.wet_bulb_c, (50, 99, 99.6))
    return [mean, float(np.sqrt(np.mean(months**2))), *dry, *wet]


def summary_row(label: str, found: Sequence[Comparison]) -> str:
    """Mean and maximum over all systems and years."""
    pue, wue = np.abs([one.pue_off for one in found]), np.abs([one.wue_off for one in found])
    beyond = sum(one.wue_in_limits > 1 for one in found)
    figures = f"{pue.mean():.4f} | {pue.max():.3f} | {wue.mean():.3f} | {wue.max():.3f}"
    return f"| {label} | {figures} | {beyond} of {len(found)} |"


def system_table(found: Sequence[Comparison]) -> Iterator[str]:
    """Mean and maximum of each system."""
    yield "| cooling | PUE | mean off | most | WUE [L/kWh] | mean off | most |"
    yield "|---|---|---|---|---|---|---|"
    for name in dict.fromkeys(one.system for one in found):
        own = [one for one in found if one.system == name]
        pue, wue = np.abs([one.pue_off for one in own]), np.abs([one.wue_off for one in own])
        levels = np.mean([(one.pue, one.wue) for one in own], axis=0)
        yield (
            f"| {name} | {levels[0]:.3f} | {pue.mean():.4f} | {pue.max():.4f} "
            f"| {levels[1]:.3f} | {wue.mean():.3f} | {wue.max():.3f} |"
        )


def report(folder: Path) -> Iterator[str]:
    """All tables, as Markdown."""
    shipped, related = (pairs(folder, typical=True, shipped=shipped) for shipped in (True, False))
    yield "Temperatures [K], synthesised less real, as shipped:"
    yield ""
    yield from climate_table(shipped)
    yield ""
    yield "By the relations alone:"
    yield ""
    yield from climate_table(related)
    yield ""
    yield f"PUE and WUE over {len(systems())} cooling systems at {LOAD_RATIO:.0%} load, large sites:"
    yield ""
    yield "| | mean PUE off | most | mean WUE off [L/kWh] | most | WUE beyond 15 % and 0.05 L/kWh |"
    yield "|---|---|---|---|---|---|"
    for label, years in (("as shipped", shipped), ("by the relations alone", related)):
        yield summary_row(f"typical years, {label}, aligned", compared(years, aligned=True))
        yield summary_row(f"typical years, {label}, not aligned", compared(years, aligned=False))
    for label, own in (("as shipped", True), ("by the relations alone", False)):
        actual = pairs(folder, typical=False, shipped=own)
        yield summary_row(f"single actual years, {label}, aligned", compared(actual, aligned=True))
    yield ""
    yield "By system, typical years as shipped, aligned:"
    yield ""
    found = compared(shipped, aligned=True)
    yield from system_table(found)
    yield ""
    yield "Beyond the limit of WUE are:"
    yield ""
    for one in sorted((one for one in found if one.wue_in_limits > 1), key=lambda one: -one.wue_in_limits):
        yield f"- {one.year}, {one.system}: {one.wue:.3f} L/kWh, synthesised {one.wue_synthesised:.3f}."


def relations(reference: Path) -> Iterator[str]:
    """The general relations, fitted again."""
    yield from diurnal_relation(reference / "facts" / "climate_monthly.csv")
    yield from day_relations(reference / "data" / "weather")


def diurnal_relation(path: Path) -> Iterator[str]:
    """``range = a + b hot + c RH`` over months of real years that are no typical years of the folder."""
    rows: list[tuple[str, float, float, float]] = []
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            climate = climates().get(HUBS.get(row["id"], row["id"]))
            if climate is None or row["source"].startswith(("tmy3_us", "tmyx_us")):
                continue
            hot_k = climate.cooling_design_c - float((climate.dry_bulb_c + climate.station_offset_k).max())
            range_k = float(row["t_db_mean_daily_max"]) - float(row["t_db_mean_daily_min"])
            rows.append((row["source"], range_k, hot_k, float(np.clip(float(row["rh_mean"]) / 100, 0.45, 0.90))))
    values = np.array([row[1:] for row in rows])
    fit, rest = least_squares(values[:, 0], values[:, 1], values[:, 2])
    places = [rest[[row[0] == name for row in rows]].mean() for name in dict.fromkeys(row[0] for row in rows)]
    yield f"{len(rows)} months of {len(places)} years: diurnal range = {fit[0]:.1f} + {fit[1]:.2f} hot {fit[2]:+.1f} RH"
    yield f"  residuals: months {rest.std():.1f} K, places {np.std(places):.1f} K"


def day_relations(folder: Path) -> Iterator[str]:
    """What days do within their months, over the actual years of the folder."""
    names = [name for name, about in index_of(folder).items() if "typical" not in about["kind"]]
    months = [month for name in names for month in months_of(read_year(folder / name))]
    table = np.array([month.figures for month in months])
    mean = table.mean(axis=0)
    yield f"{len(months)} months of {len(names)} actual years:"
    yield f"  persistence of warmth {mean[3]:.2f}, of moisture {mean[4]:.2f}; spread of log range {mean[5]:.2f}"
    yield f"  correlation of log range with warmth {mean[6]:.2f}, with moisture {mean[7]:.2f}"
    slope, rest = least_squares(table[:, 1], table[:, 0], weights=table[:, 8])
    yield f"  vapour on warmth = {slope[0]:.3f} {slope[1]:+.4f} T, residuals {rest.std():.3f}"
    spread, rest = least_squares(table[:, 2], np.clip(table[:, 9], 0.30, 0.90))
    yield f"  moisture spread = {spread[0]:.2f} {spread[1]:+.2f} RH, residuals {rest.std():.3f}"
    yield from wind_relations([read_year(folder / name) for name in names])


@dataclass(frozen=True, slots=True)
class Month:
    """What the days of a month do; the figures are in the order in which `months_of` makes them."""

    figures: tuple[float, ...]


def months_of(year: Weather) -> Iterator[Month]:
    """The months of a year."""
    hours = year.dry_bulb_c.reshape(-1, 24)
    vapour = (year.relative_humidity_ratio * air.saturation_pressure_pa(year.dry_bulb_c)).reshape(-1, 24).mean(axis=1)
    dry, log_range = hours.mean(axis=1), np.log(np.maximum(np.ptp(hours, axis=1), 0.5))
    for month in range(12):
        inside = month == MONTH_OF_DAY
        warm = dry[inside] - dry[inside].mean()
        moist = np.log(vapour[inside]) - np.log(vapour[inside]).mean()
        slope = float(warm @ moist / (warm @ warm))
        rest = moist - slope * warm
        humidity = vapour[inside].mean() / air.saturation_pressure_pa(dry[inside]).mean()
        yield Month(
            (
                float(dry[inside].mean()),
                slope,
                float(rest.std()),
                correlation(warm[1:], warm[:-1]),
                correlation(rest[1:], rest[:-1]),
                float(log_range[inside].std()),
                correlation(log_range[inside], warm),
                correlation(log_range[inside], rest),
                float(warm.std()),
                float(humidity),
            )
        )


def wind_relations(years: Sequence[Weather]) -> Iterator[str]:
    """What hours of wind do."""
    winds = [year.wind_speed_m_per_s for year in years if year.wind_speed_m_per_s is not None]
    persistence = np.mean([correlation(wind[1:], wind[:-1]) for wind in winds])
    course = [wind.reshape(-1, 24).mean(axis=0) for wind in winds]
    swing = np.mean([np.ptp(hours) / 2 / hours.mean() for hours in course])
    peak = np.mean([int(hours.argmax()) for hours in course])
    yield f"  wind: persistence {persistence:.2f}, half its daily course {swing:.2f} of the mean, peak at {peak:.0f}:00"


def correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Of two series."""
    return float(np.corrcoef(first, second)[0, 1])


def least_squares(
    wanted: NDArray[np.float64], *given: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The coefficients of a constant and of what is given, and the residuals."""
    columns = np.column_stack((np.ones(len(wanted)), *given))
    scale = np.ones(len(wanted)) if weights is None else weights
    fit, *_ = np.linalg.lstsq(columns * scale[:, None], wanted * scale, rcond=None)
    return fit, wanted - columns @ fit


def put_into(page: Path, lines: str) -> None:
    """Puts the tables between the page's marks."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n\n{lines}\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Runs the comparison and prints its tables."""
    named = os.environ.get("DCFOOT_REFERENCE_DIR")
    beside = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reference", type=Path, default=beside, help="where the real years are")
    parser.add_argument("--relations", action="store_true", help="fit the general relations again")
    parser.add_argument("--write", type=Path, help="put the tables into this page")
    arguments = parser.parse_args()
    made = relations(arguments.reference) if arguments.relations else report(arguments.reference / "data" / "weather")
    text = "\n".join(made) + "\n"
    sys.stdout.write(text)
    if arguments.write:
        put_into(arguments.write, text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
