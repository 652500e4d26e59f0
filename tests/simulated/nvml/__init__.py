"""Simulated NVIDIA GPUs: a real libnvidia-ml.so.1 that the real pynvml talks to, and whose true energy is known.

`profile` is what a GPU truly draws, `devices` what can be described, `generations` the sensors of real cards; `script`
writes it down and `library` builds what reads it. The fixture `simulated_gpus` puts it all in place.
"""

from simulated.nvml.devices import (
    DriverReload,
    EnergyCounter,
    Fault,
    Glitch,
    GpuProcess,
    MigInstance,
    Sensor,
    SimulatedGpu,
    SimulatedGpus,
    hang,
)
from simulated.nvml.generations import GENERATIONS, a100, average_1s, capacitor, gpu, h100, rtx3090, v100, window
from simulated.nvml.library import CallCounts, Installed, build_library, install, preload, read_calls
from simulated.nvml.profile import Profile, Square, Steady, square, steady, steps

__all__ = [
    "GENERATIONS",
    "CallCounts",
    "DriverReload",
    "EnergyCounter",
    "Fault",
    "Glitch",
    "GpuProcess",
    "Installed",
    "MigInstance",
    "Profile",
    "Sensor",
    "SimulatedGpu",
    "SimulatedGpus",
    "Square",
    "Steady",
    "a100",
    "average_1s",
    "build_library",
    "capacitor",
    "gpu",
    "h100",
    "hang",
    "install",
    "preload",
    "read_calls",
    "rtx3090",
    "square",
    "steady",
    "steps",
    "v100",
    "window",
]
