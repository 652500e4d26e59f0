"""``dcfoot studio``: a page on this machine on which a scenario is moved, and answered while it is moved."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

from dcfoot.cli import ending_at_once

HELP = "move a what-if scenario in the browser, and see its year at once"

PORT = 8377
"""Where the page is, unless another port is asked for: always the same, so that it can be found again (a choice)."""

FIRST = "zhongwei-solar-battery"
"""The study that is shown where none is named: of a place whose sun and wind are known (a choice)."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot studio``."""
    parser.add_argument("study", nargs="?", default=FIRST, metavar="STUDY", help="begin with this one of `dcfoot plan`")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"of 127.0.0.1; {PORT}; 0 for any")
    parser.add_argument("--lang", choices=("en", "zh"), help="language")
    parser.add_argument("--no-browser", action="store_true", help="open no browser; print the address alone")


def execute(arguments: argparse.Namespace) -> int:
    """Serves the page until Ctrl-C.

    Raises
    ------
    StudyError, ConfigError, DataMissing
        The study or the port cannot be had.
    """
    with ending_at_once():
        from dcfoot.config import load
        from dcfoot_scenarios.library import find_study
        from dcfoot_scenarios.studio.answer import prepare  # numpy and pandas: only here
        from dcfoot_scenarios.studio.server import StudioServer

    path = Path(arguments.study)
    # The page hands files on by their full names, so that a study that it downloads works wherever it is put.
    study = find_study(str(path.absolute()) if path.exists() else arguments.study)
    with StudioServer(study, arguments.lang or load().lang, arguments.port) as server:
        sys.stdout.write(f"{server.door.url}\n")
        sys.stdout.flush()
        sys.stderr.write("dcfoot: the studio runs on this machine alone, until Ctrl-C\n")
        if not arguments.no_browser:
            _open(server.door.url)
        Thread(target=prepare, args=(study,), daemon=True).start()
        with suppress(KeyboardInterrupt):
            server.serve_forever()
    return 0


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        sys.stderr.write("dcfoot: no browser was found; open the address above in one\n")
