"""The server's Unix socket: whoever its file's permissions let in may ask, and needs no token."""

import os
import socket
import stat
from contextlib import suppress
from dataclasses import dataclass
from grp import getgrnam
from pathlib import Path
from typing import NoReturn

from dcfoot.errors import ConfigError

LONGEST = 107
"""Of a socket's path [bytes]: `sun_path` is 108 with its end (unix(7))."""

PENDING = ".new"
"""Behind the name of a socket that nobody is to see yet."""

PROBING_S = 1.0
"""How long whoever listens at a path may take to be noticed [s]."""


@dataclass(frozen=True, slots=True)
class Local:
    """A socket of this machine and who may ask there.

    Parameters
    ----------
    path : Path
        Its file; the folder must be there.
    group : str or None
        Its group, by name or number; None for the daemon's own.
    socket_mode : int
        Its permissions.
    """

    path: Path
    group: str | None = None
    socket_mode: int = 0o660

    scheme = "http"
    token = ""

    def context(self) -> None:
        """No TLS: nothing leaves the machine."""

    def bound(self) -> socket.socket:
        """The socket, with its permissions from the first moment on; one that nobody listens at is replaced.

        Raises
        ------
        ConfigError
            Somebody listens there, or there is something else, or the socket cannot be made.
        """
        self._refuse_others()
        pending = self.path.with_name(self.path.name + PENDING)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            pending.unlink(missing_ok=True)
            made.bind(str(pending))
            self._give_to_group(pending)
            pending.chmod(self.socket_mode)
            pending.rename(self.path)
        except OSError as fault:
            made.close()
            self._fail(f'it cannot be made: {fault.strerror or fault}; choose another, or "off"')
        except BaseException:
            made.close()
            raise
        return made

    def url(self, bound: socket.socket) -> str:
        """Where it is."""
        del bound
        return f"unix:{self.path}"

    def release(self, bound: socket.socket) -> None:
        """Takes the file away, unless another's has taken its place."""
        bound.close()
        with suppress(OSError):
            if not _is_listened_at(self.path):
                self.path.unlink()

    def _refuse_others(self) -> None:
        if len(os.fsencode(self.path)) + len(PENDING) > LONGEST:
            self._fail(f"it is longer than {LONGEST - len(PENDING)} bytes; choose a shorter one")
        try:
            found = self.path.lstat()
        except FileNotFoundError:
            if not self.path.parent.is_dir():
                self._fail(f"there is no folder {self.path.parent}; `mkdir -m 755 {self.path.parent}` makes it")
            return
        except OSError as fault:
            self._fail(f"{fault.strerror}; choose another")
        if not stat.S_ISSOCK(found.st_mode):
            self._fail("it is there and no socket; choose another")
        if _is_listened_at(self.path):
            self._fail("another daemon listens there; end it, or choose another path for one of the two")

    def _give_to_group(self, path: Path) -> None:
        if self.group is None:
            return
        number = group_number(self.group)
        try:
            os.chown(path, -1, number)
        except PermissionError:
            raise ConfigError(
                f"daemon.socket_group: the daemon is no member of {self.group}, and so cannot give it the socket; "
                f"`usermod --append --groups {self.group} USER` with the daemon's user mends that."
            ) from None

    def _fail(self, said: str) -> NoReturn:
        raise ConfigError(f"daemon.socket: {self.path}: {said}.") from None


def group_number(group: str) -> int:
    """The number of a group, by its name or number. Raises `ConfigError` where there is none of that name."""
    try:
        return int(group) if group.isdecimal() else getgrnam(group).gr_gid
    except (KeyError, ValueError):  # the latter for a name with a null byte, which no group has
        raise ConfigError(
            f"daemon.socket_group: there is no group {group!r}; `groupadd --system {group}` makes it."
        ) from None


def _is_listened_at(path: Path) -> bool:
    """Whether somebody listens; one whom we may not ask does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.settimeout(PROBING_S)
        try:
            one.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True
