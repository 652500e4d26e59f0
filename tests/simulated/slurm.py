"""A cluster of one node, this one: real munge, slurmctld and slurmd, with dcfoot's scripts around each job."""

import os
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from simulated.peers import require_peer
from simulated.repository import ROOT
from simulated.trees import folder_for_all, write

START_S = 15.0
"""How long the daemons may take to come up [s]; usually 2."""

CGROUPS = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cluster:
    """The running cluster.

    Parameters
    ----------
    root : Path
        A root with this machine's ``proc``, ``sys`` and ``etc`` and a ``run`` of its own, into which the prolog writes.
    folder : Path
        Where its files are.
    has_cgroups : bool
        Whether jobs have control groups.
    """

    root: Path
    folder: Path
    has_cgroups: bool

    def srun(self, *command: str) -> subprocess.Popen[str]:
        """Starts a job."""
        return subprocess.Popen(
            ["srun", "--quiet", *command], env=self.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def environ(self) -> dict[str, str]:
        """Where Slurm's programs find the cluster."""
        return {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def logs(self) -> str:
        """What the daemons wrote."""
        return "\n".join(f"{log.name}: {log.read_text()[-2000:]}" for log in sorted(self.folder.glob("*.log")))


@contextmanager
def slurm_cluster() -> Generator[Cluster]:
    """Starts a cluster and stops it; the test is skipped where its programs are not installed."""
    programs = {name: str(require_peer(name)) for name in ("munged", "slurmctld")}
    slurmd = str(Path(programs["slurmctld"]).with_name("slurmd"))
    has_cgroups = (
        os.geteuid() == 0 and os.access(CGROUPS / "freezer", os.W_OK) and os.access(CGROUPS / "cpuacct", os.W_OK)
    )
    with folder_for_all() as folder:
        cluster = Cluster(_root(folder), folder, has_cgroups)
        config = _configure(cluster)
        daemons = [
            [programs["munged"], "--foreground", "--force", f"--key-file={folder}/munge.key",
             f"--socket={folder}/munge.sock", f"--pid-file={folder}/munge.pid", f"--seed-file={folder}/munge.seed",
             f"--log-file={folder}/munged.log"],
            [programs["slurmctld"], "-D", "-f", str(config)],
            [slurmd, "-D", "-f", str(config), "-N", _node()],
        ]  # fmt: skip
        running: list[subprocess.Popen[bytes]] = []
        try:
            for command in daemons:
                running.append(_started(command, cluster))
                _wait_for(folder / "munge.sock")
            _wait_until_idle(cluster)
            yield cluster
        finally:
            for daemon in reversed(running):
                daemon.terminate()
                daemon.wait(10.0)
            _remove_groups()


def _node() -> str:
    return socket.gethostname().partition(".")[0]


def _root(folder: Path) -> Path:
    root = folder / "root"
    (root / "run").mkdir(parents=True)
    for name in ("proc", "sys", "etc"):
        (root / name).symlink_to(f"/{name}")
    return root


def _configure(cluster: Cluster) -> Path:
    folder = cluster.folder
    key = write(folder / "munge.key", os.urandom(64).hex())
    key.chmod(0o400)
    for name in ("prolog", "epilog", "task_prolog"):
        script = write(
            folder / f"{name}.sh", f'#!/bin/sh\nDCFOOT_ROOT={cluster.root} exec "{ROOT}/deploy/slurm/{name}.sh"'
        )
        script.chmod(0o755)
    write(folder / "cgroup.conf", f"CgroupPlugin=cgroup/v1\nCgroupMountpoint={CGROUPS}\nCgroupAutomount=no")
    ports = _free_ports(2)
    user = "root" if os.geteuid() == 0 else os.environ.get("USER", "nobody")
    tracking = ("cgroup", "cgroup") if cluster.has_cgroups else ("linuxproc", "linux")
    return write(
        folder / "slurm.conf",
        f"""
ClusterName=test
SlurmctldHost={_node()}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}
SlurmdSpoolDir={folder}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/{tracking[0]}
JobAcctGatherType=jobacct_gather/{tracking[1]}
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
Prolog={folder}/prolog.sh
Epilog={folder}/epilog.sh
TaskProlog={folder}/task_prolog.sh
NodeName={_node()} NodeAddr=127.0.0.1 CPUs={os.cpu_count()} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP""",
    )


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _started(command: Sequence[str], cluster: Cluster) -> subprocess.Popen[bytes]:
    log = cluster.folder / f"{Path(command[0]).name}.out.log"
    with log.open("wb") as out:
        return subprocess.Popen(command, env=cluster.environ(), stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def _wait_for(path: Path) -> None:
    deadline_s = time.monotonic() + START_S
    while not path.exists() and time.monotonic() < deadline_s:
        time.sleep(0.05)


def _wait_until_idle(cluster: Cluster) -> None:
    deadline_s = time.monotonic() + START_S
    said = ""
    while time.monotonic() < deadline_s:
        asked = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], env=cluster.environ(), check=False, capture_output=True, text=True
        )
        said = asked.stdout.strip() or asked.stderr
        if said == "idle":
            return
        time.sleep(0.2)
    raise RuntimeError(f"the cluster does not come up: {said}\n{cluster.logs()}")


def _remove_groups() -> None:
    """Slurm leaves its own folders behind."""
    for top in CGROUPS.glob(f"*/slurm_{_node()}"):
        for folder in sorted(top.rglob("*/"), reverse=True):
            with suppress(OSError):
                folder.rmdir()
        with suppress(OSError):
            top.rmdir()
