"""Emissions of a year's electricity, method by method: each has its name, and none is blended with another.

What comes in are energies and factors as numbers or arrays, one value an hour (a leading axis may hold designs or
draws), what goes out are grams and ratios. A formula on the sums of a year is the yearly method, the same formula on
its hours the hourly one. Every function takes factors of one family; `rates_of` refuses a mixture.

=====================  =============================================================================================
location               the grid where the load is: what is bought changes nothing
market                 contracts and certificates first, then the residual mix (GHG Protocol Scope 2 Guidance, 2015)
marginal               the stations that answer to a change: for decisions, never for an inventory
=====================  =============================================================================================
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from dcfoot.elementwise import Value, maximum, minimum
from dcfoot.errors import ConfigError
from dcfoot.factors.hourly import HourlyFactors
from dcfoot.grid import GridFactor, require_same_boundary
from dcfoot.units import G_PER_KG

Hours = NDArray[np.float64]
"""One value an hour."""


def _over_hours(values: Value) -> Value:
    """The sum over the hours, the last axis; a number is its own sum."""
    summed: Value = _sum(values)
    return summed


def _sum(values: Any) -> Any:  # noqa: ANN401 (what the checkers cannot tell apart)
    if not getattr(values, "ndim", 0):
        return values
    return values.sum() if values.ndim == 1 else values.sum(axis=-1)


def matched_kwh(load_kwh: Value, contracted_kwh: Value) -> Value:
    """The part of the load that contracted supply meets: ``min(contracted, load)``.

    Of hours, the hourly match, in which what exceeds the load of its hour is lost; of a year's sums, the yearly match.

    Source: Google 2021, 24/7 Carbon-Free Energy: Methodologies and Metrics, section "CFE score".

    Parameters
    ----------
    load_kwh : Value
        What the facility draws [kWh]
    contracted_kwh : Value
        What is contracted [kWh]
    """
    return minimum(contracted_kwh, load_kwh)


def excess_kwh(load_kwh: Value, contracted_kwh: Value) -> Value:
    """Contracted supply beyond the load: ``max(contracted - load, 0)``.

    Parameters
    ----------
    load_kwh : Value
        What the facility draws [kWh]
    contracted_kwh : Value
        What is contracted [kWh]
    """
    return maximum(contracted_kwh - load_kwh, 0.0)


def cfe_contracted_ratio(load_kwh: Value, clean_kwh: Value) -> Value:
    """The part of the load met by contracted clean supply: ``sum(min(clean, load)) / sum(load)``.

    Source: Google 2021, 24/7 Carbon-Free Energy: Methodologies and Metrics, section "CFE score".

    Parameters
    ----------
    load_kwh : Value
        By hour for the hourly ratio, a year's sum for yearly matching [kWh]
    clean_kwh : Value
        Contracted carbon-free supply, likewise [kWh]
    """
    return _over_hours(matched_kwh(load_kwh, clean_kwh)) / _over_hours(load_kwh)


def cfe_ratio(load_kwh: Value, clean_kwh: Value, grid_cfe_ratio: Value | float) -> Value:
    """The same with the grid's own clean share on the remainder: the CFE score.

    ``sum(min(clean, load) + max(load - clean, 0) x grid share) / sum(load)``

    Source: Google 2021, 24/7 Carbon-Free Energy: Methodologies and Metrics, section "CFE score".

    Parameters
    ----------
    load_kwh : Value
        By hour [kWh]
    clean_kwh : Value
        Contracted carbon-free supply by hour [kWh]
    grid_cfe_ratio : Value or float
        Clean share of what the grid delivers, by hour [-]
    """
    clean = matched_kwh(load_kwh, clean_kwh) + maximum(load_kwh - clean_kwh, 0.0) * grid_cfe_ratio
    return _over_hours(clean) / _over_hours(load_kwh)


def location_g(load_kwh: Value, grid_g_per_kwh: Value) -> Value:
    """Location-based emissions: ``sum(load x factor)``.

    Source: GHG Protocol Scope 2 Guidance (2015), chapter 6. Losses of transmission and distribution are not in it: they
    are scope 3, category 3 (`dcfoot.factors.losses`). With a marginal factor, the same sum is the marginal method.

    Parameters
    ----------
    load_kwh : Value
        What the facility draws [kWh]
    grid_g_per_kwh : Value
        The grid's factor [g/kWh]
    """
    return _over_hours(load_kwh * grid_g_per_kwh)


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """Bought electricity with a claim to its attributes: a contract, a bundled supply, certificates (绿证, GO, REC).

    Parameters
    ----------
    name : str
        For people.
    energy_kwh : float or array
        A volume of the year, or hour by hour; only the second can be matched by hours [kWh]
    g_per_kwh : float
        Its factor, of the family of the grid's [g/kWh]
    clean : bool
        Whether it counts as carbon-free.
    """

    name: str
    energy_kwh: float | Hours
    g_per_kwh: float
    clean: bool = True

    @property
    def hourly(self) -> bool:
        """Whether its hours are known."""
        return not isinstance(self.energy_kwh, float | int)

    @property
    def yearly_kwh(self) -> float:
        """The year's volume [kWh]."""
        return float(_over_hours(cast("float", self.energy_kwh)))


def market_g(load_kwh: Value, supplies: Sequence[tuple[Value, float]], residual_g_per_kwh: Value) -> Value:
    """Market-based emissions: what is bought first, at its factor, then the residual mix on the rest.

    ``sum over supplies (taken x factor) + (load - taken) x residual``, each supply taken as far as load is left.

    Source: GHG Protocol Scope 2 Guidance (2015), chapter 6 and table 6.3 (the order: certificates, contracts, the
    supplier's factor, the residual mix).

    Parameters
    ----------
    load_kwh : Value
        What the facility draws [kWh]
    supplies : sequence of (Value, float)
        Energy and factor of each, in the order in which they count [kWh, g/kWh]
    residual_g_per_kwh : Value
        What is left of the grid without claimed power; the supplier's factor where there is one [g/kWh]
    """
    left = load_kwh
    emitted = load_kwh * 0.0
    for energy_kwh, g_per_kwh in supplies:
        taken = minimum(left, energy_kwh)
        emitted = emitted + taken * g_per_kwh
        left = left - taken
    return _over_hours(emitted + left * residual_g_per_kwh)


def ref_ratio(renewable_kwh: Value, facility_energy_kwh: Value) -> Value:
    """Renewable energy factor: renewable energy that the operator owns and controls over all energy, at most 1.

    Source: ISO/IEC 30134-3:2016. Certificates count where they are retired for the operator.

    Parameters
    ----------
    renewable_kwh : Value
        Of the year [kWh]
    facility_energy_kwh : Value
        Of the year [kWh]
    """
    return minimum(renewable_kwh / facility_energy_kwh, 1.0)


def cue_kg_per_kwh(emissions_g: Value, it_energy_kwh: Value) -> Value:
    """Carbon usage effectiveness: emissions of the facility's energy over IT energy [kg/kWh].

    Source: ISO/IEC 30134-8:2022.

    Parameters
    ----------
    emissions_g : Value
        Of the year, by one method and of one family [g]
    it_energy_kwh : Value
        Of the year [kWh]
    """
    return emissions_g / G_PER_KG / it_energy_kwh


def sci_g_per_unit(energy_kwh: Value, grid_g_per_kwh: Value, embodied_g: Value, functional_units_count: Value) -> Value:
    """Software carbon intensity: ``(E x I + M) / R``.

    Source: ISO/IEC 21031:2024.

    Parameters
    ----------
    energy_kwh : Value
        Of the software, E [kWh]
    grid_g_per_kwh : Value
        Location-based factor, I [g/kWh]
    embodied_g : Value
        The share of the machines' embodied emissions, M [g]
    functional_units_count : Value
        How many units were served, R [-]
    """
    return (energy_kwh * grid_g_per_kwh + embodied_g) / functional_units_count


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """The factors of one accounting, all of one family; None where none is known.

    Parameters
    ----------
    boundary, gas : str
        The family.
    grid_g_per_kwh, residual_g_per_kwh : float
        Of the year; where no residual mix is published, the grid's average stands in for it [g/kWh]
    hourly_grid_g_per_kwh, hourly_residual_g_per_kwh, hourly_marginal_g_per_kwh : array or None
        By hour [g/kWh]
    marginal_g_per_kwh : float or None
        Of the year [g/kWh]
    notes : tuple of str
        What stands in for what.
    """

    boundary: str
    gas: str
    grid_g_per_kwh: float
    residual_g_per_kwh: float
    hourly_grid_g_per_kwh: Hours | None = None
    hourly_residual_g_per_kwh: Hours | None = None
    hourly_marginal_g_per_kwh: Hours | None = None
    marginal_g_per_kwh: float | None = None
    notes: tuple[str, ...] = ()


def rates_of(
    grid: GridFactor,
    residual: GridFactor | None = None,
    marginal: GridFactor | None = None,
    *,
    hourly_grid: HourlyFactors | None = None,
    hourly_residual: HourlyFactors | None = None,
    hourly_marginal: HourlyFactors | None = None,
) -> Rates:
    """The factors of one accounting.

    Parameters
    ----------
    grid : GridFactor
        The location's average.
    residual, marginal : GridFactor or None
        The residual mix (China: the factor without market-traded non-fossil power); the marginal one.
    hourly_grid, hourly_residual, hourly_marginal : HourlyFactors or None
        The same by hour.

    Raises
    ------
    BoundaryMismatch
        They are of different families.
    ConfigError
        An hour is not known.
    """
    family = (str(grid.boundary), grid.gas)
    for other in (residual, marginal, hourly_grid, hourly_residual, hourly_marginal):
        if other is not None:
            require_same_boundary(family, (str(other.boundary), other.gas))
    missing = f"No residual mix of {grid.zone} is known ({' '.join(family)}): the grid's average stands in for it."
    return Rates(
        *family,
        grid.g_per_kwh.central,
        (residual or grid).g_per_kwh.central,
        _hours(hourly_grid),
        _hours(hourly_residual),
        _hours(hourly_marginal),
        marginal.g_per_kwh.central if marginal else None,
        () if residual else (missing,),
    )


def _hours(factors: HourlyFactors | None) -> Hours | None:
    if factors is None:
        return None
    if None in factors.g_per_kwh:
        raise ConfigError(
            f"{factors.zone}: {factors.g_per_kwh.count(None)} hours are not known; fill them by name first."
        )
    return np.array(factors.g_per_kwh, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Accounts:
    """A year by every method that its inputs allow; None where they do not.

    Parameters
    ----------
    boundary, gas : str
        The family of every amount.
    location_yearly_g, location_hourly_g, market_yearly_g, market_hourly_g, marginal_g : float or None
        By method [g]
    volume_match_ratio : float
        Clean supply over load, of the year's sums, at most 1: to be shown beside the hourly ratio, never alone [-]
    cfe_contracted_ratio, cfe_ratio : float or None
        By hour; see the functions of these names [-]
    excess_kwh : float or None
        Clean supply that met no load of its hour [kWh]
    notes : tuple of str
        What stands in for what, what was left out.
    """

    boundary: str
    gas: str
    location_yearly_g: float
    market_yearly_g: float
    volume_match_ratio: float
    location_hourly_g: float | None = None
    market_hourly_g: float | None = None
    marginal_g: float | None = None
    cfe_contracted_ratio: float | None = None
    cfe_ratio: float | None = None
    excess_kwh: float | None = None
    notes: tuple[str, ...] = ()


def accounts(
    load_kwh: Hours,
    rates: Rates,
    instruments: Sequence[Instrument] = (),
    *,
    grid_cfe_ratio: Hours | None = None,
) -> Accounts:
    """A year's electricity by every method.

    Parameters
    ----------
    load_kwh : array
        What the facility draws, hour by hour [kWh]
    rates : Rates
        Factors of one family.
    instruments : sequence of Instrument
        In the order in which they count. One of which only the year's volume is known takes no part in hourly methods.
    grid_cfe_ratio : array or None
        Clean share of what the grid delivers, by hour [-]
    """
    yearly_kwh = float(_over_hours(load_kwh))
    clean_yearly_kwh = sum(one.yearly_kwh for one in instruments if one.clean)
    hourly = [one for one in instruments if one.hourly]
    clean = sum((cast("Hours", one.energy_kwh) for one in hourly if one.clean), start=load_kwh * 0.0)
    marginal = rates.marginal_g_per_kwh if rates.hourly_marginal_g_per_kwh is None else rates.hourly_marginal_g_per_kwh
    return Accounts(
        rates.boundary,
        rates.gas,
        location_g(yearly_kwh, rates.grid_g_per_kwh),
        market_g(yearly_kwh, [(one.yearly_kwh, one.g_per_kwh) for one in instruments], rates.residual_g_per_kwh),
        cfe_contracted_ratio(yearly_kwh, clean_yearly_kwh),
        _summed(load_kwh, rates.hourly_grid_g_per_kwh),
        _market_hourly_g(load_kwh, rates, hourly),
        None if marginal is None else float(location_g(load_kwh, cast("Hours", marginal))),
        float(cfe_contracted_ratio(load_kwh, clean)),
        None if grid_cfe_ratio is None else float(cfe_ratio(load_kwh, clean, grid_cfe_ratio)),
        float(_over_hours(excess_kwh(load_kwh, clean))),
        (*rates.notes, *(_without_hours(one) for one in instruments if not one.hourly)),
    )


def _summed(load_kwh: Hours, g_per_kwh: Hours | None) -> float | None:
    return None if g_per_kwh is None else float(location_g(load_kwh, g_per_kwh))


def _market_hourly_g(load_kwh: Hours, rates: Rates, instruments: Sequence[Instrument]) -> float | None:
    """With the residual mix by hour, else the year's at every hour; None where neither grid nor contract has hours."""
    residual = rates.hourly_residual_g_per_kwh
    if residual is None and rates.hourly_grid_g_per_kwh is None and not instruments:
        return None
    rest = load_kwh * 0.0 + rates.residual_g_per_kwh if residual is None else residual
    supplies = [(cast("Hours", one.energy_kwh), one.g_per_kwh) for one in instruments]
    return float(market_g(load_kwh, supplies, rest))


def _without_hours(instrument: Instrument) -> str:
    return f"{instrument.name}: only the year's volume is known, so it counts by the year and in no hour."
