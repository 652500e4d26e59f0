"""The hours of many designs in NumPy: a loop over hours with the designs side by side, a few hours at a time.

In come the hours of a site and the sizes of designs, out go sums over the hours. `dcfoot_scenarios.designs_numba` does
the same arithmetic in the same order, so that both give the same bits.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcfoot_scenarios.scan import Hours

Designs = NDArray[np.float64]
"""One value a design."""

Table = NDArray[np.float64]
"""Hours x designs."""

BLOCK = 1024
"""Designs side by side: enough that a call costs less than its work, few enough for the cache (a choice: measured)."""

_HOURS_AT_ONCE = 24  # likewise


class Site(NamedTuple):
    """What all designs share; one value an hour.

    Parameters
    ----------
    load_mw : array
        What the facility draws [MW]
    solar_per_unit, wind_per_unit : array
        Output over nameplate [-]
    grid_g_per_kwh : array
        The grid's factor [g/kWh]
    """

    load_mw: Hours
    solar_per_unit: Hours
    wind_per_unit: Hours
    grid_g_per_kwh: Hours


class Sizes(NamedTuple):
    """What designs differ in; one value a design.

    Parameters
    ----------
    solar_mw, wind_mw : array
        Nameplate [MW]
    charge_mw, discharge_mw : array
        The most that the store takes and gives [MW]
    low_mwh, high_mwh : array
        The least and the most that it holds [MWh]
    """

    solar_mw: Designs
    wind_mw: Designs
    charge_mw: Designs
    discharge_mw: Designs
    low_mwh: Designs
    high_mwh: Designs


class Ratios(NamedTuple):
    """What the stores of all designs share [-].

    Parameters
    ----------
    keep_ratio : float
        Left of what is stored, an hour later.
    into_ratio, out_of_ratio : float
        Stored over taken; given over drawn from the store.
    """

    keep_ratio: float
    into_ratio: float
    out_of_ratio: float


class Sums(NamedTuple):
    """What the hours add up to; one value a design.

    Parameters
    ----------
    import_mwh, surplus_mwh : array
        What the grid gave; what was left of the supply [MWh]
    emissions_kg : array
        Of what the grid gave [kg]
    peak_import_mw : array
        The most that it gave in an hour [MW]
    end_mwh : array
        Stored after the last hour [MWh]
    """

    import_mwh: Designs
    surplus_mwh: Designs
    emissions_kg: Designs
    peak_import_mw: Designs
    end_mwh: Designs


def run_hours(site: Site, sizes: Sizes, ratios: Ratios, start_mwh: Designs) -> Sums:
    """Greedy dispatch of every design over the hours of a site.

    Parameters
    ----------
    site : Site
        Its hours.
    sizes : Sizes
        The designs.
    ratios : Ratios
        Of their stores.
    start_mwh : array
        Stored before the first hour [MWh]
    """
    if len(start_mwh) == 1:  # NumPy adds up a row of one column in another order, which gives other bits
        two = run_hours(site, Sizes(*(values.repeat(2) for values in sizes)), ratios, start_mwh.repeat(2))
        return Sums(*(values[:1] for values in two))
    sums = np.zeros((3, _HOURS_AT_ONCE + 1, len(start_mwh)))
    peak, end = np.zeros_like(start_mwh), start_mwh
    for hours in _slices(len(site.load_mw)):
        few = Site(*(values[hours, np.newaxis] for values in site))
        spare = few.solar_per_unit * sizes.solar_mw + few.wind_per_unit * sizes.wind_mw - few.load_mw
        state = _states(spare, sizes, ratios, end)
        grid = _terminal_mw(state, ratios) - spare
        bought = np.maximum(grid, 0.0)
        peak, end = np.maximum(peak, bought.max(axis=0)), state[-1].copy()
        for total, part in zip(sums, (bought, bought - grid, bought * few.grid_g_per_kwh), strict=True):
            total[1 : len(part) + 1] = part  # below the sum so far: so that hours are added one by one, in order
            total[0] = total[: len(part) + 1].sum(axis=0)
    imported, surplus, emitted = sums[:, 0]
    return Sums(imported, surplus, emitted, peak, end)


def _slices(count: int) -> Iterator[slice]:
    """A few hours at a time."""
    for first in range(0, count, _HOURS_AT_ONCE):
        yield slice(first, min(first + _HOURS_AT_ONCE, count))


def _states(spare_mw: Table, sizes: Sizes, ratios: Ratios, start_mwh: Designs) -> Table:
    """The state before the first of a few hours and after each of them [MWh]."""
    change = np.maximum(np.minimum(spare_mw, sizes.charge_mw), -sizes.discharge_mw)
    if ratios.into_ratio < 1.0 or ratios.out_of_ratio < 1.0:  # the lesser: stored of a gain, drawn for what is given
        change = np.minimum(change * ratios.into_ratio, change * (1.0 / ratios.out_of_ratio))
    state = np.empty((len(change) + 1, len(start_mwh)))
    state[0] = start_mwh
    before, low, high, keeps = state[0], sizes.low_mwh, sizes.high_mwh, ratios.keep_ratio == 1.0
    for after, gain in zip(state[1:], change, strict=True):
        np.add(before if keeps else np.multiply(before, ratios.keep_ratio, out=after), gain, out=after)
        np.maximum(after, low, out=after)
        before = np.minimum(after, high, out=after)
    return state


def _terminal_mw(state_mwh: Table, ratios: Ratios) -> Table:
    """What stores took, less what they gave, between states an hour apart [MW]."""
    held = state_mwh[:-1] if ratios.keep_ratio == 1.0 else state_mwh[:-1] * ratios.keep_ratio
    change = state_mwh[1:] - held
    if ratios.into_ratio < 1.0 or ratios.out_of_ratio < 1.0:  # the greater: taken for a gain, given of what is drawn
        change = np.maximum(change * (1.0 / ratios.into_ratio), change * ratios.out_of_ratio)
    return change
