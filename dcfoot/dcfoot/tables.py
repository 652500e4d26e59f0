"""The one door to the shipped fact tables: a CSV a topic in ``data/``, every row with unit, year, source, verified.

What comes in is a table's name, what goes out is its rows as they stand in the file. Only the table that is asked for
is read, and once a process. Another package's tables of the same form come through the same door, by their folder.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from dcfoot.errors import DataMissing

Row = Mapping[str, str]

_FOLDER = Path(__file__).with_name("data")


@cache
def rows(name: str, folder: Path = _FOLDER) -> tuple[Row, ...]:
    """The rows of the table `name`, in the order of the file; with the table's licence where they state none.

    Parameters
    ----------
    name : str
        Without the ending: ``"grid_china"``.
    folder : Path
        Where the tables are; with a ``licences.csv`` of its own.

    Raises
    ------
    DataMissing
        There is no such table; the message lists those that exist.
    """
    import csv  # only where a table is read

    path = folder / f"{name}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = csv.DictReader(file)
            added = {} if "licence" in (found.fieldnames or ()) else {"licence": licence_of(name, folder)}
            return tuple(row | added for row in found) if added else tuple(found)
    except FileNotFoundError:
        raise DataMissing(f"There is no fact table {name!r}; there are: {', '.join(names(folder))}.") from None


@cache
def rows_of(name: str, first: str) -> tuple[Row, ...]:
    """The rows of the table `name` whose first column holds `first`, without the cost of the others.

    Parameters
    ----------
    name : str
        As in `rows`; ``"site_hours/us_ashburn"`` for one of a folder's.
    first : str
        Plain text, as it stands in the file.
    """
    import csv

    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        heads = next(csv.reader(file))
        found = csv.reader(line for line in file if line.startswith(f"{first},"))
        added = {} if "licence" in heads else {"licence": licence_of(name)}
        return tuple(dict(zip(heads, row, strict=True)) | added for row in found)


def interval(what: str) -> tuple[float, float]:
    """5th and 95th percentile of the truth over a table's value, from ``intervals.csv`` [-]."""
    row = next(row for row in rows("intervals") if row["what"] == what)
    return float(row["p5"]), float(row["p95"])


@cache
def licence_of(name: str, folder: Path = _FOLDER) -> str:
    """The licence of the table `name` as a whole; empty where it has none or its rows state their own."""
    return next((row["licence"] for row in rows("licences", folder) if row["table"] == name), "")


def names(folder: Path = _FOLDER) -> list[str]:
    """The names of all tables of a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.csv"))


def is_verified(row: Row) -> bool:
    """Whether the row's figure was checked against its document or a second copy."""
    return row["verified"] == "yes"
