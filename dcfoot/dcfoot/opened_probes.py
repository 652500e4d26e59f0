"""Which probes a run opens: where this machine's daemon answers, its meters, and else what it does not read itself.

So nothing is read twice, and whoever may not read a counter gets its figures all the same. Without a daemon this costs
a look for its socket.
"""

from collections.abc import Iterable
from typing import cast

from dcfoot.daemon_client import DaemonClient, sockets_of
from dcfoot.errors import DaemonSilent, DaemonUnavailable
from dcfoot.probe import ProbeEntry, Surroundings, installed_probes

SERVED = "served"
"""The probe that takes the daemon's meters."""

PATIENCE_S = 0.5
"""How long a daemon may take to say what it reads [s] (a choice: it takes a millisecond; a run does not wait longer for
one that hangs)."""


def own_probes() -> list[ProbeEntry]:
    """Those that read devices themselves."""
    return [entry for entry in installed_probes() if entry.name != SERVED]


def probes_here(
    surroundings: Surroundings, entries: Iterable[ProbeEntry], *, also_absent: bool = False
) -> list[ProbeEntry]:
    """The probes that a run opens, the daemon's first.

    Parameters
    ----------
    surroundings : Surroundings
        The machine; its root and environment tell where the daemon's socket may be.
    entries : Iterable of ProbeEntry
        All that there are.
    also_absent : bool
        Whether the daemon's is among them also where no daemon answers, to tell why.
    """
    known, read = list(entries), _read_by_daemon(surroundings)
    # One that is there and silent is asked once more, and told of where it stays so.
    served = [entry for entry in known if entry.name == SERVED and (read or read is None or also_absent)]
    return [*served, *(entry for entry in known if entry.name not in {SERVED, *(read or ())})]


def _read_by_daemon(surroundings: Surroundings) -> set[str] | None:
    """The probes that the daemon has open; none where there is no daemon, None where it is silent."""
    sockets = sockets_of({"DCFOOT_ROOT": str(surroundings.root), **surroundings.environ})
    try:
        answer = DaemonClient(sockets, PATIENCE_S).get("/api/v1/meters")
    except DaemonSilent:
        return None
    except DaemonUnavailable:
        return set()
    probes = answer.get("probes") if answer.get("meters") else None
    return {str(name) for name in cast("list[object]", probes)} if isinstance(probes, list) else set()
