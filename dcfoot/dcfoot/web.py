"""One door to services on the network: time-outs, another try where that helps, answers kept on disk.

What comes in is a service, a path and parameters; what goes out is the body of the answer and when it was fetched.
Keys travel apart from the parameters: they are in no file's name, in no file and in no message. An answer that is kept
stands in for a service that fails for a while, and says that it is stale.
"""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcfoot.errors import ConfigError, ServiceUnavailable

if TYPE_CHECKING:
    import requests

TIMEOUT_S = 10.0
"""How long a service may take to begin, and between two pieces of its answer [s]. A choice: a person waits."""

TRIES_COUNT = 3
"""How often a question is asked in all. A choice: with `FIRST_WAIT_S` it ends within seconds."""

FIRST_WAIT_S = 1.0
"""The pause before the second try, doubled before each further one, where the service names none [s]. A choice."""

LONGEST_WAIT_S = 30.0
"""The longest pause that a service may ask for (``Retry-After``) before it counts as not available [s]. A choice."""

PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which the same question may succeed (RFC 9110, sections 15.5.9 and 15.6; RFC 6585, section 4)."""

REFUSED_STATUS = frozenset({401, 403})
"""Answers that mean the key (RFC 9110, sections 15.5.2 and 15.5.4)."""


@dataclass(frozen=True, slots=True)
class Service:
    """Somebody's interface on the network.

    Parameters
    ----------
    name : str
        For people.
    base_url : str
        Its root; a test's own server stands in for it.
    key_variables : tuple of str
        The environment variables that hold the user's key; empty where none is needed.
    licence : str
        Of what it says; empty where its own terms hold.
    """

    name: str
    base_url: str
    key_variables: tuple[str, ...] = ()
    licence: str = ""

    def keys(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The user's keys, in the order of `key_variables`.

        Raises
        ------
        ConfigError
            One is not set.
        """
        missing = [name for name in self.key_variables if not environ.get(name, "").strip()]
        if missing:
            raise ConfigError(f"{self.name} needs a key: set {' and '.join(missing)} in the environment.")
        return tuple(environ[name].strip() for name in self.key_variables)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens the door and is never written down."""

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    user_and_password: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said.

    Parameters
    ----------
    body : bytes
        As it came.
    fetched_at : datetime
        When, in UTC.
    stale : bool
        It is older than was asked for, because the service fails at present.
    kept : Path or None
        Where it is kept; None where it is not.
    """

    body: bytes
    fetched_at: datetime
    stale: bool = False
    kept: Path | None = None

    def forget(self) -> None:
        """Keeps it no longer: it was no good, though the service said that it was."""
        if self.kept is not None:
            with suppress(OSError):
                self.kept.unlink()


class Web:
    """Asks services and keeps what they said.

    Parameters
    ----------
    cache_dir : Path or None
        Where answers are kept; None for the user's own folder.
    timeout_s : float
        See `TIMEOUT_S` [s]
    sleep : callable
        Waits for a number of seconds.
    now : callable
        The time [s since 1970]
    """

    def __init__(
        self,
        cache_dir: Path | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._cache = cache_dir if cache_dir is not None else default_cache_dir()
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._now = now
        self._session: requests.Session | None = None

    def get(
        self,
        service: Service,
        path: str,
        parameters: Mapping[str, str],
        *,
        keep_s: float,
        secrets: Callable[[], Secrets] = Secrets,
    ) -> Answer:
        """The service's answer, from the cache if it is there and not older than `keep_s`.

        Parameters
        ----------
        service : Service
            Whom to ask.
        path : str
            Below the service's root, ``"/v3/..."``.
        parameters : Mapping[str, str]
            Of the question.
        keep_s : float
            How long an answer is good for; 0 keeps none [s]
        secrets : callable
            Gives the user's keys, where somebody must be asked.

        Raises
        ------
        ServiceUnavailable
            There is no answer, and none is kept.
        """
        kept = self._kept(service, path, parameters)
        age_s = self._age_s(kept)
        if age_s is not None and age_s < keep_s:
            return _read(kept)
        try:
            body = self._ask(service, path, parameters, secrets())
        except ServiceUnavailable as fault:
            if fault.passing and age_s is not None and keep_s:
                return _read(kept, stale=True)
            raise
        if not keep_s:
            return Answer(body, self.time)
        self._keep(kept, body)
        return Answer(body, self.time, kept=kept)

    @property
    def time(self) -> datetime:
        """Now, in UTC."""
        return datetime.fromtimestamp(self._now(), UTC)

    def _kept(self, service: Service, path: str, parameters: Mapping[str, str]) -> Path:
        from hashlib import sha256

        question = "\n".join([service.base_url, path, *(f"{key}={parameters[key]}" for key in sorted(parameters))])
        return self._cache / f"{sha256(question.encode()).hexdigest()}.answer"

    def _age_s(self, kept: Path) -> float | None:
        try:
            return max(0.0, self._now() - kept.stat().st_mtime)
        except OSError:
            return None

    def _keep(self, kept: Path, body: bytes) -> None:
        """Writes the answer beside and renames it; a disk that cannot be written is no reason to fail."""
        beside = kept.with_name(f"{kept.name}.{os.getpid()}")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(body)
            os.utime(beside, (self._now(), self._now()))
            beside.replace(kept)
        except OSError:
            with suppress(OSError):
                beside.unlink()

    def _ask(self, service: Service, path: str, parameters: Mapping[str, str], secrets: Secrets) -> bytes:
        said = self._once(service, path, parameters, secrets)
        for attempt in range(TRIES_COUNT - 1):
            pause_s = FIRST_WAIT_S * 2**attempt if said.wait_s is None else said.wait_s
            if not said.passing or pause_s > LONGEST_WAIT_S:
                break
            self._sleep(pause_s)
            said = self._once(service, path, parameters, secrets)
        if said.status == 200:
            return said.body
        raise ServiceUnavailable(_refusal(service, said, secrets), passing=said.passing, body=said.body)

    def _once(self, service: Service, path: str, parameters: Mapping[str, str], secrets: Secrets) -> "_Said":
        import requests  # 0.1 s: only where something is asked

        self._session = self._session or requests.Session()
        try:
            # A redirect would carry the key to another host.
            answer = self._session.get(
                service.base_url.rstrip("/") + path,
                params={**parameters, **secrets.parameters},
                headers={"User-Agent": "dcfoot", **secrets.headers},
                auth=secrets.user_and_password,
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except requests.RequestException as fault:
            return _Said(None, type(fault).__name__.encode())  # its text may hold the address with the key
        return _Said(answer.status_code, answer.content, _retry_after_s(answer.headers.get("Retry-After"), self._now()))


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of one request: no status where nothing came (the body then says why); the pause that is asked for."""

    status: int | None
    body: bytes
    wait_s: float | None = None

    @property
    def passing(self) -> bool:
        return self.status is None or self.status in PASSING_STATUS


def default_cache_dir() -> Path:
    """The user's folder for answers that can be fetched again."""
    from platformdirs import user_cache_path

    return user_cache_path("dcfoot", appauthor=False) / "web"


def json_object(answer: Answer, service: Service) -> Mapping[str, object]:
    """The answer as a JSON object.

    Raises
    ------
    ServiceUnavailable
        It is something else.
    """
    import json

    try:
        document: object = json.loads(answer.body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ServiceUnavailable(f"{service.name} did not answer with a JSON object: {_excerpt(answer.body)}")
    return cast("Mapping[str, object]", document)


def _read(kept: Path, *, stale: bool = False) -> Answer:
    return Answer(kept.read_bytes(), datetime.fromtimestamp(kept.stat().st_mtime, UTC), stale, kept)


def _refusal(service: Service, said: _Said, secrets: Secrets) -> str:
    """What went wrong, for a person; a key that the service repeats is not."""
    body = said.body
    values = (*secrets.headers.values(), *secrets.parameters.values(), *(secrets.user_and_password or ()))
    for word in " ".join(values).split():
        body = body.replace(word.encode(), b"***")
    if said.status is None:
        return f"{service.name} cannot be reached ({_excerpt(body)})."
    hint = ""
    if said.status in REFUSED_STATUS and service.key_variables:
        hint = f" Check {' and '.join(service.key_variables)}."
    return f"{service.name} answers HTTP {said.status}: {_excerpt(body)}.{hint}"


def _excerpt(body: bytes) -> str:
    """The beginning of what was said, in one line, for a message."""
    text = " ".join(body[:400].decode("utf-8", "replace").split())
    return text[:200] or "nothing"


def _retry_after_s(text: str | None, now_s: float) -> float | None:
    """The pause of a ``Retry-After`` header: seconds or a date (RFC 9110, section 10.2.3)."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_s)
    except ValueError:
        return None
