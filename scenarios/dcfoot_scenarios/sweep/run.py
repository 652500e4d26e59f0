"""A sweep from a study to a table: made ready, cut into chunks, computed, written part by part, and gone on with.

In comes a `Study` with a sweep, out goes a `Swept`. A folder's name holds a digest of all that the figures follow from:
another study, other files or another version write beside, never into it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dcfoot.errors import StudyError
from dcfoot.version import VERSION
from dcfoot_scenarios.compare import of_one_family
from dcfoot_scenarios.document import versions
from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.study import Study
from dcfoot_scenarios.sweep.batch import FIGURES, is_batch
from dcfoot_scenarios.sweep.cluster import on_cluster
from dcfoot_scenarios.sweep.compute import Columns, Job, columns_of, fingerprint
from dcfoot_scenarios.sweep.keys import Sweep, scenario_at
from dcfoot_scenarios.sweep.parts import part_path, read_part, write_part
from dcfoot_scenarios.words import words

SCHEMA = "dcfoot.sweep/1"

BATCH_POINTS = 16_384
"""Points of a chunk that is a batch: a few seconds without the compiled engine (a choice)."""

EVALUATED_POINTS = 64
"""Points of a chunk whose points are evaluated one by one: half a second (a choice)."""

Progress = Callable[[int, int], None]
"""Told how many points are done, and of how many."""


def job_of(study: Study) -> Job:
    """The sweep of a study, made ready.

    Raises
    ------
    StudyError
        The study has none, or its places have no family of grid factors in common.
    """
    sweep = study.keys.sweep
    if sweep is None:
        raise StudyError(f"{study.name}: it has no sweep. Add `sweep: {{over: {{supply.solar_mw: [0, 20]}}}}`.")
    scenario, money = _in_one_family(study, sweep), study.keys.money
    batch = is_batch(sweep.over, scenario, money, sweep.figures)
    wanted = sweep.figures or (FIGURES if batch else tuple(words()))
    figures = tuple(name for name in words() if name in wanted)
    return Job(sweep, scenario, money, str(study.keys.uncertainty.seed), figures, batch)


def _in_one_family(study: Study, sweep: Sweep) -> Scenario:
    """The scenario with the family of grid factors that its study compares in, at whatever site it is swept to."""
    scenario = study.scenarios[sweep.scenario]
    if "boundary" in sweep.over:
        return scenario
    sites = sweep.over["site"].tried if "site" in sweep.over else ()
    elsewhere = {f"sweep, site {site}": scenario_at(scenario, {"site": site}) for site in sites}
    return of_one_family({**study.scenarios, **elsewhere})[sweep.scenario]


@dataclass(frozen=True)
class Swept:
    """A sweep that was computed, all of it or as far as it came.

    Parameters
    ----------
    study : Study
        What was asked.
    job : Job
        The same made ready.
    parts : sequence of DataFrame or Path
        Its chunks in their order; where somebody interrupted, those that were done.
    points_count : int
        How many points they hold.
    folder : Path or None
        Where they stand; None: nowhere.
    """

    study: Study
    job: Job
    parts: Sequence[pd.DataFrame | Path]
    points_count: int
    folder: Path | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether points are missing."""
        return self.points_count < self.job.sweep.points_count

    def frame(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All points in their order: the values of the keys, then the figures; names end in their unit.

        Parameters
        ----------
        columns : sequence of str or None
            Which are wanted; None: all that are known somewhere.
        """
        tables = [read_part(one, columns) if isinstance(one, Path) else one for one in self.parts]
        table = pd.concat(tables, ignore_index=True)
        if columns is not None:
            return table[list(columns)]
        known = [name for name in table if name in self.job.sweep.figures or not table[name].isna().all()]
        return table[known]


def sweep(
    study: Study, folder: Path | None = None, scheduler: str | None = None, progress: Progress | None = None
) -> pd.DataFrame:
    """The figures of a scenario at many points: one row a point, in an order of their own.

    Parameters
    ----------
    study : Study
        With a sweep.
    folder : Path or None
        Where a folder of parts is made, or gone on with; None: nothing is written.
    scheduler : str or None
        ``tcp://HOST:PORT`` of a Dask cluster; None: here.
    progress : callable or None
        Told how many points are done, and of how many.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        A point cannot be computed, the folder cannot be written, or the cluster does not answer.
    """
    swept = run_sweep(study, folder, scheduler, progress)
    if swept.is_interrupted:
        raise KeyboardInterrupt
    return swept.frame()


def run_sweep(
    study: Study,
    folder: Path | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
    part_points_count: int | None = None,
) -> Swept:
    """As `sweep`, without reading all of it into memory.

    Parameters
    ----------
    study, folder, scheduler, progress
        As in `sweep`.
    part_points_count : int or None
        How many points a part has; None: the usual number.
    """
    job = job_of(study)
    size = part_points_count or (BATCH_POINTS if job.is_batch else EVALUATED_POINTS)
    count = job.sweep.points_count
    chunks = [range(first, min(first + size, count)) for first in range(0, count, size)]
    try:
        where = None if folder is None else _folder(folder, study, job, size)
        parts: dict[range, pd.DataFrame | Path] = dict(_there(where, chunks))
        try:
            for chunk, part in _made(job, [one for one in chunks if one not in parts], where, scheduler):
                parts[chunk] = part
                if progress is not None:
                    progress(sum(map(len, parts)), count)
        except KeyboardInterrupt:
            if not parts:
                raise
    except OSError as fault:
        raise StudyError(f"{fault.filename or folder}: {fault.strerror or fault}; choose another --out.") from None
    return Swept(study, job, [parts[chunk] for chunk in chunks if chunk in parts], sum(map(len, parts)), where)


def _there(folder: Path | None, chunks: Sequence[range]) -> Iterator[tuple[range, Path]]:
    """The chunks that an earlier run has left."""
    if folder is None:
        return
    for chunk in chunks:
        path = part_path(folder, chunk.start)
        if path is not None:
            yield chunk, path


def _made(
    job: Job, chunks: Sequence[range], folder: Path | None, scheduler: str | None
) -> Iterator[tuple[range, pd.DataFrame | Path]]:
    """The chunks as they are computed, and written where there is a folder."""
    for chunk, columns in _computed(job, chunks, scheduler):
        table = pd.DataFrame(columns)
        yield chunk, table if folder is None else write_part(folder, chunk.start, table)


def _computed(job: Job, chunks: Sequence[range], scheduler: str | None) -> Iterator[tuple[range, Columns]]:
    if scheduler is not None and chunks:
        yield from on_cluster(scheduler, job, chunks)
        return
    for chunk in chunks:
        yield chunk, columns_of(job, chunk)


def _folder(out: Path, study: Study, job: Job, size: int) -> Path:
    """The folder of a sweep, with what it is of beside its parts."""
    digest = _digest(study, job, size)
    folder = out / f"sweep-{digest[:12]}"
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    about = folder / "sweep.json"
    if not about.exists():
        draft = about.with_suffix(".draft")
        draft.write_text(json.dumps(_about(study, job, digest), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        draft.replace(about)
    return folder / "parts"


def _digest(study: Study, job: Job, size: int) -> str:
    """Of all that the parts follow from."""
    meaning = [study.hash, job.seed, list(job.sweep.over), job.figures, size, VERSION, fingerprint(job)]
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def _about(study: Study, job: Job, digest: str) -> dict[str, Any]:
    known = {name: word for name, word in words().items() if name in job.figures}
    return {
        "schema": SCHEMA,
        "study": {"name": study.name, "title": study.keys.title, "hash": study.hash},
        "digest": digest,
        "versions": dict(versions()),
        "seed": job.seed,
        "points": job.sweep.points_count,
        "sweep": job.sweep.model_dump(mode="json", by_alias=True, exclude_unset=True),
        "figures": {name: {"unit": word.plain_unit, "meaning": word.meaning} for name, word in known.items()},
        "evidence": [asdict(one) for one in job.evidence],
    }
