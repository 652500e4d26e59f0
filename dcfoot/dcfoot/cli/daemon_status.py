"""``dcfoot daemon status``: how the daemon of this machine is doing, asked over its socket.

The exit status is for scripts: 0 all is well, 1 it runs and something is wrong (`ILL`), 3 nobody answers.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from dcfoot.daemon_client import DaemonClient, sockets_of

ILL = 1
"""It runs, but makes no frames, cannot keep them, or has a probe that fails."""


def told(*, as_json: bool) -> int:
    """Writes the status; returns the exit status.

    Parameters
    ----------
    as_json : bool
        Whether for a program, in the form of ``/api/v1/now`` with ``status`` and ``faults`` beside.

    Raises
    ------
    DaemonUnavailable
        Nobody answers, or the socket may not be used.
    """
    client = DaemonClient(sockets_of())
    now: Mapping[str, Any] = client.get("/api/v1/now")
    health: Mapping[str, Any] = client.get("/healthz")
    faults = list(_faults(now, health))
    if as_json:
        document = {**now, "status": health["status"], "faults": faults}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(now, faults)) + "\n")
    return ILL if faults else 0


def _faults(now: Mapping[str, Any], health: Mapping[str, Any]) -> Iterator[str]:
    if health["status"] != "ok":
        yield f"no frame was made since {now['at']}"
    if now["store"]["said"]:
        yield f"store: {now['store']['said']}"
    if now["store"]["lost_frames"]:
        yield f"store: {now['store']['lost_frames']} frames are lost"
    # What was never there is no fault: a machine has few of the meters that there are.
    for name, probe in now["probes"].items():
        if not probe["up"] and probe["failures"]:
            yield f"{name}: {probe['said']}"


def _lines(now: Mapping[str, Any], faults: list[str]) -> Iterator[str]:
    up_s = (datetime.now(UTC) - _time(now["started_at"])).total_seconds()
    yield f"dcfoot {now['version']} on {now['host']}: {'up, with faults' if faults else 'up'}"
    yield from (f"  ! {fault}" for fault in faults)
    yield f"since      {now['started_at']} ({_span(up_s)})"
    yield f"last frame {now['at']}, one every {now['interval_s']:g} s"
    yield f"listens at {', '.join(now['listens'])}"
    own, store = now["own"], now["store"]
    yield f"takes      {100.0 * own['cpu_s'] / max(up_s, 1e-3):.2f} % of a core, {own['rss_bytes'] / 1e6:.0f} MB"
    yield f"keeps      {store['size_bytes'] / 1e6:.1f} MB; frames wait in memory for {store['waiting_s']:.1f} s"
    wasted_kwh = sum(total["energy_kwh"] for total in now["waste"]["totals"])
    yield f"wasted     {wasted_kwh:.3f} kWh at the devices since {now['started_at']}, when totals began"
    yield ""
    yield from _probes(now["probes"])
    yield ""
    yield from _channels(now["channels"])


def _probes(probes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    width = max(18, *(len(name) + 1 for name in probes)) if probes else 0
    for name, probe in sorted(probes.items(), key=lambda item: (not item[1]["up"], item[0])):
        failed = f", {probe['failures']} failures" if probe["failures"] else ""
        said = f"read in {1e3 * probe['read_s']:.1f} ms" if probe["up"] else probe["said"]
        yield f"  {'up' if probe['up'] else 'down':<5}{name:<{width}}{said}{failed}"


def _channels(channels: list[Mapping[str, Any]]) -> Iterator[str]:
    if not channels:
        yield "  nothing is metered"
    for channel in channels:
        power = "a gap" if channel["power_w"] is None else f"{channel['power_w']:.1f} W"
        yield f"  {channel['domain']:<12}{channel['name'][:40]:<42}{power:>12}  {channel['method']}, {channel['basis']}"


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp)


def _span(seconds: float) -> str:
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min {seconds % 60:.0f} s"
