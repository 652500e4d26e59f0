"""Weather files as their makers write them, from hours that are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

EPW_HEAD = (
    "LOCATION,Dulles,VA,USA,TMY3,724030,38.98,-77.47,-5.0,82.0",
    "DESIGN CONDITIONS,0",
    "TYPICAL/EXTREME PERIODS,0",
    "GROUND TEMPERATURES,0",
    "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0",
    "COMMENTS 1,made by a test",
    "COMMENTS 2,",
)

TMY3_TITLES = [
    *("Date (MM/DD/YYYY)", "Time (HH:MM)", "ETR (W/m^2)", "GHI (W/m^2)", "GHI source", "GHI uncert (%)"),
    *("DNI (W/m^2)", "DHI (W/m^2)", "Dry-bulb (C)", "Dry-bulb source", "Dew-point (C)", "RHum (%)"),
    *("Pressure (mbar)", "Wdir (degrees)", "Wspd (m/s)"),
]
TMY3_HEAD = ('724030,"WASHINGTON DC DULLES INT\'L AR [UVA - ISIS]",VA,-5.0,38.983,-77.467,82', ",".join(TMY3_TITLES))


@dataclass(frozen=True)
class Hour:
    """What a file says of an hour; `begins` is in the place's standard time."""

    begins: datetime
    dry_bulb_c: float = 20.0
    dew_point_c: float = 10.0
    humidity_percent: float = 52.5
    pressure_pa: float = 100_000.0
    ghi: float = 0.0
    dni: float = 0.0
    dhi: float = 0.0
    wind: float = 3.0


def hours(count: int, begins: datetime = datetime(2023, 1, 1)) -> list[Hour]:  # noqa: DTZ001 (local standard time)
    """Hours that follow each other, each with a dry bulb of its own: 0.0, 0.1, ... 23.9 C and again."""
    return [Hour(begins + timedelta(hours=i), dry_bulb_c=20.0 + (i % 240) / 10) for i in range(count)]


def without(some: Sequence[Hour], **fields: float) -> list[Hour]:
    """The same hours with fields set, for codes of missing values."""
    return [replace(hour, **cast("Any", fields)) for hour in some]


def epw_line(hour: Hour) -> str:
    begins = hour.begins
    ahead = f"{begins.year},{begins.month},{begins.day},{begins.hour + 1},0,?9?9?9"
    moist = f"{hour.dry_bulb_c},{hour.dew_point_c},{hour.humidity_percent:g},{hour.pressure_pa:g}"
    sun = f"0,0,300,{hour.ghi:g},{hour.dni:g},{hour.dhi:g},0,0,0,0"
    return f"{ahead},{moist},{sun},180,{hour.wind:g},5,5,16.0,77777,9,999999999,20,0.1,0,88,0.2,0,0"


def write_epw(path: Path, some: Sequence[Hour], last: str = "12/31") -> Path:
    period = f"DATA PERIODS,1,1,Data,Sunday, 1/ 1,{last}"
    path.write_text("\n".join([*EPW_HEAD, period, *map(epw_line, some)]) + "\n")
    return path


def write_tmy3(path: Path, some: Sequence[Hour]) -> Path:
    lines = [
        f"{hour.begins:%m/%d/%Y},{hour.begins.hour + 1:02}:00,0,{hour.ghi:g},1,8,{hour.dni:g},{hour.dhi:g},"
        f"{hour.dry_bulb_c},A,{hour.dew_point_c},{hour.humidity_percent:g},{hour.pressure_pa / 100:g},180,{hour.wind:g}"
        for hour in some
    ]
    path.write_text("\n".join([*TMY3_HEAD, *lines]) + "\n")
    return path
