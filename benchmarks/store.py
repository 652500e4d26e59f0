"""The daemon's store: bytes and processor time a sample, a year's size, a month's reading, and what it survives.

    python benchmarks/store.py [--days 1] [--kills 1000] [--into docs/daemon_store.md]

Writes days of a server with 50 channels at 1 Hz, as the daemon would (a frame a second, a commit every 5 s, by frames'
own time), and extrapolates a year. Powers move between loads and carry noise of 2 to 20 %, which is what takes room. A
month of 8 GPUs is laid down by the minute and read, the median of several readings. `--kills` ends a writer by
`kill -9` so many times (tests/simulated/disk/kills.py). With `--into` the tables replace those between the two marks in
that page.
"""

import argparse
import math
import random
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from cost import machine, put_into, spread

from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain
from dcfoot_probes.daemon.store import FrameReader, FrameStore
from dcfoot_probes.daemon.store.batch import DAY_NS
from dcfoot_probes.daemon.words import Frame, Split, Unit, UnitKind
from simulated.disk.kills import survive
from simulated.frames import NOON_NS

DAY_S, YEAR_DAYS = 86_400, 365
COMMIT_TICKS = 5
LONG_S = 600.0
OPEN = "the hour that is not sealed"
START_NS = NOON_NS // DAY_NS * DAY_NS

CHANNELS = tuple(
    Channel("gpu01", domain, f"{domain.value}-{number}")
    for domain, count in ((Domain.GPU, 8), (Domain.GPU_MEMORY, 8), (Domain.PACKAGE, 8), (Domain.DRAM, 8))
    for number in range(count)
) + tuple(Channel("gpu01", Domain.CORE, f"core-{number}") for number in range(18))
NOISES = (0.02, 0.05, 0.10, 0.20)
"""Standard deviations of power within a second's load, by channel in turn: from a steady kernel to a ragged one."""

UNITS = tuple(Unit(UnitKind.CONTAINER, f"{number:012x}") for number in range(20))
EVEN = Split({unit: 0.9 / len(UNITS) for unit in UNITS}, 0.05, 0.05)
SPLITS = {
    channel: EVEN if channel.domain is not Domain.CORE else Split({UNITS[0]: 1.0}, 0.0, 0.0) for channel in CHANNELS
}


class Load:
    """A channel's power: levels that hold for minutes, and noise with a memory of some seconds."""

    def __init__(self, chance: random.Random, mean_w: float, noise_ratio: float) -> None:
        self._chance, self._mean_w, self._noise_ratio = chance, mean_w, noise_ratio
        self._level, self._left_s, self._drift = 1.0, 0, 0.0

    def energy_j(self) -> float:
        """Of the next second, in whole millijoules, as counters have it [J]."""
        if not self._left_s:
            self._level, self._left_s = self._chance.choice((0.2, 0.8, 1.0, 1.2)), self._chance.randrange(60, 1800)
        self._left_s -= 1
        self._drift = 0.7 * self._drift + math.sqrt(1 - 0.7**2) * self._chance.gauss(0.0, self._noise_ratio)
        return round(max(self._mean_w * self._level * (1.0 + self._drift), 0.0), 3)


def frames(days: int, step_s: int, channels: Sequence[Channel]) -> Iterator[Frame]:
    """Ticks of some days; clocks jitter by some tens of microseconds."""
    chance = random.Random(1)  # noqa: S311 (no secret)
    loads = {
        channel: Load(chance, 300.0 / (1 + place % 5), NOISES[place % 4]) for place, channel in enumerate(channels)
    }
    splits = {channel: SPLITS[channel] for channel in channels}
    end_ns = START_NS + step_s * 10**9 // 2
    for _ in range(days * DAY_S // step_s):
        length_s = step_s + chance.gauss(0.0, 3e-5)
        end_ns += round(length_s * 1e9)
        steps = {
            channel: Step(load.energy_j() * step_s, length_s, length_s, Outcome.STEP) for channel, load in loads.items()
        }
        yield Frame(end_ns, length_s, steps, splits, {}, {})


class Written(NamedTuple):
    """What days of frames came to."""

    samples_count: int
    adding_s: float
    writing_s: float
    sizes_bytes: dict[str, int]
    peak_mb: float


def written(path: Path, days: int) -> Written:
    """Writes days of 50 channels at 1 Hz."""
    store = FrameStore(path, commit_s=LONG_S, ballast_bytes=0)
    adding_s, count = 0.0, 0
    used_s = -time.process_time()
    making_s = 0.0
    source = frames(days, 1, CHANNELS)
    while True:
        began_s = time.thread_time()
        some = [one for _, one in zip(range(COMMIT_TICKS), source, strict=False)]
        making_s += time.thread_time() - began_s
        if not some:
            break
        began_s = time.thread_time()
        for one in some:
            store.add(one)
        adding_s += time.thread_time() - began_s
        count += len(some) * len(CHANNELS)
        store.flush(LONG_S)
        if count % (3600 * len(CHANNELS)) == 0:
            sys.stderr.write(f"\rhour {count // 3600 // len(CHANNELS)} of {days * 24} ")
    used_s += time.process_time()
    store.close()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    return Written(count, adding_s, used_s - making_s - adding_s, sizes_bytes(path), peak_mb)


def sizes_bytes(path: Path) -> dict[str, int]:
    """What each kind of record takes, its indexes included [bytes]."""
    kinds = {
        OPEN: ("frame", "minute"),
        "ticks": ("span", "block"),
        "minutes": ("day",),
        "hours": ("hour",),
        "parts by the minute": ("minute_parts",),
        "parts by the hour": ("hour_parts",),
    }
    with closing(sqlite3.connect(path)) as connection:
        select = "SELECT tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY tbl_name"
        tables = dict(connection.execute(select).fetchall())
    return {kind: sum(tables.get(name, 0) for name in names) for kind, names in kinds.items()}


def month_read_ms(path: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Opening a store and reading a month of 8 GPUs by the minute; and the energy of each [ms]."""
    store = FrameStore(path, commit_s=LONG_S, ballast_bytes=0)
    gpus, end_ns = CHANNELS[:8], START_NS + 30 * DAY_NS
    for number, one in enumerate(frames(30, 60, gpus)):
        store.add(one)
        if number % 300 == 0:
            store.flush(LONG_S)
    store.close()
    powers_ms, energies_ms = list[float](), list[float]()
    for _ in range(rounds):
        began_s = time.perf_counter()
        with FrameReader(path) as reader:
            powers = [reader.power(gpu, START_NS, end_ns) for gpu in gpus]
        powers_ms.append(1e3 * (time.perf_counter() - began_s))
        known = [sum(map(math.isfinite, power.mean_w)) for power in powers]
        if min(known) < 43_199:
            raise RuntimeError(f"a month has 43,200 minutes, these were read: {known}")
        began_s = time.perf_counter()
        with FrameReader(path) as reader:
            for gpu in gpus:
                reader.energy_j(gpu, START_NS + 1, end_ns - 1)
        energies_ms.append(1e3 * (time.perf_counter() - began_s))
    return powers_ms, energies_ms


def size_table(of: Written, days: int) -> list[str]:
    """Bytes a sample and a year's size."""
    lines = [f"| 50 channels at 1 Hz for {24 * days} h | bytes a sample | a year [GB] |", "|---|---|---|"]
    a_year_gb = {kind: size * YEAR_DAYS / days / 1e9 for kind, size in of.sizes_bytes.items()}
    a_year_gb[OPEN] = of.sizes_bytes[OPEN] / 1e9  # there is one, after a year as after a day
    for kind, size_bytes in of.sizes_bytes.items():
        lines.append(f"| {kind} | {size_bytes / of.samples_count:.3f} | {a_year_gb[kind]:.3f} |")
    channels_gb = sum(size_gb for kind, size_gb in a_year_gb.items() if "parts" not in kind)
    return [*lines, f"| **all but the parts** | | **{channels_gb:.2f}** |"]


def cost_table(of: Written, months_ms: tuple[list[float], list[float]], days: int) -> list[str]:
    """Processor time, and what reading takes."""
    ticks = of.samples_count / len(CHANNELS)
    powers_ms, energies_ms = months_ms
    return [
        "| | |",
        "|---|---|",
        f"| taking a frame of 50 channels and 720 parts | {1e6 * of.adding_s / ticks:.0f} µs |",
        f"| writing, sealing and rolling up, a frame | {1e6 * of.writing_s / ticks:.0f} µs |",
        f"| both, a sample | {1e6 * (of.adding_s + of.writing_s) / of.samples_count:.1f} µs |",
        f"| both, of one core | {100 * (of.adding_s + of.writing_s) / (days * DAY_S):.3f} % |",
        f"| peak memory of the process | {of.peak_mb:.0f} MB |",
        f"| a month of 8 GPUs by the minute: opened and read | {median(powers_ms):.0f} ms ({spread(powers_ms, 0)}) |",
        f"| the energy of each, its edges within a minute | {median(energies_ms):.0f} ms ({spread(energies_ms, 0)}) |",
    ]


def kill_lines(folder: Path, kills_count: int) -> list[str]:
    """What a store survived."""
    if not kills_count:
        return []
    of = survive(folder / "killed.db", kills_count)
    verdict = "; ".join(of.faults) or "none lost, partial or twice, parts add up, `integrity_check` ok each time"
    told = f"`kill -9`, {of.kills_count} times: {of.acknowledged_count} frames acknowledged, {of.there_count} there"
    return ["", f"{told}; {verdict}."]


def main() -> int:
    """Runs the benchmark and prints its tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--days", type=int, default=1, help="written, from which a year is extrapolated")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--into", type=Path, help="a page with marks between which the tables go")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        of = written(Path(folder) / "days.db", arguments.days)
        months_ms = month_read_ms(Path(folder) / "month.db", arguments.rounds)
        killed = kill_lines(Path(folder), arguments.kills)
    lines = [f"{machine()}, SQLite {sqlite3.sqlite_version}.", "", *size_table(of, arguments.days), ""]
    lines += [*cost_table(of, months_ms, arguments.days), *killed]
    print("\n".join(lines))
    if arguments.into:
        put_into(arguments.into, lines)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
