"""The border to NVIDIA's management library: its names, codes and structures end here.

pynvml loads the library and declares its structures. What is read on every tick goes to the C functions directly, with
arguments prepared once.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from dcfoot.errors import ProbeUnavailable

LIBRARY = "libnvidia-ml.so.1"

T = TypeVar("T")

FIELD_POWER_AVERAGE = 185
"""Mean power of the last second [mW] (nvml.h, NVML_FI_DEV_POWER_AVERAGE)."""

FIELD_POWER_INSTANT = 186
"""Power over the sensor's own window [mW] (nvml.h, NVML_FI_DEV_POWER_INSTANT)."""

NO_PERMISSION, NOT_FOUND, INSUFFICIENT_SIZE, DRIVER_NOT_LOADED, VERSION_MISMATCH = 4, 6, 7, 9, 18
"""Of the codes that a call may answer (nvml.h, nvmlReturn_t)."""

_TOTAL_POWER_SAMPLES = 0  # nvml.h, nvmlSamplingType_t
_CLOCK_SM = 1  # nvml.h, nvmlClockType_t
_TEMPERATURE_GPU = 0  # nvml.h, nvmlTemperatureSensors_t
_ROWS_AT_FIRST = 32  # more processes than usually share a device; the list grows where there are more
_MEMBERS_OF_VALUE = ("dVal", "uiVal", "ulVal", "ullVal", "sllVal", "siVal", "usVal")  # nvml.h, nvmlValueType_t

_REMEDIES = {
    DRIVER_NOT_LOADED: "sudo modprobe nvidia",
    VERSION_MISMATCH: "sudo reboot  # the library is newer than the kernel module that is loaded",
    NO_PERMISSION: "sudo chmod a+rw /dev/nvidiactl /dev/nvidia[0-9]*",
}


class NvmlFault(Exception):
    """The library refused a call; `code` is its nvmlReturn_t."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def answer_or(otherwise: T, question: Callable[[], T]) -> T:
    """What a question answers; `otherwise` where the library refuses it."""
    try:
        return question()
    except NvmlFault:
        return otherwise


class Use(NamedTuple):
    """What a process used of a device's processors in one of the driver's sampling periods [%], and when [us]."""

    pid: int
    time_us: int
    sm_percent: int


@dataclass(frozen=True, slots=True)
class Instance:
    """A MIG instance of a device: its own handle and UUID, and its part of the device in compute slices."""

    handle: object
    uuid: str
    slices: int


def load() -> "Nvml":
    """Loads and initialises the library.

    Raises
    ------
    ProbeUnavailable
        Where there is no library or it does not start; a missing library is found out before pynvml is imported.
    """
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        raise ProbeUnavailable(f"there is no NVIDIA driver here: its library {LIBRARY} is not installed") from None
    nvml = Nvml(import_module("pynvml"))
    try:
        nvml.start()
    except NvmlFault as fault:
        reason = f"NVIDIA's driver does not start: {nvml.meaning(fault.code)}"
        raise ProbeUnavailable(reason, remedy(fault.code)) from None
    return nvml


def remedy(code: int) -> str:
    """What mends a fault of the whole library."""
    return _REMEDIES.get(code, "sudo dmesg | grep -i nvrm  # says why")


class Nvml:
    """The library, as far as it is used here. Every method may raise `NvmlFault`. One thread calls it."""

    def __init__(self, pynvml: ModuleType) -> None:
        self._pynvml = pynvml

    def start(self) -> None:
        """Initialises the library; balanced by `stop`."""
        self._ask("nvmlInit")

    def stop(self) -> None:
        """Gives back what `start` took; a library that is already gone is no fault."""
        answer_or(None, lambda: self._ask("nvmlShutdown"))

    def ensure_started(self) -> None:
        """Initialises the library again where the driver was reloaded; handles from before are no longer good."""
        if answer_or("", self.driver_version) == "":
            self.stop()
            self.start()

    def meaning(self, code: int) -> str:
        """The library's own words for a code."""
        return str(self._pynvml.NVMLError(code))

    def driver_version(self) -> str:
        """``"535.104.05"``."""
        return str(self._ask("nvmlSystemGetDriverVersion"))

    def count(self) -> int:
        """How many devices there are."""
        return int(self._ask("nvmlDeviceGetCount"))

    def by_index(self, index: int) -> object:
        """The handle of the device at `index`, in order of PCI address."""
        return self._ask("nvmlDeviceGetHandleByIndex", index)

    def by_address(self, address: str) -> object:
        """The handle of the device at a PCI address (``"0000:41:00.0"``)."""
        return self._ask("nvmlDeviceGetHandleByPciBusId", address.encode())

    def by_uuid(self, uuid: str) -> object:
        """The handle of a device or of a MIG instance."""
        return self._ask("nvmlDeviceGetHandleByUUID", uuid.encode())

    def uuid(self, handle: object) -> str:
        """``"GPU-..."`` or ``"MIG-..."``."""
        return str(self._ask("nvmlDeviceGetUUID", handle))

    def name(self, handle: object) -> str:
        """The product's name."""
        return str(self._ask("nvmlDeviceGetName", handle))

    def compute_capability(self, handle: object) -> tuple[int, int]:
        """Major and minor number."""
        major, minor = self._ask("nvmlDeviceGetCudaComputeCapability", handle)
        return int(major), int(minor)

    def power_limit_mw(self, handle: object) -> int:
        """The limit that the device keeps now, whoever set it [mW]."""
        return int(self._ask("nvmlDeviceGetEnforcedPowerLimit", handle))

    def power_limit_most_mw(self, handle: object) -> int:
        """The highest limit that may be set [mW]."""
        return int(self._ask("nvmlDeviceGetPowerManagementLimitConstraints", handle)[1])

    def utilisation_percent(self, handle: object) -> int:
        """The part of the last sampling period in which a kernel ran [%]."""
        return int(self._ask("nvmlDeviceGetUtilizationRates", handle).gpu)

    def memory_bytes(self, handle: object) -> tuple[int, int]:
        """Used and total memory [bytes]."""
        memory = self._ask("nvmlDeviceGetMemoryInfo", handle)
        return int(memory.used), int(memory.total)

    def sm_clock_mhz(self, handle: object) -> int:
        """The clock of the processors [MHz]."""
        return int(self._ask("nvmlDeviceGetClockInfo", handle, _CLOCK_SM))

    def temperature_c(self, handle: object) -> int:
        """The temperature of the chip [degC]."""
        return int(self._ask("nvmlDeviceGetTemperature", handle, _TEMPERATURE_GPU))

    def instances(self, handle: object) -> list[Instance] | None:
        """The MIG instances of a device; None where MIG is off or unknown to it."""
        try:
            if not self._ask("nvmlDeviceGetMigMode", handle)[0]:
                return None
            return [
                Instance(mig, self.uuid(mig), int(self._ask("nvmlDeviceGetAttributes", mig).gpuInstanceSliceCount))
                for mig in self._migs(handle)
            ]
        except NvmlFault:
            return None

    def _migs(self, handle: object) -> list[object]:
        found: list[object] = []
        for index in range(self._ask("nvmlDeviceGetMaxMigDeviceCount", handle)):
            try:
                found.append(self._ask("nvmlDeviceGetMigDeviceHandleByIndex", handle, index))
            except NvmlFault as fault:
                if fault.code != NOT_FOUND:  # a slot that holds no instance
                    raise
        return found

    def parent_of(self, mig: object) -> object:
        """The device that a MIG instance is part of."""
        return self._ask("nvmlDeviceGetDeviceHandleFromMigDeviceHandle", mig)

    def energy_reader(self, handle: object) -> Callable[[], int]:
        """Reads the energy since the driver was loaded [mJ]."""
        return self._scalar_reader("nvmlDeviceGetTotalEnergyConsumption", handle, ctypes.c_ulonglong())

    def power_reader(self, handle: object) -> Callable[[], int]:
        """Reads the power that the driver shows by default [mW]."""
        return self._scalar_reader("nvmlDeviceGetPowerUsage", handle, ctypes.c_uint())

    def average_power_reader(self, handle: object) -> Callable[[], int]:
        """Reads the mean power of the last second [mW]."""
        return self.field_reader(handle, FIELD_POWER_AVERAGE)

    def field_reader(self, handle: object, field: int) -> Callable[[], int]:
        """Reads one of the driver's fields."""
        function = self._function("nvmlDeviceGetFieldValues")
        values = (_plain(self._pynvml.c_nvmlFieldValue_t) * 1)()
        answer: Any = values[0]
        answer.fieldId = field
        one = ctypes.c_int32(1)

        def read() -> int:
            code = function(handle, one, values) or answer.nvmlReturn
            if code:
                raise NvmlFault(code)
            return int(getattr(answer.value, _MEMBERS_OF_VALUE[int(answer.valueType)]))

        return read

    def samples_reader(self, handle: object) -> Callable[[int], list[tuple[int, int]]]:
        """Reads the driver's buffer of power: (time stamp [us since the epoch], power [mW]) after a time stamp."""
        function = self._function("nvmlDeviceGetSamples")
        kind, count = ctypes.c_uint(), ctypes.c_uint()
        where_kind, where_count = ctypes.byref(kind), ctypes.byref(count)
        code = function(handle, _TOTAL_POWER_SAMPLES, ctypes.c_ulonglong(0), where_kind, where_count, None)
        if code:
            raise NvmlFault(code)
        size = count.value
        samples = (self._pynvml.c_nvmlSample_t * size)()

        def read(since_us: int) -> list[tuple[int, int]]:
            count.value = size
            since = ctypes.c_ulonglong(since_us)
            code = function(handle, _TOTAL_POWER_SAMPLES, since, where_kind, where_count, samples)
            if code == NOT_FOUND:  # nothing new since
                return []
            if code:
                raise NvmlFault(code)
            member = _MEMBERS_OF_VALUE[kind.value]
            return [(s.timeStamp, int(getattr(s.sampleValue, member))) for s in samples[: count.value]]

        return read

    def contexts_reader(self, handle: object) -> Callable[[], dict[int, int | None]]:
        """Reads which processes hold a compute or graphics context, and their memory [bytes]; None: not told."""
        compute = self._processes_reader("nvmlDeviceGetComputeRunningProcesses", handle)
        try:
            graphics = self._processes_reader("nvmlDeviceGetGraphicsRunningProcesses", handle)
            graphics()
        except NvmlFault:  # cards without a display engine refuse; the compute contexts are known
            return compute
        return lambda: graphics() | compute()

    def _processes_reader(self, call: str, handle: object) -> Callable[[], dict[int, int | None]]:
        # Drivers before 510 have only the second version; its structure is the same.
        function = answer_or(None, lambda: self._function(f"{call}_v3")) or self._function(f"{call}_v2")
        array = _array_reader(self._pynvml.c_nvmlProcessInfo_v2_t, lambda count, rows: function(handle, count, rows))
        unknown = self._pynvml.NVML_VALUE_NOT_AVAILABLE_ulonglong.value

        def read() -> dict[int, int | None]:
            held = ((process.pid, process.usedGpuMemory) for process in array())
            return {pid: None if memory == unknown else memory for pid, memory in held}

        return read

    def uses_reader(self, handle: object) -> Callable[[int], list[Use]]:
        """Reads what processes used since a time stamp of this same list [us since the epoch]; 0 for all there is."""
        function = self._function("nvmlDeviceGetProcessUtilization")
        since = ctypes.c_ulonglong()
        array = _array_reader(
            self._pynvml.c_nvmlProcessUtilizationSample_t, lambda count, rows: function(handle, rows, count, since)
        )

        def read(since_us: int) -> list[Use]:
            since.value = since_us
            rows = ((row.pid, row.timeStamp, row.smUtil) for row in array())
            # Drivers fill the list up with rows of junk, whose times are old or whose percentages are none.
            return [Use(*row) for row in rows if row[1] > since_us and row[2] <= 100]

        return read

    def field_or_power_reader(self, handle: object, field: int) -> Callable[[], int] | None:
        """Reads a power field where the device has it, else the default power [mW]; None where it has neither."""
        for make in (lambda: self.field_reader(handle, field), lambda: self.power_reader(handle)):
            read = answer_or(None, make)
            if read is not None and answer_or(None, read) is not None:
                return read
        return None

    def _scalar_reader(
        self, call: str, handle: object, answer: ctypes.c_uint | ctypes.c_ulonglong
    ) -> Callable[[], int]:
        function = self._function(call)
        where = ctypes.byref(answer)

        def read() -> int:
            code = function(handle, where)
            if code:
                raise NvmlFault(code)
            return int(answer.value)

        return read

    def _function(self, call: str) -> Callable[..., int]:
        function: Callable[..., int] = self._ask("_nvmlGetFunctionPointer", call)
        return function

    def _ask(self, call: str, *arguments: object) -> Any:  # noqa: ANN401 (pynvml is untyped; every caller names a type)
        try:
            return getattr(self._pynvml, call)(*arguments)
        except self._pynvml.NVMLError as error:
            raise NvmlFault(error.value) from None


def _plain(kind: Any) -> Any:  # noqa: ANN401 (structures of an untyped package)
    """The same structure without pynvml's look-up of members, which doubles their cost to turn bytes into text."""
    return type(kind.__name__, (ctypes.Structure,), {"_fields_": kind._fields_})


def _array_reader(kind: Any, function: Callable[[object, object], int]) -> Callable[[], list[Any]]:  # noqa: ANN401 (ctypes)
    """Reads a list of structures into memory that is kept, and that grows where the list did."""
    plain = _plain(kind)
    count = ctypes.c_uint()
    where = ctypes.byref(count)
    rows = (plain * _ROWS_AT_FIRST)()

    def read() -> list[Any]:
        nonlocal rows
        count.value = len(rows)
        code = function(where, rows)
        while code == INSUFFICIENT_SIZE and count.value > len(rows):
            rows = (plain * (2 * count.value))()
            count.value = len(rows)
            code = function(where, rows)
        if code and code != NOT_FOUND:
            raise NvmlFault(code)
        return [] if code or not count.value else list(rows[: count.value])

    return read
