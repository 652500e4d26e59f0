"""The files of a sweep: one a chunk of points, each written whole, so that what is there need not be computed again.

In come columns, out go files ``part-00000000.parquet`` in a folder of their own: Parquet where pyarrow, the extra
``parquet``, is there, else CSV that keeps every bit.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

ENDINGS = (".parquet", ".csv")


def has_parquet() -> bool:
    """Whether pyarrow, the extra ``parquet``, is there."""
    return find_spec("pyarrow") is not None


def part_path(folder: Path, first_index: int) -> Path | None:
    """The file of a part that begins with this point; None: it is not there yet."""
    paths = (folder / f"part-{first_index:08}{ending}" for ending in ENDINGS)
    return next((path for path in paths if path.exists()), None)


def write_part(folder: Path, first_index: int, table: pd.DataFrame) -> Path:
    """Writes a part beside its place and moves it there; returns the file.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    ending = ENDINGS[0] if has_parquet() else ENDINGS[1]
    draft = folder / f".part-{first_index:08}-{os.getpid()}"
    try:
        if has_parquet():
            table.to_parquet(draft, engine="pyarrow", index=False)
        else:
            table.to_csv(draft, index=False, na_rep="nan")
        return draft.replace(folder / f"part-{first_index:08}{ending}")
    finally:
        draft.unlink(missing_ok=True)


def read_part(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """A part as it was written.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str or None
        Which are wanted; None: all.
    """
    wanted = None if columns is None else list(columns)
    if path.suffix == ENDINGS[0]:
        return pd.read_parquet(path, engine="pyarrow", columns=wanted)
    return pd.read_csv(path, usecols=wanted, dtype=str, keep_default_na=False).apply(_typed)


def _typed(texts: pd.Series) -> pd.Series:
    """A column as it was: Python reads every bit of what it wrote, where not every pandas does."""
    for read in (int, float, {"True": True, "False": False}.__getitem__):
        with suppress(ValueError, KeyError):
            return texts.map(read)
    return texts
