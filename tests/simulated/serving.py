"""The daemon's HTTP server with a snapshot and a history that a test hands it; no daemon runs."""

from array import array
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from math import nan
from typing import Self

from dcfoot.reading import Channel
from dcfoot_probes.daemon.http.history import NoStore, Reader
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.local import Local
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.store.reader import Energy, Power, Shares
from dcfoot_probes.daemon.words import Snapshot
from simulated.snapshots import IDLE, UNATTRIBUTED, meters, unit

LOOPBACK: Listen | Local = Listen("127.0.0.1", 0)


class Steady(AbstractContextManager["Steady"]):
    """A history in which every device of the simulated server drew its power for ever, with a gap in every fifth step.

    Parameters
    ----------
    units : int
        How many share it evenly.
    """

    def __init__(self, units: int = 3) -> None:
        self._units = units
        self._powers = {meter.channel: watts for meter, watts in meters(2)}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was opened."""

    def channels(self) -> Sequence[Channel]:
        """All devices."""
        return list(self._powers)

    def power(self, channel: Channel, start_ns: int, end_ns: int, step_s: int = 60) -> Power:
        """Steady, but for the gaps."""
        step_ns = step_s * 1_000_000_000
        starts_ns = range(start_ns // step_ns * step_ns, -(-end_ns // step_ns) * step_ns, step_ns)
        mean_w = [nan if n % 5 == 4 else self._powers[channel] for n in range(len(starts_ns))]
        lines_w = (mean_w, [w - 1 for w in mean_w], [w + 1 for w in mean_w])
        return Power(starts_ns, *(array("f", line_w) for line_w in lines_w))

    def energy_j(self, channel: Channel, start_ns: int, end_ns: int) -> Energy:
        """Without a gap."""
        seconds = max(0, end_ns - start_ns) / 1e9
        return Energy(self._powers[channel] * seconds, seconds)

    def units(self, start_ns: int, end_ns: int) -> Mapping[Channel, Shares]:
        """Evenly shared."""
        found: dict[Channel, Shares] = {}
        for channel in self._powers:
            whole_j, _ = self.energy_j(channel, start_ns, end_ns)
            each_j = whole_j * (1 - IDLE - UNATTRIBUTED) / self._units
            shares = {unit(n): each_j for n in range(self._units)}
            found[channel] = Shares(shares, IDLE * whole_j, UNATTRIBUTED * whole_j)
        return found


@dataclass
class Told:
    """What a running server tells: its snapshot may be replaced at any time."""

    server: HttpServer
    snapshot: Snapshot

    @property
    def url(self) -> str:
        """Its address, without the last slash."""
        return self.server.url.rstrip("/")

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.url.rpartition(":")[2])

    def tick(self, seconds: float = 1.0) -> None:
        """Lets time go by: the snapshot's stamp moves, and those who watch are told."""
        self.snapshot = replace(self.snapshot, utc_ns=self.snapshot.utc_ns + round(seconds * 1e9))
        self.server.tick()


@contextmanager
def serving(
    snapshot: Snapshot,
    listen: Listen | Local = LOOPBACK,
    *,
    reader: Callable[[], AbstractContextManager[Reader]] = NoStore,
    names: bool = False,
) -> Generator[Told]:
    """A server on a port of its own while the context lasts; for it, it is always the snapshot's time."""
    holder: list[Told] = []
    sources = Sources(lambda: holder[0].snapshot, reader, names, lambda: holder[0].snapshot.utc_ns)
    server = HttpServer(listen, sources)
    holder.append(Told(server, snapshot))
    server.start()
    try:
        yield holder[0]
    finally:
        server.stop()
