"""What the daemon takes of a server with 8 GPUs, 2 sockets, 1,000 processes and 100 containers.

    python benchmarks/daemon.py [--seconds 60] [--interval 1]
    python benchmarks/daemon.py --seconds 600 --looks 144 --scrape-every 15

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
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from dcfoot.reading import Domain
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.service import STORE_NAME
from dcfoot_probes.daemon.store import FrameReader

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulated.servers import DRAM_W, GPU_W, GPUS, PACKAGE_W, SOCKETS, Server, gpu_server

ADDRESS = "127.0.0.1:8399"
"""Where it listens: not where another daemon of this machine would."""

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


def store_mb(server: Server) -> float:
    """What the daemon keeps on disk, the log of its store included [MB]."""
    return sum(file.stat().st_size for file in (server.root / "data").glob(f"{STORE_NAME}*")) / 1e6


def memory_mb(pid: int, field: str) -> float:
    """A field of ``/proc/<pid>/status`` [MB]."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024 / 1e6


def cost_of(pid: int, seconds: float, scrape_every_s: float = 0.0) -> Cost:
    """What a process takes from now on.

    Parameters
    ----------
    pid : int
        The process.
    seconds : float
        For how long it is watched [s].
    scrape_every_s : float
        How often its metrics are fetched meanwhile [s]; 0 is never.
    """
    before, began = cpu_ns(pid), time.monotonic_ns()
    deadline_s = time.monotonic() + seconds
    while scrape_every_s and time.monotonic() + scrape_every_s < deadline_s:
        time.sleep(scrape_every_s)
        with urlopen(f"http://{ADDRESS}/metrics", timeout=10.0) as answer:
            answer.read()
    time.sleep(max(deadline_s - time.monotonic(), 0.0))
    after, elapsed_ns = cpu_ns(pid), time.monotonic_ns() - began
    threads = sorted(((ns - before.get(task, 0)) / elapsed_ns for task, ns in after.items()), reverse=True)
    return Cost(sum(threads), tuple(threads), memory_mb(pid, "VmRSS"), memory_mb(pid, "VmHWM"))


def kept_over_truth(server: Server, since_ns: int, until_ns: int, drawn_s: float) -> Iterator[tuple[str, float, float]]:
    """Each domain with its energy in the store over the truth, and the part of the time that is known of it.

    Parameters
    ----------
    server : Server
        Where the store is.
    since_ns, until_ns : int
        While it was watched [ns since 1970 UTC].
    drawn_s : float
        For how long its sockets have drawn power meanwhile [s].
    """
    elapsed_s = (until_ns - since_ns) / NS_PER_S
    truth_w = {Domain.GPU: GPUS * GPU_W, Domain.PACKAGE: SOCKETS * PACKAGE_W, Domain.DRAM: SOCKETS * DRAM_W}
    with FrameReader(server.root / "data" / STORE_NAME) as reader:
        channels = reader.channels()
        for domain, power_w in truth_w.items():
            kept = [reader.energy_j(one, since_ns, until_ns) for one in channels if one.domain is domain]
            seconds = elapsed_s if domain is Domain.GPU else drawn_s
            covered_s = sum(energy.covered_s for energy in kept) / len(kept)
            yield domain, sum(energy.energy_j for energy in kept) / (power_w * seconds), covered_s / elapsed_s


@contextmanager
def daemon_of(server: Server, interval_s: float) -> Generator[subprocess.Popen[bytes]]:
    """``dcfoot daemon`` on a server."""
    environ = {
        **os.environ,
        **server.environ(),
        "DCFOOT_SITE": "gcp-us-central1",
        "DCFOOT_DAEMON_INTERVAL_S": str(interval_s),
        "DCFOOT_DAEMON_LISTEN": ADDRESS,
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
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each look takes; 60")
    parser.add_argument("--looks", type=int, default=1, help="how many looks, one after the other; 1")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between frames; 1")
    parser.add_argument("--scrape-every", type=float, default=0.0, help="seconds between fetches of /metrics; never")
    arguments = parser.parse_args()
    print("| after [h] | processor [% of a core] | its threads [%] | resident [MB] | peak [MB] | store [MB] |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder, gpu_server(Path(folder)) as server:
        with daemon_of(server, arguments.interval) as process:
            time.sleep(WARM_UP_S)
            began_ns, drawn_s = time.time_ns(), server.moved_s
            for _ in range(arguments.looks):
                cost = cost_of(process.pid, arguments.seconds, arguments.scrape_every)
                after_h = (time.time_ns() - began_ns) / NS_PER_S / 3600
                threads = ", ".join(f"{100 * thread:.3f}" for thread in cost.threads_ratio[:6])
                print(
                    f"| {after_h:.2f} | {100 * cost.cpu_ratio:.3f} | {threads} "
                    f"| {cost.rss_mb:.1f} | {cost.peak_mb:.1f} | {store_mb(server):.2f} |",
                    flush=True,
                )
            ended_ns, drawn_s = time.time_ns(), server.moved_s - drawn_s
        if arguments.looks > 1:
            for domain, ratio, known in kept_over_truth(server, began_ns, ended_ns, drawn_s):
                print(f"{domain}: kept {ratio:.6f} of the energy drawn; power known for {known:.6f} of the time")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
