"""Every run loads every probe: none of them may bring a heavy package, opened or not."""

import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

from simulated.environ import unobserved
from simulated.nvml import Installed, h100, steady

HEAVY = {"numpy", "pandas", "codecarbon"}

PROBES = [
    "rapl:Rapl",
    "amd_energy:AmdEnergy",
    "acpi_power_meter:AcpiPowerMeter",
    "grace:Grace",
    "perf:Perf",
    "amd_gpu:AmdGpu",
    "nvidia:Nvidia",
    "modelled:ModelledCpu",
    "modelled:ModelledMemory",
    "readers.reader:Reader",
]

OPENED = """
import sys
from contextlib import suppress
from importlib import import_module
from dcfoot.errors import DcfootError
from dcfoot.probe import Surroundings
module, name = sys.argv[1].split(":")
probe = getattr(import_module("dcfoot_probes." + module), name)(Surroundings())
with suppress(DcfootError):
    probe.open()
    probe.read()
probe.close()
print(*sys.modules)
"""


def loaded_by(probe: str, environ: Mapping[str, str]) -> set[str]:
    """The packages that are loaded once a probe was opened and read."""
    done = subprocess.run(
        [sys.executable, "-c", OPENED, probe], env=environ, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("probe", PROBES)
def test_opening_and_reading_a_probe_loads_nothing_heavy(probe: str) -> None:
    assert not loaded_by(probe, unobserved()) & HEAVY


def test_a_machine_with_gpus_loads_their_library_and_nothing_heavy(simulated_gpus: Callable[..., Installed]) -> None:
    loaded = loaded_by("nvidia:Nvidia", unobserved(**simulated_gpus(h100(steady(100))).environ()))
    assert "pynvml" in loaded
    assert not loaded & HEAVY
