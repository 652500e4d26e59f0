"""What a solar plant gives in each hour, for each megawatt of nameplate.

In come a weather with irradiance and a `SolarSystem`, out goes power per unit. The physics are pvlib's: the sun's place
(NREL's algorithm), transposition by Hay and Davies, reflection, cell temperature by King, and the PVWatts model of
modules and inverter. pvlib costs 0.6 s to import, so that it is imported here alone, and a year is kept: in memory by
its weather, and on disk by its content, so that only the first study of a site pays.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import import_module
from io import BytesIO
from os import getpid
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dcfoot.errors import ConfigError, DataMissing
from dcfoot.version import VERSION
from dcfoot.weather.year import Hours, Weather

INVERTER_RATIO = 0.96
"""Nominal efficiency of inverters (Dobos 2014, PVWatts Version 5 Manual, NREL/TP-6A20-62641, section 11) [-]"""

GROUND_COVER_RATIO = 0.4
"""Width of the modules over the distance of their rows, of tracking plants (the same, table 2) [-]"""

MOST_ROTATION_DEG = 60.0
"""How far a tracker turns from the horizontal. A choice: what makers of today's trackers state (50 to 60) [deg]"""

STEEPEST_DEG = 40.0
"""No fixed modules are tilted more unless it is said: a choice, that of plants which stand in rows."""

STILL_AIR_M_PER_S = 1.0
"""Where the wind is not known: a choice that heats the modules rather too much."""

Nameplate = Literal["dc", "ac"]
Tracking = Literal["fixed", "single_axis"]


@dataclass(frozen=True, slots=True)
class SolarSystem:
    """How a solar plant is built.

    Parameters
    ----------
    nameplate : str
        Whether a megawatt of it is of its modules (``"dc"``) or of its inverters (``"ac"``).
    tracking : str
        ``"fixed"`` or ``"single_axis"`` (north-south, with backtracking).
    tilt_deg : float or None
        Of fixed modules; None: the place's latitude, at most `STEEPEST_DEG` [deg]
    azimuth_deg : float or None
        From north over east, of fixed modules; None: towards the equator [deg]
    dc_per_ac_ratio : float
        Power of the modules over that of the inverters; 1.34 is the mean of American plants (NREL, Annual Technology
        Baseline 2024) [-]
    losses_ratio : float
        Of the modules' power: soiling, shading, mismatch, wiring, ageing, availability (PVWatts Version 5 Manual, table
        6) [-]
    heat_ratio_per_k : float
        What the modules give more for each kelvin (below 0: less), PVWatts' "premium" [1/K]
    ground_albedo_ratio : float
        Of the ground's light (the same manual) [-]

    Raises
    ------
    ConfigError
        A figure is out of range.
    """

    nameplate: Nameplate = "ac"
    tracking: Tracking = "single_axis"
    tilt_deg: float | None = None
    azimuth_deg: float | None = None
    dc_per_ac_ratio: float = 1.34
    losses_ratio: float = 0.14
    heat_ratio_per_k: float = -0.0035
    ground_albedo_ratio: float = 0.2

    def __post_init__(self) -> None:
        """Refuses what cannot be built."""
        if not 0 <= self.losses_ratio < 1:
            raise ConfigError(f"losses_ratio of a solar plant is {self.losses_ratio:g}; it must be from 0 to below 1.")
        if not 0.5 <= self.dc_per_ac_ratio <= 3:
            raise ConfigError(f"dc_per_ac_ratio is {self.dc_per_ac_ratio:g}; it must be from 0.5 to 3.")
        if self.tilt_deg is not None and not 0 <= self.tilt_deg <= 90:
            raise ConfigError(f"tilt_deg is {self.tilt_deg:g}; it must be from 0 (flat) to 90 (upright).")

    @property
    def per_nameplate_ratio(self) -> float:
        """What a megawatt of inverters is in megawatts of nameplate [-]."""
        return 1.0 if self.nameplate == "ac" else self.dc_per_ac_ratio


@lru_cache(maxsize=32)
def solar_per_unit(weather: Weather, system: SolarSystem = SolarSystem(), cache_dir: Path | None = None) -> Hours:
    """Alternating-current power for each megawatt of nameplate, by hour [MW per MW].

    With a nameplate of inverters (``ac``) it is at most 1; with one of modules (``dc``), at most ``1 /
    dc_per_ac_ratio``.

    Parameters
    ----------
    weather : Weather
        With irradiance. Where only the global one is known, beam and diffuse part are by Erbs, Klein and Duffie.
    system : SolarSystem
        The plant.
    cache_dir : Path or None
        Where years are kept; None for the user's own folder.

    Raises
    ------
    DataMissing
        The weather has no sun.
    """
    if weather.ghi_w_per_m2 is None:
        raise DataMissing(
            f"The weather of {weather.place} has no irradiance, so that a solar plant there cannot be reckoned. "
            "Give a weather file that has it (EPW, TMY3; PVGIS offers them), a solar profile (solar_file), or a year's "
            "sum as maps have it (ghi_kwh_per_m2_year)."
        )
    kept = (default_cache_dir() if cache_dir is None else cache_dir) / f"solar-{_name_of(weather, system)}.npy"
    hours = _kept(kept, len(weather))
    if hours is None:
        hours = _by_pvlib(weather, system)
        _keep(kept, hours)
    hours.flags.writeable = False  # every caller gets the same array
    return hours


def default_cache_dir() -> Path:
    """The user's folder for years that can be reckoned again."""
    from platformdirs import user_cache_path

    return user_cache_path("dcfoot", appauthor=False) / "supply"


def _by_pvlib(weather: Weather, system: SolarSystem) -> Hours:
    pvlib: Any = import_module("pvlib")  # has no types
    sun = _sun(pvlib, weather)
    tilt, azimuth = _orientation(pvlib, weather, system, sun)
    aoi = pvlib.irradiance.aoi(tilt, azimuth, sun.apparent_zenith.to_numpy(), sun.azimuth.to_numpy())
    beam, diffuse = _on_modules(pvlib, weather, system, sun, tilt, azimuth)
    wind = weather.wind_speed_m_per_s if weather.wind_speed_m_per_s is not None else STILL_AIR_M_PER_S
    mounting = pvlib.temperature.TEMPERATURE_MODEL_PARAMETERS["sapm"]["open_rack_glass_polymer"]
    cell_c = pvlib.temperature.sapm_cell(beam + diffuse, weather.dry_bulb_c, wind, **mounting)
    absorbed = beam * pvlib.iam.physical(aoi) + diffuse
    modules = pvlib.pvsystem.pvwatts_dc(absorbed, cell_c, system.dc_per_ac_ratio, system.heat_ratio_per_k)
    inverters = pvlib.inverter.pvwatts(modules * (1 - system.losses_ratio), 1 / INVERTER_RATIO, INVERTER_RATIO)
    hours: Hours = np.nan_to_num(np.maximum(inverters, 0.0)) / system.per_nameplate_ratio
    return hours


def _sun(pvlib: Any, weather: Weather) -> Any:  # noqa: ANN401
    """Where the sun stands at the middle of each hour, of which the irradiance is the mean."""
    pandas: Any = import_module("pandas")
    middles = pandas.date_range(weather.start, periods=len(weather), freq="h") + pandas.Timedelta(minutes=30)
    place = weather.latitude_deg, weather.longitude_deg, weather.elevation_m
    return pvlib.solarposition.get_solarposition(middles, *place, temperature=weather.dry_bulb_c)


def _orientation(pvlib: Any, weather: Weather, system: SolarSystem, sun: Any) -> Any:  # noqa: ANN401
    """Tilt and azimuth of the modules [deg]."""
    if system.tracking == "single_axis":
        zenith, azimuth = sun.apparent_zenith.to_numpy(), sun.azimuth.to_numpy()
        turned = pvlib.tracking.singleaxis(zenith, azimuth, max_angle=MOST_ROTATION_DEG, gcr=GROUND_COVER_RATIO)
        return np.nan_to_num(turned["surface_tilt"]), np.nan_to_num(turned["surface_azimuth"])
    tilt = min(abs(weather.latitude_deg), STEEPEST_DEG) if system.tilt_deg is None else system.tilt_deg
    equator = 180.0 if weather.latitude_deg >= 0 else 0.0
    return tilt, equator if system.azimuth_deg is None else system.azimuth_deg


def _on_modules(
    pvlib: Any,  # noqa: ANN401
    weather: Weather,
    system: SolarSystem,
    sun: Any,  # noqa: ANN401
    tilt: Any,  # noqa: ANN401
    azimuth: Any,  # noqa: ANN401
) -> tuple[Hours, Hours]:
    """Beam and diffuse irradiance on the modules [W/m2]."""
    dni, dhi = _beam_and_diffuse(pvlib, weather, sun)
    found = pvlib.irradiance.get_total_irradiance(
        tilt,
        azimuth,
        sun.apparent_zenith.to_numpy(),
        sun.azimuth.to_numpy(),
        dni,
        weather.ghi_w_per_m2,
        dhi,
        dni_extra=pvlib.irradiance.get_extra_radiation(sun.index.day_of_year.to_numpy()),
        albedo=system.ground_albedo_ratio,
        model="haydavies",
    )
    return np.nan_to_num(found["poa_direct"]), np.nan_to_num(found["poa_diffuse"])


def _beam_and_diffuse(pvlib: Any, weather: Weather, sun: Any) -> tuple[Hours, Hours]:  # noqa: ANN401
    if weather.dni_w_per_m2 is not None and weather.dhi_w_per_m2 is not None:
        return weather.dni_w_per_m2, weather.dhi_w_per_m2
    parts = pvlib.irradiance.erbs(weather.ghi_w_per_m2, sun.zenith.to_numpy(), sun.index.day_of_year.to_numpy())
    return np.nan_to_num(parts["dni"]), np.nan_to_num(parts["dhi"])


def _name_of(weather: Weather, system: SolarSystem) -> str:
    """What a year depends on, in short: the same for the same content, whatever object holds it."""
    facts = (VERSION, system, weather.start, weather.latitude_deg, weather.longitude_deg, weather.elevation_m)
    series = (weather.ghi_w_per_m2, weather.dni_w_per_m2, weather.dhi_w_per_m2)
    content = sha256(repr(facts).encode())
    for values in (*series, weather.dry_bulb_c, weather.wind_speed_m_per_s):
        content.update(b"not known" if values is None else np.ascontiguousarray(values).tobytes())
    return content.hexdigest()


def _kept(path: Path, hours_count: int) -> Hours | None:
    """A year from the cache; None where there is none that can be read."""
    try:
        found = np.load(BytesIO(path.read_bytes()), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found if found.shape == (hours_count,) and found.dtype == np.float64 else None


def _keep(path: Path, hours: Hours) -> None:
    """Writes a year beside and renames it; a disk that cannot be written is no reason to fail."""
    beside = path.with_suffix(f".{getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            np.save(file, hours, allow_pickle=False)
        beside.replace(path)
