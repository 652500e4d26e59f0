"""The metrics as text: what other programs read of it is what the snapshot holds."""

import math
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from math import fsum
from typing import Any

import pytest
from prometheus_client import parser

from dcfoot_probes.daemon.words import ChannelTotal
from dcfoot_probes.exporters.metrics import METRICS, Kind, Metric
from dcfoot_probes.exporters.prometheus import text_of
from simulated.near import near
from simulated.peers import require_peer
from simulated.repository import ROOT
from simulated.snapshots import PERSONAL, snapshot, with_instance

openmetrics: Any = import_module("prometheus_client.openmetrics.parser")  # it declares no types

OPENMETRICS = "application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5"

Labels = Mapping[str, str]


def read(text: str) -> dict[str, list[tuple[Labels, float]]]:
    """By name of the sample, as prometheus-client's parser reads them."""
    found: dict[str, list[tuple[Labels, float]]] = {}
    for family in parser.text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def plain() -> dict[str, list[tuple[Labels, float]]]:
    return read(text_of(snapshot())[0].decode())


def of_channel(labels: Labels) -> tuple[str, ...]:
    return labels["domain"], labels["device"], labels["basis"]


def replace_power(total: ChannelTotal, number: int, power_w: float) -> ChannelTotal:
    """Another channel with another power."""
    meter = replace(total.meter, channel=replace(total.meter.channel, device=f"odd-{number}"))
    return total._replace(meter=meter, power_w=power_w)


def test_promtool_finds_nothing_to_complain_of() -> None:
    command = [str(require_peer("promtool")), "check", "metrics"]
    done = subprocess.run(command, input=text_of(snapshot())[0], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_every_metric_of_a_busy_server_is_told_in_both_forms() -> None:
    names = {metric.full_name for metric in METRICS}
    text, kind = text_of(with_instance(snapshot()), OPENMETRICS)
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    families = openmetrics.text_string_to_metric_families(text.decode())
    assert {sample.name for family in families for sample in family.samples} == names
    assert set(read(text_of(with_instance(snapshot()))[0].decode())) == names


def test_a_mig_instance_is_told_with_its_gpu_number_and_profile() -> None:
    told = read(text_of(with_instance(snapshot()))[0].decode())
    expected = {"device": "MIG-0000", "gpu": "GPU-0000", "gpu_i_id": "7", "gpu_i_profile": "1g.10gb"}
    assert told["dcfoot_gpu_instance_info"] == [(expected, 1.0)]
    powers_w = {
        labels["domain"]: value for labels, value in told["dcfoot_power_watts"] if labels["device"] == "MIG-0000"
    }
    assert powers_w == {"gpu_instance": 32.0}


def test_jobs_idle_and_unattributed_make_up_the_meter_in_what_is_told() -> None:
    told = plain()
    parts: dict[tuple[str, ...], list[float]] = {}
    for name in ("job", "idle", "unattributed"):
        for labels, value in told[f"dcfoot_{name}_energy_joules_total"]:
            parts.setdefault(of_channel(labels), []).append(value)
    meters = {of_channel(labels): value for labels, value in told["dcfoot_energy_joules_total"]}
    assert len(meters) == 6
    assert {channel: fsum(values) for channel, values in parts.items()} == near(meters, rel=1e-12)


def test_values_are_in_the_units_that_names_say() -> None:
    told = plain()
    # An hour at 256 W is 921.6 kJ; 1980 MHz and 2.496 kWh as they are written out.
    assert told["dcfoot_energy_joules_total"][0][1] == 921_600.0
    assert {value for _, value in told["dcfoot_device_sm_clock_hertz"]} == {1.98e9}
    power_w = {labels["rung"]: value for labels, value in told["dcfoot_rung_power_watts"]}
    energy_j = {labels["rung"]: value for labels, value in told["dcfoot_rung_energy_joules_total"]}
    assert energy_j == near({rung: watts * 3600.0 for rung, watts in power_w.items()})
    assert told["dcfoot_start_time_seconds"] == [({}, 1_760_000_000.0)]


def test_what_is_not_known_is_absent_and_never_zero() -> None:
    bare = snapshot(units=0)
    gap = bare.channels[0]._replace(power_w=None)
    told = read(text_of(replace(bare, channels=[gap], gauges={}, ladder=None))[0].decode())
    assert "dcfoot_power_watts" not in told
    assert not [
        name for name in told if name.startswith(("dcfoot_rung", "dcfoot_carbon", "dcfoot_water", "dcfoot_job_power"))
    ]
    assert told["dcfoot_energy_joules_total"][0][1] == 921_600.0


def test_numbers_beyond_all_bounds_come_back_as_what_they_are() -> None:
    beyond = [math.inf, -math.inf, math.nan, 1e300, 5e-324, 2**53 + 2.0]
    bare = snapshot()
    channels = [replace_power(bare.channels[0], number, power_w) for number, power_w in enumerate(beyond)]
    told = read(text_of(replace(bare, channels=channels))[0].decode())["dcfoot_power_watts"]
    assert [repr(value) for _, value in told] == [repr(power_w) for power_w in beyond]


@pytest.mark.parametrize(
    ("accept", "is_open"),
    [
        (OPENMETRICS, True),
        ("application/openmetrics-text", True),
        ("application/openmetrics-text;version=0.0.1,text/plain;version=0.0.4", False),
        ("text/plain;version=0.0.4", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_openmetrics_is_told_to_whoever_reads_its_first_version(accept: str, is_open: bool) -> None:
    text, kind = text_of(snapshot(), accept)
    assert (text.endswith(b"# EOF\n"), kind.startswith("application/openmetrics-text")) == (is_open, is_open)


def test_no_name_of_a_person_or_job_is_told() -> None:
    assert PERSONAL not in text_of(snapshot())[0].decode()
    assert PERSONAL in str(snapshot().units)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.full_name)
def test_every_metric_stands_in_its_page(metric: Metric) -> None:
    said = (ROOT / "docs/metrics.md").read_text()
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "none"
    assert f"| `{metric.full_name}` | {metric.kind} | {labels} | {metric.help} |" in said


def test_the_page_names_no_metric_that_there_is_not() -> None:
    named = re.findall(r"^\| `(dcfoot_\w+)`", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE)
    assert named == [metric.full_name for metric in METRICS]


def test_a_counter_is_called_total_and_nothing_else_is() -> None:
    assert {metric.full_name.endswith("_total") for metric in METRICS if metric.kind is Kind.COUNTER} == {True}
    assert {metric.full_name.endswith("_total") for metric in METRICS if metric.kind is not Kind.COUNTER} == {False}


def test_a_label_with_any_letter_comes_back_as_it_was() -> None:
    odd = 'a"b\\c\nd 中文'
    bare = snapshot(units=1)
    unit = replace(bare.units[0].unit, id=odd)
    told = read(text_of(replace(bare, units=[bare.units[0]._replace(unit=unit)]))[0].decode())
    assert {labels["job"] for labels, _ in told["dcfoot_job_power_watts"]} == {odd}
