"""The command line: one module a command, imported only when it is called.

Each module offers `HELP`, `configure(parser)` and `execute(arguments)`; one whose exit statuses are not its own also
`USAGE_STATUS`. Data go to stdout, messages to stderr. Exit status: 0 done, 2 usage, configuration or study, 3 no data;
`run` returns the job's. Where stdout takes nothing, every command says so in one line and ends with 1.
"""

import argparse
import io
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from types import ModuleType
from typing import NoReturn, Protocol, TextIO, cast

COMMANDS = (
    *("run", "runs", "show", "doctor", "calibrate", "sites", "factors"),
    *("plan", "studio", "daemon", "top", "config"),
)

USAGE_ERROR = 2
NO_DATA = 3


class Command(Protocol):
    """What a command's module offers."""

    HELP: str
    configure: Callable[[argparse.ArgumentParser], None]
    execute: Callable[[argparse.Namespace], int]


class Writer(Protocol):
    """What help can be written to."""

    def write(self, s: str, /) -> object:
        """Writes a text."""
        ...


class Parser(argparse.ArgumentParser):
    """The parser of one command."""

    usage_status = USAGE_ERROR

    def error(self, message: str) -> NoReturn:
        """Says what is wrong with the arguments and exits."""
        self.exit(self.usage_status, f"{self.format_usage()}{self.prog}: {message}\n")

    def print_help(self, file: Writer | None = None) -> None:
        """Writes the help; argparse itself would swallow that it cannot be written."""
        (file or sys.stdout).write(self.format_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line and returns the exit status."""
    _prepare_streams()
    try:
        try:
            return _dispatch(list(sys.argv[1:] if argv is None else argv))
        finally:
            _give_up_full_stderr()
            sys.stdout.flush()
    except KeyboardInterrupt:
        return _end_by_interrupt()
    except BrokenPipeError:
        # Whoever read our output has enough of it; nothing is wrong.
        _give_up_stdout()
        return 0
    except OSError as fault:
        _give_up_stdout()
        return _say(f"cannot write to stdout: {fault.strerror or fault}" if fault.filename is None else str(fault), 1)


def _dispatch(arguments: list[str]) -> int:
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
    return _call(_command(name), name, arguments[1:])


def _end_by_interrupt() -> int:
    """Ends as any program that Ctrl-C ends, which a shell's script must see; without Python's words about it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)
    return 128 + signal.SIGINT


@contextmanager
def ending_at_once() -> Generator[None]:
    """As long as nothing is done that is worth keeping, Ctrl-C ends us by its signal, without a word.

    As an exception it could be raised within an import, and packages make other faults of it there, or lose it.
    """
    import signal

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:  # whoever started us wants it otherwise
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _prepare_streams() -> None:
    """Puts streams in the place of closed ones; a character that a terminal lacks is no reason to fail."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] (it was closed when we were started)
        sys.stdout = _open(os.O_RDONLY)  # fails when it is written to, and a command may have nothing to write
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison] (the same)
        sys.stderr = _open(os.O_WRONLY)
    stdout: TextIO = sys.stdout
    if isinstance(stdout, io.TextIOWrapper):
        stdout.reconfigure(errors="replace")


def _give_up_stdout() -> None:
    """Lets what is still buffered go nowhere: the interpreter flushes at exit, and would fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _give_up_full_stderr() -> None:
    """Where stderr takes nothing, what is buffered goes nowhere: the interpreter would end with a status of its own."""
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _open(flags: int) -> TextIO:
    return os.fdopen(os.open(os.devnull, flags), "w", encoding="utf-8")


def _call(command: Command, name: str, arguments: Sequence[str]) -> int:
    from dcfoot.errors import ConfigError, DataMissing, DcfootError, StudyError

    parser = Parser(prog=f"dcfoot {name}", description=command.HELP)
    parser.usage_status = getattr(command, "USAGE_STATUS", USAGE_ERROR)
    command.configure(parser)
    try:
        return command.execute(parser.parse_args(arguments))
    except DataMissing as missing:
        return _say(str(missing), NO_DATA)
    except (ConfigError, StudyError) as fault:
        return _say(str(fault), USAGE_ERROR)
    except DcfootError as fault:
        return _say(str(fault), 1)


def _command(name: str) -> Command:
    module: ModuleType = import_module(f"dcfoot.cli.{name}")
    return cast("Command", module)


def _say(message: str, status: int) -> int:
    with suppress(OSError):
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
