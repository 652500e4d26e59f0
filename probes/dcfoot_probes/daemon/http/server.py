"""The server on a socket, with a bound on whatever a client can take: connections, time, bytes, streams.

A thread a connection, of the standard library's server. A request must be there within seconds however slowly it is
sent, so that nobody keeps others out by dripping one.
"""

import io
import logging
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread
from typing import TYPE_CHECKING, cast

from dcfoot.serving import HEADERS, Reply, Request
from dcfoot.version import VERSION
from dcfoot_probes.daemon.http.door import Door
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.local import Local
from dcfoot_probes.daemon.http.replies import EVENTS, refused, reply
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.http.ticks import Ticks

CONNECTIONS = 32
"""At the same time (a choice: a scraper or two, some pages, and room; each takes a thread)."""

STREAMS = 8
"""Of them pages that are told of every tick (a choice)."""

REQUEST_S = 10.0
"""How long a request may take to arrive, an answer to be taken [s] (a choice: that of Prometheus' scrapes)."""

IDLE_S = 75.0
"""How long a connection is kept for the next request [s] (a choice: a scrape a minute keeps it)."""

REQUEST_BYTES = 32 * 1024
"""The most of a request (a choice: four times what Apache and nginx take by default)."""

BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

LOOK_S = 3600.0
"""How often the thread that waits for connections wakes up by itself [s] (a choice: never, as far as costs go; it is
woken to end)."""

HEARTBEAT_S = 15.0
"""How often a stream says something where there are no ticks [s] (HTML standard, section 9.2.7)."""

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = logging.getLogger("dcfoot.http")


class HttpServer:
    """Serves until it is stopped.

    Parameters
    ----------
    listen : Listen or Local
        Where, and what for.
    sources : Sources
        What is told.

    Raises
    ------
    ConfigError
        The address cannot be had, or TLS' files cannot be used.
    """

    def __init__(self, listen: Listen | Local, sources: Sources) -> None:
        self._ticks = Ticks(sources.event)
        self._listen = listen
        self._server = _Server(listen, sources, self._ticks)
        self.url = listen.url(self._server.socket)
        self._thread = Thread(target=self._server.serve_forever, args=(LOOK_S,), name="dcfoot-http", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()
        logger.info("the daemon's page, metrics and API are at %s", self.url)

    def stop(self) -> None:
        """Ends, without waiting for clients."""
        self._ticks.end()
        if self._thread.is_alive():
            # Wakes the thread, that waits for somebody to come (shutdown(2)); it goes on until it is told to end.
            with suppress(OSError):
                self._server.socket.shutdown(socket.SHUT_RDWR)
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._listen.release(self._server.socket)

    def renew(self, listen: Listen) -> None:
        """From the next connection on another token and certificate; address and scheme stay.

        Parameters
        ----------
        listen : Listen
            Where it listens already, read anew.

        Raises
        ------
        ConfigError
            TLS' files cannot be used.
        """
        self._server.protect(listen)

    def tick(self, *_: object) -> None:
        """A frame was made: those who watch are told. Never blocks; what it is given is not looked at."""
        self._ticks.tick()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = CONNECTIONS

    def __init__(self, listen: Listen | Local, sources: Sources, ticks: Ticks) -> None:
        self.sources, self.ticks = sources, ticks
        self.streams = BoundedSemaphore(STREAMS)
        self._room = BoundedSemaphore(CONNECTIONS)
        self.protect(listen)
        # Bound by `listen`: the base class knows no Unix sockets, and asks a name service what this machine is called.
        handler = _LocalHandler if isinstance(listen, Local) else _Handler
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listen.bound()
        self.server_activate()

    def protect(self, listen: Listen | Local) -> None:
        """Takes a token and what TLS needs."""
        self._tls = listen.context()
        self.door = Door(listen.scheme, listen.token)

    def process_request(self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object) -> None:
        """Answers in a thread, or not at all where there are too many."""
        connection = cast("socket.socket", request)
        if not self._room.acquire(blocking=False):
            self._turn_away(connection)
            return
        try:
            super().process_request(connection, client_address)
        except RuntimeError:  # no more threads
            self._room.release()
            self._turn_away(connection)

    def process_request_thread(
        self, request: "socket.socket | tuple[bytes, socket.socket]", client_address: object
    ) -> None:
        """Answers until the connection ends."""
        connection = cast("socket.socket", request)
        try:
            if self._tls:
                connection.settimeout(REQUEST_S)
                connection = self._tls.wrap_socket(connection, server_side=True)
            super().process_request_thread(connection, client_address)
        except OSError:  # no TLS spoken, or gone
            connection.close()
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (the base class's words)
        """Says in a line what went wrong, but for a client that did not wait for the answer."""
        fault = sys.exception()
        if not isinstance(fault, OSError):
            logger.error("an HTTP request failed: %s: %s", type(fault).__name__, fault)

    def _turn_away(self, connection: socket.socket) -> None:
        if not self._tls:
            with suppress(OSError):
                connection.settimeout(0)
                connection.send(BUSY)
        self.shutdown_request(connection)


class _TooLongError(Exception):
    """A request has more bytes than any needs."""


class _Bounded(io.RawIOBase):
    """Reads a connection with an end to its patience."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._left = REQUEST_BYTES
        self._deadline_s = time.monotonic() + REQUEST_S
        self._is_begun = True

    def readable(self) -> bool:
        """It is."""
        return True

    def expect(self) -> None:
        """The next request may take its time to begin, and then not long."""
        self._left = REQUEST_BYTES
        self._deadline_s = time.monotonic() + IDLE_S
        self._is_begun = False

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Raises `TimeoutError` after the deadline, `_TooLongError` beyond the bound."""
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError
        self._connection.settimeout(left_s)
        count = self._connection.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise _TooLongError
        if not self._is_begun:
            self._is_begun = True
            self._deadline_s = time.monotonic() + REQUEST_S
        return count


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = f"dcfoot/{VERSION}", ""
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Bounds what is read."""
        super().setup()
        self.command = ""
        self.rfile.close()
        self._bounded = _Bounded(self.connection)
        self.rfile = io.BufferedReader(self._bounded)

    def handle_one_request(self) -> None:
        """Answers one request."""
        try:
            super().handle_one_request()
            self._bounded.expect()
        except _TooLongError:
            self._refuse(431, "That is more than any request needs.")

    def do_GET(self) -> None:
        """Answers; what cannot be answered is refused by `reply`."""
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self._refuse(413, "Send no body: this server can be read and nothing else.")
            return
        self._answer()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_GET  # noqa: N815 (the base class's words)

    def _answer(self) -> None:
        request = Request.of(self.command, self.path, self.headers.items())
        server = cast("_Server", self.server)
        try:
            answer = reply(request, server.door, server.sources)
        except Exception as fault:  # noqa: BLE001 - a defect is told, and does not end the daemon
            logger.error("a defect of dcfoot: GET %s: %s: %s", request.path, type(fault).__name__, fault)  # noqa: TRY400
            answer = refused(500, f"This is a defect of dcfoot: {type(fault).__name__}.")
        if answer.kind == EVENTS and self.command == "GET":
            self._stream(server)
        else:
            self._send(answer)

    def _send(self, answer: Reply) -> None:
        self.connection.settimeout(REQUEST_S)
        self._head(answer.status, answer.all_headers())
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _refuse(self, status: int, said: str) -> None:
        """Refuses, and reads no further: what follows may be no request."""
        self.close_connection = True
        # Without these no status is sent, as before HTTP/1.0.
        self.requestline, self.request_version = "", self.protocol_version
        self._send(refused(status, said))

    def _stream(self, server: _Server) -> None:
        """Tells of every tick, until the client or the daemon ends."""
        self.close_connection = True
        if not server.streams.acquire(blocking=False):
            self._refuse(503, f"{STREAMS} pages are being told already; ask again later.")
            return
        try:
            self.connection.settimeout(REQUEST_S)
            self._head(200, {**HEADERS, "Content-Type": EVENTS})
            number = -1
            while (newest := server.ticks.wait(number, HEARTBEAT_S)) is not None:
                self.wfile.write(b":\n\n" if newest == number else server.ticks.event(newest))
                number = newest
        finally:
            server.streams.release()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuses what the base class could not read."""
        del explain
        self._refuse(code, f"{message or 'This is no request that can be answered'}.")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
        """Says nothing: there is a request every second."""


class _LocalHandler(_Handler):
    disable_nagle_algorithm = False  # a Unix socket has none
