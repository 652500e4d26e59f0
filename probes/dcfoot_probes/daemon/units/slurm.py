"""Slurm's jobs on this machine: what the prolog wrote down of each.

`JobRecords` reads the files that deploy/slurm/prolog.sh writes and epilog.sh removes.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.units.gres import numbered
from dcfoot_probes.daemon.words import Unit, UnitKind

JOBS_FOLDER = "run/dcfoot-jobs"
"""Where the prolog writes: root alone may, a reboot empties it, and a restart of the daemon leaves it as it is."""


class JobRecord(NamedTuple):
    """What the prolog wrote of a job.

    Parameters
    ----------
    job_id : str
        Its number.
    user_id : int
        Whose it is.
    user : str
        That user's name.
    started_utc_s : int
        When the prolog ran [s since 1970 UTC].
    gpus : tuple of int
        The devices that it was given, by Slurm's numbers.
    """

    job_id: str
    user_id: int
    user: str
    started_utc_s: int
    gpus: tuple[int, ...]


class JobRecords:
    """The records of the jobs that are on this machine now.

    Parameters
    ----------
    root : Path
        Below it is ``run``.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / JOBS_FOLDER
        self._numbered: tuple[Sequence[str], Sequence[str]] = (), ()
        self._known: list[JobRecord] = []
        self._known_ns = 0

    def __bool__(self) -> bool:
        """Whether a prolog has ever run since the machine was started."""
        return self._folder.is_dir()

    def of(self, job_id: str) -> JobRecord | None:
        """The record of a job; None where there is none that can be read."""
        try:
            text = (self._folder / job_id).read_text()
            known = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
            gpus = tuple(int(number) for number in known.get("gpus", "").split(",") if number.isdecimal())
            return JobRecord(job_id, int(known["uid"]), known.get("user", ""), int(known["start"]), gpus)
        except (OSError, ValueError, KeyError):
            return None

    def all(self) -> list[JobRecord]:
        """All of them, by number; read again where one came or went."""
        try:
            changed_ns = os.stat(self._folder).st_mtime_ns  # noqa: PTH116 (each tick)
            if changed_ns == self._known_ns:
                return self._known
            names = sorted(entry.name for entry in self._folder.iterdir() if entry.name.isdecimal())
        except OSError:
            return []
        self._known = [record for name in names if (record := self.of(name)) is not None]
        self._numbered = (), ()
        # A second change within the file system's tick would not be seen.
        self._known_ns = changed_ns if time.time_ns() - changed_ns > NS_PER_S else 0
        return self._known

    def allocated(self, devices: Sequence[str]) -> Mapping[str, list[Unit]]:
        """By device: the jobs that were given it.

        Parameters
        ----------
        devices : Sequence of str
            The machine's accelerators that have a meter, in the order of the bus.
        """
        given: dict[str, list[Unit]] = {}
        for record in self.all():
            unit = Unit(UnitKind.SLURM_JOB, record.job_id, record.user, record.user_id)
            known = self._by_number(devices) if record.gpus else ()
            for device in (known[number] for number in record.gpus if number < len(known)):
                if device in devices:
                    given.setdefault(device, []).append(unit)
        return given

    def _by_number(self, devices: Sequence[str]) -> Sequence[str]:
        """The accelerators by Slurm's numbers, looked for where jobs or the metered ones are others than before.

        Where the kernel tells of none (they are another maker's), those that are metered are all that is known.
        """
        before, known = self._numbered
        if devices != before:
            found = numbered(self._root)
            known = found if any(found) else devices
            self._numbered = devices, known
        return known


def job_in_environ(process: Path, records: JobRecords, user_id: int) -> str | None:
    """The job that a process says it is of, where Slurm has no control groups (proctrack/linuxproc).

    It is believed only of a job that runs here and is of the same user: anybody may set a variable.

    Parameters
    ----------
    process : Path
        ``/proc/PID``.
    records : JobRecords
        Slurm's jobs on this machine.
    user_id : int
        Whose process it is.
    """
    if not records:
        return None
    try:
        found = re.search(rb"(?:^|\0)SLURM_JOB_ID=(\d+)(?:\0|$)", (process / "environ").read_bytes())
    except OSError:
        return None
    record = records.of(found[1].decode()) if found else None
    return record.job_id if record and record.user_id == user_id else None
