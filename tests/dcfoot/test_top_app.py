"""The live screen of ``dcfoot top``, its keys pressed by textual's own pilot, beside a daemon's real HTTP server."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from dcfoot.daemon_url import UrlClient
from dcfoot.errors import ConfigError, DaemonUnavailable
from dcfoot.top.app import Top
from dcfoot.top.look import Look
from dcfoot.top.told import checked
from dcfoot.top.words import CHINESE, ENGLISH, Words
from dcfoot_probes.daemon.http.listen import Listen
from dcfoot_probes.daemon.words import Snapshot, Wasted
from simulated.serving import Steady, Told, serving
from simulated.snapshots import snapshot

PATIENCE_S = 15.0

Play = Callable[["Stage"], Awaitable[None]]


class Stage:
    """A screen that runs, and a person in front of it."""

    def __init__(self, app: Top, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What is seen."""
        width, height = self.app.size
        return [self.app.lines.render_line(y).text[:width].rstrip() for y in range(height)]

    @property
    def text(self) -> str:
        """The same in one piece."""
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> list[str]:
        """Presses keys; what is seen then."""
        await self.pilot.press(*keys)
        await self.pilot.pause()
        return self.lines

    async def until(self, seen: Callable[[], bool]) -> None:
        """Waits until something is seen."""
        deadline_s = asyncio.get_running_loop().time() + PATIENCE_S
        while not seen():
            assert asyncio.get_running_loop().time() < deadline_s, self.text
            await asyncio.sleep(0.02)


def act(told: Told, play: Play, words: Words = ENGLISH) -> None:
    """Plays in front of a screen."""

    async def played() -> None:
        client = UrlClient(told.url)
        app = Top(client, checked(client.get("/api/v1/now")), Look(), words)
        async with app.run_test(size=(80, 24)) as pilot:
            stage = Stage(app, pilot)
            await stage.until(lambda: "dcfoot" in stage.text)
            await play(stage)

    asyncio.run(played())


def numbers(lines: list[str], begin: str) -> list[str]:
    """What stands behind `begin`, from the top."""
    return [line.removeprefix(f" {begin}").split()[0] for line in lines if line.startswith(f" {begin}")]


def test_ticks_come_by_themselves_and_what_was_before_is_recalled() -> None:
    with serving(snapshot(), reader=Steady) as told:

        async def play(stage: Stage) -> None:
            await stage.until(lambda: "▃" in stage.text or "▄" in stage.text)
            channels = [one._replace(power_w=399.0) for one in told.snapshot.channels]
            told.snapshot = replace(told.snapshot, channels=channels)
            told.tick()
            await stage.until(lambda: stage.text.count("399 W") == len(channels))

        act(told, play)


def test_keys_sort_and_turn_the_table_that_is_marked() -> None:
    with serving(snapshot(5, 9)) as told:

        async def play(stage: Stage) -> None:
            assert any(line.startswith(">Who uses it") for line in stage.lines)
            lines = await stage.press("tab")
            assert any(line.startswith(">Devices") for line in lines)
            assert numbers(lines, "GPU ")[0] == "0"
            lines = await stage.press("s")  # by power, which rises with the number
            assert numbers(lines, "GPU ")[0] == "4"
            lines = await stage.press("r")
            assert numbers(lines, "memory ")[0] == "0"  # 16 W, the least
            lines = await stage.press("S")
            assert numbers(lines, "GPU ")[0] == "0"

        act(told, play)


def unwasted(gpus: int = 2, units: int = 3) -> Snapshot:
    """A server whose lines are its tables' alone."""
    return replace(snapshot(gpus, units), waste=Wasted())


def test_a_filter_is_typed_kept_and_cleared() -> None:
    with serving(unwasted(2, 9), names=True) as told:

        async def play(stage: Stage) -> None:
            lines = await stage.press("slash", *"slurmm", "backspace")
            assert lines[-1] == " /slurm_"
            assert numbers(lines, "100") == ["0", "3", "6"]
            lines = await stage.press("enter")
            assert lines[-1].startswith(" /slurm  ")
            lines = await stage.press("escape")
            assert numbers(lines, "100") == ["0", "1", "2", "3", "4", "5", "6"]
            lines = await stage.press("slash", "q", "escape")  # `q` is a letter here
            assert lines[-1].startswith(" ? help")

        act(told, play)


def test_each_view_has_its_key_and_any_key_leaves_the_help() -> None:
    with serving(unwasted()) as told:

        async def play(stage: Stage) -> None:
            assert "Who uses it" not in "\n".join(await stage.press("2"))
            assert "GPU 0" not in "\n".join(await stage.press("3"))
            assert "market-based" in "\n".join(await stage.press("4"))
            assert "the daemon itself" in "\n".join(await stage.press("5"))
            assert "turn the order round" in "\n".join(await stage.press("question_mark"))
            assert "the daemon itself" in "\n".join(await stage.press("x"))
            assert "Who uses it" in "\n".join(await stage.press("1"))
            await stage.press("q")
            assert stage.app.return_code == 0

        act(told, play)


def test_a_long_table_is_scrolled_to_its_ends_and_no_further() -> None:
    with serving(unwasted(2, 40)) as told:

        async def play(stage: Stage) -> None:
            first = await stage.press("3", "up")
            assert any("1-14/42" in line for line in first)
            last = await stage.press("end", "down", "pagedown")
            assert any(line.startswith(" not attributed") for line in last)
            assert await stage.press("up", "down") == last
            assert await stage.press("home") == first

        act(told, play)


def test_a_window_that_is_resized_is_filled_anew() -> None:
    with serving(snapshot(8, 9)) as told:

        async def play(stage: Stage) -> None:
            await stage.pilot.resize_terminal(150, 50)
            await stage.until(lambda: "last 1" in stage.text)
            await stage.pilot.resize_terminal(40, 10)
            await stage.until(lambda: "basis" not in stage.text)

        act(told, play)


def test_it_speaks_chinese() -> None:
    with serving(snapshot()) as told:

        async def play(stage: Stage) -> None:
            assert "谁在使用" in stage.text
            assert "倒序" in "\n".join(await stage.press("question_mark"))

        act(told, play, CHINESE)


def test_a_daemon_that_ends_is_told_of_and_found_again_when_it_is_back() -> None:
    with serving(snapshot()) as told:
        port = told.port

        async def play(stage: Stage) -> None:
            told.server.stop()
            await stage.until(lambda: "NO CONNECTION since" in stage.lines[0])
            assert "513 W" in stage.text
            with serving(snapshot(3), Listen("127.0.0.1", port)):
                await stage.until(lambda: "NO CONNECTION" not in stage.lines[0])
                await stage.until(lambda: "771 W" in stage.text)  # 256 + 257 + 258

        act(told, play)


def test_a_daemon_that_falls_silent_is_late() -> None:
    with serving(replace(snapshot(), interval_s=0.1)) as told:

        async def play(stage: Stage) -> None:
            await stage.until(lambda: "no reading since" in stage.lines[0])
            told.tick()
            await stage.until(lambda: "no reading since" not in stage.lines[0])

        act(told, play)


@pytest.mark.parametrize(
    "url", ["", "gpu7:8376", "ftp://gpu7", "http://", "http://a b", "http://a:99999", "http://a?x=1"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="is not the address of a daemon"):
        UrlClient(url)


def test_a_daemon_that_takes_its_time_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = UrlClient(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)
        with pytest.raises(DaemonUnavailable, match="does not answer in time"):
            client.get("/api/v1/now")


def test_a_token_opens_a_daemon_that_wants_one() -> None:
    with serving(snapshot(), Listen("127.0.0.1", 0, token="secret")) as told:  # noqa: S106 (a test's)
        assert checked(UrlClient(told.url, "secret").get("/api/v1/now"))["host"]
        with pytest.raises(DaemonUnavailable, match="wants another token"):
            UrlClient(told.url, "wrong").get("/api/v1/now")
