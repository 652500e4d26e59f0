"""The daemon's HTTP on a socket: bounds on connections, bytes, time and streams; TLS; whatever OpenAPI allows."""

import json
import socket
import ssl
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, suppress
from http.client import HTTPConnection, HTTPSConnection
from io import BytesIO
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from urllib3 import HTTPResponse

from dcfoot.daemon_settings import DaemonSettings
from dcfoot.errors import ConfigError
from dcfoot_probes.daemon.http import server as limits
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.http.replies import ROUTES
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.speaking import Speaking
from simulated.certificates import make_certificate
from simulated.databases import until
from simulated.serving import Steady, Told, serving
from simulated.snapshots import snapshot

LINE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def served() -> Generator[Told]:
    with serving(snapshot(), reader=Steady) as running:
        yield running


@pytest.fixture
def told() -> Generator[Told]:
    with serving(snapshot(), reader=Steady) as running:
        yield running


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has much time."""
    monkeypatch.setattr(limits, "REQUEST_S", 0.4)
    monkeypatch.setattr(limits, "IDLE_S", 0.4)


def connected(told: Told) -> socket.socket:
    return socket.create_connection(("127.0.0.1", told.port), timeout=20)


def sent(told: Told, request: bytes) -> bytes:
    """All that comes back until the server hangs up."""
    with connected(told) as one:
        one.sendall(request)
        return everything(one)


def everything(one: socket.socket) -> bytes:
    found = b""
    with suppress(ConnectionError):
        while more := one.recv(65536):
            found += more
    return found


def status(answer: bytes) -> int:
    return int(answer.split()[1])


def is_answered(told: Told) -> bool:
    with closing(HTTPConnection("127.0.0.1", told.port, timeout=20)) as connection:
        connection.request("GET", "/healthz")
        with connection.getresponse() as answer:
            return answer.status == 200


def test_several_requests_share_a_connection_and_head_has_no_body(served: Told) -> None:
    connection = HTTPConnection("127.0.0.1", served.port)
    for method in ("HEAD", "GET", "HEAD", "GET"):
        connection.request(method, "/metrics")
        answer = connection.getresponse()
        body = answer.read()
        assert (answer.status, bool(body)) == (200, method == "GET")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()


def test_a_stream_tells_of_every_tick_and_ends_with_the_daemon(told: Told) -> None:
    with connected(told) as one:
        one.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        stream = one.makefile("rb")
        head = list(iter(stream.readline, b"\r\n"))
        assert status(head[0]) == 200
        stamps: list[str] = []
        for number in range(3):
            assert stream.readline() == b"id: %d\n" % number
            stamps.append(json.loads(stream.readline().removeprefix(b"data: "))["at"])
            stream.readline()
            told.tick()
        assert stamps == [f"2025-10-09T09:53:2{second}.000Z" for second in range(3)]
        told.server.stop()
        stream.read()  # returns, since the stream has an end


def test_a_stream_without_ticks_says_that_it_lives(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HEARTBEAT_S", 0.05)
    with connected(told) as one:
        one.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b":\n\n" in one.recv(65536) + one.recv(65536) + one.recv(65536)


def test_only_so_many_pages_are_told_and_one_that_leaves_makes_room(told: Told) -> None:
    request = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with ExitStack() as stack:
        pages = [stack.enter_context(connected(told)) for _ in range(limits.STREAMS)]
        for page in pages:
            page.sendall(request)
            assert status(page.recv(65536)) == 200
        assert status(sent(told, request)) == 503
        assert is_answered(told)
        pages[0].close()

        def has_room() -> bool:
            told.tick()
            with connected(told) as one:
                one.sendall(request)
                return status(one.recv(65536)) == 200

        until(has_room, "room for a page")


def test_too_many_connections_are_turned_away_and_the_daemon_lives(told: Told) -> None:
    with ExitStack() as stack:
        held = [stack.enter_context(connected(told)) for _ in range(limits.CONNECTIONS)]
        for one in held:
            one.sendall(LINE)
        until(lambda: status(sent(told, LINE + b"\r\n") or b"x 0") == 503, "being turned away")
    until(lambda: status(sent(told, LINE + b"Connection: close\r\n\r\n") or b"x 0") == 200, "room")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("dripped", [LINE + b"X: " + 400 * b"x", b"G" * 400, b""])
def test_a_request_that_drips_in_is_cut_off_however_often_a_byte_comes(dripped: bytes) -> None:
    with serving(snapshot()) as told, connected(told) as one:
        started_s = time.monotonic()
        with suppress(ConnectionError):
            for byte in dripped or [0]:
                if dripped:
                    one.sendall(bytes([byte]))
                time.sleep(0.01)
                one.settimeout(0.001)
                with suppress(TimeoutError):
                    if not one.recv(1):
                        break
        one.settimeout(20)
        everything(one)
        assert 0.3 < time.monotonic() - started_s < 4.0  # 400 bytes would take more than 4 s


@pytest.mark.usefixtures("hurried")
def test_a_page_that_does_not_read_what_it_is_told_is_dropped() -> None:
    with serving(snapshot(8, 100)) as told, connected(told) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        streams: Any = vars(told.server)["_server"].streams

        def is_dropped() -> bool:
            for _ in range(100):
                told.tick()
                time.sleep(0.001)
            return bool(streams._value == limits.STREAMS)

        until(lambda: not is_dropped(), "the stream begins")
        until(is_dropped, "the stream is dropped")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (b"GET /" + 40_000 * b"a" + b" HTTP/1.1\r\n\r\n", {431}),
        (LINE + b"X: " + 40_000 * b"a" + b"\r\n\r\n", {431}),
        (LINE + 200 * b"X: a\r\n" + b"\r\n", {431}),
        (LINE + b"Content-Length: 5\r\n\r\nGET /", {413}),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {413}),
        (b"POST /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", {405}),
        (b"BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", {501}),
        (b"GET / HTTP/9.9\r\n\r\n", {505}),
        (b"GET / HTTP/1.1 x\r\n\r\n", {400}),
        (b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", {403}),
        (b"GET http://127.0.0.1/metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", {404}),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
    ],
)
def test_what_is_no_request_is_refused_and_read_no_further(served: Told, request_: bytes, expected: set[int]) -> None:
    answer = sent(served, request_)
    assert status(answer) in expected
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"Traceback" not in answer
    assert is_answered(served)


@hypothesis.settings(max_examples=150)
@hypothesis.given(st.binary(max_size=200))
@hypothesis.example(b"GET")
def test_whatever_bytes_come_the_daemon_lives(served: Told, garbage: bytes) -> None:
    with connected(served) as one:
        with suppress(ConnectionError):
            one.sendall(garbage)
            one.shutdown(socket.SHUT_WR)
        assert b"Traceback" not in everything(one)
    assert is_answered(served)


@pytest.fixture(scope="module")
def operations(served: Told) -> dict[str, Any]:
    """Each operation of the OpenAPI."""
    schema: Any = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    return {one.ok().path: one.ok() for one in schema.get_all_operations()}


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        *((path, GenerationMode.POSITIVE) for path in ROUTES if path != "/events"),
        *((f"/api/v1/{name}", GenerationMode.NEGATIVE) for name in ("power", "energy", "units")),
    ],
)
@hypothesis.settings(
    max_examples=20, suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much]
)
@hypothesis.given(data=st.data())
def test_whatever_the_openapi_allows_is_answered_as_it_says_and_the_rest_refused(
    operations: dict[str, Any], path: str, mode: GenerationMode, data: st.DataObject
) -> None:
    case: Any = data.draw(operations[path].as_strategy(generation_mode=mode))
    case.call_and_validate()


@hypothesis.settings(max_examples=10)
@hypothesis.given(data=st.data())
def test_the_stream_begins_as_the_openapi_says(served: Told, operations: dict[str, Any], data: st.DataObject) -> None:
    case: Any = data.draw(operations["/events"].as_strategy(generation_mode=GenerationMode.POSITIVE))
    with requests.request(**case.as_transport_kwargs(), stream=True, timeout=10.0) as answer:
        stream = answer.raw
        event = BytesIO(stream.readline() + stream.readline())  # its number and its words: the stream never ends
        answer.raw = HTTPResponse(event, stream.headers, version=stream.version, preload_content=False)
        case.validate_response(answer)
        assert answer.content.startswith(b"id: ")
        stream.close()
    served.tick()  # whoever is told sees that the reader has left, and makes room


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.peer("openssl")
def test_over_tls_whoever_has_the_token_is_answered_and_whoever_speaks_none_is_cut_off(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("sixteen-letters-and-more\n")
    listen = Listen.at("0.0.0.0:0", tmp_path / "token", certificate)
    with serving(snapshot(), listen) as told:
        context = ssl.create_default_context(cafile=str(certificate[0]))
        for token, expected in (("sixteen-letters-and-more", 200), ("another", 401)):
            connection = HTTPSConnection("127.0.0.1", told.port, context=context, timeout=20)
            connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
            with connection.getresponse() as answer:
                assert answer.status == expected
            connection.close()
        assert sent(told, LINE + b"\r\n")[:5] != b"HTTP/"


@pytest.mark.peer("openssl")
def test_a_new_certificate_and_token_count_from_the_next_connection_and_one_that_cannot_be_used_never(
    tmp_path: Path,
) -> None:
    token = tmp_path / "token"
    token.write_text("sixteen-letters-and-more\n")
    first, second = make_certificate(tmp_path), tmp_path / "second"
    second.mkdir()
    own = DaemonSettings(listen="127.0.0.1:0", token_file=token, tls_certificate_file=first[0], tls_key_file=first[1])
    speaking = Speaking(own, Sources(snapshot))
    speaking.start()
    port = int(speaking.servers[0].url.rstrip("/").rpartition(":")[2])

    def status(said: str) -> int:
        """Of a client that trusts the certificate that there is in the file now."""
        context = ssl.create_default_context(cafile=str(first[0]))
        with closing(HTTPSConnection("127.0.0.1", port, context=context, timeout=20)) as connection:
            connection.request("GET", "/api/v1/now", headers={"Authorization": f"Bearer {said}"})
            return connection.getresponse().status

    try:
        assert status("sixteen-letters-and-more") == 200
        for new, old in zip(make_certificate(second), first, strict=True):
            new.replace(old)
        token.write_text("another-token-of-letters\n")
        with pytest.raises(ssl.SSLCertVerificationError):
            status("another-token-of-letters")
        speaking.renew()
        assert (status("another-token-of-letters"), status("sixteen-letters-and-more")) == (200, 401)
        good = first[1].read_text()
        first[1].write_text("no key")
        with pytest.raises(ConfigError, match=r"daemon\.tls_certificate_file"):
            speaking.renew()
        first[1].write_text(good)
        assert status("another-token-of-letters") == 200
    finally:
        speaking.stop()


def test_an_address_that_is_taken_is_told(told: Told) -> None:
    with pytest.raises(ConfigError, match=r"daemon\.listen: 127\.0\.0\.1:\d+: Address already in use"):
        HttpServer(Listen("127.0.0.1", told.port), Sources(snapshot))


def test_a_server_that_never_began_can_be_stopped() -> None:
    HttpServer(Listen("127.0.0.1", 0), Sources(snapshot)).stop()


def test_a_scrape_of_a_full_server_takes_milliseconds() -> None:
    with serving(snapshot(8, 100)) as told:
        connection = HTTPConnection("127.0.0.1", told.port)
        took_s: list[float] = []
        for _ in range(7):
            started_s = time.perf_counter()
            connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
            assert len(connection.getresponse().read()) > 1_000
            took_s.append(time.perf_counter() - started_s)
        connection.close()
    assert min(took_s) < 0.2  # it takes 15 ms on a quiet machine; this is a guard against orders of magnitude
