"""The screen as lines of cells, for a window of any size: what is known, laid out. It knows no terminal.

Three things give way, in this order, where there is no room: columns from the least important on, the ladder's rows for
one line, and rows of tables, which can be scrolled.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from dcfoot.receipt.layout import Cell, Column, clip, column_widths, display_width, pad, padded, printable, table_width
from dcfoot.receipt.scale import MASS_G, POWER_W, VOLUME_L, amount
from dcfoot.top import rows
from dcfoot.top.history import STEP_S, STEPS, Powers
from dcfoot.top.look import SORTS, Look, Panel
from dcfoot.top.rows import NOTHING, Row, Table
from dcfoot.top.told import Told
from dcfoot.top.words import Words

Line = Sequence[Cell]

NARROWEST, LOWEST = 24, 6
"""Smaller windows show nothing but that they are too small (a choice: a name and a power, and two rows of each)."""

LOW_ROWS = 20
"""In a lower window the ladder takes one line (a choice: else it would be more than a third of it)."""

TROUBLES_MOST = 3
"""Lines of what is wrong in the overview (a choice); all of it is among the probes."""


HERE = ">"
"""Marks the table that keys are for, for whoever sees no colours."""


class Slot(NamedTuple):
    """A column of a table.

    Parameters
    ----------
    word : str
        Its name.
    width : int
        How wide it is at least, so that it does not move from tick to tick [columns].
    rank : int
        Those of the highest give way first; 0 never does.
    column : Column
        How it is set.
    """

    word: str
    width: int
    rank: int
    column: Column = Column(">")


NAME = Column(least=8)
HISTORY_WIDTH = 12
"""Of what a narrow window shows of the last minutes [columns]; a wide one shows more."""

SLOTS: dict[Panel, tuple[Slot, ...]] = {
    Panel.DEVICES: (
        Slot("name", 20, 0, NAME),
        Slot("power", 8, 0),
        Slot("history", 8, 4, Column(least=8)),
        Slot("used", 6, 1),
        Slot("memory", 7, 3),
        Slot("temperature", 5, 2),
        Slot("basis", 8, 5, Column()),
    ),
    Panel.UNITS: (
        Slot("name", 20, 0, NAME),
        Slot("kind", 9, 5, Column()),
        Slot("user", 6, 4, Column(least=6)),
        Slot("power", 8, 0),
        Slot("share", 6, 2),
        Slot("energy", 8, 1),
        Slot("carbon", 8, 3),
    ),
    Panel.FOOTPRINT: (
        Slot("name", 20, 0, NAME),
        Slot("value", 9, 0),
        Slot("interval", 11, 2),
        Slot("basis", 8, 1, Column()),
    ),
    Panel.PROBES: (
        Slot("name", 12, 0, NAME),
        Slot("state", 8, 0, Column(least=8)),
        Slot("reading", 8, 2),
        Slot("failures", 8, 1),
    ),
}
LADDER = (*SLOTS[Panel.FOOTPRINT], Slot("energy", 9, 3), Slot("energy_interval", 11, 4))
"""Of the overview: what is drawn now and what it came to side by side."""


class State(NamedTuple):
    """How the connection is.

    Parameters
    ----------
    lost : str
        Why there is none; empty where there is one.
    lost_at : str
        Since when, as it is shown.
    is_late : bool
        Whether the daemon is silent for longer than it should be.
    """

    lost: str = ""
    lost_at: str = ""
    is_late: bool = False


class Frame(NamedTuple):
    """What is to be seen.

    Parameters
    ----------
    lines : Sequence of Line
        From the top.
    top_most : int
        How far the active table can be scrolled [rows].
    page : int
        How many of its rows are seen.
    """

    lines: Sequence[Line]
    top_most: int = 0
    page: int = 0


class Page(NamedTuple):
    """All that a screen is made of."""

    told: Told
    powers: Powers
    look: Look
    words: Words
    width: int
    height: int | None


def frame(page: Page, state: State, foot: Sequence[Line] = ()) -> Frame:
    """The screen.

    Parameters
    ----------
    page : Page
        What it is made of; a height of None makes it as high as it needs.
    state : State
        How the connection is.
    foot : Sequence of Line
        What stands in the last lines.
    """
    if page.width < NARROWEST or (page.height is not None and page.height < LOWEST):
        return Frame([[Cell(clip(page.words.too_small, page.width))]])
    head = [_title(page, state), *_above(page)]
    below = [*_troubles(page), *foot]
    room = None if page.height is None else page.height - len(head) - len(below)
    middle = _tables(page, room)
    blank = [] if room is None else [[NOTHING]] * (room - len(middle.lines))
    return middle._replace(lines=[*head, *middle.lines, *blank, *below])


def _title(page: Page, state: State) -> Line:
    """Who is watched at the left, how it is at the right; what is wrong takes the room of the former."""
    told, words = page.told, page.words
    site = told["ladder"]["site"] if told["ladder"] else ""
    left = " · ".join(["dcfoot", printable(told["host"]), *([site] if site else [])])
    style, right = _connection(told, state, words)
    room = page.width - 2 - min(display_width(right), page.width - 2 - len("dcfoot"))
    left = clip(left, max(0, room - 2))
    right = clip(right, page.width - 4 - display_width(left))
    blanks = " " * (page.width - 2 - display_width(left) - display_width(right))
    return [Cell(" "), Cell(left, "title"), Cell(blanks), Cell(right, style)]


def _connection(told: Told, state: State, words: Words) -> tuple[str, str]:
    if state.lost:
        return "loud", words.lost.format(state.lost_at, state.lost)
    at = datetime.fromisoformat(told["at"]).astimezone()
    if state.is_late:
        return "loud", f"{words.late} {at:%H:%M:%S}"
    return "", f"{words.live.format(format(told['interval_s'], 'g'))} · {at:%H:%M:%S}"


def _above(page: Page) -> list[Line]:
    """The ladder, which every view has but that of the footprint, where it is a part of the table."""
    if page.look.view in {Panel.FOOTPRINT, Panel.PROBES}:
        return []
    if page.height is not None and page.height < LOW_ROWS:
        return [_short_ladder(page)]
    now, since = _figures_head(page, page.words.power_now), _figures_head(page, _since(page))
    powers, energies = rows.powers(page.told, page.words), rows.energies(page.told, page.words)
    beside = [[*power, *energy[1:3]] for power, energy in zip(powers, energies, strict=True)]
    return [*_table(page, LADDER, beside, [*now, since[0], since[2]]), *_sums(page), *_blind(page)]


def _figures_head(page: Page, title: str) -> Row:
    words = page.words.receipt
    return [Cell(title, "bold"), NOTHING, Cell(words.interval, "dim"), Cell(words.basis, "dim")]


def _since(page: Page) -> str:
    since = datetime.fromisoformat(page.told["started_at"]).astimezone()
    return page.words.since.format(f"{since:%m-%d %H:%M}")


def _short_ladder(page: Page) -> Line:
    names, ladder = page.words.receipt.rungs, page.told["ladder"]
    powers_w = [(name, ladder and ladder["power_w"].get(rung)) for rung, name in names.items()]
    texts = [f"{name.removeprefix('+ ')} {amount(of['value'], POWER_W)}" for name, of in powers_w if of]
    return [Cell(" "), Cell(clip(" · ".join(texts) or page.words.receipt.not_known, page.width - 2), "bold")]


def _sums(page: Page) -> Iterator[Line]:
    """Carbon and water since the start, in one line."""
    ladder, words = page.told["ladder"], page.words
    carbon = rows.carbon_shown(ladder)
    if ladder is None or carbon is None:
        return
    methods, boundaries = words.receipt.carbon_methods_short, words.receipt.carbon_boundaries
    how = words.receipt.comma.join([methods[carbon["method"]], boundaries[carbon["boundary"]]])
    water = [
        amount(of["value"], VOLUME_L) if (of := ladder["water_l"].get(where)) else words.receipt.not_known
        for where in words.water
    ]
    texts = [f"{amount(carbon['value_g']['value'], MASS_G)} {carbon['gas']} ({how})", words.water_line.format(*water)]
    yield [Cell(" "), Cell(clip(" · ".join(texts), page.width - 2))]


def _blind(page: Page) -> Iterator[Line]:
    """Why intervals are wide where a sensor looks a part of the time."""
    seen_ratio = min((one.get("observed_ratio", 1.0) for one in page.told["channels"]), default=1.0)
    if seen_ratio < 1.0:
        yield [Cell(" "), Cell(clip(page.words.blind.format(f"{seen_ratio:.0%}"), page.width - 2), "dim")]


def _troubles(page: Page) -> list[Line]:
    if page.look.view is Panel.PROBES:
        return []
    most = TROUBLES_MOST if page.height is None or page.height >= LOW_ROWS else 1
    found = rows.troubles(page.told, page.words)[: None if page.height is None else most]
    return [[Cell(" "), Cell(clip(f"! {line}", page.width - 2), "warning")] for line in found]


def _tables(page: Page, room: int | None) -> Frame:
    """The tables of the view within so many lines."""
    look, told, words = page.look, page.told, page.words
    if look.view is Panel.PROBES:
        return _scrolled(page, Panel.PROBES, _made(rows.probes(told, words)), room)
    if look.view is Panel.FOOTPRINT:
        return _scrolled(page, Panel.FOOTPRINT, _made(_footprint(page)), room)
    devices, units = rows.devices(told, page.powers, look, words), rows.units(told, look, words)
    if look.view is Panel.DEVICES:
        return _scrolled(page, Panel.DEVICES, devices, room)
    if look.view is Panel.UNITS:
        return _scrolled(page, Panel.UNITS, units, room)
    above, below = max(1, len(devices)) + 1, max(1, len(units)) + 1
    # Where there is room to spare, a blank line parts the tables.
    between = [[NOTHING]] if room is None or room >= above + below + 2 else []
    upper, lower = _divided(above, below, None if room is None else room - 2 * len(between))
    parts = {
        Panel.DEVICES: _scrolled(page, Panel.DEVICES, devices, upper),
        Panel.UNITS: _scrolled(page, Panel.UNITS, units, lower),
    }
    lines = [*between, *parts[Panel.DEVICES].lines, *between, *parts[Panel.UNITS].lines]
    return parts[look.active]._replace(lines=lines)


def _divided(upper: int, lower: int, room: int | None) -> tuple[int | None, int | None]:
    """Lines for two tables: each what it needs; where that is too much, half, and what the other leaves."""
    if room is None:
        return None, None
    half = room // 2
    above = min(upper, max(half, room - lower))
    return above, room - above


def _made(table: Iterable[Row]) -> Table:
    """Rows that are there already."""
    return [partial(tuple[Cell, ...], row) for row in table]


def _footprint(page: Page) -> list[Row]:
    """The ladder, and below it every figure since the start in the same columns."""
    told, words = page.told, page.words
    since = [_figures_head(page, _since(page)), *rows.energies(told, words), *rows.totals(told, words)]
    return [*rows.powers(told, words), [NOTHING] * len(SLOTS[Panel.FOOTPRINT]), *since]


def _scrolled(page: Page, panel: Panel, table: Table, room: int | None) -> Frame:
    """A table with its head, as much of it as there is room for."""
    count = len(table) if room is None else max(0, room - 1)
    top_most = max(0, len(table) - count)
    top = min(page.look.top.get(panel, 0), top_most)
    seen = [make() for make in table[top : top + count]]
    part = page.words.part.format(top + 1, top + len(seen), len(table)) if len(seen) < len(table) else ""
    is_ladder = panel is Panel.FOOTPRINT
    head = _figures_head(page, page.words.power_now) if is_ladder else _head(page, panel, part)
    lines = _table(page, SLOTS[panel], seen, head)
    if panel is page.look.at and page.height is not None:
        lines[0] = [Cell(HERE, "title"), *lines[0][1:]]
    if not table:
        lines.append([Cell(" "), Cell(page.words.nothing, "dim")])
    return Frame(lines[: None if room is None else room], top_most, count)


def _head(page: Page, panel: Panel, part: str) -> Row:
    """The table's title in the place of the first column's name, which part is seen, and the others' names."""
    words, look = page.words, page.look
    titles = {Panel.DEVICES: words.devices, Panel.UNITS: words.units, Panel.PROBES: words.probes}
    marks = {True: "▼", False: "▲"}
    cells: list[Cell] = []
    for slot in SLOTS[panel]:
        mark = marks[look.order(panel).falls] if panel in SORTS and look.sort[panel] == slot.word else ""
        if slot.word == "name":
            cells.append(Cell(f"{titles[panel]}{mark} {part}".rstrip(), "title" if panel is look.at else "bold"))
        else:
            cells.append(Cell(f"{words.columns[slot.word]}{mark}", "dim"))
    return cells


def _table(page: Page, all_slots: Sequence[Slot], table: Sequence[Row], head: Row) -> list[Line]:
    """Head and rows, with the columns that there is room for; history takes what room is left."""
    slots = _kept(all_slots, [head, *(_tail(row, all_slots, HISTORY_WIDTH) for row in table)], page.width - 2)
    places = [all_slots.index(slot) for slot in slots]
    columns = [slot.column for slot in slots]
    least = [Cell(" " * slot.width) for slot in slots]
    body = [[row[place] for place in places] for row in [head, *table]]
    widths = column_widths([*(_tail(row, slots, HISTORY_WIDTH) for row in body), least], columns, page.width - 2)
    for place, slot in enumerate(slots):
        if slot.word == "history":
            widths[place] = min(STEPS, widths[place] + max(0, page.width - 2 - table_width(columns, widths)))
            body = [_tail(row, slots, widths[place]) for row in body]
            body[0][place] = Cell(page.words.columns["history"].format(widths[place] * STEP_S // 60), "dim")
    return [[Cell(" "), *padded(row, columns, widths)] for row in body]


def _kept(slots: Sequence[Slot], body: Sequence[Row], width: int) -> list[Slot]:
    """The columns that there is room for: the least important ones give way."""
    needs = {
        slot: max(slot.width, *(display_width(cell.text) for cell in cells if slot.column.least is None), 0)
        for slot, cells in zip(slots, zip(*body, strict=True), strict=True)
    }
    kept = list(slots)
    while table_width([slot.column for slot in kept], [needs[slot] for slot in kept]) > width:
        least = max(kept, key=lambda slot: slot.rank)
        if not least.rank:
            break
        kept.remove(least)
    return kept


def _tail(row: Row, slots: Sequence[Slot], width: int) -> list[Cell]:
    """The row with the newest part of its history."""
    return [
        Cell(cell.text[-width:], cell.style) if slot.word == "history" else cell
        for cell, slot in zip(row, slots, strict=True)
    ]


def foot(page: Page, *, is_typing: bool) -> Line:
    """The last line: the filter, or the keys."""
    words, look = page.words, page.look
    if is_typing:
        return [Cell(" "), Cell(clip(f"/{printable(look.filter)}_", page.width - 2), "bold")]
    cells = [Cell(" "), Cell(f"/{printable(look.filter)}  " if look.filter else "", "bold")]
    for key, word in words.keys:
        cells += [Cell(f"{key} ", "bold"), Cell(f"{word}  ", "dim")]
    return _clipped(cells, page.width - 1)


def _clipped(line: Line, width: int) -> Line:
    """As many of the cells as there is room for, the last of them cut."""
    cells: list[Cell] = []
    for cell in line:
        room = width - sum(display_width(one.text) for one in cells)
        cells.append(Cell(clip(cell.text, room), cell.style))
        if display_width(cell.text) > room:
            break
    return cells


def help_lines(words: Words, width: int) -> list[Line]:
    """What each key does."""
    first = 2 + max(display_width(keys) for keys, _ in words.help)
    table = [
        [Cell(" "), Cell(pad(keys, first), "bold"), Cell(clip(said, width - 2 - first))] for keys, said in words.help
    ]
    return [[Cell(" "), Cell(clip(words.help_title, width - 2), "title")], [NOTHING], *table]


def plain(lines: Sequence[Line]) -> str:
    """Lines as text, without colour."""
    return "".join("".join(cell.text for cell in line).rstrip() + "\n" for line in lines)
