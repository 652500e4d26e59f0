"""A store under a disk each of whose calls fails in turn; a child runs it, with the library preloaded.

    LD_PRELOAD=libdisk.so python -m simulated.disk.sessions LIBRARY FOLDER

Prints a line of JSON a session: which call failed how, what was acknowledged, what was there afterwards.
"""

import errno
import json
import math
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from dcfoot.errors import StoreError
from dcfoot_probes.daemon.store import FrameReader, FrameStore, Retention
from simulated.disk import Disk
from simulated.frames import FOREVER_NS, GPUS, SOCKETS, at_ns, frame

FRAMES, COMMITS = 2, 3
"""A frame an hour (so that each commit seals the one before), and how many commits."""

FAULTS = ((errno.EIO, 1), (errno.ENOSPC, 10**6))
"""With what a call fails, and how many after it: a disk that errs once, and one that is full from then on."""

KEEP = Retention(ticks_days=1)


class Session(NamedTuple):
    """What became of a store.

    Parameters
    ----------
    calls_count : int
        Calls that the disk saw.
    acknowledged_j, during_j, after_j : float
        Energy of the frames that were acknowledged; that a reader found then; and once the disk was well again.
    said : str
        What the store said at the end of its trouble; or the `StoreError` with which it refused to open.
    is_refused, is_kept : bool
        Whether it refused; whether all was acknowledged once the disk was well again.
    integrity : str
        SQLite's word on the file at the end.
    names : list of str
        The files.
    """

    calls_count: int
    acknowledged_j: float
    during_j: float
    after_j: float
    said: str
    is_refused: bool
    is_kept: bool
    integrity: str
    names: list[str]


def session(disk: Disk, folder: Path, number: int = 0, count: int = 0, code: int = 0) -> Session:
    """Opens a store, commits, closes; the number-th call and the next ones fail, until the disk is well again."""
    folder.mkdir()
    path = folder / "frames.db"
    disk.watch(str(folder))
    disk.fail(number, count, code)
    try:
        store = FrameStore(path, commit_s=60.0, ballast_bytes=4096, keep=KEEP, clock_ns=lambda: at_ns(0))
    except StoreError as refused:
        return Session(disk.calls_count, 0.0, 0.0, 0.0, str(refused), True, True, "ok", _names(folder))
    store.add(frame(-3 * 86_400, 1.0, channels=SOCKETS))  # old enough to go at once
    acknowledged_j = 0.0
    for commit in range(COMMITS):
        for place in range(FRAMES):
            store.add(frame(3600 * (commit * FRAMES + place), 1.0))
        if store.flush():
            acknowledged_j = (commit + 1.0) * FRAMES
    said, calls_count = store.state().said, disk.calls_count
    disk.watch(str(folder))
    during_j = energy_j(path)
    is_kept = store.flush()
    store.close()
    with closing(sqlite3.connect(path)) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    return Session(
        calls_count, acknowledged_j, during_j, energy_j(path), said, False, is_kept, integrity, _names(folder)
    )


def energy_j(path: Path) -> float:
    """All of it, by the hour and tick by tick, which must agree."""
    try:
        with FrameReader(path) as reader:
            found_j = reader.energy_j(GPUS[0], *FOREVER_NS).energy_j
            ticks = reader.power(GPUS[0], at_ns(0), at_ns(3600 * FRAMES * COMMITS), 1)
    except Exception:  # noqa: BLE001 (nothing was made yet)
        return 0.0
    assert sum(value for value in ticks.mean_w if not math.isnan(value)) == found_j
    return found_j


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def main(library: str, folder: str) -> None:
    """Every call of a session fails, in each way."""
    disk = Disk(Path(library))
    whole = session(disk, Path(folder) / "whole")
    print(json.dumps(whole), flush=True)
    for code, count in FAULTS:
        for number in range(1, whole.calls_count + 1):
            name = f"{errno.errorcode[code]} from {number}"
            print(json.dumps((name, session(disk, Path(folder) / name.replace(" ", "-"), number, count, code))))


if __name__ == "__main__":
    main(*sys.argv[1:])
