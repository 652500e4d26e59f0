"""Clean power that is contracted: as instruments of the accounts, and how far it meets a load.

In come a plant's hours, a contract's share or a volume of certificates; out go `dcfoot.accounting.Instrument`s, what
becomes of a surplus (stored, sold or not made: each is said), and the match by the year beside that by the hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from dcfoot import accounting
from dcfoot.accounting import Instrument
from dcfoot.errors import ConfigError
from dcfoot.units import KWH_PER_MWH
from dcfoot.weather.year import Hours


@dataclass(frozen=True, slots=True, eq=False)
class Surplus:
    """What becomes of clean power beyond the load, hour by hour; the three add up to it.

    Parameters
    ----------
    stored_mw : array
        Taken by a store [MW]
    exported_mw : array
        Sold to the grid [MW]
    curtailed_mw : array
        Not made [MW]
    """

    stored_mw: Hours
    exported_mw: Hours
    curtailed_mw: Hours


@dataclass(frozen=True, slots=True)
class Match:
    """How far clean supply meets a load, by the year and by the hour: never the one without the other.

    Parameters
    ----------
    volume_match_ratio : float
        Of the year's sums, at most 1: what "100 % renewable" says [-]
    cfe_contracted_ratio : float
        By the hour, of what has hours [-]
    cfe_ratio : float or None
        The same with the grid's own clean share on the remainder; None where that is not known [-]
    excess_mwh : float
        Contracted in an hour beyond the load of that hour [MWh]
    """

    volume_match_ratio: float
    cfe_contracted_ratio: float
    cfe_ratio: float | None
    excess_mwh: float


def ppa(name: str, generation_mw: Hours, share_ratio: float = 1.0, *, g_per_kwh: float = 0.0) -> Instrument:
    """A contract for what a plant generates, or a share of it, hour by hour: own, by direct line, physical or virtual.

    Parameters
    ----------
    name : str
        For people.
    generation_mw : array
        Of the plant, without what is curtailed [MW]
    share_ratio : float
        That is contracted [-]
    g_per_kwh : float
        Its factor, of the family of the grid's: 0 of direct emissions, but not of a life cycle [g/kWh]

    Raises
    ------
    ConfigError
        More than the plant, or less than nothing, is contracted.
    """
    if not 0 <= share_ratio <= 1:
        raise ConfigError(f"The contract {name} is for {share_ratio:g} of a plant; it must be from 0 to 1.")
    return Instrument(name, generation_mw * (share_ratio * KWH_PER_MWH), g_per_kwh)


def certificates(name: str, volume_mwh: float, *, g_per_kwh: float = 0.0) -> Instrument:
    """Certificates (绿证, GO, REC, I-REC) of a year's volume: they count by the year, and in no hour.

    One certificate is a megawatt-hour in each of these systems (绿证: NDRC notice 1044 of 2023; GO: EN 16325). Bought
    beside the power, they say nothing of when it was made.

    Parameters
    ----------
    name : str
        For people.
    volume_mwh : float
        That is cancelled for the year [MWh]
    g_per_kwh : float
        As of a `ppa` [g/kWh]

    Raises
    ------
    ConfigError
        The volume is negative.
    """
    if volume_mwh < 0:
        raise ConfigError(f"The certificates {name} are for {volume_mwh:g} MWh; it must be at least 0.")
    return Instrument(name, volume_mwh * KWH_PER_MWH, g_per_kwh)


def surplus_use(surplus_mw: Hours, stored_mw: Hours | float, export_limit_mw: float) -> Surplus:
    """A surplus shared out: first what the store takes, then what the connection may feed in; the rest is not made.

    Parameters
    ----------
    surplus_mw : array
        Clean power beyond the load [MW]
    stored_mw : array or float
        Of it, what a store takes; 0 without one [MW]
    export_limit_mw : float
        What the connection may feed in; 0: nothing is sold [MW]
    """
    left = np.maximum(surplus_mw - stored_mw, 0.0)
    exported = np.minimum(left, export_limit_mw)
    return Surplus(surplus_mw - left, exported, left - exported)


def match(load_mw: Hours, instruments: Sequence[Instrument], grid_cfe_ratio: Hours | None = None) -> Match:
    """The match of a load by what is contracted, by the year and by the hour.

    Parameters
    ----------
    load_mw : array
        Of the facility [MW]
    instruments : sequence of Instrument
        What is contracted; only what is clean counts, and only what has hours counts by the hour.
    grid_cfe_ratio : array or None
        Clean share of what the grid delivers, by hour [-]
    """
    load_kwh = load_mw * KWH_PER_MWH
    clean = [one for one in instruments if one.clean]
    hourly_kwh = sum((cast("Hours", one.energy_kwh) for one in clean if one.hourly), start=np.zeros_like(load_kwh))
    yearly_kwh = sum(one.yearly_kwh for one in clean)
    return Match(
        float(accounting.cfe_contracted_ratio(float(load_kwh.sum()), yearly_kwh)),
        float(accounting.cfe_contracted_ratio(load_kwh, hourly_kwh)),
        None if grid_cfe_ratio is None else float(accounting.cfe_ratio(load_kwh, hourly_kwh, grid_cfe_ratio)),
        float(accounting.excess_kwh(load_kwh, hourly_kwh).sum() / KWH_PER_MWH),
    )
