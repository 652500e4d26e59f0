"""What stands behind the figures beside energy: prices, making, waste heat, contracts and how a battery fades.

In come a `Case` and the study's money, out go lines of evidence of what was used; what the study states is its own.
"""

from collections.abc import Iterator

from dcfoot.evidence import Evidence
from dcfoot.grid import Method
from dcfoot.heat.parameters import heat_parameters
from dcfoot_scenarios.ageing import chemistry
from dcfoot_scenarios.case import Case
from dcfoot_scenarios.figures_beside import (
    carbon_allowance,
    country_of,
    heat_reference_of,
    materials_of,
    stated_capex,
)
from dcfoot_scenarios.scenario import HeatReuse, Money
from dcfoot_scenarios.technologies import technology, technology_names


def backing_of(case: Case, money: Money | None) -> Iterator[Evidence]:
    """The lines, in the order of the figures.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    money : Money or None
        Of the study; None: it counts none.
    """
    for method in (Method.RESIDUAL, Method.MARGINAL):
        factor = case.place.factor(case.boundary, method)
        if factor is not None:
            yield factor.evidence()
    if case.scenario.heat_reuse is not None:
        yield from _of_heat(case, case.scenario.heat_reuse)
    yield from materials_of(case, money.currency if money else "").evidence
    if case.scenario.storage.battery_mwh:
        yield chemistry().evidence
    if money is not None:
        yield from _of_money(case, money)


def _of_heat(case: Case, reuse: HeatReuse) -> Iterator[Evidence]:
    """Of the usual values that the study leaves as they are."""
    usual = {
        f"capture_{case.cooling}.recoverable_ratio": None,
        "network.supply_c": reuse.network_supply_c,
        "network.return_c": reuse.network_return_c,
        "network.loss_ratio": reuse.loss_ratio,
        "network.approach_k": None,
        "demand.hot_water_ratio": reuse.hot_water_ratio,
        "demand.base_c": None,
        "demand.heats_below_c": None,
        "home.demand_mwh": reuse.home_mwh,
    }
    yield from (heat_parameters()[name].evidence for name, stated in usual.items() if stated is None)
    yield heat_reference_of(case, reuse).evidence


def _of_money(case: Case, money: Money) -> Iterator[Evidence]:
    """Of the shipped prices that were used."""
    yield from _of_plant(case, money)
    yield from case.tariff.evidence if case.tariff is not None else (case.usual_price.evidence,)
    allowance = carbon_allowance(money)
    if allowance is not None:
        yield allowance.evidence


def _of_plant(case: Case, money: Money) -> Iterator[Evidence]:
    supply, store, heat = case.scenario.supply, case.scenario.storage, case.scenario.heat_reuse
    used = {
        "data centre": 1.0,
        case.scenario.servers.product: 1.0,
        "solar": supply.solar_mw,
        "wind": supply.wind_mw,
        "battery energy": store.battery_mwh,
        "battery power": store.power_mw,
        "heat pump": 0.0 if heat is None or heat.heat_pump_mw == 0 else 1.0,
        "heat store": 0.0 if heat is None else heat.store_mwh,
        "cold store": case.scenario.cold_store.mwh,
    }
    for name, amount in used.items():
        if amount and name in technology_names() and stated_capex(case.scenario, name) is None:
            yield technology(name, country_of(case), money.currency).capex.evidence
