"""One measurer for the ranks of one job on a machine, and for what runs inside a measured run.

N ranks that each report the whole machine say N times the truth. The first rank to come takes a lease and measures for
all; the others register with it, so that their processes count, and measure nothing. The lease is a lock of the kernel
on a file in a folder that only this user and this machine have, so that it is free again the instant its holder dies.
Nothing here raises: where the file system does not play along, each measures for itself, and says so.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from weakref import WeakSet
from zlib import crc32

from dcfoot.ranks import JobIdentity, job_identity
from dcfoot.store.process import ProcessMark, boot_id, mark_of, process_start

__all__ = ["JobIdentity", "Leader", "Member", "acquire", "job_identity", "join", "measured_by", "run_environment"]

PATIENCE_S = 2.0
"""How long a rank waits for one that has the lease to say who it is [s]; that takes it less than a millisecond."""

ROLL_CALL_S = 5.0
"""How often the leader looks whether its members live, if none has come or gone [s]."""


def run_environment(run_id: str) -> Mapping[str, str]:
    """What a measurer puts into its job's environment, so that a tracker in there knows that it is measured."""
    mark = mark_of(os.getpid())
    return {
        "DCFOOT_RUN_ID": run_id,
        "DCFOOT_RUN_PID": str(mark.pid),
        "DCFOOT_RUN_PROCESS": f"{mark.started} {mark.boot} {mark.namespace}",
    }


def measured_by(environ: Mapping[str, str], runtime_dir: Path | None = None) -> str | None:
    """The run that measures this process already; None where there is none.

    That is the one whose live measurer on this machine put its id into `environ`, else the one that measures an
    ancestor of this process.
    """
    return _named_measurer(environ) or _ancestors_measurer(runtime_dir)


def _named_measurer(environ: Mapping[str, str]) -> str | None:
    """The run of the live measurer that `environ` names.

    Where it holds no more than the measurer's process id, which another machine may have too, only an ancestor of this
    process is believed.
    """
    run_id, pid = environ.get("DCFOOT_RUN_ID"), environ.get("DCFOOT_RUN_PID", "")
    if not run_id or not pid.isdecimal():
        return None
    told = environ.get("DCFOOT_RUN_PROCESS", "").split(" ", 2)
    if len(told) < 3:
        return run_id if int(pid) in _ancestors() else None
    mark = ProcessMark(int(pid), *told)
    alive = mark.is_alive
    if alive is None:  # a container on this machine: its environment came from a live measurer
        alive = mark.boot == boot_id()
    return run_id if alive else None


def _ancestors_measurer(runtime_dir: Path | None) -> str | None:
    """The run that measures an ancestor of this process.

    `dcfoot.track()` leaves the environment of its process alone; but a measured process holds a lease, or has
    registered with whoever does.
    """
    try:
        leases = list((_own_folder(runtime_dir) if runtime_dir else _runtime_dir()).glob("*.lease"))
    except OSError:
        return None
    ancestors = {f"{pid}-{process_start(pid)}" for pid in _ancestors() if pid != os.getpid()} if leases else set[str]()
    return next(filter(None, (_holder(lease) for lease in leases if ancestors & set(_measured_in(lease)))), None)


def _measured_in(lease: Path) -> Iterator[str]:
    """The holder of a lease and those that registered with it, each as ``<pid>-<when it started>``."""
    told = _told(lease)
    if told is not None:
        yield f"{told[1].pid}-{told[1].started}"
    yield from (ticket.name for ticket in lease.with_suffix(".members").glob("*"))


def _ancestors() -> Iterator[int]:
    """The numbers of this process, its parent, and so on."""
    pid = os.getpid()
    while pid > 0:
        yield pid
        pid = _parent_of(pid)


def _parent_of(pid: int) -> int:
    """Field 4 of ``/proc/<pid>/stat`` (proc_pid_stat(5)); 0 where there is none."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return os.getppid() if pid == os.getpid() else 0


class Leader:
    """Who measures. Made by `acquire` and `Member.try_promote`.

    Parameters
    ----------
    run_id : str
        The run that holds the energy of all.
    place : Place or None
        Where the lease is; None for one that is alone.
    file : int or None
        The locked file.
    warning : str
        What the reader of the receipt must know; empty for nothing.
    """

    def __init__(
        self, run_id: str, place: "Place | None" = None, file: int | None = None, *, warning: str = ""
    ) -> None:
        self.run_id = run_id
        self.warning = warning
        self._place = place
        self._file = file
        self._members: frozenset[int] = frozenset()
        self._seen_ns = 0
        self._called_s = float("-inf")
        if file is not None:
            _forget_in_forked_children()
            _HELD.add(self)

    def member_pids(self) -> frozenset[int]:
        """The living processes of the other ranks on this machine. Cheap enough for every tick."""
        if self._place is None or self._file is None:
            return frozenset()
        try:
            changed_ns = self._place.members.stat().st_mtime_ns
        except OSError:
            return frozenset()
        if changed_ns != self._seen_ns or monotonic() - self._called_s > ROLL_CALL_S:
            self._seen_ns, self._called_s = changed_ns, monotonic()
            self._members = frozenset(_living(self._place.members))
        return self._members

    def release(self) -> None:
        """Gives the lease back; a member may take it."""
        if self._file is None or self._place is None:
            return
        with suppress(OSError):
            self._place.lease.unlink()
        with suppress(OSError):
            self._place.members.rmdir()  # fails, as it should, while there are members
        self.forget()

    def forget(self) -> None:
        """Closes this process's copy of the locked file; the lock is free when the last copy is closed."""
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
        self._file = None


class Member:
    """Whose energy another process measures. Made by `acquire`.

    Parameters
    ----------
    run_id : str
        The run that this process would measure.
    place : Place
        Where the lease is.
    leader_run_id : str
        The run that measures this process.
    """

    warning = ""

    def __init__(self, run_id: str, place: "Place", leader_run_id: str) -> None:
        self.run_id = run_id
        self._place = place
        self._leader_run_id = leader_run_id
        self._pid = os.getpid()
        self._ticket = place.members / f"{self._pid}-{process_start(self._pid)}"
        self._is_signed_on = True
        with suppress(OSError):
            place.members.mkdir(mode=0o700, exist_ok=True)
            self._ticket.touch(mode=0o600)

    @property
    def leader_run_id(self) -> str:
        """The run that measures this process now; the last one, where its measurer is gone."""
        self._leader_run_id = _holder(self._place.lease) or self._leader_run_id
        return self._leader_run_id

    def try_promote(self) -> Leader | None:
        """The lease, where its holder has died or given it back and no other member was faster; else None."""
        try:
            file = _lock(self._place.lease)
        except OSError:
            return None
        if file is None:
            return None
        self.release()
        return _lead(self.run_id, self._place, file)

    def release(self) -> None:
        """Signs off, once: the ticket may by then be that of another block of this process."""
        if self._is_signed_on and os.getpid() == self._pid:  # a forked child is no member
            self._is_signed_on = False
            with suppress(OSError):
                self._ticket.unlink()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lease is kept.

    Parameters
    ----------
    lease : Path
        The file that is locked; it names its holder.
    members : Path
        A folder with a file for each member.
    """

    lease: Path
    members: Path


def acquire(what: JobIdentity | str, run_id: str, runtime_dir: Path | None = None) -> Leader | Member:
    """Takes the lease, or registers with its holder. Never raises.

    Parameters
    ----------
    what : JobIdentity or str
        The ranks of the launch of a `JobIdentity` share one lease; where it is no launch, this process is its own
        leader. Or any key that the processes share.
    run_id : str
        The run that this process measures if it leads.
    runtime_dir : Path or None
        A folder of this user on this machine; None for the usual one.

    Returns
    -------
    Leader or Member
        A `Leader` with a warning where the file system does not allow a lease.
    """
    key = what.launch if isinstance(what, JobIdentity) else what
    if key is None:
        return Leader(run_id)
    try:
        return _acquire(_place(key, runtime_dir), run_id)
    except OSError as fault:
        return Leader(
            run_id,
            warning=(
                f"no lease could be had among the ranks of {key} ({fault}): each may have measured the whole machine, "
                "so add none of them to another"
            ),
        )


def join(environ: Mapping[str, str], runtime_dir: Path | None = None) -> Member | None:
    """Registers with the live measurer that `environ` names, if it leads a lease whose key is its run's id.

    For a process that is measured but no descendant of the measurer: what `srun` started from within `dcfoot run`.
    """
    run_id = measured_by(environ)
    if run_id is None:
        return None
    try:
        place = _place(run_id, runtime_dir)
    except OSError:
        return None
    return Member(run_id, place, run_id) if _holder(place.lease) == run_id else None


def _acquire(place: Place, run_id: str) -> Leader | Member:
    deadline_s = monotonic() + PATIENCE_S
    while True:
        file = _lock(place.lease)
        if file is not None:
            return _lead(run_id, place, file)
        leader_run_id = _holder(place.lease)
        if leader_run_id is not None:
            return Member(run_id, place, leader_run_id)
        if monotonic() > deadline_s:
            raise TimeoutError("its holder does not say who it is")
        sleep(0.005)


def _lock(path: Path) -> int | None:
    """The file, locked by this process; None where another holds it."""
    import fcntl

    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file_at(file, path):
                return file
        except BlockingIOError:
            os.close(file)
            return None
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its holder gave it back, and unlinked it, after we had opened it


def _is_file_at(file: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), os.stat(path, follow_symlinks=False))  # noqa: PTH116 (beside fstat)
    return False


def _lead(run_id: str, place: Place, file: int) -> Leader:
    mark = mark_of(os.getpid())
    try:
        os.ftruncate(file, 0)
        os.pwrite(file, "\n".join([run_id, *map(str, astuple(mark)), ""]).encode(), 0)
    except OSError:
        os.close(file)
        raise
    _clear_away_the_dead(place.lease)
    return Leader(run_id, place, file)


def _clear_away_the_dead(own: Path) -> None:
    """Removes what killed measurers left in the folder of `own`; what a member of theirs may take over stays."""
    for lease in own.parent.glob("*.lease"):
        told = None if lease == own else _told(lease)
        if told is None or told[1].is_alive is not False:
            continue
        members = lease.with_suffix(".members")
        with suppress(OSError):
            if not members.exists() or not any(_living(members)):
                file = _lock(lease)  # whoever takes it over at this moment has it
                if file is not None:
                    Leader(told[0], Place(lease, members), file).release()


def _holder(path: Path) -> str | None:
    """The run of the lease's living holder."""
    told = _told(path)
    if told is None:
        return None
    run_id, mark = told
    alive = mark.is_alive
    return run_id if alive or (alive is None and mark.boot == boot_id()) else None


def _told(path: Path) -> tuple[str, ProcessMark] | None:
    """The run and the process that a lease names."""
    try:
        run_id, pid, started, boot, namespace, _ = path.read_text().split("\n")
        return run_id, ProcessMark(int(pid), started, boot, namespace)
    except (OSError, ValueError):
        return None


def _living(members: Path) -> Iterator[int]:
    """The processes that registered and live; the tickets of others are taken away."""
    for ticket in members.iterdir():
        pid, _, started = ticket.name.partition("-")
        if pid.isdecimal() and process_start(int(pid)) == started:
            yield int(pid)
        else:
            with suppress(OSError):
                ticket.unlink()


def _place(key: str, runtime_dir: Path | None) -> Place:
    """Where the lease of `key` on this machine is; its folder is made. Raises OSError where none can be had."""
    folder = _own_folder(runtime_dir) if runtime_dir else _runtime_dir()
    distinct = crc32(f"{key}\n{boot_id()}".encode())  # the folder may be on a disk that machines share
    name = f"{re.sub('[^A-Za-z0-9._-]+', '-', key)[:80]}-{distinct:08x}"
    return Place(folder / f"{name}.lease", folder / f"{name}.members")


def _runtime_dir() -> Path:
    """A folder of this user on this machine: that of the login session (XDG base directories), else one in /tmp."""
    session = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if session.is_absolute():
        with suppress(OSError):
            return _own_folder(session / "dcfoot")
    return _own_folder(Path(os.environ.get("TMPDIR") or "/tmp") / f"dcfoot-{os.geteuid()}")  # noqa: S108 (checked to be ours)


def _own_folder(path: Path) -> Path:
    """The folder, made if need be. Raises OSError where it is not a folder that this user alone can write."""
    import stat

    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{path} is not a folder of yours")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


_HELD: WeakSet[Leader] = WeakSet()
"""Leases of this process."""


@cache
def _forget_in_forked_children() -> None:
    """A forked child shares the lock: it would keep the lease of a dead parent (flock(2))."""
    os.register_at_fork(after_in_child=_forget_all)


def _forget_all() -> None:
    for leader in list(_HELD):
        leader.forget()
