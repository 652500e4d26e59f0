"""The energy counter and the integral of power check each other.

Both come from one sensor; where they differ by more than reading power once a second explains, one of them is wrong,
and the reader of a receipt must know.
"""

from math import sqrt

from dcfoot.units import J_PER_MJ, NS_PER_S, W_PER_MW

LEAST_SAMPLES = 10
"""How many looks at the power a verdict needs (a choice: below it the error of the mean is itself a guess)."""

TOLERANCE_RATIO = 0.05
"""How far the two may be apart beside the error of sampling: NVML states its power to +-5 % (nvml.h,
nvmlDeviceGetPowerUsage); sound cards were found within 1 % (ml-energy/zeus, issue 12), a faulty one at 43 % (the same,
issue 181)."""

SIGMAS = 3.0
"""How many standard errors of the sampled mean are allowed for (a choice: 0.3 % of sound runs would be flagged if the
looks were independent and normal)."""


class PowerCheck:
    """Keeps, beside a counter [mJ], the integral of power [mW] that was read with it."""

    def __init__(self) -> None:
        self._last: tuple[int, int, int] | None = None
        self._counted_j = 0.0
        self._integrated_j = 0.0
        self._elapsed_s = 0.0
        self._samples = 0
        self._sum_w = 0.0
        self._sum_squares_w2 = 0.0

    def add(self, time_ns: int, energy_mj: int, power_mw: int) -> None:
        """Adds one look at both; an interval in which the counter restarted is left out."""
        last, self._last = self._last, (time_ns, energy_mj, power_mw)
        power_w = power_mw * W_PER_MW
        self._samples += 1
        self._sum_w += power_w
        self._sum_squares_w2 += power_w * power_w
        if last is None or energy_mj < last[1]:
            return
        elapsed_s = (time_ns - last[0]) / NS_PER_S
        self._elapsed_s += elapsed_s
        self._counted_j += (energy_mj - last[1]) * J_PER_MJ
        self._integrated_j += 0.5 * (power_w + last[2] * W_PER_MW) * elapsed_s

    def verdict(self, observed_ratio: float) -> str:
        """What is wrong, in a sentence; empty where the two agree, or too little was seen.

        Parameters
        ----------
        observed_ratio : float
            The part of the time that the sensor of power looks, in 0..1.
        """
        if self._samples < LEAST_SAMPLES or self._elapsed_s <= 0.0 or self._integrated_j <= 0.0:
            return ""
        allowed_j = TOLERANCE_RATIO * self._integrated_j + SIGMAS * self._error_of_mean_w() * self._elapsed_s
        if abs(self._counted_j - self._integrated_j) <= allowed_j:
            return ""
        percent = 100.0 * (self._counted_j / self._integrated_j - 1.0)
        return (
            f"the energy counter shows {percent:+.0f} % against the power read once a second "
            f"({self._counted_j:.0f} J, {self._integrated_j:.0f} J); one of the two is wrong{_excuse(observed_ratio)}"
        )

    def _error_of_mean_w(self) -> float:
        mean_w = self._sum_w / self._samples
        variance_w2 = max(self._sum_squares_w2 / self._samples - mean_w * mean_w, 0.0)
        return sqrt(variance_w2 / (self._samples - 1))


def _excuse(observed_ratio: float) -> str:
    if observed_ratio >= 1.0:
        return ""
    return f", or the load is in step with a power sensor that looks {observed_ratio:.0%} of the time"
