"""The figures of a year beside its energy, water and carbon: waste heat, what making everything emits, and money.

In come a `Year` and a `Chance`, out go numbers by name, as in `dcfoot_scenarios.figures`.
"""

from collections.abc import Iterator

from dcfoot.draws import Spread
from dcfoot.elementwise import Numbers
from dcfoot.errors import DataMissing
from dcfoot.facility_draws import Column
from dcfoot.heat.parameters import heat_parameters
from dcfoot.heat.references import heat_reference
from dcfoot.units import KW_PER_MW
from dcfoot_scenarios.case import Case
from dcfoot_scenarios.chance import Chance
from dcfoot_scenarios.cost import Account, Asset, Payment, carbon_payment, water_payment
from dcfoot_scenarios.heat.year import avoided_emissions_t, heat_revenue, heat_year, homes_count, pump_emissions_t
from dcfoot_scenarios.materials import Made, Materials, plant_making, product_making
from dcfoot_scenarios.money import Currency, price
from dcfoot_scenarios.scenario import HeatReuse, Money
from dcfoot_scenarios.tariff import bill
from dcfoot_scenarios.technologies import technology
from dcfoot_scenarios.year import Year

KWH = KW_PER_MW
"""Kilowatt-hours in a megawatt-hour: batteries are made and priced by the kilowatt-hour."""


def heat_figures(case: Case, year: Year) -> Iterator[tuple[str, Numbers]]:
    """What becomes of the waste heat. What it saves elsewhere stands beside the inventory, never in it."""
    reuse = case.scenario.heat_reuse
    if year.heat is None or reuse is None:
        return
    found = heat_year(year.heat, year.it_mw, year.it_mw * year.pue, pump_inside=reuse.heat_pump_inside)
    yield "heat_captured_mwh", found.captured_mwh
    yield "heat_delivered_mwh", found.delivered_mwh
    yield "heat_coverage_ratio", found.coverage_ratio
    yield "heat_utilisation_ratio", found.utilisation_ratio
    yield "heat_pump_mwh", found.pump_electric_mwh
    yield "erf", found.erf
    yield "ere", found.ere
    yield "homes_count", homes_count(found.delivered_mwh, home_mwh(reuse))
    yield "carbon_heat_pump_t", pump_emissions_t(year.heat.pump_electric_mw, case.grid[1])
    yield "carbon_avoided_by_heat_t", avoided_emissions_t(found.delivered_mwh, heat_reference(reuse.reference))


def home_mwh(reuse: HeatReuse) -> float:
    """What a home takes in a year [MWh]."""
    return heat_parameters()["home.demand_mwh"].central if reuse.home_mwh is None else reuse.home_mwh


def materials_of(case: Case) -> Materials:
    """All that a scenario is made of, as far as its sizes say it."""
    scenario, supply, store = case.scenario, case.scenario.supply, case.scenario.storage
    capacity_kw = scenario.load.it_capacity_mw * KW_PER_MW
    amounts = {
        "building": scenario.building_m2,
        "cooling plant": capacity_kw,
        "UPS": capacity_kw,
        "solar": supply.solar_mw * KW_PER_MW,
        "wind": supply.wind_mw * KW_PER_MW,
        "battery": store.battery_mwh * KWH,
    }
    made = [Made(plant_making(name), amount) for name, amount in amounts.items() if amount]
    servers = scenario.servers
    nodes = Made(product_making(servers.product, servers.lifetime_years), nodes_count(case))
    return Materials((nodes, *made))


def nodes_count(case: Case) -> float:
    """How many machines there are: those that fill the hall, more where they run slower and do the same work."""
    scenario = case.scenario
    return scenario.load.it_capacity_mw * KW_PER_MW / scenario.servers.node_kw * case.machines_ratio


def embodied_figures(case: Case, chance: Chance) -> Iterator[tuple[str, Numbers]]:
    """What making everything emits, as the part of one year of its life: CO2e over the life cycle."""
    materials = materials_of(case)
    servers = case.scenario.servers.product
    parts = {
        one.making.name: one.amount * chance.of(f"embodied.{one.making.name}", one.making.t_per_unit_year)
        for one in materials.made
    }
    yield "embodied_servers_t", parts.pop(servers)
    yield "embodied_plant_t", sum(parts.values(), start=0.0)


def money_figures(
    case: Case, year: Year, chance: Chance, money: Money, found: dict[str, Numbers]
) -> Iterator[tuple[str, Numbers]]:
    """What a scenario costs, in the study's currency.

    Parameters
    ----------
    case, year, chance
        As in `dcfoot_scenarios.figures.figures`.
    money : Money
        Prices.
    found : dict of str to float or array
        The figures so far: water and emissions are charged.
    """
    account = account_of(case, year, chance, money, found)
    yield "capex", account.capex
    yield "running_per_year", account.running_per_year
    yield "cost_per_year", account.cost_per_year
    yield "net_present_cost", account.net_present_cost
    yield "cost_per_it_mwh", account.levelised_cost_per_mwh(found["it_energy_mwh"])


def account_of(case: Case, year: Year, chance: Chance, money: Money, found: dict[str, Numbers]) -> Account:
    """All that a scenario costs; parameters as of `money_figures`."""
    assets = tuple(assets_of(case, chance, money))
    payments = tuple(payments_of(case, year, money, found))
    return Account(money.currency, money.discount_ratio, money.years, assets, payments)


def assets_of(case: Case, chance: Chance, money: Money) -> Iterator[Asset]:
    """What is bought at the start, at the shipped prices of the place."""
    scenario, supply, store = case.scenario, case.scenario.supply, case.scenario.storage
    currency = Currency(money.currency, money.rates)
    country = case.place.site.country or "WLD"
    heat = scenario.heat_reuse
    amounts = {
        "data centre": scenario.load.it_capacity_mw * KW_PER_MW,
        "solar": supply.solar_mw * KW_PER_MW,
        "wind": supply.wind_mw * KW_PER_MW,
        "battery energy": store.battery_mwh * KWH,
        "battery power": store.battery_mw * KW_PER_MW,
        "heat pump": (heat.heat_pump_mw or 0.0) * KW_PER_MW if heat else 0.0,
        "heat store": heat.store_mwh * KWH if heat else 0.0,
    }
    for name, amount in amounts.items():
        if amount:
            of = technology(name, country, money.currency)
            each = _drawn(chance, f"price.{name}", currency.of(of.capex))
            yield Asset(name, amount * each, of.lifetime_years, amount * each * of.opex_ratio)
    servers = scenario.servers
    if servers.capex_per_node is not None:
        yield Asset("servers", nodes_count(case) * servers.capex_per_node, servers.lifetime_years)
        return
    try:
        of = technology(servers.product, country, money.currency)
    except DataMissing:
        return
    each = _drawn(chance, f"price.{servers.product}", currency.of(of.capex))
    capex = nodes_count(case) * each
    yield Asset("servers", capex, servers.lifetime_years, capex * of.opex_ratio)


def _drawn(chance: Chance, name: str, spread: Spread) -> float | Column:
    value: float | Column = chance.of(name, spread)
    return value


def payments_of(case: Case, year: Year, money: Money, found: dict[str, Numbers]) -> Iterator[Payment]:
    """What is paid, and earned, every year."""
    supply, heat = case.scenario.supply, case.scenario.heat_reuse
    parts = bill(case.paid_tariff(money), case.place.calendar, year.flows.import_mw, year.export_mw).parts
    yield from (Payment(f"grid, {name}", amount) for name, amount in parts.items())
    for contract, generation_mw in zip(supply.contracts, year.contract_mw, strict=True):
        yield Payment(f"contract {contract.name}", generation_mw.sum(axis=-1) * contract.price_per_mwh)
    yield Payment("certificates", supply.certificates_mwh * supply.certificate_price_per_mwh)
    yield water_payment(found["water_onsite_m3"], money.water_price_per_m3)
    yield carbon_payment(found[f"carbon_{money.charged_method}_yearly_t"], carbon_price_per_t(money))
    if heat is not None and year.heat is not None:
        yield Payment("heat sold", -heat_revenue(year.heat.delivered_mw, heat.price_per_mwh))


def carbon_price_per_t(money: Money) -> float:
    """What a tonne costs in the study's currency."""
    if money.carbon_market is None:
        return money.carbon_price_per_t or 0.0
    place = {"CEA": "CHN", "EUA": "DEU"}[money.carbon_market]
    return Currency(money.currency, money.rates).of(price("carbon", place)).central
