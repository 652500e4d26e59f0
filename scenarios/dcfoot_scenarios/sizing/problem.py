"""What is to be sized, in numbers alone: hours of load and supply, what a unit of each size costs, and the limits.

A `SizingProblem` is one site with one cooling system. Power is in MW, an hour of it MWh; money is in one currency, which
the caller knows. All flows are >= 0, and the balance of each hour is

    load + heat pump + charge + export + curtailed = clean + discharge + import
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from dcfoot.weather.year import Hours

Aim = Literal["cost", "carbon", "water"]
"""What may be minimised."""


@dataclass(frozen=True, slots=True)
class Burden:
    """What a unit of size costs: money, carbon and water by year, capital once.

    Parameters
    ----------
    cost : float
        Capital as an annuity, and upkeep [currency/year]
    carbon_t : float
        Embodied carbon, by year of life [t/year]
    water_m3 : float
        Water of making and of keeping it, by year of life [m3/year]
    capex : float
        Capital on the day it is built [currency]
    """

    cost: float = 0.0
    carbon_t: float = 0.0
    water_m3: float = 0.0
    capex: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A kind of supply that can be built or contracted in any size: solar, wind.

    Parameters
    ----------
    per_unit : array
        What a MW of nameplate gives, by hour [MW/MW]
    burden : Burden
        Of a MW.
    min_mw, max_mw : float
        The least (what stands already) and the most [MW]
    """

    per_unit: Hours
    burden: Burden
    min_mw: float = 0.0
    max_mw: float = float("inf")


@dataclass(frozen=True, slots=True)
class BatteryChoice:
    """A battery whose energy, charging and discharging power are sized apart; it moves energy as `storage.Battery` does.

    Parameters
    ----------
    energy, charge, discharge : Burden
        Of a MWh held, a MW in, a MW out. A power that costs nothing has no limit.
    charge_efficiency_ratio, discharge_efficiency_ratio : float
        What arrives in the store of what goes in; what goes out of what leaves the store [-]
    loss_ratio_per_h : float
        What the store loses by itself in an hour [-]
    reserve_ratio : float
        The share of its energy that is never used [-]
    start_ratio : float or None
        How full it is before the first hour; None: it ends where it began, wherever that is best [-]
    max_mwh : float
        The most [MWh]
    one_inverter : bool
        Charging and discharging power are one size, whose burden is `charge`.
    """

    energy: Burden
    charge: Burden = field(default_factory=Burden)
    discharge: Burden = field(default_factory=Burden)
    charge_efficiency_ratio: float = 1.0
    discharge_efficiency_ratio: float = 1.0
    loss_ratio_per_h: float = 0.0
    reserve_ratio: float = 0.0
    start_ratio: float | None = None
    max_mwh: float = float("inf")
    one_inverter: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """The grid at the site.

    Parameters
    ----------
    price_per_mwh : array
        Of what is imported, by hour [currency/MWh]
    g_per_kwh, l_per_kwh : array
        Carbon and water of what is imported, by hour [g/kWh], [L/kWh]
    export_price_per_mwh : array or None
        Of what is exported; None: surplus is curtailed [currency/MWh]
    export_max_mw : float
        The most that may be exported in an hour [MW]
    peak : Burden
        Of a MW of the year's highest import (demand charge).
    """

    price_per_mwh: Hours
    g_per_kwh: Hours
    l_per_kwh: Hours
    export_price_per_mwh: Hours | None = None
    export_max_mw: float = float("inf")
    peak: Burden = field(default_factory=Burden)


@dataclass(frozen=True, slots=True, eq=False)
class HeatChoice:
    """A heat pump and a heat store that serve a network with the heat of the hall.

    Parameters
    ----------
    captured_mw : array
        Heat of the hall that the pump may take, by hour [MW]
    demand_mw : array
        The most that the network takes, less what direct exchange serves, by hour [MW]
    cop : array
        Heat given for electricity taken, by hour [-]
    price_per_mwh : float
        What the network pays [currency/MWh]
    pump, store : Burden
        Of a MW of heat given; of a MWh of heat held.
    store_loss_ratio_per_h : float
        What the store loses in an hour [-]
    """

    captured_mw: Hours
    demand_mw: Hours
    cop: Hours
    price_per_mwh: float
    pump: Burden
    store: Burden
    store_loss_ratio_per_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What must hold over the year; None: no limit.

    Parameters
    ----------
    cfe_contracted_ratio_min : float or None
        The part of the electricity used that is not imported [-]
    cost_max, capex_max : float or None
        By year; once [currency]
    carbon_t_max : float or None
        Imported and embodied [t]
    water_onsite_l_max, water_l_max : float or None
        At the site; with that of the electricity and of the plant [L]
    pue_max : float or None
        Of each site that is chosen [-]
    import_mw_max : float or None
        In any hour [MW]
    """

    cfe_contracted_ratio_min: float | None = None
    cost_max: float | None = None
    capex_max: float | None = None
    carbon_t_max: float | None = None
    water_onsite_l_max: float | None = None
    water_l_max: float | None = None
    pue_max: float | None = None
    import_mw_max: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SizingProblem:
    """A site with one cooling system, what may be built there, and what is wanted.

    Parameters
    ----------
    load_mw : array
        What the facility takes, by hour [MW]
    connection : Connection
        The grid.
    sources : mapping
        Solar, wind, by name.
    battery : BatteryChoice or None
        None: no battery can be built.
    heat : HeatChoice or None
        None: heat is not reused.
    minimise : str
        Cost, carbon or water.
    limits : Limits
        What must hold.
    carbon_price_per_t : float
        On the carbon of imported electricity [currency/t]
    fixed : Burden
        Of the site itself: its hall, its cooling, its on-site water's price.
    water_onsite_l : float
        Of its cooling, by year [L]
    pue : float or None
        Of the year; None: not known [-]
    """

    load_mw: Hours
    connection: Connection
    sources: Mapping[str, Source] = field(default_factory=dict[str, Source])
    battery: BatteryChoice | None = None
    heat: HeatChoice | None = None
    minimise: Aim = "cost"
    limits: Limits = field(default_factory=Limits)
    carbon_price_per_t: float = 0.0
    fixed: Burden = field(default_factory=Burden)
    water_onsite_l: float = 0.0
    pue: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sizing:
    """The answer: sizes, what flows in each hour, what they cost, and what each limit costs.

    Parameters
    ----------
    source_mw : mapping
        By name [MW]
    energy_mwh, charge_mw, discharge_mw : float
        The battery: what it holds, the most that goes in, the most that goes out [MWh], [MW], [MW]
    pump_mw, store_mwh : float
        The heat pump by its heat; the heat store [MW], [MWh]
    cost, carbon_t, water_m3, capex : float
        Of the year; once.
    shadow_prices : mapping
        By limit: what the objective would fall if it were eased by one unit (0: it does not bind).
    hours : mapping
        ``load_mw``, ``clean_mw``, ``import_mw``, ``charge_mw``, ``discharge_mw``, ``export_mw``, ``curtailed_mw``,
        ``state_mwh`` and, with heat, ``pump_heat_mw``, ``pump_electric_mw``, ``delivered_mw``, ``store_mwh``.
    is_exact : bool
        Whether no sizes are better; else the answer is a quick one.
    """

    source_mw: Mapping[str, float]
    energy_mwh: float
    charge_mw: float
    discharge_mw: float
    pump_mw: float
    store_mwh: float
    cost: float
    carbon_t: float
    water_m3: float
    capex: float
    shadow_prices: Mapping[str, float]
    hours: Mapping[str, Hours]
    is_exact: bool = True
