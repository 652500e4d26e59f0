"""``dcfoot run`` as a user starts it: the command, and a way to run it to its end."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DCFOOT = (sys.executable, "-m", "dcfoot")
QUIET = (*DCFOOT, "run", "--quiet", "--")

COUNTER = """
import signal, sys, time
counts = {}
def note(number, _):
    global end
    counts[number] = counts.get(number, 0) + 1
    end = time.monotonic() + 0.4
for name in sys.argv[1].split(","):
    signal.signal(getattr(signal, "SIG" + name), note)
end = time.monotonic() + 5
print("ready", flush=True)
while time.monotonic() < end:
    time.sleep(0.05)
print(*(f"{signal.Signals(number).name}={count}" for number, count in sorted(counts.items())), "end", flush=True)
sys.exit(40 + sum(counts.values()))
"""
"""A job that counts the signals that its argument names (``"INT,TERM"``), until none has come for 0.4 s, and ends with
40 plus their number."""


def counter(*names: str) -> list[str]:
    """The command of such a job."""
    return [sys.executable, "-c", COUNTER, ",".join(names)]


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs a job under ``dcfoot run`` to its end."""

    environ: dict[str, str]
    folder: Path

    def __call__(
        self, *command: str | bytes, stdin: bytes = b"", options: Sequence[str] = ("--quiet",)
    ) -> subprocess.CompletedProcess[bytes]:
        """How it ended, and what it wrote."""
        return subprocess.run(
            [*DCFOOT, "run", *options, "--", *command],
            input=stdin,
            env=self.environ,
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            check=False,
        )
