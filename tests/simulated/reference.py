"""Where the published reference vectors are, on machines that have them."""

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest


def reference_dir() -> Path | None:
    """The folder of reference vectors and facts: ``$DCFOOT_REFERENCE_DIR``, else a sibling of the repository; or
    None."""
    named = os.environ.get("DCFOOT_REFERENCE_DIR")
    candidates = [Path(named)] if named else [Path(__file__).resolve().parents[3] / "shared"]
    return next((path for path in candidates if (path / "vectors").is_dir()), None)


def published(name: str) -> Any:  # noqa: ANN401 (JSON of whatever form)
    """The reference vector `name`; the test is skipped where the vectors are not."""
    return json.loads((_folder() / "vectors" / f"{name}.json").read_text(encoding="utf-8"))


def facts(name: str) -> list[dict[str, str]]:
    """The rows of the fact table `name`, as collected; the test is skipped where the tables are not."""
    with (_folder() / "facts" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _folder() -> Path:
    folder = reference_dir()
    if folder is None:
        pytest.skip("the published references are not beside this repository")
    return folder
