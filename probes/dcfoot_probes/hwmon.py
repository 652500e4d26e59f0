"""The folders of Linux's hardware monitors: what amd_energy, the ACPI power meter and Grace have in common.

In comes the root, out come the monitors of one driver, each with the way to its attributes.

Source: Linux, Documentation/hwmon/sysfs-interface.rst.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dcfoot.units import S_PER_MS
from dcfoot_probes.sysfs import names_in, number_of, text_of

CLASS_FOLDER = "sys/class/hwmon"

WINDOW_LEAST_S = 0.5
"""An average over a shorter time than this is read as power at an instant [s]: to recover every joule from it, it
would have to be read so often that reading costs more than it tells (the firmware answers in milliseconds)."""

INSTANT_PERIOD_S = 0.1
"""How often power at an instant is read [s], as NVIDIA's tools read Grace's 50 ms average at most."""


class Monitor(NamedTuple):
    """One hardware monitor.

    Parameters
    ----------
    folder : Path
        Its folder in the class.
    driver : str
        What its ``name`` says: ``"amd_energy"``, ``"power_meter"``, ``"amdgpu"``.
    """

    folder: Path
    driver: str

    def path(self, attribute: str) -> Path:
        """Where an attribute is: with the monitor, or with its device (drivers of the older interface)."""
        beside = self.folder / attribute
        return beside if beside.exists() else self.folder / "device" / attribute

    def text(self, attribute: str) -> str | None:
        """An attribute's text; None where it is not there."""
        return text_of(self.path(attribute))

    def number(self, attribute: str) -> int | None:
        """An attribute's number; None where there is none."""
        return number_of(self.path(attribute))

    def window_s(self) -> float:
        """Over how long ``power1_average`` is averaged [s]; 0 where it is not told."""
        return (self.number("power1_average_interval") or 0) * S_PER_MS


def monitors(root: Path, *drivers: str) -> Iterator[Monitor]:
    """The monitors of these drivers, in the order of their numbers."""
    for name in sorted(names_in(root / CLASS_FOLDER), key=lambda name: (len(name), name)):
        folder = root / CLASS_FOLDER / name
        driver = text_of(folder / "name") or text_of(folder / "device/name")
        if driver in drivers:
            yield Monitor(folder, driver)
