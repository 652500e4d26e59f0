"""NVIDIA's dcgm-exporter: the total energy of each GPU in millijoules, else its power.

What DCGM does not know it tells as a number of its own ("blank"), which is no energy. A GPU that is cut into MIG
instances is told of once for each of them, each time all of it, now and then one update apart: the newest is taken.

Source: NVIDIA, dcgm-exporter, etc/default-counters.csv and internal/pkg/rendermetrics; DCGM, dcgm_structs.h; NVIDIA,
"Configure Prometheus for DCGM Exporter" (a scrape tells what was collected before, every 30 s unless told otherwise).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dcfoot.reading import Channel, Domain, Kind, Meter
from dcfoot.units import J_PER_MJ, W_PER_MW
from dcfoot_probes.nvidia.generations import (
    CEILING_OVER_LIMIT,
    GAIN_P5,
    GAIN_P95,
    IMPLAUSIBLE_OVER_LIMIT,
    SOURCE,
    generation_of,
)
from dcfoot_probes.readers.here import Here
from dcfoot_probes.readers.words import COUNTER_PERIOD_S, Exporter, Sample, Seen

ENERGY_METHOD = "dcgm_exporter.total_energy"
POWER_METHOD = "dcgm_exporter.power_usage"

ENERGY, POWER, LIMIT = (
    "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION",
    "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_POWER_MGMT_LIMIT",
)

COLLECT_INTERVAL_S = 30.0
"""How often it asks the GPUs unless it is told otherwise [s] (dcgm-exporter, ``--collect-interval``)."""

BLANKS = (0x7FFFFFF0, 2**47, 0x7FFFFFFFFFFFFFF0)
"""Where the numbers begin that mean "not known", for 32 bits, for fractions and for 64 bits (dcgm_structs.h)."""

BLANKS_COUNT = 16
"""How many there are of each: not found, not supported, not permitted and what may come (dcgm_structs.h)."""

SAMPLED_P5, SAMPLED_P95 = 0.5, 2.0
"""What lies between two instants of power that are 30 s apart (judgement: half or twice of it)."""

BOARDS = (
    (re.compile(r"\b(?:B200|B300|GB200|GB300)\b"), (10, 0), 1400.0),
    (re.compile(r"\b(?:H100|H200|H800|H20|GH200)\b"), (9, 0), 1000.0),
    (re.compile(r"\b(?:L2|L4|L20|L40S?)\b|\bAda\b|\bRTX 40\d0\b"), (8, 9), 450.0),
    (re.compile(r"\b(?:A2|A10G?|A16|A40)\b|\bRTX A\d000\b|\bRTX 30\d0\b"), (8, 6), 450.0),
    (re.compile(r"\b(?:A100|A800)\b"), (8, 0), 500.0),
    (re.compile(r"\bA30\b"), (8, 0), 165.0),
    (re.compile(r"\bT4G?\b|\bQuadro RTX\b|\bTITAN RTX\b|\bRTX 20\d0\b"), (7, 5), 320.0),
    (re.compile(r"V100"), (7, 0), 450.0),
    (re.compile(r"\bP(?:4|6|40|100)\b"), (6, 0), 300.0),
)
"""By name: compute capability (NVIDIA, "CUDA GPU Compute Capability") and the most that a board of that name may be set
to draw [W] (NVIDIA's data sheets; for a superchip, its module's)."""

LIMIT_UNTOLD_W = 1400.0
"""The most of all boards [W], for one whose name is not known (NVIDIA, data sheet of the B300)."""


def _seen(samples: Sequence[Sample], here: Here) -> Iterator[Seen]:
    limits_w = {_uuid(sample): sample.value for sample in samples if sample.name == LIMIT and not is_blank(sample)}
    energies, powers = _newest(samples, ENERGY), _newest(samples, POWER)
    for uuid in sorted(energies.keys() | powers.keys()):
        sample, times = (energies[uuid], 1.0) if uuid in energies else (powers[uuid], 1 / W_PER_MW)
        meter, value = _meter(sample, uuid, here, limits_w.get(uuid)), sample.counted(times)
        if value is not None:
            yield Seen(meter if uuid in energies else _of_power(meter), value)


def is_blank(sample: Sample) -> bool:
    """Whether a value means that there is none; a counter that passes through such a number is told a moment later."""
    known = sample.counted() is not None
    return not known or any(first <= sample.value <= first + BLANKS_COUNT for first in BLANKS)


def _uuid(sample: Sample) -> str:
    return sample.labels.get("UUID") or sample.labels.get("uuid") or ""


def _newest(samples: Sequence[Sample], name: str) -> Mapping[str, Sample]:
    """Of each GPU the sample with the highest value; a counter at 0 does not count."""
    found: dict[str, Sample] = {}
    for sample in samples:
        if sample.name == name and _uuid(sample) and not is_blank(sample) and (sample.value > 0.0 or name == POWER):
            found[_uuid(sample)] = max(sample, found.get(_uuid(sample), sample), key=lambda one: one.value)
    return found


def _meter(sample: Sample, uuid: str, here: Here, limit_w: float | None) -> Meter:
    """The counter's meter: what the sensor sees depends on the generation, as where NVML is asked."""
    name = sample.labels.get("modelName") or uuid
    board = next((board for board in BOARDS if board[0].search(name)), None)
    capability, most_w = (board[1], board[2]) if board else (None, LIMIT_UNTOLD_W)
    generation = generation_of(capability, name, sample.labels.get("DCGM_FI_DRIVER_VERSION", ""))
    return Meter(
        Channel(here.host, Domain.GPU, uuid),
        name,
        ENERGY_METHOD,
        Kind.COUNTER,
        J_PER_MJ,
        power_max_w=IMPLAUSIBLE_OVER_LIMIT * max(most_w, limit_w or 0.0),
        period_s=COUNTER_PERIOD_S,
        gain_p5=GAIN_P5,
        gain_p95=GAIN_P95,
        source=f"{SOURCE} ({generation.name})",
        observed_ratio=generation.observed_ratio(),
        power_ceiling_w=CEILING_OVER_LIMIT * (limit_w or most_w),
        relayed=True,
    )


def _of_power(meter: Meter) -> Meter:
    return replace(
        meter,
        method=POWER_METHOD,
        kind=Kind.POWER,
        unit=W_PER_MW,
        period_s=COLLECT_INTERVAL_S,
        gain_p5=GAIN_P5 * SAMPLED_P5,
        gain_p95=GAIN_P95 * SAMPLED_P95,
        source=f"{meter.source}; judgement: an instant in {COLLECT_INTERVAL_S:g} s",
        observed_ratio=1.0,
    )


DCGM_EXPORTER = Exporter(
    "dcgm-exporter",
    (ENERGY, POWER, LIMIT),
    ("Hostname", "hostname"),
    is_live=False,
    seen=_seen,
    remedy=f"dcgm-exporter --collectors=FILE   # a list that has {ENERGY}",
)
