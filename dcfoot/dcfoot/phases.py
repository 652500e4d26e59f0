"""Phases: named parts of a run, with the energy that was booked while they lasted.

Marking a moment is cheap: it stores a stamp. What each channel had accumulated at that moment is interpolated when the
channel is booked next; a phase is told when all channels are. Phases nest in the context of the thread or task that
opens them, and need not end in the order of a stack.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Lock

from dcfoot.ledger import EnergyRecord
from dcfoot.measurement import Phase
from dcfoot.reading import Channel
from dcfoot.units import NS_PER_S

MOST_PHASES = 10_000
"""So many phases are kept one by one; of those after, one for each name. A choice: a phase takes half a kilobyte, and a
run's memory must not grow with its length."""

MOST_WAITING = 1_000
"""So many moments wait for a channel that does not answer; those before get what it had when it last did. A choice:
what a gap of a minute holds at 10 phases a second."""


@dataclass(eq=False, slots=True)
class _Account:
    """What a channel has accumulated, up to when, and the moments that are later than that."""

    channel: Channel
    booked_ns: int
    booked_j: float = 0.0
    waiting: "deque[_Mark]" = field(default_factory=deque["_Mark"])


@dataclass(slots=True)
class _Mark:
    """A moment, what each channel had accumulated then, and how many channels may still change that."""

    time_ns: int
    energy_j: dict[_Account, float]
    unsettled: int = 0


@dataclass(slots=True)
class OpenPhase:
    """A phase that has begun; hand it back to `PhaseBook.end`."""

    book: "PhaseBook"
    name: str
    path: str
    outer: "OpenPhase | None"
    begin: _Mark
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class _Ended:
    path: str
    begin: _Mark
    end: _Mark


_INNERMOST: ContextVar[OpenPhase | None] = ContextVar("dcfoot_phase", default=None)


class PhaseBook:
    """Keeps the phases of one run. Safe to use from several threads."""

    def __init__(self, start_ns: int) -> None:
        self.start_ns = start_ns
        self._lock = Lock()
        self._accounts: dict[int, _Account] = {}
        self._ended: deque[_Ended] = deque()
        self._kept: list[Phase] = []
        self._rest: dict[str, Phase] = {}

    def begin(self, name: str, time_ns: int) -> OpenPhase | None:
        """Opens a phase at a moment of the monotonic clock [ns], inside what is open in this context.

        None where that is inside a phase of the same name, as in a function that calls itself: it is a part of that.
        """
        around = list(self._open())
        if any(phase.name == name for phase in around):
            return None
        outer = around[0] if around else None
        phase = OpenPhase(self, name, f"{outer.path}/{name}" if outer else name, outer, self._mark(time_ns))
        _INNERMOST.set(phase)
        return phase

    def end(self, phase: OpenPhase | None, time_ns: int) -> None:
        """Closes a phase at a moment of the monotonic clock [ns]."""
        if phase is None:
            return
        ended = _Ended(phase.path, phase.begin, self._mark(time_ns))
        phase.is_open = False
        _INNERMOST.set(next(self._open(), None))
        with self._lock:
            self._ended.append(ended)
            self._settle()

    def book(self, record: EnergyRecord) -> None:
        """Takes note of an interval's energy."""
        with self._lock:
            account = self._accounts.get(id(record.channel))
            if account is None:
                account = self._accounts[id(record.channel)] = _Account(record.channel, record.start_ns)
            then_ns, then_j = account.booked_ns, account.booked_j
            account.booked_ns = now_ns = record.end_ns
            account.booked_j = now_j = then_j + record.attributed_energy_j
            waiting = account.waiting
            while waiting and waiting[0].time_ns <= now_ns:
                mark = waiting.popleft()
                part = (mark.time_ns - then_ns) / (now_ns - then_ns) if now_ns > then_ns else 1.0
                mark.energy_j[account] = then_j + min(max(part, 0.0), 1.0) * (now_j - then_j)
                mark.unsettled -= 1
            if self._ended:
                self._settle()

    def phases(self) -> tuple[Phase, ...]:
        """The phases that have ended and whose energy is settled, in order of their end."""
        with self._lock:
            return tuple(self._kept)

    def close(self) -> None:
        """Settles what is left: nothing will be booked any more."""
        with self._lock:
            while self._ended:
                self._keep(self._ended.popleft())
            self._kept += self._rest.values()
            self._rest = {}

    def remarks(self) -> list[str]:
        """What the reader of a receipt must know of the phases."""
        if len(self._kept) < MOST_PHASES:
            return []
        return [f"after the first {MOST_PHASES:,} phases, those of one name are one, as long as all of them together"]

    def _open(self) -> Iterator[OpenPhase]:
        """The phases of this run that are open in this context, the innermost first."""
        phase = _INNERMOST.get()
        while phase is not None and phase.book is self:
            if phase.is_open:
                yield phase
            phase = phase.outer

    def _mark(self, time_ns: int) -> _Mark:
        with self._lock:
            # What is booked so far is the least that it can be, and all that it is where a channel stays silent.
            mark = _Mark(time_ns, {account: account.booked_j for account in self._accounts.values()})
            for account in self._accounts.values():
                if time_ns > account.booked_ns:
                    if len(account.waiting) >= MOST_WAITING:
                        account.waiting.popleft().unsettled -= 1
                    account.waiting.append(mark)
                    mark.unsettled += 1
        return mark

    def _settle(self) -> None:
        while self._ended and not (self._ended[0].begin.unsettled or self._ended[0].end.unsettled):
            self._keep(self._ended.popleft())

    def _keep(self, ended: _Ended) -> None:
        phase = Phase(
            ended.path,
            (ended.begin.time_ns - self.start_ns) / NS_PER_S,
            (ended.end.time_ns - self.start_ns) / NS_PER_S,
            _between(ended.begin, ended.end),
        )
        if len(self._kept) < MOST_PHASES:
            self._kept.append(phase)
        elif phase.path in self._rest:
            self._rest[phase.path] = _lengthened(self._rest[phase.path], phase)
        elif len(self._rest) < MOST_PHASES:
            self._rest[phase.path] = phase


def _between(begin: _Mark, end: _Mark) -> Mapping[str, float]:
    """Energy by domain [J]; a channel that one of the moments does not know began after it."""
    energy_j: dict[str, float] = {}
    for account, end_j in end.energy_j.items():
        domain = str(account.channel.domain)
        energy_j[domain] = energy_j.get(domain, 0.0) + end_j - begin.energy_j.get(account, 0.0)
    return energy_j


def _lengthened(phase: Phase, other: Phase) -> Phase:
    """`phase`, as long as both and with the energy of both."""
    domains = {**phase.energy_j, **other.energy_j}
    return Phase(
        phase.path,
        phase.start_s,
        phase.end_s + other.end_s - other.start_s,
        {domain: phase.energy_j.get(domain, 0.0) + other.energy_j.get(domain, 0.0) for domain in domains},
    )
