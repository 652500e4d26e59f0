"""Where the published reference vectors are, on machines that have them."""

import csv
import gzip
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest


def reference_dir() -> Path | None:
    """The folder of reference vectors and facts: ``$DCFOOT_REFERENCE_DIR``, else a sibling of the repository; or
    None."""
    named = os.environ.get("DCFOOT_REFERENCE_DIR")
    candidates = [Path(named)] if named else [Path(__file__).resolve().parents[3] / "shared"]
    return next((path for path in candidates if (path / "vectors").is_dir()), None)


def vectors(name: str) -> Any:  # noqa: ANN401 (JSON)
    """The reference vectors of the file ``vectors/NAME.json``; the test is skipped where they are not."""
    return json.loads((_needed() / f"vectors/{name}.json").read_text(encoding="utf-8"))


def facts(name: str) -> Sequence[Mapping[str, str]]:
    """The rows of ``facts/NAME.csv``; the test is skipped where they are not."""
    with (_needed() / f"facts/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns(name: str) -> Mapping[str, Sequence[float]]:
    """The columns of the file ``vectors/NAME.csv.gz``, which holds numbers; the test is skipped where they are not."""
    with gzip.open(_needed() / f"vectors/{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        heads, *rows = csv.reader(file)
    return {head: list(map(float, values)) for head, values in zip(heads, zip(*rows, strict=True), strict=True)}


def _needed() -> Path:
    folder = reference_dir()
    if folder is None:
        pytest.skip("needs the published references (DCFOOT_REFERENCE_DIR)")
    return folder
