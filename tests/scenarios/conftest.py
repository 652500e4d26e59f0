"""Years that are reckoned in these tests are kept with them, not among the user's own."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(_folder(tmp_path_factory)))


def _folder(factory: pytest.TempPathFactory) -> Path:
    """One for all of a session's tests, so that a year is reckoned once."""
    folder = factory.getbasetemp() / "cache"
    folder.mkdir(exist_ok=True)
    return folder
