"""From a measured run and a site to its footprint: the ladder, carbon, water, embodied emissions, cost.

What comes in is a `Measurement` (joules and seconds) and a `Site`, what goes out is a frozen `Footprint`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import add, mul

from dcfoot.calibration import Calibration, meters_of
from dcfoot.draws import Draws, rank_correlation
from dcfoot.embodied import (
    EmbodiedPart,
    accelerator_water_l,
    embodied_share_g,
    machine_parts,
    usual_lifetime_years,
)
from dcfoot.errors import ConfigError
from dcfoot.evidence import Evidence, Fact
from dcfoot.facility import facility_energy_kwh
from dcfoot.footprint import Carbon, Cost, Footprint, Influence, Rung
from dcfoot.grid import GridFactor, Resolution, emissions_g
from dcfoot.ladder import Approach, Energy, Ladder, chips_of, climb, counted_ratio, hosts_of
from dcfoot.measurement import Measurement
from dcfoot.node import NodeClass, guess_node_class, virtual_host_evidence
from dcfoot.node import node_class as named_node_class
from dcfoot.quantity import Quantity
from dcfoot.reading import Basis, Domain
from dcfoot.site import Site
from dcfoot.units import H_PER_YEAR, J_PER_KWH, S_PER_H
from dcfoot.water import EVAPORATED_RATIO, water_embodied_l, water_offsite_l, water_onsite_l
from dcfoot.water.generation import grid_withdrawal
from dcfoot.water.scarcity import aware, weighted

SURE_ERRORS = 3.0
"""An input is told if its correlation is so many times that of chance, 1 over the root of the draws (a choice)."""

MOST_INFLUENCES = 3
"""How many inputs of one result are told: the line of a receipt holds no more (a choice)."""


def assess(
    measurement: Measurement,
    site: Site,
    *,
    whole_node: bool = False,
    node_class: str | None = None,
    calibration: Calibration | None = None,
    draws: int = 300,
    electricity_price_per_kwh: float | None = None,
    currency: str | None = None,
    in_brief: bool = False,
) -> Footprint:
    """The footprint of a run at a site.

    Parameters
    ----------
    measurement : Measurement
        The run; an interrupted one counts up to its last record.
    site : Site
        Where it ran.
    whole_node : bool
        Count what the meters saw instead of the run's share.
    node_class : str or None
        ``"laptop"``, ``"workstation"``, ``"server"``, ``"server_8gpu"``; None to guess from the machine.
    calibration : Calibration or None
        A fit to this host's wall meter; used in place of the node class if it was made with the same meters.
    draws : int
        How many plausible values of each input are tried.
    electricity_price_per_kwh : float or None
        In `currency` per kWh of facility energy; None for no cost.
    currency : str or None
        Code of the money, ``"CNY"``.
    in_brief : bool
        Only the rungs, carbon, water on site and at power stations, and cost, which is less than half of the work; what
        else a footprint tells is left out, as if it were not known.

    Raises
    ------
    ConfigError
        The node class is unknown, or the price comes without a currency.
    """
    kind = named_node_class(node_class) if node_class else guess_node_class(measurement.machine)
    fitted, told = _usable(calibration, measurement)
    streams = Draws(measurement.id, draws)
    ladder = climb(measurement, Approach(streams, whole_node, kind, fitted))
    return _footprint(
        _Assessment(measurement, site, streams, ladder, kind, fitted, whole_node),
        _price(electricity_price_per_kwh, currency),
        told,
        in_brief=in_brief,
    )


@dataclass(frozen=True, slots=True)
class _Amount:
    """A value with its draws, in whatever unit the holder's name says."""

    value: float
    draws: Sequence[float]
    basis: Basis

    def quantity(self) -> Quantity:
        return Quantity.from_draws(self.value, self.draws, self.basis)


@dataclass(frozen=True)
class _Assessment:
    """One assessment: what goes in, and the formulas over its draws, each worked out once."""

    measurement: Measurement
    site: Site
    streams: Draws
    ladder: Ladder
    kind: NodeClass
    fitted: Calibration | None
    whole_node: bool

    @cached_property
    def it_kwh(self) -> _Amount | None:
        return _kwh(self.ladder.node)

    @cached_property
    def pue(self) -> _Amount | None:
        return self._fact("pue", self.site.pue)

    @cached_property
    def facility_kwh(self) -> _Amount | None:
        return _times(facility_energy_kwh, self.it_kwh, self.pue)

    @cached_property
    def water_onsite(self) -> _Amount | None:
        return _times(water_onsite_l, self.it_kwh, self._fact("wue", self.site.wue_l_per_kwh))

    @cached_property
    def water_offsite(self) -> _Amount | None:
        return _times(water_offsite_l, self.facility_kwh, self._fact("ewif", self.site.ewif_l_per_kwh))

    @cached_property
    def water_consumed(self) -> _Amount | None:
        return _times(mul, self.water_onsite, self._fact("evaporated", evaporated()))

    @cached_property
    def withdrawal(self) -> Fact | None:
        """What the power stations behind it withdraw."""
        return grid_withdrawal(self.site.grid_zone, self.site.country)

    @cached_property
    def water_withdrawn(self) -> _Amount | None:
        return _times(water_offsite_l, self.facility_kwh, self._fact("withdrawal", self.withdrawal))

    @cached_property
    def aware(self) -> Fact | None:
        """How scarce water is there; the power stations of a grid lie in its zone."""
        return aware(self.site.grid_zone, self.site.country)

    @cached_property
    def water_world_equivalent(self) -> _Amount | None:
        both = _times(add, self.water_consumed, self.water_offsite)
        return _times(_world_equivalent_m3, both, self._fact("aware", self.aware))

    @property
    def uncertain(self) -> Iterable[tuple[str, Sequence[float]]]:
        """The draws of the results whose inputs are told."""
        litres = [water.draws for water in (self.water_onsite, self.water_offsite) if water]
        for factor in self.site.factors[:1]:
            grams = _times(emissions_g, self.facility_kwh, self._factor(factor))
            yield from [("carbon", grams.draws)] if grams else []
        if litres:
            yield "water", [sum(parts) for parts in zip(*litres, strict=True)]

    def carbon(self) -> Iterable[Carbon]:
        """By the factor of a year with that of the hours beside it, then the families of which no year is known."""
        by_hour = {factor.family: factor for factor in self.site.hourly_factors}
        pairs = [(factor, by_hour.pop(factor.family, None)) for factor in self.site.factors]
        for factor, hours in (*pairs, *((hours, hours) for hours in by_hour.values())):
            amount = _times(emissions_g, self.facility_kwh, self._factor(factor))
            if amount is not None:
                by_hours = _times(emissions_g, self.facility_kwh, self._factor(hours)) if hours else None
                yield Carbon(
                    factor.method.accounting,
                    str(factor.boundary),
                    factor.gas,
                    factor.year if factor.resolution is Resolution.YEAR else None,
                    amount.quantity(),
                    factor.zone,
                    factor.source,
                    factor.verified,
                    _quantity(by_hours),
                    hours.source if hours else "",
                    hours.resolution if hours else Resolution.TYPICAL_HOURS,
                )

    def _fact(self, name: str, fact: Fact | None) -> _Amount | None:
        if fact is None:
            return None
        return _Amount(fact.spread.central, self.streams.of(f"site.{name}", fact.spread), fact.basis)

    def _factor(self, factor: GridFactor) -> _Amount:
        spread = factor.g_per_kwh
        return _Amount(spread.central, self.streams.of(f"grid.{factor.boundary}", spread), factor.basis)

    @cached_property
    def parts(self) -> tuple[EmbodiedPart, ...] | None:
        return machine_parts(self.measurement.machine, self.kind.id)

    @cached_property
    def lifetime_years(self) -> Fact:
        return self.site.lifetime_years or usual_lifetime_years()

    @cached_property
    def embodied(self) -> _Amount | None:
        """The share of the machines of all hosts that the run carries."""
        if self.parts is None:
            return None
        parts = self.parts
        columns = [self.streams.of(f"embodied.{part.evidence.what}", part.each_kg) for part in parts]
        central_kg = sum(part.count * part.each_kg.central for part in parts)
        kilograms = [
            sum(part.count * each for part, each in zip(parts, row, strict=True)) for row in zip(*columns, strict=True)
        ]
        return self._of_life(embodied_share_g, _Amount(central_kg, kilograms, Basis.DEFAULT))

    @cached_property
    def silicon(self) -> Fact | None:
        return accelerator_water_l(self.measurement.machine)

    @cached_property
    def water_embodied(self) -> _Amount | None:
        if self.silicon is None:
            return None
        litres = self.streams.of("embodied.water", self.silicon.spread)
        return self._of_life(water_embodied_l, _Amount(self.silicon.spread.central, litres, self.silicon.basis))

    def _of_life(self, share_of: Callable[[float, float, float, float], float], made: _Amount) -> _Amount | None:
        """What the run carries of the making of a machine, by its part of the chips' energy."""
        share = counted_ratio(self.measurement, whole_node=self.whole_node)
        if share is None:
            return None
        hours = sum(map(self.measurement.measured_on_s, self.measurement.hosts)) / S_PER_H
        life = self.lifetime_years.spread
        lives = _Amount(life.central, self.streams.of("embodied.life", life), Basis.DEFAULT)
        return _times(lambda total, years: share_of(total, hours, years * H_PER_YEAR, share), made, lives)


def _footprint(one: _Assessment, price: tuple[float, str] | None, told: Sequence[str], *, in_brief: bool) -> Footprint:
    ladder, facility = one.ladder, one.facility_kwh
    energies = {
        "accelerator": _kwh(ladder.accelerator),
        "host": _kwh(ladder.host),
        "node": one.it_kwh,
        "facility": facility,
    }
    rungs = tuple(Rung(name, _quantity(energy), ladder.notes.get(name, "")) for name, energy in energies.items())
    brief = Footprint(
        rungs,
        _quantity(one.it_kwh),
        _quantity(facility),
        _quantity(one.pue),
        None,
        _quantity(one.water_onsite),
        _quantity(one.water_offsite),
        tuple(one.carbon()),
        _cost(facility, price),
        (),
        (*told, *ladder.warnings),
    )
    if in_brief:
        return brief
    return replace(
        brief,
        embodied_g=_quantity(one.embodied),
        evidence=tuple(_evidence(one)),
        warnings=(*brief.warnings, *_warnings(one)),
        water_onsite_consumed_l=_quantity(one.water_consumed),
        water_offsite_withdrawn_l=_quantity(one.water_withdrawn),
        water_embodied_l=_quantity(one.water_embodied),
        water_world_equivalent_m3=_quantity(one.water_world_equivalent),
        what_matters=tuple(_what_matters(one)),
    )


def _what_matters(one: _Assessment) -> Iterable[Influence]:
    """The inputs that more than chance ties to a result, a few each; those of the hardware touch neither."""
    least = SURE_ERRORS / one.streams.count**0.5
    for quantity, draws in one.uncertain:
        found = [
            Influence(quantity, name, rank_correlation(one.streams.normal(name), draws))
            for name in one.streams.names
            if not name.startswith("embodied.")
        ]
        sure = [influence for influence in found if abs(influence.correlation_ratio) > least]
        yield from sorted(sure, key=lambda influence: -abs(influence.correlation_ratio))[:MOST_INFLUENCES]


def _world_equivalent_m3(consumption_l: float, aware_m3_per_m3: float) -> float:
    return weighted(consumption_l, aware_m3_per_m3).world_equivalent_m3


def evaporated() -> Fact:
    """The part of the water on site that does not flow back [-]."""
    evidence = Evidence(
        "water on site, the part that evaporates",
        EVAPORATED_RATIO.central,
        "",
        None,
        "dcfoot's ranges of the cycles of concentration (docs/water.md)",
        verified=False,
        note="the plant is not known: two to fifteen cycles",
    )
    return Fact(EVAPORATED_RATIO, Basis.DEFAULT, evidence)


def _kwh(energy: Energy | None) -> _Amount | None:
    if energy is None:
        return None
    return _Amount(energy.value_j / J_PER_KWH, [joules / J_PER_KWH for joules in energy.draws_j], energy.basis)


def _times(formula: Callable[[float, float], float], one: _Amount | None, two: _Amount | None) -> _Amount | None:
    """The formula of two amounts, draw by draw; None where one of them is not known."""
    if one is None or two is None:
        return None
    draws = [formula(a, b) for a, b in zip(one.draws, two.draws, strict=True)]
    return _Amount(formula(one.value, two.value), draws, Basis.worst(one.basis, two.basis))


def _quantity(amount: _Amount | None) -> Quantity | None:
    return None if amount is None else amount.quantity()


def _price(price_per_kwh: float | None, currency: str | None) -> tuple[float, str] | None:
    if price_per_kwh is None:
        return None
    if not currency or price_per_kwh < 0:
        raise ConfigError("A price of electricity is at least 0 and needs its currency, such as CNY or EUR.")
    return price_per_kwh, currency


def _cost(facility: _Amount | None, price: tuple[float, str] | None) -> Cost | None:
    if facility is None or price is None:
        return None
    per_kwh, currency = price
    values = [kwh * per_kwh for kwh in facility.draws]
    return Cost(currency, Quantity.from_draws(facility.value * per_kwh, values, facility.basis))


def _usable(calibration: Calibration | None, measurement: Measurement) -> tuple[Calibration | None, list[str]]:
    """The calibration, if it was made for one host with the meters that the run has; otherwise why it is left out."""
    channels = hosts_of(measurement)
    chips = chips_of(channels[0], measurement.machine) if len(channels) == 1 else None
    if calibration is None or chips is None:
        return None, []
    made, has = calibration.meters, meters_of(chips)
    if made == has:
        return calibration, []
    told = f"The calibration of {calibration.host} was made with {', '.join(made)}; this run has {', '.join(has)}"
    return None, [f"{told}, so it is not used. Run `dcfoot calibrate` again."]


def _warnings(one: _Assessment) -> Iterable[str]:
    if not one.site.chosen:
        yield (
            "No site was named: PUE, water and carbon are WORLD AVERAGES and may be wrong by a factor of ten. "
            "Name one with --site, --country or --region."
        )
    elif one.site.on_unknown_grid:
        yield (
            f"The site {one.site.id} names no grid: its carbon and the water of its electricity are WORLD AVERAGES. "
            "Add --country or --region."
        )
    if one.ladder.node is None and one.measurement.channels:
        yield "The energy at the wall is not known, so neither are the facility's energy, water and carbon."
    for ratio in sorted({channel.meter.observed_ratio for channel in one.measurement.channels} - {1.0}):
        yield (
            f"A power sensor here looks {ratio:.0%} of the time: what was drawn in between is not known, "
            "which is why the interval is so wide."
        )
    if one.parts is None:
        yield "What the machine is made of is not known, so neither are its embodied emissions."
    unverified = [evidence.what for evidence in one.site.evidence if not evidence.verified]
    if unverified:
        yield f"Not verified: {', '.join(unverified)}."


def _evidence(one: _Assessment) -> Iterable[Evidence]:
    """Meters, node, site, embodied; each once."""
    seen: set[str] = set()
    for channel in one.measurement.channels:
        meter = channel.meter
        if meter.source and meter.method not in seen:
            seen.add(meter.method)
            note = f"true over read energy: {meter.gain_p5:.3f} to {meter.gain_p95:.3f}"
            yield Evidence(f"meter: {meter.method}", 1.0, "", None, meter.source, verified=True, note=note)
    walls = any(channel.meter.channel.domain is Domain.NODE for channel in one.measurement.channels)
    if one.ladder.node is not None and not walls:
        yield from one.fitted.evidence() if one.fitted else one.kind.evidence
        if one.measurement.machine.virtual and not one.fitted:
            yield virtual_host_evidence(one.measurement.machine)
    yield from one.site.evidence
    if one.water_consumed is not None:
        yield evaporated().evidence
    if one.water_withdrawn is not None and one.withdrawal is not None:
        yield one.withdrawal.evidence
    if one.water_world_equivalent is not None and one.aware is not None:
        yield one.aware.evidence
    if one.water_embodied is not None and one.silicon is not None:
        yield one.silicon.evidence
    if one.embodied is not None:
        yield from (part.evidence for part in one.parts or ())
        if one.site.lifetime_years is None:
            yield one.lifetime_years.evidence
