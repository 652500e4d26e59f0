"""A pseudo-terminal with a person at it: reads what appears, types, and sees how the program ended or stopped."""

import fcntl
import os
import pty
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from select import select
from typing import Self

PATIENCE_S = 20.0


class Terminal:
    """A pseudo-terminal whose session is led by `command`.

    Parameters
    ----------
    command : Sequence of str
        What runs on it.
    environ : Mapping[str, str]
        Its environment.

    Attributes
    ----------
    pid, descriptor : int
        The session's leader; the person's side of the terminal.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self.output = b""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], list(command), environ)  # noqa: S606 (the child of a fork)

    def __enter__(self) -> Self:
        """Nothing more to do."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hangs up, and ends what is left."""
        self.hang_up()
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    def read_until(self, *what: bytes) -> bytes:
        """Waits until each of `what` has appeared; returns everything up to the last of them, and forgets it."""
        end_s = time.monotonic() + PATIENCE_S
        while not all(one in self.output for one in what) and time.monotonic() < end_s:
            self.read_for(0.1)
        assert all(one in self.output for one in what), self.output
        end = max(self.output.index(one) + len(one) for one in what)
        seen, self.output = self.output[:end], self.output[end:]
        return seen

    def type(self, keys: bytes) -> None:
        """Presses keys."""
        os.write(self.descriptor, keys)

    def resize(self, rows: int, columns: int) -> None:
        """Pulls at the window's corner."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """Closes the person's side."""
        with suppress(OSError):
            os.close(self.descriptor)
        self.descriptor = -1

    def wait(self) -> int:
        """The exit status, as `subprocess` has it, of what leads the session."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.read_for(0.0)
                return os.waitstatus_to_exitcode(status)
            self.read_for(0.02)
            time.sleep(0.01)
        message = f"it did not end; it printed {self.output!r}"
        raise AssertionError(message)

    def read_for(self, seconds: float) -> None:
        """Takes what appears, and waits so long for the first of it."""
        with suppress(OSError, ValueError):  # EIO: nobody has the other side open any more; ValueError: nor have we
            while select([self.descriptor], [], [], seconds)[0]:
                self.output += os.read(self.descriptor, 4096)
                seconds = 0.0


def bash(environ: Mapping[str, str]) -> Terminal:
    """An interactive shell with job control, and nothing of the user's."""
    shell = Terminal(
        ["bash", "--norc", "--noprofile", "--noediting", "-i"], {**environ, "PS1": "ask> ", "HISTFILE": "/dev/null"}
    )
    shell.read_until(b"ask> ")
    return shell
