"""Of several ranks one measures; another takes over when it is gone, and nothing that fails reaches the job."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from dcfoot.lease import Leader
from dcfoot.measurement import Measurement
from dcfoot.measurer import TAKE_OVER_PERIOD_S, Measurer, taken_over_warning
from dcfoot.ranks import JobIdentity
from dcfoot.tracker import Consumer, Subject, Tracker
from simulated.meters import steady
from simulated.near import near

LAUNCH = JobIdentity("job", 0, 0, "job/launch", "a test")
PATIENCE_S = 2 * TAKE_OVER_PERIOD_S


@pytest.fixture(autouse=True)
def _runtime_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))


def tracker(lease: Leader, before: str | None) -> Tracker:
    warnings = () if before is None else (taken_over_warning(before),)
    return Tracker(Subject(lease.run_id, "rank", warnings=warnings), Consumer(set[int]), [steady()], interval_s=0.05)


def broken(_lease: Leader, _before: str | None) -> Tracker:
    raise RuntimeError("no tracker to be had")


def measuring(run_id: str, make: Callable[[Leader, str | None], Tracker] = tracker) -> Measurer:
    measurer = Measurer(LAUNCH, run_id, make)
    measurer.start()
    measurer.job_started()
    return measurer


def until(holds: Callable[[], bool]) -> None:
    deadline_s = monotonic() + PATIENCE_S
    while not holds() and monotonic() < deadline_s:
        sleep(0.02)
    assert holds()


def energy_j(measurement: Measurement | None) -> float:
    assert measurement is not None
    return measurement.channels[0].energy_j


def test_the_first_measures_and_the_second_names_its_run() -> None:
    first, second = measuring("first"), measuring("second")
    assert (first.tracker is not None, second.tracker) == (True, None)
    assert (first.run_id, second.run_id) == ("first", "first")
    assert second.stop(0) is None
    measured = first.stop(0)
    assert measured is not None
    assert (measured.id, measured.exit_status) == ("first", 0)


def test_a_waiting_rank_takes_over_what_its_measurer_gave_back_and_says_so() -> None:
    first, second = measuring("first"), measuring("second")
    first.stop(0)
    until(lambda: second.tracker is not None)
    began_s = monotonic()
    sleep(0.3)
    assert second.run_id == "second"
    measured = second.stop(0)
    assert energy_j(measured) == near(100.0 * (monotonic() - began_s), abs=20.0)
    assert measured is not None
    assert measured.warnings == (taken_over_warning("first"),)


def test_a_rank_that_has_stopped_takes_nothing_over() -> None:
    first, second = measuring("first"), measuring("second")
    second.stop(0)
    first.stop(0)
    sleep(TAKE_OVER_PERIOD_S + 0.2)
    assert second.tracker is None


def test_a_rank_that_cannot_take_over_leaves_the_job_alone() -> None:
    first, second = measuring("first"), measuring("second", broken)
    first.stop(0)
    sleep(TAKE_OVER_PERIOD_S + 0.2)
    assert second.tracker is None
    assert second.stop(0) is None


def test_a_measurer_that_cannot_begin_gives_the_lease_to_the_next() -> None:
    failed = Measurer(LAUNCH, "failed", broken)
    with pytest.raises(RuntimeError):
        failed.start()
    failed.abandon()
    assert measuring("next").stop(0) is not None


def test_a_job_that_could_not_start_gives_the_lease_to_the_next() -> None:
    measuring("abandoned").abandon()
    assert measuring("next").stop(0) is not None


def test_processes_of_no_launch_measure_each_for_itself() -> None:
    measurers = [Measurer(None, run_id, tracker) for run_id in ("one", "other")]
    for measurer in measurers:
        measurer.start()
    assert all(measurer.stop(0) is not None for measurer in measurers)
