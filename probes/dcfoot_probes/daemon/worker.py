"""One probe in a thread of its own, opened and read until it is told to stop.

The thread and the loop's share nothing but two queues. The loop asks for a reading; the thread answers with a call that
is made in the loop's thread. A `PromptProbe` is opened and closed by its thread too, but lent to the loop in between,
which reads it without waking anybody. It goes back with the order to do anything else, or with what it raised.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple, Protocol

from dcfoot.errors import ProbeAwaiting, ProbeTransient, ProbeUnavailable
from dcfoot.probe import (
    GaugeProbe,
    PacedProbe,
    Part,
    PartsProbe,
    Probe,
    ProbeEntry,
    PromptProbe,
    Surroundings,
    UsesProbe,
)
from dcfoot.reading import Meter, Reading
from dcfoot.sampler import GAUGE_PERIOD_S
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.usage import Uses

SILENT = "a meter of it went silent; it is opened anew"

USES_LEAST_S = 0.2
"""How long is between two questions who used a device, at the least [s]: NVML samples that every sixth of a second
(nvmlDeviceGetProcessUtilization), and without a sample memory would decide."""

Call = Callable[[], None]
"""Something to be done in the loop's thread."""

logger = logging.getLogger(__name__)


class Order(Enum):
    """What the loop asks of a worker."""

    READ = "read"
    REOPEN = "reopen"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what. All are choices.

    Parameters
    ----------
    answer_s : float
        A probe that has not answered for so long is shown as down: NVML without persistence mode takes 1 to 3 s to
        open, a reading takes milliseconds [s].
    retry_first_s, retry_most_s : float
        A probe that failed is left alone so long, doubled at each failure in a row: a driver that restarts is back
        within seconds, and one that is broken is asked so rarely that it costs nothing [s].
    absent_s : float
        What is not there is looked for again after so long at least: a driver may be loaded after us, and looking for
        all that a server lacks takes some milliseconds of processor time [s].
    silent_s : float
        A probe one of whose meters went silent for so long is opened anew: a device that was reset may have another
        handle; longer than a busy driver takes [s].
    """

    answer_s: float = 2.0
    retry_first_s: float = 1.0
    retry_most_s: float = 300.0
    absent_s: float = 60.0
    silent_s: float = 30.0


class Why(Enum):
    """Why a probe is read no more."""

    ABSENT = "absent"
    FAILED = "failed"
    AGAIN = "again"


class _Ended(NamedTuple):
    why: Why
    said: str


class Answer(NamedTuple):
    """What a reading brought.

    Parameters
    ----------
    asked : bool
        Whether the loop asked for it; a meter that needs it is read in between too.
    readings : Sequence of Reading
        Of the meters that answered.
    read_s : float
        How long that took [s].
    said : str
        Why there are none; empty where there is nothing to say.
    failed : bool
        Whether that is a fault.
    gauges : Mapping or None
        Figures by device; None where they were not read this time.
    uses : Uses
        Who used the devices since they were last told of.
    uses_s : float
        How long that is [s].
    parts : Sequence of Part
        What parts of devices took in that time.
    """

    asked: bool
    readings: Sequence[Reading]
    read_s: float
    said: str = ""
    failed: bool = False
    gauges: Mapping[str, Mapping[str, float]] | None = None
    uses: Uses | None = None
    uses_s: float = 0.0
    parts: Sequence[Part] = ()


class Listener(Protocol):
    """Whom a worker tells; each of these is called in the loop's thread."""

    def opened(self, name: str, meters: Sequence[Meter]) -> None:
        """The probe was opened."""
        ...

    def answered(self, name: str, answer: Answer) -> None:
        """It was read."""
        ...

    def closed(self, name: str, said: str, *, failed: bool) -> None:
        """It is not there, or `failed`; it is tried again by and by."""
        ...


class _Roles(NamedTuple):
    """What else a probe can do, looked up once: to ask for a protocol takes longer than to read a file."""

    paced: PacedProbe | None
    uses: UsesProbe | None
    parts: PartsProbe | None
    gauges: GaugeProbe | None
    is_prompt: bool

    @staticmethod
    def of(probe: object) -> "_Roles":
        return _Roles(
            probe if isinstance(probe, PacedProbe) else None,
            probe if isinstance(probe, UsesProbe) else None,
            probe if isinstance(probe, PartsProbe) else None,
            probe if isinstance(probe, GaugeProbe) else None,
            isinstance(probe, PromptProbe) and probe.is_prompt,
        )


class ProbeWorker:
    """One probe in a thread of its own, opened again and again until it is told to stop.

    Parameters
    ----------
    entry : ProbeEntry
        The probe; loaded in the thread, so that a slow import delays nobody.
    surroundings : Surroundings
        Handed to it.
    inbox : SimpleQueue of Call
        The loop's: what is put there is called by the loop.
    listener : Listener
        Whom to tell.
    patience : Patience
        How long to wait for what.
    """

    def __init__(
        self,
        entry: ProbeEntry,
        surroundings: Surroundings,
        inbox: "SimpleQueue[Call]",
        listener: Listener,
        patience: Patience,
    ) -> None:
        self.name = entry.name
        self._orders: SimpleQueue[Order | Exception] = SimpleQueue()
        self.thread = Thread(target=self._live, name=f"dcfoot-{entry.name}"[:15], daemon=True)
        self._entry = entry
        self.surroundings = surroundings
        self._inbox = inbox
        self._listener = listener
        self._patience = patience
        self.interval_s = 1.0
        self._is_stopped = False
        self._lent: Probe | None = None
        self._roles = _Roles.of(None)
        self._next_gauge_ns = 0
        self._period_s = 0.0
        self._heard_ns: dict[int, int] = {}
        self._uses_ns = 0

    def order(self, order: Order) -> None:
        """Asks something of the thread. In the loop's thread."""
        self._orders.put(order)
        self._is_stopped = self._is_stopped or order is Order.STOP
        if order is not Order.READ:
            self._lent = None  # after the order is there, by which `_lend` tells that it came too late

    def answer_here(self) -> Answer | None:
        """A reading, in the loop's thread, of a probe that is lent to it; None where its own is to be asked."""
        probe = self._lent
        if probe is None:
            return None
        self._lent = None
        if not self._is_lendable:
            return None
        try:
            answer = self._answer(probe, asked=True)
            if self._is_silent():
                raise ProbeTransient(SILENT)  # noqa: TRY301 (the thread is to hear of either)
        except Exception as fault:  # noqa: BLE001 (it is raised again in the thread)
            self._orders.put(fault)
            return None
        self._lent = probe
        return answer

    def _tell(self, call: Call) -> None:
        """Has the loop told of it; after a stop there may be another worker of the name, which it is not about."""
        self._inbox.put(lambda: None if self._is_stopped else call())

    @property
    def _is_lendable(self) -> bool:
        return self._roles.is_prompt and not self._is_read_between

    @property
    def _is_read_between(self) -> bool:
        """Whether power must be looked at more often than frames are made."""
        return self._period_s < 0.9 * self.interval_s

    def _live(self) -> None:
        patience = self._patience
        pause_s = patience.retry_first_s
        while (ended := self._serve()) is not None:
            self._tell(partial(self._listener.closed, self.name, ended.said, failed=ended.why is Why.FAILED))
            pause_s = patience.retry_first_s if self._heard_ns else pause_s
            pauses_s = {Why.FAILED: pause_s, Why.ABSENT: max(pause_s, patience.absent_s), Why.AGAIN: 0.0}
            if self._is_stopped_within(pauses_s[ended.why]):
                return
            pause_s = min(2.0 * pause_s, patience.retry_most_s)

    def _is_stopped_within(self, pause_s: float) -> bool:
        """Waits for the pause to end, or for something to have changed."""
        while (order := self._ordered(pause_s)) is Order.READ:
            pass  # asked before the loop knew that the probe is closed
        return order is Order.STOP

    def _ordered(self, timeout_s: float | None) -> Order | None:
        """The next order; raises what a reading in the loop's thread raised."""
        try:
            order = self._orders.get(timeout=timeout_s)
        except Empty:
            return None
        if isinstance(order, Exception):
            raise order
        return order

    def _serve(self) -> "_Ended | None":
        """Opens the probe and reads it until it fails; None when it was told to stop."""
        self._heard_ns = {}
        self._uses_ns = 0
        probe: Probe | None = None
        try:
            probe = self._entry.load()(self.surroundings)
            meters = probe.open()
            self._roles = _Roles.of(probe)
            self._tell(partial(self._listener.opened, self.name, meters))
            self._period_s = min((meter.period_s for meter in meters), default=self._patience.retry_most_s)
            return self._read_on(probe)
        except ProbeUnavailable as absent:
            return _Ended(Why.FAILED if self._heard_ns else Why.ABSENT, str(absent))
        except ProbeTransient as transient:
            return _Ended(Why.FAILED, str(transient))
        except Exception as fault:  # a probe may be anybody's: whatever it raises, the others go on
            logger.debug("%s failed", self.name, exc_info=True)
            return _Ended(Why.FAILED, f"failed: {type(fault).__name__}: {fault}")
        finally:
            self._close(probe)

    def _close(self, probe: Probe | None) -> None:
        self._lent = None
        try:
            if probe is not None:
                probe.close()
        except Exception:  # what it raises while it gives back what it took changes nothing
            logger.debug("%s: close failed", self.name, exc_info=True)

    def _read_on(self, probe: Probe) -> "_Ended | None":
        order: Order | None = Order.READ
        while order is None or order is Order.READ:
            answer, is_silent = self._answer(probe, asked=order is Order.READ), self._is_silent()
            if self._is_lendable and not is_silent:
                self._lend(probe)
            if answer.asked or answer.readings:
                self._tell(partial(self._listener.answered, self.name, answer))
            if is_silent:
                return _Ended(Why.FAILED, SILENT)
            order = self._ordered(self._period_s if self._is_read_between else None)
        return None if order is Order.STOP else _Ended(Why.AGAIN, "it is opened anew")

    def _lend(self, probe: Probe) -> None:
        """From now on the loop may read it, unless it is ordered back already."""
        self._lent = probe
        if not self._orders.empty():
            self._lent = None

    def _answer(self, probe: Probe, *, asked: bool) -> Answer:
        clock_ns = self.surroundings.clock_ns
        began_ns = clock_ns()
        readings: Sequence[Reading] = ()
        said, failed = "", False
        if asked and self._roles.paced:
            self._roles.paced.pace(self.interval_s)
        try:
            readings = probe.read()
        except ProbeTransient as transient:
            said, failed = str(transient), not isinstance(transient, ProbeAwaiting)
        for reading in readings:
            self._heard_ns[id(reading.meter)] = began_ns
            self._period_s = min(self._period_s, reading.meter.period_s)
        uses, uses_s = self._uses(began_ns) if asked else (None, 0.0)
        parts = self._roles.parts.parts() if self._roles.parts and uses is not None else ()
        gauges = self._gauges(began_ns) if asked else None
        read_s = (clock_ns() - began_ns) / NS_PER_S
        return Answer(asked, readings, read_s, said, failed, gauges, uses, uses_s, parts)

    def _uses(self, now_ns: int) -> tuple[Uses | None, float]:
        """Who used the devices, and over how long [s]; not before the driver can have a new sample."""
        elapsed_s = (now_ns - self._uses_ns) / NS_PER_S if self._uses_ns else 0.0
        is_soon = bool(self._uses_ns) and elapsed_s < min(USES_LEAST_S, 0.9 * self.interval_s)
        if is_soon or self._roles.uses is None:
            return None, 0.0
        self._uses_ns = now_ns
        return self._roles.uses.uses(), elapsed_s

    def _gauges(self, now_ns: int) -> Mapping[str, Mapping[str, float]] | None:
        if now_ns < self._next_gauge_ns or self._roles.gauges is None:
            return None
        self._next_gauge_ns = now_ns + round(GAUGE_PERIOD_S * NS_PER_S)
        return self._roles.gauges.gauges()

    def _is_silent(self) -> bool:
        """Whether a meter that was heard since the probe was opened has not been for a while."""
        since_ns = self.surroundings.clock_ns() - round(self._patience.silent_s * NS_PER_S)
        return any(heard_ns < since_ns for heard_ns in self._heard_ns.values())
