"""Running totals of every meter since the daemon was started, reading by reading: what a client takes for a counter.

In come the steps of the readings and who used the devices meanwhile, out goes a `Metered`. Frames come once a tick;
these totals are as fresh as the last reading. One thread adds, any thread may ask.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from math import fsum
from threading import Lock

from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Meter
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.words import Metered, MeterTotal, Parted

GONE_AFTER_S = 900.0
"""How long a process that uses nothing is told of [s] (a choice: whoever counts asks every minute at the least)."""


def _ahead_ns() -> int:
    """The calendar's clock against the monotonic one [ns]."""
    return time.time_ns() - time.monotonic_ns()


class _Users:
    """The energy of a device by process, up to the last time that somebody asked who used it."""

    def __init__(self) -> None:
        self.parted_j = self.unused_j = self.unknown_j = 0.0
        self._energy_j: dict[int, float] = {}
        self._seen_ns: dict[int, int] = {}

    def add(self, energy_j: float, shares: Mapping[int, float] | None, time_ns: int) -> None:
        self.parted_j += energy_j
        if shares is None:
            self.unknown_j += energy_j
        else:
            self.unused_j += max(1.0 - fsum(shares.values()), 0.0) * energy_j
        for pid, share in (shares or {}).items():
            self._energy_j[pid] = self._energy_j.get(pid, 0.0) + share * energy_j
            self._seen_ns[pid] = time_ns
        self._forget(time_ns)

    def _forget(self, time_ns: int) -> None:
        oldest_ns = time_ns - round(GONE_AFTER_S * NS_PER_S)
        for pid in [pid for pid, seen_ns in self._seen_ns.items() if seen_ns < oldest_ns]:
            del self._energy_j[pid], self._seen_ns[pid]

    def told(self) -> Parted:
        return Parted(self.parted_j, self.unused_j, self.unknown_j, dict(self._energy_j))


class _Count:
    def __init__(self, meter: Meter) -> None:
        self.probe, self.meter = "", meter
        self.energy_j = self.covered_s = 0.0
        self.time_ns = self.utc_ns = 0
        self.users: _Users | None = None

    def total(self) -> MeterTotal:
        return MeterTotal(
            self.probe,
            self.meter,
            self.energy_j,
            self.covered_s,
            self.time_ns,
            self.utc_ns,
            self.users.told() if self.users else None,
        )


class Counted:
    """What every meter has counted.

    Parameters
    ----------
    ahead_ns : Callable[[], int]
        How far the calendar's clock is ahead of that which stamps readings [ns].
    """

    def __init__(self, ahead_ns: Callable[[], int] = _ahead_ns) -> None:
        self._ahead_ns = ahead_ns
        self._started_ns = time.monotonic_ns()
        self._lock = Lock()
        self._counts: dict[Channel, _Count] = {}
        self._kept: Mapping[Channel, Meter] = {}
        self._probes: tuple[str, ...] = ()

    def keep(self, probes: Iterable[str], meters: Mapping[Channel, Meter]) -> None:
        """These probes are open, and of their meters these are booked."""
        with self._lock:
            self._probes, self._kept = tuple(probes), meters

    def add(self, probe: str, meter: Meter, step: Step, time_ns: int) -> None:
        """Adds what a reading brought.

        Parameters
        ----------
        probe : str
            Whose it is.
        meter : Meter
            Who was read.
        step : Step
            The energy since the reading before.
        time_ns : int
            When it held, on the clock of readings [ns].
        """
        if step.outcome is Outcome.IMPLAUSIBLE:
            return
        with self._lock:
            count = self._counts.get(meter.channel)
            if count is None:
                count = self._counts[meter.channel] = _Count(meter)
            count.probe, count.meter = probe, meter
            count.energy_j += step.energy_j
            count.covered_s += step.covered_s
            count.time_ns, count.utc_ns = time_ns, time_ns + self._ahead_ns()

    def part(self, probe: str, uses: Mapping[str, Mapping[int, float]]) -> None:
        """Gives what the devices of a probe took since the last call to the processes that used them.

        Parameters
        ----------
        probe : str
            One that knows that.
        uses : Mapping[str, Mapping[int, float]]
            By device, as `dcfoot.probe.UsesProbe` tells [-].
        """
        with self._lock:
            for count in self._counts.values():
                if count.probe == probe:
                    if count.users is None:
                        count.users = _Users()
                    energy_j = count.energy_j - count.users.parted_j
                    count.users.add(energy_j, uses.get(count.meter.channel.device), count.time_ns)

    def metered(self) -> Metered:
        """What is counted so far by the meters that are booked now."""
        with self._lock:
            counts = [self._counts[channel] for channel in self._kept if channel in self._counts]
            return Metered(self._started_ns, self._probes, [count.total() for count in counts])
