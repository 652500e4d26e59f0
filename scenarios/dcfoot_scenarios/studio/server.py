"""The studio on a socket of this machine: 127.0.0.1 and nowhere else."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import cast

from dcfoot.errors import ConfigError
from dcfoot.serving import Reply, Request
from dcfoot_scenarios.studio.begin import begin
from dcfoot_scenarios.studio.service import Door, refused, reply, too_long
from dcfoot_scenarios.study import Study

HOST = "127.0.0.1"


class StudioServer(ThreadingHTTPServer):
    """The server of one study.

    Parameters
    ----------
    study : Study
        What the page shows first.
    lang : str
        ``"en"`` or ``"zh"``.
    port : int
        Where; 0 for any that is free.

    Raises
    ------
    ConfigError
        The port cannot be had.
    """

    daemon_threads = True

    def __init__(self, study: Study, lang: str, port: int) -> None:
        self.beginning = json.dumps(begin(study, lang), ensure_ascii=False).encode()
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as fault:
            said = getattr(fault, "strerror", None) or fault
            raise ConfigError(f"--port {port}: {said}; choose another, or 0 for any that is free.") from None
        self.door = Door(self.server_port, token_urlsafe(16))

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (the base class's words)
        """Says in a line what went wrong, but for a browser that did not wait for the answer."""
        fault = sys.exception()
        if not isinstance(fault, ConnectionError):
            sys.stderr.write(f"dcfoot: {type(fault).__name__}: {fault}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        """Sends a part of the page."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answers a study."""
        length = self.headers.get("Content-Length")
        if too_long(length):
            self.close_connection = True
            self._send(refused(413, "Send a study of less than a megabyte, and its Content-Length."))
        else:
            self._answer(self.rfile.read(int(length or 0)))

    def _answer(self, body: bytes) -> None:
        request = Request.of(self.command, self.path, self.headers.items(), body)
        studio = cast("StudioServer", self.server)
        self._send(reply(request, studio.door, studio.beginning))

    def _send(self, answer: Reply) -> None:
        self.send_response(answer.status)
        for name, value in answer.all_headers().items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
        """Says nothing: every move of a slider is a request."""
