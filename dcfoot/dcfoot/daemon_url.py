"""Asks a daemon at an address, another machine's too, in the way in which `daemon_client` asks this machine's."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from dcfoot.daemon_client import TIMEOUT_S, DaemonClient, Json
from dcfoot.errors import ConfigError, DaemonSilent, DaemonUnavailable

if TYPE_CHECKING:
    import socket
    import ssl

PORTS = {"http": 80, "https": 443}
"""Where no port is named (RFC 9110, sections 4.2.1 and 4.2.2)."""

UNAUTHORIZED = 401
"""HTTP's status where the token is missing or another (RFC 9110)."""

OTHER_NAME = frozenset({62, 64})
"""OpenSSL's codes where a certificate is of another name or address (X509_V_ERR_HOSTNAME_MISMATCH and
X509_V_ERR_IP_ADDRESS_MISMATCH in openssl/x509_vfy.h)."""


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

    def _refusal(self, path: str, status: int, document: Json) -> DaemonUnavailable:
        if status != UNAUTHORIZED:
            return super()._refusal(path, status, document)
        wanted = "another token than this" if self._token else "a token"
        return DaemonUnavailable(f"{self._url} wants {wanted}.", "Name the file that holds it: --token-file FILE.")

    @contextmanager
    def _asked(self, path: str, timeout_s: float) -> "Generator[socket.socket]":
        try:
            with super()._asked(path, timeout_s) as connection:
                yield connection
        except DaemonSilent as silent:
            if self._parts.scheme == "https":
                raise
            # A server that speaks TLS hangs up on whoever does not.
            raise DaemonSilent(silent.reason, "If its address begins with https://, ask for that.") from None

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
                f"{self._url} shows a certificate that is not trusted here: {fault.verify_message}.", _trust(fault)
            ) from None
        except ssl.SSLError as fault:
            raise DaemonUnavailable(
                f"what answers at {self._url} speaks no TLS ({fault.reason}).",
                "If its address begins with http://, ask for that.",
            ) from None
        except OSError as fault:
            raise DaemonUnavailable(f"no daemon answers at {self._url}: {fault.strerror or fault}.") from None
        return connection


def _trust(fault: "ssl.SSLCertVerificationError") -> str:
    """What has a certificate trusted."""
    if fault.verify_code in OTHER_NAME:
        return "Ask for a name that the certificate has."
    named = os.environ.get("SSL_CERT_FILE")
    if named and not Path(named).is_file():
        return f"SSL_CERT_FILE names {named}, which is no file."
    return "Name the certificate of the authority that vouches for it: SSL_CERT_FILE=FILE."


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
