"""Lines and tables of a fixed display width, with wide (Chinese, Japanese, Korean) characters counted as two columns.

Knows of nothing but text: cells come in, lines no wider than asked go out. Ambiguous-width characters (box drawing,
dashes) count as one column, as terminals draw them.
"""

# ruff: noqa: RUF001 - closing punctuation of Chinese is meant.

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, east_asian_width

ELLIPSIS = "…"
BARS = "▁▂▃▄▅▆▇█"
GAP = " "

_CODES = {
    "bold": "1",
    "dim": "2",
    "title": "1;36",
    "loud": "1;30;43",
    "measured": "32",
    "modelled": "33",
    "default": "35",
    "warning": "33",
    "bar": "36",
}
"""Select Graphic Rendition parameters (ECMA-48, 8.3.117): the sixteen colours that every theme adapts."""


def paint(text: str, style: str, *, colour: bool) -> str:
    """`text` in a style where `colour` is wanted and the style is known; its display width does not change."""
    code = _CODES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code and text else text


def printable(text: str) -> str:
    """`text` without what would move a cursor or start an escape sequence: spaces for blanks, else a question mark."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() or category(c) in {"Mn", "Me"} else " " if c.isspace() else "?" for c in text)


def display_width(text: str) -> int:
    """Columns that `text` takes on a terminal (Unicode Standard Annex 11)."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


@lru_cache(1024)
def _char_width(char: str) -> int:
    if east_asian_width(char) in "WF":
        return 2
    return 0 if category(char) in {"Mn", "Me", "Cf"} else 1


def clip(text: str, width: int) -> str:
    """`text`, cut with an ellipsis where it is wider than `width`."""
    if display_width(text) <= width:
        return text
    kept, used = "", display_width(ELLIPSIS)
    for char in text:
        used += _char_width(char)
        if used > width:
            break
        kept += char
    return kept + ELLIPSIS if width > 0 else ""


def pad(text: str, width: int, align: str = "<") -> str:
    """`text` filled with blanks to `width`, at its left (``"<"``) or right (``">"``) edge."""
    blanks = " " * (width - display_width(text))
    return blanks + text if align == ">" else text + blanks


def _pieces(text: str) -> list[str]:
    """Where a line may break: after blanks, and around every wide character."""
    pieces = [""]
    for before, char in zip(" " + text, text, strict=False):
        wide = _char_width(char) == 2 or _char_width(before) == 2
        starts = char != " " and (before == " " or (wide and char not in _NEVER_FIRST))
        if starts:
            pieces.append("")
        pieces[-1] += char
    return [piece for piece in pieces if piece]


_NEVER_FIRST = "，。；：、）》！？％,.;:)!?%"
"""Closing punctuation does not begin a line (GB/T 15834, 5.1.10)."""


def _chopped(piece: str, width: int) -> list[str]:
    chunks: list[str] = []
    current = ""
    for char in piece:
        if display_width(current + char) > width:
            chunks.append(current)
            current = ""
        current += char
    return [*chunks, current]


def wrap(text: str, width: int, indent: str = "", first: str | None = None) -> list[str]:
    """`text` in lines of at most `width` columns; `first` begins the first line, `indent` the others."""
    lines: list[str] = []
    line = indent if first is None else first
    empty = True
    for piece in (chunk for p in _pieces(text) for chunk in _chopped(p, max(2, width - display_width(indent)))):
        if not empty and display_width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = indent
        line += piece
        empty = False
    return [*lines, line.rstrip()]


def spark(values_w: Iterable[float | None], full_w: float) -> str:
    """Powers in a line of bars, from nothing to `full_w`; what is not known is blank."""
    return "".join(GAP if value_w is None else _bar(value_w / full_w if full_w > 0 else 0.0) for value_w in values_w)


def _bar(ratio: float) -> str:
    return BARS[min(len(BARS) - 1, max(0, int(ratio * len(BARS))))]


class Cell(NamedTuple):
    """Text with a style."""

    text: str
    style: str = ""


class Column(NamedTuple):
    """How a column is set.

    Parameters
    ----------
    align : str
        ``"<"`` or ``">"``.
    least : int or None
        How narrow it may become; None for not at all.
    gap : int
        Blanks before it, unless it is empty in every row.
    """

    align: str = "<"
    least: int | None = None
    gap: int = 2


Rows = Sequence[Sequence[Cell]]


def column_widths(rows: Rows, columns: Sequence[Column], width: int) -> list[int]:
    """The width of each column so that the table fits in `width`; the shrinkable ones give way, the widest first."""
    widths = [max((display_width(row[i].text) for row in rows), default=0) for i in range(len(columns))]
    excess = table_width(columns, widths) - width
    while excess > 0:
        shrinkable = [i for i, column in enumerate(columns) if column.least is not None and widths[i] > column.least]
        if not shrinkable:
            break
        widths[max(shrinkable, key=widths.__getitem__)] -= 1
        excess -= 1
    return widths


def table_width(columns: Sequence[Column], widths: Sequence[int]) -> int:
    """Columns that a table takes on the terminal."""
    return sum(widths) + sum(c.gap for c, width in list(zip(columns, widths, strict=True))[1:] if width)


def table(rows: Rows, columns: Sequence[Column], widths: Sequence[int], *, colour: bool = False) -> list[str]:
    """Rows of cells as lines, each column as wide as `widths` says."""
    return [_line(row, columns, widths, colour=colour) for row in rows]


def padded(row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int]) -> list[Cell]:
    """A row's cells and the gaps between them, each as wide as it is to be."""
    cells: list[Cell] = []
    for place, (cell, column, width) in enumerate(zip(row, columns, widths, strict=True)):
        if width:
            cells += [Cell(" " * column.gap)] if place else []
            cells.append(Cell(pad(clip(cell.text, width), width, column.align), cell.style))
    return cells


def _line(row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int], *, colour: bool) -> str:
    return "".join(paint(text, style, colour=colour) for text, style in padded(row, columns, widths)).rstrip()
