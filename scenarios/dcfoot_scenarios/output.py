"""A comparison as files in a folder: figures, differences, hours, evidence, JSON.

In come a `Comparison` and a folder, out go the files; they are written beside it first and moved into it when all of
them are whole, so that nothing is ever half written.
"""

import json
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from errno import EISDIR
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from dcfoot.errors import StudyError
from dcfoot_scenarios.compare import Comparison
from dcfoot_scenarios.document import SCHEMA, document_of, evidence_of, figures_of
from dcfoot_scenarios.page_words import WORDS
from dcfoot_scenarios.words import words


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Writes a comparison into a folder, which is made where there is none; what an earlier one left is replaced.

    Raises
    ------
    StudyError
        The folder cannot be written.
    """
    was_there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".dcfoot-", dir=folder) as draft:
            _write(comparison, Path(draft))
            stale = _hours_there(folder) - {path.name for path in Path(draft).iterdir()}
            written = _moved(sorted(Path(draft).iterdir()), folder)
            for name in stale:
                (folder / name).unlink(missing_ok=True)
            return written
    except OSError as fault:
        if not was_there:
            with suppress(OSError):
                folder.rmdir()
        raise StudyError(f"{fault.filename or folder}: {fault.strerror or fault}; choose another --out.") from None


def _hours_there(folder: Path) -> set[str]:
    """The files of hours that an earlier comparison says that it wrote: of scenarios that may be gone."""
    try:
        earlier = json.loads((folder / "study.json").read_text(encoding="utf-8"))
        return {_hours_name(name) for name in earlier["scenarios"]} if earlier["schema"] == SCHEMA else set()
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is none of ours
        return set()


def _hours_name(scenario: str) -> str:
    return f"hours_{scenario}.csv.gz"


def _moved(files: Sequence[Path], folder: Path) -> list[Path]:
    """The files in their places: all of them, or none where a folder stands in the place of one.

    Raises
    ------
    IsADirectoryError
        A folder stands there.
    """
    for path in files:
        if (folder / path.name).is_dir():
            raise IsADirectoryError(EISDIR, "there is a folder of that name", str(folder / path.name))
    return [path.replace(folder / path.name) for path in files]


def _write(comparison: Comparison, folder: Path) -> None:
    # A scenario that was not computed has a row without figures, so that nobody takes what is there for all.
    comparison.table().reindex([*comparison.outcomes, *comparison.missing]).to_csv(folder / "figures.csv")
    _intervals(comparison).to_csv(folder / "intervals.csv", index=False)
    _differences(comparison).to_csv(folder / "differences.csv", index=False)
    pd.DataFrame(evidence_of(comparison)).to_csv(folder / "evidence.csv", index=False)
    text = json.dumps(document_of(comparison), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "study.json").write_text(text + "\n", encoding="utf-8")
    if has_pictures():
        _write_pages(comparison, folder)
    for name, outcome in comparison.outcomes.items():
        outcome.hours.to_csv(folder / _hours_name(name), compression={"method": "gzip", "mtime": 1})


def _intervals(comparison: Comparison) -> pd.DataFrame:
    """One row a scenario and figure: its unit, its value and between what it lies."""
    return pd.DataFrame(
        {"scenario": name, "figure": figure, **found}
        for name, outcome in comparison.outcomes.items()
        for figure, found in figures_of(outcome)
    )


def _differences(comparison: Comparison) -> pd.DataFrame:
    """One row a variant and figure: its difference from the baseline's, in the figure's unit."""
    rows: list[dict[str, object]] = []
    for variant in comparison.variants:
        for name, word in words().items():
            found = comparison.difference(variant, name)
            if found is not None:
                keys = {"variant": variant, "figure": name, "unit": word.plain_unit_in(comparison.study.currency)}
                values = {"value": found.value, "p5": found.p5, "p95": found.p95, "better_ratio": found.better_ratio}
                rows.append({**keys, **values})
    return pd.DataFrame(rows)


def has_pictures() -> bool:
    """Whether matplotlib, the extra ``report``, is there: without it a folder has no page."""
    return find_spec("matplotlib") is not None


def _write_pages(comparison: Comparison, folder: Path) -> None:
    from dcfoot_scenarios.page import render  # only where matplotlib is

    for lang in WORDS:
        (folder / f"page_{lang}.html").write_text(render(comparison, lang), encoding="utf-8")
