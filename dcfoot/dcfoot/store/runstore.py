"""The folder of journals: creates, finds, loads and lists runs.

The names of the files sort by time, so that the newest runs are found without opening the others, however many.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import islice
from pathlib import Path
from time import time

from dcfoot.errors import DataMissing, StoreError
from dcfoot.measurement import Measurement, RunState
from dcfoot.store.faults import store_faults
from dcfoot.store.journal import SUFFIX, Journal
from dcfoot.store.migrations import CURRENT, Schema
from dcfoot.store.reader import JournalDamagedError, Kept, read_head, read_journal

NEWEST = 20
"""How many runs are listed unless more are asked for: a screenful."""

SILENT_S = 60.0
"""A writer that cannot be seen from here (another machine's) counts as gone after so long without a line [s]; it writes
once a second, and network file systems show a file's growth within 60 s by default (acregmax, nfs(5))."""

NEAREST_NAMES_AMONG = 200
"""So many of the newest runs' names are offered to somebody who mistyped one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal in a list.

    Parameters
    ----------
    id : str
        The run's id.
    measurement : Measurement or None
        The run without its phases; None where it cannot be read.
    note : str
        Why it cannot be read; empty where it can.
    """

    id: str
    measurement: Measurement | None
    note: str = ""


class RunStore:
    """The runs of one user. Constructing one touches no file.

    Parameters
    ----------
    data_dir : Path or None
        Where the data are; None for ``$DCFOOT_DATA_DIR``, else the user's data folder.
    schema : Schema
        The form of the journals.
    wall_s : Callable[[], float]
        Wall clock, since the epoch [s].
    """

    def __init__(
        self, data_dir: Path | None = None, *, schema: Schema = CURRENT, wall_s: Callable[[], float] = time
    ) -> None:
        self._data_dir = data_dir
        self._schema = schema
        self._wall_s = wall_s

    @property
    def runs_dir(self) -> Path:
        """The folder of the journals. Raises `StoreError` where the user has no home."""
        return (self._data_dir or default_data_dir()) / "runs"

    def create(self, measurement: Measurement) -> Journal:
        """Starts the journal of a new run. Raises `StoreError`."""
        return Journal.create(self.runs_dir, measurement)

    def load(self, which: str) -> Measurement:
        """The run with this id, the only one whose id begins so, the newest of this name, or the ``last``.

        Raises `DataMissing`, naming the nearest, where there is none, and `StoreError` where it cannot be read.
        """
        return self._load(self._find(which))

    def browse(self) -> Iterator[Entry]:
        """Every journal, newest first, read one by one as the iterator is advanced; none of them makes it fail."""
        for run_id in sorted(self._ids(), reverse=True):
            yield self._entry(run_id)

    def job(self, job_id: str) -> Sequence[Measurement]:
        """Every run of a job (its ranks and nodes), oldest first, phases included."""
        runs = [run_id for run_id in self._ids() if self._static(run_id, "job") == job_id]
        return [self._load(run_id) for run_id in sorted(runs)]

    def list(self, newest: int | None = NEWEST) -> Sequence[Measurement]:
        """The newest runs that can be read, newest first, without their phases; None for all."""
        if newest is not None and newest > 0:
            chosen: Iterable[Entry] = (self._entry(run_id) for run_id in nlargest(newest, self._ids()))
        else:
            chosen = self.browse()
        return [entry.measurement for entry in chosen if entry.measurement is not None]

    def _ids(self) -> Sequence[str]:
        """The id of every journal, in no order."""
        folder = self.runs_dir
        with store_faults("read the runs in", folder):
            try:
                return [name.removesuffix(SUFFIX) for name in os.listdir(folder) if name.endswith(SUFFIX)]  # noqa: PTH208 (3x faster over 10,000 runs)
            except FileNotFoundError:
                if os.path.lexists(folder):  # a link to nowhere
                    raise
                return []

    def _entry(self, run_id: str) -> Entry:
        try:
            return Entry(run_id, self._load(run_id, tail_only=True))
        except StoreError as fault:
            return Entry(run_id, None, str(fault))

    def _load(self, run_id: str, *, tail_only: bool = False) -> Measurement:
        path = self._path(run_id)
        try:
            return self._judged(read_journal(path, self._schema, tail_only=tail_only))
        except JournalDamagedError as fault:
            raise StoreError(f"{fault}; {_set_aside(path)}") from fault

    def _judged(self, kept: Kept) -> Measurement:
        """The run, interrupted if it was running when its writer went away."""
        run = kept.measurement
        if run.state is not RunState.RUNNING:
            return run
        alive = kept.writer.is_alive
        if alive is None:
            alive = self._wall_s() - kept.changed_s <= SILENT_S
        return run if alive else replace(run, state=RunState.INTERRUPTED)

    def _find(self, which: str) -> str:
        """The id of the run that is meant."""
        ids = sorted(self._ids(), reverse=True)
        if which in ids:
            return which
        if which == "last" and ids:
            return ids[0]
        begun = [run_id for run_id in ids if which and run_id.startswith(which)]
        if len(begun) == 1:
            return begun[0]
        named = next((run_id for run_id in ids if self._static(run_id, "name") == which), None)
        if named is not None:
            return named
        raise DataMissing(self._why_not(which, ids, begun))

    def _why_not(self, which: str, ids: Sequence[str], begun: Sequence[str]) -> str:
        if not ids:
            return f"no runs are kept in {self.runs_dir} yet; `dcfoot run -- COMMAND` makes one"
        if begun:
            return f"{len(begun)} runs begin with {which!r}: {', '.join(begun[:5])}{', ...' if len(begun) > 5 else ''}"
        from difflib import get_close_matches

        names = [self._static(run_id, "name") for run_id in islice(ids, NEAREST_NAMES_AMONG)]
        nearest = get_close_matches(which, dict.fromkeys([*ids, *(name for name in names if name)]))
        return f"there is no run {which!r}; the nearest: {', '.join(nearest or ids[:3])}"

    def _static(self, run_id: str, key: str) -> str | None:
        """One text of a journal's first line; None where it cannot be read."""
        try:
            value = read_head(self._path(run_id), self._schema).run.get(key)
        except StoreError:
            return None
        return value if isinstance(value, str) else None

    def _path(self, run_id: str) -> Path:
        return self.runs_dir / f"{run_id}{SUFFIX}"


def default_data_dir() -> Path:
    """Where a user's runs are kept: ``$DCFOOT_DATA_DIR``, else the platform's folder for user data.

    Raises `StoreError` where the user has no home.
    """
    named = os.environ.get("DCFOOT_DATA_DIR")
    if named:
        return Path(named)
    from platformdirs import user_data_path

    path = user_data_path("dcfoot", appauthor=False)
    if not path.is_absolute():
        raise StoreError("you have no home folder; set DCFOOT_DATA_DIR to the folder in which runs are to be kept")
    return path


def _set_aside(path: Path) -> str:
    """Renames a damaged journal, over nothing that exists, and says to what."""
    names = (path.with_name(f"{path.name}.corrupt{suffix}") for suffix in ("", *(f"-{n}" for n in range(2, 100))))
    aside = next((name for name in names if not os.path.lexists(name)), None)
    if aside is None:
        return "it is left where it is"
    try:
        path.rename(aside)
    except OSError as fault:
        return f"it cannot be set aside ({fault.strerror})"
    return f"it was set aside as {aside.name}"
