"""The sizes that serve a scenario best: solar, wind, battery, heat pump, heat store; and which of several to take.

In comes a study that says what is to be sized, out goes an `Optimised`: the scenario with the sizes that were found,
whose year `evaluate` runs as any other's, what the limits cost, and the front along one of them.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf

import numpy as np

from dcfoot.elementwise import Numbers
from dcfoot.errors import StudyError
from dcfoot.facility_model import FacilityState
from dcfoot.grid import WORLD, Boundary
from dcfoot.heat.cold import sorption_chiller
from dcfoot.units import KG_PER_T, KW_PER_MW, KWH_PER_MWH, L_PER_M3
from dcfoot_scenarios.case import Case, case_of
from dcfoot_scenarios.chance import At
from dcfoot_scenarios.cost import Account
from dcfoot_scenarios.figures import figures, residual_g_per_kwh, yearly_supplies
from dcfoot_scenarios.figures_beside import account_of, bought, carbon_price_per_t, making_of, units_per_kw
from dcfoot_scenarios.heat.network import ways_of
from dcfoot_scenarios.optimised import FrontPoint, Optimised, Step, Telling, untold
from dcfoot_scenarios.place import place_of
from dcfoot_scenarios.scenario import HeatReuse, Money, Scenario
from dcfoot_scenarios.schedule import battery_choice, given, standing_battery
from dcfoot_scenarios.sizing.answer import Sizing
from dcfoot_scenarios.sizing.choice import choose
from dcfoot_scenarios.sizing.front import along
from dcfoot_scenarios.sizing.optimum import size
from dcfoot_scenarios.sizing.problem import (
    BatteryChoice,
    Burden,
    ColdChoice,
    Connection,
    HeatChoice,
    Limits,
    Relief,
    Size,
    SizingProblem,
    Source,
)
from dcfoot_scenarios.sizing.quick import quick_along, quick_choice
from dcfoot_scenarios.study import Optimise, Range, Study, told_of
from dcfoot_scenarios.tariff import export_per_mwh, import_per_mwh
from dcfoot_scenarios.technologies import technology
from dcfoot_scenarios.year import (
    STORE_POWER_RATIO_PER_H,
    Year,
    export_limit_mw,
    heat_capture,
    heat_network,
    heat_pump,
    heat_wanted_mw,
    lifted_mw,
    shifted_it_mw,
    year_of,
)

LIMITS = (
    "cfe_contracted_ratio_min",
    "carbon_t_max",
    "capex_max",
    "cost_max",
    "water_onsite_l_max",
    "pue_max",
    "import_mw_max",
)
"""The limits that a study may set, as `Optimise` and `Limits` both call them."""


def optimise(study: Study, scenarios: Mapping[str, Scenario] | None = None, telling: Telling = untold) -> Optimised:
    """Sizes what a study says, and takes the best of its scenarios; Ctrl-C along a front keeps what was found.

    Parameters
    ----------
    study : Study
        With `optimise`.
    scenarios : mapping of str to Scenario, or None
        Of one family of grid factors; None: the study's own.
    telling : callable
        Told each step before it is begun.

    Raises
    ------
    InfeasibleStudy
        The limits cannot all be held; it says which conflict.
    StudyError, ConfigError, DataMissing
        Something is not stated or not known.
    """
    wanted = study.keys.optimise
    if wanted is None:
        raise StudyError("The study does not say what to size: add `optimise:`.")
    currency = study.currency
    usual = study.scenarios if scenarios is None else scenarios
    known = {name: _of_known_life(one, currency) for name, one in usual.items()}
    problems: dict[str, SizingProblem] = {}
    for name in wanted.of:
        with told_of(name):
            problems[name] = problem_of(case_of(known[name]), wanted, study.keys.money)
    values = wanted.front_values if wanted.front else ()
    count = 1 + len(values) * len(problems)
    of, best = _best(problems, wanted, lambda what: telling(Step(what, 0, count)))
    points: list[FrontPoint] = []
    with suppress(KeyboardInterrupt):  # the optimum and the points before it are kept
        points.extend(_front(problems, wanted, values, telling) if wanted.front else ())
    it_mw = shifted_it_mw(_without_sizes(case_of(known[of]), wanted))
    return Optimised(of, sized(known[of], best, wanted), best, it_mw, tuple(points), tuple(values[len(points) :]))


def _best(problems: Mapping[str, SizingProblem], wanted: Optimise, told: Callable[[str], None]) -> tuple[str, Sizing]:
    """The scenario that is best with its sizes, and these."""
    if wanted.method == "quick":
        return quick_choice(problems, told)
    if len(problems) == 1:
        of, problem = next(iter(problems.items()))
        told(of)
        return of, size(problem)
    found = choose(problems, told=lambda what: told(f"the best of {len(problems)}, {what}"))
    return next(iter(found.items()))


def _front(
    problems: Mapping[str, SizingProblem], wanted: Optimise, values: Sequence[float], telling: Telling
) -> Iterator[FrontPoint]:
    """Of all scenarios the best at each value: another may be it where the limit is tight."""
    count, limit = len(values) * len(problems), str(wanted.front)
    answered = quick_along if wanted.method == "quick" else along
    answers = {name: answered(problem, limit, values) for name, problem in problems.items()}
    done = itertools.count(1)
    for value in values:
        found: dict[str, Sizing] = {}
        for name, answer in answers.items():
            telling(Step(f"{name}, {limit} {value:g}", next(done), 1 + count))
            sizing = next(answer)
            if sizing is not None:
                found[name] = sizing
        best = min(found, key=lambda name: found[name].value(), default="")
        yield FrontPoint(value, found.get(best), best)


def _of_known_life(scenario: Scenario, currency: str) -> Scenario:
    """The scenario with a battery that serves as long as its price has it: its fade hangs on what is sought."""
    if scenario.storage.battery_life_years is not None:
        return scenario
    country = place_of(scenario).site.country or WORLD
    return scenario.with_(
        storage={"battery_life_years": technology("battery energy", country, currency).lifetime_years}
    )


def sized(scenario: Scenario, sizing: Sizing, wanted: Optimise) -> Scenario:
    """A scenario with the sizes that were found; without a schedule its battery is then run by the same program.

    Parameters
    ----------
    scenario : Scenario
        Without them.
    sizing : Sizing
        The answer.
    wanted : Optimise
        Which sizes were asked for.
    """
    sizes = sizing.sizes
    supply = {f"{name}_mw": sizes[f"{name}_mw"] for name in ("solar", "wind") if f"{name}_mw" in sizes}
    found: dict[str, object] = {"supply": supply}
    if "energy_mwh" in sizes:
        store = {"battery_mwh": sizes["energy_mwh"], "battery_mw": sizes["discharge_mw"], "c_rate_per_h": None}
        apart = {} if wanted.charge_mw is None else {"charge_mw": sizes["charge_mw"]}
        found["storage"] = {**store, **apart, "policy": "optimal"}
    heat = {"heat_pump_mw": "pump_mw"} if wanted.heat_pump_mw is not None else {}
    heat |= {"store_mwh": "store_mwh"} if wanted.heat_store_mwh is not None else {}
    if heat:
        found["heat_reuse"] = {name: sizes[size] for name, size in heat.items()}
    return scenario.with_(**found)


def _limits(scenario: Scenario, wanted: Optimise) -> dict[str, float | None]:
    """What must hold: what is asked for, and the scenario's own connection."""
    limits: dict[str, float | None] = {name: getattr(wanted, name) for name in LIMITS}
    imports = [most for most in (wanted.import_mw_max, scenario.grid.import_limit_mw) if most is not None]
    ramp_mw_per_h = scenario.grid.ramp_limit_mw_per_h
    return {**limits, "import_mw_max": min(imports, default=None), "ramp_mw_per_h_max": ramp_mw_per_h}


def problem_of(case: Case, wanted: Optimise, money: Money | None) -> SizingProblem:
    """What is asked of one scenario, in numbers alone.

    Parameters
    ----------
    case : Case
        The scenario made ready.
    wanted : Optimise
        What is to be sized, what is minimised, what must hold.
    money : Money or None
        Prices; without them, cost cannot be minimised nor limited.

    Raises
    ------
    StudyError
        Prices are needed and not stated, a heat pump is to be sized that stands outside, a battery whose power is
        stated by its energy, or a battery is not new.
    """
    if money is None and (wanted.minimise == "cost" or wanted.capex_max is not None or wanted.cost_max is not None):
        raise StudyError("optimise: cost is weighed, and the study states no money: add `money: {currency: ...}`.")
    load = case.scenario.load
    if load.deferrable_ratio and load.shift_to == "surplus":
        raise StudyError(
            "load.shift_to: surplus: what a load would wait for is sought here, and so it cannot follow it; write "
            "`carbon` or `price`."
        )
    if case.scenario.storage.c_rate_per_h is not None and _sizes_battery(wanted):
        raise StudyError("storage.c_rate_per_h: energy and power of a battery are sized apart; leave it out.")
    if case.scenario.storage.age_years:
        raise StudyError("storage.age_years: sizes are sought beside a battery that is new; leave it out.")
    bare = _without_sizes(case, wanted)
    it_mw = shifted_it_mw(bare)
    hall = bare.facility(bare.hall(it_mw))
    year = year_of(bare, it_mw, hall)
    found = figures(bare, year, At(), money)
    return SizingProblem(
        load_mw=np.asarray(year.flows.load_mw),
        connection=_connection(bare, year, money),
        sources=dict(_sources(case, wanted, money)),
        battery=_battery(case, wanted, money),
        heat=_heat(case, wanted, money, year, hall),
        minimise=wanted.minimise,
        limits=Limits(**_limits(case.scenario, wanted)),
        fixed=_fixed(bare, year, money, dict(found)),
        water_onsite_l=float(found["water_onsite_m3"]) * L_PER_M3,
        water_consumed_ratio=float(found["water_consumed_onsite_m3"]) / (float(found["water_onsite_m3"]) or 1.0),
        pue=float(found["pue"]),
    )


def _without_sizes(case: Case, wanted: Optimise) -> Case:
    """The case without what is to be sized, and without what works on what is to be."""
    nothing: dict[str, object] = {}
    supply = {name: 0 for name in ("solar_mw", "wind_mw") if getattr(wanted, name) is not None}
    if supply:
        nothing["supply"] = supply
    if _sizes_battery(wanted):
        nothing["storage"] = {"battery_mwh": 0, "battery_mw": 0, "c_rate_per_h": None, "charge_mw": None}
    if _sizes_heat(wanted):  # whatever stands, what it does is for the program to say
        nothing["heat_reuse"] = {"heat_pump_mw": 0, "store_mwh": 0, "cold": None}
    return replace(case, scenario=case.scenario.with_(**nothing))


def _connection(case: Case, year: Year, money: Money | None) -> Connection:
    calendar, site = case.place.calendar, case.place.site
    hours = len(case.it_mw)
    ewif = site.ewif_l_per_kwh
    water = None if ewif is None else np.full(hours, ewif.spread.central)
    contracted = sum(year.contract_mw, np.zeros(hours)) if year.contract_mw else None
    if money is None:
        return Connection(np.zeros(hours), case.grid[1], water, contracted_mw=contracted)
    tariff = case.paid_tariff(money)
    limit_mw = export_limit_mw(case.scenario)
    charged_g_per_kwh, reliefs = _charged_carbon(case, year, money)
    return Connection(
        import_per_mwh(tariff, calendar) + charged_g_per_kwh * carbon_price_per_t(money) / KG_PER_T,
        case.grid[1],
        water,
        export_per_mwh(tariff, calendar) if limit_mw else None,
        limit_mw or inf,
        Burden(cost=tariff.demand_per_mw_month),
        np.asarray(calendar.month_index, dtype=np.float64),
        reliefs,
        contracted,
    )


def _charged_carbon(case: Case, year: Year, money: Money) -> tuple[float, tuple[Relief, ...]]:
    """What an imported MWh is charged for, as the year's account counts it: the location's mean of the year.

    By the market it is the residual mix [g/kWh], but for what contracts and certificates cover.
    """
    location = float(case.grid[1].mean())
    if money.charged_method == "location":
        return location, ()
    residual = residual_g_per_kwh(case, At())
    rest, per_g = location if residual is None else float(residual), float(carbon_price_per_t(money)) / KG_PER_T
    return rest, tuple(
        Relief(float(energy_kwh[0]) / KWH_PER_MWH, (rest - g_per_kwh) * per_g)
        for energy_kwh, g_per_kwh in yearly_supplies(case, year)
        if energy_kwh[0]
    )


def _sources(case: Case, wanted: Optimise, money: Money | None) -> Iterator[tuple[str, Source]]:
    for name in ("solar", "wind"):
        asked: Range | None = getattr(wanted, f"{name}_mw")
        stands = float(getattr(case.scenario.supply, f"{name}_mw"))
        if asked is not None or stands:
            per_unit = case.solar_per_unit if name == "solar" else case.wind_per_unit
            paid = given(stands) if asked is None else _paid_size(case, money, asked, None, (name, KW_PER_MW), name)
            yield name, Source(per_unit, paid)  # what stands is paid for among the fixed costs


def _battery(case: Case, wanted: Optimise, money: Money | None) -> BatteryChoice | None:
    store = case.scenario.storage
    if wanted.battery_mwh is None and not store.battery_mwh:
        return None
    if not _sizes_battery(wanted):  # it is paid for among the fixed costs
        return standing_battery(store)
    energy = _paid_size(case, money, wanted.battery_mwh, store.battery_mwh, ("battery energy", KWH_PER_MWH), "battery")
    power = "battery power", KW_PER_MW
    if store.charge_mw is None and wanted.charge_mw is None:
        inverter = _paid_size(case, money, wanted.battery_mw, store.battery_mw, power)
        return battery_choice(store, energy, Size(), Size(), inverter)
    charge, discharge = _within(wanted.charge_mw, store.charge_mw), _within(wanted.battery_mw, store.battery_mw)
    return battery_choice(store, energy, charge, discharge, _paid_size(case, money, Range(), None, power))


def _within(asked: Range | None, stands: float | None) -> Size:
    """A power that is to be found, or that stands, of an inverter that is paid for by itself."""
    return given(stands or 0.0) if asked is None else Size(least=asked.least, most=_most(asked))


def _sizes_battery(wanted: Optimise) -> bool:
    """Whether anything of the battery is to be sized."""
    return any(one is not None for one in (wanted.battery_mwh, wanted.battery_mw, wanted.charge_mw))


def _sizes_heat(wanted: Optimise) -> bool:
    """Whether a heat pump or a heat store is to be sized."""
    return wanted.heat_pump_mw is not None or wanted.heat_store_mwh is not None


def _heat(case: Case, wanted: Optimise, money: Money | None, year: Year, hall: FacilityState) -> HeatChoice | None:
    if not _sizes_heat(wanted):
        return None
    reuse = _heat_that_is_weighed(case.scenario)
    capture, network = heat_capture(case), heat_network(reuse)
    ways = ways_of(capture, network, heat_pump(reuse))
    store = _heat_store(case, wanted, money, reuse)
    if store is not None and np.any(np.greater_equal(ways.direct_of_demand_ratio, 1.0)):
        raise StudyError(
            f"{case.scenario.site}: the hall's own water is as warm as the network wants it, and needs no heat pump. "
            "A store is then not sized: leave optimise.heat_store_mwh out, and heat_reuse.store_mwh while a pump is."
        )
    captured_mw = year.it_mw * capture.captured_ratio
    asked_mw = heat_wanted_mw(case, reuse) / (1 - network.loss_ratio)
    direct_mw = np.minimum(captured_mw * ways.direct_of_captured_ratio, asked_mw * ways.direct_of_demand_ratio)
    return HeatChoice(
        np.asarray(captured_mw - direct_mw),
        np.asarray(asked_mw - direct_mw),
        np.broadcast_to(np.asarray(ways.cop, dtype=np.float64), len(case.it_mw)),
        reuse.price_per_mwh * (1 - float(np.mean(network.loss_ratio))),
        _paid_size(case, money, wanted.heat_pump_mw, reuse.heat_pump_mw, ("heat pump", KW_PER_MW)),
        store,
        store_power_ratio_per_h=_store_power_ratio_per_h(reuse, wanted),
        cold=_cold(case, reuse, year, hall),
    )


def _cold(case: Case, reuse: HeatReuse, year: Year, hall: FacilityState) -> ColdChoice | None:
    """What a chiller makes of the heat that the pump leaves, where it is warm enough, as the year has it."""
    if reuse.cold is None:
        return None
    if case.scenario.cold_store.mwh:
        raise StudyError("optimise: a heat pump is sized beside heat_reuse.cold or beside cold_store: leave one out.")
    chiller, (lifts_mw, draws_mw) = sorption_chiller(reuse.cold), lifted_mw(case.scenario, year.it_mw, hall, year.pue)
    wanted_mw = np.minimum(np.maximum(lifts_mw, 0.0), inf if reuse.cold_mw is None else reuse.cold_mw)
    most_mw = np.where(np.greater_equal(heat_capture(case).warm_c, chiller.driving_c), wanted_mw, 0.0)
    return ColdChoice(most_mw, float(np.asarray(chiller.cop)), draws_mw / np.maximum(lifts_mw, 1e-300))


def _heat_that_is_weighed(scenario: Scenario) -> HeatReuse:
    """Who takes the heat, with a heat pump whose electricity the data centre draws.

    Raises
    ------
    StudyError
        Nobody does, or the pump stands outside.
    """
    reuse = scenario.heat_reuse
    if reuse is None or not reuse.heat_pump_inside:
        raise StudyError(
            "optimise.heat_pump_mw, heat_store_mwh: add `heat_reuse:` with `heat_pump_inside: true`, so that the heat "
            "pump's electricity is weighed."
        )
    return reuse


def _heat_store(case: Case, wanted: Optimise, money: Money | None, reuse: HeatReuse) -> Size | None:
    if wanted.heat_store_mwh is None and not reuse.store_mwh:
        return None
    return _paid_size(case, money, wanted.heat_store_mwh, reuse.store_mwh, ("heat store", KWH_PER_MWH))


def _paid_size(
    case: Case,
    money: Money | None,
    asked: Range | None,
    stands: float | None,
    plant: tuple[str, float],
    made: str | None = None,
) -> Size:
    """A size that is to be found, or that stands; paid for here either way, for the fixed costs have neither.

    `plant` is what it is called and how many units of its price it is; `made` what its making is called, None: not
    known.
    """
    if asked is None and stands is None:
        return Size()  # as large as is wanted, and not bought
    found = asked or Range(least=stands or 0.0, most=stands)
    return Size(_burden(case, money, *plant, made), found.least, _most(found))


def _most(asked: Range) -> float:
    return inf if asked.most is None else asked.most


def _store_power_ratio_per_h(reuse: HeatReuse, wanted: Optimise) -> float:
    """The most that the heat store takes and gives, of its size [1/h].

    Raises
    ------
    StudyError
        It is stated of a store that is to be sized.
    """
    if reuse.store_mw is None or not reuse.store_mwh:
        return STORE_POWER_RATIO_PER_H
    if wanted.heat_store_mwh is not None:
        raise StudyError("heat_reuse.store_mw: leave it out; a store that is sized takes and gives a tenth an hour.")
    return reuse.store_mw / reuse.store_mwh


def _burden(case: Case, money: Money | None, name: str, units_per_size: float, made: str | None) -> Burden:
    """What a megawatt, or a megawatt-hour, costs and emits in a year of its life."""
    carbon_t = 0.0
    if made is not None and case.boundary is Boundary.LIFE_CYCLE:  # making is life-cycle, and the two never add up
        currency = "" if money is None else money.currency
        making = making_of(case, made, currency)
        carbon_t = making.t_per_unit_year.central * units_per_size * units_per_kw(making.unit)
    if money is None:
        return Burden(carbon_t=carbon_t)
    plants = bought(case, At(), money, name, units_per_size)
    account = Account(money.currency, money.discount_ratio, money.years, plants, ())
    return Burden(float(account.cost_per_year), carbon_t, 0.0, float(account.capex))


def _fixed(case: Case, year: Year, money: Money | None, found: dict[str, Numbers]) -> Burden:
    """What the scenario costs and emits whatever is built: its hall and machines, its water, its contracts."""
    carbon_t = 0.0
    if case.boundary is Boundary.LIFE_CYCLE:
        carbon_t = float(found["embodied_servers_t"]) + float(found["embodied_plant_t"])
    if money is None:
        return Burden(carbon_t=carbon_t)
    account = account_of(case, year, At(), money, found)
    weighed = {"grid, energy", "grid, demand", "grid, export", "carbon"}
    cost = sum(float(amount) for name, amount in account.lines.items() if name not in weighed)
    return Burden(cost, carbon_t, 0.0, float(account.capex))
