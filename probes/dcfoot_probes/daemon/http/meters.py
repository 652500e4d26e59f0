"""Every meter as a counter, as plain values: what a client on this machine needs to measure by.

Energies are running totals since the daemon was started. Stamps are of CLOCK_MONOTONIC as the daemon sees it, which
stands still while the machine sleeps; ``monotonic_ns`` is the same clock at the moment of the answer, by which a client
in another time namespace tells how far its own is off. Process numbers are those of the daemon's PID namespace, which
``pid_namespace`` names.
"""

import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl

from dcfoot.version import VERSION
from dcfoot_probes.daemon.http.now import Json, channel_of, stamp
from dcfoot_probes.daemon.words import Metered, MeterTotal, Parted

SCHEMA = "dcfoot.meters/1"


def is_now(query: str) -> bool:
    """Whether a query asks for a reading first. Raises ValueError where it asks for something else."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=1)
    except ValueError:
        pairs = [("", "")]
    if pairs not in ([], [("now", "0")], [("now", "1")]):
        raise ValueError(f"{query!r} is not now=1 or now=0")
    return pairs == [("now", "1")]


def meters(metered: Metered) -> Json:
    """Every meter that is booked, at its last reading.

    But for those of exporters: what these tell may be older than the client's run, which can ask them itself.
    """
    now_ns, utc_ns = time.monotonic_ns(), time.time_ns()
    own = [total for total in metered.meters if not total.meter.relayed]
    relays = {total.probe for total in metered.meters} - {total.probe for total in own}
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "started_at": stamp(utc_ns - (now_ns - metered.started_ns)),
        "started_monotonic_ns": metered.started_ns,
        "at": stamp(utc_ns),
        "monotonic_ns": now_ns,
        "pid_namespace": _pid_namespace(),
        "probes": [name for name in metered.probes if name not in relays],
        "meters": [_meter(total) for total in own],
    }


def _meter(total: MeterTotal) -> Json:
    meter = total.meter
    return {
        **channel_of(meter.channel),
        "name": meter.name,
        "method": meter.method,
        "probe": total.probe,
        "energy_j": round(total.energy_j, 6),
        "covered_s": round(total.covered_s, 6),
        "monotonic_ns": total.time_ns,
        "at": stamp(total.utc_ns),
        "power_max_w": meter.power_max_w,
        "gain_p5": meter.gain_p5,
        "gain_p95": meter.gain_p95,
        "source": meter.source,
        "observed_ratio": meter.observed_ratio,
        "power_floor_w": meter.power_floor_w,
        "power_ceiling_w": meter.power_ceiling_w,
        "users": total.parted and _users(total.parted),
    }


def _users(parted: Parted) -> Json:
    return {
        "parted_j": round(parted.parted_j, 6),
        "unused_j": round(parted.unused_j, 6),
        "unknown_j": round(parted.unknown_j, 6),
        "processes": [{"pid": pid, "energy_j": round(energy_j, 6)} for pid, energy_j in sorted(parted.users_j.items())],
    }


def _pid_namespace() -> int | None:
    with suppress(OSError):
        return Path("/proc/self/ns/pid").stat().st_ino
    return None
