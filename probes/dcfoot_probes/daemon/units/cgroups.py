"""Processor time by control group: one small file a unit each tick, whatever the number of processes.

A group's counter holds that of all groups in it, those included that have ended. What is not a smaller unit's is the
larger one's own, so that units add up and a group that came and went between two ticks is still counted. The tree is
walked only where the kernel's count of groups changed, or after `WALK_S`; a folder is listed only where its own number
of links did.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from dcfoot.activity import beginning, seconds_in
from dcfoot_probes.daemon.units.identity import unit_of_path
from dcfoot_probes.daemon.words import Unit, UnitKind

WALK_S = 30.0
"""How often the tree is walked while the count of groups stands still [s] (a choice: a unit that ended is found by its
counter at once, so this is for a group that begins while one that is no unit's beginning ends)."""

HELD_COUNT = 256
"""So many counters of a hierarchy are held open between ticks, which saves a third of what reading them takes (a
choice: a quarter of the files that systemd lets a process have, systemd.exec(5); the others are opened each time)."""

COUNTER_BYTES = 64
"""So much of a counter's file is read: the first line of ``cpu.stat`` is ``usage_usec`` (Linux, cgroup-v2.rst), and a
64-bit integer has 20 digits."""

CHOOSE_S = 60.0
"""How often hierarchies are compared [s] (a choice: runtimes are set up once)."""


@dataclass(slots=True)
class _Folder:
    """A folder of the tree: whose it is, how many links it had when it was listed, and what is in it."""

    path: str
    unit: Unit | None = None
    links: int = 0
    inner: dict[str, "_Folder"] = field(default_factory=dict[str, "_Folder"])


class _Held:
    """A counter's file, open for as long as this lives. That of a group that has ended cannot be read any more."""

    __slots__ = ("file",)

    def __init__(self, file: int) -> None:
        self.file = file

    def __del__(self) -> None:
        """Gives the file back."""
        os.close(self.file)


@dataclass(slots=True, eq=False)
class _Group:
    """A group that begins a unit."""

    file: str
    unit: Unit
    holder: "_Group | None"
    held: _Held | None = None
    told: bytes = b""
    used_s: float = 0.0
    gained_s: float = 0.0
    inner_s: float = 0.0
    given_s: float = 0.0
    owed_s: float = 0.0
    ended: list["_Group"] = field(default_factory=list["_Group"])


class CgroupTree:
    """The groups of one hierarchy.

    Parameters
    ----------
    base : Path
        Its root: ``/sys/fs/cgroup``.
    counter : str
        The file that counts: ``cpu.stat`` or ``cpuacct.usage``.
    count : Callable[[], bytes]
        Something that changes with the number of groups; may raise `OSError`.
    clock_s : Callable[[], float]
        The monotonic clock [s].
    """

    def __init__(self, base: Path, counter: str, count: Callable[[], bytes], clock_s: Callable[[], float]) -> None:
        self.base = base
        self._counter = counter
        self._count = count
        self._clock_s = clock_s
        self._top = _Folder(str(base))
        self._groups: dict[str, _Group] = {}
        self._told = b""
        self._walk_s = float("-inf")
        self._held_count = 0

    @property
    def units(self) -> set[Unit]:
        """The units that have a group, as far as it is a thing with a name."""
        return {group.unit for group in self._groups.values() if group.unit.kind is not UnitKind.SYSTEM}

    @property
    def tells_apart(self) -> bool:
        """Whether there is any group but the root."""
        return bool(self._groups)

    def loose_pids(self) -> list[int]:
        """The processes that are in no group but the root; they are seen as our own process sees them."""
        try:
            return [int(pid) for pid in (self.base / "cgroup.procs").read_bytes().split() if pid != b"0"]
        except OSError:
            return []

    def used_s(self) -> Mapping[Unit, float]:
        """What each unit used since the last call [s]; nothing at the first."""
        self._walk_if_due()
        used_s: dict[Unit, float] = {}
        for group in reversed(self._groups.values()):  # those inside come before those that hold them
            if self._read(group):
                _settle(group, used_s)
        return used_s

    def _read(self, group: _Group) -> bool:
        """Whether the group is still there; what it gained is what its holder's holds too."""
        holder = group.holder
        try:
            told = os.pread(group.held.file, COUNTER_BYTES, 0) if group.held else self._opened(group)
            if told == group.told:  # most groups of a machine do nothing most of the time
                group.gained_s = 0.0
                return True
            now_s = seconds_in(told)
        except (OSError, ValueError):
            self._told, group.told, group.holder, group.held = b"", b"", None, None
            if holder is not None:
                holder.ended.append(group)
            return False
        # One that ended and came again under its name counts from 0, and was given some of that when it ended.
        counted_s = now_s - group.used_s if now_s >= group.used_s else now_s
        group.gained_s, group.used_s, group.given_s = max(counted_s - group.given_s, 0.0), now_s, 0.0
        group.told = told
        if holder is not None:
            holder.inner_s += group.gained_s
        return True

    def _opened(self, group: _Group) -> bytes:
        """What a counter tells that is not held open, or not yet."""
        if self._held_count >= HELD_COUNT:
            return beginning(group.file)
        group.held = _Held(os.open(group.file, os.O_RDONLY))
        self._held_count += 1
        return os.pread(group.held.file, COUNTER_BYTES, 0)

    def _walk_if_due(self) -> None:
        try:
            told = self._count()
        except OSError:
            told = b""
        now_s = self._clock_s()
        if told and told == self._told and now_s - self._walk_s < WALK_S:
            return
        first = not self._groups
        self._told, self._walk_s = told, now_s
        before, self._groups = self._groups, {}
        self._walk(self._top, "", None, before)
        for path in before.keys() - self._groups.keys():
            holder = before[path].holder
            if holder is not None:
                holder.ended.append(before[path])
        self._held_count = sum(group.held is not None for group in self._groups.values())
        for group in self._groups.values() if first else ():
            with suppress(OSError, ValueError):
                group.told = self._opened(group)
                group.used_s = seconds_in(group.told)

    def _walk(self, folder: _Folder, path: str, holder: _Group | None, before: Mapping[str, _Group]) -> None:
        unit = folder.unit
        if unit is not None and (holder is None or unit != holder.unit):
            file = f"{folder.path}/{self._counter}"
            group = self._groups[path] = before.get(path) or _Group(file, unit, holder)
            group.holder = holder
            holder = group
        if unit is not None and unit.kind is UnitKind.SLURM_JOB:
            return
        try:
            _list(folder, path)
        except OSError:  # it has ended
            return
        for name, inner in folder.inner.items():
            self._walk(inner, f"{path}/{name}", holder, before)


def _list(folder: _Folder, path: str) -> None:
    """Lists what is in a folder, if that may have changed: each folder in it is a link to it.

    File systems that count no links say 1.
    """
    links = os.stat(folder.path).st_nlink  # noqa: PTH116 (hundreds)
    if links == folder.links and links > 1:
        return
    with os.scandir(folder.path) as entries:
        names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    folder.inner = {
        name: folder.inner.get(name) or _Folder(f"{folder.path}/{name}", unit_of_path(f"{path}/{name}"))
        for name in names
    }
    folder.links = links


def _settle(group: _Group, used_s: dict[Unit, float]) -> None:
    """Adds what a group used that no smaller unit has, and settles its accounts.

    A group in it that ended since the tick before gets as much of that as it had used in that tick. Where the groups in
    it counted more than it did (they are read a moment earlier, and one that is found late brings time that was the
    holder's), the next ticks make up for it.
    """
    own_s = group.gained_s - group.inner_s + group.owed_s
    group.inner_s = 0.0
    group.owed_s, left_s = (own_s, 0.0) if own_s < 0.0 else (0.0, own_s)
    if group.ended:
        for one in group.ended:
            one.given_s = min(one.gained_s, left_s)
            left_s -= one.given_s
            used_s[one.unit] = used_s.get(one.unit, 0.0) + one.given_s
        group.ended = []
    if left_s > 0.0:
        used_s[group.unit] = used_s.get(group.unit, 0.0) + left_s


class Cgroups:
    """The hierarchy that tells most units apart: the only one of version 2, in a hybrid whichever the runtimes use.

    Parameters
    ----------
    root : Path
        Below it are ``sys/fs/cgroup`` and ``proc``.
    clock_s : Callable[[], float]
        The monotonic clock [s].
    """

    def __init__(self, root: Path, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._trees = list(_hierarchies(root, clock_s))
        self._choose_s = float("-inf")
        self.tree: CgroupTree | None = None

    def used_s(self) -> Mapping[Unit, float]:
        """What each unit used since the last call [s]; nothing where hierarchies changed."""
        now_s = self._clock_s()
        if now_s - self._choose_s < CHOOSE_S:
            return self.tree.used_s() if self.tree else {}
        self._choose_s = now_s
        used_s = {id(tree): tree.used_s() for tree in self._trees}
        best = max(self._trees, key=lambda tree: len(tree.units), default=None)
        same = best is self.tree
        self.tree = best
        return used_s[id(best)] if best and same else {}


def _hierarchies(root: Path, clock_s: Callable[[], float]) -> Iterator[CgroupTree]:
    mounted = root / "sys/fs/cgroup"
    if (mounted / "cgroup.controllers").exists():
        yield _version_2(mounted, clock_s)
        return
    listed = f"{root}/proc/cgroups"
    for name in ("cpuacct", "cpu,cpuacct"):
        base = mounted / name
        if (base / "cpuacct.usage").exists():
            yield CgroupTree(base, "cpuacct.usage", lambda: _line(beginning(listed), b"cpuacct\t"), clock_s)
            break
    if (mounted / "unified/cgroup.controllers").exists():
        yield _version_2(mounted / "unified", clock_s)


def _version_2(base: Path, clock_s: Callable[[], float]) -> CgroupTree:
    return CgroupTree(base, "cpu.stat", lambda: _line(beginning(f"{base}/cgroup.stat"), b"nr_descendants "), clock_s)


def _line(text: bytes, start: bytes) -> bytes:
    """The line of a file that starts so."""
    return start + text.partition(start)[2].partition(b"\n")[0]
