"""AMD's ``amd_energy`` hardware monitor: the energy counter of each socket, on kernels before 5.13.

The driver accumulates in 64 bits, so its counters do not wrap. They are those that powercap shows too, which is read
with less effort and stayed in the kernel: where powercap can be read, this probe stands back. Cores lie inside their
socket and are not metered.

Source: Linux 5.12, Documentation/hwmon/amd_energy.rst; ``zenergy`` is its successor outside the kernel.
"""

import re
from collections.abc import Sequence

from dcfoot.errors import ProbeUnavailable
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import J_PER_UJ
from dcfoot_probes.covering import domains_seen_by
from dcfoot_probes.hwmon import Monitor, monitors
from dcfoot_probes.rapl import Rapl
from dcfoot_probes.rapl_accuracy import AMD_PACKAGE, DOMAIN_POWER_MAX_W
from dcfoot_probes.sysfs import NumberFiles, names_in

METHOD = "hwmon.amd_energy"

_LABEL = re.compile(r"energy(\d+)_label")
_SOCKET = re.compile(r"Esocket(\d+)")


class AmdEnergy:
    """Sockets through hwmon's amd_energy.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read.
    """

    name = "amd_energy"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._files = NumberFiles(surroundings.clock_ns)

    def open(self) -> Sequence[Meter]:
        """The sockets' counters.

        Raises
        ------
        ProbeUnavailable
            Where there are none, none may be read, or powercap meters the same packages.
        """
        found = [
            (monitor, number, socket)
            for monitor in monitors(self._surroundings.root, "amd_energy", "zenergy")
            for number, socket in _sockets(monitor)
        ]
        if not found:
            raise ProbeUnavailable("there is no amd_energy monitor: the kernel has it from 5.8 to 5.12, on AMD EPYC")
        if Domain.PACKAGE in domains_seen_by(self._surroundings, Rapl):
            raise ProbeUnavailable("powercap meters the same packages")
        for monitor, number, socket in found:
            path = monitor.path(f"energy{number}_input")
            try:
                self._files.add(self._meter(socket), path)
            except OSError as error:
                remedy = f"sudo chmod a+r {path}" if isinstance(error, PermissionError) else ""
                raise ProbeUnavailable(f"{path}: {error.strerror}", remedy) from None
        return self._files.meters

    def read(self) -> Sequence[Reading]:
        """One reading a socket."""
        return self._files.read()

    def close(self) -> None:
        """Closes the counters."""
        self._files.close()

    def _meter(self, socket: str) -> Meter:
        return Meter(
            Channel(self._surroundings.host, Domain.PACKAGE, f"package-{socket}"),
            f"CPU package {socket}",
            METHOD,
            Kind.COUNTER,
            J_PER_UJ,
            power_max_w=DOMAIN_POWER_MAX_W[Domain.PACKAGE],
            gain_p5=AMD_PACKAGE.gain_p5,
            gain_p95=AMD_PACKAGE.gain_p95,
            source=AMD_PACKAGE.source,
        )


def _sockets(monitor: Monitor) -> list[tuple[str, str]]:
    """The number of each attribute that counts a socket, with the socket's."""
    labels = [found.group(1) for name in names_in(monitor.folder) if (found := _LABEL.fullmatch(name))]
    sockets = [(number, _SOCKET.fullmatch(monitor.text(f"energy{number}_label") or "")) for number in labels]
    return sorted((number, socket.group(1)) for number, socket in sockets if socket)
