"""Sends the metrics to a server again and again, from a thread of its own.

What could not be sent is not kept: every counter says what was since the start, so that the next one to arrive makes up
for it. A server that does not answer is asked less and less often.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from urllib.request import Request, urlopen

from dcfoot_probes.daemon.words import Snapshot

LONGEST_PAUSE_S = 300.0
"""Between two tries at a server that does not answer [s] (a choice: an outage that is over is seen within minutes)."""

TIMEOUT_S = 10.0
"""How long a server may take [s] (a choice: that of Prometheus' own scrapes)."""

logger = logging.getLogger("dcfoot.push")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send what.

    Parameters
    ----------
    url : str
        Whereto; http or https.
    body_of : Callable[[Snapshot], bytes]
        What is sent.
    headers : Mapping[str, str]
        With which headers.
    token_file : Path or None
        A file with the bearer token; read again each time, so that it may change.
    period_s : float
        How often [s].
    """

    url: str
    body_of: Callable[[Snapshot], bytes]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    token_file: Path | None = None
    period_s: float = 15.0

    def send(self, now: Snapshot) -> None:
        """Sends the metrics once. Raises `OSError` where that fails."""
        headers = dict(self.headers)
        if self.token_file is not None:
            headers["Authorization"] = f"Bearer {self.token_file.read_text().strip()}"
        request = Request(self.url, data=self.body_of(now), headers=headers, method="POST")  # noqa: S310 (settings admit http and https alone)
        with urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 (the same)
            answer.read()


class Push:
    """Sends to one target until it is stopped.

    Parameters
    ----------
    target : Target
        Where to.
    snapshot : Callable[[], Snapshot or None]
        What the daemon knows; None before the first interval.
    """

    def __init__(self, target: Target, snapshot: Callable[[], Snapshot | None]) -> None:
        self.target = target
        self.said = ""
        self.failures = 0
        self._snapshot = snapshot
        self._stopping = Event()
        self._thread = Thread(target=self._live, name="dcfoot-push", daemon=True)

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def stop(self) -> None:
        """Ends, without waiting for a server that hangs."""
        self._stopping.set()
        self._thread.join(timeout=1.0)

    def _live(self) -> None:
        pause_s = self.target.period_s
        while not self._stopping.wait(pause_s):
            pause_s = self.target.period_s if self._sent() else min(2.0 * pause_s, LONGEST_PAUSE_S)

    def _sent(self) -> bool:
        now = self._snapshot()
        if now is None:
            return True
        try:
            self.target.send(now)
        except (OSError, ValueError) as fault:
            self.failures += 1
            if not self.said:
                logger.warning("%s does not take the metrics: %s", self.target.url, fault)
            self.said = str(fault)
            return False
        if self.said:
            logger.warning("%s takes the metrics again", self.target.url)
        self.said = ""
        return True
