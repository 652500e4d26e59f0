"""Slurm's jobs on this machine: what the prolog wrote down, and what Slurm itself says that they used.

`JobRecords` reads the files that deploy/slurm/prolog.sh writes and epilog.sh removes. Slurm's own figure of energy is
a cross-check, and only for a job that had its nodes for itself: Slurm counts whole nodes.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dcfoot_probes.daemon.words import Unit, UnitKind

JOBS_FOLDER = "run/dcfoot/jobs"
"""Where the prolog writes: root alone may, and a reboot empties it."""

NOT_GATHERED = frozenset({"", "0", "4294967294", "18446744073709551614"})
"""What stands for no figure of energy: none, no plug-in, and NO_VAL of 32 and 64 bits (slurm.h)."""

SACCT_FIELDS = ("JobIDRaw", "ConsumedEnergyRaw", "AllocNodes", "AllocCPUS")
"""What `read_sacct` needs: ``sacct -X -n -P -j JOB -o`` these (sacct(1))."""


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
        The devices that it was given, by their order on the bus.
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
        self._folder = root / JOBS_FOLDER

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
        """All of them, by number."""
        try:
            names = sorted(entry.name for entry in self._folder.iterdir() if entry.name.isdecimal())
        except OSError:
            return []
        return [record for name in names if (record := self.of(name)) is not None]

    def allocated(self, devices: Sequence[str]) -> Mapping[str, list[Unit]]:
        """By device: the jobs that were given it.

        Parameters
        ----------
        devices : Sequence of str
            The machine's accelerators in the order of the bus.
        """
        given: dict[str, list[Unit]] = {}
        for record in self.all():
            unit = Unit(UnitKind.SLURM_JOB, record.job_id, record.user, record.user_id)
            for number in record.gpus:
                if number < len(devices):
                    given.setdefault(devices[number], []).append(unit)
        return given


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


class SlurmEnergy(NamedTuple):
    """What Slurm says of a job.

    Parameters
    ----------
    energy_j : float or None
        All that its nodes took; None where Slurm gathers none [J].
    nodes_count, cpus_count : int
        What it was given, in all.
    """

    energy_j: float | None
    nodes_count: int
    cpus_count: int


def read_sacct(text: str, job_id: str) -> SlurmEnergy | None:
    """A job in the answer of sacct, asked for `SACCT_FIELDS`; None where it is not there.

    Parameters
    ----------
    text : str
        What sacct printed.
    job_id : str
        The job's number.
    """
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == len(SACCT_FIELDS) and fields[0] == job_id:
            energy = None if fields[1] in NOT_GATHERED or not fields[1].isdecimal() else float(fields[1])
            nodes, cpus = (int(field) if field.isdecimal() else 0 for field in fields[2:])
            return SlurmEnergy(energy, nodes, cpus)
    return None


def cross_check(job_id: str, energy_j: float, slurm: SlurmEnergy | None, processors_count: int) -> str:
    """A line that sets Slurm's figure beside ours, or says why the two cannot be compared.

    Parameters
    ----------
    job_id : str
        The job's number.
    energy_j : float
        What we attributed to it on this machine [J].
    slurm : SlurmEnergy or None
        What Slurm says of it.
    processors_count : int
        Logical processors of this machine.
    """
    ours = f"job {job_id}: {energy_j:.0f} J"
    if slurm is None:
        return f"{ours}; sacct does not know the job"
    if slurm.energy_j is None:
        return f"{ours}; Slurm gathers no energy (AcctGatherEnergyType)"
    theirs = f"{ours}; Slurm says {slurm.energy_j:.0f} J"
    if slurm.nodes_count != 1:
        return f"{theirs} for {slurm.nodes_count} nodes, of which this is one: not comparable"
    if slurm.cpus_count < processors_count:
        return f"{theirs} for the whole node, which the job shared: not comparable"
    return f"{theirs}: {energy_j / slurm.energy_j - 1.0:+.1%}"
