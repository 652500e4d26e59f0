"""The daemon's HTTP on a Unix socket: the same answers, permissions in the place of a token, no client that harms."""

import socket
import stat
import time
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.daemon_client import DaemonClient
from dcfoot.errors import ConfigError, DaemonUnavailable
from dcfoot_probes.daemon.http import server as limits
from dcfoot_probes.daemon.http.local import Local
from dcfoot_probes.daemon.http.replies import ROUTES
from dcfoot_probes.daemon.http.server import HttpServer
from dcfoot_probes.daemon.http.sources import Sources
from simulated.peers import require_root
from simulated.serving import Steady, serving
from simulated.snapshots import snapshot
from simulated.trees import as_nobody, folder_for_all


@pytest.fixture(scope="module")
def path() -> Generator[Path]:
    """A server's socket."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "daemon.sock"
        with serving(snapshot(), Local(place), reader=Steady):
            yield place


def sent(path: Path, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(20)
        one.connect(str(path))
        found = b""
        with suppress(ConnectionError):
            one.sendall(request)
            one.shutdown(socket.SHUT_WR)
            while more := one.recv(65536):
                found += more
        return found


def test_every_route_answers_as_it_does_on_loopback(path: Path) -> None:
    with serving(snapshot(), reader=Steady) as told:
        for route in ROUTES.keys() - {"/events", "/api/v1/meters", "/api/v1/now"}:
            request = b"GET %s?start_s=1&end_s=600 HTTP/1.0\r\nHost: localhost\r\n\r\n" % route.encode()
            with socket.create_connection(("127.0.0.1", told.port)) as one:
                one.sendall(request)
                with one.makefile("rb") as stream:
                    assert sent(path, request).partition(b"\r\n\r\n")[2] == stream.read().partition(b"\r\n\r\n")[2]
    now = DaemonClient([path]).get("/api/v1/now")
    assert now["host"] == snapshot().host


def test_nothing_can_be_changed(path: Path) -> None:
    for method in (b"POST", b"PUT", b"DELETE", b"PATCH"):
        assert sent(path, method + b" /api/v1/now HTTP/1.0\r\nHost: localhost\r\n\r\n").startswith(b"HTTP/1.1 405")


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.binary(max_size=400), st.binary(max_size=100).map(lambda b: b"GET /" + b + b" HTTP/1.0\r\n\r\n")))
def test_garbage_harms_nobody(path: Path, garbage: bytes) -> None:
    answer = sent(path, garbage)
    assert answer == b"" or b" 500 " not in answer.splitlines()[0]
    assert DaemonClient([path]).get("/healthz")["status"] == "ok"


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 40), st.booleans())
def test_who_hangs_up_in_the_middle_harms_nobody(path: Path, count: int, reads: bool) -> None:
    request = b"GET /api/v1/now HTTP/1.0\r\nHost: localhost\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(path))
        one.sendall(request[:count])
        if reads:
            one.sendall(request[count:])
            one.recv(10)
    assert DaemonClient([path]).get("/healthz")["status"] == "ok"


def test_who_drips_or_takes_nothing_loses_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REQUEST_S", 0.4)
    place = tmp_path / "d.sock"
    with serving(snapshot(), Local(place)), socket.socket(socket.AF_UNIX) as slow:
        slow.settimeout(20)
        slow.connect(str(place))
        begun_s = time.monotonic()
        slow.sendall(b"GET / HT")
        slow.recv(1)
        assert 0.3 < time.monotonic() - begun_s < 5.0
        assert DaemonClient([place]).get("/healthz")["status"] == "ok"


def test_more_than_there_is_room_for_are_turned_away_and_told(tmp_path: Path) -> None:
    place = tmp_path / "d.sock"
    with serving(snapshot(), Local(place)):
        many = [socket.socket(socket.AF_UNIX) for _ in range(limits.CONNECTIONS)]
        for one in many:
            one.connect(str(place))
        with pytest.raises(DaemonUnavailable, match=r"too many|broke off"):
            DaemonClient([place]).get("/healthz")
        for one in many:
            one.close()


def test_its_permissions_are_those_that_are_set_and_its_file_goes_with_it(tmp_path: Path) -> None:
    place = tmp_path / "d.sock"
    with serving(snapshot(), Local(place, socket_mode=0o606)):
        assert stat.S_IMODE(place.stat().st_mode) == 0o606
        assert sorted(tmp_path.iterdir()) == [place]
    assert not place.exists()


def test_who_is_not_let_in_by_the_file_is_not_answered() -> None:
    require_root("become another user")
    with folder_for_all() as folder:
        place = folder / "d.sock"
        with serving(snapshot(), Local(place, "4", 0o660)), as_nobody(), pytest.raises(DaemonUnavailable):
            DaemonClient([place]).get("/healthz")
        with serving(snapshot(), Local(place, "65534", 0o660)) as _:
            assert place.stat().st_gid == 65534
        with serving(snapshot(), Local(place, socket_mode=0o666)), as_nobody():
            assert DaemonClient([place]).get("/healthz")["status"] == "ok"


def test_a_socket_that_nobody_listens_at_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    place = tmp_path / "d.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(place))
    with serving(snapshot(), Local(place)):
        with pytest.raises(ConfigError, match="another daemon listens there"):
            HttpServer(Local(place), Sources(snapshot))
        assert DaemonClient([place]).get("/healthz")["status"] == "ok"


@pytest.mark.parametrize(
    ("name", "group", "said"),
    [
        ("file", None, "no socket"),
        ("folder/d.sock", None, "no folder"),
        ("d" * 120, None, "longer than"),
        ("d.sock", "no-such-group-here", "no group 'no-such-group-here'"),
    ],
)
def test_a_place_that_cannot_be_had_is_refused_with_what_to_do(
    tmp_path: Path, name: str, group: str | None, said: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=said):
        HttpServer(Local(tmp_path / name, group), Sources(snapshot))
    assert not (tmp_path / "d.sock").exists()
