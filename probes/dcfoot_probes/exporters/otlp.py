"""The metrics as OpenTelemetry's JSON (OTLP 1.x, ``POST /v1/metrics``).

Energy and power of devices go by the names of the hardware semantic conventions (``hw.energy``, ``hw.power``,
``hw.host.energy``, https://opentelemetry.io/docs/specs/semconv/hardware); what these do not know stands under
``dcfoot.``, by the name that it has in Prometheus.
"""

import json
from collections.abc import Iterator, Mapping

from dcfoot.reading import Domain
from dcfoot.version import VERSION
from dcfoot_probes.daemon.words import ChannelTotal, Snapshot
from dcfoot_probes.exporters.metrics import METRICS, Kind, Metric

HEADERS: Mapping[str, str] = {"Content-Type": "application/json"}

CUMULATIVE = 2
"""AGGREGATION_TEMPORALITY_CUMULATIVE (opentelemetry-proto, metrics.proto)."""

HARDWARE_TYPE: Mapping[Domain, str] = {
    Domain.GPU: "gpu",
    Domain.GPU_MEMORY: "memory",
    Domain.GPU_INSTANCE: "gpu",
    Domain.PACKAGE: "cpu",
    Domain.CORE: "cpu",
    Domain.UNCORE: "cpu",
    Domain.DRAM: "memory",
}
"""``hw.type`` by domain, as far as the conventions have one for it; the wall is the host."""

HARDWARE = ("dcfoot_energy_joules", "dcfoot_power_watts")
"""Metrics that go by the conventions' names instead."""


def body_of(now: Snapshot) -> bytes:
    """Every metric of the host, as one request."""
    resource = {"attributes": [_attribute("host.name", now.host), _attribute("service.name", "dcfoot")]}
    scope = {"scope": {"name": "dcfoot", "version": VERSION}, "metrics": [*_hardware(now), *_own(now)]}
    return json.dumps({"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}).encode()


def _hardware(now: Snapshot) -> Iterator[object]:
    parts = [total for total in now.channels if total.meter.channel.domain in HARDWARE_TYPE]
    hosts = [total for total in now.channels if total.meter.channel.domain is Domain.NODE]
    for name, unit, said, totals in (
        ("hw.energy", "J", "Energy that the meter of a device saw", parts),
        ("hw.host.energy", "J", "Energy at the host's wall", hosts),
    ):
        points = [_point(now, total.energy_j, _of(total), started=True) for total in totals]
        if points:
            yield _sum(name, unit, said, points)
    for name, unit, said, totals in (
        ("hw.power", "W", "Mean power in the last interval", parts),
        ("hw.host.power", "W", "Mean power in the last interval at the host's wall", hosts),
    ):
        points = [_point(now, total.power_w, _of(total)) for total in totals if total.power_w is not None]
        if points:
            yield _gauge(name, unit, said, points)


def _of(total: ChannelTotal) -> Mapping[str, str]:
    channel = total.meter.channel
    kind = HARDWARE_TYPE.get(channel.domain)
    return {
        "hw.id": channel.device,
        "hw.name": total.meter.name,
        **({"hw.type": kind} if kind else {}),
        **({"hw.parent": total.meter.cut.device} if total.meter.cut else {}),
        "dcfoot.domain": str(channel.domain),
        "dcfoot.basis": str(channel.basis),
    }


def _own(now: Snapshot) -> Iterator[object]:
    for metric in METRICS:
        if metric.name in HARDWARE:
            continue
        points = [
            _point(now, value, dict(zip(metric.labels, labels, strict=True)), started=metric.kind is Kind.COUNTER)
            for labels, value in metric.samples(now)
        ]
        if points:
            make = _sum if metric.kind is Kind.COUNTER else _gauge
            yield make(_dotted(metric), metric.unit, metric.help, points)


def _dotted(metric: Metric) -> str:
    return metric.name.replace("dcfoot_", "dcfoot.", 1)


def _sum(name: str, unit: str, said: str, points: list[object]) -> object:
    total = {"dataPoints": points, "aggregationTemporality": CUMULATIVE, "isMonotonic": True}
    return {"name": name, "unit": unit, "description": said, "sum": total}


def _gauge(name: str, unit: str, said: str, points: list[object]) -> object:
    return {"name": name, "unit": unit, "description": said, "gauge": {"dataPoints": points}}


def _point(now: Snapshot, value: float, attributes: Mapping[str, str], *, started: bool = False) -> object:
    # Whole numbers of 64 bits are texts in the JSON of protocol buffers.
    return {
        "timeUnixNano": str(now.utc_ns),
        **({"startTimeUnixNano": str(now.started_utc_ns)} if started else {}),
        "asDouble": value,
        "attributes": [_attribute(name, text) for name, text in attributes.items()],
    }


def _attribute(name: str, text: str) -> object:
    return {"key": name, "value": {"stringValue": text}}
