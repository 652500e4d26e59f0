"""A `Snapshot` as plain values: the names of numbers end in their units, what is not known is None.

Names of units (jobs, users) and users' numbers leave the host only where the operator asked for it: else users are one.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from math import fsum

from dcfoot.ledger import outermost
from dcfoot.quantity import Quantity
from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S
from dcfoot.version import VERSION
from dcfoot_probes.daemon.split import summed
from dcfoot_probes.daemon.words import (
    USERS,
    Amount,
    ChannelTotal,
    Finding,
    Ladder,
    Snapshot,
    StoreState,
    Unit,
    UnitKind,
    UnitTotal,
    Wasted,
)

Json = dict[str, object]

SCHEMA = "dcfoot.now/1"


def now(snapshot: Snapshot, *, names: bool, units_count: int | None = None) -> Json:
    """What the daemon knows now.

    Parameters
    ----------
    snapshot : Snapshot
        That.
    names : bool
        Whether units are told of by name.
    units_count : int or None
        Only that many units, those that draw the most; None for all.
    """
    units = sorted(_units(snapshot.units, names=names), key=lambda one: one.power_w, reverse=True)
    divided = summed(total.meter.channel for total in snapshot.channels)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "host": snapshot.host,
        "started_at": stamp(snapshot.started_utc_ns),
        "at": stamp(snapshot.utc_ns),
        "interval_s": snapshot.interval_s,
        "ladder": snapshot.ladder and _ladder(snapshot.ladder),
        "channels": _channels(snapshot, divided),
        "gauges": snapshot.gauges,
        "units": [_unit(one, divided, names=names) for one in units[:units_count]],
        "units_count": len(units),
        "waste": _waste(snapshot.waste, names=names),
        "probes": {name: state._asdict() for name, state in snapshot.probes.items()},
        "store": _store(snapshot.store),
        "own": {"cpu_s": round(snapshot.cpu_s, 3), "rss_bytes": snapshot.rss_bytes},
    }


def stamp(utc_ns: int) -> str:
    """A time as RFC 3339 writes it, to the millisecond."""
    return datetime.fromtimestamp(utc_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def channel_of(channel: Channel) -> Json:
    """What is metered."""
    return {"domain": str(channel.domain), "device": channel.device, "basis": str(channel.basis)}


def unit_of(unit: Unit, *, names: bool) -> Json:
    """Who, by name where that was asked for."""
    named = {"name": unit.name, "user_id": unit.user_id} if names else {}
    return {"kind": str(unit.kind), "id": unit.id, **named, "labels": dict(unit.labels)}


def _channels(snapshot: Snapshot, divided: AbstractSet[Channel]) -> list[Json]:
    channels = [total.meter.channel for total in snapshot.channels]
    outer = set(outermost(channels))
    return [
        _channel(total, nested=channel not in outer, divided=channel in divided)
        for channel, total in zip(channels, snapshot.channels, strict=True)
    ]


def _channel(total: ChannelTotal, *, nested: bool, divided: bool) -> Json:
    return {
        **channel_of(total.meter.channel),
        "name": total.meter.name,
        "method": total.meter.method,
        "nested": nested,
        "divided": divided,
        "cut": total.meter.cut and total.meter.cut._asdict(),
        "observed_ratio": total.meter.observed_ratio,
        "power_w": _rounded(total.power_w),
        "idle_w": _rounded(total.idle_w),
        "unattributed_w": _rounded(total.unattributed_w),
        "energy_j": round(total.energy_j, 3),
        "idle_j": round(total.idle_j, 3),
        "unattributed_j": round(total.unattributed_j, 3),
        "covered_s": round(total.covered_s, 3),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _units(units: Sequence[UnitTotal], *, names: bool) -> Iterable[UnitTotal]:
    """All of them, users as one unless they may be told apart."""
    users = [] if names else [one for one in units if one.unit.kind is UnitKind.USER]
    if not users:
        return units
    energy_j: dict[Channel, float] = {}
    for one in users:
        for channel, part_j in one.energy_j.items():
            energy_j[channel] = energy_j.get(channel, 0.0) + part_j
    first_ns, last_ns = min(one.first_utc_ns for one in users), max(one.last_utc_ns for one in users)
    together = UnitTotal(USERS, fsum(one.power_w for one in users), energy_j, {}, first_ns, last_ns)
    return [together, *(one for one in units if one.unit.kind is not UnitKind.USER)]


def _unit(total: UnitTotal, divided: AbstractSet[Channel], *, names: bool) -> Json:
    energy_j = sum(part_j for channel, part_j in total.energy_j.items() if channel in divided)
    return {
        **unit_of(total.unit, names=names),
        "power_w": round(total.power_w, 3),
        "energy_j": round(energy_j, 3),
        "first_at": stamp(total.first_utc_ns),
        "last_at": stamp(total.last_utc_ns),
    }


def _ladder(ladder: Ladder) -> Json:
    return {
        "site": ladder.site,
        "power_w": _quantities(ladder.power_w),
        "energy_kwh": _quantities(ladder.energy_kwh),
        "carbon": [
            {"method": one.method, "boundary": one.boundary, "gas": one.gas, "value_g": _quantity(one.value_g)}
            for one in ladder.carbon
        ],
        "water_l": _quantities(ladder.water_l),
    }


def _quantities(of: Mapping[str, Quantity | None]) -> Json:
    return {name: quantity and _quantity(quantity) for name, quantity in of.items()}


def _quantity(quantity: Quantity) -> Json:
    return {"value": quantity.value, "p5": quantity.p5, "p95": quantity.p95, "basis": str(quantity.basis)}


def _waste(waste: Wasted, *, names: bool) -> Json:
    rates = waste.rates
    return {
        "carbon": dict(zip(("method", "boundary", "gas"), rates.carbon, strict=True)) if rates.carbon else None,
        "currency": rates.currency or None,
        "totals": [
            {"kind": str(one.kind), "device": one.device, "power_w": round(one.power_w, 3), **_amount(one.amount)}
            for one in waste.totals
            if one.amount.energy_kwh > 0.0
        ],
        "findings": [_finding(one, names=names) for one in waste.findings],
    }


def _finding(one: Finding, *, names: bool) -> Json:
    owners = dict.fromkeys(USERS if unit.kind is UnitKind.USER and not names else unit for unit in one.units)
    return {
        "kind": str(one.kind),
        "device": one.device,
        "units": [unit_of(unit, names=names) for unit in owners],
        "since_at": stamp(one.since_utc_ns),
        "until_at": stamp(one.until_utc_ns),
        "is_over": one.is_over,
        **_amount(one.amount),
    }


def _amount(amount: Amount) -> Json:
    told = {"carbon_g": amount.carbon_g, "water_l": amount.water_l, "cost": amount.cost}
    return {"energy_kwh": amount.energy_kwh, **_quantities(told)}


def _store(state: StoreState) -> Json:
    return {**state._asdict(), "waiting_s": round(state.waiting_s, 3)}
