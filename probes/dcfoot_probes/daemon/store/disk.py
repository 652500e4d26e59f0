"""The file of a store, whatever happens to it: a full, broken or damaged disk is told, and mended if it can be."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from dcfoot.errors import StoreError
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.store import schema, sealing
from dcfoot_probes.daemon.store.ballast import Ballast
from dcfoot_probes.daemon.store.batch import Batch
from dcfoot_probes.daemon.store.codec import BlobDamagedError
from dcfoot_probes.daemon.store.names import Names
from dcfoot_probes.daemon.store.salvage import salvage
from dcfoot_probes.daemon.store.writing import write

UPKEEP_S = 900.0
"""Between looks at what was kept for long enough, and at room for the ballast (a choice: nobody minds a quarter of an
hour) [s]."""

SALVAGE_S = 3600.0
"""After a salvage, what is damaged again at once is only set aside (a choice: such a disk is not to be filled) [s]."""

MEMBERS = ("", "-wal", "-shm")
"""What SQLite adds to a file's name for the files that belong to it."""


class Disk:
    """Writes batches. For one thread. Raises `StoreError` where the path cannot be used, or a newer dcfoot wrote there.

    Parameters
    ----------
    path : Path
        The file.
    keep : Retention
        For how long what is kept.
    ballast_bytes : int
        Room kept on the disk, to be used when it is full [bytes].
    clock_ns : Callable[[], int]
        The calendar [ns since 1970 UTC].
    """

    def __init__(self, path: Path, keep: sealing.Retention, ballast_bytes: int, clock_ns: Callable[[], int]) -> None:
        self._path, self._keep, self._clock_ns = path, keep, clock_ns
        self._connection: sqlite3.Connection | None = None
        self._names: Names | None = None
        self._next_upkeep_s = self._next_salvage_s = 0.0
        self._newest_ns, self._opened_s = 0, monotonic()
        self._fault = self._notice = ""
        self._is_short = False
        _require_place(path)
        self._ballast = Ballast(Path(f"{path}.ballast"), ballast_bytes)
        try:
            self._try(lambda _connection, _names: None)
        except StoreError:
            self._ballast.close()
            raise

    @property
    def size_bytes(self) -> int:
        """Of the store's files [bytes]."""
        size_bytes = 0
        for member in (*MEMBERS, ".ballast"):
            with suppress(OSError):
                size_bytes += Path(f"{self._path}{member}").stat().st_size
        return size_bytes

    @property
    def said(self) -> str:
        """What is wrong, and what mends it."""
        short = f"The disk of {self._path} has little room left; free some space." if self._is_short else ""
        return " ".join(filter(None, (self._fault or short, self._notice)))

    def put(self, batch: Batch) -> bool:
        """Whether it has the batch; raises where it never will, because something in it is no figure."""
        return self._try(lambda connection, names: write(connection, names, batch))

    def upkeep(self) -> None:
        """Seals what is over, now and then deletes what was kept for long enough, and sees to the ballast."""
        if self._is_short:
            self._ballast.fill()
            self._is_short = not self._ballast.is_held
        if not self._try(lambda connection, _names: _seal_all(connection)) or monotonic() < self._next_upkeep_s:
            return
        if self._try(lambda connection, _names: sealing.retire(connection, self._keep, self._now_ns())):
            self._ballast.fill()
            self._next_upkeep_s = monotonic() + UPKEEP_S

    def close(self) -> None:
        """Gives the files back."""
        self._disconnect()
        self._ballast.close()

    def _try(self, action: Callable[[sqlite3.Connection, Names], None]) -> bool:
        for _ in range(3):  # a damaged file on a full disk is mended twice
            try:
                action(*self._connected())
            except (sqlite3.Error, BlobDamagedError, OSError) as fault:
                if isinstance(fault, sqlite3.Error) and schema.primary_code(fault) is None:
                    raise
                self._fault = self._words(fault)
                if not self._is_mended(fault):
                    return False
            else:
                self._fault = ""
                return True
        return False

    def _connected(self) -> tuple[sqlite3.Connection, Names]:
        if self._connection is None or self._names is None:
            self._connection = schema.open_writer(self._path)
            self._names = Names(self._connection)
            self._newest_ns, self._opened_s = sealing.newest_ns(self._connection), monotonic()
        return self._connection, self._names

    def _now_ns(self) -> int:
        """The calendar, for retention, but no further from the newest frame at opening than time has passed since.

        So a clock that starts in a wrong year deletes nothing.
        """
        passed_ns = round((monotonic() - self._opened_s) * NS_PER_S)
        return min(self._clock_ns(), self._newest_ns + passed_ns) if self._newest_ns else self._clock_ns()

    def _is_mended(self, fault: Exception) -> bool:
        """Whether it is worth another try at once."""
        if schema.is_damage(fault):
            return self._set_aside(fault)
        if not schema.is_full(fault):
            self._disconnect()
            return False
        if not self._ballast.is_held:
            return False
        self._ballast.free()
        self._is_short = True
        if self._connection is not None:
            with suppress(sqlite3.Error):
                sealing.retire(self._connection, self._keep, self._now_ns())
        return True

    def _set_aside(self, fault: Exception) -> bool:
        """Puts a new store in place of a damaged one, with all in it that can still be read."""
        self._disconnect()  # by which what is in the log comes into the file
        is_saved, saved = self._salvaged()
        aside = self._path.with_name(f"{self._path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
        try:
            for member in MEMBERS:
                with suppress(FileNotFoundError):
                    Path(f"{self._path}{member}").rename(f"{aside}{member}")
            if is_saved:
                self._draft.rename(self._path)
        except OSError as denied:
            self._fault = self._words(denied)
            return False
        self._notice = f"The store was damaged ({fault}) and is set aside as {aside}; {saved}. Look after the disk."
        return True

    @property
    def _draft(self) -> Path:
        return self._path.with_name(f"{self._path.name}.salvaged")

    def _salvaged(self) -> tuple[bool, str]:
        """Whether there is a new file with all that can be read, and what to say of it.

        Until it is whole, the damaged one stays where it is: whoever is killed meanwhile begins anew.
        """
        if monotonic() < self._next_salvage_s:
            return False, "it was saved before and is damaged again, so that a new one is begun"
        self._next_salvage_s = monotonic() + SALVAGE_S
        self._remove_draft()
        try:
            rows_count = salvage(self._path, self._draft)
        except (sqlite3.Error, StoreError, OSError, ValueError) as fault:
            self._remove_draft()
            return False, f"what is in it could not be saved ({fault}), and a new one is begun"
        if rows_count:
            return True, f"the new one has the {rows_count} rows that could be read: all but those on damaged pages"
        self._remove_draft()
        return False, "nothing in it could be read, and a new one is begun; put back a backup"

    def _remove_draft(self) -> None:
        for member in MEMBERS:
            with suppress(OSError):
                Path(f"{self._draft}{member}").unlink()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
        self._connection = self._names = None

    def _words(self, fault: Exception) -> str:
        if schema.is_full(fault):
            return f"The disk of {self._path} is full; free some space. Until then frames wait in memory."
        return f"Cannot write {self._path} ({fault}); look after its disk. Until then frames wait in memory."


def _seal_all(connection: sqlite3.Connection) -> None:
    while sealing.seal(connection):
        pass


def _require_place(path: Path) -> None:
    """Raises `StoreError` where nothing that passes by itself keeps the file from being written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise StoreError(f"cannot make the folder {path.parent} of the store ({fault.strerror})") from fault
    require_writable(path)


def require_writable(path: Path) -> None:
    """Raises `StoreError` where no store can be written, or none made. Makes nothing itself."""
    nearest = next(one for one in (path, *path.parents) if os.path.lexists(one))
    is_fit = not nearest.is_dir() if nearest == path else nearest.is_dir()
    if not is_fit or not os.access(nearest, os.W_OK, effective_ids=True):
        raise StoreError(f"cannot write the store {path}; give the daemon a path that its user may write")
