"""All that speaks to other programs, as the settings ask for it: the HTTP servers, remote write, OTLP."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dcfoot.daemon_client import SOCKET_NAME
from dcfoot.daemon_settings import DaemonSettings
from dcfoot.judges import OFF
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.local import Local
from dcfoot_probes.daemon.http.replies import Sources
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.exporters import otlp, remote_write
from dcfoot_probes.exporters.push import Push, Target


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
        self.servers: list[HttpServer] = []
        self.pushes: list[Push] = []
        told = replace(sources, listens=lambda: [server.url for server in self.servers])
        try:
            for place in _places(own, folder):
                self.servers.append(HttpServer(place, told))
        except BaseException:
            self.stop()
            raise
        self.pushes = [Push(target, sources.snapshot) for target in _targets(own)]

    def start(self) -> None:
        """Begins."""
        for one in self._all():
            one.start()

    def tick(self, *_: object) -> None:
        """A frame was made. Never blocks; what it is given is not looked at."""
        for server in self.servers:
            server.tick()

    def stop(self) -> None:
        """Ends, without waiting for whoever listens."""
        for one in self._all():
            one.stop()

    def _all(self) -> list[HttpServer | Push]:
        return [*self.servers, *self.pushes]


def _places(own: DaemonSettings, folder: Path | None) -> Iterator[Listen | Local]:
    if own.listen != OFF:
        certificate, key = own.tls_certificate_file, own.tls_key_file
        yield Listen.at(own.listen, own.token_file, (certificate, key) if certificate and key else None)
    path = own.socket or (folder / SOCKET_NAME if folder and folder.is_dir() else OFF)
    if path != OFF:
        yield Local(Path(path), own.socket_group, own.socket_mode)


def _targets(own: DaemonSettings) -> list[Target]:
    told = (
        (own.otlp_url, otlp.body_of, otlp.HEADERS),
        (own.remote_write_url, remote_write.body_of, remote_write.HEADERS),
    )
    return [Target(url, body_of, headers) for url, body_of, headers in told if url is not None]
