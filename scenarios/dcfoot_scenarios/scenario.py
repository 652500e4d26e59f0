"""A scenario: what is built where, what feeds it, and how it is run; frozen, and checked when it is made.

In come the keys of a study file (or the same in Python), out goes a `Scenario` whose every field is in range and in its
unit. The fields' descriptions are the file's documentation and the editor's help. Parts of a scenario are changed by
`Scenario.with_`, which returns another one.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from dcfoot.climate_place import find_climate_id
from dcfoot.cooling.catalogue import SYSTEMS, find_recipe
from dcfoot.cooling.parameters import parameters
from dcfoot.errors import DcfootError
from dcfoot.places import nearest
from dcfoot_scenarios import named


def _context(info: ValidationInfo) -> dict[str, Path | None]:
    """What `Study.read` knows beside the keys: where the file stands, where the user's own sites do."""
    return cast("dict[str, Path | None]", info.context or {})


def _found(path: Path, info: ValidationInfo) -> Path:
    """A file of the study, which stands relative to it."""
    folder = _context(info).get("folder") or Path()
    if not (folder / path).is_file():
        raise ValueError(f"there is no file {folder / path}")
    return folder / path


def _profile(profile: str, info: ValidationInfo) -> str:
    return str(_found(Path(profile), info)) if is_file(profile) else _named(named.check_profile)(profile)


def is_file(profile: str) -> bool:
    """Whether a load's profile is a file of the user's own."""
    return profile.endswith((".csv", ".csv.gz"))


def _site(name: str, info: ValidationInfo) -> str:
    with _as_value_error():
        named.planned_site(name, info.data.get("sites_file") or _context(info).get("sites_file"))
    return name


def _named(check: Callable[[str], None]) -> Callable[[str], str]:
    """A name that something knows."""

    def checked(name: str) -> str:
        with _as_value_error():
            check(name)
        return name

    return checked


def _climate(name: str) -> str:
    with _as_value_error():
        return find_climate_id(name)


def _cooling(name: str) -> str:
    near = "" if name in SYSTEMS else nearest(name, SYSTEMS)
    if near:
        raise ValueError(f"no cooling system is called {name!r}.{near}")
    with _as_value_error():
        find_recipe(name)
    return name


def _numbers(facility: dict[str, float], info: ValidationInfo) -> dict[str, float]:
    """Numbers that the facility's parts have, as far as its cooling is said."""
    cooling = info.data.get("cooling")
    known = parameters(cooling, info.data.get("size") or "large") if cooling else facility
    strange = [f"no part has a number {name!r}.{nearest(name, known)}" for name in facility if name not in known]
    if strange:
        raise ValueError(" ".join(strange))
    return facility


@contextmanager
def _as_value_error() -> Generator[None]:
    """What the model says of a name becomes a fault of the study, with its line."""
    try:
        yield
    except DcfootError as fault:
        raise ValueError(str(fault)) from None


File = Annotated[Path, AfterValidator(_found)]
CurrencyCode = Annotated[str, AfterValidator(_named(named.check_currency))]
Ratio = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
"""A size, a price, an energy: never below 0."""


class Part(BaseModel):
    """A part of a scenario: frozen, without unknown keys, without infinities."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)


class Load(Part):
    """What the IT equipment draws."""

    it_capacity_mw: Annotated[float, Field(gt=0)]
    """IT power for which the hall is built [MW]."""
    profile: Annotated[str, AfterValidator(_profile)] = "flat"
    """training, inference, flat, a CSV file with a column ``load_mw``, or ``run:ID`` of a recorded run."""
    mean_ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    """Mean IT power over capacity; left out: the profile's own [-]."""
    growth_ratio_per_year: Annotated[float, Field(gt=-1, le=1)] = 0.0
    """How the load grows from year to year, up to the capacity [-]."""
    after_years: Amount = 0.0
    """Which year of that growth is looked at: 0 is the first [years]."""
    deferrable_ratio: Ratio = 0.0
    """The share of each hour's IT load that can wait [-]."""
    deadline_h: Annotated[int, Field(ge=0, le=168)] = 0
    """How long it can wait [h]."""
    shift_to: Literal["carbon", "price", "surplus"] = "carbon"
    """To which hours it moves: of low grid carbon, of low price, of clean surplus."""
    curtailable_ratio: Ratio = 0.0
    """The share of the load that is given up when the grid calls [-]."""
    curtailed_hours: Annotated[int, Field(ge=0, le=8760)] = 0
    """How many hours a year the grid calls: those of the highest price, else of the highest load [h]."""


class RecordedRun(Part):
    """A run of the store, as a measurement of one setting of the machines."""

    run: str
    """Its id, the beginning of it, or its name."""
    setting: str
    """What was set: ``cap 250 W``."""
    work_count: Annotated[float, Field(gt=0)]
    """How much work it did, in the same unit as the others: tokens, steps, images."""


class Operation(Part):
    """How the machines are run: a setting of a published curve, or of recorded runs."""

    curve: Annotated[str, AfterValidator(_named(named.check_curve))] | None = None
    """A published curve (`dcfoot_scenarios.operation`)."""
    host_w: Amount | None = None
    """What the host draws beside each accelerator of the curve [W]."""
    runs: tuple[RecordedRun, ...] = ()
    """Or runs of your own, at two settings or more."""
    setting: str
    """At which setting they are run: ``cap 250 W``."""
    reference: str
    """The setting that the load stands for."""
    keep: Literal["work", "machines"] = "work"
    """Whether the same work is done (by more machines, if each is slower) or the same machines do less of it."""

    @model_validator(mode="after")
    def _one_source(self) -> "Operation":
        if (self.curve is None) == (not self.runs):
            raise ValueError("the settings are those of a curve, or of runs: give one of them.")
        if self.curve is not None and self.host_w is None:
            raise ValueError("a curve is of the accelerator alone: say what its host draws beside it (host_w).")
        with _as_value_error():
            named.check_settings(self.curve, *(run.setting for run in self.runs), of=(self.setting, self.reference))
        return self


class Servers(Part):
    """The machines, for what their making emits and costs."""

    product: Annotated[str, AfterValidator(_named(named.check_product))] = "dgx_h100"
    """What a node is (`dcfoot.embodied.products`)."""
    node_kw: Annotated[float, Field(gt=0)] = 10.2
    """Power of a node at capacity; NVIDIA states at most 10.2 kW for a DGX H100 (data sheet, 2023) [kW]."""
    nodes: Amount | None = None
    """How many there are at the reference setting; left out: as many as fill the hall."""
    lifetime_years: Annotated[float, Field(gt=0, le=20)] = 5.0
    """How long a node serves; hyperscale operators depreciate over 5 to 6 years (annual reports of 2023) [years]."""
    work_per_mwh_ratio: Annotated[float, Field(gt=0)] = 1.0
    """Work that they do with a unit of IT energy, over the work of the machines that the study is about: new machines
    that do the same with less are said to be so, for else they would seem to do less [-]."""
    capex_per_node: Amount | None = None
    """What a node costs, in the study's currency; left out: the shipped price of the product, if there is one."""


class Contract(Part):
    """Clean power bought through the grid: it counts by contract, the hall still draws from the grid."""

    name: str
    """For people."""
    solar_mw: Amount = 0.0
    """Nameplate of contracted solar at the place of the site [MW]."""
    wind_mw: Amount = 0.0
    """Nameplate of contracted wind at the place of the site [MW]."""
    file: File | None = None
    """Or a CSV file with a column ``generation_mw``."""
    g_per_kwh: Amount | None = None
    """Its life-cycle factor; left out: that of solar and wind, where it is one of them [g/kWh]."""
    price_per_mwh: Amount = 0.0
    """What each generated MWh costs beside the grid's price, in the study's currency."""


class Supply(Part):
    """Clean power: plant of its own behind the meter, contracts, certificates."""

    solar_mw: Amount = 0.0
    """Nameplate of its own solar plant, alternating current [MW]."""
    solar_tracking: Literal["fixed", "single_axis"] = "single_axis"
    """How the modules stand."""
    solar_file: File | None = None
    """A CSV file with a column ``solar_per_unit`` in the place of the model."""
    wind_mw: Amount = 0.0
    """Nameplate of its own wind farm [MW]."""
    turbine: Annotated[str, AfterValidator(_named(named.check_turbine))] = ""
    """Its turbine (`dcfoot_scenarios.wind`); empty: the usual one."""
    wind_file: File | None = None
    """A CSV file with a column ``wind_per_unit`` in the place of the model."""
    solar_capex_per_kw: Amount | None = None
    """What a kilowatt of its solar plant costs, in the study's currency; left out: the shipped price of the place."""
    wind_capex_per_kw: Amount | None = None
    """The same of its wind farm."""
    ghi_kwh_per_m2_year: Annotated[float, Field(ge=500, le=2800)] | None = None
    """A year's sun on the ground, as maps give it (GHI), of which hours are synthesised; in the place of the
    climate's own [kWh/m2]."""
    wind_speed_m_per_s: Annotated[float, Field(gt=0, le=15)] | None = None
    """A year's mean wind at 10 m, of which hours are synthesised; in the place of the climate's own [m/s]."""
    contracts: tuple[Contract, ...] = ()
    """Power purchase agreements."""
    certificates_mwh: Amount = 0.0
    """Certificates (绿证, GO, REC) of the year; they count by the year and in no hour [MWh]."""
    certificate_g_per_kwh: Amount | None = None
    """Their life-cycle factor; left out: that of solar, the higher of the two usual ones [g/kWh]."""
    certificate_price_per_mwh: Amount = 0.0
    """What one costs, in the study's currency."""
    surplus: Literal["sold", "curtailed"] = "curtailed"
    """What becomes of its own clean power that meets no load and no store."""
    export_limit_mw: Amount | None = None
    """The most that can be sold in an hour; left out: no limit [MW]."""


class Storage(Part):
    """A battery behind the meter."""

    battery_mwh: Amount = 0.0
    """Usable energy [MWh]."""
    battery_mw: Amount = 0.0
    """Power in both directions; the power that it gives, where ``charge_mw`` says another for taking [MW]."""
    c_rate_per_h: Annotated[float, Field(gt=0)] | None = None
    """Or that power over the energy, of both directions: 0.25 fills and empties it in 4 hours, but for losses [1/h]."""
    charge_mw: Amount | None = None
    """Power when it is charged, where that is another; its inverter is paid for by the greater of the two [MW]."""
    charge_efficiency_ratio: Annotated[float, Field(gt=0, le=1)] = 0.95
    """What is stored of what is taken in. A choice: 0.90 there and back, as NREL's ATB 2024 has a lithium battery
    of about 0.85 to 0.92 [-]."""
    discharge_efficiency_ratio: Annotated[float, Field(gt=0, le=1)] = 0.95
    """What is given of what is taken out [-]."""
    loss_ratio_per_h: Ratio = 0.0
    """What is lost of the stored energy in an hour [-]."""
    start_ratio: Ratio | None = None
    """How full it is when the year begins; left out: as full as when it ends [-]."""
    reserve_ratio: Ratio = 0.0
    """What is kept for backup [-]."""
    age_years: Amount = 0.0
    """How old it is at the end of the year that is looked at: it holds what is left of it in the mean of that year, if
    every year is as this one would be with a new battery (`battery_left_ratio` of the figures); 0: all [years]."""
    battery_life_years: Annotated[float, Field(gt=0, le=40)] | None = None
    """Over how long it is paid for and made, until it is bought anew; left out: the life that goes with its shipped
    price, which is longer than it takes to fade (`battery_life_years` of the figures) [years]."""
    battery_capex_per_kwh: Amount | None = None
    """What a kilowatt-hour of it costs with its inverters, in the study's currency; left out: the shipped prices of
    its energy and of its power at the place."""
    policy: Literal["greedy", "peak_shaving", "carbon", "price", "optimal"] = "greedy"
    """What it is used for: clean surplus, a lower peak, hours of low carbon or price, or the least cost by a linear
    program."""

    @model_validator(mode="after")
    def _one_power(self) -> "Storage":
        powers = [name for name in ("battery_mw", "charge_mw") if name in self.model_fields_set]
        if self.c_rate_per_h is not None and powers:
            raise ValueError(f"c_rate_per_h and {' and '.join(powers)} both say its power; give one of them.")
        return self

    @property
    def power_mw(self) -> float:
        """The power that it gives; that it takes, too, where ``charge_mw`` says no other [MW]."""
        return self.battery_mw if self.c_rate_per_h is None else self.c_rate_per_h * self.battery_mwh


class ColdStore(Part):
    """A tank of chilled water: the hall's compressors fill it, and it gives in their place."""

    mwh: Amount = 0.0
    """Cold that it holds [MWh]."""
    mw: Amount | None = None
    """The most that it takes and gives; left out: a tenth of its size in an hour [MW]."""
    loss_ratio_per_h: Annotated[float, Field(ge=0, lt=1)] = 0.0004
    """What is lost of the stored cold in an hour; NREL's REopt has 0.0004 of a tank's size (REopt.jl) [-]."""
    policy: Literal["carbon", "price"] = "carbon"
    """By what its hours are chosen: the carbon, or the price, of the grid's power that a unit of cold takes."""
    capex_per_kwh: Amount | None = None
    """What a kilowatt-hour of it costs, in the study's currency; left out: the shipped price."""


class PricePeriod(Part):
    """Hours in which power from the grid has a price of their own."""

    name: str
    """For people: peak, valley."""
    price_per_mwh: float
    """In the study's currency."""
    hours: tuple[Annotated[int, Field(ge=0, le=23)], ...]
    """Of the day by the clock: 10 is the hour from 10:00."""
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = tuple(range(1, 13))
    """1 to 12; left out: all."""
    days: Literal["all", "workdays", "weekends"] = "all"
    """Kinds of days."""


class Grid(Part):
    """The connection, and what power costs there."""

    import_limit_mw: Annotated[float, Field(gt=0)] | None = None
    """The most that can be drawn. A battery and load that waits keep to it as far as they can; what lies above is
    counted [MW]."""
    ramp_limit_mw_per_h: Annotated[float, Field(gt=0)] | None = None
    """The most that the draw may change from hour to hour. A battery keeps to it as far as it can; hours beyond it are
    counted [MW/h]."""
    price_per_mwh: Amount | None = None
    """A flat price, in the study's currency."""
    periods: tuple[PricePeriod, ...] = ()
    """Hours with prices of their own, beside the flat price of all others; where they overlap, the last one counts."""
    price_file: File | None = None
    """A CSV file with a column ``price_per_mwh``."""
    tariff: Annotated[str, AfterValidator(_named(named.check_tariff))] | None = None
    """A shipped example of a tariff by time of use (`dcfoot_scenarios.tariff`)."""
    demand_per_mw_month: Amount = 0.0
    """Charge for the highest hour of each month."""
    export_price_per_mwh: float = 0.0
    """What a sold MWh earns."""
    time_zone: Annotated[str, AfterValidator(_named(named.check_time_zone))] = ""
    """IANA name of the clock by which tariffs go (``Europe/Berlin``); left out: standard time all year, as in China."""
    hourly_file: File | None = None
    """A CSV file of hourly grid factors (docs/grid.md) in the place of the shipped shape."""

    @model_validator(mode="after")
    def _one_price(self) -> "Grid":
        given = [name for name in ("price_per_mwh", "price_file", "tariff") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} both say what power costs; give one of them.")
        beside = {"demand_per_mw_month", "export_price_per_mwh", "periods"} & self.model_fields_set
        if self.tariff is not None and beside:
            raise ValueError(
                f"tariff {self.tariff} is used as shipped: leave {' and '.join(sorted(beside))} out, or state all "
                "of a tariff of your own, by price_per_mwh and periods."
            )
        if self.periods and self.price_per_mwh is None:
            raise ValueError("periods need the price of all other hours beside them: price_per_mwh.")
        return self


class ReferenceChp(Part):
    """A plant that makes heat and power together, by its figures of a year."""

    emissions_t: Amount
    """Direct CO2 of all that it burns [t]."""
    heat_mwh: Annotated[float, Field(gt=0)]
    """Heat that it makes [MWh]."""
    power_mwh: Annotated[float, Field(gt=0)]
    """Power that it makes [MWh]."""
    allocation: Literal["efficiency", "energy", "work_potential"] = "efficiency"
    """How its emissions are split between the two (GHG Protocol 2006): by what each would take alone, which it
    recommends, by energy, or by the work that each could do."""


class HeatReuse(Part):
    """Who takes the waste heat; what is left out is the usual value of ``data/heat.csv``."""

    network_supply_c: Annotated[float, Field(gt=0, le=150)] | None = None
    """Water that the network wants [C]."""
    network_return_c: Annotated[float, Field(ge=0, le=100)] | None = None
    """Water that comes back [C]."""
    demand_mwh: Amount | None = None
    """Heat that the customers want in the year; or give ``homes`` [MWh]."""
    homes: Amount | None = None
    """How many homes want it."""
    home_mwh: Annotated[float, Field(gt=0)] | None = None
    """What a home takes in a year [MWh]."""
    hot_water_ratio: Ratio | None = None
    """Of the demand, what is the same in every hour [-]."""
    loss_ratio: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Of the heat that is fed in, what is lost on its way [-]."""
    heat_pump_mw: Amount | None = None
    """The most heat that the heat pump gives; left out: as much as is wanted; 0: there is none [MW]."""
    heat_pump_cop: Annotated[float, Field(gt=1, le=20)] | None = None
    """Its measured or guaranteed coefficient of performance; left out: by the temperatures [-]."""
    heat_pump_inside: bool = False
    """Whether its electricity is drawn by the data centre; else it stands outside, beside the figures."""
    store_mwh: Amount = 0.0
    """A tank of the network's water [MWh]."""
    store_mw: Amount | None = None
    """The most that it takes and gives; left out: a tenth of its size in an hour [MW]."""
    price_per_mwh: Amount = 0.0
    """What delivered heat earns, in the study's currency."""
    reference: Annotated[str, AfterValidator(_named(named.check_heat_reference))] = "gas boiler"
    """What the heat stands in for (``data/heat_references.csv``); its emissions stand beside the inventory."""
    reference_chp: ReferenceChp | None = None
    """Or a plant of its own that makes heat and power together."""
    cold: Literal["absorption_single_effect", "adsorption_silica_gel"] | None = None
    """A chiller that is driven by the heat that the customers leave, where that is warm enough: it lifts heat of the
    hall in the place of compressors. A measured PUE is that of the hall without it."""
    cold_mw: Amount | None = None
    """The most cold that it makes; left out: as much as compressors would lift [MW]."""


class Money(Part):
    """What the study counts in, and the prices that are not the grid's."""

    currency: CurrencyCode = "USD"
    """ISO 4217; every price without a currency in its name is in it."""
    rates: dict[CurrencyCode, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """What one unit of another currency is worth in it: ``{EUR: 7.8}``."""
    discount_ratio: Annotated[float, Field(gt=-0.5, lt=1)] = 0.06
    """Real discount rate a year. A choice between the 3 and 7 % of US OMB Circular A-94 (1992) [-]."""
    years: Annotated[float, Field(gt=0, le=60)] = 20.0
    """How long the study looks ahead [years]."""
    water_price_per_m3: Amount = 0.0
    """What water on site costs."""
    carbon_price_per_t: Amount | None = None
    """What a tonne costs; left out: none is charged."""
    carbon_market: Literal["CEA", "EUA"] | None = None
    """Or the allowance of a market, at its shipped price."""
    charged_method: Literal["location", "market"] = "location"
    """Which emissions are charged."""


class Scenario(Part):
    """What is built where, what feeds it, and how it is run."""

    sites_file: File | None = None
    """A file of your own sites (docs/sites.md), for a site that is one of them; left out: that of the setting
    ``sites_file``."""
    site: Annotated[str, AfterValidator(_site)]
    """Where: an id or a name of ``dcfoot sites`` whose climate is known, or of a file of your own sites."""
    climate: Annotated[str, AfterValidator(_climate)] | None = None
    """The climate of another place in the place of the site's own."""
    weather: File | None = None
    """A file with a year of weather (EPW, TMY3, CSV); left out: the place's typical year."""
    warming_k: Annotated[float, Field(ge=-10, le=10)] = 0.0
    """How much warmer every hour is than in that year [K]."""
    cooling: Annotated[str, AfterValidator(_cooling)] | None = None
    """The cooling system (docs/cooling.md); left out: the site's own, which must then be known."""
    size: Literal["large", "midsize", "small"] | None = None
    """Of the hall; left out: that of a site of your own, else large."""
    rejection: Literal["wet", "dry", "hybrid"] | None = None
    """How heat is given off; left out: the system's usual way."""
    facility: Annotated[dict[str, float], AfterValidator(_numbers)] = Field(default_factory=dict)
    """Numbers of the facility that are better known than the table's: ``{"air.supply_c": 27}``."""
    pue: Annotated[float, Field(ge=1, le=5)] | None = None
    """A measured PUE of the year: the model then says when it is higher or lower. A variant with another cooling,
    climate or site states its own, or ``null`` [-]."""
    wue_l_per_kwh: Annotated[float, Field(ge=0, le=20)] | None = None
    """A measured WUE of the year [L/kWh]."""
    boundary: Literal["direct", "life_cycle"] | None = None
    """The family of grid factors; left out: direct where it is known, else life-cycle, and it is said which."""
    load: Load
    """What the IT equipment draws."""
    operation: Operation | None = None
    """How the machines are run; left out: as they are."""
    servers: Servers = Servers()
    """The machines."""
    supply: Supply = Supply()
    """Clean power."""
    storage: Storage = Storage()
    """A battery."""
    cold_store: ColdStore = ColdStore()
    """A tank of chilled water. A measured PUE is that of the hall without it."""
    grid: Grid = Grid()
    """The connection."""
    heat_reuse: HeatReuse | None = None
    """Who takes the waste heat; left out: nobody."""
    building_m2: Amount = 0.0
    """Floor of the building, for what its making emits; 0 leaves it out [m2]."""
    other_capex: Amount = 0.0
    """What else is invested at the start, in the study's currency: a retrofit, a connection. It serves for the study's
    years."""
    built: tuple[Literal["hall", "machines"], ...] = ()
    """What stands already: what it cost and what making it took is spent either way, and counts in no scenario. Its
    upkeep counts, and so do machines that have to be added."""

    def with_(self, **changes: Any) -> "Scenario":  # noqa: ANN401 (the fields' own types, checked by the model)
        """Another scenario with these fields: ``scenario.with_(supply={"solar_mw": 60})``; parts are merged by key."""
        return Scenario.model_validate(merged(self.model_dump(exclude_unset=True), changes))


MEASURED = ("pue", "wue_l_per_kwh")
"""What is measured at a hall as it stands."""

OF_THE_HALL = ("site", "climate", "weather", "warming_k", "cooling", "size", "rejection", "facility")
"""What no hall changes without another PUE and WUE."""

Keys = dict[str, Any]
"""The keys of a scenario or part, as they stand in a file."""


def merged(base: Keys, changes: Keys) -> Keys:
    """A scenario's keys with others in their place; a part is merged key by key, and None takes a key away."""
    result = dict(base)
    for key, value in changes.items():
        inner = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(inner, dict) and key != "facility":
            result[key] = merged(cast("Keys", inner), cast("Keys", value))
        else:
            result[key] = value
    return result
