"""An exporter's page over HTTP: asked for with patience and limits, and read without being held in memory.

In comes an address and how the lines begin that matter; out come these lines as samples, and a sum over all of the
page, which tells whether it is a new one. The lines are parsed by prometheus-client.

Source: Prometheus, "Exposition formats", text-based format 0.0.4.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from dcfoot.errors import ProbeTransient
from dcfoot_probes.readers.words import Sample

if TYPE_CHECKING:
    from http.client import HTTPConnection, HTTPResponse

TIMEOUT_S = 1.5
"""How long a page may take in all [s] (a choice: less than the daemon waits before it calls a probe hung)."""

PAGE_BYTES = 64 * 1024 * 1024
"""A longer page is not read (a choice: Kepler's, with every process of a large machine, has some megabytes)."""

LINE_BYTES = 64 * 1024
"""A longer line is passed over (a choice: a command line in a label has some kilobytes, and is of no meter)."""

LABEL_CHARACTERS = 1_024
"""A longer label is no name of a device and is passed over: it would stand in every metric and page (a choice: NVML's
names end at 96, Kubernetes' at 253)."""

LINES_COUNT = 10_000
"""More lines that matter are no machine's (a choice: a GPU has two, in each of up to seven MIG instances)."""

CHUNK_BYTES = 64 * 1024
"""How much is read at once (a choice)."""

GZIP_WINDOW_BITS = 31
"""The largest window, with gzip's header (zlib, "inflateInit2")."""

HEADERS = {
    "Accept": "text/plain;version=0.0.4",
    "Accept-Encoding": "gzip",
    "User-Agent": "dcfoot",
    "Connection": "close",
}


class Page(NamedTuple):
    """What was told.

    Parameters
    ----------
    samples : Sequence of Sample
        The lines that matter.
    checksum : int
        Over all of the text.
    """

    samples: Sequence[Sample]
    checksum: int


def ask(address: str, names: tuple[str, ...]) -> Page:
    """The page of an exporter.

    Parameters
    ----------
    address : str
        ``http://HOST:PORT/PATH``, or https.
    names : tuple of str
        How the lines begin that matter.

    Raises
    ------
    ProbeTransient
        There is none, or none that can be read.
    """
    from http.client import HTTPException

    deadline_s = monotonic() + TIMEOUT_S
    try:
        with closing(_connection(address)) as connection:
            response = _response(connection, address)
            return read_page(_inflated(_chunks(response, deadline_s), response.getheader("Content-Encoding")), names)
    except (OSError, HTTPException, ValueError, zlib.error) as fault:
        raise ProbeTransient(f"{address} cannot be read: {str(fault) or type(fault).__name__}") from None


def read_page(text: Iterable[bytes], names: tuple[str, ...]) -> Page:
    """A page from the pieces of its text. Raises `ValueError` where it is beyond all bounds."""
    beginnings = tuple(name.encode() for name in names)
    lines: list[str] = []
    rest, checksum, length_bytes = b"", 0, 0
    for piece in text:
        checksum, length_bytes = zlib.crc32(piece, checksum), length_bytes + len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        wanted = (line for line in whole if line.startswith(beginnings) and len(line) <= LINE_BYTES)
        lines += [line.decode("utf-8", "replace") for line in wanted]
        rest = rest[: LINE_BYTES + 1]  # of one that is too long, enough to know that it is
        if len(lines) > LINES_COUNT or length_bytes > PAGE_BYTES:
            raise ValueError("it is longer than any exporter's page")
    # A line without an end was cut off, and so may its number be.
    return Page([sample for line in lines for sample in _samples(line)], checksum)


def _samples(line: str) -> Sequence[Sample]:
    """One sample; none where the line cannot be parsed: that meter has a gap, the others are as good as before."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(line))
    except (ValueError, IndexError, KeyError):
        return []
    return [Sample(found.name, _labels(found.labels), found.value) for family in families for found in family.samples]


def _labels(told: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in told.items() if len(value) <= LABEL_CHARACTERS}


def _connection(address: str) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection
    from urllib.parse import urlsplit

    place = urlsplit(address)
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    return kind(place.hostname or "", place.port, timeout=TIMEOUT_S)


def _response(connection: "HTTPConnection", address: str) -> "HTTPResponse":
    from urllib.parse import urlsplit

    place = urlsplit(address)
    connection.request("GET", (place.path or "/") + (f"?{place.query}" if place.query else ""), headers=HEADERS)
    response = connection.getresponse()
    if response.status != 200:
        raise ValueError(f"it answers HTTP {response.status}")
    return response


def _chunks(response: "HTTPResponse", deadline_s: float) -> Iterator[bytes]:
    while chunk := response.read1(CHUNK_BYTES):
        yield chunk
        if monotonic() > deadline_s:
            raise TimeoutError("it takes too long")


def _inflated(chunks: Iterable[bytes], encoding: str | None) -> Iterator[bytes]:
    """The text; never more of it at once than a piece, however well it was packed."""
    if encoding != "gzip":
        yield from chunks
        return
    unpack = zlib.decompressobj(GZIP_WINDOW_BITS)
    for chunk in chunks:
        left = chunk
        while left and not unpack.eof:
            yield unpack.decompress(left, CHUNK_BYTES)
            left = unpack.unconsumed_tail
