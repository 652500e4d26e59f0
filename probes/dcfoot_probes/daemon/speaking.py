"""All that speaks to other programs, as the settings ask for it: the HTTP server, remote write, OTLP."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from dcfoot.daemon_settings import DaemonSettings
from dcfoot.judges import OFF
from dcfoot_probes.daemon.http.history import NoStore, Reader
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.replies import Sources
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.daemon.words import Snapshot
from dcfoot_probes.exporters import otlp, remote_write
from dcfoot_probes.exporters.push import Push, Target


class Speaking:
    """Speaks until it is stopped.

    Parameters
    ----------
    own : DaemonSettings
        Where and to whom.
    snapshot : Callable[[], Snapshot]
        What is known now; asked from several threads.
    reader : Callable[[], AbstractContextManager[Reader]]
        Opens what is kept.
    names : bool
        Whether units are told of by name.

    Raises
    ------
    ConfigError
        The address cannot be had, or the network could reach it unprotected.
    """

    def __init__(
        self,
        own: DaemonSettings,
        snapshot: Callable[[], Snapshot],
        reader: Callable[[], AbstractContextManager[Reader]] = NoStore,
        *,
        names: bool = False,
    ) -> None:
        self.server = None if own.listen == OFF else HttpServer(_listen(own), Sources(snapshot, reader, names))
        self.pushes = [Push(target, snapshot) for target in _targets(own)]

    def start(self) -> None:
        """Begins."""
        for one in (self.server, *self.pushes):
            if one is not None:
                one.start()

    def tick(self, *_: object) -> None:
        """A frame was made. Never blocks; what it is given is not looked at."""
        if self.server is not None:
            self.server.tick()

    def stop(self) -> None:
        """Ends, without waiting for whoever listens."""
        for one in (self.server, *self.pushes):
            if one is not None:
                one.stop()


def _listen(own: DaemonSettings) -> Listen:
    certificate, key = own.tls_certificate_file, own.tls_key_file
    return Listen.at(own.listen, own.token_file, (certificate, key) if certificate and key else None)


def _targets(own: DaemonSettings) -> list[Target]:
    told = (
        (own.otlp_url, otlp.body_of, otlp.HEADERS),
        (own.remote_write_url, remote_write.body_of, remote_write.HEADERS),
    )
    return [Target(url, body_of, headers) for url, body_of, headers in told if url is not None]
