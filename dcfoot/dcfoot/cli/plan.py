"""``dcfoot plan``: a what-if study: siting, cooling, supply, storage, heat, compared over every hour of a year."""

import argparse
import sys
from pathlib import Path

HELP = "compare what could be built: sites, cooling, clean power, storage, waste heat"

EXAMPLES = """\
  dcfoot plan --new my-study > my-study.yaml   an example with comments, to begin with
  dcfoot plan my-study.yaml                    compare its variants
  dcfoot plan my-study.yaml --out results      and write tables, hours, figures and a page
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``dcfoot plan``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLES
    parser.add_argument(
        "study", nargs="?", type=Path, metavar="STUDY.yaml", help="a study, or the name of a shipped one"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def execute(arguments: argparse.Namespace) -> int:
    """Compares the variants of a study."""
    from dcfoot_scenarios.compare import compare  # numpy and pandas: only where there is a study
    from dcfoot_scenarios.report_text import lines_of
    from dcfoot_scenarios.study import Study

    comparison = compare(Study.read(arguments.study))
    sys.stdout.write("\n".join(lines_of(comparison)) + "\n")
    return 0
