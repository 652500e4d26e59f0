"""Writes what is described as the script that the library reads; README.md beside this folder tells its statements."""

import math
from collections.abc import Iterator
from pathlib import Path

from simulated.nvml.devices import EnergyCounter, Fault, Sensor, SimulatedGpu, SimulatedGpus
from simulated.nvml.profile import Square, Steady, in_order, nanoseconds

FURTHEST_NS = 1 << 62
"""What stands for "for ever" in the script [ns]: 146 years."""


def write(gpus: SimulatedGpus, path: Path, log: Path | None = None) -> Path:
    """Writes the script in one step, so that a library that looks just then reads the old one or the new one."""
    text = "\n".join(statements(gpus, log)) + "\n"
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
    return path


def statements(gpus: SimulatedGpus, log: Path | None = None) -> Iterator[str]:
    """The lines of the script."""
    yield "dcfoot-nvml-script 1"
    yield f"epoch_ns {gpus.epoch_ns}"
    yield f"driver {gpus.driver}"
    if log is not None:
        yield f"log {log}"
    yield from map(_fault, gpus.faults)
    yield from (f"reload {_span(reload.span_s)} {reload.code}" for reload in gpus.reloads)
    for gpu in gpus.gpus:
        yield from _device(gpu, [reload.span_s[1] for reload in gpus.reloads])


def _time(time_s: float) -> int:
    return nanoseconds(time_s) if math.isfinite(time_s) else int(math.copysign(FURTHEST_NS, time_s))


def _span(span_s: tuple[float, float]) -> str:
    return f"{_time(span_s[0])} {_time(span_s[1])}"


def _fault(fault: Fault) -> str:
    delay = -1 if fault.delay_s is None else nanoseconds(fault.delay_s)
    return f"fault {fault.call} {fault.code} {_span(fault.span_s)} {delay}"


def _device(gpu: SimulatedGpu, reloaded_s: list[float]) -> Iterator[str]:
    yield "device"
    yield from _card(gpu)
    yield from _profile(gpu)
    for name, sensor in (
        ("usage", gpu.usage),
        ("average", gpu.average),
        ("instant", gpu.instant),
        ("samples", gpu.samples),
    ):
        if sensor is not None:
            yield from _sensor(name, sensor)
    if gpu.counter is not None:
        yield from _counter(gpu.counter, reloaded_s)
    yield from _users(gpu)
    yield from map(_fault, gpu.faults)
    yield from (f"glitch {glitch.of} {_span(glitch.span_s)} {glitch.shown}" for glitch in gpu.glitches)
    yield from (f"lost {_span(span_s)}" for span_s in gpu.losses_s)


def _card(gpu: SimulatedGpu) -> Iterator[str]:
    yield f"name {gpu.name}"
    yield f"uuid {gpu.uuid}"
    yield f"pci {gpu.pci_address}"
    yield f"chip {gpu.architecture} {gpu.brand} {gpu.compute_capability[0]} {gpu.compute_capability[1]}"
    yield f"memory {gpu.memory_bytes} {gpu.memory_reserved_bytes}"
    clocks = f"{gpu.sm_clock_mhz} {gpu.sm_clock_max_mhz} {gpu.memory_clock_mhz}"
    yield f"state {gpu.temperature_c} {clocks} {int(gpu.persistence)}"
    limits_w = (gpu.power_limit_w, *gpu.power_limits_w)
    yield "limit " + " ".join(str(round(limit_w * 1000)) for limit_w in limits_w)


def _profile(gpu: SimulatedGpu) -> Iterator[str]:
    if not in_order(gpu.profile):
        raise ValueError(f"the loads of {gpu.name} are not in order of time")
    yield f"before {gpu.profile.before_w!r}"
    for begin_s, load in gpu.profile.loads:
        match load:
            case Steady(power_w):
                yield f"steady {_time(begin_s)} {power_w!r}"
            case Square(high_w, low_w, period_s, duty_ratio):
                on_ns = nanoseconds(period_s * duty_ratio)
                yield f"square {_time(begin_s)} {high_w!r} {low_w!r} {nanoseconds(period_s)} {on_ns}"


def _sensor(name: str, sensor: Sensor) -> Iterator[str]:
    times_s = (sensor.part_s, sensor.period_s, sensor.phase_s, sensor.jitter_s, sensor.lag_s)
    times = " ".join(str(nanoseconds(time_s)) for time_s in times_s)
    yield f"sensor {name} {sensor.windows_count} {times} {1 + sensor.gradient_ratio!r} {sensor.offset_w!r}"
    for at_s, power_w in sensor.recorded:
        yield f"recorded {name} {_time(at_s)} {power_w!r}"


def _counter(counter: EnergyCounter, reloaded_s: list[float]) -> Iterator[str]:
    times_s = (counter.period_s, counter.phase_s, counter.jitter_s, counter.lag_s)
    times = " ".join(str(nanoseconds(time_s)) for time_s in times_s)
    shown = f"{1 + counter.gradient_ratio!r} {counter.offset_w!r} {counter.start_mj}"
    yield f"counter {int(counter.as_seen)} {times} {shown}"
    yield from (f"reset {_time(at_s)}" for at_s in (*counter.resets_s, *reloaded_s))
    yield from (f"freeze {_span(span_s)}" for span_s in counter.freezes_s)


def _users(gpu: SimulatedGpu) -> Iterator[str]:
    yield f"samples_kept {gpu.samples_count}"
    yield f"uses {nanoseconds(gpu.use_period_s)} {gpu.uses_count} {gpu.junk_uses_count}"
    if gpu.utilisation_percent is not None:
        yield f"utilisation {gpu.utilisation_percent[0]} {gpu.utilisation_percent[1]}"
    for process in gpu.processes:
        used = f"{process.memory_bytes} {process.sm_percent} {process.memory_percent} {_span(process.span_s)}"
        yield f"process {process.pid} {used} {int(process.graphics)} {process.instance_number} {process.compute_number}"
    yield f"mig_mode {int(gpu.mig_instances is not None)}"
    for mig in gpu.mig_instances or ():
        compute_slices = mig.compute_slices or mig.slices
        numbers = f"{mig.number} {mig.compute_number} {mig.slices} {compute_slices}"
        yield f"mig {mig.uuid} {numbers} {mig.memory_bytes}"
