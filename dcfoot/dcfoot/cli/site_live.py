"""A facility's present PUE: what ``dcfoot sites SITE`` adds where the site names a live reading.

In comes where it is read; out goes the reading, or why there is none, as JSON and as a line.
"""

from datetime import UTC, datetime
from typing import TypedDict

from dcfoot.account import METER_PATIENCE_S
from dcfoot.errors import DataMissing
from dcfoot.site import LiveMeter
from dcfoot.sources.live_meter import live_hour


class LiveJson(TypedDict):
    """The reading: `pue` is null where there is none, and `fault` then says why."""

    meter: str
    category: str
    read_at: str
    pue: float | None
    fault: str


def document_of(meter: LiveMeter) -> LiveJson:
    """The reading for ``--json``; a fault is part of it."""
    now = datetime.now(UTC)
    pue, fault = None, ""
    try:
        pue = live_hour(meter, now, METER_PATIENCE_S).pue
    except DataMissing as missing:
        fault = str(missing)
    return {
        "meter": meter.name,
        "category": meter.category,
        "read_at": now.isoformat(timespec="seconds"),
        "pue": pue,
        "fault": fault,
    }


def line_of(live: LiveJson) -> str:
    """The reading as a line."""
    if live["pue"] is None:
        return f"Its live reading is not known. {live['fault']}"
    return f"Now a PUE of {live['pue']:.3f} ({live['meter']}, {live['category']}, {live['read_at']})"
