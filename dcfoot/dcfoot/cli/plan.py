"""``dcfoot plan``: a what-if study: siting, cooling, supply, storage, heat, compared over every hour of a year."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from dcfoot.cli import ending_at_once
from dcfoot.cli.progress import Progress
from dcfoot.config import load
from dcfoot.errors import ConfigError

if TYPE_CHECKING:
    from dcfoot_scenarios.compare import Comparison
    from dcfoot_scenarios.study import Study
    from dcfoot_scenarios.sweep.run import Swept

HELP = "compare what could be built: sites, cooling, clean power, storage, waste heat"

EXAMPLES = """\
  dcfoot plan                                  lists the studies that come with dcfoot
  dcfoot plan shanghai-or-guian                runs one of them
  dcfoot plan --new my-study                   writes my-study.yaml, an example with comments
  dcfoot plan my-study.yaml --out results      compares its variants; tables, hours, evidence go into results/
  dcfoot plan my-study.yaml --out results --scheduler tcp://10.0.0.5:8786
                                               computes its sweep on a Dask cluster
"""

SCHEMA_NAME = "study.schema.json"
"""Where the example tells editors to look for the schema of its keys."""

INTERRUPTED = 130
"""Exit status after Ctrl-C, as a shell has it: 128 + SIGINT."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot plan``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "study", nargs="?", metavar="STUDY", help="a file, or the name of a study that comes with dcfoot"
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write tables, hours, evidence and JSON into this folder"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--draws", type=int, metavar="N", help="how often what is not known is drawn, 0 for never")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="compute the study's sweep on this Dask cluster, tcp://HOST:PORT"
    )
    parser.add_argument("--new", metavar="NAME", help="write NAME.yaml, an example, and its schema, and end")
    parser.add_argument(
        "--schema", action="store_true", help="print the JSON Schema of study files, for editors, and end"
    )


def execute(arguments: argparse.Namespace) -> int:
    """Compares the variants of a study."""
    if arguments.schema:
        return _say(_schema())
    if arguments.new is not None:
        path = _new(arguments.new)
        return _say(f"{path} is written; run it with: dcfoot plan {path}")
    with ExitStack() as until_something_is_done:
        until_something_is_done.enter_context(ending_at_once())
        if arguments.study is None:
            return _say("\n".join(_library()))
        from dcfoot_scenarios.library import find_study

        return _planned(find_study(arguments.study, arguments.draws), arguments, until_something_is_done)


def _planned(study: "Study", arguments: argparse.Namespace, until_something_is_done: ExitStack) -> int:
    if arguments.scheduler is not None and study.keys.sweep is None:
        raise ConfigError("--scheduler is for a study's sweep, and this one has none (docs/planner.md, Sweeps).")
    if arguments.scheduler is not None:
        from dcfoot_scenarios.sweep.cluster import check_scheduler

        check_scheduler(arguments.scheduler)
    comparison = _compared(study, until_something_is_done)
    until_something_is_done.close()
    if arguments.out is not None:
        from dcfoot_scenarios.output import PACKAGE, has_pictures, write

        with Progress() as line:
            line.tell("tables and pages")
            write(comparison, arguments.out)
        pages = "" if has_pictures() else "; its pages need matplotlib: python -m pip install 'dcfoot[report]'"
        sys.stderr.write(f"dcfoot: written into {arguments.out}; {PACKAGE} says what all of it is of{pages}\n")
    if missing := [*comparison.missing, *(f"the front at {value:g}" for value in comparison.front_missing)]:
        _say(_rendered(comparison, None, as_json=arguments.json))
        sys.stderr.write(f"dcfoot: interrupted; not computed: {', '.join(missing)}\n")
        return INTERRUPTED
    swept = None if study.keys.sweep is None else _swept(study, arguments)
    _say(_rendered(comparison, swept, as_json=arguments.json))
    return INTERRUPTED if swept is not None and swept.is_interrupted else 0


def _compared(study: "Study", until_something_is_done: ExitStack) -> "Comparison":
    """Tells which scenario is computed; from the second on, there is something to keep."""
    from dcfoot_scenarios.compare import asked_of, compare  # numpy and pandas: only where there is a study

    names = asked_of(study)
    with Progress() as line:
        line.tell(f"0/{len(names)} places and their weather")

        def tell(name: str) -> None:
            if name != names[0]:
                until_something_is_done.close()
            line.tell(f"{names.index(name) + 1}/{len(names)} {name}")

        return compare(
            study,
            tell,
            lambda step: line.tell(
                f"{len(names)}/{len(names)} sizing: {step.what}; {step.done_count} of {step.all_count} solved"
            ),
        )


def _swept(study: "Study", arguments: argparse.Namespace) -> "Swept":
    from dcfoot_scenarios.sweep.output import write_pages
    from dcfoot_scenarios.sweep.run import run_sweep

    with Progress() as line:
        line.tell("sweep")
        swept = run_sweep(
            study,
            arguments.out,
            arguments.scheduler,
            lambda done, count: line.tell(f"sweep: {done:,} of {count:,} points"),
        )
        line.tell("the sweep's pages")
        write_pages(swept)
    if swept.folder is not None:
        sys.stderr.write(f"dcfoot: the sweep is in {swept.folder}\n")
    if swept.is_interrupted:
        kept = "the same command goes on" if swept.folder is not None else "with --out it could go on"
        sys.stderr.write(f"dcfoot: interrupted after {swept.points_count:,} points of the sweep; {kept}\n")
    return swept


def _rendered(comparison: "Comparison", swept: "Swept | None", *, as_json: bool) -> str:
    if as_json:
        from dcfoot_scenarios.document import document_of
        from dcfoot_scenarios.sweep.report import document_of_sweep

        document = document_of(comparison) | ({} if swept is None else {"sweep": document_of_sweep(swept)})
        return json.dumps(document, indent=1, ensure_ascii=False)
    from dcfoot_scenarios.report_text import lines_of
    from dcfoot_scenarios.sweep.report import lines_of_sweep

    lang = load().lang
    return "\n".join([*lines_of(comparison, lang), *([] if swept is None else lines_of_sweep(swept, lang))])


def _new(name: str) -> Path:
    """Writes the example under another name; what is there is never overwritten."""
    from dcfoot_scenarios.library import EXAMPLE, FOLDER
    from dcfoot_scenarios.study import checked_name

    name = checked_name(name.removesuffix(".yaml").removesuffix(".yml"))
    path = Path(f"{name}.yaml")
    text = (FOLDER / f"{EXAMPLE}.yaml").read_text(encoding="utf-8").replace("{name}", name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} is there already; choose another name.") from None
    schema = Path(SCHEMA_NAME)  # the example's first line names it
    if not schema.exists():
        schema.write_text(_schema() + "\n", encoding="utf-8")
    return path


def _schema() -> str:
    from dcfoot_scenarios.schema import study_schema

    return json.dumps(study_schema(), indent=1, ensure_ascii=False)


def _library() -> Iterator[str]:
    from dcfoot_scenarios.library import study_names, study_path
    from dcfoot_scenarios.study import Study

    yield "Studies that come with dcfoot:"
    yield ""
    for name in study_names():
        yield f"  {name:28} {Study.read(study_path(name)).told(load().lang)[0]}"
    yield ""
    yield "Run one: dcfoot plan NAME; begin your own: dcfoot plan --new NAME"


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 0
