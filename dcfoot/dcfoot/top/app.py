"""The screen that is alive. Of textual it takes keys, sizes and the drawing of lines that changed, and nothing else.

A thread listens to the daemon; what it hears is told to the app as a message. Each message, key and size makes the
lines anew, and of them only those that differ are drawn: over a slow connection a tick costs a few hundred bytes.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from threading import Event, Thread
from time import monotonic
from typing import ClassVar, cast

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dcfoot.daemon_client import DaemonClient
from dcfoot.errors import DaemonUnavailable, DataMissing, DcfootError
from dcfoot.receipt.layout import printable
from dcfoot.top.history import Powers, PowerTold, question
from dcfoot.top.look import Look, Panel
from dcfoot.top.screen import Frame, Line, Page, State, foot, frame, help_lines
from dcfoot.top.told import Told, checked
from dcfoot.top.words import Words

AGAIN_S = 2.0
"""How long after a failure the daemon is asked again [s] (a choice: somebody waits in front of the screen)."""

LATE_TICKS = 3.0
"""After so many beats without a tick the daemon is late (a choice: one may be missed)."""

WATCH_S = 2.0
"""How often that is looked at [s]."""

VIEWS = {"1": None, "2": Panel.DEVICES, "3": Panel.UNITS, "4": Panel.FOOTPRINT, "5": Panel.PROBES}

STYLES = {
    "bold": Style(bold=True),
    "dim": Style(dim=True),
    "title": Style(bold=True, color="cyan"),
    "loud": Style(bold=True, reverse=True),
    "measured": Style(color="green"),
    "modelled": Style(color="yellow"),
    "default": Style(color="magenta"),
    "warning": Style(bold=True, color="yellow"),
    "bar": Style(color="cyan"),
}
"""The sixteen colours that every terminal's theme adapts, as on a receipt."""


class Heard(Message):
    """A tick."""

    def __init__(self, told: Told) -> None:
        super().__init__()
        self.told = told


class Recalled(Message):
    """What the daemon's store remembers."""

    def __init__(self, told: PowerTold) -> None:
        super().__init__()
        self.told = told


class Lost(Message):
    """The connection is lost, or there was none."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.said = said


class Listener:
    """Listens to a daemon in a thread, for as long as it is wanted; it comes back where the daemon does.

    Parameters
    ----------
    client : DaemonClient
        Who is asked.
    tell : Callable[[Message], object]
        Takes what is heard; called in the thread.
    """

    def __init__(self, client: DaemonClient, tell: Callable[[Message], object]) -> None:
        self._client = client
        self._tell = tell
        self._ended = Event()
        self._thread = Thread(target=self._listen, name="dcfoot-top", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def end(self) -> None:
        """Wants no more; the thread ends with the next thing that it hears."""
        self._ended.set()

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                self._hear()
            except DcfootError as fault:
                self._tell(Lost(fault.reason if isinstance(fault, DaemonUnavailable) else str(fault)))
            self._ended.wait(AGAIN_S)

    def _hear(self) -> None:
        """Raises `DataMissing` at the end of the stream."""
        is_first = True
        for document in self._client.events():
            if self._ended.is_set():
                return
            told = checked(document)
            self._tell(Heard(told))
            if is_first:
                self._recall(told)
            is_first = False
        raise DataMissing("the daemon has ended")

    def _recall(self, told: Told) -> None:
        with suppress(DcfootError):  # no store: the history begins now
            self._tell(Recalled(cast("PowerTold", self._client.get(question(told)))))


class Lines(Widget):
    """Lines as they are told, of which those that changed are drawn."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Draws what is not there yet."""
        before, self._lines = self._lines, lines
        width, height = self.size
        changed = [y for y in range(height) if _at(before, y) != _at(lines, y)]
        self.refresh(*(Region(0, y, width, 1) for y in changed)) if changed else None

    def render_line(self, y: int) -> Strip:
        """One of them, filled up to the window's width."""
        segments = [Segment(cell.text, STYLES.get(cell.style)) for cell in _at(self._lines, y)]
        return Strip(segments).adjust_cell_length(self.size.width)


def _at(lines: Sequence[Line], y: int) -> Line:
    return lines[y] if y < len(lines) else ()


class Top(App[None]):
    """The whole screen.

    Parameters
    ----------
    client : DaemonClient
        Whom it listens to.
    told : Told
        What the daemon said at first.
    look : Look
        What is shown at first.
    words : Words
        In which language.
    """

    TITLE = "dcfoot top"
    ENABLE_COMMAND_PALETTE = False
    CSS = "Screen { background: ansi_default; } Lines { width: 100%; height: 100%; background: ansi_default; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", priority=True),
        Binding("ctrl+z", "suspend_process", priority=True),
    ]

    def __init__(self, client: DaemonClient, told: Told, look: Look, words: Words) -> None:
        super().__init__(ansi_color=True)
        self.look = look
        self.words = words
        self.lines = Lines()
        self.state = State()
        self.is_typing = self.is_helping = False
        self._told = told
        self._powers = Powers()
        self._powers.hear(told)
        self._heard_s = monotonic()
        self._frame = Frame([])
        self._listener = Listener(client, self.post_message)

    def compose(self) -> ComposeResult:
        """One widget that is all."""
        yield self.lines

    def on_mount(self) -> None:
        """Begins to listen."""
        gc.freeze()  # what is there now stays: no more looking through it for garbage
        self.set_interval(WATCH_S, self._watch)
        self._listener.start()

    def on_unmount(self) -> None:
        """Listens no more."""
        self._listener.end()

    def on_heard(self, message: Heard) -> None:
        """A tick: new figures."""
        self._told, self._heard_s, self.state = message.told, monotonic(), State()
        self._powers.hear(message.told)
        self.draw()

    def on_recalled(self, message: Recalled) -> None:
        """What was before them."""
        self._powers.recall(message.told)
        self.draw()

    def on_lost(self, message: Lost) -> None:
        """The figures stay, with since when they are old."""
        self.state = State(message.said, self.state.lost_at or f"{datetime.now().astimezone():%H:%M:%S}")
        self.draw()

    def on_resize(self) -> None:
        """The window has another size, or its first."""
        self.call_after_refresh(self.draw)

    def on_key(self, event: events.Key) -> None:
        """What a person wants."""
        event.stop()
        if self.is_helping:
            self.is_helping = False
        elif self.is_typing:
            self._type(event)
        else:
            self._press(event)
        self.draw()

    def on_paste(self, event: events.Paste) -> None:
        """A filter may be pasted."""
        if self.is_typing:
            self.look = replace(self.look, filter=self.look.filter + printable(event.text))
            self.draw()

    def draw(self) -> None:
        """Makes the lines anew."""
        width, height = self.size
        if self.is_helping:
            self.lines.show(help_lines(self.words, width))
            return
        page = Page(self._told, self._powers, self.look, self.words, width, height)
        self._frame = frame(page, self.state, [foot(page, is_typing=self.is_typing)])
        self.lines.show(self._frame.lines)

    def _watch(self) -> None:
        is_late = monotonic() - self._heard_s > LATE_TICKS * self._told["interval_s"]
        if is_late and not self.state.lost and not self.state.is_late:
            self.state = State(is_late=True)
            self.draw()

    def _press(self, event: events.Key) -> None:
        look, key = self.look, event.character or event.key
        if event.key in SCROLLS:
            self._scroll(event.key)
        elif key in VIEWS:
            self.look = look.seeing(VIEWS[key])
        elif key == "q":
            self.exit()
        elif key == "?":
            self.is_helping = True
        elif key == "/":
            self.is_typing = True
        elif event.key in PRESSED or key in PRESSED:
            self.look = (PRESSED.get(event.key) or PRESSED[key])(look)

    def _type(self, event: events.Key) -> None:
        """Letters go into the filter; Enter keeps it, Escape clears it."""
        wanted = self.look.filter
        if event.key in {"enter", "escape"}:
            self.is_typing = False
            wanted = wanted if event.key == "enter" else ""
        elif event.key == "backspace":
            wanted = wanted[:-1]
        elif event.is_printable and event.character:
            wanted += event.character
        self.look = replace(self.look, filter=wanted)

    def _scroll(self, key: str) -> None:
        at, page, most = self.look.top.get(self.look.at, 0), self._frame.page, self._frame.top_most
        self.look = self.look.scrolled_to(SCROLLS[key](min(at, most), page, most), most)


SCROLLS: Mapping[str, Callable[[int, int, int], int]] = {
    "up": lambda at, _page, _most: at - 1,
    "down": lambda at, _page, _most: at + 1,
    "pageup": lambda at, page, _most: at - page,
    "pagedown": lambda at, page, _most: at + page,
    "home": lambda _at, _page, _most: 0,
    "end": lambda _at, _page, most: most,
}
"""How many rows are scrolled away after each key, by how many are, are seen at once, and can be at most."""

PRESSED: Mapping[str, Callable[[Look], Look]] = {
    "tab": Look.switched,
    "shift+tab": Look.switched,
    "s": lambda look: look.sorted_next(1),
    "S": lambda look: look.sorted_next(-1),
    "r": Look.turned_round,
    "escape": lambda look: replace(look, filter=""),
}
"""What each key changes."""
