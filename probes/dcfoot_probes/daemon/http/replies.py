"""Which request gets which reply: a function of the request, without a socket. Nothing is changed by any."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from dcfoot.errors import DcfootError
from dcfoot.serving import JSON, Reply, Request, json_bytes
from dcfoot.units import NS_PER_S
from dcfoot_probes.daemon.http import history
from dcfoot_probes.daemon.http.door import Door
from dcfoot_probes.daemon.http.meters import is_now, meters
from dcfoot_probes.daemon.http.now import Json, now, stamp
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.exporters import prometheus

FOLDER = Path(__file__).parent

EVENTS = "text/event-stream"
"""The kind of a reply whose body has no end, and is not in it."""

FILES: Mapping[str, tuple[str, str]] = {
    "/": ("page/page.html", "text/html; charset=utf-8"),
    "/page.css": ("page/page.css", "text/css; charset=utf-8"),
    "/page.js": ("page/page.js", "text/javascript; charset=utf-8"),
    "/words.js": ("page/words.js", "text/javascript; charset=utf-8"),
    "/uplot.css": ("page/uplot.css", "text/css; charset=utf-8"),
    "/uplot.js": ("page/uplot.js", "text/javascript; charset=utf-8"),
    "/openapi.json": ("openapi.json", JSON),
}

PACKED_FROM = 1_000
"""How long a body is at least that is compressed [bytes] (a choice: less fits into one packet anyway)."""

LATE_S = 30.0
"""How old the last frame may be before the daemon counts as ill [s] (a choice: longer than a driver's hiccup)."""


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
    return Reply(status, json_bytes(document))
