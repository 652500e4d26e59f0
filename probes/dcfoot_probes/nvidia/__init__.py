"""NVIDIA GPUs through their management library (NVML).

`probe` is the meter as the sampler sees it; `nvml` is the border to the vendor's library, where its names and codes end;
`bus` finds devices and never wakes one; `allocation` says which of them the job was given; `generations` is the table of
what the sensors of each generation see; `energy` is the ladder of methods and `edges` their exact start and end; `sharing`
says who used a device; `check` compares the counter with the power.
"""

from dcfoot_probes.nvidia.probe import Nvidia

__all__ = ["Nvidia"]
