"""The client of the daemon's socket: whatever answers there, it is an answer or an error that says what to do."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcfoot.daemon_client import DaemonClient, sockets_of
from dcfoot.errors import DaemonUnavailable
from simulated.peers import require_root
from simulated.trees import as_nobody, folder_for_all

Answer = Callable[[socket.socket], object]


@contextmanager
def answering(answer: Answer) -> Generator[Path]:
    """Whoever connects is answered so, and hung up on."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        path = Path(folder) / "daemon.sock"
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with listener.accept()[0] as one, suppress(OSError):
                        one.recv(4096)
                        answer(one)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def of(*parts: bytes) -> Answer:
    def send(one: socket.socket) -> None:
        for part in parts:
            one.sendall(part)

    return send


def ok(body: bytes) -> bytes:
    return b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def asked(path: Path, timeout_s: float = 5.0) -> object:
    return DaemonClient([path], timeout_s).get("/api/v1/now")


def test_an_answer_is_read_however_it_is_cut() -> None:
    body = b'{"a": [1, 2.5, null], "b": "\xc3\xa9"}'
    with answering(of(*(bytes([byte]) for byte in ok(body)))) as path:
        assert asked(path) == {"a": [1, 2.5, None], "b": "é"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "is no daemon of dcfoot"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "is no daemon of dcfoot"),
        (ok(b'{"a": 1}')[:-1], "broke off"),
        (ok(b"[1]"), "cannot be read"),
        (ok(b"{"), "cannot be read"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "too many to answer"),
        (b'HTTP/1.0 404 No\r\nContent-Length: 18\r\n\r\n{"said": "Ask me."}'[:-1] + b"}", "broke off"),
        (b'HTTP/1.0 404 No\r\nContent-Length: 17\r\n\r\n{"said": "Ask 1"}', r"\(404\): Ask 1"),
    ],
)
def test_what_is_no_answer_is_an_error_that_says_so(answer: bytes, said: str) -> None:
    with answering(of(answer)) as path, pytest.raises(DaemonUnavailable, match=said):
        asked(path)


@settings(deadline=None, max_examples=100)
@given(
    st.one_of(
        st.binary(max_size=300), st.binary(max_size=60).map(ok), st.binary(max_size=60).map(ok).map(lambda b: b[:-3])
    )
)
def test_garbage_is_an_error_and_never_a_traceback(garbage: bytes) -> None:
    with answering(of(garbage)) as path, suppress(DaemonUnavailable):
        assert isinstance(asked(path), dict)


def test_who_says_nothing_or_drips_is_not_waited_for() -> None:
    def drip(one: socket.socket) -> None:
        for byte in ok(b'{"a": 1}'):
            one.sendall(bytes([byte]))
            time.sleep(0.05)

    def say_nothing(_: socket.socket) -> None:
        time.sleep(1.0)

    for answer in (drip, say_nothing):
        with answering(answer) as path:
            begun_s = time.monotonic()
            with pytest.raises(DaemonUnavailable, match="does not answer in time"):
                asked(path, 0.3)
            assert time.monotonic() - begun_s < 0.9


def test_a_stream_is_told_event_by_event_and_ends_with_the_daemon() -> None:
    events = (b": hello\n\n", b'id: 1\ndata: {"n": 1}\n\n', b'id: 2\ndata: {"n"', b": 2}\n\n")
    with answering(of(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", *events)) as path:
        assert list(DaemonClient([path]).events()) == [{"n": 1}, {"n": 2}]
    full = of(b'HTTP/1.0 503 No\r\n\r\n{"said": "full"}')
    with answering(full) as path, pytest.raises(DaemonUnavailable, match="full"):
        next(DaemonClient([path]).events())


def test_where_nobody_is_the_error_names_what_starts_one(tmp_path: Path) -> None:
    stale = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(stale))
    with pytest.raises(DaemonUnavailable, match="no daemon answers on this machine") as caught:
        DaemonClient([stale, tmp_path / "nothing" / "d.sock"]).get("/")
    assert "`dcfoot daemon` starts one" in caught.value.remedy
    with pytest.raises(DaemonUnavailable, match="it is off"):
        DaemonClient(sockets_of({"DCFOOT_DAEMON_SOCKET": "off"}, tmp_path)).get("/")


def test_the_next_place_is_asked_where_the_first_has_nobody(tmp_path: Path) -> None:
    with answering(of(ok(b"{}"))) as path:
        assert DaemonClient([tmp_path / "nobody", path]).get("/") == {}


def test_who_may_not_ask_is_told_the_group_that_lets_them() -> None:
    require_root("become another user")
    with folder_for_all() as folder, socket.socket(socket.AF_UNIX) as listener:
        path = folder / "daemon.sock"
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o660)
        os.chown(path, -1, 4)  # adm on Debian, known by that number elsewhere
        with as_nobody(), pytest.raises(DaemonUnavailable, match="no permission") as caught:
            DaemonClient([path]).get("/")
        assert "usermod --append --groups" in caught.value.remedy or "daemon.socket_group" in caught.value.remedy
        os.chown(path, -1, 0)
        path.chmod(0o600)
        with as_nobody(), pytest.raises(DaemonUnavailable, match="socket_mode"):
            DaemonClient([path]).get("/")


def test_the_socket_is_where_it_is_set_or_where_the_system_and_the_user_keep_theirs(tmp_path: Path) -> None:
    (tmp_path / "dcfoot.toml").write_text('[daemon]\nsocket = "here.sock"\nunits = "a fault of the daemon\'s"\n')
    environ = {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    assert sockets_of(environ, tmp_path) == [tmp_path / "here.sock"]
    assert sockets_of({**environ, "DCFOOT_DAEMON_SOCKET": "/a/b"}, tmp_path) == [Path("/a/b")]
    (tmp_path / "dcfoot.toml").unlink()
    assert sockets_of(environ, tmp_path) == [Path("/run/dcfoot/daemon.sock")]
    (tmp_path / "dcfoot").mkdir()
    users = tmp_path / "dcfoot" / "daemon.sock"
    assert sockets_of(environ, tmp_path) == [Path("/run/dcfoot/daemon.sock"), users]
    assert sockets_of({**environ, "DCFOOT_ROOT": "/host"}, tmp_path)[0] == Path("/host/run/dcfoot/daemon.sock")
    if os.geteuid() == 0:
        os.chown(tmp_path / "dcfoot", 65534, -1)  # another's, who could tell anything
        assert sockets_of(environ, tmp_path) == [Path("/run/dcfoot/daemon.sock")]


def test_asking_loads_neither_http_nor_email() -> None:
    code = """
import sys
from dcfoot.daemon_client import DaemonClient, sockets_of
DaemonClient(sockets_of({"DCFOOT_DAEMON_SOCKET": sys.argv[1]})).get("/")
print(*{"http.client", "email", "ssl", "urllib.request"} & set(sys.modules))
"""
    with answering(of(ok(b"{}"))) as path:
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
