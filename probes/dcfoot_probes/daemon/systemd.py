"""What the service manager and its journal understand: states by datagram, priorities before the lines of the log.

Sources: sd_notify(3), sd-daemon(3), systemd.exec(5). Where nobody listens, nothing is said.
"""

import logging
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import TextIO

from dcfoot.units import NS_PER_US

PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Syslog's numbers of our levels (sd-daemon(3))."""


class Notifier:
    """Tells the service manager how the daemon is doing.

    Parameters
    ----------
    environ : Mapping[str, str]
        NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of it.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self._period_ns = _watchdog_us(environ) * NS_PER_US // 2
        self._next_ns = 0

    def ready(self) -> None:
        """The first frame was made, or a reload is done."""
        self._tell("READY=1")

    def reloading(self, monotonic_ns: int) -> None:
        """The settings are read again.

        Parameters
        ----------
        monotonic_ns : int
            Now, on the monotonic clock [ns].
        """
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={monotonic_ns // NS_PER_US}")

    def stopping(self) -> None:
        """The last frame is being written."""
        self._tell("STOPPING=1")

    def lives(self, monotonic_ns: int) -> None:
        """To be called at every tick: feeds the watchdog twice in its time.

        Parameters
        ----------
        monotonic_ns : int
            Now, on the monotonic clock [ns].
        """
        if self._period_ns and monotonic_ns >= self._next_ns:
            self._next_ns = monotonic_ns + self._period_ns
            self._tell("WATCHDOG=1")

    def close(self) -> None:
        """Gives the socket back."""
        if self._socket is not None:
            self._socket.close()

    def _tell(self, state: str) -> None:
        if self._socket is not None:
            with suppress(OSError):  # a manager that does not listen is no reason to stop
                self._socket.sendto(state.encode(), self._address)


def _watchdog_us(environ: Mapping[str, str]) -> int:
    """How long the watchdog waits; 0 where there is none, or it is another process's [us]."""
    told, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    return int(told) if told.isdecimal() and pid in {"", str(os.getpid())} else 0


class JournalFormatter(logging.Formatter):
    """A line of the log behind its priority, each line of a longer message too."""

    def format(self, record: logging.LogRecord) -> str:
        """``<4>rapl: it does not answer``."""
        prefix = f"<{PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(prefix + line for line in super().format(record).splitlines())


def is_journal(environ: Mapping[str, str], stream: TextIO) -> bool:
    """Whether a stream is the journal's: JOURNAL_STREAM holds its device and inode (systemd.exec(5))."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def log_to_stderr(environ: Mapping[str, str], *, verbose: bool = False) -> None:
    """Has what the daemon says written to stderr: with priorities for the journal, else with the time for people."""
    handler = logging.StreamHandler()
    journal = is_journal(environ, sys.stderr)
    handler.setFormatter(JournalFormatter("%(message)s") if journal else logging.Formatter("%(asctime)s %(message)s"))
    for name in ("dcfoot", "dcfoot_probes"):
        log = logging.getLogger(name)
        log.addHandler(handler)
        log.setLevel(logging.DEBUG if verbose else logging.INFO)
        log.propagate = False
