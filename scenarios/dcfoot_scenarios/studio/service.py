"""Which request gets which reply, and who may ask: a function of the request, without a socket.

Only a page of this very address is answered: a page of elsewhere that reaches 127.0.0.1 by a name of its own (DNS
rebinding) or by a form is refused by its ``Host`` or ``Origin``. Only who has the token is: a study may name files, and
other people of the machine reach 127.0.0.1 too. Nothing is written, and nothing is kept.
"""

import json
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import Any, cast

from dcfoot.errors import DcfootError
from dcfoot.serving import JSON, Reply, Request, json_bytes
from dcfoot_scenarios.document import Json
from dcfoot_scenarios.studio.answer import answer, as_yaml
from dcfoot_scenarios.study import FaultyStudy
from dcfoot_scenarios.yaml_file import MOST_BYTES

FOLDER = Path(__file__).parent

PAGES = {
    "/": ("studio.html", "text/html; charset=utf-8"),
    "/studio.css": ("studio.css", "text/css; charset=utf-8"),
    "/studio.js": ("studio.js", "text/javascript; charset=utf-8"),
}


@dataclass(frozen=True, slots=True)
class Door:
    """Where the page is served, and to whom.

    Parameters
    ----------
    port : int
        Of 127.0.0.1.
    token : str
        What the address ends in that was printed.
    """

    port: int
    token: str

    @property
    def url(self) -> str:
        """The page's address."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    def refusal(self, request: Request) -> str:
        """Why a request is refused; empty: it is not."""
        hosts = {f"127.0.0.1:{self.port}", f"localhost:{self.port}"}
        origin = request.headers.get("origin")
        if request.headers.get("host") not in hosts or origin not in {None, *(f"http://{host}" for host in hosts)}:
            return f"Only pages of http://127.0.0.1:{self.port}/ are answered."
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.path not in PAGES and not compare_digest(given.encode(), self.token.encode()):
            return "Open the whole address that `dcfoot studio` has printed: it ends in a token of this start."
        return ""


def reply(request: Request, door: Door, beginning: bytes) -> Reply:
    """The reply to a request.

    Parameters
    ----------
    request : Request
        What is asked.
    door : Door
        Who may ask.
    beginning : bytes
        What the page begins with, as JSON.
    """
    refusal = door.refusal(request)
    if refusal:
        return refused(403, refusal)
    if request.method == "GET" and request.path in PAGES:
        name, kind = PAGES[request.path]
        return Reply(200, (FOLDER / name).read_bytes(), kind)
    if request.method == "GET" and request.path == "/begin":
        return Reply(200, beginning)
    if request.method == "POST" and request.path in {"/answer", "/study.yaml"}:
        return _posted(request)
    return refused(404, f"There is no {request.method} {request.path}.")


def _posted(request: Request) -> Reply:
    if request.headers.get("content-type") != JSON:
        return refused(415, f"Send the study as {JSON}.")
    try:
        asked = json.loads(request.body)
        keys, week = asked["study"], int(asked.get("week", 0))
    except (ValueError, TypeError, KeyError, AttributeError):
        keys, week = None, 0
    if not isinstance(keys, dict):
        return refused(400, 'Send JSON: {"study": {...}, "week": 0}.')
    try:
        return _computed(request.path, cast("dict[str, Any]", keys), week)
    except FaultyStudy as fault:
        return _as_json(422, {"faults": [{"key": one.key, "said": one.said} for one in fault.faults]})
    except DcfootError as fault:
        return refused(422, str(fault))
    except Exception as fault:  # noqa: BLE001 - a defect is told in the page too, which else would wait for ever
        return refused(500, f"This is a defect of dcfoot: {type(fault).__name__}: {fault}")


def _computed(path: str, keys: dict[str, Any], week: int) -> Reply:
    if path == "/answer":
        return _as_json(200, answer(keys, week))
    return Reply(200, as_yaml(keys).encode(), "application/yaml")


def too_long(length: str | None) -> bool:
    """Whether a request's ``Content-Length`` is none, or more than a study may be."""
    return length is None or not length.isdecimal() or int(length) > MOST_BYTES


def refused(status: int, said: str) -> Reply:
    """A refusal that the page shows."""
    return _as_json(status, {"faults": [{"key": "", "said": said}]})


def _as_json(status: int, document: Json) -> Reply:
    return Reply(status, json_bytes(document))
