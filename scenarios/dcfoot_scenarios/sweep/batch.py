"""The points of a sweep that differ in sizes alone, as one batch of designs (`dcfoot_scenarios.designs`).

In come a scenario and the sizes of many designs, out go figures by name, as `dcfoot_scenarios.evaluate` gives them for
each design alone.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dcfoot import accounting
from dcfoot.elementwise import Numbers
from dcfoot.units import KWH_PER_MWH, L_PER_M3
from dcfoot.water.layers import water_offsite_l
from dcfoot_scenarios.case import Case
from dcfoot_scenarios.designs import Totals, run_designs
from dcfoot_scenarios.designs_numpy import Site
from dcfoot_scenarios.evaluate import Outcome
from dcfoot_scenarios.figures import G_PER_T
from dcfoot_scenarios.scenario import Money, Scenario
from dcfoot_scenarios.storage import Battery
from dcfoot_scenarios.year import battery_of

Column = NDArray[np.float64]
Sizes = Mapping[str, Column]
"""By key of the scenario: one value a design."""

SIZES = ("supply.solar_mw", "supply.wind_mw", "storage.battery_mwh", "storage.battery_mw", "storage.charge_mw")
"""Keys that a batch may differ in."""

SHARED = (
    *("it_energy_mwh", "work_mwh", "facility_energy_mwh", "pue", "wue_l_per_kwh"),
    *("water_onsite_m3", "water_consumed_onsite_m3", "water_scarcity_onsite_m3"),
)
"""Figures that sizes leave as they are."""

FIGURES = (
    *SHARED,
    *("import_mwh", "peak_import_mw", "clean_mwh", "export_mwh", "curtailed_mwh"),
    *("volume_match_ratio", "cfe_contracted_ratio", "cfe_ratio", "ref_ratio"),
    *("carbon_location_yearly_t", "carbon_location_hourly_t", "cue_kg_per_kwh", "water_source_m3"),
)
"""All that a batch tells: what follows from sums over the hours."""


def is_batch(keys: Collection[str], scenario: Scenario, money: Money | None, figures: Collection[str]) -> bool:
    """Whether a sweep is a batch: sizes alone vary, the store is used greedily, and no other figures are wanted.

    Parameters
    ----------
    keys : collection of str
        That vary.
    scenario : Scenario
        Which is varied.
    money : Money or None
        Of the study: where it has prices, and figures are not named, its costs are wanted.
    figures : collection of str
        That are wanted; empty: all.
    """
    supply, grid = scenario.supply, scenario.grid
    limited = grid.import_limit_mw is not None or grid.ramp_limit_mw_per_h is not None
    wanted = set(figures) <= set(FIGURES) and (bool(figures) or not (money or limited))
    sold_in_part = supply.surplus == "sold" and supply.export_limit_mw is not None
    sold_at_a_loss = supply.surplus == "sold" and grid.export_price_per_mwh < 0.0
    paid = grid.price_file is not None or any(one.price_per_mwh < 0.0 for one in grid.periods)
    by_plants = scenario.load.shift_to == "surplus" or grid.import_limit_mw is not None
    moves = scenario.load.deferrable_ratio > 0 and by_plants
    special = supply.contracts or sold_in_part or sold_at_a_loss or paid or moves
    special = special or grid.ramp_limit_mw_per_h is not None or scenario.storage.age_years > 0
    simple = scenario.storage.policy == "greedy" and not special
    return wanted and simple and set(keys) <= set(SIZES)


def batch_figures(one: Outcome, sizes: Sizes) -> dict[str, Numbers]:
    """The figures of many designs; a float is of all of them.

    Parameters
    ----------
    one : Outcome
        Of the scenario at any sizes.
    sizes : mapping of str to array
        What the designs differ in.
    """
    case, scenario = one.case, one.scenario
    supply = scenario.supply
    solar_mw, wind_mw = (
        np.asarray(sizes.get(f"supply.{name}", getattr(supply, name))) for name in ("solar_mw", "wind_mw")
    )
    site = _site(one, has_solar=bool(solar_mw.any()), has_wind=bool(wind_mw.any()))
    totals = run_designs(site, solar_mw, wind_mw, _battery(case, sizes))
    clean_mwh = solar_mw * site.solar_per_unit.sum() + wind_mw * site.wind_per_unit.sum()
    shared = {name: one.figures[name] for name in SHARED if name in one.figures}
    return shared | dict(_of_energy(scenario, totals, clean_mwh, site)) | dict(_of_draw(case, totals, shared))


def _site(one: Outcome, *, has_solar: bool, has_wind: bool) -> Site:
    """What the designs share; of plants that none of them has, nothing is asked."""
    hourly, g_per_kwh = one.case.grid
    load_mw, none = one.year.flows.load_mw, np.zeros(len(one.year.it_mw))
    solar, wind = (one.case.solar_per_unit if has_solar else none), (one.case.wind_per_unit if has_wind else none)
    return Site(load_mw, solar, wind, hourly.level.central * g_per_kwh)


def _battery(case: Case, sizes: Sizes) -> Battery:
    scenario, store = case.scenario, battery_of(case)
    energy_mwh = sizes.get("storage.battery_mwh", store.energy_mwh)
    stated_mw, c_rate_per_h = scenario.storage.charge_mw, scenario.storage.c_rate_per_h
    usual_mw = store.discharge_mw if c_rate_per_h is None else c_rate_per_h * energy_mwh
    power_mw = sizes.get("storage.battery_mw", usual_mw)
    charge_mw = sizes.get("storage.charge_mw", power_mw if stated_mw is None else stated_mw)
    return replace(store, energy_mwh=energy_mwh, charge_mw=charge_mw, discharge_mw=power_mw)


def _of_energy(scenario: Scenario, totals: Totals, clean_mwh: Column, site: Site) -> Iterator[tuple[str, Numbers]]:
    load_mwh, certified_mwh = site.load_mw.sum(), scenario.supply.certificates_mwh
    sold = scenario.supply.surplus == "sold"
    made_mwh = clean_mwh - (0.0 if sold else totals.surplus_mwh)
    yield "import_mwh", totals.import_mwh
    yield "peak_import_mw", totals.peak_import_mw
    yield "clean_mwh", clean_mwh
    yield "export_mwh", totals.surplus_mwh if sold else 0.0
    yield "curtailed_mwh", 0.0 if sold else totals.surplus_mwh
    yield "volume_match_ratio", np.minimum((made_mwh + certified_mwh) / load_mwh, 1.0)
    yield "cfe_contracted_ratio", totals.cfe_contracted_ratio
    renewable_mwh = totals.cfe_contracted_ratio * load_mwh + certified_mwh
    yield "ref_ratio", accounting.ref_ratio(renewable_mwh, load_mwh)


def _of_draw(case: Case, totals: Totals, shared: Mapping[str, float]) -> Iterator[tuple[str, Numbers]]:
    """What goes with the energy that the grid gives."""
    hourly, site = case.grid[0], case.place.site
    drawn_kwh = totals.import_mwh * KWH_PER_MWH
    carbon_g: Column = drawn_kwh * hourly.level.central * (hourly.mean_g_per_kwh or 0.0)
    grid_clean = case.place.grid_clean
    if grid_clean is not None:  # a share of the year, the same in every hour
        matched_ratio = totals.cfe_contracted_ratio
        yield "cfe_ratio", matched_ratio + (1 - matched_ratio) * grid_clean.spread.central
    yield "carbon_location_yearly_t", carbon_g / G_PER_T
    yield "carbon_location_hourly_t", totals.emissions_t
    it_kwh = np.asarray(shared["it_energy_mwh"] * KWH_PER_MWH)
    yield "cue_kg_per_kwh", accounting.cue_kg_per_kwh(carbon_g, it_kwh)
    if site.ewif_l_per_kwh is not None:
        yield "water_source_m3", water_offsite_l(drawn_kwh, site.ewif_l_per_kwh.spread.central) / L_PER_M3
