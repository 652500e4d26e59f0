"""What the person at the terminal chose to see."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple, Self


class Panel(StrEnum):
    """A table."""

    DEVICES = "devices"
    UNITS = "units"
    FOOTPRINT = "footprint"
    PROBES = "probes"


SORTS: Mapping[Panel, tuple[str, ...]] = {
    Panel.DEVICES: ("name", "power", "used", "memory", "temperature"),
    Panel.UNITS: ("name", "kind", "user", "power", "energy"),
}
"""By which columns each can be sorted."""

FIRST: Mapping[Panel, str] = {Panel.DEVICES: "name", Panel.UNITS: "power"}
"""By which it is at first: devices in the machine's order, units by what they draw now."""

TEXTS = frozenset({"name", "kind", "user"})
"""Columns of words, which rise where numbers fall."""

KEYS = tuple(dict.fromkeys(key for keys in SORTS.values() for key in keys))
"""All of them."""


class Order(NamedTuple):
    """By which column a table is sorted, and which way."""

    by: str
    falls: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What is shown, and how.

    Parameters
    ----------
    view : Panel or None
        The only table that is shown; None for the overview.
    active : Panel
        The table of the overview that is scrolled and sorted.
    sort : Mapping[Panel, str]
        By which column each table is sorted.
    turned : frozenset of Panel
        Those whose order is turned round.
    filter : str
        Words that a row must have; empty for every row.
    top : Mapping[Panel, int]
        How many rows of each are scrolled away.
    """

    view: Panel | None = None
    active: Panel = Panel.UNITS
    sort: Mapping[Panel, str] = field(default_factory=lambda: dict(FIRST))
    turned: frozenset[Panel] = frozenset()
    filter: str = ""
    top: Mapping[Panel, int] = field(default_factory=dict[Panel, int])

    @property
    def at(self) -> Panel:
        """The table that keys are for."""
        return self.view or self.active

    def order(self, panel: Panel) -> Order:
        """The order of a table."""
        return Order(self.sort[panel], falls=(self.sort[panel] not in TEXTS) != (panel in self.turned))

    def seeing(self, view: Panel | None) -> Self:
        """With another view."""
        return replace(self, view=view, active=self.active if view not in SORTS or view is None else view)

    def switched(self) -> Self:
        """With the other table of the overview."""
        other = Panel.UNITS if self.active is Panel.DEVICES else Panel.DEVICES
        return replace(self, active=other, view=other if self.view in SORTS else self.view)

    def sorted_by(self, key: str) -> Self:
        """With every table that has this column sorted by it."""
        return replace(self, sort={panel: key if key in SORTS[panel] else now for panel, now in self.sort.items()})

    def sorted_next(self, columns_count: int) -> Self:
        """With the table sorted by a column that stands so many further, in that column's own order."""
        if self.at not in SORTS:
            return self
        keys = SORTS[self.at]
        key = keys[(keys.index(self.sort[self.at]) + columns_count) % len(keys)]
        return replace(self, sort={**self.sort, self.at: key}, turned=self.turned - {self.at})

    def turned_round(self) -> Self:
        """With the table's order turned round."""
        return replace(self, turned=self.turned ^ {self.at})

    def scrolled_to(self, rows_count: int, most: int) -> Self:
        """With so many rows scrolled away, at most `most`."""
        return replace(self, top={**self.top, self.at: max(0, min(rows_count, most))})
