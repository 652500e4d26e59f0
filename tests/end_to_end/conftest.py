"""Fixtures of the tests that run the program as a user does."""

import os
from pathlib import Path

import pytest

from simulated.running import Shell


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has nothing of dcfoot's yet."""
    return {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}


@pytest.fixture
def shell(environ: dict[str, str], tmp_path: Path) -> Shell:
    """Runs a job under ``dcfoot run``, in a folder of its own."""
    return Shell(environ, tmp_path)
