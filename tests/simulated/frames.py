"""Ticks of a server that could have been, and what they come to by hand."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from dcfoot.counter import Outcome, Step
from dcfoot.reading import Channel, Domain
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.store import FrameReader, FrameStore
from dcfoot_probes.daemon.words import Frame, Split, Unit, UnitKind

NOON_NS = 1_790_078_400 * NS_PER_S
"""2026-09-22 12:00:00 UTC."""

Open = Callable[..., FrameStore]
"""The fixture `open_store`: ``open_store(path, memory_bytes=...)``."""

FOREVER_NS = (0, 4_000_000_000 * NS_PER_S)

GPUS = tuple(Channel("gpu01", Domain.GPU, f"GPU-{number}") for number in range(8))
SOCKETS = tuple(Channel("gpu01", Domain.PACKAGE, f"package-{number}") for number in range(2))

JOB = Unit(UnitKind.SLURM_JOB, "4711", "train", 1000, (("partition", "a100"),))
SHOP = Unit(UnitKind.CONTAINER, "f00d", "shop")


def step(energy_j: float, covered_s: float = 1.0) -> Step:
    """A step in which a channel took so much."""
    return Step(energy_j, covered_s, covered_s, Outcome.STEP)


def frame(
    start_s: float,
    energy_j: float | Mapping[Channel, Step] = 300.0,
    *,
    duration_s: float = 1.0,
    channels: Sequence[Channel] = GPUS[:1],
    splits: Mapping[Channel, Split] | None = None,
    gauges: Mapping[str, Mapping[str, float]] | None = None,
) -> Frame:
    """A tick that starts so long after noon; all its channels took as much, if nothing else is said."""
    steps = energy_j if isinstance(energy_j, Mapping) else dict.fromkeys(channels, step(energy_j, duration_s))
    end_ns = NOON_NS + round((start_s + duration_s) * NS_PER_S)
    return Frame(end_ns, duration_s, steps, splits or {}, gauges or {}, {})


def at_ns(seconds: float) -> int:
    """So long after noon."""
    return NOON_NS + round(seconds * NS_PER_S)


def ticks(path: Path, channel: Channel, seconds: Iterable[int], step_s: int = 1) -> list[float | None]:
    """A channel's mean power in each second after noon, as the store has it; None in a gap."""
    with FrameReader(path) as reader:
        wanted = list(seconds)
        power = reader.power(channel, at_ns(wanted[0]), at_ns(wanted[-1] + step_s), step_s)
    return [None if math.isnan(value) else value for value in power.mean_w]
