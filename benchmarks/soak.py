"""A day of the daemon by a compressed clock: 86,400 frames of 8 GPUs and 2 sockets, as fast as they can be made.

    python benchmarks/soak.py [--ticks 86400] [--containers 100]

Real worker threads read devices of a known power on a clock that jumps a second for each frame; who used them changes
all the time. What is added up must be the truth to the last joule, and memory must not grow. Needs the packages of the
test environment (`python3 bootstrap.py test`).
"""

import argparse
import sys
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from dcfoot.counter import Step
from dcfoot.measurement import Machine
from dcfoot.reading import Channel, Domain
from dcfoot.site import resolve_site
from dcfoot_probes.daemon.ladder import Ladders, Place
from dcfoot_probes.daemon.snapshots import OwnMemory, Snapshots
from dcfoot_probes.daemon.supervisor import Uses
from dcfoot_probes.daemon.words import Split, StoreState, Unit, UnitKind

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulated.daemons import HOST, Device, meter, running
from simulated.trees import Clock

GPUS, SOCKETS = 8, 2
GPU_W, SOCKET_W = 300.0, 160.0
LIVES = 900
"""How many frames a container lives."""


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


def main() -> int:
    """Runs the day, prints its table, and fails where a joule is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ticks", type=int, default=86_400)
    parser.add_argument("--containers", type=int, default=20)
    arguments = parser.parse_args()
    clock, memory = Clock(), OwnMemory()
    gpus = Device(clock, *(meter(str(number)) for number in range(GPUS)), power_w=GPU_W, name="gpus")
    packages = [meter(f"package-{number}", Domain.PACKAGE) for number in range(SOCKETS)]
    sockets = Device(clock, *packages, power_w=SOCKET_W, name="sockets")
    place = Place(resolve_site("gcp-us-central1"), Machine("Xeon", SOCKETS, 224, 2048.0, ("NVIDIA H100",) * GPUS))
    snapshots = Snapshots(HOST, Ladders(place, HOST), StoreState, 0)
    sizes_mb: list[float] = []
    with running(clock, gpus, sockets, splitter=Changing(arguments.containers), takers=[snapshots.add]) as loop:
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        for tick in range(arguments.ticks):
            clock.pass_s(1.0)
            loop.loop.tick()
            if tick % (arguments.ticks // 24) == 0:
                sizes_mb.append(memory.rss_bytes() / 1e6)
        elapsed_s, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    snapshot = snapshots.snapshot()
    truth_j = {Domain.GPU: GPU_W * arguments.ticks, Domain.PACKAGE: SOCKET_W * arguments.ticks}
    lost_j = max(abs(total.energy_j - truth_j[total.meter.channel.domain]) for total in snapshot.channels)
    units_j = sum(joules for unit in snapshot.units for joules in unit.energy_j.values())
    parts_j = units_j + sum(total.idle_j + total.unattributed_j for total in snapshot.channels)
    off = abs(parts_j / sum(total.energy_j for total in snapshot.channels) - 1.0)
    print("| frames | seconds | CPU a frame [us] | memory at first, in the end [MB] | energy lost [J] | parts off |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {arguments.ticks} | {elapsed_s:.0f} | {1e6 * cpu_s / arguments.ticks:.0f} | {sizes_mb[1]:.1f}, "
        f"{sizes_mb[-1]:.1f} | {lost_j:g} | {off:.1e} |"
    )
    return int(lost_j != 0.0 or off > 1e-9)


if __name__ == "__main__":
    raise SystemExit(main())
