"""The live line keeps to its row on a real pseudo-terminal, as a terminal emulator (pyte) shows it."""

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pyte
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcfoot.live import LiveLine, sentence
from dcfoot.units import NS_PER_S

COLUMNS, ROWS = 40, 8


class Descriptor:
    """What a `LiveLine` needs of a stream."""

    def __init__(self, number: int) -> None:
        self.number = number

    def fileno(self) -> int:
        return self.number


class SteppedClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        self.now_ns += int(seconds * NS_PER_S)


@dataclass
class Terminal:
    """A pseudo-terminal with its emulator; the job writes to the same side as we do."""

    main: int
    side: int
    screen: pyte.Screen = field(default_factory=lambda: pyte.Screen(COLUMNS, ROWS))

    def __post_init__(self) -> None:
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.resize(COLUMNS, ROWS)
        os.set_blocking(self.main, False)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def job(self, text: str) -> None:
        os.write(self.side, text.encode())
        self.show()

    def show(self) -> list[str]:
        """What stands on the screen."""
        while True:
            try:
                read = os.read(self.main, 65536)
            except BlockingIOError:
                break
            self.raw += read
            self.stream.feed(read)
        return [line.rstrip() for line in self.screen.display]


def fill(side: int) -> None:
    """Writes until the kernel takes no more."""
    os.set_blocking(side, False)
    with suppress(BlockingIOError):
        while True:
            os.write(side, b"x" * 4096)
    os.set_blocking(side, True)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    main, side = pty.openpty()
    yield Terminal(main, side)
    os.close(main)
    os.close(side)


def live_on(terminal: Terminal, clock: SteppedClock) -> LiveLine:
    return LiveLine(Descriptor(terminal.side), clock)


def test_the_words_are_time_power_energy_and_basis() -> None:
    # 234,720 J are 65.2 Wh.
    assert sentence(751.4, 312.0, 234_720.0, "measured") == "dcfoot 0:12:31  312 W  65.2 Wh  measured"
    assert sentence(0.0, 0.0, 0.0, "") == "dcfoot 0:00:00  0 W  0 kWh"


def test_it_stands_in_the_last_row_and_leaves_the_job_its_line(terminal: Terminal) -> None:
    terminal.job("epoch 1: 10 %")
    line = live_on(terminal, SteppedClock())
    line.update(3.0, 312.0, 936.0)
    shown = terminal.show()
    assert shown[0] == "epoch 1: 10 %"
    assert shown[-1] == "dcfoot 0:00:03  312 W  260 mWh"
    terminal.job(" 20 %\nepoch 2")
    assert terminal.show()[:2] == ["epoch 1: 10 % 20 %", "epoch 2"]


def test_what_the_job_writes_scrolls_above_it(terminal: Terminal) -> None:
    clock = SteppedClock()
    line = live_on(terminal, clock)
    for second in range(20):
        line.update(float(second), 100.0, 100.0 * second)
        clock.pass_s(1.0)
        terminal.job(f"line {second}\n")
    shown = terminal.show()
    assert shown[-1].startswith("dcfoot 0:00:19  100 W")
    assert shown[:-2] == [f"line {n}" for n in range(20 - (ROWS - 2), 20)]
    assert not any("dcfoot" in text for text in shown[:-1])


def test_it_begins_at_the_bottom_of_a_full_screen_without_losing_a_line(terminal: Terminal) -> None:
    terminal.job("".join(f"line {n}\n" for n in range(ROWS)) + "half")
    line = live_on(terminal, SteppedClock())
    line.update(1.0, 100.0, 100.0)
    terminal.job(" whole")
    shown = terminal.show()
    assert shown[-2] == "half whole"
    assert shown[-3] == f"line {ROWS - 1}"


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(st.sampled_from("ab \r\n\t"), max_size=30), max_size=12))
def test_whatever_the_job_writes_it_never_stands_in_our_words_nor_ours_in_its(
    terminal: Terminal, writes: list[str]
) -> None:
    terminal.job("\x1b[2J\x1b[H")
    clock = SteppedClock()
    line = live_on(terminal, clock)
    for second, text in enumerate(writes):
        line.update(float(second), 100.0, 100.0)
        clock.pass_s(1.0)
        terminal.job(text)
        *above, last = terminal.show()
        assert last == f"dcfoot 0:00:{second:02d}  100 W  27.8 mWh"
        assert not any("dcfoot" in row for row in above)
    line.clear()
    assert not any("dcfoot" in row for row in terminal.show())


def test_clearing_gives_the_row_back(terminal: Terminal) -> None:
    line = live_on(terminal, SteppedClock())
    terminal.job("done")
    line.update(1.0, 100.0, 100.0)
    line.clear()
    terminal.job("\n" * 3 + "receipt")
    shown = terminal.show()
    assert shown[0] == "done"
    assert "receipt" in shown
    assert not any("dcfoot" in text for text in shown)
    terminal.job("".join(f"\nline {n}" for n in range(20)))
    assert terminal.show()[-1] == "line 19"


def test_clearing_twice_or_before_anything_was_drawn_does_nothing(terminal: Terminal) -> None:
    line = live_on(terminal, SteppedClock())
    line.clear()
    line.clear()
    assert not line.active
    line.update(1.0, 1.0, 1.0)
    assert terminal.show() == [""] * ROWS


def test_it_follows_the_window_when_its_size_changes(terminal: Terminal) -> None:
    clock = SteppedClock()
    line = live_on(terminal, clock)
    line.update(1.0, 100.0, 100.0)
    terminal.show()
    terminal.resize(COLUMNS, ROWS + 4)
    clock.pass_s(1.0)
    line.update(2.0, 100.0, 200.0)
    shown = terminal.show()
    assert shown[-1].startswith("dcfoot 0:00:02")
    assert sum("dcfoot" in text for text in shown) == 1


def test_it_is_drawn_at_most_once_a_second(terminal: Terminal) -> None:
    clock = SteppedClock()
    line = live_on(terminal, clock)
    for _ in range(50):
        line.update(1.0, 100.0, 100.0)
        clock.pass_s(0.1)
    terminal.show()
    assert terminal.raw.count(b"dcfoot") == 5


def test_words_too_long_for_the_window_are_cut(terminal: Terminal) -> None:
    terminal.resize(20, ROWS)
    live_on(terminal, SteppedClock()).update(3.0, 312.0, 936.0, "measured")
    shown = terminal.show()
    assert shown[-1].endswith("…")
    assert shown[-2] == ""


def test_a_terminal_that_takes_nothing_costs_a_frame_and_no_time(terminal: Terminal) -> None:
    # Nobody reads: the kernel's buffer fills up, and a blocking write would never come back.
    fill(terminal.side)
    clock = SteppedClock()
    line = live_on(terminal, clock)
    for second in range(3):
        line.update(float(second), 100.0, 100.0)
        clock.pass_s(1.0)
    assert os.get_blocking(terminal.side), "the job's own descriptor is as it was"
    terminal.show()
    line.update(9.0, 100.0, 100.0)
    assert terminal.show()[-1].startswith("dcfoot 0:00:09")


def test_a_terminal_that_has_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    main, side = pty.openpty()
    line = LiveLine(Descriptor(side), SteppedClock())
    os.close(main)
    line.update(1.0, 100.0, 100.0)
    line.clear()
    os.close(side)


def test_there_is_no_line_on_a_file_a_dumb_terminal_or_a_closed_stream(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    closed = io.StringIO()
    closed.close()
    for stream in (Descriptor(write), io.StringIO(), closed):
        line = LiveLine(stream, SteppedClock())
        assert not line.active
        line.update(1.0, 100.0, 100.0)
        line.clear()
    monkeypatch.setenv("TERM", "dumb")
    assert not live_on(terminal, SteppedClock()).active
    os.close(read)
    os.close(write)
