"""Real Prometheus and VictoriaMetrics, each with a folder and a port of its own while a context lasts."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from simulated.peers import require_peer

PATIENCE_S = 40.0
"""Beyond what a busy machine takes (a choice)."""

SCRAPE = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: dcfoot
    honor_labels: true
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""

Series = Mapping[tuple[tuple[str, str], ...], float]


class Database:
    """A running one that speaks Prometheus' protocols.

    Parameters
    ----------
    url : str
        Its root.
    flush_path : str
        What is asked for before a query, so that what it was just told is found at once; empty for nothing.
    """

    def __init__(self, url: str, flush_path: str = "") -> None:
        self.url = url
        self._flush_path = flush_path

    def query(self, expression: str, at_s: float | None = None) -> Series:
        """Labels and values of an instant query.

        Parameters
        ----------
        expression : str
            In PromQL.
        at_s : float or None
            When; None for now [s since 1970 UTC].
        """
        if self._flush_path:
            get(self.url + self._flush_path)
        parameters = {"query": expression, **({} if at_s is None else {"time": at_s}), "nocache": 1}
        found = json.loads(get(f"{self.url}/api/v1/query?{urlencode(parameters)}"))["data"]["result"]
        return {tuple(sorted(one["metric"].items())): float(one["value"][1]) for one in found}

    def samples(
        self, selector: str, seconds: int, at_s: float
    ) -> Mapping[tuple[tuple[str, str], ...], Sequence[tuple[float, float]]]:
        """What was stored of each series in some seconds: (when [s since 1970 UTC], value).

        Parameters
        ----------
        selector : str
            In PromQL.
        seconds : int
            How many [s].
        at_s : float
            Their end [s since 1970 UTC].
        """
        parameters = urlencode({"query": f"{selector}[{seconds}s]", "time": at_s})
        found = json.loads(get(f"{self.url}/api/v1/query?{parameters}"))["data"]["result"]
        return {
            tuple(sorted(one["metric"].items())): [(float(at_s), float(value)) for at_s, value in one["values"]]
            for one in found
        }

    def wait(self, expression: str, at_s: float | None = None, more_than: int = 0) -> Series:
        """The same, once it has more than a number of series."""
        found: list[Series] = [{}]

        def known() -> bool:
            found[0] = self.query(expression, at_s)
            return len(found[0]) > more_than

        until(known, f"{expression} at {self.url}")
        return found[0]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def get(url: str) -> bytes:
    """What is at an address of this machine."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310 (its root is ours)
        return bytes(answer.read())


def until(known: Callable[[], bool], what: str) -> None:
    """Waits until something is so."""
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            if known():
                return
        except (URLError, ConnectionError):
            pass
        assert time.monotonic() < end_s, f"it never came: {what}"
        time.sleep(0.1)


@contextmanager
def prometheus(folder: Path, scraped_port: int | None = None) -> Generator[Database]:
    """A Prometheus that scrapes a port of this machine each second, and takes remote writes."""
    config = folder / "prometheus.yml"
    config.write_text(SCRAPE.format(port=scraped_port) if scraped_port else "{}")
    port = free_port()
    command = [
        *(str(require_peer("prometheus")), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=error"),
    ]
    with _running(command, folder, f"http://127.0.0.1:{port}", "/-/ready") as database:
        yield database


@contextmanager
def victoria_metrics(folder: Path, scraped_port: int | None = None) -> Generator[Database]:
    """A VictoriaMetrics that does the same."""
    port = free_port()
    command = [
        *(str(require_peer("victoria-metrics")), f"-storageDataPath={folder / 'data'}"),
        *(f"-httpListenAddr=127.0.0.1:{port}", "-search.latencyOffset=0s", "-loggerLevel=ERROR"),
        *("-memory.allowedBytes=64MB", "-retentionPeriod=100y"),
    ]
    if scraped_port:
        config = folder / "scrape.yml"
        config.write_text(SCRAPE.format(port=scraped_port))
        command.append(f"-promscrape.config={config}")
    with _running(command, folder, f"http://127.0.0.1:{port}", "/health", "/internal/force_flush") as database:
        yield database


@contextmanager
def _running(command: Sequence[str], folder: Path, url: str, ready: str, flush_path: str = "") -> Generator[Database]:
    def is_ready() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        get(url + ready)
        return True

    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    try:
        until(is_ready, f"{command[0]} ready")
        yield Database(url, flush_path)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
