"""Writes the journal of one run: append-only, one writer, no lock, safe at every instant against being killed.

A journal is a header, then lines of progress with cumulative totals, between them what came since of phases and of the
energy by time, then a finish. What was written when a call
returns is in the kernel's hands: killing the process loses nothing of it. Only `Journal.finish` waits for the disk.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import compress, count
from operator import ne
from pathlib import Path
from time import monotonic_ns

from dcfoot.by_time import EnergyByTime, Steps, halved
from dcfoot.errors import StoreError
from dcfoot.measurement import Measurement, Phase
from dcfoot.reading import Meter
from dcfoot.store.codec import Json, known_parts, phase_to_json, static_to_json, steps_to_json, totals_to_json
from dcfoot.store.faults import store_faults
from dcfoot.store.lines import LineKind, encode_line
from dcfoot.store.migrations import CURRENT
from dcfoot.store.process import mark_of

SUFFIX = ".jsonl"
"""Of a journal's file name, after the run's id."""

UNFINISHED_SUFFIX = ".jsonl.new"
"""Of a journal that is being written anew, and takes the old one's place in one step."""

PROGRESS_PERIOD_NS = 900_000_000
"""Progress comes once a second; what comes sooner than this after the last is left to the next [ns]."""

COMPACT_BYTES = 1 << 20
"""So much progress is written before the journal is written anew with the newest line alone [B]: at a kilobyte a
second, after a quarter of an hour, so that a week takes as much space as that."""

FINISHED_BYTES = 1 << 14
"""A finished journal larger than this is written anew without its progress [B]."""

PHASES_PER_LINE = 500
"""Phases in one line: some 50 kB, so that encoding one holds nobody up for longer than a millisecond."""

STEPS_PER_LINE = 1024
"""Steps of the energy by time in one line: some 10 kB a domain, for the same reason."""

FILE_MODE = 0o600
FOLDER_MODE = 0o700
"""Command lines hold secrets more often than they should: only the user reads them."""


class Journal:
    """The journal of one run. One thread at a time; after a `StoreError` it may be asked again.

    Parameters
    ----------
    path : Path
        The journal's file.
    clock_ns : Callable[[], int]
        A monotonic clock [ns].
    """

    def __init__(self, path: Path, clock_ns: Callable[[], int] = monotonic_ns) -> None:
        self.path = path
        self._clock_ns = clock_ns
        self._file: int | None = None
        self._meters: tuple[Meter, ...] = ()
        self._phases_kept = 0
        self._by_time_kept = EnergyByTime()
        self._progress_bytes = 0
        self._next_ns = 0
        self._is_torn = False
        self._is_finished = False

    @classmethod
    def create(
        cls, store_dir: Path, measurement: Measurement, *, clock_ns: Callable[[], int] = monotonic_ns
    ) -> "Journal":
        """Starts the journal of a new run in the folder `store_dir`, which is made if need be.

        Raises `StoreError` where that is impossible, or where there is a run of this id.
        """
        journal = cls(store_dir / f"{measurement.id}{SUFFIX}", clock_ns)
        if os.path.lexists(journal.path):
            raise StoreError(f"there is a run {measurement.id} in {store_dir} already")
        with store_faults("create the journal", journal.path):
            journal._write_anew(measurement, _progress_line(measurement), durable=False)
        return journal

    def progress(self, measurement: Measurement) -> None:
        """Keeps the run as it stands; calls sooner than a second after the last do nothing. Raises `StoreError`."""
        now_ns = self._clock_ns()
        if now_ns < self._next_ns or self._is_finished:
            return
        with store_faults("write the journal", self.path):
            self._keep(measurement)
        self._next_ns = now_ns + PROGRESS_PERIOD_NS

    def finish(self, measurement: Measurement) -> None:
        """Keeps the finished run, waits until the disk has it, and closes the file. Raises `StoreError`."""
        if self._is_finished:
            return
        line = _finish_line(measurement)
        with store_faults("finish the journal", self.path):
            if self._must_begin_anew():
                self._write_anew(measurement, line, durable=True)
            else:
                self._append(measurement, line)
                os.fsync(self._open_file())
        self._is_finished = True
        if self._progress_bytes > FINISHED_BYTES:
            with suppress(OSError):  # it is kept already, only longer than it need be
                self._write_anew(measurement, line, durable=True)
        self.close()

    def close(self) -> None:
        """Gives the file back. What was written stays; a run that was not finished shows as interrupted."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _keep(self, measurement: Measurement) -> None:
        line = _progress_line(measurement)
        if self._must_begin_anew() or not self._has_meters_of(measurement):
            self._write_anew(measurement, line, durable=True)
            return
        if self._progress_bytes > COMPACT_BYTES:
            self._progress_bytes = 0
            with suppress(OSError):  # no room for a second file: the old one goes on growing for a while
                self._write_anew(measurement, line, durable=True)
                return
        self._append(measurement, line)

    def _must_begin_anew(self) -> bool:
        """Whether there is no file to append to, or somebody deleted it under our hands."""
        return self._file is None or os.fstat(self._file).st_nlink == 0

    def _has_meters_of(self, measurement: Measurement) -> bool:
        """Whether the header's list of meters still holds, in number and order."""
        channels = measurement.channels
        return len(channels) == len(self._meters) and all(
            channel.meter is meter or channel.meter == meter
            for channel, meter in zip(channels, self._meters, strict=True)
        )

    def _append(self, measurement: Measurement, line: bytes) -> None:
        """Writes `line`, and phases and steps since the last time, in one call; a torn line before is ended first."""
        phases = b"".join(_phase_lines(measurement.phases, self._phases_kept))
        progress = b"".join((*_steps_lines(measurement.by_time, self._by_time_kept), line))
        news = (b"\n" if self._is_torn else b"") + phases + progress
        self._is_torn = True
        _write_whole(self._open_file(), news)
        self._is_torn = False
        self._phases_kept, self._by_time_kept = len(measurement.phases), measurement.by_time
        self._progress_bytes += len(progress)

    def _open_file(self) -> int:
        if self._file is None:
            raise OSError(errno.EBADF, "the journal is closed")
        return self._file

    def _write_anew(self, measurement: Measurement, line: bytes, *, durable: bool) -> None:
        """Writes header, phases and `line` to a new file that takes the journal's place in one step."""
        self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(UNFINISHED_SUFFIX)
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
        try:
            steps = _steps_lines(measurement.by_time, EnergyByTime())
            for piece in (_header_line(measurement), *_phase_lines(measurement.phases, 0), *steps, line):
                _write_whole(file, piece)
            if durable:
                os.fsync(file)
            unfinished.replace(self.path)
        except BaseException:
            os.close(file)
            with suppress(OSError):
                unfinished.unlink()
            raise
        self.close()
        self._file = file
        self._meters = tuple(channel.meter for channel in measurement.channels)
        self._phases_kept, self._by_time_kept = len(measurement.phases), measurement.by_time
        self._progress_bytes, self._is_torn = 0, False


def _write_whole(file: int, data: bytes) -> None:
    """Writes `data` in one call. Raises OSError where only a part of it went in."""
    if os.write(file, data) < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _header_line(measurement: Measurement) -> bytes:
    mark = mark_of(os.getpid())
    process: Json = {"pid": mark.pid, "started": mark.started, "boot": mark.boot, "namespace": mark.namespace}
    return encode_line(
        LineKind.HEADER, {"schema": CURRENT.version, "process": process, "run": static_to_json(measurement)}
    )


def _phase_lines(phases: tuple[Phase, ...], start: int) -> Iterator[bytes]:
    """The phases from number `start` on; each line knows the number of its first, so that a missing line is noticed."""
    for first in range(start, len(phases), PHASES_PER_LINE):
        some = phases[first : first + PHASES_PER_LINE]
        yield encode_line(LineKind.PHASES, {"first": first, "phases": [phase_to_json(phase) for phase in some]})


def _steps_lines(by_time: EnergyByTime, kept: EnergyByTime) -> Iterator[bytes]:
    """The steps of the energy by time from the first on that is not as it was kept; none where nothing has changed."""
    while kept.step_s < by_time.step_s:
        halves = {domain: halved(steps) for domain, steps in kept.energy_uj.items()}
        kept = EnergyByTime(2 * kept.step_s, kept.duration_s, halves)
    known, before = known_parts(by_time), known_parts(kept)
    changed = [same for domain in known if (same := _same(known[domain], before.get(domain, ()))) is not None]
    for first in range(min(changed), max(map(len, known.values())), STEPS_PER_LINE) if changed else ():
        yield encode_line(LineKind.BY_TIME, steps_to_json(by_time.step_s, known, slice(first, first + STEPS_PER_LINE)))


def _same(steps: Steps, others: Steps) -> int | None:
    """How many are the same from the first on; None where all are."""
    shortest = min(len(steps), len(others))
    same = next(compress(count(), map(ne, steps, others)), shortest)
    return None if same == len(steps) == len(others) else same


def _progress_line(measurement: Measurement) -> bytes:
    return encode_line(LineKind.PROGRESS, {"totals": totals_to_json(measurement)})


def _finish_line(measurement: Measurement) -> bytes:
    """Stands for itself: what was settled only at the end is in it too."""
    return encode_line(LineKind.FINISH, {"run": static_to_json(measurement), "totals": totals_to_json(measurement)})
