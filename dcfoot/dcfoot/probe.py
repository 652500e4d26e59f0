"""The door through which meters come in: the `Probe` protocol and its discovery.

A probe is a class with a `name`, found through the entry-point group ``dcfoot.probes``; dcfoot's own probes use the
same door. Constructing one is free of side effects; `open` looks for the hardware.
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic_ns
from typing import NamedTuple, Protocol, cast, runtime_checkable

from dcfoot.reading import Channel, Meter, Reading

ENTRY_POINT_GROUP = "dcfoot.probes"

READER = "reader"
"""The probe that stands for as many as there are addresses in the setting ``read``: one for each exporter."""


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
    probes : AbstractSet[str] or None
        The probes that are opened here: one that is not among them meters nothing, so none stands back behind it; None
        for all.
    """

    host: str = field(default_factory=_hostname)
    root: Path = field(default_factory=_root)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock_ns: Callable[[], int] = monotonic_ns
    probes: AbstractSet[str] | None = None


class Probe(Protocol):
    """A kind of meter. One thread at a time calls it from `open` to `close`; it need not lock.

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
class UsesProbe(Protocol):
    """A probe that knows how much each process used its devices; ask it for that or for `use_ratio`, not for both."""

    def uses(self) -> Mapping[str, Mapping[int, float]]:
        """By device: the share of each process since the last call, also of one that has ended.

        Shares add up to 1 at most, and what they leave is nobody's: a device that nobody used has none. One that is
        left out cannot be seen.
        """
        ...


class Part(NamedTuple):
    """What a part of a device that is cut into several took of what the whole device did.

    Parameters
    ----------
    meter : Meter
        Describes it, and names the device (`Meter.cut`); it is never read.
    ratio : float
        Its part, in 0..1.
    uses : Mapping[int, float] or None
        By process: the part of the device's energy that it took here; what they leave of `ratio` is nobody's. None
        where it is not known whose it is.
    """

    meter: Meter
    ratio: float
    uses: Mapping[int, float] | None


@runtime_checkable
class PartsProbe(Protocol):
    """A probe some of whose devices are cut into parts, which are lent one by one."""

    def parts(self) -> Sequence[Part]:
        """What each part took in the time that `UsesProbe.uses` told of when it was asked last."""
        ...


@runtime_checkable
class PacedProbe(Protocol):
    """A probe that polls between the readings that it gives, and is to be told how often these are wanted."""

    def pace(self, interval_s: float) -> None:
        """From now on readings are wanted this often [s]."""
        ...


@runtime_checkable
class PromptProbe(Protocol):
    """A probe that reads counters of the kernel which answer at once, and nothing that a driver may hang in.

    The daemon reads it in its own thread once it is open: to wake another costs more than such a reading.
    """

    is_prompt: bool


@runtime_checkable
class GaugeProbe(Protocol):
    """A probe that also knows how its devices are doing."""

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """By device: figures whose names end in their unit (``utilisation_ratio``, ``temperature_c``)."""
        ...


@runtime_checkable
class PowerProbe(Protocol):
    """A probe that is told powers by somebody who has looked for longer than a short look can."""

    def powers_w(self) -> Mapping[Channel, float]:
        """The mean power of each channel over a while that has just ended [W]; one that is not known is left out."""
        ...


class NotingProbe(Protocol):
    """A probe with something to tell the reader of a receipt."""

    notes: list[str]


@dataclass(frozen=True, slots=True)
class ProbeEntry:
    """A probe that is installed, not yet loaded."""

    name: str
    load: Callable[[], Callable[[Surroundings], Probe]]


def installed_probes(path: Sequence[str] | None = None) -> Iterator[ProbeEntry]:
    """Every installed probe in order of name, none of them loaded; one name is yielded once.

    Parameters
    ----------
    path : Sequence of str or None
        Where distributions are looked for, the first first; None for ``sys.path``.
    """
    seen: set[str] = set()
    for name, value in sorted(_declared(sys.path if path is None else path), key=lambda entry: entry[0]):
        if name not in seen:
            seen.add(name)
            yield ProbeEntry(name, partial(_loaded, value))


def with_readers(entries: Iterable[ProbeEntry], addresses: Sequence[str]) -> list[ProbeEntry]:
    """These probes with a reader for each address in the place of the one that stands for all; none without addresses.

    Parameters
    ----------
    entries : Iterable of ProbeEntry
        Probes.
    addresses : Sequence of str
        Of exporters.
    """
    return [
        one
        for entry in entries
        for one in ([_reader(entry, address) for address in addresses] if entry.name == READER else [entry])
    ]


def _reader(entry: ProbeEntry, address: str) -> ProbeEntry:
    """A probe that is called by its exporter's place: ``reader@127.0.0.1:9400``."""
    place = address.partition("://")[2].removesuffix("/metrics")
    return ProbeEntry(f"{READER}@{place}", partial(_at, entry, address))


def _at(entry: ProbeEntry, address: str) -> Callable[[Surroundings], Probe]:
    return partial(cast("Callable[..., Probe]", entry.load()), address=address)


def _declared(path: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and ``module:attribute`` of each entry point of the group.

    `importlib.metadata` finds the same; it is asked only where distributions may lie in something else than a folder,
    because importing it costs 10 ms and looking through all groups another 4: a sixth of what a run costs.
    """
    folders = [folder or "." for folder in dict.fromkeys(path)]
    if any(Path(folder).is_file() for folder in folders):
        from importlib.metadata import distributions

        for distribution in distributions(path=folders):
            chosen = distribution.entry_points.select(group=ENTRY_POINT_GROUP)
            yield from ((entry.name, entry.value) for entry in chosen)
        return
    for folder in folders:
        for name in _distributions(folder):
            yield from _of_group(f"{folder}/{name}/entry_points.txt")


def _distributions(folder: str) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208 (hundreds)
    except OSError:
        return []


def _of_group(file: str) -> Iterator[tuple[str, str]]:
    """The lines ``name = module:attribute [extra]`` below ``[dcfoot.probes]`` (PyPA's entry points specification)."""
    try:
        with open(file, encoding="utf-8") as text:  # noqa: PTH123 (the same)
            section = text.read().partition(f"[{ENTRY_POINT_GROUP}]\n")[2].partition("\n[")[0]
    except (OSError, UnicodeDecodeError):
        return
    for line in section.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.lstrip().startswith(("#", ";")):
            yield name.strip(), value.partition("[")[0].strip()


def _loaded(value: str) -> Callable[[Surroundings], Probe]:
    from importlib import import_module

    module, _, attribute = value.partition(":")
    found: object = import_module(module)
    for part in attribute.split("."):
        found = getattr(found, part)
    return cast("Callable[[Surroundings], Probe]", found)
