"""Probes of a third party for tests in this process: each speaks the public `Probe` protocol and has a known truth."""

from collections.abc import Sequence
from time import monotonic_ns

from dcfoot.probe import ProbeEntry, Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading


class Steady:
    """Draws `power_w` for ever: its counter is the monotonic clock times that, in nanojoules."""

    name = "steady"

    def __init__(self, surroundings: Surroundings, domain: Domain = Domain.GPU, power_w: int = 100) -> None:
        channel = Channel(surroundings.host, domain, f"{domain}-0")
        self.meter = Meter(channel, f"steady {domain}", "steady", Kind.COUNTER, 1e-9, period_s=0.05)
        self.power_w = power_w

    def open(self) -> Sequence[Meter]:
        """One meter."""
        return [self.meter]

    def read(self) -> Sequence[Reading]:
        """Its counter now."""
        now_ns = monotonic_ns()
        return [Reading(self.meter, self.power_w * now_ns, now_ns)]

    def close(self) -> None:
        """Holds nothing."""


def steady(domain: Domain = Domain.GPU, power_w: int = 100) -> ProbeEntry:
    """The installed probe of such a device."""
    return ProbeEntry(f"steady-{domain}", lambda: lambda surroundings: Steady(surroundings, domain, power_w))
