"""What a wind farm gives in each hour, for each megawatt of nameplate, by the power curve of a turbine.

In come a weather with wind and a `WindFarm`, out goes power per unit. Wind at 10 m is taken up to the hub by the
logarithmic profile, thin air counts as slower wind, and the farm's losses are a share. The curves are those of NREL's
archive of reference turbines (``data/wind_turbines.csv``).
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from math import log

import numpy as np

from dcfoot import psychrometrics as air
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.evidence import Evidence
from dcfoot.places import nearest
from dcfoot.tables import Row, is_verified
from dcfoot.units import KW_PER_MW
from dcfoot.weather.year import Hours, Weather
from dcfoot_scenarios.tables import rows

MEASURED_AT_M = 10.0
"""Height of the wind of a `Weather` [m]"""

CURVE_DENSITY_KG_PER_M3 = 1.225
"""Of the air for which curves are given (IEC 61400-12-1:2017, 9.1.5: at sea level) [kg/m3]"""

LAPSE_K_PER_M = 0.0065
"""How much colder it is a metre higher (ISO 2533:1975, standard atmosphere) [K/m]"""


@dataclass(frozen=True, slots=True, eq=False)
class Turbine:
    """A wind turbine.

    Parameters
    ----------
    name : str
        ``"nrel_5.5mw_175"``: whose, rated power, rotor.
    rated_mw : float
        [MW]
    hub_m : float
        Height of its hub [m]
    speed_m_per_s, power_ratio : array
        Its curve: wind at the hub, ascending, up to that at which it stops [m/s], power over rated power [-]
    evidence : Evidence
        What stands behind the curve.
    """

    name: str
    rated_mw: float
    hub_m: float
    speed_m_per_s: Hours
    power_ratio: Hours
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class WindFarm:
    """How a wind farm is built.

    Parameters
    ----------
    turbine : str
        One of `turbine_names()`.
    hub_m : float or None
        Height of the hubs; None: the turbine's own [m]
    roughness_m : float
        Roughness length of the land: 0.03 of open farmland, 0.1 with hedges and houses, 0.4 of suburbs and woods,
        0.0002 of water (Troen and Petersen 1989, European Wind Atlas, section 3.2) [m]
    losses_ratio : float
        Wakes, availability, cables, performance: 0.15 as in NREL's reference project (Stehly and others 2020, 2019 Cost
        of Wind Energy Review) [-]

    Raises
    ------
    ConfigError
        A figure is out of range.
    """

    turbine: str = "nrel_5.5mw_175"
    hub_m: float | None = None
    roughness_m: float = 0.03
    losses_ratio: float = 0.15

    def __post_init__(self) -> None:
        """Refuses what cannot be built."""
        if not 0 <= self.losses_ratio < 1:
            raise ConfigError(f"losses_ratio of a wind farm is {self.losses_ratio:g}; it must be from 0 to below 1.")
        if not 0 < self.roughness_m <= 2:
            raise ConfigError(f"roughness_m is {self.roughness_m:g}; it must be above 0, and at most 2 (a city's).")
        if self.hub_m is not None and not MEASURED_AT_M <= self.hub_m <= 300:
            raise ConfigError(f"hub_m is {self.hub_m:g}; it must be from {MEASURED_AT_M:g} to 300.")


def turbine_names() -> tuple[str, ...]:
    """The turbines whose power curves are known."""
    return tuple(row["turbine"] for row in rows("wind_turbines"))


@cache
def find_turbine(name: str) -> Turbine:
    """The turbine called `name`.

    Raises
    ------
    ConfigError
        There is none; the nearest names are offered.
    """
    found = next((row for row in rows("wind_turbines") if row["turbine"] == name), None)
    if found is None:
        hint = nearest(name, turbine_names()) or f" There are: {', '.join(turbine_names())}."
        raise ConfigError(f"No turbine is called {name!r}.{hint}")
    return _turbine(found)


def _turbine(row: Row) -> Turbine:
    speeds, powers = np.array([point.split(":") for point in row["curve"].split()], dtype=np.float64).T
    rated_kw = float(row["rated_kw"])
    what = f"power curve of the turbine {row['turbine']}: rated power"
    verified, note, licence = is_verified(row), row["note"], row["licence"]
    evidence = Evidence(what, rated_kw, row["unit"], int(row["year"]), row["source"], verified, note, licence)
    return Turbine(row["turbine"], rated_kw / KW_PER_MW, float(row["hub_m"]), speeds, powers / rated_kw, evidence)


@lru_cache(maxsize=32)
def wind_per_unit(weather: Weather, farm: WindFarm = WindFarm()) -> Hours:
    """Power for each megawatt of nameplate, by hour, at most ``1 - losses`` [MW per MW].

    Parameters
    ----------
    weather : Weather
        With wind.
    farm : WindFarm
        The plant.

    Raises
    ------
    DataMissing
        The weather has no wind.
    ConfigError
        There is no such turbine.
    """
    if weather.wind_speed_m_per_s is None:
        raise DataMissing(
            f"The weather of {weather.place} has no wind, so that a wind farm there cannot be reckoned. Give a weather "
            "file that has it (EPW, TMY3; PVGIS offers them), a wind profile (wind_file), or a year's mean "
            "(wind_speed_m_per_s)."
        )
    turbine = find_turbine(farm.turbine)
    hub_m = turbine.hub_m if farm.hub_m is None else farm.hub_m
    speed = at_hub_m_per_s(weather.wind_speed_m_per_s, hub_m, farm.roughness_m)
    hours = by_curve_ratio(turbine, speed, density_at_hub_kg_per_m3(weather, hub_m)) * (1 - farm.losses_ratio)
    hours.flags.writeable = False  # every caller gets the same array
    return hours


def at_hub_m_per_s(speed_m_per_s: Hours, hub_m: float, roughness_m: float) -> Hours:
    """Wind at the hub from that at 10 m: ``v ln(hub / z0) / ln(10 / z0)``, in neutral air [m/s].

    Source: Manwell, McGowan and Rogers 2009, Wind Energy Explained, equation 2.34.

    Parameters
    ----------
    speed_m_per_s : array
        At 10 m [m/s]
    hub_m : float
        Height of the hub [m]
    roughness_m : float
        Roughness length of the land, z0 [m]
    """
    return speed_m_per_s * (log(hub_m / roughness_m) / log(MEASURED_AT_M / roughness_m))


def density_at_hub_kg_per_m3(weather: Weather, hub_m: float) -> Hours:
    """Density of the moist air at the hub, which is colder and at lower pressure than the ground's [kg/m3].

    Parameters
    ----------
    weather : Weather
        At the ground.
    hub_m : float
        Height of the hub [m]
    """
    higher_ratio = air.pressure_at_pa(weather.elevation_m + hub_m) / air.pressure_at_pa(weather.elevation_m)
    dry_bulb_c = weather.dry_bulb_c - LAPSE_K_PER_M * hub_m
    return air.density_kg_per_m3(dry_bulb_c, weather.humidity_ratio_kg_per_kg, weather.pressure_pa * higher_ratio)


def by_curve_ratio(turbine: Turbine, speed_m_per_s: Hours, density_kg_per_m3: Hours | float) -> Hours:
    """Power over rated power at a wind: the curve at ``v (density / 1.225)^(1/3)``, nothing beyond its ends [-].

    Source: IEC 61400-12-1:2017, equation 5 (turbines that hold their power by pitch).

    Parameters
    ----------
    turbine : Turbine
        Whose curve.
    speed_m_per_s : array
        At the hub [m/s]
    density_kg_per_m3 : array or float
        Of the air there [kg/m3]
    """
    stop = turbine.speed_m_per_s[-1]
    normal = np.minimum(speed_m_per_s * np.cbrt(density_kg_per_m3 / CURVE_DENSITY_KG_PER_M3), stop)
    power = np.interp(normal, turbine.speed_m_per_s, turbine.power_ratio, left=0.0)
    return np.where(speed_m_per_s > stop, 0.0, power)
