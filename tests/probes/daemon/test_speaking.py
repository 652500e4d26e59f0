"""What speaks is what the settings ask for."""

import json
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dcfoot.daemon_settings import DaemonSettings
from dcfoot.errors import ConfigError
from dcfoot_probes.daemon.http.sources import Sources
from dcfoot_probes.daemon.speaking import Speaking
from simulated.databases import free_port
from simulated.serving import Steady
from simulated.snapshots import HOST, snapshot

LISTEN = "127.0.0.1:0"


def told(url: str, path: str) -> object:
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=20)) as connection:
        connection.request("GET", path)
        with connection.getresponse() as answer:
            return json.loads(answer.read())["host" if path.endswith("now") else "channels"]


def test_by_default_it_serves_on_loopback_and_sends_to_nobody() -> None:
    assert DaemonSettings().listen.startswith("127.0.0.1:")
    speaking = Speaking(DaemonSettings(listen=LISTEN), Sources(snapshot, Steady))
    speaking.start()
    try:
        (server,) = speaking.servers
        speaking.tick("a frame", "meters", 1.0)
        assert told(server.url, "/api/v1/now") == HOST
        assert told(server.url, "/api/v1/energy")
    finally:
        speaking.stop()
    assert speaking.pushes == []


def test_it_sends_where_it_is_told_to_and_serves_nothing_where_that_is_off() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    own = DaemonSettings(listen="off", otlp_url=f"{url}/v1/metrics", remote_write_url=f"{url}/api/v1/write")
    speaking = Speaking(own, Sources(snapshot))
    speaking.start()
    speaking.tick()
    speaking.stop()
    assert speaking.servers == []
    assert [push.target.url for push in speaking.pushes] == [own.otlp_url, own.remote_write_url]


def test_who_serves_nobody_does_not_load_what_serves() -> None:
    code = (
        "import sys; from dcfoot.daemon_settings import DaemonSettings; from dcfoot_probes.daemon import service;"
        "from dcfoot_probes.daemon.speaking import Speaking; from dcfoot_probes.daemon.http.sources import Sources;"
        "Speaking(DaemonSettings(listen='off'), Sources(lambda: None));"
        "print(sorted({'ssl', 'http.server', 'http.client', 'socketserver', 'prometheus_client'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_an_address_of_the_network_without_protection_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sixteen-letters-and-more")
    own = DaemonSettings(listen="10.0.0.7:8376", token_file=tmp_path / "token")
    with pytest.raises(ConfigError, match="can be reached from the network"):
        Speaking(own, Sources(snapshot))
