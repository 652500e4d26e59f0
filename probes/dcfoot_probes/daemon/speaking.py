"""All that speaks to other programs, as the settings ask for it: the HTTP servers, remote write, OTLP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dcfoot.daemon_client import SOCKET_NAME
from dcfoot.daemon_settings import DaemonSettings
from dcfoot.judges import OFF
from dcfoot_probes.daemon.http.sources import Sources

if TYPE_CHECKING:
    from dcfoot_probes.daemon.http.listen import Listen
    from dcfoot_probes.daemon.http.server import HttpServer
    from dcfoot_probes.exporters.push import Push


class Speaking:
    """Speaks until it is stopped.

    Parameters
    ----------
    own : DaemonSettings
        Where and to whom.
    sources : Sources
        What is told; asked from several threads.
    folder : Path or None
        Where the Unix socket is unless the settings name another place; None for nowhere.

    Raises
    ------
    ConfigError
        An address cannot be had, or the network could reach it unprotected.
    """

    def __init__(self, own: DaemonSettings, sources: Sources, folder: Path | None = None) -> None:
        self._own = own
        self.servers: list[HttpServer] = []
        self.pushes: list[Push] = []
        told = replace(sources, listens=lambda: [server.url for server in self.servers])
        try:
            self.servers.extend(_servers(own, told, folder))
        except BaseException:
            self.stop()
            raise
        self.pushes.extend(_pushes(own, sources))

    def start(self) -> None:
        """Begins."""
        for one in self._all():
            one.start()

    def tick(self, *_: object) -> None:
        """A frame was made. Never blocks; what it is given is not looked at."""
        for server in self.servers:
            server.tick()

    def renew(self) -> None:
        """Reads the token and TLS' files anew. Raises `ConfigError` where they cannot be used; then nothing changes."""
        if self._own.listen != OFF:
            self.servers[0].renew(_listen(self._own))

    def stop(self) -> None:
        """Ends, without waiting for whoever listens."""
        for one in self._all():
            one.stop()

    def _all(self) -> "list[HttpServer | Push]":
        return [*self.servers, *self.pushes]


def _servers(own: DaemonSettings, sources: Sources, folder: Path | None) -> "Iterator[HttpServer]":
    path = own.socket or (folder / SOCKET_NAME if folder and folder.is_dir() else OFF)
    # Python's HTTP and TLS take 11 MB, which who serves nobody need not have.
    if own.listen != OFF:
        from dcfoot_probes.daemon.http.server import HttpServer

        yield HttpServer(_listen(own), sources)
    if path != OFF:
        from dcfoot_probes.daemon.http.local import Local
        from dcfoot_probes.daemon.http.server import HttpServer

        yield HttpServer(Local(Path(path), own.socket_group, own.socket_mode), sources)


def _listen(own: DaemonSettings) -> "Listen":
    from dcfoot_probes.daemon.http.listen import Listen

    certificate, key = own.tls_certificate_file, own.tls_key_file
    return Listen.at(own.listen, own.token_file, (certificate, key) if certificate and key else None)


def _pushes(own: DaemonSettings, sources: Sources) -> "Iterator[Push]":
    if own.otlp_url is not None:
        from dcfoot_probes.exporters import otlp
        from dcfoot_probes.exporters.push import Push, Target

        yield Push(Target(own.otlp_url, otlp.body_of, otlp.HEADERS), sources.snapshot)
    if own.remote_write_url is not None:
        from dcfoot_probes.exporters import remote_write
        from dcfoot_probes.exporters.push import Push, Target

        yield Push(Target(own.remote_write_url, remote_write.body_of, remote_write.HEADERS), sources.snapshot)
