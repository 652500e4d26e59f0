"""Reads the journal of one run, at any time, also while it is written and after its writer was killed.

Damaged lines count as not written: totals are cumulative, so the newest intact line says everything but the phases and
the energy by time, whose lines are numbered so that a missing one is noticed.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from dcfoot.errors import StoreError
from dcfoot.measurement import Measurement, Phase
from dcfoot.store.codec import StepsReader, assemble, phase_from_json
from dcfoot.store.faults import store_faults
from dcfoot.store.lines import LineKind, body_of_line, kind_of_line
from dcfoot.store.migrations import CURRENT, Schema
from dcfoot.store.process import ProcessMark

TAIL_BYTES = 1 << 18
"""How much of a journal's end is read to find its totals [B]: many lines of progress, some kilobytes each."""

TOTALS = (LineKind.PROGRESS, LineKind.FINISH)
"""The kinds of line that say what a run amounts to."""


class JournalDamagedError(StoreError):
    """A journal has no head that can be read."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a journal.

    Parameters
    ----------
    schema : int
        The version of the journal's form.
    writer : ProcessMark
        Who writes it.
    run : dict
        What was known of the run when it started.
    """

    schema: int
    writer: ProcessMark
    run: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a journal says.

    Parameters
    ----------
    measurement : Measurement
        The run; its state is the writer's last word.
    writer : ProcessMark
        Who writes it.
    changed_s : float
        When the file last changed, since the epoch [s].
    """

    measurement: Measurement
    writer: ProcessMark
    changed_s: float


def read_head(path: Path, schema: Schema = CURRENT) -> Head:
    """The first line of a journal.

    Raises `JournalDamagedError` where it cannot be read, and `StoreError` where a newer dcfoot wrote it or the file
    cannot be opened.
    """
    with store_faults("read the journal", path), path.open("rb") as file:
        return _head(file.readline(), path, schema)


def read_journal(path: Path, schema: Schema = CURRENT, *, tail_only: bool = False) -> Kept:
    """What a journal says.

    With `tail_only` it is without phases and energy by time, and no more than head and tail of a long file are read.

    Raises like `read_head`.
    """
    with store_faults("read the journal", path), path.open("rb") as file:
        head = _head(file.readline(), path, schema)
        lines = _tail(file) if tail_only else []
        if not any(kind_of_line(line) in TOTALS for line in lines):
            lines = _rest(file)
        changed_s = _changed_s(file)
    try:
        return Kept(_measurement(head, lines, schema, whole=not tail_only), head.writer, changed_s)
    except (KeyError, TypeError, ValueError) as fault:
        raise JournalDamagedError(f"{path} is no journal of a run: {fault!r}") from fault


def _changed_s(file: BinaryIO) -> float:
    return os.fstat(file.fileno()).st_mtime


def _head(line: bytes, path: Path, schema: Schema) -> Head:
    line = line.rstrip(b"\n")
    if kind_of_line(line) is not LineKind.HEADER:
        raise JournalDamagedError(f"{path} is no journal of a run, or its first line is damaged")
    try:
        body = body_of_line(line, LineKind.HEADER)
        version = body["schema"]
        _check_version(version, path, schema)
        body = schema.upgrade(LineKind.HEADER, body, version)
        return Head(version, ProcessMark(**body["process"]), body["run"])
    except (KeyError, TypeError, ValueError) as fault:
        raise JournalDamagedError(f"{path} is no journal of a run: {fault!r}") from fault


def _check_version(version: int, path: Path, schema: Schema) -> None:
    try:
        schema.check(version)
    except StoreError as fault:
        raise StoreError(f"{path} was {fault}") from None


def _rest(file: BinaryIO) -> list[bytes]:
    """Every line after the first."""
    file.seek(0)
    return [line for line in file.read().split(b"\n")[1:] if line]


def _tail(file: BinaryIO) -> list[bytes]:
    """The lines in the last `TAIL_BYTES` of what comes after the first line, which was read; the first may be torn."""
    start = file.tell()
    size = file.seek(0, 2)
    file.seek(max(start, size - TAIL_BYTES))
    return [line for line in file.read().split(b"\n") if line]


def _measurement(head: Head, lines: list[bytes], schema: Schema, *, whole: bool) -> Measurement:
    damaged, last = _last_totals(lines)
    if last is None:
        return _without_totals(head)
    totals_line = lines[last]
    kind = kind_of_line(totals_line) or LineKind.PROGRESS
    body = schema.upgrade(kind, body_of_line(totals_line, kind), head.schema)
    phases, missing = _phases(lines, schema, head.schema) if whole else ((), 0)
    steps = _steps(lines[:last], schema, head.schema) if whole else StepsReader()
    measurement = assemble(body.get("run", head.run), body["totals"], phases, steps)
    return _with_remarks(measurement, list(_remarks(damaged, missing, steps)))


def _last_totals(lines: list[bytes]) -> tuple[int, int | None]:
    """How many damaged lines stand after the newest intact line with totals, and where that is."""
    damaged = 0
    for index in reversed(range(len(lines))):
        kind = kind_of_line(lines[index])
        if kind in TOTALS:
            return damaged, index
        damaged += kind is None
    return damaged, None


def _without_totals(head: Head) -> Measurement:
    """A run of which nothing but its start can be read: its channels are left out, since their energy is not known."""
    totals: dict[str, Any] = {
        "ended_at": head.run["started_at"],
        "duration_s": 0.0,
        "exit_status": None,
        "state": "running",
        "energies": [],
        "gauges": {},
        "overhead_cpu_s": 0.0,
        "overhead_rss_bytes": 0,
        "warnings": ["the journal of this run holds nothing but its start; its energy is not known"],
    }
    return assemble({**head.run, "meters": []}, totals, (), StepsReader())


def _phases(lines: Iterable[bytes], schema: Schema, version: int) -> tuple[tuple[Phase, ...], int]:
    """Every phase that can be read, and how many cannot."""
    phases: list[Phase] = []
    expected = missing = 0
    for line in lines:
        if kind_of_line(line) is LineKind.PHASES:
            body = schema.upgrade(LineKind.PHASES, body_of_line(line, LineKind.PHASES), version)
            missing += max(0, body["first"] - expected)
            phases += [phase_from_json(phase) for phase in body["phases"][max(0, expected - body["first"]) :]]
            expected = max(expected, body["first"] + len(body["phases"]))
    return tuple(phases), missing


def _steps(lines: Iterable[bytes], schema: Schema, version: int) -> StepsReader:
    """The energy by time, as far as it can be read."""
    steps = StepsReader()
    for line in lines:
        if kind_of_line(line) is LineKind.BY_TIME:
            steps.read(schema.upgrade(LineKind.BY_TIME, body_of_line(line, LineKind.BY_TIME), version))
    return steps


def _remarks(damaged_lines: int, missing_phases: int, steps: StepsReader) -> Iterator[str]:
    if damaged_lines > 1:  # one torn line is what a crash leaves
        yield f"the last {damaged_lines} lines of this run's journal are damaged; what they said is lost"
    if missing_phases:
        yield f"{missing_phases} phases of this run are lost: their lines in its journal are damaged"
    if not steps.is_whole:
        yield "a part of this run's energy by time is lost: its lines in the journal are damaged"


def _with_remarks(measurement: Measurement, remarks: list[str]) -> Measurement:
    return replace(measurement, warnings=(*measurement.warnings, *remarks)) if remarks else measurement
