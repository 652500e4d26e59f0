"""What hardware meters already see, so that a lesser meter of the same thing stands back.

Order of preference for the processor: powercap, amd_energy, perf, Grace; then the model. A probe asks only those
before it, and none that is not read here.
"""

from collections.abc import Callable

from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.probe import Probe, Surroundings
from dcfoot.reading import Domain


def domains_seen_by(surroundings: Surroundings, *kinds: Callable[[Surroundings], Probe]) -> frozenset[Domain]:
    """The domains that these probes can meter on this machine; each is opened and closed again."""
    seen: set[Domain] = set()
    for probe in (kind(surroundings) for kind in kinds):
        if surroundings.probes is not None and probe.name not in surroundings.probes:
            continue
        try:
            seen.update(meter.channel.domain for meter in probe.open())
        except (ProbeUnavailable, ProbeTransient):
            continue
        finally:
            probe.close()
    return frozenset(seen)


def processor_domains(surroundings: Surroundings) -> frozenset[Domain]:
    """The domains of processors and memory that some hardware meter sees here."""
    from dcfoot_probes.amd_energy import AmdEnergy
    from dcfoot_probes.grace import Grace
    from dcfoot_probes.perf import Perf
    from dcfoot_probes.rapl import Rapl

    seen = domains_seen_by(surroundings, Rapl)
    if Domain.PACKAGE in seen:
        return seen  # All others stand back, so they need not be asked.
    return seen | domains_seen_by(surroundings, AmdEnergy, Perf, Grace)
