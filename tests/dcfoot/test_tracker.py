"""A run from start to stop, with meters and journals of known behaviour, good and bad."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcfoot.activity import Activity
from dcfoot.clock import Clock
from dcfoot.errors import StoreError
from dcfoot.measurement import ChannelEnergy, Measurement, RunState
from dcfoot.reading import Basis, Domain
from dcfoot.tracker import FINISH_TIMEOUT_S, Consumer, Journal, Subject, Tracker, new_run_id, with_node_share
from simulated.measurements import energy, gpu
from simulated.meters import steady
from simulated.near import near
from simulated.trees import ProcTree, write

SUBJECT = Subject("20261124T081500-3f9a1c", "train.py", tags={"team": "nlp"}, warnings=("as it was",))


class Kept:
    """A journal that remembers what it was given."""

    def __init__(self) -> None:
        self.opened: list[Measurement] = []
        self.progressed: list[Measurement] = []
        self.finished: list[Measurement] = []

    def open(self, measurement: Measurement) -> Journal:
        self.opened.append(measurement)
        return self

    def progress(self, measurement: Measurement) -> None:
        self.progressed.append(measurement)

    def finish(self, measurement: Measurement) -> None:
        self.finished.append(measurement)


class Refusing(Kept):
    """A journal on a disk that has no room until it is told otherwise."""

    full = True

    def open(self, measurement: Measurement) -> Journal:
        if self.full:
            raise StoreError("cannot create the journal: the disk is full")
        return super().open(measurement)


class Broken(Kept):
    def finish(self, measurement: Measurement) -> None:
        raise ZeroDivisionError(f"a bug in a store, with {measurement.name}")


class Hanging(Kept):
    """A journal on a network disk that does not answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = Event()

    def open(self, measurement: Measurement) -> Journal:
        self.answers.wait(60.0)
        return super().open(measurement)


def nobody() -> Iterator[int]:
    return iter(())


def started(journal: Kept | None = None, **options: object) -> Tracker:
    made: dict[str, object] = {"open_journal": journal.open if journal else None, "interval_s": 0.05, **options}
    tracker = Tracker(SUBJECT, Consumer(nobody), [steady()], **made)  # type: ignore[arg-type]
    tracker.start()
    tracker.job_started()
    return tracker


def test_a_run_is_opened_kept_once_a_second_and_finished() -> None:
    journal = Kept()
    tracker = started(journal)
    time.sleep(2.3)
    measured = tracker.stop(3)
    assert [run.state for run in journal.opened] == [RunState.RUNNING]
    assert [round(run.duration_s) for run in journal.progressed] == [1, 2]
    assert journal.finished == [measured]
    assert (measured.exit_status, measured.state, dict(measured.tags)) == (3, RunState.COMPLETE, {"team": "nlp"})
    assert measured.channels[0].energy_j == near(100.0 * 2.3, abs=20.0)
    assert measured.ended_at - measured.started_at == timedelta(seconds=measured.duration_s)


def test_its_power_by_time_is_that_of_the_device_and_adds_up_to_its_energy_at_every_record() -> None:
    journal = Kept()
    tracker = started(journal)
    time.sleep(2.3)
    measured = tracker.stop(0)
    for run in (*journal.progressed, measured):
        steps = run.by_time.energy_uj["gpu"]
        assert sum(filter(None, steps)) == near(run.channels[0].attributed_energy_j * 1e6, abs=0.51)
    kept = measured.by_time
    assert kept.power_w(kept.energy_uj["gpu"])[1:-1] == near([100.0] * (len(kept.edges_s) - 3))
    assert kept.edges_s[-1] == measured.duration_s == near(2.3, abs=0.5)


def test_stopping_twice_changes_nothing() -> None:
    journal = Kept()
    tracker = started(journal)
    assert tracker.stop(0) is tracker.stop(1)
    assert len(journal.finished) == 1


def test_figures_grow_while_it_lasts_and_stand_after_it() -> None:
    tracker = started()
    time.sleep(0.2)
    early_j, power_w = tracker.energy_j, tracker.power_w
    time.sleep(0.2)
    tracker.stop(0)
    after = (tracker.energy_j, tracker.elapsed_s, tracker.snapshot())
    time.sleep(0.1)
    assert (tracker.energy_j, tracker.elapsed_s, tracker.snapshot()) == after
    assert power_w == near(100.0, rel=0.01)
    assert 0.0 < (early_j or 0.0) < (tracker.energy_j or 0.0)
    assert tracker.basis is Basis.MEASURED


def test_without_meters_nothing_is_known_and_nothing_is_zero() -> None:
    tracker = Tracker(SUBJECT, Consumer(nobody), [])
    tracker.start()
    assert (tracker.power_w, tracker.energy_j, tracker.basis) == (None, None, None)
    assert tracker.stop(0).channels == ()


def test_the_run_of_a_job_that_could_not_start_is_not_kept() -> None:
    journal = Kept()
    tracker = Tracker(SUBJECT, Consumer(nobody), [steady()], open_journal=journal.open)
    tracker.start()
    tracker.abandon()
    time.sleep(0.1)
    assert (journal.opened, journal.finished) == ([], [])


def test_a_journal_that_cannot_be_opened_is_a_warning_and_is_tried_again() -> None:
    journal = Refusing()
    tracker = started(journal)
    time.sleep(0.2)
    assert tracker.snapshot().warnings == (
        "as it was",
        "this run is not kept: cannot create the journal: the disk is full",
    )
    journal.full = False
    time.sleep(1.2)
    assert tracker.stop(0).warnings == ("as it was",)
    assert len(journal.finished) == 1


def test_a_journal_that_breaks_is_a_warning() -> None:
    warning = started(Broken()).stop(0).warnings[-1]
    assert warning == "this run is kept only in part: ZeroDivisionError: a bug in a store, with train.py"


def test_a_journal_that_hangs_holds_up_the_end_for_a_bounded_time() -> None:
    journal = Hanging()
    tracker = started(journal)
    began_s = time.monotonic()
    warnings = tracker.stop(0).warnings
    assert time.monotonic() - began_s < FINISH_TIMEOUT_S + 2.0
    assert "the store did not answer within 5 s" in warnings[-1]
    journal.answers.set()


def test_a_machine_that_slept_and_a_clock_that_was_set_are_on_the_record() -> None:
    offset_ns = {"asleep": 0, "set": 0}
    clock = Clock(
        boottime_ns=lambda: time.monotonic_ns() + offset_ns["asleep"],
        wall_ns=lambda: time.time_ns() + offset_ns["asleep"] + offset_ns["set"],
    )
    tracker = started(clock=clock)
    offset_ns["asleep"] = 3_600 * 10**9
    offset_ns["set"] = -60 * 10**9
    measured = tracker.stop(0)
    assert measured.duration_s < 60.0
    assert measured.ended_at - measured.started_at > timedelta(hours=1)
    assert [warning.partition(";")[0] for warning in measured.warnings[1:]] == [
        "the machine slept for 3600 s",
        "the wall clock was stepped by -60 s",
    ]


def test_somebody_is_told_of_the_progress_once_a_second() -> None:
    told: list[float] = []

    def tell(running: Tracker) -> None:
        told.append(running.elapsed_s)

    tracker = started(on_progress=tell)
    time.sleep(2.2)
    tracker.stop(0)
    assert [round(elapsed_s) for elapsed_s in told] == [1, 2]


def test_what_it_costs_is_its_own_threads_time_or_that_of_its_whole_process() -> None:
    guest, owner = started(), started(own_process=True)
    end_s = time.process_time() + 0.3
    while time.process_time() < end_s:
        pass
    assert guest.stop(0).overhead_cpu_s < 0.1
    assert guest.stop(0).overhead_rss_bytes == 0
    used = owner.stop(0)
    assert used.overhead_cpu_s >= 0.3
    assert used.overhead_rss_bytes > 10e6


J = st.floats(0.0, 1e9)


@given(chips=st.lists(st.tuples(J, st.floats(0.0, 1.0)), min_size=1, max_size=4), node_j=J)
def test_a_node_follows_the_joules_of_its_chips(chips: list[tuple[float, float]], node_j: float) -> None:
    inside = [energy(gpu(f"GPU-{number}"), energy_j, share) for number, (energy_j, share) in enumerate(chips)]
    node = energy(gpu("wall", domain=Domain.NODE), node_j, 0.25)
    *same, shared = with_node_share([*inside, node])
    metered_j = sum(chip.energy_j for chip in inside)
    own_j = sum(chip.attributed_energy_j for chip in inside)
    expected_j = node_j * own_j / metered_j if metered_j > 0.0 else 0.25 * node_j
    assert same == inside
    assert shared.attributed_energy_j == near(expected_j, rel=1e-9)
    assert 0.0 <= shared.attributed_energy_j <= node_j * (1 + 1e-12)


def test_a_node_without_metered_chips_keeps_the_share_that_was_booked() -> None:
    node: tuple[ChannelEnergy, ...] = (energy(gpu("wall", domain=Domain.NODE), 100.0, 0.4),)
    assert with_node_share(node) == node


def test_ids_sort_by_time_and_two_of_one_instant_differ() -> None:
    # 1,763,972,100 s since the epoch is 2025-11-24 08:15:00 UTC (date -u -d @1763972100).
    moments_ns = iter(range(1_763_972_100 * 10**9, 1_763_972_101 * 10**9, 10**8))
    clock = Clock(wall_ns=lambda: next(moments_ns))
    ids = [new_run_id(clock) for _ in range(10)]
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"20251124T081500-[0-9a-f]{9}", one) for one in ids)
    assert new_run_id(Clock(wall_ns=lambda: 0)) != new_run_id(Clock(wall_ns=lambda: 0))


class TestAConsumer:
    def test_has_the_time_of_its_processes_and_of_the_machine(self) -> None:
        with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as burner:
            consumer = Consumer(lambda: [burner.pid])
            before = consumer.activity()
            assert before is not None
            spent = Activity(0.0, 0.0, 0.0)
            began_s = time.monotonic()
            while spent.own_s < 0.3 and time.monotonic() - began_s < 20.0:
                time.sleep(0.05)
                after = consumer.activity()
                assert after is not None
                spent = after.since(before)
            lasted_s = time.monotonic() - began_s
            burner.kill()
        assert 0.3 <= spent.own_s <= lasted_s + 0.05
        assert spent.own_s <= spent.busy_s + 0.05
        assert spent.idle_s >= 0.0

    def test_of_a_batch_job_has_the_time_of_its_cgroup(self, tmp_path: Path) -> None:
        ProcTree(tmp_path).stat(busy_s=100.0, idle_s=300.0)
        write(tmp_path / "proc/self/cgroup", "0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0")
        write(tmp_path / "sys/fs/cgroup/system.slice/slurmstepd.scope/job_4711/cpu.stat", "usage_usec 42500000")
        activity = Consumer(nobody, tmp_path).activity()
        assert activity is not None
        assert (activity.own_s, activity.busy_s, activity.idle_s) == (near(42.5), near(100.0), near(300.0))

    @pytest.mark.parametrize("stat", [None, "", "cpu", "cpu a b c d e f g h"])
    def test_of_a_machine_that_does_not_tell_knows_nothing(self, tmp_path: Path, stat: str | None) -> None:
        if stat is not None:
            write(tmp_path / "proc/stat", stat)
        assert Consumer(nobody, tmp_path).activity() is None
