"""``dcfoot top``: a running daemon on this terminal, tick by tick; or one plain frame of it."""

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dcfoot.top.look import KEYS, Look

if TYPE_CHECKING:
    from dcfoot.daemon_client import DaemonClient
    from dcfoot.top.told import Told
    from dcfoot.top.words import Words

HELP = "watch a running daemon: devices, users, footprint"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot top``."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--socket", type=Path, metavar="PATH", help="the daemon's socket, if it is elsewhere")
    where.add_argument("--url", help="or the address of a daemon, of another machine too")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="with --url: what the daemon wants to know")
    parser.add_argument("--sort", choices=KEYS, help="by this column, in every table that has it")
    parser.add_argument("--filter", default="", metavar="WORDS", help="only what has all these words")
    parser.add_argument("--once", action="store_true", help="print one plain frame; done too where this is no terminal")
    parser.add_argument("--lang", choices=("en", "zh"), help="language")


def execute(arguments: argparse.Namespace) -> int:
    """Watches until `q` or Ctrl-C.

    Raises
    ------
    DaemonUnavailable
        No daemon answers.
    ConfigError
        An option cannot be used, or textual is not installed.
    """
    from dcfoot.config import load
    from dcfoot.top.told import checked
    from dcfoot.top.words import words

    said = words(arguments.lang or load().lang)
    look = Look(filter=arguments.filter)
    look = look.sorted_by(arguments.sort) if arguments.sort else look
    client = _client(arguments)
    if arguments.once or not _is_on_a_terminal():
        _print_once(client, checked(client.get("/api/v1/now")), look, said)
    else:
        _watch(client, look, said)
    return 0


def _client(arguments: argparse.Namespace) -> "DaemonClient":
    from dcfoot.daemon_client import DaemonClient, sockets_of
    from dcfoot.errors import ConfigError

    if arguments.url:
        from dcfoot.daemon_url import UrlClient

        return UrlClient(arguments.url, _token(arguments.token_file))
    if arguments.token_file:
        raise ConfigError("--token-file goes with --url: a socket asks for no token.")
    return DaemonClient([arguments.socket] if arguments.socket else sockets_of())


def _token(file: Path | None) -> str:
    from dcfoot.errors import ConfigError

    try:
        token = file.read_text(encoding="ascii").strip() if file else ""
    except (OSError, ValueError) as fault:
        raise ConfigError(f"--token-file {file} cannot be read: {getattr(fault, 'strerror', fault)}") from None
    if len(token.split()) > 1:
        raise ConfigError(f"--token-file {file} holds more than a token: that is one word of ASCII.")
    return token


def _is_on_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _print_once(client: "DaemonClient", told: "Told", look: Look, said: "Words") -> None:
    from dcfoot.errors import DaemonUnavailable
    from dcfoot.receipt.text import encodable, terminal_width
    from dcfoot.top.history import Powers, PowerTold, question
    from dcfoot.top.screen import Page, State, frame, plain

    powers = Powers()
    powers.hear(told)
    with suppress(DaemonUnavailable):  # it keeps none
        powers.recall(cast("PowerTold", client.get(question(told))))
    lines = frame(Page(told, powers, look, said, terminal_width(), None), State()).lines
    sys.stdout.write(encodable(plain(lines), sys.stdout.encoding or "utf-8"))


def _watch(client: "DaemonClient", look: Look, said: "Words") -> None:
    from dcfoot.errors import ConfigError
    from dcfoot.top.told import checked

    try:
        from dcfoot.top.app import Top
    except ImportError as missing:
        hint = "python -m pip install 'dcfoot[top]'; without it there is `dcfoot top --once`"
        raise ConfigError(f"The screen needs textual: {hint}") from missing
    Top(client, checked(client.get("/api/v1/now")), look, said).run()
