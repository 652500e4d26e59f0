"""Reads every probe in a thread of its own: one that hangs, fails or goes away costs its own meters and nothing else.

A call of a driver that does not return is waited for by nobody: the others go on, and when it does return its readings
count from there.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from queue import SimpleQueue
from time import monotonic

from dcfoot.probe import Part, ProbeEntry, Surroundings
from dcfoot.reading import Meter
from dcfoot.threads import Beginning, begin
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.channels import Channels
from dcfoot_probes.daemon.usage import DeviceUses, Taken, Uses
from dcfoot_probes.daemon.words import ProbeState
from dcfoot_probes.daemon.worker import Answer, Call, Order, Patience, ProbeWorker

HANGS = "it does not answer; its driver may hang"

logger = logging.getLogger(__name__)


class _Watched:
    """What the loop knows of one worker."""

    def __init__(self, entry: ProbeEntry, worker: ProbeWorker, now_ns: int) -> None:
        self.entry = entry
        self.worker = worker
        self.state = ProbeState(up=False, said="it is being opened")
        self.is_open = False
        self.is_refused = False
        self.pending_since_ns: int | None = now_ns
        self.gauges: Mapping[str, Mapping[str, float]] = {}
        self.used: tuple[Uses, Sequence[Part]] = {}, ()

    def tell(self, said: str, read_s: float, *, failed: bool) -> None:
        """Takes note of how the probe is doing; what is new of that goes to the log."""
        before, name = self.state, self.worker.name
        self.state = ProbeState(not said, read_s, before.failures + failed, said)
        if said and (before.up or said != before.said):
            logger.log(logging.WARNING if before.up or failed else logging.INFO, "%s: %s", name, said)
        elif self.state.up and not before.up:
            logger.info("%s is read", name)


class Supervisor:
    """All workers, as the loop sees them; called by the loop's thread alone.

    Parameters
    ----------
    surroundings : Surroundings
        Handed to every probe.
    inbox : SimpleQueue of Call
        The loop's.
    patience : Patience
        How long to wait for what.
    """

    def __init__(
        self, surroundings: Surroundings, inbox: "SimpleQueue[Call]", patience: Patience | None = None
    ) -> None:
        self._patience = patience or Patience()
        self.channels = Channels()
        self._uses = DeviceUses()
        self._surroundings = surroundings
        self._inbox = inbox
        self._watched: dict[str, _Watched] = {}
        self._awaited: set[str] = set()

    def employ(self, entries: Sequence[ProbeEntry]) -> None:
        """Reads these probes from now on and no others; those that stood back behind one of them look again."""
        names = {entry.name for entry in entries}
        for name in self._watched.keys() - names:
            self._watched.pop(name).worker.order(Order.STOP)
            self.channels.withdraw(name)
        if names != self._surroundings.probes:
            self._surroundings = replace(self._surroundings, probes=names)
            self._look_again_with(self._surroundings)
        begin([self._beginning(entry) for entry in entries if entry.name not in self._watched])

    def _beginning(self, entry: ProbeEntry) -> Beginning:
        worker = ProbeWorker(entry, self._surroundings, self._inbox, self, self._patience)
        self._watched[entry.name] = _Watched(entry, worker, self._surroundings.clock_ns())
        return Beginning(worker.thread, partial(self._tell_refused, entry.name))

    def _tell_refused(self, name: str, fault: RuntimeError) -> None:
        self._inbox.put(partial(self._refused, name, fault))

    def _refused(self, name: str, fault: RuntimeError) -> None:
        """There is no room for the thread."""
        self._watched[name].is_refused = True
        self.closed(name, f"it is not read: {fault}", failed=True)

    def _look_again_with(self, surroundings: Surroundings) -> None:
        for watched in self._watched.values():
            watched.worker.surroundings = surroundings
            if not watched.is_open:
                watched.worker.order(Order.REOPEN)

    def look_again(self) -> None:
        """Looks for devices now: those that came or went are seen when a probe is opened, not before."""
        for watched in self._watched.values():
            watched.worker.order(Order.REOPEN)

    def begin_refused(self) -> None:
        """Tries once more to begin threads for which there was no room."""
        begin([self._beginning(one.entry) for one in list(self._watched.values()) if one.is_refused])

    def ask(self, interval_s: float) -> None:
        """Asks every probe for a reading that is open and owes none.

        Parameters
        ----------
        interval_s : float
            Time until the next round [s].
        """
        now_ns = self._surroundings.clock_ns()
        self._awaited.clear()
        for name, watched in self._watched.items():
            watched.worker.interval_s = interval_s
            if watched.is_open and watched.pending_since_ns is None:
                answer = watched.worker.answer_here()
                if answer is not None:
                    self.answered(name, answer)
                    continue
                watched.pending_since_ns = now_ns
                watched.worker.order(Order.READ)
                self._awaited.add(name)

    @property
    def is_waiting(self) -> bool:
        """Whether a probe that was asked in this round has not answered yet."""
        return bool(self._awaited)

    def take(self) -> Taken:
        """What the channels and parts of them took since the last call, and who used them."""
        return self._uses.take(self.channels.take(), self.channels.meters)

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """The last figures of every device."""
        return {device: figures for one in self._watched.values() for device, figures in one.gauges.items()}

    def states(self) -> Mapping[str, ProbeState]:
        """How each probe is doing; one that owes an answer for too long is down."""
        now_ns = self._surroundings.clock_ns()
        for watched in self._watched.values():
            if watched.pending_since_ns is None:
                continue
            waited_s = (now_ns - watched.pending_since_ns) / NS_PER_S
            if waited_s > self._patience.answer_s and watched.state.said != HANGS:
                watched.tell(HANGS, waited_s, failed=True)
        return {name: watched.state for name, watched in self._watched.items()}

    def opened(self, name: str, meters: Sequence[Meter]) -> None:
        """The worker reads at once, so its answer is awaited."""
        self._watched[name].is_open = True
        self._watched[name].pending_since_ns = self._surroundings.clock_ns()
        self.channels.offer(name, meters)

    def answered(self, name: str, answer: Answer) -> None:
        """Books what was read."""
        watched = self._watched[name]
        if answer.asked:
            self._awaited.discard(name)
            watched.pending_since_ns = None
            watched.tell(answer.said, answer.read_s, failed=answer.failed)
        if answer.gauges is not None:
            watched.gauges = answer.gauges
        if answer.uses is not None:
            watched.used = answer.uses, answer.parts
        if answer.asked:  # where it is too soon to ask who used a device, it is as it was
            self._uses.add(*watched.used, answer.uses_s)
        self.channels.add(name, answer.readings)
        if answer.uses is not None:
            self.channels.counted.part(name, answer.uses)

    def closed(self, name: str, said: str, *, failed: bool) -> None:
        """Its meters are gone until it is opened again."""
        watched = self._watched[name]
        self._awaited.discard(name)
        watched.is_open, watched.pending_since_ns, watched.gauges, watched.used = False, None, {}, ({}, ())
        watched.tell(said, 0.0, failed=failed)
        self.channels.withdraw(name)

    def stop(self, timeout_s: float) -> None:
        """Has every probe closed; one that hangs is left behind.

        Parameters
        ----------
        timeout_s : float
            How long that may take in all [s].
        """
        for watched in self._watched.values():
            watched.worker.order(Order.STOP)
        deadline_s = monotonic() + timeout_s
        for watched in self._watched.values():
            if watched.worker.thread.is_alive():
                watched.worker.thread.join(max(0.0, deadline_s - monotonic()))
