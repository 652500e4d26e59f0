"""Many designs on one load and one weather: sizes of solar, wind and storage in, yearly figures of each out.

Every design is dispatched greedily, hour by hour, as `dcfoot_scenarios.storage` does it alone. A design's figures are
the same to the last bit whatever stands beside it and whichever engine computes them. Memory holds one block of designs
and what comes out.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Literal, NamedTuple

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.errors import ConfigError
from dcfoot.units import KG_PER_T
from dcfoot_scenarios import designs_numba, designs_numpy
from dcfoot_scenarios.designs_numpy import Designs, Ratios, Site, Sizes, Sums
from dcfoot_scenarios.dispatch import greedy
from dcfoot_scenarios.scan import Steps
from dcfoot_scenarios.storage import Battery, refilled_mw, run_storage

Engine = Literal["numpy", "numba"]
RunHours = Callable[[Site, Sizes, Ratios, Designs], Sums]

NUMBA_FROM = 10_000
"""Designs from which numba is used where it is installed: below, NumPy is done before numba is loaded (measured)."""

_LAST_HOURS = 14 * 24  # a choice: within a fortnight nearly every store was full or empty once
_BLENDED_BLOCK = 16  # a choice: some thirty arrays of 16 x 8,760 hours stand beside one another, 34 MB


class Totals(NamedTuple):
    """The year of each design.

    Parameters
    ----------
    import_mwh, surplus_mwh : array
        What the grid gave; what was left of the supply [MWh]
    peak_import_mw : array
        The most that the grid gave in an hour [MW]
    emissions_t : array
        Of what the grid gave [t]
    cfe_contracted_ratio : array
        The part of the load that the supply met, at once or by way of the store [-]
    """

    import_mwh: Designs
    surplus_mwh: Designs
    peak_import_mw: Designs
    emissions_t: Designs
    cfe_contracted_ratio: Designs


def run_designs(
    site: Site, solar_mw: Numbers, wind_mw: Numbers, battery: Battery, engine: Engine | None = None
) -> Totals:
    """The year of every design, dispatched greedily.

    Parameters
    ----------
    site : Site
        What all designs share.
    solar_mw, wind_mw : Numbers
        Nameplate; a float, or one value a design [MW]
    battery : Battery
        The store; its energy and powers likewise.
    engine : str or None
        ``"numpy"`` or ``"numba"``, which needs the extra ``fast``; None: whichever is done first.

    Raises
    ------
    ConfigError
        A nameplate is below 0, hours differ in number, or numba is asked for and not installed.
    """
    if len({len(values) for values in site}) > 1:
        raise ConfigError(f"The hours of a site differ in number: {[len(values) for values in site]}.")
    low_mwh = battery.reserve_ratio * np.asarray(battery.energy_mwh)
    given = (solar_mw, wind_mw, battery.charge_mw, battery.discharge_mw, low_mwh, battery.energy_mwh)
    sizes = np.stack(np.broadcast_arrays(*(np.ravel(np.asarray(size, dtype=np.float64)) for size in given)))
    if not (np.isfinite(sizes).all() and (sizes >= 0.0).all()):
        raise ConfigError("A design's solar_mw and wind_mw must be 0 or more.")
    block, totals_of = _way(battery, engine, sizes.shape[1])
    totals = np.empty((len(Totals._fields), sizes.shape[1]))
    for first in range(0, sizes.shape[1], block):
        some = slice(first, first + block)
        totals[:, some] = totals_of(site, Sizes(*sizes[:, some]), battery)
    return Totals(*totals)


def _way(battery: Battery, engine: Engine | None, count: int) -> tuple[int, Callable[[Site, Sizes, Battery], Totals]]:
    """How many designs go at once, and what computes them."""
    installed = find_spec("numba") is not None
    if engine == "numba" and not installed:
        raise ConfigError("The engine numba is not installed: pip install 'dcfoot[fast]', or take the engine numpy.")
    if battery.start_ratio or (battery.reserve_ratio and battery.loss_ratio_per_h):
        return _BLENDED_BLOCK, _blended_totals
    fast = engine == "numba" or (engine is None and installed and count >= NUMBA_FROM)
    module = designs_numba if fast else designs_numpy
    return module.BLOCK, partial(_clean_totals, module.run_hours)


def _clean_totals(run_hours: RunHours, site: Site, sizes: Sizes, battery: Battery) -> Totals:
    """Of stores that hold nothing but clean energy: all that they give is clean."""
    ratios = Ratios(1.0 - battery.loss_ratio_per_h, battery.charge_efficiency_ratio, battery.discharge_efficiency_ratio)
    start = sizes.low_mwh if battery.start_ratio is not None else _cyclic_start_mwh(run_hours, site, sizes, ratios)
    sums = run_hours(site, sizes, ratios, start)
    cfe_contracted_ratio = 1.0 - sums.import_mwh / site.load_mw.sum()
    emissions_t = sums.emissions_kg / KG_PER_T
    return Totals(sums.import_mwh, sums.surplus_mwh, sums.peak_import_mw, emissions_t, cfe_contracted_ratio)


def _cyclic_start_mwh(run_hours: RunHours, site: Site, sizes: Sizes, ratios: Ratios) -> Designs:
    """What each store holds when the year begins as it ends [MWh].

    A store that ends the last fortnight alike whether it was empty or full before ends the year so. For the others,
    the year as one step (`dcfoot_scenarios.scan`): its bounds are where an empty and a full store end, its middle is a
    store without bounds.
    """
    last = Site(*(values[-_LAST_HOURS:] for values in site))
    low, high = _ends_mwh(run_hours, last, ratios, (sizes, sizes.low_mwh), (sizes, sizes.high_mwh))
    some_index = np.flatnonzero(low != high)
    if not len(some_index):
        return low
    some = Sizes(*(values[some_index] for values in sizes))
    endless = np.full(len(some_index), np.inf)
    unbound = some._replace(low_mwh=-endless, high_mwh=endless)
    cases = ((unbound, 0.0 * some.low_mwh), (some, some.low_mwh), (some, some.high_mwh))
    add, from_empty, from_full = _ends_mwh(run_hours, site, ratios, *cases)
    keep = np.full_like(add, ratios.keep_ratio ** len(site.load_mw))
    low[some_index] = Steps(keep, add, from_empty, from_full).fixed_point()
    return low


def _ends_mwh(run_hours: RunHours, site: Site, ratios: Ratios, *cases: tuple[Sizes, Designs]) -> list[Designs]:
    """What the stores of several cases hold at the end, all of them side by side [MWh]."""
    sizes = Sizes(*map(np.concatenate, zip(*(sizes for sizes, _ in cases), strict=True)))
    end = run_hours(site, sizes, ratios, np.concatenate([start for _, start in cases])).end_mwh
    return np.split(end, len(cases))


def _blended_totals(site: Site, sizes: Sizes, battery: Battery) -> Totals:
    """Of stores that hold other energy as well, hour by hour: the origin of what they give must be followed."""
    columns = Sizes(*(values[:, np.newaxis] for values in sizes))
    clean_mw = columns.solar_mw * site.solar_per_unit + columns.wind_mw * site.wind_per_unit
    store = replace(
        battery, energy_mwh=columns.high_mwh, charge_mw=columns.charge_mw, discharge_mw=columns.discharge_mw
    )
    wanted_mw = refilled_mw(store, greedy(clean_mw, site.load_mw))
    flows = run_storage(store, wanted_mw, site.load_mw, clean_mw)
    return Totals(
        flows.import_mw.sum(axis=-1),
        flows.surplus_mw.sum(axis=-1),
        flows.import_mw.max(axis=-1),
        (flows.import_mw * site.grid_g_per_kwh).sum(axis=-1) / KG_PER_T,
        flows.cfe_contracted_ratio,
    )
