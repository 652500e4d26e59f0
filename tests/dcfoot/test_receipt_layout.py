"""Text keeps to its columns, whatever script it is written in. Expected widths are those of wcwidth 0.9.4."""

# ruff: noqa: RUF001 - Chinese punctuation and typographic signs are what is tested.

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.receipt.layout import Cell, Column, clip, column_widths, display_width, pad, paint, printable, table, wrap

WORDS = st.text(st.sampled_from("abc 12–…×碳排放。，（）"), max_size=60)


@pytest.mark.parametrize(
    ("text", "columns"),
    [("kWh", 3), ("能耗", 4), ("e\u0301", 1), ("█▒", 2), ("ｱ", 1), ("（", 2), ("", 0), ("CO2 直接排放", 12)],
)
def test_width_is_what_a_terminal_takes(text: str, columns: int) -> None:
    assert display_width(text) == columns


@given(WORDS, st.integers(1, 40))
def test_clipped_text_fits_and_whole_text_is_left_alone(text: str, width: int) -> None:
    assert display_width(clip(text, width)) <= width
    if display_width(text) <= width:
        assert clip(text, width) == text


@given(WORDS, st.integers(4, 40))
def test_wrapping_keeps_to_the_width_and_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(display_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_chinese_line_does_not_begin_with_closing_punctuation() -> None:
    assert wrap("能耗未知，碳排放未知。", 8) == ["能耗未", "知，碳排", "放未知。"]


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5))
def test_the_cells_of_a_column_begin_in_the_same_place(rows: list[tuple[str, str, str]]) -> None:
    columns = (Column(), Column(">"), Column())
    cells = [[Cell(f"|{text}|") for text in row] for row in rows]
    widths = column_widths(cells, columns, 10_000)
    for line, row in zip(table(cells, columns, widths), cells, strict=True):
        begins = widths[0] + 2 + widths[1] + 2
        head, tail = line[: len(line) - len(row[2].text.rstrip())], row[2].text.rstrip()
        assert line.endswith(tail)
        assert display_width(head) == begins


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=5), st.integers(60, 200))
def test_a_table_fits_when_its_shrinkable_column_can_give_way(rows: list[tuple[str, str]], width: int) -> None:
    columns = (Column(least=4), Column(least=4))
    cells = [[Cell(text) for text in row] for row in rows]
    lines = table(cells, columns, column_widths(cells, columns, width))
    assert all(display_width(line) <= width for line in lines)


def test_padding_counts_columns_and_not_characters() -> None:
    assert pad("能", 4) == "能  "
    assert pad("能", 4, ">") == "  能"


def test_colour_is_added_around_the_text_and_only_where_asked() -> None:
    assert paint("measured", "measured", colour=False) == "measured"
    assert paint("measured", "measured", colour=True) == "\x1b[32mmeasured\x1b[0m"


@given(st.text())
def test_nothing_printable_can_steer_a_terminal(text: str) -> None:
    shown = printable(text)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert not any(0xD800 <= ord(char) < 0xE000 for char in shown)


def test_an_escape_sequence_in_a_name_is_shown_and_not_obeyed() -> None:
    assert printable("a\x1b]0;owned\x07b\nc\u202e") == "a?]0;owned?b c?"
