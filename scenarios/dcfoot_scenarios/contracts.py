"""Clean power that is bought: PPAs and certificates as instruments of the accounts, what becomes of a surplus, and the
yearly match beside the hourly one."""

from collections.abc import Sequence
from dataclasses import dataclass

from dcfoot.accounting import Instrument
from dcfoot.elementwise import Value
from dcfoot.weather.year import Hours


@dataclass(frozen=True, slots=True, eq=False)
class Surplus:
    """What becomes of clean power beyond the load and the store.

    Parameters
    ----------
    exported_mw, curtailed_mw : array
        Sold to the grid; not made [MW]
    """

    exported_mw: Hours
    curtailed_mw: Hours


@dataclass(frozen=True, slots=True)
class Match:
    """How far clean supply meets a load, by the year and by the hour: never the one without the other.

    Parameters
    ----------
    volume_match_ratio : float
        Of the year's sums, at most 1 [-]
    cfe_contracted_ratio : float
        By the hour [-]
    cfe_ratio : float or None
        With the grid's own clean share on the remainder; None where it is not known [-]
    """

    volume_match_ratio: float
    cfe_contracted_ratio: float
    cfe_ratio: float | None = None


def ppa(name: str, generation_mw: Hours, share_ratio: float = 1.0, *, g_per_kwh: float = 0.0) -> Instrument:
    """A contract for a share of what a plant generates, hour by hour (a direct line or a physical or virtual PPA).

    Parameters
    ----------
    name : str
        For people.
    generation_mw : array
        Of the plant [MW]
    share_ratio : float
        That is contracted [-]
    g_per_kwh : float
        Its factor, of the family of the grid's [g/kWh]
    """
    raise NotImplementedError


def certificates(name: str, volume_mwh: float, *, g_per_kwh: float = 0.0) -> Instrument:
    """Certificates (绿证, GO, REC) of a year's volume: they count by the year and in no hour.

    Parameters
    ----------
    name : str
        For people.
    volume_mwh : float
        Of the year [MWh]
    g_per_kwh : float
        [g/kWh]
    """
    raise NotImplementedError


def surplus_use(surplus_mw: Value, export_limit_mw: float) -> tuple[Value, Value]:
    """How much of a surplus is exported and how much curtailed [MW].

    Parameters
    ----------
    surplus_mw : Value
        Clean power that meets no load and no store [MW]
    export_limit_mw : float
        What the connection may feed in; 0: all is curtailed [MW]
    """
    raise NotImplementedError


def match(load_mw: Hours, instruments: Sequence[Instrument], grid_cfe_ratio: Hours | None = None) -> Match:
    """The match of a load by the year and by the hour.

    Parameters
    ----------
    load_mw : array
        Of the facility [MW]
    instruments : sequence of Instrument
        What is bought.
    grid_cfe_ratio : array or None
        Clean share of what the grid delivers, by hour [-]
    """
    raise NotImplementedError
