"""The door to the planner's own tables: `dcfoot.tables`, in the folder ``data/`` of this package."""

from pathlib import Path

from dcfoot import tables
from dcfoot.tables import Row

FOLDER = Path(__file__).with_name("data")


def rows(name: str) -> tuple[Row, ...]:
    """The rows of the planner's table `name`, in the order of the file, each with its licence.

    Parameters
    ----------
    name : str
        Without the ending: ``"technologies"``.

    Raises
    ------
    DataMissing
        There is no such table; the message lists those that exist.
    """
    return tables.rows(name, FOLDER)
