"""Which job this process is a part of, as launchers and batch systems tell it in the environment.

A job may have nodes, launches (each a set of ranks), and ranks. What comes in is an environment, what goes out is a
`JobIdentity`; nothing else is looked at but the parent process where a launch has no name.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dcfoot.store.process import process_start

SCHEDULERS = {"SLURM_JOB_ID": "slurm", "PBS_JOBID": "pbs", "LSB_JOBID": "lsf", "FLUX_JOB_ID": "flux"}
"""The variable in which a batch system names its job (sbatch(1), qsub(1B), bsub(1), flux-environment(7))."""

RANKS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID")
LOCAL_RANKS = ("LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID")
"""Rank in the job and on the machine, the innermost launcher first: torchrun, Open MPI, PMIx, MPICH and Intel MPI,
Slurm (PyTorch's torchrun page, mpirun(1), Intel MPI's environment reference, srun(1)). A torchrun inside a Slurm step
starts several ranks that share one SLURM_PROCID."""

MPI_LAUNCHES = ("PMIX_NAMESPACE", "OMPI_MCA_ess_base_jobid")
"""What all ranks of one mpirun share (PMIx standard, "pmix.nspace"; Open MPI 4)."""

UNNAMED_TORCH_RUNS = frozenset({"", "none"})
"""torchrun's TORCHELASTIC_RUN_ID where nobody gave an id (`--rdzv-id`'s default)."""


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """What the environment says about the job that this process is a part of.

    Parameters
    ----------
    job : str
        What all its ranks and nodes share: ``"slurm-4711"``.
    rank, local_rank : int or None
        Number of this process in the job, and on this machine.
    launch : str or None
        What the ranks of one launch share, and no other processes do; None where this process is not one of several.
        Two programs that a batch script runs side by side are one job, but not one launch.
    source : str
        The variables that told.
    """

    job: str
    rank: int | None
    local_rank: int | None
    launch: str | None
    source: str


def job_identity(environ: Mapping[str, str], launcher: str | None = None) -> JobIdentity | None:
    """The job that this process is a part of; None where nothing tells of one.

    Parameters
    ----------
    environ : Mapping[str, str]
        The environment.
    launcher : str or None
        Stands for the launch where a rank is known and no name of the launch; None for this process's parent.
    """
    scheduled = next(
        ((name, f"{kind}-{environ[name]}") for name, kind in SCHEDULERS.items() if environ.get(name)), None
    )
    launch = dict(_launch_evidence(environ))
    rank, local_rank = _first_number(environ, RANKS), _first_number(environ, LOCAL_RANKS)
    if not launch and _is_rank_of_unnamed_launch(environ):
        launch = {"parent": f"launch-{launcher or _parent()}"}
    if scheduled is None and not launch:
        return None
    names = [*([scheduled[0]] if scheduled else []), *launch]
    parts = [*([scheduled[1]] if scheduled else []), *launch.values()]
    return JobIdentity(
        job=parts[0],
        rank=rank[1] if rank else None,
        local_rank=local_rank[1] if local_rank else None,
        launch="/".join(parts) if launch else None,
        source=", ".join([*names, *(found[0] for found in (rank, local_rank) if found)]),
    )


def _launch_evidence(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variable and name of every launch that this process is a rank of, the outermost first."""
    step = environ.get("SLURM_STEP_ID")
    if step and environ.get("SLURM_STEP_NUM_TASKS", "2") != "1":
        yield "SLURM_STEP_ID", f"step-{step}"
    for name in MPI_LAUNCHES:
        if environ.get(name):
            yield name, f"mpi-{environ[name]}"
            break
    if "RANK" in environ or "LOCAL_RANK" in environ:
        yield from _torch_evidence(environ)


def _torch_evidence(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    run_id, master = environ.get("TORCHELASTIC_RUN_ID", ""), environ.get("MASTER_ADDR", "")
    if run_id not in UNNAMED_TORCH_RUNS:
        yield "TORCHELASTIC_RUN_ID", f"torch-{run_id}"
    elif master:
        yield "MASTER_ADDR", f"torch-{master}:{environ.get('MASTER_PORT', '')}"


def _is_rank_of_unnamed_launch(environ: Mapping[str, str]) -> bool:
    """Whether a launcher numbered this process; a batch script has a SLURM_PROCID too and is no rank."""
    return any(environ.get(name, "").isdecimal() for name in (*RANKS, *LOCAL_RANKS) if not name.startswith("SLURM_"))


def _first_number(environ: Mapping[str, str], names: Iterable[str]) -> tuple[str, int] | None:
    return next(((name, int(environ[name])) for name in names if environ.get(name, "").isdecimal()), None)


def _parent() -> str:
    """The process that started this one: the launcher, for each of its ranks on this machine."""
    return f"{os.getppid()}-{process_start(os.getppid())}"
