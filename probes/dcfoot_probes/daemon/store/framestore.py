"""The daemon's store: takes frames without waiting, and writes them by a thread of its own.

A frame is in memory until the next commit. Where the disk is full, slow or broken it stays there, and is thinned only
when memory runs out; where the file is damaged it is set aside and a new one begun. What was committed is safe from a
`kill -9`; from a power cut all but the last seconds (SQLite's WAL without waiting for the disk at each commit).
"""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Event, Thread
from time import monotonic, time_ns

from dcfoot_probes.daemon.store.backup import backup
from dcfoot_probes.daemon.store.batch import Batch
from dcfoot_probes.daemon.store.disk import Disk
from dcfoot_probes.daemon.store.sealing import Retention
from dcfoot_probes.daemon.words import Frame, StoreState

COMMIT_S = 5.0
"""Between commits (a choice: what a `kill -9` may take, against a few milliseconds for each) [s]."""

MEMORY_BYTES = 8 << 20
"""For frames that wait for the disk (a choice: a busy server's ticks of an hour and minutes of hours more) [bytes]."""

BALLAST_BYTES = 8 << 20
"""Room for an hour or two of frames, and for the journal of what retention deletes (a choice) [bytes]."""

CLOSE_S = 10.0
"""How long closing waits for a slow disk: a service manager kills what takes 90 s (systemd.service(5)) [s]."""

logger = logging.getLogger(__name__)


class FrameStore:
    """Frames on disk. Raises `StoreError` where the path cannot be used, or a newer dcfoot wrote there.

    Parameters
    ----------
    path : Path
        The file; its folder is made if need be. A second file beside it keeps room on the disk.
    keep : Retention
        For how long what is kept.
    commit_s : float
        Time between commits [s].
    memory_bytes : int
        For frames that wait for the disk [bytes].
    ballast_bytes : int
        Room kept on the disk, to be used when it is full [bytes].
    clock_ns : Callable[[], int]
        The calendar, for retention [ns since 1970 UTC].
    """

    def __init__(
        self,
        path: Path,
        *,
        keep: Retention | None = None,
        commit_s: float = COMMIT_S,
        memory_bytes: int = MEMORY_BYTES,
        ballast_bytes: int = BALLAST_BYTES,
        clock_ns: Callable[[], int] = time_ns,
    ) -> None:
        self.path = path
        self._commit_s, self._memory_bytes = commit_s, memory_bytes
        self._disk = Disk(path, keep or Retention(), ballast_bytes, clock_ns)
        # Held for as long as it takes to add a frame or to swap batches, never while a disk is waited for.
        self._changed = Condition()
        self._waiting, self._writing = Batch(memory_bytes), Batch(memory_bytes)
        self._lost_frames = self._begun_count = self._ended_count = 0
        self._fault, self._is_kept, self._told = "", True, ""
        self._wake, self._closing = Event(), Event()
        self._thread = Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def add(self, frame: Frame) -> None:
        """Takes a frame. Never waits for the disk, never raises: what cannot be understood counts as lost."""
        with self._changed:
            try:
                self._waiting.add(frame, monotonic())
            except Exception as fault:  # noqa: BLE001 (sampling goes on, whatever a probe or a split came up with)
                self._lose(1, fault)

    def state(self) -> StoreState:
        """How it is doing."""
        with self._changed:
            began_s = self._writing.oldest_s if self._writing.oldest_s is not None else self._waiting.oldest_s
            waiting_s = 0.0 if began_s is None else monotonic() - began_s
            lost_frames = self._lost_frames + self._writing.lost_frames + self._waiting.lost_frames
            said = self._said()
        return StoreState(self._disk.size_bytes, waiting_s, lost_frames, said)

    def _said(self) -> str:
        return " ".join(filter(None, (self._disk.said, self._fault)))

    def flush(self, timeout_s: float = CLOSE_S) -> bool:
        """Asks for a commit now, and says whether all frames up to here were committed in that time.

        Parameters
        ----------
        timeout_s : float
            How long to wait for it [s].
        """
        with self._changed:
            wanted_count = self._begun_count + 1
            self._wake.set()
            ended = self._changed.wait_for(lambda: self._ended_count >= wanted_count, timeout_s)
            return ended and self._is_kept

    def backup(self, to: Path) -> None:
        """Copies the store as it is now, while it is being written. Raises `StoreError`."""
        self.flush()
        backup(self.path, to)

    def close(self, timeout_s: float = CLOSE_S) -> None:
        """Writes what waits, and gives the files back; a disk that takes longer keeps what it has.

        Parameters
        ----------
        timeout_s : float
            How long to wait for the disk [s].
        """
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(self._commit_s)
            self._wake.clear()
            self._round()
        self._disk.close()

    def _round(self) -> None:
        with self._changed:
            self._begun_count += 1
            self._writing, self._waiting = self._waiting, Batch(self._memory_bytes)
        is_kept = self._guarded(self._put)
        with self._changed:
            if is_kept:
                self._lost_frames += self._writing.lost_frames
            else:
                self._writing.absorb(self._waiting)
                self._waiting = self._writing
            self._writing = Batch(self._memory_bytes)
        if is_kept:
            self._guarded(self._upkeep)
        with self._changed:
            self._is_kept, self._ended_count = is_kept, self._begun_count
            self._changed.notify_all()
            before, self._told = self._told, self._said()
        if self._told != before:
            logger.log(logging.WARNING if self._told else logging.INFO, "%s", self._told or "the store is well again")

    def _put(self) -> bool:
        return not self._writing.minutes or self._disk.put(self._writing)

    def _upkeep(self) -> bool:
        self._disk.upkeep()
        return True

    def _guarded(self, action: Callable[[], bool]) -> bool:
        """What an action says; what is beyond it is given up, so that the frames that follow are kept."""
        try:
            return action()
        except Exception as fault:  # noqa: BLE001 (see above)
            with self._changed:
                self._lose(sum(len(minute.ticks) for minute in self._writing.minutes.values()), fault)
            return True

    def _lose(self, frames_count: int, fault: Exception) -> None:
        self._lost_frames += frames_count
        self._fault = f"Frames could not be kept ({fault!r}), which is a fault of dcfoot: please report it."
