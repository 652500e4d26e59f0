"""How well RAPL's domains know the true energy, by vendor: the table that powercap, perf and amd_energy share.

Publications give correlations and single comparisons rather than percentiles over machines, so the percentiles below
are judgements, each inside what the named publication shows.
"""

from typing import NamedTuple

from dcfoot.reading import Domain


class Accuracy(NamedTuple):
    """True energy over reported energy, 5th and 95th percentile, and where that comes from."""

    gain_p5: float
    gain_p95: float
    source: str


INTEL_PACKAGE = Accuracy(
    0.95,
    1.05,
    "judgement, after Hackenberg et al. 2015, doi:10.1109/IPDPSW.2015.70 (measured by the regulators since Haswell-EP; "
    "R2 > 0.999 against AC) and Khan et al. 2018, doi:10.1145/3177754 (correlation 0.99 with the plug)",
)

AMD_PACKAGE = Accuracy(
    0.90,
    1.20,
    "judgement, after Schoene et al. 2021, doi:10.1109/Cluster48925.2021.00087: on Zen 2 the counter is a model and "
    "misses the energy of some data and part of the memory controllers' energy",
)

DRAM = Accuracy(
    0.70,
    1.20,
    "judgement, after Desrochers et al. 2016, doi:10.1145/2989081.2989088 (offset by about 20 %, good where measured), "
    "Alt et al. 2024, doi:10.1145/3629526.3645052 (too high on Ice Lake, most at low load) and Intel Power Gadget's "
    "notes (up to 30 % by board)",
)

PLATFORM = Accuracy(
    0.85, 1.15, "judgement: psys is measured by the board's maker, who states no accuracy (Intel SDM vol. 3B, 15.10)"
)

UNKNOWN_PACKAGE = Accuracy(
    AMD_PACKAGE.gain_p5, AMD_PACKAGE.gain_p95, f"vendor not known, so as for AMD: {AMD_PACKAGE.source}"
)

AMD_VENDORS = frozenset({"AuthenticAMD", "HygonGenuine"})
"""``vendor_id`` of processors with AMD's counters (Linux, arch/x86/events/rapl.c treats both alike)."""

DOMAIN_POWER_MAX_W = {Domain.PACKAGE: 2_000.0, Domain.DRAM: 1_000.0, Domain.PLATFORM: 10_000.0}
"""More than this is not power but a reset counter [W]: four times the largest package (AMD EPYC 9965: 500 W), and
twice what 24 modules of 20 W would draw."""


def accuracy_of(domain: Domain, vendor_id: str) -> Accuracy:
    """The accuracy of a RAPL domain on a processor of this vendor (``vendor_id`` of cpuinfo)."""
    if domain is Domain.DRAM:
        return DRAM
    if domain is Domain.PLATFORM:
        return PLATFORM
    if vendor_id in AMD_VENDORS:
        return AMD_PACKAGE
    return INTEL_PACKAGE if vendor_id == "GenuineIntel" else UNKNOWN_PACKAGE
