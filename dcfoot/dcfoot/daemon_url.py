"""Asks a daemon at an address, another machine's too, in the way in which `daemon_client` asks this machine's."""

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from dcfoot.daemon_client import TIMEOUT_S, DaemonClient
from dcfoot.errors import ConfigError, DaemonUnavailable

if TYPE_CHECKING:
    import socket

PORTS = {"http": 80, "https": 443}
"""Where no port is named (RFC 9110, sections 4.2.1 and 4.2.2)."""


class UrlClient(DaemonClient):
    """Asks the daemon at one address.

    Parameters
    ----------
    url : str
        ``"https://gpu7:8376"``. Certificates are judged by what this machine trusts, or by ``SSL_CERT_FILE``.
    token : str
        What the daemon wants to know of whoever asks; empty for nothing.
    timeout_s : float
        How long an answer may take [s].

    Raises
    ------
    ConfigError
        That is no address.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = TIMEOUT_S) -> None:
        super().__init__((), timeout_s)
        self._url = url
        self._parts = _parts_of(url)
        self._token = token

    def _request(self, path: str) -> bytes:
        before = self._parts.path.rstrip("/")
        known = f"Authorization: Bearer {self._token}\r\n" if self._token else ""
        host = self._parts.netloc.rpartition("@")[2]
        return f"GET {before}{path} HTTP/1.0\r\nHost: {host}\r\n{known}\r\n".encode()

    def _connected(self, timeout_s: float) -> "socket.socket":
        import socket
        import ssl

        host, port = self._parts.hostname or "", self._parts.port or PORTS[self._parts.scheme]
        try:
            connection = socket.create_connection((host, port), timeout_s)
            if self._parts.scheme == "https":
                return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
        except ssl.SSLCertVerificationError as fault:
            raise DaemonUnavailable(
                f"{self._url} shows a certificate that is not trusted here: {fault.verify_message}.",
                "Name one that is: SSL_CERT_FILE=FILE.",
            ) from None
        except OSError as fault:
            raise DaemonUnavailable(f"no daemon answers at {self._url}: {fault.strerror or fault}.") from None
        return connection


def _parts_of(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
        parts = urlsplit("")
    if not fits or not url.isascii() or not url.isprintable() or " " in url or parts.query or parts.fragment:
        raise ConfigError(f"{url!r} is not the address of a daemon such as http://127.0.0.1:8376")
    return parts
