"""The figures of a scenario's year: energy, water, carbon by method, carbon-free energy.

In come a `Year` and a `Chance`, out go numbers by name: a float each, or one a draw. Every name stands in
``data/figures.csv`` with its unit and meaning. What is not known is absent.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from dcfoot import accounting
from dcfoot.elementwise import Numbers
from dcfoot.errors import StudyError
from dcfoot.factors.technology import technology_factor
from dcfoot.grid import WORLD, Boundary, Method
from dcfoot.places import national_zone
from dcfoot.units import G_PER_KG, KG_PER_T, KWH_PER_MWH, L_PER_M3
from dcfoot.water.layers import water_offsite_l, water_onsite_l
from dcfoot.water.scarcity import weighted
from dcfoot.weather.year import Hours
from dcfoot_scenarios.ageing import chemistry, wear
from dcfoot_scenarios.case import Case
from dcfoot_scenarios.chance import Chance, by_hour
from dcfoot_scenarios.figures_beside import (
    embodied_figures,
    grid_level,
    heat_figures,
    money_figures,
    uncontracted_g_per_kwh,
)
from dcfoot_scenarios.scenario import Contract, Money
from dcfoot_scenarios.storage import Flows
from dcfoot_scenarios.year import Year, battery_of, is_moved, work_mwh

G_PER_T = G_PER_KG * KG_PER_T

Figures = Mapping[str, Numbers]
"""By name: a float, or one value a draw."""


def _sum(values: Hours) -> Numbers:
    """The sum over the hours."""
    total: Numbers = values.sum(axis=-1)
    return total


def _year(values: Hours) -> Hours:
    """The sum over the hours, as a single one: the formulas of the accounts add up the last axis."""
    total: Hours = values.sum(axis=-1, keepdims=True)
    return total


def energy_figures(case: Case, year: Year) -> Iterator[tuple[str, Numbers]]:
    """What was drawn, made, stored, sold and lost."""
    flows, grid = year.flows, case.scenario.grid
    it_energy_mwh, facility_energy_mwh = _sum(year.it_mw), _sum(flows.load_mw)
    yield "it_energy_mwh", it_energy_mwh
    yield "work_mwh", work_mwh(case, year.it_mw)
    yield "facility_energy_mwh", facility_energy_mwh
    yield "pue", facility_energy_mwh / it_energy_mwh
    yield "import_mwh", _sum(flows.import_mw)
    yield "peak_import_mw", flows.import_mw.max(axis=-1)
    if not is_moved(case):
        yield "peak_spared_mw", peak_without_store_mw(year) - flows.import_mw.max(axis=-1)
    if grid.import_limit_mw is not None:
        yield "over_limit_hours", (flows.import_mw > grid.import_limit_mw * (1 + 1e-9)).sum(axis=-1)
    if grid.ramp_limit_mw_per_h is not None:
        change_mw = np.abs(np.diff(flows.import_mw, axis=-1))
        yield "over_ramp_hours", (change_mw > grid.ramp_limit_mw_per_h * (1 + 1e-9)).sum(axis=-1)
    yield "clean_mwh", _sum(flows.clean_mw)
    yield "export_mwh", _sum(year.export_mw)
    yield "curtailed_mwh", _sum(year.curtailed_mw)
    yield "discharge_mwh", _sum(flows.discharge_mw)
    if case.scenario.storage.battery_mwh:
        yield from _battery_figures(case, flows)
        if case.scenario.storage.age_years:
            yield "battery_left_ratio", case.battery_left_ratio
    if year.cold_stored is not None:
        yield "cold_made_mwh", _sum(year.cold_stored.made_mw)
        yield "cold_store_mwh", _sum(year.cold_stored.discharge_mw)
        yield "cold_store_spared_mwh", 0.0 - _sum(year.cold_stored.drawn_mw)


def peak_without_store_mw(year: Year) -> Numbers:
    """The highest draw from the grid of a year, had it no battery [MW]."""
    made_mw = year.flows.clean_mw - year.flows.given_up_mw
    peak_mw: Numbers = np.maximum(year.flows.load_mw - made_mw, 0.0).max(axis=-1)
    return peak_mw


def _battery_figures(case: Case, flows: Flows) -> Iterator[tuple[str, Numbers]]:
    """How a battery fades when every year is like this one."""
    states, given = (hours.reshape(-1, hours.shape[-1]) for hours in (flows.state_mwh, flows.discharge_mw))
    worn = [wear(battery_of(case), *one, chemistry()) for one in zip(states, given, strict=True)]
    shape = flows.state_mwh.shape[:-1]
    yield "battery_cycles_per_year", np.reshape([one.cycles_per_year for one in worn], shape)
    from_new_years = case.battery_life_years
    lives_years = [one.life_years() if from_new_years is None else from_new_years for one in worn]
    yield "battery_life_years", np.reshape(lives_years, shape)


def water_figures(case: Case, year: Year, chance: Chance) -> Iterator[tuple[str, Numbers]]:
    """On site, which goes with IT energy; at the stations, which goes with the grid's; weighted by scarcity."""
    site = case.place.site
    it_kwh = year.it_mw * KWH_PER_MWH
    taken_l = water_onsite_l(it_kwh, year.wue_l_per_kwh)
    consumed_l = _sum(taken_l * year.consumed_ratio)
    yield "wue_l_per_kwh", _sum(taken_l) / _sum(it_kwh)
    yield "water_onsite_m3", _sum(taken_l) / L_PER_M3
    yield "water_consumed_onsite_m3", consumed_l / L_PER_M3
    if case.place.scarcity is not None:
        factor = chance.of(f"aware.{site.grid_zone}", case.place.scarcity.spread)
        yield "water_scarcity_onsite_m3", weighted(consumed_l, factor).world_equivalent_m3
    if site.ewif_l_per_kwh is None:
        return
    ewif = chance.of(f"ewif.{site.grid_zone}", site.ewif_l_per_kwh.spread)
    yield "water_source_m3", water_offsite_l(_sum(year.flows.import_mw) * KWH_PER_MWH, ewif) / L_PER_M3
    if year.pump_import_mw is not None:
        yield "water_heat_pump_m3", water_offsite_l(_sum(year.pump_import_mw) * KWH_PER_MWH, ewif) / L_PER_M3


def carbon_figures(case: Case, year: Year, chance: Chance) -> Iterator[tuple[str, Numbers]]:
    """By method, in one family. What its own plants give behind the meter is not drawn from the grid."""
    level = grid_level(case, chance)
    import_kwh = year.flows.import_mw * KWH_PER_MWH
    mean, hours = level * float(case.grid[1].mean()), by_hour(level) * case.grid[1]
    yield "carbon_location_yearly_t", accounting.location_g(_year(import_kwh), by_hour(mean)) / G_PER_T
    yield "carbon_location_hourly_t", accounting.location_g(import_kwh, hours) / G_PER_T
    yield from _market(case, year, chance, (mean, hours))
    marginal = case.place.factor(case.boundary, Method.MARGINAL)
    if marginal is not None:
        added = chance.of(f"grid.{marginal.zone}, {marginal.boundary} {marginal.gas}, marginal", marginal.g_per_kwh)
        yield "carbon_marginal_t", accounting.location_g(_year(import_kwh), by_hour(added)) / G_PER_T


def _market(case: Case, year: Year, chance: Chance, grid: tuple[Numbers, Numbers]) -> Iterator[tuple[str, Numbers]]:
    """Contracts and certificates first, then the residual mix; where none is published, the grid's average."""
    import_kwh = year.flows.import_mw * KWH_PER_MWH
    residual = residual_g_per_kwh(case, chance)
    mean, hours = grid if residual is None else (residual, by_hour(residual))
    of_year, of_hours = yearly_supplies(case, year), hourly_supplies(case, year)
    yield "carbon_market_yearly_t", accounting.market_g(_year(import_kwh), of_year, by_hour(mean)) / G_PER_T
    yield "carbon_market_hourly_t", accounting.market_g(import_kwh, of_hours, hours) / G_PER_T


def residual_g_per_kwh(case: Case, chance: Chance) -> Numbers | None:
    """The mix that no contract claims; None where none is published [g/kWh]."""
    residual = case.place.factor(case.boundary, Method.RESIDUAL)
    return None if residual is None else uncontracted_g_per_kwh(case, chance, residual)


def hourly_supplies(case: Case, year: Year) -> list[tuple[Hours, float]]:
    """What each contract brings by hour, and its factor [kWh, g/kWh]."""
    contracts = zip(year.contract_mw, case.scenario.supply.contracts, strict=True)
    return [(one_mw * KWH_PER_MWH, contract_g_per_kwh(case, contract)) for one_mw, contract in contracts]


def yearly_supplies(case: Case, year: Year) -> list[tuple[Hours, float]]:
    """What each contract and the certificates bring in the year, in the order in which they count [kWh, g/kWh]."""
    certified = np.array([case.scenario.supply.certificates_mwh]) * KWH_PER_MWH, certificate_g_per_kwh(case)
    return [*((_year(energy_kwh), factor) for energy_kwh, factor in hourly_supplies(case, year)), certified]


def contract_g_per_kwh(case: Case, contract: Contract) -> float:
    """What a contract's power emits: nothing at the stack, and over its life what is known of its plants [g/kWh].

    Raises
    ------
    StudyError
        Its life-cycle factor is not known.
    """
    if case.boundary is Boundary.DIRECT:
        return 0.0
    if contract.g_per_kwh is not None:
        return contract.g_per_kwh
    if contract.file is not None:
        raise StudyError(f"Contract {contract.name!r}: add its life-cycle factor, `g_per_kwh`.")
    sizes = {"solar": contract.solar_mw, "wind": contract.wind_mw}
    per_unit = {"solar": case.solar_per_unit, "wind": case.wind_per_unit}
    energy = {name: size * per_unit[name].sum() for name, size in sizes.items() if size}
    emitted = sum(amount * _technology_g_per_kwh(case, name) for name, amount in energy.items())
    return float(emitted / max(sum(energy.values()), 1e-300))


def certificate_g_per_kwh(case: Case) -> float:
    """The same of certificates, whose technology nobody says [g/kWh]."""
    if case.boundary is Boundary.DIRECT:
        return 0.0
    stated = case.scenario.supply.certificate_g_per_kwh
    return _technology_g_per_kwh(case, "solar") if stated is None else stated


def _technology_g_per_kwh(case: Case, technology: str) -> float:
    zone = national_zone(case.place.site.country or WORLD)
    factor = technology_factor(technology, case.boundary, zone) or technology_factor(technology, case.boundary)
    if factor is None:
        raise StudyError(f"No {case.boundary} factor of {technology} is known.")
    return factor.g_per_kwh.central


def clean_figures(case: Case, year: Year) -> Iterator[tuple[str, Numbers]]:
    """How far clean supply meets the load: by the year, and beside it by the hour."""
    load_mw, own_mw = year.flows.load_mw, year.flows.clean_to_load_mw
    contracted_mw: Hours = sum(year.contract_mw, start=load_mw * 0.0)
    made_mw = year.flows.clean_mw - year.curtailed_mw
    generated_mwh = _year(made_mw) + _year(contracted_mw) + case.scenario.supply.certificates_mwh
    yield "volume_match_ratio", accounting.cfe_contracted_ratio(_year(load_mw), generated_mwh)
    clean_mw: Hours = own_mw + contracted_mw
    yield "cfe_contracted_ratio", accounting.cfe_contracted_ratio(load_mw, clean_mw)
    grid_clean = case.place.grid_clean
    if grid_clean is not None:
        yield "cfe_ratio", accounting.cfe_ratio(load_mw, clean_mw, grid_clean.spread.central)
    renewable_mwh = _sum(own_mw) + case.scenario.supply.certificates_mwh
    yield "ref_ratio", accounting.ref_ratio(renewable_mwh, _sum(load_mw))


def figures(case: Case, year: Year, chance: Chance, money: Money | None = None) -> dict[str, Numbers]:
    """All figures of a year, by name.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    year : Year
        As it runs.
    chance : Chance
        Gives what is in doubt.
    money : Money or None
        Prices; None: no cost.
    """
    found = dict(energy_figures(case, year))
    found |= dict(water_figures(case, year, chance))
    found |= dict(carbon_figures(case, year, chance))
    found |= dict(clean_figures(case, year))
    found |= dict(heat_figures(case, year, chance))
    found |= dict(embodied_figures(case, chance, found, money.currency if money else ""))
    carbon_g = found["carbon_location_yearly_t"] * G_PER_T
    found["cue_kg_per_kwh"] = accounting.cue_kg_per_kwh(carbon_g, found["it_energy_mwh"] * KWH_PER_MWH)
    if case.boundary is Boundary.LIFE_CYCLE:
        parts = ("carbon_location_hourly_t", "embodied_servers_t", "embodied_plant_t")
        found["carbon_with_embodied_t"] = sum((found[name] for name in parts), start=0.0)
    return found | (dict(money_figures(case, year, chance, money, found)) if money else {})
