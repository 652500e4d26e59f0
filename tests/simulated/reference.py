"""Where the published reference vectors are, on machines that have them."""

import os
from pathlib import Path


def reference_dir() -> Path | None:
    """The folder of reference vectors and facts: ``$DCFOOT_REFERENCE_DIR``, else a sibling of the repository; or
    None."""
    named = os.environ.get("DCFOOT_REFERENCE_DIR")
    candidates = [Path(named)] if named else [Path(__file__).resolve().parents[3] / "shared"]
    return next((path for path in candidates if (path / "vectors").is_dir()), None)
