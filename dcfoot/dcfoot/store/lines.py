"""One line of a journal: a JSON object whose first member is the CRC-32 of the rest.

    {"crc32":"9a0b61c2","progress":{...}}

A line is JSON by itself, so that any tool reads the file. A line that was torn by a crash, a full disk or a bad sector
does not carry its checksum, and counts as not written.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from json import JSONEncoder

PREFIX = b'{"crc32":"%08x",'
"""What a line begins with."""

PREFIX_BYTES = len(PREFIX % 0)
"""Length of the prefix [B]."""


class LineKind(StrEnum):
    """What a line holds: the name of its second member."""

    HEADER = "header"
    PHASES = "phases"
    BY_TIME = "by_time"
    PROGRESS = "progress"
    FINISH = "finish"


def encode_line(kind: LineKind, body: Mapping[str, Any]) -> bytes:
    """One line with its checksum and its newline, in ASCII, so that what `os.fsdecode` escaped survives."""
    payload = f'"{kind}":{_encoder().encode(body)}'.encode("ascii")
    return b"".join((PREFIX % crc32(payload), payload, b"}\n"))


def kind_of_line(line: bytes) -> LineKind | None:
    """What an intact line (without its newline) holds; None for a damaged one."""
    payload = line[PREFIX_BYTES:-1]
    if not line.endswith(b"}") or line[:PREFIX_BYTES] != PREFIX % crc32(payload):
        return None
    return next((kind for kind in LineKind if payload.startswith(f'"{kind}":'.encode())), None)


def body_of_line(line: bytes, kind: LineKind) -> dict[str, Any]:
    """The body of a line that `kind_of_line` found intact."""
    import json

    body: dict[str, Any] = json.loads(line)[kind]
    return body


@cache
def _encoder() -> "JSONEncoder":
    from json import JSONEncoder  # 8 ms: only where something is written

    return JSONEncoder(separators=(",", ":"))
