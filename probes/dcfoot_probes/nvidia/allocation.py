"""Which devices the job was given: CUDA_VISIBLE_DEVICES, read as CUDA reads it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Named(Protocol):
    """A device as CUDA may name it."""

    @property
    def uuid(self) -> str:
        """``"GPU-..."``."""
        ...

    @property
    def name(self) -> str:
        """The product's name."""
        ...


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the job was given.

    Parameters
    ----------
    devices : frozenset of str or None
        UUIDs of whole devices, and of those of which it has an instance; None where nothing restricts it.
    instances : frozenset of str
        UUIDs of MIG instances.
    note : str
        What the reader must know; empty for nothing.
    """

    devices: frozenset[str] | None
    instances: frozenset[str] = frozenset()
    note: str = ""


def allocation(
    environ: Mapping[str, str], devices: Sequence[Named], device_of_instance: Callable[[str], str | None]
) -> Allocation:
    """Reads CUDA_VISIBLE_DEVICES (CUDA C++ Programming Guide, "CUDA Environment Variables").

    Indices, UUIDs, the beginning of a UUID where only one device has it, and MIG instances; the list ends at the first
    entry that names no device, so that ``-1`` and an empty value give none.

    Parameters
    ----------
    environ : Mapping[str, str]
        The job's environment.
    devices : Sequence of Named
        The machine's devices in order of PCI address.
    device_of_instance : Callable[[str], str or None]
        The UUID of the device that holds a MIG instance.
    """
    value = environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return Allocation(None)
    given: set[str] = set()
    instances: set[str] = set()
    for entry in (part.strip() for part in value.split(",")):
        uuid = device_of_instance(entry) if entry.startswith("MIG-") else _named(entry, devices)
        if uuid is None:
            break
        given.add(uuid)
        if entry.startswith("MIG-"):
            instances.add(entry)
    return Allocation(frozenset(given), frozenset(instances), _note(environ, value, devices))


def _named(entry: str, devices: Sequence[Named]) -> str | None:
    if entry.isdecimal():
        return devices[int(entry)].uuid if int(entry) < len(devices) else None
    found = [device.uuid for device in devices if entry.startswith("GPU-") and device.uuid.startswith(entry)]
    return found[0] if len(found) == 1 else None


def _note(environ: Mapping[str, str], value: str, devices: Sequence[Named]) -> str:
    """CUDA numbers the fastest first unless told otherwise, which is the order of the bus only among equals."""
    by_index = any(part.strip().isdecimal() for part in value.split(","))
    mixed = len({device.name for device in devices}) > 1
    if not by_index or not mixed or environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID":
        return ""
    return (
        "CUDA_VISIBLE_DEVICES numbers unlike devices by speed, and speed is not known here: the order of the bus is "
        "taken. Set CUDA_DEVICE_ORDER=PCI_BUS_ID or use UUIDs."
    )
