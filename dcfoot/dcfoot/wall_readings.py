"""Typed readings: a person reads a wall meter while dcfoot loads the processors in steps and watches the chips.

What comes in is a way to see the chips' energy so far and a person to ask, what goes out is a point a load: the chips'
mean power and the power that the person typed.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from dcfoot.calibration import Point, meters_of
from dcfoot.errors import DataMissing
from dcfoot.ladder import chips_of
from dcfoot.measurement import ChannelEnergy, Measurement
from dcfoot.wall_log import number_of

START_S = 2.5
"""After so long every meter has given the two readings that an energy needs [s]: they are read once a second."""

SETTLE_S = 30.0
"""How long a load runs before it is looked at [s]: a processor may draw more than its long-term limit for 28 s after a
step (Intel's PL1 time window, the default of most boards)."""

WINDOW_S = 10.0
"""Over how long the chips' power is averaged before the meter is read, at least [s]: ten readings of 1 s."""

STEPS = (
    ("idle", 0.0, "leave the machine alone"),
    ("half", 0.5, "dcfoot keeps half of the processors busy"),
    ("full", 1.0, "dcfoot keeps all processors busy"),
)
"""The loads that dcfoot makes itself: a name, the part of the processors, and what to tell the person."""

_BURN = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(1000000): pass"
"""Keeps a processor busy for as long as whoever started it lives."""


class EndedError(Exception):
    """The person has had enough."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a session needs: the meters, and a person.

    Parameters
    ----------
    look : Callable[[], Measurement]
        The run so far.
    ask : Callable[[str], str]
        Shows a question and returns the answer; raises EOFError where there is nobody.
    say : Callable[[str], None]
        Shows a line.
    wait : Callable[[float], None]
        Lets so many seconds pass [s].
    load : Callable[[float], AbstractContextManager[None]]
        Keeps a part of the processors busy.
    """

    look: Callable[[], Measurement]
    ask: Callable[[str], str]
    say: Callable[[str], None]
    wait: Callable[[float], None]
    load: Callable[[float], AbstractContextManager[None]]


@contextmanager
def busy(part_ratio: float) -> Generator[None, None, None]:
    """Keeps a part of this process's processors busy."""
    count = round(part_ratio * len(os.sched_getaffinity(0)))
    burners = [subprocess.Popen([sys.executable, "-S", "-E", "-c", _BURN]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
        for burner in burners:
            burner.wait()


def typed_points(desk: Desk) -> tuple[dict[str, Point], tuple[str, ...]]:
    """A point for each of `STEPS` and for each load that the person adds; and what the chips' power is the sum of.

    Raises
    ------
    DataMissing
        Not every chip of the machine has a meter.
    EndedError
        The person wants no calibration.
    """
    desk.wait(START_S)
    meters = meters_of(_chips(desk.look()))
    desk.say(f"The chips' power is the sum of: {', '.join(meters)}.")
    desk.say("Nothing else should run. Type what the wall meter shows in W; Enter alone measures again, q gives up.\n")
    points: dict[str, Point] = {}
    for name, part, told in STEPS:
        desk.say(f"Load {len(points) + 1} of {len(STEPS)}, {name}: {told}. {SETTLE_S + WINDOW_S:.0f} s ...")
        with desk.load(part):
            desk.wait(SETTLE_S)
            points[name] = _point(desk)
    while True:
        if _answer(desk, "Another load, such as a job on the accelerators? Start it and press Enter; else type done: "):
            return points, meters
        points[f"load {len(points) + 1}"] = _point(desk)


def _point(desk: Desk) -> Point:
    """Looks at the chips until the person has typed what the meter shows."""
    while True:
        before = desk.look()
        desk.wait(WINDOW_S)
        now_w = chips_power_w(before, desk.look())
        answer = _answer(desk, f"  chips {now_w:.1f} W; the wall meter shows [W]: ")
        wall_w = number_of(answer)
        if wall_w is not None and wall_w > 0:
            return Point(chips_power_w(before, desk.look()), wall_w)
        if answer:
            desk.say(f"  {answer!r} is no power in W.")


def _answer(desk: Desk, question: str) -> str:
    try:
        answer = desk.ask(question).strip()
    except EOFError:
        raise EndedError from None
    if answer.lower() in {"q", "quit"}:
        raise EndedError
    return answer


def chips_power_w(before: Measurement, after: Measurement) -> float:
    """Mean power of all chips between two looks at the same run [W]."""
    earlier = {chip.meter.channel: chip for chip in before.channels}
    spans = [(chip, earlier[chip.meter.channel]) for chip in _chips(after)]
    return sum(
        (late.energy_j - early.energy_j) / (late.covered_s - early.covered_s)
        for late, early in spans
        if late.covered_s > early.covered_s
    )


def _chips(run: Measurement) -> Sequence[ChannelEnergy]:
    chips = chips_of([energy for energy in run.channels if energy.covered_s > 0], run.machine)
    if chips is None:
        raise DataMissing(
            "Not every chip of this machine has a meter that can be read, so there is nothing to fit to the wall. "
            "`dcfoot doctor` names what is missing and the command that mends it."
        )
    return chips
