"""What is to be sized, in numbers alone: hours of load and supply, what a unit of each size costs, and the limits.

A `SizingProblem` is one site with one cooling system. Power is in MW, an hour of it MWh; money is in one currency,
which the caller knows. All flows are >= 0, and the balance of each hour is

    load + pump_electric + charge + export + curtailed = clean + discharge + import + spared
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dcfoot.errors import StudyError
from dcfoot.units import KG_PER_T, KWH_PER_MWH, L_PER_M3
from dcfoot_scenarios.scan import Hours

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
        Water of making and keeping it, by year of life [m3/year]
    capex : float
        Capital on the day it is built [currency]
    """

    cost: float = 0.0
    carbon_t: float = 0.0
    water_m3: float = 0.0
    capex: float = 0.0

    @property
    def is_nothing(self) -> bool:
        """Whether a unit costs nothing of any kind."""
        return self == Burden()


@dataclass(frozen=True, slots=True)
class Size:
    """A size that is to be found.

    Parameters
    ----------
    burden : Burden
        Of a unit.
    least, most : float
        What stands already, and what there is room for, in the unit of the size; the same where it is given.
    """

    burden: Burden = field(default_factory=Burden)
    least: float = 0.0
    most: float = np.inf

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing and may be any: then it limits nothing."""
        return self.burden.is_nothing and self.most == np.inf


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A kind of supply: solar, wind.

    Parameters
    ----------
    per_unit_ratio : array
        Output over nameplate, by hour [-]
    nameplate : Size
        In MW.
    """

    per_unit_ratio: Hours
    nameplate: Size


@dataclass(frozen=True, slots=True)
class BatteryChoice:
    """A battery whose energy and whose powers are sized apart; it moves energy as `dcfoot_scenarios.storage` does.

    Parameters
    ----------
    energy, charge, discharge : Size
        In MWh, of which the reserve is a part; in MW taken and given at its terminals. A power that costs nothing and
        may be any has no limit of its own.
    charge_efficiency_ratio, discharge_efficiency_ratio : float
        Stored over taken; given over drawn from the store [-]
    loss_ratio_per_h : float
        Self-discharge, of what is stored [1/h]
    reserve_ratio : float
        The share of its energy that is kept for backup [-]
    start_ratio : float or None
        Stored at the start, of its energy, and at least as much at the end: nothing is given away. None: it starts as
        it ends, as full as is best [-]
    inverter : Size or None
        One machine for both directions, within which `charge` and `discharge` are limits; None: each stands alone [MW]
    """

    energy: Size
    charge: Size = field(default_factory=Size)
    discharge: Size = field(default_factory=Size)
    charge_efficiency_ratio: float = 1.0
    discharge_efficiency_ratio: float = 1.0
    loss_ratio_per_h: float = 0.0
    reserve_ratio: float = 0.0
    start_ratio: float | None = None
    inverter: Size | None = None

    @property
    def floor_ratio(self) -> float:
        """From where a program counts what is stored: from the reserve, of its energy, if that loses nothing [-]."""
        return 0.0 if self.loss_ratio_per_h else self.reserve_ratio


@dataclass(frozen=True, slots=True)
class Relief:
    """What comes off the price of the first of a year's imports: a contract where carbon is charged by the market.

    Parameters
    ----------
    energy_mwh : float
        Of how many [MWh]
    saves_per_mwh : float
        By how much less each costs [currency/MWh]
    """

    energy_mwh: float
    saves_per_mwh: float


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """The grid at the site.

    Parameters
    ----------
    price_per_mwh : array
        Of what is imported, by hour [currency/MWh]
    g_per_kwh, l_per_kwh : array or None
        Carbon of what is imported, and water that it consumes, by hour; None: left out [g/kWh], [L/kWh]
    export_price_per_mwh : array or None
        Of what is exported; None: surplus is curtailed [currency/MWh]
    export_mw_max : float
        The most that may be exported in an hour [MW]
    peak : Burden
        Of a MW of the highest import of each billing period (demand charge).
    billing_index : array or None
        The billing period of each hour, from 0: the month; None: the year is one [-]
    reliefs : tuple of Relief
        One after another, as far as the year's imports reach.
    contracted_mw : array or None
        What contracts bring by hour, which makes as much of the hour's import clean; None: nothing [MW]
    beyond_per_mwh : float or None
        What it counts for that an hour lies beyond a limit on import or ramp by a MW; None: they hold [currency/MWh]
    """

    price_per_mwh: Hours
    g_per_kwh: Hours | None = None
    l_per_kwh: Hours | None = None
    export_price_per_mwh: Hours | None = None
    export_mw_max: float = np.inf
    peak: Burden = field(default_factory=Burden)
    billing_index: Hours | None = None
    reliefs: tuple[Relief, ...] = ()
    contracted_mw: Hours | None = None
    beyond_per_mwh: float | None = None

    def uncovered_mw(self, import_mw: Hours) -> Hours:
        """What of an import no contract covers in its hour [MW]."""
        covered: Hours | float = 0.0 if self.contracted_mw is None else self.contracted_mw
        return np.maximum(import_mw - covered, 0.0)

    def relief(self, imported_mwh: float) -> float:
        """What comes off the price of a year's imports [currency/year]."""
        left, saved = imported_mwh, 0.0
        for one in self.reliefs:
            taken = min(left, one.energy_mwh)
            left, saved = left - taken, saved + taken * one.saves_per_mwh
        return saved

    def periods(self, count: int) -> NDArray[np.int64]:
        """The billing period of each of so many hours [-]."""
        one = np.zeros(count, dtype=np.int64)
        return one if self.billing_index is None else self.billing_index.astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class ColdChoice:
    """A chiller that spares the hall's compressors with the heat that the heat pump leaves.

    Parameters
    ----------
    most_mw : array
        The most cold that it makes, by hour [MW]
    cop : float
        Cold over heat [-]
    spared_ratio : array
        What compressors no longer draw, over the cold, by hour [-]
    """

    most_mw: Hours
    cop: float
    spared_ratio: Hours


@dataclass(frozen=True, slots=True, eq=False)
class HeatChoice:
    """A heat pump and a heat store that serve a network with the heat of the hall.

    Parameters
    ----------
    captured_mw : array
        Heat of the hall that the pump may take, what direct exchange takes left out, by hour [MW]
    demand_mw : array
        The most that the network takes of it, by hour [MW]
    cop : array
        Heat given over electricity taken, by hour [-]
    price_per_mwh : float
        What the network pays [currency/MWh]
    pump, store : Size
        In MW of heat given; in MWh of heat held.
    store_loss_ratio_per_h : float
        What the store loses of what it holds [1/h]
    store_power_ratio_per_h : float
        The most that the store takes, and gives, of its size [1/h]
    cold : ColdChoice or None
        None: what the pump leaves is given off.
    """

    captured_mw: Hours
    demand_mw: Hours
    cop: Hours
    price_per_mwh: float
    pump: Size
    store: Size | None = None
    store_loss_ratio_per_h: float = 0.0
    store_power_ratio_per_h: float = 1.0
    cold: ColdChoice | None = None

    def spared_mw(self, pump_heat_mw: Hours) -> Hours:
        """What the hall's compressors do not draw where the pump gives so much heat [MW]."""
        if self.cold is None:
            return np.zeros_like(pump_heat_mw)
        left_mw = np.maximum(self.captured_mw - pump_heat_mw * (1.0 - 1.0 / self.cop), 0.0)
        return np.minimum(self.cold.cop * left_mw, self.cold.most_mw) * self.cold.spared_ratio

    @property
    def most_mw(self) -> Hours:
        """What the pump can give of the heat of the hall; its electricity becomes heat as well [MW]."""
        most: Hours = self.captured_mw * self.cop / np.maximum(self.cop - 1.0, 1e-9)
        return most


@dataclass(frozen=True, slots=True)
class Limits:
    """What must hold at a site, or at all that are chosen together; None: no limit.

    Parameters
    ----------
    cfe_contracted_ratio_min : float or None
        The part of the year's electricity that is not imported, or that contracts cover in its hour [-]
    cost_max, capex_max : float or None
        By year; once [currency]
    carbon_t_max : float or None
        Of what is imported and of what is built, by year [t]
    water_onsite_l_max, water_l_max : float or None
        Taken in at the site; consumed there, and by what is imported and built, by year [L]
    pue_max : float or None
        Of the year, the heat pump's electricity included [-]
    import_mw_max : float or None
        In any hour; of several sites, the sum of their highest [MW]
    ramp_mw_per_h_max : float or None
        By which the import changes from hour to hour; of several sites, the sum of their greatest [MW/h]
    """

    cfe_contracted_ratio_min: float | None = None
    cost_max: float | None = None
    capex_max: float | None = None
    carbon_t_max: float | None = None
    water_onsite_l_max: float | None = None
    water_l_max: float | None = None
    pue_max: float | None = None
    import_mw_max: float | None = None
    ramp_mw_per_h_max: float | None = None

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """The limits that there are, by name."""
        named = ((one.name, getattr(self, one.name)) for one in fields(self))
        return ((name, limit) for name, limit in named if limit is not None)


@dataclass(frozen=True, slots=True, eq=False)
class SizingProblem:
    """A site with one cooling system, what may be built there, and what is wanted.

    Parameters
    ----------
    load_mw : array
        What the facility draws, by hour, before any cold is made of heat [MW]
    connection : Connection
        The grid.
    sources : mapping
        Solar, wind, by name.
    battery : BatteryChoice or None
        None: no battery can be built.
    heat : HeatChoice or None
        None: heat is not reused.
    minimise : str
        Cost, carbon or water; of several answers that are best, the one that costs least.
    limits : Limits
        What must hold.
    carbon_price_per_t : float
        On the carbon of what is imported [currency/t]
    fixed : Burden
        Of the site itself: its hall, its cooling, what its water costs.
    water_onsite_l : float
        Taken in by its cooling, by year [L]
    water_consumed_ratio : float
        The part of it that does not flow back: what is minimised is consumed, for the two never add up [-]
    pue : float or None
        Of the year without the heat pump; None: not known [-]
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
    water_consumed_ratio: float = 1.0
    pue: float | None = None

    def __post_init__(self) -> None:
        """Refuses what cannot be sized.

        Raises
        ------
        StudyError
            Hours that differ in number, are not finite or are below 0; power that sells for more than it costs; a
            limit on what is not known.
        """
        for name, hours in _series(self):
            _check(name, hours, len(self.load_mw))
        for name, hours in (("price_per_mwh", self.connection.price_per_mwh), ("export", self.export_price_per_mwh)):
            _check(name, hours, len(self.load_mw), least=-np.inf)
        relief = max((one.saves_per_mwh for one in self.connection.reliefs), default=0.0)
        earns = self.export_price_per_mwh > self.imported("cost") - max(relief, 0.0)
        profit = int(np.sum(earns & ~(self.is_paid & (self.export_price_per_mwh <= 0.0))))
        if self.connection.export_price_per_mwh is not None and profit:
            raise StudyError(
                f"In {profit} hours power is sold for more than it is bought for, carbon price included: "
                "a meter that buys and sells in one hour would earn without end. Lower export_price_per_mwh there."
            )
        if self.limits.pue_max is not None and self.pue is None:
            raise StudyError("pue_max cannot be held: the pue of the site is not known; give it, or leave pue_max out.")

    @property
    def sizes(self) -> Mapping[str, Size]:
        """Everything that has a size, by name: ``"solar_mw"``, ``"energy_mwh"``, ``"charge_mw"``, ``"pump_mw"``."""
        found = {f"{name}_mw": source.nameplate for name, source in self.sources.items()}
        if self.battery is not None:
            found |= {"energy_mwh": self.battery.energy, "charge_mw": self.battery.charge}
            found |= {"discharge_mw": self.battery.discharge}
            found |= {} if self.battery.inverter is None else {"inverter_mw": self.battery.inverter}
        if self.heat is not None:
            found["pump_mw"] = self.heat.pump
            found |= {} if self.heat.store is None else {"store_mwh": self.heat.store}
        return found

    def imported(self, aim: Aim) -> Hours:
        """What an imported MWh costs by hour: money with the price of its carbon, tonnes, or m3 of water."""
        grid, nothing = self.connection, np.zeros_like(self.load_mw)
        carbon_t = nothing if grid.g_per_kwh is None else grid.g_per_kwh / KG_PER_T
        water_m3 = nothing if grid.l_per_kwh is None else grid.l_per_kwh * KWH_PER_MWH / L_PER_M3
        return {
            "cost": grid.price_per_mwh + self.carbon_price_per_t * carbon_t,
            "carbon": carbon_t,
            "water": water_m3,
        }[aim]

    @property
    def water_consumed_l(self) -> float:
        """What its cooling consumes, by year [L]."""
        return self.water_onsite_l * self.water_consumed_ratio

    @property
    def is_paid(self) -> NDArray[np.bool]:
        """In which hours the grid pays for what it gives: then the battery gives nothing, and nothing is taken to be
        thrown away.
        """  # noqa: D205
        paid: NDArray[np.bool] = self.imported("cost") < 0.0
        return paid

    @property
    def is_yielding(self) -> NDArray[np.bool]:
        """In which hours own supply may be given up for the grid's: it pays, or its draw must not change too fast."""
        return self.is_paid | (self.limits.ramp_mw_per_h_max is not None)

    @property
    def is_cyclic(self) -> bool:
        """Whether the first hour follows the last: the battery starts as full as it ends."""
        return self.battery is not None and self.battery.start_ratio is None

    @property
    def export_price_per_mwh(self) -> Hours:
        """Of what is exported; 0 where nothing is [currency/MWh]."""
        price = self.connection.export_price_per_mwh
        return np.zeros_like(self.load_mw) if price is None else price


def _series(problem: SizingProblem) -> Iterator[tuple[str, Hours]]:
    """Every series that is never below 0, by name."""
    yield "load_mw", problem.load_mw
    for name, source in problem.sources.items():
        yield f"{name} per_unit_ratio", source.per_unit_ratio
    for name in ("g_per_kwh", "l_per_kwh", "billing_index", "contracted_mw"):
        hours: Hours | None = getattr(problem.connection, name)
        if hours is not None:
            yield name, hours
    if problem.heat is not None:
        yield "captured_mw", problem.heat.captured_mw
        yield "heat demand_mw", problem.heat.demand_mw
        yield "cop less 1", problem.heat.cop - 1.0


def _check(name: str, hours: Hours, count: int, least: float = 0.0) -> None:
    if hours.shape != (count,):
        raise StudyError(f"{name} has the shape {hours.shape}; one value for each of the {count} hours is needed.")
    wrong = np.flatnonzero(~np.isfinite(hours) | (hours < least))
    if len(wrong):
        raise StudyError(
            f"{name} is {hours[wrong[0]]} in hour {wrong[0]} (and {len(wrong) - 1} more): "
            f"it must be {'finite' if least < 0.0 else 'finite and 0 or more'}."
        )
