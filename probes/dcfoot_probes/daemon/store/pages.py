"""The rows of a damaged SQLite file, page by page, without the trees that lead to them.

SQLite gives up a table at the first page that it cannot use. But each page says what it holds, and in a file with
auto-vacuum a map says of each which page leads to it: so a damaged page takes with it what stood in it and no more.
What follows is "Database File Format" (https://www.sqlite.org/fileformat2.html); its sections stand at each step.
"""

import struct
from array import array
from collections.abc import Collection, Iterator
from mmap import mmap
from typing import NamedTuple

Value = int | float | str | bytes | None

TABLE_LEAF, TABLE_INTERIOR, INDEX_LEAF, INDEX_INTERIOR = 13, 5, 10, 2
"""First byte of a page (1.6, "B-tree Page Header Format")."""

MAP_ENTRY_BYTES, FIRST_MAP_PAGE = 5, 2
MAP_ROOT, MAP_CHILD, MAP_KINDS = 1, 5, range(1, 6)
"""A byte that says what a page is, and the page that leads to it (1.8, "Pointer Map or Ptrmap Pages")."""

DEPTH_MAX = 20
"""Of a tree (a choice: pages of a kilobyte branch by a hundred, and a file has at most 2^32)."""

INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
"""Of a serial type (2.1, "Record Format")."""

_SHORT, _LONG, _DOUBLE = struct.Struct(">H"), struct.Struct(">I"), struct.Struct(">d")

UNREADABLE = (ValueError, IndexError, struct.error)
"""What reading rubbish raises."""


class Row(NamedTuple):
    """A row as it stands in its page.

    Parameters
    ----------
    root : int
        The first page of its table or index.
    number : int
        Of a table's row; 0 where rows have none.
    values : tuple
        Of its columns; of an index those of its columns, and the number of the row.
    """

    root: int
    number: int
    values: tuple[Value, ...]


class Pages:
    """The pages of a file.

    Parameters
    ----------
    data : mmap
        The file.
    size_bytes : int
        Of a page [bytes].
    roots : Collection of int
        First pages of the tables and indexes that are to be read.
    """

    def __init__(self, data: mmap, size_bytes: int, roots: Collection[int]) -> None:
        self._data, self._size_bytes, self._roots = data, size_bytes, roots
        self._count = len(data) // size_bytes
        self._parents = array("I", [0]) * (self._count + 1)
        self._map()

    def rows(self) -> Iterator[Row]:
        """Every row that can be read, page by page."""
        for page in range(FIRST_MAP_PAGE + 1, self._count + 1):
            root = self._root(page)
            if root:
                for place, kind in self._cells(page):
                    try:
                        yield Row(root, *self._row(page, place, kind))
                    except UNREADABLE:
                        continue

    def _map(self) -> None:
        """Which page leads to which: as the map says, and where that is damaged as the pages themselves say."""
        entries_count = self._size_bytes // MAP_ENTRY_BYTES
        unmapped: list[range] = []
        for at in range(FIRST_MAP_PAGE, self._count + 1, entries_count + 1):
            pages = range(at + 1, min(at + entries_count, self._count) + 1)
            if not self._read_map(at, pages):
                unmapped.append(pages)
        if unmapped:
            for page in range(FIRST_MAP_PAGE + 1, self._count + 1):
                for child in self._children(page):
                    if any(child in pages for pages in unmapped):
                        self._parents[child] = page

    def _read_map(self, at: int, pages: range) -> bool:
        start = (at - 1) * self._size_bytes
        entries = [(self._data[place], self._long(place + 1)) for place in range(start, start + 5 * len(pages), 5)]
        if not all(kind in MAP_KINDS and parent <= self._count for kind, parent in entries):
            return False
        for page, (kind, parent) in zip(pages, entries, strict=True):
            self._parents[page] = parent if kind == MAP_CHILD else 0
        return True

    def _children(self, page: int) -> Iterator[int]:
        start = (page - 1) * self._size_bytes
        if self._data[start] in {TABLE_INTERIOR, INDEX_INTERIOR}:
            places = (start + 8, *(start + place for place, _ in self._cells(page, any_kind=True)))
            yield from (self._long(place) for place in places if place + 4 <= len(self._data))

    def _root(self, page: int) -> int:
        """The first page of what a page belongs to; 0 where that is nothing that is to be read."""
        for _ in range(DEPTH_MAX):
            if page in self._roots:
                return page
            page = self._parents[page] if page <= self._count else 0
        return 0

    def _cells(self, page: int, *, any_kind: bool = False) -> Iterator[tuple[int, int]]:
        """The places of a page's cells in it, and its kind (1.6)."""
        start = (page - 1) * self._size_bytes
        kind = self._data[start]
        if kind not in {TABLE_LEAF, INDEX_LEAF, INDEX_INTERIOR} and not (any_kind and kind == TABLE_INTERIOR):
            return
        first = 12 if kind in {TABLE_INTERIOR, INDEX_INTERIOR} else 8
        (count,) = _SHORT.unpack_from(self._data, start + 3)
        places_end = min(first + 2 * count, self._size_bytes - 1)
        for at in range(first, places_end - 1, 2):
            (place,) = _SHORT.unpack_from(self._data, start + at)
            if places_end <= place < self._size_bytes - 4:
                yield place, kind

    def _row(self, page: int, place: int, kind: int) -> tuple[int, tuple[Value, ...]]:
        """The row of a cell (1.6, "B-tree Cell Format")."""
        start = (page - 1) * self._size_bytes
        at = start + place + (4 if kind == INDEX_INTERIOR else 0)
        length, at = self._varint(at)
        number = 0
        if kind == TABLE_LEAF:
            number, at = self._varint(at)
        return number, _values(self._payload(at, start + self._size_bytes, length, kind))

    def _payload(self, at: int, page_end: int, length: int, kind: int) -> bytes:
        """What is left of it in the page, and in the pages where it goes on (1.6, 1.7)."""
        usable = self._size_bytes
        longest = usable - 35 if kind == TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        least = (usable - 12) * 32 // 255 - 23
        if length <= longest:
            return _whole(self._data[at : min(at + length, page_end)], length)
        if length > len(self._data):
            raise ValueError("longer than the file")
        here = least + (length - least) % (usable - 4)
        here = here if here <= longest else least
        parts = [_whole(self._data[at : min(at + here, page_end)], here)]
        following, left = self._long(at + here), length - here
        while left > 0:
            if not FIRST_MAP_PAGE < following <= self._count:
                raise ValueError("goes on in no page")
            start = (following - 1) * usable
            parts.append(self._data[start + 4 : start + 4 + min(left, usable - 4)])
            left -= len(parts[-1])
            following = self._long(start)
        return b"".join(parts)

    def _long(self, at: int) -> int:
        return int(_LONG.unpack_from(self._data, at)[0])

    def _varint(self, at: int) -> tuple[int, int]:
        return _varint(self._data, at)


def _whole(data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise ValueError("longer than its page")
    return data


def _varint(data: bytes | mmap, at: int) -> tuple[int, int]:
    """A number of up to nine bytes, and where the next thing begins (1.6)."""
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    value = value << 8 | data[at + 8]
    return value - (value >> 63 << 64), at + 9


def _values(record: bytes) -> tuple[Value, ...]:
    """The columns of a record (2.1). Raises `ValueError` where it is none."""
    head_end, at = _varint(record, 0)
    kinds: list[int] = []
    while at < head_end:
        kind, at = _varint(record, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        length = _length(kind)
        values.append(_value(kind, _whole(record[at : at + length], length)))
        at += length
    if at != len(record):
        raise ValueError("is no record")
    return tuple(values)


def _length(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    return 8 if kind == 7 else INTEGER_BYTES.get(kind, 0)


def _value(kind: int, data: bytes) -> Value:
    if kind >= 12:
        return data.decode() if kind % 2 else data
    if kind == 7:
        return float(_DOUBLE.unpack(data)[0])
    if kind in INTEGER_BYTES:
        return int.from_bytes(data, "big", signed=True)
    if kind in {10, 11}:
        raise ValueError("a type that SQLite does not use")
    return {0: None, 8: 0, 9: 1}[kind]
