"""What the power sensor of each generation sees, and how well.

From Yang, Adamek and Armour, "Accurate and Convenient Energy Measurements for GPUs", SC24,
doi:10.1109/SC41406.2024.00028 (arXiv:2312.02741): over 70 boards of 12 generations, by microbenchmarks and against a
power meter. A sensor averages over a window and publishes once a period; where the window is shorter than the period,
it sees only a part of the time.
"""

from dataclasses import dataclass, replace

SOURCE = "Yang, Adamek and Armour, SC24, doi:10.1109/SC41406.2024.00028"

READ_OVER_TRUE_LEAST = 1.0 - 0.094997
READ_OVER_TRUE_MOST = 1.0 + 0.06363
"""Slope of the reading over an external power meter: the lowest (RTX A5000) and highest (GTX 1080) of 19 boards in
steady state (the source's table of steady states). The extremes of 19 draws are, in expectation, the 5th and 95th
percentile of where they were drawn from (1/20 and 19/20)."""

GAIN_P5 = 1.0 / READ_OVER_TRUE_MOST
GAIN_P95 = 1.0 / READ_OVER_TRUE_LEAST
"""True over reported energy. The boards' offsets (-12.4 to +11.8 W in the same table) are not part of it: they matter
to a device that idles, and there is no telling which board has which."""

AVERAGE_WINDOW_S = 1.0
"""The window of the driver's average [s] (the source; NVML's documentation of nvmlDeviceGetPowerUsage)."""

USUAL_PERIOD_S = 0.1
"""The update period of most generations and of the energy counter [s] (the source: 100 to 104 ms)."""

COUNTER_PERIOD_S = 1.0
"""How often the counter is read [s]: what a crash or a lost device costs is at most that much."""

CEILING_OVER_LIMIT = 1.1
"""Power over a sensor's period, at most, over the enforced limit (a choice: the limiter works on averages of such
length and overshoots briefly)."""

IMPLAUSIBLE_OVER_LIMIT = 2.0
"""More than this over the highest limit is not power (a choice: a counter that is published every 0.1 s and read
every second may show 10 % too much for a second, a limit may be raised during a run)."""


@dataclass(frozen=True, slots=True)
class Generation:
    """What the sensor of a generation sees.

    Parameters
    ----------
    name : str
        As the source names it.
    window_s : float or None
        The sensor's averaging window [s]; None where it answers like a capacitor, and so sees all the time.
    period_s : float
        Its update period [s].
    usage_is_average : bool
        Whether nvmlDeviceGetPowerUsage shows the average of the last second.
    """

    name: str
    window_s: float | None
    period_s: float
    usage_is_average: bool = False

    def observed_ratio(self, read_every_s: float = 0.0) -> float:
        """The part of the time that is seen, when every value is read, or one `read_every_s` [s]."""
        if self.window_s is None:
            return 1.0
        return min(1.0, self.window_s / max(self.period_s, read_every_s))


_DRIVER_THAT_SHOWED_INSTANT_POWER = 530
"""The one branch in which GA10x and Ada show the sensor's window by default (the source's table, column 530)."""

_BY_CAPABILITY: dict[int, Generation] = {
    2: Generation("Fermi", None, 0.1),
    3: Generation("Kepler", None, 0.015),
    5: Generation("Maxwell", None, 0.1),
    6: Generation("Pascal", 0.010, 0.020),
    7: Generation("Volta", 0.010, 0.020),
}
_TURING = Generation("Turing", 0.1, 0.1)
_TURING_PART_TIME = Generation("Turing, Quadro RTX 8000", 0.0206, 0.1)  # the source's odd one out of Turing
_GA100 = Generation("Ampere GA100", 0.025, 0.1)
_GA10X = Generation("Ampere GA10x", 0.1, 0.1)
_ADA = Generation("Ada", 0.1, 0.1)
_HOPPER = Generation("Hopper", 0.025, 0.1, usage_is_average=True)
_LATER = Generation("later than Hopper, taken to be like it", 0.025, 0.1, usage_is_average=True)
_UNKNOWN = Generation("unknown, taken to be like GA100", 0.025, 0.1)


def generation_of(capability: tuple[int, int] | None, name: str, driver_version: str) -> Generation:
    """The generation of a device.

    Parameters
    ----------
    capability : tuple of int or None
        CUDA compute capability: 8.0 is GA100, 8.6 GA10x, 8.9 Ada, 9.0 Hopper (NVIDIA, "CUDA GPU Compute Capability").
    name : str
        The product's.
    driver_version : str
        ``"535.104.05"``: decides what the default power is.
    """
    if capability is None:
        return _UNKNOWN
    major, minor = capability
    if (major, minor) == (7, 5):
        return _TURING_PART_TIME if "RTX 8000" in name else _TURING
    if major == 8:
        return _GA100 if minor == 0 else _averaging(_ADA if minor == 9 else _GA10X, driver_version)
    if major == 9:
        return _HOPPER
    return _BY_CAPABILITY.get(major, _LATER if major > 9 else _UNKNOWN)


def _averaging(generation: Generation, driver_version: str) -> Generation:
    branch = driver_version.partition(".")[0]
    return replace(generation, usage_is_average=branch != str(_DRIVER_THAT_SHOWED_INSTANT_POWER))
