"""The command line: one module a command, imported only when it is called.

Each module offers `HELP`, `configure(parser)` and `execute(arguments)`; one whose exit statuses are not its own also
`USAGE_STATUS`. Data go to stdout, messages to stderr. Exit status: 0 done, 2 usage or configuration, 3 no data; `run`
returns the job's.
"""

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import ModuleType
from typing import NoReturn, Protocol, TextIO, cast

COMMANDS = ("run", "runs", "show", "doctor", "calibrate", "sites", "factors", "config")

USAGE_ERROR = 2
NO_DATA = 3


class Command(Protocol):
    """What a command's module offers."""

    HELP: str
    configure: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """The parser of one command."""

    usage_status = USAGE_ERROR

    def error(self, message: str) -> NoReturn:
        """Says what is wrong with the arguments and exits."""
        self.exit(self.usage_status, f"{self.format_usage()}{self.prog}: {message}\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    _tolerate_characters(sys.stdout)
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else "--help"
    if name in {"-h", "--help", "help"}:
        sys.stdout.write(_overview())
        return 0
    if name in {"-V", "--version"}:
        from dcfoot.version import VERSION

        sys.stdout.write(f"dcfoot {VERSION}\n")
        return 0
    if name not in COMMANDS:
        return _unknown(name)
    try:
        return _call(_command(name), name, arguments[1:])
    except KeyboardInterrupt:
        return _end_by_interrupt()


def _end_by_interrupt() -> int:
    """Ends as any program that Ctrl-C ends, which a shell's script must see; without Python's words about it."""
    import os
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    return 128 + signal.SIGINT


def _tolerate_characters(stream: TextIO) -> None:
    """A character that a terminal lacks is no reason to fail."""
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="replace")


def _call(command: Command, name: str, arguments: Sequence[str]) -> int:
    from dcfoot.errors import ConfigError, DataMissing, DcfootError

    parser = Parser(prog=f"dcfoot {name}", description=command.HELP)
    parser.usage_status = getattr(command, "USAGE_STATUS", USAGE_ERROR)
    command.configure(parser)
    try:
        return command.execute(parser.parse_args(arguments))
    except DataMissing as missing:
        return _say(str(missing), NO_DATA)
    except ConfigError as fault:
        return _say(str(fault), USAGE_ERROR)
    except DcfootError as fault:
        return _say(str(fault), 1)
    except BrokenPipeError:
        # Whoever read our output has enough of it; nothing is wrong, but stdout must not be flushed again at exit.
        sys.stdout = None
        return 0


def _command(name: str) -> Command:
    module: ModuleType = import_module(f"dcfoot.cli.{name}")
    return cast("Command", module)


def _say(message: str, status: int) -> int:
    sys.stderr.write(f"dcfoot: {message}\n")
    return status


def _unknown(name: str) -> int:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else "see dcfoot --help"
    return _say(f"{name} is not a command; {hint}", USAGE_ERROR)


def _overview() -> str:
    lines = [f"  {name:<11}{_command(name).HELP}" for name in COMMANDS]
    return "\n".join(
        [
            "usage: dcfoot COMMAND [OPTIONS]",
            "",
            "The energy, water and carbon of AI computing, rung by rung.",
            "",
            *lines,
            "",
            "Begin with:  dcfoot run -- python train.py",
            "",
        ]
    )
