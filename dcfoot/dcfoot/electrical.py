"""The electrical chain from the meter to the IT equipment: UPS, power distribution, lights.

In comes the load of the IT equipment, out goes what each part of the chain loses. All of it is over the facility's IT
capacity, so that a loss that does not fall with the load weighs more at part load.
"""

from dataclasses import dataclass

from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError


@dataclass(frozen=True, slots=True)
class LossCurve:
    """Losses of a converter, over its rating: ``fixed + linear u + square u^2`` at the load ``u`` over its rating.

    Source: Rasmussen 2011, Electrical Efficiency Modeling for Data Centers, APC white paper 113.

    Parameters
    ----------
    fixed_ratio, linear_ratio, square_ratio : float or array
        The three terms [-]
    redundancy_ratio : float or array
        Rating installed and running, over what the full load needs [-]
    """

    fixed_ratio: Numbers
    linear_ratio: Numbers
    square_ratio: Numbers
    redundancy_ratio: Numbers = 1.0


@dataclass(frozen=True, slots=True)
class Electrical:
    """The chain between meter and IT equipment.

    Parameters
    ----------
    ups, distribution : LossCurve
        Uninterruptible power supplies; cables, transformers and PDUs behind them.
    lighting_ratio : float or array
        Lights, and whatever else of the building runs at any load, over IT capacity [-]
    ups_to_hall_ratio : float or array
        The part of the UPS's heat that the halls' cooling must take; the rest is ventilated away [-]
    """

    ups: LossCurve
    distribution: LossCurve
    lighting_ratio: Numbers
    ups_to_hall_ratio: Numbers


@dataclass(frozen=True, slots=True)
class ElectricalState:
    """What the chain loses. Ratios are over IT capacity.

    Parameters
    ----------
    ups_ratio, distribution_ratio, lighting_ratio : float or array
        Power lost or used [-]
    hall_heat_ratio : float or array
        What of it heats the halls [-]
    """

    ups_ratio: Numbers
    distribution_ratio: Numbers
    lighting_ratio: Numbers
    hall_heat_ratio: Numbers


def loss_ratio(curve: LossCurve, load_ratio: Numbers, full_load_ratio: Numbers = 1.0) -> Numbers:
    """Power lost in a converter.

    Parameters
    ----------
    curve : LossCurve
        The converter.
    load_ratio : float or array
        Its output [-]
    full_load_ratio : float or array
        Its output at full load, in the same unit, for which it is sized [-]
    """
    rating = full_load_ratio * curve.redundancy_ratio
    u = load_ratio / rating
    return rating * (curve.fixed_ratio + u * (curve.linear_ratio + u * curve.square_ratio))


def efficiency_ratio(curve: LossCurve, load_ratio: Numbers) -> Numbers:
    """Output over input of a converter: ``x / (x + loss)``.

    Parameters
    ----------
    curve : LossCurve
        The converter.
    load_ratio : float or array
        Its output over its output at full load, above 0 [-]
    """
    return load_ratio / (load_ratio + loss_ratio(curve, load_ratio))


def electrical_state(chain: Electrical, it_load_ratio: Numbers) -> ElectricalState:
    """What the chain loses: distribution behind the UPS, so that the UPS carries its loss too.

    Parameters
    ----------
    chain : Electrical
        The chain.
    it_load_ratio : float or array
        IT power over IT capacity [-]
    """
    distribution = loss_ratio(chain.distribution, it_load_ratio)
    full_load = 1 + loss_ratio(chain.distribution, 1.0)
    ups = loss_ratio(chain.ups, it_load_ratio + distribution, full_load)
    hall = distribution + chain.lighting_ratio + ups * chain.ups_to_hall_ratio
    return ElectricalState(ups, distribution, chain.lighting_ratio, hall)


def redundancy_ratio(scheme: str, needed_count: int = 4) -> float:
    """Installed over needed for a scheme of redundancy: ``"N"``, ``"N+1"``, ``"2N"``, ``"2(N+1)"``.

    Source: Uptime Institute, Tier Standard: Topology, 2018.

    Parameters
    ----------
    scheme : str
        The scheme.
    needed_count : int
        Units that the full load needs, N.

    Raises
    ------
    ConfigError
        The scheme is not one of them.
    """
    schemes = {
        "N": needed_count,
        "N+1": needed_count + 1,
        "N+2": needed_count + 2,
        "2N": 2 * needed_count,
        "2(N+1)": 2 * (needed_count + 1),
    }
    if scheme not in schemes:
        raise ConfigError(f"There is no redundancy {scheme!r}; there are: {', '.join(schemes)}.")
    return schemes[scheme] / needed_count
