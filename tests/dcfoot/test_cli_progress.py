"""The line of what is computed: on a terminal, with the time since it began, no wider than it, gone at the end."""

import io
import time

from dcfoot.cli.progress import Progress


class Screen(io.StringIO):
    """A stream that says that it is a terminal, and has no size."""

    def isatty(self) -> bool:
        return True


def frames(screen: Screen) -> list[str]:
    return screen.getvalue().split("\r\x1b[K")[1:]


def wait_for(screen: Screen, told: str) -> None:
    end_s = time.monotonic() + 20
    while told not in screen.getvalue() and time.monotonic() < end_s:
        time.sleep(0.005)
    assert told in screen.getvalue()


def test_it_says_what_is_computed_and_since_when_and_is_gone_at_the_end() -> None:
    screen, now_s = Screen(), [100.0]
    with Progress(screen, lambda: now_s[0], every_s=0.01) as line:
        line.tell("baseline")
        wait_for(screen, "baseline, 0 s")
        now_s[0] = 112.9
        wait_for(screen, "baseline, 12 s")
        line.tell("optimised")
        now_s[0] = 225.0
        wait_for(screen, "optimised, 2:05")
    assert frames(screen)[-1] == ""


def test_however_often_it_is_told_it_is_drawn_at_its_own_pace() -> None:
    screen = Screen()
    with Progress(screen, every_s=0.2) as line:
        for number in range(10_000):
            line.tell(f"{number} of 10,000 points")
    assert len(frames(screen)) < 10


def test_a_line_that_is_too_long_is_cut_where_the_terminal_ends() -> None:
    screen = Screen()
    with Progress(screen, every_s=0.01) as line:
        line.tell("方案" * 60)
        wait_for(screen, "方案")
    assert max(map(len, frames(screen))) <= 40  # of 79 columns two for each letter, and what stands for the rest


def test_elsewhere_than_on_a_terminal_nothing_is_written() -> None:
    stream = io.StringIO()
    with Progress(stream, every_s=0.001) as line:
        line.tell("baseline")
        time.sleep(0.02)
    assert stream.getvalue() == ""
