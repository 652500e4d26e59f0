"""What a wind farm gives in each hour, for each megawatt of nameplate, by the power curve of a turbine."""

from dataclasses import dataclass

from dcfoot.weather.year import Hours, Weather


@dataclass(frozen=True, slots=True)
class WindFarm:
    """How a wind farm is built.

    Parameters
    ----------
    turbine : str
        One of `turbine_names()`.
    hub_height_m : float
        [m]
    roughness_length_m : float
        Of the land, which says how wind grows with height [m]
    losses_ratio : float
        Wakes, availability, cables [-]
    """

    turbine: str = ""
    hub_height_m: float = 100.0
    roughness_length_m: float = 0.05
    losses_ratio: float = 0.15


def turbine_names() -> tuple[str, ...]:
    """The turbines whose power curves are known."""
    raise NotImplementedError


def wind_per_unit(weather: Weather, farm: WindFarm = WindFarm()) -> Hours:
    """Power for each megawatt of nameplate, by hour [MW per MW].

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
    raise NotImplementedError
