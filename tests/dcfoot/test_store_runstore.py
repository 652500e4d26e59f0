"""The folder of journals: what is found there, in which order, how fast, and what is done with what cannot be read."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, sleep, time

import pytest

from dcfoot.errors import DataMissing, StoreError
from dcfoot.measurement import Measurement, RunState
from dcfoot.store.lines import LineKind, body_of_line, encode_line
from dcfoot.store.migrations import Body, Schema
from dcfoot.store.process import ProcessMark, boot_id, mark_of, pid_namespace, process_start
from dcfoot.store.runstore import RunStore, default_data_dir
from simulated.measurements import after, finished, measurement
from simulated.near import near


def run_id(number: int) -> str:
    return f"20261124T{number:06}-abcdef"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path)


def keep(store: RunStore, run: Measurement) -> Path:
    """Keeps a finished run; returns its journal's path."""
    journal = store.create(run)
    journal.finish(run)
    return journal.path


def rewrite_head(path: Path, change: Callable[[Body], Body]) -> None:
    """Writes a journal's first line anew with a valid checksum."""
    head, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(encode_line(LineKind.HEADER, change(body_of_line(head, LineKind.HEADER))) + rest)


def test_runs_are_listed_newest_first_and_no_more_than_asked_for(store: RunStore) -> None:
    for number in (3, 1, 4, 2, 5):
        keep(store, finished(measurement(run_id(number))))
    assert [run.id for run in store.list(3)] == [run_id(5), run_id(4), run_id(3)]
    assert len(store.list(None)) == 5


def test_a_store_that_was_never_written_is_empty(store: RunStore) -> None:
    assert store.list() == []
    with pytest.raises(DataMissing, match="no runs are kept"):
        store.load("last")


def test_several_runs_are_written_at_once_and_read_meanwhile(store: RunStore) -> None:
    journals = [(store.create(measurement(run_id(n))), measurement(run_id(n))) for n in range(5)]
    for journal, run in journals:
        journal.progress(after(run, 3.0))
    assert [run.state for run in store.list()] == [RunState.RUNNING] * 5
    assert {run.duration_s for run in store.list()} == {3.0}


@pytest.mark.parametrize("which", [run_id(12), "20261124T000012", "train.py", "last"])
def test_a_run_is_found_by_id_by_the_beginning_of_it_by_name_and_as_the_last(store: RunStore, which: str) -> None:
    keep(store, finished(replace(measurement(run_id(7)), name="other.py")))
    keep(store, finished(measurement(run_id(12))))
    assert store.load(which).id == run_id(12)


def test_of_several_runs_of_a_name_the_newest_is_meant(store: RunStore) -> None:
    for number in (1, 3, 2):
        keep(store, finished(measurement(run_id(number))))
    assert store.load("train.py").id == run_id(3)


def test_a_beginning_that_several_ids_share_is_refused_and_they_are_named(store: RunStore) -> None:
    for number in (1, 2):
        keep(store, finished(measurement(run_id(number))))
    with pytest.raises(DataMissing, match=f"2 runs begin with '2026'.*{run_id(2)}, {run_id(1)}"):
        store.load("2026")


@pytest.mark.parametrize(("mistyped", "nearest"), [("20261124T000031-abcdef", run_id(1)), ("trian.py", "train.py")])
def test_a_run_that_is_not_there_is_missed_with_the_nearest_that_is(
    store: RunStore, mistyped: str, nearest: str
) -> None:
    keep(store, finished(measurement(run_id(1))))
    with pytest.raises(DataMissing, match=f"there is no run '{mistyped}'; the nearest: .*{nearest}"):
        store.load(mistyped)


def test_no_name_of_a_run_leads_out_of_the_store(store: RunStore, tmp_path: Path) -> None:
    path = keep(store, finished(measurement(run_id(1))))
    path.rename(tmp_path / "outside.jsonl")
    keep(store, finished(measurement(run_id(2))))
    with pytest.raises(DataMissing):
        store.load("../outside")


def test_the_runs_of_a_job_come_oldest_first(store: RunStore) -> None:
    for number, job in ((1, "slurm-4711"), (2, None), (3, "slurm-4711"), (4, "slurm-471")):
        keep(store, finished(replace(measurement(run_id(number)), job=job)))
    assert [run.id for run in store.job("slurm-4711")] == [run_id(1), run_id(3)]


def test_a_damaged_journal_is_set_aside_with_a_word_and_the_others_are_listed(store: RunStore) -> None:
    path = keep(store, finished(measurement(run_id(1))))
    keep(store, finished(measurement(run_id(2))))
    damaged = b"\0" + path.read_bytes()[1:]
    path.write_bytes(damaged)
    entries = list(store.browse())
    assert [(entry.id, entry.measurement is None) for entry in entries] == [(run_id(2), False), (run_id(1), True)]
    assert entries[1].note.endswith(f"it was set aside as {path.name}.corrupt")
    assert (path.parent / f"{path.name}.corrupt").read_bytes() == damaged
    assert [run.id for run in store.list()] == [run_id(2)]


def test_what_was_set_aside_is_never_written_over(store: RunStore) -> None:
    for content in (b"first", b"second"):
        path = store.runs_dir / f"{run_id(1)}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        with pytest.raises(StoreError, match="set aside"):
            store.load(run_id(1))
    assert {path.read_bytes() for path in store.runs_dir.iterdir()} == {b"first", b"second"}


def test_a_journal_of_a_newer_dcfoot_is_left_alone_and_said(store: RunStore) -> None:
    keep(store, finished(measurement(run_id(1))))
    path = keep(store, finished(measurement(run_id(2))))
    rewrite_head(path, lambda _: {"schema": 7, "who": "knows"})
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer dcfoot \(schema 7, this one reads up to 1\); upgrade"):
        store.load("last")
    assert [run.id for run in store.list()] == [run_id(1)]
    assert "upgrade dcfoot" in next(store.browse()).note
    assert path.read_bytes() == before


def test_a_journal_of_an_older_version_is_read_through_its_migration(store: RunStore, tmp_path: Path) -> None:
    # A fictional version 0, in which the header called the run's name "title".
    path = keep(store, finished(measurement(run_id(1))))

    def to_version_0(body: Body) -> Body:
        run = dict(body["run"])
        run["title"] = run.pop("name")
        return {**body, "schema": 0, "run": run}

    rewrite_head(path, to_version_0)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join(lines[:2]) + b"\n")  # without the finish, which is of version 1

    def from_version_0(kind: LineKind, body: Body) -> Body:
        if kind is not LineKind.HEADER:
            return body
        run = dict(body["run"])
        run["name"] = run.pop("title")
        return {**body, "run": run}

    assert RunStore(tmp_path, schema=Schema(1, {0: from_version_0})).load("last").name == "train.py"
    with pytest.raises(StoreError, match="so old"):
        store.load("last")


def test_a_running_run_whose_writer_is_another_process_by_the_same_number_is_interrupted(store: RunStore) -> None:
    path = store.create(measurement(run_id(1))).path
    assert store.load("last").state is RunState.RUNNING
    rewrite_head(path, lambda body: {**body, "process": {**body["process"], "started": "1"}})
    assert store.load("last").state is RunState.INTERRUPTED


@pytest.mark.parametrize("key", ["boot", "namespace"])
@pytest.mark.parametrize(("silent_s", "state"), [(59.0, RunState.RUNNING), (61.0, RunState.INTERRUPTED)])
def test_a_writer_on_another_machine_counts_as_gone_after_a_minute_of_silence(
    tmp_path: Path, key: str, silent_s: float, state: RunState
) -> None:
    path = RunStore(tmp_path).create(measurement(run_id(1))).path
    rewrite_head(path, lambda body: {**body, "process": {**body["process"], key: "elsewhere"}})
    changed_s = path.stat().st_mtime
    assert RunStore(tmp_path, wall_s=lambda: changed_s + silent_s).load("last").state is state


def test_an_unreadable_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    with pytest.raises(StoreError, match="a file stands where a folder is needed"):
        RunStore(tmp_path).list()


def test_the_newest_of_10_000_runs_are_listed_at_once(store: RunStore) -> None:
    content = keep(store, finished(measurement(run_id(0)))).read_bytes()
    for number in range(1, 10_000):
        (store.runs_dir / f"{run_id(number)}.jsonl").write_bytes(content)
    taken_s = [_taken_s(store.list) for _ in range(5)]
    assert len(store.list()) == 20
    assert median(taken_s) < 1.0
    assert _taken_s(lambda: store.load("last")) < 1.0


def _taken_s(call: Callable[[], object]) -> float:
    start_s = perf_counter()
    call()
    return perf_counter() - start_s


def test_the_data_folder_is_the_one_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DCFOOT_DATA_DIR", str(tmp_path / "named"))
    assert default_data_dir() == tmp_path / "named"
    # XDG Base Directory Specification 0.8: $XDG_DATA_HOME, else $HOME/.local/share.
    monkeypatch.delenv("DCFOOT_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert default_data_dir() == tmp_path / "xdg" / "dcfoot"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_data_dir() == tmp_path / "home" / ".local" / "share" / "dcfoot"


def test_importing_the_store_loads_no_database_no_numbers_and_no_third_party() -> None:
    code = "import sys; before = set(sys.modules); import dcfoot.store; print(*set(sys.modules) - before)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"sqlite3", "json", "numpy", "pandas", "psutil", "platformdirs", "importlib_metadata"} & set(loaded)


def lives(mark: ProcessMark) -> bool:
    alive = mark.is_alive
    assert alive is not None
    return alive


def test_a_process_is_alive_until_it_has_ended_also_while_nobody_has_waited_for_it() -> None:
    with subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE) as child:
        mark = mark_of(child.pid)
        assert lives(mark)
        child.kill()
        deadline_s = time() + 5
        while lives(mark) and time() < deadline_s:
            sleep(0.01)
        assert not lives(mark)  # a zombie
    assert not lives(mark)


def test_a_process_of_another_boot_or_container_cannot_be_judged_from_here() -> None:
    own = mark_of(os.getpid())
    assert own == ProcessMark(os.getpid(), process_start(os.getpid()), boot_id(), pid_namespace())
    assert replace(own, boot="another").is_alive is None
    assert replace(own, namespace="pid:[1]").is_alive is None
    assert replace(own, started="").is_alive is None


def test_without_a_procfs_psutil_tells_when_a_process_started() -> None:
    from dcfoot.store.process import _start_without_procfs  # pyright: ignore[reportPrivateUsage]

    assert float(_start_without_procfs(os.getpid())) == near(time(), abs=86_400)
    assert _start_without_procfs(2**22 + 1) == ""
