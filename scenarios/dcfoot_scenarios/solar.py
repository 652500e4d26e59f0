"""What a solar plant gives in each hour, for each megawatt of nameplate: pvlib's PVWatts chain."""

from dataclasses import dataclass
from typing import Literal

from dcfoot.weather.year import Hours, Weather


@dataclass(frozen=True, slots=True)
class SolarSystem:
    """How a solar plant is built.

    Parameters
    ----------
    nameplate : str
        Whether a megawatt of it is of its modules (``"dc"``) or of its inverters (``"ac"``).
    tracking : str
        ``"fixed"`` or ``"single_axis"`` (north-south, backtracking).
    tilt_deg : float or None
        Of fixed modules; None: the place's latitude, at most 40 [deg]
    azimuth_deg : float or None
        From north over east; None: towards the equator [deg]
    dc_per_ac_ratio : float
        Power of the modules over that of the inverters [-]
    losses_ratio : float
        Of the modules' power: soiling, shading, mismatch, wiring, availability [-]
    """

    nameplate: Literal["dc", "ac"] = "ac"
    tracking: Literal["fixed", "single_axis"] = "single_axis"
    tilt_deg: float | None = None
    azimuth_deg: float | None = None
    dc_per_ac_ratio: float = 1.3
    losses_ratio: float = 0.14


def solar_per_unit(weather: Weather, system: SolarSystem = SolarSystem()) -> Hours:
    """Alternating-current power for each megawatt of nameplate, by hour [MW per MW].

    Parameters
    ----------
    weather : Weather
        With irradiance.
    system : SolarSystem
        The plant.

    Raises
    ------
    DataMissing
        The weather has no sun.
    """
    raise NotImplementedError
