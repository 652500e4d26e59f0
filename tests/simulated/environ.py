"""The environment that a program under test should see."""

import os
from collections.abc import Mapping

COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG", "COVERAGE_FILE")
"""By these, coverage starts itself in every child: right for most tests, wrong where a child's cost is measured."""


def unobserved(**changes: str) -> dict[str, str]:
    """This process's environment with `changes`, for a child whose cost or modules are measured: no coverage in it."""
    kept: Mapping[str, str] = {name: value for name, value in os.environ.items() if name not in COVERAGE}
    return {**kept, **changes}
