"""``dcfoot daemon``: measures this machine around the clock, in the foreground; how it is; copies of what it keeps."""

import argparse
import os
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from dcfoot.errors import DataMissing

HELP = "measure this machine around the clock"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options and actions of ``dcfoot daemon``."""
    parser.add_argument("--verbose", action="store_true", help="say more in the log")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", help="without one, the daemon runs")
    status = actions.add_parser("status", help="how the daemon of this machine is doing")
    status.add_argument("--json", action="store_true", help="print JSON")
    backup = actions.add_parser("backup", help="copy what is kept into one file, while the daemon runs")
    backup.add_argument("file", type=Path, metavar="FILE")
    export = actions.add_parser("export", help="write a day as Parquet; needs the extra parquet")
    export.add_argument("folder", type=Path, metavar="DIR")
    export.add_argument("--day", type=_day, help="of UTC, as YYYY-MM-DD; yesterday if none is given")
    export.add_argument("--names", action="store_true", help="with the names of jobs and the numbers of users")


def execute(arguments: argparse.Namespace) -> int:
    """Runs until SIGTERM or Ctrl-C, or does what is asked with the frames that are kept, or of a daemon that runs.

    Raises
    ------
    DataMissing
        Nothing is kept of the day that is to be exported.
    DcfootError
        Another daemon runs on this machine, or none that could be asked; a setting cannot be used, or the store cannot
        be opened.
    """
    if arguments.action == "status":
        from dcfoot.cli.daemon_status import told

        return told(as_json=arguments.json)
    if arguments.action == "backup":
        _backup(arguments.file)
    elif arguments.action == "export":
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        _export(arguments.folder, arguments.day or yesterday, names=arguments.names)
    else:
        _run(verbose=arguments.verbose)
    return 0


def _run(*, verbose: bool) -> None:
    from dcfoot.daemon_settings import load_daemon
    from dcfoot.job import prepare_for_threads
    from dcfoot.opened_probes import own_probes
    from dcfoot.probe import Surroundings
    from dcfoot_probes.daemon.service import serve
    from dcfoot_probes.daemon.systemd import log_to_stderr

    log_to_stderr(os.environ, verbose=verbose)
    prepare_for_threads()
    serve(load_daemon, Surroundings(), own_probes())


def _backup(file: Path) -> None:
    from dcfoot_probes.daemon.store import backup

    backup(_store(), file)
    sys.stderr.write(f"dcfoot: copied to {file}\n")


def _export(folder: Path, day: date, *, names: bool) -> None:
    from dcfoot_probes.daemon.store import FrameReader
    from dcfoot_probes.daemon.store.export import export_day

    with FrameReader(_store()) as reader:
        written = export_day(reader, folder, day, with_names=names)
    for path in written:
        print(path)
    if not written:
        raise DataMissing(f"nothing is kept of {day}; another --day may have something")


def _store() -> Path:
    from dcfoot.daemon_settings import load_daemon
    from dcfoot_probes.daemon.fitness import store_path

    return store_path(*load_daemon())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-11-26") from None
