"""The border to NVIDIA's management library: its names, codes and structures end here.

pynvml loads the library and declares its structures. What is read on every tick goes to the C functions directly, with
arguments prepared once.
"""

import ctypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from operator import attrgetter
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
_MEMORY_SLICES = 8  # NVIDIA MIG User Guide, "Concepts": a memory slice is an eighth of the memory
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
    """A MIG instance of a device.

    Parameters
    ----------
    handle : object
        Its own.
    uuid : str
        ``"MIG-..."``.
    slices : int
        Its part of the device, in compute slices: of a GPU instance that is cut up further, those of its own.
    number : int
        The number of its GPU instance on the device.
    profile : str
        ``"3g.40gb"``; of a part of a GPU instance ``"1c.3g.40gb"``.
    """

    handle: object = field(compare=False)
    uuid: str
    slices: int
    number: int
    profile: str


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

    def power_limit_most_mw(self, handle: object) -> int:
        """The highest limit that may be set [mW]."""
        return int(self._ask("nvmlDeviceGetPowerManagementLimitConstraints", handle)[1])

    def is_cut(self, handle: object) -> bool:
        """Whether MIG is on; not where it is unknown to the device."""
        return bool(answer_or([0], lambda: self._ask("nvmlDeviceGetMigMode", handle))[0])

    def instances(self, handle: object) -> list[Instance]:
        """The MIG instances of a device. May raise `NvmlFault`, as while one of them is being removed."""
        whole_bytes = int(self._ask("nvmlDeviceGetMemoryInfo", handle).total)
        return [self._instance(mig, whole_bytes) for mig in self._migs(handle)]

    def instances_most(self, handle: object) -> int:
        """How many MIG instances fit on a device: the compute slices that it has for them."""
        return int(self._ask("nvmlDeviceGetMaxMigDeviceCount", handle))

    def _instance(self, mig: object, whole_bytes: int) -> Instance:
        of = self._ask("nvmlDeviceGetAttributes", mig)
        number, slices = self._ask("nvmlDeviceGetGpuInstanceId", mig), int(of.computeInstanceSliceCount)
        profile = profile_of(int(of.gpuInstanceSliceCount), slices, int(of.memorySizeMB) << 20, whole_bytes)
        return Instance(mig, self.uuid(mig), slices, int(number), profile)

    def _migs(self, handle: object) -> list[object]:
        found: list[object] = []
        for index in range(self.instances_most(handle)):
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
        return self._reader("nvmlDeviceGetTotalEnergyConsumption", ctypes.c_ulonglong(), handle)

    def power_reader(self, handle: object) -> Callable[[], int]:
        """Reads the power that the driver shows by default [mW]."""
        return self._reader("nvmlDeviceGetPowerUsage", ctypes.c_uint(), handle)

    def power_limit_reader(self, handle: object) -> Callable[[], int]:
        """Reads the limit that the device keeps now, whoever set it [mW]."""
        return self._reader("nvmlDeviceGetEnforcedPowerLimit", ctypes.c_uint(), handle)

    def utilisation_reader(self, handle: object) -> Callable[[], int]:
        """Reads the part of the last sampling period in which a kernel ran [%]."""
        answer = _plain(self._pynvml.c_nvmlUtilization_t)()
        return self._reader("nvmlDeviceGetUtilizationRates", answer, handle, member="gpu")

    def memory_reader(self, handle: object) -> Callable[[], int]:
        """Reads how much memory is used [bytes]."""
        answer = _plain(self._pynvml.c_nvmlMemory_t)()
        return self._reader("nvmlDeviceGetMemoryInfo", answer, handle, member="used")

    def sm_clock_reader(self, handle: object) -> Callable[[], int]:
        """Reads the clock of the processors [MHz]."""
        return self._reader("nvmlDeviceGetClockInfo", ctypes.c_uint(), handle, _CLOCK_SM)

    def sm_clock_max_reader(self, handle: object) -> Callable[[], int]:
        """Reads the highest clock that the processors can have [MHz]."""
        return self._reader("nvmlDeviceGetMaxClockInfo", ctypes.c_uint(), handle, _CLOCK_SM)

    def temperature_reader(self, handle: object) -> Callable[[], int]:
        """Reads the temperature of the chip [degC]."""
        return self._reader("nvmlDeviceGetTemperature", ctypes.c_uint(), handle, _TEMPERATURE_GPU)

    def average_power_reader(self, handle: object) -> Callable[[], int]:
        """Reads the mean power of the last second [mW]."""
        return self.field_reader(handle, FIELD_POWER_AVERAGE)

    def field_reader(self, handle: object, field: int) -> Callable[[], int]:
        """Reads one of the driver's fields."""
        function = self._function("nvmlDeviceGetFieldValues")
        values = (_plain(self._pynvml.c_nvmlFieldValue_t) * 1)()
        answer: Any = values[0]
        answer.fieldId = field
        value = answer.value
        ask = partial(function, handle, ctypes.c_int32(1), values)

        def read() -> int:
            code = ask() or answer.nvmlReturn
            if code:
                raise NvmlFault(code)
            return int(getattr(value, _MEMBERS_OF_VALUE[int(answer.valueType)]))

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

    def contexts_reader(self, handle: object) -> Callable[[], Mapping[int, int | None]]:
        """Reads which processes hold a compute or graphics context, and their memory [bytes]; None: not told."""
        compute = self._processes_reader("nvmlDeviceGetComputeRunningProcesses", handle)
        try:
            graphics = self._processes_reader("nvmlDeviceGetGraphicsRunningProcesses", handle)
            graphics()
        except NvmlFault:  # cards without a display engine refuse; the compute contexts are known
            graphics = bytes
        unknown = self._pynvml.NVML_VALUE_NOT_AVAILABLE_ulonglong.value
        told, held = b"", dict[int, int | None]()

        def read() -> Mapping[int, int | None]:
            nonlocal told, held
            now = graphics() + compute()
            if now != told:
                rows = _rows(self._pynvml.c_nvmlProcessInfo_v2_t, now)
                told, held = now, {row.pid: None if row.usedGpuMemory == unknown else row.usedGpuMemory for row in rows}
            return held

        return read

    def _processes_reader(self, call: str, handle: object) -> Callable[[], bytes]:
        # Drivers before 510 have only the second version; its structure is the same.
        function = answer_or(None, lambda: self._function(f"{call}_v3")) or self._function(f"{call}_v2")
        kind = self._pynvml.c_nvmlProcessInfo_v2_t
        return _array_reader(kind, lambda count, rows: partial(function, handle, count, rows))

    def uses_reader(self, handle: object) -> Callable[[int], list[Use]]:
        """Reads what processes used since a time stamp of this same list [us since the epoch]; 0 for all there is."""
        function = self._function("nvmlDeviceGetProcessUtilization")
        since, kind = ctypes.c_ulonglong(), self._pynvml.c_nvmlProcessUtilizationSample_t
        array = _array_reader(kind, lambda count, rows: partial(function, handle, rows, count, since))

        def read(since_us: int) -> list[Use]:
            since.value = since_us
            rows = ((row.pid, row.timeStamp, row.smUtil) for row in _rows(kind, array()))
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

    def _reader(self, call: str, answer: Any, *question: object, member: str = "value") -> Callable[[], int]:  # noqa: ANN401 (ctypes)
        """Puts a question whose answer the library writes into a place that is kept."""
        ask = partial(self._function(call), *question, ctypes.byref(answer))
        value_of: Callable[[Any], int] = attrgetter(member)

        def read() -> int:
            code = ask()
            if code:
                raise NvmlFault(code)
            return value_of(answer)

        return read

    def _function(self, call: str) -> Callable[..., int]:
        function: Callable[..., int] = self._ask("_nvmlGetFunctionPointer", call)
        return function

    def _ask(self, call: str, *arguments: object) -> Any:  # noqa: ANN401 (pynvml is untyped; every caller names a type)
        try:
            return getattr(self._pynvml, call)(*arguments)
        except self._pynvml.NVMLError as error:
            raise NvmlFault(error.value) from None


def profile_of(slices: int, compute_slices: int, memory_bytes: int, whole_bytes: int) -> str:
    """What NVIDIA calls a MIG instance of a size.

    The memory is rounded up to eighths of the device's, as NVIDIA's own programs do (github.com/NVIDIA/go-nvlib,
    pkg/nvlib/device/mig_profile.go).

    Parameters
    ----------
    slices, compute_slices : int
        Of its GPU instance, and of what that has in it.
    memory_bytes : int
        Of its GPU instance [bytes].
    whole_bytes : int
        Of the device [bytes].
    """
    eighths = -(-_MEMORY_SLICES * memory_bytes // whole_bytes)
    memory_gb = round(eighths / _MEMORY_SLICES * -(-whole_bytes >> 30))
    part = "" if compute_slices == slices else f"{compute_slices}c."
    return f"{part}{slices}g.{memory_gb}gb"


@cache
def _plain(kind: Any) -> Any:  # noqa: ANN401 (structures of an untyped package)
    """The same structure without pynvml's look-up of members, which doubles their cost to turn bytes into text."""
    return type(kind.__name__, (ctypes.Structure,), {"_fields_": kind._fields_})


def _array_reader(kind: Any, question: Callable[[object, object], Callable[[], int]]) -> Callable[[], bytes]:  # noqa: ANN401 (ctypes)
    """Reads a list of structures into memory that is kept, and that grows where the list did.

    Parameters
    ----------
    kind : ctypes.Structure
        One of them.
    question : Callable
        Makes the call that writes their count and the structures themselves into two places.
    """
    count, row_bytes = ctypes.c_uint(), ctypes.sizeof(kind)

    def made_for(size: int) -> tuple[int, memoryview, Callable[[], int]]:
        place = (ctypes.c_char * (size * row_bytes))()
        return size, memoryview(place), question(ctypes.byref(count), place)

    size, rows, ask = made_for(_ROWS_AT_FIRST)

    def read() -> bytes:
        nonlocal size, rows, ask
        count.value = size
        code = ask()
        while code == INSUFFICIENT_SIZE and count.value > size:
            size, rows, ask = made_for(2 * count.value)
            count.value = size
            code = ask()
        if code and code != NOT_FOUND:
            raise NvmlFault(code)
        return b"" if code else rows[: count.value * row_bytes].tobytes()

    return read


def _rows(kind: Any, told: bytes) -> list[Any]:  # noqa: ANN401 (ctypes)
    """The structures of a list that was read."""
    return list((_plain(kind) * (len(told) // ctypes.sizeof(kind))).from_buffer_copy(told))
