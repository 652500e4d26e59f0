"""The file: how it is opened, which tables it has, and how older ones become today's.

One connection writes; SQLite before 3.51.3 can lose a WAL that two connections write or checkpoint. Readers are
opened so that they can do neither.
"""

import errno
import os
import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from dcfoot.errors import DataMissing, StoreError
from dcfoot_probes.daemon.store.codec import BlobDamagedError

APPLICATION_ID = 0x64634674
"""Marks a file as a store of frames: "dcFt" (SQLite, PRAGMA application_id)."""

PAGE_BYTES = 1024
"""A block of some 5 kB wastes half a page on average: a tenth of itself at 1 kB, two fifths at SQLite's 4 kB."""

BUSY_S = 5.0
"""How long a reader waits for the writer; in WAL it has to only while that recovers from a crash [s]."""

WAL_LEFT_BYTES = 4 << 20
"""What is left of the WAL's file after a burst [bytes]: four times what it grows to between checkpoints."""

CACHE_BYTES = 512 << 10
"""Of pages that the writer keeps in memory (a choice: a commit touches a hundred; SQLite's own 2 MB fill up when an
hour is sealed, and are never given back)."""

FILE_MODE = 0o600
"""Names of users and jobs are in it."""

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        """CREATE TABLE channel (
            id INTEGER PRIMARY KEY, host TEXT NOT NULL, domain TEXT NOT NULL, device TEXT NOT NULL, basis TEXT NOT NULL,
            UNIQUE (host, domain, device, basis))""",
        "CREATE TABLE gauge (id INTEGER PRIMARY KEY, device TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (device, name))",
        """CREATE TABLE unit (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, user_id INTEGER,
            labels TEXT NOT NULL, seen_hour INTEGER NOT NULL, UNIQUE (kind, key))""",
        "CREATE INDEX unit_seen ON unit (seen_hour)",
        # Ticks as they came, until their hour is sealed.
        """CREATE TABLE frame (
            id INTEGER PRIMARY KEY, start_ns INTEGER NOT NULL, duration_s REAL NOT NULL, energies BLOB NOT NULL,
            gauges BLOB NOT NULL)""",
        "CREATE INDEX frame_start ON frame (start_ns)",
        # Ticks of one hour in the order in which they came, column by column. There is more than one span to an hour
        # where there were many ticks, or the clock went back.
        """CREATE TABLE span (
            id INTEGER PRIMARY KEY, start_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, starts BLOB NOT NULL,
            durations BLOB NOT NULL)""",
        "CREATE INDEX span_start ON span (start_ns)",
        """CREATE TABLE block (
            channel INTEGER NOT NULL, span INTEGER NOT NULL, exponent INTEGER NOT NULL, energies BLOB NOT NULL,
            uncovered BLOB, known BLOB, PRIMARY KEY (channel, span))""",
        "CREATE INDEX block_span ON block (span)",
        """CREATE TABLE gauge_block (
            gauge INTEGER NOT NULL, span INTEGER NOT NULL, figures BLOB NOT NULL, PRIMARY KEY (gauge, span))""",
        "CREATE INDEX gauge_block_span ON gauge_block (span)",
        # Minutes of the hours that are not sealed; and days of minutes: what is shown apart from what is added up.
        """CREATE TABLE minute (
            minute INTEGER, channel INTEGER, energy_j REAL NOT NULL, covered_s REAL NOT NULL, least_w REAL, most_w REAL,
            PRIMARY KEY (minute, channel)) WITHOUT ROWID""",
        """CREATE TABLE day (
            channel INTEGER NOT NULL, day INTEGER NOT NULL, powers BLOB NOT NULL, energies BLOB NOT NULL,
            PRIMARY KEY (channel, day))""",
        "CREATE INDEX day_day ON day (day)",
        """CREATE TABLE hour (
            hour INTEGER, channel INTEGER, energy_j REAL NOT NULL, covered_s REAL NOT NULL, least_w REAL, most_w REAL,
            PRIMARY KEY (hour, channel)) WITHOUT ROWID""",
        # Who had how much of a channel. In a table WITHOUT ROWID, a quarter of a page takes a page of its own.
        """CREATE TABLE minute_parts (
            minute INTEGER NOT NULL, channel INTEGER NOT NULL, parts BLOB NOT NULL, PRIMARY KEY (minute, channel))""",
        """CREATE TABLE hour_parts (
            hour INTEGER NOT NULL, channel INTEGER NOT NULL, parts BLOB NOT NULL, PRIMARY KEY (hour, channel))""",
    ),
)
"""What makes version n of version n - 1. A released one is never changed; a new one is added at the end."""


def open_writer(path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> sqlite3.Connection:
    """The one connection that writes. Raises `StoreError`; `sqlite3.Error` where the file or the disk is at fault."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, FILE_MODE))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _check(connection, path, len(migrations))
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_BYTES >> 10}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_LEFT_BYTES}")
        _migrate(connection, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that can only read. Raises `StoreError`, or `DataMissing` where there is no store."""
    if not path.exists():
        raise DataMissing(f"there is no store of frames at {path}; the daemon makes it when it runs")
    try:
        connection = _connect_to_read(path)
        if not _check(connection, path, len(MIGRATIONS)):
            raise DataMissing(f"the store of frames at {path} is empty yet; the daemon fills it when it runs")
    except sqlite3.Error as fault:
        raise unreadable(path, fault) from fault
    return connection


def _connect_to_read(path: Path) -> sqlite3.Connection:
    address = f"file:{quote(str(path.resolve()))}?mode=ro"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_S)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        if Path(f"{path}-wal").exists():
            raise
        # Nobody writes it, and we may not make the files beside it that a WAL needs.
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    return connection


def unreadable(path: Path, fault: Exception) -> StoreError:
    """What to say where a store cannot be read."""
    if is_damage(fault):
        return StoreError(f"{path} is damaged ({fault}); the daemon sets it aside; its backup still reads")
    return StoreError(f"cannot read {path} ({fault}); only its owner may: run this as the daemon's user")


def is_damage(fault: Exception) -> bool:
    """Whether the file itself is at fault, not the disk or the moment."""
    return isinstance(fault, BlobDamagedError) or primary_code(fault) in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def is_full(fault: Exception) -> bool:
    """Whether there is no room."""
    if isinstance(fault, OSError):
        return fault.errno in {errno.ENOSPC, errno.EDQUOT}
    return primary_code(fault) == sqlite3.SQLITE_FULL


def primary_code(fault: Exception) -> int | None:
    """SQLite's number of an error without its details; None where it has none: the call was at fault."""
    code = getattr(fault, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _check(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """The file's version, which is 0 for a new one. Refuses what is not ours."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if (tables or version) and owner != APPLICATION_ID:
        raise StoreError(f"{path} is another program's database; give the daemon a path of its own")
    if version > newest:
        raise StoreError(
            f"{path} was written by a newer dcfoot (version {version} of the store, this one knows {newest}); "
            "upgrade dcfoot, or give the daemon another path"
        )
    return int(version)


def _migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]]) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, statements in enumerate(migrations[version:], version + 1):
        with transaction(connection):
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Generator[None]:
    """All of its body or nothing; `kind` is DEFERRED for a reader, who then sees one moment."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # SQLite has ended it by itself after some errors
            connection.rollback()
        raise
    connection.execute("COMMIT")
