"""Nothing that was acknowledged is lost, nothing is invented: kills, and full, broken, damaged and slow disks."""

import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from dcfoot.errors import StoreError
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.store import FrameReader, FrameStore, Retention
from dcfoot_probes.daemon.store.batch import Batch
from dcfoot_probes.daemon.store.framestore import MEMORY_BYTES
from dcfoot_probes.daemon.words import Frame, Split, Unit, UnitKind
from simulated.disk import build_disk
from simulated.disk.kills import TESTS, survive
from simulated.disk.mounted import fill, small_disk
from simulated.disk.sessions import COMMITS, FAULTS, FRAMES, Session
from simulated.frames import FOREVER_NS, GPUS, NOON_NS, Open, at_ns, frame
from simulated.near import near

GPU = GPUS[0]


def energy_j(path: Path) -> float:
    with FrameReader(path) as reader:
        return reader.energy_j(GPU, *FOREVER_NS).energy_j


@pytest.fixture(scope="module")
def disk_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_disk(tmp_path_factory.getbasetemp() / "simulated-disk")


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: faults are as real there, and fsync does not wait."""
    shm = Path("/dev/shm")  # noqa: S108 (only where the machine's disk stands)
    if not os.access(shm, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shm) as folder:
        yield Path(folder)


def test_a_writer_that_is_killed_loses_nothing_that_it_acknowledged(memory_folder: Path) -> None:
    survival = survive(memory_folder / "frames.db", kills_count=25)
    assert survival.faults == []
    assert survival.there_count >= survival.acknowledged_count > 250


def preloaded(library: Path, *command: str) -> str:
    environ = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(TESTS)}
    done = subprocess.run(
        [sys.executable, "-P", *command], env=environ, capture_output=True, text=True, check=False, cwd=TESTS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.timeout(240)
def test_whichever_call_of_the_disk_fails_the_store_goes_on_or_says_why(
    disk_library: Path, memory_folder: Path
) -> None:
    output = preloaded(disk_library, "-m", "simulated.disk.sessions", str(disk_library), str(memory_folder))
    whole, *others = map(json.loads, output.splitlines())
    assert Session(*whole).calls_count > 100
    assert len(others) == len(FAULTS) * Session(*whole).calls_count
    wrong: list[tuple[str, Session]] = []
    for name, values in others:
        session = Session(*values)
        is_told = session.said != "" or session.acknowledged_j == FRAMES * COMMITS
        is_whole = session.is_kept and session.after_j == (0.0 if session.is_refused else FRAMES * COMMITS)
        is_sound = session.integrity == "ok" and not any("damaged" in name for name in session.names)
        if not (is_told and is_whole and is_sound and session.during_j >= session.acknowledged_j):
            wrong.append((name, session))
    assert wrong == []
    full = dict(others)["ENOSPC from 3"]  # from before the first table was made
    assert Session(*full).acknowledged_j == 0.0
    assert (
        "room" in Session(*full).said or "full" in Session(*full).said or "look after its disk" in Session(*full).said
    )


SLOW = """
import sys, time
from pathlib import Path
from dcfoot_probes.daemon.store import FrameStore
from simulated.disk import Disk
from simulated.frames import frame
disk, folder = Disk(Path(sys.argv[1])), sys.argv[2]
store = FrameStore(Path(folder) / "frames.db", commit_s=0.01, ballast_bytes=0)
disk.watch(folder)
disk.dawdle(0.2)
slowest_s = 0.0
for number in range(200):
    began_s = time.monotonic()
    store.add(frame(number, 1.0))
    slowest_s = max(slowest_s, time.monotonic() - began_s)
    time.sleep(0.005)
waited_s = store.state().waiting_s
disk.dawdle(0)
print(slowest_s, waited_s, store.flush(), store.state().lost_frames)
"""


def test_adding_a_frame_does_not_wait_for_a_slow_disk(disk_library: Path, memory_folder: Path) -> None:
    slowest_s, waited_s, kept, lost = preloaded(disk_library, "-c", SLOW, str(disk_library), str(memory_folder)).split()
    # A call takes 0.2 s and a commit many, so that frames do wait; what adds one waits for none of them.
    assert float(waited_s) > 0.2
    assert float(slowest_s) < 0.2
    assert (kept, lost) == ("True", "0")
    assert energy_j(memory_folder / "frames.db") == 200.0


def test_on_a_full_disk_frames_wait_in_memory_and_are_all_written_when_there_is_room_again(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4 << 20) as folder:
        store = FrameStore(folder / "frames.db", commit_s=60.0, ballast_bytes=256 << 10)
        store.add(frame(0, 1.0))
        assert store.flush()
        fill(folder / "others")
        number = 1
        while store.flush():  # the ballast is used up first
            number += 1000
            for at in range(number - 1000, number):
                store.add(frame(at, 1.0))
        assert number > 1000
        assert not (folder / "frames.db.ballast").stat().st_size
        assert "full" in store.state().said
        assert store.state().waiting_s > 0.0
        acknowledged_j = energy_j(folder / "frames.db")  # readers go on
        assert 1.0 <= acknowledged_j < number
        (folder / "others").unlink()
        assert store.flush()
        assert store.state()[1:] == (0.0, 0, "")
        assert energy_j(folder / "frames.db") == number
        store.close()


def test_with_the_ballast_freed_retention_makes_room(tmp_path: Path) -> None:
    now_s = 0.0
    keep = Retention(ticks_days=1)
    with small_disk(tmp_path / "disk", 6 << 20) as folder:
        store = FrameStore(
            folder / "frames.db", commit_s=60.0, ballast_bytes=512 << 10, keep=keep, clock_ns=lambda: at_ns(now_s)
        )
        for second in range(0, 86_400, 5):
            store.add(frame(second, 100.0 + second % 977 / 7, channels=GPUS))
            if second % 14_400 == 0:
                assert store.flush()
        assert store.flush()
        fill(folder / "others")
        blocks = "SELECT count(*) FROM block"
        with closing(sqlite3.connect(f"file:{folder / 'frames.db'}?mode=ro", uri=True)) as connection:
            assert connection.execute(blocks).fetchone() == (23 * len(GPUS),)
            now_s = 3 * 86_400.0
            # More than what is free, so that what is written needs the room of what was kept for long enough.
            for second in range(259_200, 262_800):
                store.add(frame(second, 100.0, channels=GPUS))
            assert store.flush()
            assert connection.execute(blocks).fetchone() < (23 * len(GPUS),)
        store.close()


def test_a_full_disk_at_the_start_is_waited_for_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with small_disk(tmp_path / "disk", 1 << 20) as folder:
        fill(folder / "others")
        store = FrameStore(folder / "frames.db", commit_s=60.0)
        store.add(frame(0, 1.0))
        assert not store.flush()
        assert store.state().said != ""
        (folder / "others").unlink()
        assert store.flush()
        assert energy_j(folder / "frames.db") == 1.0
        store.close()
    first, *_, last = [record.getMessage() for record in caplog.records]
    assert "full" in first
    assert last == "the store is well again"


def filled(folder: Path, frames: list[Frame], memory_bytes: int) -> FrameStore:
    """A store on a full disk, with these frames in memory."""
    fill(folder / "others")
    store = FrameStore(folder / "frames.db", commit_s=60.0, memory_bytes=memory_bytes)
    for one in frames:
        store.add(one)
        if one.utc_ns % (500 * NS_PER_S) == 0:
            assert not store.flush()
    return store


def test_what_memory_cannot_hold_is_thinned_to_minutes_which_lose_no_energy(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1 << 20) as folder:
        store = filled(folder, [frame(second, 2.0) for second in range(7200)], memory_bytes=500_000)
        lost = store.state().lost_frames
        # Some 500 kB / (200 + 16) of 7,200 frames are held.
        assert 7200 - 500_000 / 200 < lost < 7200 - 500_000 / 350
        (folder / "others").unlink()
        assert store.flush()
        assert store.state().lost_frames == lost
        with FrameReader(folder / "frames.db") as reader:
            assert reader.energy_j(GPU, NOON_NS, at_ns(7200)) == (14_400.0, 7200.0)
            seconds = reader.power(GPU, NOON_NS, at_ns(7200), 1).mean_w
        assert sum(map(math.isnan, seconds)) == lost
        store.close()


def test_memory_holds_an_hour_of_a_busy_servers_ticks() -> None:
    containers = [Unit(UnitKind.CONTAINER, f"{number:064x}") for number in range(100)]
    splits = dict.fromkeys(GPUS, Split(dict.fromkeys(containers, 0.005), 0.25, 0.25))
    batch = Batch(MEMORY_BYTES)
    for second in range(3600):
        batch.add(frame(second, 300.0, channels=GPUS, splits=splits), 0.0)
    assert batch.lost_frames == 0


def test_memory_stays_bounded_whatever_there_is_of_units(tmp_path: Path) -> None:
    jobs = [Unit(UnitKind.SLURM_JOB, str(number)) for number in range(100)]
    splits = {GPU: Split(dict.fromkeys(jobs, 0.01), 0.0, 0.0)}
    with small_disk(tmp_path / "disk", 1 << 20) as folder:
        frames = [frame(60 * minute, 1.0, splits=splits) for minute in range(1000)]
        store = filled(folder, frames, memory_bytes=1_000_000)
        (folder / "others").unlink()
        assert store.flush()
        store.close()
        # 100 parts of 100 bytes a minute: the last hundred minutes are there, and of the newest alone its ticks.
        assert energy_j(folder / "frames.db") == near(100.0, abs=5)
        assert store.state().lost_frames == 999


def test_a_file_that_is_damaged_is_set_aside_and_a_new_one_begun(tmp_path: Path, open_store: Open) -> None:
    path = tmp_path / "frames.db"
    path.write_bytes(b"not a database at all" * 500)
    store = open_store()
    store.add(frame(0, 1.0))
    assert store.flush()
    said = store.state().said
    aside = next(tmp_path.glob("frames.db.damaged-*"))
    assert aside.read_bytes() == b"not a database at all" * 500
    assert str(aside) in said
    assert "nothing in it could be read" in said
    assert energy_j(path) == 1.0


def spoil(path: Path, table: str) -> None:
    """Writes rubbish over the first page of a table, as a dying disk would."""
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


@pytest.mark.parametrize("table", ["frame", "minute", "hour", "hour_parts", "channel", "span"])
def test_a_page_that_is_found_damaged_later_costs_no_frame_that_comes_after_that(
    tmp_path: Path, open_store: Open, table: str
) -> None:
    store = open_store()
    store.add(frame(0, 1.0))
    store.add(frame(3600, 1.0))
    assert store.flush()
    store.close()
    spoil(store.path, table)
    again = open_store()
    for second in (3601, 7200):
        again.add(frame(second, 5.0))
        assert again.flush()
    assert "damaged" in again.state().said
    assert len(list(tmp_path.glob("frames.db.damaged-*Z"))) == 1
    before_j = energy_j(store.path)
    assert before_j == (10.0 if table == "hour" else 12.0)  # the only page of the hours had the two before
    again.add(frame(7201, 5.0))
    assert again.flush()
    assert energy_j(store.path) == before_j + 5.0


def test_a_reader_of_a_damaged_store_says_so(open_store: Open) -> None:
    store = open_store()
    store.add(frame(0, 1.0))
    store.close()
    spoil(store.path, "hour")
    with FrameReader(store.path) as reader, pytest.raises(StoreError, match="is damaged"):
        reader.energy_j(GPU, NOON_NS, at_ns(7200))


def test_a_frame_that_makes_no_sense_is_counted_and_harms_no_other(open_store: Open) -> None:
    store = open_store()
    store.add(frame(0, 1.0))
    store.add(frame(1, 1.0, gauges={"GPU-0": {"temperature_c": "warm"}}))  # type: ignore[dict-item]
    store.add(frame(2, 1.0))
    assert store.flush()
    assert store.state().lost_frames == 1
    assert "report" in store.state().said
    assert energy_j(store.path) == 2.0


def test_a_unit_that_no_table_can_hold_takes_its_batch_alone_with_it(open_store: Open) -> None:
    store = open_store()
    store.add(frame(0, 1.0, splits={GPU: Split({Unit(UnitKind.USER, "x", user_id=2**70): 1.0}, 0.0, 0.0)}))
    store.flush()
    assert store.state().lost_frames == 1
    store.add(frame(1, 1.0))
    assert store.flush()
    assert energy_j(store.path) == 1.0


def test_closing_writes_what_waits(open_store: Open) -> None:
    store = open_store(commit_s=3600.0)
    store.add(frame(0, 1.0))
    began_s = time.monotonic()
    store.close()
    assert time.monotonic() - began_s < 5.0
    assert energy_j(store.path) == 1.0


def test_frames_are_committed_by_themselves(open_store: Open) -> None:
    store = open_store(commit_s=0.05)
    store.add(frame(0, 1.0))
    deadline_s = time.monotonic() + 10.0
    while store.state().waiting_s and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert energy_j(store.path) == 1.0
