"""The metrics as OTLP: read by the classes that OpenTelemetry publishes, they are what the snapshot holds."""

from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import chain
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint

from dcfoot.reading import Domain
from dcfoot_probes.daemon.words import Snapshot, Unit, UnitKind
from dcfoot_probes.exporters.metrics import METRICS
from dcfoot_probes.exporters.otlp import HARDWARE, body_of
from simulated.near import near
from simulated.snapshots import HOST, PERSONAL, START_NS, meter, snapshot, with_instance

json_format: Any = import_module("google.protobuf.json_format")  # it declares no types


def request(now: Snapshot | None = None) -> ExportMetricsServiceRequest:
    read = ExportMetricsServiceRequest()
    json_format.Parse(body_of(now or snapshot()), read)
    return read


def metrics(now: Snapshot | None = None) -> dict[str, Metric]:
    return {metric.name: metric for metric in request(now).resource_metrics[0].scope_metrics[0].metrics}


def attributes(of: Iterator[KeyValue]) -> dict[str, str]:
    return {one.key: one.value.string_value for one in of}


def points(metric: Metric) -> list[NumberDataPoint]:
    return list(chain(metric.sum.data_points, metric.gauge.data_points))


def by(metric: Metric, label: str) -> dict[str, float]:
    return {attributes(iter(point.attributes))[label]: point.as_double for point in points(metric)}


def test_the_host_is_the_resource() -> None:
    (resource,) = request().resource_metrics
    assert attributes(iter(resource.resource.attributes)) == {"host.name": HOST, "service.name": "dcfoot"}


def test_devices_go_by_the_hardware_conventions() -> None:
    energy = metrics()["hw.energy"]
    assert (energy.unit, energy.sum.is_monotonic) == ("J", True)
    assert energy.sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert by(energy, "hw.id")["GPU-0001"] == near(257.0 * 3600)
    assert by(metrics()["hw.power"], "hw.id")["package-1"] == near(129.0)
    types = {point["hw.id"]: point["hw.type"] for point in (attributes(iter(p.attributes)) for p in points(energy))}
    assert types == {
        **{f"GPU-000{n}": "gpu" for n in range(2)},
        **{f"package-{n}": "cpu" for n in range(2)},
        **{f"dram-{n}": "memory" for n in range(2)},
    }


def test_the_wall_is_the_hosts_and_no_device() -> None:
    known = snapshot()
    wall = known.channels[0]._replace(meter=meter(Domain.NODE, "ipmi", "DCMI"), power_w=1024.0, energy_j=3_686_400.0)
    told = metrics(replace(known, channels=[*known.channels, wall]))
    energy, power = told["hw.host.energy"], told["hw.host.power"]
    assert (energy.unit, energy.sum.is_monotonic, power.unit) == ("J", True, "W")
    assert energy.sum.aggregation_temporality == AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
    assert by(energy, "hw.id") == {"ipmi": 3_686_400.0}
    assert by(power, "hw.id") == {"ipmi": 1024.0}
    (point,) = points(energy)
    assert "hw.type" not in attributes(iter(point.attributes))
    assert "ipmi" not in {**by(told["hw.energy"], "hw.id"), **by(told["hw.power"], "hw.id")}
    gap = metrics(replace(known, channels=[*known.channels, wall._replace(power_w=None)]))
    assert ("hw.host.energy" in gap, "hw.host.power" in gap) == (True, False)


def test_a_mig_instance_names_the_device_that_it_is_a_part_of() -> None:
    told = points(metrics(with_instance(snapshot()))["hw.energy"])
    known = [attributes(iter(point.attributes)) for point in told]
    assert {one["hw.id"]: one["hw.parent"] for one in known if "hw.parent" in one} == {"MIG-0000": "GPU-0000"}


def test_no_number_of_a_user_is_sent() -> None:
    known = snapshot()
    users = [one._replace(unit=Unit(UnitKind.USER, str(one.unit.user_id))) for one in known.units]
    told = metrics(replace(known, units=users))
    assert by(told["dcfoot.job_power_watts"], "job") == near({"users": sum(one.power_w for one in users)})
    assert set(by(told["dcfoot.job_energy_joules"], "job")) == {"new", "users"}


def test_every_other_metric_is_told_under_its_own_name() -> None:
    expected = {metric.name.replace("dcfoot_", "dcfoot.", 1) for metric in METRICS if metric.name not in HARDWARE}
    assert set(metrics(with_instance(snapshot()))) == {"hw.energy", "hw.power", *expected}


def test_every_point_is_stamped_with_the_last_frame_and_counters_with_the_start() -> None:
    known = metrics().values()
    assert {point.time_unix_nano for metric in known for point in points(metric)} == {snapshot().utc_ns}
    assert {p.start_time_unix_nano for metric in known for p in metric.sum.data_points} == {START_NS}


def test_no_name_of_a_person_or_job_is_sent() -> None:
    assert PERSONAL.encode() not in body_of(snapshot())
