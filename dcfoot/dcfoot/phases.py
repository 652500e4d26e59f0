"""Phases: named parts of a run, with the energy that was booked while they lasted.

Marking a moment is free: it stores a stamp. What each channel had accumulated at that moment is interpolated when the
channel is booked next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from dcfoot.ledger import EnergyRecord
from dcfoot.measurement import Phase
from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S


@dataclass(slots=True)
class _Mark:
    time_ns: int
    energy_j: dict[Channel, float] = field(default_factory=dict[Channel, float])


@dataclass(frozen=True, slots=True)
class OpenPhase:
    """A phase that has begun; hand it back to `PhaseBook.end`."""

    path: str
    begin: _Mark


class PhaseBook:
    """Keeps the phases of one run. Safe to use from several threads."""

    def __init__(self, start_ns: int) -> None:
        self.start_ns = start_ns
        self._lock = Lock()
        self._last: dict[Channel, tuple[int, float]] = {}
        self._waiting: list[_Mark] = []
        self._ended: list[tuple[OpenPhase, _Mark]] = []

    def begin(self, path: str, time_ns: int) -> OpenPhase:
        """Opens the phase `path` at a moment of the monotonic clock [ns]."""
        return OpenPhase(path, self._mark(time_ns))

    def end(self, phase: OpenPhase, time_ns: int) -> None:
        """Closes a phase at a moment of the monotonic clock [ns]."""
        mark = self._mark(time_ns)
        with self._lock:
            self._ended.append((phase, mark))

    def book(self, record: EnergyRecord) -> None:
        """Takes note of an interval's energy."""
        with self._lock:
            then_ns, then_j = self._last.get(record.channel, (record.start_ns, 0.0))
            now_ns, now_j = record.end_ns, then_j + record.attributed_energy_j
            self._last[record.channel] = (now_ns, now_j)
            for mark in self._waiting:
                if mark.time_ns <= now_ns and record.channel not in mark.energy_j:
                    part = (mark.time_ns - then_ns) / (now_ns - then_ns) if now_ns > then_ns else 1.0
                    mark.energy_j[record.channel] = then_j + min(max(part, 0.0), 1.0) * (now_j - then_j)
            self._waiting = [mark for mark in self._waiting if len(mark.energy_j) < len(self._last)]

    def phases(self) -> tuple[Phase, ...]:
        """The phases that have ended, in order of their end."""
        with self._lock:
            return tuple(
                Phase(
                    phase.path,
                    (phase.begin.time_ns - self.start_ns) / NS_PER_S,
                    (end.time_ns - self.start_ns) / NS_PER_S,
                    self._between(phase.begin, end),
                )
                for phase, end in self._ended
            )

    def _mark(self, time_ns: int) -> _Mark:
        mark = _Mark(time_ns)
        with self._lock:
            self._waiting.append(mark)
        return mark

    def _between(self, begin: _Mark, end: _Mark) -> Mapping[str, float]:
        energy_j: dict[str, float] = {}
        for channel, (_, last_j) in self._last.items():
            spent_j = end.energy_j.get(channel, last_j) - begin.energy_j.get(channel, last_j)
            energy_j[str(channel.domain)] = energy_j.get(str(channel.domain), 0.0) + spent_j
        return energy_j
