"""NVIDIA GPUs through their management library (NVML).

`probe` is the meter as the sampler sees it, `gpu` one device over its life; `nvml` is the border to the vendor's
library, where its names and codes end. `finding` and `bus` say which devices there are and never wake one;
`allocation` which of them the job was given; `generations` what the sensors of each generation see. `energy` is the
ladder of methods: `counter`, `average`, `power`, each a `source`; `edges` makes a run's start and end exact,
`publications` follows a sensor in between. `sharing` says who used a device, `check` compares counter and power,
`gauges` reads the rest.
"""

from dcfoot_probes.nvidia.probe import Nvidia

__all__ = ["Nvidia"]
