"""Whose a process is, and what people call its unit.

By its control groups in any hierarchy, else by the Slurm job that started it, else by its user. Names come from files
of this machine alone: a directory service may take seconds to answer.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dcfoot.activity import process_stat
from dcfoot_probes.daemon.units.identity import unit_of_membership
from dcfoot_probes.daemon.units.slurm import JobRecords, job_in_environ
from dcfoot_probes.daemon.words import Unit, UnitKind

MOST_REMEMBERED = 10_000
"""So many processes and names are remembered before all are forgotten: more than a machine has at a time."""


class _Known(NamedTuple):
    started: int
    unit: Unit | None


class Owners:
    """Knows the unit of every process that it was asked for.

    Parameters
    ----------
    root : Path
        Below it are ``proc``, ``etc/passwd`` and ``run``.
    records : JobRecords
        Slurm's jobs on this machine.
    """

    def __init__(self, root: Path, records: JobRecords) -> None:
        self._proc = root / "proc"
        self._passwd = root / "etc/passwd"
        self._records = records
        self._known: dict[int, _Known] = {}
        self._named: dict[Unit, Unit] = {}

    def unit_of(self, pid: int) -> Unit | None:
        """The unit of a process; of one that has ended the last that was known, None if none was."""
        stat, known = process_stat(self._proc, pid), self._known.get(pid)
        if stat is None or (known is not None and known.started == stat.started):
            return known.unit if known else None
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        unit = self.find(pid)
        self._known[pid] = _Known(stat.started, unit)
        return unit

    def find(self, pid: int) -> Unit | None:
        """The unit of a living process, looked up afresh; None where it has ended."""
        process = self._proc / str(pid)
        try:
            unit = unit_of_membership((process / "cgroup").read_text().splitlines())
        except OSError:  # no such process, or a kernel without control groups
            unit = None
        try:
            return self.named(unit or self._of_user(process))
        except OSError:
            return None

    def named(self, unit: Unit) -> Unit:
        """The unit with what else is known of it, always the same for the same one."""
        key = replace(unit, user_id=None) if unit.kind is UnitKind.SLURM_JOB else unit
        named = self._named.get(key)
        if named is None:
            if len(self._named) >= MOST_REMEMBERED:
                self._named.clear()
            named = self._named[key] = self._with_name(unit)
        return named

    def _with_name(self, unit: Unit) -> Unit:
        if unit.kind is UnitKind.SLURM_JOB:
            record = self._records.of(unit.id)
            return replace(unit, name=record.user, user_id=record.user_id) if record else unit
        if unit.kind is UnitKind.USER:
            return replace(unit, name=self._user_name(unit.id))
        return unit

    def _of_user(self, process: Path) -> Unit:
        user_id = process.stat().st_uid
        job_id = job_in_environ(process, self._records, user_id)
        return Unit(UnitKind.SLURM_JOB, job_id) if job_id else Unit(UnitKind.USER, str(user_id), user_id=user_id)

    def _user_name(self, user_id: str) -> str:
        with suppress(OSError):
            for line in self._passwd.read_text(errors="replace").splitlines():
                name, _, number, *_ = (*line.split(":"), "", "", "")
                if number == user_id:
                    return name
        return ""
