"""A whole GPU server made of files and a library, busy as such servers are, for the daemon."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from simulated.nvml import GpuProcess, Installed, SimulatedGpus, build_library, h100, install, steady
from simulated.trees import CgroupFiles, PciTree, PowercapTree, ProcTree

GPUS, SOCKETS, PROCESSES, CONTAINERS = 8, 2, 1_000, 100

GPU_W, PACKAGE_W, DRAM_W = 300.0, 150.0, 20.0

THREADS = 224

FIRST_PID = 1_000

LOOSE = 50
"""Processes that are in no container, as on any machine."""

STEP_S = 0.25
"""How often counters move [s]: often enough for a reading a second, and cheap."""


@dataclass(slots=True)
class Server:
    """The server, as a process finds it, and for how long its sockets have drawn power [s]."""

    root: Path
    gpus: Installed
    powercap: PowercapTree
    groups: CgroupFiles
    moved_s: float = 0.0

    def environ(self) -> dict[str, str]:
        """What leads a process to it."""
        return {**self.gpus.environ(), "DCFOOT_ROOT": str(self.root)}

    def move(self, seconds: float) -> None:
        """Lets the sockets draw their power for some time, in which every container uses a tenth of a processor."""
        for socket in range(SOCKETS):
            self.powercap.use(f"intel-rapl:{socket}", PACKAGE_W * seconds)
            self.powercap.use(f"intel-rapl:{socket}:0", DRAM_W * seconds)
        for container in range(CONTAINERS):
            self.groups.use(group_of(container), 0.1 * seconds)
        self.moved_s += seconds


def group_of(container: int) -> str:
    """Docker's group of a container, under systemd."""
    return f"system.slice/docker-{container:064x}.scope"


def processes(root: Path) -> CgroupFiles:
    """All processes and the groups that they are in."""
    groups, proc = CgroupFiles(root / "sys/fs/cgroup"), ProcTree(root)
    for number in range(PROCESSES):
        loose = number >= PROCESSES - LOOSE
        group = "system.slice/ssh.service" if loose else group_of(number % CONTAINERS)
        groups.group(group)
        proc.process(FIRST_PID + number, cgroup=f"0::/{group}")
    return groups


def described(root: Path, library: Path) -> Server:
    """The server, whose sockets stand still until they are moved."""
    tree = PowercapTree(root)
    for socket in range(SOCKETS):
        tree.zone(f"intel-rapl:{socket}", f"package-{socket}").zone(f"intel-rapl:{socket}:0", "dram", 500_000_000)
        tree.show(f"intel-rapl:{socket}", 1_000_000 + 100_000_000 * socket)
        tree.show(f"intel-rapl:{socket}:0", 500_000_000 + 100_000_000 * socket)
    proc = ProcTree(root)
    proc.cpuinfo("Intel(R) Xeon(R) Platinum 8480+", processors=4)
    proc.topology(SOCKETS, THREADS)
    proc.meminfo(2048)
    proc.stat(1000.0, 9000.0, THREADS)
    pci = PciTree(root)
    for gpu in range(GPUS):
        pci.device(f"0000:{0x18 + gpu:02x}:00.0", "10de", "2330", "030200")
    cards = [
        replace(h100(steady(GPU_W)), processes=[GpuProcess(FIRST_PID + number, sm_percent=90)])
        for number in range(GPUS)
    ]
    return Server(root, install(SimulatedGpus(cards), library, root), tree, processes(root))


@contextmanager
def gpu_server(root: Path) -> Generator[Server]:
    """The server while its sockets draw power."""
    server = described(root, build_library(root / "library"))
    done = threading.Event()

    def live() -> None:
        while not done.wait(STEP_S):
            server.move(STEP_S)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield server
    finally:
        done.set()
        thread.join()
