"""A comparison as files in a folder: figures, differences, hours, evidence, JSON, and what they are all of.

In come a `Comparison` and a folder, out go the files; they are written beside it first and moved into it when all of
them are whole, so that nothing is ever half written. Tables are CSV, which has no room for the study's hash, versions
and seed: a Frictionless data package beside them names each file, its bytes' hash and what it is of.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from errno import EISDIR
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from dcfoot.errors import StudyError
from dcfoot_scenarios.compare import Comparison
from dcfoot_scenarios.document import SCHEMA, Json, about_of, document_of, evidence_of, figures_of
from dcfoot_scenarios.page_words import WORDS
from dcfoot_scenarios.sweep.parts import has_parquet
from dcfoot_scenarios.words import words

PACKAGE = "datapackage.json"
"""Which names all other files of a folder, and the study that they are of."""


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
        ours = earlier["scenarios"] if earlier["schema"] == SCHEMA else ()
        return {file for name in ours for file in _hours_names(name)}
    except (OSError, ValueError, KeyError, TypeError):  # there is none, or it is none of ours
        return set()


def _hours_names(scenario: str) -> tuple[str, str]:
    return f"hours_{scenario}.csv.gz", f"hours_{scenario}.parquet"


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
    about = about_of(comparison)
    for name, table in _tables(comparison):
        table.to_csv(folder / f"{name}.csv", index=False)
        _write_parquet(table, folder / f"{name}.parquet", about)
    text = json.dumps(document_of(comparison), indent=1, ensure_ascii=False, allow_nan=False)
    (folder / "study.json").write_text(text + "\n", encoding="utf-8")
    if has_pictures():
        _write_pages(comparison, folder)
    for name, outcome in comparison.outcomes.items():
        hours, (packed, parquet) = outcome.hours.reset_index(), _hours_names(name)
        hours.to_csv(folder / packed, index=False, compression={"method": "gzip", "mtime": 1})
        _write_parquet(hours, folder / parquet, about)
    resources = [_resource(path) for path in sorted(folder.iterdir())]
    package = {"name": comparison.study.name, **about, "resources": resources}
    (folder / PACKAGE).write_text(json.dumps(package, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _tables(comparison: Comparison) -> Iterator[tuple[str, pd.DataFrame]]:
    """By the name of the file. A scenario that was not computed has a row without figures: nobody takes it for all."""
    names = [*comparison.outcomes, *comparison.missing]
    yield "figures", comparison.table().reindex(names).reset_index(names="scenario")
    yield "intervals", _intervals(comparison)
    yield "differences", _differences(comparison)
    yield "evidence", pd.DataFrame(evidence_of(comparison))


def _write_parquet(table: pd.DataFrame, path: Path, about: Json) -> None:
    """The same as Parquet, with what it is of in its metadata, where pyarrow is."""
    if has_parquet():
        table.attrs.update(about)
        table.to_parquet(path, engine="pyarrow", index=False)


def _resource(path: Path) -> Json:
    """A file of the package: what it holds to the bit (https://datapackage.org/standard/data-resource)."""
    content = path.read_bytes()
    name = re.sub(r"[^a-z0-9._-]", "_", path.name.lower())
    return {"name": name, "path": path.name, "bytes": len(content), "hash": f"sha256:{sha256(content).hexdigest()}"}


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
