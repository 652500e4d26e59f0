"""The loop: on every beat it has all probes read, and makes a `Frame` of what they say.

In come the supervisor's channels and the splitter's parts, out goes a frame, to whoever takes it. Everything that is to
change the loop (a signal, an answer of a probe) is a call in its inbox, so that all of it happens in one thread.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Protocol

from dcfoot.clock import Clock, ClockWatch
from dcfoot.counter import Step
from dcfoot.reading import Channel, Meter
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.demand import Demand
from dcfoot_probes.daemon.supervisor import Supervisor
from dcfoot_probes.daemon.usage import Uses
from dcfoot_probes.daemon.words import Frame, Split
from dcfoot_probes.daemon.worker import Call

FAST_INTERVAL_S = 0.1
"""Time between frames on demand [s]: as fast as NVML's counters move."""

FAST_FOR_S = 60.0
"""How long the demand of a signal lasts [s] (a choice: a look at what a job does)."""

PATIENCE_RATIO = 0.5
"""The part of an interval for which answers are waited for; what comes later is in the next frame [-] (a choice)."""

DEMAND_PATIENCE_S = 0.25
"""How long answers are waited for between two ticks [s] (a choice: who asks for a moment waits that long at the most,
and a beat is late by no more)."""

CLOSE_TIMEOUT_S = 1.0
"""How long the end waits for probes [s]: as long as that of a run."""

SELDOM_S = 60.0
"""How often is looked for what changes rarely [s]."""

logger = logging.getLogger(__name__)


class Splitter(Protocol):
    """Divides the energy of a tick among those who used it; called once a tick by the loop's thread."""

    def splits(self, steps: Mapping[Channel, Step], uses: Uses) -> Mapping[Channel, Split]:
        """How each channel is divided; one that is left out is nobody's that is known."""
        ...


class Unattributed:
    """Divides nothing: all of it is nobody's that is known."""

    def splits(self, steps: Mapping[Channel, Step], uses: Uses) -> Mapping[Channel, Split]:
        """No channel is divided."""
        del steps, uses
        return {}


OnFrame = Callable[[Frame, Mapping[Channel, Meter], float], None]
"""Takes a frame, the meters behind its channels, and the time to the next [s]."""


class Beat:
    """Moments a fixed time apart on the monotonic clock, whatever happens in between.

    Parameters
    ----------
    interval_s : float
        Time between them [s].
    now_ns : int
        When they begin; the first is an interval later [ns].
    """

    def __init__(self, interval_s: float, now_ns: int) -> None:
        self.interval_s = interval_s
        self._interval_ns = round(interval_s * NS_PER_S)
        self.next_ns = now_ns + self._interval_ns

    def go_on(self, now_ns: int) -> None:
        """The next beat after `now_ns`: those that were missed are left out, so that a late tick is one and not two."""
        missed = max(0, (now_ns - self.next_ns) // self._interval_ns)
        self.next_ns += (missed + 1) * self._interval_ns


class Loop:
    """Makes frames until it is stopped.

    Parameters
    ----------
    supervisor : Supervisor
        The probes.
    inbox : SimpleQueue of Call
        Where calls for this thread come in; the supervisor's.
    splitter : Splitter
        Divides energy; may be replaced between ticks.
    takers : Sequence of OnFrame
        Who takes each frame, in order; one that fails holds up no other.
    interval_s : float
        Time between frames [s].
    clock : Clock
        The machine's clocks.
    seldom : Call
        What is to be done once in `SELDOM_S`.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        inbox: "SimpleQueue[Call]",
        splitter: Splitter,
        takers: Sequence[OnFrame],
        *,
        interval_s: float = 1.0,
        clock: Clock | None = None,
        seldom: Call = lambda: None,
    ) -> None:
        self.splitter = splitter
        self.demand = Demand(partial(self.call, lambda: None))
        self._supervisor = supervisor
        self._inbox = inbox
        self._takers = takers
        self._seldom = seldom
        self._clock = clock or Clock()
        self._watch = ClockWatch(self._clock)
        self._interval_s = interval_s
        self._last_ns = self._clock.boottime_ns()
        self._beat = Beat(interval_s, self._clock.monotonic_ns())
        self._fast_until_ns = 0
        self._next_look_ns = self._clock.monotonic_ns() + round(SELDOM_S * NS_PER_S)
        self._stopping = False
        self._told: set[str] = set()
        self._parts: Mapping[Channel, Meter] = {}

    def run(self) -> None:
        """Ticks until `stop` is called; the time since the last beat is the last frame."""
        while not self._stopping:
            self._await_beat()
            self._guarded("a tick failed", self.tick)
        self._supervisor.stop(CLOSE_TIMEOUT_S)

    def call(self, what: Call) -> None:
        """Has something done in the loop's thread. From any thread or signal handler; returns at once."""
        self._inbox.put(what)

    def stop(self) -> None:
        """Ends the loop after one more frame. May be called from anywhere."""
        self.call(partial(setattr, self, "_stopping", True))

    def faster(self, for_s: float = FAST_FOR_S) -> None:
        """Makes ten frames a second for a while. May be called from anywhere.

        Parameters
        ----------
        for_s : float
            How long [s].
        """
        self.call(partial(self._hurry, for_s))

    def pace(self, interval_s: float) -> None:
        """Changes the time between frames. To be called in the loop's thread.

        Parameters
        ----------
        interval_s : float
            The new one [s].
        """
        self._interval_s = interval_s
        self._keep_time(self._clock.monotonic_ns())

    def tick(self) -> None:
        """Reads everything and hands out one frame."""
        now_ns, boottime_ns = self._clock.monotonic_ns(), self._clock.boottime_ns()
        self._beat.go_on(now_ns)
        self._keep_time(now_ns)
        self._gather(PATIENCE_RATIO * self._beat.interval_s)
        duration_s, self._last_ns = (boottime_ns - self._last_ns) / NS_PER_S, boottime_ns
        frame = self._frame(duration_s)
        for taker in self._takers:
            self._guarded("a frame could not be taken", partial(taker, frame, self._meters, self._beat.interval_s))
        self._look_seldom(now_ns)

    def _await_beat(self) -> None:
        while not self._stopping:
            left_s = (self._beat.next_ns - self._clock.monotonic_ns()) / NS_PER_S
            if left_s <= 0.0:
                return
            self.do_next(left_s)
            if self.demand.is_due:
                self._gather(min(PATIENCE_RATIO * self._beat.interval_s, DEMAND_PATIENCE_S))

    def _gather(self, patience_s: float) -> None:
        """Does what has come in, asks every probe, and goes on until all have answered or patience ends."""
        self._look_at_clocks()
        while not self._inbox.empty():
            self.do_next(0.0)
        self.demand.begin()
        self._supervisor.ask(self._beat.interval_s)
        deadline_s = time.monotonic() + patience_s
        while self._supervisor.is_waiting and (left_s := deadline_s - time.monotonic()) > 0.0:
            self.do_next(left_s)
        self.demand.end()

    def do_next(self, timeout_s: float) -> None:
        """Does one thing that has come in, or waits for one. In the loop's thread.

        Parameters
        ----------
        timeout_s : float
            How long to wait [s].
        """
        try:
            call = self._inbox.get(timeout=timeout_s)
        except Empty:
            return
        self._guarded("a call failed", call)

    def _frame(self, duration_s: float) -> Frame:
        supervisor = self._supervisor
        steps, uses, self._parts = supervisor.take()
        splits: dict[Channel, Split] = {}
        self._guarded("who used the energy is not known", lambda: splits.update(self.splitter.splits(steps, uses)))
        return Frame(self._clock.wall_ns(), duration_s, steps, splits, supervisor.gauges(), supervisor.states())

    @property
    def _meters(self) -> Mapping[Channel, Meter]:
        meters = self._supervisor.channels.meters
        return {**meters, **self._parts} if self._parts else meters

    def _guarded(self, what: str, call: Call) -> None:
        """Nothing that fails here may end the daemon; each kind of failure goes to the log once."""
        try:
            call()
        except Exception as fault:
            said = f"{what}: {type(fault).__name__}: {fault}"
            if said not in self._told:
                self._told.add(said)
                logger.exception(said)

    def _hurry(self, for_s: float) -> None:
        self._fast_until_ns = self._clock.monotonic_ns() + round(for_s * NS_PER_S)
        self._keep_time(self._clock.monotonic_ns())

    def _keep_time(self, now_ns: int) -> None:
        """Begins another beat where the pace has changed."""
        fast = now_ns < self._fast_until_ns
        interval_s = min(FAST_INTERVAL_S, self._interval_s) if fast else self._interval_s
        if interval_s != self._beat.interval_s:
            self._beat = Beat(interval_s, now_ns)

    def _look_at_clocks(self) -> None:
        slept_s, stepped_s = self._watch.suspended_s, self._watch.stepped_s
        self._watch.look()
        if self._watch.suspended_s != slept_s:
            self._supervisor.channels.begin_anew()
            logger.info("the machine slept for %.0f s; that is a gap", self._watch.suspended_s - slept_s)
        if self._watch.stepped_s != stepped_s:
            logger.info("the wall clock was stepped by %+.0f s", self._watch.stepped_s - stepped_s)

    def _look_seldom(self, now_ns: int) -> None:
        if now_ns >= self._next_look_ns:
            self._next_look_ns = now_ns + round(SELDOM_S * NS_PER_S)
            self._supervisor.begin_refused()
            self._guarded("looking for changes failed", self._seldom)
            self._told.clear()
