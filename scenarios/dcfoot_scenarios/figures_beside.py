"""The figures of a year beside its energy, water and carbon: waste heat, what making everything emits, and money.

In come a `Year` and a `Chance`, out go numbers by name, as in `dcfoot_scenarios.figures`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.evidence import Evidence
from dcfoot.grid import WORLD, GridFactor, Method
from dcfoot.heat.chp import Chp, ChpShares, by_efficiency, by_energy, by_work_potential
from dcfoot.heat.parameters import heat_parameters
from dcfoot.heat.references import HeatReference, heat_reference
from dcfoot.site_year import family
from dcfoot.units import GJ_PER_MWH, KG_PER_T, KW_PER_MW
from dcfoot.weather.year import Hours
from dcfoot_scenarios.case import Case
from dcfoot_scenarios.chance import CENTRAL, Chance, by_hour
from dcfoot_scenarios.cost import CARBON_OF_HEAT_PUMP, Account, Asset, Payment, asset, carbon_payment, water_payment
from dcfoot_scenarios.heat.year import avoided_emissions_t, heat_revenue, heat_year, homes_count, pump_emissions_t
from dcfoot_scenarios.materials import Made, Making, Materials, plant_making, product_making
from dcfoot_scenarios.money import Currency, Price, price
from dcfoot_scenarios.scenario import HeatReuse, Money, Scenario
from dcfoot_scenarios.solar import SolarSystem
from dcfoot_scenarios.tariff import bill
from dcfoot_scenarios.technologies import Technology, technology, technology_names
from dcfoot_scenarios.year import Year, heat_network

PEAK_PER_KW = SolarSystem().dc_per_ac_ratio
"""Power of the modules that stand before a kilowatt of inverters, by which a plant's size is said [kWp/kW]"""

KWH = KW_PER_MW
"""Kilowatt-hours in a megawatt-hour: batteries are made and priced by the kilowatt-hour."""


def heat_figures(case: Case, year: Year, chance: Chance) -> Iterator[tuple[str, Numbers]]:
    """What becomes of the waste heat. What it saves elsewhere stands beside the inventory, never in it."""
    reuse = case.scenario.heat_reuse
    if year.heat is None or reuse is None:
        return
    found = heat_year(year.heat, year.it_mw, year.it_mw * year.pue, pump_inside=reuse.heat_pump_inside)
    yield "heat_captured_mwh", found.captured_mwh
    yield "heat_delivered_mwh", found.delivered_mwh
    if np.any(found.demand_mwh > 0):
        yield "heat_coverage_ratio", found.coverage_ratio
    yield "heat_utilisation_ratio", found.utilisation_ratio
    yield "heat_pump_mwh", found.pump_electric_mwh
    yield "erf", found.erf
    yield "ere", found.ere
    yield "homes_count", homes_count(found.delivered_mwh, home_mwh(reuse, chance))
    yield (
        "carbon_heat_pump_t",
        pump_emissions_t(np.asarray(year.pump_import_mw), by_hour(grid_level(case, chance)) * case.grid[1]),
    )
    yield "carbon_avoided_by_heat_t", avoided_emissions_t(found.delivered_mwh, heat_reference_of(case, reuse))
    if year.cold is not None:
        yield "cold_of_heat_mwh", np.sum(year.cold.cold.cold_mw, axis=-1)
        yield "cold_spared_mwh", np.sum(year.cold.spared_mw, axis=-1)
        yield "cold_given_off_mwh", np.sum(year.cold.cold.given_off_mw, axis=-1)


def heat_reference_of(case: Case, reuse: HeatReuse) -> HeatReference:
    """What the heat stands in for: a plant of the study's that makes heat and power, or one that is known."""
    chp = reuse.reference_chp
    if chp is None:
        return heat_reference(reuse.reference)
    plant = Chp(chp.emissions_t, chp.heat_mwh, chp.power_mwh)
    split = {"efficiency": _by_efficiency, "energy": by_energy}.get(chp.allocation)
    heat_t = float(np.asarray((split(plant) if split else _by_work_potential(case, reuse, plant)).heat_t))
    told = f"heat of a plant that makes heat and power, by {chp.allocation}, direct CO2"
    kg_per_gj = heat_t * KG_PER_T / chp.heat_mwh / GJ_PER_MWH
    return HeatReference(told, kg_per_gj, 1.0, Evidence(told, kg_per_gj, "kg/GJ", None, "stated in the study", False))


def _by_efficiency(plant: Chp) -> ChpShares:
    known = heat_parameters()
    alone = (known[f"chp.{of}_efficiency_ratio"].central for of in ("heat", "power"))
    return by_efficiency(plant, *alone)


def _by_work_potential(case: Case, reuse: HeatReuse, plant: Chp) -> ChpShares:
    """By the network's temperatures, in the mean air of the year."""
    network = heat_network(reuse)
    return by_work_potential(plant, network.supply_c, network.return_c, float(case.place.weather.dry_bulb_c.mean()))


def home_mwh(reuse: HeatReuse, chance: Chance) -> Numbers:
    """What a home takes in a year [MWh]."""
    if reuse.home_mwh is not None:
        return reuse.home_mwh
    drawn: Numbers = chance.number("heat.demand_mwh", heat_parameters()["home.demand_mwh"])
    return drawn


def grid_level(case: Case, chance: Chance) -> Numbers:
    """The grid's true factor over the stated one [-]."""
    hourly, _ = case.grid
    level: Numbers = chance.of(f"grid.{hourly.zone}, {family(hourly)}", hourly.level)
    return level


def uncontracted_g_per_kwh(case: Case, chance: Chance, residual: GridFactor | None) -> Numbers:
    """What power emits that nobody contracted: the residual mix, where it is known, else the location's mean."""
    if residual is None:
        return grid_level(case, chance) * float(case.grid[1].mean())
    named = f"grid.{residual.zone}, {residual.boundary} {residual.gas}, {residual.method}"
    drawn: Numbers = chance.of(named, residual.g_per_kwh)
    return drawn


HALL = {"building": "data centre", "cooling plant": "data centre", "UPS": "data centre"}
PLANT = {"solar": "solar", "wind": "wind", "battery": "battery energy"}
"""By what is made (`dcfoot.embodied.plant`): the technology that it serves as long as."""


def materials_of(case: Case, currency: str = "", battery_years: float | None = None) -> Materials:
    """All that a scenario is made of, as far as its sizes say it; what stands already was made before.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    currency : str
        Of the study, by which plant is chosen that has no costs at the place (`technology`); empty for none.
    battery_years : float or None
        How long its battery serves, of `battery_years_of`; None: as its price has it [years].
    """
    scenario, supply, store = case.scenario, case.scenario.supply, case.scenario.storage
    capacity_kw = 0.0 if "hall" in scenario.built else scenario.load.it_capacity_mw * KW_PER_MW
    amounts = {
        "building": 0.0 if "hall" in scenario.built else scenario.building_m2,
        "cooling plant": capacity_kw,
        "UPS": capacity_kw,
        "solar": supply.solar_mw * KW_PER_MW,
        "wind": supply.wind_mw * KW_PER_MW,
        "battery": store.battery_mwh * KWH,
    }
    makings = ((making_of(case, name, currency, battery_years), amount) for name, amount in amounts.items() if amount)
    made = [Made(making, amount * units_per_kw(making.unit)) for making, amount in makings]
    servers = scenario.servers
    machines = Made(product_making(servers.product, servers.lifetime_years), bought_nodes_count(case))
    return Materials((machines, *made))


def units_per_kw(per: str) -> float:
    """How many units there are to a kilowatt of a plant: what is counted by its modules has more of them."""
    return PEAK_PER_KW if per == "kWp" else 1.0


def making_of(case: Case, name: str, currency: str = "", battery_years: float | None = None) -> Making:
    """The making of a kind of plant that serves as long as it is paid for.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    name : str
        Of `HALL` or `PLANT`.
    currency, battery_years
        As of `materials_of`.
    """
    years = battery_years if name == "battery" else None
    return plant_making(name, years or _technology(case, (HALL | PLANT)[name], currency).lifetime_years)


def _technology(case: Case, name: str, currency: str) -> Technology:
    """A kind of plant at the place, with the life that the study states."""
    found, stated = technology(name, country_of(case), currency), case.scenario.storage.battery_life_years
    return found if stated is None or name != PLANT["battery"] else replace(found, lifetime_years=stated)


def country_of(case: Case) -> str:
    """Of the site: prices and lives of plant are those of its country, else the world's."""
    return case.place.site.country or WORLD


def nodes_count(case: Case) -> float:
    """How many machines there are: more than at the reference setting where they run slower and do the same work."""
    return _reference_nodes_count(case) * case.machines_ratio


def bought_nodes_count(case: Case) -> float:
    """How many of them do not stand already."""
    return nodes_count(case) - (_reference_nodes_count(case) if "machines" in case.scenario.built else 0.0)


def _reference_nodes_count(case: Case) -> float:
    """Those that the study says, else those that fill the hall."""
    scenario, servers = case.scenario, case.scenario.servers
    return scenario.load.it_capacity_mw * KW_PER_MW / servers.node_kw if servers.nodes is None else servers.nodes


def battery_years_of(case: Case, found: Mapping[str, Numbers], currency: str = "") -> Numbers:
    """How long the battery serves: as the study says, else until it is spent, at most the life of its price [years].

    Parameters
    ----------
    case : Case
        The scenario made ready.
    found : mapping of str to float or array
        Its figures, ``battery_life_years`` among them.
    currency : str
        Of the study, as in `materials_of`.
    """
    stated = case.scenario.storage.battery_life_years
    if stated is not None:
        return stated
    usual = technology("battery energy", country_of(case), currency).lifetime_years
    shorter: Numbers = np.minimum(found.get("battery_life_years", usual), usual)
    return shorter


def embodied_figures(
    case: Case, chance: Chance, found: Mapping[str, Numbers], currency: str = ""
) -> Iterator[tuple[str, Numbers]]:
    """What making everything emits, as the part of one year of its life: CO2e over the life cycle."""
    materials = materials_of(case, currency)
    servers = case.scenario.servers.product
    parts = {
        one.making.name: one.amount * chance.of(f"embodied.{one.making.name}", one.making.t_per_unit_year)
        for one in materials.made
    }
    if "battery" in parts:
        usual = _technology(case, PLANT["battery"], currency).lifetime_years
        parts["battery"] = parts["battery"] * usual / battery_years_of(case, found, currency)
    yield "embodied_servers_t", parts.pop(servers)
    yield "embodied_plant_t", sum(parts.values(), start=0.0)


def money_figures(
    case: Case, year: Year, chance: Chance, money: Money, found: Mapping[str, Numbers]
) -> Iterator[tuple[str, Numbers]]:
    """What a scenario costs, in the study's currency; parameters as of `account_of`."""
    account = account_of(case, year, chance, money, found)
    yield "capex", account.capex
    yield "running_per_year", account.running_per_year
    yield "cost_per_year", account.cost_per_year
    yield "net_present_cost", account.net_present_cost
    yield "cost_per_it_mwh", account.levelised_cost_per_mwh(found["it_energy_mwh"])
    yield "cost_per_work_mwh", account.levelised_cost_per_mwh(found["work_mwh"])


def account_of(case: Case, year: Year, chance: Chance, money: Money, found: Mapping[str, Numbers]) -> Account:
    """All that a scenario costs.

    Parameters
    ----------
    case, year, chance
        As in `dcfoot_scenarios.figures.figures`.
    money : Money
        Prices.
    found : mapping of str to float or array
        The figures so far: water and emissions are charged.
    """
    assets = tuple(assets_of(case, year, chance, money, battery_years_of(case, found, money.currency)))
    payments = tuple(payments_of(case, year, chance, money, found))
    return Account(money.currency, money.discount_ratio, money.years, assets, payments)


def assets_of(case: Case, year: Year, chance: Chance, money: Money, battery_years: Numbers) -> Iterator[Asset]:
    """What is bought at the start, by the study, else at the place's shipped prices; of what stands, the upkeep."""
    scenario, supply, store = case.scenario, case.scenario.supply, case.scenario.storage
    heat = scenario.heat_reuse
    amounts = {
        "data centre": scenario.load.it_capacity_mw * KW_PER_MW,
        "solar": supply.solar_mw * KW_PER_MW,
        "wind": supply.wind_mw * KW_PER_MW,
        "battery energy": store.battery_mwh * KWH,
        "battery power": max(store.power_mw, store.charge_mw or 0.0) * KW_PER_MW,  # one inverter serves both ways
        "heat pump": heat_pump_mw(heat, year) * KW_PER_MW if heat else 0.0,
        "heat store": heat.store_mwh * KWH if heat else 0.0,
        "cold store": scenario.cold_store.mwh * KWH,
    }
    plants: dict[str, Asset] = {}
    for of, amount in amounts.items():
        for plant in bought(case, chance, money, of, amount) if np.any(amount) else ():
            before = plants.get(plant.name)
            plants[plant.name] = plant if before is None else _together(before, plant)
    for name, plant in plants.items():
        aged = replace(plant, lifetime_years=battery_years) if name == PLANT["battery"] else plant
        yield replace(aged, capex=0.0) if name == "data centre" and "hall" in scenario.built else aged
    if scenario.other_capex:
        yield Asset("other", scenario.other_capex, money.years)
    yield from _machines(case, chance, money)


def _together(one: Asset, other: Asset) -> Asset:
    """Two assets of one name; the second says how long they serve."""
    capex, opex_per_year = one.capex + other.capex, one.opex_per_year + other.opex_per_year
    return replace(other, capex=capex, opex_per_year=opex_per_year)


def heat_pump_mw(reuse: HeatReuse, year: Year) -> Numbers:
    """The heat that the pump is built for: what the study says, else the highest hour of the year [MW]."""
    if reuse.heat_pump_mw is not None or year.heat is None:
        return reuse.heat_pump_mw or 0.0
    highest: Numbers = np.max(year.heat.pump_heat_mw, axis=-1)
    return highest


def stated_capex(scenario: Scenario, name: str) -> float | None:
    """What a unit of a plant costs by the study itself, in its currency; None: it does not say.

    Parameters
    ----------
    scenario : Scenario
        Of the study.
    name : str
        As of `technology`.
    """
    supply, servers, of_battery = scenario.supply, scenario.servers, scenario.storage.battery_capex_per_kwh
    return {
        "solar": supply.solar_capex_per_kw,
        "wind": supply.wind_capex_per_kw,
        "battery energy": of_battery,
        "cold store": scenario.cold_store.capex_per_kwh,
        servers.product: servers.capex_per_node,
    }.get(name)


def bought(case: Case, chance: Chance, money: Money, name: str, amount: Numbers) -> tuple[Asset, ...]:
    """So much of a kind of plant, at the study's own price and life, else at the shipped ones of the place.

    A battery's stated price holds its inverters, which are bought anew sooner than its cells: what they cost by the
    shipped price is theirs, and no part of the cells'.

    Parameters
    ----------
    case, chance, money
        As of `account_of`.
    name : str
        As of `technology`.
    amount : float or array
        In the unit of its price: kW, kWh, pieces.
    """
    of, currency = _technology(case, name, money.currency), Currency(money.currency, money.rates)
    stated = stated_capex(case.scenario, name)
    if stated is not None:
        return (Asset(name, amount * stated, of.lifetime_years, amount * stated * of.opex_ratio),)
    spread = currency.of(of.capex)
    units = amount * units_per_kw(of.capex.per)
    if name != "battery power" or case.scenario.storage.battery_capex_per_kwh is None:
        return (asset(of, units, currency, chance.of(f"price.{name}", spread) / spread.central),)
    one = asset(of, units, currency, 1.0)
    cells = _technology(case, PLANT["battery"], money.currency)
    return one, Asset(PLANT["battery"], -one.capex, cells.lifetime_years, -one.capex * cells.opex_ratio)


def _machines(case: Case, chance: Chance, money: Money) -> Iterator[Asset]:
    """At the price that the study states, else the shipped one; nothing where neither is known."""
    servers = case.scenario.servers
    if servers.product not in technology_names():
        if servers.capex_per_node is not None:  # of which no upkeep is known
            yield Asset("servers", bought_nodes_count(case) * servers.capex_per_node, servers.lifetime_years)
    elif nodes_count(case):
        (there,) = bought(case, chance, money, servers.product, nodes_count(case))
        capex = there.capex * bought_nodes_count(case) / nodes_count(case)
        yield Asset("servers", capex, servers.lifetime_years, there.opex_per_year)


def payments_of(
    case: Case, year: Year, chance: Chance, money: Money, found: Mapping[str, Numbers]
) -> Iterator[Payment]:
    """What is paid, and earned, every year."""
    supply, heat = case.scenario.supply, case.scenario.heat_reuse
    parts = dict(bill(case.paid_tariff(money), case.place.calendar, year.flows.import_mw, year.export_mw).parts)
    dearer = power_price_ratio(case, chance)
    yield Payment("grid, energy", parts.pop("energy") * dearer)
    yield from (Payment(f"grid, {name}", amount) for name, amount in parts.items())
    for contract, generation_mw in zip(supply.contracts, year.contract_mw, strict=True):
        yield Payment(f"contract {contract.name}", generation_mw.sum(axis=-1) * contract.price_per_mwh)
    yield Payment("certificates", supply.certificates_mwh * supply.certificate_price_per_mwh)
    yield water_payment(found["water_onsite_m3"], money.water_price_per_m3)
    yield carbon_payment(found[f"carbon_{money.charged_method}_yearly_t"], carbon_price_per_t(money, chance))
    if heat is not None and year.heat is not None:
        if not heat.heat_pump_inside:
            yield from _pump_outside(case, np.asarray(year.heat.pump_electric_mw), chance, money)
        yield Payment("heat sold", -heat_revenue(year.heat.delivered_mw, heat.price_per_mwh))


def _pump_outside(case: Case, pump_mw: Hours, chance: Chance, money: Money) -> Iterator[Payment]:
    """A connection of its own: its energy, its peaks, and its emissions at the price that the study sets."""
    parts = bill(case.paid_tariff(money), case.place.calendar, pump_mw).parts
    yield Payment("heat pump, energy", parts["energy"] * power_price_ratio(case, chance))
    yield Payment("heat pump, demand", parts["demand"])
    residual = case.place.factor(case.boundary, Method.RESIDUAL) if money.charged_method == "market" else None
    emitted_t = pump_mw.sum(axis=-1) * uncontracted_g_per_kwh(case, chance, residual) / KG_PER_T
    yield Payment(CARBON_OF_HEAT_PUMP, emitted_t * carbon_price_per_t(money, chance))


def power_price_ratio(case: Case, chance: Chance) -> Numbers:
    """The usual price of power in the country over its central value; 1 where the study states its own [-]."""
    if case.tariff is not None:
        return 1.0
    usual = case.usual_price
    drawn: Numbers = chance.of(f"price.electricity, {usual.currency}", usual.amount)
    return drawn / usual.amount.central


def carbon_allowance(money: Money) -> Price | None:
    """The shipped price of an allowance; None: the study charges none of a market."""
    return None if money.carbon_market is None else price("carbon", {"CEA": "CHN", "EUA": "DEU"}[money.carbon_market])


def carbon_price_per_t(money: Money, chance: Chance = CENTRAL) -> Numbers:
    """What a tonne costs in the study's currency; a market's allowance is drawn."""
    allowance = carbon_allowance(money)
    if allowance is None:
        return money.carbon_price_per_t or 0.0
    cost = Currency(money.currency, money.rates).of(allowance)
    drawn: Numbers = chance.of(f"price.carbon, {money.carbon_market}", cost)
    return drawn
