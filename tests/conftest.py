"""What holds for every test: it keeps out of the user's own files, and says what it needs of the machine."""

import os
import signal
from pathlib import Path

import hypothesis
import pytest

from simulated.nvml.fixtures import nvml_library, simulated_gpus
from simulated.peers import require_gpu, require_peer
from simulated.starved import pytest_runtest_protocol

__all__ = ["nvml_library", "pytest_runtest_protocol", "simulated_gpus"]

# A shared machine may stand still for a second; a law that holds needs no deadline. In CI a law's examples are the same
# each time, so that a red result is about the change.
hypothesis.settings.register_profile("dcfoot", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis.settings.load_profile("dcfoot")

# What runs in a shell's background, or under nohup, ignores these, and so do its children: tests send them to those.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _ignored in (signal.SIGQUIT, signal.SIGHUP):
    signal.signal(_ignored, signal.SIG_DFL)

JOB_VARIABLES = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "CUDA_VISIBLE_DEVICES")
JOB_PREFIXES = ("DCFOOT_", "SLURM_", "OMPI_", "PMI_", "PMIX_", "CODECARBON_")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose peer or GPU is not here; in CI a missing peer fails it."""
    for mark in item.iter_markers("peer"):
        require_peer(*mark.args)
    if item.get_closest_marker("gpu"):
        require_gpu()


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store and a configuration of its own for each test, and no trace of a job that pytest itself may be part of."""
    for name in list(os.environ):
        if name in JOB_VARIABLES or (name.startswith(JOB_PREFIXES) and name != "DCFOOT_REFERENCE_DIR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DCFOOT_DATA_DIR", str(tmp_path / "dcfoot-data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
