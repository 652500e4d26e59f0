"""Processor time of the processes that no control group tells apart, by their ``/proc/PID/stat``.

All of them are looked at as often as `LOOK_COST_RATIO` allows, in between those that were busy. Children that came and
went between two looks are in the time that their parents have reaped, which is counted less what was counted of them
while they lived.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import thread_time
from typing import NamedTuple

from dcfoot.activity import ProcessStat, process_stat
from dcfoot_probes.daemon.words import Unit

LOOK_COST_RATIO = 0.001
"""The part of one core that looks may take (a choice: a fifth of the 0.5 % that the daemon may cost in all)."""

LOOK_LEAST_S = 1.0
"""Never look more often than this [s] (a choice: the daemon's own pace)."""

BUSY_LEAST_S = 0.5
"""Never read busy processes more often than this [s]: a twentieth of it is the kernel's tick (proc_pid_stat(5))."""

MOST_BUSY = 64
"""So many are read between looks (a choice: a server's job has a process a GPU and a dozen that load data each)."""


class _Seen(NamedTuple):
    """A process when it was last read (its reaped time: last looked at), and whose it is."""

    stat: ProcessStat
    unit: Unit | None


class LooseProcesses:
    """The processes of one place.

    Parameters
    ----------
    proc : Path
        Where procfs is mounted.
    unit_of : Callable[[int], Unit or None]
        Whose a process is.
    clock_s : Callable[[], float]
        The monotonic clock [s].
    """

    def __init__(self, proc: Path, unit_of: Callable[[int], Unit | None], clock_s: Callable[[], float]) -> None:
        self._proc = str(proc)
        self._unit_of = unit_of
        self._clock_s = clock_s
        self._seen: dict[int, _Seen] = {}
        self._kernel: set[int] = set()
        self._busy: list[int] = []
        self._counted_s: dict[int, float] = {}
        self._newest = -1
        self._next_look_s = self._next_read_s = float("-inf")
        self._used_s: dict[Unit, float] = {}
        self._gains_s: dict[int, float] = {}

    def used_s(self, pids: Callable[[], Iterable[int]], *, reaped: bool) -> Mapping[Unit, float]:
        """What each unit was found to have used since the last call [s]; nothing at the first.

        Parameters
        ----------
        pids : Callable[[], Iterable[int]]
            Lists the processes; called at looks only.
        reaped : bool
            Whether time of children that were waited for counts: it must not where they may have been in a group.
        """
        now_s = self._clock_s()
        if now_s < self._next_read_s:
            return {}
        self._next_read_s = now_s + BUSY_LEAST_S
        self._used_s, self._gains_s = {}, {}
        if now_s >= self._next_look_s:
            began_s, first = thread_time(), self._newest < 0
            self._look(set(pids()), reaped=reaped)
            cost_s = 0.0 if first else thread_time() - began_s  # only the second tells who is busy
            self._next_look_s = now_s + max(LOOK_LEAST_S, cost_s / LOOK_COST_RATIO)
        else:
            for pid in self._busy:
                self._read(pid, reaped=False)
        return self._used_s

    def _look(self, listed: set[int], *, reaped: bool) -> None:
        late_s = dict(self._counted_s)
        for pid in self._seen.keys() - listed:
            self._end(pid)
        self._kernel &= listed
        # Parents, which are older, come before their children: one that is reaped meanwhile is not counted twice.
        for pid in sorted(listed - self._kernel, key=self._age):
            self._read(pid, reaped=reaped)
        # What no parent has reaped by the second look none will: it ignores its children's ends (wait(2)), or ended.
        left_s = {pid: seconds - late_s.get(pid, 0.0) for pid, seconds in self._counted_s.items()}
        self._counted_s = {pid: seconds for pid, seconds in left_s.items() if seconds > 0.0}
        self._newest = max((seen.stat.started for seen in self._seen.values()), default=-1)
        self._busy = sorted(self._gains_s, key=self._gains_s.__getitem__, reverse=True)[:MOST_BUSY]
        self._busy.sort(key=self._age)

    def _age(self, pid: int) -> tuple[float, int]:
        seen = self._seen.get(pid)
        return (seen.stat.started if seen else float("inf")), pid

    def _read(self, pid: int, *, reaped: bool) -> None:
        stat = process_stat(self._proc, pid)
        before = self._seen.get(pid)
        if before is not None and (stat is None or stat.started != before.stat.started):
            self._end(pid)
            before = None
        if stat is None:
            return
        if stat.is_kernel:
            self._kernel.add(pid)
            return
        last = before or self._first(pid, stat)
        gained_s = max(stat.own_s - last.stat.own_s, 0.0)
        if reaped:
            gained_s += self._reaped_s(pid, stat.reaped_s - last.stat.reaped_s)
        self._seen[pid] = _Seen(stat if reaped else stat._replace(reaped_s=last.stat.reaped_s), last.unit)
        if gained_s > 0.0:
            self._gains_s[pid] = gained_s
            if last.unit is not None:
                self._used_s[last.unit] = self._used_s.get(last.unit, 0.0) + gained_s

    def _first(self, pid: int, stat: ProcessStat) -> _Seen:
        """A process that is seen for the first time: its time counts if it was started since the last look."""
        fresh = 0 <= self._newest <= stat.started
        return _Seen(stat._replace(own_s=0.0, reaped_s=0.0) if fresh else stat, self._unit_of(pid))

    def _reaped_s(self, pid: int, more_s: float) -> float:
        """What a process has reaped less what was counted of the same children before."""
        if more_s <= 0.0:
            return 0.0
        counted_s = min(self._counted_s.get(pid, 0.0), more_s)
        if counted_s:
            self._counted_s[pid] -= counted_s
        return more_s - counted_s

    def _end(self, pid: int) -> None:
        """A process ended: what was counted of it comes again when its parent reaps it."""
        stat = self._seen.pop(pid).stat
        self._counted_s[stat.parent] = self._counted_s.get(stat.parent, 0.0) + stat.own_s + stat.reaped_s
