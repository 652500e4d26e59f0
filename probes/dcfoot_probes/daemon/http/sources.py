"""What replies are made of: the daemon's figures, asked for when somebody asks. Imports no server."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from dcfoot.serving import json_bytes
from dcfoot_probes.daemon.http import history
from dcfoot_probes.daemon.http.now import now
from dcfoot_probes.daemon.words import Metered, Snapshot

UNITS_OF_PAGE = 50
"""How many units the page is told of each second (a choice: more than a screen is high)."""

NOTHING_METERED = Metered(0, (), ())


@dataclass(frozen=True, slots=True)
class Sources:
    """What replies are made of.

    Parameters
    ----------
    snapshot : Callable[[], Snapshot]
        What is known now.
    reader : Callable[[], AbstractContextManager[Reader]]
        Opens what is kept.
    names : bool
        Whether units are told of by name.
    utc_ns : Callable[[], int]
        The time [ns since 1970 UTC].
    metered : Callable[[], Metered]
        Every meter as a counter.
    read_now : Callable[[], object]
        Has the meters read, and returns when they are.
    listens : Callable[[], Sequence[str]]
        Where the daemon listens.
    """

    snapshot: Callable[[], Snapshot]
    reader: Callable[[], AbstractContextManager[history.Reader]] = history.NoStore
    names: bool = False
    utc_ns: Callable[[], int] = time.time_ns
    metered: Callable[[], Metered] = lambda: NOTHING_METERED
    read_now: Callable[[], object] = lambda: None
    listens: Callable[[], Sequence[str]] = tuple[str]

    def event(self) -> bytes:
        """What the page is told each tick, in one line."""
        return json_bytes(now(self.snapshot(), names=self.names, units_count=UNITS_OF_PAGE))
