"""The fixture that puts simulated GPUs into a test's own process and, by their environment, into its children."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulated.nvml.devices import SimulatedGpu, SimulatedGpus
from simulated.nvml.library import SCRIPT_VARIABLE, Installed, build_library, install, preload

Install = Callable[..., Installed]
"""``simulated_gpus(a100(profile), h100(profile))``, or one `SimulatedGpus`; called again, it replaces them."""


@pytest.fixture(scope="session")
def nvml_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated libnvidia-ml.so.1, built once."""
    return build_library(tmp_path_factory.getbasetemp() / "simulated-nvml")


@pytest.fixture
def simulated_gpus(nvml_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Makes GPUs: in this process from the next nvmlInit on, in children by `Installed.environ`.

    A library that the test left initialised is shut down after it, so that no test begins in another's middle.
    """
    library = preload(nvml_library)

    def make(*machine: SimulatedGpus | SimulatedGpu) -> Installed:
        gpus = [part for part in machine if isinstance(part, SimulatedGpu)]
        described = next((part for part in machine if isinstance(part, SimulatedGpus)), None) or SimulatedGpus(gpus)
        installed = install(described, nvml_library, tmp_path)
        for name, value in installed.environ().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(SCRIPT_VARIABLE, str(installed.script))
        return installed

    yield make
    while library.nvmlShutdown() == 0:
        pass
