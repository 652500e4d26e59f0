"""Stores that write when they are told to, and are closed after the test."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dcfoot_probes.daemon.store import FrameStore
from simulated.frames import Open

USUAL: Mapping[str, Any] = {"commit_s": 60.0, "ballast_bytes": 1 << 16}


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Open]:
    """Opens the store in the test's folder, or at `path`; it commits at each `flush`."""
    opened: list[FrameStore] = []

    def opener(path: Path = tmp_path / "frames.db", **options: Any) -> FrameStore:  # noqa: ANN401 (the store's own)
        opened.append(FrameStore(path, **{**USUAL, **options}))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()
