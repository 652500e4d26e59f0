"""``dcfoot doctor``: every meter found, how it reads and how well; or why not, and the command that mends it."""

import argparse
import sys
from collections.abc import Iterator, Sequence

from dcfoot.cli import NO_DATA
from dcfoot.config import load
from dcfoot.doctor import Finding, FoundMeter, examine, metered_domains
from dcfoot.errors import ConfigError
from dcfoot.machine import describe_machine
from dcfoot.measurement import Machine
from dcfoot.opened_probes import probes_here
from dcfoot.probe import Surroundings, installed_probes, with_readers
from dcfoot.reading import Basis, Domain

HELP = "what can be measured on this machine, how well, and what mends the rest"

SCHEMA = "dcfoot.doctor/1"
"""The form of ``--json``: ``machine``, ``probes`` (one `Finding` each) and ``domains`` (the best basis of each)."""

COLUMNS = ("meter", "now", "the truth lies within", "method", "basis")

NAME_WIDTH_COUNT = 48
"""Longer names of meters are cut [columns]: the whole one stands in ``--json``."""

TEXT_WIDTH_COUNT = 100
"""Where explanations are folded [columns]; commands never are, so that they can be copied."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot doctor``."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Examines every installed probe; 0 where something can be measured or modelled, else 3."""
    surroundings = Surroundings()
    machine = describe_machine(surroundings)
    installed = with_readers(installed_probes(), _addresses())
    findings = examine(surroundings, probes_here(surroundings, installed, also_absent=True))
    text = as_json(machine, findings) if arguments.json else "\n".join(as_text(machine, findings))
    sys.stdout.write(f"{text}\n")
    return 0 if any(finding.meters for finding in findings) else NO_DATA


def _addresses() -> Sequence[str]:
    """The exporters that are read too; settings with a fault are no reason not to look at the machine."""
    try:
        return load().read
    except ConfigError as fault:
        sys.stderr.write(f"{fault}\n")
        return ()


def as_json(machine: Machine, findings: Sequence[Finding]) -> str:
    """The findings as a document of the form `SCHEMA`."""
    import json
    from dataclasses import asdict

    document = {
        "schema": SCHEMA,
        "machine": asdict(machine),
        "domains": dict(metered_domains(findings)),
        "probes": [asdict(finding) for finding in findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def as_text(machine: Machine, findings: Sequence[Finding]) -> Iterator[str]:
    """The findings for people, line by line: the machine, what can be metered, what cannot and why."""
    yield _machine_line(machine)
    yield ""
    meters = [meter for finding in findings for meter in finding.meters]
    yield from _table([COLUMNS, *map(_row, meters)]) if meters else ["Nothing can be metered or modelled here."]
    yield from _missing(machine, findings)
    for finding in findings:
        for note in (finding.reason, *finding.notes) if finding.available else ():
            yield from _folded(f"{finding.probe}: ", note) if note else ()
    absent = [finding for finding in findings if not finding.available]
    if absent:
        yield ""
        yield "Not available"
        width = max(len(finding.probe) for finding in absent)
        for finding in sorted(absent, key=lambda finding: not finding.remedy):
            yield from _folded(f"  {finding.probe:<{width}}  ", finding.reason)
            yield from (f"  {'':<{width}}  $ {command}" for command in finding.remedy.splitlines())


def _machine_line(machine: Machine) -> str:
    parts = [
        machine.cpu_name or "processor without a name",
        f"{machine.cpu_sockets or '?'} x socket, {machine.cpu_threads or '?'} threads",
        f"{machine.memory_gib:.0f} GiB" if machine.memory_gib else "",
        ", ".join(machine.accelerators) or ("no accelerator" if machine.accelerators_known else ""),
        "virtual machine" if machine.virtual else "",
    ]
    return "; ".join(part for part in parts if part)


def _row(meter: FoundMeter) -> tuple[str, ...]:
    name = meter.name if len(meter.name) <= NAME_WIDTH_COUNT else f"{meter.name[: NAME_WIDTH_COUNT - 1]}…"
    now = "no reading" if meter.power_now_w is None else f"{meter.power_now_w:.3g} W"
    return (name, now, meter.accuracy, meter.method, meter.basis)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows with their columns under each other; the second holds numbers, so it ends under each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for name, now, *others in rows:
        rest = (cell.ljust(width) for cell, width in zip(others, widths[2:], strict=True))
        yield "  ".join([name.ljust(widths[0]), now.rjust(widths[1]), *rest]).rstrip()


def _missing(machine: Machine, findings: Sequence[Finding]) -> Iterator[str]:
    """What is there and has no meter, or only a model."""
    bases = metered_domains(findings)
    gpus = sum(meter.domain == Domain.GPU for finding in findings for meter in finding.meters)
    if gpus < len(machine.accelerators):
        yield ""
        yield f"{len(machine.accelerators) - gpus} of {len(machine.accelerators)} accelerators cannot be metered."
    if bases.get(Domain.PACKAGE) == Basis.MODELLED:
        yield ""
        yield "The processors have no meter that may be read: their energy is modelled from TDP and load."


def _folded(head: str, text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, TEXT_WIDTH_COUNT, initial_indent=head, subsequent_indent=" " * len(head))
