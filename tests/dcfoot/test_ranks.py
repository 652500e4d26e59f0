"""What launchers and batch systems tell in the environment, as their own documentation lists it."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from dcfoot.ranks import job_identity

SLURM_STEP = {"SLURM_JOB_ID": "4711", "SLURM_STEP_ID": "0", "SLURM_PROCID": "9", "SLURM_LOCALID": "1"}
TORCHRUN = {
    "RANK": "5",
    "LOCAL_RANK": "1",
    "TORCHELASTIC_RUN_ID": "none",
    "MASTER_ADDR": "node1",
    "MASTER_PORT": "29500",
}


@pytest.mark.parametrize(
    ("environ", "job", "rank", "local_rank", "launch"),
    [
        # As srun(1) lists under "Output environment variables".
        (SLURM_STEP, "slurm-4711", 9, 1, "slurm-4711/step-0"),
        ({**SLURM_STEP, "SLURM_STEP_NUM_TASKS": "8"}, "slurm-4711", 9, 1, "slurm-4711/step-0"),
        # As PyTorch's page of torchrun lists under "Environment Variables".
        (TORCHRUN, "torch-node1:29500", 5, 1, "torch-node1:29500"),
        ({**TORCHRUN, "TORCHELASTIC_RUN_ID": "my-run"}, "torch-my-run", 5, 1, "torch-my-run"),
        # torchrun in a batch script, and in a step of one task on each node
        ({"SLURM_JOB_ID": "4711", **TORCHRUN}, "slurm-4711", 5, 1, "slurm-4711/torch-node1:29500"),
        (
            {**SLURM_STEP, "SLURM_STEP_NUM_TASKS": "1", **TORCHRUN},
            "slurm-4711",
            5,
            1,
            "slurm-4711/torch-node1:29500",
        ),
        # mpirun(1) of Open MPI 5: PMIX_NAMESPACE
        (
            {"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_LOCAL_RANK": "3", "PMIX_NAMESPACE": "prterun-node1-99@1"},
            "mpi-prterun-node1-99@1",
            3,
            3,
            "mpi-prterun-node1-99@1",
        ),
        # MPICH's Hydra names no launch: its ranks share their parent
        ({"PMI_RANK": "2", "MPI_LOCALRANKID": "2"}, "launch-77", 2, 2, "launch-77"),
        ({"LOCAL_RANK": "1"}, "launch-77", None, 1, "launch-77"),
        ({"PBS_JOBID": "12.server"}, "pbs-12.server", None, None, None),
    ],
)
def test_the_environment_of_each_launcher_tells_the_job_the_ranks_and_the_launch(
    environ: Mapping[str, str], job: str, rank: int | None, local_rank: int | None, launch: str | None
) -> None:
    identity = job_identity(environ, launcher="77")
    assert identity is not None
    assert (identity.job, identity.rank, identity.local_rank, identity.launch) == (job, rank, local_rank, launch)
    assert set(identity.source.split(", ")) <= {*environ, "parent"}


def test_a_process_outside_any_job_has_no_identity() -> None:
    assert job_identity({"PATH": "/bin", "MASTER_ADDR": "node1"}) is None


def test_ranks_of_one_unnamed_launch_share_their_parent() -> None:
    program = "import os; from dcfoot.ranks import job_identity; print(job_identity(os.environ).launch)"
    environ = {**os.environ, "LOCAL_RANK": "0"}
    answers = {subprocess.check_output([sys.executable, "-c", program], env=environ, text=True) for _ in range(2)}
    assert len(answers) == 1
    assert answers.pop().startswith(f"launch-{os.getpid()}-")
