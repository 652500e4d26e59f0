"""A service on the network, on this machine: answers as a script says, and remembers what it was asked.

    with WebService(lambda asked: Reply(b"{}")) as service:
        ...                       # service.url is its root, service.asked what came

A script is a function of what was asked, or a list of replies that are given one after the other, the last for ever.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request: its path, parameters (the last of each name) and headers (names in lower case)."""

    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def user_and_password(self) -> tuple[str, str]:
        """Of HTTP's basic scheme (RFC 7617)."""
        user, _, password = (
            base64.b64decode(self.headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        return user, password


@dataclass(frozen=True)
class Reply:
    """What the service says, after `delay_s` seconds."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0


def as_json(document: object, status: int = 200) -> Reply:
    """A reply that is a JSON document."""
    return Reply(json.dumps(document).encode(), status, {"Content-Type": "application/json"})


Script = Callable[[Asked], Reply] | Sequence[Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Says nothing of a client that did not wait for the answer."""


class WebService:
    """The service, on a port of its own while the context lasts."""

    def __init__(self, script: Script) -> None:
        self.asked: list[Asked] = []
        self._script = script
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reply(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if callable(self._script):
            return self._script(asked)
        return self._script[min(len(self.asked), len(self._script)) - 1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = service.reply(Asked(parts.path, dict(parse_qsl(parts.query)), headers))
                time.sleep(reply.delay_s)
                self.send_response(reply.status)
                for name, value in {**reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's word)
                """Says nothing: a test's output is its own."""

        return Handler
