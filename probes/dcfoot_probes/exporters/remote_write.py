"""The metrics as what Prometheus' remote write takes: protocol buffers within a block of Snappy.

Prometheus Remote-Write 1.0 (https://prometheus.io/docs/specs/prw/remote_write_spec): four kinds of message, each of two
fields, so they are written here; the block is one literal that is not compressed, which Snappy allows
(format_description.txt, section 2.1): it goes over a network of the operator's own, once in a while.
"""

import struct
from collections.abc import Iterator, Mapping

from dcfoot.units import NS_PER_MS
from dcfoot_probes.daemon.words import Snapshot
from dcfoot_probes.exporters.metrics import METRICS, Metric

HEADERS: Mapping[str, str] = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}

_VARINT, _DOUBLE, _BYTES = 0, 1, 2
"""How a field is encoded (protobuf.dev/programming-guides/encoding)."""


def body_of(now: Snapshot) -> bytes:
    """Every sample of every metric, stamped with the end of the last interval.

    Each carries the labels ``instance`` (the host) and ``job`` (``dcfoot``, where the metric has none of that name).
    """
    time_ms = now.utc_ns // NS_PER_MS
    request = b"".join(_field(1, series) for metric in METRICS for series in _series(metric, now, time_ms))
    return snappy_literal(request)


def _series(metric: Metric, now: Snapshot, time_ms: int) -> Iterator[bytes]:
    common = {"__name__": metric.full_name, "instance": now.host, "job": "dcfoot"}
    for labels, value in metric.samples(now):
        named = {**common, **dict(zip(metric.labels, labels, strict=True))}
        pairs = b"".join(_field(1, _label(name, text)) for name, text in sorted(named.items()) if text)
        yield pairs + _field(2, _key(1, _DOUBLE) + struct.pack("<d", value) + _key(2, _VARINT) + varint(time_ms))


def _label(name: str, text: str) -> bytes:
    return _field(1, name.encode()) + _field(2, text.encode())


def _field(number: int, content: bytes) -> bytes:
    return _key(number, _BYTES) + varint(len(content)) + content


def _key(number: int, encoding: int) -> bytes:
    return varint(number << 3 | encoding)


def varint(value: int) -> bytes:
    """A number of 0 and more in base 128, the least significant part first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def snappy_literal(content: bytes) -> bytes:
    """A block of Snappy that holds `content` as it is."""
    if not content:
        return varint(0)
    return varint(len(content)) + b"\xfc" + struct.pack("<I", len(content) - 1) + content  # 63: a length of 4 bytes
