"""Machines made of files: trees in the shape of sysfs and procfs, each with a known true energy.

`PowercapTree`, `HwmonTree`, `ProcTree` and `PciTree` write below one root, which a probe is given in its surroundings;
`Clock` is the time that goes with it. A number is written in place, as the kernel would show it: a file that is held
open sees the next value.
"""

import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic

from dcfoot.probe import Surroundings

NOBODY = 65534

RANGE_UJ = 262_143_328_850
"""``max_energy_range_uj`` of a package domain that counts in 61.04 uJ (262,144 J)."""


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self, now_ns: int = 1_000_000_000_000) -> None:
        self.now_ns = now_ns

    def __call__(self) -> int:
        """Nanoseconds since some moment."""
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        """Lets time go by."""
        self.now_ns += round(seconds * 1e9)


def surroundings_of(root: Path, clock: Clock | None = None, environ: Mapping[str, str] | None = None) -> Surroundings:
    """What a probe is told of the machine below `root`."""
    return Surroundings("box", root, environ or {}, clock or Clock())


def write(path: Path, text: object) -> Path:
    """Writes a small file as sysfs shows it, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")
    return path


def write_at_once(path: Path, text: str) -> None:
    """Puts a text that never gets shorter into a file in one write and in place: no reader sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    os.pwrite(descriptor, f"{text}\n".encode(), 0)
    os.close(descriptor)


def write_number(path: Path, value: int) -> None:
    """The same for a number."""
    write_at_once(path, f"{value:<24d}")


@contextmanager
def as_nobody() -> Generator[None]:
    """Without the rights of root, whom no file is denied."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@contextmanager
def folder_for_all() -> Generator[Path]:
    """A new folder that every user may enter, which pytest's own are not."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@dataclass
class PowercapTree:
    """Powercap zones, in the class folder beside each other or nested as below ``/sys/devices``.

    Parameters
    ----------
    root : Path
        Where ``sys`` begins.
    nested : bool
        Whether only the devices' own tree is there, with children inside their parents.
    """

    root: Path
    nested: bool = False
    energy_uj: dict[str, int] = field(default_factory=dict[str, int])
    range_uj: dict[str, int] = field(default_factory=dict[str, int])

    def zone(self, number: str, name: str, energy_uj: int = 1_000_000, range_uj: int = RANGE_UJ) -> "PowercapTree":
        """Adds a zone: ``zone("intel-rapl:0:1", "dram")``."""
        folder = self.folder(number)
        write(folder / "name", name)
        write(folder / "max_energy_range_uj", range_uj)
        self.range_uj[number] = range_uj
        self.show(number, energy_uj)
        return self

    def folder(self, number: str) -> Path:
        """Where a zone's files are."""
        if not self.nested:
            return self.root / "sys/class/powercap" / number
        control, *parts = number.split(":")
        below = [":".join([control, *parts[: depth + 1]]) for depth in range(len(parts))]
        return self.root.joinpath("sys/devices/virtual/powercap", control, *below)

    def file(self, number: str) -> Path:
        """A zone's counter."""
        return self.folder(number) / "energy_uj"

    def show(self, number: str, energy_uj: int) -> None:
        """Sets a counter."""
        self.energy_uj[number] = energy_uj
        write_number(self.file(number), energy_uj)

    def use(self, number: str, energy_j: float) -> None:
        """Adds energy to a counter, which wraps as the hardware's does."""
        self.show(number, (self.energy_uj[number] + round(energy_j * 1e6)) % (self.range_uj[number] + 1))

    def vanish(self, number: str) -> None:
        """Takes a zone's number away from whoever holds its file open."""
        os.truncate(self.file(number), 0)

    @contextmanager
    def running(self, power_w: Mapping[str, float]) -> Generator[None]:
        """Zones that draw power while the block runs, moved every millisecond as the hardware does."""
        stop = Event()

        def live() -> None:
            before_s = monotonic()
            while not stop.wait(0.001):
                now_s = monotonic()
                for number, watts in power_w.items():
                    self.use(number, watts * (now_s - before_s))
                before_s = now_s

        thread = Thread(target=live, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@dataclass
class HwmonTree:
    """Hardware monitors below ``sys/class/hwmon``."""

    root: Path

    def monitor(self, number: int, driver: str, *, beside_device: bool = True, **attributes: object) -> Path:
        """Adds a monitor with its attributes, beside its name or (drivers of the older interface) with its device."""
        folder = self.root / f"sys/class/hwmon/hwmon{number}"
        place = folder if beside_device else folder / "device"
        write(place / "name", driver)
        for name, value in attributes.items():
            if isinstance(value, int):
                write_number(place / name, value)
            else:
                write(place / name, value)
        return place

    def grace(self, number: int, label: str, power_w: float, interval_ms: int = 50) -> Path:
        """Adds one of Grace's ACPI power meters."""
        return self.monitor(
            number,
            "power_meter",
            beside_device=False,
            power1_average=round(power_w * 1e6),
            power1_average_interval=interval_ms,
            power1_oem_info=label,
            power1_accuracy="100%",
        )


@dataclass
class ProcTree:
    """``/proc`` and the processors' part of ``/sys``."""

    root: Path

    def cpuinfo(self, name: str, vendor_id: str = "GenuineIntel", flags: str = "fpu sse2", processors: int = 2) -> None:
        """Writes ``/proc/cpuinfo`` as x86 has it."""
        entry = f"vendor_id\t: {vendor_id}\nmodel name\t: {name}\nflags\t\t: {flags}\n"
        write(self.root / "proc/cpuinfo", "\n".join(f"processor\t: {n}\n{entry}" for n in range(processors)))

    def topology(self, sockets: int, threads: int) -> None:
        """Writes which processors are online and to which package each belongs, package by package."""
        cpu = self.root / "sys/devices/system/cpu"
        write(cpu / "online", f"0-{threads - 1}")
        each = threads // sockets
        for number in range(threads):
            first = number // each * each
            write(cpu / f"cpu{number}/topology/physical_package_id", number // each)
            write(cpu / f"cpu{number}/topology/package_cpus_list", f"{first}-{first + each - 1}")

    def meminfo(self, gib: float) -> None:
        """Writes ``/proc/meminfo``."""
        write(self.root / "proc/meminfo", f"MemTotal:       {round(gib * 1024 * 1024)} kB\nMemFree:        1 kB")

    def stat(self, busy_s: float, idle_s: float, processors: int = 2) -> None:
        """Writes ``/proc/stat`` with so many busy and idle seconds since boot, over all processors."""
        hertz = os.sysconf("SC_CLK_TCK")
        line = f"{round(busy_s * hertz)} 0 0 {round(idle_s * hertz)} 0 0 0 0 0 0"
        each = "\n".join(f"cpu{number} {line}" for number in range(processors))
        write(self.root / "proc/stat", f"cpu  {line}\n{each}\nintr 0")

    def process(
        self,
        pid: int,
        own_s: float = 0.0,
        reaped_s: float = 0.0,
        *,
        parent: int = 1,
        started: int | None = None,
        cgroup: str = "0::/",
        is_kernel: bool = False,
    ) -> None:
        """Writes a process that has used so much; without `started` one that was started in the order of its number."""
        ticks = f"{round(own_s * os.sysconf('SC_CLK_TCK'))} 0 {round(reaped_s * os.sysconf('SC_CLK_TCK'))} 0"
        flags = 0x0020_8040 if is_kernel else 0x0040_0000
        beginning = pid if started is None else started
        write(
            self.root / f"proc/{pid}/stat",
            f"{pid} (a) (b) S {parent} 1 1 0 -1 {flags} 0 0 0 0 {ticks} 20 0 1 0 {beginning} 0 0",
        )
        write(self.root / f"proc/{pid}/cgroup", cgroup)

    def end(self, pid: int) -> None:
        """Takes a process away."""
        shutil.rmtree(self.root / f"proc/{pid}")


@dataclass
class PciTree:
    """Devices on the PCI bus."""

    root: Path

    def device(self, address: str, vendor: str, device: str, pci_class: str) -> Path:
        """Adds a device: ``device("0000:03:00.0", "1002", "740f", "038000")``; returns its folder."""
        folder = self.root / "sys/bus/pci/devices" / address
        write(folder / "vendor", f"0x{vendor}")
        write(folder / "device", f"0x{device}")
        write(folder / "class", f"0x{pci_class}")
        return folder


@dataclass
class CgroupFiles:
    """One hierarchy of control groups: time that a group uses is that of all groups above it too.

    Parameters
    ----------
    base : Path
        Its root: ``sys/fs/cgroup`` below the machine's for version 2, ``sys/fs/cgroup/cpuacct`` for version 1.
    version : int
        1 or 2.
    """

    base: Path
    version: int = 2
    used_us: dict[str, int] = field(default_factory=dict[str, int])

    def __post_init__(self) -> None:
        """Makes the root."""
        if self.version == 2:
            write(self.base / "cgroup.controllers", "cpu memory")
        self.group("")
        self.processes()

    def group(self, path: str) -> "CgroupFiles":
        """Adds a group, with those above it: ``group("system.slice/sshd.service")``."""
        new = [each for each in _above(path) if each not in self.used_us]
        for each in new:
            self._show(each, 0)
        if new:
            self._count()
        return self

    def use(self, path: str, seconds: float) -> None:
        """Lets a group use processor time; a new one is made."""
        self.group(path)
        for each in _above(path):
            self._show(each, self.used_us[each] + round(seconds * 1e6))

    def end(self, path: str) -> None:
        """Takes a group away; what it used stays in those above it, and who holds its files open reads no more."""
        for file in (self.base / path).rglob("cpu*"):
            os.truncate(file, 0)
        shutil.rmtree(self.base / path)
        self.used_us = {each: used for each, used in self.used_us.items() if f"{each}/".find(f"{path}/") != 0}
        self._count()

    def processes(self, *pids: int) -> None:
        """Says which processes are in no group but the root."""
        write(self.base / "cgroup.procs", "\n".join(map(str, pids)))

    def _show(self, path: str, used_us: int) -> None:
        self.used_us[path] = used_us
        folder = self.base / path
        if self.version == 2:
            write_at_once(
                folder / "cpu.stat", f"usage_usec {used_us}\nuser_usec {used_us}\nsystem_usec 0\nnr_periods 0"
            )
        else:
            write_at_once(folder / "cpuacct.usage", f"{used_us * 1000}")

    def _count(self) -> None:
        if self.version == 2:
            write(self.base / "cgroup.stat", f"nr_descendants {len(self.used_us) - 1}\nnr_dying_descendants 0")


def _above(path: str) -> list[str]:
    """A group's path and those of the groups that hold it, the root first."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
