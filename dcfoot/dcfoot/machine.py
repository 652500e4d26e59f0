"""What the machine is made of: processors, memory, accelerators on the bus, whether it is a virtual one.

In comes the root below which ``sys`` and ``proc`` lie, out goes a `Machine`. It is read at the start of every run, so
it costs less than 3 ms and loads nothing; where there is no procfs (not Linux) psutil is asked.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from dcfoot.measurement import Machine
from dcfoot.probe import Surroundings
from dcfoot.units import BYTES_PER_GIB, BYTES_PER_KIB

CPUINFO_FIRST_BYTES = 16_384
"""Enough for the first processor in ``/proc/cpuinfo`` [bytes]; the kernel writes the file as it is read, and all of a
256-thread machine's takes milliseconds."""

NVIDIA, AMD, INTEL = "10de", "1002", "8086"

ACCELERATOR_VENDORS = {
    NVIDIA: "NVIDIA",
    AMD: "AMD",
    INTEL: "Intel",
    "1da3": "Habana",
    "19e5": "Huawei",
    "1e52": "Tenstorrent",
    "1d0f": "Amazon",
    "1ae0": "Google",
}
"""PCI vendors of accelerators (the PCI ID repository). A graphics chip of another vendor is a server's console."""

DISPLAY, PROCESSING = "03", "12"
"""PCI base classes: display controllers; processing accelerators (PCI Code and ID Assignment Specification 1.11)."""

INTEL_INTEGRATED_SLOT = "0000:00:02.0"
"""Where Intel's integrated graphics always are; their energy is part of the package."""

AMD_INTEGRATED = frozenset(
    {"1304", "15dd", "15d8", "1636", "1638", "164c", "1681", "15bf", "15c8", "164e", "13c0", "150e", "1900", "1901"}
)
"""PCI devices that are the graphics part of an AMD processor (PCI ID repository: Kaveri, Raven, Picasso, Renoir,
Cezanne, Lucienne, Rembrandt, Phoenix, Raphael, Granite Ridge, Strix, Hawk Point); their energy is part of the
package."""

PCI_ID_FILES = ("usr/share/misc/pci.ids", "usr/share/hwdata/pci.ids")
"""Where distributions keep the PCI ID repository."""

ARM_PARTS = {
    ("0x41", "0xd0c"): "Arm Neoverse-N1",
    ("0x41", "0xd40"): "Arm Neoverse-V1",
    ("0x41", "0xd49"): "Arm Neoverse-N2",
    ("0x41", "0xd4f"): "Arm Neoverse-V2",
    ("0xc0", "0xac3"): "Ampere-1",
    ("0x48", "0xd01"): "HiSilicon TSV110",
}
"""Arm's cpuinfo gives codes, not names: implementer and part (the table of util-linux's lscpu)."""

VIRTUAL_PRODUCTS = ("kvm", "qemu", "vmware", "virtualbox", "hvm domu", "virtual machine", "google compute", "openstack")
"""DMI product and vendor names of hypervisors (systemd-detect-virt); asked only where the processor does not tell."""


_NEXT_VENDOR = re.compile(rb"\n[0-9a-f]{4}  ")


def describe_machine(surroundings: Surroundings) -> Machine:
    """The machine below `surroundings.root`; what cannot be read is None, "not known"."""
    root = surroundings.root
    processor = first_processor(root)
    if not processor and root == Path("/"):
        return _described_by_psutil()
    accelerators = accelerators_on_bus(root)
    return Machine(
        cpu_name=processor_name(processor),
        cpu_sockets=_sockets(root),
        cpu_threads=_threads(root),
        memory_gib=_memory_gib(root),
        accelerators=tuple(name for _, name in accelerators or ()),
        accelerators_known=accelerators is not None,
        virtual=is_virtual(root, processor),
    )


def first_processor(root: Path) -> Mapping[str, str]:
    """The first processor's entry of ``/proc/cpuinfo``, by field name; empty where there is none."""
    try:
        with (root / "proc/cpuinfo").open("rb") as file:
            text = file.read(CPUINFO_FIRST_BYTES).decode(errors="replace")
    except OSError:
        return {}
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            fields.setdefault(name.strip(), value.strip())
    return fields


def processor_name(processor: Mapping[str, str]) -> str | None:
    """The processor's name for people, from its entry in ``/proc/cpuinfo``."""
    for field in ("model name", "cpu model", "Model", "cpu"):
        if processor.get(field):
            return processor[field]
    return ARM_PARTS.get((processor.get("CPU implementer", ""), processor.get("CPU part", "")))


def is_virtual(root: Path, processor: Mapping[str, str]) -> bool:
    """Whether this is a virtual machine: by the processor's ``hypervisor`` flag (x86), else by the DMI names."""
    if "flags" in processor:
        return "hypervisor" in processor["flags"].split()
    dmi = root / "sys/class/dmi/id"
    named = " ".join(_line(str(dmi / name)) for name in ("product_name", "sys_vendor")).lower()
    return any(product in named for product in VIRTUAL_PRODUCTS)


def accelerators_on_bus(root: Path) -> list[tuple[str, str]] | None:
    """PCI address and product name of each accelerator, in order of address; None where the bus cannot be listed.

    No device is touched: class and vendor come from the kernel's copy of the configuration space, so that a sleeping
    GPU sleeps on.
    """
    bus = root / "sys/bus"
    try:
        addresses = sorted(entry.name for entry in (bus / "pci/devices").iterdir())
    except OSError:
        # A machine with buses, but without this one, has no PCI device.
        return [] if bus.is_dir() else None
    found = [(address, *ids) for address in addresses if (ids := _accelerator_ids(bus / "pci/devices", address))]
    return [(address, _product_name(root, address, vendor, device)) for address, vendor, device in found]


def _accelerator_ids(devices: Path, address: str) -> tuple[str, str] | None:
    folder = f"{devices}/{address}"
    base_class = _line(f"{folder}/class")[2:4]
    if base_class not in {DISPLAY, PROCESSING}:
        return None
    vendor, device = _line(f"{folder}/vendor")[2:], _line(f"{folder}/device")[2:]
    integrated = (vendor == INTEL and address == INTEL_INTEGRATED_SLOT) or (vendor == AMD and device in AMD_INTEGRATED)
    return (vendor, device) if vendor in ACCELERATOR_VENDORS and not integrated else None


def _product_name(root: Path, address: str, vendor: str, device: str) -> str:
    """What the driver calls the device, else the PCI ID repository, else its numbers."""
    for line in _lines(root / "proc/driver/nvidia/gpus" / address / "information"):
        if line.startswith("Model:"):
            return line.partition(":")[2].strip()
    named = _line(str(root / "sys/bus/pci/devices" / address / "product_name"))
    if named:
        return named
    maker = ACCELERATOR_VENDORS[vendor]
    listed = _listed_name(root, vendor, device)
    return f"{maker} {listed}" if listed else f"{maker} accelerator {vendor}:{device}"


def _listed_name(root: Path, vendor: str, device: str) -> str | None:
    """The name in the PCI ID repository: ``GA100 [A100 SXM4 80GB]`` becomes what stands in brackets."""
    for place in PCI_ID_FILES:
        try:
            text = (root / place).read_bytes()
        except OSError:
            continue
        # The file has 38,000 lines; searching bytes for the two that matter takes a tenth of reading them.
        start = text.find(f"\n{vendor}  ".encode())
        following = _NEXT_VENDOR.search(text, start + 1)
        entry = text.find(f"\n\t{device}  ".encode(), start, following.start() if following else len(text))
        if start < 0 or entry < 0:
            return None
        name = text[entry + 8 : text.find(b"\n", entry + 1)].decode(errors="replace")
        return name.partition("[")[2].rstrip("]") or name
    return None


def _sockets(root: Path) -> int | None:
    """Physical packages: processors are crossed off by the list of their package, one read a package."""
    topology = str(root / "sys/devices/system/cpu/cpu{}/topology")
    waiting = set(numbers_in(_line(str(root / "sys/devices/system/cpu/online"))))
    sockets = 0
    while waiting:
        folder = topology.format(min(waiting))
        members = _line(f"{folder}/package_cpus_list") or _line(f"{folder}/core_siblings_list")
        if not members:
            return None
        waiting -= set(numbers_in(members)) | {min(waiting)}
        sockets += 1
    return sockets or None


def _threads(root: Path) -> int | None:
    online = sum(1 for _ in numbers_in(_line(str(root / "sys/devices/system/cpu/online"))))
    listed = sum(1 for line in _lines(root / "proc/stat") if line[:3] == "cpu" and line[3:4].isdigit())
    return online or listed or None


def numbers_in(listed: str) -> Iterator[int]:
    """The numbers in a list as the kernel writes it: ``0-3,8``."""
    for part in listed.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            yield from range(int(first), int(last or first) + 1)


def _memory_gib(root: Path) -> float | None:
    """``MemTotal`` of meminfo, which the kernel gives in KiB under the name kB."""
    for line in _lines(root / "proc/meminfo"):
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * BYTES_PER_KIB / BYTES_PER_GIB
    return None


def _line(path: str) -> str:
    """A small file's text, stripped; empty where it cannot be read."""
    # Without pathlib: it is called for every PCI device.
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(handle, 4096).decode(errors="replace").strip()
    except OSError:
        return ""
    finally:
        os.close(handle)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(errors="replace").splitlines()
    except OSError:
        return []


def _described_by_psutil() -> Machine:
    """The machine on a system without procfs; whether it is virtual and what is on its bus stays unknown."""
    import platform

    import psutil

    return Machine(
        cpu_name=platform.processor() or None,
        cpu_threads=psutil.cpu_count(),
        memory_gib=psutil.virtual_memory().total / BYTES_PER_GIB,
        accelerators_known=False,
    )
