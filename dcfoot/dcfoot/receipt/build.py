"""From a measurement and its footprint to the receipt as JSON: the contract that every renderer and program reads.

Nothing is computed here that a formula of the model should compute; values change their shape, never their size. What
is not a finite number is not known, and stands as null.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite

from dcfoot.by_time import EnergyByTime
from dcfoot.footprint import Carbon, Cost, Footprint, Rung
from dcfoot.measurement import ChannelEnergy, Machine, Measurement, Phase
from dcfoot.quantity import Quantity
from dcfoot.receipt import contract as json
from dcfoot.receipt.equivalents import equivalents
from dcfoot.site import Site
from dcfoot.units import J_PER_UJ

BY_TIME_STEPS = 56
"""The most steps of the energy by time in a receipt; `dcfoot show --csv` has them all (a choice: as many as are drawn
in the narrowest terminal)."""


def receipt(
    measurement: Measurement, footprint: Footprint, site: Site, *, whole_node: bool = False
) -> json.ReceiptJson:
    """The receipt of a run, as ``dcfoot.receipt/1``.

    Parameters
    ----------
    measurement : Measurement
        What was measured.
    footprint : Footprint
        What follows from it at `site`, from `dcfoot.assessment.assess`.
    site : Site
        Where it ran, or the stand-in for not knowing.
    whole_node : bool
        Whether `footprint` was assessed for the whole machine instead of the run's share of it.
    """
    amounts = _footprint(footprint)
    return json.ReceiptJson(
        schema=json.SCHEMA,
        run=_run(measurement),
        site=json.SiteJson(
            id=_text(site.id),
            name=_text(site.name),
            grid_zone=site.grid_zone or None,
            chosen=site.chosen,
            typical_year=site.climate if site.hours_evidence else None,
        ),
        machine=_machine(measurement.machine),
        ladder_basis="whole_node" if whole_node else "share",
        channels=[
            _channel(channel, measurement.measured_on_s(channel.meter.channel.host)) for channel in measurement.channels
        ],
        ladder=[_rung(rung) for rung in footprint.rungs],
        footprint=amounts,
        equivalents=equivalents(amounts),
        phases=[_phase(phase) for phase in measurement.phases],
        by_time=_by_time(measurement.shared_by_time.at_most(BY_TIME_STEPS)),
        gauges={_text(device): _finite(gauges) for device, gauges in measurement.gauges.items()},
        overhead=json.OverheadJson(cpu_s=measurement.overhead_cpu_s, rss_bytes=measurement.overhead_rss_bytes or None),
        sources=[
            json.SourceJson(
                what=_text(evidence.what),
                value=_known_number(evidence.value),
                unit=evidence.unit,
                year=evidence.year,
                source=_text(f"{evidence.source} ({evidence.note})" if evidence.note else evidence.source),
                verified=evidence.verified,
                licence=_text(evidence.licence),
            )
            for evidence in footprint.evidence
        ],
        what_matters=[
            json.InfluenceJson(
                quantity=one.quantity, input=_text(one.input), correlation_ratio=round(one.correlation_ratio, 3)
            )
            for one in footprint.what_matters
        ],
        warnings=[_text(warning) for warning in _once((*measurement.warnings, *footprint.warnings))],
    )


def _run(measurement: Measurement) -> json.RunJson:
    return json.RunJson(
        id=_text(measurement.id),
        name=_text(measurement.name),
        command=[_text(word) for word in measurement.command],
        host=_text(measurement.hosts[0]) if measurement.hosts else "",
        hosts=[_text(host) for host in measurement.hosts],
        started_at=_utc(measurement.started_at),
        ended_at=_utc(measurement.ended_at),
        duration_s=measurement.duration_s,
        exit_status=measurement.exit_status,
        state=str(measurement.state),
        tags={_text(key): _text(value) for key, value in measurement.tags.items()},
        job=measurement.job,
        part_of=measurement.part_of,
    )


def _machine(machine: Machine) -> json.MachineJson:
    return json.MachineJson(
        cpu_name=machine.cpu_name,
        cpu_sockets=machine.cpu_sockets,
        cpu_threads=machine.cpu_threads,
        memory_gib=machine.memory_gib,
        accelerators=list(machine.accelerators),
        accelerators_known=machine.accelerators_known,
        virtual=machine.virtual,
    )


def _channel(energy: ChannelEnergy, duration_s: float) -> json.ChannelJson:
    meter, channel = energy.meter, energy.meter.channel
    return json.ChannelJson(
        host=_text(channel.host),
        domain=str(channel.domain),
        device=_text(channel.device),
        name=_text(meter.name),
        method=meter.method,
        basis=str(channel.basis),
        energy_j=energy.energy_j,
        attributed_energy_j=energy.attributed_energy_j,
        attributed_p5_j=energy.attributed_p5_j,
        attributed_p95_j=energy.attributed_p95_j,
        average_power_w=_known_number(energy.energy_j / energy.covered_s) if energy.covered_s > 0 else None,
        coverage_ratio=min(1.0, energy.covered_s / duration_s) if duration_s > 0 else 0.0,
    )


def _rung(rung: Rung) -> json.RungJson:
    known = _quantity(rung.energy_kwh)
    return json.RungJson(
        rung=rung.name,
        energy_kwh=known["value"] if known else None,
        p5_kwh=known["p5"] if known else None,
        p95_kwh=known["p95"] if known else None,
        basis=known["basis"] if known else None,
        note=_text(rung.note),
    )


def _footprint(footprint: Footprint) -> json.FootprintJson:
    return json.FootprintJson(
        it_energy_kwh=_quantity(footprint.it_energy_kwh),
        facility_energy_kwh=_quantity(footprint.facility_energy_kwh),
        pue=_quantity(footprint.pue),
        embodied_g=_quantity(footprint.embodied_g),
        water_onsite_l=_quantity(footprint.water_onsite_l),
        water_offsite_l=_quantity(footprint.water_offsite_l),
        water_onsite_consumed_l=_quantity(footprint.water_onsite_consumed_l),
        water_offsite_withdrawn_l=_quantity(footprint.water_offsite_withdrawn_l),
        water_embodied_l=_quantity(footprint.water_embodied_l),
        water_world_equivalent_m3=_quantity(footprint.water_world_equivalent_m3),
        carbon=[known for known in map(_carbon, footprint.carbon) if known],
        cost=_cost(footprint.cost),
    )


def _carbon(carbon: Carbon) -> json.CarbonJson | None:
    known = _quantity(carbon.value)
    return known and json.CarbonJson(
        method=carbon.method,
        boundary=carbon.boundary,
        gas=carbon.gas,
        zone=_text(carbon.zone),
        year=carbon.year,
        value_g=known["value"],
        p5_g=known["p5"],
        p95_g=known["p95"],
        basis=known["basis"],
        source=_text(carbon.source),
        hourly=_hourly(carbon),
    )


def _hourly(carbon: Carbon) -> json.HourlyCarbonJson | None:
    known = _quantity(carbon.hourly_g)
    return known and json.HourlyCarbonJson(
        value_g=known["value"],
        p5_g=known["p5"],
        p95_g=known["p95"],
        basis=known["basis"],
        source=_text(carbon.hourly_source),
        resolution=str(carbon.hourly_resolution),
    )


def _cost(cost: Cost | None) -> json.CostJson | None:
    known = _quantity(cost.value) if cost else None
    if cost is None or known is None:
        return None
    return json.CostJson(currency=cost.currency, **known)


def _phase(phase: Phase) -> json.PhaseJson:
    return json.PhaseJson(
        path=_text(phase.path),
        start_s=phase.start_s,
        end_s=phase.end_s,
        energy_j={str(domain): energy_j for domain, energy_j in phase.energy_j.items()},
    )


def _by_time(by_time: EnergyByTime) -> json.ByTimeJson | None:
    if not by_time.energy_uj:
        return None
    return json.ByTimeJson(
        step_s=by_time.step_s,
        energy_j={
            str(domain): [None if one is None else round(one * J_PER_UJ, 6) for one in steps]
            for domain, steps in by_time.energy_uj.items()
        },
    )


def _quantity(quantity: Quantity | None) -> json.QuantityJson | None:
    if quantity is None or not all(map(isfinite, (quantity.value, quantity.p5, quantity.p95))):
        return None
    return json.QuantityJson(
        value=quantity.value,
        p5=min(quantity.p5, quantity.value),
        p95=max(quantity.p95, quantity.value),
        basis=str(quantity.basis),
    )


def _known_number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _finite(figures: Mapping[str, float]) -> dict[str, float]:
    return {_text(name): value for name, value in figures.items() if isfinite(value)}


def _once(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each text once, in order."""
    return tuple(dict.fromkeys(texts))


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(text: str) -> str:
    """Text that every JSON reader takes: a byte that is not UTF-8 stands as its escape, visibly."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
