"""Who may ask: a function of the request, without a socket.

A browser on this machine may have a page of elsewhere open, which can reach 127.0.0.1 by a name of its own (DNS
rebinding): such a request is known by its ``Host``, ``Origin`` or ``Sec-Fetch-Site`` and refused.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from urllib.parse import urlsplit

from dcfoot.serving import Request
from dcfoot_probes.daemon.http.listen import is_loopback

OPEN_PATHS = frozenset({"/healthz"})
"""What is told without a token: whoever watches over the daemon needs no secret to see whether it lives."""


@dataclass(frozen=True, slots=True)
class Door:
    """Lets in or refuses.

    Parameters
    ----------
    scheme : str
        ``"http"`` or ``"https"``.
    token : str
        What whoever asks must know; empty: they must ask for a name of loopback instead.
    """

    scheme: str = "http"
    token: str = ""

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Status and reason where a request is refused; None where it is not."""
        headers = request.headers
        host = headers.get("host", "")
        if headers.get("origin", f"{self.scheme}://{host}") != f"{self.scheme}://{host}" or _from_elsewhere(headers):
            return 403, "Pages of other sites are not answered."
        if not self.token:
            return None if is_loopback(_name(host)) else (403, "Ask for 127.0.0.1 or localhost: `Host` is neither.")
        if request.path in OPEN_PATHS or self._knows(headers.get("authorization", "")):
            return None
        return 401, "Send the token: `Authorization: Bearer TOKEN`, or as the password of any user."

    def _knows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            given = _password(given)
        elif scheme.lower() != "bearer":
            return False
        return compare_digest(given.strip().encode(), self.token.encode())


def _from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site asks, by a picture or a script; that somebody follows a link is no harm."""
    site, mode = headers.get("sec-fetch-site", "none"), headers.get("sec-fetch-mode", "")
    return site not in {"none", "same-origin"} and mode != "navigate"


def _name(host: str) -> str:
    """The name within a ``Host``; empty where that is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _password(credentials: str) -> str:
    """Of HTTP's basic scheme (RFC 7617), which browsers ask their users for."""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
