"""Where the server listens, and what for: on loopback as it is, elsewhere with a token and TLS only."""

import socket
import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from dcfoot.errors import ConfigError

TOKEN_LENGTH = 16
"""The least length of a token (a choice: 96 bits in base64, beyond guessing over a network)."""


@dataclass(frozen=True, slots=True)
class Listen:
    """An address and what protects it.

    Parameters
    ----------
    host : str
        An address of this machine, or a name of one.
    port : int
        0 for any that is free.
    token : str
        What whoever asks must know; empty: nothing.
    certificate_file, key_file : Path or None
        Of TLS; None for plain HTTP.
    """

    host: str
    port: int
    token: str = ""
    certificate_file: Path | None = None
    key_file: Path | None = None

    @staticmethod
    def at(address: str, token_file: Path | None = None, tls: "tuple[Path, Path] | None" = None) -> "Listen":
        """The address as it stands in the settings.

        Parameters
        ----------
        address : str
            ``HOST:PORT``; an address of IPv6 in brackets.
        token_file : Path or None
            Holds the token.
        tls : (Path, Path) or None
            Files of the certificate, with those that vouch for it, and of its key.

        Raises
        ------
        ConfigError
            It is none, a file cannot be used, or the network could reach it without a token and TLS.
        """
        host, colon, port = address.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not (colon and host and port.isdecimal() and int(port) <= 65_535):
            raise ConfigError(f"daemon.listen: {address!r} is not HOST:PORT.")
        token = token_in(token_file) if token_file else ""
        if not is_loopback(host) and not (token and tls):
            raise ConfigError(
                f"daemon.listen: {address} can be reached from the network; set daemon.token_file, "
                "daemon.tls_certificate_file and daemon.tls_key_file too, or listen on 127.0.0.1."
            )
        return Listen(host, int(port), token, *(tls or ()))

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return "https" if self.certificate_file else "http"

    def bound(self) -> socket.socket:
        """The address' socket. Raises `ConfigError` where it cannot be had."""
        made = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((self.host, self.port))
        except OSError as fault:
            made.close()
            raise ConfigError(
                f"daemon.listen: {self.host}:{self.port}: {fault.strerror or fault}; choose another."
            ) from None
        return made

    def url(self, bound: socket.socket) -> str:
        """Where a browser finds it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{bound.getsockname()[1]}/"

    def release(self, bound: socket.socket) -> None:
        """Gives the address back."""
        bound.close()

    def context(self) -> ssl.SSLContext | None:
        """What TLS needs; None for plain HTTP. Raises `ConfigError` where the files cannot be used."""
        if self.certificate_file is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate_file, self.key_file)
        except OSError as fault:
            raise ConfigError(
                f"daemon.tls_certificate_file, daemon.tls_key_file: {self.certificate_file} and {self.key_file} "
                f"cannot be used: {fault}."
            ) from None
        return context


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def token_in(path: Path) -> str:
    """The word that whoever asks must know. Raises `ConfigError` where the file holds none that is fit."""
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as fault:
        raise ConfigError(f"daemon.token_file: {path} cannot be read: {fault}.") from None
    if len(token) < TOKEN_LENGTH:
        raise ConfigError(
            f"daemon.token_file: the token in {path} has {len(token)} characters, and must have {TOKEN_LENGTH} or "
            f"more; `openssl rand -base64 24 > {path}` makes one."
        )
    return token
