"""``dcfoot run -- CMD``: runs a job and writes its receipt to stderr when it has ended."""

import argparse
import os
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dcfoot.account import choose_site, receipt_of
from dcfoot.config import Settings, load
from dcfoot.errors import ConfigError, DcfootError
from dcfoot.job import CANNOT_START, Job, JobNotStartedError, adopt_orphans, block_signals, end_like
from dcfoot.lease import job_identity, measured_by
from dcfoot.measurement import Measurement
from dcfoot.probe import Surroundings, installed_probes
from dcfoot.site import Site
from dcfoot.store import RunStore
from dcfoot.tracker import Consumer, Subject, Tracker, new_run_id

HELP = "run a job and get its receipt"

LEAST_INTERVAL_S = 0.05
"""Counters step every 1 ms (RAPL) to 100 ms (NVML); reading faster than 20 Hz only adds cost [s]."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot run``."""
    parser.usage = "dcfoot run [OPTIONS] -- COMMAND [ARGUMENT ...]"
    parser.add_argument("--name", help="name of the run (default: the program's)")
    parser.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="something to find it by")
    parser.add_argument("--site", help="where it runs: a site of `dcfoot sites`")
    parser.add_argument("--country", help="or the country (code or name)")
    parser.add_argument("--region", help="or its province, grid region or state")
    parser.add_argument("--receipt", metavar="FILE", type=Path, help="also write the receipt as JSON")
    parser.add_argument("--whole-node", action="store_true", default=None, help="count the whole machine, not the share")
    parser.add_argument("--interval", type=_interval_s, metavar="S", help="seconds between readings (default 1)")
    parser.add_argument("--lang", choices=("en", "zh"), help="language of the receipt")
    parser.add_argument("--live", action="store_true", help="show power and energy while the job runs (on a terminal)")
    parser.add_argument("--quiet", action="store_true", help="print no receipt (it is kept; see `dcfoot show`)")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help=argparse.SUPPRESS)


def execute(arguments: argparse.Namespace) -> int:
    """Runs the job; returns its exit status, or ends by the signal that ended it."""
    try:
        return _run(arguments)
    except JobNotStartedError as fault:
        sys.stderr.write(f"dcfoot: {fault}\n")
        return fault.status
    except DcfootError as fault:
        sys.stderr.write(f"dcfoot: {fault}\nThe job was not started.\n")
        return CANNOT_START


def _run(arguments: argparse.Namespace) -> int:
    command = _command(arguments.command)
    settings = load(os.environ, Path.cwd())
    site = choose_site(settings, arguments.site, arguments.country, arguments.region)
    subject = _subject(arguments, command, site)
    unblocked = block_signals()
    adopt_orphans()
    children: list[int] = []
    tracker = Tracker(
        subject,
        Consumer(lambda: tuple(children), reaped_s=_reaped_s),
        installed_probes(),
        open_journal=RunStore(settings.data_dir).create,
        interval_s=arguments.interval or settings.interval_s,
        own_process=True,
        on_progress=_live(arguments, site),
        surroundings=Surroundings(),
    )
    tracker.start()
    job = Job(command, _environ(subject), unblocked)
    children.append(job.pid)
    tracker.job_started()
    ended = job.wait()
    measurement = tracker.stop(ended.status)
    _report(arguments, settings, site, measurement)
    return end_like(ended)


def _report(arguments: argparse.Namespace, settings: Settings, site: Site, measurement: Measurement) -> None:
    """Prints the receipt. The job has ended; whatever fails here is said, and its exit status stands."""
    try:
        _write_receipt(arguments, settings, site, measurement)
    except (DcfootError, OSError) as fault:
        sys.stderr.write(f"dcfoot: {fault}\n")


def _write_receipt(arguments: argparse.Namespace, settings: Settings, site: Site, measurement: Measurement) -> None:
    from dcfoot.receipt import text

    receipt = receipt_of(measurement, settings, site, whole_node=arguments.whole_node)
    if arguments.receipt is not None:
        import json

        arguments.receipt.write_text(json.dumps(receipt, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    if not arguments.quiet:
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        sys.stderr.write(text.render(receipt, colour=colour, lang=arguments.lang or settings.lang))
        sys.stderr.flush()


def _live(arguments: argparse.Namespace, site: Site) -> Callable[[Tracker], None]:
    if not (arguments.live and sys.stderr.isatty()):
        return lambda _: None
    from dcfoot.live import LiveLine

    line = LiveLine(sys.stderr)
    return lambda tracker: line.update(tracker.elapsed_s, tracker.power_w, tracker.energy_j)


def _subject(arguments: argparse.Namespace, command: list[str], site: Site) -> Subject:
    identity = job_identity(os.environ)
    return Subject(
        id=new_run_id(),
        name=arguments.name or os.path.basename(command[0]),
        command=tuple(command),
        tags=_tags(arguments.tag),
        job=identity.job if identity else None,
        part_of=measured_by(os.environ),
        site_id=site.id if site.chosen else None,
    )


def _environ(subject: Subject) -> Mapping[str, str]:
    """What the job finds: its own environment, and the run that measures it."""
    return {**os.environ, "DCFOOT_RUN_ID": subject.id, "DCFOOT_RUN_PID": str(os.getpid())}


def _reaped_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _command(words: list[str]) -> list[str]:
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        message = "no command given. Use: dcfoot run -- COMMAND"
        raise ConfigError(message)
    return command


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
    if not LEAST_INTERVAL_S <= interval_s <= 3600.0:
        message = f"{text} is not a number of seconds from {LEAST_INTERVAL_S} to 3600"
        raise argparse.ArgumentTypeError(message)
    return interval_s
