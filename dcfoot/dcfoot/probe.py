"""The door through which meters come in: the `Probe` protocol and its discovery.

A probe is a class with a `name`, found through the entry-point group ``dcfoot.probes``; dcfoot's own probes use the
same door. Constructing one is free of side effects; `open` looks for the hardware.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic_ns
from typing import Protocol, runtime_checkable

from dcfoot.reading import Meter, Reading

ENTRY_POINT_GROUP = "dcfoot.probes"


def _hostname() -> str:
    return os.uname().nodename


def _root() -> Path:
    """DCFOOT_ROOT: where a container finds the file system of its host."""
    return Path(os.environ.get("DCFOOT_ROOT") or "/")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a probe may know of the machine; tests hand in a tree of their own.

    Parameters
    ----------
    host : str
        The machine's name, for `Channel.host`.
    root : Path
        The root below which ``sys`` and ``proc`` are read; DCFOOT_ROOT in the environment, else ``/``.
    environ : Mapping[str, str]
        The environment of the measured job.
    clock_ns : Callable[[], int]
        The monotonic clock that stamps readings [ns].
    """

    host: str = field(default_factory=_hostname)
    root: Path = field(default_factory=_root)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock_ns: Callable[[], int] = monotonic_ns


class Probe(Protocol):
    """A kind of meter. One thread calls it from `open` to `close`; it need not lock.

    Each method may raise `ProbeUnavailable` (for good, with what mends it) or `ProbeTransient` (this time). Anything
    else that it raises is treated as `ProbeUnavailable`.
    """

    name: str

    def open(self) -> Sequence[Meter]:
        """Finds the hardware and returns its meters; none nested in another of the same probe.

        No meter at all means "not yet": a device that sleeps may bring its meter with a reading, once it is awake.
        """
        ...

    def read(self) -> Sequence[Reading]:
        """Reads every meter that answers; one that is left out has a gap."""
        ...

    def close(self) -> None:
        """Gives back what `open` took. Called once, also after an error."""
        ...


@runtime_checkable
class EdgeProbe(Protocol):
    """A probe whose counters stand still between updates, and that can say what they held at an exact moment."""

    def read_start(self) -> Sequence[Reading]:
        """Like `read`, at the start of a run; may prepare what `settle_start` needs. Returns at once."""
        ...

    def settle_start(self) -> Sequence[Reading]:
        """Called once after the job was started: the readings of `read_start`, now made exact. May take 0.2 s."""
        ...

    def read_end(self) -> Sequence[Reading]:
        """Like `read`, at the end of a run, exact. May take 0.2 s."""
        ...


@runtime_checkable
class SharingProbe(Protocol):
    """A probe that knows which processes used its devices."""

    def use_ratio(self, pids: AbstractSet[int]) -> Mapping[str, float | None]:
        """Each device's share, since the last call, of the processes `pids`, in 0..1; None where it cannot be seen.

        Ask `pids` whether it holds a process (``pid in pids``, or ``users & pids``); what it lists may be incomplete.
        """
        ...


@runtime_checkable
class GaugeProbe(Protocol):
    """A probe that also knows how its devices are doing."""

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """By device: figures whose names end in their unit (``utilisation_ratio``, ``temperature_c``)."""
        ...


class NotingProbe(Protocol):
    """A probe with something to tell the reader of a receipt."""

    notes: list[str]


@dataclass(frozen=True, slots=True)
class ProbeEntry:
    """A probe that is installed, not yet loaded."""

    name: str
    load: Callable[[], Callable[[Surroundings], Probe]]


def installed_probes() -> Iterator[ProbeEntry]:
    """Every installed probe in order of name, none of them loaded; one name is yielded once."""
    from importlib.metadata import entry_points  # 30 ms: only where probes are looked for

    seen: set[str] = set()
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda e: e.name):
        if entry.name not in seen:
            seen.add(entry.name)
            yield ProbeEntry(entry.name, entry.load)
