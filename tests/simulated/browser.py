"""A real Chromium without a window, driven by its own DevTools protocol over a pipe: no driver program, no port.

    with Browser(tmp_path) as browser:
        page = browser.open("http://127.0.0.1:8377/")
        page.wait_for("document.title === 'x'")
        page.value("1 + 1")           # 2

A page remembers what it asked the network for, and what it complained of.
"""

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from simulated.peers import require_peer

FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # which containers do not allow
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

PATIENCE_S = 60.0
"""Beyond what a busy machine takes (a choice)."""

Message = dict[str, Any]


class Browser:
    """The program, with a profile of its own in a folder, while the context lasts.

    Parameters
    ----------
    folder : Path
        For its profile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        self._heard = b""
        self.pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        program = require_peer("chromium")
        to_read, self._to_browser = _pipe()
        self._from_browser, to_write = _pipe()
        command = [f'exec "$@" 3<&{to_read.fileno()} 4>&{to_write.fileno()}', "chromium", str(program)]
        self._process = subprocess.Popen(
            ["bash", "-c", *command, *FLAGS, f"--user-data-dir={self._folder / 'profile'}"],
            pass_fds=(to_read.fileno(), to_write.fileno()),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(self._folder)},
        )
        to_read.close()
        to_write.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError, EOFError):
            self.call("Browser.close")
        self._to_browser.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._from_browser.close()

    def open(self, url: str, width: int = 1280, height: int = 900) -> "Page":
        """A new page that shows `url`."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self, self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        self.pages[page.session] = page
        for domain in ("Page", "Runtime", "Network", "Log"):
            page.call(f"{domain}.enable")
        page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        page.call("Page.navigate", url=url)
        page.wait_for("document.readyState === 'complete'")
        return page

    def call(self, method: str, session: str | None = None, **parameters: object) -> Message:
        """Calls a method and returns its result; events that come before it are given to their pages."""
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._to_browser.write(json.dumps(message).encode() + b"\0")
        self._to_browser.flush()
        for told in self._told():
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told['error']}"
                return cast("Message", told["result"])
            if told.get("sessionId") in self.pages:
                self.pages[told["sessionId"]].hear(told)
        raise EOFError("the browser has ended")

    def _told(self) -> Iterator[Message]:
        """Messages as they come, each ended by a zero byte; what comes after the last is kept."""
        while True:
            text, end, rest = self._heard.partition(b"\0")
            if end:
                self._heard = rest
                yield json.loads(text)
            elif more := self._from_browser.read1(1 << 16):
                self._heard += more
            else:
                return


class Page:
    """A page of a browser.

    Parameters
    ----------
    browser : Browser
        That shows it.
    session : str
        How the browser calls it.
    """

    def __init__(self, browser: Browser, session: str) -> None:
        self.session = session
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self._browser = browser

    def hear(self, event: Message) -> None:
        """Remembers what the page asks for and complains of."""
        about = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            self.asked.append(about["request"]["url"])
        elif event["method"] == "Runtime.exceptionThrown":
            self.complaints.append(str(about["exceptionDetails"]))
        elif event["method"] == "Log.entryAdded" and about["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
        elif event["method"] == "Runtime.consoleAPICalled" and about["type"] in {"error", "warning", "assert"}:
            self.complaints.append(str(about["args"]))

    def call(self, method: str, **parameters: object) -> Message:
        """Calls a method of the protocol on this page."""
        return self._browser.call(method, self.session, **parameters)

    def value(self, expression: str) -> Any:  # noqa: ANN401 (whatever JavaScript gives)
        """What an expression of JavaScript is worth; a promise is waited for."""
        told = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Waits until an expression is true."""
        end = time.monotonic() + PATIENCE_S
        while not self.value(f"Boolean({expression})"):
            assert time.monotonic() < end, f"never true: {expression}; complaints: {self.complaints}"
            time.sleep(0.02)

    def press(self, key: str, code: int) -> None:
        """Presses and lets go a key: ``press("ArrowRight", 39)``."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, path: Path, *, whole: bool = False) -> Path:
        """Writes what it shows as a PNG: what is in view, or all of it."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.write_bytes(base64.b64decode(data))
        return path


def _pipe() -> tuple[BufferedReader, BufferedWriter]:
    """Both ends of a new pipe."""
    read, write = os.pipe()
    return os.fdopen(read, "rb"), os.fdopen(write, "wb")
