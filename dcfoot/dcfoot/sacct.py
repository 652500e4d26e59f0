"""What Slurm itself counted for a job, beside what was measured: a line for the receipt of the job.

Slurm counts the energy of whole nodes (``ConsumedEnergyRaw``; sacct(1): it is the job's own only where the job had them
for itself), by meters that an operator chose: packages and memory, or the wall. So it is a cross-check, no meter.
"""

import shutil
import subprocess
from typing import NamedTuple

from dcfoot.measurement import Measurement
from dcfoot.reading import Domain

FIELDS = ("JobIDRaw", "ConsumedEnergyRaw", "AllocNodes", "AllocCPUS")

NOT_GATHERED = frozenset({"", "0", "4294967294", "18446744073709551614"})
"""What stands for no figure of energy: none, no plug-in, and NO_VAL of 32 and 64 bits (slurm.h)."""

TIMEOUT_S = 5.0
"""How long Slurm's database may take to answer [s] (a choice: a receipt can be had without it)."""


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


def cross_check(measurement: Measurement) -> str | None:
    """A line that sets Slurm's figure beside ours; None for another job than Slurm's, or where sacct says nothing.

    Parameters
    ----------
    measurement : Measurement
        All runs of the job as one.
    """
    scheduler, _, job_id = (measurement.job or "").partition("-")
    if scheduler != "slurm":
        return None
    slurm = read(_asked(job_id), job_id)
    return None if slurm is None or slurm.energy_j is None else _compared(measurement, slurm, slurm.energy_j)


def read(text: str, job_id: str) -> SlurmEnergy | None:
    """A job in the answer of sacct, asked for `FIELDS`; None where it is not there.

    Parameters
    ----------
    text : str
        What sacct printed.
    job_id : str
        The job's number.
    """
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == len(FIELDS) and fields[0] == job_id and fields[2].isdecimal() and fields[3].isdecimal():
            is_known = fields[1].isdecimal() and fields[1] not in NOT_GATHERED
            return SlurmEnergy(float(fields[1]) if is_known else None, int(fields[2]), int(fields[3]))
    return None


def _asked(job_id: str) -> str:
    sacct = shutil.which("sacct")
    if sacct is None or not job_id.isdecimal():
        return ""
    command = [sacct, "-X", "-n", "-P", "-j", job_id, "-o", ",".join(FIELDS)]
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=TIMEOUT_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _compared(measurement: Measurement, slurm: SlurmEnergy, theirs_j: float) -> str:
    said = f"Slurm counted {theirs_j:.0f} J for this job (sacct, ConsumedEnergyRaw)"
    hosts, threads = len(measurement.hosts), measurement.machine.cpu_threads
    if slurm.nodes_count != hosts:
        return f"{said} on {slurm.nodes_count} nodes; {hosts} of them measured here, so the two cannot be compared"
    if threads is None or slurm.cpus_count < hosts * threads:
        return f"{said}, which is all of nodes that it shared, so the two cannot be compared"
    chips = [energy.energy_j for energy in measurement.channels if energy.meter.channel.domain is not Domain.NODE]
    ours_j = sum(chips)
    return f"{said}; the meters of chips saw {ours_j:.0f} J here ({ours_j / theirs_j - 1.0:+.1%})"
