"""Kepler, before and after it was written anew in 2025: energy of packages and memory in joules, power of GPUs.

Until 0.9: ``kepler_node_package_joules_total`` and ``..._dram_...``, in two parts, ``mode`` "dynamic" and "idle", whose
sum is the package's. Where Kepler has no counter it puts a model in its place, which the label ``source`` tells; that
is not read, nor is a dynamic part without its idle part.

From 0.10 on: ``kepler_node_cpu_joules_total`` by ``zone``, one of them within another, with the zone's ``path``; on a
machine of several sockets all packages are one, whose path is ``aggregated-package``. GPUs have power and no energy.

Source: Kepler, docs/user/metrics.md, internal/device/energy_zone.go; pkg/metrics of release 0.7.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dcfoot.reading import Channel, Domain, Kind, Meter
from dcfoot.units import W_PER_MW
from dcfoot_probes.nvidia.generations import GAIN_P5, GAIN_P95
from dcfoot_probes.nvidia.generations import SOURCE as BOARDS_SOURCE
from dcfoot_probes.rapl import READ_REMEDY
from dcfoot_probes.readers.chips import UJ_PER_J, ZONE_DOMAINS, Chip, chips_seen
from dcfoot_probes.readers.here import Here
from dcfoot_probes.readers.words import COUNTER_PERIOD_S, Exporter, Sample, Seen

METHOD = "kepler.joules"
GPU_METHOD = "kepler.gpu_watts"

ZONES = "kepler_node_cpu_joules_total"
GPUS = "kepler_node_gpu_watts"
OLD = {f"kepler_node_{zone}_joules_total": domain for zone, domain in ZONE_DOMAINS.items() if zone != "psys"}

MEASURED_SOURCES = frozenset({"rapl-sysfs", "rapl-msr"})
"""What the label ``source`` says where Kepler reads a counter (pkg/sensors/components of release 0.7); "intel_rapl" is
what a model was trained on, also on a machine that has no RAPL."""

MODES = {"dynamic", "idle"}

AGGREGATED = "aggregated-"

SAMPLED_P5, SAMPLED_P95 = 0.8, 1.25
"""What lies between two instants of power that are 5 s apart (judgement: a load that changes within seconds is seen at
random moments)."""


def _seen(samples: Sequence[Sample], here: Here) -> Iterator[Seen]:
    chips = [chip for chip in (_zone(sample, here) for sample in samples if sample.name == ZONES) if chip]
    yield from chips_seen(chips, here, METHOD)
    if not chips:
        yield from chips_seen(list(_sums(samples, here)), here, METHOD, wraps=False)
    for sample in samples:
        power_mw, uuid = sample.counted(1 / W_PER_MW), sample.labels.get("gpu_uuid")
        if sample.name == GPUS and uuid and power_mw is not None:
            yield Seen(_gpu(sample, uuid, here), power_mw)


def _zone(sample: Sample, here: Here) -> Chip | None:
    energy_uj, path = sample.counted(UJ_PER_J), sample.labels.get("path", "")
    domain = ZONE_DOMAINS.get(sample.labels.get("zone", "").partition("-")[0])
    if domain is None or energy_uj is None:
        return None
    if path.startswith(AGGREGATED):
        return Chip(domain, str(domain), energy_uj)
    zone = here.zone_at(path)
    return Chip(domain, zone.device if zone else _device(domain, path), energy_uj)


def _device(domain: Domain, path: str) -> str:
    """By the number of the package's zone: ``dram-0`` for ``intel-rapl:0:1``."""
    number = path.rpartition("/")[2].partition(":")[2].partition(":")[0] or "0"
    return str(domain) if domain is Domain.PLATFORM else f"{domain}-{number}"


def _sums(samples: Sequence[Sample], here: Here) -> Iterator[Chip]:
    parts: dict[tuple[Domain, str], dict[str, int]] = defaultdict(dict)
    for sample in samples:
        energy_uj = sample.counted(UJ_PER_J)
        if sample.name not in OLD or energy_uj is None:
            continue
        if sample.labels.get("source") not in MEASURED_SOURCES:
            here.note(f"Kepler models {OLD[sample.name]} (source {sample.labels.get('source')}); that is not read")
            continue
        device = f"{OLD[sample.name]}-{sample.labels.get('package', '0')}"
        parts[OLD[sample.name], device][sample.labels.get("mode", "")] = energy_uj
    for (domain, device), modes in parts.items():
        if modes.keys() >= MODES:
            yield Chip(domain, device, sum(modes[mode] for mode in MODES))
        else:
            here.note(f"Kepler tells only a part of {device} (mode {', '.join(sorted(modes))}); that is not read")


def _gpu(sample: Sample, uuid: str, here: Here) -> Meter:
    return Meter(
        Channel(here.host, Domain.GPU, uuid),
        sample.labels.get("gpu_name") or uuid,
        GPU_METHOD,
        Kind.POWER,
        W_PER_MW,
        period_s=COUNTER_PERIOD_S,
        gain_p5=GAIN_P5 * SAMPLED_P5,
        gain_p95=GAIN_P95 * SAMPLED_P95,
        source=f"{BOARDS_SOURCE}; judgement: an instant in {COUNTER_PERIOD_S:g} s",
        relayed=True,
    )


KEPLER = Exporter(
    "kepler",
    (ZONES, GPUS, *OLD, "kepler_build_info", "kepler_exporter_build_info"),
    ("node_name", "instance"),
    is_live=False,
    seen=_seen,
    remedy=READ_REMEDY,
)
