"""A copy of a store that is being written, by SQLite's own means: a copy of its file alone may be no store at all."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from dcfoot.errors import StoreError
from dcfoot_probes.daemon.store import schema


def backup(path: Path, to: Path) -> None:
    """Copies the store at one moment into one file, which takes the place of `to` when it is whole.

    Raises `StoreError`; `DataMissing` where there is no store.

    Parameters
    ----------
    path, to : Path
        The store, and the copy.
    """
    draft = to.with_name(f"{to.name}.{os.getpid()}.new")
    try:
        with closing(schema.open_reader(path)) as source:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, schema.FILE_MODE))
            with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
                source.backup(copy)  # in one step, and so of one moment
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, which reads anywhere
        draft.replace(to)
    except (OSError, sqlite3.Error) as fault:
        raise StoreError(f"cannot back {path} up to {to} ({fault}); is there room, and may you write there?") from fault
    finally:
        with suppress(OSError):
            draft.unlink()
