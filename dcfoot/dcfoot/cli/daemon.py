"""``dcfoot daemon``: measures this machine around the clock, in the foreground, until it is told to stop."""

import argparse
import os

HELP = "measure this machine around the clock"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot daemon``."""
    parser.add_argument("--verbose", action="store_true", help="say more in the log")


def execute(arguments: argparse.Namespace) -> int:
    """Runs until SIGTERM or Ctrl-C.

    Raises
    ------
    DcfootError
        Another daemon runs on this machine, a setting cannot be used, or the store cannot be opened.
    """
    from dcfoot.daemon_settings import load_daemon
    from dcfoot.probe import Surroundings, installed_probes
    from dcfoot_probes.daemon.service import serve
    from dcfoot_probes.daemon.systemd import log_to_stderr

    log_to_stderr(os.environ, verbose=arguments.verbose)
    serve(load_daemon, Surroundings(), list(installed_probes()))
    return 0
