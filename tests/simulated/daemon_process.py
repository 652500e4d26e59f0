"""``dcfoot daemon`` as a process, on a machine made of files, with a service manager that listens."""

import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulated.environ import unobserved
from simulated.running import DCFOOT

INTERVAL_S = 0.2


@dataclass
class Daemon:
    """A daemon that runs, and the service manager's ear."""

    process: subprocess.Popen[bytes]
    manager: socket.socket
    folder: Path

    def hear(self, wanted: str, within_s: float = 10.0) -> float:
        """Waits until a state was told; returns when."""
        deadline_s = time.monotonic() + within_s
        while (left_s := deadline_s - time.monotonic()) > 0.0:
            if select.select([self.manager], [], [], left_s)[0] and wanted in self.manager.recv(4096).decode():
                return time.monotonic()
        message = f"{wanted} was not heard; the daemon said: {self.log}"
        raise AssertionError(message)

    def beats(self, seconds: float) -> int:
        """How many ticks are made in some time."""
        deadline_s, count = time.monotonic() + seconds, 0
        while (left_s := deadline_s - time.monotonic()) > 0.0:
            if select.select([self.manager], [], [], left_s)[0]:
                count += self.manager.recv(4096) == b"WATCHDOG=1"
        return count

    def await_words(self, wanted: str, within_s: float = 10.0) -> None:
        """Waits until it has written something."""
        deadline_s = time.monotonic() + within_s
        while wanted not in self.log:
            assert time.monotonic() < deadline_s, f"{wanted} was not written; the daemon said: {self.log}"
            time.sleep(0.02)

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ends it by a signal; returns its exit status."""
        self.process.send_signal(number)
        return self.process.wait(10.0)


@contextmanager
def daemon(folder: Path, **changes: str) -> Generator[Daemon]:
    """Started on a machine of two sockets made of files, and ready."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, (folder / "log").open("ab") as log:
        (folder / "notify").unlink(missing_ok=True)
        manager.bind(str(folder / "notify"))
        found = os.fstat(log.fileno())
        environ = environ_of(folder, JOURNAL_STREAM=f"{found.st_dev}:{found.st_ino}", **changes)
        with subprocess.Popen(
            [*DCFOOT, "daemon"], env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        ) as process:
            running = Daemon(process, manager, folder)
            try:
                running.hear("READY=1")
                yield running
            finally:
                process.kill()


def environ_of(folder: Path, **changes: str) -> dict[str, str]:
    usual = {
        "DCFOOT_ROOT": str(folder),
        "DCFOOT_DAEMON_INTERVAL_S": str(INTERVAL_S),
        "DCFOOT_DAEMON_LISTEN": "127.0.0.1:0",  # another daemon may have the usual port
        "RUNTIME_DIRECTORY": str(folder / "run"),
        "NOTIFY_SOCKET": str(folder / "notify"),
        "WATCHDOG_USEC": "20000",
    }
    return unobserved(**{**usual, **changes})
