"""The daemon's loop with devices that do as they are told, on a clock that stands still until it is moved."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from time import monotonic

from dcfoot.clock import Clock
from dcfoot.errors import ProbeTransient, ProbeUnavailable
from dcfoot.probe import ProbeEntry, Surroundings
from dcfoot.reading import Basis, Channel, Domain, Kind, Meter, Reading
from dcfoot_probes.daemon.loop import Loop, OnFrame, Splitter, Unattributed
from dcfoot_probes.daemon.supervisor import Supervisor
from dcfoot_probes.daemon.usage import Uses
from dcfoot_probes.daemon.words import Frame
from dcfoot_probes.daemon.worker import Call, Patience
from simulated import trees

HOST = "box"

QUICK = Patience(answer_s=2.0, retry_first_s=0.02, retry_most_s=0.1, absent_s=0.02, silent_s=30.0)
"""What fails is tried again within hundredths of a second of real time."""


def meter(device: str = "0", domain: Domain = Domain.GPU, basis: Basis = Basis.MEASURED) -> Meter:
    """A counter of nanojoules."""
    channel = Channel(HOST, domain, device, basis)
    return Meter(channel, f"{domain} {device}", f"test.{domain}", Kind.COUNTER, 1e-9, period_s=1.0)


class Device:
    """A probe whose every device draws `power_w` for ever, and that does as it is told.

    Parameters
    ----------
    clock : Callable[[], int]
        The machine's clock [ns].
    meters : Meter
        What it meters; one GPU if none is named.
    power_w : float
        What each draws [W].
    """

    def __init__(self, clock: Callable[[], int], *meters: Meter, power_w: float = 100.0, name: str = "device") -> None:
        self.name = name
        self.meters: Sequence[Meter] = meters or (meter(),)
        self.power_w = power_w
        self.fault: Exception | None = None
        self.absent = False
        self.reset_ns = 0
        self.opened = self.closed = 0
        self.begun = Event()
        self.released = Event()
        self.released.set()
        self.figures: Mapping[str, Mapping[str, float]] = {}
        self.users: Uses = {}
        self._clock = clock

    def entry(self) -> ProbeEntry:
        """The probe as it is installed."""
        return ProbeEntry(self.name, lambda: lambda _: self)

    def hang(self) -> None:
        """From now on its calls do not return until it is `released`."""
        self.begun.clear()
        self.released.clear()

    def open(self) -> Sequence[Meter]:
        """Its meters: new objects, as a driver that is opened anew gives."""
        if self.absent:
            raise ProbeUnavailable("there is no such device", "plug it in")
        self.opened += 1
        return self.meters

    def read(self) -> Sequence[Reading]:
        """What each counter shows."""
        if not self.released.is_set():
            self.begun.set()
            self.released.wait(60.0)
        if self.fault:
            raise self.fault
        now_ns = self._clock()
        counted = round(self.power_w * (now_ns - self.reset_ns))
        return [Reading(one, counted, now_ns) for one in self.meters]

    def gauges(self) -> Mapping[str, Mapping[str, float]]:
        """What it was told to show."""
        return self.figures

    def uses(self) -> Uses:
        """Whom it was told to show."""
        return self.users

    def close(self) -> None:
        """Counts."""
        self.closed += 1


BUSY = ProbeTransient("busy")


class Running:
    """A loop whose ticks are asked for one by one."""

    def __init__(
        self,
        clock: trees.Clock,
        *,
        patience: Patience = QUICK,
        splitter: Splitter | None = None,
        root: Path = Path("/"),
        interval_s: float = 1.0,
        takers: Sequence[OnFrame] = (),
    ) -> None:
        self.clock = clock
        self.asleep_ns = 0
        self.wall_ns = 1_700_000_000_000_000_000
        self.frames: list[Frame] = []
        self.inbox: SimpleQueue[Call] = SimpleQueue()
        self.supervisor = Supervisor(Surroundings(HOST, root, {}, clock), self.inbox, patience)
        clocks = Clock(clock, lambda: clock() + self.asleep_ns, lambda: clock() + self.asleep_ns + self.wall_ns)
        self.loop = Loop(
            self.supervisor,
            self.inbox,
            splitter or Unattributed(),
            takers or [self._take],
            interval_s=interval_s,
            clock=clocks,
        )

    def _take(self, frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        del meters, interval_s
        self.frames.append(frame)

    def until(self, known: Callable[[], bool], within_s: float = 10.0) -> None:
        """Does what comes in until something is so."""
        deadline_s = monotonic() + within_s
        while not known():
            assert monotonic() < deadline_s, f"it did not come so: {self.supervisor.states()}"
            self.loop.do_next(0.01)

    def tick(self, seconds: float = 1.0) -> Frame:
        """Lets time go by and makes a frame."""
        self.clock.pass_s(seconds)
        self.loop.tick()
        return self.frames[-1]

    def is_up(self, name: str) -> bool:
        """Whether a probe is read."""
        return self.supervisor.states()[name].up


@contextmanager
def running(
    clock: trees.Clock,
    *devices: Device,
    patience: Patience = QUICK,
    splitter: Splitter | None = None,
    takers: Sequence[OnFrame] = (),
) -> Generator[Running]:
    """The loop over some devices, each of which has been opened and read once unless it is absent."""
    loop = Running(clock, patience=patience, splitter=splitter, takers=takers)
    loop.supervisor.employ([device.entry() for device in devices])
    loop.until(lambda: all(loop.is_up(device.name) or device.absent for device in devices))
    try:
        yield loop
    finally:
        for device in devices:
            device.released.set()
        loop.supervisor.stop(5.0)
