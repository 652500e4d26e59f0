"""What the daemon knows now, for whoever asks: totals, ladder, the last frame, what the daemon itself takes.

Frames come in from the loop's thread; a `Snapshot` goes out to any thread, and never waits for a probe or a disk.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from dcfoot.reading import Channel, Meter
from dcfoot_probes.daemon.ladder import Ladders
from dcfoot_probes.daemon.totals import Totals
from dcfoot_probes.daemon.wasting import Wasting
from dcfoot_probes.daemon.words import Frame, Snapshot, StoreState


class OwnMemory:
    """The memory of this process. Its file is held open, so that it can be read when no more can be opened."""

    def __init__(self) -> None:
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._file: int | None = None
        with suppress(OSError):
            self._file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)

    def rss_bytes(self) -> int:
        """What is resident: the second field of ``/proc/self/statm`` (proc_pid_statm(5)); 0 where it is not told."""
        if self._file is None:
            return 0
        with suppress(OSError, ValueError, IndexError):
            return int(os.pread(self._file, 128, 0).split()[1]) * self._page_bytes
        return 0


class Snapshots:
    """Takes frames and gives snapshots.

    Parameters
    ----------
    host : str
        The machine's name.
    ladders : Ladders
        Assesses the frames.
    store_state : Callable[[], StoreState]
        How the store is doing.
    utc_ns : int
        When the daemon was started [ns since 1970 UTC].
    """

    def __init__(self, host: str, ladders: Ladders, store_state: Callable[[], StoreState], utc_ns: int) -> None:
        self.ladders = ladders
        self.wasting = Wasting(lambda: ladders.rates)
        self._host = host
        self._store_state = store_state
        self._started_utc_ns = utc_ns
        self._totals = Totals()
        self._memory = OwnMemory()
        self._last = Frame(utc_ns, 0.0, {}, {}, {}, {}), 0.0

    def add(self, frame: Frame, meters: Mapping[Channel, Meter], interval_s: float) -> None:
        """Takes the next frame.

        Parameters
        ----------
        frame : Frame
            What happened since the one before.
        meters : Mapping[Channel, Meter]
            What is metered now.
        interval_s : float
            Time to the next [s].
        """
        self._last = frame, interval_s
        self._totals.add(frame, meters)
        self.ladders.add(frame, meters)
        self.wasting.add(frame, meters)

    def snapshot(self) -> Snapshot:
        """What is known now. From any thread."""
        frame, interval_s = self._last
        sums = self._totals.now()
        return Snapshot(
            self._host,
            self._started_utc_ns,
            frame.utc_ns,
            interval_s,
            *sums,
            frame.gauges,
            frame.probes,
            self.ladders.now(),
            self._store_state(),
            time.process_time(),
            self._memory.rss_bytes(),
            self.wasting.now(),
        )
