"""Which devices there are: on the bus where sysfs shows it, else through the library; none is woken by looking."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dcfoot_probes.nvidia.bus import PciGpu, gpus_on_bus
from dcfoot_probes.nvidia.nvml import NOT_FOUND, Nvml, NvmlFault, load


@dataclass(frozen=True, slots=True)
class Found:
    """A device.

    Parameters
    ----------
    pci : PciGpu or None
        Its place on the bus, where sysfs shows it.
    handle : object or None
        The library's; None while it sleeps.
    uuid, name : str
        Who it is; empty where it sleeps and the kernel module does not tell.
    """

    pci: PciGpu | None
    handle: object | None
    uuid: str
    name: str

    @property
    def asleep(self) -> bool:
        """Whether it is suspended now."""
        return self.pci is not None and self.pci.asleep


class Finder:
    """Finds devices; loads the library when the first one is awake.

    Parameters
    ----------
    root : Path
        Below it lie ``sys`` and ``proc``.
    """

    def __init__(self, root: Path) -> None:
        self.notes: list[str] = []
        self._root = root
        self._nvml: Nvml | None = None

    def library(self) -> Nvml:
        """The library; loaded once. Raises `ProbeUnavailable` where it cannot be."""
        if self._nvml is None:
            self._nvml = load()
        return self._nvml

    def close(self) -> None:
        """Gives the library back."""
        if self._nvml is not None:
            self._nvml.stop()
            self._nvml = None

    def found(self) -> list[Found]:
        """Every device that this process may see, in the order in which CUDA numbers them by PCI address.

        A container or a virtual machine may be shown a bus with devices that are not for it: the library does not know
        those. Where it is shown no bus (Windows' subsystem for Linux has none), the library's own list is taken.
        """
        on_bus = gpus_on_bus(self._root)
        return [one for pci in on_bus for one in self._on_bus(pci)] or list(self._listed())

    def awoken(self, sleeper: Found) -> Found | None:
        """A device that slept when it was found; None where the library does not know it."""
        return next(self._on_bus(sleeper.pci), None) if sleeper.pci else None

    def _on_bus(self, pci: PciGpu) -> Iterator[Found]:
        if pci.asleep:
            yield Found(pci, None, pci.uuid, pci.name)
            return
        nvml = self.library()
        try:
            yield replace(self._known(nvml.by_address(pci.address)), pci=pci)
        except NvmlFault as fault:
            if fault.code != NOT_FOUND:
                self._miss(pci.address, fault)

    def _listed(self) -> Iterator[Found]:
        nvml = self.library()
        for index in range(nvml.count()):
            try:
                yield self._known(nvml.by_index(index))
            except NvmlFault as fault:
                self._miss(f"number {index}", fault)

    def _known(self, handle: object) -> Found:
        nvml = self.library()
        return Found(None, handle, nvml.uuid(handle), nvml.name(handle))

    def _miss(self, which: str, fault: NvmlFault) -> None:
        self.notes.append(f"the NVIDIA GPU {which} cannot be read: {self.library().meaning(fault.code)}")
