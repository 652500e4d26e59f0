"""One run's journal: nothing that was acknowledged is lost, whatever happens to the file or the disk."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import median
from time import perf_counter_ns

import pytest

from dcfoot.by_time import EnergyByTime, Steps, TimeBook
from dcfoot.errors import StoreError
from dcfoot.measurement import Measurement, Phase
from dcfoot.reading import Domain
from dcfoot.store.journal import COMPACT_BYTES, Journal
from dcfoot.store.reader import JournalDamagedError, read_journal
from dcfoot.store.runstore import RunStore
from simulated.measurements import after, by_time, energy, finished, gpu, measurement

NOBODY = 65534
"""The user that owns nothing (Linux, /proc/sys/kernel/overflowuid)."""


def every_second() -> Callable[[], int]:
    """A monotonic clock that goes on by a second at each look [ns]."""
    ticks = iter(range(10**6))
    return lambda: next(ticks) * 10**9


def journal_in(folder: Path, run: Measurement) -> Journal:
    return Journal.create(folder, run, clock_ns=every_second())


def kept(journal: Journal) -> Measurement:
    return read_journal(journal.path).measurement


def phases(count: int) -> tuple[Phase, ...]:
    return tuple(Phase(f"train/step {n}", float(n), n + 0.9, {"gpu": 90.0}) for n in range(count))


def test_a_run_is_kept_from_its_first_line_on(tmp_path: Path) -> None:
    run = measurement(duration_s=0.1)
    assert kept(journal_in(tmp_path / "new" / "runs", run)) == run


def test_the_newest_progress_is_what_a_reader_sees_while_the_run_goes_on(tmp_path: Path) -> None:
    run = measurement()
    journal = journal_in(tmp_path, run)
    for duration_s in (1.0, 2.0, 3.0):
        journal.progress(after(run, duration_s))
        assert kept(journal) == after(run, duration_s)


def test_phases_are_written_once_and_read_all_together(tmp_path: Path) -> None:
    run = replace(measurement(), phases=phases(3))
    journal = journal_in(tmp_path, run)
    for count in (3, 1200, 1200, 1201):
        journal.progress(replace(run, phases=phases(count)))
    assert kept(journal).phases == phases(1201)
    assert journal.path.read_bytes().count(b"train/step 700") == 1


def test_a_finished_run_is_read_as_it_was_finished_also_where_name_and_tags_were_settled_late(tmp_path: Path) -> None:
    run = measurement()
    journal = journal_in(tmp_path, run)
    journal.progress(after(run, 5.0))
    final = finished(replace(after(run, 6.0), name="late", tags={"a": "b"}, phases=phases(2)), exit_status=7)
    journal.finish(final)
    assert kept(journal) == final


def test_nothing_is_written_after_the_finish(tmp_path: Path) -> None:
    run = measurement()
    journal = journal_in(tmp_path, run)
    journal.finish(finished(run))
    journal.progress(after(run, 99.0))
    journal.finish(after(run, 99.0))
    assert kept(journal) == finished(run)


def test_meters_that_appear_while_the_run_goes_on_are_kept_with_their_energy(tmp_path: Path) -> None:
    run = replace(measurement(), channels=())
    journal = journal_in(tmp_path, run)
    assert kept(journal).channels == ()
    found = measurement("20261124T081500-3f9a1c", 10.0, energy(gpu("A"), 1.0), energy(gpu("B"), 2.0))
    journal.progress(found)
    assert kept(journal) == found
    swapped = replace(found, channels=tuple(reversed(found.channels)))
    journal.progress(swapped)
    assert kept(journal) == swapped


def test_progress_that_comes_faster_than_once_a_second_is_left_to_the_next(tmp_path: Path) -> None:
    times_ns = iter([0, 500_000_000, 950_000_000])
    run = measurement()
    journal = Journal.create(tmp_path, run, clock_ns=lambda: next(times_ns))
    seen: list[float] = []
    for duration_s in (1.0, 1.5, 1.95):
        journal.progress(after(run, duration_s))
        seen.append(kept(journal).duration_s)
    assert seen == [1.0, 1.0, 1.95]


def test_a_run_of_a_week_takes_no_more_space_than_a_quarter_of_an_hour(tmp_path: Path) -> None:
    run = replace(measurement(), warnings=("x" * 20_000,))
    journal = journal_in(tmp_path, run)
    sizes: list[int] = []
    for second in range(200):
        journal.progress(after(run, float(second)))
        sizes.append(journal.path.stat().st_size)
    assert max(sizes) < COMPACT_BYTES + 100_000 < sum(20_000 for _ in sizes)
    assert kept(journal) == after(run, 199.0)


def gpu_uj(run: Measurement) -> Steps:
    return run.by_time.energy_uj.get("gpu", ())


def test_the_energy_by_time_adds_up_to_the_energy_of_the_same_record(tmp_path: Path) -> None:
    run = measurement(duration_s=0.0)
    journal = journal_in(tmp_path, run)
    for duration_s in (1.0, 2.0, 5.0, 300.0, 301.0, 9000.0, 9001.0):
        journal.progress(by_time(after(run, duration_s)))
        found = kept(journal)
        assert found == by_time(after(run, duration_s))
        assert sum(filter(None, gpu_uj(found))) == found.channels[0].attributed_energy_j * 1e6
    last = finished(kept(journal))
    journal.finish(last)
    assert kept(journal) == last


def test_only_what_is_new_by_time_is_written(tmp_path: Path) -> None:
    run = by_time(measurement(duration_s=2000.0))
    journal = journal_in(tmp_path, run)
    sizes = [journal.path.stat().st_size]
    for second in range(1, 11):
        journal.progress(by_time(after(run, 2000.0 + second)))
        sizes.append(journal.path.stat().st_size)
    assert max(there - here for here, there in pairwise(sizes)) < 600
    assert kept(journal) == by_time(after(run, 2010.0))
    assert kept(journal).by_time.step_s == 1.0


def test_a_device_that_appears_or_falls_silent_late_is_kept_by_time(tmp_path: Path) -> None:
    book = TimeBook(start_ns=0)
    run = measurement(duration_s=0.0)
    journal = journal_in(tmp_path, run)
    for second, domain in ((1, "gpu"), (2, "gpu"), (20, "dram"), (21, "dram"), (400, "gpu"), (401, "package")):
        book.book(domain, second * 10**9, 1.0, 5.0)
        state = replace(after(run, float(second)), by_time=book.by_time(second))
        journal.progress(state)
        assert kept(journal) == state


def test_a_journal_without_energy_by_time_is_read_as_it_always_was(tmp_path: Path) -> None:
    data, states = whole_journal(tmp_path / "runs")
    path = tmp_path / "old.jsonl"
    path.write_bytes(b"".join(line for line in data.splitlines(keepends=True) if b'"by_time"' not in line))
    assert read_journal(path).measurement == replace(states[-1][1], by_time=EnergyByTime())


def test_energy_by_time_on_a_damaged_line_is_said_to_be_lost_and_the_rest_is_not(tmp_path: Path) -> None:
    data, states = whole_journal(tmp_path / "runs")
    first = next(line for line in data.splitlines() if b'"by_time"' in line)
    path = tmp_path / "hole.jsonl"
    path.write_bytes(data.replace(first, first.replace(b"by_time", b"by_tide")))
    found = read_journal(path).measurement
    assert found.channels == states[-1][1].channels
    assert gpu_uj(found)[-20:] == gpu_uj(states[-1][1])[-20:]
    assert found.warnings == ("a part of this run's energy by time is lost: its lines in the journal are damaged",)


def test_a_finished_run_keeps_no_progress_once_it_is_long(tmp_path: Path) -> None:
    run = replace(measurement(), warnings=("x" * 1000,))
    journal = journal_in(tmp_path, run)
    for second in range(100):
        journal.progress(after(run, float(second)))
    journal.finish(finished(after(run, 100.0)))
    assert journal.path.stat().st_size < 5000
    assert kept(journal) == finished(after(run, 100.0))
    assert [path.name for path in tmp_path.iterdir()] == [journal.path.name]


def test_a_run_is_never_written_over_another_of_the_same_id(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, measurement())
    with pytest.raises(StoreError, match="already"):
        journal_in(tmp_path, after(measurement(), 99.0))
    assert kept(journal) == measurement()


def test_only_the_user_can_read_what_commands_were_run(tmp_path: Path) -> None:
    journal = journal_in(tmp_path / "runs", measurement())
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def whole_journal(folder: Path) -> tuple[bytes, list[tuple[int, Measurement]]]:
    """The bytes of a journal of five seconds, and where each state of the run was on the disk completely."""
    run = measurement()
    journal = journal_in(folder, run)
    states = [(journal.path.stat().st_size, run)]
    for duration_s in (11.0, 12.0, 13.0, 14.0):
        state = by_time(replace(after(run, duration_s), phases=phases(int(duration_s))))
        journal.progress(state)
        states.append((journal.path.stat().st_size, state))
    return journal.path.read_bytes(), states


def test_a_journal_cut_at_any_byte_reads_as_the_last_state_that_was_written_whole(tmp_path: Path) -> None:
    data, states = whole_journal(tmp_path / "runs")
    path = tmp_path / "cut.jsonl"
    for length in range(states[0][0], len(data)):
        path.write_bytes(data[:length])
        _, state = max((size, state) for size, state in states if size <= length + 1)  # the last newline adds nothing
        found = read_journal(path).measurement
        assert replace(found, phases=()) == replace(state, phases=())
        assert found.phases[: len(state.phases)] == state.phases


def test_a_journal_whose_tail_is_garbage_reads_as_the_last_good_line(tmp_path: Path) -> None:
    data, states = whole_journal(tmp_path / "runs")
    path = tmp_path / "garbage.jsonl"
    path.write_bytes(data[: states[2][0]] + b"\0" * 4096)
    assert read_journal(path).measurement == states[2][1]


def test_damaged_lines_at_the_end_are_said_where_they_are_more_than_a_crash_leaves(tmp_path: Path) -> None:
    data, states = whole_journal(tmp_path / "runs")
    path = tmp_path / "garbage.jsonl"
    path.write_bytes(data[: states[2][0]] + b"\0\n\1\n\2\n")
    assert "the last 3 lines of this run's journal are damaged" in read_journal(path).measurement.warnings[0]


def test_phases_on_a_damaged_line_are_counted_as_lost_and_the_energy_is_not(tmp_path: Path) -> None:
    data, states = whole_journal(tmp_path / "runs")
    path = tmp_path / "hole.jsonl"
    path.write_bytes(data.replace(b"train/step 3", b"train/step X"))  # step 3 is on the line of the first eleven
    found = read_journal(path).measurement
    assert found.channels == states[-1][1].channels
    assert found.phases == phases(14)[11:]
    assert found.warnings == ("11 phases of this run are lost: their lines in its journal are damaged",)


def test_a_journal_that_holds_only_its_first_line_has_no_energy_rather_than_none(tmp_path: Path) -> None:
    data, _ = whole_journal(tmp_path / "runs")
    path = tmp_path / "head.jsonl"
    path.write_bytes(data.split(b"\n")[0])
    found = read_journal(path).measurement
    assert found.channels == ()
    assert "not known" in found.warnings[0]


@pytest.mark.parametrize("head", [b"", b"\0" * 100, b'{"crc32":"00000000","header":{}}\n', b"not a journal\n"])
def test_a_file_without_a_readable_head_is_no_journal(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(head)
    with pytest.raises(JournalDamagedError, match=r"x\.jsonl"):
        read_journal(path)


def test_reading_only_head_and_tail_of_a_long_journal_gives_the_same_but_for_the_phases(tmp_path: Path) -> None:
    run = replace(measurement(), phases=phases(20_000))
    journal = journal_in(tmp_path, run)
    journal.progress(after(run, 20.0))
    assert journal.path.stat().st_size > 1_000_000
    assert read_journal(journal.path, tail_only=True).measurement == replace(after(run, 20.0), phases=())


def test_a_finish_longer_than_the_tail_that_is_read_is_found_all_the_same(tmp_path: Path) -> None:
    run = replace(measurement(), warnings=("w" * 400_000,))
    journal = journal_in(tmp_path, run)
    journal.finish(finished(run))
    assert read_journal(journal.path, tail_only=True).measurement == finished(run)


@contextmanager
def file_size_limit(limit_bytes: int) -> Generator[None]:
    """Writing beyond the limit fails as on a full disk, after as much as fits was written (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_journal_goes_on_behind_the_line_that_a_full_disk_tore(tmp_path: Path) -> None:
    run = measurement()
    journal = journal_in(tmp_path, run)
    size = journal.path.stat().st_size
    with file_size_limit(size + 100):
        for duration_s in (11.0, 12.0):
            with pytest.raises(StoreError, match=r"cannot write the journal .*\.jsonl"):
                journal.progress(replace(after(run, duration_s), phases=phases(2)))
        assert journal.path.stat().st_size == size + 100
        assert kept(journal) == run
    journal.progress(replace(after(run, 13.0), phases=phases(3)))
    assert kept(journal) == replace(after(run, 13.0), phases=phases(3))
    journal.finish(finished(replace(after(run, 14.0), phases=phases(3))))
    assert kept(journal) == finished(replace(after(run, 14.0), phases=phases(3)))


def test_a_journal_that_cannot_be_compacted_goes_on_growing(tmp_path: Path) -> None:
    run = replace(measurement(), warnings=("x" * 20_000,))
    journal = journal_in(tmp_path, run)
    (tmp_path / f"{run.id}.jsonl.new").mkdir()  # stands where the compacted file would be written
    for second in range(80):
        journal.progress(after(run, float(second)))
    assert journal.path.stat().st_size > COMPACT_BYTES
    assert kept(journal) == after(run, 79.0)


@pytest.mark.parametrize("size_kib", [16])
def test_a_disk_that_is_really_full_is_said_and_the_journal_goes_on_when_there_is_room(
    tmp_path: Path, size_kib: int
) -> None:
    with small_disk(tmp_path / "disk", size_kib) as disk:
        run = measurement()
        ballast = disk / "ballast"
        ballast.write_bytes(b"\0" * 4096)
        journal = Journal.create(disk / "runs", run, clock_ns=every_second())
        last = fill(journal, run)
        assert kept(journal) == last
        with pytest.raises(StoreError, match="the disk is full"):
            journal.finish(finished(after(last, 1000.0)))
        with pytest.raises(StoreError, match=r"cannot create the journal .*the disk is full"):
            Journal.create(disk / "runs", replace(run, id="20261124T090000-aaaaaa", warnings=("w" * 9000,)))
        assert [path.name for path in (disk / "runs").iterdir()] == [journal.path.name]
        ballast.unlink()
        journal.finish(finished(after(run, 1000.0)))
        assert kept(journal) == finished(after(run, 1000.0))


def fill(journal: Journal, run: Measurement) -> Measurement:
    """Writes progress until the disk is full; returns the last that was acknowledged."""
    last = run
    with pytest.raises(StoreError, match="the disk is full; free some space"):  # noqa: PT012 (which line fails is the disk's)
        for second in range(1000):
            journal.progress(after(run, float(second)))
            last = after(run, float(second))
    return last


@contextmanager
def small_disk(folder: Path, size_kib: int) -> Generator[Path]:
    """A file system in memory; skips where this user may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a small disk; the limit on file sizes stands in for it elsewhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_file_where_the_folder_should_be_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(StoreError, match=r"a file stands where a folder is needed; move it, or set DCFOOT_DATA_DIR"):
        RunStore(tmp_path / "data").create(measurement())
    assert (tmp_path / "data").read_text() == "mine"


TRY_AS_NOBODY = """
import os, sys
from pathlib import Path
from dcfoot.errors import StoreError
from dcfoot.store import RunStore
from simulated.measurements import measurement
if os.geteuid() == 0:
    os.setuid(65534)
try:
    RunStore(Path(sys.argv[1])).create(measurement())
except StoreError as fault:
    print(fault)
"""


def said_by_nobody(data_dir: str) -> str:
    """What a user without rights is told who keeps a run in `data_dir`."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", TRY_AS_NOBODY, data_dir], capture_output=True, text=True, check=True, env=environ
    )
    return done.stdout


def test_a_folder_without_permission_is_said_with_what_to_do(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert "no permission; set DCFOOT_DATA_DIR to a folder that you may write" in said_by_nobody(str(locked / "data"))


def test_a_home_that_is_not_there_and_cannot_be_made_is_said_with_what_to_do() -> None:
    said = said_by_nobody("/proc/no/such/home/.local/share/dcfoot")
    assert "cannot create the journal /proc/no/such/home/.local/share/dcfoot/runs/" in said
    assert "set DCFOOT_DATA_DIR" in said


def test_a_journal_that_is_deleted_under_its_writer_is_written_again(tmp_path: Path) -> None:
    run = replace(measurement(), phases=phases(2))
    journal = journal_in(tmp_path / "runs", run)
    journal.path.unlink()
    journal.path.parent.rmdir()
    journal.progress(after(run, 11.0))
    assert kept(journal) == after(run, 11.0)
    journal.path.unlink()
    journal.finish(finished(after(run, 12.0)))
    assert kept(journal) == finished(after(run, 12.0))


def test_every_known_fault_of_a_disk_says_what_to_do(tmp_path: Path) -> None:
    from dcfoot.store.faults import store_faults

    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.ENOENT, errno.EIO):
        expected = rf"cannot write the journal .*DCFOOT_DATA_DIR.*\({os.strerror(number)}\)"
        with pytest.raises(StoreError, match=expected), store_faults("write the journal", tmp_path):
            raise OSError(number, os.strerror(number))


def test_a_line_of_progress_of_an_eight_gpu_server_takes_less_than_100_us(tmp_path: Path) -> None:
    channels = [energy(gpu(f"GPU-{n:032x}"), 1234.567 * n) for n in range(8)]
    channels += [energy(gpu(f"package-{n}", domain=Domain.PACKAGE), 1234.567) for n in range(2)]
    channels += [energy(gpu(f"dram-{n}", domain=Domain.DRAM), 234.567) for n in range(2)]
    gauges = {f"GPU-{n:032x}": {"utilisation_ratio": 0.987654, "temperature_c": 66.5} for n in range(8)}
    run = replace(measurement("20261124T081500-3f9a1c", 10.0, *channels), gauges=gauges)
    journal = journal_in(tmp_path, run)
    taken_us = [_taken_us(lambda: journal.progress(run)) for _ in range(400)]
    assert median(taken_us) < 100.0 * slowness()


def _taken_us(call: Callable[[], object]) -> float:
    start_ns = perf_counter_ns()
    call()
    return (perf_counter_ns() - start_ns) / 1000.0


def slowness() -> float:
    """How much slower this machine is just now than one that adds up a million integers in 50 ms; at least 1."""
    return max(1.0, median(_taken_us(lambda: sum(range(1_000_000))) for _ in range(5)) / 50_000.0)
