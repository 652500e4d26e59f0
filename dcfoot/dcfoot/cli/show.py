"""``dcfoot show``: the receipt of a run that was kept, of several as one, or from a file; also for another site."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from dcfoot.account import choose_hourly, choose_site, receipt_of, site_of
from dcfoot.config import Settings, load
from dcfoot.errors import ConfigError, DataMissing
from dcfoot.measurement import Measurement
from dcfoot.receipt.contract import ReceiptJson
from dcfoot.store import RunStore

HELP = "show the receipt of a run, again or for another site"


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot show``."""
    parser.add_argument(
        "run", nargs="*", metavar="RUN", help="id, its beginning, a name, or `last`; several are one run; or FILE.json"
    )
    parser.add_argument("--job", metavar="ID", help="every run of this job (its ranks and nodes) as one")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="the receipt as JSON")
    form.add_argument("--markdown", action="store_true", help="a report in Markdown, sources in full")
    form.add_argument("--html", action="store_true", help="a page of HTML that needs nothing else")
    form.add_argument("--csv", action="store_true", help="its power by time as a table (CSV)")
    parser.add_argument("--lang", choices=("en", "zh"), help="language")
    parser.add_argument("--site", help="assess it for this site of `dcfoot sites`")
    parser.add_argument("--country", help="or for this country (code or name)")
    parser.add_argument("--region", help="or its province, grid region or state")
    parser.add_argument(
        "--hourly",
        metavar="SOURCE",
        help="its grid's actual hours: a service, a .csv file, or `shape` for typical ones",
    )
    parser.add_argument(
        "--whole-node", action="store_true", default=None, help="count the whole machine, not the share"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Writes the receipt to stdout.

    Raises
    ------
    DataMissing
        There is no such run or file.
    ConfigError
        The site is unknown, the file is no receipt, or what was asked for cannot be done with a file.
    """
    settings = load()
    if arguments.csv:
        sys.stdout.write(_table(arguments, settings))
        return 0
    receipt = _from_file(arguments) or _from_store(arguments, settings)
    sys.stdout.write(_rendered(receipt, arguments, arguments.lang or settings.lang))
    sys.stdout.flush()
    return 0


def _table(arguments: argparse.Namespace, settings: Settings) -> str:
    """The mean power of this run's share by domain, in every step that is kept; an empty cell is not known."""
    if _files(arguments):
        message = "A receipt's file holds no more steps than are drawn. Give the run's id for its power by time."
        raise ConfigError(message)
    run = _measurement(RunStore(settings.data_dir), arguments.run, arguments.job)
    kept = run.shared_by_time
    if not kept.energy_uj:
        message = f"The run {run.id} keeps no power by time: nothing was metered in it, or an older dcfoot measured it."
        raise DataMissing(message)
    columns = [kept.power_w(steps) for steps in kept.energy_uj.values()]
    lines = [["start_s", "end_s", *(f"{domain}_w" for domain in kept.energy_uj)]]
    for (start_s, end_s), *powers_w in zip(pairwise(kept.edges_s), *columns, strict=True):
        cells = ("" if power_w is None else f"{power_w:.9g}" for power_w in powers_w)
        lines.append([f"{start_s:.9g}", f"{end_s:.9g}", *cells])
    return "".join(f"{','.join(line)}\n" for line in lines)


def _files(arguments: argparse.Namespace) -> list[str]:
    return [name for name in arguments.run if name.endswith(".json") and os.path.lexists(name)]


def _from_file(arguments: argparse.Namespace) -> ReceiptJson | None:
    """The receipt in the file that was named, if one was."""
    files = _files(arguments)
    if not files:
        return None
    if len(arguments.run) > 1 or arguments.job:
        message = "A receipt's file is shown alone. Runs that are kept can be shown together: give their ids."
        raise ConfigError(message)
    if arguments.site or arguments.country or arguments.region or arguments.hourly or arguments.whole_node:
        message = f"{files[0]} is a receipt, whose site is settled. Give the run's id to assess it anew."
        raise ConfigError(message)
    from dcfoot.receipt.reader import read_receipt

    return read_receipt(Path(files[0]))


def _from_store(arguments: argparse.Namespace, settings: Settings) -> ReceiptJson:
    measurement = _measurement(RunStore(settings.data_dir), arguments.run, arguments.job)
    elsewhere = bool(arguments.site or arguments.country or arguments.region)
    if elsewhere:
        site = choose_site(settings, arguments.site, arguments.country, arguments.region)
    else:
        site = site_of(measurement, settings)
    hourly = choose_hourly(settings, site, arguments.hourly, measurement.hourly, elsewhere=elsewhere)
    return receipt_of(measurement, settings, site, whole_node=arguments.whole_node, hourly=hourly)


def _measurement(store: RunStore, runs: Sequence[str], job: str | None) -> Measurement:
    if job is None and len(runs) <= 1:
        return _loaded(store, runs[0] if runs else "last")
    from dcfoot.store.merge import merge

    found = [*(_loaded(store, run) for run in runs), *(store.job(job) if job else ())]
    if not found:
        message = f"no run in {store.runs_dir} is of job {job!r}; `dcfoot runs` names the job of each"
        raise DataMissing(message)
    return _cross_checked(merge(found)) if job else merge(found)


def _cross_checked(measurement: Measurement) -> Measurement:
    """With a line of what Slurm counted for the same job, where it did."""
    from dcfoot.sacct import cross_check

    line = cross_check(measurement)
    return replace(measurement, warnings=(*measurement.warnings, line)) if line else measurement


def _loaded(store: RunStore, run: str) -> Measurement:
    """The run that is meant; its name may look like a file's."""
    try:
        return store.load(run)
    except DataMissing as missing:
        if not run.endswith(".json"):
            raise
        raise DataMissing(f"there is no file {run}, and {missing}") from missing


def _rendered(receipt: ReceiptJson, arguments: argparse.Namespace, lang: str) -> str:
    encoding = sys.stdout.encoding or "utf-8"
    if arguments.json:
        from dcfoot.receipt.reader import dumps

        return dumps(receipt, ascii_only="utf" not in encoding.lower())
    from dcfoot.receipt.text import encodable, render

    if arguments.markdown:
        from dcfoot.receipt import markdown

        return encodable(markdown.render(receipt, lang=lang), encoding)
    if arguments.html:
        from dcfoot.receipt import html

        return html.render(receipt, lang=lang).encode(encoding, "xmlcharrefreplace").decode(encoding)
    return encodable(render(receipt, colour=_colour(), lang=lang), encoding)


def _colour() -> bool:
    """Whether stdout shows colours and the user wants them (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
