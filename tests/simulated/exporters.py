"""Other people's exporters: pages that they were seen to tell, and a real node_exporter on a machine made of files."""

import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from simulated.databases import free_port, get, until
from simulated.peers import require_peer

PAGES = Path(__file__).parent / "exporter_pages"

ADA = "GPU-ef6ef310-f8e2-cef9-036e-8f12d59b5ffc"
"""The GPU of the page ``dcgm_ada``."""


def page(name: str) -> str:
    """A page; the README beside them says where each is from."""
    return (PAGES / f"{name}.prom").read_text()


class NodeExporter:
    """A running one that looks at a machine made of files."""

    def __init__(self, root: Path) -> None:
        self._program = require_peer("prometheus-node-exporter")
        self._root = root
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}/metrics"

    def start(self) -> None:
        """Returns when it answers."""
        (self._root / "proc").mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            [
                self._program,
                f"--web.listen-address=127.0.0.1:{self._port}",
                f"--path.sysfs={self._root / 'sys'}",
                f"--path.procfs={self._root / 'proc'}",
                *("--collector.disable-defaults", "--collector.rapl", "--collector.hwmon"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(lambda: bool(get(self.url)), f"node_exporter at {self.url}")

    def stop(self) -> None:
        """Ends it."""
        if self._process:
            self._process.terminate()
            self._process.wait(timeout=10.0)
            self._process = None


@contextmanager
def node_exporter(root: Path) -> Generator[NodeExporter]:
    """One that runs while the context lasts."""
    exporter = NodeExporter(root)
    exporter.start()
    try:
        yield exporter
    finally:
        exporter.stop()
