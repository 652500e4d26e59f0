"""The receipt's JSON contract as types: ``dcfoot.receipt/1``.

`dcfoot.receipt.build` makes it, the renderers read it, other programs read it from a file. The same contract as a JSON
Schema is ``schema.json`` beside this module. Fields are only ever added; taking one away or changing what it means
makes version 2. What is not known is null, never 0.
"""

from typing import TypedDict

SCHEMA = "dcfoot.receipt/1"
"""What stands under ``"schema"`` in every receipt of this version."""


class QuantityJson(TypedDict):
    """A value, its interval (5th and 95th percentile) and how it came about; the unit is in the key that holds it."""

    value: float
    p5: float
    p95: float
    basis: str


class RunJson(TypedDict):
    """Which run it was. `command` is empty for ``dcfoot.track()``; `host` is the first of `hosts`."""

    id: str
    name: str
    command: list[str]
    host: str
    hosts: list[str]
    started_at: str
    ended_at: str
    duration_s: float
    exit_status: int | None
    state: str
    tags: dict[str, str]
    job: str | None
    part_of: str | None


class SiteJson(TypedDict):
    """Where it ran. `chosen` is false where nobody said, so that the world average stands in.

    `typical_year` is the climate from whose typical year PUE and WUE are those of the run's hours; null where they are
    the year's.
    """

    id: str
    name: str
    grid_zone: str | None
    chosen: bool
    typical_year: str | None


class MachineJson(TypedDict):
    """What it ran on, as far as it could be seen."""

    cpu_name: str | None
    cpu_sockets: int | None
    cpu_threads: int | None
    memory_gib: float | None
    accelerators: list[str]
    accelerators_known: bool
    virtual: bool


class ChannelJson(TypedDict):
    """One meter: all that it saw (`energy_j`) and this run's share (`attributed_energy_j`).

    `average_power_w` is `energy_j` over the time the meter was known; null where it never was. The interval of the
    share is that of the attribution rule alone, null where the share is exact.
    """

    host: str
    domain: str
    device: str
    name: str
    method: str
    basis: str
    energy_j: float
    attributed_energy_j: float
    attributed_p5_j: float | None
    attributed_p95_j: float | None
    average_power_w: float | None
    coverage_ratio: float


class RungJson(TypedDict):
    """One rung of the boundary ladder. Rungs are cumulative: each holds the ones before it."""

    rung: str
    energy_kwh: float | None
    p5_kwh: float | None
    p95_kwh: float | None
    basis: str | None
    note: str


class HourlyCarbonJson(TypedDict):
    """The same carbon with the grid's factor at the run's hours: beside the yearly one, never in its place.

    `resolution` is ``"typical_hours"`` (a typical day of the month) or ``"actual_hours"`` (the run's own).
    """

    value_g: float
    p5_g: float
    p95_g: float
    basis: str
    source: str
    resolution: str


class CarbonJson(TypedDict):
    """Carbon of the electricity under one accounting method and one boundary; two of them are never added.

    `value_g` is by the factor of a year, as inventories take it; `hourly` is null where the grid's hours are not known.
    Where no year of this family is known, `year` is null and `value_g` that of `hourly`.
    """

    method: str
    boundary: str
    gas: str
    zone: str
    year: int | None
    value_g: float
    p5_g: float
    p95_g: float
    basis: str
    source: str
    hourly: HourlyCarbonJson | None


class CostJson(TypedDict):
    """What the electricity cost."""

    currency: str
    value: float
    p5: float
    p95: float
    basis: str


class FootprintJson(TypedDict):
    """What follows from the energy at this site.

    Water on site is what is taken in, and the part of it that is consumed; that at power stations is consumed, beside
    it what they withdraw; that of the hardware is what was withdrawn to make the silicon of the accelerators.
    """

    it_energy_kwh: QuantityJson | None
    facility_energy_kwh: QuantityJson | None
    pue: QuantityJson | None
    embodied_g: QuantityJson | None
    water_onsite_l: QuantityJson | None
    water_offsite_l: QuantityJson | None
    water_onsite_consumed_l: QuantityJson | None
    water_offsite_withdrawn_l: QuantityJson | None
    water_embodied_l: QuantityJson | None
    water_world_equivalent_m3: QuantityJson | None
    carbon: list[CarbonJson]
    cost: CostJson | None


class EquivalentJson(TypedDict):
    """The same amount in something a person knows: `value` of `what`, from `quantity` (a field of the footprint)."""

    what: str
    quantity: str
    value: float
    p5: float
    p95: float
    basis: str
    each_value: float
    each_unit: str
    year: int | None
    source: str


class OverheadJson(TypedDict):
    """What dcfoot itself took; `rss_bytes` is null where it shares the job's process."""

    cpu_s: float
    rss_bytes: int | None


class PhaseJson(TypedDict):
    """A named part of the run: this run's share of the energy by domain."""

    path: str
    start_s: float
    end_s: float
    energy_j: dict[str, float]


class ByTimeJson(TypedDict):
    """The run's share of the energy by time and domain: steps of `step_s` from its start, the last up to its end.

    Where nothing was known in a step, it is null. All steps add up to the channels' `attributed_energy_j`.
    """

    step_s: float
    energy_j: dict[str, list[float | None]]


class SourceJson(TypedDict):
    """A figure that went in, and where it is from; `verified` is false where nobody has checked it at its source."""

    what: str
    value: float | None
    unit: str
    year: int | None
    source: str
    verified: bool
    licence: str


class InfluenceJson(TypedDict):
    """An input that makes much of the interval of ``"carbon"`` (the first in the list) or ``"water"``, in order."""

    quantity: str
    input: str
    correlation_ratio: float


class ReceiptJson(TypedDict):
    """The whole receipt."""

    schema: str
    run: RunJson
    site: SiteJson
    machine: MachineJson
    ladder_basis: str
    channels: list[ChannelJson]
    ladder: list[RungJson]
    footprint: FootprintJson
    equivalents: list[EquivalentJson]
    phases: list[PhaseJson]
    by_time: ByTimeJson | None
    gauges: dict[str, dict[str, float]]
    overhead: OverheadJson
    sources: list[SourceJson]
    what_matters: list[InfluenceJson]
    warnings: list[str]
