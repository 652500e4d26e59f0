"""The checks that read the code instead of running it. They start together, for each alone leaves a core idle."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from simulated.environ import unobserved
from simulated.peers import absent

ROOT = Path(__file__).resolve().parents[2]

CHECKS = {
    "ruff finds nothing": ("ruff", ["-m", "ruff", "check", "."]),
    "ruff would format nothing": ("ruff", ["-m", "ruff", "format", "--diff", "."]),
    "mypy strict": ("mypy", ["-m", "mypy"]),
    "pyright strict": ("pyright", ["-m", "pyright", "--pythonpath", sys.executable]),
    "every import points downwards": (
        "importlinter",
        ["-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"],
    ),
}


@pytest.fixture(scope="module")
def started() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """Every check whose tool is installed, running."""
    processes = {
        name: subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=unobserved(PYRIGHT_PYTHON_IGNORE_WARNINGS="1", NO_COLOR="1"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name, (tool, command) in CHECKS.items()
        if find_spec(tool)
    }
    yield processes
    for process in processes.values():
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", CHECKS)
def test_the_code_passes(name: str, started: dict[str, subprocess.Popen[str]]) -> None:
    if name not in started:
        absent(f"{CHECKS[name][0]} is not installed; `python3 bootstrap.py test` installs it")
    output, _ = started[name].communicate()
    assert started[name].returncode == 0, output
