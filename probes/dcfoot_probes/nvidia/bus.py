"""NVIDIA's devices on the PCI bus, as sysfs shows them: looking there wakes none."""

import os
from dataclasses import dataclass
from pathlib import Path

_VENDOR = "0x10de"  # PCI-SIG: NVIDIA Corporation
_DISPLAY_CLASS = "0x03"  # PCI Code and ID Assignment Specification: base class 03h, display controller


@dataclass(frozen=True, slots=True)
class PciGpu:
    """A GPU on the bus.

    Parameters
    ----------
    address : str
        ``"0000:41:00.0"``.
    folder : Path
        Its folder in sysfs.
    may_sleep : bool
        Whether the kernel may suspend it while nobody uses it.
    """

    address: str
    folder: Path
    may_sleep: bool

    @property
    def asleep(self) -> bool:
        """Whether it is suspended now; any call to the driver would wake it."""
        return self.may_sleep and _text(self.folder / "power/runtime_status") in {"suspended", "suspending"}


def gpus_on_bus(root: Path) -> tuple[PciGpu, ...]:
    """NVIDIA's GPUs in order of PCI address; empty also where there is no sysfs."""
    bus = root / "sys/bus/pci/devices"
    try:
        addresses = sorted(os.listdir(bus))
    except OSError:
        return ()
    folders = {address: bus / address for address in addresses}
    return tuple(_gpu(address, folder) for address, folder in folders.items() if _is_gpu(folder))


def _is_gpu(folder: Path) -> bool:
    return _text(folder / "vendor") == _VENDOR and _text(folder / "class").startswith(_DISPLAY_CLASS)


def _gpu(address: str, folder: Path) -> PciGpu:
    # "on" keeps it awake for good, which is how servers ship; then nobody need look again.
    return PciGpu(address, folder, may_sleep=_text(folder / "power/control") != "on")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
