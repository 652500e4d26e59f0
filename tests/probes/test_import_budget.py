"""Every run loads every probe: none of them may bring a heavy package, opened or not."""

import subprocess
import sys

import pytest

from simulated.environ import unobserved

HEAVY = {"numpy", "pandas", "codecarbon"}

PROBES = [
    "rapl:Rapl",
    "amd_energy:AmdEnergy",
    "acpi_power_meter:AcpiPowerMeter",
    "grace:Grace",
    "perf:Perf",
    "amd_gpu:AmdGpu",
    "modelled:ModelledCpu",
    "modelled:ModelledMemory",
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


@pytest.mark.parametrize("probe", PROBES)
def test_opening_and_reading_a_probe_loads_nothing_heavy(probe: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENED, probe], env=unobserved(), capture_output=True, text=True, check=True
    )
    assert not {name.partition(".")[0] for name in done.stdout.split()} & HEAVY
