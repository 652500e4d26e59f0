"""The loop that reads probes: one thread a probe, so that a driver that hangs holds up nothing but its own meters.

In come probes (by protocol), out go readings into a ledger, each with the share of the consumer in the same interval.
The start and the end of a run are read exactly, not at the next tick. Nothing is raised: what fails becomes a remark.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from threading import Condition, Event, Lock, Thread
from time import thread_time

from dcfoot.activity import TICK_S, Activity
from dcfoot.attribution import EXACT, PROCESSOR_DOMAINS, ProcessorShares, Share, device_share
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.ledger import EnergyLedger, EnergyRecord, worth_keeping
from dcfoot.probe import EdgeProbe, GaugeProbe, Probe, ProbeEntry, SharingProbe, Surroundings
from dcfoot.reading import Domain, Meter, Reading
from dcfoot.threads import Beginning, begin
from dcfoot.units import NS_PER_S

OPEN_TIMEOUT_S = 2.0
"""How long a run waits for its probes before it starts without the late ones [s] (a choice: NVML without persistence
mode takes 1 to 3 s to initialise; a job must not wait for a driver that hangs)."""

CLOSE_TIMEOUT_S = 1.0
"""How long the end of a run waits for the last readings [s]."""

GAUGE_PERIOD_S = 5.0
"""How often temperature, clocks, utilisation and the like are read [s]."""

POKES_PER_S = 10
"""How often readings may be asked for between ticks, in the long run [1/s]: as often as NVML's counters move (a choice:
at 0.1 ms a reading of all meters that is 0.1 % of a core)."""

POKES_AT_ONCE = 20
"""How many of them may come at once: so many edges of phases are read exactly, however short the phases are."""

logger = logging.getLogger("dcfoot.sampler")


class Means:
    """Run means of gauges, by device and name."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], tuple[float, int]] = {}

    def add(self, gauges: Mapping[str, Mapping[str, float]]) -> None:
        """Adds one reading of every gauge."""
        for device, figures in gauges.items():
            for name, value in figures.items():
                total, times = self._sums.get((device, name), (0.0, 0))
                self._sums[device, name] = (total + value, times + 1)

    def means(self) -> dict[str, dict[str, float]]:
        """The mean of each gauge so far."""
        result: dict[str, dict[str, float]] = {}
        for (device, name), (total, times) in self._sums.items():
            result.setdefault(device, {})[name] = total / times
        return result


class ProbeLoop:
    """Drives one probe in a thread of its own, from `open` to `close`.

    Parameters
    ----------
    name : str
        The probe's.
    make : Callable[[], Probe]
        Loads and constructs it; called in the thread, so that a slow import delays nobody.
    sampler : Sampler
        Whom to report to.
    """

    def __init__(self, name: str, make: Callable[[], Probe], sampler: "Sampler") -> None:
        self.name = name
        self.opened, self.started, self.closed = Event(), Event(), Event()
        self.meters: Sequence[Meter] = ()
        self.remarks: list[str] = []
        self.means = Means()
        self.cpu_s = 0.0
        self._make = make
        self._sampler = sampler
        self._activity: Activity | None = None
        self._processors = ProcessorShares(TICK_S)
        self._next_gauge_ns = 0
        self._period_s = sampler.interval_s
        self._shares_processors = False
        self._sharing: SharingProbe | None = None
        self._gauges: GaugeProbe | None = None
        self.thread = Thread(target=self._live, name=f"dcfoot-{name}", daemon=True)

    def refused(self, fault: RuntimeError) -> None:
        """Takes note that there is no room for the thread: the job needs what there is."""
        self.remarks.append(f"{self.name} is not read: {fault}")
        self._end()

    def _live(self) -> None:
        probe: Probe | None = None
        try:
            probe = self._make()
            self.meters = probe.open()
            self.opened.set()
            self._sampler.wait_for_start()
            self._measure(probe)
        except ProbeUnavailable as absent:
            logger.debug("%s: %s", self.name, absent)
            if self.started.is_set():
                self.remarks.append(f"{self.name}: {absent}")
        except ProbeTransient as silent:
            self.remarks.append(f"{self.name}: {silent}")
        except Exception as fault:  # a probe may be anybody's: whatever it raises, the job goes on
            logger.debug("%s failed", self.name, exc_info=True)
            self.remarks.append(f"{self.name} failed: {type(fault).__name__}: {fault}")
        finally:
            self._close(probe)

    def _close(self, probe: Probe | None) -> None:
        if probe is not None:
            self.remarks.extend(getattr(probe, "notes", ()))
            try:
                probe.close()
            except Exception:  # the same: nothing a probe does may reach the job
                logger.debug("%s: close failed", self.name, exc_info=True)
        self.cpu_s = thread_time()
        self._end()

    def _end(self) -> None:
        for event in (self.opened, self.started, self.closed):
            event.set()

    def _measure(self, probe: Probe) -> None:
        # None at all is "not yet": devices that sleep bring their meters when they wake up.
        if self.meters and not self._sampler.kept(self.meters):
            return
        edges = probe if isinstance(probe, EdgeProbe) else None
        self._sharing = probe if isinstance(probe, SharingProbe) else None
        self._gauges = probe if isinstance(probe, GaugeProbe) else None
        self._know_meters()
        self._share_now()
        first = self._tried(edges.read_start if edges else probe.read)
        self.started.set()
        if edges and self._sampler.job_started.wait(OPEN_TIMEOUT_S):
            first = self._tried(edges.settle_start) or first
        self._book(first, {})
        while self._sampler.wait_for_tick(self._period_s):
            self._tick(probe.read)
        self._tick(edges.read_end if edges else probe.read)

    def _know_meters(self) -> None:
        kept = self._sampler.kept(self.meters)
        self._period_s = min([self._sampler.interval_s, *(meter.period_s for meter in kept)])
        self._shares_processors = any(meter.channel.domain in PROCESSOR_DOMAINS for meter in self.meters)

    def _tick(self, read: Callable[[], Sequence[Reading]]) -> None:
        readings = self._tried(read)
        # Whoever could not be read now is read later: until then its share keeps accumulating.
        if readings:
            self._book(readings, self._share_now())
        self._gauge()
        self.cpu_s = thread_time()

    def _tried(self, read: Callable[[], Sequence[Reading]]) -> Sequence[Reading]:
        try:
            return read()
        except ProbeTransient as transient:
            remark = f"{self.name}: {transient}"
            if remark not in self.remarks:
                self.remarks.append(remark)
            return ()

    def _book(self, readings: Sequence[Reading], shares: Mapping[str, Share]) -> None:
        add, on_record = self._sampler.ledger.add, self._sampler.on_record
        for reading in readings:
            channel = reading.meter.channel
            share = shares.get(channel.device) or shares.get(_BY_DOMAIN[channel.domain], EXACT)
            record = add(reading, share)
            if record is None and self._sampler.admit(reading.meter):
                self.meters = [*self.meters, reading.meter]
                self._know_meters()
                record = add(reading, share)
            if record is not None:
                on_record(record)

    def _share_now(self) -> Mapping[str, Share]:
        """The run's share since the last call: by device where the probe knows it, else of the processors."""
        shares: dict[str, Share] = {}
        if self._sharing:
            ratios = self._sharing.use_ratio(self._sampler.pids())
            shares = {device: device_share(ratio) for device, ratio in ratios.items()}
        if self._shares_processors:
            now = self._sampler.activity()
            before, self._activity = self._activity, now
            if now is not None and before is not None:
                shares[_PROCESSORS] = self._processors.of(*now.since(before))
        return shares

    def _gauge(self) -> None:
        now_ns = self._sampler.surroundings.clock_ns()
        if self._gauges and now_ns >= self._next_gauge_ns:
            self._next_gauge_ns = now_ns + round(GAUGE_PERIOD_S * NS_PER_S)
            self.means.add(self._gauges.gauges())


_PROCESSORS = "processors"
_BY_DOMAIN = {domain: _PROCESSORS if domain in PROCESSOR_DOMAINS else str(domain) for domain in Domain}


class Sampler:
    """Reads probes into a ledger from `start` to `stop`.

    Parameters
    ----------
    entries : Iterable of ProbeEntry
        The probes to try.
    surroundings : Surroundings
        Handed to each of them.
    activity : Callable[[], Activity or None]
        CPU time of the consumer and of the machine; None where it cannot be known, and then everything is the
        consumer's.
    pids : Callable[[], AbstractSet[int]]
        The consumer's processes.
    interval_s : float
        How often counters are read [s]; probes that need it are read more often.
    on_record : Callable[[EnergyRecord], None]
        Told of every booked interval.
    """

    def __init__(
        self,
        entries: Iterable[ProbeEntry],
        surroundings: Surroundings,
        *,
        activity: Callable[[], Activity | None],
        pids: Callable[[], AbstractSet[int]],
        interval_s: float = 1.0,
        on_record: Callable[[EnergyRecord], None] = lambda _: None,
    ) -> None:
        self.surroundings = surroundings
        self.activity = activity
        self.pids = pids
        self.interval_s = interval_s
        self.on_record = on_record
        self.ledger = EnergyLedger()
        self.job_started = Event()
        self._chosen = Event()
        self._offered: dict[int, Meter] = {}
        self._meters: dict[int, Meter] = {}
        self._wake = Condition(Lock())
        self._stopping = False
        self._pokes, self._poked_ns = float(POKES_AT_ONCE), surroundings.clock_ns()
        self._loops = [ProbeLoop(entry.name, partial(_made, entry, surroundings), self) for entry in entries]

    def start(self, *before: Beginning) -> None:
        """Opens every probe and takes the first readings; returns when they are taken, or after `OPEN_TIMEOUT_S`.

        Parameters
        ----------
        before : Beginning
            Threads to begin before those of the probes.
        """
        deadline_ns = self.surroundings.clock_ns() + round(OPEN_TIMEOUT_S * NS_PER_S)
        begin([*before, *(Beginning(loop.thread, loop.refused) for loop in self._loops)])
        self._await([loop.opened for loop in self._loops], deadline_ns)
        self._offered = {id(meter): meter for loop in self._loops for meter in loop.meters}
        for meter in worth_keeping(self._offered.values()):
            self._open(meter)
        self._chosen.set()
        self._await([loop.started for loop in self._loops], deadline_ns)

    def stop(self) -> None:
        """Takes the last readings; returns when they are taken, or after `CLOSE_TIMEOUT_S`."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        self.job_started.set()
        deadline_ns = self.surroundings.clock_ns() + round(CLOSE_TIMEOUT_S * NS_PER_S)
        self._await([loop.closed for loop in self._loops], deadline_ns)

    def poke(self) -> None:
        """Has every probe read now, if that was not asked for too often; returns at once."""
        with self._wake:
            now_ns = self.surroundings.clock_ns()
            gained = (now_ns - self._poked_ns) / NS_PER_S * POKES_PER_S
            self._pokes, self._poked_ns = min(self._pokes + gained, POKES_AT_ONCE), now_ns
            if self._pokes >= 1.0:
                self._pokes -= 1.0
                self._wake.notify_all()

    def admit(self, meter: Meter) -> bool:
        """Opens an account for a device that appeared during the run, unless another meter sees it better."""
        if id(meter) in self._offered:
            return False
        self._offered[id(meter)] = meter
        if not any(kept is meter for kept in worth_keeping([*self._meters.values(), meter])):
            return False
        self._open(meter)
        return True

    def _open(self, meter: Meter) -> None:
        self._meters[id(meter)] = meter
        self.ledger.open(meter)

    def kept(self, meters: Sequence[Meter]) -> list[Meter]:
        """Those of `meters` that have an account; a probe that opened too late has none, and is not read."""
        return [meter for meter in meters if id(meter) in self._meters]

    def wait_for_start(self) -> None:
        """Blocks a loop until every probe that opened in time is known."""
        self._chosen.wait()

    def wait_for_tick(self, period_s: float) -> bool:
        """Blocks a loop until its next tick or a poke; False when the run ends."""
        with self._wake:
            if not self._stopping:
                self._wake.wait(period_s)
            return not self._stopping

    @property
    def loaded(self) -> list[Event]:
        """Set when a probe has loaded its modules, one for each."""
        return [loop.opened for loop in self._loops]

    def remarks(self) -> list[str]:
        """What the reader of a receipt must know of probes and meters."""
        said = [remark for loop in self._loops for remark in loop.remarks]
        return [*said, *self._silences(), *self.ledger.remarks()]

    def gauges(self) -> dict[str, dict[str, float]]:
        """Run means of what else the probes read, by device."""
        result: dict[str, dict[str, float]] = {}
        for loop in self._loops:
            result.update(loop.means.means())
        return result

    def cpu_s(self) -> float:
        """CPU time of the sampling threads [s]."""
        return sum(loop.cpu_s for loop in self._loops)

    def _silences(self) -> Iterator[str]:
        for loop in self._loops:
            if self._chosen.is_set() and not loop.opened.is_set():
                yield f"{loop.name} did not answer in time; its meters are missing"
            elif self._stopping and loop.started.is_set() and not loop.closed.is_set():
                yield f"{loop.name} did not answer in time; its last readings are missing"

    def _await(self, events: Iterable[Event], deadline_ns: int) -> None:
        for event in events:
            event.wait(max(0.0, (deadline_ns - self.surroundings.clock_ns()) / NS_PER_S))


def _made(entry: ProbeEntry, surroundings: Surroundings) -> Probe:
    return entry.load()(surroundings)
