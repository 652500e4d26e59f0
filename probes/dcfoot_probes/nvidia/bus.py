"""NVIDIA's devices on the PCI bus, as sysfs and procfs show them: looking there wakes none."""

from dataclasses import dataclass
from pathlib import Path

from dcfoot_probes.sysfs import names_in, text_of

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
    uuid, name : str
        As the kernel module tells them (NVIDIA driver README, "/proc interface"); empty where it does not.
    minor : str
        What its file's name ends in, ``"0"`` of /dev/nvidia0, as the same tells.
    """

    address: str
    folder: Path
    may_sleep: bool
    uuid: str
    name: str
    minor: str

    @property
    def asleep(self) -> bool:
        """Whether it is suspended now; any call to the driver would wake it."""
        return self.may_sleep and text_of(self.folder / "power/runtime_status") in {"suspended", "suspending"}


def gpus_on_bus(root: Path) -> tuple[PciGpu, ...]:
    """NVIDIA's GPUs in order of PCI address; empty also where there is no sysfs."""
    bus = root / "sys/bus/pci/devices"
    return tuple(_gpu(root, bus / address) for address in names_in(bus) if _is_gpu(bus / address))


def _is_gpu(folder: Path) -> bool:
    return text_of(folder / "vendor") == _VENDOR and (text_of(folder / "class") or "").startswith(_DISPLAY_CLASS)


def _gpu(root: Path, folder: Path) -> PciGpu:
    told = _information(root / "proc/driver/nvidia/gpus" / folder.name / "information")
    # "on" keeps it awake for good, which is how servers ship; then nobody need look again.
    may_sleep = text_of(folder / "power/control") != "on"
    uuid, name, minor = (told.get(key, "") for key in ("GPU UUID", "Model", "Device Minor"))
    return PciGpu(folder.name, folder, may_sleep, uuid, name, minor)


def _information(path: Path) -> dict[str, str]:
    lines = (line.partition(":") for line in (text_of(path) or "").splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}
