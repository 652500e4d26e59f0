"""Numbers that stand for channels, gauges and owners in the tables, and back."""

import json
import sqlite3
from collections.abc import Mapping

from dcfoot.reading import Basis, Channel, Domain
from dcfoot_probes.daemon.store.batch import Owner, Rest
from dcfoot_probes.daemon.words import Unit, UnitKind

REMEMBERED_COUNT = 10_000
"""Units whose numbers are held in memory (a choice: a day's jobs and containers of a busy server; some 3 MB)."""

REST_KIND = "rest"
"""Kind in the table of units of what is no unit's."""

KEEP_UNIT = """
INSERT INTO unit (kind, key, name, user_id, labels, seen_hour) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, key) DO UPDATE SET
    name = excluded.name, user_id = excluded.user_id, labels = excluded.labels,
    seen_hour = max(seen_hour, excluded.seen_hour)
"""

Key = Channel | Owner | tuple[str, str]


class Names:
    """Numbers by name, made on demand. For the writer, within a transaction.

    Parameters
    ----------
    connection : sqlite3.Connection
        The one that writes.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._numbers: dict[Key, int] = {}
        self._hour = 0

    def begin(self, hour_index: int) -> None:
        """Says which hour it is: once in each, units are noted as seen."""
        if hour_index != self._hour:
            self._numbers.clear()
            self._hour = hour_index

    def forget(self) -> None:
        """After a transaction that came to nothing: its numbers were never given."""
        self._numbers.clear()

    def channel(self, channel: Channel) -> int:
        """A channel's number."""
        if channel not in self._numbers:
            values = (channel.host, channel.domain.value, channel.device, channel.basis.value)
            self._numbers[channel] = self._number("channel", "host, domain, device, basis", values)
        return self._numbers[channel]

    def gauge(self, gauge: tuple[str, str]) -> int:
        """The number of a device's gauge."""
        if gauge not in self._numbers:
            self._numbers[gauge] = self._number("gauge", "device, name", gauge)
        return self._numbers[gauge]

    def owner(self, owner: Owner) -> int:
        """A unit's number, or that of what is no unit's. What is known of the unit is kept as it is known last."""
        if owner not in self._numbers:
            if len(self._numbers) > REMEMBERED_COUNT:
                self._numbers.clear()
            unit = Unit(UnitKind.SYSTEM, owner.value) if isinstance(owner, Rest) else owner
            kind = REST_KIND if isinstance(owner, Rest) else unit.kind.value
            known = (unit.name, unit.user_id, json.dumps(unit.labels), self._hour)
            self._connection.execute(KEEP_UNIT, (kind, unit.id, *known))
            select = "SELECT id FROM unit WHERE (kind, key) = (?, ?)"
            (self._numbers[owner],) = self._connection.execute(select, (kind, unit.id)).fetchone()
        return self._numbers[owner]

    def _number(self, table: str, columns: str, key: tuple[str, ...]) -> int:
        # Names of tables and columns are this module's own.
        marks = ", ".join("?" * len(key))
        insert = f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
        self._connection.execute(insert, key)
        select = f"SELECT id FROM {table} WHERE ({columns}) = ({marks})"  # noqa: S608
        return int(self._connection.execute(select, key).fetchone()[0])


def channels_by_number(connection: sqlite3.Connection) -> Mapping[int, Channel]:
    """Every channel that was ever kept."""
    rows = connection.execute("SELECT id, host, domain, device, basis FROM channel ORDER BY id")
    return {number: Channel(host, Domain(domain), device, Basis(basis)) for number, host, domain, device, basis in rows}


def owner_of_number(connection: sqlite3.Connection, number: int) -> Owner:
    """Whose number this is."""
    select = "SELECT kind, key, name, user_id, labels FROM unit WHERE id = ?"
    found = connection.execute(select, (number,)).fetchone()
    if found is None:  # kept for long enough
        return Rest.UNATTRIBUTED
    kind, key, name, user_id, labels = found
    if kind == REST_KIND:
        return Rest(key)
    return Unit(UnitKind(kind), key, name, user_id, tuple((label, value) for label, value in json.loads(labels)))
