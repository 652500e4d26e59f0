"""Prometheus' node_exporter: RAPL's zones in joules, and power that hardware monitors show.

``node_rapl_package_joules_total`` and ``..._dram_...`` with the zone's number (``index``) and ``path``, wraps and all;
a package of several dies is in the metric's name (``node_rapl_package_0_die_1_joules_total``). Of the hardware
monitors, ACPI's power meter is the machine and amdgpu is a GPU; which is which is told by the label ``chip``.

Source: node_exporter, collector/rapl_linux.go and collector/hwmon_linux.go.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dcfoot.reading import Channel, Domain, Kind, Meter
from dcfoot.units import J_PER_UJ, W_PER_UW
from dcfoot_probes.acpi_power_meter import ERROR_UNTOLD_RATIO
from dcfoot_probes.amd_gpu import gpu_meter
from dcfoot_probes.rapl import READ_REMEDY
from dcfoot_probes.readers.chips import DIE, UJ_PER_J, ZONE_DOMAINS, Chip, chips_seen
from dcfoot_probes.readers.here import Here
from dcfoot_probes.readers.words import COUNTER_PERIOD_S, POWER_PERIOD_S, Exporter, Sample, Seen

METHOD = "node_exporter.rapl"
NODE_METHOD = "node_exporter.acpi_power_meter"
GPU_ENERGY_METHOD = "node_exporter.amdgpu_energy"
GPU_POWER_METHOD = "node_exporter.amdgpu_power"

UW_PER_W = 1e6
"""Microwatts in a watt (SI prefix): what hwmon tells."""

SAMPLED_RATIO = 0.05
"""How far the mean of power may be from that of its instants a second apart [-] (judgement: the mean of a second is
what these sensors show, and a node's power supply smooths the rest)."""

AVERAGE, ENERGY, POWER = (
    "node_hwmon_power_average_watt",
    "node_hwmon_energy_joule_total",
    "node_hwmon_power_watt",
)
CHIP_NAMES = "node_hwmon_chip_names"

_ZONE = re.compile(r"node_rapl_(package|dram|psys)(?:_(\d+)_die_(\d+))?_joules_total")

_OTHER_DOOR = "intel-rapl-mmio"
"""Zones that repeat the package's counter by another way."""

_ACPI = re.compile(r"acpi000d", re.IGNORECASE)
"""The hardware's name of a power meter (ACPI 6.5, section 10.4)."""

_PCI = re.compile(r"([0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2})_([0-7])$")
"""A device's address at the end of a chip's name, which has ``_`` in the place of a point."""


def _seen(samples: Sequence[Sample], here: Here) -> Iterator[Seen]:
    chips = [chip for chip in (_chip(sample, here) for sample in samples) if chip]
    yield from chips_seen(chips, here, METHOD)
    yield from _node(samples, here)
    yield from _gpus(samples, here)


def _chip(sample: Sample, here: Here) -> Chip | None:
    found, path, energy_uj = _ZONE.fullmatch(sample.name), sample.labels.get("path", ""), sample.counted(UJ_PER_J)
    if found is None or energy_uj is None or _OTHER_DOOR in path:
        return None
    domain, zone = ZONE_DOMAINS[found[1]], here.zone_at(path)
    return Chip(domain, zone.device if zone else _device(domain, found, sample.labels), energy_uj)


def _device(domain: Domain, found: re.Match[str], labels: Mapping[str, str]) -> str:
    if domain is Domain.PLATFORM:
        return str(domain)
    return f"{domain}-{found[2]}{DIE}{found[3]}" if found[2] else f"{domain}-{labels.get('index', '0')}"


def _node(samples: Sequence[Sample], here: Here) -> Iterator[Seen]:
    """The machine's power meter. A board that has none that works shows 0."""
    there = [sample for sample in samples if sample.name == AVERAGE and _ACPI.search(sample.labels.get("chip", ""))]
    powers_uw = [power_uw for sample in there if (power_uw := sample.counted(UW_PER_W))]
    if len(powers_uw) == 1:
        yield Seen(_node_meter(here), powers_uw[0])
    elif powers_uw:
        here.note(f"node_exporter shows {len(powers_uw)} ACPI power meters and not of what; none of them is read")


def _node_meter(here: Here) -> Meter:
    error_ratio = ERROR_UNTOLD_RATIO + SAMPLED_RATIO
    return Meter(
        Channel(here.host, Domain.NODE, "acpi"),
        "ACPI power meter",
        NODE_METHOD,
        Kind.POWER,
        W_PER_UW,
        period_s=POWER_PERIOD_S,
        gain_p5=1 - error_ratio,
        gain_p95=1 + error_ratio,
        source="judgement: the accuracy that the board states is not handed on, and power is seen once a second",
        relayed=True,
    )


def _gpus(samples: Sequence[Sample], here: Here) -> Iterator[Seen]:
    """AMD's GPUs: the energy counter where there is one, else power."""
    amd = {
        sample.labels["chip"]
        for sample in samples
        if sample.name == CHIP_NAMES and sample.labels.get("chip_name") == "amdgpu" and "chip" in sample.labels
    }
    for chip in sorted(amd):
        address = _PCI.search(chip)
        values = {sample.name: sample for sample in samples if sample.labels.get("chip") == chip}
        found = next((values[name] for name in (ENERGY, AVERAGE, POWER) if name in values), None)
        count = found.counted(UJ_PER_J) if found else None
        if address and found and count is not None:
            channel = Channel(here.host, Domain.GPU, f"{address[1]}.{address[2]}")
            yield Seen(_energy(channel) if found.name == ENERGY else _power(channel), count)


def _energy(channel: Channel) -> Meter:
    meter = gpu_meter(channel, "AMD GPU", GPU_ENERGY_METHOD, Kind.COUNTER, J_PER_UJ)
    return replace(meter, period_s=COUNTER_PERIOD_S, relayed=True)


def _power(channel: Channel) -> Meter:
    meter = gpu_meter(channel, "AMD GPU", GPU_POWER_METHOD, Kind.POWER, W_PER_UW)
    return replace(
        meter,
        period_s=POWER_PERIOD_S,
        gain_p5=meter.gain_p5 - SAMPLED_RATIO,
        gain_p95=meter.gain_p95 + SAMPLED_RATIO,
        relayed=True,
    )


NODE_EXPORTER = Exporter(
    "node_exporter",
    ("node_rapl_", AVERAGE, ENERGY, POWER, CHIP_NAMES, "node_exporter_build_info"),
    (),
    is_live=True,
    seen=_seen,
    remedy=READ_REMEDY,
)
