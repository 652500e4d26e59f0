"""What the daemon takes of a server with 8 GPUs, 2 sockets, 1,000 processes and 100 containers.

    python benchmarks/daemon.py [--seconds 60] [--interval 1]
    python benchmarks/daemon.py --looks 3 --beside --top
    python benchmarks/daemon.py --seconds 600 --looks 144 --scrape-every 15

`dcfoot daemon` runs as it would there, below a root of files: the sockets' counters move, the GPUs are simulated by a
library of our own that answers in microseconds where a driver takes longer. So this is what dcfoot adds to the driver's
and the kernel's own time. Processor time is the kernel's count, memory is what is resident.
Needs a C compiler and the packages of the test environment (`python3 bootstrap.py test`).
"""

import argparse
import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.request import urlopen

from dcfoot.reading import Domain
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.fitness import STORE_NAME
from dcfoot_probes.daemon.store import FrameReader

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from simulated.servers import DRAM_W, GPU_W, GPUS, PACKAGE_W, SOCKETS, Server, gpu_server

CODECARBON = """
import time
from codecarbon import OfflineEmissionsTracker
tracker = OfflineEmissionsTracker(
    country_iso_code="FRA", measure_power_secs=1, save_to_file=False, allow_multiple_runs=True, log_level="critical"
)
tracker.start()
time.sleep(86_400)
"""

WARM_UP_S = 8.0
"""How long the start is left out [s]: every probe has been opened by then, or looked for."""


class Cost(NamedTuple):
    """What the daemon took."""

    cpu_ratio: float
    threads_ratio: tuple[float, ...]
    rss_mb: float
    peak_mb: float


def cpu_ns(pid: int) -> int:
    """Processor time of a process so far, its threads that have ended included (clock_getcpuclockid(3)) [ns]."""
    return time.clock_gettime_ns((~pid << 3) | 2)  # the kernel's number of that clock: include/linux/posix-timers.h


def threads_ns(pid: int) -> dict[str, int]:
    """Processor time of each thread that lives so far (proc_pid_schedstat(5)) [ns]."""
    tasks = Path(f"/proc/{pid}/task")
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()}


def free_address() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


def store_mb(server: Server) -> float:
    """What the daemon keeps on disk, the log of its store included [MB]."""
    return sum(file.stat().st_size for file in (server.root / "data").glob(f"{STORE_NAME}*")) / 1e6


def memory_mb(pid: int, field: str) -> float:
    """A field of ``/proc/<pid>/status`` [MB]."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024 / 1e6


def cost_of(pid: int, seconds: float, address: str = "", scrape_every_s: float = 0.0) -> Cost:
    """What a process takes from now on.

    Parameters
    ----------
    pid : int
        The process.
    seconds : float
        For how long it is watched [s].
    address : str
        Where its metrics are.
    scrape_every_s : float
        How often they are fetched meanwhile [s]; 0 is never.
    """
    before, threads_before, began = cpu_ns(pid), threads_ns(pid), time.monotonic_ns()
    deadline_s = time.monotonic() + seconds
    while scrape_every_s and time.monotonic() + scrape_every_s < deadline_s:
        time.sleep(scrape_every_s)
        with urlopen(f"http://{address}/metrics", timeout=10.0) as answer:
            answer.read()
    time.sleep(max(deadline_s - time.monotonic(), 0.0))
    after, threads_after, elapsed_ns = cpu_ns(pid), threads_ns(pid), time.monotonic_ns() - began
    threads = sorted(
        ((ns - threads_before.get(task, 0)) / elapsed_ns for task, ns in threads_after.items()), reverse=True
    )
    return Cost((after - before) / elapsed_ns, tuple(threads), memory_mb(pid, "VmRSS"), memory_mb(pid, "VmHWM"))


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
def watched(server: Server, *command: str, terminal: int = subprocess.DEVNULL, **changes: str) -> Generator[int]:
    """The number of a Python process that runs on a server, on a terminal if there is one."""
    environ = {**os.environ, **server.environ(), **changes}
    with subprocess.Popen(
        [sys.executable, *command],
        env=environ,
        cwd=server.root,
        stdin=terminal,
        stdout=terminal,
        stderr=subprocess.DEVNULL if terminal == subprocess.DEVNULL else terminal,
    ) as process:
        try:
            time.sleep(WARM_UP_S)
            yield process.pid
        finally:
            process.terminate()


@contextmanager
def screen_of(server: Server, address: str) -> Generator[int]:
    """``dcfoot top`` on a terminal of 80 by 24, of which all that is drawn is read."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    Thread(target=drain, args=(ours,), daemon=True).start()
    top = ("-m", "dcfoot", "top", "--url", f"http://{address}")
    with watched(server, *top, terminal=theirs, TERM="xterm-256color") as process:
        yield process


def drain(terminal: int) -> None:
    """Reads what is drawn until nobody draws any more."""
    with suppress(OSError):
        while os.read(terminal, 65_536):
            pass


def daemon_of(server: Server, interval_s: float, address: str) -> AbstractContextManager[int]:
    """``dcfoot daemon`` on a server."""
    return watched(
        server,
        "-m",
        "dcfoot",
        "daemon",
        DCFOOT_SITE="gcp-us-central1",
        DCFOOT_DAEMON_INTERVAL_S=str(interval_s),
        DCFOOT_DAEMON_LISTEN=address,
        DCFOOT_DATA_DIR=str(server.root / "data"),
        RUNTIME_DIRECTORY=str(server.root / "run"),
    )


def row_of(name: str, cost: Cost, kept_mb: float) -> str:
    """A row of the table."""
    threads = ", ".join(f"{100 * thread:.3f}" for thread in cost.threads_ratio[:6])
    memory = f"{cost.rss_mb:.1f} | {cost.peak_mb:.1f}"
    return f"| {time.strftime('%H:%M')} {name} | {100 * cost.cpu_ratio:.3f} | {threads} | {memory} | {kept_mb:.2f} |"


def main() -> int:
    """Runs the benchmark and prints its table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each look takes; 60")
    parser.add_argument("--looks", type=int, default=1, help="how many looks, one after the other; 1")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between frames; 1")
    parser.add_argument("--beside", action="store_true", help="watch codecarbon in turn")
    parser.add_argument("--top", action="store_true", help="watch `dcfoot top` of the daemon in turn")
    parser.add_argument("--scrape-every", type=float, default=0.0, help="seconds between fetches of /metrics; never")
    arguments = parser.parse_args()
    print("| time | processor [% of a core] | its threads [%] | resident [MB] | peak [MB] | store [MB] |")
    print("|---|---|---|---|---|---|", flush=True)
    seconds, every_s, address = arguments.seconds, arguments.scrape_every, free_address()
    with tempfile.TemporaryDirectory() as folder, gpu_server(Path(folder)) as server:
        with ExitStack() as stack:
            daemon = stack.enter_context(daemon_of(server, arguments.interval, address))
            others: dict[str, int] = {}
            if arguments.beside:
                others["codecarbon"] = stack.enter_context(watched(server, "-c", CODECARBON))
            if arguments.top:
                others["dcfoot top"] = stack.enter_context(screen_of(server, address))
            costs: dict[str, list[float]] = {name: [] for name in ("dcfoot daemon", *others)}
            began_ns, drawn_s = time.time_ns(), server.moved_s
            for _ in range(arguments.looks):
                cost = cost_of(daemon, seconds, address, every_s)
                costs["dcfoot daemon"].append(cost.cpu_ratio)
                print(row_of("dcfoot daemon", cost, store_mb(server)), flush=True)
                for name, process in others.items():
                    cost = cost_of(process, seconds)
                    costs[name].append(cost.cpu_ratio)
                    print(row_of(name, cost, 0.0), flush=True)
            ended_ns, drawn_s = time.time_ns(), server.moved_s - drawn_s
        for name in others:
            ratios = [one / other for one, other in zip(costs["dcfoot daemon"], costs[name], strict=True)]
            print(f"the daemon took {min(ratios):.2f} to {max(ratios):.2f} times what {name} took")
        for domain, ratio, known in kept_over_truth(server, began_ns, ended_ns, drawn_s):
            print(f"{domain}: kept {ratio:.6f} of the energy drawn; power known for {known:.6f} of the time")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
