"""``dcfoot calibrate``: fits this machine's way from chips to the wall to a wall meter.

A person at a plug meter is led through three loads and types what the meter shows. A meter's log, or readings that
were written down, are matched with the runs that are kept: each steady run is a point.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from dcfoot.calibration import (
    WALL_ERROR_RATIO,
    Calibration,
    Point,
    file_of,
    fit,
    load_calibration,
    meters_of,
    remove_calibration,
    save_calibration,
)
from dcfoot.config import Settings, load
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.ladder import chips_of
from dcfoot.measurement import Measurement, RunState
from dcfoot.probe import Surroundings
from dcfoot.store import RunStore

HELP = "fit this machine's power at the wall to a wall meter"

EXAMPLES = """\
three ways:
  dcfoot calibrate                  dcfoot loads the processors; you type what the meter shows
  dcfoot calibrate wall.csv         the meter's log of time and W; each kept run in that time is a point
  dcfoot calibrate --reading idle=61 --reading half=140 --reading full=231
                                    kept runs by name or id, and what the meter showed during each

Any steady run of some minutes is a point, such as: dcfoot run --name idle -- sleep 300
"""

SCHEMA = "dcfoot.calibration/1"
"""The form of ``--json``: ``calibration``, ``points`` (label, chips_w, wall_w, line_w), ``left_out``, ``file``."""

LEAST_COVERAGE_RATIO = 0.95
"""A run whose meters were silent for longer is no point: its chips' mean power is not known well enough (a choice)."""

INTERRUPTED = 130
"""As a shell shows a command that Ctrl-C ended (128 + SIGINT)."""


@dataclass
class Found:
    """Points, each with what to call it, and what was left out and why."""

    source: str
    points: list[Point] = field(default_factory=list[Point])
    labels: list[str] = field(default_factory=list[str])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    meters: tuple[str, ...] = ()

    def add(self, label: str, point: Point, meters: tuple[str, ...]) -> None:
        """Takes a point if it was made with the same meters as those before it."""
        if self.meters and meters != self.meters:
            self.left_out[label] = f"made with other meters: {', '.join(meters)}"
            return
        self.meters = meters
        self.points.append(point)
        self.labels.append(label)


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot calibrate``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument("log", nargs="?", type=Path, metavar="CSV", help="what the wall meter wrote")
    parser.add_argument(
        "--reading",
        action="append",
        default=[],
        type=_reading,
        metavar="RUN=WATTS",
        help="a kept run and its wall power",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="show the calibration that is kept")
    what.add_argument("--remove", action="store_true", help="forget it")
    parser.add_argument("--host", help="the machine, if it is another one (with CSV or --reading)")
    parser.add_argument("--time-column", metavar="NAME", help="the CSV's column of the time")
    parser.add_argument("--power-column", metavar="NAME", help="the CSV's column of the power")
    parser.add_argument(
        "--timezone", type=_zone, metavar="ZONE", help="of times without one, such as Asia/Shanghai (default: local)"
    )
    parser.add_argument(
        "--meter-accuracy",
        type=_percent,
        default=WALL_ERROR_RATIO,
        metavar="PERCENT",
        help=f"how far the meter may be off (default {WALL_ERROR_RATIO * 100:g})",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Fits and keeps a calibration, shows the one that is kept, or forgets it."""
    settings = load(os.environ, Path.cwd())
    host = arguments.host or Surroundings().host
    if arguments.remove:
        return _remove(settings, host)
    if arguments.show:
        return _show(settings, host, as_json=arguments.json)
    try:
        found = _find(arguments, settings, host)
    except KeyboardInterrupt:
        sys.stderr.write("\ndcfoot: nothing was kept\n")
        return INTERRUPTED
    sys.stderr.writelines(f"dcfoot: left out: {label}: {why}\n" for label, why in found.left_out.items())
    now = datetime.now(UTC)
    line = fit(
        found.points,
        host=host,
        meters=found.meters,
        source=f"wall meter: {found.source}, fitted {now:%Y-%m-%d}",
        fitted_at=now.isoformat(timespec="seconds"),
        wall_error_ratio=arguments.meter_accuracy,
    )
    before = _present(settings, host)
    path = save_calibration(settings.data_dir, line)
    if arguments.json:
        _print_json(line, path, found)
    else:
        sys.stdout.write("\n".join([*_fitted(line, found), *_kept(path, before)]) + "\n")
    return 0


def _present(settings: Settings, host: str) -> Calibration | None:
    """The calibration that is about to be replaced; a broken one is no reason not to."""
    try:
        return load_calibration(settings.data_dir, host)
    except ConfigError:
        return None


def _remove(settings: Settings, host: str) -> int:
    if not remove_calibration(settings.data_dir, host):
        raise DataMissing(f"There is no calibration of {host} in {file_of(settings.data_dir)}.")
    sys.stdout.write(f"The calibration of {host} is forgotten; its receipts use the class of the machine again.\n")
    return 0


def _show(settings: Settings, host: str, *, as_json: bool) -> int:
    line, path = load_calibration(settings.data_dir, host), file_of(settings.data_dir)
    if line is None:
        raise DataMissing(f"There is no calibration of {host} in {path}; `dcfoot calibrate` makes one.")
    if as_json:
        _print_json(line, path, Found(line.source))
    else:
        head = f"{host}: {line.points} points, {', '.join(line.meters)}; {line.source}"
        sys.stdout.write("\n".join([head, *_line(line), f"Kept in {path}."]) + "\n")
    return 0


def _find(arguments: argparse.Namespace, settings: Settings, host: str) -> Found:
    if arguments.log is not None and arguments.reading:
        raise ConfigError("A log and readings are two ways: give one of them.")
    if arguments.log is not None:
        return _from_log(arguments, settings, host)
    if arguments.reading:
        return _from_readings(arguments.reading, settings, host)
    if arguments.host:
        raise ConfigError(f"The meters of {host} cannot be read from here: give its wall meter's CSV, or --reading.")
    return _from_person(settings)


def _from_person(settings: Settings) -> Found:
    if not sys.stdin.isatty():
        raise ConfigError(f"There is no terminal to ask at. {EXAMPLES}")
    from dcfoot.opened_probes import probes_here
    from dcfoot.probe import installed_probes, with_readers
    from dcfoot.tracker import Consumer, Subject, Tracker, new_run_id
    from dcfoot.wall_readings import Desk, EndedError, busy, typed_points

    probes = probes_here(Surroundings(), with_readers(installed_probes(), settings.read))
    tracker = Tracker(Subject(new_run_id(), "calibrate"), Consumer(lambda: [os.getpid()]), probes)
    tracker.start()
    tracker.job_started()
    try:
        points, meters = typed_points(Desk(tracker.snapshot, input, print, time.sleep, busy))
    except EndedError:
        raise DataMissing("Nothing was kept.") from None
    finally:
        tracker.stop()
    return Found(f"{len(points)} readings typed", list(points.values()), list(points), meters=meters)


def _from_log(arguments: argparse.Namespace, settings: Settings, host: str) -> Found:
    from dcfoot.wall_log import Columns, read_wall_log

    log = read_wall_log(arguments.log, Columns(arguments.time_column, arguments.power_column, arguments.timezone))
    if log.local_zone:
        sys.stderr.write("dcfoot: the log's times name no zone; they are taken as this machine's (see --timezone)\n")
    first_s, last_s = log.times_s[0], log.times_s[-1]
    found = Found(arguments.log.name)
    for run in _runs_since(RunStore(settings.data_dir), first_s - log.period_s, host):
        if run.started_at.timestamp() > last_s:
            continue
        try:
            chips_w, meters = run_power_w(run)
            found.add(_label(run), Point(chips_w, log.mean_w(run.started_at, run.ended_at)), meters)
        except DataMissing as missing:
            found.left_out[_label(run)] = str(missing)
    if not found.points:
        first, last = (f"{datetime.fromtimestamp(moment_s, UTC):%Y-%m-%d %H:%M:%S}" for moment_s in (first_s, last_s))
        told = "".join(f"\n  {label}: {why}" for label, why in found.left_out.items())
        raise DataMissing(
            f"No kept run of {host} can be matched with {arguments.log} ({first} to {last} UTC).{told}\n"
            "Let the meter record while jobs run under dcfoot, such as: dcfoot run --name idle -- sleep 300"
        )
    return found


def _runs_since(store: RunStore, since_s: float, host: str) -> Iterator[Measurement]:
    """The host's own runs that began after `since_s`, newest first."""
    for entry in store.browse():
        run = entry.measurement
        if run is not None and run.started_at.timestamp() < since_s:
            return
        if run is not None and run.hosts == (host,):
            yield run


def _from_readings(readings: Sequence[tuple[str, float]], settings: Settings, host: str) -> Found:
    store, found = RunStore(settings.data_dir), Found(f"{len(readings)} readings typed for runs")
    for name, wall_w in readings:
        run = store.load(name)
        if run.hosts != (host,):
            raise ConfigError(f"Run {name} was on {', '.join(run.hosts)}, not on {host} (see --host).")
        try:
            chips_w, meters = run_power_w(run)
        except DataMissing as missing:
            raise DataMissing(f"Run {name} cannot be a point: {missing}.") from None
        found.add(_label(run), Point(chips_w, wall_w), meters)
    return found


def run_power_w(run: Measurement) -> tuple[float, tuple[str, ...]]:
    """Mean power of all chips of a run's machine, whoever used them [W], and what it is the sum of.

    Raises
    ------
    DataMissing
        The run is no point, and why.
    """
    if run.state is RunState.RUNNING:
        raise DataMissing("it still runs")
    if run.part_of is not None:
        raise DataMissing(f"it is a part of run {run.part_of}")
    chips = chips_of([energy for energy in run.channels if energy.covered_s > 0], run.machine)
    if chips is None:
        raise DataMissing("not every chip of the machine had a meter")
    covered = min(chip.covered_s for chip in chips) / run.duration_s if run.duration_s > 0 else 0.0
    if covered < LEAST_COVERAGE_RATIO:
        raise DataMissing(f"its meters were known for {covered:.0%} of it")
    return sum(chip.energy_j / chip.covered_s for chip in chips), meters_of(chips)


def _label(run: Measurement) -> str:
    return f"{run.name} ({run.id})"


def _fitted(line: Calibration, found: Found) -> Iterator[str]:
    """Points, line and intervals for people."""
    yield f"{line.points} points of {line.host}; chips: {', '.join(line.meters)}"
    yield ""
    yield f"{'chips':>12}{'wall':>12}{'line':>12}{'off by':>10}"
    for point, label in sorted(zip(found.points, found.labels, strict=True), key=lambda pair: pair[0].chips_w):
        line_w = line.wall_w(point.chips_w)
        off_w = point.wall_w - line_w
        yield f"{point.chips_w:>10.1f} W{point.wall_w:>10.1f} W{line_w:>10.1f} W{off_w:>+8.1f} W  {label}"
    yield ""
    yield from _line(line)


def _line(line: Calibration) -> Iterator[str]:
    slope_reach = line.reach_ratio * line.slope_error
    yield f"wall = {line.overhead_w:.1f} W + {line.slope:.3f} x chips"
    yield ""
    yield f"{'':>20}{'':>11}  5-95 %"
    yield f"{'beside the chips':<20}{line.overhead_w:>9.1f} W  ± {line.wall_reach_w(0.0):.1f} W"
    yield f"{'per watt of chips':<20}{line.slope:>9.3f}    ± {slope_reach:.3f}"
    centre = f"at {line.centre_chips_w:.0f} W of chips"
    yield f"{centre:<20}{line.centre_wall_w:>9.1f} W  ± {line.wall_reach_w(line.centre_chips_w):.1f} W"
    yield f"{'points off the line':<20}{line.residual_w:>9.1f} W  (standard deviation)"
    yield f"{'the meter itself':<20}{'':>9}    ± {100 * line.wall_error_ratio:g} %  (--meter-accuracy)"


def _kept(path: Path, before: Calibration | None) -> Iterator[str]:
    yield ""
    if before is not None:
        old = f"{before.overhead_w:.1f} W + {before.slope:.3f} x chips"
        yield f"It takes the place of the one of {before.fitted_at[:10]}: {old}."
    yield f"Kept in {path}."
    yield "Receipts of this machine use it from now on; `dcfoot calibrate --remove` undoes it."


def _print_json(line: Calibration, path: Path, found: Found) -> None:
    import json

    points = [
        {"label": label, "chips_w": point.chips_w, "wall_w": point.wall_w, "line_w": line.wall_w(point.chips_w)}
        for point, label in zip(found.points, found.labels, strict=True)
    ]
    document = {
        "schema": SCHEMA,
        "calibration": {**asdict(line), "overhead_w": line.overhead_w},
        "points": points,
        "left_out": [{"label": label, "why": why} for label, why in found.left_out.items()],
        "file": str(path),
    }
    print(json.dumps(document, indent=2, ensure_ascii=False))


def _reading(text: str) -> tuple[str, float]:
    from dcfoot.wall_log import number_of

    run, _, watts = text.rpartition("=")
    wall_w = number_of(watts)
    if not run or wall_w is None or wall_w <= 0:
        message = f"{text!r} is not RUN=WATTS, such as idle=61.5"
        raise argparse.ArgumentTypeError(message)
    return run, wall_w


def _percent(text: str) -> float:
    from dcfoot.wall_log import number_of

    percent = number_of(text.removesuffix("%"))
    if percent is None or not 0 <= percent <= 20:
        message = f"{text!r} is not a percentage from 0 to 20"
        raise argparse.ArgumentTypeError(message)
    return percent / 100


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        message = f"{name!r} is no time zone that this machine knows, such as UTC or Asia/Shanghai"
        raise argparse.ArgumentTypeError(message) from None
