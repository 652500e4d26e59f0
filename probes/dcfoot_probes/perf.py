"""RAPL through Linux perf: the events of the ``power`` PMU, for machines that open perf but not powercap.

The kernel unwraps the counters into 64 bits, in units of 2^-32 J, from the moment at which the event is opened. One
event is opened for each package, on the processor that the PMU names for it.

Source: perf_event_open(2); Linux, arch/x86/events/rapl.c;
Documentation/ABI/testing/sysfs-bus-event_source-devices-events.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.machine import first_processor, numbers_in
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot_probes.amd_energy import AmdEnergy
from dcfoot_probes.covering import domains_seen_by
from dcfoot_probes.rapl import Rapl
from dcfoot_probes.rapl_accuracy import AMD_VENDORS, DOMAIN_POWER_MAX_W, accuracy_of
from dcfoot_probes.sysfs import number_of, text_of

METHOD = "rapl.perf"

PMU_FOLDER = "sys/bus/event_source/devices/power"

EVENTS = {"energy-pkg": Domain.PACKAGE, "energy-ram": Domain.DRAM}
"""What is metered. ``energy-cores`` and ``energy-gpu`` lie inside the package, ``energy-psys`` around it."""

REMEDY = (
    "sudo sysctl kernel.perf_event_paranoid=0\n"
    "echo kernel.perf_event_paranoid=0 | sudo tee /etc/sysctl.d/70-perf-readable.conf"
)
"""Now, and at every boot: to count a whole processor, the setting must be 0 or less (perf_event_open(2))."""

SYSCALL_NUMBERS = {"x86_64": 298, "aarch64": 241, "riscv64": 241, "ppc64le": 319, "s390x": 331}
"""Of perf_event_open, by machine (Linux, the tables of each architecture)."""

FLAG_CLOSE_ON_EXEC = 8
"""``PERF_FLAG_FD_CLOEXEC``: the job must not inherit the event."""

COUNT_BYTES = 8
"""What a read of an event returns without a read format [bytes]: one 64-bit count."""


class PowerEvent(NamedTuple):
    """An event of the power PMU.

    Parameters
    ----------
    pmu : int
        The PMU's type, as the kernel numbered it.
    config : int
        The event's code.
    scale : float
        Joules in one count [J].
    """

    pmu: int
    config: int
    scale: float


def find_events(root: Path) -> Mapping[Domain, PowerEvent]:
    """The energy events of this machine, by what they meter; empty where there are none."""
    folder = root / PMU_FOLDER
    pmu = number_of(folder / "type")
    if pmu is None:
        return {}
    described = {domain: _event(folder / "events" / name, pmu) for name, domain in EVENTS.items()}
    return {domain: event for domain, event in described.items() if event}


def _event(path: Path, pmu: int) -> PowerEvent | None:
    """An event as its files describe it: ``event=0x02``, its scale, and joules as its unit."""
    term = (text_of(path) or "").partition("event=")[2].partition(",")[0]
    scale = text_of(path.with_name(f"{path.name}.scale"))
    if not term or not scale or text_of(path.with_name(f"{path.name}.unit")) != "Joules":
        return None
    return PowerEvent(pmu, int(term, 0), float(scale))


def open_event(event: PowerEvent, cpu_index: int) -> int:
    """Opens an event that counts on one processor, whatever runs there, and returns its file descriptor.

    Raises
    ------
    OSError
        As perf_event_open(2) gives it: `PermissionError` where the kernel's setting forbids it.
    """
    import ctypes
    from struct import pack

    number = SYSCALL_NUMBERS.get(os.uname().machine)
    if number is None:
        raise OSError(f"the number of perf_event_open is not known on {os.uname().machine}")
    # struct perf_event_attr, its first published size: type, size, config, period, sample_type, read_format, flags,
    # wakeup_events, bp_type, config1.
    attributes = pack("=IIQQQQQIIQ", event.pmu, 64, event.config, 0, 0, 0, 0, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    descriptor = int(libc.syscall(ctypes.c_long(number), buffer, -1, cpu_index, -1, ctypes.c_ulong(FLAG_CLOSE_ON_EXEC)))
    if descriptor < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return descriptor


def counting_places(root: Path) -> Iterator[tuple[int, str]]:
    """The processor to count on and the name of its counter (``"0"``, ``"0-die-1"``), once for each counter there is.

    The PMU names one processor a die. Intel's dies have counters of their own, AMD's mirror their package's.
    """
    amd = first_processor(root).get("vendor_id") in AMD_VENDORS
    seen: dict[int, int] = {}
    for processor in numbers_in(text_of(root / PMU_FOLDER / "cpumask") or "0"):
        topology = root / f"sys/devices/system/cpu/cpu{processor}/topology"
        package = number_of(topology / "physical_package_id") or 0
        die = seen[package] = seen.get(package, -1) + 1
        if die == 0:
            yield processor, str(package)
        elif not amd:
            yield processor, f"{package}-die-{number_of(topology / 'die_id') or die}"


class Perf:
    """Packages and memory through perf's power events.

    Parameters
    ----------
    surroundings : Surroundings
        The machine. What the events are is read below its root; they are opened on the running kernel.
    """

    name = "perf"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._open: list[tuple[Meter, int]] = []

    def open(self) -> Sequence[Meter]:
        """One event a package and domain.

        Raises
        ------
        ProbeUnavailable
            Where there is no power PMU, it may not be used, or powercap or amd_energy meter the same packages.
        """
        events = find_events(self._surroundings.root)
        if not events:
            raise ProbeUnavailable("perf has no power events here")
        if Domain.PACKAGE in domains_seen_by(self._surroundings, Rapl, AmdEnergy):
            raise ProbeUnavailable("powercap or amd_energy meter the same packages")
        for processor, suffix in counting_places(self._surroundings.root):
            for domain, event in events.items():
                self._add(domain, event, processor, suffix)
        return [meter for meter, _ in self._open]

    def read(self) -> Sequence[Reading]:
        """One reading an event."""
        readings: list[Reading] = []
        for meter, descriptor in self._open:
            try:
                count = os.read(descriptor, COUNT_BYTES)
            except OSError:
                continue  # Its processor was taken offline: this meter has a gap.
            if len(count) == COUNT_BYTES:
                readings.append(Reading(meter, int.from_bytes(count, "little"), self._surroundings.clock_ns()))
        if not readings:
            raise ProbeTransient("the power events do not answer")
        return readings

    def close(self) -> None:
        """Closes the events."""
        for _, descriptor in self._open:
            os.close(descriptor)
        self._open = []

    def _add(self, domain: Domain, event: PowerEvent, processor: int, suffix: str) -> None:
        try:
            descriptor = open_event(event, processor)
        except PermissionError:
            setting = text_of(self._surroundings.root / "proc/sys/kernel/perf_event_paranoid")
            raise ProbeUnavailable(f"kernel.perf_event_paranoid is {setting}, which keeps users out", REMEDY) from None
        except OSError as error:
            raise ProbeUnavailable(f"perf_event_open: {error.strerror or error}") from None
        self._open.append((self._meter(domain, event, suffix), descriptor))

    def _meter(self, domain: Domain, event: PowerEvent, suffix: str) -> Meter:
        accuracy = accuracy_of(domain, first_processor(self._surroundings.root).get("vendor_id", ""))
        what = "CPU package" if domain is Domain.PACKAGE else "memory of package"
        return Meter(
            Channel(self._surroundings.host, domain, f"{domain}-{suffix}"),
            f"{what} {suffix.replace('-', ' ')}",
            METHOD,
            Kind.COUNTER,
            event.scale,
            power_max_w=DOMAIN_POWER_MAX_W[domain],
            gain_p5=accuracy.gain_p5,
            gain_p95=accuracy.gain_p95,
            source=accuracy.source,
        )
