"""Scaphandre: the counters of sockets and of their memory, in microjoules, as it finds them in powercap.

``scaph_host_energy_microjoules`` is the platform on one machine and a sum of sockets and memory on another, and
``..._power_microwatts`` differences of the same counters: neither is read.

Source: Scaphandre, docs_src/references/metrics.md and docs_src/explanations/host_metrics.md.
"""

from collections.abc import Iterator, Sequence

from dcfoot.reading import Domain
from dcfoot_probes.rapl import READ_REMEDY
from dcfoot_probes.readers.chips import Chip, chips_seen
from dcfoot_probes.readers.here import Here
from dcfoot_probes.readers.words import Exporter, Sample, Seen

METHOD = "scaphandre.energy"

SOCKET = "scaph_socket_energy_microjoules"
PART = "scaph_domain_energy_microjoules"
PLATFORM = "scaph_host_rapl_psys_microjoules"


def _seen(samples: Sequence[Sample], here: Here) -> Iterator[Seen]:
    chips = [chip for chip in map(_chip, samples) if chip]
    return chips_seen(chips, here, METHOD)


def _chip(sample: Sample) -> Chip | None:
    energy_uj, socket = sample.counted(), sample.labels.get("socket_id", "")
    if energy_uj is None:
        return None
    if sample.name == PLATFORM:
        return Chip(Domain.PLATFORM, "psys", energy_uj)
    if sample.name == SOCKET and socket:
        return Chip(Domain.PACKAGE, f"package-{socket}", energy_uj)
    if sample.name == PART and socket and sample.labels.get("domain_name") == "dram":
        return Chip(Domain.DRAM, f"dram-{socket}", energy_uj)
    return None


SCAPHANDRE = Exporter(
    "scaphandre",
    (SOCKET, PART, PLATFORM, "scaph_self_version"),
    (),
    is_live=True,
    seen=_seen,
    remedy=READ_REMEDY,
)
