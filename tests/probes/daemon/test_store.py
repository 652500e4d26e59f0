"""What goes into the store comes out: energies of any window, powers at any step, whose they were."""

import math
import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.counter import FIRST, Outcome, Step
from dcfoot.errors import DataMissing, StoreError
from dcfoot.reading import Channel
from dcfoot_probes.daemon.store import FrameReader, FrameStore, Retention, backup, schema
from dcfoot_probes.daemon.store.reader import Shares, tiles
from dcfoot_probes.daemon.words import Frame, Split, Unit
from simulated.frames import FOREVER_NS, GPUS, JOB, NOON_NS, SHOP, SOCKETS, Open, at_ns, frame, step, ticks
from simulated.near import near

GPU, SOCKET = GPUS[0], SOCKETS[0]
HOUR_S, DAY_S = 3600, 86_400


def put(store: FrameStore, *frames: Frame) -> None:
    for one in frames:
        store.add(one)
    assert store.flush()
    assert store.state().said == ""


def energy_j(path: Path, channel: Channel = GPU, window_ns: tuple[int, int] = FOREVER_NS) -> float:
    with FrameReader(path) as reader:
        return reader.energy_j(channel, *window_ns).energy_j


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


# Ticks at most two hours apart in either direction, so that examples cross minutes, hours, sealing and days.
JUMPS_S = st.sampled_from([0, 0, 0, 0, 1, 59, 60, 61, 3600, 7199, -1, -60, -3600, -7000])
STEPS = st.none() | st.tuples(st.floats(0.001, 1e5), st.floats(0.5, 1.5))
TICKS = st.lists(st.tuples(JUMPS_S, st.floats(0.5, 1.5), STEPS, STEPS), min_size=1, max_size=30)
RATIOS = st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0))


def frames_of(
    rows: Sequence[tuple[int, float, tuple[float, float] | None, tuple[float, float] | None]],
    splits: Mapping[Channel, Split] | None = None,
) -> list[Frame]:
    """A frame a row: a jump of the calendar before it, its length, and what two channels took, or None in a gap."""
    frames: list[Frame] = []
    start_s = 0.0
    for jump_s, duration_s, *taken in rows:
        start_s += jump_s
        steps = {channel: step(*one) for channel, one in zip((GPU, SOCKET), taken, strict=True) if one}
        frames.append(frame(start_s, steps, duration_s=duration_s, splits=splits))
        start_s += duration_s
    return frames


def start_ns(of: Frame) -> int:
    return of.utc_ns - round(of.duration_s * 1e9)


@settings(max_examples=60)
@given(TICKS, st.integers(-4 * HOUR_S, 8 * HOUR_S), st.integers(0, 8 * HOUR_S), st.integers(1, 10))
def test_the_energy_of_any_window_is_that_of_the_frames_that_start_in_it(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, float, tuple[float, float] | None, tuple[float, float] | None]],
    first_s: int,
    length_s: int,
    commits: int,
) -> None:
    path = tmp_path_factory.mktemp("store") / "frames.db"
    frames = frames_of(rows)
    window_ns = (at_ns(first_s), at_ns(first_s + length_s))
    store = FrameStore(path, commit_s=60.0, ballast_bytes=0)
    for first in range(0, len(frames), commits):
        put(store, *frames[first : first + commits])
    store.close()
    with FrameReader(path) as reader:
        for channel in (GPU, SOCKET):
            inside = [one for one in frames if window_ns[0] <= start_ns(one) < window_ns[1] and channel in one.steps]
            found = reader.energy_j(channel, *window_ns)
            most_j = max((one.steps[channel].energy_j for one in frames if channel in one.steps), default=0.0)
            # Whole minutes are exact; at each edge, sealed ticks are right to 1/2048 of the mean one.
            assert found.energy_j == near(math.fsum(one.steps[channel].energy_j for one in inside), abs=most_j / 1024)
            assert found.covered_s == near(math.fsum(one.steps[channel].covered_s for one in inside), abs=0.005)
            everything = reader.energy_j(channel, *FOREVER_NS)
            total_j = math.fsum(one.steps[channel].energy_j for one in frames if channel in one.steps)
            assert everything.energy_j == near(total_j, rel=1e-12)


@settings(max_examples=40)
@given(TICKS)
def test_a_rollup_is_what_its_frames_come_to(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, float, tuple[float, float] | None, tuple[float, float] | None]],
) -> None:
    path = tmp_path_factory.mktemp("store") / "frames.db"
    store = FrameStore(path, commit_s=60.0, ballast_bytes=0)
    for one in frames_of(rows):
        put(store, one)
    store.close()
    held: dict[int, list[Step]] = defaultdict(list)
    for one in frames_of(rows):
        if GPU in one.steps:
            held[start_ns(one) // (60 * 10**9) * 60 * 10**9].append(one.steps[GPU])
    with FrameReader(path) as reader:
        minutes = reader.minutes(GPU, *FOREVER_NS)
        power = reader.power(GPU, minutes[0].start_ns, minutes[-1].start_ns + 1) if minutes else None
    assert [one.start_ns for one in minutes] == sorted(held)
    for at, steps in held.items():
        energies_j, covered_s = math.fsum(one.energy_j for one in steps), math.fsum(one.covered_s for one in steps)
        assert [one.energy_j for one in minutes if one.start_ns == at] == near([energies_j], rel=1e-12)
        assert power is not None
        place = power.start_ns.index(at)
        powers_w = [one.energy_j / one.covered_s for one in steps]
        assert power.mean_w[place] == near(energies_j / covered_s, rel=1e-5)
        assert power.least_w[place] == near(min(powers_w), rel=2**-13)
        assert power.least_w[place] <= min(powers_w) * (1 + 1e-6)
        assert power.most_w[place] == near(max(powers_w), rel=2**-13)
        assert power.most_w[place] >= max(powers_w) * (1 - 1e-6)


@settings(max_examples=60)
@given(TICKS, RATIOS, st.integers(-12_000, 24_000), st.integers(0, 24_000), st.booleans())
def test_units_idle_and_unattributed_add_up_to_the_meter_over_any_window_of_seconds(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, float, tuple[float, float] | None, tuple[float, float] | None]],
    ratios: tuple[float, float, float],
    first_s: int,
    length_s: int,
    old: bool,
) -> None:
    path = tmp_path_factory.mktemp("store") / "frames.db"
    whole = sum(ratios) or 1.0
    job, shop, idle = (ratio / whole for ratio in ratios)
    splits = {GPU: Split({JOB: job, SHOP: shop}, idle, 1.0 - job - shop - idle)}
    store = FrameStore(path, commit_s=60.0, ballast_bytes=0)
    for one in frames_of(rows, splits):
        put(store, one)
    store.close()
    if old:  # as after `Retention.parts_days`
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM minute_parts")
    window_ns = (at_ns(first_s), at_ns(first_s + length_s))
    with FrameReader(path) as reader:
        shares = reader.units(*window_ns)
        for channel in (GPU, SOCKET):
            metered_j = reader.energy_j(channel, *window_ns).energy_j
            of = shares.get(channel, Shares({}, 0.0, 0.0))
            assert math.fsum((*of.units.values(), of.idle_j, of.unattributed_j)) == near(metered_j, rel=1e-9, abs=1e-9)
            if channel == GPU and metered_j:  # divided alike all the time, so that it is in every window
                assert of.idle_j == near(idle * metered_j, rel=1e-9, abs=1e-9)
        if SOCKET in shares:
            assert shares[SOCKET].units == {}  # of which nobody said whose it is


def test_of_a_part_of_a_minute_everybody_has_what_they_have_of_the_minute(open_store: Open) -> None:
    store = open_store()
    first, second = Split({JOB: 1.0}, 0.0, 0.0), Split({SHOP: 0.5}, 0.5, 0.0)
    put(store, *(frame(at, 300.0, splits={GPU: first if at < 20 else second}) for at in range(60)))
    with FrameReader(store.path) as reader:
        # 20 of 60 s are the job's, and half of 40 s the shop's: a third each, also of three seconds of them.
        shares = reader.units(at_ns(7), at_ns(10))[GPU]
    assert shares.units == near({JOB: 300.0, SHOP: 300.0})
    assert shares.idle_j == near(300.0)


def test_powers_come_back_second_by_second_before_and_after_their_hour_is_sealed(open_store: Open) -> None:
    store = open_store()
    energies_j = [200.0 + number % 7 for number in range(90)]
    put(store, *(frame(number, one_j) for number, one_j in enumerate(energies_j)))
    assert ticks(store.path, GPU, range(90)) == near(energies_j)
    put(store, frame(HOUR_S, 1.0))
    assert query(store.path, "SELECT count(*) FROM frame") == [(1,)]
    assert ticks(store.path, GPU, range(90)) == near(energies_j, abs=203 / 2048)


def test_a_step_of_any_length_is_the_mean_of_what_it_covers(open_store: Open) -> None:
    store = open_store()
    put(store, *(frame(number, float(number)) for number in range(7300)))
    with FrameReader(store.path) as reader:
        for step_s in (7, 60, 120, 3600):
            power = reader.power(GPU, NOON_NS, at_ns(7200), step_s)
            first_s = (power.start_ns[1] - NOON_NS) // 10**9
            assert power.mean_w[1] == near(first_s + (step_s - 1) / 2, rel=1e-3)
            assert power.least_w[1] == near(first_s, rel=1e-3, abs=1)
            assert power.most_w[1] == near(first_s + step_s - 1, rel=1e-3, abs=1)


@pytest.mark.parametrize("gap", [{}, {GPU: FIRST}, {GPU: Step(0.0, 1.0, 0.0, Outcome.IMPLAUSIBLE)}])
def test_a_gap_is_not_a_number_and_never_zero(open_store: Open, gap: Mapping[Channel, Step]) -> None:
    store = open_store()
    put(store, frame(0, 5.0), frame(1, gap), frame(2, 5.0), frame(180, 5.0))
    for _ in range(2):
        assert ticks(store.path, GPU, range(3)) == [5.0, None, 5.0]
        assert ticks(store.path, GPU, range(0, 180, 60), 60) == [5.0, None, None]
        with FrameReader(store.path) as reader:
            assert reader.energy_j(GPU, NOON_NS, at_ns(3)).covered_s == 2.0
        put(store, frame(2 * HOUR_S, 5.0))  # and when it is sealed


def test_energy_of_no_known_time_is_kept_and_makes_no_power(open_store: Open) -> None:
    store = open_store()
    put(store, frame(0, {GPU: Step(7.0, 1.0, 0.0, Outcome.RESET)}), frame(HOUR_S, 1.0))
    assert energy_j(store.path) == 8.0
    assert ticks(store.path, GPU, [0], 60) == [None]


def test_a_slow_meters_ten_seconds_in_one_tick_are_ten_seconds(open_store: Open) -> None:
    store = open_store()
    put(store, *(frame(number, {GPU: step(1000.0, 10.0)} if number % 10 == 9 else {}) for number in range(60)))
    put(store, frame(HOUR_S, {}))
    assert ticks(store.path, GPU, [0], 60) == [100.0]
    with FrameReader(store.path) as reader:
        assert reader.energy_j(GPU, NOON_NS, at_ns(60)) == (6000.0, 60.0)
        assert reader.energy_j(GPU, NOON_NS, at_ns(30)).covered_s == near(30.0, abs=0.002)


def test_a_suspended_machine_leaves_a_gap(open_store: Open) -> None:
    store = open_store()
    asleep = frame(10, {GPU: Step(0.0, 28_800.0, 0.0, Outcome.GAP)}, duration_s=28_800.0)
    put(store, *(frame(number, 9.0) for number in range(10)), asleep, frame(28_810, 9.0))
    with FrameReader(store.path) as reader:
        assert reader.energy_j(GPU, *FOREVER_NS) == (99.0, 11.0)
        power = reader.power(GPU, NOON_NS, at_ns(28_860))
    assert [place for place, value in enumerate(power.mean_w) if not math.isnan(value)] == [0, 480]


def test_a_clock_that_goes_back_loses_nothing_and_invents_nothing(open_store: Open) -> None:
    store = open_store()
    hours = [frame(second, 10.0) for second in range(0, 2 * HOUR_S, 60)]
    put(store, *hours)
    put(store, *(replace(one, utc_ns=one.utc_ns + 10**6) for one in hours))  # the same seconds once more
    put(store, frame(3 * HOUR_S, 10.0))
    with FrameReader(store.path) as reader:
        assert reader.energy_j(GPU, NOON_NS, at_ns(2 * HOUR_S)) == (20.0 * len(hours), 2.0 * len(hours))
        assert reader.energy_j(GPU, NOON_NS, at_ns(30)) == (20.0, 2.0)
        assert set(reader.power(GPU, NOON_NS, at_ns(2 * HOUR_S)).mean_w) == {10.0}


def test_a_minute_of_which_a_part_is_sealed_is_whole(open_store: Open) -> None:
    store = open_store()
    put(store, frame(0, 10.0), frame(HOUR_S, 10.0))
    put(store, frame(1, 30.0))  # the clock went back into an hour that is sealed
    assert query(store.path, "SELECT count(*) FROM minute") != [(0,)]
    assert ticks(store.path, GPU, [0], 60) == [20.0]
    assert energy_j(store.path, GPU, (NOON_NS, at_ns(60))) == 40.0


def test_a_clock_that_jumps_ahead_and_back_deletes_nothing(open_store: Open) -> None:
    now_ns = NOON_NS
    store = open_store(clock_ns=lambda: now_ns)
    put(store, frame(0, 10.0), frame(HOUR_S, 10.0))
    store.close()
    now_ns = NOON_NS + 30 * 365 * DAY_S * 10**9  # a board whose battery is empty starts in a wrong year
    store = open_store(clock_ns=lambda: now_ns)
    put(store, frame(2 * HOUR_S, 10.0))
    store.close()
    assert energy_j(store.path) == 30.0
    assert len(query(store.path, "SELECT id FROM span")) == 2


def test_what_was_kept_for_long_enough_goes_tick_by_tick_first(open_store: Open) -> None:
    keep = Retention(ticks_days=1, parts_days=2, minutes_days=3, hours_days=4)
    now_ns = NOON_NS
    store = open_store(keep=keep, clock_ns=lambda: now_ns)
    put(store, *(frame(day * DAY_S, 10.0, splits={GPU: Split({JOB: 1.0}, 0.0, 0.0)}) for day in range(8)))
    store.close()
    now_ns = at_ns(7 * DAY_S)
    store = open_store(keep=keep, clock_ns=lambda: now_ns)
    put(store, frame(7 * DAY_S + 60, 10.0))
    store.close()
    tables = ("(SELECT DISTINCT span FROM block) s", "minute_parts", "day", "hour", "hour_parts")
    # Of the seven days that are over, and of today, which is open.
    counts = [query(store.path, f"SELECT count(*) FROM {table}")[0][0] for table in tables]  # noqa: S608 (ours)
    assert counts == [1, 3 + 1, 3, 4 + 1, 4 + 1]
    assert query(store.path, "SELECT key FROM unit WHERE kind = 'slurm_job'") == [("4711",)]
    with FrameReader(store.path) as reader:
        assert reader.units(at_ns(6 * DAY_S), at_ns(6 * DAY_S + 60))[GPU].units == {JOB: 10.0}


def test_units_come_back_as_they_were_known_last(open_store: Open) -> None:
    store = open_store()
    first = replace(JOB, name="", user_id=None, labels=())
    put(store, frame(0, 8.0, splits={GPU: Split({first: 0.5}, 0.25, 0.25)}))
    put(store, frame(1, 8.0, splits={GPU: Split({JOB: 0.5, SHOP: 0.5}, 0.0, 0.0)}))
    with FrameReader(store.path) as reader:
        shares = reader.units(NOON_NS, at_ns(60))
    assert shares == {GPU: ({JOB: 8.0, SHOP: 4.0}, 2.0, 2.0)}
    assert {type(unit) for unit in shares[GPU].units} == {Unit}


def test_gauges_come_back_tick_by_tick(open_store: Open) -> None:
    store = open_store()
    warm = {"GPU-0": {"temperature_c": 61.5, "memory_used_bytes": 2.0**33}}
    put(store, frame(0, 1.0, gauges=warm), frame(1, 1.0), frame(2, 1.0, gauges={"GPU-0": {"temperature_c": 62.0}}))
    put(store, frame(HOUR_S, 1.0, gauges=warm))
    with FrameReader(store.path) as reader:
        gauges = reader.gauges(NOON_NS, at_ns(HOUR_S))
        assert set(reader.gauges(at_ns(HOUR_S), at_ns(HOUR_S + 1))) == set(gauges)
    assert gauges["GPU-0", "temperature_c"] == [(NOON_NS, 61.5), (at_ns(2), 62.0)]
    assert gauges["GPU-0", "memory_used_bytes"] == [(NOON_NS, 2.0**33)]


def test_a_daemon_that_takes_ten_ticks_a_second_seals_an_hour_in_several_spans(open_store: Open) -> None:
    store = open_store()
    put(store, *(frame(number / 10, 30.0, duration_s=0.1) for number in range(9000)))
    put(store, frame(HOUR_S, 30.0))
    assert query(store.path, "SELECT count(*) FROM span") == [(3,)]
    assert energy_j(store.path, GPU, (NOON_NS, at_ns(30))) == near(300 * 30.0, abs=0.1)


def test_the_readers_see_whole_commits_while_the_daemon_writes(open_store: Open) -> None:
    store = open_store(commit_s=0.005)
    put(store, frame(0, 1.0))
    stop, seen = threading.Event(), list[tuple[float, float]]()

    def read() -> None:
        with FrameReader(store.path) as reader:
            while not stop.is_set():
                both = [reader.energy_j(channel, *FOREVER_NS).energy_j for channel in (GPU, SOCKET)]
                power = reader.power(GPU, NOON_NS, at_ns(30 * 3600), 3600)
                seen.append((both[0], math.fsum(value for value in power.mean_w if not math.isnan(value))))

    reading = threading.Thread(target=read)
    reading.start()
    for number in range(1, 1500):
        store.add(frame(60 * number, 1.0))
        if number % 100 == 0:
            assert store.flush()
    stop.set()
    reading.join()
    put(store)
    assert len(seen) > 3
    assert [one[0] for one in seen] == sorted(one[0] for one in seen)
    assert energy_j(store.path) == 1500.0


def test_a_channel_that_is_not_known_has_no_energy_and_only_gaps(open_store: Open) -> None:
    store = open_store()
    put(store, frame(0, 1.0))
    with FrameReader(store.path) as reader:
        assert reader.channels() == (GPU,)
        assert reader.energy_j(SOCKET, *FOREVER_NS) == (0.0, 0.0)
        assert all(map(math.isnan, reader.power(SOCKET, NOON_NS, at_ns(120)).mean_w))
        assert all(map(math.isnan, reader.power(SOCKET, NOON_NS, at_ns(5), 1).mean_w))


@given(st.integers(0, 10**5), st.integers(0, 10**5))
def test_tiles_cover_a_window_once_with_whole_hours_and_minutes(first_s: int, length_s: int) -> None:
    window = list(tiles(first_s * 10**9, (first_s + length_s) * 10**9))
    edges = [(begin, end) for _, begin, end in window]
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert sum(end - begin for begin, end in edges) == length_s * 10**9
    assert all(begin % (size or 1) == 0 == end % (size or 1) for size, begin, end in window)
    assert sum(end - begin for size, begin, end in window if size == 0) < 120 * 10**9


# The file.


def test_a_store_is_its_owners_alone(open_store: Open) -> None:
    store = open_store()
    put(store, frame(0, 1.0))
    modes = {path.name: path.stat().st_mode & 0o777 for path in store.path.parent.glob("frames.db*")}
    assert modes == dict.fromkeys(modes, 0o600)
    assert len(modes) == 4  # the WAL, its index and the ballast are no less so


def test_a_second_daemon_is_refused(open_store: Open) -> None:
    open_store()
    with pytest.raises(StoreError, match=f"another daemon, process {os.getpid()}, writes the store"):
        open_store()


def test_a_store_that_was_closed_opens_again_and_goes_on(open_store: Open) -> None:
    store = open_store()
    put(store, frame(0, 1.0))
    store.close()
    assert energy_j(store.path) == 1.0  # also where nobody writes it
    again = open_store()
    put(again, frame(1, 1.0))
    assert energy_j(store.path) == 2.0


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path, open_store: Open) -> None:
    path = tmp_path / "frames.db"
    newer = [*schema.MIGRATIONS, ["CREATE TABLE tomorrow (x)"]]
    schema.open_writer(path, newer).close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="upgrade dcfoot"):
        open_store()
    with pytest.raises(StoreError, match="upgrade dcfoot"):
        FrameReader(path)
    assert path.read_bytes() == before


def test_an_older_store_becomes_todays_step_by_step_and_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "frames.db"
    schema.open_writer(path, [["CREATE TABLE a (x)", "INSERT INTO a VALUES (1)"]]).close()
    two = [["never run again"], ["ALTER TABLE a ADD COLUMN y DEFAULT 2"], ["UPDATE a SET y = x + 2"]]
    with closing(schema.open_writer(path, two)) as connection:
        assert connection.execute("SELECT * FROM a").fetchall() == [(1, 3)]
        assert connection.execute("PRAGMA user_version").fetchone() == (3,)


def test_a_migration_that_fails_leaves_the_version_before(tmp_path: Path) -> None:
    path = tmp_path / "frames.db"
    with pytest.raises(sqlite3.OperationalError):
        schema.open_writer(path, [["CREATE TABLE a (x)"], ["CREATE TABLE b (x)", "no SQL"]])
    with closing(schema.open_writer(path, [["CREATE TABLE a (x)"]])) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("a",)]


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path, open_store: Open) -> None:
    path = tmp_path / "frames.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="another program's"):
        open_store()
    assert query(path, "SELECT name FROM sqlite_master") == [("theirs",)]


def test_where_there_is_no_store_a_reader_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="no store"):
        FrameReader(tmp_path / "frames.db")


@pytest.mark.parametrize("name", ["file/frames.db", "folder"])
def test_a_path_that_cannot_be_a_store_is_refused(tmp_path: Path, open_store: Open, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="cannot"):
        open_store(tmp_path / name)


def test_a_backup_of_a_store_that_is_being_written_is_whole_and_stands_alone(tmp_path: Path, open_store: Open) -> None:
    store = open_store(commit_s=0.002)
    copies: list[float] = []
    (tmp_path / "copy").mkdir()
    for number in range(300):
        store.add(frame(60 * number, 1.0))
        if number % 50 == 49:
            store.backup(tmp_path / "copy" / "frames.db")
            copies.append(energy_j(tmp_path / "copy" / "frames.db"))
            assert query(tmp_path / "copy" / "frames.db", "PRAGMA integrity_check") == [("ok",)]
    assert copies == [50.0, 100.0, 150.0, 200.0, 250.0, 300.0]
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["frames.db"]


def test_a_backup_that_fails_leaves_the_one_before(tmp_path: Path, open_store: Open) -> None:
    (tmp_path / "copy.db").write_text("the one before")
    with pytest.raises(DataMissing):
        backup(tmp_path / "none.db", tmp_path / "copy.db")
    store = open_store()
    put(store, frame(0, 1.0))
    with pytest.raises(StoreError, match="cannot back"):
        store.backup(tmp_path / "copy.db" / "under a file")
    assert (tmp_path / "copy.db").read_text() == "the one before"


def test_a_backup_is_a_store(tmp_path: Path, open_store: Open) -> None:
    store = open_store()
    put(store, frame(0, 1.0))
    store.backup(tmp_path / "restored.db")
    restored = open_store(tmp_path / "restored.db")
    put(restored, frame(1, 1.0))
    assert energy_j(tmp_path / "restored.db") == 2.0
