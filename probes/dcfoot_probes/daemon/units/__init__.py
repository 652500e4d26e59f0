"""Who used the machine, tick by tick: control groups, processes and devices put together into splits.

In come what the channels took and what the probes say of processes, out comes for each channel a `Split`. Whoever runs
the daemon calls `Units.splits` once a tick, always from one thread.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from math import fsum
from pathlib import Path
from time import monotonic

from dcfoot.activity import TICK_S, machine_seconds
from dcfoot.counter import Step
from dcfoot.reading import Channel
from dcfoot_probes.daemon.split import Claims, Seldom, Used, device_split
from dcfoot_probes.daemon.units.cgroups import Cgroups
from dcfoot_probes.daemon.units.owners import Owners
from dcfoot_probes.daemon.units.processes import LooseProcesses
from dcfoot_probes.daemon.units.slurm import JobRecords
from dcfoot_probes.daemon.words import Split, Unit


class Units:
    """The units of one machine.

    Parameters
    ----------
    root : Path
        The root below which ``proc``, ``sys``, ``etc`` and ``run`` are read.
    clock_s : Callable[[], float]
        The monotonic clock [s].
    """

    def __init__(self, root: Path = Path("/"), clock_s: Callable[[], float] = monotonic) -> None:
        self._proc = root / "proc"
        self.records = JobRecords(root)
        self._owners = Owners(root, self.records)
        self._cgroups = Cgroups(root, clock_s)
        self._processes = LooseProcesses(self._proc, self._owners.find, clock_s)
        self._claims = Claims()
        self._seldom = Seldom()
        self._clock_s = clock_s
        self._told_s = clock_s()
        self._machine_s: tuple[float, float] | None = None
        self._lead_s = 0.0

    def splits(self, steps: Mapping[Channel, Step], uses: Mapping[str, Mapping[int, float]]) -> dict[Channel, Split]:
        """How each channel's energy since the last call is divided; one that is left out is nobody's that we know.

        Parameters
        ----------
        steps : Mapping[Channel, Step]
            What the channels took.
        uses : Mapping[str, Mapping[int, float]]
            By device: what each process used of it, as `UsesProbe.uses` tells.
        """
        splits = self._seldom.splits(steps, self._used())
        devices = {device: device_split(shares, self._owners.unit_of) for device, shares in uses.items()}
        return {**splits, **{channel: devices[channel.device] for channel in steps if channel.device in devices}}

    def allocated(self, devices: Sequence[str]) -> Mapping[str, list[Unit]]:
        """By device: the Slurm jobs that were given it.

        Parameters
        ----------
        devices : Sequence of str
            The machine's accelerators that have a meter, in the order of the bus.
        """
        return self.records.allocated(devices)

    def _used(self) -> Used:
        """Who used the processors since the last call; nothing where that is not known."""
        try:
            machine_s = machine_seconds(self._proc)
        except (OSError, ValueError):  # no procfs
            return Used()
        used_s = self._cgroups.used_s()
        groups_s = {self._owners.named(unit): seconds for unit, seconds in used_s.items()}
        tree = self._cgroups.tree
        loose_pids, alone = (tree.loose_pids, not tree.tells_apart) if tree else (self._all_pids, True)
        found_s = self._processes.used_s(loose_pids, reaped=alone)
        before_s, self._machine_s = self._machine_s, machine_s
        now_s = self._clock_s()
        tick_s, self._told_s = now_s - self._told_s, now_s
        if before_s is None:
            return Used()
        busy_s, idle_s = (max(now - before, 0.0) for now, before in zip(machine_s, before_s, strict=True))
        known_s = fsum(groups_s.values())
        left_s = self._left_s(busy_s, known_s)
        units_s = _sum(groups_s, self._claims.settle(found_s, left_s))
        return Used(tick_s, units_s, known_s + left_s, idle_s)

    def _left_s(self, busy_s: float, groups_s: float) -> float:
        """The busy time that no group has.

        The kernel counts groups' time to the microsecond and the machine's in ticks of each processor. Where groups
        are ahead, what follows is theirs too, else noise would make time that is nobody's.
        """
        left_s = busy_s - groups_s - self._lead_s
        self._lead_s = min(max(-left_s, 0.0), TICK_S * (os.cpu_count() or 1))
        return max(left_s, 0.0)

    def _all_pids(self) -> list[int]:
        return [int(name) for name in os.listdir(self._proc) if name.isdecimal()]  # noqa: PTH208 (hundreds)


def _sum(one_s: Mapping[Unit, float], other_s: Mapping[Unit, float]) -> dict[Unit, float]:
    return {**one_s, **{unit: one_s.get(unit, 0.0) + seconds for unit, seconds in other_s.items()}}
