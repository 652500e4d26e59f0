"""Which process did something, told so that no other can be mistaken for it.

Process ids are reused, are local to a machine (and to a container), and start again after a reboot. A `ProcessMark`
holds what makes one unique, and can say whether that process still lives, as far as that can be seen from here.
"""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DEAD_STATES = frozenset({"Z", "X", "x"})
"""States in ``/proc/<pid>/stat`` of a process that has ended (proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class ProcessMark:
    """One process of one boot of one machine.

    Parameters
    ----------
    pid : int
        Its number in its namespace.
    started : str
        When it started, in the machine's own count; empty where that cannot be known.
    boot : str
        Identifies the machine and its boot.
    namespace : str
        The namespace in which `pid` holds: a container has its own.
    """

    pid: int
    started: str
    boot: str
    namespace: str

    @property
    def is_alive(self) -> bool | None:
        """Whether the process still runs; None where it cannot be seen from here (another machine or container)."""
        if not self.started or (self.boot, self.namespace) != (boot_id(), pid_namespace()):
            return None
        started = process_start(self.pid)
        return self.started == started if started or not _is_hidden(self.pid) else None


def mark_of(pid: int) -> ProcessMark:
    """The mark of a process of this machine."""
    return ProcessMark(pid, process_start(pid), boot_id(), pid_namespace())


def process_start(pid: int) -> str:
    """When a process started [clock ticks since boot]; empty if there is no such process or it has ended.

    Field 22 of ``/proc/<pid>/stat`` (proc_pid_stat(5)); elsewhere what psutil knows.
    """
    try:
        after_name = Path(f"/proc/{pid}/stat").read_bytes().decode("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _start_without_procfs(pid)
    return "" if after_name[0] in DEAD_STATES else after_name[19]


@cache
def boot_id() -> str:
    """Identifies this machine and its boot: the kernel's random id (random(4)), else the host's name."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return f"host {os.uname().nodename}"


def pid_namespace() -> str:
    """The namespace of process ids that this process lives in (pid_namespaces(7)); empty where there are none."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _is_hidden(pid: int) -> bool:
    """Whether there is such a process of another user, which procfs mounted with hidepid does not show (proc(5))."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return False


def _start_without_procfs(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else str(process.create_time())
    except psutil.Error:
        return ""
