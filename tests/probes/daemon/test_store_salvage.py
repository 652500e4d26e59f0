"""Of a damaged store all is saved but what stood in the damaged page: each page of a store is spoilt in turn.

What stands in a page is told by SQLite's own `dbstat`.
"""

import os
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from dcfoot_probes.daemon.store import FrameReader, FrameStore
from dcfoot_probes.daemon.store.salvage import salvage
from dcfoot_probes.daemon.words import Split, Unit, UnitKind
from simulated.disk.mounted import fill, small_disk
from simulated.frames import FOREVER_NS, GPUS, Open, frame, step
from simulated.near import near

TABLES = (
    *("channel", "gauge", "unit", "frame", "span", "block", "gauge_block"),
    *("minute", "day", "hour", "minute_parts", "hour_parts"),
)
WITHOUT_ROWID = {"minute", "hour"}
NAMED_TWICE = {"channel", "gauge", "unit"}
LED_TO = {("span", "block"), ("span", "gauge_block"), ("hour", "hour_parts")}
CHANNELS = GPUS[:4]

Rows = Mapping[str, Counter[tuple[object, ...]]]


class Page(NamedTuple):
    """A page as `dbstat` tells it."""

    number: int
    table: str
    kind: str
    cells_count: int

    @property
    def rows_count(self) -> int:
        """Rows of a table that stand in it, or of which a part does."""
        if self.table not in TABLES or self.table in NAMED_TWICE:
            return 0
        if self.kind == "overflow":
            return 1
        return 0 if self.kind == "internal" and self.table not in WITHOUT_ROWID else self.cells_count


def rows(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as connection:
        return {name: Counter(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in TABLES}  # noqa: S608


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three hours and some of four GPUs with ten jobs, and no log beside it."""
    path, chance = tmp_path_factory.mktemp("sound") / "frames.db", random.Random(7)  # noqa: S311 (no secret)
    jobs = [Unit(UnitKind.SLURM_JOB, str(number), f"job {number}") for number in range(10)]
    store = FrameStore(path, commit_s=60.0, ballast_bytes=0)
    for second in range(0, 12_000, 20):
        steps = {channel: step(6000.0 + 3000.0 * chance.random(), 20.0) for channel in CHANNELS}
        splits = dict.fromkeys(CHANNELS, Split({jobs[second // 1200]: 0.5}, 0.25, 0.25))
        store.add(frame(second, steps, duration_s=20.0, splits=splits, gauges={"GPU-0": {"temperature_c": 50.0}}))
    assert store.flush()
    store.close()
    return path


def pages(path: Path) -> tuple[int, list[Page]]:
    """How many there are, and those with something of a table or an index in them."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        try:
            found = connection.execute("SELECT pageno, name, pagetype, ncell FROM dbstat").fetchall()
        except sqlite3.OperationalError as missing:
            pytest.skip(f"this SQLite does not tell what stands in a page: {missing}")
    return count, [Page(*row) for row in found]


def spoilt(sound: Path, number: int, rubbish: bytes) -> Path:
    """A copy with rubbish in place of a page."""
    copy = sound.with_name("spoilt.db")
    shutil.copy(sound, copy)
    with copy.open("r+b") as file:
        file.seek((number - 1) * len(rubbish))
        file.write(rubbish)
    return copy


@pytest.mark.timeout(300)
@pytest.mark.parametrize("is_zeros", [True, False], ids=["zeros", "noise"])
def test_whichever_page_is_spoilt_only_what_stood_in_it_is_lost(sound: Path, tmp_path: Path, *, is_zeros: bool) -> None:
    before = rows(sound)
    assert all(before.values())
    count, told = pages(sound)
    kinds = {page.number: page for page in told}
    wrong: list[tuple[Page, str, int]] = []
    for number in range(1, count + 1):
        page = kinds.get(number, Page(number, "none", "map", 0))
        rubbish = bytes(1024) if is_zeros else random.Random(number).randbytes(1024)  # noqa: S311
        to = tmp_path / f"{number}.db"
        salvage(spoilt(sound, number, rubbish), to)
        after = rows(to)
        to.unlink()
        for name in TABLES:
            lost = before[name].total() - after[name].total()
            allowed = page.rows_count if page.table == name else 0
            # Of a unit whose name was in the page, kind and number are left; what nothing leads to any more goes too.
            is_sound = lost == allowed or (page.table, name) in LED_TO
            if not is_sound or (after[name] - before[name] and (page.table, name) != ("unit", "unit")):
                wrong.append((page, name, lost))
    assert wrong == []


def test_energy_that_came_late_and_covers_more_than_its_tick_is_saved(tmp_path: Path, open_store: Open) -> None:
    store = open_store()
    # An exporter that tells every 30 s; a reading that was missed, so that the next one brings two seconds.
    for second, covered_s in ((0, 1.0), (1, 30.0), (3, 2.0)):
        store.add(frame(second, {GPUS[0]: step(300.0 * covered_s, covered_s)}))
    assert store.flush()
    store.close()
    salvage(store.path, tmp_path / "saved.db")
    assert rows(tmp_path / "saved.db") == rows(store.path)
    assert rows(store.path)["frame"].total() == 3


def test_a_daemons_store_goes_on_with_all_that_was_not_in_the_damaged_page(
    sound: Path, tmp_path: Path, open_store: Open
) -> None:
    _, told = pages(sound)
    root = next(page for page in told if (page.table, page.kind) == ("minute_parts", "internal"))
    path = tmp_path / "frames.db"
    shutil.copy(spoilt(sound, root.number, bytes(1024)), path)
    (tmp_path / "frames.db.salvaged").write_bytes(b"of a daemon that was killed meanwhile")
    before = {name: count.total() for name, count in rows(sound).items()}
    with FrameReader(sound) as reader:
        kept = [reader.energy_j(channel, *FOREVER_NS) for channel in CHANNELS]
    store = open_store(path)
    store.add(frame(12_000, 5000.0, duration_s=20.0, channels=CHANNELS))
    assert store.flush()
    with FrameReader(path) as reader:
        now = [reader.energy_j(channel, *FOREVER_NS) for channel in CHANNELS]
    for energy, of in zip(now, kept, strict=True):
        assert (energy.energy_j, energy.covered_s) == (near(of.energy_j + 5000.0, rel=1e-12), of.covered_s + 20.0)
    assert rows(path)["minute_parts"].total() >= before["minute_parts"]
    assert "rows that could be read" in store.state().said
    assert sorted(file.name for file in tmp_path.glob("frames.db*") if "damaged" not in file.name) == [
        "frames.db", "frames.db-shm", "frames.db-wal", "frames.db.ballast",
    ]  # fmt: skip
    assert len(list(tmp_path.glob("frames.db.damaged-*Z"))) == 1


def test_without_room_to_save_it_a_damaged_store_is_set_aside_and_sampling_goes_on(sound: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as folder:
        path = folder / "frames.db"
        shutil.copy(spoilt(sound, 1, bytes(1024)), path)
        fill(folder / "others")
        os.truncate(folder / "others", (folder / "others").stat().st_size - 150_000)
        store = FrameStore(path, commit_s=60.0, ballast_bytes=0)
        store.add(frame(0, 1.0))
        assert store.flush()
        assert "could not be saved" in store.state().said
        store.close()
