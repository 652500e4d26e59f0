"""What a facility tells of its present power, from a file or an address: JSON, or lines as Prometheus reads them.

In comes a `LiveMeter`, out goes the hour up to the reading, which stands for it. The words are ``pue``, or
``facility_power_kw`` and ``it_power_kw`` (also in ``w``, ``mw``), and ``time`` (ISO 8601 with its zone); in lines they
are names of metrics. The answer of Prometheus' query interface holds one value, the PUE. A reading that fails, is not
fresh or makes no sense is an error that says so.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite, nan
from pathlib import Path
from typing import Any, NamedTuple

from dcfoot.errors import DataMissing, DcfootError, ServiceUnavailable
from dcfoot.site import LiveMeter
from dcfoot.site_meters import HOUR, LiveHour
from dcfoot.threads import within
from dcfoot.web import Service, Web

FRESH = timedelta(minutes=15)
"""How old a reading may be, or how far ahead its clock. A choice: a settlement period of electricity in the European
Union (Regulation 2017/2195, article 53)."""

WATTS = {"w": 1.0, "kw": 1e3, "mw": 1e6}
"""How many each unit of a word is. MW is mega here, as meters of halls have it."""

_LINE = re.compile(r"([a-zA-Z_:][\w:]*)(?:\{.*\})?\s+(\S+)(?:\s+(-?\d+))?\s*")
"""A sample of Prometheus' text format: name, labels, value, milliseconds since 1970."""


class _Told(NamedTuple):
    """The words and their figures, and when they were read, where that is told."""

    figures: Mapping[str, float]
    time: datetime | None


def live_hour(meter: LiveMeter, ended: datetime, wait_s: float, *, web: Web | None = None) -> LiveHour:
    """The hour up to the present reading, for a run that ended in it.

    Parameters
    ----------
    meter : LiveMeter
        Whom to ask.
    ended : datetime
        When the run ended: of one before this hour the present says nothing, so that nobody is asked.
    wait_s : float
        How long to wait [s]
    web : Web or None
        None for the usual.

    Raises
    ------
    DataMissing
        The run ended earlier, or there is no reading that can be used; the message says why.
    """
    web = web or Web(timeout_s=wait_s, sleep=lambda _: None)  # there is no time to pause between tries
    if web.time - ended > HOUR:
        raise DataMissing(f"{meter.name} tells of the present hour, and this run ended before it: its PUE is modelled.")
    try:
        found = within(wait_s, lambda: _asked(meter, web))
    except RuntimeError as fault:
        raise ServiceUnavailable(f"{meter.name} could not be asked: {fault}.") from fault
    if isinstance(found, LiveHour):
        return found
    raise ServiceUnavailable(found or f"{meter.name} did not answer within {wait_s:g} s.")


def _asked(meter: LiveMeter, web: Web) -> LiveHour | str:
    """The hour, or what is wrong."""
    try:
        return read_live(meter, web)
    except DcfootError as fault:
        return str(fault)
    except Exception as fault:  # noqa: BLE001 (a receipt does not fail for somebody's server)
        return f"{meter.name}: {type(fault).__name__}: {fault}."


def read_live(meter: LiveMeter, web: Web) -> LiveHour:
    """The hour up to now, as the present reading has it.

    Parameters
    ----------
    meter : LiveMeter
        Whom to ask.
    web : Web
        How, and what time it is.

    Raises
    ------
    DataMissing
        It does not answer, the reading is older than `FRESH`, or it holds no PUE.
    """
    if "://" in meter.address:
        said, written = web.get(Service(meter.name, meter.address), "", {}, keep_s=0.0).body, web.time
    else:
        said, written = _of_file(Path(meter.address))
    told = _told(meter.name, said.decode("utf-8", "replace"))
    age = web.time - (told.time or written)
    if abs(age) > FRESH:
        raise DataMissing(f"The reading of {meter.name} is stale: it is of {web.time - age:%Y-%m-%d %H:%M} UTC.")
    return LiveHour(web.time, _pue(meter.name, told.figures))


def _of_file(path: Path) -> tuple[bytes, datetime]:
    """What it holds, and when it was written."""
    try:
        return path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as fault:
        raise DataMissing(f"{path} cannot be read: {fault.strerror}.") from fault


def _told(name: str, text: str) -> _Told:
    try:
        return _of_json(json.loads(text)) if text.lstrip().startswith("{") else _of_lines(text)
    except (ValueError, TypeError, KeyError, AttributeError) as fault:
        said = " ".join(text[:80].split())
        raise ServiceUnavailable(
            f"{name} tells neither JSON nor Prometheus' lines that make sense: {said!r}."
        ) from fault


def _of_json(document: Mapping[str, Any]) -> _Told:
    if "data" in document:
        (series,) = document["data"]["result"]
        seconds, value = series["value"]
        return _Told({"pue": float(value)}, datetime.fromtimestamp(float(seconds), UTC))
    time = datetime.fromisoformat(document["time"]) if "time" in document else None
    if time is not None and time.tzinfo is None:
        raise ValueError(document["time"])  # without its zone it may be any hour
    return _Told({word: float(document[word]) for word in _words() if word in document}, time)


def _of_lines(text: str) -> _Told:
    figures: dict[str, float] = {}
    times: list[float] = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line)
        if found is None or found[1] not in _words():
            continue
        if found[1] in figures:
            raise ValueError(found[1])  # of two halls: neither is this site's
        figures[found[1]] = float(found[2])
        times += [int(found[3]) / 1000] if found[3] else []
    return _Told(figures, datetime.fromtimestamp(min(times), UTC) if times else None)


def _words() -> tuple[str, ...]:
    return ("pue", *(f"{of}_power_{unit}" for of in ("facility", "it") for unit in WATTS))


def _pue(name: str, figures: Mapping[str, float]) -> float:
    """The PUE, as it is told or from one power of the facility and one of its IT equipment."""
    facility_w, it_w = (
        [figures[word] * watts for unit, watts in WATTS.items() if (word := f"{of}_power_{unit}") in figures]
        for of in ("facility", "it")
    )
    pue = figures.get("pue", nan)
    if "pue" not in figures and len(facility_w) == len(it_w) == 1 and it_w[0] > 0:
        pue = facility_w[0] / it_w[0]
    if not isfinite(pue):
        raise ServiceUnavailable(
            f"{name} must tell `pue`, or one power of the facility and one above 0 of its IT equipment, such as "
            f"`facility_power_kw` and `it_power_kw`; it tells {', '.join(figures) or 'none of these'}."
        )
    return pue
