"""Builds the library, puts it where a process finds it, and tells which calls were made to it."""

import ctypes
import hashlib
import os
import struct
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulated.nvml.devices import SimulatedGpus
from simulated.nvml.script import write
from simulated.peers import c_compiler

SONAME = "libnvidia-ml.so.1"
SCRIPT_VARIABLE = "DCFOOT_NVML_SCRIPT"
SOURCES = Path(__file__).resolve().parent
FLAGS = (
    "-O2",
    "-std=gnu11",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    f"-Wl,-soname,{SONAME}",
)


def build_library(folder: Path) -> Path:
    """Compiles ``libnvidia-ml.so.1`` below `folder`, once for each state of its sources.

    Skips the test (in CI: fails it) where there is neither a C compiler nor the package ziglang.
    """
    sources = sorted(SOURCES.glob("*.[ch]"))
    state = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    library = folder / state / SONAME
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        _compile([source for source in sources if source.suffix == ".c"], library)
    return library


def _compile(sources: list[Path], library: Path) -> None:
    draft = library.with_name(f"{SONAME}.{os.getpid()}")
    command = [*c_compiler(), *FLAGS, "-o", str(draft), *map(str, sources), "-lpthread", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the simulated NVML does not compile: {' '.join(command)}\n{done.stderr}")
    draft.replace(library)


def preload(library: Path) -> ctypes.CDLL:
    """Loads the library into this process: from then on whoever asks for it by its name is given this one.

    The dynamic linker takes a library that is loaded already for one of the same SONAME (glibc, elf/dl-load.c).
    """
    return ctypes.CDLL(str(library))


@dataclass(frozen=True, slots=True)
class CallCounts:
    """How often each call was made: ``by_device[2]["nvmlDeviceGetPowerUsage"]``; None for calls about no device."""

    by_device: Mapping[int | None, Mapping[str, int]]

    def of(self, call: str) -> int:
        """How often a call was made, about any device or none."""
        return sum(calls.get(call, 0) for calls in self.by_device.values())

    def about(self, index: int) -> int:
        """How many calls were about a device."""
        return sum(self.by_device.get(index, {}).values())


@dataclass(frozen=True, slots=True)
class Installed:
    """GPUs that a process can find: the machine, the library, and the files between them."""

    gpus: SimulatedGpus
    library: Path
    script: Path
    log: Path

    def environ(self, *, nvidia_smi: bool = False) -> dict[str, str]:
        """The environment variables by which a child process finds the GPUs.

        With `nvidia_smi`, also the PATH with a program of that name that says nothing: some tools ask for it first and
        then use the library.
        """
        found = {
            "LD_LIBRARY_PATH": _in_front(self.library.parent, "LD_LIBRARY_PATH"),
            SCRIPT_VARIABLE: str(self.script),
        }
        if nvidia_smi:
            found["PATH"] = _in_front(_silent_program(self.script.with_name("bin") / "nvidia-smi").parent, "PATH")
        return found

    def calls(self) -> CallCounts:
        """The calls made so far, by all processes."""
        return read_calls(self.log)

    def true_energy_j(self, start_ns: int, end_ns: int, index: int | None = None) -> float:
        """`SimulatedGpus.true_energy_j` [J]."""
        return self.gpus.true_energy_j(start_ns, end_ns, index)


def _in_front(folder: Path, variable: str) -> str:
    return os.pathsep.join(filter(None, [str(folder), os.environ.get(variable)]))


def _silent_program(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\nexit 0\n")
    path.chmod(0o755)
    return path


def install(gpus: SimulatedGpus, library: Path, folder: Path) -> Installed:
    """Writes the script of these GPUs into `folder`; an earlier one there is replaced, also for who uses it already."""
    log = folder / "nvml-calls"
    return Installed(gpus, library, write(gpus, folder / "nvml-script", log), log)


_HEADER = struct.Struct("=8sII")
_NAME_BYTES = 56


def read_calls(log: Path) -> CallCounts:
    """The counts in a log; none where nothing has been called."""
    try:
        data = log.read_bytes()
    except FileNotFoundError:
        return CallCounts({})
    _, rows, columns = _HEADER.unpack_from(data)
    row = struct.Struct(f"={_NAME_BYTES}s{columns}Q")
    counts: dict[int | None, dict[str, int]] = {}
    for name, *numbers in row.iter_unpack(data[_HEADER.size : _HEADER.size + rows * row.size]):
        call = name.rstrip(b"\0").decode()
        for column, number in enumerate(numbers):
            if number:
                counts.setdefault(None if column == columns - 1 else column, {})[call] = number
    return CallCounts(counts)
