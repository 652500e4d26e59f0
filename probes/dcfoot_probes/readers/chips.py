"""Processors and memory by RAPL, as another program tells of them: the rules of our own probe `rapl`.

Packages and memory are metered; core and uncore lie inside the package, the platform lies around it and is taken only
where no package is told of. Dies that mirror one counter are one meter.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from dcfoot.reading import Channel, Domain, Kind, Meter
from dcfoot.units import J_PER_UJ
from dcfoot_probes.rapl import DISTINCT_UJ, Zone
from dcfoot_probes.rapl_accuracy import DOMAIN_POWER_MAX_W, accuracy_of
from dcfoot_probes.readers.here import Here
from dcfoot_probes.readers.words import COUNTER_PERIOD_S, Seen

UJ_PER_J = 1e6
"""Microjoules in a joule (SI prefix): exporters tell joules, the hardware counts microjoules."""

DIE = "-die-"
"""In the name of a package of several dies (Linux, intel_rapl_common: ``package-0-die-1``)."""

ZONE_DOMAINS = {"package": Domain.PACKAGE, "dram": Domain.DRAM, "psys": Domain.PLATFORM}
"""What the zones are that may be metered."""


class Chip(NamedTuple):
    """A counter.

    Parameters
    ----------
    domain : Domain
        `PACKAGE`, `DRAM` or `PLATFORM`.
    device : str
        As our own probe names it; the domain's own name where it is all of them together.
    energy_uj : int
        The counter [uJ].
    """

    domain: Domain
    device: str
    energy_uj: int


def chips_seen(chips: Sequence[Chip], here: Here, method: str, *, wraps: bool = True) -> Iterator[Seen]:
    """The meters of those that are metered.

    Parameters
    ----------
    chips : Sequence of Chip
        All that an exporter tells of.
    here : Here
        The machine.
    method : str
        What goes on the record.
    wraps : bool
        Whether the exporter hands on the hardware's counter as it is, wraps and all.
    """
    has_packages = any(chip.domain is Domain.PACKAGE for chip in chips)
    firsts: dict[tuple[Domain, str], Chip] = {}
    for chip in sorted(chips):
        if (chip.domain is Domain.PLATFORM) == has_packages:
            continue
        first = firsts.setdefault((chip.domain, chip.device.partition(DIE)[0]), chip)
        if first is chip or abs(first.energy_uj - chip.energy_uj) > DISTINCT_UJ:
            yield Seen(_meter(chip, here, method, wraps=wraps), chip.energy_uj)


def _meter(chip: Chip, here: Here, method: str, *, wraps: bool) -> Meter:
    accuracy = accuracy_of(chip.domain, here.vendor_id)
    return Meter(
        Channel(here.host, chip.domain, chip.device),
        Zone(Path(), chip.domain, chip.device).name,
        method,
        Kind.COUNTER,
        J_PER_UJ,
        wrap_count=here.wrap_count(chip.device) if wraps else None,
        power_max_w=DOMAIN_POWER_MAX_W[chip.domain],
        period_s=COUNTER_PERIOD_S,
        gain_p5=accuracy.gain_p5,
        gain_p95=accuracy.gain_p95,
        source=accuracy.source,
        relayed=True,
    )
