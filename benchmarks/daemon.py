"""What the daemon takes of a server with 8 GPUs, 2 sockets, 1,000 processes and 100 containers.

    python benchmarks/daemon.py [--seconds 60] [--interval 1]

`dcfoot daemon` runs as it would there, below a root of files: the sockets' counters move, the GPUs are simulated by a
library of our own that answers in microseconds where a driver takes longer. So this is what dcfoot adds to the driver's
and the kernel's own time. Processor time is the kernel's count of each thread (schedstat), memory is what is resident.
Needs a C compiler and the packages of the test environment (`python3 bootstrap.py test`).
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulated.servers import Server, gpu_server

WARM_UP_S = 8.0
"""How long the start is left out [s]: every probe has been opened by then, or looked for."""


class Cost(NamedTuple):
    """What the daemon took."""

    cpu_ratio: float
    threads_ratio: tuple[float, ...]
    rss_mb: float
    peak_mb: float


def cpu_ns(pid: int) -> dict[str, int]:
    """Processor time of each thread so far (proc_pid_schedstat(5)) [ns]."""
    tasks = Path(f"/proc/{pid}/task")
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()}


def memory_mb(pid: int, field: str) -> float:
    """A field of ``/proc/<pid>/status`` [MB]."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024 / 1e6


def cost_of(pid: int, seconds: float) -> Cost:
    """What a process takes from now on.

    Parameters
    ----------
    pid : int
        The process.
    seconds : float
        For how long it is watched [s].
    """
    before, began = cpu_ns(pid), time.monotonic_ns()
    time.sleep(seconds)
    after, elapsed_ns = cpu_ns(pid), time.monotonic_ns() - began
    threads = sorted(((ns - before.get(task, 0)) / elapsed_ns for task, ns in after.items()), reverse=True)
    return Cost(sum(threads), tuple(threads), memory_mb(pid, "VmRSS"), memory_mb(pid, "VmHWM"))


@contextmanager
def daemon_of(server: Server, interval_s: float) -> Generator[subprocess.Popen[bytes]]:
    """``dcfoot daemon`` on a server."""
    environ = {
        **os.environ,
        **server.environ(),
        "DCFOOT_SITE": "gcp-us-central1",
        "DCFOOT_DAEMON_INTERVAL_S": str(interval_s),
        "DCFOOT_DATA_DIR": str(server.root / "data"),
        "RUNTIME_DIRECTORY": str(server.root / "run"),
    }
    command = [sys.executable, "-m", "dcfoot", "daemon"]
    with subprocess.Popen(command, env=environ, cwd=server.root, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is watched; 60")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between frames; 1")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        gpu_server(Path(folder)) as server,
        daemon_of(server, arguments.interval) as process,
    ):
        time.sleep(WARM_UP_S)
        cost = cost_of(process.pid, arguments.seconds)
    threads = ", ".join(f"{100 * thread:.3f}" for thread in cost.threads_ratio[:6])
    print("| processor [% of a core] | its threads [% of a core] | resident [MB] | peak [MB] |\n|---|---|---|---|")
    print(f"| {100 * cost.cpu_ratio:.3f} | {threads} | {cost.rss_mb:.1f} | {cost.peak_mb:.1f} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
