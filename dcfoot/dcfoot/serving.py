"""What dcfoot's own servers have in common: a request and a reply without a socket, and what every reply says."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

JSON = "application/json"

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""The browser itself lets a page load nothing from elsewhere, and nobody put it into a frame."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    Parameters
    ----------
    method, path, query : str
        ``"GET"``, ``"/metrics"``, ``"a=b"``.
    headers : Mapping[str, str]
        Names in lower case.
    body : bytes
        What was sent.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""

    @staticmethod
    def of(method: str, address: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> "Request":
        """As it came: the path with its query, and headers as they were written."""
        path, _, query = address.partition("?")
        return Request(method, path, query, {name.lower(): value for name, value in headers}, body)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered.

    Parameters
    ----------
    status : int
        As HTTP knows it.
    body : bytes
        The answer.
    kind : str
        Its media type.
    headers : Mapping[str, str]
        Beside those that every reply has.
    """

    status: int
    body: bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def all_headers(self) -> Mapping[str, str]:
        """With those that every reply has."""
        told = {"Content-Type": self.kind, "Content-Length": str(len(self.body))}
        return {**HEADERS, **self.headers, **told}


def json_bytes(document: object) -> bytes:
    """Plain values as JSON, in one line."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
