"""A day of the daemon by a compressed clock: 86,400 frames of 8 GPUs and 2 sockets, as fast as they can be made.

    python benchmarks/soak.py [--ticks 86400] [--containers 20]

Real worker threads read devices of a known power on a clock that jumps a second for each frame; who used them changes
all the time; each frame is written to a store, and /metrics is fetched over HTTP for every 15. What is added up and
what is kept must be the truth to the last joule; memory is told after the first hour and after the last. Left out are
control groups and processes, which `benchmarks/units.py` has. Needs the packages of the test environment
(`python3 bootstrap.py test`).
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from dcfoot.counter import Step
from dcfoot.measurement import Machine
from dcfoot.reading import Channel, Domain, Meter
from dcfoot.site import resolve_site
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.ladder import Ladders, Place
from dcfoot_probes.daemon.snapshots import OwnMemory, Snapshots
from dcfoot_probes.daemon.store import FrameReader, FrameStore
from dcfoot_probes.daemon.usage import Uses
from dcfoot_probes.daemon.words import ChannelTotal, Frame, Snapshot, Split, Unit, UnitKind

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulated.daemons import HOST, Device, meter, running
from simulated.trees import Clock

GPUS, SOCKETS = 8, 2
GPU_W, SOCKET_W = 300.0, 160.0
LIVES = 900
"""How many frames a container lives."""


COMMIT_FRAMES, SCRAPE_FRAMES = 60, 15
"""Frames between commits, which are asked for because the store's own clock is not compressed; between scrapes."""


class Changing:
    """Divides each channel equally among containers, of which every few seconds one ends and another begins."""

    def __init__(self, containers: int) -> None:
        self._containers = containers
        self._frames = count()

    def splits(self, steps: Mapping[Channel, Step], uses: Uses) -> Mapping[Channel, Split]:
        """The same for all channels."""
        del uses
        first = next(self._frames) * self._containers // LIVES
        units = [Unit(UnitKind.CONTAINER, f"{number:064x}") for number in range(first, first + self._containers)]
        split = Split(dict.fromkeys(units, 0.5 / self._containers), 0.25, 0.25)
        return dict.fromkeys(steps, split)


class Soaked(NamedTuple):
    """What a day came to."""

    snapshot: Snapshot
    sizes_mb: list[float]
    elapsed_s: float
    cpu_s: float


def soak(ticks_count: int, containers_count: int, path: Path) -> Soaked:
    """Makes the frames of a day, and keeps them in a store."""
    clock, memory = Clock(), OwnMemory()
    gpus = Device(clock, *(meter(str(number)) for number in range(GPUS)), power_w=GPU_W, name="gpus")
    packages = [meter(f"package-{number}", Domain.PACKAGE) for number in range(SOCKETS)]
    sockets = Device(clock, *packages, power_w=SOCKET_W, name="sockets")
    place = Place(resolve_site("gcp-us-central1"), Machine("Xeon", SOCKETS, 224, 2048.0, ("NVIDIA H100",) * GPUS))
    store = FrameStore(path, commit_s=3600.0)
    snapshots = Snapshots(HOST, Ladders(place, HOST), store.state, 0)
    server = HttpServer(Listen("127.0.0.1", 0), Sources(snapshots.snapshot, partial(FrameReader, path)))
    server.start()
    sizes_mb: list[float] = []

    def keep(frame: Frame, _meters: Mapping[Channel, Meter], _interval_s: float) -> None:
        store.add(frame)

    with running(clock, gpus, sockets, splitter=Changing(containers_count), takers=[snapshots.add, keep]) as loop:
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        for tick in range(ticks_count):
            clock.pass_s(1.0)
            loop.loop.tick()
            if tick % COMMIT_FRAMES == 0:
                store.flush()
            if tick % SCRAPE_FRAMES == 0:
                with urlopen(f"{server.url}metrics", timeout=60.0) as answer:  # noqa: S310 (our own server)
                    answer.read()
            if tick % (ticks_count // 24) == 0:
                sizes_mb.append(memory.rss_bytes() / 1e6)
        elapsed_s, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    server.stop()
    store.close()
    return Soaked(snapshots.snapshot(), sizes_mb, elapsed_s, cpu_s)


def main() -> int:
    """Runs the day, prints its table, and fails where a joule is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ticks", type=int, default=86_400)
    parser.add_argument("--containers", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frames.db"
        day = soak(arguments.ticks, arguments.containers, path)
        kept_mb, unkept_j = path.stat().st_size / 1e6, kept_off_j(path, day.snapshot.channels)
    channels = day.snapshot.channels
    truth_j = {Domain.GPU: GPU_W * arguments.ticks, Domain.PACKAGE: SOCKET_W * arguments.ticks}
    lost_j = max(abs(total.energy_j - truth_j[total.meter.channel.domain]) for total in channels)
    units_j = sum(joules for unit in day.snapshot.units for joules in unit.energy_j.values())
    parts_j = units_j + sum(total.idle_j + total.unattributed_j for total in channels)
    off = abs(parts_j / sum(total.energy_j for total in channels) - 1.0)
    print("| frames | seconds | CPU a frame [us] | memory [MB] | joules lost, not kept | parts off | store [MB] |")
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {arguments.ticks} | {day.elapsed_s:.0f} | {1e6 * day.cpu_s / arguments.ticks:.0f} | "
        f"{day.sizes_mb[1]:.1f}, {day.sizes_mb[-1]:.1f} | {lost_j:g}, {unkept_j:g} | {off:.1e} | {kept_mb:.1f} |"
    )
    return int(lost_j != 0.0 or unkept_j != 0.0 or off > 1e-9)


def kept_off_j(path: Path, channels: Sequence[ChannelTotal]) -> float:
    """The most by which a channel's energy in the store differs from what was added up [J]."""
    with FrameReader(path) as reader:
        return max(abs(reader.energy_j(total.meter.channel, 0, 2**62).energy_j - total.energy_j) for total in channels)


if __name__ == "__main__":
    raise SystemExit(main())
