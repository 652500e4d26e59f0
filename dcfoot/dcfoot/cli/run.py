"""``dcfoot run -- CMD``: runs a job and writes its receipt to stderr when it has ended."""

import argparse
import gc
import os
import resource
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from dcfoot.account import choose_hourly, choose_site, receipt_of
from dcfoot.config import Settings, load, unknown_variables
from dcfoot.errors import ConfigError, DcfootError
from dcfoot.job import (
    CANNOT_START,
    Ended,
    Job,
    JobNotStartedError,
    adopt_orphans,
    block_signals,
    end_like,
    prepare_for_threads,
)
from dcfoot.judges import INTERVAL_MAX_S, INTERVAL_MIN_S
from dcfoot.lease import Leader, job_identity, measured_by, run_environment
from dcfoot.measurement import Measurement, RunState
from dcfoot.measurer import Measurer, taken_over_warning
from dcfoot.opened_probes import probes_here
from dcfoot.probe import Surroundings, installed_probes, with_readers
from dcfoot.receipt.file import ReceiptFile
from dcfoot.site import Site
from dcfoot.store import RunStore
from dcfoot.tracker import Consumer, Subject, Tracker, new_run_id

HELP = "run a job and get its receipt"

USAGE_STATUS = CANNOT_START
"""The exit statuses below belong to the job."""

STDERR_PATIENCE_S = 5.0
"""How long we wait for a reader of stderr who takes nothing, when the job has ended [s] (a choice: a reader who reads
takes a moment, one who waits for our end never will). The run is kept either way."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot run``."""
    parser.usage = "dcfoot run [OPTIONS] -- COMMAND [ARGUMENT ...]"
    parser.epilog = (
        "Example:  dcfoot run --name baseline --country FR -- torchrun --nproc-per-node 8 train.py --lr 3e-4"
    )
    parser.add_argument("--name", help="name of the run (default: the script's or the program's)")
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="something to find it by")
    parser.add_argument("--site", help="where it runs: a site of `dcfoot sites`")
    parser.add_argument("--country", help="or the country (code or name)")
    parser.add_argument("--region", help="or its province, grid region or state")
    parser.add_argument("--hourly", metavar="SOURCE", help="its grid's actual hours: a service, or a .csv file")
    parser.add_argument("--receipt", metavar="FILE", help="also write the receipt as JSON")
    parser.add_argument(
        "--whole-node", action="store_true", default=None, help="count the whole machine, not the share"
    )
    parser.add_argument("--interval", type=_interval_s, metavar="S", help="seconds between readings (default 1)")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the receipt")
    parser.add_argument("--live", action="store_true", help="show power and energy while the job runs (on a terminal)")
    parser.add_argument("--quiet", action="store_true", help="print no receipt (it is kept; see `dcfoot show`)")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help=argparse.SUPPRESS)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the job; returns its exit status, or ends by the signal that ended it."""
    _reserve_standard_streams()
    gc.disable()  # what starts us lasts as long as we do; collecting it again and again is a tenth of what we cost
    try:
        run, job = _started(arguments)
    except JobNotStartedError as fault:
        _say(str(fault))
        return fault.status
    except Exception as fault:  # noqa: BLE001 (whatever it is: 1 would be the job's status)
        said = str(fault) if isinstance(fault, DcfootError) else f"{type(fault).__name__}: {fault}"
        _say(f"{said}\nThe job was not started.")
        return CANNOT_START
    _let_go_of_input_and_output()
    gc.freeze()
    gc.enable()
    ended = job.wait()
    run.finish(ended)
    return end_like(ended)


def _started(arguments: argparse.Namespace) -> "tuple[_Run, Job]":
    command = _command(arguments.command)
    settings = load()
    site = choose_site(settings, arguments.site, arguments.country, arguments.region)
    elsewhere = bool(arguments.site or arguments.country or arguments.region)
    hourly = choose_hourly(settings, site, arguments.hourly, elsewhere=elsewhere)
    run = _Run(arguments, command, settings, site, hourly)
    unblocked = block_signals()
    adopt_orphans()
    prepare_for_threads()
    return run, run.start(unblocked)


class _Run:
    """One call of ``dcfoot run``: the job, who measures it, and where the receipt goes."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        command: list[str],
        settings: Settings,
        site: Site,
        hourly: str | None,
    ) -> None:
        self.job: Job | None = None
        self._arguments = arguments
        self._command = command
        self._settings = settings
        self._site = site
        self._hourly = hourly
        self._file = None if arguments.receipt is None else _receipt_file(arguments.receipt)
        self._identity = job_identity(os.environ)
        self._clear_live: Callable[[], None] = lambda: None
        self.measurer = Measurer(self._identity, new_run_id(), self._tracker)

    def start(self, unblocked: frozenset[int]) -> Job:
        """Takes the first readings and starts the job."""
        try:
            self.measurer.start()
            self.job = Job(self._command, {**os.environ, **run_environment(self.measurer.run_id)}, unblocked)
        except BaseException:
            self.measurer.abandon()  # nothing is kept of it
            self._clear_live()
            raise
        self.measurer.job_started()
        return self.job

    def finish(self, ended: Ended) -> None:
        """Takes the last readings and prints the receipt. The job has ended: whatever fails here is only said."""
        try:
            state = RunState.COMPLETE if ended.signal_number is None else RunState.INTERRUPTED
            measurement = self.measurer.stop(ended.status, state)
            self._clear_live()
            if measurement is not None:
                self._say_what_is_lost()
                self._report(measurement)
            elif not self._arguments.quiet:
                _say(f"this rank was measured with the others of this machine: dcfoot show {self.measurer.run_id}")
        except Exception as fault:  # noqa: BLE001 (the job has ended: its exit status stands)
            _say(str(fault) if isinstance(fault, DcfootError) else f"no receipt: {type(fault).__name__}: {fault}")

    def _tracker(self, lease: Leader, taken_over: str | None) -> Tracker:
        return Tracker(
            self._subject(lease, taken_over),
            Consumer(lambda: {*(self.job.pids() if self.job else ()), *lease.member_pids()}, reaped_s=_reaped_s),
            probes_here(Surroundings(), with_readers(installed_probes(), self._settings.read)),
            open_journal=RunStore(self._settings.data_dir).create,
            interval_s=self._arguments.interval or self._settings.interval_s,
            own_process=True,
            on_progress=self._live(),
        )

    def _subject(self, lease: Leader, taken_over: str | None) -> Subject:
        warnings = [*unknown_variables(os.environ), *([lease.warning] if lease.warning else [])]
        if taken_over is not None:
            warnings.append(taken_over_warning(taken_over))
        return Subject(
            id=lease.run_id,
            name=self._arguments.name or _name(self._command),
            command=tuple(self._command),
            tags=_tags(self._arguments.tag),
            job=self._identity.job if self._identity else None,
            part_of=measured_by(os.environ),
            site_id=self._site.id if self._site.chosen else None,
            hourly=self._hourly,
            warnings=tuple(warnings),
        )

    def _live(self) -> Callable[[Tracker], None]:
        if not (self._arguments.live and sys.stderr.isatty()):
            return lambda _: None
        from dcfoot.live import LiveLine

        line = LiveLine(sys.stderr)
        self._clear_live = line.clear

        def show(tracker: Tracker) -> None:
            power_w, energy_j = tracker.power_w, tracker.energy_j
            if power_w is not None and energy_j is not None:
                line.update(tracker.elapsed_s, power_w, energy_j, basis=tracker.basis or "")

        return show

    def _say_what_is_lost(self) -> None:
        """Says that the run is not kept where no receipt will: what is not shown and not kept is gone."""
        tracker = self.measurer.tracker
        if self._arguments.quiet and tracker is not None and tracker.store_remark is not None:
            _say(tracker.store_remark)

    def _report(self, measurement: Measurement) -> None:
        if self._arguments.quiet and self._file is None:
            return
        receipt = receipt_of(
            measurement, self._settings, self._site, whole_node=self._arguments.whole_node, hourly=self._hourly
        )
        if not self._arguments.quiet:
            from dcfoot.receipt import text

            colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
            page = text.render(receipt, colour=colour, lang=self._arguments.lang or self._settings.lang)
            _tell(page)
        if self._file is not None:
            self._file.write(receipt)


def _receipt_file(name: str) -> ReceiptFile:
    try:
        return ReceiptFile(name)
    except ConfigError as fault:
        raise ConfigError(f"--receipt: {fault}") from fault


def _reserve_standard_streams() -> None:
    """Takes the numbers of closed standard streams, so that no file of ours becomes one; the job finds them closed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, and closed on exec (PEP 446)


def _let_go_of_input_and_output() -> None:
    """Lets the job be the last to hold its pipes: whoever reads or writes them sees when it closes them."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0, inheritable=False)
    os.dup2(null, 1, inheritable=False)
    os.close(null)


def _say(message: str) -> None:
    _tell(f"dcfoot: {message}\n")


def _tell(text: str) -> None:
    """Writes to stderr, in pieces that a pipe takes whole or not at all; what nobody reads is given up in the end."""
    # The stream itself would wait for ever for a reader who waits for us.
    if sys.stderr is None:  # pyright: ignore[reportUnnecessaryComparison] (it was closed when we were started)
        return
    stream, data = sys.stderr.fileno(), text.encode(sys.stderr.encoding, "replace")
    patience_s = None if os.isatty(stream) else STDERR_PATIENCE_S
    with suppress(OSError):
        while data and select.select([], [stream], [], patience_s)[1]:
            data = data[os.write(stream, data[: select.PIPE_BUF]) :]


def _reaped_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _command(words: list[str]) -> list[str]:
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        message = "no command given. Use: dcfoot run -- COMMAND"
        raise ConfigError(message)
    return command


def _name(command: list[str]) -> str:
    """What a person would call it: the script that an interpreter or a launcher runs, else the program."""
    for before, word in pairwise(command):
        if before == "-m" or word.endswith((".py", ".sh")):
            return Path(word).name
    return Path(command[0]).name


def _tags(pairs: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key and equals):
            message = f"--tag {pair}: write it as KEY=VALUE"
            raise ConfigError(message)
        tags[key] = value
    return tags


def _interval_s(text: str) -> float:
    try:
        interval_s = float(text)
    except ValueError:
        interval_s = 0.0
    if not INTERVAL_MIN_S <= interval_s <= INTERVAL_MAX_S:
        message = f"{text} is not a number of seconds from {INTERVAL_MIN_S:g} to {INTERVAL_MAX_S:g}"
        raise argparse.ArgumentTypeError(message)
    return interval_s
