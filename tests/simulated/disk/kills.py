"""A store whose writer is killed at random moments, by `kill -9`, and looked at each time.

The writer, a process of its own, goes on where the store ends, and prints how many frames were acknowledged:

    python -m simulated.disk.kills FILE
"""

import random
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from dcfoot_probes.daemon.store import FrameReader, FrameStore
from dcfoot_probes.daemon.words import Frame, Split
from simulated.frames import FOREVER_NS, GPUS, JOB, NOON_NS, SHOP, at_ns, frame

TICK_S = 20
"""A frame stands for so long, so that hours are sealed all the time [s]."""

FRAMES = 10
"""Frames to a commit."""

PARTS = (0.5, 0.25, 0.125, 0.125)
"""Of two units, idle and unattributed: powers of two, so that sums are exact."""

CHANNELS = GPUS[:3]
TESTS = Path(__file__).resolve().parents[2]


def energy_j(number: int) -> float:
    """Energy of a frame; a whole number, and of a size that sealing does not round [J]."""
    return 1000.0 + number % 500


def numbered(number: int) -> Frame:
    """The number-th frame of the history."""
    splits = {channel: Split(dict(zip((JOB, SHOP), PARTS, strict=False)), *PARTS[2:]) for channel in CHANNELS}
    start_s, taken_j = number * TICK_S, energy_j(number)
    return frame(start_s, taken_j, duration_s=float(TICK_S), channels=CHANNELS, splits=splits)


def frames_count(path: Path) -> int:
    """How many frames a store has, by the time that they cover."""
    with FrameReader(path) as reader:
        return round(reader.energy_j(CHANNELS[0], *FOREVER_NS).covered_s) // TICK_S


def write(path: Path) -> None:
    """Goes on for ever: frames, a commit, and what it has so far to stdout."""
    store = FrameStore(path, commit_s=60.0, ballast_bytes=1 << 16, clock_ns=lambda: NOON_NS)
    store.flush()
    number = frames_count(path)
    while True:
        for _ in range(FRAMES):
            store.add(numbered(number))
            number += 1
        if store.flush():
            print(number, flush=True)


class Survival(NamedTuple):
    """What a store came to after some kills.

    Parameters
    ----------
    kills_count, acknowledged_count, there_count : int
        How often its writer was killed; frames that it acknowledged, and that are there (more are those that it had no
        time to tell of).
    faults : list of str
        What was wrong, a line each.
    """

    kills_count: int
    acknowledged_count: int
    there_count: int
    faults: list[str]


def survive(path: Path, kills_count: int, seed: int = 0) -> Survival:
    """Kills a store's writer again and again, within a seventh of a second after its first commit."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    acknowledged_count, faults = 0, list[str]()
    for kill in range(kills_count):
        before_count = acknowledged_count
        acknowledged_count = max(before_count, _killed(path, chance.uniform(0.0, 0.15)))
        is_last = kill == kills_count - 1
        found = _faults(path, acknowledged_count, 0 if is_last else max(before_count // 180 - 1, 0) * 180)
        faults += [f"kill {kill}: {fault}" for fault in found]
    return Survival(kills_count, acknowledged_count, frames_count(path), faults)


def _killed(path: Path, after_s: float) -> int:
    """The last number that a writer acknowledged before it was killed."""
    command = [sys.executable, "-P", "-m", "simulated.disk.kills", str(path)]
    environ = {"PYTHONPATH": str(TESTS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TESTS, env=environ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            child.wait(after_s)
        child.kill()
        said = [first, *child.stdout]
    return int(next((line for line in reversed(said) if line.endswith("\n")), "0"))


def _faults(path: Path, acknowledged_count: int, first: int) -> list[str]:
    """What is wrong with the frames from `first` on, which begins an hour: each once, whole, in every table."""
    count = frames_count(path)
    expected_j = list(map(energy_j, range(first, count)))
    faults = [] if acknowledged_count <= count else [f"{acknowledged_count} acknowledged, {count} there"]
    window_ns = (at_ns(first * TICK_S), at_ns(count * TICK_S))
    with FrameReader(path) as reader:
        parts = reader.units(window_ns[0], FOREVER_NS[1])
        for channel in CHANNELS:
            if reader.energy_j(channel, window_ns[0], FOREVER_NS[1]).energy_j != sum(expected_j):
                faults.append(f"{channel.device}: hours do not add up")
            power = reader.power(channel, *window_ns, TICK_S)
            if [round(value * TICK_S) for value in power.mean_w] != expected_j:
                faults.append(f"{channel.device}: ticks differ")
            of = parts[channel]
            if (*of.units.values(), of.idle_j, of.unattributed_j) != tuple(part * sum(expected_j) for part in PARTS):
                faults.append(f"{channel.device}: parts do not add up")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    return faults if integrity == "ok" else [*faults, integrity]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
