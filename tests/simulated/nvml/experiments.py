"""What no document says of a card and only the card can: experiments, the same on a real one and on a simulated one.

Each takes what the library shows while a load runs; on a real card the load is `CudaLoad`, which needs nothing beyond
the driver, on a simulated one it is in its profile.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Self

from dcfoot_probes.nvidia.nvml import FIELD_POWER_AVERAGE, FIELD_POWER_INSTANT, Nvml, answer_or

NS_PER_S = 1_000_000_000
LOOK_S = 0.005
"""How often a card is looked at [s]: a quarter of the shortest period of a sensor."""

CUDA_LOAD = """
import ctypes, sys, time
on_s, off_s, begin_s = map(float, sys.argv[1:])
cuda = ctypes.CDLL("libcuda.so.1")
def check(status):
    if status:
        sys.exit(f"CUDA driver: {status}")
device, context, memory = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_uint64()
check(cuda.cuInit(0))
check(cuda.cuDeviceGet(ctypes.byref(device), 0))
check(cuda.cuCtxCreate_v2(ctypes.byref(context), 0, device))
words = 256 << 20
check(cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(4 * words)))
print("ready", flush=True)
while time.monotonic() < begin_s:
    pass
beat = 0
while True:
    began = begin_s + beat * (on_s + off_s)
    while time.monotonic() < began + on_s:
        check(cuda.cuMemsetD32_v2(memory, ctypes.c_uint(beat), ctypes.c_size_t(words)))
        check(cuda.cuCtxSynchronize())
    beat += 1
    while time.monotonic() < began + on_s + off_s:
        pass
"""
"""Fills a gigabyte again and again; the CUDA driver API, cuda.h."""


class CudaLoad:
    """A load on the first card, on and off in turn, from a moment on.

    Parameters
    ----------
    on_s, off_s : float
        How long it is on and off [s].
    begin_ns : int
        When it is first on, on the monotonic clock [ns].
    """

    def __init__(self, on_s: float, off_s: float, begin_ns: int) -> None:
        command = [sys.executable, "-c", CUDA_LOAD, str(on_s), str(off_s), str(begin_ns / NS_PER_S)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the load did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@dataclass(frozen=True, slots=True)
class Look:
    """What a card showed at a moment [ns]; None where it has no such thing.

    Parameters
    ----------
    time_ns : int
        The moment [ns].
    instant_w, average_w : float or None
        Fields 186 and 185 [W].
    energy_j : float or None
        The counter [J].
    """

    time_ns: int
    instant_w: float | None
    average_w: float | None
    energy_j: float | None


def looks(nvml: Nvml, handle: object, seconds: float) -> list[Look]:
    """Looks at a card every `LOOK_S` for so long."""
    instant = nvml.field_reader(handle, FIELD_POWER_INSTANT)
    average = nvml.field_reader(handle, FIELD_POWER_AVERAGE)
    energy = nvml.energy_reader(handle)
    found: list[Look] = []
    until_ns = time.monotonic_ns() + round(seconds * NS_PER_S)
    while (now_ns := time.monotonic_ns()) < until_ns:
        milli = [answer_or(None, read) for read in (instant, average, energy)]
        found.append(Look(now_ns, *(None if value is None else value / 1e3 for value in milli)))
        time.sleep(LOOK_S)
    return found


def mean_w(found: Sequence[Look]) -> float:
    """The mean of what field 186 showed [W]."""
    return fmean(look.instant_w for look in found if look.instant_w is not None)


def counted_w(found: Sequence[Look]) -> float:
    """The mean power by the counter, from its first change to its last [W]."""
    changes = [
        (after.time_ns, after.energy_j)
        for before, after in pairwise(found)
        if after.energy_j is not None and after.energy_j != before.energy_j
    ]
    (first_ns, first_j), (last_ns, last_j) = changes[0], changes[-1]
    return (last_j - first_j) / ((last_ns - first_ns) / NS_PER_S)


def average_error_ratio(found: Sequence[Look], window_s: float = 1.0) -> float:
    """How far field 185 is from the mean of field 186 over the window before: the median over the looks.

    Over that mean, and taken only where the power changed within the window, for elsewhere any mean is right.
    """
    errors: list[float] = []
    for number, look in enumerate(found):
        within = [e for e in found[:number] if look.time_ns - e.time_ns <= window_s * NS_PER_S]
        powers_w = [e.instant_w for e in within if e.instant_w is not None]
        complete = bool(within) and look.time_ns - found[0].time_ns > window_s * NS_PER_S
        if complete and look.average_w is not None and max(powers_w) > 1.2 * min(powers_w):
            errors.append(abs(look.average_w - fmean(powers_w)) / fmean(powers_w))
    return median(errors)


@dataclass(frozen=True, slots=True)
class Buffer:
    """The driver's buffer of power: how many samples it holds, over how long [s], and one how often [s]."""

    samples: int
    span_s: float
    period_s: float


def buffer_of(nvml: Nvml, handle: object) -> Buffer:
    """What the buffer of a card holds."""
    times_us = sorted(time_us for time_us, _ in nvml.samples_reader(handle)(0))
    return Buffer(
        len(times_us),
        (times_us[-1] - times_us[0]) / 1e6,
        median(after - before for before, after in pairwise(times_us)) / 1e6,
    )
