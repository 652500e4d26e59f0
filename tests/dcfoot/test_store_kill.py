"""kill -9 at any instant: nothing that was acknowledged is lost, and the run shows as interrupted."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from time import monotonic, sleep

import pytest

from dcfoot.measurement import Measurement, RunState
from dcfoot.store.journal import Journal
from dcfoot.store.runstore import RunStore
from simulated.measurements import after, by_time, finished, measurement

KILLS = 80
RECORD_BYTES = 8


def run_id(number: int) -> str:
    return f"20261124T{number:06}-abcdef"


def forked(work: Callable[[int], None]) -> tuple[int, int]:
    """A child that does `work` with a pipe's end to write to; its process id and the end to read from."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reads)
        try:
            work(writes)
        finally:
            os._exit(0)
    os.close(writes)
    return child, reads


def killed_after(child: int, seconds: float) -> None:
    sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def last_acknowledged(reads: int) -> int:
    """The number that the child last said it had kept; 0 where it came to none."""
    with open(reads, "rb") as pipe:
        said = pipe.read()
    return int.from_bytes(said[-RECORD_BYTES:], "big") if said else 0


def write_as_fast_as_it_goes(folder: Path, run: Measurement, acknowledge: int) -> None:
    """Keeps ever longer states of a run, and says each number once it is kept; its journal is often compacted."""
    ticks = iter(range(10**9))
    journal = Journal.create(folder, run, clock_ns=lambda: next(ticks) * 10**9)
    for number in range(1, 10**6):
        journal.progress(by_time(after(run, float(number))))
        os.write(acknowledge, number.to_bytes(RECORD_BYTES, "big"))


def test_no_acknowledged_second_is_lost_in_80_kills_at_random_instants(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    random = Random(20261124)  # noqa: S311 (instants, no secrets)
    acknowledged = 0
    for number in range(KILLS):
        run = replace(measurement(run_id(number), 0.0), warnings=("x" * random.choice([10, 30_000]),))
        child, reads = forked(partial(write_as_fast_as_it_goes, store.runs_dir, run))
        killed_after(child, random.uniform(0.001, 0.06))
        least = last_acknowledged(reads)
        acknowledged += least
        if not least and run.id not in {entry.id for entry in store.browse()}:
            continue  # killed before its first line
        found = store.load(run.id)
        assert found.state is RunState.INTERRUPTED
        assert least <= found.duration_s <= least + 1
        assert replace(found, state=RunState.RUNNING) == by_time(after(run, found.duration_s))
    assert acknowledged > 10 * KILLS
    assert not list(store.runs_dir.glob("*.corrupt*"))


def test_a_kill_at_the_finish_leaves_the_run_finished_or_interrupted_and_never_damaged(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    random = Random(7)  # noqa: S311
    states: set[RunState] = set()
    for number in range(20):
        run = measurement(run_id(number), 5.0)
        store.runs_dir.mkdir(exist_ok=True)

        def work(pipe: int, run: Measurement = run) -> None:
            journal = store.create(run)
            os.write(pipe, b"\1")
            journal.finish(finished(run))

        child, reads = forked(work)
        os.read(reads, 1)
        killed_after(child, random.uniform(0.0, 0.002))
        os.close(reads)
        found = store.load(run.id)
        states.add(found.state)
        assert found.duration_s == 5.0
    assert states <= {RunState.COMPLETE, RunState.INTERRUPTED}


@pytest.mark.parametrize("lifetime_s", [2.3])
def test_a_killed_run_is_known_up_to_at_most_two_seconds_before_its_end(tmp_path: Path, lifetime_s: float) -> None:
    store = RunStore(tmp_path)
    run = measurement(run_id(1), 0.0)

    def work(_: int) -> None:
        started_s = monotonic()
        journal = store.create(run)
        while True:
            sleep(0.1)
            journal.progress(after(run, monotonic() - started_s))

    child, reads = forked(work)
    sleep(lifetime_s / 2)
    assert store.load("last").state is RunState.RUNNING
    killed_after(child, lifetime_s / 2)
    os.close(reads)
    assert lifetime_s - 2.0 <= store.load("last").duration_s <= lifetime_s + 0.5
    assert store.list()[0].state is RunState.INTERRUPTED
