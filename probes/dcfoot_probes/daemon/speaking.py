"""All that speaks to other programs, as the settings ask for it: the HTTP server, remote write, OTLP."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from dcfoot.daemon_settings import OFF, DaemonSettings
from dcfoot_probes.daemon.http.history import NoStore, Reader
from dcfoot_probes.daemon.words import Snapshot

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
        self._own = own
        self.server = None if own.listen == OFF else _server(own, snapshot, reader, names=names)
        self.pushes = list(_pushes(own, snapshot))

    def start(self) -> None:
        """Begins."""
        for one in (self.server, *self.pushes):
            if one is not None:
                one.start()

    def tick(self, *_: object) -> None:
        """A frame was made. Never blocks; what it is given is not looked at."""
        if self.server is not None:
            self.server.tick()

    def renew(self) -> None:
        """Reads the token and TLS' files anew. Raises `ConfigError` where they cannot be used; then nothing changes."""
        if self.server is not None:
            self.server.renew(_listen(self._own))

    def stop(self) -> None:
        """Ends, without waiting for whoever listens."""
        for one in (self.server, *self.pushes):
            if one is not None:
                one.stop()


def _listen(own: DaemonSettings) -> "Listen":
    from dcfoot_probes.daemon.http.listen import Listen

    certificate, key = own.tls_certificate_file, own.tls_key_file
    return Listen.at(own.listen, own.token_file, (certificate, key) if certificate and key else None)


def _server(
    own: DaemonSettings,
    snapshot: Callable[[], Snapshot],
    reader: Callable[[], AbstractContextManager[Reader]],
    *,
    names: bool,
) -> "HttpServer":
    # Python's HTTP and TLS take 11 MB, which who serves nobody need not have.
    from dcfoot_probes.daemon.http.replies import Sources
    from dcfoot_probes.daemon.http.server import HttpServer

    return HttpServer(_listen(own), Sources(snapshot, reader, names))


def _pushes(own: DaemonSettings, snapshot: Callable[[], Snapshot]) -> "Iterator[Push]":
    if own.otlp_url is not None:
        from dcfoot_probes.exporters import otlp
        from dcfoot_probes.exporters.push import Push, Target

        yield Push(Target(own.otlp_url, otlp.body_of, otlp.HEADERS), snapshot)
    if own.remote_write_url is not None:
        from dcfoot_probes.exporters import remote_write
        from dcfoot_probes.exporters.push import Push, Target

        yield Push(Target(own.remote_write_url, remote_write.body_of, remote_write.HEADERS), snapshot)
