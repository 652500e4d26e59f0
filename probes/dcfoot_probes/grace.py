"""NVIDIA Grace: the power of CPU sockets, through ACPI power meters that carry its names.

A Grace has up to four meters a socket, nested in one another: the module (on Grace Hopper: with its GPU), the Grace
itself (processor, memory and their regulators), and in it the CPU rail and the SysIO rail. Metered is, socket by
socket, the first that is there of

1. Grace: all of the host, and no GPU, which NVML meters. It contains the memory, so its domain is the platform;
2. CPU and SysIO rail, which are the package in two parts;
3. the module.

Source: NVIDIA Grace Performance Tuning Guide, "Power Telemetry"; the names also in NVIDIA DCGM, DcgmSystemMonitor.cpp.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from dcfoot.errors import ProbeUnavailable
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Meter, Reading
from dcfoot_probes.acpi_power_meter import ERROR_LEAST_RATIO, average_power_meter
from dcfoot_probes.hwmon import Monitor, monitors
from dcfoot_probes.sysfs import NumberFiles

METHOD = "hwmon.grace"

_LABEL = re.compile(r"(Module|Grace|CPU|SysIO) Power Socket (\d+)")

CHOICES = (("Grace",), ("CPU", "SysIO"), ("CPU",), ("Module",))
"""Sets of meters that do not contain each other, the best first."""

DOMAINS = {"Grace": Domain.PLATFORM, "CPU": Domain.CORE, "SysIO": Domain.UNCORE, "Module": Domain.MODULE}

NAMES = {
    "Grace": "Grace {} with its memory",
    "CPU": "Grace {} CPU rail",
    "SysIO": "Grace {} SysIO rail",
    "Module": "Grace module {} with its GPU",
}


class Grace:
    """CPU sockets through hwmon's power_meter on NVIDIA Grace.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read.
    """

    name = "grace"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._files = NumberFiles(surroundings.clock_ns)
        self.notes: list[str] = []

    def open(self) -> Sequence[Meter]:
        """One meter a socket, or two where only its rails are metered.

        Raises
        ------
        ProbeUnavailable
            Where this is no Grace, or no meter answers.
        """
        sockets = _by_socket(monitors(self._surroundings.root, "power_meter"))
        if not sockets:
            raise ProbeUnavailable("there are no power meters with the names of NVIDIA Grace")
        for socket, there in sorted(sockets.items()):
            self._open_best(socket, there)
        if not self._files.meters:
            raise ProbeUnavailable("the power meters of NVIDIA Grace do not answer", "sudo modprobe acpi_power_meter")
        return self._files.meters

    def read(self) -> Sequence[Reading]:
        """The power of each socket now."""
        return self._files.read()

    def close(self) -> None:
        """Closes the meters."""
        self._files.close()

    def _open_best(self, socket: str, there: Mapping[str, Monitor]) -> None:
        """Opens the first set of meters of which each answers."""
        for choice in CHOICES:
            if all(kind in there for kind in choice):
                meters = [self._meter(kind, socket, there[kind]) for kind in choice]
                try:
                    for kind, meter in zip(choice, meters, strict=True):
                        self._files.add(meter, there[kind].path("power1_average"))
                except OSError as error:
                    self._files.drop(meters)
                    self.notes.append(f"{' and '.join(choice)} power of socket {socket}: {error.strerror}")
                else:
                    return

    def _meter(self, kind: str, socket: str, monitor: Monitor) -> Meter:
        return average_power_meter(
            monitor,
            Channel(self._surroundings.host, DOMAINS[kind], f"{kind.lower()}-{socket}"),
            NAMES[kind].format(socket),
            METHOD,
            # The firmware states 100 % (edk2-platforms, power meter tables), which no sensor has.
            (1 - ERROR_LEAST_RATIO, 1 + ERROR_LEAST_RATIO),
        )


def _by_socket(found: Iterator[Monitor]) -> dict[str, dict[str, Monitor]]:
    """The monitors of each socket, by what they meter."""
    sockets: dict[str, dict[str, Monitor]] = {}
    for monitor in found:
        label = _LABEL.fullmatch(monitor.text("power1_oem_info") or "")
        if label:
            sockets.setdefault(label.group(2), {}).setdefault(label.group(1), monitor)
    return sockets
