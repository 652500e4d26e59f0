"""``dcfoot runs``: the runs that are kept, newest first, those that still go on or were killed included."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice

from dcfoot.config import load
from dcfoot.errors import DataMissing
from dcfoot.measurement import Measurement
from dcfoot.reading import Domain
from dcfoot.receipt.layout import clip, display_width, printable
from dcfoot.receipt.scale import ENERGY_KWH, Scale, amount, common
from dcfoot.store import Entry, RunStore
from dcfoot.store.runstore import NEWEST
from dcfoot.units import J_PER_KWH

HELP = "list the runs that are kept"

ENERGY_NOTE = (
    "Energy is what the meters of chips (processors, memory, accelerators) saw, each run's share of it: "
    "not the wall, for which see `dcfoot show RUN`."
)

SIGNALLED = 128
"""A shell adds this to the number of the signal that ended a job (POSIX, "Exit Status for Commands")."""

NAME_WIDTH = 40
"""A longer name is cut in the table (a choice: it leaves the other columns room on a wide terminal) [columns]."""

HEADINGS = ("ID", "NAME", "STARTED (UTC)", "DURATION", "STATE", "EXIT", "CHIPS", "WARNINGS")
RIGHT_ALIGNED = frozenset({"DURATION", "EXIT", "CHIPS", "WARNINGS"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot runs``."""
    parser.epilog = ENERGY_NOTE
    parser.add_argument(
        "--limit", type=_limit, default=NEWEST, metavar="N", help=f"how many (default {NEWEST}; 0: all)"
    )
    parser.add_argument("--job", metavar="JOB", help="only those of this job, such as slurm-4711")
    parser.add_argument(
        "--tag", action="append", default=[], metavar="KEY[=VALUE]", help="only those with this tag; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="as JSON, to stdout")


def execute(arguments: argparse.Namespace) -> int:
    """Prints the runs. Raises `DataMissing` where there are none."""
    store = RunStore(load().data_dir)
    entries = list(islice(_chosen(store, arguments), arguments.limit or None))
    if arguments.json:
        _print_json(entries)
    if not entries:
        raise DataMissing(_nothing(store, arguments))
    if not arguments.json:
        from dcfoot.receipt.text import encodable

        sys.stdout.write(encodable("\n".join(_table(entries)) + "\n", sys.stdout.encoding or "utf-8"))
    return 0


def _chosen(store: RunStore, arguments: argparse.Namespace) -> Iterator[Entry]:
    """The journals that were asked for, newest first; none is read before it is needed."""
    wanted = arguments.job is not None or bool(arguments.tag)
    for entry in store.browse():
        run = entry.measurement
        if run is None:
            if not wanted:
                yield entry
        elif arguments.job in {None, run.job} and all(_has_tag(run, tag) for tag in arguments.tag):
            yield entry


def _has_tag(run: Measurement, tag: str) -> bool:
    key, equals, value = tag.partition("=")
    return key in run.tags and (not equals or run.tags[key] == value)


def _nothing(store: RunStore, arguments: argparse.Namespace) -> str:
    if arguments.job is not None or arguments.tag:
        return f"no run in {store.runs_dir} is of that job or has that tag"
    return f"no runs are kept in {store.runs_dir} yet; `dcfoot run -- COMMAND` makes one"


def _limit(text: str) -> int:
    if not text.isdecimal():
        message = f"{text} is not a number of runs"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def chips_kwh(run: Measurement) -> float | None:
    """A run's share of what its chips' meters saw [kWh]; None where none was metered."""
    chips = [energy for energy in run.channels if energy.meter.channel.domain is not Domain.NODE]
    return sum(energy.attributed_energy_j for energy in chips) / J_PER_KWH if chips else None


def _table(entries: Sequence[Entry]) -> Iterator[str]:
    scale = common(ENERGY_KWH, filter(None, (chips_kwh(entry.measurement) for entry in entries if entry.measurement)))
    rows = [HEADINGS, *(_row(entry, scale) for entry in entries)]
    widths = [max(display_width(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row, note in zip(rows, ["", *map(_note, entries)], strict=True):
        cells = (_aligned(*cell) for cell in zip(HEADINGS, row, widths, strict=True))
        yield "  ".join([*cells, note]).rstrip()
    runs = [entry.measurement for entry in entries if entry.measurement is not None]
    if len(runs) > 1:
        yield f"\n{_total(runs)}"
    yield ENERGY_NOTE


def _note(entry: Entry) -> str:
    run = entry.measurement
    if run is None:
        return entry.note
    notes = [f"job {run.job}" if run.job else "", f"part of {run.part_of}" if run.part_of else ""]
    return ", ".join(filter(None, notes))


def _aligned(heading: str, cell: str, width: int) -> str:
    blanks = " " * (width - display_width(cell))
    return blanks + cell if heading in RIGHT_ALIGNED else cell + blanks


def _row(entry: Entry, scale: Scale | None) -> tuple[str, ...]:
    run = entry.measurement
    if run is None:
        return (entry.id, *("-" for _ in HEADINGS[1:]))
    return (
        run.id,
        clip(printable(run.name), NAME_WIDTH),
        run.started_at.strftime("%Y-%m-%d %H:%M:%S"),
        _duration(run.duration_s),
        str(run.state),
        _exit(run.exit_status),
        _energy(chips_kwh(run), scale),
        str(len(run.warnings) or "-"),
    )


def _total(runs: Sequence[Measurement]) -> str:
    """The sum over the runs in the table; a part of another run is in that one's energy already."""
    own = [chips_kwh(run) for run in runs if run.part_of is None]
    known = [energy_kwh for energy_kwh in own if energy_kwh is not None]
    remarks = [
        *([f"without {len(runs) - len(own)} that are part of another"] if len(own) < len(runs) else []),
        *([f"of {len(own) - len(known)} not known"] if len(known) < len(own) else []),
    ]
    explained = f" ({', '.join(remarks)})" if remarks else ""
    return f"Total of these: {_energy(sum(known) if known else None)}{explained}"


def _energy(energy_kwh: float | None, scale: Scale | None = None) -> str:
    return "not known" if energy_kwh is None else amount(energy_kwh, ENERGY_KWH, scale)


def _duration(duration_s: float) -> str:
    if duration_s < 60.0:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _exit(status: int | None) -> str:
    if status is None:
        return "-"
    if status <= SIGNALLED:
        return str(status)
    import signal

    try:
        return f"{status} {signal.Signals(status - SIGNALLED).name}"
    except ValueError:
        return str(status)


def _print_json(entries: Sequence[Entry]) -> None:
    import json

    print(json.dumps({"runs": [_as_json(entry) for entry in entries]}, indent=2))


def _as_json(entry: Entry) -> dict[str, object]:
    run = entry.measurement
    if run is None:
        return {"id": entry.id, "unreadable": entry.note}
    return {
        "id": run.id,
        "name": run.name,
        "command": run.command,
        "hosts": run.hosts,
        "started_at": run.started_at.isoformat(),
        "duration_s": run.duration_s,
        "state": run.state,
        "exit_status": run.exit_status,
        "chips_energy_kwh": chips_kwh(run),
        "tags": dict(run.tags),
        "job": run.job,
        "part_of": run.part_of,
        "warnings": run.warnings,
    }
