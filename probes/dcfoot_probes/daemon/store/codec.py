"""Columns of numbers in few bytes, with the standard library alone: differences, shuffled bytes, zlib.

The k-th bytes of all numbers of a column stand together: those that say little compress away, those that are noise take
a byte each.
"""

import math
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from operator import sub
from statistics import median_low
from struct import Struct
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    Floats = array[float]
    Integers = array[int]
    Column = array[Any]
else:  # it has no parameters before Python 3.12
    Floats = Integers = Column = array

LEVEL = 9
"""Of zlib: its smallest, which seals a day of 50 channels in 4 s where its fastest takes 3 s (measured)."""

RESOLUTION_BITS = 11
"""A sealed tick is told to 1/2048 of the mean one (a choice: a twentieth of a percent, where good meters know half a
percent). Sums do not drift by it: running totals are rounded, not ticks."""

FINEST_EXPONENT = -30
"""... but never finer than 2^-30 J, which is less than a count of any meter."""

COVERED_EXPONENT = -10
"""Time that is covered, against a tick's length, in 1/1024 s: a millisecond of a tick of a second."""

DURATION_EXPONENT = -20
"""Lengths of ticks in 2^-20 s, about a microsecond, which is what a clock is read in."""

BOUND_BITS = 16
"""Significant bits of a least and a most power: 1/65536, rounded outwards so that they stay bounds."""

_HEAD = Struct("<Bq")


class BlobDamagedError(Exception):
    """What was packed does not come back: the disk changed it."""


def pack(*columns: Floats | Integers) -> bytes:
    """Columns of one length."""
    return zlib.compress(b"".join(plane for column in columns for plane in _planes(column)), LEVEL)


def _planes(column: Floats | Integers) -> Iterable[bytes]:
    raw = column.tobytes()
    return (raw[place :: column.itemsize] for place in range(column.itemsize))


def unpack(data: bytes, typecodes: str) -> list[Column]:
    """The inverse of `pack`, for columns of these types (a letter each, as in `array`)."""
    try:
        raw = memoryview(zlib.decompress(data))
    except zlib.error as fault:
        raise BlobDamagedError(str(fault)) from fault
    columns: list[Column] = [array(typecode) for typecode in typecodes]
    count = len(raw) // sum(column.itemsize for column in columns)
    place = 0
    for column in columns:
        shuffled = bytearray(count * column.itemsize)
        for plane in range(column.itemsize):
            shuffled[plane :: column.itemsize] = raw[place : place + count]
            place += count
        column.frombytes(shuffled)
    return columns


def pack_integers(values: Sequence[int], orders: Sequence[int] = (0, 1)) -> bytes:
    """Integers of up to 62 bits, as they are or as differences (of differences), whichever is shorter."""
    base = median_low(values)
    left = [value - base for value in values]
    packed: list[bytes] = []
    for order in range(max(orders) + 1):
        if order in orders:
            packed.append(_HEAD.pack(order, base) + pack(array("Q", [value << 1 ^ value >> 63 for value in left])))
        left = [*left[:1], *map(sub, left[1:], left)]
    return min(packed, key=len)


def unpack_integers(data: bytes) -> list[int]:
    """The inverse of `pack_integers`."""
    order, base = _HEAD.unpack_from(data)
    column = array("Q", unpack(data[_HEAD.size :], "Q")[0])
    values = [folded >> 1 ^ -(folded & 1) for folded in column]
    for _ in range(order):
        values = list(accumulate(values))
    return [value + base for value in values]


def check(data: bytes) -> None:
    """Raises `BlobDamagedError` where what was packed does not come back; far faster than `unpack`."""
    try:
        zlib.decompress(data)  # which ends with a checksum
    except zlib.error as fault:
        raise BlobDamagedError(str(fault)) from fault


def check_integers(data: bytes) -> None:
    """The same of what `pack_integers` packed."""
    check(data[_HEAD.size :])


def whole_steps(values: Iterable[float], exponent: int) -> list[int]:
    """Values as multiples of 2^exponent, rounded so that the sum of any of them in a row is right to one such step."""
    totals = [round(math.ldexp(total, -exponent)) for total in accumulate(values)]
    return [*totals[:1], *map(sub, totals[1:], totals)]


def from_steps(steps: Iterable[int], exponent: int) -> Floats:
    """The inverse of `whole_steps`."""
    size = math.ldexp(1.0, exponent)
    return array("d", [step * size for step in steps])


class Stamps(NamedTuple):
    """When the ticks of a span were.

    Parameters
    ----------
    start_ns : Sequence[int]
        Their starts by the calendar [ns since 1970 UTC].
    duration_s : Sequence[float]
        Their lengths [s].
    """

    start_ns: Sequence[int]
    duration_s: Sequence[float]


def pack_stamps(stamps: Stamps) -> tuple[bytes, bytes]:
    """Starts, to the microsecond before, and lengths."""
    starts_us = [start_ns // 1000 for start_ns in stamps.start_ns]
    lengths = whole_steps(stamps.duration_s, DURATION_EXPONENT)
    return pack_integers(starts_us, (1, 2)), pack_integers(lengths)


def unpack_stamps(starts: bytes, lengths: bytes) -> Stamps:
    """The inverse of `pack_stamps`."""
    start_ns = [start_us * 1000 for start_us in unpack_integers(starts)]
    return Stamps(start_ns, from_steps(unpack_integers(lengths), DURATION_EXPONENT))


class Block(NamedTuple):
    """A channel's ticks of a span, sealed. What is None holds for all ticks: nothing uncovered; no gap."""

    exponent: int
    energies: bytes
    uncovered: bytes | None
    known: bytes | None


def seal(energy_j: Sequence[float], covered_s: Sequence[float], duration_s: Sequence[float]) -> Block:
    """Seals a channel's ticks.

    Parameters
    ----------
    energy_j : Sequence[float]
        Energy of each tick; NaN in a gap [J].
    covered_s : Sequence[float]
        Time of which it is known [s].
    duration_s : Sequence[float]
        Its length [s].
    """
    known = array("B", [not math.isnan(one_j) for one_j in energy_j])
    zeroed_j = [one_j if is_known else 0.0 for one_j, is_known in zip(energy_j, known, strict=True)]
    mean_j = math.fsum(zeroed_j) / max(sum(known), 1)
    exponent = max(math.frexp(mean_j)[1] - 1 - RESOLUTION_BITS, FINEST_EXPONENT)
    ticks = zip(covered_s, duration_s, known, strict=True)
    uncovered_s = [long_s - short_s if is_known else 0.0 for short_s, long_s, is_known in ticks]
    uncovered = whole_steps(uncovered_s, COVERED_EXPONENT)
    return Block(
        exponent,
        pack_integers(whole_steps(zeroed_j, exponent)),
        pack_integers(uncovered) if any(uncovered) else None,
        pack(known) if not all(known) else None,
    )


def unseal(block: Block, duration_s: Sequence[float]) -> tuple[Floats, Floats]:
    """Energy [J] and covered time [s] of each tick of a block; NaN and 0 in a gap."""
    energy_j = from_steps(unpack_integers(block.energies), block.exponent)
    covered_s = array("d", duration_s)
    if block.uncovered is not None:
        uncovered_s = from_steps(unpack_integers(block.uncovered), COVERED_EXPONENT)
        covered_s = array("d", map(sub, covered_s, uncovered_s))
    if block.known is not None:
        for place, is_known in enumerate(unpack(block.known, "B")[0]):
            if not is_known:
                energy_j[place], covered_s[place] = math.nan, 0.0
    return energy_j, covered_s


def pack_figures(figures: Sequence[float]) -> bytes:
    """Figures of a gauge in single precision; NaN where there is none."""
    return pack_integers(array("i", array("f", figures).tobytes()))


def unpack_figures(data: bytes) -> Floats:
    """The inverse of `pack_figures`."""
    return array("f", array("i", unpack_integers(data)).tobytes())


def rounded(value: float, exponent: int) -> float:
    """The nearest multiple of 2^exponent."""
    return math.ldexp(round(math.ldexp(value, -exponent)), exponent)


def bound_below(value: float) -> float:
    """A value with `BOUND_BITS` bits that is not above it."""
    part, exponent = math.frexp(value)
    return (
        math.ldexp(math.floor(math.ldexp(part, BOUND_BITS)), exponent - BOUND_BITS) if math.isfinite(value) else value
    )


def bound_above(value: float) -> float:
    """A value with `BOUND_BITS` bits that is not below it."""
    return -bound_below(-value)


def pack_numbered(numbers: Sequence[int], values: Floats) -> bytes:
    """Values, exactly, with the numbers of those that they belong to; several columns of values one after the other."""
    return array("I", numbers).tobytes() + values.tobytes()


def unpack_numbered(data: bytes, typecode: str = "d", columns_count: int = 1) -> Iterator[tuple[Any, ...]]:
    """The inverse of `pack_numbered`: a number and its values at a time."""
    count = len(data) // (array("I").itemsize + columns_count * array(typecode).itemsize)
    numbers, values = array("I", data[: 4 * count]), array(typecode, data[4 * count :])
    columns = (values[column * count : (column + 1) * count] for column in range(columns_count))
    return zip(numbers, *columns, strict=True)
