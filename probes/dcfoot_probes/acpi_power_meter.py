"""The ACPI power meter: what the whole machine draws, as its board tells the operating system.

One monitor is metered. Boards with several say nothing of how they relate (nested, or one a supply), so the one that
reads most is taken, and the interval reaches to their sum.

Source: Linux, Documentation/hwmon/acpi_power_meter.rst; ACPI 6.5, section 10.4.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from dcfoot.errors import ProbeUnavailable
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import W_PER_UW
from dcfoot_probes.hwmon import INSTANT_PERIOD_S, WINDOW_LEAST_S, Monitor, monitors
from dcfoot_probes.sysfs import NumberFiles

METHOD = "hwmon.acpi_power_meter"

PART = re.compile(r"socket|cpu|gpu|dimm|dram|memory|module|sysio", re.IGNORECASE)
"""A meter whose maker named it so (``power1_oem_info``) sees a part of the machine, not all of it."""

ERROR_LEAST_RATIO = 0.05
"""However exact a board says that its meter is, it is taken to err by this much [-] (judgement: boards report 100 %
accuracy because the field is mandatory; shunts and hot-swap controllers err by 2 to 5 %)."""

ERROR_UNTOLD_RATIO = 0.10
"""The error where the board does not say [-] (judgement)."""


class AcpiPowerMeter:
    """The node through ACPI.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read.
    """

    name = "acpi_power_meter"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._files = NumberFiles(surroundings.clock_ns)
        self.notes: list[str] = []

    def open(self) -> Sequence[Meter]:
        """The node's meter.

        Raises
        ------
        ProbeUnavailable
            Where there is none, or none that answers.
        """
        found = [monitor for monitor in monitors(self._surroundings.root, "power_meter") if _sees_the_node(monitor)]
        reads_uw = {monitor: monitor.number("power1_average") for monitor in found}
        known = {monitor: power_uw for monitor, power_uw in reads_uw.items() if power_uw}
        if not found:
            raise ProbeUnavailable("the board has no ACPI power meter")
        if not known:
            path = found[0].path("power1_average")
            raise ProbeUnavailable(f"{path} does not answer", f"sudo cat {path}   # says why")
        most = max(known, key=lambda monitor: known[monitor])
        if len(known) > 1:
            self.notes.append(f"the board has {len(known)} power meters; the one that reads most is taken for the node")
        meter = _with_others(self._meter(most), sum(known.values()) / known[most])
        try:
            self._files.add(meter, most.path("power1_average"))
        except OSError as error:
            raise ProbeUnavailable(f"{most.path('power1_average')}: {error.strerror}") from None
        return self._files.meters

    def read(self) -> Sequence[Reading]:
        """The power now."""
        return self._files.read()

    def close(self) -> None:
        """Closes the meter."""
        self._files.close()

    def _meter(self, monitor: Monitor) -> Meter:
        error_ratio = error_of(monitor)
        return average_power_meter(
            monitor,
            Channel(self._surroundings.host, Domain.NODE, "acpi"),
            monitor.text("power1_oem_info") or "ACPI power meter",
            METHOD,
            (1 - error_ratio, 1 + error_ratio),
        )


def error_of(monitor: Monitor) -> float:
    """The error that the board states, as a part of the value; never less than `ERROR_LEAST_RATIO`."""
    told = (monitor.text("power1_accuracy") or "").rstrip("%")
    try:
        return max(1 - float(told) / 100, ERROR_LEAST_RATIO)
    except ValueError:
        return ERROR_UNTOLD_RATIO


def average_power_meter(
    monitor: Monitor, channel: Channel, name: str, method: str, gains: tuple[float, float]
) -> Meter:
    """A meter of ``power1_average``: over its window where that is long enough to be read in full, else an instant."""
    window_s = monitor.window_s()
    averages = window_s >= WINDOW_LEAST_S
    return Meter(
        channel,
        name,
        method,
        Kind.POWER_AVERAGE if averages else Kind.POWER,
        W_PER_UW,
        period_s=min(window_s / 2, 1.0) if averages else INSTANT_PERIOD_S,
        window_s=window_s if averages else 0.0,
        gain_p5=gains[0],
        gain_p95=gains[1],
        source="the accuracy that the board states, or 5 % where it claims better (judgement)",
    )


def _with_others(meter: Meter, ratio: float) -> Meter:
    return replace(meter, gain_p95=meter.gain_p95 * ratio)


def _sees_the_node(monitor: Monitor) -> bool:
    return not PART.search(monitor.text("power1_oem_info") or "") and monitor.number("power1_is_battery") != 1
