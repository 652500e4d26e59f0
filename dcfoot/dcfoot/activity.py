"""Who kept the processors busy: CPU time of a job and of the whole machine.

A job is its cgroup where it has one of its own, else the tree of its processes: the living members' time, with that of
children they have reaped, plus what was reaped by us. Looking for new members costs time that grows with the machine,
so it happens only as often as `SCAN_COST_RATIO` allows; in between, the known members are read.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from time import monotonic, thread_time
from typing import NamedTuple, TypeVar

from dcfoot.units import NS_PER_S, NS_PER_US

T = TypeVar("T")

TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
"""The unit in which procfs gives processor time [s] (proc(5))."""

SCAN_COST_RATIO = 0.0005
"""The part of one core that looking for new processes may take (a choice: a tenth of the 0.5 % that a daemon may
cost)."""

SCAN_LEAST_S = 0.5
"""Never look for new processes more often than this [s]."""

MOST_STRANGERS = 10_000
"""So many processes are remembered as none of ours: more than use a machine's accelerators."""


class Activity(NamedTuple):
    """Processor seconds since some fixed moment.

    Parameters
    ----------
    own_s : float
        Of the consumer [s].
    busy_s, idle_s : float
        Of the machine, summed over its logical processors [s].
    """

    own_s: float
    busy_s: float
    idle_s: float

    def since(self, before: "Activity") -> "Activity":
        """What was added since `before`; never negative."""
        return Activity(
            max(self.own_s - before.own_s, 0.0),
            max(self.busy_s - before.busy_s, 0.0),
            max(self.idle_s - before.idle_s, 0.0),
        )


def machine_seconds(proc: Path) -> tuple[float, float]:
    """Busy and idle processor seconds of the machine since boot, from ``/proc/stat`` (proc(5)).

    Time stolen by the hypervisor is neither: it was not ours. Guest time is part of user time already.
    """
    fields = [int(field) for field in beginning(f"{proc}/stat").split(maxsplit=9)[1:9]]
    user, nice, system, idle, iowait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) * TICK_S, (idle + iowait) * TICK_S


def beginning(path: str) -> bytes:
    """The first of a file of procfs or cgroupfs, in a third of the time that a file object takes."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 1024)
    finally:
        os.close(file)


def job_cgroup(proc: Path, cgroup_root: Path, pid: int | str = "self") -> Path | None:
    """The file that counts the CPU time of the batch job of a process; None where that has no cgroup of its own.

    Known: Slurm's job cgroups, version 1 (``cpuacct.usage``) and 2 (``cpu.stat``). Other cgroups may hold more than the
    job, so they are not taken.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        _, controllers, path = line.split(":", 2)
        found = re.match(r"(.*/job_\d+)(/|$)", path)
        if found is None:
            continue
        for base, name in (
            (cgroup_root, "cpu.stat"),
            (cgroup_root / "unified", "cpu.stat"),
            (cgroup_root / (controllers or "cpuacct"), "cpuacct.usage"),
            (cgroup_root / "cpuacct", "cpuacct.usage"),
        ):
            file = base / found.group(1).lstrip("/") / name
            if file.is_file():
                return file
    return None


def cgroup_seconds(file: Path | str) -> float:
    """CPU time that a cgroup has used [s], from ``cpu.stat`` (v2, us) or ``cpuacct.usage`` (v1, ns)."""
    return seconds_in(beginning(str(file)))


def seconds_in(text: bytes) -> float:
    """CPU time that the file of a cgroup tells [s]; raises `ValueError` where it tells none.

    Parameters
    ----------
    text : bytes
        Its beginning.
    """
    _, found, usage = text.partition(b"usage_usec ")
    return int(usage.split(maxsplit=1)[0]) * NS_PER_US / NS_PER_S if found else int(text) / NS_PER_S


class ProcessStat(NamedTuple):
    """Of a process, from ``/proc/PID/stat`` (proc_pid_stat(5)).

    Parameters
    ----------
    parent : int
        Who started it, or took it over.
    is_kernel : bool
        Whether it is a thread of the kernel.
    own_s : float
        Its processor time [s].
    reaped_s : float
        That of the children that it has waited for [s].
    started : int
        When it was started, in a unit of its own: two processes of one number differ in it.
    """

    parent: int
    is_kernel: bool
    own_s: float
    reaped_s: float
    started: int


PF_KTHREAD = 0x0020_0000
"""The flag of the kernel's threads (linux/sched.h)."""


def process_stat(proc: Path | str, pid: int) -> ProcessStat | None:
    """What the kernel says of a process; None where it has ended."""
    try:
        fields = beginning(f"{proc}/{pid}/stat").rpartition(b")")[2].split(maxsplit=20)
        user, system, reaped_user, reaped_system = map(int, fields[11:15])
        is_kernel = bool(int(fields[6]) & PF_KTHREAD)
    except (OSError, ValueError):
        return None
    own_s, reaped_s = (user + system) * TICK_S, (reaped_user + reaped_system) * TICK_S
    return ProcessStat(int(fields[1]), is_kernel, own_s, reaped_s, int(fields[19]))


class ProcessTree(AbstractSet[int]):
    """Processes and all their descendants: a set of process ids, and the CPU time of members past and present.

    Parameters
    ----------
    roots : Callable[[], Iterable[int]]
        The processes to begin with; asked again at every look, so that ranks may join.
    proc : Path
        Where procfs is mounted.
    reaped_s : Callable[[], float]
        CPU time of children that this process itself has waited for, if they are part of the tree [s].
    """

    def __init__(
        self, roots: Callable[[], Iterable[int]], proc: Path = Path("/proc"), reaped_s: Callable[[], float] = float
    ) -> None:
        self._roots = roots
        self._proc = str(proc)
        self._reaped_s = reaped_s
        self._members: dict[int, int] = {}
        self._strangers: dict[int, int] = {}
        self._next_scan = 0.0
        self._most_s = 0.0

    def __contains__(self, pid: object) -> bool:
        """Whether a living process belongs to the tree; asks for its ancestors where it is not known yet."""
        if not isinstance(pid, int) or pid in self._members:
            return isinstance(pid, int)
        self._add_roots()
        line: dict[int, int] = {}
        while pid > 0 and pid not in self._members:
            stat = self._stat(pid)
            if stat is None or self._strangers.get(pid) == stat.started:
                return False
            line[pid] = stat.started
            pid = stat.parent
        if pid in self._members:
            self._members.update(line)
        elif len(self._strangers) < MOST_STRANGERS:
            self._strangers.update(line)
        return pid in self._members

    def __iter__(self) -> Iterator[int]:
        """The members that are known."""
        return iter(tuple(self._members))

    def __len__(self) -> int:
        """How many are known."""
        return len(self._members)

    @classmethod
    def _from_iterable(cls, it: Iterable[T]) -> AbstractSet[T]:
        """What operations with other sets return."""
        return frozenset(it)

    def cpu_s(self) -> float:
        """CPU time so far [s]; never falls."""
        self._add_roots()
        now = monotonic()
        if self._members and now >= self._next_scan:
            began = thread_time()
            self.look()
            self._next_scan = now + max(SCAN_LEAST_S, (thread_time() - began) / SCAN_COST_RATIO)
        self._most_s = max(self._most_s, self._sum_s())
        return self._most_s

    def _add_roots(self) -> None:
        for pid in self._roots():
            stat = None if pid in self._members else self._stat(pid)
            if stat is not None:
                self._members[pid] = stat.started
                self._strangers = {}

    def _sum_s(self) -> float:
        total_s = self._reaped_s()
        for pid, started in list(self._members.items()):
            stat = self._stat(pid)
            if stat is None or stat.started != started:
                del self._members[pid]
                # A member whose parent waited for it lives on in the parent's `reaped_s`.
                continue
            total_s += stat.own_s + stat.reaped_s
        return total_s

    def look(self) -> None:
        """Searches for new members."""
        self._add_roots()
        # Parents come before their children, so that a child reaped while we read is missed once, never counted twice.
        waiting = [*self._members]
        seen: dict[int, int] = {}
        children = self._listed_children if self._lists_children() else self._parents_children()
        while waiting:
            pid = waiting.pop()
            stat = None if pid in seen else self._stat(pid)
            if stat is not None:
                seen[pid] = stat.started
                waiting.extend(children(pid))
        self._members = seen

    def _lists_children(self) -> bool:
        """Whether the kernel lists the children of a thread (CONFIG_PROC_CHILDREN)."""
        return any(os.path.exists(f"{self._proc}/{pid}/task/{pid}/children") for pid in self._members)

    def _listed_children(self, pid: int) -> list[int]:
        found: list[int] = []
        try:
            for thread in os.listdir(f"{self._proc}/{pid}/task"):
                with open(f"{self._proc}/{pid}/task/{thread}/children", "rb") as file:
                    found.extend(int(child) for child in file.read().split())
        except OSError:
            # The process or one of its threads ended while we looked; its children come with the next look.
            return found
        return found

    def _parents_children(self) -> Callable[[int], list[int]]:
        """Children by asking every process for its parent: slower, works everywhere."""
        by_parent: dict[int, list[int]] = {}
        for name in os.listdir(self._proc):
            stat = self._stat(int(name)) if name.isdigit() else None
            if stat is not None:
                by_parent.setdefault(stat.parent, []).append(int(name))
        return lambda pid: by_parent.get(pid, [])

    def _stat(self, pid: int) -> ProcessStat | None:
        return process_stat(self._proc, pid)
