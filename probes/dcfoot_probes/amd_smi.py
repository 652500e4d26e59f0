"""The border to amdsmi, AMD's library for its GPUs: its names and its faults end here.

The library is not a dependency: ROCm brings it. Without ROCm its import fails with `KeyError`, not `ImportError`, and
its answers changed from version to version, so nothing that it raises is let through.

Source: AMD SMI 7.0 documentation, Python interface.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self, cast

from dcfoot.errors import ProbeTransient
from dcfoot.probe import Surroundings
from dcfoot.reading import Channel, Domain, Kind, Meter, Reading
from dcfoot.units import J_PER_UJ

COUNTER_METHOD = "amdsmi.energy_count"
POWER_METHOD = "amdsmi.socket_power"

POWER_FIELDS = ("current_socket_power", "average_socket_power", "socket_power")
"""Which field holds the power depends on the generation (MI300 and later; before; both from version 6.4) [W]."""

logger = logging.getLogger("dcfoot.probes.amd_smi")

MeterMaker = Callable[[Channel, str, str, Kind, float], Meter]
"""Makes a meter of a channel, a name, a method, a kind and a unit."""


class Library(Protocol):
    """What is used of amdsmi; the names are the vendor's."""

    def amdsmi_init(self) -> None:
        """Opens the library."""
        ...

    def amdsmi_shut_down(self) -> None:
        """Closes it."""
        ...

    def amdsmi_get_processor_handles(self) -> Sequence[object]:
        """A handle for each GPU, or for each partition of one."""
        ...

    def amdsmi_get_gpu_device_bdf(self, processor_handle: object, /) -> str:
        """The PCI address."""
        ...

    def amdsmi_get_energy_count(self, processor_handle: object, /) -> Mapping[str, float]:
        """``energy_accumulator`` in counts of ``counter_resolution`` microjoules."""
        ...

    def amdsmi_get_power_info(self, processor_handle: object, /) -> Mapping[str, object]:
        """The fields `POWER_FIELDS` and others."""
        ...


class AmdSmi:
    """AMD's GPUs through amdsmi, after `opened`."""

    def __init__(self, library: Library, clock_ns: Callable[[], int]) -> None:
        self._library = library
        self._clock_ns = clock_ns
        self._sources: list[tuple[Meter, Callable[[], int]]] = []

    @classmethod
    def opened(cls, surroundings: Surroundings, names: Mapping[str, str], meter_of: MeterMaker) -> Self | None:
        """The library with a meter for each GPU of `names` (by PCI address); None where it cannot meter them all."""
        library = _library()
        if library is None:
            return None
        smi = cls(library, surroundings.clock_ns)
        try:
            library.amdsmi_init()
            for handle in library.amdsmi_get_processor_handles():
                smi._add(handle, surroundings.host, names, meter_of)
        except Exception:  # whatever it raises, the driver's own monitor is left
            logger.debug("amdsmi does not answer", exc_info=True)
            smi.close()
            return None
        if len(smi._sources) < len(names):
            smi.close()
            return None
        return smi

    @property
    def meters(self) -> Sequence[Meter]:
        """The meters in the order of the library."""
        return [meter for meter, _ in self._sources]

    def read(self, wanted: Callable[[Meter], bool]) -> Sequence[Reading]:
        """One reading of each GPU that answers, of those whose meter is wanted."""
        readings: list[Reading] = []
        for meter, value in self._sources:
            if not wanted(meter):
                continue
            try:
                readings.append(Reading(meter, value(), self._clock_ns()))
            except Exception:  # the same: this GPU has a gap
                logger.debug("%s does not answer", meter.name, exc_info=True)
        if not readings:
            raise ProbeTransient("amdsmi does not answer")
        return readings

    def close(self) -> None:
        """Gives the library back."""
        try:
            self._library.amdsmi_shut_down()
        except Exception:  # the same: nothing is left to do
            logger.debug("amdsmi does not shut down", exc_info=True)

    def _add(self, handle: object, host: str, names: Mapping[str, str], meter_of: MeterMaker) -> None:
        # Partitions of one card are functions of one PCI device and all report its total: one of them is metered.
        address = str(self._library.amdsmi_get_gpu_device_bdf(handle)).lower().rpartition(".")[0] + ".0"
        if address not in names or any(meter.channel.device == address for meter in self.meters):
            return
        channel = Channel(host, Domain.GPU, address)
        resolution_uj = self._resolution_uj(handle)
        if resolution_uj:
            meter = meter_of(channel, names[address], COUNTER_METHOD, Kind.COUNTER, resolution_uj * J_PER_UJ)
            self._sources.append((meter, lambda: int(self._counter(handle)["energy_accumulator"])))
        else:
            self._power_w(handle)
            meter = meter_of(channel, names[address], POWER_METHOD, Kind.POWER, 1.0)
            self._sources.append((meter, lambda: self._power_w(handle)))

    def _counter(self, handle: object) -> Mapping[str, float]:
        return self._library.amdsmi_get_energy_count(handle)

    def _resolution_uj(self, handle: object) -> float:
        """Microjoules in a count; 0 where this GPU has no counter [uJ]."""
        try:
            return float(self._counter(handle)["counter_resolution"])
        except Exception:  # the same: this GPU has no counter
            logger.debug("no energy counter", exc_info=True)
            return 0.0

    def _power_w(self, handle: object) -> int:
        """The power now [W]; fields that this generation does not have say ``"N/A"`` or 65,535."""
        fields = self._library.amdsmi_get_power_info(handle)
        known = (fields.get(name) for name in POWER_FIELDS)
        return next(int(value) for value in known if isinstance(value, int) and 0 < value < 0xFFFF)


def _library() -> Library | None:
    from importlib import import_module
    from importlib.util import find_spec

    try:
        return cast("Library", import_module("amdsmi")) if find_spec("amdsmi") else None
    except Exception:  # KeyError without ROCm; whatever else it is, amdsmi cannot be used
        logger.debug("amdsmi cannot be imported", exc_info=True)
        return None
