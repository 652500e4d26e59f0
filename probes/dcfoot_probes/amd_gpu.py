"""AMD GPUs: through amdsmi where it is installed, else through the amdgpu driver's hardware monitor.

The energy counter comes first (amdsmi, or the monitor's where it has one), then power. A GPU that sleeps is not read,
so that it is not woken: its meter has a gap.

Source: AMD SMI documentation, Python interface; Linux, Documentation/gpu/amdgpu/thermal.rst.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.machine import AMD, accelerators_on_bus
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import J_PER_UJ, W_PER_UW
from dcfoot_probes.hwmon import INSTANT_PERIOD_S
from dcfoot_probes.sysfs import NumberFiles, names_in, number_of, text_of

if TYPE_CHECKING:
    from dcfoot_probes.amd_smi import AmdSmi

DEVICES_FOLDER = "sys/bus/pci/devices"

POWER_MAX_W = 3_000.0
"""More than this is not power [W]: twice AMD's largest accelerator (Instinct MI355X: 1,400 W)."""

GAIN_P5, GAIN_P95 = 0.90, 1.10

SOURCE = (
    "judgement: AMD states no accuracy for amdgpu's sensors; the spread of NVIDIA's boards, -9.5 to +6.4 % "
    "(Yang et al. 2024, arXiv:2312.02741), rounded up"
)

ATTRIBUTES = (
    ("energy1_input", "amdgpu.hwmon_energy", Kind.COUNTER, J_PER_UJ),
    ("power1_average", "amdgpu.hwmon_average", Kind.POWER, W_PER_UW),
    ("power1_input", "amdgpu.hwmon_power", Kind.POWER, W_PER_UW),
)
"""The monitor's attributes, the best first: file, method, meaning, unit of a count."""

GAUGES = {
    "temperature_c": ("temp1_input", 1e-3),
    "utilisation_ratio": ("gpu_busy_percent", 1e-2),
    "memory_used_bytes": ("mem_info_vram_used", 1.0),
}
"""What else is read: the name, the file (with the monitor or with the device), and what to multiply by."""


class AmdGpu:
    """AMD's GPUs and accelerators.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; only what lies below its root is read, and amdsmi is asked for the GPUs that stand there.
    """

    name = "amd_gpu"

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._files = NumberFiles(surroundings.clock_ns)
        self._smi: AmdSmi | None = None
        self._folders: dict[str, Path] = {}
        self.notes: list[str] = []

    def open(self) -> Sequence[Meter]:
        """One meter a GPU.

        Raises
        ------
        ProbeUnavailable
            Where there is no AMD GPU, or none that can be read.
        """
        names = self._gpus()
        if not names:
            raise ProbeUnavailable("there is no AMD GPU on the bus")
        awake = {address: name for address, name in names.items() if not _sleeps(self._folder(address))}
        if len(awake) < len(names):
            self.notes.append(
                f"of {len(names)} AMD GPUs, {len(names) - len(awake)} asleep: not woken, and so not metered"
            )
        self._smi = self._library(awake) if awake else None
        if self._smi is None:
            for address, name in awake.items():
                self._open_monitor(address, name)
        meters = self._meters()
        if not meters:
            raise ProbeUnavailable("no AMD GPU can be read", "sudo modprobe amdgpu")
        self._folders = {meter.channel.device: self._folder(meter.channel.device) for meter in meters}
        return meters

    def read(self) -> Sequence[Reading]:
        """One reading a GPU that is awake and answers."""
        awake = {device for device, folder in self._folders.items() if not _sleeps(folder)}
        if not awake:
            raise ProbeTransient("the AMD GPUs sleep")
        source = self._smi or self._files
        return source.read(lambda meter: meter.channel.device in awake)

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """Temperature, utilisation and memory in use, by GPU."""
        return {device: _gauges(folder) for device, folder in self._folders.items() if not _sleeps(folder)}

    def close(self) -> None:
        """Closes the meters and amdsmi."""
        self._files.close()
        if self._smi:
            self._smi.close()

    def _library(self, names: Mapping[str, str]) -> "AmdSmi | None":
        from dcfoot_probes.amd_smi import AmdSmi  # only where there is an AMD GPU

        return AmdSmi.opened(self._surroundings, names, gpu_meter)

    def _gpus(self) -> dict[str, str]:
        """The name of each AMD GPU by its PCI address."""
        found = accelerators_on_bus(self._surroundings.root) or []
        return {address: name for address, name in found if text_of(self._folder(address) / "vendor") == f"0x{AMD}"}

    def _folder(self, address: str) -> Path:
        return self._surroundings.root / DEVICES_FOLDER / address

    def _meters(self) -> Sequence[Meter]:
        return self._smi.meters if self._smi else self._files.meters

    def _open_monitor(self, address: str, name: str) -> None:
        """Opens the best attribute of the GPU's monitor that answers."""
        monitor = _monitor(self._folder(address))
        for file, method, kind, unit in ATTRIBUTES if monitor else ():
            channel = Channel(self._surroundings.host, Domain.GPU, address)
            try:
                self._files.add(gpu_meter(channel, name, method, kind, unit), (monitor or Path()) / file)
            except OSError:
                continue
            return
        self.notes.append(f"{name} at {address} has no energy counter and no power sensor")


def gpu_meter(channel: Channel, name: str, method: str, kind: Kind, unit: float) -> Meter:
    """A meter of an AMD GPU; power is read ten times a second, a counter once."""
    return Meter(
        channel,
        name,
        method,
        kind,
        unit,
        power_max_w=POWER_MAX_W,
        period_s=1.0 if kind is Kind.COUNTER else INSTANT_PERIOD_S,
        gain_p5=GAIN_P5,
        gain_p95=GAIN_P95,
        source=SOURCE,
    )


def _monitor(device: Path) -> Path | None:
    """The device's hardware monitor."""
    return next((device / "hwmon" / name for name in names_in(device / "hwmon")), None)


def _sleeps(device: Path) -> bool:
    """Whether the kernel has suspended the device; reading this does not wake it."""
    return text_of(device / "power/runtime_status") == "suspended"


def _gauges(device: Path) -> dict[str, float]:
    monitor = _monitor(device) or device
    values = {
        name: (number_of(monitor / file) if (monitor / file).exists() else number_of(device / file), factor)
        for name, (file, factor) in GAUGES.items()
    }
    return {name: value * factor for name, (value, factor) in values.items() if value is not None}
