"""Which request gets which reply: a function of the request, without a socket. Nothing is changed by any."""

import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dcfoot.errors import DcfootError
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.http import history
from dcfoot_probes.daemon.http.door import Door, Request
from dcfoot_probes.daemon.http.meters import is_now, meters
from dcfoot_probes.daemon.http.now import Json, now, stamp
from dcfoot_probes.daemon.words import Metered, Snapshot
from dcfoot_probes.exporters import prometheus

FOLDER = Path(__file__).parent

JSON, EVENTS = "application/json", "text/event-stream"

FILES: Mapping[str, tuple[str, str]] = {
    "/": ("page/page.html", "text/html; charset=utf-8"),
    "/page.css": ("page/page.css", "text/css; charset=utf-8"),
    "/page.js": ("page/page.js", "text/javascript; charset=utf-8"),
    "/words.js": ("page/words.js", "text/javascript; charset=utf-8"),
    "/uplot.css": ("page/uplot.css", "text/css; charset=utf-8"),
    "/uplot.js": ("page/uplot.js", "text/javascript; charset=utf-8"),
    "/openapi.json": ("openapi.json", JSON),
}

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""The browser itself lets the page load nothing from elsewhere, and nobody put it into a frame."""

UNITS_OF_PAGE = 50
"""How many units the page is told of each second (a choice: more than a screen is high)."""

PACKED_FROM = 1_000
"""How long a body is at least that is compressed [bytes] (a choice: less fits into one packet anyway)."""

LATE_S = 30.0
"""How old the last frame may be before the daemon counts as ill [s] (a choice: longer than a driver's hiccup)."""


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
        return _text(now(self.snapshot(), names=self.names, units_count=UNITS_OF_PAGE))


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered.

    Parameters
    ----------
    status : int
        As HTTP knows it.
    body : bytes
        The answer; that of `EVENTS` has no end, and is not here.
    kind : str
        Its media type.
    headers : Mapping[str, str]
        Beside those that every reply has.
    """

    status: int
    body: bytes
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def reply(request: Request, door: Door, sources: Sources) -> Reply:
    """The reply to a request.

    Parameters
    ----------
    request : Request
        What is asked.
    door : Door
        Who may ask.
    sources : Sources
        What is told.
    """
    refusal = door.refusal(request)
    if refusal:
        return refused(*refusal)
    if request.path not in FILES and request.path not in ROUTES:
        return refused(404, f"There is no {request.path}; /openapi.json lists what there is.")
    if request.method not in {"GET", "HEAD"}:
        return refused(405, "This server can be read and nothing else: GET and HEAD.")
    try:
        return _packed(_answered(request, sources), request.headers)
    except ValueError as fault:
        return refused(400, f"{fault}.")
    except DcfootError as fault:
        return refused(503, str(fault))


def refused(status: int, said: str) -> Reply:
    """Why there is no answer."""
    headers = {401: {"WWW-Authenticate": 'Basic realm="dcfoot", charset="UTF-8"'}, 405: {"Allow": "GET, HEAD"}}
    return replace(_as_json({"said": said}, status), headers=headers.get(status, {}))


def _answered(request: Request, sources: Sources) -> Reply:
    if request.path in FILES:
        name, kind = FILES[request.path]
        return Reply(200, (FOLDER / name).read_bytes(), kind)
    return ROUTES[request.path](request, sources)


def _metrics(request: Request, sources: Sources) -> Reply:
    return Reply(200, *prometheus.text_of(sources.snapshot(), request.headers.get("accept", "")))


def _health(_: Request, sources: Sources) -> Reply:
    """Whether frames are made. A disk that fails does not make the daemon ill: it goes on in memory, and says so."""
    known = sources.snapshot()
    age_s = (sources.utc_ns() - known.utc_ns) / NS_PER_S
    late = age_s > max(LATE_S, 10.0 * known.interval_s)
    told: Json = {"status": "late" if late else "ok", "last_frame_at": stamp(known.utc_ns), "store": known.store.said}
    return _as_json(told, 503 if late else 200)


def _now(_: Request, sources: Sources) -> Reply:
    return _as_json({**now(sources.snapshot(), names=sources.names), "listens": list(sources.listens())})


def _meters(request: Request, sources: Sources) -> Reply:
    if is_now(request.query):
        sources.read_now()
    return _as_json(meters(sources.metered()))


def _events(_: Request, __: Sources) -> Reply:
    return Reply(200, b"", EVENTS)


def _kept(told: Callable[[history.Reader, history.Question, Sources], Json]) -> "Route":
    def route(request: Request, sources: Sources) -> Reply:
        asked = history.question(request.query, sources.utc_ns() // NS_PER_S)
        with sources.reader() as reader:
            return _as_json(told(reader, asked, sources))

    return route


Route = Callable[[Request, Sources], Reply]

ROUTES: Mapping[str, Route] = {
    "/metrics": _metrics,
    "/healthz": _health,
    "/events": _events,
    "/api/v1/now": _now,
    "/api/v1/meters": _meters,
    "/api/v1/power": _kept(lambda reader, asked, _: history.power(reader, asked)),
    "/api/v1/energy": _kept(lambda reader, asked, _: history.energy(reader, asked)),
    "/api/v1/units": _kept(lambda reader, asked, sources: history.units(reader, asked, names=sources.names)),
}
"""What is made anew for each request."""


def _packed(answer: Reply, headers: Mapping[str, str]) -> Reply:
    """Compressed, where whoever asks can read that and it is worth it."""
    coded = {**answer.headers, "Vary": "Accept, Accept-Encoding"}
    if len(answer.body) < PACKED_FROM or "gzip" not in headers.get("accept-encoding", ""):
        return replace(answer, headers=coded)
    packer = zlib.compressobj(1, wbits=31)  # 31: within gzip's frame
    body = packer.compress(answer.body) + packer.flush()
    return replace(answer, body=body, headers={**coded, "Content-Encoding": "gzip"})


def _as_json(document: Json, status: int = 200) -> Reply:
    return Reply(status, _text(document))


def _text(document: Json) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
