"""Asks this machine's daemon over its Unix socket: plain values out, or an error that says what to do.

The request is written by hand and closed after one answer, as in HTTP/1.0: `http.client` takes 20 ms to import, a third
of what a short run costs. Nothing is kept open, so that a daemon that was restarted is simply asked again.
"""

import os
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from itertools import takewhile
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, cast

from dcfoot import judges
from dcfoot.config import TABLE, judged
from dcfoot.errors import DaemonSilent, DaemonUnavailable
from dcfoot.judges import OFF

if TYPE_CHECKING:
    import socket

Json = dict[str, object]

SYSTEM_FOLDER = Path("/run/dcfoot")
"""Where the system's daemon keeps what lasts until the next boot (hier(7)); systemd names the same folder."""

SOCKET_NAME = "daemon.sock"
"""The socket's file in it, or in the folder of a user's own daemon."""

SETTING = f"{TABLE}.socket"

TIMEOUT_S = 5.0
"""How long an answer may take [s] (a choice: one takes milliseconds, that of a window of a year less than 1 s)."""

SILENCE_S = 45.0
"""How long a stream may say nothing [s]: three times as long as the server's heartbeat takes."""

MOST_BYTES = 64 * 1024 * 1024
"""The most of an answer (a choice: a hundred times the longest of a large server)."""

OK = 200
"""HTTP's status of an answer (RFC 9110)."""

BUSY = b'{"said": "it has too many to answer; ask again in some seconds."}'
"""What an answer without a word says: the server has no room to make one."""

NO_DAEMON = "no daemon answers on this machine"
START = "`dcfoot daemon` starts one, `systemctl start dcfoot` the installed one."


class DaemonClient:
    """Asks one daemon. It holds nothing open, and may be used from several threads.

    Parameters
    ----------
    sockets : Sequence of Path
        Where its socket may be; the first that answers is asked. `sockets_of` knows.
    timeout_s : float
        How long an answer may take [s].
    """

    def __init__(self, sockets: Sequence[Path], timeout_s: float = TIMEOUT_S) -> None:
        self._sockets = sockets
        self._timeout_s = timeout_s

    def get(self, path: str) -> Json:
        """What the daemon answers.

        Parameters
        ----------
        path : str
            What is asked: ``"/api/v1/now"``, with a query where it takes one.

        Raises
        ------
        DaemonUnavailable
            Nobody answers, or not as a daemon does; the message says what to do.
        """
        with self._asked(path, self._timeout_s) as connection:
            answer = _all_of(connection, monotonic() + self._timeout_s)
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        status = _status(lines)
        if b"content-length: %d" % len(body) not in (line.lower() for line in lines):
            raise DaemonUnavailable("the daemon broke off in the middle of an answer; ask again.")
        document = _parsed(body or BUSY)
        if status != OK and "said" in document:
            raise self._refusal(path, status, document)
        return document

    def events(self, path: str = "/events") -> Generator[Json]:
        """What the daemon tells, tick by tick, as long as it lives: the end of the stream ends it.

        Parameters
        ----------
        path : str
            The stream.

        Raises
        ------
        DaemonUnavailable
            As `get`, or nothing was heard for `SILENCE_S`.
        """
        with self._asked(path, SILENCE_S) as connection, connection.makefile("rb") as stream:
            lines = (line.rstrip(b"\r\n") for line in iter(partial(stream.readline, MOST_BYTES), b""))
            status = _status(list(takewhile(bool, lines)))
            if status != OK:
                raise self._refusal(path, status, _parsed(b"".join(lines)))
            for line in lines:
                if line.startswith(b"data: "):
                    yield _parsed(line[6:])

    def _request(self, path: str) -> bytes:
        """What is sent."""
        return f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()

    def _refusal(self, path: str, status: int, document: Json) -> DaemonUnavailable:
        """What is told where it does not answer."""
        return DaemonUnavailable(f"the daemon does not answer {path} ({status}): {document.get('said', '')}")

    @contextmanager
    def _asked(self, path: str, timeout_s: float) -> "Generator[socket.socket]":
        """A connection that was asked for `path`; what goes wrong with it is told."""
        try:
            with closing(self._connected(timeout_s)) as connection:
                connection.sendall(self._request(path))
                yield connection
        except TimeoutError:
            raise DaemonSilent("the daemon does not answer in time; `journalctl -u dcfoot` tells more.") from None
        except OSError as fault:
            raise DaemonSilent(f"the daemon broke off: {fault.strerror or fault}; ask again.") from None

    def _connected(self, timeout_s: float) -> "socket.socket":
        """Raises `DaemonUnavailable` where nobody listens at any of the places."""
        refused: Path | None = None
        for path in self._sockets:
            try:
                return _connection(path, timeout_s)
            except PermissionError:
                refused = refused or path
            except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
                continue
        if refused is not None:
            raise DaemonUnavailable(*_not_allowed(refused))
        where = f"; it is looked for at {' and '.join(map(str, self._sockets))}" if self._sockets else ": it is off"
        raise DaemonUnavailable(f"{NO_DAEMON}{where}.", START)


def sockets_of(environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> list[Path]:
    """Where the socket of this machine's daemon may be: what is set, else the system's place and the user's own.

    Parameters
    ----------
    environ : Mapping[str, str] or None
        None for this process's environment.
    cwd : Path or None
        The working directory; None for this process's.
    """
    environ = os.environ if environ is None else environ
    # A fault in other settings is the daemon's affair, or was told already.
    chosen = judged(environ, cwd, {SETTING: judges.path_or_off}).values.get(SETTING)
    if chosen is not None:
        return [] if chosen == OFF else [chosen]
    system = Path(environ.get("DCFOOT_ROOT") or "/") / SYSTEM_FOLDER.relative_to("/")
    users = users_folder(environ)
    return [folder / SOCKET_NAME for folder in (system, *([users] if _is_own(users) else []))]


def users_folder(environ: Mapping[str, str]) -> Path:
    """Where a user's own daemon has its socket: in the login session's folder (XDG base directories), else in /tmp."""
    session = Path(environ.get("XDG_RUNTIME_DIR", ""))
    if session.is_absolute():
        return session / "dcfoot"
    return Path(environ.get("TMPDIR") or "/tmp") / f"dcfoot-{os.geteuid()}"  # noqa: S108 (its owner is looked at)


def _is_own(folder: Path) -> bool:
    """Whether a folder is this user's: in another's, anybody could tell us anything."""
    try:
        return folder.stat().st_uid == os.geteuid()
    except OSError:
        return False


def _connection(path: Path, timeout_s: float) -> "socket.socket":
    """Raises OSError."""
    path.stat()
    import socket  # 10 ms: only where there is something to connect to

    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        connection.connect(str(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _not_allowed(path: Path) -> tuple[str, str]:
    """What is wrong, and what mends it: to be a member of the group that the socket is of."""
    from getpass import getuser
    from grp import getgrgid

    said = f"this machine's daemon does not let you ask it: no permission for {path}."
    try:
        group = getgrgid(path.stat().st_gid).gr_name
        user = getuser()
    except (OSError, KeyError):
        return said, "Ask its administrator for `daemon.socket_group` or `daemon.socket_mode`."
    if group == "root":
        return said, 'An administrator sets `daemon.socket_group`, or `daemon.socket_mode = "0666"` for everybody.'
    return said, f"`sudo usermod --append --groups {group} {user}` lets you in, from the next login on."


def _all_of(connection: "socket.socket", deadline_s: float) -> bytes:
    parts: list[bytes] = []
    count = 0
    while True:
        connection.settimeout(max(1e-3, deadline_s - monotonic()))
        part = connection.recv(256 * 1024)
        if not part:
            return b"".join(parts)
        parts.append(part)
        count += len(part)
        if count > MOST_BYTES or monotonic() > deadline_s:
            raise TimeoutError


def _status(head: Sequence[bytes]) -> int:
    """Raises `DaemonUnavailable` where this is no answer of a daemon."""
    version, _, rest = head[0].partition(b" ") if head else (b"", b"", b"")
    if not (version.startswith(b"HTTP/1.") and rest[:3].isdigit()):
        raise DaemonUnavailable("what answers at the daemon's socket is no daemon of dcfoot.")
    return int(rest[:3])


def _parsed(body: bytes) -> Json:
    import json

    try:
        document: object = json.loads(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise DaemonUnavailable("the daemon's answer cannot be read; is it of another version of dcfoot?")
    return cast("Json", document)
