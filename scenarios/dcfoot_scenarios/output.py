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
from dcfoot_scenarios.document import document_of, evidence_of
from dcfoot_scenarios.page_words import WORDS
from dcfoot_scenarios.words import words


def write(comparison: Comparison, folder: Path) -> list[Path]:
    """Writes a comparison into a folder, which is made where there is none; files of the same names are replaced.

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
            return _moved(sorted(Path(draft).iterdir()), folder)
    except OSError as fault:
        if not was_there:
            with suppress(OSError):
                folder.rmdir()
        raise StudyError(f"{fault.filename or folder}: {fault.strerror or fault}; choose another --out.") from None


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
    comparison.table().to_csv(folder / "figures.csv")
    _differences(comparison).to_csv(folder / "differences.csv", index=False)
    pd.DataFrame(evidence_of(comparison)).to_csv(folder / "evidence.csv", index=False)
    text = json.dumps(document_of(comparison), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "study.json").write_text(text + "\n", encoding="utf-8")
    if has_pictures():
        _write_pages(comparison, folder)
    for name, outcome in comparison.outcomes.items():
        outcome.hours.to_csv(folder / f"hours_{name}.csv.gz", compression={"method": "gzip", "mtime": 1})


def _differences(comparison: Comparison) -> pd.DataFrame:
    """One row a variant and figure: its difference from the baseline's, in the figure's unit."""
    rows: list[dict[str, object]] = []
    for variant in comparison.variants:
        for name, word in words().items():
            found = comparison.difference(variant, name)
            if found is not None:
                keys = {"variant": variant, "figure": name, "unit": word.plain_unit}
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
