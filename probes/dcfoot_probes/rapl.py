"""RAPL through Linux powercap, Intel and AMD: the energy counters of packages and memory.

Each package is metered, and memory beside it where it has a zone; core and uncore lie inside the package and psys
around it, so they are never added. Dies that mirror one counter are one meter. Wraps are left to the ledger: each
meter carries the point at which its own counter wraps.

Source: Linux, Documentation/power/powercap/powercap.rst; Intel SDM vol. 3B, 15.10.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from time import sleep
from typing import NamedTuple

from dcfoot.errors import ProbeUnavailable
from dcfoot.machine import first_processor, is_virtual
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import J_PER_UJ
from dcfoot_probes.rapl_accuracy import DOMAIN_POWER_MAX_W, accuracy_of
from dcfoot_probes.sysfs import NumberFiles, names_in, number_of, text_of

METHOD = "rapl.powercap"

CLASS_FOLDER = "sys/class/powercap"
DEVICE_FOLDERS = ("sys/devices/virtual/powercap/intel-rapl", "sys/devices/virtual/powercap/amd-rapl")
"""Where the zones really are; a container may show only one of the two. ``intel-rapl-mmio`` repeats the package's
counter by another way and is not looked at."""

RULE = 'SUBSYSTEM=="powercap", KERNEL=="*-rapl:*", RUN+="/bin/chmod a+r /sys%p/energy_uj"'
"""A udev rule that makes the counters readable at every boot."""

READ_REMEDY = (
    f"sudo chmod a+r /{CLASS_FOLDER}/*-rapl:*/energy_uj\n"
    f"echo '{RULE}' | sudo tee /etc/udev/rules.d/70-rapl-readable.rules"
)
"""Now, and at every boot."""

READ_REASON = (
    "the energy counters are readable by root only, since kernel 5.10: fast reading can leak secrets of other users "
    "(CVE-2020-8694), so open them where all users trust each other"
)

MIRROR_ROUNDS = 4
MIRROR_PAUSE_S = 0.004
"""How often and how far apart dies of one package are compared: 12 ms in all, and the counters move every 1 ms (Intel
SDM vol. 3B, 15.10.1), so that each pause sees them move [s]."""

DISTINCT_UJ = 20_000_000
"""Counters further apart than this are two at the first glance [uJ]: 10 ms at the 2 kW that no package draws."""

_ZONE = re.compile(r"(?:intel|amd)-rapl:\d+(?::\d+)*")
_PACKAGE = re.compile(r"package-(\d+)(?:-die-(\d+))?")


class Zone(NamedTuple):
    """A powercap zone that may be metered.

    Parameters
    ----------
    folder : Path
        Where its files are.
    domain : Domain
        `PACKAGE`, `DRAM` or `PLATFORM`.
    device : str
        ``"package-0"``, ``"dram-0-die-1"``, ``"psys"``.
    package : str
        The package that it belongs to, whatever the die; empty for the platform.
    """

    folder: Path
    domain: Domain
    device: str
    package: str = ""

    @property
    def name(self) -> str:
        """For people: ``"CPU package 0"``, ``"memory of package 0 die 1"``."""
        words = {Domain.PACKAGE: "CPU", Domain.DRAM: "memory of", Domain.PLATFORM: "platform"}
        return f"{words[self.domain]} {self.device.replace('dram', 'package').replace('-', ' ')}"


def find_zones(root: Path) -> list[Zone]:
    """Every zone that is a package, a package's memory or the platform, in the order of the kernel's numbers."""
    folders = _zone_folders(root)
    zones = (_zone(number, folders) for number in sorted(folders, key=_numbers))
    return [zone for zone in zones if zone]


def _numbers(zone: str) -> list[int]:
    return [int(part) for part in zone.split(":")[1:]]


def _zone_folders(root: Path) -> dict[str, Path]:
    """The folder of each zone by its name in sysfs; children stand beside their parent or inside it."""
    found: dict[str, Path] = {}
    waiting = [root / folder for folder in (CLASS_FOLDER, *DEVICE_FOLDERS)]
    while waiting:
        folder = waiting.pop()
        for name in names_in(folder):
            if _ZONE.fullmatch(name) and name not in found:
                found[name] = folder / name
                waiting.append(folder / name)
    return found


def _zone(number: str, folders: dict[str, Path]) -> Zone | None:
    folder = folders[number]
    name = text_of(folder / "name") or ""
    if name == "psys":
        return Zone(folder, Domain.PLATFORM, name)
    package = _PACKAGE.fullmatch(name)
    if package:
        return Zone(folder, Domain.PACKAGE, name, package.group(1))
    parent = folders.get(number.rpartition(":")[0])
    package = _PACKAGE.fullmatch(text_of(parent / "name") or "") if parent else None
    if name == "dram" and package:
        return Zone(folder, Domain.DRAM, package.group().replace("package", "dram", 1), package.group(1))
    return None


class Rapl:
    """Packages and memory through powercap.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read.
    """

    name = "rapl"
    is_prompt = True

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._files = NumberFiles(surroundings.clock_ns)
        self._vendor_id = ""
        self.notes: list[str] = []

    def open(self) -> Sequence[Meter]:
        """Finds the zones that can be read; one meter for dies that mirror one counter.

        Raises
        ------
        ProbeUnavailable
            Where there is no zone, or none that may be read.
        """
        zones = find_zones(self._surroundings.root)
        if not zones:
            raise self._absent()
        self._vendor_id = first_processor(self._surroundings.root).get("vendor_id", "")
        chips = [zone for zone in zones if zone.domain is not Domain.PLATFORM]
        opened, failed = self._open(chips)
        if not any(zone.domain is Domain.PACKAGE for zone in opened):
            platform, denied = self._open([zone for zone in zones if zone.domain is Domain.PLATFORM])
            if platform:
                # The platform contains the memory, so the memory's own zones must go.
                self._files.drop([meter for zone, meter in opened.items() if zone.domain is Domain.DRAM])
                return self._files.meters
            failed.update(denied)
        if not opened:
            raise _unreadable(failed)
        self.notes += [f"{zone.name} is missing: {reason.strerror}" for zone, reason in failed.items()]
        self._drop_mirrors(opened)
        return self._files.meters

    def read(self) -> Sequence[Reading]:
        """One reading a zone that answers."""
        return self._files.read()

    def close(self) -> None:
        """Closes the counters."""
        self._files.close()

    def _absent(self) -> ProbeUnavailable:
        processor = first_processor(self._surroundings.root)
        if is_virtual(self._surroundings.root, processor):
            return ProbeUnavailable("a virtual machine: its host does not pass the processor's energy counters on")
        reason = f"there are no RAPL zones below /{CLASS_FOLDER}"
        return ProbeUnavailable(reason, "sudo modprobe intel_rapl_msr" if "vendor_id" in processor else "")

    def _open(self, zones: Iterable[Zone]) -> tuple[dict[Zone, Meter], dict[Zone, OSError]]:
        opened: dict[Zone, Meter] = {}
        failed: dict[Zone, OSError] = {}
        for zone in zones:
            meter = self._meter(zone)
            try:
                self._files.add(meter, zone.folder / "energy_uj")
            except OSError as error:
                failed[zone] = error
            else:
                opened[zone] = meter
        return opened, failed

    def _meter(self, zone: Zone) -> Meter:
        most_uj = number_of(zone.folder / "max_energy_range_uj")
        accuracy = accuracy_of(zone.domain, self._vendor_id)
        return Meter(
            Channel(self._surroundings.host, zone.domain, zone.device),
            zone.name,
            METHOD,
            Kind.COUNTER,
            J_PER_UJ,
            wrap_count=most_uj + 1 if most_uj else None,
            power_max_w=DOMAIN_POWER_MAX_W[zone.domain],
            gain_p5=accuracy.gain_p5,
            gain_p95=accuracy.gain_p95,
            source=accuracy.source,
        )

    def _drop_mirrors(self, opened: dict[Zone, Meter]) -> None:
        """Of dies whose counters are one and the same, only the first stays."""
        together: dict[tuple[Domain, str], list[Zone]] = {}
        for zone in opened:
            together.setdefault((zone.domain, zone.package), []).append(zone)
        for zones in together.values():
            mirrors = mirrors_of_first([(zone.folder / "energy_uj", opened[zone].wrap_count) for zone in zones])
            self._files.drop([opened[zones[index]] for index in mirrors])
            self.notes += [f"{zones[index].name} mirrors {zones[0].name}; they are one meter" for index in mirrors]


def mirrors_of_first(counters: Sequence[tuple[Path, int | None]]) -> list[int]:
    """Which of several counters show the first one's value again.

    A mirror holds the same absolute value at the same moment, every time; two counters that merely rise alike do not.
    Values count as the same when they differ by no more than the first moves between two looks.

    Parameters
    ----------
    counters : sequence of (Path, int or None)
        Each file and where it wraps.
    """
    if len(counters) < 2:
        return []
    rounds = [_look(counters)]
    alike = [index for index in range(1, len(counters)) if _apart_uj(rounds[0], index, counters) <= DISTINCT_UJ]
    if not alike:
        return []
    for _ in range(MIRROR_ROUNDS - 1):
        sleep(MIRROR_PAUSE_S)
        rounds.append(_look(counters))
    moved_uj = max(after[0] - before[0] for before, after in pairwise(rounds))
    return [
        index
        for index in alike
        if rounds[-1][index] and all(_apart_uj(look, index, counters) <= max(moved_uj, 0) for look in rounds)
    ]


def _look(counters: Sequence[tuple[Path, int | None]]) -> list[int]:
    return [number_of(path) or 0 for path, _ in counters]


def _apart_uj(look: Sequence[int], index: int, counters: Sequence[tuple[Path, int | None]]) -> int:
    """How far a counter is from the first, the short way round where both wrap."""
    apart_uj = abs(look[index] - look[0])
    wrap = counters[0][1]
    return min(apart_uj, abs(wrap - apart_uj)) if wrap else apart_uj


def _unreadable(failed: dict[Zone, OSError]) -> ProbeUnavailable:
    if any(isinstance(error, PermissionError) for error in failed.values()):
        return ProbeUnavailable(READ_REASON, READ_REMEDY)
    told = "; ".join(f"{zone.folder / 'energy_uj'}: {error.strerror}" for zone, error in failed.items())
    return ProbeUnavailable(told or "the zones hold neither packages nor a platform")
